use super::timed::{self, Course};
use super::{Alone, Crash, Experiment, InCycles, Outcome, Round, Setup, Whole};

/// What a [`Setup`] can name: a protocol alone, or one among those that whole nodes run.
#[derive(Clone, Debug)]
pub enum Known {
    /// Alone.
    Alone(Alone),
    /// In whole nodes.
    Whole(Whole),
}

impl Known {
    /// Reads a set-up for an experiment.
    ///
    /// # Errors
    /// Names what is wrong with the set-up.
    pub fn new(setup: &Setup, experiment: &Experiment) -> Result<Known, String> {
        let name = setup.name.as_str();
        if Alone::NAMES.contains(&name) {
            return Alone::new(setup, experiment).map(Known::Alone);
        }
        if !Whole::NAMES.contains(&name) {
            return Err(format!("no protocol that can be run is called {name}: there are {}", Known::names().join(", ")));
        }
        match experiment.crash {
            Some(crash @ Crash::Root { .. }) => Err(crash.misplaced(name)),
            _ => Whole::new(setup.clone(), experiment).map(Known::Whole),
        }
    }

    /// Their names.
    pub fn names() -> Vec<&'static str> {
        [&Alone::NAMES[..], &Whole::NAMES].concat()
    }

    /// Runs it, in cycles or in timed events as the experiment says; whole nodes always live in timed events. `each` hears of
    /// each cycle.
    ///
    /// # Panics
    /// If there are fewer than two nodes.
    pub fn watch(&self, experiment: &Experiment, mut each: impl FnMut(&Round)) -> Outcome {
        match self {
            Known::Alone(alone) if experiment.latency.is_none() => alone.visit(InCycles { experiment, each }),
            _ => self.watch_timed(experiment, |course| {
                if course.round.cycle > 0 {
                    each(&course.round);
                }
                true
            }),
        }
    }

    /// Runs it in timed events; `each` hears of each cycle, the first of which is what happens at time zero, and ends the run by
    /// saying no. Without a latency packets of a protocol alone take 20 to 80 ms, and whole nodes are in one data centre.
    ///
    /// # Panics
    /// See [`watch`](Known::watch).
    pub fn watch_timed(&self, experiment: &Experiment, each: impl FnMut(&Course) -> bool) -> Outcome {
        match self {
            Known::Alone(alone) => timed::watch(alone, experiment, experiment.latency.unwrap_or_default(), each),
            Known::Whole(whole) => whole.watch(experiment, each),
        }
    }

    /// Whether an experiment is run in timed events.
    pub fn is_timed(&self, experiment: &Experiment) -> bool {
        experiment.latency.is_some() || matches!(self, Known::Whole(_))
    }
}
