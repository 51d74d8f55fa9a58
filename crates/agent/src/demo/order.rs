//! What a user may do to the nodes, by key or by page.

use super::cluster::Cluster;
use anyhow::{Result, bail};
use serde::Deserialize;
use std::fmt;
use tokio::sync::oneshot;

/// Something to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// As `kill -9` does.
    Kill(String),
    /// As SIGSTOP does.
    Pause(String),
    /// As SIGCONT does.
    Resume(String),
    /// A new process in the same place.
    Restart(String),
    /// Says goodbye.
    Leave(String),
    /// These are one side of a cut.
    Cut(Vec<String>, Way),
    /// Nothing is cut any more.
    Heal,
    /// So many percent of all datagrams are lost.
    Loss(u32),
}

impl fmt::Display for Order {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Order::Kill(name) => write!(f, "{name} is killed"),
            Order::Pause(name) => write!(f, "{name} is paused"),
            Order::Resume(name) => write!(f, "{name} goes on"),
            Order::Restart(name) => write!(f, "{name} starts again"),
            Order::Leave(name) => write!(f, "{name} leaves"),
            Order::Cut(names, _) => write!(f, "{} cut off", names.join(", ")),
            Order::Heal => f.write_str("nothing is cut any more"),
            Order::Loss(percent) => write!(f, "{percent} % of all datagrams are lost"),
        }
    }
}

/// Which way nothing gets through, seen from those who are cut off.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Way {
    #[default]
    Both,
    In,
    Out,
}

/// An order from the page, which is told whether it was done.
pub(super) type Asked = (Order, oneshot::Sender<Result<()>>);

impl Cluster {
    /// Does it.
    pub(super) async fn obey(&mut self, order: &Order) -> Result<()> {
        match order {
            Order::Kill(name) => self.kill(self.find(name)?).await,
            Order::Pause(name) => self.pause(self.find(name)?).await?,
            Order::Resume(name) => self.resume(self.find(name)?).await?,
            Order::Restart(name) => self.restart(self.find(name)?).await?,
            Order::Leave(name) => self.leave(self.find(name)?).await?,
            Order::Cut(names, way) => {
                let island = names.iter().map(|name| self.find(name)).collect::<Result<Vec<_>>>()?;
                if island.is_empty() || island.len() >= self.slots.len() {
                    bail!("cut off some, not none and not all");
                }
                self.cut(island, *way).await?;
            }
            Order::Heal => self.heal().await?,
            Order::Loss(percent) => self.lose((*percent).min(100)).await?,
        }
        Ok(())
    }
}
