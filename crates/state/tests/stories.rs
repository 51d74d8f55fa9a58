//! Recorded stories of three nodes whose hearts beat: a change of the protocol shows as a changed conversation.

mod common;

use bruit_proto::Duration;
use bruit_state::{Config, Detector, State};
use common::{Cluster, id, secs, story};

struct Story {
    cluster: Cluster,
    text: String,
}

impl Story {
    fn new(config: Config) -> Story {
        Story { cluster: Cluster::born(3, 1, config, |i| Some(100 * u64::from(i))), text: String::new() }
    }

    /// All know all; nothing of that is told.
    fn joined(config: Config) -> Story {
        let mut story = Story::new(config);
        story.cluster.until(secs(60), Cluster::all_alive).expect("all join");
        story.cluster.run(5);
        story.cluster.forget_events();
        story
    }

    /// Tells what happens in this time: what was said, then what listeners were told.
    fn tell(&mut self, heading: &str, millis: u64, begin: impl FnOnce(&mut Cluster)) {
        self.cluster.net.record();
        begin(&mut self.cluster);
        self.cluster.net.run(Duration::from_millis(millis));
        let said = self.cluster.net.story();
        self.text += &format!("{}{heading}\n{}\n", if self.text.is_empty() { "" } else { "\n" }, said.join("\n"));
        for i in 1..=3 {
            let told: Vec<String> = self.cluster.events(i).iter().map(|event| format!("{event:?}")).collect();
            if !told.is_empty() {
                self.text += &format!("{i} tells: {}\n", told.join(", "));
            }
        }
    }

    fn check(&self, name: &str) {
        story::check(name, &self.text);
    }
}

/// One peer a round, so that a story stays short.
fn phi() -> Config {
    Config { round: bruit_state::Round { live: 1, others: false }, ..Config::phi() }
}

#[test]
fn join() {
    let mut story = Story::new(Config::phi());
    story.tell("three nodes start; node 1 is the seed of all", 3_000, |_| {});
    story.check("join");
}

#[test]
fn restart() {
    let mut story = Story::joined(phi());
    story.cluster.set(3, "load", "0.5");
    story.cluster.run(2);
    story.cluster.forget_events();
    story.tell("node 3 restarts without its disk", 1_500, |c| c.restart(3, None));
    story.check("restart");
}

#[test]
fn shutdown() {
    let mut story = Story::joined(phi());
    story.tell("node 3 shuts down", 1_500, |c| c.turn(3, State::shutdown));
    story.check("shutdown");
}

#[test]
fn assassinate() {
    let mut story = Story::joined(phi());
    story.cluster.net.kill(3);
    story.cluster.run(60);
    story.cluster.forget_events();
    story.tell("node 1 removes node 3, which is dead", 1_500, |c| {
        c.turn(1, |state, cx| state.assassinate(cx, id(3))).expect("it is dead");
    });
    story.tell("node 3 starts again", 2_000, |c| c.restart(3, None));
    story.check("assassinate");
}

#[test]
fn back_from_quarantine() {
    let mut story = Story::joined(Config { expire: secs(30), quarantine: secs(10), ..phi() });
    story.cluster.net.kill(3);
    story.cluster.run(60);
    assert_eq!(story.cluster.state(1).endpoint(id(3)), None);
    story.cluster.forget_events();
    story.tell("node 3 was dropped, and starts again", 2_500, |c| c.restart(3, Some(301)));
    story.check("back_from_quarantine");
}

/// What a change costs where no heart beats; see `common::beside` for the packets that carry sums.
#[test]
fn a_change_among_members() {
    let mut members = common::beside::Members::with(4, 1, 0, Config { detector: Detector::Swim, ..Config::default() });
    members.run(3);
    members.net.record();
    members.set(2, "load", "0.5");
    members.run(2);
    story::check("a_change_among_members", &(members.net.story().join("\n") + "\n"));
}
