use crate::user_event::UserEvent;
use std::fmt;
use std::time::Duration;

/// The settings of events.
///
/// Nodes of one cluster may differ in any, but windows should agree: each event that only the larger one still holds is
/// a difference that costs a conversation.
#[derive(Clone, Debug)]
pub struct Config {
    /// The largest payload that [`event`](crate::Events::event) takes, in bytes. 512 is Serf's `UserEventSizeLimit`;
    /// at most [`UserEvent::MAX_PAYLOAD`]. Larger ones of others are relayed and delivered nonetheless.
    pub payload: usize,
    /// How many events are kept, for de-duplication and repair. 512 is Serf's `EventBuffer`; at most
    /// [`Config::MAX_WINDOW`]. A burst larger than this within the time that news takes (below a second) may be lost
    /// in part.
    pub window: usize,
    /// How many bytes of events, encoded, are kept. 512 events of the default payload are 256 KiB, and hardly ever that;
    /// some 200 bytes an event come on top in memory.
    pub window_bytes: usize,
    /// Whether a joiner delivers what was said before it joined, as far as the others still keep it.
    pub replay: bool,
    /// How long nothing new must have come before a digest that differs means that something is missing, and how long
    /// between checks of the ring neighbours. 150 ms: news goes through a thousand nodes of a LAN in ten steps of some
    /// milliseconds. A smaller value checks in vain while news is on its way, a larger one closes gaps later.
    pub quiet: Duration,
    /// How long a conversation may take, the dial included.
    pub deadline: Duration,
    /// The shortest time between two conversations of ours.
    pub every: Duration,
    /// The longest such time: it doubles with each conversation that failed or found nothing.
    pub every_max: Duration,
}

/// The caller's mistake: a setting is out of its bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadConfig {
    /// `payload` is above [`UserEvent::MAX_PAYLOAD`].
    Payload(usize),
    /// `window` is zero or above [`Config::MAX_WINDOW`].
    Window(usize),
    /// `window_bytes` does not hold one event of the largest size, or is above [`Config::MAX_WINDOW_BYTES`].
    WindowBytes(usize),
}

impl fmt::Display for BadConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BadConfig::Payload(n) => write!(f, "event payloads of {n} bytes; allow at most {}", UserEvent::MAX_PAYLOAD),
            BadConfig::Window(n) => write!(f, "window of {n} events; give 1 to {}", Config::MAX_WINDOW),
            BadConfig::WindowBytes(n) => {
                write!(f, "window of {n} bytes; give {} to {}", UserEvent::MAX_SIZE, Config::MAX_WINDOW_BYTES)
            }
        }
    }
}

impl std::error::Error for BadConfig {}

impl Config {
    /// The most events that may be kept: the prints of 4,096 take 16 KiB, a quarter of the largest frame.
    pub const MAX_WINDOW: usize = 4_096;
    /// The most bytes of events that may be kept: 4 MiB, 4,096 events of the largest size.
    pub const MAX_WINDOW_BYTES: usize = 4 << 20;

    /// Checks the bounds.
    ///
    /// # Errors
    /// [`BadConfig`] names the setting that is out of them.
    pub fn check(&self) -> Result<(), BadConfig> {
        if self.payload > UserEvent::MAX_PAYLOAD {
            return Err(BadConfig::Payload(self.payload));
        }
        if !(1..=Config::MAX_WINDOW).contains(&self.window) {
            return Err(BadConfig::Window(self.window));
        }
        if !(UserEvent::MAX_SIZE..=Config::MAX_WINDOW_BYTES).contains(&self.window_bytes) {
            return Err(BadConfig::WindowBytes(self.window_bytes));
        }
        Ok(())
    }
}

impl Default for Config {
    fn default() -> Self {
        Config {
            payload: 512,
            window: 512,
            window_bytes: 256 << 10,
            replay: false,
            quiet: Duration::from_millis(150),
            deadline: Duration::from_secs(5),
            every: Duration::from_millis(250),
            every_max: Duration::from_secs(30),
        }
    }
}
