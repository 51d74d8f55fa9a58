use crate::value::{Key, Value};
use bruit_proto::{Duration, PeerId, Time};
use std::collections::BTreeMap;
use std::fmt;

/// What values a key may take. What breaks it is refused where it is set, and dropped where it is received.
#[derive(Clone, Debug, PartialEq)]
pub enum Schema {
    /// A number.
    F64 {
        /// The least.
        min: f64,
        /// The greatest.
        max: f64,
        /// How far it may move in a second.
        max_change_per_s: Option<f64>,
    },
    /// A whole number.
    Int {
        /// The least.
        min: i64,
        /// The greatest.
        max: i64,
        /// How far it may move in a second.
        max_change_per_s: Option<f64>,
    },
    /// Text.
    Text {
        /// The most bytes of UTF-8.
        max: usize,
    },
    /// One of these.
    Enum(Vec<String>),
}

/// What is wrong with a value.
#[derive(Clone, Debug, PartialEq)]
pub enum Breach {
    /// Not of the schema's type, or not finite.
    Type(&'static str),
    /// Outside of its bounds.
    Range(String),
    /// None of those that there are.
    Unknown(String),
    /// Further from the last one than it may move in that time.
    Change {
        /// How far it moved.
        by: f64,
        /// How far it may.
        most: f64,
    },
}

impl fmt::Display for Breach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Breach::Type(kind) => write!(f, "is not {kind}"),
            Breach::Range(bounds) => write!(f, "is outside of {bounds}"),
            Breach::Unknown(known) => write!(f, "is none of {known}"),
            Breach::Change { by, most } => write!(f, "moves by {by}, {most} is the most since the last"),
        }
    }
}

impl Schema {
    /// Checks a value by itself; a number comes back.
    ///
    /// # Errors
    /// [`Breach`] says what is wrong with it.
    pub fn check(&self, value: &str) -> Result<Option<f64>, Breach> {
        match self {
            Schema::F64 { min, max, .. } => {
                let number = value.parse::<f64>().ok().filter(|x| x.is_finite()).ok_or(Breach::Type("a number"))?;
                let inside = (*min..=*max).contains(&number);
                if inside { Ok(Some(number)) } else { Err(Breach::Range(format!("{min} to {max}"))) }
            }
            Schema::Int { min, max, .. } => {
                let number = value.parse::<i64>().map_err(|_| Breach::Type("a whole number"))?;
                let inside = (*min..=*max).contains(&number);
                if inside { Ok(Some(number as f64)) } else { Err(Breach::Range(format!("{min} to {max}"))) }
            }
            Schema::Text { max } if value.len() > *max => Err(Breach::Range(format!("0 to {max} bytes"))),
            Schema::Text { .. } => Ok(None),
            Schema::Enum(known) if known.iter().any(|one| one == value) => Ok(None),
            Schema::Enum(known) => Err(Breach::Unknown(known.join(", "))),
        }
    }

    fn rate(&self) -> Option<f64> {
        match self {
            Schema::F64 { max_change_per_s, .. } | Schema::Int { max_change_per_s, .. } => *max_change_per_s,
            Schema::Text { .. } | Schema::Enum(_) => None,
        }
    }
}

/// The schemas of a node, what numbers moved last, and who broke what.
#[derive(Debug)]
pub(crate) struct Guard {
    schemas: BTreeMap<Key, Schema>,
    last: BTreeMap<(PeerId, Key), (f64, Time)>,
    refused: BTreeMap<(PeerId, Key), u64>,
    /// Refusals that found the table full.
    beyond: u64,
}

/// How much longer a receiver lets a number move than it waited for it: news may have been on its way for five rounds.
const LATE: Duration = Duration::from_secs(5);
/// Node and key of refusals counted by name: 256, after which they are counted together.
const MAX_NAMED: usize = 256;

impl Guard {
    pub(crate) fn new(schemas: BTreeMap<Key, Schema>) -> Guard {
        Guard { schemas, last: BTreeMap::new(), refused: BTreeMap::new(), beyond: 0 }
    }

    /// Others hold from now on; what numbers moved stays.
    pub(crate) fn replace(&mut self, schemas: BTreeMap<Key, Schema>) {
        self.last.retain(|(_, key), _| schemas.contains_key(key));
        self.schemas = schemas;
    }

