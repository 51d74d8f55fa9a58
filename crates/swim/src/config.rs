use std::time::Duration;

/// Which rules: ours, or memberlist's where they differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Dialect {
    #[default]
    Native,
    Memberlist,
}

/// For which network the defaults are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Profile {
    #[default]
    Lan,
    Wan,
    Local,
}

/// The settings of SWIM.
#[derive(Clone, Debug)]
pub struct Config {
    pub dialect: Dialect,
    pub probe_every: Duration,
}

impl Config {
    /// The defaults of a profile.
    pub fn of(profile: Profile) -> Config {
        Config { dialect: Dialect::Native, probe_every: Duration::from_secs(1) }
    }
}
