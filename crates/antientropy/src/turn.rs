use crate::antientropy::AntiEntropy;
use crate::message::Message;
use bruit_kit::Ledger;
use bruit_proto::{Context, MAX_PER_TURN, Path, PeerId, Wire};

/// Messages of one turn: each may come with an event, and the limit is for both.
const MESSAGES: u32 = MAX_PER_TURN / 2;
/// Kept free for the message that asks for the rest.
const LAST: usize = 64;

/// To whom a turn speaks.
#[derive(Clone, Copy, Debug)]
pub(crate) enum To {
    Peer(PeerId),
    Path(Path),
}

/// What one turn may still say.
pub(crate) struct Turn<'a, 'b, L: Ledger>
where
    L::Key: Wire,
    L::Item: Wire,
{
    pub(crate) cx: &'a mut Context<'b, AntiEntropy<L>>,
    to: To,
    /// Bytes that may be said yet.
    left: usize,
    /// Bytes that were said, and in how many messages.
    pub(crate) bytes: u64,
    pub(crate) messages: u32,
    /// The longest of them.
    pub(crate) longest: usize,
}

impl<'a, 'b, L: Ledger> Turn<'a, 'b, L>
where
    L::Key: Wire,
    L::Item: Wire,
{
    pub(crate) fn new(cx: &'a mut Context<'b, AntiEntropy<L>>, to: To, left: usize) -> Self {
        Turn { cx, to, left, bytes: 0, messages: 0, longest: 0 }
    }

    /// Whether so many bytes can be said, and one short message more.
    pub(crate) fn fits(&self, bytes: usize) -> bool {
        self.messages + 1 < MESSAGES && bytes + LAST <= self.left
    }

    /// Says it if there is room at all; whether there was.
    pub(crate) fn say(&mut self, message: Message<L::Key, L::Item>) -> bool {
        let size = message.size();
        if self.messages == MESSAGES || size > self.left {
            return false;
        }
        (self.left, self.bytes, self.messages) = (self.left - size, self.bytes + size as u64, self.messages + 1);
        self.longest = self.longest.max(size);
        match self.to {
            To::Peer(peer) => self.cx.send(peer, message),
            To::Path(path) => self.cx.reply(path, message),
        }
        true
    }
}
