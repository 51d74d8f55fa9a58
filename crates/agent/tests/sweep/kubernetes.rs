//! The commands in the file for Kubernetes, run here.

use crate::{Folder, contrib};
use std::fs;

/// The words of each container's command.
fn commands(text: &str) -> Vec<Vec<&str>> {
    let mut commands: Vec<Vec<&str>> = Vec::new();
    let mut lines = text.lines().map(str::trim_start);
    while lines.by_ref().any(|line| line == "command:") {
        let words = lines.by_ref().map_while(|line| line.strip_prefix("- "));
        commands.push(words.map(|word| word.trim_matches('"')).collect());
    }
    commands
}

#[test]
fn the_pods_of_the_indexed_job_make_one_sweep() {
    let text = fs::read_to_string(contrib("kubernetes/sweep.yaml")).expect("the file");
    let completions = text.lines().find_map(|line| line.trim().strip_prefix("completions: "));
    let completions: u64 = completions.and_then(|number| number.parse().ok()).expect("a number");
    let commands = commands(&text);
    let [sweep, report] = &commands[..] else { panic!("two commands: {commands:?}") };
    let folder = Folder::new();
    let here = |words: &[&str]| words[2..].join(" ").replace("/sweep/", "");
    for index in 0..completions {
        folder.told(&here(sweep).replace("$(JOB_COMPLETION_INDEX)", &index.to_string()));
    }
    let (alone, _) = here(sweep).split_once(" --shard ").map(|(sweep, to)| (sweep.to_owned(), to.to_owned())).expect("a shard");
    folder.told(&format!("{alone} --to whole.csv"));
    assert_eq!(folder.told(&here(report)), folder.told("report whole.csv"));
}
