//! The exchange that Cassandra's architecture wiki walks through, in its own strings.

use bruit_proto::harness::{Harness, Links};
use bruit_proto::{Duration, PeerId};
use bruit_state::{Config, State, wiki};
use std::sync::Arc;

#[test]
fn the_worked_example_is_as_published() {
    let exchange = wiki::run();
    assert_eq!(exchange.lines(&wiki::name), wiki::PUBLISHED.map(str::to_owned));
}

/// The same by whole nodes: whoever begins an exchange keeps it, to be printed.
#[test]
fn a_node_keeps_its_last_exchange() {
    let config = Arc::new(Config { spread: false, ..Config::phi() });
    let mut net = Harness::new(2, 1, Links::default(), |me| {
        let mut state: State = State::new(me, config.clone());
        state.set_seeds(&[PeerId(1)]);
        state
    });
    net.turn(2, |state, cx| state.set(cx, "normal", "token").map(drop)).unwrap();
    net.run(Duration::from_secs(20));
    let exchange = net.site(1).trace().expect("there was one");
    let [syn, ack, ack2] = exchange.lines(&|peer| format!("n{}", peer.0));
    assert!(syn.starts_with("n1:1:") && syn.contains(" n2:1:"), "{syn}");
    assert!(ack.starts_with("n1:1:") || ack.starts_with("n2:1 "), "{ack}");
    assert!(ack2.starts_with("n1:1 heartbeat:"), "{ack2}");
}
