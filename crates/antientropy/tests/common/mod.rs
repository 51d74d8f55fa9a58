//! Databases of numbered items, and nodes that reconcile them.

#[path = "../../../rumor/tests/common/numbers.rs"]
mod numbers;

use bruit_antientropy::{AntiEntropy, Compare, Config, Database, Entry, Key};
use bruit_kit::{Hlc, Ledger, Order, Set, Span};
use bruit_proto::harness::{Harness, Links};
use bruit_proto::{Duration, Malformed, PeerId, Reader, Wall, Wire, mix};
use std::sync::Arc;

pub(crate) use numbers::Number;

impl Key for Number {
    fn place(self) -> u64 {
        mix(self.0)
    }
}

pub(crate) type Numbers = Database<Number, Number>;
pub(crate) type Node = AntiEntropy<Numbers>;
pub(crate) type Item = Entry<Number, Number>;

pub(crate) const ALL: [Compare; 4] =
    [Compare::Full, Compare::Recent { within: Duration::from_secs(60) }, Compare::PeelBack, Compare::Merkle];

/// Item `i`, written in its own millisecond after the start of the clocks.
pub(crate) fn item(i: u64) -> Item {
    Entry::value(Number(i), stamp(i), Number(i))
}

pub(crate) fn stamp(millis: u64) -> Hlc {
    Hlc::at(Wall(millis))
}

pub(crate) fn node(me: PeerId, config: &Config) -> Node {
    AntiEntropy::new(Arc::new(config.clone()), Database::new(me, Default::default())).expect("settings in their bounds")
}

pub(crate) fn cluster(n: u32, seed: u64, config: &Config) -> Harness<Node> {
    Harness::new(n, seed, Links::default(), |me| node(me, config))
}

/// Writes items at a site.
pub(crate) fn write(net: &mut Harness<Node>, site: u32, items: impl IntoIterator<Item = Item>) {
    net.turn(site, |node, _| {
        for item in items {
            node.ledger_mut().insert(item);
        }
    });
}

/// The sum of all that a site holds.
pub(crate) fn sum(net: &Harness<Node>, site: u32) -> bruit_kit::Sum {
    net.site(site).ledger().sum(Order::Place, Span::ALL)
}

/// Whether all hold the same.
pub(crate) fn equal(net: &Harness<Node>, n: u32) -> bool {
    (2..=n).all(|i| sum(net, i) == sum(net, 1))
}

/// Text as a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Text(pub(crate) String);

impl Wire for Text {
    fn encode(&self, out: &mut Vec<u8>) {
        bruit_proto::put_bytes(out, self.0.as_bytes());
    }
    fn decode(input: &mut Reader<'_>) -> Result<Self, Malformed> {
        input.text(1 << 16).map(|text| Text(text.into()))
    }
}
