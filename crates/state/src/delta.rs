use crate::config::Config;
use crate::digest::Digest;
use crate::endpoint::{Endpoint, Status};
use crate::heart_beat::HeartBeat;
use crate::notation;
use crate::value::{Key, Value};
use bruit_kit::Hlc;
use bruit_proto::{PeerId, Rng, mutant, varint_size};
use std::fmt;

/// News of one node: values in the order in which they were set, for whoever has everything up to `above`.
///
/// What fits into no packet is cut off at the end, and the heartbeat with it, so that a version number always means
/// that everything up to there is held.
#[derive(Clone, PartialEq, Eq)]
pub struct Delta {
    /// Of whom.
    pub node: PeerId,
    /// In which life.
    pub generation: u64,
    /// Running, or how it ended.
    pub status: Status,
    /// Who lacks something up to this version would not notice: it must ask for that instead.
    pub above: u64,
    /// The heartbeat's version; zero if the values were cut off before it.
    pub heartbeat: u64,
    /// Seconds since its last sign of life, if the sender does not hold it for alive.
    pub age: u32,
    /// What it said.
    pub values: Vec<(Key, Value)>,
}

impl Delta {
    /// The most bytes of a delta without its values: node 8, flags 1, generation and above and heartbeat 7 each, age 5,
    /// count 2.
    pub(crate) const HEADER: usize = 37;

    /// Bytes before the values, in a message with this base, which is at most the generation.
    pub(crate) fn header(&self, base: u64) -> usize {
        let optional = |n: u64| if n == 0 { 0 } else { varint_size(n) };
        let Delta { generation, above, heartbeat, age, values, .. } = self;
        let always = [*generation - base, *above, *heartbeat].map(varint_size);
        9 + always.iter().sum::<usize>() + optional(u64::from(*age)) + optional(values.len() as u64)
    }

    /// How far whoever takes it knows the node.
    pub fn digest(&self) -> Digest {
        let last = self.values.last().map_or(0, |x| x.1.version);
        let version = if self.status == Status::Removed { HeartBeat::REMOVED } else { self.heartbeat.max(last) };
        Digest { node: self.node, generation: self.generation, version }
    }

    /// All that `endpoint` has above a version.
    pub(crate) fn of(node: PeerId, endpoint: &Endpoint, above: u64, age: u32) -> Delta {
        Delta {
            node,
            generation: endpoint.heart_beat.generation,
            status: endpoint.status,
            above: endpoint.floor(above),
            heartbeat: endpoint.heart_beat.version,
            age,
            values: endpoint.above(above).into_iter().map(|(key, value)| (key.clone(), value.clone())).collect(),
        }
    }

    fn cut(&mut self, len: usize) {
        if len < self.values.len() {
            self.values.truncate(len);
            self.heartbeat = if mutant("a delta that was cut keeps its heartbeat") { self.heartbeat } else { 0 };
            self.status = Status::Running;
        }
    }
}

impl fmt::Debug for Delta {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", notation::news(self, &|peer| format!("{peer:?}")))?;
        if self.above > 0 {
            write!(f, " above {}", self.above)?;
        }
        if self.age > 0 { write!(f, " {} s ago", self.age) } else { Ok(()) }
    }
}

/// Whose news goes first when not all of it fits (van Renesse et al. 2008, section 3.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[allow(clippy::manual_non_exhaustive, reason = "the hidden order is one like the others: the lab runs it")]
pub enum Order {
    /// The first of every node, then the second of every node; nodes in random order.
    Breadth,
    /// All of a node, the one with most of it first.
    #[default]
    Depth,
    /// The value that was written first, of all nodes, by its stamp: what precise reconciliation sends, oldest first. Own
    /// keys bear no stamp, so it serves the lab alone.
    #[doc(hidden)]
    Oldest,
}

/// As much of `all` as fits into `room` bytes, by node; whether something was left out of one.
///
/// Each node's values stay in order and without a gap, whatever the order of nodes. `base` is at most the least generation
/// in the message.
pub(crate) fn bound(mut all: Vec<Delta>, base: u64, room: usize, config: &Config, rng: &mut Rng) -> (Vec<Delta>, bool) {
    for i in (1..all.len()).rev() {
        all.swap(i, rng.below(i as u32 + 1) as usize);
    }
    let mut bound = Bound { taken: vec![None; all.len()], left: room, values: config.values, base };
    match config.order {
        Order::Depth => {
            all.sort_by_key(|delta| std::cmp::Reverse(delta.values.len()));
            for (i, delta) in all.iter().enumerate() {
                while bound.take(i, delta) {}
            }
        }
        Order::Breadth => while all.iter().enumerate().filter(|(i, delta)| bound.take(*i, delta)).count() > 0 {},
        Order::Oldest => {
            for i in by_stamp(&all) {
                bound.take(i, &all[i]);
            }
        }
    }
    let mut more = false;
    let taken = all.into_iter().zip(bound.taken).filter_map(|(mut delta, taken)| {
        let len = taken?;
        more |= len < delta.values.len();
        delta.cut(len);
        Some(delta)
    });
    let mut kept: Vec<Delta> = taken.collect();
    kept.sort_by_key(|delta| delta.node);
    (kept, more)
}

/// Which delta each value belongs to, from the earliest stamp to the latest; those without values at the end.
fn by_stamp(all: &[Delta]) -> Vec<usize> {
    let of = |(i, delta): (usize, &Delta)| {
        let stamps = delta.values.iter().map(|(_, value)| value.stamp);
        let stamps: Vec<Option<Hlc>> = if delta.values.is_empty() { vec![None] } else { stamps.collect() };
        stamps.into_iter().map(move |stamp| (stamp.is_none(), stamp, i))
    };
    let mut pieces: Vec<_> = all.iter().enumerate().flat_map(of).collect();
    pieces.sort_by_key(|(unstamped, stamp, _)| (*unstamped, *stamp));
    pieces.into_iter().map(|(_, _, i)| i).collect()
}

