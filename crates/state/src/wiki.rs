//! The worked example of Cassandra's architecture wiki ("ArchitectureGossip"): both nodes, the exchange, and what was
//! published of it.

use crate::config::{Config, Detector};
use crate::message::Message;
use crate::notation::Exchange;
use crate::state::State;
use crate::table::Table;
use crate::value::{Key, Value};
use bruit_proto::{Batch, Class, Context, Duration, Nobody, Origin, Path, PeerId, Protocol, Receipt, Record, Rng, Sink};
use bruit_proto::{StreamId, Time, Wall};
use std::sync::Arc;

/// What the wiki prints: the SYN; the ACK's requests and node .2's news; the ACK2's news.
///
/// The token that is the value of `normal` is left out. The last line is ours. The published one repeats values of .1 that nobody asked for and misprints a heartbeat; what is
/// above the asked version 324 is the heartbeat 325, and of .3 and .4 everything, which the wiki does not detail.
pub const PUBLISHED: [&str; 3] = [
    "10.0.0.1:1259909635:325 10.0.0.2:1259911052:61 10.0.0.3:1259912238:5 10.0.0.4:1259912942:18",
    "10.0.0.1:1259909635:324 10.0.0.3:1259912238:0 10.0.0.4:1259912942:0 | 10.0.0.2:1259911052 normal=token:62 heartbeat:63",
    "10.0.0.1:1259909635 heartbeat:325 10.0.0.3:1259912238 heartbeat:5 10.0.0.4:1259912942 heartbeat:18",
];

/// What each node holds before: node, generation, heartbeat.
const HELD_BY_1: [(u64, u64, u64); 4] =
    [(1, 1_259_909_635, 325), (2, 1_259_911_052, 61), (3, 1_259_912_238, 5), (4, 1_259_912_942, 18)];
const HELD_BY_2: [(u64, u64, u64); 3] = [(1, 1_259_909_635, 324), (2, 1_259_911_052, 63), (3, 1_259_812_143, 2_142)];

/// The address that the wiki gives a node.
pub fn name(node: PeerId) -> String {
    format!("10.0.0.{}", node.0)
}

/// Builds both nodes, lets .1 begin an exchange with .2, and returns it as .1 saw it.
pub fn run() -> Exchange {
    let (mut one, mut two) = (node(1, &HELD_BY_1), node(2, &HELD_BY_2));
    let normal = Value { value: "token".into(), version: 62, stamp: None };
    two.table.put(PeerId(2), &Key::own("normal"), normal).expect("one value is within every bound");
    let mut said = turn(&mut one, |state, cx| state.send_all_syns(cx, PeerId(2)));
    let (mut from, mut to) = (1, 2);
    while let Some(message) = said.pop() {
        let receiver = if to == 1 { &mut one } else { &mut two };
        let origin = Origin { peer: Some(PeerId(from)), path: Path::new(from, None) };
        said = turn(receiver, |state, cx| state.on_message(cx, origin, message));
        said.retain(|message| !matches!(message, Message::Echo(_)));
        (from, to) = (to, from);
    }
    one.trace().cloned().unwrap_or_default()
}

pub(crate) fn node(me: u64, held: &[(u64, u64, u64)]) -> State {
    let config = Config { spread: false, detector: Detector::Phi, ..Config::default() };
    let mut state = State::new(PeerId(me), Arc::new(config));
    for (node, generation, heartbeat) in held {
        hold(&mut state.table, PeerId(*node), *generation, *heartbeat);
    }
    state
}

pub(crate) fn hold(table: &mut Table, node: PeerId, generation: u64, heartbeat: u64) {
    table.entry(node, Time::ZERO);
    table.change(node, |endpoint| {
        endpoint.begin(generation);
        endpoint.heart_beat.version = heartbeat;
    });
}

/// One turn, and what was said in it.
pub(crate) fn turn(state: &mut State, f: impl FnOnce(&mut State, &mut Context<'_, State>)) -> Vec<Message> {
    let (mut sink, mut rng) = (Said::default(), Rng::seeded(1));
    f(state, &mut Context::new(Time::ZERO, Wall(0), &mut rng, &Nobody, &mut sink));
    sink.messages
}

/// Keeps messages and what was to be persisted, and nothing else.
#[derive(Debug, Default)]
pub(crate) struct Said {
    messages: Vec<Message>,
    pub(crate) batches: Vec<Batch>,
}

impl Sink<State> for Said {
    fn send(&mut self, _: PeerId, message: Message) {
        self.messages.push(message);
    }
    fn reply(&mut self, _: Path, message: Message) {
        self.messages.push(message);
    }
    fn open(&mut self, _: PeerId, _: Class, _: Duration) -> StreamId {
        StreamId::default()
    }
    fn write(&mut self, _: StreamId, message: Message) -> Result<(), Message> {
        Err(message)
    }
    fn wake(&mut self, _: StreamId) {}
    fn close(&mut self, _: StreamId) {}
    fn set(&mut self, _: <State as Protocol>::Timer, _: Duration) {}
    fn cancel(&mut self, _: <State as Protocol>::Timer) {}
    fn persist(&mut self, batch: Batch) -> Receipt {
        self.batches.push(batch);
        Receipt::default()
    }
    fn know(&mut self, _: PeerId, _: Option<&Arc<Record>>) {}
    fn reject(&mut self, _: Origin, _: &'static str) {}
    fn notify(&mut self, _: <State as Protocol>::Event) {}
}
