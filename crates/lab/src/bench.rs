//! What a cluster costs and how fast it is, on the lab's links: `bruit bench cluster --virtual`.

pub mod beside;
mod figures;
pub mod push;
pub mod quiet;
mod soak;
pub mod state;
mod trial;

use crate::cluster::{cluster, with_state};
use crate::links::Links;
use crate::runner;
use crate::world::World;
use bruit_node::Mode;
use bruit_stacks::{CoreConfig, Full};
use std::sync::Arc;

pub use figures::{Figures, Spread, Trial};
pub use soak::{Soak, soak};

/// What to measure.
#[derive(Clone, Debug)]
pub struct Options {
    /// Nodes in the cluster, at least 2.
    pub nodes: u32,
    /// How often to measure; each trial has dice of its own.
    pub trials: u32,
    /// The first trial's seed.
    pub seed: u64,
    /// Packets lost, in parts per million: datagrams are gone, streams wait.
    pub loss_ppm: u32,
    /// Datagrams lost besides, in parts per million.
    pub udp_loss_ppm: u32,
    /// Whether all is sealed.
    pub sealed: bool,
    /// Trials to run side by side.
    pub threads: usize,
    /// What each node is made with.
    pub config: CoreConfig,
    /// Endpoint state beside it; in the open alone.
    pub state: Option<Arc<bruit_state::Config>>,
}

impl Default for Options {
    fn default() -> Self {
        let config = CoreConfig::default();
        let (loss_ppm, udp_loss_ppm) = (0, 0);
        Options { nodes: 64, trials: 1, seed: 1, loss_ppm, udp_loss_ppm, sealed: false, threads: 1, config, state: None }
    }
}

impl Options {
    fn world(&self, seed: u64) -> World<Full> {
        let links = Links { loss_ppm: self.loss_ppm, udp_loss_ppm: self.udp_loss_ppm, ..Links::default() };
        match &self.state {
            Some(state) => with_state(self.nodes, seed, links, self.config.clone(), state.clone()),
            None => cluster(self.nodes, seed, links, self.config.clone(), self.sealed.then_some(Mode::Require)),
        }
    }
}

/// Measures a cluster; `progress` hears of each trial as it ends.
pub fn measure(options: &Options, mut progress: impl FnMut(&Trial)) -> Figures {
    let seeds = options.seed..options.seed + u64::from(options.trials);
    let run = |seed| trial::run(options, seed);
    let trials = runner::each(seeds, options.threads, run, |_, trial| {
        progress(trial);
        true
    });
    let trials: Vec<Trial> = trials.into_iter().map(|t| t.1).collect();
    Figures::of(options.nodes, &trials)
}
