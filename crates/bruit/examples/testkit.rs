//! A program tested on the kit: it follows a leader, the living member with the smallest name. What it decides is apart
//! from its I/O, so it is fed by `Node::events` in production and by the kit here.
//!
//! `cargo run -p bruit --features testkit --example testkit`

use bruit::Event;
use bruit::testkit::{Cluster, converged};
use std::collections::BTreeSet;
use std::time::Duration;

/// The program.
struct Follower {
    alive: BTreeSet<String>,
}

impl Follower {
    fn new(me: &str) -> Follower {
        Follower { alive: [me.to_owned()].into() }
    }

    fn hear(&mut self, event: &Event) {
        match event {
            Event::Up(member) => drop(self.alive.insert(member.record.name().into())),
            Event::Down(member) | Event::Left(member) => drop(self.alive.remove(member.record.name())),
            _ => {}
        }
    }

    fn leader(&self) -> &str {
        self.alive.first().expect("it is itself alive")
    }
}

/// Feeds everyone what happened; whom each follows.
fn leaders(cluster: &mut Cluster, program: &mut [Follower]) -> Vec<String> {
    for (i, follower) in program.iter_mut().enumerate() {
        cluster.events(i as u32).iter().for_each(|event| follower.hear(event));
    }
    program.iter().map(|follower| follower.leader().to_owned()).collect()
}

fn main() {
    let mut cluster = Cluster::new(5).seed(7);
    let mut program: Vec<Follower> = (0..5).map(|i| Follower::new(&format!("node-{i:03}"))).collect();

    let took = cluster.run_until(converged).expect("they find each other");
    println!("after {took:?} all know all");
    assert_eq!(leaders(&mut cluster, &mut program), ["node-000"; 5]);

    cluster.partition(&[0, 1]);
    cluster.run(Duration::from_secs(60));
    let split = leaders(&mut cluster, &mut program);
    println!("cut in two, they follow {split:?}");
    assert_eq!(split, ["node-000", "node-000", "node-002", "node-002", "node-002"]);

    cluster.heal();
    let took = cluster.run_until(converged).expect("they find each other again");
    println!("healed, all know all after {took:?}");
    assert_eq!(leaders(&mut cluster, &mut program), ["node-000"; 5]);
}
