use crate::context::{Batch, Receipt, Sink};
use crate::peer::PeerId;
use crate::protocol::Protocol;
use crate::record::Record;
use crate::stream::{Class, Origin, Path, StreamId, StreamNews};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

/// How a part's words become the whole's.
///
/// Implemented by a marker type, not by the part itself: one protocol may be in a composition twice.
pub trait Part {
    /// The composition.
    type Whole: Protocol;
    /// The part.
    type Of: Protocol;
    /// What parts say to their composition, queued in its [`Wiring`].
    type Said;
    /// The part's number in its composition, below 32.
    const LANE: u8;
    /// A part's message as the whole's.
    fn message(message: <Self::Of as Protocol>::Message) -> <Self::Whole as Protocol>::Message;
    /// The way back; `None` if it was another part's.
    fn back(message: <Self::Whole as Protocol>::Message) -> Option<<Self::Of as Protocol>::Message>;
    /// A part's timer as the whole's.
    fn timer(timer: <Self::Of as Protocol>::Timer) -> <Self::Whole as Protocol>::Timer;
    /// A part's event as something said.
    fn said(event: <Self::Of as Protocol>::Event) -> Self::Said;
}

/// Writes the mapping of a [`Part`]: its marker, the whole, the part, the name of its variant, its lane. `Message`, `Timer`
/// and `Said` where this stands are the whole's enums, with a variant of that name each. The wiring is not written.
///
/// Of a whole with parameters, what binds them comes first, and last the type of `Said`:
/// `part!([F: Fast], InFast<F>, Backed<F>, F, Fast, 0, Said<F::Event>)`.
#[macro_export]
macro_rules! part {
    ([$($bound:tt)*], $marker:ty, $whole:ty, $of:ty, $variant:ident, $lane:expr, $said:ty) => {
        impl<$($bound)*> $crate::Part for $marker {
            type Whole = $whole;
            type Of = $of;
            type Said = $said;
            const LANE: u8 = $lane;
            fn message(message: <$of as $crate::Protocol>::Message) -> <$whole as $crate::Protocol>::Message {
                Message::$variant(message)
            }
            fn back(message: <$whole as $crate::Protocol>::Message) -> Option<<$of as $crate::Protocol>::Message> {
                if let Message::$variant(message) = message { Some(message) } else { None }
            }
            fn timer(timer: <$of as $crate::Protocol>::Timer) -> <$whole as $crate::Protocol>::Timer {
                Timer::$variant(timer)
            }
            fn said(event: <$of as $crate::Protocol>::Event) -> $said {
                Said::$variant(event)
            }
        }
    };
    ($marker:ty, $whole:ty, $of:ty, $variant:ident, $lane:literal) => {
        $crate::part!([], $marker, $whole, $of, $variant, $lane, Said);
    };
}

/// A protocol made of protocols, as the [`laws`](crate::laws) see it: what a forgotten forward or drain would break.
pub trait Composition: Protocol {
    /// How many parts it has; their lanes are `0..PARTS`.
    const PARTS: u8;
    /// The lanes that were lent a context since the last call, as bits; for the law that every entry reaches every part.
    fn reached(&mut self) -> u32;
    /// Whether nothing that a part said is still waiting; for the law that every entry drains.
    fn drained(&self) -> bool;
}

/// What a composition keeps beside its parts: things said, and whose stream and whose receipt is whose.
#[derive(Debug)]
pub struct Wiring<S> {
    said: VecDeque<S>,
    tables: Option<Box<Tables>>,
    reached: u32,
}

/// Empty in an idle node, so behind a box.
#[derive(Debug, Default)]
struct Tables {
    streams: Vec<(StreamId, u8)>,
    receipts: Vec<(Receipt, u8)>,
}

impl<S> Default for Wiring<S> {
    fn default() -> Self {
        Wiring { said: VecDeque::new(), tables: None, reached: 0 }
    }
}

impl<S> Wiring<S> {
    /// The next thing said, in order.
    pub fn next_said(&mut self) -> Option<S> {
        self.said.pop_front()
    }

    /// Whether everything said was taken.
    pub fn is_drained(&self) -> bool {
        self.said.is_empty()
    }

