use super::{Field, Group, HOP, Items};
use bruit_multicast::tree::Config;
use bruit_multicast::{Build, Pace, Repair, Root, Scope, Tree};
use bruit_proto::Duration;
use std::sync::Arc;

/// SRM in a star: an item from one of `members` is lost at its source, the next one shows all others the gap at the same
/// time, and all are equally far from each other. How many of them ask for it, how many repairs there are, and how many lack
/// it in the end.
pub fn requests(members: u32, c2: u32, seed: u64) -> (u64, u64, u64) {
    // Repairs come before the second round of requests, so that each request is one of the first.
    let repair = Repair::Nak {
        ask: [2, c2],
        answer: [0, 1],
        hop: HOP,
        scope: Scope::Group,
        session: Duration::from_secs(10),
        sessions: 1,
    };
    let pace = Pace { burst: members, every: HOP / 2 };
    let config = Config { fan_out: members - 1, pace, repair, ..Config::new(Build::Computed(Root::Origin)) };
    let config = Arc::new(config);
    let node = |me| Tree::new(me, Arc::clone(&config), Items::default()).expect("settings in their bounds");
    let mut field = Field::new(Group::new(members), seed, 0, node);
    field.lose(1_000_000);
    field.solo.command(0, |tree, cx| tree.publish(cx, 0));
    field.solo.run(HOP);
    field.lose(0);
    field.solo.command(0, |tree, cx| tree.publish(cx, 1));
    field.run(HOP * (10 + 3 * c2), HOP);
    let requests = field.solo.protocols().map(|tree| tree.counters().requests).sum();
    let repairs = field.solo.protocols().map(|tree| tree.counters().repairs).sum::<u64>() / u64::from(members - 1);
    (requests, repairs, field.without())
}
