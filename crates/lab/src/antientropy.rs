//! Anti-entropy in synchronous cycles: what it costs two nodes to reconcile, and what it does among many.

pub mod backed;
pub mod growth;
pub mod pair;
pub mod spread;
pub mod stale;

use crate::cycles::{CYCLE, Complete, Cycles};
use bruit_antientropy::{AntiEntropy, Config, Database, Entry, Invalid, Keep, Key};
use bruit_kit::{Hlc, Set};
use bruit_proto::{Malformed, PeerId, Reader, Wire, mix};
use std::sync::Arc;

/// A key of eight bytes and as many more as are said: the least, and what a hash of 24 bytes takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Name<const MORE: usize>(pub u64);

impl<const MORE: usize> Wire for Name<MORE> {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend(self.0.to_be_bytes());
        out.extend([0; MORE]);
    }
    fn decode(input: &mut Reader<'_>) -> Result<Self, Malformed> {
        let name = input.u64()?;
        input.take(MORE)?;
        Ok(Name(name))
    }
    fn size(&self) -> usize {
        8 + MORE
    }
}

impl<const MORE: usize> Key for Name<MORE> {
    fn place(self) -> u64 {
        mix(self.0)
    }
}

/// A value that takes no bytes: what an item costs is then its name's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Nothing;

impl Wire for Nothing {
    fn encode(&self, _: &mut Vec<u8>) {}
    fn decode(_: &mut Reader<'_>) -> Result<Self, Malformed> {
        Ok(Nothing)
    }
}

/// Items with keys of eight bytes.
pub type Items = Database<Name<0>, Nothing>;
/// A node that reconciles them.
pub type Node = AntiEntropy<Items>;

/// Item `i`, written at stamp `at`.
pub fn item<const MORE: usize>(i: u64, at: u64) -> Entry<Name<MORE>, Nothing> {
    Entry::value(Name(i), Hlc(at), Nothing)
}

/// `n` nodes that hold items `0..items`, written at the start of the clocks, and reconcile once a cycle.
///
/// # Errors
/// If `config` is out of its bounds.
pub fn nodes(config: &Config, n: u32, items: u64, seed: u64) -> Result<Cycles<Node>, Invalid> {
    config.check()?;
    let config = Arc::new(Config { every: CYCLE, ..config.clone() });
    let node = |i: u32| {
        let mut held = Items::new(PeerId(u64::from(i) + 1), Keep::default());
        (0..items).for_each(|i| assert!(held.insert(item(i, i + 1))));
        AntiEntropy::new(Arc::clone(&config), held).expect("checked settings")
    };
    Ok(Cycles::new(seed, Complete(n), node))
}

/// How many nodes hold item `i`.
pub fn holders(cycles: &Cycles<Node>, i: u64) -> u32 {
    cycles.protocols().filter(|node| node.ledger().entry(Name(i)).is_some()).count() as u32
}
