use bruit_proto::{Malformed, Reader, Tags, put_bytes, varint_size};
use std::fmt;

/// To whom an event is delivered: to nodes whose tags match *all* terms; to everybody, if there are none.
///
/// A term is `key=glob`: `*` stands for any characters, `?` for one; a node without that tag does not match.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Filter(Vec<(Box<str>, Box<str>)>);

/// The caller's mistake: no filter can be made of this.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BadFilter {
    /// A term reads `key=glob`.
    Term(String),
    /// More than [`Filter::MAX_TERMS`] terms.
    Terms(usize),
    /// More than [`Filter::MAX_BYTES`] bytes in all keys and globs.
    Bytes(usize),
}

impl fmt::Display for BadFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BadFilter::Term(term) => write!(f, "filter {term:?} does not read key=glob"),
            BadFilter::Terms(n) => write!(f, "filter of {n} terms; give at most {}", Filter::MAX_TERMS),
            BadFilter::Bytes(n) => write!(f, "filter of {n} bytes; shorten it to {}", Filter::MAX_BYTES),
        }
    }
}

impl std::error::Error for BadFilter {}

impl Filter {
    /// The most terms: 4.
    pub const MAX_TERMS: usize = 4;
    /// The most bytes of all keys and globs together: 128.
    pub const MAX_BYTES: usize = 128;

    /// Everybody.
    pub const fn all() -> Filter {
        Filter(Vec::new())
    }

    /// Nodes that match all of these terms, each a tag's key and a glob for its value.
    ///
    /// # Errors
    /// [`BadFilter`] when it is out of its bounds.
    pub fn tags<'a>(terms: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Filter, BadFilter> {
        let filter = Filter(terms.into_iter().map(|(key, glob)| (key.into(), glob.into())).collect());
        if let Some((key, glob)) = filter.0.iter().find(|x| x.0.is_empty()) {
            return Err(BadFilter::Term(format!("{key}={glob}")));
        }
        if filter.0.len() > Filter::MAX_TERMS {
            return Err(BadFilter::Terms(filter.0.len()));
        }
        if filter.bytes() > Filter::MAX_BYTES {
            return Err(BadFilter::Bytes(filter.bytes()));
        }
        Ok(filter)
    }

    /// As [`tags`](Filter::tags), of terms as an operator writes them: `role=web`, `zone=eu-*`.
    ///
    /// # Errors
    /// [`BadFilter`] when a term has no `=`, or when it is out of its bounds.
    pub fn parse<'a>(terms: impl IntoIterator<Item = &'a str>) -> Result<Filter, BadFilter> {
        let split = |term: &'a str| term.split_once('=').ok_or_else(|| BadFilter::Term(term.into()));
        Filter::tags(terms.into_iter().map(split).collect::<Result<Vec<_>, _>>()?)
    }

    /// Whether a node with these tags is meant.
    pub fn matches(&self, tags: &Tags) -> bool {
        self.0.iter().all(|(key, glob)| tags.get(key).is_some_and(|value| matches(glob.as_bytes(), value.as_bytes())))
    }

    /// The terms, each a key and a glob.
    pub fn terms(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(key, glob)| (&**key, &**glob))
    }

    fn bytes(&self) -> usize {
        self.0.iter().map(|(key, glob)| key.len() + glob.len()).sum()
    }

    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        out.push(self.0.len() as u8);
        for (key, glob) in &self.0 {
            put_bytes(out, key.as_bytes());
            put_bytes(out, glob.as_bytes());
        }
    }

    pub(crate) fn decode(input: &mut Reader<'_>) -> Result<Filter, Malformed> {
        let count = input.u8()?;
        if usize::from(count) > Filter::MAX_TERMS {
            return Err(Malformed("filter with too many terms"));
        }
        let mut terms = Vec::new();
        for _ in 0..count {
            terms.push((input.text(Filter::MAX_BYTES)?, input.text(Filter::MAX_BYTES)?));
        }
        Filter::tags(terms).map_err(|_| Malformed("filter out of its bounds"))
    }

    pub(crate) fn size(&self) -> usize {
        let bytes = |text: &str| varint_size(text.len() as u64) + text.len();
        1 + self.0.iter().map(|(key, glob)| bytes(key) + bytes(glob)).sum::<usize>()
    }
}

/// Glob matching by backing up to the last star only: at most |glob| x |text| steps, 128 x 512 by the bounds.
///
/// `?` stands for one character of UTF-8, hence for a lead byte and what continues it.
fn matches(glob: &[u8], text: &[u8]) -> bool {
    let (mut g, mut t) = (0, 0);
    let mut star = None;
    while t < text.len() {
        match glob.get(g) {
            Some(b'*') => {
                star = Some((g, t));
                g += 1;
            }
            Some(b'?') => {
                g += 1;
                t = after(text, t);
            }
            Some(byte) if *byte == text[t] => {
                g += 1;
                t += 1;
            }
            _ => {
                let Some((at, from)) = star else { return false };
                let from = after(text, from);
                star = Some((at, from));
                g = at + 1;
                t = from;
            }
        }
    }
    glob[g..].iter().all(|byte| *byte == b'*')
}

/// Where the character after the one at `i` begins.
fn after(text: &[u8], i: usize) -> usize {
    text[i + 1..].iter().position(|b| b & 0xC0 != 0x80).map_or(text.len(), |n| i + 1 + n)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(glob: &str, yes: &[&str], no: &[&str]) {
        let filter = Filter::tags([("k", glob)]).unwrap();
        let with = |value: &str| [("k", value)].into_iter().collect::<Tags>();
        yes.iter().for_each(|value| assert!(filter.matches(&with(value)), "{glob} {value}"));
        no.iter().for_each(|value| assert!(!filter.matches(&with(value)), "{glob} {value}"));
    }

    #[test]
    fn globs() {
        check("web", &["web"], &["", "we", "webs", "xweb"]);
        check("", &[""], &["x"]);
        check("*", &["", "anything"], &[]);
        check("eu-*", &["eu-", "eu-west"], &["eu", "us-eu-"]);
        check("*-1", &["a-1", "-1-1", "-1"], &["a-12", "1"]);
        check("a*b*c", &["abc", "a__b__b_c"], &["ac", "abcd", "acb"]);
        check("?", &["x", "é"], &["", "xy"]);
        check("*?é", &["xé", "ééé"], &["é", "xe"]);
        check(&"*a".repeat(40), &[&"a".repeat(40)], &[&"ab".repeat(100)]);
    }

    #[test]
    fn all_terms_must_match() {
        let tags: Tags = [("role", "web"), ("zone", "eu-1")].into_iter().collect();
        let matches = |terms: &[&str]| Filter::parse(terms.iter().copied()).unwrap().matches(&tags);
        assert!(matches(&[]));
        assert!(matches(&["role=web", "zone=eu-*"]));
        assert!(!matches(&["role=web", "zone=us-*"]));
        assert!(!matches(&["rack=*"]));
    }

    #[test]
    fn bounds_are_the_callers_error() {
        assert_eq!(Filter::parse(["role"]), Err(BadFilter::Term("role".into())));
        assert_eq!(Filter::parse(["=x"]), Err(BadFilter::Term("=x".into())));
        assert_eq!(Filter::parse(["a=b"; 5]), Err(BadFilter::Terms(5)));
        assert_eq!(Filter::tags([("k", &*"v".repeat(128))]), Err(BadFilter::Bytes(129)));
    }
}
