//! Endpoint state: what each node says of itself, known to all by the three-way exchange.
//!
//! ```text
//!   a node      HeartBeat { generation, version }   which life, and how far it has come
//!               key -> Value { value, version }     what it says; one counter numbers heartbeats and values
//!
//!   A ── SYN: of each node its generation and the highest version that I have ──> B
//!   A <── ACK: what I have that is newer; what I want of what you have ────────── B
//!   A ── ACK2: what you wanted ─────────────────────────────────────────────────> B
//! ```
//!
//! A version number means that everything up to it is held. So news goes in the order in which it was said, without a
//! gap, and what fits into no packet is left out at the end; whose news goes first is [`Order`].
//!
//! * **By heartbeats** ([`Detector::Phi`]): each round ([`Config::every`]) the heart beats, and a SYN of all nodes goes to
//!   one live peer, sometimes to one that is unreachable, sometimes to a seed ([`Round`]). Heartbeats arrive from
//!   anybody, and their silence accrues suspicion ([`bruit_kit::Arrivals`]). A node is alive once it has answered an
//!   echo; a start asks first who it was (shadow round), and lives above that. Beside a membership protocol that one is
//!   the way in: whom it finds is called until it answers, whoever says goodbye there is dead here.
//! * **By membership** ([`Detector::Swim`], the default): peers come from [`on_peer`](bruit_proto::Protocol::on_peer), no
//!   heart beats, and a sum of six bytes rides in every packet. Equal views cost nothing more; different ones find out
//!   where they differ, by sums over ranges, and exchange that.
//! * **A change** also leaves at once, ahead of the exchange, unless [`Config::spread`] is off.
//! * **A removal** is a fact of its own, above every version of its generation: nobody forges what an owner never said,
//!   and only another life comes back. It grows old with its copies, as the dead do, and all drop it at about the same
//!   time; what comes late is too old for everybody.
//! * **No clock is compared with another**: a generation is one above the last known; a node that finds itself known in a
//!   later life goes above that.
//! * **Two kinds of keys**: a node's own, and shared ones in a namespace, of which the latest value by hybrid logical
//!   clock is shown. [`Schema`]s say what a key may be: breaches are refused where they are set and dropped where they
//!   arrive.
//!
//! `docs/papers/cassandra.md`, `phi.md` and `scuttlebutt.md` say where each rule is from, and where it differs.

mod command;
mod config;
mod counters;
mod delta;
mod detect;
mod digest;
mod endpoint;
mod event;
mod exchange;
mod heart_beat;
mod keep;
mod learn;
mod message;
mod nodes;
pub mod notation;
mod pulse;
mod rebuild;
mod round;
mod schema;
mod shadow;
mod spread;
mod state;
mod table;
mod value;
pub mod wiki;
mod wire;

pub use config::{BadConfig, Config, Detector, Form};
pub use counters::Counters;
pub use delta::{Delta, Order};
pub use digest::{Digest, Verdict, compare};
pub use endpoint::{Endpoint, Status};
pub use event::{Disagreement, Event, Refused, Shown};
pub use heart_beat::HeartBeat;
pub use message::{Ack, Ack2, Message, Sums, Syn};
pub use notation::Exchange;
pub use pulse::{Doubt, Pulse};
pub use round::{Candidates, Round};
pub use schema::{Breach, Schema};
pub use spread::{Relay, Spread};
pub use state::{State, Timer};
pub use value::{Key, Value};
