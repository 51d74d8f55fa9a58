use crate::peer::PeerId;
use crate::wire::{Malformed, Reader, Wire};

/// How a message is written down for whoever watches.
///
/// Messages name peers by id; who watches knows their names. Text that came from the network is as it came: whoever shows it
/// on a terminal escapes it.
pub trait Notation {
    /// Whose it is and what, as `swim.ping`.
    fn kind(&self) -> &'static str;

    /// The message in the notation of the literature, on one line: `ping 12`, `suspect n3:4 by n7`.
    fn note(&self, name: &dyn Fn(PeerId) -> String) -> String;
}

/// One message, written down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// As [`Notation::kind`].
    pub kind: &'static str,
    /// As [`Notation::note`].
    pub text: String,
}

/// Writes down messages that stand back to back, as in a packet; what is wrong with the first one that cannot be read, and
/// where it begins: it makes all behind it unreadable.
pub fn notes<M: Wire + Notation>(body: &[u8], name: &dyn Fn(PeerId) -> String) -> (Vec<Note>, Option<(usize, Malformed)>) {
    let (mut input, mut notes) = (Reader::new(body), Vec::new());
    while !input.is_empty() {
        let at = body.len() - input.rest().len();
        match M::decode(&mut input) {
            Ok(message) => notes.push(Note { kind: message.kind(), text: message.note(name) }),
            Err(wrong) => return (notes, Some((at, wrong))),
        }
    }
    (notes, None)
}
