//! The programs that the checks need.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

/// Debian's packages, and the program of each.
const PACKAGES: [(&str, &str); 3] = [("chromium", "chromium"), ("nodejs", "node"), ("npm", "npm")];

/// Where everything is installed; `None`, said loudly, where that cannot be done.
pub(crate) fn installed() -> Option<PathBuf> {
    static ONCE: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    match ONCE.get_or_init(install) {
        Ok(folder) => Some(folder.clone()),
        Err(why) => {
            let _ = writeln!(std::io::stderr(), "\nSKIPPED: the page in a browser: {why}\n");
            None
        }
    }
}

fn install() -> Result<PathBuf, String> {
    let missing: Vec<&str> = PACKAGES.iter().filter(|x| run(Command::new(x.1).arg("--version")).is_err()).map(|x| x.0).collect();
    if !missing.is_empty() {
        run(Command::new("apt-get").args(["update", "-q"]))?;
        run(Command::new("apt-get").args(["install", "-qy", "--no-install-recommends"]).args(&missing))?;
    }
    // Beside the build, not in the sources: they stay as they are.
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("page");
    std::fs::create_dir_all(&folder).map_err(|e| e.to_string())?;
    for file in ["package.json", "package-lock.json", ".npmrc"] {
        std::fs::copy(Path::new(super::HERE).join(file), folder.join(file)).map_err(|e| format!("{file}: {e}"))?;
    }
    run(Command::new("npm").args(["ci", "--prefer-offline", "--no-audit", "--no-fund"]).current_dir(&folder))?;
    Ok(folder)
}

fn run(command: &mut Command) -> Result<(), String> {
    let out = command.stdin(Stdio::null()).output().map_err(|e| format!("{command:?}: {e}"))?;
    if out.status.success() { Ok(()) } else { Err(format!("{command:?}: {}", String::from_utf8_lossy(&out.stderr).trim())) }
}
