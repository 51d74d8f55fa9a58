use crate::config::{Build, Repair};
use crate::pace::Pace;
use bruit_kit::Invalid;
use bruit_proto::PeerId;

/// The rules of one tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// How it is made.
    pub build: Build,
    /// The most children of a node.
    pub fan_out: u32,
    /// How fast a node sends.
    pub pace: Pace,
    /// Who repairs what was lost.
    pub repair: Repair,
    /// Items of each stream that are kept for who lacks them; who is further behind has lost the rest.
    pub window: usize,
    /// Streams that are kept, one for each life of an origin; of more the oldest is forgotten.
    pub streams: usize,
    /// Sends that wait for their burst; what comes while so many do is dropped and counted.
    pub queue: usize,
}

impl Config {
    /// The largest group that is asked for repair, one by one.
    pub const GROUP: u32 = 1024;
    /// Requests that a node waits to make or to answer, each.
    pub const PENDING: usize = 1024;
    /// The largest window: a bitmap of 128 bytes.
    pub const MAX_WINDOW: usize = 1024;

    /// A tree of this making, a fan-out of eight, and no repair.
    pub fn new(build: Build) -> Config {
        Config { build, fan_out: 8, pace: Pace::default(), repair: Repair::None, window: 256, streams: 64, queue: 4096 }
    }

    /// # Errors
    /// The first setting that is out of its bounds.
    pub fn check(&self) -> Result<(), Invalid> {
        self.pace.check()?;
        self.repair.check()?;
        Invalid::unless((2..=Config::GROUP).contains(&self.fan_out), "a node has from 2 to 1,024 children")?;
        Invalid::unless((1..=Config::MAX_WINDOW).contains(&self.window), "from 1 to 1,024 items are kept of a stream")?;
        Invalid::unless((1..=1 << 12).contains(&self.streams), "from 1 to 4,096 streams are kept")?;
        Invalid::unless((1..=1 << 16).contains(&self.queue), "from 1 to 65,536 sends may wait")?;
        Invalid::unless(self.build != Build::Joined(PeerId::NONE), "somebody must be at the top")
    }
}
