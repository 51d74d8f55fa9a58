//! How far, how fast and at what cost: the figures that the documentation of `Relay` quotes, recorded as a story.

mod common;

use bruit_proto::Duration;
use common::{Cluster, story};

/// The bytes of a packet beside its messages, and of one event of 64 bytes, for the estimate of the last column.
const ENVELOPE: u64 = 20;
const EVENT: u64 = 85;
const DIGEST: u64 = 5;

fn figures(n: u32, loss: u32, trials: u64) -> String {
    let (mut copies, mut checks, mut asked) = (0, 0, 0);
    let mut times = Vec::new();
    for seed in 0..trials {
        let mut cluster = Cluster::new(n, seed, loss);
        cluster.run(4);
        cluster.say(1 + (seed as u32 * 7) % n, "x");
        times.push(cluster.until_all_hold(1, Duration::from_secs(60)).expect("nobody is missed for good").as_millis());
        cluster.run(10);
        copies += cluster.sum(|c| c.relayed + c.piggybacked + c.pushed + c.repaired);
        checks += cluster.sum(|c| c.checked);
        asked += cluster.sum(|c| c.asked);
        assert!((1..=n).all(|i| cluster.delivered(i).len() == 1), "once at every node, seed {seed}");
    }
    times.sort();
    let bytes = copies * (EVENT + DIGEST + ENVELOPE) + checks * 2 * (1 + DIGEST + ENVELOPE);
    format!(
        "{n:5} {loss:5} % {:8}.{:02} {:8}.{} {:6}.{:02} {:8} {:6} {:8}\n",
        copies / trials / u64::from(n),
        copies * 100 / trials / u64::from(n) % 100,
        checks / trials,
        checks * 10 / trials % 10,
        asked / trials,
        asked * 100 / trials % 100,
        times[times.len() / 2],
        times[times.len() - 1],
        bytes / trials,
    )
}

#[test]
fn the_figures_are_as_recorded() {
    let mut table = String::from("nodes    loss copies/node     checks     asked median ms    max    bytes\n");
    for (n, trials) in [(8, 100), (64, 100), (256, 20)] {
        for loss in [0, 5, 20] {
            table += &figures(n, loss, trials);
        }
    }
    story::check("spread", &table);
}
