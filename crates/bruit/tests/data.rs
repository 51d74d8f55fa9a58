//! A node with a data directory: what it is after its process ended.

mod programs;

use bruit::{Event, Events, Node, StartError, Status, What};
use programs::example;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::Duration;
use tokio::time::timeout;

/// Longer than anything here takes, on a loaded machine as well.
const PATIENCE: Duration = Duration::from_secs(60);

/// A directory of a test's own, gone with it.
struct Dir(PathBuf);

impl Dir {
    fn new() -> Dir {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("data-{}-{}", std::process::id(), NEXT.fetch_add(1, Relaxed));
        Dir(Path::new(env!("CARGO_TARGET_TMPDIR")).join(name))
    }

    fn of(&self, node: &str) -> PathBuf {
        self.0.join(node)
    }
}

impl Drop for Dir {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

async fn start(dir: &Dir, name: &str) -> Node {
    Node::bind("127.0.0.1:0").name(name).data_dir(dir.of(name)).start().await.expect("it starts")
}

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

/// Until `done` holds; looked at whenever something happens at the node.
async fn until<F: Future<Output = bool>>(what: &str, mut done: impl FnMut() -> F) {
    let holds = async {
        while !done().await {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(PATIENCE, holds).await.unwrap_or_else(|_| panic!("{what}"));
}

async fn alive(node: &Node) -> usize {
    node.members().await.expect("it runs").iter().filter(|m| m.status == Status::Alive).count()
}

async fn names(node: &Node) -> Vec<String> {
    node.history().await.expect("it runs").iter().map(|entry| format!("{} {} {}", entry.what, entry.node, entry.by)).collect()
}

/// Three members, each on a directory of its own.
async fn three(dir: &Dir) -> [Node; 3] {
    let nodes = [start(dir, "a").await, start(dir, "b").await, start(dir, "c").await];
    for node in &nodes[1..] {
        node.asked_by("alice").join([nodes[0].local_addr().to_string()]).await.expect("it joins");
    }
    for node in &nodes {
        until("all are there", || async { alive(node).await == 3 }).await;
        until("both joins are recorded", || async { names(node).await.len() == 2 }).await;
    }
    nodes
}

#[tokio::test]
async fn a_restart_needs_no_seeds_and_is_what_it_was() {
    let dir = Dir::new();
    let [a, b, c] = three(&dir).await;
    let before = b.member("b").await.unwrap().unwrap().incarnation;
    let history = names(&b).await;
    let mut events = c.events();
    b.stop().await;
    let b = start(&dir, "b").await;
    assert_eq!(names(&b).await, history, "before it has met anybody");
    assert!(b.damage().is_none());
    wait(&mut events, |e| matches!(e, Event::Changed(m) | Event::Up(m) if m.record.name() == "b").then_some(())).await;
    until("it knows all", || async { alive(&b).await == 3 }).await;
    let member = a.member("b").await.unwrap().unwrap();
    assert!(member.incarnation > before && member.record.addresses() == b.advertised());
}

#[tokio::test]
async fn all_restart_without_seeds() {
    let dir = Dir::new();
    let nodes = three(&dir).await;
    let at: Vec<_> = nodes.iter().map(Node::local_addr).collect();
    // Word of who is there is written each second or two.
    until("all are on the disk", || async {
        let tables = ["a", "b", "c"].map(|name| std::fs::read(dir.of(name).join("table")).unwrap_or_default());
        let port = |i: usize| at[i].port().to_be_bytes();
        let knows = |i: usize, j: usize| i == j || tables[i].windows(6).any(|w| w[..4] == [127, 0, 0, 1] && w[4..] == port(j));
        (0..9).all(|k| knows(k / 3, k % 3))
    })
    .await;
    for node in &nodes {
        node.stop().await;
    }
    let mut again = Vec::new();
    for (name, at) in ["a", "b", "c"].into_iter().zip(at) {
        again.push(Node::bind(at.to_string()).name(name).data_dir(dir.of(name)).start().await.expect("it starts"));
    }
    for node in &again {
        until("they find each other", || async { alive(node).await == 3 }).await;
        assert_eq!(names(node).await.len(), 2);
    }
}

#[tokio::test]
async fn what_operators_ask_for_outlives_whom_they_asked() {
    let dir = Dir::new();
    let [a, b, c] = three(&dir).await;
    assert!(names(&a).await.iter().all(|line| line.ends_with("alice")));
    c.asked_by("bob@desk").leave().await.unwrap();
    until("the last word of one that left", || async { names(&a).await.contains(&"leave c bob@desk".into()) }).await;
    a.force_leave("c", true).await.unwrap();
    until("known to all", || async { names(&b).await.contains(&"prune c a".into()) }).await;
    assert_eq!(names(&a).await, names(&b).await);
    assert!(a.force_leave("nobody", false).await.is_err());
    assert_eq!(names(&a).await.len(), 4, "what was refused is not recorded");
}

#[tokio::test]
async fn one_directory_is_for_one_process() {
    let dir = Dir::new();
    let a = start(&dir, "a").await;
    let second = Node::bind("127.0.0.1:0").name("a").data_dir(dir.of("a")).start().await;
    let why = second.expect_err("a copy of a node that runs");
    assert!(matches!(why, StartError::DataInUse { .. }), "{why:?}");
    assert!(why.to_string().contains(&format!("process {} runs on it", std::process::id())), "{why}");
    a.stop().await;
    drop(start(&dir, "a").await);
}

#[tokio::test]
async fn a_damaged_table_is_reported_and_set_aside_and_the_node_runs() {
    let dir = Dir::new();
    let a = start(&dir, "a").await;
    for i in 0..20 {
        let appended = a.handle().command(move |full, cx| full.append(cx, What::Join, &format!("n{i}"), "ops")).await;
        appended.unwrap().unwrap();
    }
    a.stop().await;
    let table = dir.of("a").join("table");
    let whole = std::fs::read(&table).unwrap();
    let mut changed = whole.clone();
    changed[whole.len() / 2] ^= 1;
    let cases = [whole[..whole.len() - 1].to_vec(), vec![], vec![0; whole.len()], changed];
    for (i, bytes) in cases.into_iter().enumerate() {
        std::fs::write(&table, &bytes).unwrap();
        let a = start(&dir, "a").await;
        let damage = a.damage().unwrap_or_else(|| panic!("case {i} is not reported")).clone();
        assert_eq!(damage.good + damage.lost, bytes.len(), "case {i}");
        assert!(damage.aside.ends_with("table.damaged"));
        assert_eq!(std::fs::read(dir.of("a").join("table.damaged")).unwrap(), bytes, "case {i}");
        assert_eq!(names(&a).await.len() > 5, i == 0 || i == 3, "case {i}: what lies before it is there");
        a.stop().await;
        let a = start(&dir, "a").await;
        assert!(a.damage().is_none(), "case {i}: once");
        a.stop().await;
    }
}

#[tokio::test]
async fn a_directory_that_cannot_be_is_an_error_that_names_it() {
    let dir = Dir::new();
    std::fs::create_dir_all(&dir.0).unwrap();
    std::fs::write(dir.of("a"), b"a file").unwrap();
    let why = Node::bind("127.0.0.1:0").name("a").data_dir(dir.of("a")).start().await.expect_err("no directory");
    assert!(matches!(why, StartError::Data { .. }) && why.to_string().contains(dir.of("a").to_str().unwrap()), "{why}");
}

/// A process ended while it wrote a log to take the old one's place.
#[tokio::test]
async fn half_of_a_new_log_harms_nobody() {
    let dir = Dir::new();
    let [a, _b, _c] = three(&dir).await;
    a.stop().await;
    std::fs::write(dir.of("a").join("table.new"), b"bruit 1\nhalf of").unwrap();
    let a = start(&dir, "a").await;
    assert!(a.damage().is_none());
    assert_eq!(names(&a).await.len(), 2);
}

/// SIGKILL amid its writes, again and again: what it said is safe is there.
#[test]
fn killed_in_a_loop_it_forgets_nothing_that_it_acknowledged() {
    let dir = Dir::new();
    let program = example("durable");
    let mut safe: Vec<String> = Vec::new();
    for life in 0..12 {
        let mut command = Command::new(&program);
        command.args(["a", "127.0.0.1:0"]).arg(dir.of("a")).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().expect("it runs");
        let mut input = child.stdin.take().expect("piped");
        let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines().map_while(Result::ok);
        let remembered: Vec<String> = lines.by_ref().take_while(|line| line != "ready").collect();
        for name in &safe {
            assert!(remembered.contains(&format!("remembers {name}")), "life {life} has forgotten {name}");
        }
        (0..50).for_each(|i| writeln!(input, "{life}-{i}").expect("it reads"));
        let said = lines.by_ref().take(1 + 4 * life).filter_map(|line| line.strip_prefix("safe ").map(str::to_owned));
        safe.extend(said);
        child.kill().expect("it runs");
        // What it had said by then counts.
        safe.extend(lines.filter_map(|line| line.strip_prefix("safe ").map(str::to_owned)));
        child.wait().expect("it ends");
    }
    assert!(safe.len() > 200, "{} were acknowledged", safe.len());
}
