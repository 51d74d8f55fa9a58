use super::State;
use crate::cluster::id;
use crate::world::World;
use bruit_events::{self as events, EventId, Filter, Standing};
use bruit_multicast::{mail, tree};
use bruit_proto::{PeerId, Peers, Protocol, Tags};
use bruit_rumor as rumor;
use bruit_stacks::{Full, Message as Core, beside, carrier, state};
use bruit_swim as swim;

/// The key of the value, and of the tag, that enters.
const KEY: &str = "lab";

/// What enters among whole nodes.
#[derive(Clone, Copy, Debug)]
pub(super) enum Item {
    /// Other tags of a member.
    Tags,
    /// An event.
    Event,
    /// A value of endpoint state.
    Value,
}

/// What has entered, and where.
#[derive(Clone, Copy, Debug)]
pub(super) enum Entered {
    /// A member's record of this incarnation.
    Tags(PeerId, u64),
    Event(EventId),
    Value(PeerId),
}

impl Item {
    /// Enters at a node.
    pub(super) fn enter(self, world: &mut World<Full>, origin: u32) -> Entered {
        match self {
            Item::Tags => {
                let tags: Tags = [(KEY, "1")].into_iter().collect();
                world.command(origin, |full, cx| full.set_tags(cx, tags)).expect("a small tag");
                Entered::Tags(id(origin), world.protocol(origin).swim().me().incarnation)
            }
            Item::Event => {
                let said = world.command(origin, |full, cx| full.event(cx, KEY, &[7; 32], Filter::all()));
                Entered::Event(said.expect("32 bytes are an event"))
            }
            Item::Value => {
                let set = world.command(origin, |full, cx| full.in_also(cx, |state, cx| state.set(cx, KEY, "1")));
                set.expect("it has state").expect("a short value");
                Entered::Value(id(origin))
            }
        }
    }
}

impl Entered {
    /// What a node is. Endpoint state is exchanged for ever: whoever knows a value passes it on.
    pub(super) fn state(&self, full: &Full) -> State {
        match *self {
            Entered::Tags(peer, incarnation) => {
                let swim = full.swim();
                match swim.member(peer).is_some_and(|member| member.incarnation >= incarnation) {
                    false => State::Susceptible,
                    true if swim.tells(peer) => State::Infective,
                    true => State::Removed,
                }
            }
            Entered::Event(event) => match full.events().standing(event, full.swim().len()) {
                None => State::Susceptible,
                Some(Standing::Infective { .. }) => State::Infective,
                Some(Standing::Removed) => State::Removed,
            },
            Entered::Value(peer) => match full.state().and_then(|state| state.get(peer, KEY)) {
                None => State::Susceptible,
                Some(_) => State::Infective,
            },
        }
    }

    /// Whether a message brings it.
    pub(super) fn is_copy(&self, message: &<Full as Protocol>::Message) -> bool {
        match (self, message) {
            (Entered::Tags(peer, least), beside::Message::Core(Core::Swim(swim::Message::Update(update)))) => {
                matches!(update, swim::Update::Alive { incarnation, record } if record.id() == *peer && incarnation >= least)
            }
            (Entered::Event(_), beside::Message::Core(Core::Events(message))) => matches!(message, events::Message::Event { .. }),
            (Entered::Event(_), beside::Message::Core(Core::Carrier(message))) => match message {
                carrier::Message::Rumor(message) => matches!(message, rumor::Message::Tell(..)),
                carrier::Message::Mail(message) => matches!(message, mail::Message::Item(..)),
                carrier::Message::Tree(message) => matches!(message, tree::Message::Data(..) | tree::Message::Repair(..)),
            },
            (Entered::Value(peer), beside::Message::Also(message)) => {
                let deltas = match message {
                    state::Message::Ack(ack) => &ack.deltas[..],
                    state::Message::Ack2(ack2) => &ack2.deltas[..],
                    state::Message::News(delta) => std::slice::from_ref(delta),
                    _ => &[],
                };
                deltas.iter().any(|delta| delta.node == *peer && !delta.values.is_empty())
            }
            _ => false,
        }
    }
}
