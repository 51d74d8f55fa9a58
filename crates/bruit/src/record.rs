//! What an operator asks a node for is recorded: when it is safe, whoever asked is answered.

use crate::error::{CallError, Stopped};
use crate::event::Event;
use crate::handle::Orders;
use crate::node::Node;
use crate::subscribers::Events;
use bruit_stacks::Full;
use bruit_stacks::history::{EntryId, Refused, What};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::sleep;

/// A node that has just started does not know the history yet, for five seconds at most, and a disk may be behind: it is
/// asked again so often.
const AGAIN: Duration = Duration::from_millis(100);

/// Adds to the history as soon as the node knows it.
async fn append(orders: &Orders<Full>, what: What, node: &str, by: &Arc<str>) -> Result<EntryId, CallError> {
    loop {
        let (name, who) = (node.to_owned(), Arc::clone(by));
        match orders.order(move |node, now| node.command(now, |full, cx| full.append(cx, what, &name, &who))).await? {
            Err(Refused::Joining | Refused::Waiting) => sleep(AGAIN).await,
            result => return Ok(result?),
        }
    }
}

/// Records a join, which has already happened: nobody waits for it. Does not keep the node alive.
pub(crate) async fn keep_recording(orders: Orders<Full>, node: String, by: Arc<str>) {
    tokio::select! {
        () = orders.0.closed() => {}
        // What a disk loses is told by an event.
        _ = append(&orders, What::Join, &node, &by) => {}
    }
}

/// Records the join through seeds of a node that is new, once it is in. Does not keep the node alive.
pub(crate) async fn record_first_join(mut events: Events<Event>, orders: Orders<Full>, node: String, by: Arc<str>) {
    while let Some(event) = events.next().await {
        if matches!(event, Event::Joined { .. }) {
            return keep_recording(orders, node, by).await;
        }
    }
}

impl Node {
    /// Records what was asked for; done when it is safe.
    pub(crate) async fn record(&self, what: What, node: String) -> Result<EntryId, CallError> {
        let mut events = self.events();
        let id = append(self.handle().orders(), what, &node, self.by()).await?;
        loop {
            match events.next().await.ok_or(Stopped)? {
                Event::Recorded(entry) if entry.id == id => return Ok(id),
                Event::NotRecorded(lost) if lost == id => return Err(CallError::NotRecorded),
                // The news may be among what was lost.
                Event::Lagged(_) if self.handle().look(move |full| full.history().book().get(&id).is_some()).await? => {
                    return Ok(id);
                }
                _ => {}
            }
        }
    }

    /// Records what was asked for of this node; done when somebody else has it, if there is somebody.
    pub(crate) async fn record_for_others(&self, what: What) -> Result<(), CallError> {
        let mut events = self.events();
        let id = self.record(what, self.name().into()).await?;
        let alone = self.handle().look(|full| full.swim().members().filter(|m| m.is_live()).count() <= 1).await?;
        if alone {
            return Ok(());
        }
        loop {
            match events.next().await.ok_or(Stopped)? {
                Event::HandedOn(newest) if newest >= id => return Ok(()),
                _ => {}
            }
        }
    }
}
