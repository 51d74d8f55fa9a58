//! Where the control sockets of this machine's agents are.

use std::path::{Path, PathBuf};

/// The longest path that a socket can have on Linux: `sun_path` has 108 bytes, with its zero.
pub(crate) const MAX_PATH: usize = 107;
const SUFFIX: &str = ".sock";

/// Where agents of this user put theirs: `bruit/` below `$XDG_RUNTIME_DIR`, or below `/run`.
pub(crate) fn folder() -> PathBuf {
    runtime().unwrap_or_else(system)
}

/// Where a client looks: among its user's agents first, then among the machine's.
pub(crate) fn folders() -> Vec<PathBuf> {
    runtime().into_iter().chain([system()]).collect()
}

fn runtime() -> Option<PathBuf> {
    std::env::var_os("XDG_RUNTIME_DIR").filter(|d| !d.is_empty()).map(|d| PathBuf::from(d).join("bruit"))
}

fn system() -> PathBuf {
    PathBuf::from("/run/bruit")
}

/// The socket of the agent of this name. What a file's name should not hold is written as `%XX`.
pub(crate) fn socket(folder: &Path, name: &str) -> PathBuf {
    let mut file = String::new();
    for (i, byte) in name.bytes().enumerate() {
        if byte.is_ascii_alphanumeric() || b"-_".contains(&byte) || (byte == b'.' && i > 0) {
            file.push(char::from(byte));
        } else {
            file.push_str(&format!("%{byte:02X}"));
        }
    }
    folder.join(file + SUFFIX)
}

/// The names and sockets in a folder, in order of name.
pub(crate) fn sockets(folder: &Path) -> Vec<(String, PathBuf)> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut found: Vec<_> = entries.filter_map(|e| Some((name(e.file_name().to_str()?)?, e.path()))).collect();
    found.sort();
    found
}

fn name(file: &str) -> Option<String> {
    let text = file.strip_suffix(SUFFIX)?.as_bytes();
    let mut name = Vec::new();
    let mut i = 0;
    while i < text.len() {
        if text[i] == b'%' {
            let hex = std::str::from_utf8(text.get(i + 1..i + 3)?).ok()?;
            name.push(u8::from_str_radix(hex, 16).ok()?);
            i += 3;
        } else {
            name.push(text[i]);
            i += 1;
        }
    }
    String::from_utf8(name).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_name_is_a_file_and_back() {
        for node in ["web-3", "../x", "10.0.0.1:7946", "é/%", ".hidden"] {
            let path = socket(Path::new("/d"), node);
            assert_eq!(path.parent(), Some(Path::new("/d")), "{node}");
            let file = path.file_name().and_then(|f| f.to_str()).expect("ASCII");
            assert_eq!(name(file).as_deref(), Some(node));
        }
        assert_eq!(name("x.txt"), None);
    }
}
