//! Separate processes in network namespaces: loss, partitions, SIGKILL and SIGSTOP by the kernel itself.
//!
//! Needs Linux, root and namespaces; where these are not allowed it says so and passes.
#![cfg(target_os = "linux")]

mod programs;

use serde_json::Value;
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Arc, Condvar, LazyLock, Mutex};
use std::time::{Duration, Instant};

/// Longer than anything that must happen, on a loaded machine as well.
const PATIENCE: Duration = Duration::from_secs(40);

/// Runs a command line, the words parted by spaces; its error output if it fails.
fn sh(line: &str) -> Result<(), String> {
    let mut words = line.split(' ');
    let out = Command::new(words.next().expect("a word")).args(words).output().map_err(|e| format!("{line}: {e}"))?;
    if out.status.success() { Ok(()) } else { Err(format!("{line}: {}", String::from_utf8_lossy(&out.stderr).trim())) }
}

/// Tests that begin together install it once: apt-get does not wait for another.
static IPTABLES: LazyLock<Result<(), String>> = LazyLock::new(|| {
    let install = |_| sh("apt-get update -q").and_then(|()| sh("apt-get install -y --no-install-recommends iptables"));
    sh("iptables -V").or_else(install)
});

/// Namespaces on a bridge in one more, where all faults live: a rule in a node's own would fail its sends instead.
struct Lab {
    name: String,
    hosts: u32,
    /// The group that all hear.
    group: Option<&'static str>,
}

impl Lab {
    fn up(tag: &str, hosts: u32, group: Option<&'static str>) -> Result<Lab, String> {
        sh("ip -V")?;
        IPTABLES.clone()?;
        let lab = Lab { name: format!("bruit{}{tag}", std::process::id()), hosts, group };
        std::fs::write(lab.key_file(), "07".repeat(32)).map_err(|e| e.to_string())?;
        let switch = lab.switch();
        sh(&format!("ip netns add {switch}"))?;
        sh(&format!("ip -n {switch} link add br0 type bridge"))?;
        sh(&format!("ip -n {switch} link set br0 up"))?;
        for i in 1..=hosts {
            let host = lab.host(i);
            sh(&format!("ip netns add {host}"))?;
            sh(&format!("ip -n {switch} link add p{i} type veth peer name eth0 netns {host}"))?;
            sh(&format!("ip -n {switch} link set p{i} master br0 up"))?;
            sh(&format!("ip -n {host} addr add 10.77.0.{i}/24 dev eth0"))?;
            sh(&format!("ip -n {host} link set eth0 up"))?;
            sh(&format!("ip -n {host} link set lo up"))?;
        }
        sh(&format!("ip netns exec {switch} sysctl -qw net.bridge.bridge-nf-call-iptables=1"))?;
        lab.rule("-L").map(|()| lab)
    }

    fn switch(&self) -> String {
        format!("{}s", self.name)
    }

    /// The key of all.
    fn key_file(&self) -> PathBuf {
        std::env::temp_dir().join(format!("{}.key", self.name))
    }

    fn host(&self, i: u32) -> String {
        format!("{}h{i}", self.name)
    }

    fn rule(&self, rule: &str) -> Result<(), String> {
        sh(&format!("ip netns exec {} iptables {rule}", self.switch()))
    }

    fn drop(&self, which: &str) {
        self.rule(&format!("-A FORWARD {which} -j DROP")).expect("a rule");
    }

    /// How many packets each rule has dropped.
    fn dropped(&self) -> Vec<u64> {
        let words = ["netns", "exec", &self.switch(), "iptables", "-nvxL", "FORWARD"];
        let out = Command::new("ip").args(words).output().expect("rules are listed");
        let rules = String::from_utf8_lossy(&out.stdout).into_owned();
        rules.lines().skip(2).filter_map(|rule| rule.split_whitespace().next()?.parse().ok()).collect()
    }

    fn heal(&self) {
        self.rule("-F").expect("rules are flushed");
    }

    fn start(&self, i: u32) -> Member {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &self.host(i)]).arg(programs::example("member"));
        command.args([format!("node-{i}"), format!("10.77.0.{i}:7946")]).env("BRUIT_KEY_FILE", self.key_file());
        command.args((1..=3).map(|j| format!("10.77.0.{j}:7946")));
        command.envs(self.group.map(|group| ("BRUIT_MULTICAST", group)));
        Member::of(command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("it starts"))
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        for name in (1..=self.hosts).map(|i| self.host(i)).chain([self.switch()]) {
            let _ = sh(&format!("ip netns del {name}"));
        }
        let _ = std::fs::remove_file(self.key_file());
    }
}

