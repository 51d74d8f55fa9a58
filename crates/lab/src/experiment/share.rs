use std::fmt;
use std::str::FromStr;

/// A share in parts per million; written in percent, `20%` or `0.5`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share(pub u32);

impl FromStr for Share {
    type Err = String;

    fn from_str(text: &str) -> Result<Share, String> {
        match text.trim_end_matches('%').parse::<f64>() {
            // Whether it is a number is part of the question.
            Ok(percent) if (0.0..=100.0).contains(&percent) => Ok(Share((percent * 10_000.0).round() as u32)),
            _ => Err("give a percentage between 0 and 100".into()),
        }
    }
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}%", f64::from(self.0) / 10_000.0)
    }
}
