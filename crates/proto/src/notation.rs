use crate::peer::PeerId;

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
