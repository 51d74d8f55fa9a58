//! SIGTERM and SIGINT are a goodbye; a second one is noted; the third forces. SIGHUP is `reload`.

use super::reload::reload;
use super::state::{Agent, Phase};
use std::sync::Arc;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tracing::{info, warn};

/// How a forced end exits.
const FORCED: i32 = 1;

pub(super) struct Signals {
    term: Signal,
    int: Signal,
    hup: Signal,
}

impl Signals {
    pub(super) fn new() -> std::io::Result<Signals> {
        Ok(Signals {
            term: signal(SignalKind::terminate())?,
            int: signal(SignalKind::interrupt())?,
            hup: signal(SignalKind::hangup())?,
        })
    }

    pub(super) async fn obey(mut self, agent: Arc<Agent>) {
        let mut asked = 0;
        loop {
            let name = tokio::select! {
                Some(()) = self.term.recv() => "SIGTERM",
                Some(()) = self.int.recv() => "SIGINT",
                Some(()) = self.hup.recv() => {
                    info!("SIGHUP: reading the settings again");
                    let _ = reload(&agent).await;
                    continue;
                }
                else => return,
            };
            asked += 1;
            match asked {
                1 => {
                    info!(signal = name, within = ?agent.loaded().settings.leave_within, "asked to leave");
                    agent.turn_to(Phase::Leaving);
                }
                2 => warn!(signal = name, "leaving already; once more ends without waiting for the goodbye"),
                _ => {
                    warn!(signal = name, "forced to end");
                    std::process::exit(FORCED);
                }
            }
        }
    }
}
