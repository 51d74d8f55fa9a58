use bruit_proto::{
    Class, Context, Lost, Malformed, Origin, Outlet, PeerId, Protocol, Reader, Receipt, Room, StreamId, StreamNews, Wire,
    put_bytes, put_varint,
};
use std::time::Duration;

/// Answers pings, serves items over streams, and writes down everything it is told.
#[derive(Default)]
pub struct Parrot {
    pub log: Vec<String>,
    /// Gossip to offer with each packet.
    pub gossip: Vec<u8>,
    /// Items that came, in order.
    pub items: Vec<u64>,
    /// Said when a stream opens.
    pub request: Option<Said>,
    /// Calls of `fill` for a stream.
    pub fills: usize,
    serving: Vec<(StreamId, u64, u64)>,
    finished: Vec<StreamId>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Said {
    Ping(u64),
    Pong(u64),
    Gossip(u8),
    /// Asks for this many items, on a stream.
    Fetch(u64),
    Item(u64, Vec<u8>),
    /// The last item was said.
    End,
    /// To be answered by this many pongs at once.
    Storm(u64),
}

impl Wire for Said {
    fn encode(&self, out: &mut Vec<u8>) {
        let mut number = |tag, n: &u64| {
            out.push(tag);
            put_varint(out, *n);
        };
        match self {
            Said::Ping(n) => number(128, n),
            Said::Pong(n) => number(129, n),
            Said::Gossip(b) => number(130, &u64::from(*b)),
            Said::Fetch(n) => number(131, n),
            Said::Item(n, bytes) => {
                number(132, n);
                put_bytes(out, bytes);
            }
            Said::End => out.push(133),
            Said::Storm(n) => number(134, n),
        }
    }
    fn decode(input: &mut Reader<'_>) -> Result<Said, Malformed> {
        Ok(match input.u8()? {
            128 => Said::Ping(input.varint()?),
            129 => Said::Pong(input.varint()?),
            130 => Said::Gossip(input.varint()? as u8),
            131 => Said::Fetch(input.varint()?),
            132 => Said::Item(input.varint()?, input.bytes(1 << 20)?.to_vec()),
            133 => Said::End,
            134 => Said::Storm(input.varint()?.min(1_000)),
            _ => return Err(Malformed::UNKNOWN),
        })
    }
    fn for_group(&self) -> bool {
        matches!(self, Said::Gossip(_))
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Clock {
    Chime,
    Finish,
}

impl Parrot {
    /// Opens a stream and fetches this many items.
    pub fn fetch(&mut self, cx: &mut Context<'_, Self>, from: PeerId, n: u64, class: Class) -> StreamId {
        self.request = Some(Said::Fetch(n));
        cx.open(from, class, Duration::from_secs(2))
    }
}

impl Protocol for Parrot {
    type Message = Said;
    type Timer = Clock;
    type Event = String;

    fn on_start(&mut self, _: &mut Context<'_, Self>) {
        self.log.push("start".into());
    }

    fn on_message(&mut self, cx: &mut Context<'_, Self>, from: Origin, message: Said) {
        match (message, from.path.stream()) {
            (Said::Ping(n), _) => cx.reply(from.path, Said::Pong(n)),
            (Said::Storm(n), _) => (0..n).for_each(|i| cx.reply(from.path, Said::Item(i, vec![7; 300]))),
            (Said::Fetch(n), Some(stream)) => {
                self.serving.push((stream, 0, n));
                cx.wake(stream);
            }
            (Said::Item(n, _), _) => self.items.push(n),
            (Said::End, Some(stream)) => cx.close(stream),
            (Said::Fetch(_) | Said::End, None) => cx.reject(from, "said outside of a stream"),
            (message, _) => self.log.push(format!("{:?} says {message:?}", from.peer.unwrap())),
        }
    }

    fn on_timer(&mut self, cx: &mut Context<'_, Self>, timer: Clock) {
        match timer {
            Clock::Chime => self.log.push("chime".into()),
            Clock::Finish => self.finished.drain(..).for_each(|s| cx.close(s)),
        }
    }

    fn on_stream(&mut self, cx: &mut Context<'_, Self>, stream: StreamId, what: StreamNews) {
        self.log.push(format!("{} {what:?}", stream.0));
        if what == StreamNews::Opened
            && let Some(request) = self.request.take()
        {
            cx.write(stream, request).unwrap();
        }
    }

    fn on_stored(&mut self, _: &mut Context<'_, Self>, receipt: Receipt, outcome: Result<(), Lost>) {
        self.log.push(format!("stored {} {outcome:?}", receipt.0));
    }

    fn on_pause(&mut self, _: &mut Context<'_, Self>, lost: Duration) {
        self.log.push(format!("pause {lost:?}"));
    }

    fn fill(&mut self, cx: &mut Context<'_, Self>, to: Outlet, room: &mut Room<'_, Said>) {
        match to {
            Outlet::Packet(_) => self.gossip.retain(|b| room.offer(Said::Gossip(*b)).is_err()),
            Outlet::Stream(stream) => {
                self.fills += 1;
                let Some(i) = self.serving.iter().position(|x| x.0 == stream) else { return };
                let (_, next, n) = &mut self.serving[i];
                while *next < *n {
                    if room.offer(Said::Item(*next, vec![0; 500])).is_err() {
                        return;
                    }
                    *next += 1;
                }
                if room.offer(Said::End).is_ok() {
                    self.serving.remove(i);
                    self.finished.push(stream);
                    cx.set(Clock::Finish, Duration::ZERO);
                }
            }
        }
    }
}
