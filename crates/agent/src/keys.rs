//! `bruit keys`: makes the cluster's keys, and names those that there are.

use crate::cli::Format;
use crate::output;
use anyhow::{Context, Result};
use bruit::KeyRing;
use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::process::ExitCode;

/// What a new key file may be: read by its owner alone.
const MODE: u32 = 0o600;

/// Makes a key; its bytes go to standard output, or into a new file, of which the id is shown.
pub(crate) fn generate(out: Option<&Path>, format: Format) -> Result<ExitCode> {
    let mut entropy = [0; 32];
    getrandom::fill(&mut entropy).context("the operating system gives no entropy")?;
    let keys = KeyRing::generate(entropy);
    let Some(path) = out else {
        std::io::stdout().write_all(keys.print().as_bytes())?;
        return Ok(ExitCode::SUCCESS);
    };
    let file = OpenOptions::new().write(true).create_new(true).mode(MODE).open(path);
    let mut file = file.with_context(|| format!("cannot make {}", path.display()))?;
    let written = file.write_all(keys.print().as_bytes()).and_then(|()| file.sync_all());
    written.with_context(|| format!("cannot write {}", path.display()))?;
    show(&keys, format);
    Ok(ExitCode::SUCCESS)
}

/// The ids of a file's keys.
pub(crate) fn list(file: &Path, format: Format) -> Result<ExitCode> {
    show(&bruit::read_keys(file)?, format);
    Ok(ExitCode::SUCCESS)
}

fn show(keys: &KeyRing, format: Format) {
    let ids: Vec<String> = keys.ids().map(|id| id.to_string()).collect();
    match format {
        Format::Json => output::json(&serde_json::json!({ "keys": ids })),
        Format::Text => print(ids.iter().map(String::as_str)),
    }
}

/// One id a line, for people; the first key seals.
pub(crate) fn print<'a>(ids: impl Iterator<Item = &'a str>) {
    ids.enumerate().for_each(|(i, id)| println!("{id}{}", if i == 0 { "  seals" } else { "" }));
}
