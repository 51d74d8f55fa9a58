//! What the service manager is told: `sd_notify`, where it asked for it, nothing elsewhere.

use super::api::census;
use super::state::{Agent, Phase};
use sd_notify::NotifyState;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::interval;
use tracing::warn;

/// How often the status line is renewed when no watchdog asks for more.
const STATUS: Duration = Duration::from_secs(10);

pub(super) fn tell(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        warn!(%error, "the service manager cannot be told");
    }
}

/// A reload begins; the service manager wants to know since when, or takes it for none.
pub(super) fn tell_reloading() {
    if let Ok(since) = NotifyState::monotonic_usec_now() {
        tell(&[NotifyState::Reloading, since]);
    }
}

/// Tells who is there and feeds the watchdog. Both go through the node's own task: if that stands still, nobody is told,
/// and the service manager acts.
pub(super) async fn keep(agent: Arc<Agent>) {
    if std::env::var_os("NOTIFY_SOCKET").is_none() {
        return;
    }
    let watchdog = sd_notify::watchdog_enabled();
    let mut turns = interval(watchdog.map_or(STATUS, |within| (within / 3).min(STATUS)));
    loop {
        turns.tick().await;
        let Ok(members) = agent.node.members().await else { return };
        if *agent.phase.borrow() != Phase::Running {
            // A leave has a deadline of its own.
            return;
        }
        let census = census(&members).into_iter().filter(|x| x.1 > 0).map(|(status, n)| format!("{n} {status}"));
        let status = census.collect::<Vec<_>>().join(", ");
        tell(&[NotifyState::Status(&status)]);
        if watchdog.is_some() {
            tell(&[NotifyState::Watchdog]);
        }
    }
}
