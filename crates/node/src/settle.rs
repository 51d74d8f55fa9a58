use crate::desk::Desk;
use crate::node::Node;
use crate::output::Output;
use crate::stream::{Flushed, Stream};
use bruit_proto::{Context, FillSink, Offer, Outlet, Protocol, Room, StreamId, StreamNews, Why, Wire};

/// A list longer than this is not kept for the next entry: a node that once wrote to all of a large cluster stays lean.
const KEEP: usize = 16;

/// After the turns of an entry: what they did to streams and packets is done.
impl<P: Protocol> Node<P>
where
    P::Message: Wire,
{
    pub(crate) fn settle(&mut self) {
        // Told of an end, the protocol may touch other streams; each is told once, so this ends.
        while let Some(id) = self.desk.next_touched() {
            self.attend(id);
        }
        self.post();
    }

    fn attend(&mut self, id: StreamId) {
        let Some(stream) = self.desk.streams.get(id) else { return };
        if stream.wants_fill() {
            self.fill_stream(id);
        }
        self.desk.flush(id);
        if let Some((stream, why)) = self.desk.take_over(id) {
            if stream.connected {
                self.desk.output(Output::Drop { stream: id });
            }
            if stream.known {
                self.turn(|p, cx| p.on_stream(cx, id, StreamNews::Closed(why)));
            } else {
                self.desk.counters.drop().unspoken += 1;
            }
        }
    }

    fn fill_stream(&mut self, id: StreamId) {
        let Some(stream) = self.desk.streams.remove(id) else { return };
        let mut credit = Credit { stream, refused: false };
        self.fill(Outlet::Stream(id), &mut credit);
        credit.stream.hungry = credit.refused;
        self.desk.streams.add(credit.stream);
    }

    /// Closes the packets of this entry, their spare room offered.
    fn post(&mut self) {
        let Some(scratch) = &mut self.desk.scratch else { return };
        let mut drafts = std::mem::take(&mut scratch.drafts);
        for mut draft in drafts.drain(..) {
            if !draft.packer.is_empty() {
                self.fill(Outlet::Packet(draft.to.peer), &mut draft.packer);
                self.desk.dispatch(draft.to, draft.packer);
            }
        }
        if drafts.capacity() <= KEEP {
            self.desk.scratch.get_or_insert_default().drafts = drafts;
        }
    }

    fn fill(&mut self, to: Outlet, offer: &mut dyn Offer<P::Message>) {
        self.desk.begin();
        let Node { protocol, desk, rng, outer, wall, .. } = self;
        let now = desk.now;
        let mut sink = FillSink(desk);
        protocol.fill(&mut Context::new(now, *wall, rng, &**outer, &mut sink), to, &mut Room::new(offer));
    }
}

impl<P: Protocol> Desk<P> {
    fn next_touched(&mut self) -> Option<StreamId> {
        self.scratch.as_mut()?.next_touched()
    }

    fn flush(&mut self, id: StreamId) {
        let Some(stream) = self.streams.get(id) else { return };
        let Flushed { bytes, frames, shut } = stream.flush(self.now, &self.envelope);
        if !bytes.is_empty() {
            self.counters.streams.sent += frames;
            self.counters.streams.bytes_sent += bytes.len() as u64;
            self.output(Output::Write { stream: id, bytes });
        }
        if shut {
            self.output(Output::Shut { stream: id });
        }
    }

    fn take_over(&mut self, id: StreamId) -> Option<(Box<Stream>, Why)> {
        let why = self.streams.get(id)?.reached()?;
        Some((self.streams.remove(id)?, why))
    }
}

/// The room that a stream offers: what its buffer has left.
struct Credit {
    stream: Box<Stream>,
    refused: bool,
}

impl<M: Wire> Offer<M> for Credit {
    fn offer(&mut self, message: M) -> Result<(), M> {
        if self.stream.write(&message) {
            return Ok(());
        }
        self.refused = true;
        Err(message)
    }
    fn left(&self) -> usize {
        self.stream.room()
    }
}
