//! What a node persists, on a thread of its own: no call to a disk ever delays the node. Receipts come back as they are.

mod files;

use bruit_proto::{Batch, Lost, Receipt, Restored};
use bruit_store::{Damage, Medium, Table};
pub(crate) use files::Files;
use std::io;
use std::path::PathBuf;
use std::task::{Context, Poll};
use tokio::sync::mpsc;

/// Batches that wait for the disk: 256. A node's protocols have at most 67 under way: 64 changes that operators ask for, and
/// one of each protocol beside them. Of one more the protocol is told that it is lost.
const WAITING: usize = 256;

/// What the thread has done with a batch.
pub(crate) type Outcome = (Receipt, Result<(), Lost>);

/// The node's side.
pub(crate) enum Disk {
    /// What is kept is kept as long as the process: in the protocols themselves.
    None,
    Thread {
        batches: mpsc::Sender<(Receipt, Batch)>,
        outcomes: mpsc::Receiver<Outcome>,
    },
}

/// What a start finds.
#[derive(Default)]
pub(crate) struct Found {
    pub(crate) restored: Restored,
    pub(crate) damage: Option<Damage>,
}

/// A table that is open and whose thread does not run yet.
pub(crate) struct Opened<M = Files>(Table<M>);

impl Opened {
    /// The table in this directory, locked, and what earlier processes left there.
    pub(crate) fn open(dir: PathBuf) -> io::Result<(Opened, Found)> {
        let (table, damage) = Table::open(Files::lock(dir)?)?;
        let restored = Restored::new(table.rows().clone());
        Ok((Opened(table), Found { restored, damage }))
    }
}

impl<M: Medium + Send + 'static> Opened<M> {
    /// Runs the thread. It ends when the node does, all that waits having been written; then `ended` closes, and the
    /// directory is free.
    pub(crate) fn run(self, ended: mpsc::Receiver<()>) -> io::Result<Disk> {
        let (batches, waiting) = mpsc::channel(WAITING);
        let (done, outcomes) = mpsc::channel(2 * WAITING);
        std::thread::Builder::new().name("bruit-disk".into()).spawn(move || {
            write(self.0, waiting, &done);
            drop(ended);
        })?;
        Ok(Disk::Thread { batches, outcomes })
    }
}

/// Writes what waits, all of it at once, until the node is gone.
fn write<M: Medium>(mut table: Table<M>, mut waiting: mpsc::Receiver<(Receipt, Batch)>, done: &mpsc::Sender<Outcome>) {
    let mut taken = Vec::new();
    while waiting.blocking_recv_many(&mut taken, WAITING) > 0 {
        let (receipts, batches): (Vec<Receipt>, Vec<Batch>) = taken.drain(..).unzip();
        let together = table.keep(batches.clone()).is_ok();
        for (receipt, batch) in receipts.into_iter().zip(batches) {
            // One that cannot be written is no reason to lose its neighbours.
            let kept = together || table.keep(vec![batch]).is_ok();
            // A node that is gone needs no receipt.
            let _ = done.blocking_send((receipt, if kept { Ok(()) } else { Err(Lost) }));
        }
    }
}

impl Disk {
    /// Hands a batch to the thread; what became of it, if that is known at once.
    pub(crate) fn keep(&self, receipt: Receipt, batch: Batch) -> Option<Result<(), Lost>> {
        match self {
            Disk::None => Some(Ok(())),
            Disk::Thread { batches, .. } => batches.try_send((receipt, batch)).err().map(|_| Err(Lost)),
        }
    }

    pub(crate) fn poll_outcome(&mut self, cx: &mut Context<'_>) -> Poll<Outcome> {
        match self {
            Disk::None => Poll::Pending,
            // The thread outlives the node, unless it panicked: then nothing more comes.
            Disk::Thread { outcomes, .. } => match outcomes.poll_recv(cx) {
                Poll::Ready(Some(outcome)) => Poll::Ready(outcome),
                Poll::Ready(None) | Poll::Pending => Poll::Pending,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bruit_store::Memory;
    use std::future::poll_fn;
    use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
    use std::time::Duration;
    use tokio::time::timeout;

    /// A disk that stands still: each write says that it has begun and waits for leave to go on.
    struct Slow {
        memory: Memory,
        begun: SyncSender<usize>,
        go_on: Receiver<()>,
    }

    impl Medium for Slow {
        fn read(&mut self) -> io::Result<Option<Vec<u8>>> {
            self.memory.read()
        }
        fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
            let _ = self.begun.send(bytes.len());
            let _ = self.go_on.recv();
            self.memory.append(bytes)
        }
        fn replace(&mut self, bytes: &[u8]) -> io::Result<()> {
            self.memory.replace(bytes)
        }
        fn set_aside(&mut self) -> io::Result<String> {
            self.memory.set_aside()
        }
    }

    fn batch(n: u64) -> Batch {
        vec![(n.to_be_bytes().to_vec(), Some(vec![1; 10]))]
    }

    #[tokio::test]
    async fn a_disk_that_stands_still_keeps_nobody_waiting_and_is_told_all_that_came_meanwhile_at_once() {
        let ((begun, begins), (go, go_on)) = (sync_channel(1), sync_channel(1));
        let slow = Slow { memory: Memory::default(), begun, go_on };
        let (ended, end) = mpsc::channel(1);
        let mut disk = Opened(Table::open(slow).unwrap().0).run(end).unwrap();
        assert_eq!(disk.keep(Receipt(0), batch(0)), None);
        let one = begins.recv().unwrap();
        let waiting = WAITING as u64;
        assert!((1..=waiting).all(|n| disk.keep(Receipt(n), batch(n)).is_none()), "they wait, and nobody for them");
        assert_eq!(disk.keep(Receipt(999), batch(999)), Some(Err(Lost)), "what does not fit is lost at once");
        go.send(()).unwrap();
        assert_eq!(begins.recv().unwrap(), WAITING * one, "one write for all of them");
        go.send(()).unwrap();
        for n in 0..=waiting {
            let outcome = timeout(Duration::from_secs(30), poll_fn(|cx| disk.poll_outcome(cx))).await;
            assert_eq!(outcome.expect("in time"), (Receipt(n), Ok(())));
        }
        drop(disk);
        timeout(Duration::from_secs(30), ended.closed()).await.expect("the directory is free");
    }
}