struct Bound {
    /// How many values of each; none if not even its header.
    taken: Vec<Option<usize>>,
    /// Bytes, and values, that there is room for.
    left: usize,
    values: usize,
    base: u64,
}

impl Bound {
    /// Takes the next piece of one node: its header with the first value, if it has any, then a value each.
    fn take(&mut self, i: usize, delta: &Delta) -> bool {
        let next = self.taken[i].unwrap_or(0);
        let piece = delta.values.get(next);
        let value = piece.map_or(0, |(key, value)| value.size(key));
        let cost = match self.taken[i] {
            None => delta.header(self.base) + value,
            Some(_) => value,
        };
        let done = self.taken[i].is_some() && next >= delta.values.len();
        if done || cost > self.left || (piece.is_some() && self.values == 0) {
            return false;
        }
        self.left -= cost;
        self.values -= usize::from(piece.is_some());
        self.taken[i] = Some((next + 1).min(delta.values.len()));
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoint(values: u64) -> Endpoint {
        let mut endpoint = Endpoint::default();
        endpoint.begin(7);
        for version in 1..=values {
            let key = Key::own(&format!("k{version:02}"));
            endpoint.put(key, Value { value: "x".repeat(20).into(), version, stamp: None }).unwrap();
        }
        endpoint.heart_beat.version = values + 1;
        endpoint
    }

    /// Nodes 1, 2, 3 with 2, 5 and 9 values; what is sent of each.
    fn check(order: Order, room: usize, expect: [usize; 3]) {
        check_config(&Config { order, ..Config::default() }, room, expect);
    }

    fn check_config(config: &Config, room: usize, expect: [usize; 3]) {
        let order = config.order;
        let all = [(1, 2), (2, 5), (3, 9)].map(|(node, n)| Delta::of(PeerId(node), &endpoint(n), 0, 0)).to_vec();
        let (deltas, more) = bound(all, 0, room, config, &mut Rng::seeded(3));
        let sent = [1, 2, 3].map(|node| deltas.iter().find(|d| d.node.0 == node).map_or(0, |d| d.values.len()));
        assert_eq!(sent, expect, "{order:?} in {room}");
        assert_eq!(more, sent != [2, 5, 9] && deltas.iter().any(|d| d.heartbeat == 0));
        for delta in deltas {
            let versions: Vec<u64> = delta.values.iter().map(|x| x.1.version).collect();
            assert_eq!(versions, (1..=versions.len() as u64).collect::<Vec<_>>(), "in order, without a gap");
            assert_eq!(delta.heartbeat != 0, versions.len() == [2, 5, 9][delta.node.0 as usize - 1], "the heartbeat comes last");
        }
    }

    /// A value takes 27 bytes, a header 13.
    #[test]
    fn breadth_gives_each_node_a_share_and_depth_the_one_that_lacks_most() {
        check(Order::Breadth, 1000, [2, 5, 9]);
        check(Order::Depth, 1000, [2, 5, 9]);
        check(Order::Breadth, 3 * 13 + 6 * 27, [2, 2, 2]);
        check(Order::Breadth, 3 * 13 + 9 * 27, [2, 3, 4]);
        check(Order::Depth, 13 + 9 * 27, [0, 0, 9]);
        check(Order::Depth, 2 * 13 + 11 * 27, [0, 2, 9]);
    }

    #[test]
    fn a_number_of_values_bounds_them_and_not_the_headers() {
        let of = |order, values| Config { order, values, ..Config::default() };
        check_config(&of(Order::Depth, 10), 1000, [0, 1, 9]);
        check_config(&of(Order::Breadth, 7), 1000, [2, 2, 3]);
        check_config(&of(Order::Depth, 0), 1000, [0, 0, 0]);
    }

    /// Nodes 1 and 2 wrote in turn, node 3 beats and wrote nothing.
    #[test]
    fn oldest_goes_by_stamps_over_all_nodes() {
        let node = |id: u64, stamps: &[u64]| {
            let mut endpoint = endpoint(0);
            for (version, stamp) in (1..).zip(stamps) {
                let value = Value { value: "x".into(), version, stamp: Some(Hlc(*stamp)) };
                endpoint.put(Key::shared("n", &format!("k{version}")), value).unwrap();
            }
            endpoint.heart_beat.version = 9;
            Delta::of(PeerId(id), &endpoint, 0, 0)
        };
        let all = vec![node(1, &[10, 30, 50]), node(2, &[20, 21, 22, 60]), node(3, &[])];
        let config = Config { order: Order::Oldest, values: 5, ..Config::default() };
        let (deltas, more) = bound(all, 0, 1000, &config, &mut Rng::seeded(3));
        let sent: Vec<_> = deltas.iter().map(|d| (d.node.0, d.values.len(), d.heartbeat)).collect();
        assert_eq!((sent, more), (vec![(1, 2, 0), (2, 3, 0), (3, 0, 9)], true));
    }

    #[test]
    fn a_delta_holds_for_whoever_has_the_value_before_it() {
        let delta = Delta::of(PeerId(1), &endpoint(5), 3, 0);
        assert_eq!((delta.above, delta.values.len(), delta.digest().version), (3, 2, 6));
        let beats = Delta::of(PeerId(1), &endpoint(5), 5, 0);
        assert_eq!((beats.above, beats.values.len()), (5, 0), "heartbeats between values are nothing that one could miss");
    }
}
