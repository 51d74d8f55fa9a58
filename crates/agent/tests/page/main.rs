//! The page, in Debian's Chromium, driven by Playwright; its types, by TypeScript.
//!
//! What they need is installed by the first run: Chromium and Node by apt, the rest by npm, as the lock file says, into
//! `target/page`. Screenshots lie there, too. `UPDATE_PAGE=1` renews the pictures in `docs/`.

mod tools;

use std::path::Path;
use std::process::Command;
use std::sync::{Mutex, PoisonError};

/// Where this file lies, and the checks.
const HERE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/page");
/// Where the pictures of README.md lie, which, and what each may weigh.
const PICTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs");
const SHOWN: [&str; 2] = ["page.png", "lab-page.png"];
const PICTURE_BYTES: u64 = 300_000;

/// Runs one program of the installed; all that it says is in the failure.
#[track_caller]
fn passes(command: &mut Command) {
    let out = command.output().expect("it runs");
    let said = [out.stdout, out.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
    println!("{said}");
    assert!(out.status.success(), "{command:?}: {}\n{said}", out.status);
}

/// The checks in one file, each a test with a name.
#[track_caller]
fn checks(file: &str) {
    // One browser and one demo at a time: the checks measure.
    static ALONE: Mutex<()> = Mutex::new(());
    let Some(installed) = tools::installed() else { return };
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let mut node = Command::new("node");
    node.args(["--test", "--test-reporter=spec"]).arg(Path::new(HERE).join(file));
    passes(node.env("BRUIT", env!("CARGO_BIN_EXE_bruit")).env("PAGE", &installed).env("PICTURES", PICTURES));
}

#[test]
fn types_hold() {
    let Some(installed) = tools::installed() else { return };
    let compiler = installed.join("node_modules/.bin/tsc");
    passes(Command::new(compiler).args(["--project", &format!("{HERE}/tsconfig.json")]));
}

#[test]
fn the_cluster_is_shown() {
    checks("cluster.mjs");
}

#[test]
fn an_exchange_is_shown_as_it_was() {
    checks("exchange.mjs");
}

#[test]
fn a_lost_server_is_found_again() {
    checks("reconnect.mjs");
}

#[test]
fn everyone_can_read_it() {
    checks("access.mjs");
}

#[test]
fn two_hundred_nodes_cost_little() {
    checks("speed.mjs");
}

#[test]
fn a_run_of_the_lab_is_shown_as_it_is() {
    checks("lab.mjs");
}

#[test]
fn ten_thousand_nodes_cost_little() {
    checks("lab_speed.mjs");
}

#[test]
fn the_pictures_of_the_readme_are_small() {
    for name in SHOWN {
        let size = std::fs::metadata(Path::new(PICTURES).join(name)).expect(name).len();
        assert!(size <= PICTURE_BYTES, "{name}: {size} bytes");
    }
}
