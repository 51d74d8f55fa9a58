//! Documents cannot rot: what they name is there.

use crate::repository::{Text, none_of, quoted, root, table, texts};
use std::path::Path;

const PAPER: [&str; 3] = ["clause", "our function", "our test"];
/// Clauses that there are at least: with fewer, a header has changed.
const CLAUSES: usize = 30;
const HOPS: [&str; 4] = ["hop", "file", "function", "what happens"];

/// Whether some text defines what is named: a function, type, constant, variant or recorded story. Of a path the last
/// segment counts, of `X::{a, b}` each.
fn has(texts: &[Text], name: &str) -> bool {
    let last = name.rsplit("::").next().unwrap_or_default();
    last.trim_matches(['{', '}']).split(", ").all(|word| texts.iter().any(|t| defines(t, word)))
}

fn defines(text: &Text, word: &str) -> bool {
    let ends = |after: &str| after.chars().next().is_none_or(|c| !c.is_alphanumeric() && c != '_');
    let heads = ["fn ", "struct ", "enum ", "trait ", "const ", "type "].map(|head| format!("{head}{word}"));
    let variants = [",", " {", "("].map(|tail| format!("    {word}{tail}"));
    text.path.ends_with(&format!("/stories/{word}.txt"))
        || variants.iter().any(|v| text.text.contains(v.as_str()))
        || heads.iter().any(|h| text.text.match_indices(h.as_str()).any(|(i, _)| ends(&text.text[i + h.len()..])))
}

#[test]
fn every_link_leads_somewhere() {
    let mut broken = Vec::new();
    for document in texts(&["md"]) {
        let folder = Path::new(&document.path).parent().expect("a folder").to_path_buf();
        for target in document.text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let file = target.split('#').next().unwrap_or_default();
            if !file.is_empty() && !file.contains("://") && !root().join(&folder).join(file).exists() {
                broken.push(format!("{}: {target}", document.path));
            }
        }
    }
    none_of("a link that leads nowhere", &broken);
}

#[test]
fn every_path_that_is_named_is_there() {
    let mut missing = Vec::new();
    for document in texts(&["md"]) {
        let paths = quoted(&document.text).filter(|q| ["crates/", "docs/", ".ci/"].iter().any(|p| q.starts_with(p)));
        let absent = paths.filter(|q| !q.contains('*') && !root().join(q).exists());
        missing.extend(absent.map(|q| format!("{}: {q}", document.path)));
    }
    none_of("a path that is not there", &missing);
}

#[test]
fn every_clause_of_a_paper_has_its_function_and_its_test() {
    let code = texts(&["rs", "txt"]);
    let mut missing = Vec::new();
    let mut clauses = 0;
    for paper in texts(&["md"]).iter().filter(|t| t.path.starts_with("docs/papers/")) {
        for row in table(&paper.text, &PAPER) {
            clauses += 1;
            let names = row[1..3].iter().flat_map(|cell| quoted(cell));
            missing.extend(names.filter(|n| !has(&code, n)).map(|n| format!("{}: {}: {n}", paper.path, row[0])));
        }
    }
    none_of("a function or test that is not there", &missing);
    assert!(clauses >= CLAUSES, "only {clauses} clauses found: has a header changed?");
}

#[test]
fn every_hop_of_a_packet_is_there() {
    let code = texts(&["rs"]);
    let document = std::fs::read_to_string(root().join("ARCHITECTURE.md")).expect("ARCHITECTURE.md");
    let rows = table(&document, &HOPS);
    let mut missing = Vec::new();
    for row in &rows {
        let path = quoted(row[1]).next().unwrap_or_else(|| panic!("hop {}: no file", row[0]));
        let file = code.iter().find(|t| t.path == path);
        let absent = quoted(row[2]).filter(|n| !file.is_some_and(|f| defines(f, n)));
        missing.extend(absent.map(|n| format!("hop {}: {path}: {n}", row[0])));
    }
    none_of("a hop that is not there", &missing);
    assert!(rows.len() >= 8, "only {} hops found: has the header changed?", rows.len());
}

#[test]
fn the_code_of_the_readme_is_compiled() {
    let readme = std::fs::read_to_string(root().join("README.md")).expect("README.md");
    let examples = texts(&["rs"]).into_iter().filter(|t| t.path.contains("/examples/") || t.path == "crates/bruit/src/lib.rs");
    let lines = |text: &str| -> Vec<String> {
        let bare = text.lines().map(|l| l.trim_start_matches("//!").trim());
        bare.filter(|l| !l.is_empty() && !l.starts_with('#')).map(str::to_owned).collect()
    };
    let compiled: Vec<Vec<String>> = examples.map(|t| lines(&t.text)).collect();
    let blocks: Vec<Vec<String>> =
        readme.split("```rust\n").skip(1).map(|b| lines(b.split("```").next().unwrap_or_default())).collect();
    assert!(!blocks.is_empty(), "README.md shows no code");
    for block in blocks {
        let is_there = compiled.iter().any(|text| text.windows(block.len()).any(|w| w == block));
        assert!(is_there, "README.md shows code that no example compiles:\n{}", block.join("\n"));
    }
}
