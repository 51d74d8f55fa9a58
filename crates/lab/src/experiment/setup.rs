use crate::cycles::CYCLE;
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// A subject and its settings as they are written: `rumor:exchange=pull,k=2`. Keys come in their order, each once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setup {
    /// Which subject.
    pub name: String,
    settings: BTreeMap<String, String>,
}

impl Setup {
    /// A subject with its usual settings.
    pub fn new(name: &str) -> Setup {
        Setup { name: name.to_owned(), settings: BTreeMap::new() }
    }

    /// Sets one.
    ///
    /// # Errors
    /// If it is set already.
    pub fn set(&mut self, key: &str, value: &str) -> Result<(), String> {
        match self.settings.insert(key.to_owned(), value.to_owned()) {
            None => Ok(()),
            Some(_) => Err(format!("{key} is set twice")),
        }
    }

    /// Keys and values.
    pub fn settings(&self) -> impl Iterator<Item = (&str, &str)> {
        self.settings.iter().map(|(key, value)| (key.as_str(), value.as_str()))
    }

    /// Takes a setting out, read as what it is.
    ///
    /// # Errors
    /// If it cannot be read.
    pub(super) fn take<T: FromStr>(&mut self, key: &str) -> Result<Option<T>, String> {
        let Some(text) = self.settings.remove(key) else { return Ok(None) };
        text.parse().map(Some).map_err(|_| format!("{key} cannot be {text}"))
    }

    /// Takes a setting out that is a period in cycles; none if it is not set, or set to `none`.
    ///
    /// # Errors
    /// If it cannot be read or is out of its bounds.
    pub(super) fn period(&mut self, key: &str) -> Result<Option<Duration>, String> {
        const MOST: u32 = 1_000_000;
        let wrong = || format!("{key} is from 1 to {MOST} cycles, or none");
        let text: Option<String> = self.take(key)?.filter(|text| text != "none");
        let cycles = |text: String| text.parse().ok().filter(|cycles| (1..=MOST).contains(cycles)).ok_or_else(wrong);
        Ok(text.map(cycles).transpose()?.map(|cycles| CYCLE * cycles))
    }

    /// All must have been taken.
    ///
    /// # Errors
    /// Names the first that was not.
    pub(super) fn finish(self) -> Result<(), String> {
        match self.settings.keys().next() {
            None => Ok(()),
            Some(key) => Err(format!("{} has no setting {key}", self.name)),
        }
    }
}

impl FromStr for Setup {
    type Err = String;

    fn from_str(text: &str) -> Result<Setup, String> {
        let (name, settings) = text.split_once(':').unwrap_or((text, ""));
        let mut setup = Setup::new(name);
        for setting in settings.split(',').filter(|setting| !setting.is_empty()) {
            let (key, value) = setting.split_once('=').ok_or_else(|| format!("{setting}: give key=value"))?;
            setup.set(key, value)?;
        }
        Ok(setup)
    }
}

impl fmt::Display for Setup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        for (i, (key, value)) in self.settings().enumerate() {
            write!(f, "{}{key}={value}", if i == 0 { ':' } else { ',' })?;
        }
        Ok(())
    }
}
