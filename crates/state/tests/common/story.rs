//! Recorded stories: a change of the protocol shows as a changed conversation, reviewed as a diff.

#![allow(dead_code, unreachable_pub)]
#![allow(clippy::disallowed_methods, reason = "a test reads its story, and rewrites it when told to")]

use std::path::Path;

/// Compares `text` to `tests/stories/{name}.txt`; with `UPDATE_STORIES=1` in the environment it rewrites the file.
pub fn check(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/stories").join(name).with_extension("txt");
    if std::env::var("UPDATE_STORIES").is_ok_and(|v| v == "1") {
        std::fs::write(&path, text).expect("the story can be written");
    }
    let told = std::fs::read_to_string(&path).unwrap_or_default();
    if let Some((n, (old, new))) = told.lines().zip(text.lines()).enumerate().find(|(_, (old, new))| old != new) {
        panic!("story {name}, line {}:\n  was {old}\n  is  {new}\nUPDATE_STORIES=1 rewrites it", n + 1);
    }
    assert_eq!(told.lines().count(), text.lines().count(), "story {name} has another length; UPDATE_STORIES=1 rewrites it");
}
