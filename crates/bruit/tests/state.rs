//! Endpoint state on real sockets: known to all, and one value after a cut.
#![cfg(feature = "state")]

use bruit::stacks::beside::{Beside, Event as Said};
use bruit::stacks::{Event as Told, history};
use bruit::{CallError, Core, CoreConfig, Cut, Driver, Event, Filter, Local, News, Node, Profile, StartError, StateConfig};
use std::time::Duration;
use tokio::time::{sleep, timeout};

/// Longer than anything here takes, on a loaded machine as well.
const PATIENCE: Duration = Duration::from_secs(60);
/// How often is looked.
const LOOK: Duration = Duration::from_millis(5);

/// Three nodes that know each other.
async fn three() -> [Node; 3] {
    let start = async |name: &str| {
        Node::bind("127.0.0.1:0")
            .name(name)
            .profile(Profile::Local)
            .state(StateConfig::default())
            .start()
            .await
            .expect("it starts")
    };
    let nodes = [start("a").await, start("b").await, start("c").await];
    for node in &nodes[1..] {
        node.join([nodes[0].local_addr().to_string()]).await.expect("it joins");
    }
    for node in &nodes {
        until(async || node.members().await.unwrap().iter().filter(|m| m.is_live()).count() == 3).await;
    }
    nodes
}

async fn until(holds: impl AsyncFn() -> bool) {
    let wait = async {
        while !holds().await {
            sleep(LOOK).await;
        }
    };
    timeout(PATIENCE, wait).await.expect("in time");
}

async fn own(node: &Node, of: &str, key: &str) -> Option<String> {
    node.state().get(of, key).await.unwrap().map(|value| value.value.to_string())
}

async fn shared(node: &Node, key: &str) -> Option<String> {
    node.state().get_in("bucket", key).await.unwrap().map(|shared| shared.value.value.to_string())
}

async fn cut(nodes: &[Node; 3], cuts: [Cut; 3]) {
    for (node, cut) in nodes.iter().zip(cuts) {
        node.faults().cut(cut).await.expect("it runs");
    }
}

#[tokio::test]
async fn a_value_that_one_sets_is_seen_by_all() {
    let nodes = three().await;
    let mut events = nodes[2].events();
    nodes[1].state().set("load", "0.7").await.unwrap();
    for node in &nodes {
        until(async || own(node, "b", "load").await.as_deref() == Some("0.7")).await;
    }
    let told = async {
        loop {
            if let Event::State { node, key, value } = events.next().await.expect("it runs") {
                return (node, key.to_string(), value.to_string());
            }
        }
    };
    let told = timeout(PATIENCE, told).await.expect("in time");
    assert_eq!(told, (nodes[1].handle().record().id(), "load".into(), "0.7".into()));
    assert_eq!(nodes[0].state().of("b").await.unwrap().expect("heard of").values().len(), 1);
    assert_eq!(nodes[0].state().nodes().await.unwrap().len(), 3);
    let refused = nodes[0].state().set("load", &"x".repeat(5000)).await;
    assert!(matches!(refused, Err(CallError::State(_))), "{refused:?}");
}

#[tokio::test]
async fn a_key_written_on_both_sides_of_a_cut_has_one_value_after_it() {
    let nodes = three().await;
    nodes[0].state().set_in("bucket", "n_val", "1").await.unwrap();
    for node in &nodes {
        until(async || shared(node, "n_val").await.as_deref() == Some("1")).await;
    }
    let (ab, c) = ([nodes[0].local_addr(), nodes[1].local_addr()], [nodes[2].local_addr()]);
    cut(&nodes, [Cut::These(c.to_vec()), Cut::These(c.to_vec()), Cut::These(ab.to_vec())]).await;
    nodes[0].state().set_in("bucket", "n_val", "2").await.unwrap();
    nodes[2].state().set_in("bucket", "n_val", "3").await.unwrap();
    until(async || shared(&nodes[1], "n_val").await.as_deref() == Some("2")).await;
    assert_eq!(shared(&nodes[2], "n_val").await.as_deref(), Some("3"), "the other side has its own");
    cut(&nodes, [Cut::Nobody, Cut::Nobody, Cut::Nobody]).await;
    until(async || {
        let seen = [shared(&nodes[0], "n_val").await, shared(&nodes[1], "n_val").await, shared(&nodes[2], "n_val").await];
        seen[0] != Some("1".into()) && seen.iter().all(|value| *value == seen[0])
    })
    .await;
    let writers = async |node: &Node| node.state().get_in("bucket", "n_val").await.unwrap().expect("a value");
    let (a, b, c) = (writers(&nodes[0]).await, writers(&nodes[1]).await, writers(&nodes[2]).await);
    assert!(a == b && b == c, "{a:?} {b:?} {c:?}");
    assert_eq!(a.writer, nodes[2].handle().record().id(), "the latest");
}

