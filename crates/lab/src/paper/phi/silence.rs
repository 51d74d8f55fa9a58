use crate::paper::Verdict;
use bruit_proto::harness::{Harness, Links};
use bruit_proto::{Duration, PeerId, Time};
use bruit_state::{Config, State};
use std::sync::Arc;

const NODES: u32 = 8;
/// Who crashes.
const VICTIM: u32 = 5;
/// A crash that is not seen by now never is.
const PATIENCE: Duration = Duration::from_secs(120);
/// 8 / log10(e).
const MEAN_GAPS: f64 = 8.0 * std::f64::consts::LN_10;

/// What one node hears of another's heart.
#[derive(Clone, Debug, Default)]
struct Watch {
    /// The version and whether it is alive, as the node has it.
    held: (u64, bool),
    last: Option<Time>,
    /// Sum and number of the gaps that count.
    sum: Duration,
    count: u32,
    down: Option<Time>,
}

impl Watch {
    /// The first arrival counts as two rounds, and longer gaps do not count.
    fn hear(&mut self, now: Time, every: Duration) {
        let gap = self.last.map_or(every * 2, |last| now.since(last));
        if gap <= every * 2 {
            self.sum += gap;
            self.count += 1;
        }
        self.last = Some(now);
    }

    /// Rounds by which the silence was longer than 18.42 mean gaps when it ended in a conviction.
    fn beyond(&self, every: Duration) -> Option<f64> {
        let silence = self.down?.since(self.last?).as_secs_f64();
        let mean = self.sum.as_secs_f64() / f64::from(self.count);
        Some((silence - MEAN_GAPS * mean) / every.as_secs_f64())
    }
}

/// Nodes that gossip each second, one of which crashed.
#[derive(Debug)]
pub(super) struct Silence {
    watches: Vec<Watch>,
    crashed: Time,
    every: Duration,
}

impl Silence {
    /// They join, gossip for so long, and one crashes.
    pub(super) fn watch(gossip: Duration) -> Silence {
        let config = Arc::new(Config::phi());
        let every = config.every;
        let mut net = Harness::new(NODES, 1, Links::default(), |me| {
            let mut state: State = State::new(me, config.clone());
            state.set_seeds(&[PeerId(1)]);
            state
        });
        let mut watches = vec![Watch::default(); NODES as usize];
        follow(&mut net, &mut watches, gossip, every);
        let crashed = net.now();
        net.kill(VICTIM);
        follow(&mut net, &mut watches, PATIENCE, every);
        watches.remove(VICTIM as usize - 1);
        Silence { watches, crashed, every }
    }

    pub(super) fn verdicts(&self) -> [Verdict; 2] {
        let beyond = self.watches.iter().map(|watch| watch.beyond(self.every).unwrap_or(f64::INFINITY));
        let (least, most) = beyond.fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), x| (a.min(x), b.max(x)));
        let claim =
            |which: &str| format!("exponential, phi 8: rounds from 18.42 mean gaps until DOWN, {which} of {} nodes", NODES - 1);
        [Verdict::range(claim("first"), least, 0.0, 1.0), Verdict::range(claim("last"), most, 0.0, 1.0)]
    }

    pub(super) fn note(&self) -> String {
        let mut all: Vec<f64> = self.watches.iter().filter_map(|w| Some(w.down?.since(self.crashed).as_secs_f64())).collect();
        all.sort_by(f64::total_cmp);
        let span = all.first().zip(all.last()).map_or("never".into(), |(a, b)| format!("{a:.1} to {b:.1} s"));
        format!("from the crash, not from the last arrival, DOWN took {span}; on real nodes 18.5 to 20.5 s")
    }
}

/// Lets time pass and watches every change of what nodes hold of the victim, at the moment at which it happens.
fn follow(net: &mut Harness<State>, watches: &mut [Watch], span: Duration, every: Duration) {
    let end = net.now() + span;
    let changed = |net: &Harness<State>, watches: &[Watch]| (1..).zip(watches).any(|(i, watch)| held(net, i) != watch.held);
    while net.run_until(end.since(net.now()), |net| changed(net, watches)).is_some() {
        for (i, watch) in (1..).zip(&mut *watches) {
            let now = held(net, i);
            let before = std::mem::replace(&mut watch.held, now);
            if before.1 && !now.1 {
                watch.down = Some(net.now());
            } else if before != now {
                // Its heart beat, or it answered an echo: both are signs of life.
                watch.hear(net.now(), every);
            }
        }
    }
}

/// How far node `i` knows the victim's heart, and whether it holds it for alive.
fn held(net: &Harness<State>, i: u32) -> (u64, bool) {
    let (state, victim) = (net.site(i), PeerId(VICTIM.into()));
    (state.endpoint(victim).map_or(0, |endpoint| endpoint.max_version()), state.is_alive(victim))
}
