//! `bruit config`: the settings that an agent would run with.

use crate::agent::BAD_CONFIG;
use crate::cli::{AgentOptions, Format};
use crate::output;
use crate::settings::{self, Faults, KEYS, Shape, Value};
use anyhow::Result;
use serde_json::{Map, json};
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
            let all: Vec<_> =
                faults.iter().map(|f| json!({ "message": f.message, "help": f.help, "shown": f.to_string() })).collect();
            output::json(&json!({ "valid": false, "faults": all }));
        }
    }
    ExitCode::from(BAD_CONFIG)
}

pub(crate) fn show(options: &AgentOptions, origin: bool, format: Format) -> Result<ExitCode> {
    let loaded = match settings::load(options) {
        Ok(loaded) => loaded,
        Err(faults) => return Ok(refuse(&faults, format)),
    };
    // The tags of all layers are one table; each says itself where it comes from.
    let tags = &loaded.settings.tags;
    if format == Format::Json {
        let mut all = Map::new();
        for (key, value) in loaded.values.iter().filter(|x| x.0.shape != Shape::Table) {
            let said = if key.shape == Shape::List { json!(value.texts) } else { json!(value.texts.first()) };
            all.insert(key.name.into(), if origin { json!({ "value": said, "origin": value.origin.to_string() }) } else { said });
        }
        all.insert("tags".into(), json!(tags));
        output::json(&all);
        return Ok(ExitCode::SUCCESS);
    }
    for key in KEYS.iter().filter(|key| key.shape != Shape::Table) {
        match loaded.values.iter().find(|x| x.0.name == key.name) {
            Some((_, value)) => println!("{}", line(key.name, &written(key.shape, value), origin, value)),
            None => println!("# {} is not set", key.name),
        }
    }
    if !tags.is_empty() {
        println!("\n[tags]");
        tags.iter().for_each(|(k, v)| println!("{} = {}", quoted(k), quoted(v)));
    }
    Ok(ExitCode::SUCCESS)
}

fn line(name: &str, text: &str, origin: bool, value: &Value) -> String {
    if origin { format!("{:<40} # {}", format!("{name} = {text}"), value.origin) } else { format!("{name} = {text}") }
}

fn written(shape: Shape, value: &Value) -> String {
    let texts: Vec<String> = value.texts.iter().map(|t| quoted(t)).collect();
    if shape == Shape::List { format!("[{}]", texts.join(", ")) } else { texts.concat() }
}

/// A basic string of TOML; whatever JSON escapes, TOML reads alike.
fn quoted(text: &str) -> String {
    serde_json::to_string(text).unwrap_or_default()
}
