use crate::book::{Book, Destination};
use crate::counters::{Counters, Group};
use crate::output::Output;
use crate::scratch::Scratch;
use crate::stream::Stream;
use crate::streams::{MAX_OUTBOUND, Streams};
use crate::tap::{Direction, Tap, Tapped};
use bruit_proto::{
    Batch, Class, MAX_PER_TURN, Origin, Path, PeerId, Protocol, Receipt, Record, Sink, StreamId, Time, Timers, Why, Wire,
};
use bruit_wire::{Envelope, Packer, is_sealed};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

/// How long after its open a stream ends that could not even be dialled: never in the same entry, so that whoever tries
/// again at once does not do so for ever.
const UNDIALLED: Duration = Duration::from_millis(1);

/// Two timers set for the same moment by each other would never let it pass.
const SOONEST: Duration = Duration::from_micros(1);

/// The sink of a node: what the turns of an entry did, until it is settled.
pub(crate) struct Desk<P: Protocol> {
    pub(crate) me: PeerId,
    pub(crate) envelope: Envelope,
    pub(crate) now: Time,
    pub(crate) timers: Timers<P::Timer>,
    pub(crate) book: Book,
    pub(crate) streams: Streams,
    pub(crate) scratch: Option<Box<Scratch<P::Event>>>,
    pub(crate) counters: Counters,
    /// None unless somebody watches.
    pub(crate) tap: Option<Box<Tap>>,
    packet: usize,
    pub(crate) group: Option<Box<Group>>,
    receipts: u64,
    said: u32,
}

impl<P: Protocol> Desk<P> {
    pub(crate) fn new(me: PeerId, envelope: Envelope, packet: usize, group: Option<SocketAddr>) -> Self {
        Desk {
            me,
            envelope,
            now: Time::ZERO,
            timers: Timers::default(),
            book: Book::default(),
            streams: Streams::default(),
            scratch: None,
            counters: Counters::default(),
            tap: None,
            packet,
            group: group.map(|address| Box::new(Group::new(address))),
            receipts: 0,
            said: 0,
        }
    }

    /// A turn begins.
    pub(crate) fn begin(&mut self) {
        self.said = 0;
    }

    /// What was packed is closed, and leaves at once or when its receiver has said which session it is.
    pub(crate) fn dispatch(&mut self, to: Destination, packer: Packer) {
        let draft = packer.into_draft();
        let body = self.samples().then(|| draft[Envelope::HEADER..].to_vec());
        let closed = self.envelope.close(self.now, to.peer, to.address, draft);
        if let ([Some(bytes), _], Some(body)) = (&closed, body) {
            self.tap(Direction::Out, to, bytes, body);
        }
        closed.into_iter().flatten().for_each(|bytes| self.post(to.address, bytes));
    }

    /// Whether somebody watches, and this packet is one of those.
    pub(crate) fn samples(&mut self) -> bool {
        let now = self.now;
        self.tap.as_mut().is_some_and(|tap| tap.samples(now))
    }

    /// Keeps what this packet says, for whoever watches.
    pub(crate) fn tap(&mut self, direction: Direction, peer: Destination, packet: &[u8], body: Vec<u8>) {
        let Destination { peer, address } = peer;
        let (number, at, bytes, sealed) = (0, self.now, packet.len(), is_sealed(packet));
        if let Some(tap) = &mut self.tap {
            tap.keep(Tapped { number, at, direction, peer, address, bytes, sealed, body });
        }
    }

    /// The packet leaves.
    pub(crate) fn post(&mut self, to: SocketAddr, bytes: Vec<u8>) {
        self.counters.datagrams.sent += 1;
        self.counters.datagrams.bytes_sent += bytes.len() as u64;
        self.counters.datagrams.largest_sent = self.counters.datagrams.largest_sent.max(bytes.len() as u64);
        self.output(Output::Packet { to, bytes });
    }

    pub(crate) fn output(&mut self, output: Output<P::Event>) {
        self.scratch.get_or_insert_default().outputs.push_back(output);
    }

    /// Something was done to this stream: it is looked after when the turns are over.
    pub(crate) fn touch(&mut self, stream: StreamId) {
        self.scratch.get_or_insert_default().touch(stream);
    }

    fn count(&mut self) {
        self.said += 1;
        assert!(self.said <= MAX_PER_TURN, "more than {MAX_PER_TURN} things in one turn");
    }
}

