//! Other ways for events to travel than the backlog of `events`: the protocols of `rumor` and `multicast`, over a bag of events.

use crate::bag::Bag;
use bruit_events::{self as events, Parcel, Stamp};
use bruit_kit::Invalid;
use bruit_multicast::{Build, Mail, Repair, Root, Tree, mail, tree};
use bruit_proto::{Change, Context, Duration, Malformed, Notation, Origin, PeerId, Protocol, Reader, Wire, Wiring, part};
use bruit_rumor::{self as rumor, Rumor};
use std::collections::BTreeSet;
use std::sync::Arc;

/// How events travel.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Spread {
    /// At once to ring neighbours and a few others, then in the spare room of packets: see [`events::Relay`].
    #[default]
    Backlog,
    /// As rumors that nodes lose interest in.
    Rumor(Arc<rumor::Config>),
    /// From their origin to every member, one by one; nobody passes them on.
    Mail(Arc<mail::Config>),
    /// Along a spanning tree.
    Tree(Arc<tree::Config>),
}

impl Spread {
    /// Rumor mongering by push, with feedback and a counter of three, in cycles of this length.
    pub fn rumor(every: Duration) -> Spread {
        Spread::Rumor(Arc::new(rumor::Config { every, ..rumor::Config::default() }))
    }

    /// Direct mail, acknowledged: who has not is sent it again so much later, ten times.
    pub fn mail(every: Duration) -> Spread {
        let ack = mail::Ack { every, tries: 10, audience: 1 << 16 };
        Spread::Mail(Arc::new(mail::Config { ack: Some(ack), ..mail::Config::default() }))
    }

    /// Each origin's own tree, computed from the table of members; parents repair what children lack, who acknowledge so often.
    pub fn tree(every: Duration) -> Spread {
        let repair = Repair::Ack { every, tries: 10 };
        Spread::Tree(Arc::new(tree::Config { repair, ..tree::Config::new(Build::Computed(Root::Origin)) }))
    }

    /// # Errors
    /// The first setting that is out of its bounds.
    pub fn check(&self) -> Result<(), Invalid> {
        match self {
            Spread::Backlog => Ok(()),
            Spread::Rumor(config) => config.check(),
            Spread::Mail(config) => config.check(),
            Spread::Tree(config) => config.check(),
        }
    }
}

/// A protocol that carries events.
#[derive(Debug)]
pub struct Carrier {
    way: Way,
    wiring: Wiring<Said>,
}

#[derive(Debug)]
enum Way {
    Rumor(Rumor<Bag>),
    Mail(Mail<Bag>),
    Tree(Tree<Bag>),
}

/// What its protocol says to those of other nodes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// Tag 64.
    Rumor(rumor::Message<Stamp, Parcel>),
    /// Tag 80.
    Mail(mail::Message<Stamp, Parcel>),
    /// Tag 81.
    Tree(tree::Message<Parcel>),
}

/// Its protocol's timer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Timer {
    /// Of rumors.
    Rumor(rumor::Timer),
    /// Of mail.
    Mail(mail::Timer),
    /// Of a tree.
    Tree(tree::Timer),
}

/// What its protocol says to it.
#[derive(Debug)]
pub enum Said {
    /// Rumors.
    Rumor(rumor::Event<Stamp, Parcel>),
    /// Mail.
    Mail(mail::Event<Parcel>),
    /// A tree.
    Tree(tree::Event<Parcel>),
}

/// An event came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Came {
    /// Which.
    pub parcel: Parcel,
    /// Who handed it over.
    pub via: Option<PeerId>,
    /// The how manieth hop of it this was.
    pub hop: u8,
}

/// The place of rumors.
#[derive(Debug)]
pub enum InRumor {}
/// The place of mail.
#[derive(Debug)]
pub enum InMail {}
/// The place of a tree.
#[derive(Debug)]
pub enum InTree {}

part!(InRumor, Carrier, Rumor<Bag>, Rumor, 0);
part!(InMail, Carrier, Mail<Bag>, Mail, 1);
part!(InTree, Carrier, Tree<Bag>, Tree, 2);

/// Lends its protocol a context, if it is that one. It alone rolls the dice of its carrier.
macro_rules! within {
    ($name:ident, $way:ident, $place:ty, $of:ty) => {
        fn $name(&mut self, cx: &mut Context<'_, Self>, f: impl FnOnce(&mut $of, &mut Context<'_, $of>)) {
            let Way::$way(protocol) = &mut self.way else { return };
            protocol.set_mut().now = cx.now;
            let (mut dice, peers) = (cx.rng.clone(), cx.peers);
            cx.lend::<$place, _>(&mut self.wiring, &mut dice, peers, |cx| f(protocol, cx));
            *cx.rng = dice;
            self.drain(cx);
        }
    };
}

