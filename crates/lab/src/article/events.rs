use super::Claim;
use super::swim::formed;
use crate::bench::{Options, measure};
use crate::cluster::cluster;
use crate::links::Links;
use crate::paper::Verdict;
use crate::world::World;
use bruit_events::Filter;
use bruit_kit::transmit_limit;
use bruit_stacks::{CoreConfig, Full};
use std::time::Duration;

pub(super) const ALL: Claim = Claim {
    name: "events-reach-all",
    about: "events",
    claim: "an event reaches every node although a fifth of all packets is lost",
    command: "bruit bench cluster --virtual --nodes 64 --loss 20 --trials 50",
    measure: |effort| {
        let options = Options {
            nodes: effort.either(24, 64),
            trials: effort.either(2, 50),
            loss_ppm: 200_000,
            threads: effort.threads,
            ..Options::default()
        };
        let figures = measure(&options, |_| ());
        // A trial without its figure is one in which it never came.
        let missed = figures.event_missed.max.unwrap_or(f64::INFINITY);
        let never = f64::from(u8::from(figures.event_all_ms.max.is_none()));
        let Options { nodes, trials, .. } = options;
        vec![
            Verdict::range(format!("{trials} events, {nodes} nodes: nodes that one missed, at most"), missed, 0.0, 0.0),
            Verdict::range("events of which some node never heard within 30 s, or none", never, 0.0, 0.0),
        ]
    },
};

/// The datagrams to the group that one event takes on a link of `n` nodes, who has it a link's latency later, and how many
/// copies were sent to one node each in the second after it.
fn said_to_group(n: u32) -> (u64, u64, u64) {
    let links = Links { spread_us: 0, ..Links::default() };
    let mut world = cluster(n, 1, links, CoreConfig::default(), None);
    world.set_segments(1);
    let mut world = formed(world).expect("it forms");
    world.run(Duration::from_secs(5));
    let counters = |i: u32, world: &World<Full>| world.protocol(i).events().counters();
    world.command(0, |full, cx| full.event(cx, "article", b"", Filter::all())).expect("a short event");
    world.run(Duration::from_millis(1));
    let have = (0..n).filter(|i| counters(*i, &world).news > 0).count() as u64;
    world.run(Duration::from_secs(1));
    let copies = (0..n).map(|i| counters(i, &world)).map(|c| c.relayed + c.piggybacked + c.pushed).sum();
    let said = (0..n).filter_map(|i| world.node(i).group()).map(|group| group.sent).sum();
    (said, have, copies)
}

/// Who heard it by the group passes no copies on: what is left are the origin's own: four at once, and more if its limit of
/// 2 ceil(log10(n + 1)) is higher.
pub(super) const GROUP: Claim = Claim {
    name: "events-group",
    about: "events",
    claim: "where the network multicasts, an event leaves its origin once for all on the link, not once for each",
    command: "bruit lab article events-group",
    measure: |effort| {
        let sizes: &[u32] = effort.either(&[8, 32], &[8, 32, 128]);
        let of = |n: &u32| {
            let (said, have, copies) = said_to_group(*n);
            let limit = f64::from(transmit_limit(2, *n).max(4));
            [
                Verdict::range(format!("{n} nodes: datagrams to the group"), said as f64, 1.0, 1.0),
                Verdict::range(format!("{n} nodes: who has it one latency later"), have as f64, (*n).into(), (*n).into()),
                Verdict::range(format!("{n} nodes: copies to one node each, of all nodes"), copies as f64, 0.0, limit),
            ]
        };
        sizes.iter().flat_map(of).collect()
    },
};
