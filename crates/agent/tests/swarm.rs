//! The swarm: whole nodes under faults that a seed draws, and the faults that are planted to see whether anybody notices.
//!
//! The seeds are the same in every run, so that a change that breaks something is the change that broke it; by hand,
//! `bruit lab check --seeds 500 --seed random` looks further. A run that fails names the command that replays it.

use std::process::Command;

fn bruit(args: &[&str]) {
    let (program, folder) = (env!("CARGO_BIN_EXE_bruit"), env!("CARGO_TARGET_TMPDIR"));
    let out = Command::new(program).args(args).current_dir(folder).output().expect("the binary runs");
    let text = [out.stdout, out.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).join("\n");
    println!("bruit {}\n{text}", args.join(" "));
    assert!(out.status.success(), "bruit {}: {}", args.join(" "), out.status);
}

#[test]
fn seeds_find_nothing() {
    bruit(&["lab", "check", "--seeds", "240", "--seed", "1"]);
}

#[test]
#[cfg(feature = "mutants")]
fn every_planted_fault_is_caught() {
    bruit(&["lab", "check", "--mutants"]);
}