    /// An inbound stream belongs to the part that its first message is for. Call before handing a message on.
    pub fn claim(&mut self, path: Path, lane: u8) {
        if let Some(stream) = path.stream()
            && self.owner(stream).is_none()
        {
            self.tables().streams.push((stream, lane));
        }
    }

    /// The part that a stream belongs to.
    pub fn owner(&self, stream: StreamId) -> Option<u8> {
        self.tables.as_ref()?.streams.iter().find(|x| x.0 == stream).map(|x| x.1)
    }

    /// The part to tell news of a stream; a closed one is forgotten.
    pub fn stream(&mut self, stream: StreamId, what: StreamNews) -> Option<u8> {
        let owner = self.owner(stream);
        if let StreamNews::Closed(_) = what {
            self.tables().streams.retain(|x| x.0 != stream);
        }
        owner
    }

    /// The part to tell an outcome; the receipt is forgotten.
    pub fn receipt(&mut self, receipt: Receipt) -> Option<u8> {
        let receipts = &mut self.tables.as_mut()?.receipts;
        let i = receipts.iter().position(|x| x.0 == receipt)?;
        Some(receipts.swap_remove(i).1)
    }

    /// For [`Composition::reached`].
    pub fn take_reached(&mut self) -> u32 {
        std::mem::take(&mut self.reached)
    }

    pub(crate) fn reach(&mut self, lane: u8) {
        self.reached |= 1 << lane;
    }

    fn tables(&mut self) -> &mut Tables {
        self.tables.get_or_insert_default()
    }
}

/// The sink that a part is lent: words are mapped, everything else is passed on.
pub(crate) struct Lent<'a, X: Part> {
    outer: &'a mut dyn Sink<X::Whole>,
    wiring: &'a mut Wiring<X::Said>,
}

impl<'a, X: Part> Lent<'a, X> {
    pub(crate) fn new(outer: &'a mut dyn Sink<X::Whole>, wiring: &'a mut Wiring<X::Said>) -> Self {
        Lent { outer, wiring }
    }
}

impl<X: Part> Sink<X::Of> for Lent<'_, X> {
    fn send(&mut self, to: PeerId, message: <X::Of as Protocol>::Message) {
        self.outer.send(to, X::message(message));
    }
    fn send_group(&mut self, message: <X::Of as Protocol>::Message) {
        self.outer.send_group(X::message(message));
    }
    fn reply(&mut self, path: Path, message: <X::Of as Protocol>::Message) {
        self.outer.reply(path, X::message(message));
    }
    fn open(&mut self, to: PeerId, class: Class, deadline: Duration) -> StreamId {
        let stream = self.outer.open(to, class, deadline);
        self.wiring.tables().streams.push((stream, X::LANE));
        stream
    }
    fn write(&mut self, stream: StreamId, message: <X::Of as Protocol>::Message) -> Result<(), <X::Of as Protocol>::Message> {
        self.outer.write(stream, X::message(message)).map_err(|m| X::back(m).expect("a sink gives back what it got"))
    }
    fn wake(&mut self, stream: StreamId) {
        self.outer.wake(stream);
    }
    fn close(&mut self, stream: StreamId) {
        self.outer.close(stream);
    }
    fn set(&mut self, timer: <X::Of as Protocol>::Timer, after: Duration) {
        self.outer.set(X::timer(timer), after);
    }
    fn cancel(&mut self, timer: <X::Of as Protocol>::Timer) {
        self.outer.cancel(X::timer(timer));
    }
    fn persist(&mut self, mut batch: Batch) -> Receipt {
        for (key, _) in &mut batch {
            key.insert(0, X::LANE);
        }
        let receipt = self.outer.persist(batch);
        self.wiring.tables().receipts.push((receipt, X::LANE));
        receipt
    }
    fn know(&mut self, peer: PeerId, record: Option<&Arc<Record>>) {
        self.outer.know(peer, record);
    }
    fn reject(&mut self, from: Origin, why: &'static str) {
        self.outer.reject(from, why);
    }
    fn notify(&mut self, event: <X::Of as Protocol>::Event) {
        self.wiring.said.push_back(X::said(event));
    }
}
