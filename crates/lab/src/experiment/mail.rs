use super::{Experiment, Setup, Share, State, Subject};
use crate::cycles::CYCLE;
use crate::epidemic::One;
use crate::multicast::Group;
use bruit_kit::Set;
use bruit_multicast::mail::{self, Config};
use bruit_multicast::{Mail, Pace};
use bruit_proto::{Context, PeerId, Peers, Rng};
use std::sync::Arc;

/// Direct mail of one item, hop by hop. Settings: `known` (the share of the others that the sender knows, drawn by the seed),
/// `burst` (peers that it serves in a cycle).
#[derive(Clone, Debug)]
pub struct Mailing {
    config: Arc<Config>,
    known: Option<Share>,
}

impl Mailing {
    /// Reads the settings; what is not set is as [`Config::default`] has it, and the sender knows all. Bursts are a cycle
    /// apart.
    ///
    /// # Errors
    /// Names the setting that is unknown, cannot be read or is out of its bounds.
    pub fn new(mut setup: Setup) -> Result<Mailing, String> {
        let (known, pace) = (setup.take("known")?, setup.pace()?);
        setup.finish()?;
        let config = Config { pace, ..Config::default() };
        config.check().map_err(|invalid| invalid.to_string())?;
        Ok(Mailing { config: Arc::new(config), known })
    }

    /// A node with what it has.
    pub(super) fn mail<S: Set>(&self, set: S) -> Mail<S> {
        Mail::new(Arc::clone(&self.config), set).expect("checked settings")
    }
}

impl Setup {
    /// Takes out the setting `burst`: sends in a cycle.
    ///
    /// # Errors
    /// If it cannot be read.
    pub(super) fn pace(&mut self) -> Result<Pace, String> {
        Ok(Pace { burst: self.take("burst")?.unwrap_or(Pace::default().burst), every: CYCLE })
    }
}

impl Subject for Mailing {
    type Protocol = Mail<One>;
    type Overlay = Group;
    const HOP_BY_HOP: bool = true;

    fn overlay(&self, experiment: &Experiment) -> Group {
        let group = Group::new(experiment.places());
        let Some(Share(ppm)) = self.known else { return group };
        let (origin, mut dice) = (experiment.origin(), Rng::named(experiment.seed, PeerId::NONE, "known"));
        group.knowing(origin, Group::drawn(experiment.places(), origin, ppm, &mut dice))
    }
    fn node(&self, _: PeerId) -> Mail<One> {
        self.mail(One::default())
    }
    fn begin(&self, mail: &mut Mail<One>, cx: &mut Context<'_, Mail<One>>) {
        mail.send(cx, ());
    }
    fn state(&self, mail: &Mail<One>) -> State {
        match (mail.set().has(()), mail.queued()) {
            (false, _) => State::Susceptible,
            (true, 1..) => State::Infective,
            (true, 0) => State::Removed,
        }
    }
    fn sends(&self, _: PeerId, peers: &dyn Peers) -> Option<u32> {
        Some(peers.len())
    }
    fn is_send(message: &mail::Message<(), ()>) -> bool {
        matches!(message, mail::Message::Item(..))
    }
    fn told(&self, mail: &Mail<One>) -> u64 {
        mail.counters().data
    }
}