/// What happened, to whom or which event, and the how manieth hop of it that was.
type Heard = Arc<(Mutex<Vec<(String, String, u64)>>, Condvar)>;

/// A member's process, and what it has said.
struct Member {
    process: Child,
    orders: ChildStdin,
    heard: Heard,
}

impl Member {
    fn of(mut process: Child) -> Member {
        let heard = Heard::default();
        let (said, into) = (process.stdout.take().expect("piped"), Arc::clone(&heard));
        std::thread::spawn(move || {
            for line in BufReader::new(said).lines().map_while(Result::ok) {
                let value: Value = serde_json::from_str(&line).expect("JSON");
                let text = |key: &str| value[key].as_str().unwrap_or_default().to_owned();
                into.0.lock().unwrap().push((text("event"), text("name"), value["hop"].as_u64().unwrap_or(0)));
                into.1.notify_all();
            }
        });
        Member { orders: process.stdin.take().expect("piped"), process, heard }
    }

    /// How much it has said so far.
    fn mark(&self) -> usize {
        self.heard.0.lock().unwrap().len()
    }

    /// Whether it says this within the time, from the mark on.
    fn says_within(&self, from: usize, span: Duration, event: &str, name: &str) -> bool {
        let end = Instant::now() + span;
        let mut heard = self.heard.0.lock().unwrap();
        loop {
            if heard.iter().skip(from).any(|(e, n, _)| e == event && (name.is_empty() || n == name)) {
                return true;
            }
            let Some(left) = end.checked_duration_since(Instant::now()) else { return false };
            heard = self.heard.1.wait_timeout(heard, left).unwrap().0;
        }
    }

    /// The how manieth hop this event was that it was told of.
    fn hop(&self, event: &str) -> Option<u64> {
        let heard = self.heard.0.lock().unwrap();
        heard.iter().find(|(e, n, _)| e == "delivered" && n == event).map(|said| said.2)
    }

    #[track_caller]
    fn says(&self, from: usize, event: &str, name: &str) {
        let said = self.says_within(from, PATIENCE, event, name);
        assert!(said, "no {event} {name} within {PATIENCE:?}: {:?}", &self.heard.0.lock().unwrap()[from..]);
    }

    #[track_caller]
    fn does_not_say(&self, from: usize, span: Duration, event: &str, name: &str) {
        let said = self.says_within(from, span, event, name);
        assert!(!said, "{event} {name}: {:?}", &self.heard.0.lock().unwrap()[from..]);
    }

    fn order(&mut self, line: &str) {
        writeln!(self.orders, "{line}").expect("it reads its input");
    }

