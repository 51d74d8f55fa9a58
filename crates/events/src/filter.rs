use bruit_proto::{Malformed, Reader, Tags, put_bytes, varint_size};
use std::fmt;

/// To whom an event is delivered: to nodes whose name and tags match *all* that is asked; to everybody, if nothing is.
///
/// A term is `key=glob`: `*` stands for any characters, `?` for one; a node without that tag does not match. Names match a
/// glob too. Globs, no regular expressions: every node reads the filter, so it must mean the same in each version of each
/// program, and cost no more than its length times the text's.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Filter {
    node: Option<Box<str>>,
    terms: Vec<(Box<str>, Box<str>)>,
}

/// A glob for names follows the byte that counts the terms.
const NODE: u8 = 0x08;

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
    /// The most bytes of all keys and globs together, that for names included: 128.
    pub const MAX_BYTES: usize = 128;

    /// Everybody.
    pub const fn all() -> Filter {
        Filter { node: None, terms: Vec::new() }
    }

    /// Nodes that match all of these terms, each a tag's key and a glob for its value.
    ///
    /// # Errors
    /// [`BadFilter`] when it is out of its bounds.
    pub fn tags<'a>(terms: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Filter, BadFilter> {
        let terms = terms.into_iter().map(|(key, glob)| (key.into(), glob.into())).collect();
        Filter { node: None, terms }.checked()
    }

    /// Of them, only nodes whose names match this glob.
    ///
    /// # Errors
    /// [`BadFilter`] when it is too long in all.
    pub fn node(self, glob: &str) -> Result<Filter, BadFilter> {
        Filter { node: Some(glob.into()), ..self }.checked()
    }

    fn checked(self) -> Result<Filter, BadFilter> {
        if let Some((key, glob)) = self.terms.iter().find(|x| x.0.is_empty()) {
            return Err(BadFilter::Term(format!("{key}={glob}")));
        }
        if self.terms.len() > Filter::MAX_TERMS {
            return Err(BadFilter::Terms(self.terms.len()));
        }
        if self.bytes() > Filter::MAX_BYTES {
            return Err(BadFilter::Bytes(self.bytes()));
        }
        Ok(self)
    }

    /// As [`tags`](Filter::tags), of terms as an operator writes them: `role=web`, `zone=eu-*`.
    ///
    /// # Errors
    /// [`BadFilter`] when a term has no `=`, or when it is out of its bounds.
    pub fn parse<'a>(terms: impl IntoIterator<Item = &'a str>) -> Result<Filter, BadFilter> {
        let split = |term: &'a str| term.split_once('=').ok_or_else(|| BadFilter::Term(term.into()));
        Filter::tags(terms.into_iter().map(split).collect::<Result<Vec<_>, _>>()?)
    }

    /// Whether a node of this name with these tags is meant.
    pub fn matches(&self, name: &str, tags: &Tags) -> bool {
        let named = self.node.iter().all(|glob| matches(glob.as_bytes(), name.as_bytes()));
        named
            && self.terms.iter().all(|(key, glob)| tags.get(key).is_some_and(|value| matches(glob.as_bytes(), value.as_bytes())))
    }

    /// The glob for names, if there is one.
    pub fn node_glob(&self) -> Option<&str> {
        self.node.as_deref()
    }

    /// The terms, each a key and a glob.
    pub fn terms(&self) -> impl Iterator<Item = (&str, &str)> {
        self.terms.iter().map(|(key, glob)| (&**key, &**glob))
    }

    fn bytes(&self) -> usize {
        let terms = self.terms.iter().map(|(key, glob)| key.len() + glob.len());
        terms.sum::<usize>() + self.node.as_ref().map_or(0, |glob| glob.len())
    }

    /// `flags`: what else is in the first byte, in its upper half.
    pub(crate) fn encode(&self, flags: u8, out: &mut Vec<u8>) {
        out.push(self.terms.len() as u8 | if self.node.is_some() { NODE } else { 0 } | flags);
        self.node.iter().for_each(|glob| put_bytes(out, glob.as_bytes()));
        for (key, glob) in &self.terms {
            put_bytes(out, key.as_bytes());
            put_bytes(out, glob.as_bytes());
        }
    }

    /// The filter, and the upper half of its first byte.
    pub(crate) fn decode(input: &mut Reader<'_>) -> Result<(Filter, u8), Malformed> {
        let first = input.u8()?;
        let count = first & 0x07;
        if usize::from(count) > Filter::MAX_TERMS {
            return Err(Malformed("filter with too many terms"));
        }
        let node = if first & NODE == 0 { None } else { Some(input.text(Filter::MAX_BYTES)?.into()) };
        let mut terms = Vec::new();
        for _ in 0..count {
            terms.push((input.text(Filter::MAX_BYTES)?.into(), input.text(Filter::MAX_BYTES)?.into()));
        }
        let filter = Filter { node, terms }.checked().map_err(|_| Malformed("filter out of its bounds"))?;
        Ok((filter, first & 0xF0))
    }

    pub(crate) fn size(&self) -> usize {
        let bytes = |text: &str| varint_size(text.len() as u64) + text.len();
        let terms = self.terms.iter().map(|(key, glob)| bytes(key) + bytes(glob));
        1 + terms.sum::<usize>() + self.node.as_ref().map_or(0, |glob| bytes(glob))
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
        yes.iter().for_each(|value| assert!(filter.matches("n", &with(value)), "{glob} {value}"));
        no.iter().for_each(|value| assert!(!filter.matches("n", &with(value)), "{glob} {value}"));
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
        let matches = |terms: &[&str]| Filter::parse(terms.iter().copied()).unwrap().matches("n1", &tags);
        assert!(matches(&[]));
        assert!(matches(&["role=web", "zone=eu-*"]));
        assert!(!matches(&["role=web", "zone=us-*"]));
        assert!(!matches(&["rack=*"]));
    }

    #[test]
    fn names_match_beside_tags() {
        let tags: Tags = [("role", "web")].into_iter().collect();
        let filter = Filter::parse(["role=web"]).unwrap().node("n1*").unwrap();
        assert!(filter.matches("n1", &tags) && filter.matches("n12", &tags));
        assert!(!filter.matches("n2", &tags) && !filter.matches("n1", &Tags::default()));
        assert_eq!(Filter::all().node(&"n".repeat(129)), Err(BadFilter::Bytes(129)));
    }

    #[test]
    fn bounds_are_the_callers_error() {
        assert_eq!(Filter::parse(["role"]), Err(BadFilter::Term("role".into())));
        assert_eq!(Filter::parse(["=x"]), Err(BadFilter::Term("=x".into())));
        assert_eq!(Filter::parse(["a=b"; 5]), Err(BadFilter::Terms(5)));
        assert_eq!(Filter::tags([("k", &*"v".repeat(128))]), Err(BadFilter::Bytes(129)));
    }
}
