use super::{Backing, Crash, Experiment, Mailing, Mongering, Reconciling, Setup, SpanningTree, Visitor};

/// A protocol that runs alone: a [`Subject`](super::Subject) that a [`Setup`] can name.
#[derive(Clone, Debug)]
pub enum Alone {
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

impl Alone {
    /// Their names.
    pub const NAMES: [&str; 4] = ["rumor", "antientropy", "mail", "tree"];

    /// Reads a set-up for an experiment.
    ///
    /// # Errors
    /// Names what is wrong with the set-up.
    pub(super) fn new(setup: &Setup, experiment: &Experiment) -> Result<Alone, String> {
        let alone = match setup.name.as_str() {
            "rumor" => rumor(setup.clone(), experiment),
            "antientropy" => Reconciling::new(setup.clone()).map(Alone::AntiEntropy),
            "mail" => mail(setup.clone(), experiment),
            "tree" => SpanningTree::new(setup.clone()).map(Alone::Tree),
            other => Err(format!("{other} does not run alone: {} do", Alone::NAMES.join(", "))),
        }?;
        match experiment.crash {
            Some(crash @ Crash::Root { .. }) if !alone.loops() => Err(crash.misplaced(&setup.name)),
            _ => Ok(alone),
        }
    }

    /// Whether its origin sends the item in a loop.
    fn loops(&self) -> bool {
        matches!(self, Alone::Mail(_) | Alone::BackedMail(_) | Alone::Tree(_))
    }

    pub(super) fn visit<V: Visitor>(&self, visitor: V) -> V::Output {
        match self {
            Alone::Rumor(subject) => visitor.visit(subject),
            Alone::BackedRumor(subject) => visitor.visit(subject),
            Alone::AntiEntropy(subject) => visitor.visit(subject),
            Alone::Mail(subject) => visitor.visit(subject),
            Alone::BackedMail(subject) => visitor.visit(subject),
            Alone::Tree(subject) => visitor.visit(subject),
        }
    }
}

fn rumor(mut setup: Setup, experiment: &Experiment) -> Result<Alone, String> {
    let Some(every) = setup.period("sync-every")? else { return Mongering::new(setup, experiment).map(Alone::Rumor) };
    let again = setup.take("redistribute")?.unwrap_or(true);
    let rumor = Mongering::new(setup, experiment)?;
    Ok(Alone::BackedRumor(Backing::new(rumor, every, again, experiment)))
}

fn mail(mut setup: Setup, experiment: &Experiment) -> Result<Alone, String> {
    let Some(every) = setup.period("sync-every")? else { return Mailing::new(setup).map(Alone::Mail) };
    // What was mailed to all once is not mailed again by each who missed it.
    Ok(Alone::BackedMail(Backing::new(Mailing::new(setup)?, every, false, experiment)))
}
