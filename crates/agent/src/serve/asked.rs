//! A run as an address asks for it: the settings of `bruit lab run`, by the same names.

use crate::agent::Problem;
use crate::cli::{Ppm, percent};
use bruit_lab::experiment::{Churn, Experiment, Latency, Setup};
use serde::Deserialize;
use std::fmt::Display;
use std::ops::RangeInclusive;
use std::str::FromStr;

/// Nodes that a page can hold.
const NODES: RangeInclusive<u32> = 2..=100_000;
/// Cycles that a page can hold.
const HORIZON: RangeInclusive<u64> = 1..=1_000;
/// Packets that are sent at once at most, of perhaps a hundred bytes.
const PACKETS: u64 = 2_000_000;

/// What is asked for, as it is written. What is not is as `bruit lab run` has it.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Asked {
    setup: Option<String>,
    nodes: Option<String>,
    seed: Option<String>,
    loss: Option<String>,
    latency: Option<String>,
    crash: Option<String>,
    churn: Option<String>,
    cut: Option<String>,
    horizon: Option<String>,
}

/// What is to be run.
#[derive(Debug)]
pub(super) struct Wanted {
    pub(super) setup: Setup,
    pub(super) experiment: Experiment,
}

impl Asked {
    /// Reads it.
    ///
    /// # Errors
    /// Names the setting that cannot be read or is out of its bounds. Whether the set-up is one that can be run, the lab
    /// says.
    pub(super) fn read(&self) -> Result<Wanted, Problem> {
        let setup: Setup = read("setup", &self.setup)?.unwrap_or_else(|| Setup::new("rumor"));
        let loss = self.loss.as_deref().map_or(Ok(Ppm(0)), percent).map_err(|why| named("loss", why))?;
        let latency: Latency = read("latency", &self.latency)?.unwrap_or_default();
        let Churn(churn_ppm) = read("churn", &self.churn)?.unwrap_or(Churn(0));
        let experiment = Experiment {
            nodes: within("nodes", read("nodes", &self.nodes)?.unwrap_or(1000), NODES)?,
            seed: read("seed", &self.seed)?.unwrap_or(1),
            loss_ppm: loss.0,
            crash: read("crash", &self.crash)?,
            churn_ppm,
            cut: read("cut", &self.cut)?,
            latency: Some(latency),
            horizon: within("horizon", read("horizon", &self.horizon)?.unwrap_or(*HORIZON.end()), HORIZON)?,
        };
        for (key, value) in setup.settings().filter(|(key, _)| ["contacts", "copies"].contains(key)) {
            if value.parse::<u64>().is_ok_and(|of_each| of_each.saturating_mul(experiment.nodes.into()) > PACKETS) {
                return Err(named(key, format!("at most {} with so many nodes", PACKETS / u64::from(experiment.nodes))));
            }
        }
        Ok(Wanted { setup, experiment })
    }
}

fn named(setting: &str, why: impl Display) -> Problem {
    Problem::bad(format!("{setting}: {why}"))
}

fn read<T: FromStr<Err: Display>>(setting: &str, text: &Option<String>) -> Result<Option<T>, Problem> {
    text.as_deref().map(str::parse).transpose().map_err(|why| named(setting, why))
}

fn within<T: PartialOrd + Display>(setting: &str, value: T, bounds: RangeInclusive<T>) -> Result<T, Problem> {
    let wrong = || named(setting, format!("from {} to {}", bounds.start(), bounds.end()));
    if bounds.contains(&value) { Ok(value) } else { Err(wrong()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(query: &str) -> Result<Wanted, String> {
        let asked: Asked = serde_urlencoded(query)?;
        asked.read().map_err(|problem| problem.detail().to_owned())
    }

    /// As the server reads it.
    fn serde_urlencoded(query: &str) -> Result<Asked, String> {
        let uri = format!("/?{query}").parse().expect("an address");
        axum::extract::Query::try_from_uri(&uri).map(|query| query.0).map_err(|e| e.body_text())
    }

    #[test]
    fn an_address_is_a_run() {
        let text =
            "setup=rumor:exchange=push-pull,k=2&nodes=500&seed=9&loss=5%25&latency=20ms..80ms&crash=20%25@5&churn=1%25&cut=3..8";
        let Wanted { setup, experiment, .. } = asked(text).expect("in its bounds");
        assert_eq!(
            experiment.command(&setup),
            "bruit lab run rumor:exchange=push-pull,k=2 --nodes 500 --loss 5% --crash 20%@5 --churn 1% --cut 3..8 \
             --latency 20ms..80ms --horizon 1000 --seed 9"
        );
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (query, why) in [
            ("nodes=100001", "nodes: from 2 to 100000"),
            ("nodes=x", "nodes: invalid digit found in string"),
            ("loss=200", "loss: give a percentage between 0 and 100"),
            ("latency=1", "latency: give 50ms"),
            ("churn=11", "churn: give the percentage of nodes that leave in each cycle"),
            ("cut=8..3", "cut: give the first cycle"),
            ("crash=x", "crash: give a share and a cycle"),
            ("setup=rumor:k", "setup: k: give key=value"),
            ("setup=rumor:contacts=64&nodes=100000", "contacts: at most 20 with so many nodes"),
            ("horizon=0", "horizon: from 1 to 1000"),
            ("node=3", "Failed to deserialize query string: node: unknown field `node`"),
        ] {
            let told = asked(query).expect_err("it is wrong");
            assert!(told.starts_with(why), "{query}: {told}");
        }
    }
}
