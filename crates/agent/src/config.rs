//! `bruit config`: the settings that an agent would run with.

use crate::agent::BAD_CONFIG;
use crate::cli::{AgentOptions, Format};
use crate::output;
use crate::settings::{self, Faults, KEYS, Loaded, Origin, Shape};
use anyhow::Result;
use serde_json::{Map, Value, json};
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
    let mut all = Map::new();
    for (key, value) in &loaded.values {
        let said = if key.shape == Shape::List { json!(value.texts) } else { json!(value.texts.first()) };
        all.insert(key.name.into(), one(said, &value.origin));
    }
    let tags = loaded.settings.tags.iter().map(|(k, v)| (k.clone(), one(json!(v), &loaded.tags[k])));
    all.insert("tags".into(), Value::Object(tags.collect()));
    Value::Object(all)
}

/// All settings as a file would say them.
fn written(loaded: &Loaded, origin: bool) -> String {
    let mut text = String::new();
    for key in KEYS.iter().filter(|key| key.shape != Shape::Table) {
        match loaded.value(key) {
            Some(value) => text += &line(key.name, &toml(key.shape, &value.texts), origin.then_some(&value.origin)),
            None => text += &format!("# {} is not set\n", key.name),
        }
    }
    if !loaded.tags.is_empty() {
        text += "\n[tags]\n";
        let tags = loaded.settings.tags.iter();
        tags.for_each(|(k, v)| text += &line(&quoted(k), &quoted(v), origin.then_some(&loaded.tags[k])));
    }
    text
}

fn line(name: &str, said: &str, origin: Option<&Origin>) -> String {
    let said = format!("{name} = {said}");
    origin.map_or_else(|| format!("{said}\n"), |origin| format!("{said:<40} # {origin}\n"))
}

fn toml(shape: Shape, texts: &[String]) -> String {
    let texts: Vec<String> = texts.iter().map(|t| quoted(t)).collect();
    if shape == Shape::List { format!("[{}]", texts.join(", ")) } else { texts.concat() }
}

/// A basic string of TOML; whatever JSON escapes, TOML reads alike.
fn quoted(text: &str) -> String {
    serde_json::to_string(text).unwrap_or_default()
}
