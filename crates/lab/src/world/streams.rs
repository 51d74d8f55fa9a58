//! Streams: TCP over the same links. Ordered; what is lost costs time.
//!
//! Each side keeps its own half and learns of the other by segments alone, so the two never touch one state and the
//! order of nodes in a bucket cannot matter. Bandwidth is unlimited.

use super::post::{End, Input, Post, Segment};
use bruit_proto::{StreamId, Why};
use std::collections::{BTreeMap, VecDeque};

/// A lost SYN is repeated after one second, then two, then four (RFC 6298 section 2.1, doubled as in 5.5); then the
/// dial has failed.
const SYN_RETRIES: u32 = 3;
const SYN_TIMEOUT: u64 = 1_000_000;
/// A lost segment is repeated after 200 ms (Linux's smallest timeout), doubled each time it is lost again.
const RETRY: u64 = 200_000;
/// After 25 seconds of it (0.2 x (2^7 - 1)) the connection is given up. Linux takes 15 minutes; nobody here waits that long.
const RETRIES: u32 = 7;
/// Payload of a segment: Ethernet's 1,500 less headers and options.
const SEGMENT: usize = 1_400;

/// What is to be sent on a half, in order.
enum Out {
    Bytes(Vec<u8>),
    Fin,
}

struct Half {
    stream: StreamId,
    /// Where the other end is, if any host is there.
    peer: Option<u32>,
    open: bool,
    out: VecDeque<Out>,
    tries: u32,
    /// When the pending retry comes; another one that comes is stale.
    retry: Option<u64>,
    /// When the last segment arrives: none may overtake it.
    arrives: u64,
    /// The node has said all.
    shut: bool,
    sent_fin: bool,
    got_fin: bool,
}

impl Half {
    fn new(stream: StreamId, peer: Option<u32>, open: bool) -> Half {
        Half {
            stream,
            peer,
            open,
            out: VecDeque::new(),
            tries: 0,
            retry: None,
            arrives: 0,
            shut: false,
            sent_fin: false,
            got_fin: false,
        }
    }

    /// When a segment sent now arrives: after a latency, and after all before it.
    fn arrival(&mut self, post: &mut Post<'_>, to: u32) -> u64 {
        self.arrives = self.arrives.max(post.arrival(to));
        self.arrives
    }
}

/// What a node is to be told of a stream.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum News {
    Opened(StreamId),
    Received(StreamId, Vec<u8>),
    Sent(StreamId, usize),
    Ended(StreamId),
    Failed(StreamId, Why),
}

/// A node's halves of all its connections.
#[derive(Default)]
pub(crate) struct Streams {
    halves: BTreeMap<End, Half>,
    ends: BTreeMap<StreamId, End>,
    dials: u32,
}

