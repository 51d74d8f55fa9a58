use super::Claim;
use super::rumor::USEFUL;
use super::swim::joined;
use crate::cluster::id;
use crate::links::Links;
use crate::paper::{Mean, Verdict};
use crate::runner::each;
use crate::world::World;
use bruit_stacks::{Event, Full, FullEvent};
use std::time::Duration;

/// Packets lost on each link.
const LOSS: f64 = 0.2;
const LOSS_PPM: u32 = 200_000;
/// Helpers of an indirect ping, as the defaults have it.
const HELPERS: f64 = 3.0;
const PATIENCE: Duration = Duration::from_secs(60);

/// What a cluster under loss costs, how often it is wrong, and how soon right.
#[derive(Clone, Copy, Debug, Default)]
struct Seen {
    /// Packets that a member sends in a second.
    load: f64,
    /// Probes of a living member that failed, for each member and second.
    mistakes: f64,
    /// Seconds from a crash until somebody suspects it.
    detection: f64,
}

/// Nobody crashes for `quiet`; then one after the other does.
fn watch(n: u32, quiet: Duration, crashes: u32) -> Option<Seen> {
    let mut world = joined(n)?;
    world.set_links(Links { loss_ppm: LOSS_PPM, ..Links::default() });
    world.run(Duration::from_secs(10));
    let failed = |w: &World<Full>| (0..n).map(|i| w.protocol(i).swim().counters().probes_failed).sum::<u64>();
    let before = (world.total_traffic().packets, failed(&world));
    world.run(quiet);
    let per_member_second = |count: u64| count as f64 / f64::from(n) / quiet.as_secs_f64();
    let load = per_member_second(world.total_traffic().packets - before.0);
    let mistakes = per_member_second(failed(&world) - before.1);
    let mut detection = Mean::default();
    for victim in n - crashes..n {
        world.told();
        world.kill(victim);
        let suspects = |told: &FullEvent| matches!(told, FullEvent::Core(Event::Suspected { peer, .. }) if *peer == id(victim));
        let took = world.run_until(PATIENCE, |w| w.told().iter().any(|told| suspects(&told.event)))?;
        detection.add(took.as_secs_f64());
        world.run(Duration::from_secs(10));
    }
    Some(Seen { load, mistakes, detection: detection.mean() })
}

/// What SWIM without suspicion sends over the least: e/(e-1) periods until the first ping; in each a ping and its ack and, if
/// that fails, four messages by each helper; a mistake is one direct and all indirect ways failing.
fn analysis() -> f64 {
    let way = |messages: i32| 1.0 - libm::pow(1.0 - LOSS, f64::from(messages));
    let load = 2.0 + 4.0 * HELPERS * way(2);
    let mistake = way(2) * libm::pow(way(4), HELPERS);
    let mistakes = 1.0 - libm::exp(-mistake);
    over_least(Seen { load, mistakes, detection: USEFUL })
}

/// Gupta, Chandra, Goldszmidt 2001: who is to be heard within T, but for a probability of PM in T, at a loss of p sends m
/// messages in T with p^m at most PM.
fn over_least(seen: Seen) -> f64 {
    let least = libm::log(seen.mistakes * seen.detection) / libm::log(LOSS);
    seen.load * seen.detection / least
}

pub(super) const OPTIMUM: Claim = Claim {
    name: "swim-optimum",
    about: "SWIM",
    claim: "load is within a constant of the least at any size: p^m <= PM (Gupta, Chandra, Goldszmidt 2001)",
    command: "bruit lab article swim-optimum",
    measure: |effort| {
        let quiet = Duration::from_secs(effort.either(120, 1200));
        let crashes = effort.either(4, 16);
        let sizes: &[u32] = effort.either(&[16, 48], &[32, 64, 128, 256]);
        let run = |i: u64| watch(sizes[i as usize], quiet, crashes);
        let seen = each(0..sizes.len() as u64, effort.threads, run, |_, _| true);
        let verdict = |(i, seen): (u64, Option<Seen>)| {
            let ratio = seen.map_or(f64::NAN, over_least);
            let of = seen.unwrap_or_default();
            let claim = format!(
                "{} members, 20 % lost: load over the least ({:.1} packets/s, {:.1} s, PM {:.4})",
                sizes[i as usize],
                of.load,
                of.detection,
                of.mistakes * of.detection
            );
            Verdict::range(claim, ratio, 1.0, analysis())
        };
        seen.into_iter().map(verdict).collect()
    },
};
