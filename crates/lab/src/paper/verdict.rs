use crate::plot::{Picture, Plot, Row};
use serde::Serialize;

/// What was seen of a claim.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Seen {
    /// A figure, in the unit that the claim names.
    Figure(f64),
    /// Words, to be compared letter by letter.
    Words(String),
}

/// What must be seen for a claim to hold.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Bound {
    /// A figure from the least to the greatest of these, both included; `null` in JSON if there is no greatest.
    Range([f64; 2]),
    /// These words.
    Words(String),
}

/// One claim of a paper, and what we see of it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Verdict {
    /// What is claimed, with its unit.
    pub claim: String,
    /// What was seen.
    pub seen: Seen,
    /// What must be seen.
    pub bound: Bound,
    /// Whether it was.
    pub ok: bool,
}

impl Verdict {
    /// A figure that must lie in `low..=high`. What is no number lies nowhere.
    pub fn range(claim: impl Into<String>, seen: f64, low: f64, high: f64) -> Verdict {
        let ok = (low..=high).contains(&seen);
        Verdict { claim: claim.into(), seen: Seen::Figure(seen), bound: Bound::Range([low, high]), ok }
    }

    /// A figure that must lie within a part of what was published: `within` 0.3 is 30 percent.
    pub fn near(claim: impl Into<String>, seen: f64, published: f64, within: f64) -> Verdict {
        Verdict::range(claim, seen, published * (1.0 - within), published * (1.0 + within))
    }

    /// How often something of probability `p` happened in `n` trials, as a share: within four standard errors, which a
    /// sound implementation misses once in 16,000 times.
    pub fn share(claim: impl Into<String>, seen: u32, n: u32, p: f64) -> Verdict {
        let n = f64::from(n);
        let error = 4.0 * (p * (1.0 - p) / n).sqrt();
        Verdict::range(claim, f64::from(seen) / n, p - error, p + error)
    }

    /// As a picture has it. Words have no place on a scale.
    fn row(&self) -> Row {
        let figures = match (&self.seen, &self.bound) {
            (Seen::Figure(seen), Bound::Range(bound)) => Some((*seen, *bound)),
            _ => None,
        };
        Row { claim: self.claim.clone(), figures, ok: self.ok }
    }

    /// Words that must be those that were published.
    pub fn words(claim: impl Into<String>, seen: impl Into<String>, published: &str) -> Verdict {
        let seen = seen.into();
        let ok = seen == published;
        Verdict { claim: claim.into(), seen: Seen::Words(seen), bound: Bound::Words(published.into()), ok }
    }
}

/// All that we see of a paper.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Paper {
    /// Where the claims are from.
    pub source: &'static str,
    /// Claim by claim.
    pub verdicts: Vec<Verdict>,
    /// A drawing in characters, line by line.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub drawing: Vec<String>,
    /// What whoever compares should know.
    pub notes: Vec<String>,
    /// Curves of what was seen, beside what was published.
    #[serde(skip)]
    pub plots: Vec<Plot>,
}

impl Paper {
    /// Whether every claim was seen.
    pub fn holds(&self) -> bool {
        !self.verdicts.is_empty() && self.verdicts.iter().all(|verdict| verdict.ok)
    }

    /// Its curves, and each claim in its bound.
    pub fn picture(&self, title: &str, command: &str) -> Picture {
        Picture {
            title: title.into(),
            source: self.source.into(),
            command: command.into(),
            plots: self.plots.clone(),
            rows: self.verdicts.iter().map(Verdict::row).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verdict_is_ok_up_to_its_bound_and_no_further() {
        assert!(Verdict::range("a", 2.0, 1.0, 2.0).ok && !Verdict::range("a", 2.1, 1.0, 2.0).ok);
        assert!(!Verdict::range("a", f64::NAN, 1.0, 2.0).ok);
        assert!(Verdict::near("a", 0.77, 1.0, 0.3 - 1e-9).ok && !Verdict::near("a", 0.69, 1.0, 0.3).ok);
        // One in four, of 10,000: a standard error is 0.00433.
        assert!(Verdict::share("a", 2_673, 10_000, 0.25).ok && !Verdict::share("a", 2_674, 10_000, 0.25).ok);
        // What is certain has no error.
        assert!(Verdict::share("a", 9, 9, 1.0).ok && !Verdict::share("a", 8, 9, 1.0).ok);
        assert!(Verdict::words("a", "b", "b").ok && !Verdict::words("a", "b", "B").ok);
    }

    #[test]
    fn a_paper_holds_if_there_are_claims_and_each_does() {
        let mut paper = Paper::default();
        assert!(!paper.holds());
        paper.verdicts.push(Verdict::words("a", "b", "b"));
        assert!(paper.holds());
        paper.verdicts.push(Verdict::words("a", "b", "c"));
        assert!(!paper.holds());
    }
}
