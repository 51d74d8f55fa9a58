//! `bruit config`: the settings that an agent would run with.

use crate::agent::BAD_CONFIG;
use crate::cli::{AgentOptions, Format};
use crate::output;
use crate::settings::{self, Faults, KEYS, Key, Loaded, Origin, Shape, schema_fields};
use anyhow::Result;
use bruit::{Key as StateKey, Schema};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::process::ExitCode;

pub(crate) fn validate(options: &AgentOptions, format: Format) -> Result<ExitCode> {
    match settings::load(options) {
        Ok(_) => {
            match format {
                Format::Text => println!("the settings are good"),
                Format::Json => output::json(&json!({ "valid": true, "faults": [] })),
            }
            Ok(ExitCode::SUCCESS)
        }
        Err(faults) => Ok(refuse(&faults, format)),
    }
}

fn refuse(faults: &Faults, format: Format) -> ExitCode {
    match format {
        Format::Text => eprintln!("{faults}"),
        Format::Json => {
            output::json(&json!({ "valid": false, "faults": told(faults) }));
        }
    }
    ExitCode::from(BAD_CONFIG)
}

/// Every fault with its place, for programs.
pub(crate) fn told(faults: &Faults) -> Value {
    faults.iter().map(|f| json!({ "detail": f.message, "at": f.at.to_string(), "help": f.help })).collect()
}

pub(crate) fn show(options: &AgentOptions, origin: bool, format: Format) -> Result<ExitCode> {
    let loaded = match settings::load(options) {
        Ok(loaded) => loaded,
        Err(faults) => return Ok(refuse(&faults, format)),
    };
    match format {
        Format::Json => output::json(&listed(&loaded, origin)),
        Format::Text => print!("{}", written(&loaded, origin)),
    }
    Ok(ExitCode::SUCCESS)
}

/// All settings as JSON; with `origin` each is an object that says where it comes from.
pub(crate) fn listed(loaded: &Loaded, origin: bool) -> Value {
    let one = |said: Value, from: &Origin| if origin { json!({ "value": said, "origin": from.to_string() }) } else { said };
    let (mut all, mut tables) = (Map::new(), BTreeMap::<&str, Map<String, Value>>::new());
    for (key, value) in &loaded.values {
        let said = match key.shape {
            Shape::List => json!(value.texts),
            Shape::Number => number(&value.texts),
            _ => json!(value.texts.first()),
        };
        let (into, name) = match key.name.split_once('.') {
            Some((table, name)) => (tables.entry(table).or_default(), name),
            None => (&mut all, key.name),
        };
        into.insert(name.into(), one(said, &value.origin));
    }
    let tags = loaded.settings.tags.iter().map(|(k, v)| (k.clone(), one(json!(v), &loaded.tags[k])));
    all.insert("tags".into(), Value::Object(tags.collect()));
    let schema = |(key, schema): (&StateKey, &Schema)| {
        let fields = schema_fields(schema).into_iter().map(|(name, value)| (name.to_owned(), value));
        (key.to_string(), one(Value::Object(fields.collect()), &loaded.schemas[&key.to_string()]))
    };
    let schemas = Value::Object(loaded.settings.state.schemas.iter().map(schema).collect());
    tables.entry("state").or_default().insert("schema".into(), schemas);
    all.extend(tables.into_iter().map(|(table, keys)| (table.to_owned(), Value::Object(keys))));
    Value::Object(all)
}

fn number(texts: &[String]) -> Value {
    let text = texts.first().map_or("", String::as_str);
    text.parse::<i64>().map_or_else(|_| json!(text.parse::<f64>().ok()), Value::from)
}

/// All settings as a file would say them.
fn written(loaded: &Loaded, origin: bool) -> String {
    let table = |key: &Key| key.name.split_once('.').map(|x| x.0);
    let each = |key: &Key| {
        let name = key.name.split_once('.').map_or(key.name, |x| x.1);
        match loaded.value(key) {
            Some(value) => line(name, &toml(key.shape, &value.texts), origin.then_some(&value.origin)),
            None => format!("# {name} is not set\n"),
        }
    };
    let scalars = || KEYS.iter().filter(|key| !matches!(key.shape, Shape::Table | Shape::Schemas));
    let keys = |of: Option<&str>| scalars().filter(|key| table(key) == of).map(each).collect::<String>();
    let mut text = keys(None);
    if !loaded.tags.is_empty() {
        text += "\n[tags]\n";
        let tags = loaded.settings.tags.iter();
        tags.for_each(|(k, v)| text += &line(&quoted(k), &quoted(v), origin.then_some(&loaded.tags[k])));
    }
    let mut tables: Vec<&str> = scalars().filter_map(table).collect();
    tables.dedup();
    tables.into_iter().for_each(|table| text += &format!("\n[{table}]\n{}", keys(Some(table))));
    for (key, schema) in &loaded.settings.state.schemas {
        let key = key.to_string();
        let from = if origin { format!(" # {}", loaded.schemas[&key]) } else { String::new() };
        text += &format!("\n[state.schema.{}]{from}\n", quoted(&key));
        schema_fields(schema).iter().for_each(|(name, value)| text += &format!("{name} = {value}\n"));
    }
    text
}

fn line(name: &str, said: &str, origin: Option<&Origin>) -> String {
    let said = format!("{name} = {said}");
    origin.map_or_else(|| format!("{said}\n"), |origin| format!("{said:<40} # {origin}\n"))
}

fn toml(shape: Shape, texts: &[String]) -> String {
    if shape == Shape::Number {
        return texts.concat();
    }
    let texts: Vec<String> = texts.iter().map(|t| quoted(t)).collect();
    if shape == Shape::List { format!("[{}]", texts.join(", ")) } else { texts.concat() }
}

/// A basic string of TOML; whatever JSON escapes, TOML reads alike.
fn quoted(text: &str) -> String {
    serde_json::to_string(text).unwrap_or_default()
}
