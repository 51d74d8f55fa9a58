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
    let mut page = Page { path, text, whole: errors.is_empty(), faults, layer: Vec::new() };
    page.table("", table.get_ref());
    page.layer.sort_by_key(|(_, value)| value.at.line());
    page.layer
}

/// A file, and what was found in it.
struct Page<'a> {
    path: &'a str,
    text: &'a str,
    /// Whether its syntax is sound: of a broken one not everything is to be told.
    whole: bool,
    faults: &'a mut Faults,
    layer: Layer,
}

impl Page<'_> {
    /// Keys of a table, whose names begin with `section`.
    fn table(&mut self, section: &str, table: &DeTable<'_>) {
        for (word, value) in table {
            let name = format!("{section}{}", word.get_ref());
            let at = At::span(self.path, self.text, word.span());
            match (KEYS.iter().find(|k| k.name == name), value.get_ref()) {
                (Some(key), DeValue::Table(all)) if key.shape == Shape::Schemas => self.schemas(key, all),
                (Some(key), _) => self.key(key, value, &at),
                (None, DeValue::Table(all)) if is_section(&name) => self.table(&format!("{name}."), all),
                // A broken line leaves pieces behind that nobody wrote as keys.
                (None, _) if self.whole || !word.get_ref().is_empty() => self.faults.add(unknown(&name, at)),
                (None, _) => {}
            }
        }
    }

    fn key(&mut self, key: &'static Key, value: &Spanned<DeValue<'_>>, word: &At) {
        let origin = Origin::File { path: self.path.into(), line: word.line() };
        let at = At::span(self.path, self.text, value.span());
        match texts(key.shape, value.get_ref()) {
            Some(texts) => self.layer.push((key, Value { texts, origin, at })),
            None if self.whole => self.faults.add(misshapen(key, value, at)),
            None => {}
        }
    }

    /// Each schema is a value of its own, so that each is found where it stands: its key, then its fields as `name=value`.
    fn schemas(&mut self, key: &'static Key, all: &DeTable<'_>) {
        for (word, value) in all {
            let at = At::span(self.path, self.text, word.span());
            let origin = Origin::File { path: self.path.into(), line: at.line() };
            match fields(value.get_ref()) {
                Some(fields) => {
                    let texts = [word.get_ref().to_string()].into_iter().chain(fields).collect();
                    self.layer.push((key, Value { texts, origin, at }));
                }
                None if self.whole => self.faults.add(misshapen(key, value, At::span(self.path, self.text, value.span()))),
                None => {}
            }
        }
    }
}

/// Whether keys have this name before a dot.
fn is_section(name: &str) -> bool {
    KEYS.iter().any(|k| k.name.split_once('.').is_some_and(|x| x.0 == name))
}

/// What a schema says; of a list each item.
fn fields(schema: &DeValue<'_>) -> Option<Vec<String>> {
    let mut fields = Vec::new();
    for (name, value) in schema.as_table()? {
        let shape = if value.get_ref().is_array() { Shape::List } else { Shape::Text };
        let said = texts(Shape::Number, value.get_ref()).or_else(|| texts(shape, value.get_ref()))?;
        fields.extend(said.into_iter().map(|text| format!("{}={text}", name.get_ref())));
    }
    Some(fields)
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
        Shape::Number => ("a number", format!("{} = 1", key.name)),
        Shape::Table => ("a table of strings", format!("[{}]", key.name)),
        Shape::Schemas => ("tables of strings, numbers and lists of strings", format!("[{}.load]", key.name)),
    };
    let message = format!("`{}` takes {what}, this is {}", key.name, value.get_ref().type_str());
    Fault { message, at, help: Some(format!("write `{example}`")) }
}

fn texts(shape: Shape, value: &DeValue<'_>) -> Option<Vec<String>> {
    let text = |v: &Spanned<DeValue<'_>>| v.get_ref().as_str().map(str::to_owned);
    match (shape, value) {
        (Shape::Number, DeValue::Integer(n)) if n.radix() == 10 => Some(vec![n.as_str().to_owned()]),
        (Shape::Number, DeValue::Float(n)) => Some(vec![n.as_str().to_owned()]),
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
    fn a_section_has_keys_and_tables_of_its_own() {
        let mut faults = Faults::default();
        let text = "[state]\ndetector = \"both\"\npeers = 2\nround = 1\nwho = \"x\"\n\
                    [state.schema.load]\ntype = \"f64\"\nmax = 1_00.5\n[state.schema.\"b/n\"]\nvalues = [\"a\", \"b\"]\n";
        let layer = parse("f.toml", text, &mut faults);
        let said: Vec<_> = layer.iter().map(|(key, value)| (key.name, value.texts.join(" "))).collect();
        let expected = [
            ("state.detector", "both"),
            ("state.peers", "2"),
            ("state.schema", "load max=100.5 type=f64"),
            ("state.schema", "b/n values=a values=b"),
        ];
        assert_eq!(said, expected.map(|(name, texts)| (name, texts.to_owned())));
        let told = faults.to_string();
        for part in ["f.toml:4:9", "`state.round` takes a string", "unknown key `state.who`", "2 faults"] {
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