impl Carrier {
    /// Of the node `me`; nothing where events carry themselves.
    ///
    /// # Panics
    /// If the settings are out of their bounds: [`Spread::check`] them first.
    pub fn new(me: PeerId, spread: Spread, events: &events::Config) -> Option<Carrier> {
        let (bag, checked) = (Bag::new(events), "checked settings");
        let way = match spread {
            Spread::Backlog => return None,
            Spread::Rumor(config) => Way::Rumor(Rumor::new(config, bag).expect(checked)),
            Spread::Mail(config) => Way::Mail(Mail::new(config, bag).expect(checked)),
            Spread::Tree(config) => Way::Tree(Tree::new(me, config, bag).expect(checked)),
        };
        Some(Carrier { way, wiring: Wiring::default() })
    }

    within!(in_rumor, Rumor, InRumor, Rumor<Bag>);
    within!(in_mail, Mail, InMail, Mail<Bag>);
    within!(in_tree, Tree, InTree, Tree<Bag>);

    /// Takes an event of this node's own, and begins to carry it.
    pub fn begin(&mut self, cx: &mut Context<'_, Self>, parcel: Parcel) {
        match self.way {
            Way::Rumor(_) => self.in_rumor(cx, |rumor, cx| _ = rumor.start(cx, parcel)),
            Way::Mail(_) => self.in_mail(cx, |mail, cx| _ = mail.send(cx, parcel)),
            Way::Tree(_) => self.in_tree(cx, |tree, cx| _ = tree.publish(cx, parcel)),
        }
    }

    /// The events that it still tells.
    pub fn telling(&self) -> BTreeSet<Stamp> {
        match &self.way {
            Way::Rumor(rumor) => rumor.telling().collect(),
            Way::Mail(mail) => mail.sending().collect(),
            Way::Tree(tree) => tree.sending().collect(),
        }
    }

    /// Which way it is: `rumor`, `mail` or `tree`.
    pub fn way(&self) -> &'static str {
        match self.way {
            Way::Rumor(_) => "rumor",
            Way::Mail(_) => "mail",
            Way::Tree(_) => "tree",
        }
    }

    /// Copies of events that it has sent.
    pub fn sent(&self) -> u64 {
        match &self.way {
            Way::Rumor(rumor) => rumor.counters().told,
            Way::Mail(mail) => mail.counters().data + mail.counters().repairs,
            Way::Tree(tree) => tree.counters().data + tree.counters().repairs,
        }
    }

    /// Whether this message is of its kind: nodes of one cluster may be set up differently for a while.
    pub fn speaks(&self, message: &Message) -> bool {
        matches!(
            (&self.way, message),
            (Way::Rumor(_), Message::Rumor(_)) | (Way::Mail(_), Message::Mail(_)) | (Way::Tree(_), Message::Tree(_))
        )
    }

    fn drain(&mut self, cx: &mut Context<'_, Self>) {
        while let Some(said) = self.wiring.next_said() {
            match said {
                Said::Rumor(rumor::Event::News { item, via, hop })
                | Said::Mail(mail::Event::News { item, via, hop })
                | Said::Tree(tree::Event::News { item, via, hop }) => cx.notify(Came { parcel: item, via, hop }),
                Said::Rumor(rumor::Event::Removed(_)) => {}
            }
        }
    }
}

impl Message {
    /// The event in it, and the how manieth hop of it this is.
    pub fn parcel(&self) -> Option<(&Parcel, u8)> {
        match self {
            Message::Rumor(rumor::Message::Tell(parcel, hop))
            | Message::Tree(tree::Message::Data(_, _, hop, parcel) | tree::Message::Repair(_, _, hop, parcel, _)) => {
                Some((parcel, *hop))
            }
            Message::Mail(mail::Message::Item(parcel, _)) => Some((parcel, 1)),
            _ => None,
        }
    }
}

impl Protocol for Carrier {
    type Message = Message;
    type Timer = Timer;
    type Event = Came;

    fn on_start(&mut self, cx: &mut Context<'_, Self>) {
        self.in_rumor(cx, |rumor, cx| rumor.on_start(cx));
        self.in_mail(cx, |mail, cx| mail.on_start(cx));
        self.in_tree(cx, |tree, cx| tree.on_start(cx));
    }

    fn on_message(&mut self, cx: &mut Context<'_, Self>, from: Origin, message: Message) {
        match message {
            Message::Rumor(message) => self.in_rumor(cx, |rumor, cx| rumor.on_message(cx, from, message)),
            Message::Mail(message) => self.in_mail(cx, |mail, cx| mail.on_message(cx, from, message)),
            Message::Tree(message) => self.in_tree(cx, |tree, cx| tree.on_message(cx, from, message)),
        }
    }

