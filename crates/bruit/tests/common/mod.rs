//! A protocol that shows what the driver does: it answers pings, sends a blob over a stream, and tells all it hears.

use bruit::{Driver, Handle, Local, News};
use bruit_proto::{
    Class, Context, Duration, Malformed, Origin, Outlet, PeerId, Protocol, Reader, Room, StreamId, StreamNews, Why, Wire,
    put_bytes, put_varint,
};
use std::net::SocketAddr;

/// One chunk of a blob.
pub(crate) const CHUNK: usize = 1000;

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Message {
    Ping(u64),
    Pong(u64),
    Chunk(Vec<u8>),
}

impl Wire for Message {
    fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Message::Ping(n) => {
                out.push(128);
                put_varint(out, *n);
            }
            Message::Pong(n) => {
                out.push(129);
                put_varint(out, *n);
            }
            Message::Chunk(bytes) => {
                out.push(130);
                put_bytes(out, bytes);
            }
        }
    }

    fn decode(input: &mut Reader<'_>) -> Result<Message, Malformed> {
        match input.u8()? {
            128 => Ok(Message::Ping(input.varint()?)),
            129 => Ok(Message::Pong(input.varint()?)),
            130 => Ok(Message::Chunk(input.bytes(CHUNK)?.to_vec())),
            _ => Err(Malformed::UNKNOWN),
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Event {
    Pinged(u64),
    Ponged(u64),
    /// The bytes of a blob that came, all of them so far.
    Got(usize),
    Closed(Why),
    Stood(Duration),
}

#[derive(Default)]
pub(crate) struct Probe {
    got: usize,
    to_send: Option<(StreamId, usize)>,
}

impl Probe {
    pub(crate) fn ping(&mut self, cx: &mut Context<'_, Self>, to: PeerId, n: u64) {
        cx.send(to, Message::Ping(n));
    }

    /// Sends so many bytes over a stream.
    pub(crate) fn give(&mut self, cx: &mut Context<'_, Self>, to: PeerId, bytes: usize, deadline: Duration) {
        let stream = cx.open(to, Class::Bulk, deadline);
        self.to_send = Some((stream, bytes));
    }
}

impl Protocol for Probe {
    type Message = Message;
    type Timer = ();
    type Event = Event;

    fn on_start(&mut self, cx: &mut Context<'_, Self>) {
        cx.set((), Duration::from_millis(100));
    }

    fn on_message(&mut self, cx: &mut Context<'_, Self>, from: Origin, message: Message) {
        match message {
            Message::Ping(n) => {
                cx.notify(Event::Pinged(n));
                cx.reply(from.path, Message::Pong(n));
            }
            Message::Pong(n) => cx.notify(Event::Ponged(n)),
            Message::Chunk(bytes) => {
                self.got += bytes.len();
                cx.notify(Event::Got(self.got));
            }
        }
    }

    fn on_timer(&mut self, cx: &mut Context<'_, Self>, (): ()) {
        cx.set((), Duration::from_millis(100));
    }

    fn on_stream(&mut self, cx: &mut Context<'_, Self>, _: StreamId, what: StreamNews) {
        if let StreamNews::Closed(why) = what {
            cx.notify(Event::Closed(why));
        }
    }

    fn on_pause(&mut self, cx: &mut Context<'_, Self>, lost: Duration) {
        cx.notify(Event::Stood(lost));
    }

    fn fill(&mut self, _: &mut Context<'_, Self>, to: Outlet, room: &mut Room<'_, Message>) {
        let Some((stream, left)) = self.to_send.as_mut() else { return };
        while to == Outlet::Stream(*stream) && *left > 0 {
            let n = CHUNK.min(*left);
            if room.offer(Message::Chunk(vec![7; n])).is_err() {
                return;
            }
            *left -= n;
        }
    }
}

/// A running [`Probe`].
pub(crate) async fn probe(bind: &str) -> Handle<Probe> {
    Driver::bind(bind).encrypt(bruit::Encrypt::Off).run(|_: &Local| Probe::default()).await.expect("it starts")
}

/// Waits for the first event that `is` says something about.
pub(crate) async fn wait<R>(events: &mut bruit::Events<News<Event>>, is: impl Fn(&Event) -> Option<R>) -> R {
    let found = async {
        loop {
            match events.next().await.expect("the node runs") {
                News::Event(event) if is(&event).is_some() => return is(&event).expect("checked"),
                _ => {}
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(20), found).await.expect("within 20 s")
}

/// Pings `to` until a pong comes.
pub(crate) async fn ping(from: &Handle<Probe>, to: SocketAddr) {
    let mut events = from.events();
    let contact = from.contact(to).await.expect("it runs");
    from.command(move |p, cx| p.ping(cx, contact, 1)).await.expect("it runs");
    wait(&mut events, |e| (*e == Event::Ponged(1)).then_some(())).await;
}
