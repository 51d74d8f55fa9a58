use super::Claim;
use crate::bench::quiet::Cluster;
use crate::cluster::{cluster, form};
use crate::links::Links;
use crate::paper::{Mean, Verdict};
use crate::world::World;
use bruit_proto::{PeerId, Protocol, Rng};
use bruit_stacks::{CoreConfig, Full, Message as Core, beside};
use bruit_swim::Message;
use bruit_wire::{Captured, messages};
use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

/// The protocol period T' of the defaults.
const PERIOD: Duration = Duration::from_secs(1);
/// A cluster has found its rhythm.
const WARM: Duration = Duration::from_secs(3);
/// Periods until somebody pings a member, at most: nobody does for so long with a probability of e^-16.
const PATIENCE: usize = 16;

/// Whole nodes that know each other. None if that did not come about within a minute.
pub(super) fn joined(n: u32) -> Option<World<Full>> {
    formed(cluster(n, 1, Links::default(), CoreConfig::default(), None))
}

/// The same of a world in which nobody runs yet.
pub(super) fn formed(mut world: World<Full>) -> Option<World<Full>> {
    let n = world.len();
    form(&mut world, n, Duration::from_secs(60))?;
    Some(world)
}

/// How many pings a datagram carries.
fn pings(packet: &[u8]) -> usize {
    let Ok(Captured::Open { body, .. }) = Captured::read(packet) else { return 0 };
    let all = messages::<<Full as Protocol>::Message>(body);
    all.iter().filter(|message| matches!(message, beside::Message::Core(Core::Swim(Message::Ping { .. })))).count()
}

/// Periods from any moment until somebody pings a member, over all members: what a crash then would have to wait. Members
/// agree on whom to ping by their wall clocks; with clocks that are `apart` each chooses alone.
fn first_ping(n: u32, periods: usize, apart: bool) -> Mean {
    let mut all = Mean::default();
    let Some(mut world) = joined(n) else { return all };
    if apart {
        let mut dice = Rng::named(1, PeerId::NONE, "clocks");
        // Up to eleven days.
        (0..n).for_each(|i| world.step(i, i64::from(dice.below(1_000_000_000))));
    }
    world.run(WARM);
    let pinged = Rc::new(RefCell::new(vec![Vec::new(); n as usize]));
    let (heard, start) = (pinged.clone(), world.now());
    world.tap(move |at, _, to, packet| {
        let period = at.saturating_sub(start).as_secs() / PERIOD.as_secs();
        (0..pings(packet)).for_each(|_| heard.borrow_mut()[to as usize].push(period as usize));
    });
    world.run(PERIOD * (periods + PATIENCE) as u32);
    for pings in pinged.borrow().iter() {
        let waits = (0..periods).map(|from| pings.iter().find(|at| **at >= from).map_or(PATIENCE, |at| at - from + 1));
        all.add(waits.sum::<usize>() as f64 / periods as f64);
    }
    all
}

/// SWIM section 3.1: n - 1 others choose whom to ping, each alone; nobody chooses a member in a period with a probability of
/// (1 - 1/(n-1))^(n-1), which is nearly 1/e. Ours agree on an order, so that fewer periods are enough.
pub(super) const DETECTION: Claim = Claim {
    name: "swim-detection",
    about: "SWIM",
    claim: "a crashed member is pinged for the first time in period e/(e-1) = 1.58 on average (Das et al. 2002, 3.1)",
    command: "bruit lab article swim-detection",
    measure: |effort| {
        let (n, periods) = (effort.either(48, 256), effort.either(40, 100));
        let alone = first_ping(n, periods, true);
        let others = f64::from(n - 1);
        let expected = 1.0 / (1.0 - libm::pow(1.0 - 1.0 / others, others));
        let slack = 4.0 * alone.error();
        let ours = first_ping(n, periods, false);
        vec![
            Verdict::range(
                "targets drawn alone, for clocks are apart: periods",
                alone.mean(),
                expected - slack,
                expected + slack,
            ),
            Verdict::range("targets by a common order, as clocks agree: periods", ours.mean(), 1.0, expected),
        ]
    },
};

/// Messages a member and period of a quiet cluster.
fn load(n: u32, periods: u32) -> f64 {
    let mut cluster = Cluster::new(n, 1);
    cluster.run(WARM);
    let heard = Rc::new(RefCell::new(0u64));
    let count = heard.clone();
    cluster.tap(move |_, _, _| *count.borrow_mut() += 1);
    cluster.run(PERIOD * periods);
    let heard = *heard.borrow();
    heard as f64 / f64::from(n) / f64::from(periods)
}

/// SWIM section 3.1: one ping and its ack. Of each member one of them may be under way at either end.
pub(super) const LOAD: Claim = Claim {
    name: "swim-load",
    about: "SWIM",
    claim: "the load of a member does not grow with their number: two messages a period (Das et al. 2002, 3.1)",
    command: "bruit lab article swim-load",
    measure: |effort| {
        const PERIODS: u32 = 10;
        let sizes = [10, 100, 1000, 10_000, 100_000];
        let slack = 1.0 / f64::from(PERIODS);
        let verdict = |n: &u32| {
            Verdict::range(format!("{n} members: messages a member and period"), load(*n, PERIODS), 2.0 - slack, 2.0 + slack)
        };
        sizes[..effort.either(4, 5)].iter().map(verdict).collect()
    },
};
