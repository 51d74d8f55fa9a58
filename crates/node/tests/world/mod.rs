//! Nodes wired back to back in virtual time: what a driver does, without sockets.

#![allow(dead_code, unreachable_pub)]

mod parrot;
pub use parrot::*;

use bruit_node::{Node, Now, Output, Settings};
use bruit_proto::{Context, Nobody, PeerId, Record, StreamId, Tags, Time, Wall, Why};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

pub const DELAY: Duration = Duration::from_millis(1);

pub fn at(i: usize) -> SocketAddr {
    SocketAddr::from(([10, 0, 0, i as u8], 7000))
}

pub fn id(i: usize) -> PeerId {
    PeerId::named(&format!("node-{i}"))
}

pub fn record(i: usize) -> Arc<Record> {
    Arc::new(Record::new(&format!("node-{i}"), 1, vec![at(i)], Tags::default()).unwrap())
}

pub fn settings(i: usize) -> Settings {
    Settings::new(id(i), 1).label("test")
}

/// Something that happens to node `.0`.
pub enum Due {
    Packet { from: SocketAddr, bytes: Vec<u8> },
    Accept { conn: usize, from: SocketAddr },
    Opened(usize),
    Failed(usize, Why),
    Bytes(usize, Vec<u8>),
    Sent(usize, usize),
    Fin(usize),
    Stored(bruit_proto::Receipt),
}

/// A connection; side 0 dialled.
pub struct Conn {
    pub ends: [Option<(usize, StreamId)>; 2],
    /// When the last chunk of each side is there.
    pub busy: [Time; 2],
}

pub struct World {
    pub nodes: BTreeMap<usize, Node<Parrot>>,
    pub now: Time,
    pub conns: Vec<Conn>,
    pub due: BTreeMap<(Time, u64), (usize, Due)>,
    /// Every datagram that was sent: from, to, bytes.
    pub sent: Vec<(usize, SocketAddr, Vec<u8>)>,
    /// Everything that was written to a connection: which, from which side, bytes.
    pub written: Vec<(usize, usize, Vec<u8>)>,
    /// Streams that a node was told to drop.
    pub dropped: Vec<(usize, StreamId)>,
    /// Bytes are cut into chunks of this size, each with credit of its own.
    pub chunk: usize,
    /// How long after the one before it a chunk arrives.
    pub pace: Duration,
    /// Connections that nobody answers.
    pub silent: bool,
    order: u64,
}

impl World {
    /// Nodes `1..=n`, which know each other.
    pub fn new(n: usize) -> World {
        let mut world = World {
            nodes: BTreeMap::new(),
            now: Time(5_000_000),
            conns: Vec::new(),
            due: BTreeMap::new(),
            sent: Vec::new(),
            written: Vec::new(),
            dropped: Vec::new(),
            chunk: 1_000,
            pace: Duration::from_micros(1),
            silent: false,
            order: 0,
        };
        for i in 1..=n {
            world.nodes.insert(i, Node::new(settings(i), Parrot::default(), Box::new(Nobody)));
            let now = world.clock();
            world.node(i).start(now);
            for j in (1..=n).filter(|j| *j != i) {
                world.turn(i, |_, cx| cx.know(id(j), Some(&record(j))));
            }
            world.drain(i);
        }
        world
    }

    pub fn clock(&self) -> Now {
        Now { mono: self.now, wall: Wall(self.now.0 / 1000) }
    }

    pub fn node(&mut self, i: usize) -> &mut Node<Parrot> {
        self.nodes.get_mut(&i).unwrap()
    }

    pub fn log(&self, i: usize) -> &[String] {
        &self.nodes[&i].protocol().log
    }

