use super::{Field, Group, HOP, Items, Outcome};
use crate::cycles::Overlay;
use bruit_multicast::tree::Config;
use bruit_multicast::{Build, Repair, Root, Tree};
use bruit_proto::{Duration, PeerId};
use std::sync::Arc;

/// A tree, and what happens to it.
#[derive(Clone, Copy, Debug)]
pub struct Planting {
    /// The most children of a node.
    pub fan_out: u32,
    /// Who repairs.
    pub repair: Repair,
    /// Packets lost, in a million.
    pub loss_ppm: u32,
    /// Whether an inner node fails before the item is sent: the child of the origin with the most below it.
    pub fails: bool,
    /// Whether the membership says so, after a second.
    pub told: bool,
}

/// One item along the tree below node 0 among `n`. How many the failed node cuts off by the shape of the tree, comes second;
/// how many lacked it a second after, when the membership knew of nothing, third.
pub fn tree(n: u32, Planting { fan_out, repair, loss_ppm, fails, told }: Planting, seed: u64) -> (Outcome, u64, u64) {
    let config = Arc::new(Config { fan_out, repair, ..Config::new(Build::Computed(Root::Origin)) });
    let node = |me| Tree::new(me, Arc::clone(&config), Items::default()).expect("settings in their bounds");
    let mut field = Field::new(Group::new(n), seed, 0, node);
    field.lose(loss_ppm);
    let (mut inner, mut below) = (None, 0);
    if fails {
        let children = children(&mut field, 0);
        let sizes: Vec<(u64, u32)> = children.into_iter().map(|child| (subtree(&mut field, child), child)).collect();
        let (size, child) = sizes.into_iter().max().expect("the origin has children");
        (inner, below) = (Some(child), size - 1);
        field.crash(child);
    }
    field.solo.command(0, |tree, cx| tree.publish(cx, 0));
    field.run(Duration::from_secs(1), HOP);
    let without = field.without();
    if let Some(inner) = inner.filter(|_| told) {
        field.declare_down(&[inner]);
    }
    if repair != Repair::None {
        field.run(Duration::from_secs(60), HOP);
    }
    field.settle(Duration::from_secs(60));
    (field.outcome(0), below, without)
}

fn children(field: &mut Field<Tree<Items>>, i: u32) -> Vec<u32> {
    let view = field.solo.overlay().clone();
    let of = field.solo.protocol(i).children(&view.view(i), PeerId(1));
    of.into_iter().map(|id| id.0 as u32 - 1).collect()
}

/// How many are below a node, itself included.
fn subtree(field: &mut Field<Tree<Items>>, top: u32) -> u64 {
    let (mut size, mut at) = (0, vec![top]);
    while let Some(i) = at.pop() {
        size += 1;
        at.extend(children(field, i));
    }
    size
}
