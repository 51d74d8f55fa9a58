//! Worlds of whole clusters, of membership and events, or of all that a node of the library runs.

use crate::links::Links;
use crate::world::{Birth, World};
use bruit_node::{Node, Settings};
use bruit_proto::{Nobody, PeerId, Record, Tags};
use bruit_stacks::{Core, CoreConfig, Full, history};
use std::sync::Arc;

/// The name of node `i`: eight bytes, up to a thousand of them.
pub fn name(i: u32) -> String {
    format!("node-{i:03}")
}

/// The id of node `i`.
pub fn id(i: u32) -> PeerId {
    PeerId::named(&name(i))
}

/// What the process of this birth runs: [`Core`] under the name of its host.
pub fn core(birth: &Birth<'_>, config: &CoreConfig) -> Node<Core> {
    named_core(birth, config, &name(birth.node))
}

/// The same under another name.
pub fn named_core(birth: &Birth<'_>, config: &CoreConfig, name: &str) -> Node<Core> {
    let record = Record::new(name, birth.seed, vec![birth.address], Tags::default());
    let record = Arc::new(record.expect("a short name and one address"));
    let settings = Settings::new(record.id(), birth.seed);
    Node::new(settings, Core::new(birth.seed, config.clone(), record), Box::new(Nobody))
}

/// As [`named_core`], with history and with what the disk of its host holds: what the library runs.
pub fn named_full(birth: &Birth<'_>, config: &CoreConfig, name: &str) -> Node<Full> {
    let record = Record::new(name, birth.seed, vec![birth.address], Tags::default());
    let record = Arc::new(record.expect("a short name and one address"));
    let settings = Settings::new(record.id(), birth.seed);
    let history = history::Config::default();
    let full = Full::full(birth.seed, config.clone(), history, record, &birth.disk.restored());
    Node::new(settings, full, Box::new(Nobody))
}

/// A world of `n` hosts; none runs yet.
pub fn cluster(n: u32, seed: u64, links: Links, config: CoreConfig) -> World<Core> {
    World::new(n, seed, links, move |birth| core(&birth, &config))
}

/// Node `i` joins through hosts.
pub fn join(world: &mut World<Core>, i: u32, through: &[u32]) {
    let contacts: Vec<_> = through.iter().map(|of| world.contact(i, *of)).collect();
    world.command(i, |core, cx| core.join(cx, &contacts));
}
