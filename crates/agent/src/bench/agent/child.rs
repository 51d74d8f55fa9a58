use anyhow::{Context, Result};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// An agent of this very binary, with a runtime folder of its own; both are gone when it is dropped.
pub(super) struct Child {
    process: std::process::Child,
    folder: PathBuf,
    socket: PathBuf,
}

impl Child {
    pub(super) fn start(name: &str, seed: &str) -> Result<Child> {
        // Short: the path of a socket has 107 bytes at most.
        let folder = std::env::temp_dir().join(format!("bruit-bench-{}", std::process::id()));
        std::fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        let mut command = Command::new(std::env::current_exe().context("where is this program?")?);
        command.args(["agent", "--node", name, "--bind", "127.0.0.1:0", "--join", seed, "--log", "warn"]);
        for (variable, _) in std::env::vars_os().filter(|x| x.0.to_string_lossy().starts_with("BRUIT_")) {
            command.env_remove(variable);
        }
        let process = command.env("XDG_RUNTIME_DIR", &folder).stdin(Stdio::null()).spawn().context("cannot start an agent")?;
        let socket = crate::place::socket(&folder.join("bruit"), name);
        Ok(Child { process, folder, socket })
    }

    pub(super) fn id(&self) -> u32 {
        self.process.id()
    }

    pub(super) fn socket(&self) -> &Path {
        &self.socket
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}
