//! `[state]`: how nodes gossip about each other, and who says who is alive.

use super::Settings;
use super::keys::{Wrong, choice, only, span, wrong};
use bruit::{Detector, StateConfig};

/// The words for who says who is alive.
pub(crate) const DETECTORS: [(&str, Detector); 3] = [("swim", Detector::Swim), ("phi", Detector::Phi), ("both", Detector::Both)];

/// Changes the settings of endpoint state, unless that takes them out of their bounds.
fn change(settings: &mut Settings, change: impl FnOnce(&mut StateConfig)) -> Result<(), Wrong> {
    let mut state = settings.state.clone();
    change(&mut state);
    state.check().map_err(|bad| wrong(bad.to_string()))?;
    settings.state = state;
    Ok(())
}

fn number<T: std::str::FromStr>(texts: &[String], what: &str) -> Result<T, Wrong> {
    only(texts).parse().map_err(|_| wrong(format!("`{}` is not {what}", only(texts))))
}

pub(super) fn detector(settings: &mut Settings, texts: &[String]) -> Result<(), Wrong> {
    settings.state.detector = choice(only(texts), &DETECTORS)?;
    Ok(())
}

pub(super) fn threshold(settings: &mut Settings, texts: &[String]) -> Result<(), Wrong> {
    let threshold = number(texts, "a number")?;
    change(settings, |state| state.threshold = threshold)
}

pub(super) fn round(settings: &mut Settings, texts: &[String]) -> Result<(), Wrong> {
    let every = span(only(texts))?;
    change(settings, |state| state.every = every)
}

pub(super) fn peers(settings: &mut Settings, texts: &[String]) -> Result<(), Wrong> {
    let live = number(texts, "a whole number")?;
    change(settings, |state| state.round.live = live)
}

pub(super) fn spread(settings: &mut Settings, texts: &[String]) -> Result<(), Wrong> {
    settings.state.spread = choice(only(texts), &[("push", true), ("none", false)])?;
    Ok(())
}
