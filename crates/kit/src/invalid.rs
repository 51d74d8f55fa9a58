use std::fmt;

/// The caller's mistake: a setting is out of its bounds. Says which, and what they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Invalid(pub &'static str);

impl Invalid {
    /// Names a bound unless it is kept.
    ///
    /// # Errors
    /// If it is not.
    pub fn unless(kept: bool, what: &'static str) -> Result<(), Invalid> {
        if kept { Ok(()) } else { Err(Invalid(what)) }
    }
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for Invalid {}