    /// Whether a node may set this now. Of itself, `own`, a node knows when it was; of others when it came here.
    pub(crate) fn check(&mut self, node: PeerId, key: &Key, value: &Value, now: Time, own: bool) -> Result<(), Breach> {
        let Some(schema) = self.schemas.get(key) else { return Ok(()) };
        let number = schema.check(&value.value)?;
        let (Some(number), Some(rate)) = (number, schema.rate()) else { return Ok(()) };
        let at = (node, key.clone());
        if let Some((last, when)) = self.last.get(&at) {
            let since = now.since(*when) + if own { Duration::ZERO } else { LATE };
            let (by, most) = ((number - last).abs(), rate * since.as_micros() as f64 / 1e6);
            if by > most {
                return Err(Breach::Change { by, most });
            }
        }
        self.last.insert(at, (number, now));
        Ok(())
    }

    /// As [`check`](Guard::check), for what others say: counted and named if it breaks its schema.
    pub(crate) fn admits(&mut self, node: PeerId, key: &Key, value: &Value, now: Time) -> bool {
        let fine = self.check(node, key, value, now, false).is_ok();
        if !fine {
            self.count(node, key);
        }
        fine
    }

    pub(crate) fn count(&mut self, node: PeerId, key: &Key) {
        let at = (node, key.clone());
        if self.refused.len() < MAX_NAMED || self.refused.contains_key(&at) {
            *self.refused.entry(at).or_default() += 1;
        } else {
            self.beyond += 1;
        }
    }

    /// A node is gone, or begins again: its numbers may begin anywhere.
    pub(crate) fn forget(&mut self, node: PeerId) {
        self.last.retain(|(owner, _), _| *owner != node);
    }

    pub(crate) fn refused(&self) -> impl Iterator<Item = (PeerId, &Key, u64)> {
        self.refused.iter().map(|((node, key), count)| (*node, key, *count))
    }

    pub(crate) fn beyond(&self) -> u64 {
        self.beyond
    }

    /// How many numbers and refusals are kept.
    pub(crate) fn len(&self) -> usize {
        self.last.len() + self.refused.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load() -> Schema {
        Schema::F64 { min: 0.0, max: 100.0, max_change_per_s: Some(50.0) }
    }

    fn check(schema: &Schema, value: &str, fine: bool) {
        assert_eq!(schema.check(value).is_ok(), fine, "{schema:?} of {value:?}");
    }

    #[test]
    fn each_type_has_its_bounds() {
        let load = load();
        [("0", true), ("99.5", true), ("100.1", false), ("-1", false), ("NaN", false), ("inf", false), ("", false)]
            .into_iter()
            .for_each(|(value, fine)| check(&load, value, fine));
        let int = Schema::Int { min: 1, max: 5, max_change_per_s: None };
        [("1", true), ("5", true), ("0", false), ("2.5", false), ("9223372036854775808", false)]
            .into_iter()
            .for_each(|(value, fine)| check(&int, value, fine));
        let text = Schema::Text { max: 3 };
        [("", true), ("abc", true), ("abcd", false)].into_iter().for_each(|(value, fine)| check(&text, value, fine));
        let modes = Schema::Enum(vec!["on".into(), "off".into()]);
        [("on", true), ("On", false), ("", false)].into_iter().for_each(|(value, fine)| check(&modes, value, fine));
    }

    #[test]
    fn a_number_moves_no_faster_than_it_may() {
        let key = Key::own("load");
        let mut guard = Guard::new(BTreeMap::from([(key.clone(), load())]));
        let mut check = |value: &str, millis: u64, own: bool| {
            let value = Value { value: value.into(), version: 1, stamp: None };
            let node = PeerId(if own { 1 } else { 2 });
            guard.check(node, &key, &value, Time(millis * 1000), own)
        };
        assert_eq!(check("0", 0, true), Ok(()));
        assert_eq!(check("51", 1000, true), Err(Breach::Change { by: 51.0, most: 50.0 }));
        assert_eq!(check("49", 1000, true), Ok(()));
        assert_eq!(check("99", 2000, true), Ok(()));
        // From others, at the latest five seconds after it was set.
        assert_eq!(check("0", 0, false), Ok(()));
        assert_eq!(check("100", 10, false), Ok(()));
    }

    #[test]
    fn refusals_are_named_within_a_bound() {
        let mut guard = Guard::new(BTreeMap::new());
        (0..2).for_each(|_| guard.count(PeerId(1), &Key::own("load")));
        (0..400).for_each(|node| guard.count(PeerId(node), &Key::own("load")));
        assert_eq!(guard.refused().map(|x| x.2).max(), Some(3));
        assert_eq!((guard.len(), guard.beyond()), (MAX_NAMED, 400 - 256));
    }
}
