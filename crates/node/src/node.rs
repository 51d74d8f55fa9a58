use crate::book::{Destination, Directory};
use crate::counters::{Counters, Group};
use crate::desk::Desk;
use crate::output::{Output, Wake};
use crate::scratch::Scratch;
use crate::settings::{Now, Settings};
use crate::stream::Stream;
use crate::streams::MAX_INBOUND;
use crate::tap::{Direction, Tap, Tapped};
use bruit_proto::{
    Context, Lost, Malformed, Origin, Path, PeerId, Peers, Protocol, Reader, Receipt, Rng, StreamId, StreamNews, Time, Wall, Why,
    Wire,
};
use bruit_wire::{Arrival, Channel, Envelope, Hello, KeyId, MAX_PACKET, MIN_PACKET, Opened, Piece, Seal, Tally, take_message};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

/// A deadline met later than this is a pause: the process or its machine stood still. Half a second is far above any
/// scheduler's delay and below the shortest timeout of the slowest probe.
pub const PAUSE: Duration = Duration::from_millis(500);

/// A protocol, its desk and its book.
pub struct Node<P: Protocol> {
    pub(crate) protocol: P,
    pub(crate) desk: Desk<P>,
    pub(crate) rng: Rng,
    pub(crate) outer: Box<dyn Peers + Send>,
    pub(crate) wall: Wall,
    /// When the protocol was last told of a pause: what was due before is overdue by that one only until then.
    told_pause: Time,
}

impl<P: Protocol> Node<P> {
    /// The protocol, to look at.
    pub fn protocol(&self) -> &P {
        &self.protocol
    }

    /// Sums of what came, went and was dropped.
    pub fn counters(&self) -> &Counters {
        &self.desk.counters
    }

    /// The group of IP multicast, if there is one, and what went by it.
    pub fn group(&self) -> Option<&Group> {
        self.desk.group.as_deref()
    }

    /// What sealing did; `None` in the open.
    pub fn sealing(&self) -> Option<Tally> {
        self.desk.envelope.tally()
    }

    /// The ids of the keys that are used now, the one that seals first; none in the open.
    pub fn key_ids(&self) -> Vec<KeyId> {
        self.desk.envelope.key_ids()
    }

    /// Seals with other keys, in another mode or not at all, from now on. The first key seals, all open. A node that sealed
    /// before goes on with its session, whatever `seal` says. Streams that are open stay as they are.
    ///
    /// # Panics
    /// If the label is not this node's.
    pub fn reseal(&mut self, label: &str, seal: Option<Seal>) {
        let Desk { envelope, book, .. } = &mut self.desk;
        let new = envelope.tally().is_none();
        envelope.reseal(label, seal);
        if new {
            book.records().for_each(|(peer, record)| envelope.know(peer, Some(record.session()), book.find(peer)));
        }
    }

    /// Self.
    pub fn id(&self) -> PeerId {
        self.desk.me
    }

    /// Streams open at this moment, both ways.
    pub fn streams(&self) -> usize {
        self.desk.streams.inbound() + self.desk.streams.outbound()
    }

    /// The contact that stands for this address, to join through: always the same one, as long as it is among the last
    /// [`MAX_CONTACTS`](crate::MAX_CONTACTS) that were named.
    pub fn contact(&mut self, address: SocketAddr) -> PeerId {
        let (peer, full) = self.desk.book.contact(address);
        if full {
            self.desk.counters.drop().contacts += 1;
        }
        peer
    }

    /// Which families of addresses the driver can send from; both, unless told. Of a member's several addresses the
    /// first of these is used.
    pub fn bound(&mut self, v4: bool, v6: bool) {
        self.desk.book.bound(v4, v6);
    }

    /// Whom to ask for the address of a peer that the protocol named no record of.
    pub fn directory(&mut self, directory: Arc<dyn Directory>) {
        self.desk.book.directory(directory);
    }

    /// Lends this node what it needs while an entry runs. A driver of thousands lends one to each before its entry and
    /// takes it back when it has polled: then nodes at rest share it and no entry allocates lists of its own.
    pub fn lend(&mut self, scratch: Box<Scratch<P::Event>>) {
        self.desk.scratch = Some(scratch);
    }

    /// Takes back what was lent, or the node's own.
    ///
    /// # Panics
    /// If outputs are left to poll.
    pub fn take_back(&mut self) -> Option<Box<Scratch<P::Event>>> {
        let scratch = self.desk.scratch.take()?;
        assert!(scratch.outputs.is_empty(), "outputs are left to poll");
        Some(scratch)
    }

