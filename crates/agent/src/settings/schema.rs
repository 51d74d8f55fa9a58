//! `[state.schema.KEY]`: what values a key of endpoint state may take.

use super::Settings;
use super::fault::nearest;
use super::keys::{Wrong, wrong};
use bruit::{Key, Schema, Value};
use std::collections::BTreeMap;

/// The most schemas: as many as one node may have values, so that each of its keys can have one.
const MAX: usize = bruit::Endpoint::MAX_VALUES;
/// All types, with the fields of each.
const TYPES: [(&str, &[&str]); 4] = [
    ("f64", &["min", "max", "max_change_per_s"]),
    ("int", &["min", "max", "max_change_per_s"]),
    ("text", &["max"]),
    ("enum", &["values"]),
];

/// One more schema: the key as one types it, `load` or `bucket/n_val`, then its fields as `name=value`.
pub(super) fn add(settings: &mut Settings, texts: &[String]) -> Result<(), Wrong> {
    let (word, fields) = texts.split_first().ok_or_else(|| wrong("a schema is for a key"))?;
    let key = key(word)?;
    let schema = read(fields).map_err(|why| Wrong { message: format!("the schema of `{word}`: {}", why.message), ..why })?;
    settings.state.schemas.insert(key, schema);
    if settings.state.schemas.len() > MAX {
        return Err(wrong(format!("more than {MAX} schemas; a node has no more keys than that")));
    }
    Ok(())
}

fn key(word: &str) -> Result<Key, Wrong> {
    let (namespace, name) = word.split_once('/').map_or((None, word), |(namespace, name)| (Some(namespace), name));
    let fits = |part: &str| (1..=Key::MAX).contains(&part.len());
    if !fits(name) || !namespace.is_none_or(fits) {
        return Err(wrong(format!("key and namespace have 1 to {} bytes each, `{word}` has not", Key::MAX)));
    }
    Ok(namespace.map_or_else(|| Key::own(name), |namespace| Key::shared(namespace, name)))
}

fn read(fields: &[String]) -> Result<Schema, Wrong> {
    let mut said: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (name, value) in fields.iter().filter_map(|field| field.split_once('=')) {
        said.entry(name).or_default().push(value);
    }
    let one = |name: &str| said.get(name).and_then(|values| values.first()).copied();
    let types = || TYPES.map(|x| format!("`{}`", x.0)).join(", ");
    let help = || Some(format!("say type = one of {}", types()));
    let kind = one("type").ok_or_else(|| Wrong { message: "it has no type".into(), help: help() })?;
    let Some((_, known)) = TYPES.iter().find(|x| x.0 == kind) else {
        return Err(Wrong { message: format!("`{kind}` is no type"), help: help() });
    };
    if let Some(unknown) = said.keys().find(|name| **name != "type" && !known.contains(name)) {
        let near = nearest(unknown, known.iter().copied()).map(|near| format!("did you mean `{near}`?"));
        let help = near.or_else(|| Some(format!("of {kind} it is {}", known.join(", "))));
        return Err(Wrong { message: format!("`{unknown}` is none of its fields"), help });
    }
    let rate = || number::<f64>("max_change_per_s", one("max_change_per_s")).map(|rate| rate.filter(|r| *r != f64::INFINITY));
    let schema = match kind {
        "f64" => Schema::F64 {
            min: number("min", one("min"))?.unwrap_or(f64::MIN),
            max: number("max", one("max"))?.unwrap_or(f64::MAX),
            max_change_per_s: rate()?,
        },
        "int" => Schema::Int {
            min: number("min", one("min"))?.unwrap_or(i64::MIN),
            max: number("max", one("max"))?.unwrap_or(i64::MAX),
            max_change_per_s: rate()?,
        },
        "text" => Schema::Text { max: number("max", one("max"))?.unwrap_or(Value::MAX) },
        _ => Schema::Enum(said.get("values").into_iter().flatten().map(|value| (*value).to_owned()).collect()),
    };
    if empty(&schema) {
        return Err(Wrong { message: "no value fits it".into(), help: Some("min is at most max, an enum has values".into()) });
    }
    Ok(schema)
}