    pub fn turn<R>(&mut self, i: usize, f: impl FnOnce(&mut Parrot, &mut Context<'_, Parrot>) -> R) -> R {
        let now = self.clock();
        let result = self.node(i).command(now, f);
        self.drain(i);
        result
    }

    pub fn later(&mut self, after: Duration, i: usize, due: Due) {
        self.order += 1;
        self.due.insert((self.now + after, self.order), (i, due));
    }

    /// The connection and side that a stream of node `i` is on.
    pub fn side(&self, i: usize, stream: StreamId) -> Option<(usize, usize)> {
        let find = |c: &Conn| c.ends.iter().position(|e| *e == Some((i, stream)));
        self.conns.iter().enumerate().find_map(|(n, c)| Some((n, find(c)?)))
    }

    /// Does what node `i` asks for.
    pub fn drain(&mut self, i: usize) {
        while let Some(output) = self.node(i).poll() {
            match output {
                Output::Packet { to, bytes } => {
                    self.sent.push((i, to, bytes.clone()));
                    if let Some(j) = self.index(to) {
                        self.later(DELAY, j, Due::Packet { from: at(i), bytes });
                    }
                }
                Output::Dial { stream, to } => self.dial(i, stream, to),
                Output::Write { stream, bytes } => {
                    assert!(!bytes.is_empty());
                    if let Some((conn, side)) = self.side(i, stream) {
                        bytes.chunks(self.chunk).for_each(|chunk| self.carry(conn, side, chunk));
                    }
                }
                Output::Shut { stream } => {
                    if let Some((conn, side)) = self.side(i, stream)
                        && let Some((j, _)) = self.conns[conn].ends[1 - side]
                    {
                        let after = self.travel(conn, side);
                        self.later(after, j, Due::Fin(conn));
                    }
                }
                Output::Drop { stream } => {
                    self.dropped.push((i, stream));
                    if let Some((conn, side)) = self.side(i, stream) {
                        self.conns[conn].ends[side] = None;
                        if let Some((j, _)) = self.conns[conn].ends[1 - side] {
                            self.later(DELAY * 30, j, Due::Failed(conn, Why::Reset));
                        }
                    }
                }
                Output::Persist { receipt, .. } => self.later(DELAY, i, Due::Stored(receipt)),
                Output::Event(event) => {
                    self.nodes.get_mut(&i).unwrap().command(Now { mono: self.now, wall: Wall(self.now.0 / 1000) }, |p, _| {
                        p.log.push(format!("event {event}"))
                    })
                }
            }
        }
    }

    /// Chunks stay in order.
    fn travel(&mut self, conn: usize, side: usize) -> Duration {
        let busy = &mut self.conns[conn].busy[side];
        *busy = (*busy).max(self.now + DELAY) + self.pace;
        busy.since(self.now)
    }

    fn carry(&mut self, conn: usize, side: usize, chunk: &[u8]) {
        self.written.push((conn, side, chunk.to_vec()));
        let after = self.travel(conn, side);
        let [mine, theirs] = [side, 1 - side].map(|s| self.conns[conn].ends[s]);
        if let Some((i, _)) = mine {
            self.later(after, i, Due::Sent(conn, chunk.len()));
        }
        if let Some((j, _)) = theirs {
            self.later(after, j, Due::Bytes(conn, chunk.to_vec()));
        }
    }

    fn index(&self, to: SocketAddr) -> Option<usize> {
        self.nodes.keys().copied().find(|j| at(*j) == to)
    }

    fn dial(&mut self, i: usize, stream: StreamId, to: SocketAddr) {
        self.conns.push(Conn { ends: [Some((i, stream)), None], busy: [Time::ZERO; 2] });
        let conn = self.conns.len() - 1;
        match self.index(to) {
            _ if self.silent => {}
            Some(j) => self.later(DELAY, j, Due::Accept { conn, from: at(i) }),
            None => self.later(DELAY, i, Due::Failed(conn, Why::Refused)),
        }
    }

    fn happen(&mut self, i: usize, due: Due) {
        let now = self.clock();
        let end = |w: &World, conn: usize| w.conns[conn].ends.iter().flatten().find(|e| e.0 == i).map(|e| e.1);
        match due {
            Due::Packet { from, bytes } => self.node(i).receive(now, from, &bytes),
            Due::Accept { conn, from } => {
                let Some((dialler, _)) = self.conns[conn].ends[0] else { return };
                let accepted = self.node(i).stream_accepted(now, from).map(|stream| (i, stream));
                self.conns[conn].ends[1] = accepted;
                let news = if accepted.is_some() { Due::Opened(conn) } else { Due::Failed(conn, Why::Reset) };
                self.later(DELAY, dialler, news);
            }
            Due::Stored(receipt) => self.node(i).stored(now, receipt, Ok(())),
            Due::Opened(conn) => end(self, conn).into_iter().for_each(|s| self.node(i).stream_opened(now, s)),
            Due::Failed(conn, why) => end(self, conn).into_iter().for_each(|s| self.node(i).stream_failed(now, s, why)),
            Due::Bytes(conn, bytes) => end(self, conn).into_iter().for_each(|s| self.node(i).stream_receive(now, s, &bytes)),
            Due::Sent(conn, n) => end(self, conn).into_iter().for_each(|s| self.node(i).stream_sent(now, s, n)),
            Due::Fin(conn) => end(self, conn).into_iter().for_each(|s| self.node(i).stream_ended(now, s)),
        }
        self.drain(i);
    }

    /// Lets virtual time pass.
    pub fn run(&mut self, span: Duration) {
        let end = self.now + span;
        loop {
            let timer = self.nodes.iter().filter_map(|(i, n)| Some((n.deadline()?.0, *i))).min();
            let event = self.due.keys().next().copied();
            let next = timer.map_or(Time::MAX, |t| t.0).min(event.map_or(Time::MAX, |e| e.0));
            if next > end {
                break;
            }
            self.now = self.now.max(next);
            match event {
                Some(key) if key.0 <= next => {
                    let (i, due) = self.due.remove(&key).unwrap();
                    self.happen(i, due);
                }
                _ => {
                    let i = timer.unwrap().1;
                    let now = self.clock();
                    self.node(i).tick(now);
                    self.drain(i);
                }
            }
        }
        self.now = end;
    }
}
