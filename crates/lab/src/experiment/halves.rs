use std::fmt;
use std::str::FromStr;

/// Nothing passes between the lower and the upper half: `3..8` in the cycles 3 to 7.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Halves {
    /// The first cycle of the cut, from 1.
    pub from: u64,
    /// The first cycle without it.
    pub to: u64,
}

impl FromStr for Halves {
    type Err = String;

    fn from_str(text: &str) -> Result<Halves, String> {
        let ends = text.split_once("..").and_then(|(from, to)| Some((from.parse().ok()?, to.parse().ok()?)));
        match ends {
            Some((from, to)) if from >= 1 && from < to => Ok(Halves { from, to }),
            _ => Err("give the first cycle of the cut, from 1, and the first after it, as 3..8".into()),
        }
    }
}

impl fmt::Display for Halves {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}..{}", self.from, self.to)
    }
}
