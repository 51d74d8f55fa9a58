use crate::book::Destination;
use crate::output::Output;
use bruit_proto::StreamId;
use bruit_wire::Packer;
use std::collections::VecDeque;

/// A packet that this entry has begun.
#[derive(Debug)]
pub(crate) struct Draft {
    pub(crate) to: Destination,
    pub(crate) packer: Packer,
}

/// What an entry needs while it runs and a node at rest does not: packets begun, streams to look after, outputs not yet
/// polled. A node makes its own; a driver of thousands [lends](crate::Node::lend) one to each in turn.
#[derive(Debug)]
pub struct Scratch<E> {
    pub(crate) drafts: Vec<Draft>,
    touched: Vec<StreamId>,
    pub(crate) outputs: VecDeque<Output<E>>,
}

impl<E> Default for Scratch<E> {
    fn default() -> Self {
        Scratch { drafts: Vec::new(), touched: Vec::new(), outputs: VecDeque::new() }
    }
}

impl<E> Scratch<E> {
    /// The packet for this destination, begun if it is not yet.
    pub(crate) fn draft(&mut self, to: Destination, new: impl FnOnce() -> Packer) -> &mut Draft {
        let i = self.drafts.iter().rposition(|d| d.to == to).unwrap_or_else(|| {
            self.drafts.push(Draft { to, packer: new() });
            self.drafts.len() - 1
        });
        &mut self.drafts[i]
    }

    /// The protocol or the driver did something to this stream.
    pub(crate) fn touch(&mut self, stream: StreamId) {
        if !self.touched.contains(&stream) {
            self.touched.push(stream);
        }
    }

    /// The next stream to look after, in the order in which they were touched.
    pub(crate) fn next_touched(&mut self) -> Option<StreamId> {
        (!self.touched.is_empty()).then(|| self.touched.remove(0))
    }
}
