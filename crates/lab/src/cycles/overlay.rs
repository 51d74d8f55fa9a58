use bruit_proto::{Nobody, PeerId, Peers, Upto};

/// Whom each node may talk to.
pub trait Overlay {
    /// What one node sees.
    type View<'a>: Peers
    where
        Self: 'a;

    /// How many nodes there are.
    fn len(&self) -> u32;

    /// What node `i` sees, whose id is `i + 1`.
    fn view(&self, i: u32) -> Self::View<'_>;

    /// Whether there are none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Everybody sees everybody else.
#[derive(Clone, Copy, Debug)]
pub struct Complete(pub u32);

impl Overlay for Complete {
    type View<'a> = Upto;

    fn len(&self) -> u32 {
        self.0
    }
    fn view(&self, i: u32) -> Upto {
        Upto { n: self.0, me: PeerId(u64::from(i) + 1) }
    }
}

/// Nobody sees anybody: for protocols that bring their own membership.
#[derive(Clone, Copy, Debug)]
pub struct Alone(pub u32);

impl Overlay for Alone {
    type View<'a> = Nobody;

    fn len(&self) -> u32 {
        self.0
    }
    fn view(&self, _: u32) -> Nobody {
        Nobody
    }
}
