//! What is wrong with a setting, shown where it stands.

use std::fmt;

/// A near miss is at most so many letters away.
const NEAR: usize = 2;

/// One mistake.
#[derive(Clone, Debug)]
pub(crate) struct Fault {
    pub(crate) message: String,
    pub(crate) at: At,
    pub(crate) help: Option<String>,
}

/// What to point at.
#[derive(Clone, Debug)]
pub(crate) enum At {
    /// A flag or a variable, as it was given.
    Word(String),
    /// A whole file.
    File(String),
    /// A place in a file; line and column count from 1, the width is in characters.
    Place { path: String, line: usize, column: usize, width: usize, text: String },
}

impl At {
    /// The place of a span of bytes in a file's text.
    pub(super) fn span(path: &str, all: &str, span: std::ops::Range<usize>) -> At {
        let start = floor(all, span.start.min(all.len()));
        let begin = all[..start].rfind('\n').map_or(0, |i| i + 1);
        let text = all[begin..].lines().next().unwrap_or_default();
        let end = floor(all, span.end.clamp(start, begin + text.len().max(start - begin)));
        At::Place {
            path: path.into(),
            line: all[..begin].matches('\n').count() + 1,
            column: all[begin..start].chars().count() + 1,
            width: all[start..end].chars().count().max(1),
            text: text.into(),
        }
    }

    pub(super) fn line(&self) -> usize {
        if let At::Place { line, .. } = self { *line } else { 0 }
    }
}

fn floor(text: &str, mut i: usize) -> usize {
    while !text.is_char_boundary(i) {
        i -= 1;
    }
    i
}

impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            At::Word(word) | At::File(word) => f.write_str(word),
            At::Place { path, line, column, .. } => write!(f, "{path}:{line}:{column}"),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let margin = if let At::Place { line, .. } = &self.at { line.to_string().len() } else { 1 };
        writeln!(f, "error: {}", self.message)?;
        writeln!(f, "{:margin$}--> {}", "", self.at)?;
        if let At::Place { line, column, width, text, .. } = &self.at {
            writeln!(f, "{:margin$} |", "")?;
            writeln!(f, "{line} | {text}")?;
            writeln!(f, "{:margin$} | {:skip$}{}", "", "", "^".repeat(*width), skip = column - 1)?;
        }
        match &self.help {
            Some(help) => writeln!(f, "{:margin$} = help: {help}", ""),
            None => Ok(()),
        }
    }
}

/// All that was found.
#[derive(Debug, Default)]
pub(crate) struct Faults(Vec<Fault>);

impl Faults {
    pub(crate) fn add(&mut self, fault: Fault) {
        self.0.push(fault);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Fault> {
        self.0.iter()
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|fault| writeln!(f, "{fault}"))?;
        let s = if self.0.len() == 1 { "" } else { "s" };
        write!(f, "{} fault{s} in the settings", self.0.len())
    }
}

/// The candidate that was most likely meant.
pub(super) fn nearest<'a>(word: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    candidates.map(|c| (distance(word, c), c)).filter(|x| x.0 <= NEAR && x.0 < x.1.len()).min().map(|x| x.1)
}

/// Letters to insert, remove, replace or swap with the next one (optimal string alignment).
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut rows: Vec<Vec<usize>> = vec![(0..=b.len()).collect()];
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let same = usize::from(a[i - 1] != b[j - 1]);
            let mut best = (rows[i - 1][j] + 1).min(row[j - 1] + 1).min(rows[i - 1][j - 1] + same);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            row.push(best);
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_misses_are_found() {
        let keys = ["node", "join", "advertise"];
        assert_eq!(nearest("nodee", keys.into_iter()), Some("node"));
        assert_eq!(nearest("jion", keys.into_iter()), Some("join"));
        assert_eq!(nearest("advertize", keys.into_iter()), Some("advertise"));
        assert_eq!(nearest("service_host", keys.into_iter()), None);
    }

    #[test]
    fn a_place_has_its_caret() {
        let text = "a = 1\né = [\n";
        let at = At::span("x.toml", text, 6..8);
        let fault = Fault { message: "m".into(), at, help: Some("h".into()) };
        assert_eq!(fault.to_string(), "error: m\n --> x.toml:2:1\n  |\n2 | é = [\n  | ^\n  = help: h\n");
        for i in 0..=text.len() + 2 {
            for j in 0..=text.len() + 2 {
                let _ = Fault { message: String::new(), at: At::span("x", text, i..j.max(i)), help: None }.to_string();
            }
        }
    }
}
