use super::{Field, Group, HOP, Items, Outcome};
use bruit_kit::Set;
use bruit_multicast::mail::{Ack, Config};
use bruit_multicast::{Mail, Pace};
use bruit_proto::{Duration, PeerId, Rng};
use std::sync::Arc;

/// What happens to a mailing.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Mailing {
    /// Nothing.
    Whole,
    /// Its sender crashes when half of the loop is done.
    Crash,
    /// Its sender knows only so many in a million of the others, drawn by the seed.
    Known(u32),
    /// So many in a million of the others, drawn by the seed, are away until it is over, and then come back.
    Away(u32),
    /// It is acknowledged.
    Acked,
}

/// The time that the loop takes to serve `peers`.
fn time(pace: Pace, peers: u32) -> Duration {
    pace.every * peers.div_ceil(pace.burst)
}

/// One item by direct mail from node 0 among `n`; what there was of it long after. What should have been missed comes second:
/// those not yet served at the crash, not known, or away.
pub fn mail(n: u32, what: Mailing, seed: u64) -> (Outcome, u64) {
    let ack = Ack { every: HOP * 100, tries: 20, audience: n as usize };
    let config = Arc::new(Config { ack: (what == Mailing::Acked).then_some(ack), ..Config::default() });
    let mut dice = Rng::named(seed, PeerId::NONE, "mailing");
    let mut draw = |ppm| Group::drawn(n, 0, ppm, &mut dice);
    let (known, away) = match what {
        Mailing::Known(ppm) => (Some(draw(ppm)), Vec::new()),
        Mailing::Away(ppm) => (None, draw(ppm)),
        _ => (None, Vec::new()),
    };
    let missed = known.as_ref().map_or(away.len() as u64, |known| u64::from(n) - 1 - known.len() as u64);
    let group = known.map_or(Group::new(n), |known| Group::new(n).knowing(0, known));
    let node = |_| Mail::new(Arc::clone(&config), Items::default()).expect("settings in their bounds");
    let mut field = Field::new(group, seed, 0, node);
    away.iter().for_each(|id| field.crash(id.0 as u32 - 1));
    field.solo.command(0, |mail, cx| mail.send(cx, 0));

    let loop_time = time(config.pace, n - 1);
    let look = (loop_time / 200).max(HOP);
    let mut unserved = 0;
    if what == Mailing::Crash {
        field.run(loop_time / 2, look);
        field.crash(0);
        unserved = u64::from(n) - 1 - field.solo.protocol(0).counters().data;
        field.run(HOP * 2, HOP);
        field.declare_down(&[0]);
    }
    field.run(loop_time + HOP * 10, look);
    away.iter().for_each(|id| field.solo.set_up(id.0 as u32 - 1, true));
    // What nobody repairs within a minute nobody ever will: no node has anything to say any more.
    field.settle(Duration::from_secs(60));
    (field.outcome(0), missed + unserved)
}

/// `items` at once from node 0 among `n`, with a queue of `queue`: how many were refused, and how many came to nobody.
pub fn flood(n: u32, items: u8, queue: usize, seed: u64) -> (u64, u64) {
    let config = Arc::new(Config { queue, ..Config::default() });
    let node = |_| Mail::new(Arc::clone(&config), Items::default()).expect("settings in their bounds");
    let mut field = Field::new(Group::new(n), seed, 0, node);
    for item in 0..items {
        field.solo.command(0, |mail, cx| mail.send(cx, item));
    }
    field.settle(time(config.pace, n - 1) * u32::from(items) + HOP * 1000);
    let nobody = |item: &u8| field.solo.protocols().skip(1).all(|mail| !mail.set().has(*item));
    (field.solo.protocol(0).counters().dropped, (0..items).filter(nobody).count() as u64)
}