impl<P: Protocol> Desk<P>
where
    P::Message: Wire,
{
    fn mail(&mut self, to: Destination, message: &P::Message) {
        assert!(to.peer != self.me, "said to oneself: {message:?}");
        let Desk { scratch, book, envelope, packet, .. } = self;
        let new = || Packer::new(envelope, book.limit(to.address, *packet));
        let draft = scratch.get_or_insert_default().draft(to, new);
        match draft.packer.append(envelope, message) {
            Ok(None) => {}
            Ok(Some(full)) => self.dispatch(to, full),
            Err(_) => self.counters.drop().too_large += 1,
        }
    }

    fn answer(&mut self, id: StreamId, message: &P::Message) {
        let Some(stream) = self.streams.get(id).filter(|s| s.is_writable()) else {
            return self.counters.drop().stream_over += 1;
        };
        // A conversation with a gap is worse than none.
        if !stream.answer(message) {
            stream.end(Why::Reset);
            self.counters.drop().stream_overflow += 1;
        }
        self.touch(id);
    }
}

impl<P: Protocol> Sink<P> for Desk<P>
where
    P::Message: Wire,
{
    fn send(&mut self, to: PeerId, message: P::Message) {
        self.count();
        assert!(to != self.me, "said to oneself: {message:?}");
        match self.book.find(to) {
            Some(address) => self.mail(Destination { peer: to, address }, &message),
            None => self.counters.drop().unknown_peer += 1,
        }
    }

    /// A packet of its own: nobody's digest is beside it, for all would answer at once.
    fn send_group(&mut self, message: P::Message) {
        self.count();
        assert!(message.for_group(), "said to a group: {message:?}");
        let Some(group) = self.group.as_ref().map(|group| group.address) else { return };
        let mut packer = Packer::new(&self.envelope, self.book.limit(group, self.packet));
        if !packer.push(&message) {
            return self.counters.drop().too_large += 1;
        }
        let draft = packer.into_draft();
        let body = self.samples().then(|| draft[Envelope::HEADER..].to_vec());
        let bytes = self.envelope.close_group(draft);
        if let Some(body) = body {
            self.tap(Direction::Out, Destination { peer: PeerId::NONE, address: group }, &bytes, body);
        }
        self.group.iter_mut().for_each(|group| group.sent += 1);
        self.post(group, bytes);
    }

    fn reply(&mut self, path: Path, message: P::Message) {
        self.count();
        if let Some(stream) = path.stream() {
            return self.answer(stream, &message);
        }
        match self.book.answer(path) {
            Some(to) => self.mail(to, &message),
            None => self.counters.drop().forgotten_path += 1,
        }
    }

    fn open(&mut self, to: PeerId, class: Class, deadline: Duration) -> StreamId {
        self.count();
        assert!(to != self.me, "a stream to oneself");
        let id = self.streams.number();
        let full = self.streams.outbound() >= MAX_OUTBOUND;
        let address = self.book.find(to).filter(|_| !full);
        let mut stream = Stream::dialled(id, to, address, class, (self.now, deadline));
        match address {
            Some(address) => {
                stream.connected = true;
                let hello = self.envelope.knock(self.now, to, address);
                hello.into_iter().for_each(|hello| self.post(address, hello));
                self.output(Output::Dial { stream: id, to: address });
            }
            None => stream.deadline = (self.now + UNDIALLED, Why::Refused),
        }
        if full {
            self.counters.drop().outbound_full += 1;
        }
        self.streams.add(Box::new(stream));
        id
    }

    fn write(&mut self, stream: StreamId, message: P::Message) -> Result<(), P::Message> {
        self.count();
        let Some(s) = self.streams.get(stream).filter(|s| s.is_writable()) else { return Err(message) };
        if !s.write(&message) {
            s.hungry = true;
            return Err(message);
        }
        self.touch(stream);
        Ok(())
    }

    fn wake(&mut self, stream: StreamId) {
        self.count();
        if let Some(s) = self.streams.get(stream) {
            s.hungry = true;
            self.touch(stream);
        }
    }

    fn close(&mut self, stream: StreamId) {
        self.count();
        if let Some(s) = self.streams.get(stream) {
            s.close();
            self.touch(stream);
        }
    }

    fn set(&mut self, timer: P::Timer, after: Duration) {
        self.count();
        self.timers.set(timer, self.now + after.max(SOONEST));
    }

    fn cancel(&mut self, timer: P::Timer) {
        self.count();
        self.timers.cancel(timer);
    }

    fn persist(&mut self, batch: Batch) -> Receipt {
        self.count();
        self.receipts += 1;
        let receipt = Receipt(self.receipts);
        self.output(Output::Persist { receipt, batch });
        receipt
    }

    fn know(&mut self, peer: PeerId, record: Option<&Arc<Record>>) {
        self.book.know(peer, record);
        self.envelope.know(peer, record.map(|r| r.session()), self.book.find(peer));
    }

    fn reject(&mut self, _: Origin, why: &'static str) {
        self.counters.reject(why);
    }

    fn notify(&mut self, event: P::Event) {
        self.count();
        self.output(Output::Event(event));
    }
}
