use super::{
    Backing, Crash, Experiment, InCycles, Mailing, Mongering, Outcome, Reconciling, Round, Setup, SpanningTree, Visitor, timed,
};

/// A subject that a [`Setup`] can name.
#[derive(Clone, Debug)]
pub enum Known {
    /// `rumor`.
    Rumor(Mongering),
    /// `rumor` with `sync-every`.
    BackedRumor(Backing<Mongering>),
    /// `antientropy`.
    AntiEntropy(Reconciling),
    /// `mail`.
    Mail(Mailing),
    /// `mail` with `sync-every`.
    BackedMail(Backing<Mailing>),
    /// `tree`.
    Tree(SpanningTree),
}

impl Known {
    /// Their names.
    pub const NAMES: [&str; 4] = ["rumor", "antientropy", "mail", "tree"];

    /// Reads a set-up for an experiment.
    ///
    /// # Errors
    /// Names what is wrong with the set-up.
    pub fn new(setup: &Setup, experiment: &Experiment) -> Result<Known, String> {
        let known = match setup.name.as_str() {
            "rumor" => rumor(setup.clone(), experiment),
            "antientropy" => Reconciling::new(setup.clone()).map(Known::AntiEntropy),
            "mail" => mail(setup.clone(), experiment),
            "tree" => SpanningTree::new(setup.clone()).map(Known::Tree),
            other => Err(format!("no protocol that can be run is called {other}: there are {}", Known::NAMES.join(", "))),
        }?;
        let loops = matches!(known, Known::Mail(_) | Known::BackedMail(_) | Known::Tree(_));
        match experiment.crash {
            Some(crash @ Crash::Root { .. }) if !loops => Err(format!(
                "crash {crash}: {} has no loop of sends that its root could crash in, mail and tree have; give a share of the \
                 nodes and a cycle, as 20%@5",
                setup.name
            )),
            _ => Ok(known),
        }
    }

    /// Runs it, in cycles or in timed events as the experiment says; `each` hears of each cycle.
    ///
    /// # Panics
    /// See [`watch`](super::watch).
    pub fn watch(&self, experiment: &Experiment, mut each: impl FnMut(&Round)) -> Outcome {
        let Some(latency) = experiment.latency else { return self.visit(InCycles { experiment, each }) };
        timed::watch(self, experiment, latency, |course| {
            if course.round.cycle > 0 {
                each(&course.round);
            }
            true
        })
    }

    pub(super) fn visit<V: Visitor>(&self, visitor: V) -> V::Output {
        match self {
            Known::Rumor(subject) => visitor.visit(subject),
            Known::BackedRumor(subject) => visitor.visit(subject),
            Known::AntiEntropy(subject) => visitor.visit(subject),
            Known::Mail(subject) => visitor.visit(subject),
            Known::BackedMail(subject) => visitor.visit(subject),
            Known::Tree(subject) => visitor.visit(subject),
        }
    }
}

fn rumor(mut setup: Setup, experiment: &Experiment) -> Result<Known, String> {
    let Some(every) = setup.period("sync-every")? else { return Mongering::new(setup, experiment).map(Known::Rumor) };
    let again = setup.take("redistribute")?.unwrap_or(true);
    let rumor = Mongering::new(setup, experiment)?;
    Ok(Known::BackedRumor(Backing::new(rumor, every, again, experiment)))
}

fn mail(mut setup: Setup, experiment: &Experiment) -> Result<Known, String> {
    let Some(every) = setup.period("sync-every")? else { return Mailing::new(setup).map(Known::Mail) };
    // What was mailed to all once is not mailed again by each who missed it.
    Ok(Known::BackedMail(Backing::new(Mailing::new(setup)?, every, false, experiment)))
}