    /// A datagram of this size to this address was refused as too large (EMSGSIZE): the next ones are a quarter smaller,
    /// down to [`MIN_PACKET`].
    pub fn packet_too_large(&mut self, to: SocketAddr, size: usize) {
        self.desk.book.set_narrow(to, (size - size / 4).max(MIN_PACKET));
    }

    /// The next thing to do; call until `None` after each entry.
    pub fn poll(&mut self) -> Option<Output<P::Event>> {
        self.desk.scratch.as_mut()?.outputs.pop_front()
    }

    /// Somebody watches: keeps what so many packets a second say, sent and received; zero ends it, and forgets them. A node
    /// that nobody watches pays nothing.
    pub fn tap(&mut self, now: Now, per_second: u32) {
        match &mut self.desk.tap {
            _ if per_second == 0 => self.desk.tap = None,
            Some(tap) => tap.rate(per_second),
            None => self.desk.tap = Some(Box::new(Tap::new(per_second, now.mono))),
        }
    }

    /// Of the last [`TAPPED`](crate::TAPPED) packets that were kept those with a higher number, oldest first.
    pub fn tapped(&self, after: u64) -> impl Iterator<Item = &Tapped> {
        self.desk.tap.iter().flat_map(move |tap| tap.after(after))
    }

    /// How many packets were kept since somebody began to watch, and how many were not.
    pub fn tap_counts(&self) -> (u64, u64) {
        self.desk.tap.as_ref().map_or((0, 0), |tap| (tap.sampled, tap.passed))
    }

    /// The protocol's timers that are set, earliest first.
    pub fn timers(&self) -> impl Iterator<Item = (Time, P::Timer)> {
        self.desk.timers.iter()
    }

    /// When to `tick` next, and why.
    pub fn deadline(&self) -> Option<(Time, Wake<P::Timer>)> {
        let timer = self.desk.timers.next().map(|(at, timer)| (at, Wake::Timer(timer)));
        let stream = self.desk.streams.next().map(|(at, stream)| (at, Wake::Stream(stream)));
        match (timer, stream) {
            (Some(t), Some(s)) => Some(if s.0 < t.0 { s } else { t }),
            (t, s) => t.or(s),
        }
    }
}