    fn on_timer(&mut self, cx: &mut Context<'_, Self>, timer: Timer) {
        match timer {
            Timer::Rumor(timer) => self.in_rumor(cx, |rumor, cx| rumor.on_timer(cx, timer)),
            Timer::Mail(timer) => self.in_mail(cx, |mail, cx| mail.on_timer(cx, timer)),
            Timer::Tree(timer) => self.in_tree(cx, |tree, cx| tree.on_timer(cx, timer)),
        }
    }

    fn on_peer(&mut self, cx: &mut Context<'_, Self>, peer: PeerId, change: Change) {
        self.in_rumor(cx, |rumor, cx| rumor.on_peer(cx, peer, change));
        self.in_mail(cx, |mail, cx| mail.on_peer(cx, peer, change));
        self.in_tree(cx, |tree, cx| tree.on_peer(cx, peer, change));
    }

    fn on_pause(&mut self, cx: &mut Context<'_, Self>, lost: Duration) {
        self.in_rumor(cx, |rumor, cx| rumor.on_pause(cx, lost));
        self.in_mail(cx, |mail, cx| mail.on_pause(cx, lost));
        self.in_tree(cx, |tree, cx| tree.on_pause(cx, lost));
    }
}

const RUMOR: u8 = 64;
const MAIL: u8 = 80;
const TREE: u8 = 81;

/// Whether a message with this tag is a carrier's.
pub(crate) fn owns(tag: u8) -> bool {
    matches!(tag, RUMOR | MAIL | TREE)
}

/// A tag, then the message as its own crate writes it.
impl Wire for Message {
    fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Message::Rumor(message) => {
                out.push(RUMOR);
                message.encode(out);
            }
            Message::Mail(message) => {
                out.push(MAIL);
                message.encode(out);
            }
            Message::Tree(message) => {
                out.push(TREE);
                message.encode(out);
            }
        }
    }
    fn decode(input: &mut Reader<'_>) -> Result<Message, Malformed> {
        Ok(match input.u8()? {
            RUMOR => Message::Rumor(rumor::Message::decode(input)?),
            MAIL => Message::Mail(mail::Message::decode(input)?),
            TREE => Message::Tree(tree::Message::decode(input)?),
            _ => return Err(Malformed::UNKNOWN),
        })
    }
    fn size(&self) -> usize {
        1 + match self {
            Message::Rumor(message) => message.size(),
            Message::Mail(message) => message.size(),
            Message::Tree(message) => message.size(),
        }
    }
}

impl Notation for Message {
    fn kind(&self) -> &'static str {
        match self {
            Message::Rumor(rumor::Message::Tell(..)) => "rumor",
            Message::Rumor(_) => "rumor.control",
            Message::Mail(mail::Message::Item(..)) => "mail",
            Message::Mail(mail::Message::Got(_)) => "mail.got",
            Message::Tree(tree::Message::Data(..)) => "tree",
            Message::Tree(tree::Message::Repair(..)) => "tree.repair",
            Message::Tree(_) => "tree.control",
        }
    }
    fn note(&self, name: &dyn Fn(PeerId) -> String) -> String {
        if let Some((Parcel { event, .. }, hop)) = self.parcel() {
            let stamp = event.stamp;
            let of = format!("{:?} by {} at {}", event.name, name(stamp.id.origin), stamp.ltime);
            return format!("{} {of}, hop {hop}, {} B", self.kind(), event.payload.len());
        }
        let of = |stamp: &Stamp| stamp.id;
        match self {
            Message::Rumor(rumor::Message::Heard(id, news)) => {
                format!("rumor {}: {}", of(id), if *news { "news" } else { "known" })
            }
            Message::Rumor(rumor::Message::Have(id, n)) => format!("rumor {}, counter {n}?", of(id)),
            Message::Rumor(rumor::Message::Known(id, n)) => format!("rumor {} known, counter {n}", of(id)),
            Message::Rumor(rumor::Message::Want(id)) => format!("rumor {} wanted", of(id)),
            Message::Rumor(other) => format!("rumor: {other:?}").to_lowercase(),
            Message::Mail(mail::Message::Got(id)) => format!("mail {} came", of(id)),
            Message::Tree(tree::Message::Session(key, seq, ..)) => format!("tree of {} goes to {seq}", name(key.origin)),
            Message::Tree(tree::Message::Report(key, ..)) => format!("tree of {}: report", name(key.origin)),
            Message::Tree(tree::Message::Nak(key, seq, ..)) => format!("tree of {}: {seq} lacks", name(key.origin)),
            other => other.kind().into(),
        }
    }
}
