use super::Tap;
use bruit_proto::{Protocol, Time};

/// Sees what happens among the nodes, as it happens; in each bucket node by node.
pub(crate) trait Witness<P: Protocol> {
    /// A message reaches a node: from which, to which, what.
    fn heard(&mut self, _from: u32, _to: u32, _message: &P::Message) {}
    /// A node's turn is over: when it was, whose, after whose message if it was after one, what the node is now.
    fn turned(&mut self, _at: Time, _node: u32, _from: Option<u32>, _protocol: &P) {}
    /// So many messages reach a node that is off.
    fn wasted(&mut self, _messages: u64) {}
    /// A node crashed in the middle of a turn, which is over: when, which.
    fn crashed(&mut self, _at: Time, _node: u32) {}
    /// A packet leaves: when, from which, to which, when it arrives; it never does if it is lost.
    fn sent(&mut self, _at: Time, _from: u32, _to: u32, _arrives: Option<Time>) {}
}

/// Nobody looks.
impl<P: Protocol> Witness<P> for () {}

impl<P: Protocol> Witness<P> for Option<Tap<P::Message>> {
    fn heard(&mut self, from: u32, to: u32, message: &P::Message) {
        if let Some(tap) = self {
            tap(from, to, message);
        }
    }
}