impl<P: Protocol> Node<P>
where
    P::Message: Wire,
{
    /// A node that has not started. `outer` is the protocol's table of peers; [`bruit_proto::Nobody`] when it brings its own.
    pub fn new(settings: Settings, protocol: P, outer: Box<dyn Peers + Send>) -> Self {
        let envelope = match settings.seal {
            Some(seal) => Envelope::sealed(&settings.label, settings.id, seal),
            None => Envelope::clear(&settings.label, settings.id),
        };
        Node {
            protocol,
            desk: Desk::new(settings.id, envelope, settings.packet.clamp(MIN_PACKET, MAX_PACKET), settings.group),
            rng: Rng::named(settings.seed, settings.id, "node"),
            outer,
            wall: Wall(0),
            told_pause: Time::ZERO,
        }
    }

    /// First call, once.
    pub fn start(&mut self, now: Now) {
        self.command(now, |p, cx| p.on_start(cx));
    }

    /// Runs one turn of the protocol: `node.command(now, |core, cx| core.say(cx, ..))`.
    pub fn command<R>(&mut self, now: Now, f: impl FnOnce(&mut P, &mut Context<'_, P>) -> R) -> R {
        self.enter(now);
        let result = self.turn(f);
        self.settle();
        result
    }

    /// A datagram came.
    pub fn receive(&mut self, now: Now, from: SocketAddr, bytes: &[u8]) {
        self.enter(now);
        self.desk.counters.datagrams.received += 1;
        self.desk.counters.datagrams.bytes_received += bytes.len() as u64;
        match self.desk.envelope.open(now.mono, from, bytes) {
            Ok(Arrival::Packet(opened)) if opened.sender == self.desk.me => self.desk.counters.reject("packet from myself"),
            Ok(Arrival::Packet(opened)) => {
                if self.desk.samples() {
                    let from = Destination { peer: opened.sender, address: from };
                    self.desk.tap(Direction::In, from, bytes, opened.body.to_vec());
                }
                self.opened(from, &opened);
            }
            Ok(Arrival::Answer(bytes, why)) => {
                why.into_iter().for_each(|why| self.desk.counters.reject(why.0));
                self.desk.post(from, bytes);
            }
            Ok(Arrival::Nothing) => {}
            Err(why) => self.desk.counters.reject(why.0),
        }
    }

    /// A datagram came by the group. It says something only if it is a member's, and only what is [for a group](Wire::for_group).
    pub fn receive_group(&mut self, now: Now, from: SocketAddr, bytes: &[u8]) {
        self.enter(now);
        self.desk.counters.datagrams.received += 1;
        self.desk.counters.datagrams.bytes_received += bytes.len() as u64;
        if self.desk.group.is_none() {
            return;
        }
        match self.group_body(from, bytes) {
            Ok(Some(Opened { sender, body })) => {
                let path = Path::new(sender.0, None).by_group();
                self.deliver(Origin { peer: Some(sender), path }, &body);
                self.settle();
            }
            Ok(None) => {}
            Err(why) => self.desk.group.iter_mut().for_each(|group| group.refused.add(why.0)),
        }
    }

    /// What a group datagram says; `None`: it is one's own.
    fn group_body<'a>(&mut self, from: SocketAddr, bytes: &'a [u8]) -> Result<Option<Opened<'a>>, Malformed> {
        let Some(opened) = self.desk.envelope.open_group(bytes)? else { return Ok(None) };
        self.desk.group.iter_mut().for_each(|group| group.received += 1);
        if self.desk.book.find(opened.sender).is_none() {
            return Err(Malformed("group packet of no member"));
        }
        let mut input = Reader::new(&opened.body);
        while !input.is_empty() {
            if take_message::<P::Message>(&mut input)?.is_some_and(|message| !message.for_group()) {
                return Err(Malformed("not for a group"));
            }
        }
        if self.desk.samples() {
            let from = Destination { peer: opened.sender, address: from };
            self.desk.tap(Direction::In, from, bytes, opened.body.to_vec());
        }
        Ok(Some(opened))
    }

    fn opened(&mut self, from: SocketAddr, opened: &Opened<'_>) {
        while let Some((to, waited)) = self.desk.envelope.release(self.desk.now, opened.sender, from) {
            self.desk.post(to, waited);
        }
        if !opened.body.is_empty() {
            let path = self.desk.book.path(opened.sender, from);
            self.deliver(Origin { peer: Some(opened.sender), path }, &opened.body);
        }
        self.settle();
    }

    /// Somebody connected. `None`: too many already, drop the connection. Who it is says its hello, not its address.
    pub fn stream_accepted(&mut self, now: Now, _from: SocketAddr) -> Option<StreamId> {
        self.enter(now);
        if self.desk.streams.inbound() >= MAX_INBOUND {
            self.desk.counters.drop().inbound_full += 1;
            return None;
        }
        let id = self.desk.streams.number();
        self.desk.streams.add(Box::new(Stream::accepted(id, now.mono)));
        Some(id)
    }

    /// A dial was answered.
    pub fn stream_opened(&mut self, now: Now, stream: StreamId) {
        self.enter(now);
        let Some(s) = self.desk.streams.get(stream).filter(|s| !s.open) else { return };
        (s.open, s.hungry) = (true, true);
        s.touch(now.mono);
        self.desk.touch(stream);
        self.turn(|p, cx| p.on_stream(cx, stream, StreamNews::Opened));
        self.settle();
    }

    /// Bytes came on a stream, in order, cut anywhere.
    pub fn stream_receive(&mut self, now: Now, stream: StreamId, bytes: &[u8]) {
        self.enter(now);
        self.desk.counters.streams.bytes_received += bytes.len() as u64;
        let Some(mut channel) = self.desk.streams.lend(stream) else { return };
        channel.push(bytes);
        self.hear(stream, &mut channel);
        if !self.desk.streams.put(stream, channel) {
            self.desk.counters.drop().held_full += 1;
            self.desk.touch(stream);
        }
        self.settle();
    }

    /// The connection took this many bytes of what was to be written: credit.
    pub fn stream_sent(&mut self, now: Now, stream: StreamId, bytes: usize) {
        self.enter(now);
        let Some(s) = self.desk.streams.get(stream) else { return };
        s.taken(bytes);
        s.touch(now.mono);
        self.desk.touch(stream);
        self.settle();
    }

    /// The other side half-closed (FIN).
    pub fn stream_ended(&mut self, now: Now, stream: StreamId) {
        self.enter(now);
        let Some(s) = self.desk.streams.get(stream) else { return };
        s.ended();
        self.desk.touch(stream);
        self.settle();
    }

    /// The dial failed or the connection broke.
    pub fn stream_failed(&mut self, now: Now, stream: StreamId, why: Why) {
        self.enter(now);
        let Some(s) = self.desk.streams.get(stream) else { return };
        s.end(why);
        self.desk.touch(stream);
        self.settle();
    }

    /// What `Persist` asked for is done, or lost.
    pub fn stored(&mut self, now: Now, receipt: Receipt, outcome: Result<(), Lost>) {
        self.command(now, |p, cx| p.on_stored(cx, receipt, outcome));
    }

    /// Time passed: runs every timer and stream deadline that is due.
    pub fn tick(&mut self, now: Now) {
        self.enter(now);
        while let Some(timer) = self.desk.timers.take_due(now.mono) {
            self.turn(|p, cx| p.on_timer(cx, timer));
        }
        for stream in self.desk.streams.expire(now.mono) {
            self.desk.touch(stream);
        }
        self.settle();
    }

    fn enter(&mut self, now: Now) {
        let late = self.deadline().map_or(Duration::ZERO, |(due, _)| now.mono.since(due.max(self.told_pause)));
        self.desk.now = now.mono;
        self.wall = now.wall;
        let parted = self.desk.envelope.clocks(now.mono, now.wall);
        // Told in whatever entry comes first: a packet read before it would be judged by timers that ran on without us.
        if late > PAUSE {
            self.told_pause = now.mono;
            self.turn(|p, cx| p.on_pause(cx, late));
            self.settle();
        }
        if parted {
            self.desk.streams.ids().into_iter().for_each(|stream| self.broken(stream));
            self.settle();
        }
    }

    pub(crate) fn turn<R>(&mut self, f: impl FnOnce(&mut P, &mut Context<'_, P>) -> R) -> R {
        self.desk.begin();
        let Node { protocol, desk, rng, outer, wall, .. } = self;
        f(protocol, &mut Context::new(desk.now, *wall, rng, &**outer, desk))
    }

    /// Each message is a turn. What is not known is skipped; what cannot be read makes the rest unreadable: it is dropped.
    /// Whether all was heard.
    fn deliver(&mut self, origin: Origin, body: &[u8]) -> bool {
        let mut input = Reader::new(body);
        let mut all = true;
        while !input.is_empty() {
            match take_message(&mut input) {
                Ok(Some(message)) => self.turn(|p, cx| p.on_message(cx, origin, message)),
                Ok(None) => {
                    self.desk.counters.drop().unknown_message += 1;
                    all = false;
                }
                Err(why) => {
                    self.desk.counters.reject(why.0);
                    return false;
                }
            }
        }
        all
    }

    fn hear(&mut self, stream: StreamId, channel: &mut Channel) {
        while let Some(s) = self.desk.streams.get(stream).filter(|s| s.over.is_none()) {
            match channel.next(&self.desk.envelope) {
                Ok(None) => return,
                Ok(Some(Piece::Hello(hello))) => self.greeted(stream, hello),
                Ok(Some(Piece::Body(body))) => {
                    s.touch(self.desk.now);
                    s.known = true;
                    let origin = Origin { peer: Some(s.peer), path: Path::new(s.peer.0, Some(stream)) };
                    self.desk.counters.streams.received += 1;
                    if !self.deliver(origin, body) {
                        self.broken(stream);
                    }
                }
                Err(why) => {
                    self.desk.counters.reject(why.0);
                    self.broken(stream);
                }
            }
        }
    }

    /// No reason to wait longer: a hello may be a recorded one.
    fn greeted(&mut self, stream: StreamId, hello: Hello) {
        let Some(s) = self.desk.streams.get(stream) else { return };
        let stranger = !s.inbound && !s.peer.is_contact() && s.peer != hello.sender;
        s.peer = hello.sender;
        if hello.sender == self.desk.me {
            self.desk.counters.reject("stream from myself");
            self.broken(stream);
        } else if stranger {
            self.desk.counters.reject("stream answered by another node");
            self.broken(stream);
        } else {
            // A sealed stream now has something to say: its side of the handshake, or what waited for it.
            self.desk.touch(stream);
        }
    }

    fn broken(&mut self, stream: StreamId) {
        if let Some(s) = self.desk.streams.get(stream) {
            s.end(Why::Reset);
            self.desk.touch(stream);
        }
    }
}