fn number<T: std::str::FromStr>(name: &str, said: Option<&str>) -> Result<Option<T>, Wrong> {
    let parse = |text: &str| text.parse().map_err(|_| wrong(format!("{name} = `{text}` is no number of its type")));
    said.map(parse).transpose()
}

/// Whether nothing could ever be said, or never anything else.
fn empty(schema: &Schema) -> bool {
    let stands = |rate: &Option<f64>| rate.is_some_and(|rate| rate.is_nan() || rate <= 0.0);
    match schema {
        Schema::F64 { min, max, max_change_per_s } => min.is_nan() || max.is_nan() || min > max || stands(max_change_per_s),
        Schema::Int { min, max, max_change_per_s } => min > max || stands(max_change_per_s),
        Schema::Text { .. } => false,
        Schema::Enum(values) => values.is_empty(),
    }
}

/// The fields of a schema, as a file says them.
pub(crate) fn written(schema: &Schema) -> Vec<(&'static str, serde_json::Value)> {
    let rate = |rate: &Option<f64>| rate.map(|rate| ("max_change_per_s", rate.into()));
    let (kind, fields): (_, Vec<Option<(&str, serde_json::Value)>>) = match schema {
        Schema::F64 { min, max, max_change_per_s } => {
            let bound = |name, x: f64, none: f64| (x != none).then(|| (name, x.into()));
            ("f64", vec![bound("min", *min, f64::MIN), bound("max", *max, f64::MAX), rate(max_change_per_s)])
        }
        Schema::Int { min, max, max_change_per_s } => {
            let bound = |name, x: i64, none: i64| (x != none).then(|| (name, x.into()));
            ("int", vec![bound("min", *min, i64::MIN), bound("max", *max, i64::MAX), rate(max_change_per_s)])
        }
        Schema::Text { max } => ("text", vec![Some(("max", (*max).into()))]),
        Schema::Enum(values) => ("enum", vec![Some(("values", values.clone().into()))]),
    };
    [("type", kind.into())].into_iter().chain(fields.into_iter().flatten()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(fields: &[&str]) -> Result<Schema, String> {
        read(&fields.iter().map(|field| (*field).to_owned()).collect::<Vec<_>>()).map_err(|wrong| wrong.to_string())
    }

    #[test]
    fn each_type_has_its_fields_and_is_written_as_it_was_read() {
        for fields in [
            &["type=f64", "min=0.0", "max=100.0", "max_change_per_s=50.0"][..],
            &["type=f64"],
            &["type=int", "min=1", "max=5"],
            &["type=text", "max=64"],
            &["type=enum", "values=on"],
        ] {
            let schema = of(fields).expect("a schema");
            let said: Vec<String> = written(&schema)
                .into_iter()
                .map(|(name, value)| format!("{name}={}", value.to_string().trim_matches(['"', '[', ']'])))
                .collect();
            assert_eq!(said, fields, "{schema:?}");
        }
    }

    #[test]
    fn what_is_no_schema_says_why() {
        for (fields, part) in [
            (&["min=1"][..], "no type"),
            (&["type=float"], "`f64`, `int`, `text`, `enum`"),
            (&["type=f64", "mim=1"], "did you mean `min`?"),
            (&["type=text", "values=a"], "of text it is max"),
            (&["type=int", "min=1.5"], "min = `1.5`"),
            (&["type=f64", "min=2", "max=1"], "no value fits"),
            (&["type=f64", "max_change_per_s=0"], "no value fits"),
            (&["type=f64", "min=nan"], "no value fits"),
            (&["type=f64", "max_change_per_s=nan"], "no value fits"),
            (&["type=enum"], "an enum has values"),
        ] {
            let why = of(fields).expect_err("it is none");
            assert!(why.contains(part), "{fields:?}: {why}");
        }
        assert!(key("bucket/").is_err() && key("").is_err() && key("bucket/n_val").is_ok_and(|key| key.is_shared()));
    }
}
