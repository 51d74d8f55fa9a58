//! The default stack on real sockets: what a user of the library relies on.

use bruit::{CallError, Event, Events, Filter, JoinError, Member, Node, Share, StartError, Status};
use std::time::Duration;
use tokio::time::timeout;

/// Longer than anything here takes, on a loaded machine as well.
const PATIENCE: Duration = Duration::from_secs(30);

async fn start(name: &str) -> Node {
    Node::bind("127.0.0.1:0").name(name).start().await.expect("it starts")
}

async fn join(node: &Node, through: &Node) {
    node.join([through.local_addr().to_string()]).await.expect("it joins");
}

/// Waits for the first event that `is` says something about.
async fn wait<R>(events: &mut Events<Event>, mut is: impl FnMut(&Event) -> Option<R>) -> R {
    let found = async {
        loop {
            let event = events.next().await.expect("the node runs");
            if let Some(found) = is(&event) {
                return found;
            }
        }
    };
    timeout(PATIENCE, found).await.expect("in time")
}

fn is(name: &str, member: &Member) -> Option<Member> {
    (member.record.name() == name).then(|| member.clone())
}

async fn up(events: &mut Events<Event>, name: &str) -> Member {
    wait(events, |e| if let Event::Up(m) = e { is(name, m) } else { None }).await
}

async fn down(events: &mut Events<Event>, name: &str) -> Member {
    wait(events, |e| if let Event::Down(m) = e { is(name, m) } else { None }).await
}

async fn delivered(events: &mut Events<Event>) -> (String, Vec<u8>) {
    wait(events, |e| if let Event::Delivered(d) = e { Some((d.name.to_string(), d.payload.to_vec())) } else { None }).await
}

#[tokio::test]
async fn nodes_find_each_other_and_hear_events() {
    let (a, b) = (start("a").await, start("b").await);
    let (mut at_a, mut at_b) = (a.events(), b.events());
    join(&b, &a).await;
    up(&mut at_a, "b").await;
    assert_eq!(b.members().await.unwrap().len(), 2);
    assert_eq!(b.member("a").await.unwrap().unwrap().record.addresses(), a.advertised());
    b.event("deploy", b"v2").await.unwrap();
    assert_eq!(delivered(&mut at_a).await, ("deploy".into(), b"v2".to_vec()));
    assert_eq!(delivered(&mut at_b).await, ("deploy".into(), b"v2".to_vec()));
}

#[tokio::test]
async fn seeds_are_joined_in_the_background_and_may_name_oneself() {
    let a = start("a").await;
    let mut events = a.events();
    let at = a.local_addr().to_string();
    let b = Node::bind("127.0.0.1:0").name("b").seeds([at.clone(), "localhost:1".into()]).start().await.unwrap();
    up(&mut events, "b").await;
    a.stop().await;
    let a = Node::bind(&at).name("a").seeds([at.clone(), b.local_addr().to_string()]).start().await.unwrap();
    let mut events = b.events();
    wait(&mut events, |e| if let Event::Up(m) | Event::Changed(m) = e { is("a", m) } else { None }).await;
    assert!(a.is_running());
}

/// Whoever knows others tries one contact and no more: nothing will ever be heard of the rest.
#[tokio::test]
async fn a_join_that_fails_beside_known_members_ends() {
    let (a, b) = (start("a").await, start("b").await);
    join(&b, &a).await;
    let nobody: Vec<String> = ["c", "d"].iter().map(|_| free_port()).collect();
    for _ in 0..4 {
        let failed = tokio::time::timeout(PATIENCE, a.join(&nobody)).await.expect("it ends").expect_err("nobody is there");
        assert!(matches!(&failed, JoinError::Unreachable { seeds } if seeds.contains(&nobody[0])), "{failed}");
    }
}

/// An address at which nobody listens.
fn free_port() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().to_string()
}

/// Pings are the user's own: they come back, and the silent are silent.
#[tokio::test]
async fn a_member_can_be_pinged() {
    let (a, b) = (start("a").await, start("b").await);
    let mut events = a.events();
    join(&b, &a).await;
    up(&mut events, "b").await;
    assert!(a.ping("b").await.unwrap().is_some_and(|rtt| rtt < PATIENCE));
    b.stop().await;
    assert_eq!(a.ping("b").await.unwrap(), None);
    assert!(a.ping("a").await.is_err() && a.ping("nobody").await.is_err());
}

#[tokio::test]
async fn a_group_hears_what_is_for_it() {
    let (a, b, c) = (start("a").await, start("b").await, start("c").await);
    join(&b, &a).await;
    join(&c, &a).await;
    let (mut at_a, mut at_c) = (a.events(), c.events());
    c.set_tags([("role", "web")]).await.unwrap();
    wait(&mut at_a, |e| if let Event::Changed(m) = e { is("c", m) } else { None }).await;
    assert_eq!(a.member("c").await.unwrap().unwrap().record.tags().get("role"), Some("web"));
    a.event_to(Filter::parse(["role=w*"]).unwrap(), "reload", b"").await.unwrap();
    a.event("all", b"").await.unwrap();
    assert_eq!(delivered(&mut at_c).await.0, "reload");
    assert_eq!(delivered(&mut at_a).await.0, "all", "it is not in the group");
}

#[tokio::test]
async fn a_crash_is_noticed_and_a_restart_as_well() {
    let (a, b) = (start("a").await, start("b").await);
    let mut events = a.events();
    join(&b, &a).await;
    let before = up(&mut events, "b").await;
    let at = b.local_addr().to_string();
    b.stop().await;
    down(&mut events, "b").await;
    let b = Node::bind(at).name("b").start().await.unwrap();
    join(&b, &a).await;
    let after = up(&mut events, "b").await;
    assert_ne!(before.record.session(), after.record.session());
    assert!(after.incarnation > before.incarnation);
}

