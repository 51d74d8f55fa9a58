//! How fast a value reaches all by the exchange alone, and what an idle second costs with heartbeats: recorded as a
//! story, in the harness's links of 0.5 to 2 ms.

mod common;

use bruit_proto::{Duration, Wire};
use bruit_state::{Ack, Ack2, Config, Exchange, Message, Round, Syn};
use common::{Cluster, id, secs, story};

const NODES: u32 = 64;
const TRIALS: u64 = 15;
/// Bytes of a packet beside its messages.
const ENVELOPE: usize = 13;

fn cluster(live: u32, seed: u64) -> Cluster {
    let config = Config { spread: false, round: Round { live, others: true }, ..Config::phi() };
    let mut cluster = Cluster::with(NODES, seed, config);
    cluster.until(secs(120), Cluster::all_alive).expect("all join");
    cluster.run(10);
    cluster
}

fn times(live: u32) -> String {
    let mut times: Vec<Duration> = (0..TRIALS)
        .map(|seed| {
            let mut cluster = cluster(live, seed);
            cluster.net.run(Duration::from_millis(137 * seed % 1000));
            cluster.set(7, "load", "0.5");
            cluster.until(secs(60), |c| c.all_have(7, "load", "0.5")).expect("all have it")
        })
        .collect();
    times.sort();
    let (median, max) = (times[times.len() / 2].as_millis(), times[times.len() - 1].as_millis());
    format!("{live} live peers a round: known to all after {median} ms, at most {max} ms of {TRIALS} trials\n")
}

/// Bytes of the three packets of an exchange.
fn bytes(exchange: &Exchange) -> usize {
    let Exchange { syn, wants, ack, ack2, .. } = exchange.clone();
    let syn = Message::Syn(Syn { from: id(1), to: id(NODES), digests: syn });
    let ack = Message::Ack(Ack { wants, deltas: ack, ..Ack::default() });
    let ack2 = Message::Ack2(Ack2 { deltas: ack2, more: false });
    syn.size() + ack.size() + ack2.size() + 3 * ENVELOPE
}

fn idle() -> String {
    let mut cluster = cluster(1, 1);
    cluster.run(60);
    let before = cluster.sum(|c| c.syns);
    let mut all = Vec::new();
    for _ in 0..30 {
        cluster.run(1);
        all.extend((1..=NODES).filter_map(|i| cluster.state(i).trace().map(bytes)));
    }
    let exchanges = cluster.sum(|c| c.syns) - before;
    let each = all.iter().sum::<usize>() / all.len();
    let rate = exchanges * each as u64 / 30 / u64::from(NODES);
    format!("idle, with heartbeats: {each} bytes an exchange, {rate} bytes a node and second\n")
}

#[test]
fn the_figures_are_as_recorded() {
    let table: String = (1..=3).map(times).chain([idle()]).collect();
    story::check("figures", &table);
}
