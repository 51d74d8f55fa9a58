use crate::cli::{Ppm, percent};
use bruit_lab::experiment::{Churn, Crash, Experiment, Halves, Latency, Setup};
use clap::{Args, ValueEnum};
use std::ops::RangeInclusive;

/// Several failure detectors, or several set-ups.
#[derive(Args, Debug)]
pub(crate) struct CompareOptions {
    /// swim and phi; or protocols with their settings, as rumor:k=2 and tree:fan-out=4. In this order.
    #[arg(required = true, value_name = "DETECTOR|SETUP")]
    what: Vec<String>,
    /// How many nodes crash, all at once, 1 unless given; of set-ups a share after a cycle, as 20%@5, or the root
    /// after a share of its sends, as root@50%, none unless given.
    #[arg(long, value_name = "N|SHARE@CYCLE|root@SHARE")]
    crash: Option<String>,
    /// How many nodes; 64 unless given, 1000 of set-ups.
    #[arg(short, long)]
    nodes: Option<u32>,
    /// Packets lost, in percent: datagrams are gone, streams wait. Of set-ups messages.
    #[arg(long, default_value = "0", value_parser = percent)]
    loss: Ppm,
    /// Of set-ups: the percentage of nodes that leave in each cycle, and of those that join; see `lab run`.
    #[arg(long, value_name = "SHARE")]
    churn: Option<Churn>,
    /// Of set-ups: nothing passes between the halves from one cycle until before another: 3..8.
    #[arg(long, value_name = "FROM..TO")]
    cut: Option<Halves>,
    /// Of set-ups: how long packets are under way; see `lab run`.
    #[arg(long)]
    latency: Option<Latency>,
    /// Of set-ups: the most cycles; 1000 unless given.
    #[arg(long)]
    horizon: Option<u64>,
    /// Seed of all dice.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// What is compared.
pub(crate) enum Compared {
    Detectors(DetectorOptions),
    Setups(Vec<Setup>, Experiment),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Detector {
    /// Pings, requests to ping, suspicion: the members' own.
    Swim,
    /// Heartbeats in endpoint state, and the suspicion that their absence accrues.
    Phi,
}

/// Detectors, and their world.
pub(crate) struct DetectorOptions {
    /// Which, in this order.
    pub(crate) detectors: Vec<Detector>,
    /// How many nodes crash, all at once.
    pub(crate) crash: u32,
    /// How many nodes.
    pub(crate) nodes: u32,
    /// Packets lost.
    pub(crate) loss: Ppm,
    /// Seed of all dice.
    pub(crate) seed: u64,
}

impl CompareOptions {
    /// Says which of the two it is.
    ///
    /// # Errors
    /// Names what is given and does not belong to it.
    pub(crate) fn compared(&self) -> Result<Compared, String> {
        let detectors: Vec<Detector> = self.what.iter().filter_map(|word| Detector::from_str(word, false).ok()).collect();
        match detectors.len() {
            0 => self.setups(),
            some if some == self.what.len() => self.detectors(detectors),
            _ => Err("detectors and protocols have no figure in common: compare either".into()),
        }
    }

    fn detectors(&self, detectors: Vec<Detector>) -> Result<Compared, String> {
        if self.churn.is_some() || self.cut.is_some() || self.latency.is_some() || self.horizon.is_some() {
            return Err("--churn, --cut, --latency and --horizon are for set-ups".into());
        }
        let crash = self.crash.as_deref().unwrap_or("1").parse().ok().filter(|crash| *crash >= 1);
        let crash = crash.ok_or("of detectors --crash is a number of nodes, from 1")?;
        let (nodes, loss, seed) = (self.nodes(64, 3..=1000)?, self.loss, self.seed);
        Ok(Compared::Detectors(DetectorOptions { detectors, crash, nodes, loss, seed }))
    }

    fn setups(&self) -> Result<Compared, String> {
        let setups = self.what.iter().map(|word| word.parse()).collect::<Result<_, String>>()?;
        let (nodes, cut, latency) = (self.nodes(1000, Experiment::NODES)?, self.cut, self.latency);
        let crash = self.crash.as_deref().map(str::parse::<Crash>).transpose()?;
        let horizon = self.horizon.unwrap_or(Experiment::HORIZON);
        let (seed, loss_ppm, Churn(churn_ppm)) = (self.seed, self.loss.0, self.churn.unwrap_or(Churn(0)));
        Ok(Compared::Setups(setups, Experiment { nodes, seed, loss_ppm, crash, churn_ppm, cut, latency, horizon }))
    }

    fn nodes(&self, usual: u32, range: RangeInclusive<u32>) -> Result<u32, String> {
        let nodes = self.nodes.unwrap_or(usual);
        match range.contains(&nodes) {
            true => Ok(nodes),
            false => Err(format!("--nodes is from {} to {}", range.start(), range.end())),
        }
    }
}
