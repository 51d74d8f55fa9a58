//! Worlds of whole clusters: nodes that run what the library's do.

use crate::links::Links;
use crate::world::{Birth, World};
use bruit_node::{KeyRing, Mode, Node, Seal, Settings};
use bruit_proto::{Nobody, PeerId, Peers, Record, Tags, mix};
use bruit_stacks::{CoreConfig, Full, history, state};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// The name of node `i`: eight bytes, up to a thousand of them.
pub fn name(i: u32) -> String {
    format!("node-{i:03}")
}

/// The id of node `i`.
pub fn id(i: u32) -> PeerId {
    PeerId::named(&name(i))
}

/// What the process of this birth runs: [`Full`] under a name, with what the disk of its host holds, in the open or sealed.
pub fn full(birth: &Birth<'_>, config: &CoreConfig, name: &str, seal: Option<Seal>) -> Node<Full> {
    let settings = Settings { seal, group: birth.group, ..Settings::new(PeerId::named(name), birth.seed) };
    Node::new(settings, stack(birth, config, name), Box::new(Nobody))
}

fn stack(birth: &Birth<'_>, config: &CoreConfig, name: &str) -> Full {
    let record = Record::new(name, birth.seed, vec![birth.address], Tags::default());
    let record = Arc::new(record.expect("a short name and one address"));
    Full::full(birth.seed, config.clone(), history::Config::default(), record, &birth.disk.restored())
}

/// What the process that is born with this seed seals with: the key of all clusters here, and entropy that the seed decides.
pub fn seal(seed: u64, mode: Mode) -> Seal {
    let drawn = AtomicU64::new(0);
    let fresh = Arc::new(move || mix(seed ^ mix(1 + drawn.fetch_add(1, Ordering::Relaxed))));
    Seal { mode, keys: KeyRing::generate([7; 32]), session: seed, fresh }
}

/// A world of `n` hosts; none runs yet. With a mode they are sealed.
pub fn cluster(n: u32, seed: u64, links: Links, config: CoreConfig, mode: Option<Mode>) -> World<Full> {
    let make = move |birth: Birth<'_>| full(&birth, &config, &name(birth.node), mode.map(|mode| seal(birth.seed, mode)));
    World::new(n, seed, links, make)
}

/// The same in the open, and each node has endpoint state with these settings.
pub fn with_state(n: u32, seed: u64, links: Links, config: CoreConfig, state: Arc<state::Config>) -> World<Full> {
    let make = move |birth: Birth<'_>| {
        let name = name(birth.node);
        let full = stack(&birth, &config, &name).with_state(state.clone(), &birth.disk.restored());
        Node::new(Settings::new(PeerId::named(&name), birth.seed), full, Box::new(Nobody))
    };
    World::new(n, seed, links, make)
}

/// The first `n` hosts run a process each, and all join the first at once; how long until all know all, if they do in time.
pub(crate) fn form(world: &mut World<Full>, n: u32, patience: Duration) -> Option<Duration> {
    (0..n).for_each(|i| world.start(i));
    (1..n).for_each(|i| join(world, i, &[0]));
    world.run_until(patience, |world| (0..n).all(|i| world.protocol(i).swim().len() == n - 1))
}

/// Node `i` joins through hosts.
pub fn join(world: &mut World<Full>, i: u32, through: &[u32]) {
    let contacts: Vec<_> = through.iter().map(|of| world.contact(i, *of)).collect();
    world.command(i, |full, cx| full.join(cx, &contacts));
}
