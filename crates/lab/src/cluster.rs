//! Worlds of whole clusters: every host runs the default stack.

use crate::links::Links;
use crate::world::{Birth, World};
use bruit_node::{KeyRing, Mode, Node, Seal, Settings};
use bruit_proto::{Nobody, PeerId, Record, Tags, mix};
use bruit_stacks::{Core, CoreConfig};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The name of node `i`: eight bytes, up to a thousand of them.
pub fn name(i: u32) -> String {
    format!("node-{i:03}")
}

/// The id of node `i`.
pub fn id(i: u32) -> PeerId {
    PeerId::named(&name(i))
}

/// What the process of this birth runs: [`Core`] under a name, in the open or sealed.
pub fn core(birth: &Birth<'_>, config: &CoreConfig, name: &str, seal: Option<Seal>) -> Node<Core> {
    let record = Record::new(name, birth.seed, vec![birth.address], Tags::default());
    let record = Arc::new(record.expect("a short name and one address"));
    let settings = Settings { seal, ..Settings::new(record.id(), birth.seed) };
    Node::new(settings, Core::new(birth.seed, config.clone(), record), Box::new(Nobody))
}

/// What the process that is born with this seed seals with: the key of all clusters here, and entropy that the seed decides.
pub fn seal(seed: u64, mode: Mode) -> Seal {
    let drawn = AtomicU64::new(0);
    let fresh = Arc::new(move || mix(seed ^ mix(1 + drawn.fetch_add(1, Ordering::Relaxed))));
    Seal { mode, keys: KeyRing::generate([7; 32]), session: seed, fresh }
}

/// A world of `n` hosts; none runs yet. With a mode they are sealed.
pub fn cluster(n: u32, seed: u64, links: Links, config: CoreConfig, mode: Option<Mode>) -> World<Core> {
    let make = move |birth: Birth<'_>| core(&birth, &config, &name(birth.node), mode.map(|mode| seal(birth.seed, mode)));
    World::new(n, seed, links, make)
}

/// Node `i` joins through hosts.
pub fn join(world: &mut World<Core>, i: u32, through: &[u32]) {
    let contacts: Vec<_> = through.iter().map(|of| world.contact(i, *of)).collect();
    world.command(i, |core, cx| core.join(cx, &contacts));
}