#[tokio::test]
async fn dropping_the_last_handle_stops_the_node() {
    let (a, b) = (start("a").await, start("b").await);
    let mut events = a.events();
    join(&b, &a).await;
    up(&mut events, "b").await;
    drop(b.clone());
    assert!(b.is_running());
    drop(b);
    down(&mut events, "b").await;
}

#[tokio::test]
async fn a_leave_is_seen_as_one() {
    let (a, b) = (start("a").await, start("b").await);
    let mut events = a.events();
    join(&b, &a).await;
    b.leave().await.unwrap();
    assert!(!b.is_running());
    let left = wait(&mut events, |e| match e {
        Event::Left(m) => is("b", m),
        Event::Down(m) => panic!("{} is down", m.record.name()),
        _ => None,
    });
    assert_eq!(left.await.status, Status::Left);
    assert!(matches!(b.event("late", b"").await, Err(CallError::Stopped(_))));
}

#[tokio::test]
async fn a_failed_member_is_made_to_leave_and_forgotten() {
    let (a, b) = (start("a").await, start("b").await);
    let mut events = a.events();
    join(&b, &a).await;
    b.stop().await;
    down(&mut events, "b").await;
    a.force_leave("b", true).await.unwrap();
    assert!(a.member("b").await.unwrap().is_none());
    let error = a.force_leave("nobody", false).await.unwrap_err();
    assert!(error.to_string().contains("\"nobody\""), "{error}");
}

#[tokio::test]
async fn the_second_of_a_name_is_told() {
    let (a, b, again) = (start("a").await, start("b").await, start("b").await);
    join(&b, &a).await;
    let error = again.join([a.local_addr().to_string()]).await.unwrap_err();
    assert!(matches!(error, JoinError::NameTaken { .. }), "{error:?}");
    assert!(error.to_string().contains("\"b\"") && error.to_string().contains("another name"), "{error}");
    assert_eq!(a.member("b").await.unwrap().unwrap().record.addresses(), b.advertised(), "the first one stays");
}

#[tokio::test]
async fn an_unreachable_seed_is_named() {
    let (a, gone) = (start("a").await, start("gone").await);
    let at = gone.local_addr().to_string();
    gone.stop().await;
    let error = timeout(PATIENCE, a.join([at.clone()])).await.expect("in time").unwrap_err();
    assert!(error.to_string().contains(&at) && error.to_string().contains("check that"), "{error}");
    let error = a.join(["no.such.host.invalid:1"]).await.unwrap_err();
    assert!(error.to_string().contains("no.such.host.invalid:1"), "{error}");
}

#[tokio::test]
async fn bad_use_names_the_thing_and_the_remedy() {
    let a = start("a").await;
    let error = a.set_tags([("k", "v".repeat(600))]).await.unwrap_err();
    assert!(error.to_string().contains("shorten them to 512"), "{error}");
    let error = a.event("big", [0; 10_000]).await.unwrap_err();
    assert!(error.to_string().contains("the limit is 512"), "{error}");
    let error = Node::bind(a.local_addr().to_string()).start().await.unwrap_err();
    assert!(matches!(error, StartError::InUse { .. }), "{error:?}");
    let error = Node::bind("127.0.0.1:0").name("x".repeat(200)).start().await.unwrap_err();
    assert!(error.to_string().contains("200 bytes"), "{error}");
}

#[tokio::test]
async fn clusters_of_other_labels_do_not_hear_each_other() {
    let (a, b) = (start("a").await, start("b").await);
    let c = Node::bind("127.0.0.1:0").name("c").label("other").start().await.unwrap();
    join(&b, &a).await;
    assert!(timeout(PATIENCE, c.join([a.local_addr().to_string()])).await.expect("in time").is_err());
    assert_eq!(a.members().await.unwrap().len(), 2);
    assert!(a.counters().await.unwrap().rejections() > 0);
}

#[tokio::test]
async fn nodes_meet_over_ipv6() {
    let a = Node::bind("[::1]:0").name("a").start().await.unwrap();
    let b = Node::bind("[::1]:0").name("b").start().await.unwrap();
    let mut events = a.events();
    join(&b, &a).await;
    up(&mut events, "b").await;
}

#[tokio::test]
async fn a_wait_says_who_has_it_and_who_does_not() {
    let a = start("a").await;
    let mut at_a = a.events();
    let others = [start("b").await, start("c").await];
    for node in &others {
        join(node, &a).await;
        up(&mut at_a, node.name()).await;
    }
    let all = a.event_wait(Filter::all(), "leader", "a", Share::All, PATIENCE).await.unwrap();
    assert!(all.met && (all.addressed, all.covered) == (3, 3) && all.missing == Some(vec![]), "{all:?}");
    let tree = others[1].event_tree(all.id).await.unwrap();
    assert!(tree.branches.len() == 3 && &*tree.branches[0].node == "a" && tree.silent.is_empty(), "{tree:?}");
    let faults = others[0].faults();
    let still = faults.pause().await.unwrap();
    let some = a.event_wait(Filter::all(), "leader", "b", Share::All, Duration::from_millis(300)).await.unwrap();
    drop(still);
    assert!(!some.met && some.missing == Some(vec!["b".into()]), "{some:?}");
    let nobody = a.event_wait(Filter::all().node("x").unwrap(), "leader", "", Share::All, PATIENCE).await.unwrap();
    assert!(nobody.met && nobody.addressed == 0);
}
