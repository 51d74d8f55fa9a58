//! The fuzz targets compile. They are a workspace of their own, which nothing else would build.

use crate::repository::root;
use std::process::Command;

#[test]
fn fuzz_targets_compile() {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let target = concat!(env!("CARGO_TARGET_TMPDIR"), "/fuzz");
    let args = ["check", "--quiet", "--manifest-path", "fuzz/Cargo.toml", "--target-dir", target];
    let out = Command::new(cargo).args(args).current_dir(root()).output().expect("cargo runs");
    assert!(out.status.success(), "cargo {}:\n{}", args.join(" "), String::from_utf8_lossy(&out.stderr));
}
