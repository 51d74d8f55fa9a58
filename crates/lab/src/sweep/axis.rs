use std::str::FromStr;

/// A list of values of a setting, of the set-up or of the world: `loss=0,5,10`, or `k=1..5`, both ends included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Axis {
    /// Which setting.
    pub key: String,
    /// Its values, in order; at least one.
    pub values: Vec<String>,
}

impl FromStr for Axis {
    type Err = String;

    fn from_str(text: &str) -> Result<Axis, String> {
        let wrong = || format!("{text}: give a setting and its values, as k=1,2 or k=1..5");
        let (key, values) = text.split_once('=').ok_or_else(wrong)?;
        let mut list = Vec::new();
        for value in values.split(',') {
            match range(key, value) {
                Some((from, to)) if to.saturating_sub(from) < super::Sweep::MOST => {
                    list.extend((from..=to).map(|value| value.to_string()));
                }
                Some(_) => return Err(wrong()),
                None => list.push(value.to_owned()),
            }
        }
        if key.is_empty() || list.is_empty() || list.iter().any(String::is_empty) {
            return Err(wrong());
        }
        Ok(Axis { key: key.to_owned(), values: list })
    }
}

/// The ends of a range of values. A cut or a latency is written as one, and is a single value.
fn range(key: &str, value: &str) -> Option<(u64, u64)> {
    let (from, to) = value.split_once("..").filter(|_| !["cut", "latency"].contains(&key))?;
    Some((from.parse().ok()?, to.parse().ok()?))
}