/// Mission row S6: a flipped bit is counted and changes nothing. What `a` sends to `b` goes through a socket of ours, for that
/// is what `b` advertises; the packet that brings a value comes first in all its damaged forms, then as it was.
#[tokio::test]
async fn s6_a_flipped_bit_is_counted_and_changes_nothing() {
    let between = tokio::net::UdpSocket::bind("127.0.0.1:0").await.expect("a socket");
    let at = between.local_addr().expect("an address");
    let node = |name: &str| Node::bind("127.0.0.1:0").name(name).profile(Profile::Local).state(StateConfig::default());
    let a = node("a").start().await.expect("it starts");
    let b = node("b").advertise(at).start().await.expect("it starts");
    let to = b.local_addr();
    let mut packet = vec![0; 2048];
    let joined = async { b.join([a.local_addr().to_string()]).await.expect("it joins") };
    let carry = async {
        loop {
            let (n, _) = between.recv_from(&mut packet).await.expect("a packet");
            between.send_to(&packet[..n], to).await.expect("carried");
        }
    };
    tokio::select! { () = joined => {}, () = carry => {} }
    // Answers go to where a question came from: there is none.
    a.faults().cut(Cut::These(vec![to])).await.expect("it runs");
    a.state().set("load", "a-value-to-be-seen").await.expect("it is set");
    // What else comes meanwhile does not go on: `b` is held for slow.
    let whole = timeout(PATIENCE, async {
        loop {
            let (n, _) = between.recv_from(&mut packet).await.expect("a packet");
            if packet[..n].windows(18).any(|part| part == b"a-value-to-be-seen") {
                return packet[..n].to_vec();
            }
        }
    });
    let whole = whole.await.expect("it is told");
    let refused = async || b.counters().await.expect("it runs").rejected().iter().map(|x| x.1).sum::<u64>();
    for i in 0..whole.len() {
        let before = refused().await;
        let mut flipped = whole.clone();
        flipped[i] ^= 1 << (i % 8);
        between.send_to(&flipped, to).await.expect("sent");
        until(async || refused().await > before).await;
        assert_eq!((refused().await, own(&b, "a", "load").await), (before + 1, None), "byte {i}");
    }
    between.send_to(&whole, to).await.expect("sent");
    until(async || own(&b, "a", "load").await.as_deref() == Some("a-value-to-be-seen")).await;
}

#[tokio::test]
async fn a_node_without_it_says_so() {
    let node = Node::bind("127.0.0.1:0").name("a").start().await.expect("it starts");
    assert!(matches!(node.state().set("load", "1").await, Err(CallError::NoState)));
    assert!(node.state().nodes().await.unwrap().is_empty());
    let wrong = StateConfig { nodes: 0, ..StateConfig::default() };
    assert!(matches!(Node::bind("127.0.0.1:0").state(wrong).start().await, Err(StartError::State(_))));
}

/// What a node of a library built without the feature `state` runs.
fn stateless(local: &Local) -> Beside<history::History> {
    let core = Core::new(local.seed, CoreConfig::of(Profile::Local), local.record.clone());
    let (me, session) = (local.record.id(), local.record.session());
    Beside::new(local.seed, core, history::History::new(me, session, history::Config::default(), &local.restored))
}

/// An event that follows a value in the same packet is heard by a node that knows nothing of values.
#[tokio::test]
async fn who_is_built_without_it_hears_all_that_follows_it() {
    let nodes = three().await;
    let old = Driver::bind("127.0.0.1:0").name("old").run(stateless).await.expect("it starts");
    let contact = old.contact(nodes[0].local_addr()).await.unwrap();
    old.command(move |mine, cx| mine.in_core(cx, |core, cx| core.join(cx, &[contact]))).await.unwrap();
    until(async || nodes[0].members().await.unwrap().iter().filter(|m| m.is_live()).count() == 4).await;
    let mut events = old.events();
    let both = nodes[0].handle().command(|full, cx| {
        full.in_also(cx, |state, cx| state.set(cx, "load", "1")).expect("it has state").expect("a short value");
        full.event(cx, "deploy", b"v2", Filter::default()).expect("a short event")
    });
    both.await.unwrap();
    let delivered =
        async { while !matches!(events.next().await.expect("it runs"), News::Event(Said::Core(Told::Delivered(_)))) {} };
    timeout(PATIENCE, delivered).await.expect("in time");
    until(async || own(&nodes[2], "a", "load").await.is_some()).await;
    let counters = old.counters().await.unwrap();
    assert!(counters.dropped().unknown_message > 0, "{counters:?}");
    assert_eq!(counters.rejections(), 0, "{counters:?}");
}

#[tokio::test]
async fn what_a_node_shared_is_in_its_directory() {
    let dir = std::env::temp_dir().join(format!("bruit-state-{}", std::process::id()));
    let start = async || {
        Node::bind("127.0.0.1:0").name("a").data_dir(&dir).state(StateConfig::default()).start().await.expect("it starts")
    };
    let node = start().await;
    node.state().set_in("bucket", "n_val", "3").await.unwrap();
    node.state().set("load", "1").await.unwrap();
    until(async || node.handle().look(|full| full.state().expect("it has state").is_saved()).await.unwrap()).await;
    let generation = node.state().of("a").await.unwrap().expect("itself").heart_beat.generation;
    node.stop().await;
    let node = start().await;
    assert_eq!(shared(&node, "n_val").await.as_deref(), Some("3"));
    assert_eq!(own(&node, "a", "load").await, None, "of its last life");
    assert_eq!(node.state().of("a").await.unwrap().expect("itself").heart_beat.generation, generation + 1);
    node.stop().await;
    let _ = std::fs::remove_dir_all(dir);
}
