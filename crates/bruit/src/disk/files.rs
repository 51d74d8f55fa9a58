use bruit_store::Medium;
use std::fs::{self, File, TryLockError};
use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

/// A directory on a disk, this process's alone.
///
/// `table` is the log, `table.new` one that is being written to take its place, `table.damaged` the last that could not be
/// read whole, `lock` what keeps a second process out: locked as long as this lives, whatever ends the process.
pub(crate) struct Files {
    dir: PathBuf,
    /// Open for appending, once something was.
    log: Option<File>,
    _lock: File,
}

impl Files {
    /// Makes the directory if need be, for this user alone, and locks it.
    ///
    /// # Errors
    /// [`ErrorKind::ResourceBusy`] names the process that has it.
    pub(crate) fn lock(dir: PathBuf) -> io::Result<Files> {
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(&dir)?;
        let mut lock = File::options().create(true).truncate(false).read(true).write(true).open(dir.join("lock"))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::Error(why)) => return Err(why),
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                let _ = lock.read_to_string(&mut holder);
                return Err(io::Error::new(ErrorKind::ResourceBusy, format!("process {} runs on it", holder.trim())));
            }
        }
        lock.set_len(0)?;
        writeln!(lock, "{}", std::process::id())?;
        Ok(Files { dir, log: None, _lock: lock })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    /// A name in a directory is safe when the directory is.
    fn sync_dir(&self) -> io::Result<()> {
        if cfg!(unix) { File::open(&self.dir)?.sync_all() } else { Ok(()) }
    }
}

impl Medium for Files {
    fn read(&mut self) -> io::Result<Option<Vec<u8>>> {
        match fs::read(self.path("table")) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(why) if why.kind() == ErrorKind::NotFound => Ok(None),
            Err(why) => Err(why),
        }
    }

    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut log = match self.log.take() {
            Some(log) => log,
            None => File::options().append(true).open(self.path("table"))?,
        };
        log.write_all(bytes)?;
        log.sync_data()?;
        self.log = Some(log);
        Ok(())
    }

    fn replace(&mut self, bytes: &[u8]) -> io::Result<()> {
        let new = self.path("table.new");
        let mut file = private(&new)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        self.log = None;
        fs::rename(&new, self.path("table"))?;
        self.sync_dir()
    }

    fn set_aside(&mut self) -> io::Result<String> {
        let aside = self.path("table.damaged");
        fs::rename(self.path("table"), &aside)?;
        self.sync_dir()?;
        Ok(aside.display().to_string())
    }
}

/// A new, empty file that only this user may read: who is in a cluster is nobody else's business.
fn private(path: &Path) -> io::Result<File> {
    let mut options = File::options();
    options.create(true).truncate(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}
