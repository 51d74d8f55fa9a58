//! Coverage marks: rare paths, each of which a long swarm must have taken at some node, or its silence says little.

use crate::world::Traffic;
use bruit_stacks::Full;
use std::collections::BTreeSet;

/// After so many cases each mark must have been hit.
pub const LONG: u64 = 200;

/// How often a node has taken a path.
type Count = fn(&Full) -> u64;
/// How often a host has, which its process does not know of.
type OfHost = fn(Traffic) -> u64;

/// The paths by name.
const ALL: [(&str, Count); 21] = [
    ("swim: an indirect probe", |full| full.swim().counters().probes_indirect),
    ("swim: a suspicion refuted", |full| full.swim().counters().refuted),
    ("swim: an accusation refuted by the accused", |full| full.swim().counters().refutations),
    ("swim: a death declared", |full| full.swim().counters().declared_dead),
    ("swim: a delta", |full| full.swim().counters().deltas),
    ("swim: a full sync", |full| full.swim().counters().full_syncs),
    ("events: a copy that was no news", |full| full.events().counters().duplicates),
    ("events: a copy in spare room", |full| full.events().counters().piggybacked),
    ("events: a copy pushed because a digest differed", |full| full.events().counters().pushed),
    ("events: a copy in a conversation", |full| full.events().counters().repaired),
    ("events: a ring neighbour asked", |full| full.events().counters().checked),
    ("events: a conversation turned away", |full| full.events().counters().turned_away),
    ("events: a conversation that failed", |full| full.events().counters().failed),
    ("events: news by a group", |full| full.events().counters().overheard),
    ("events: a report of who has one", |full| full.events().counters().reports),
    ("history: an entry learned", |full| full.history().counters().learned),
    ("history: a conversation that failed", |full| full.history().counters().failed),
    ("history: a conversation turned away", |full| full.history().counters().turned_away),
    ("carried: by rumor", |full| carried(full, "rumor")),
    ("carried: by mail", |full| carried(full, "mail")),
    ("carried: by tree", |full| carried(full, "tree")),
];

/// Those of hosts.
const OF_HOSTS: [(&str, OfHost); 1] = [("host: too slow for what it was sent", |traffic| traffic.overrun)];

fn carried(full: &Full, way: &str) -> u64 {
    full.core().carrier().filter(|carrier| carrier.way() == way).map_or(0, |carrier| carrier.sent())
}

/// All marks.
pub fn names() -> impl Iterator<Item = &'static str> {
    ALL.iter().map(|mark| mark.0).chain(OF_HOSTS.map(|mark| mark.0))
}

/// Adds the marks that this node and its host have hit.
pub(super) fn hit(full: &Full, traffic: Traffic, marks: &mut BTreeSet<&'static str>) {
    marks.extend(OF_HOSTS.iter().filter(|mark| mark.1(traffic) > 0).map(|mark| mark.0));
    marks.extend(ALL.iter().filter(|mark| mark.1(full) > 0).map(|mark| mark.0));
}