    fn signal(&self, name: &str) {
        sh(&format!("kill -{name} {}", self.process.id())).expect("it runs");
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Nothing, said loudly, where namespaces are not allowed.
fn lab(tag: &str, hosts: u32, group: Option<&'static str>) -> Option<Lab> {
    let lab = Lab::up(tag, hosts, group);
    // Past the test harness, which swallows what passing tests print.
    lab.inspect_err(|why| drop(writeln!(std::io::stderr(), "\nskipped: network namespaces: {why}\n"))).ok()
}

/// Eight hosts on a link, two of which the switch lets hear nothing that is said to the group.
#[test]
fn a_group_is_heard_by_all_on_the_link_and_who_is_cut_from_it_has_gossip() {
    const HOSTS: u32 = 8;
    let Some(lab) = lab("b", HOSTS, Some("239.77.0.1:7947")) else { return };
    let mut members: Vec<Member> = (1..=HOSTS).map(|i| lab.start(i)).collect();
    for (i, member) in (1..).zip(&members) {
        (1..=HOSTS).filter(|j| *j != i).for_each(|j| member.says(0, "up", &format!("node-{j}")));
    }
    members[3].order("event one");
    members.iter().for_each(|member| member.says(0, "delivered", "one"));
    let hops: Vec<_> = members.iter().map(|member| member.hop("one")).collect();
    assert_eq!(hops, [1, 1, 1, 0, 1, 1, 1, 1].map(Some));
    for i in [7, 8] {
        lab.drop(&format!("-d 239.77.0.1 -m physdev --physdev-out p{i}"));
    }
    members[3].order("event two");
    members.iter().for_each(|member| member.says(0, "delivered", "two"));
    let dropped = lab.dropped();
    assert!(dropped.len() == 2 && dropped.iter().all(|n| *n > 0), "a copy for each that is cut off: {dropped:?}");
}

#[test]
fn processes_live_through_what_networks_do() {
    let Some(lab) = lab("a", 3, None) else { return };
    let [one, two, mut three] = [1, 2, 3].map(|i| lab.start(i));
    meet(&one, &two, &three);
    loss(&lab, &one, &two, &mut three);
    cut_both_ways(&lab, &one, &three);
    cut_one_way(&lab, &one, &two);
    let two = kill_and_restart(&lab, &one, two, &three);
    stop_and_continue(&one, &two, &three);
    leave(&one, &two, three);
}

fn meet(one: &Member, two: &Member, three: &Member) {
    for (member, others) in [(one, ["node-2", "node-3"]), (two, ["node-1", "node-3"]), (three, ["node-1", "node-2"])] {
        others.iter().for_each(|other| member.says(0, "up", other));
    }
}

/// 30 % of what the third sends is lost: an event of it reaches all.
fn loss(lab: &Lab, one: &Member, two: &Member, three: &mut Member) {
    let marks = [one.mark(), two.mark()];
    lab.drop("-s 10.77.0.3 -m statistic --mode random --probability 0.3");
    three.order("event lossy");
    one.says(marks[0], "delivered", "lossy");
    two.says(marks[1], "delivered", "lossy");
    one.does_not_say(marks[0], Duration::from_secs(10), "down", "");
    lab.heal();
}

fn cut_both_ways(lab: &Lab, one: &Member, three: &Member) {
    let marks = [one.mark(), three.mark()];
    lab.drop("-s 10.77.0.3");
    lab.drop("-d 10.77.0.3");
    one.says(marks[0], "down", "node-3");
    three.says(marks[1], "down", "node-1");
    three.says(marks[1], "down", "node-2");
    let marks = [one.mark(), three.mark()];
    lab.heal();
    one.says(marks[0], "up", "node-3");
    three.says(marks[1], "up", "node-1");
    three.says(marks[1], "up", "node-2");
}

/// The first does not reach the second, but the third helps.
fn cut_one_way(lab: &Lab, one: &Member, two: &Member) {
    let marks = [one.mark(), two.mark()];
    lab.drop("-s 10.77.0.1 -d 10.77.0.2");
    one.does_not_say(marks[0], Duration::from_secs(10), "down", "");
    two.does_not_say(marks[1], Duration::ZERO, "down", "");
    lab.heal();
}

fn kill_and_restart(lab: &Lab, one: &Member, two: Member, three: &Member) -> Member {
    let marks = [one.mark(), three.mark()];
    two.signal("KILL");
    drop(two);
    one.says(marks[0], "down", "node-2");
    three.says(marks[1], "down", "node-2");
    let marks = [one.mark(), three.mark()];
    let two = lab.start(2);
    one.says(marks[0], "up", "node-2");
    three.says(marks[1], "up", "node-2");
    two
}

/// Back from SIGSTOP it refutes, and accuses nobody.
fn stop_and_continue(one: &Member, two: &Member, three: &Member) {
    let marks = [one.mark(), two.mark()];
    three.signal("STOP");
    one.says(marks[0], "down", "node-3");
    one.does_not_say(one.mark(), Duration::from_secs(20), "up", "node-3");
    let marks = [one.mark(), two.mark(), three.mark()];
    three.signal("CONT");
    one.says(marks[0], "up", "node-3");
    two.says(marks[1], "up", "node-3");
    three.does_not_say(marks[2], Duration::from_secs(5), "suspect", "");
    for (member, mark) in [(one, marks[0]), (two, marks[1])] {
        member.does_not_say(mark, Duration::ZERO, "suspect", "");
    }
}

fn leave(one: &Member, two: &Member, mut three: Member) {
    let marks = [one.mark(), two.mark()];
    three.order("leave");
    one.says(marks[0], "left", "node-3");
    two.says(marks[1], "left", "node-3");
    assert!(three.process.wait().expect("it ends").success());
    one.does_not_say(marks[0], Duration::ZERO, "down", "");
}
