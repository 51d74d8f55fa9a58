/// A node that crashes in the middle of a loop of sends: what it says after so many of them nobody hears.
pub(crate) struct Fuse<M> {
    /// Which node; nobody is the last there can be.
    pub(crate) node: u32,
    /// How many sends are left.
    left: u32,
    /// Whether a message is a send of the loop.
    counts: fn(&M) -> bool,
    unsaid: u64,
}

impl<M> Fuse<M> {
    pub(crate) fn new(node: u32, left: u32, counts: fn(&M) -> bool) -> Fuse<M> {
        Fuse { node, left, counts, unsaid: 0 }
    }

    /// How many of the packets that its node said in a turn, in their order, are said before it crashes.
    pub(crate) fn burn<'a>(&mut self, packets: impl Iterator<Item = &'a [M]>) -> usize
    where
        M: 'a,
    {
        let mut said = 0;
        for packet in packets {
            let sends = packet.iter().filter(|message| (self.counts)(message)).count() as u32;
            match self.left.checked_sub(sends).filter(|_| self.left > 0) {
                Some(left) => (self.left, said) = (left, said + 1),
                None => (self.left, self.unsaid) = (0, self.unsaid + u64::from(sends)),
            }
        }
        said
    }

    /// Another node is at the place of one, and has no fuse.
    pub(crate) fn replaced(&mut self, node: u32) {
        if self.node == node {
            self.node = u32::MAX;
        }
    }

    /// Whether its node crashes now.
    pub(crate) fn is_burnt(&self) -> bool {
        self.left == 0
    }

    /// Sends that its node counts and that nobody hears.
    pub(crate) fn unsaid(&self) -> u64 {
        self.unsaid
    }
}
