use super::Outcome;
use crate::cycles::{CYCLE, Complete};
use crate::epidemic::Epidemic;
use bruit_kit::Set;
use bruit_proto::{PeerId, Rng};
use bruit_rumor::{Config, Exchange, Stop};

/// One rumor among `n`, pushed and then pulled, with packets lost. After its first cycle its origin crashes, and with it so
/// many in a million of the others, drawn by the seed.
///
/// Time is in cycles of the engine; `origin` and `most` are items told, `control` all other messages.
pub fn gossip(n: u32, loss_ppm: u32, crash_ppm: u32, seed: u64) -> Outcome {
    // Who asks is not answered if either packet is lost or the other is down, once in four times at most: of n nodes fewer than
    // one in 64 then gives up too early.
    let stop = Stop::Counter { feedback: true, k: 3 + n.ilog2().div_ceil(2) };
    let exchange = Exchange::PushThenPull { copies: 4, hops: 2 };
    let config = Config { exchange, stop, minimize: true, ..Config::default() };
    let mut epidemic = Epidemic::new(&config, Complete(n), seed).expect("settings in their bounds");
    let origin = (seed % u64::from(n)) as u32;
    epidemic.cycles().lose(loss_ppm);
    epidemic.step();
    let mut dice = Rng::named(seed, PeerId::NONE, "crashes");
    let down: Vec<bool> = (0..n).map(|i| crash_ppm > 0 && (i == origin || dice.chance(crash_ppm))).collect();
    (0..n).zip(&down).filter(|(_, down)| **down).for_each(|(i, _)| epidemic.cycles().set_up(i, false));
    let without = |epidemic: &mut Epidemic| {
        let nodes = epidemic.cycles().protocols().zip(&down);
        nodes.filter(|(rumor, down)| !**down && !rumor.set().has(())).count() as u64
    };
    // Whoever is down keeps its rumor hot for ever, and who pulls goes on asking: what is watched is the rest.
    let (mut cycles, mut left) = (1, without(&mut epidemic));
    while left > 0 && cycles < 100 {
        epidemic.step();
        (cycles, left) = (cycles + 1, without(&mut epidemic));
    }
    let told: Vec<u64> = epidemic.cycles().protocols().map(|rumor| rumor.counters().told).collect();
    let (items, heard) = (told.iter().sum::<u64>() as f64, epidemic.cycles().heard() as f64);
    Outcome {
        without: left,
        last: CYCLE * cycles,
        origin: told[origin as usize],
        most: told.iter().copied().max().unwrap_or(0),
        items: items / f64::from(n),
        control: (heard - items).max(0.0) / f64::from(n),
        heard: 0,
    }
}
