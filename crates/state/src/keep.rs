//! What survives the process: the generation, so that the next one is above it, and what this node shared, which lives in
//! no other's state.

use crate::spread::Spread;
use crate::state::{State, Timer};
use crate::value::{Key, Value};
use bruit_kit::Hlc;
use bruit_proto::{Batch, Context, Duration, Lost, Reader, Receipt, Restored, put_bytes};
use std::collections::BTreeSet;

/// The row of the generation: eight bytes, big-endian.
pub(crate) const GENERATION: &[u8] = b"generation";
/// What the keys of shared values begin with; namespace and name follow, each with its length. The row: stamp 8, then the
/// value.
const SHARED: u8 = b's';
/// How long after a write that was lost the next is tried.
const AGAIN: Duration = Duration::from_secs(1);

/// What is not on the disk yet.
#[derive(Debug, Default)]
pub(crate) struct Keep {
    generation: bool,
    /// No more than a node may have.
    shared: BTreeSet<Key>,
    writing: Option<(Receipt, bool, BTreeSet<Key>)>,
    /// Of an earlier process; taken at the start.
    restored: Vec<(Key, Value)>,
}

impl<S: Spread> State<S> {
    /// From now on what must survive this process is persisted; begins above what earlier ones of its node `restored`, with
    /// what they shared. What cannot be read is counted.
    pub fn keep(mut self, restored: &Restored) -> Self {
        let mut keep = Keep::default();
        for (row, bytes) in restored.iter() {
            if row == GENERATION {
                self.stored = bytes.try_into().ok().map(u64::from_be_bytes);
                self.counters.unreadable += u64::from(self.stored.is_none());
            } else {
                match shared(row, bytes) {
                    Some(found) => keep.restored.push(found),
                    None => self.counters.unreadable += 1,
                }
            }
        }
        self.kept = Some(Box::new(keep));
        self
    }

    /// What an earlier process shared is said again, under its old stamps.
    pub(crate) fn restore_shared(&mut self, cx: &mut Context<'_, Self>) {
        let values = self.kept.as_mut().map(|keep| std::mem::take(&mut keep.restored)).unwrap_or_default();
        self.adopt(cx, &values);
    }

    pub(crate) fn keep_generation(&mut self, cx: &mut Context<'_, Self>) {
        if let Some(keep) = &mut self.kept {
            keep.generation = true;
            self.flush(cx);
        }
    }

    pub(crate) fn keep_shared(&mut self, cx: &mut Context<'_, Self>, key: &Key) {
        if let Some(keep) = self.kept.as_mut().filter(|_| key.is_shared()) {
            keep.shared.insert(key.clone());
            self.flush(cx);
        }
    }

    /// Writes what has changed, unless that is under way: what happens meanwhile is written as one.
    pub(crate) fn flush(&mut self, cx: &mut Context<'_, Self>) {
        let own = &self.table.get(self.me).expect("a node knows itself from its start").endpoint;
        let Some(keep) = self.kept.as_mut().filter(|keep| keep.writing.is_none()) else { return };
        let (generation, shared) = (std::mem::take(&mut keep.generation), std::mem::take(&mut keep.shared));
        let mut batch = Batch::new();
        if generation {
            batch.push((GENERATION.to_vec(), Some(own.heart_beat.generation.to_be_bytes().to_vec())));
        }
        batch.extend(shared.iter().map(|key| (row(key), own.get(key).map(bytes))));
        if !batch.is_empty() {
            keep.writing = Some((cx.persist(batch), generation, shared));
        }
    }

    pub(crate) fn stored(&mut self, cx: &mut Context<'_, Self>, receipt: Receipt, outcome: Result<(), Lost>) {
        let Some(keep) = &mut self.kept else { return };
        let Some((_, generation, shared)) = keep.writing.take_if(|writing| writing.0 == receipt) else { return };
        if outcome.is_err() {
            self.counters.unsaved += 1;
            keep.generation |= generation;
            keep.shared.extend(shared);
            cx.set(Timer::Keep, AGAIN);
        } else {
            self.flush(cx);
        }
    }
}

fn row(key: &Key) -> Vec<u8> {
    let mut out = vec![SHARED];
    put_bytes(&mut out, key.namespace.as_bytes());
    put_bytes(&mut out, key.name.as_bytes());
    out
}

