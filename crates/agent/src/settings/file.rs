//! The TOML file.

use super::fault::{At, Fault, Faults, nearest};
use super::{KEYS, Key, Layer, Origin, Shape, Value};
use std::path::Path;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// No file of settings is larger: 1 MiB.
const MAX: u64 = 1 << 20;

/// What a file says; its mistakes go to `faults`.
pub(super) fn read(path: &Path, faults: &mut Faults) -> Layer {
    let name = path.display().to_string();
    let sized = std::fs::metadata(path).and_then(|m| {
        if m.len() > MAX { Err(std::io::Error::other("it is larger than 1 MiB")) } else { std::fs::read_to_string(path) }
    });
    match sized {
        Ok(text) => parse(&name, &text, faults),
        Err(error) => {
            faults.add(Fault { message: format!("cannot read the file: {error}"), at: At::File(name), help: None });
            Vec::new()
        }
    }
}

fn parse(path: &str, text: &str, faults: &mut Faults) -> Layer {
    let (table, errors) = DeTable::parse_recoverable(text);
    for error in &errors {
        let at = At::span(path, text, error.span().unwrap_or(0..0));
        faults.add(Fault { message: error.message().replace('\n', ", "), at, help: None });
    }
    let mut layer = Vec::new();
    for (word, value) in table.get_ref() {
        let at = At::span(path, text, word.span());
        let Some(key) = KEYS.iter().find(|k| k.name == &**word.get_ref()) else {
            // A broken line leaves pieces behind that nobody wrote as keys.
            if errors.is_empty() || !word.get_ref().is_empty() {
                faults.add(unknown(word.get_ref(), at));
            }
            continue;
        };
        let origin = Origin::File { path: path.into(), line: at.line() };
        let at = At::span(path, text, value.span());
        match texts(key, value.get_ref()) {
            Some(texts) => layer.push((key, Value { texts, origin, at })),
            None if errors.is_empty() => faults.add(misshapen(key, value, at)),
            None => {}
        }
    }
    layer.sort_by_key(|(_, value)| value.at.line());
    layer
}

fn unknown(word: &str, at: At) -> Fault {
    let names = || KEYS.iter().map(|k| k.name);
    let help = match nearest(word, names()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("the keys are {}", names().collect::<Vec<_>>().join(", ")),
    };
    Fault { message: format!("unknown key `{word}`"), at, help: Some(help) }
}

fn misshapen(key: &Key, value: &Spanned<DeValue<'_>>, at: At) -> Fault {
    let (what, example) = match key.shape {
        Shape::Text => ("a string", format!("{} = \"...\"", key.name)),
        Shape::List => ("a list of strings", format!("{} = [\"...\"]", key.name)),
        Shape::Table => ("a table of strings", format!("[{}]", key.name)),
    };
    let message = format!("`{}` takes {what}, this is {}", key.name, value.get_ref().type_str());
    Fault { message, at, help: Some(format!("write `{example}`")) }
}

fn texts(key: &Key, value: &DeValue<'_>) -> Option<Vec<String>> {
    let text = |v: &Spanned<DeValue<'_>>| v.get_ref().as_str().map(str::to_owned);
    match (key.shape, value) {
        (Shape::Text, DeValue::String(text)) => Some(vec![text.clone().into_owned()]),
        (Shape::List, DeValue::Array(all)) => all.iter().map(text).collect(),
        (Shape::Table, DeValue::Table(all)) => all.iter().map(|(k, v)| text(v).map(|v| format!("{}={v}", k.get_ref()))).collect(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_is_found_at_its_place() {
        let mut faults = Faults::default();
        let text = "nodee = \"a\"\nbind = 7946\njoin = [1]\nlog = \"info\"\n[tags]\nrole = \"web\"\n";
        let layer = parse("f.toml", text, &mut faults);
        assert_eq!(layer.iter().map(|x| x.0.name).collect::<Vec<_>>(), ["log", "tags"]);
        let told = faults.to_string();
        for part in ["f.toml:1:1", "did you mean `node`?", "f.toml:2:8", "a string", "f.toml:3:8", "3 faults"] {
            assert!(told.contains(part), "{part}: {told}");
        }
    }

    #[test]
    fn broken_syntax_has_a_place() {
        let mut faults = Faults::default();
        parse("f.toml", "node = \"a\"\nbind = [\nlog = @\n", &mut faults);
        assert!(!faults.is_empty() && faults.to_string().contains("--> f.toml:"), "{faults}");
    }
}
