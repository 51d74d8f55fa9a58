//! Sealed nodes on real sockets: who gets in, who does not, and how keys change while all goes on.

use bruit::{CallError, Encrypt, Event, Events, JoinError, KeyFileError, KeyRing, Node, StartError, read_keys};
use std::path::PathBuf;
use std::time::Duration;
use tokio::time::timeout;

/// Longer than anything here takes, on a loaded machine as well.
const PATIENCE: Duration = Duration::from_secs(30);

fn keys(bytes: &[u8]) -> KeyRing {
    let lines: Vec<String> = bytes.iter().map(|b| format!("{b:02x}").repeat(32)).collect();
    KeyRing::parse(&lines.join("\n")).unwrap()
}

async fn start(name: &str, ring: KeyRing) -> Node {
    Node::bind("127.0.0.1:0").name(name).keys(ring).start().await.expect("it starts")
}

async fn join(node: &Node, through: &Node) -> Result<(), JoinError> {
    node.join([through.local_addr().to_string()]).await
}

async fn delivered(events: &mut Events<Event>, name: &str) {
    let heard = async { while !matches!(events.next().await, Some(Event::Delivered(said)) if *said.name == *name) {} };
    timeout(PATIENCE, heard).await.expect("the event comes");
}

/// A file of its own in the temporary directory.
fn file(name: &str, text: &str) -> PathBuf {
    let path = std::env::temp_dir().join(format!("bruit-{}-{name}", std::process::id()));
    std::fs::write(&path, text).unwrap();
    path
}

#[tokio::test]
async fn a_key_lets_in_and_another_or_none_does_not() {
    let (one, two) = (start("one", keys(&[7])).await, start("two", keys(&[7])).await);
    join(&two, &one).await.expect("the same key");
    let mut events = two.events();
    one.event("deploy", b"v2").await.unwrap();
    delivered(&mut events, "deploy").await;

    let stranger = start("stranger", keys(&[8])).await;
    let bare = Node::bind("127.0.0.1:0").name("bare").start().await.unwrap();
    for node in [&stranger, &bare] {
        assert!(matches!(join(node, &one).await, Err(JoinError::Unreachable { .. })));
        assert_eq!(node.members().await.unwrap().len(), 1);
    }
    assert_eq!(one.members().await.unwrap().len(), 2);
    let counters = one.counters().await.unwrap();
    let reasons: Vec<&str> = counters.rejected().iter().map(|r| r.0).collect();
    assert!(
        reasons.contains(&"stream in the open") && reasons.contains(&"stream damaged, of another key or cluster")
            || reasons.contains(&"sealed by a key that is not ours"),
        "{reasons:?}"
    );
    assert!(counters.dropped().unspoken >= 2);
}

#[tokio::test]
async fn keys_rotate_and_a_cluster_is_sealed_while_it_runs() {
    let mut nodes = Vec::new();
    for name in ["one", "two", "three"] {
        nodes.push(Node::bind("127.0.0.1:0").name(name).start().await.unwrap());
    }
    for node in &nodes[1..] {
        join(node, &nodes[0]).await.unwrap();
    }
    let mut events: Vec<_> = nodes.iter().map(Node::events).collect();
    let steps = [
        (Encrypt::Permissive, vec![7]),
        (Encrypt::Require, vec![7]),
        (Encrypt::Require, vec![7, 8]),
        (Encrypt::Require, vec![8, 7]),
        (Encrypt::Require, vec![8]),
    ];
    for (i, (encrypt, ring)) in steps.into_iter().enumerate() {
        for (j, node) in nodes.iter().enumerate() {
            node.reseal(encrypt, Some(keys(&ring))).await.unwrap();
            let said = format!("{i}-{j}");
            nodes[(j + 1) % 3].event(&said, b"").await.unwrap();
            for events in &mut events {
                delivered(events, &said).await;
            }
        }
    }
    assert_eq!(nodes[0].key_ids().await.unwrap(), keys(&[8]).ids().collect::<Vec<_>>());
    let late = start("late", keys(&[7])).await;
    assert!(join(&late, &nodes[0]).await.is_err(), "the old key is worth nothing any more");
    late.reseal(Encrypt::Require, Some(keys(&[8]))).await.unwrap();
    join(&late, &nodes[0]).await.unwrap();
    assert!(matches!(late.reseal(Encrypt::Permissive, None).await, Err(CallError::NoKey)));
}

#[tokio::test]
async fn where_others_reach_it_a_node_without_a_key_does_not_start_unless_told_to() {
    let bind = || Node::bind("0.0.0.0:0").name("one").advertise("127.0.0.1:0".parse().unwrap());
    let error = bind().start().await.unwrap_err();
    assert!(matches!(error, StartError::NoKey { .. }));
    for remedy in ["key file", "bruit keys generate", "encryption off"] {
        assert!(error.to_string().contains(remedy), "{error}");
    }
    bind().encrypt(Encrypt::Off).start().await.expect("it was told to");
    let good = file("good.key", &format!("# ours\n{}\n", "07".repeat(32)));
    let node = bind().key_file(&good).start().await.expect("it has a key");
    assert_eq!(node.key_ids().await.unwrap().len(), 1);
    let asked = Node::bind("127.0.0.1:0").encrypt(Encrypt::Require).start().await;
    assert!(matches!(asked, Err(StartError::NoKey { .. })), "to seal it needs one on loopback, too");
    std::fs::remove_file(good).unwrap();
}

#[tokio::test]
async fn a_bad_key_file_is_named_and_its_keys_are_not() {
    let secret = "0123456789abcdef";
    let bad = file("bad.key", &format!("\n{secret}\n"));
    let error = Node::bind("127.0.0.1:0").key_file(&bad).start().await.unwrap_err();
    let shown = format!("{error} {error:?}");
    assert!(shown.contains("line 2") && shown.contains("bad.key") && !shown.contains(secret), "{shown}");
    let long = file("long.key", &"#\n".repeat(10_000));
    assert!(matches!(read_keys(&long), Err(KeyFileError::Bad { .. })));
    assert!(matches!(read_keys("/no/such/file"), Err(KeyFileError::Unreadable { .. })));
    let builder = format!("{:?}", Node::bind("127.0.0.1:0").keys(keys(&[0xAB])));
    assert!(!builder.to_lowercase().contains("abab"), "{builder}");
    [bad, long].iter().for_each(|path| std::fs::remove_file(path).unwrap());
}
