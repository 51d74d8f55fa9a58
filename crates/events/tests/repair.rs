//! A node that missed events, told packet by packet.

mod common;

use bruit_proto::Duration;
use common::{Cluster, story};

/// Node 3 is cut off while two events are said, long enough for them to be old news; then the cut heals.
#[test]
fn a_cut_heals() {
    let mut cluster = Cluster::new(3, 1, 0);
    cluster.run(3);
    cluster.isolate(3);
    cluster.net.record();
    cluster.say(1, "one");
    cluster.net.run(Duration::from_millis(20));
    cluster.say(2, "two");
    cluster.run(8);
    let said = cluster.net.story();
    cluster.net.heal();
    cluster.until_all_hold(2, Duration::from_secs(5)).expect("repaired");
    cluster.net.run(Duration::from_millis(200));
    let healed = cluster.net.story();
    let about_events = |lines: Vec<String>| lines.into_iter().filter(|line| !line.contains("timer Beat")).collect::<Vec<_>>();
    let (said, healed) = (about_events(said), about_events(healed));
    let text = format!("node 3 is cut off; two events\n{}\n\nthe cut heals\n{}\n", said[..14].join("\n"), healed.join("\n"));
    story::check("a_cut_heals", &text);
}
