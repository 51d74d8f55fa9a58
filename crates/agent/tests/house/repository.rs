//! What the tests of the house rules share: where the repository is and what lies in it.

use std::fs;
use std::path::{Path, PathBuf};

/// The repository.
pub(crate) fn root() -> PathBuf {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("a crate lies in crates/");
    crates.parent().expect("crates/ lies in the repository").to_path_buf()
}

/// A text of the repository: its path from the root, with forward slashes, and what it says.
pub(crate) struct Text {
    pub(crate) path: String,
    pub(crate) text: String,
}

impl Text {
    /// The folder below `crates/` that it lies in.
    pub(crate) fn krate(&self) -> Option<&str> {
        self.path.strip_prefix("crates/")?.split('/').next()
    }

    /// Whether it is compiled into a crate, as opposed to its tests, examples and benches.
    pub(crate) fn is_source(&self) -> bool {
        self.path.split('/').nth(2) == Some("src")
    }
}

/// Every text below the root with one of these extensions, in order of path; build output and hidden folders left out.
pub(crate) fn texts(extensions: &[&str]) -> Vec<Text> {
    let root = root();
    let mut found = Vec::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder of the repository") {
            let path = entry.expect("an entry of a folder").path();
            let name = path.file_name().and_then(|n| n.to_str()).unwrap_or_default();
            if path.is_dir() {
                if !name.starts_with('.') && name != "target" {
                    folders.push(path);
                }
            } else if path.extension().and_then(|e| e.to_str()).is_some_and(|e| extensions.contains(&e)) {
                let text = fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
                let below = path.strip_prefix(&root).expect("below the root");
                found.push(Text { path: below.to_string_lossy().replace('\\', "/"), text });
            }
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    assert!(!found.is_empty(), "no texts below {}", root.display());
    found
}

/// Fails with every offence, one a line.
pub(crate) fn none_of(rule: &str, offences: &[String]) {
    assert!(offences.is_empty(), "{rule}:\n  {}", offences.join("\n  "));
}

/// The cells of the rows of every Markdown table in `text` whose header begins with `header`.
pub(crate) fn table<'t>(text: &'t str, header: &[&str]) -> Vec<Vec<&'t str>> {
    let mut rows = Vec::new();
    let mut inside = false;
    for line in text.lines() {
        let Some(row) = line.trim().strip_prefix('|').and_then(|l| l.strip_suffix('|')) else {
            inside = false;
            continue;
        };
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        if cells.starts_with(header) {
            inside = true;
        } else if inside && !cells.iter().all(|c| c.chars().all(|c| "-: ".contains(c))) {
            rows.push(cells);
        }
    }
    rows
}

/// The pieces of `text` between backticks.
pub(crate) fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}
