use super::{Experiment, Mailing, Mongering, Outcome, Reconciling, Round, Setup, SpanningTree, watch};

/// A subject that a [`Setup`] can name.
#[derive(Clone, Debug)]
pub enum Known {
    /// `rumor`.
    Rumor(Mongering),
    /// `antientropy`.
    AntiEntropy(Reconciling),
    /// `mail`.
    Mail(Mailing),
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
        match setup.name.as_str() {
            "rumor" => Mongering::new(setup.clone(), experiment).map(Known::Rumor),
            "antientropy" => Reconciling::new(setup.clone()).map(Known::AntiEntropy),
            "mail" => Mailing::new(setup.clone()).map(Known::Mail),
            "tree" => SpanningTree::new(setup.clone()).map(Known::Tree),
            other => Err(format!("no protocol that can be run is called {other}: there are {}", Known::NAMES.join(", "))),
        }
    }

    /// Runs it; `each` hears of each cycle.
    ///
    /// # Panics
    /// See [`watch`].
    pub fn watch(&self, experiment: &Experiment, each: impl FnMut(&Round)) -> Outcome {
        match self {
            Known::Rumor(subject) => watch(subject, experiment, each),
            Known::AntiEntropy(subject) => watch(subject, experiment, each),
            Known::Mail(subject) => watch(subject, experiment, each),
            Known::Tree(subject) => watch(subject, experiment, each),
        }
    }
}
