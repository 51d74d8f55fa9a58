use super::{Experiment, InCycles, Mailing, Mongering, Outcome, Reconciling, Round, Setup, SpanningTree, Visitor, timed};

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
            Known::AntiEntropy(subject) => visitor.visit(subject),
            Known::Mail(subject) => visitor.visit(subject),
            Known::Tree(subject) => visitor.visit(subject),
        }
    }
}
