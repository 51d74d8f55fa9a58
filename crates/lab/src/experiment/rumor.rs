use super::{Experiment, Setup, State, Subject};
use crate::cycles::{CYCLE, Complete};
use crate::epidemic::One;
use bruit_kit::Set;
use bruit_proto::{Context, PeerId};
use bruit_rumor::{Config, Exchange, Rumor, Stop};
use std::sync::Arc;

/// Rumor mongering of one item. Settings: `exchange` (push, pull, push-pull, push-then-pull with `copies` and `hops`),
/// `stop` (counter, coin, linked), `k`, `feedback`, `reset`, `contacts`, `connections`, `hunt`, `minimize`. Or instead of
/// these `miss`: how likely a node may be missed; the rest follows from it, the nodes and the loss. With either `rumor-every`:
/// cycles of the experiment from one of the rumor to its next.
#[derive(Clone, Debug)]
pub struct Mongering(Arc<Config>);

impl Mongering {
    /// Reads the settings; what is not set is as [`Config::default`] has it, and a cycle of the rumor one of the experiment.
    ///
    /// # Errors
    /// Names the setting that is unknown, cannot be read, does not belong to the others or is out of its bounds.
    pub fn new(mut setup: Setup, experiment: &Experiment) -> Result<Mongering, String> {
        let every = setup.period("rumor-every")?.unwrap_or(CYCLE);
        if let Some(miss) = setup.take("miss")? {
            setup.finish()?;
            let config = Config::for_miss(experiment.nodes, f64::from(experiment.loss_ppm) / 1e6, miss);
            let config = config.map_err(|invalid| invalid.to_string())?;
            return Ok(Mongering(Arc::new(Config { every, ..config })));
        }
        let config = Config::default();
        let stop = stop(&mut setup)?;
        let exchange = exchange(&mut setup)?;
        let config = Config {
            every,
            exchange,
            stop,
            reset: setup.take("reset")?.unwrap_or(config.reset),
            contacts: setup.take("contacts")?.unwrap_or(config.contacts),
            connections: setup.take("connections")?.or(config.connections),
            hunt: setup.take("hunt")?.unwrap_or(config.hunt),
            minimize: setup.take("minimize")?.unwrap_or(matches!(exchange, Exchange::PushThenPull { .. })),
            capacity: config.capacity,
        };
        setup.finish()?;
        config.check().map_err(|invalid| invalid.to_string())?;
        Ok(Mongering(Arc::new(config)))
    }

    /// A node with what it has.
    pub(super) fn rumor<S: Set>(&self, set: S) -> Rumor<S> {
        Rumor::new(Arc::clone(&self.0), set).expect("checked settings")
    }
}

/// What belongs to another exchange is left, and so found to be no setting of this one.
fn exchange(setup: &mut Setup) -> Result<Exchange, String> {
    Ok(match setup.take::<String>("exchange")?.as_deref() {
        None | Some("push") => Exchange::Push,
        Some("pull") => Exchange::Pull,
        Some("push-pull") => Exchange::PushPull,
        Some("push-then-pull") => {
            let missing = |what| format!("push-then-pull needs {what}");
            let copies = setup.take("copies")?.ok_or_else(|| missing("copies"))?;
            Exchange::PushThenPull { copies, hops: setup.take("hops")?.ok_or_else(|| missing("hops"))? }
        }
        Some(other) => return Err(format!("exchange is push, pull, push-pull or push-then-pull, not {other}")),
    })
}

fn stop(setup: &mut Setup) -> Result<Stop, String> {
    let rule: Option<String> = setup.take("stop")?;
    if rule.as_deref() == Some("linked") {
        return Ok(Stop::Linked);
    }
    let feedback = setup.take("feedback")?.unwrap_or(true);
    let k = setup.take("k")?.unwrap_or(3);
    match rule.as_deref() {
        None | Some("counter") => Ok(Stop::Counter { feedback, k }),
        Some("coin") => Ok(Stop::Coin { feedback, k }),
        Some(other) => Err(format!("stop is counter, coin or linked, not {other}")),
    }
}

impl Subject for Mongering {
    type Protocol = Rumor<One>;
    type Overlay = Complete;

    fn overlay(&self, experiment: &Experiment) -> Complete {
        Complete(experiment.places())
    }
    fn node(&self, _: PeerId) -> Rumor<One> {
        self.rumor(One::default())
    }
    fn begin(&self, rumor: &mut Rumor<One>, cx: &mut Context<'_, Rumor<One>>) {
        rumor.start(cx, ());
    }
    fn state(&self, rumor: &Rumor<One>) -> State {
        match (rumor.set().has(()), rumor.is_hot(())) {
            (false, _) => State::Susceptible,
            (true, true) => State::Infective,
            (true, false) => State::Removed,
        }
    }
    fn told(&self, rumor: &Rumor<One>) -> u64 {
        rumor.counters().told
    }
}
