//! The scenes of the demo, in order: each is a file of its own, with what it claims and how long it may take.

mod cut;
mod event;
mod exchange;
mod heal;
mod join;
mod kill;
mod leave;
mod pause;
mod restart;
mod resume;
mod stop;

use super::stage::{Outcome, Playing, Stage};
use anyhow::Result;
use std::time::Duration;

/// One scene.
pub(super) struct Scene {
    pub(super) step: &'static str,
    pub(super) claim: &'static str,
    /// Seconds that it may take.
    pub(super) bound: u64,
    pub(super) play: for<'a> fn(&'a mut Stage) -> Playing<'a>,
}

impl Scene {
    pub(super) fn bound(&self) -> Duration {
        Duration::from_secs(self.bound)
    }
}

/// All but the last, after which nothing is left to play with.
pub(super) const SCENES: [Scene; 10] = [
    join::SCENE,
    event::SCENE,
    exchange::SCENE,
    kill::SCENE,
    restart::SCENE,
    pause::SCENE,
    resume::SCENE,
    cut::SCENE,
    heal::SCENE,
    leave::SCENE,
];

/// The end of a script.
pub(super) const LAST: Scene = stop::SCENE;

/// Who is killed and restarted.
fn victim(stage: &Stage) -> usize {
    stage.cluster.slots.len() / 2
}

/// Who is paused.
fn sleeper(stage: &Stage) -> usize {
    stage.cluster.slots.len() - 1
}

/// Who leaves.
fn leaver(stage: &Stage) -> usize {
    stage.cluster.slots.len() / 3
}

/// A scene from an `async fn`.
macro_rules! scene {
    ($step:literal, $bound:literal s, $claim:literal, $play:path) => {
        pub(super) const SCENE: super::Scene =
            super::Scene { step: $step, claim: $claim, bound: $bound, play: |stage| Box::pin($play(stage)) };
    };
}
use scene;