fn bytes(value: &Value) -> Vec<u8> {
    [&value.stamp.unwrap_or_default().0.to_be_bytes()[..], value.value.as_bytes()].concat()
}

fn shared(row: &[u8], bytes: &[u8]) -> Option<(Key, Value)> {
    let mut input = Reader::new(row);
    let tag = input.u8().ok()?;
    let key = Key { namespace: input.text(Key::MAX).ok()?.into(), name: input.text(Key::MAX).ok()?.into() };
    let mut value = Reader::new(bytes);
    let stamp = Some(Hlc(value.u64().ok()?));
    let text = std::str::from_utf8(value.rest()).ok()?;
    let whole = tag == SHARED && input.is_empty() && key.is_shared() && text.len() <= Value::MAX;
    whole.then(|| (key, Value { value: text.into(), version: 0, stamp }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::wiki::Said;
    use bruit_proto::{Nobody, PeerId, Protocol, Rng, Time, Wall};
    use std::collections::BTreeMap;
    use std::sync::Arc;

    /// A node on a disk that keeps these rows.
    struct Node {
        state: State,
        said: Said,
        rows: BTreeMap<Vec<u8>, Vec<u8>>,
    }

    impl Node {
        fn start(rows: BTreeMap<Vec<u8>, Vec<u8>>) -> Node {
            let state = State::new(PeerId(1), Arc::new(Config::default())).keep(&Restored::new(rows.clone()));
            let mut node = Node { state, said: Said::default(), rows };
            node.turn(|state, cx| state.on_start(cx));
            node
        }

        fn turn<R>(&mut self, f: impl FnOnce(&mut State, &mut Context<'_, State>) -> R) -> R {
            let mut rng = Rng::seeded(1);
            f(&mut self.state, &mut Context::new(Time(1), Wall(50_000_000), &mut rng, &Nobody, &mut self.said))
        }

        /// The disk answers what it was asked.
        fn settle(&mut self, outcome: Result<(), Lost>) {
            let batch = std::mem::take(&mut self.said.batches);
            if outcome.is_ok() {
                for (key, value) in batch.into_iter().flatten() {
                    value.map(|value| self.rows.insert(key, value));
                }
            }
            self.turn(|state, cx| state.on_stored(cx, Receipt::default(), outcome));
        }
    }

    #[test]
    fn the_next_process_is_above_the_last_and_still_shares_what_it_shared() {
        let mut node = Node::start(BTreeMap::new());
        assert_eq!(node.state.own().heart_beat.generation, 50_000);
        node.turn(|state, cx| state.set_in(cx, "bucket", "w", "2").map(drop)).unwrap();
        node.turn(|state, cx| state.set(cx, "load", "1").map(drop)).unwrap();
        node.settle(Ok(()));
        node.settle(Ok(()));
        let stamp = node.state.get_in("bucket", "w").unwrap().value.stamp;
        let next = Node::start(node.rows);
        assert_eq!(next.state.own().heart_beat.generation, 50_001);
        let shown = next.state.get_in("bucket", "w").unwrap();
        assert_eq!((&*shown.value.value, shown.value.stamp), ("2", stamp));
        assert_eq!(next.state.get(PeerId(1), "load"), None, "what it says of itself is of its life");
        assert_eq!(next.state.counters().unreadable, 0);
    }

    #[test]
    fn what_the_disk_loses_is_written_again_and_what_cannot_be_read_is_counted() {
        let mut node = Node::start(BTreeMap::new());
        node.turn(|state, cx| state.set_in(cx, "bucket", "w", "2").map(drop)).unwrap();
        node.settle(Err(Lost));
        assert_eq!((node.rows.len(), node.state.counters().unsaved), (0, 1));
        node.turn(|state, cx| state.on_timer(cx, Timer::Keep));
        node.settle(Ok(()));
        assert_eq!(node.rows.len(), 2);
        let garbage = [(b"generation".to_vec(), vec![1]), (b"sx".to_vec(), vec![]), (vec![SHARED, 1, b'a', 0], vec![7])];
        assert_eq!(Node::start(BTreeMap::from(garbage)).state.counters().unreadable, 3);
    }
}
