use crate::message::take_message;
use bruit_proto::{Malformed, Notation, PeerId, Reader, Wire};

/// One message, written down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// As [`Notation::kind`]; `unknown` for one that was skipped.
    pub kind: &'static str,
    /// As [`Notation::note`].
    pub text: String,
}

/// The messages that stand back to back, as in a packet, up to the first that cannot be read; without those not known here.
pub fn messages<M: Wire>(body: &[u8]) -> Vec<M> {
    let (mut input, mut messages) = (Reader::new(body), Vec::new());
    while !input.is_empty() {
        let Ok(message) = take_message(&mut input) else { break };
        messages.extend(message);
    }
    messages
}

/// Writes down messages that stand back to back, as in a packet; what is wrong with the first one that cannot be read, and
/// where it begins: it makes all behind it unreadable.
pub fn notes<M: Wire + Notation>(body: &[u8], name: &dyn Fn(PeerId) -> String) -> (Vec<Note>, Option<(usize, Malformed)>) {
    let (mut input, mut notes) = (Reader::new(body), Vec::new());
    while !input.is_empty() {
        let at = body.len() - input.rest().len();
        match take_message::<M>(&mut input) {
            Ok(Some(message)) => notes.push(Note { kind: message.kind(), text: message.note(name) }),
            Ok(None) => {
                let bytes = body.len() - at - input.rest().len();
                notes.push(Note { kind: "unknown", text: format!("unknown, {bytes} bytes") });
            }
            Err(wrong) => return (notes, Some((at, wrong))),
        }
    }
    (notes, None)
}
