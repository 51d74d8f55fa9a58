//! Sweeps in files, on one machine and on many.

mod kubernetes;
mod slurm;

use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::atomic::{AtomicU32, Ordering};

/// A folder of its own, gone at the end.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Folder {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("bruit-sweep-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let folder = std::env::temp_dir().join(name);
        fs::create_dir_all(&folder).expect("a folder");
        Folder(folder)
    }

    /// Runs `bruit lab` in it.
    fn lab(&self, words: &str) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_bruit"));
        command.arg("lab").args(words.split_whitespace()).current_dir(&self.0).output().expect("it runs")
    }

    /// What it prints; it must succeed.
    #[track_caller]
    fn told(&self, words: &str) -> String {
        let out = self.lab(words);
        assert_eq!(out.status.code(), Some(0), "{words}: {}", text(&out.stderr));
        assert!(out.stderr.is_empty(), "in a pipe nothing is said on the way: {}", text(&out.stderr));
        text(&out.stdout)
    }

    /// Why it fails.
    #[track_caller]
    fn refused(&self, words: &str, code: i32) -> String {
        let out = self.lab(words);
        assert_eq!(out.status.code(), Some(code), "{words}: {}{}", text(&out.stdout), text(&out.stderr));
        text(&out.stderr)
    }

    fn read(&self, file: &str) -> String {
        fs::read_to_string(self.0.join(file)).unwrap_or_else(|e| panic!("{file}: {e}"))
    }

    fn write(&self, file: &str, text: &str) {
        fs::write(self.0.join(file), text).expect("a file");
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A file of `contrib`.
fn contrib(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../contrib").join(path)
}

const SWEEP: &str = "sweep rumor rumor:exchange=pull --vary k=1..3 --vary loss=0,10 --nodes 100 --runs 4";

#[test]
fn a_sweep_is_the_same_whatever_the_threads_and_goes_on_where_it_was_cut_off() {
    let folder = Folder::new();
    for (file, format) in [("whole.csv", ""), ("whole.jsonl", "-o json")] {
        let whole = folder.told(&format!("{SWEEP} --threads 1 {format}"));
        assert_eq!(whole, folder.told(&format!("{SWEEP} --threads 3 {format}")));
        assert_eq!(folder.told(&format!("{SWEEP} --to {file}")), "");
        assert_eq!(folder.read(file), whole);
        // Written up to the middle of a line, of the first line as well.
        for end in [whole.len() / 2, whole.len() - 1, 9, 0] {
            folder.write(file, &whole[..end]);
            folder.told(&format!("{SWEEP} --to {file}"));
            assert_eq!(folder.read(file), whole, "cut off at {end}");
        }
    }
    let csv = folder.read("whole.csv");
    assert_eq!(csv.lines().count(), 49);
    let columns =
        "sweep,run,of,setup,nodes,loss,crash,churn,cut,latency,horizon,seed,residue,traffic,messages,wasted,found,t50,t99,last,";
    assert!(csv.starts_with(columns), "{csv}");
    assert!(csv.contains(",\"rumor:exchange=pull,k=3\",100,10.0,,0.0,,,1000,4,"), "{csv}");
    assert_eq!(folder.told("report whole.csv"), folder.told("report whole.jsonl"));
}

#[test]
fn shards_merge_to_the_whole_and_what_is_no_whole_is_refused() {
    let folder = Folder::new();
    folder.told(&format!("{SWEEP} --to whole.csv"));
    let whole = folder.told("report whole.csv");
    for i in 0..5 {
        folder.told(&format!("{SWEEP} --shard {i}/5 --to {i}.csv"));
    }
    assert_eq!(folder.told("report 3.csv 0.csv 4.csv 1.csv 2.csv"), whole);
    assert!(whole.lines().count() == 13 && whole.starts_with("set-up") && whole.contains(" ±"), "{whole}");
    let cells: Vec<Value> =
        folder.told("report whole.csv -o json").lines().map(|l| serde_json::from_str(l).expect("JSON")).collect();
    assert!(cells.len() == 12 && cells.iter().all(|cell| cell["runs"] == 4 && cell["traffic"]["error"].is_f64()), "{cells:?}");
    let missing = folder.refused("report 0.csv 1.csv 2.csv 4.csv", 78);
    assert!(missing.contains("9 of 48 runs are missing: 3, 8, 13, 18, 23, 28, 33, 38, ..."), "{missing}");
    let twice = folder.refused("report whole.csv 4.csv", 78);
    assert!(twice.contains("9 of 48 runs are there twice: 4, 9,"), "{twice}");
    let other = folder.refused("sweep rumor --runs 2 --to whole.csv", 78);
    assert!(other.contains("whole.csv is of another sweep: it has\n  bruit lab run rumor:k=1 --nodes 100"), "{other}");
    let shard = folder.refused(&format!("{SWEEP} --shard 1/5 --to 0.csv"), 78);
    assert!(shard.contains("0.csv is of another shard: it has run 0 where 1 should be"), "{shard}");
    folder.told("sweep rumor --runs 2 --to other.csv");
    assert!(folder.refused("report whole.csv other.csv", 78).contains("rows of two sweeps"));
    folder.write("notes.csv", "some notes");
    assert!(folder.refused(&format!("{SWEEP} --to notes.csv"), 78).contains("notes.csv is no sweep"));
    assert_eq!(folder.read("notes.csv"), "some notes");
    folder.write("case.jsonl", "{\"seed\": 1}");
    assert!(folder.refused(&format!("{SWEEP} --to case.jsonl"), 78).contains("case.jsonl is no sweep"));
    folder.told("sweep rumor --vary horizon=2,50 --runs 2 --to short.csv");
    let short = folder.told("report short.csv");
    assert!(short.starts_with("set-up  nodes  loss  horizon  runs") && short.contains("  2        2, 2 not over  "), "{short}");
    folder.write("notes.jsonl", "{\"run\": 1}\n");
    assert!(folder.refused("report notes.jsonl", 78).contains("notes.jsonl is no sweep: line 1: missing field"));
    assert!(folder.refused(&format!("{SWEEP} --to it.txt"), 78).contains("it.txt: give a file .csv or .jsonl"));
    for wrong in ["sweep", "sweep rumor --vary x=1", "sweep rumor --vary k", "sweep rumor --shard 4/4", "sweep rumor --runs 0"] {
        folder.refused(wrong, 2);
    }
}

#[test]
fn a_sweep_is_drawn() {
    let folder = Folder::new();
    folder.told(&format!("{SWEEP} --to it.csv"));
    let told = folder.told("report it.csv --plot --svg it.svg");
    assert!(told.contains("residue") && told.contains("traffic, per node"), "{told}");
    let svg = folder.read("it.svg");
    assert!(svg.contains("Over k: residue, traffic, t99") && svg.contains("exchange=pull loss=10"), "{svg}");
    folder.told("report it.csv --x loss --svg it.svg");
    assert!(folder.read("it.svg").contains("Over loss: "));
    assert!(folder.refused("report it.csv --x nodes --plot", 1).contains("no numbers differ in nodes"));
}

#[test]
fn a_run_of_a_sweep_is_replayed() {
    let folder = Folder::new();
    folder.told(&format!("{SWEEP} --crash 20%@3 --to it.jsonl"));
    folder.told(&format!("{SWEEP} --crash 20%@3 --to it.csv"));
    let rows = folder.read("it.jsonl");
    let line = rows.lines().nth(30).expect("a row");
    let row: Value = serde_json::from_str(line).expect("JSON");
    let told = folder.told("replay it.csv --run 30");
    assert!(told.starts_with("cycle   1 ") && told.contains("\nas in the file\n"), "{told}");
    folder.write("one.jsonl", &format!("{line}\n"));
    assert_eq!(folder.told("replay one.jsonl"), told);
    // The command in the row tells the same.
    let command = row["replay"].as_str().and_then(|line| line.strip_prefix("bruit lab ")).expect("a command");
    let again: Value = serde_json::from_str(&folder.told(&format!("{command} -o json"))).expect("JSON");
    assert!(["residue", "traffic", "t50", "t99", "last"].iter().all(|of| again[of] == row[of]), "{again} {row}");
    let forged = line.replace("\"over\":true", "\"over\":false");
    folder.write("forged.jsonl", &format!("{forged}\n"));
    folder.refused("replay forged.jsonl", 1);
    assert!(folder.refused("replay it.csv", 78).contains("it.csv has 48 runs: say which by --run"));
    assert!(folder.refused("replay it.csv --run 48", 78).contains("it.csv has no run 48"));
}
