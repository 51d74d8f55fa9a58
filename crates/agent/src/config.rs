//! `bruit config`: the settings that an agent would run with.

use crate::agent::BAD_CONFIG;
use crate::cli::{AgentOptions, Format};
use crate::output;
use crate::settings::{self, Faults, KEYS, Key, Loaded, Origin, Shape, schema_fields};
use anyhow::Result;
use bruit::{Key as StateKey, Schema};
use serde_json::{Map, Value, json};
use std::process::ExitCode;

/// What the names of the table's keys begin with.
const STATE: &str = "state.";

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
    let (mut all, mut state) = (Map::new(), Map::new());
    for (key, value) in &loaded.values {
        let said = match key.shape {
            Shape::List => json!(value.texts),
            Shape::Number => number(&value.texts),
            _ => json!(value.texts.first()),
        };
        let (into, name) = key.name.strip_prefix(STATE).map_or((&mut all, key.name), |name| (&mut state, name));
        into.insert(name.into(), one(said, &value.origin));
    }
    let tags = loaded.settings.tags.iter().map(|(k, v)| (k.clone(), one(json!(v), &loaded.tags[k])));
    all.insert("tags".into(), Value::Object(tags.collect()));
    let schema = |(key, schema): (&StateKey, &Schema)| {
        let fields = schema_fields(schema).into_iter().map(|(name, value)| (name.to_owned(), value));
        (key.to_string(), one(Value::Object(fields.collect()), &loaded.schemas[&key.to_string()]))
    };
    state.insert("schema".into(), Value::Object(loaded.settings.state.schemas.iter().map(schema).collect()));
    all.insert("state".into(), Value::Object(state));
    Value::Object(all)
}

fn number(texts: &[String]) -> Value {
    let text = texts.first().map_or("", String::as_str);
    text.parse::<i64>().map_or_else(|_| json!(text.parse::<f64>().ok()), Value::from)
}

/// All settings as a file would say them.
fn written(loaded: &Loaded, origin: bool) -> String {
    let (own, state): (Vec<&Key>, Vec<&Key>) = KEYS
        .iter()
        .filter(|key| !matches!(key.shape, Shape::Table | Shape::Schemas))
        .partition(|key| !key.name.starts_with(STATE));
    let each = |key: &Key| {
        let name = key.name.strip_prefix(STATE).unwrap_or(key.name);
        match loaded.value(key) {
            Some(value) => line(name, &toml(key.shape, &value.texts), origin.then_some(&value.origin)),
            None => format!("# {name} is not set\n"),
        }
    };
    let mut text: String = own.into_iter().map(each).collect();
    if !loaded.tags.is_empty() {
        text += "\n[tags]\n";
        let tags = loaded.settings.tags.iter();
        tags.for_each(|(k, v)| text += &line(&quoted(k), &quoted(v), origin.then_some(&loaded.tags[k])));
    }
    text += "\n[state]\n";
    text.extend(state.into_iter().map(each));
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
