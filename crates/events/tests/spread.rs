//! How far, how fast and how often: the figures of `Relay`'s documentation. `cargo test --test spread -- --ignored
//! --nocapture` prints the table.

mod common;

use bruit_proto::Duration;
use common::Cluster;

/// Copies per event and the times until all have it, over `trials` clusters.
struct Figures {
    copies: u64,
    pushed: u64,
    asked: u64,
    times: Vec<Duration>,
}

fn measure(n: u32, loss: u32, trials: u64) -> Figures {
    let mut figures = Figures { copies: 0, pushed: 0, asked: 0, times: Vec::new() };
    for seed in 0..trials {
        let mut cluster = Cluster::new(n, seed, loss);
        cluster.run(4);
        cluster.say(1 + (seed as u32 * 7) % n, "x");
        figures.times.push(cluster.until_all_hold(1, Duration::from_secs(60)).expect("nobody is missed for good"));
        cluster.run(10);
        figures.copies += cluster.sum(|c| c.relayed + c.piggybacked + c.pushed + c.repaired);
        figures.pushed += cluster.sum(|c| c.pushed);
        figures.asked += cluster.sum(|c| c.asked);
        for i in 1..=n {
            assert_eq!(cluster.delivered(i).len(), 1, "node {i}, seed {seed}");
        }
    }
    figures.times.sort();
    figures
}

#[test]
#[ignore = "prints a table"]
fn table() {
    for n in [8, 64, 256] {
        for loss in [0, 5, 20] {
            let trials = if n > 64 { 30 } else { 100 };
            let f = measure(n, loss, trials);
            let copies = f.copies as f64 / (trials * u64::from(n)) as f64;
            println!(
                "n {n:4} loss {loss:2} %: {copies:.2} copies a node, {:.2} pushed and {:.2} asked an event; ms median {} p99 {} max {}",
                f.pushed as f64 / trials as f64,
                f.asked as f64 / trials as f64,
                f.times[f.times.len() / 2].as_millis(),
                f.times[f.times.len() * 99 / 100].as_millis(),
                f.times[f.times.len() - 1].as_millis(),
            );
        }
    }
}
