//! Where the examples are, for tests that run them.

use std::path::PathBuf;
use std::process::Command;

/// The program of this example; built now if `cargo test` has not built it, as with `--test`.
pub(crate) fn example(name: &str) -> PathBuf {
    let test = std::env::current_exe().expect("a test runs from a file");
    let profile = test.ancestors().nth(2).expect("target/PROFILE/deps/test");
    let program = profile.join("examples").join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
    if !program.exists() {
        let mut build = Command::new(env!("CARGO"));
        build.args(["build", "--package", "bruit", "--all-features", "--example", name, "--target-dir"]);
        build.arg(profile.parent().expect("target"));
        if !cfg!(debug_assertions) {
            build.arg("--release");
        }
        assert!(build.status().expect("cargo runs").success(), "{name} builds");
    }
    program
}