impl Streams {
    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.halves.len()
    }

    /// Whether this end is one of them.
    pub(crate) fn knows(&self, end: End) -> bool {
        self.halves.contains_key(&end)
    }

    /// The node dials.
    pub(crate) fn dial(&mut self, post: &mut Post<'_>, stream: StreamId, peer: Option<u32>) {
        self.dials += 1;
        post.traffic.dials += 1;
        let end = End { dialer: post.me, number: self.dials, answers: false };
        self.insert(end, Half::new(stream, peer, false));
        self.knock(post, end);
    }

    /// The node writes; how much of it went out.
    pub(crate) fn write(&mut self, post: &mut Post<'_>, stream: StreamId, bytes: Vec<u8>) -> Option<News> {
        post.traffic.stream_bytes += bytes.len() as u64;
        self.put(post, stream, Out::Bytes(bytes))
    }

    /// The node has said all that it has to say.
    pub(crate) fn shut(&mut self, post: &mut Post<'_>, stream: StreamId) -> Option<News> {
        self.put(post, stream, Out::Fin)
    }

    /// The node drops a connection at once. If both sides have said all, what is still on its way goes on.
    pub(crate) fn drop(&mut self, post: &mut Post<'_>, stream: StreamId) {
        let Some(end) = self.ends.remove(&stream) else { return };
        if self.halves.get(&end).is_some_and(|h| h.got_fin && h.shut) {
            return;
        }
        if let Some(mut half) = self.halves.remove(&end) {
            reset(post, end, &mut half);
        }
    }

    /// The process ends: its kernel resets what is open.
    pub(crate) fn end(&mut self, post: &mut Post<'_>) {
        self.ends.clear();
        while let Some((end, mut half)) = self.halves.pop_first() {
            reset(post, end, &mut half);
        }
    }

    /// The host is gone, and with it all that its kernel knew.
    pub(crate) fn forget(&mut self) {
        self.ends.clear();
        self.halves.clear();
    }

    /// Somebody's dial was taken by the node as `stream`.
    pub(crate) fn accepted(&mut self, end: End, peer: u32, stream: StreamId) {
        self.insert(end, Half::new(stream, Some(peer), true));
    }

    /// Something came on a connection; what to tell the node. A connection that is unknown is reset.
    pub(crate) fn receive(&mut self, post: &mut Post<'_>, from: u32, end: End, segment: Segment) -> Option<News> {
        let Some(half) = self.halves.get_mut(&end) else {
            refuse(post, from, end, &segment);
            return None;
        };
        let stream = half.stream;
        match segment {
            Segment::Syn => None,
            // A dial that was answered twice, because it was repeated while its answer was on the way, is open once.
            Segment::SynAck if half.open => None,
            Segment::SynAck => {
                (half.open, half.tries, half.retry) = (true, 0, None);
                Some(News::Opened(stream))
            }
            Segment::Data(bytes) => {
                post.traffic.stream_bytes_heard += bytes.len() as u64;
                Some(News::Received(stream, bytes))
            }
            Segment::Fin => {
                half.got_fin = true;
                self.forget_if_done(end);
                Some(News::Ended(stream))
            }
            Segment::Rst => {
                let why = if half.open { Why::Reset } else { Why::Refused };
                self.remove(end);
                Some(News::Failed(stream, why))
            }
        }
    }

    /// The retry of an instant is due; what to tell the node.
    pub(crate) fn retry(&mut self, post: &mut Post<'_>, end: End, due: u64) -> Option<News> {
        let half = self.halves.get_mut(&end).filter(|h| h.retry == Some(due))?;
        let stream = half.stream;
        half.retry = None;
        let (limit, why) = if half.open { (RETRIES, Why::Reset) } else { (SYN_RETRIES, Why::Late) };
        if half.tries > limit {
            self.remove(end);
            return Some(News::Failed(stream, why));
        }
        if half.open {
            return self.pump(post, end);
        }
        self.knock(post, end);
        None
    }

    /// Sends a SYN, if the way there and back is open, and a retry in case it is not answered.
    fn knock(&mut self, post: &mut Post<'_>, end: End) {
        let Some(half) = self.halves.get_mut(&end) else { return };
        let links = &post.network.links;
        if let Some(peer) = half.peer.filter(|p| post.network.connects(post.me, *p))
            && !links.loses_segment(post.dice)
            && !links.loses_segment(post.dice)
        {
            let at = half.arrival(post, peer);
            post.at(at, peer, Input::Segment(end.other(), Segment::Syn));
        }
        wait(post, end, half, SYN_TIMEOUT);
    }

    fn put(&mut self, post: &mut Post<'_>, stream: StreamId, what: Out) -> Option<News> {
        let end = *self.ends.get(&stream)?;
        let half = self.halves.get_mut(&end)?;
        half.shut |= matches!(what, Out::Fin);
        half.out.push_back(what);
        self.pump(post, end)
    }

    /// Sends what waits, up to the first segment that is lost.
    fn pump(&mut self, post: &mut Post<'_>, end: End) -> Option<News> {
        let half = self.halves.get_mut(&end)?;
        let peer = half.peer?;
        if !half.open || half.retry.is_some() {
            return None;
        }
        let mut sent = 0;
        while let Some(first) = half.out.pop_front() {
            let (segment, rest) = transmit(post, peer, first);
            if let Some(segment) = segment {
                half.tries = 0;
                match &segment {
                    Segment::Data(bytes) => sent += bytes.len(),
                    _ => half.sent_fin = true,
                }
                let at = half.arrival(post, peer);
                post.at(at, peer, Input::Segment(end.other(), segment));
            }
            if let Some(rest) = rest {
                half.out.push_front(rest);
                wait(post, end, half, RETRY);
                break;
            }
        }
        let stream = half.stream;
        self.forget_if_done(end);
        (sent > 0).then_some(News::Sent(stream, sent))
    }

    fn insert(&mut self, end: End, half: Half) {
        self.ends.insert(half.stream, end);
        self.halves.insert(end, half);
    }

    fn remove(&mut self, end: End) {
        if let Some(half) = self.halves.remove(&end) {
            self.ends.remove(&half.stream);
        }
    }

    fn forget_if_done(&mut self, end: End) {
        if self.halves.get(&end).is_some_and(|h| h.sent_fin && h.got_fin) {
            self.remove(end);
        }
    }
}

/// The kernel of a host on which nothing knows this connection answers; it never answers a reset.
pub(crate) fn refuse(post: &mut Post<'_>, from: u32, end: End, segment: &Segment) {
    if *segment != Segment::Rst && post.network.connects(post.me, from) {
        let at = post.arrival(from);
        post.at(at, from, Input::Segment(end.other(), Segment::Rst));
    }
}

/// The kernel answers a SYN, whether or not the process runs. Its loss was drawn with the SYN's.
pub(crate) fn welcome(post: &mut Post<'_>, from: u32, end: End) {
    let at = post.arrival(from);
    post.at(at, from, Input::Segment(end.other(), Segment::SynAck));
}

/// Tells the other end that this one is gone, unless both had said goodbye or nothing gets through.
fn reset(post: &mut Post<'_>, end: End, half: &mut Half) {
    if let Some(peer) = half.peer.filter(|p| half.open && post.network.connects(post.me, *p)) {
        let at = half.arrival(post, peer);
        post.at(at, peer, Input::Segment(end.other(), Segment::Rst));
    }
}

fn wait(post: &mut Post<'_>, end: End, half: &mut Half, first: u64) {
    let after = (first << half.tries).max(post.wheel.width());
    half.tries += 1;
    half.retry = Some(post.at + after);
    post.later(after, Input::Retry(end));
}

/// What of this gets through now, and what has to be sent again.
fn transmit(post: &mut Post<'_>, peer: u32, what: Out) -> (Option<Segment>, Option<Out>) {
    let links = &post.network.links;
    if !post.network.connects(post.me, peer) {
        return (None, Some(what));
    }
    match what {
        Out::Fin if links.loses_segment(post.dice) => (None, Some(Out::Fin)),
        Out::Fin => (Some(Segment::Fin), None),
        Out::Bytes(mut bytes) => {
            let segments = bytes.len().div_ceil(SEGMENT);
            let through = (0..segments).take_while(|_| !links.loses_segment(post.dice)).count();
            if through == segments {
                return (Some(Segment::Data(bytes)), None);
            }
            let rest = bytes.split_off(through * SEGMENT);
            ((through > 0).then_some(Segment::Data(bytes)), Some(Out::Bytes(rest)))
        }
    }
}
