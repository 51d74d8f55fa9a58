use bruit_proto::{Class, PeerId, StreamId, Time, Why, Wire};
use bruit_wire::{Channel, Envelope, MAX_FRAME, put_message};
use std::net::SocketAddr;
use std::time::Duration;

/// The most bytes that wait in a stream for its connection to take them: 64 KiB. The kernel has a buffer of its own to keep
/// the link busy; what waits here only makes the last word said later. A single larger message passes when nothing else
/// waits.
pub const BUFFER: usize = 64 * 1024;

/// The longest silence on a stream that somebody opened to us, and the longest wait for its first frame: what TCP repeats three
/// times, after 1, 2 and 4 s (RFC 6298, section 2 and 5.5), still comes in time.
pub const SILENCE: Duration = Duration::from_secs(10);

/// Room in a frame for its length and checksum.
const FRAME_HEADER: usize = 7;

/// Which sides have said all they will.
#[derive(Clone, Copy, Debug, Default)]
struct Ends {
    /// The protocol closed: nothing more is written.
    closing: bool,
    /// The half-close was asked of the driver.
    shut: bool,
    /// The other side half-closed.
    ended: bool,
}

/// What a stream has for the driver.
#[derive(Debug, Default)]
pub(crate) struct Flushed {
    /// To be written first, if there are any.
    pub(crate) bytes: Vec<u8>,
    /// Frames in them.
    pub(crate) frames: u64,
    /// Then the half-close is to be asked of the driver. Says yes once.
    pub(crate) shut: bool,
}

/// One conversation, from its open or accept until its end was told.
#[derive(Debug)]
pub(crate) struct Stream {
    pub(crate) id: StreamId,
    /// The peer: dialled, or learned from the hello; [`PeerId::NONE`] before it.
    pub(crate) peer: PeerId,
    /// Somebody else opened it.
    pub(crate) inbound: bool,
    /// A connection was asked for or accepted: its end must be told to the driver.
    pub(crate) connected: bool,
    /// The dial was answered.
    pub(crate) open: bool,
    /// The protocol has heard of it: its end must be told.
    pub(crate) known: bool,
    /// The protocol has more to say than it could.
    pub(crate) hungry: bool,
    pub(crate) channel: Channel,
    /// The end that was reached, until it is told.
    pub(crate) over: Option<Why>,
    /// When it ends, and how, if nothing else happens.
    pub(crate) deadline: (Time, Why),
    /// The deadline is this much silence.
    silence: Option<Duration>,
    ends: Ends,
    /// The next frame.
    body: Vec<u8>,
    /// Bytes handed to the driver that its connection has not taken.
    untaken: usize,
}

impl Stream {
    /// One that we open.
    pub(crate) fn dialled(
        id: StreamId,
        peer: PeerId,
        at: Option<SocketAddr>,
        class: Class,
        (now, deadline): (Time, Duration),
    ) -> Stream {
        let silence = (class == Class::Bulk).then_some(deadline);
        let new = Stream::new(id, peer, silence, (now + deadline, Why::Late));
        Stream { known: true, channel: Channel::dialled(at), ..new }
    }

    /// One that somebody opened to us.
    pub(crate) fn accepted(id: StreamId, now: Time) -> Stream {
        let new = Stream::new(id, PeerId::NONE, Some(SILENCE), (now + SILENCE, Why::Late));
        Stream { inbound: true, connected: true, open: true, ..new }
    }

    fn new(id: StreamId, peer: PeerId, silence: Option<Duration>, deadline: (Time, Why)) -> Stream {
        Stream {
            id,
            peer,
            inbound: false,
            connected: false,
            open: false,
            known: false,
            hungry: false,
            channel: Channel::accepted(),
            over: None,
            deadline,
            silence,
            ends: Ends::default(),
            body: Vec::new(),
            untaken: 0,
        }
    }

    /// A whole frame came, or the connection took something: the silence is over.
    pub(crate) fn touch(&mut self, now: Time) {
        if let Some(silence) = self.silence {
            self.deadline.0 = now + silence;
        }
    }

    /// Whether more may be written.
    pub(crate) fn is_writable(&self) -> bool {
        self.over.is_none() && !self.ends.closing
    }

    /// Bytes of messages that may still be written. Between messages alone, and no more than a frame.
    pub(crate) fn room(&self) -> usize {
        BUFFER.saturating_sub(self.untaken + self.body.len() + FRAME_HEADER)
    }

    /// Takes the message if there is room for it, or if nothing else waits.
    pub(crate) fn write<M: Wire>(&mut self, message: &M) -> bool {
        let (start, room) = (self.body.len(), self.room());
        put_message(&mut self.body, message);
        let size = self.body.len() - start;
        assert!(size <= MAX_FRAME, "a message of {size} bytes fits into no frame");
        let fits = size <= room || (start == 0 && self.untaken == 0);
        if !fits {
            self.body.truncate(start);
        }
        fits
    }

    /// Takes an answer, also beyond the buffer, as far as one frame goes.
    pub(crate) fn answer<M: Wire>(&mut self, message: &M) -> bool {
        let start = self.body.len();
        put_message(&mut self.body, message);
        let fits = self.body.len() <= MAX_FRAME;
        if !fits {
            self.body.truncate(start);
        }
        fits
    }

    /// Whether `fill` is to be asked now.
    pub(crate) fn wants_fill(&self) -> bool {
        // Half a buffer at a time, so that credit of a few bytes is not worth a call.
        self.hungry && self.open && self.is_writable() && self.untaken + self.body.len() <= BUFFER / 2
    }

    /// What the driver is to do next.
    pub(crate) fn flush(&mut self, now: Time, envelope: &Envelope) -> Flushed {
        let mut flushed = Flushed::default();
        if !self.open || self.over.is_some() {
            return flushed;
        }
        let waited = !self.body.is_empty();
        self.channel.write(now, envelope, self.peer, &mut self.body, &mut flushed.bytes);
        flushed.frames = u64::from(waited && self.body.is_empty());
        flushed.shut = self.ends.closing && !self.ends.shut && self.body.is_empty();
        if flushed.shut {
            self.ends.shut = true;
            self.channel.end(&mut flushed.bytes);
        }
        self.untaken += flushed.bytes.len();
        flushed
    }

    /// The protocol closes its side. Nothing said and nobody answering yet: then it is over.
    pub(crate) fn close(&mut self) {
        self.ends.closing = true;
        if !self.open && self.body.is_empty() {
            self.end(Why::Done);
        }
    }

    /// The connection took this much.
    pub(crate) fn taken(&mut self, bytes: usize) {
        self.untaken = self.untaken.saturating_sub(bytes);
    }

    /// The other side half-closed; in the middle of a frame, or of a sealed stream that did not say so, is too early.
    pub(crate) fn ended(&mut self) {
        self.ends.ended = true;
        if self.channel.is_amid() || (self.inbound && self.peer == PeerId::NONE) {
            self.end(Why::Reset);
        }
    }

    /// The first end counts.
    pub(crate) fn end(&mut self, why: Why) {
        self.over.get_or_insert(why);
    }

    /// The end that was reached, if one was: also the good one.
    pub(crate) fn reached(&self) -> Option<Why> {
        let Ends { shut, ended, .. } = self.ends;
        self.over.or((shut && ended && self.untaken == 0).then_some(Why::Done))
    }
}
