use std::io;

/// Where the bytes of a table are.
pub trait Medium {
    /// All of the log; `None` if there never was one.
    ///
    /// # Errors
    /// The medium's. A log that is there and cannot be read is no reason to begin another.
    fn read(&mut self) -> io::Result<Option<Vec<u8>>>;

    /// Adds to the end of the log. Once this returns it survives a crash.
    ///
    /// # Errors
    /// The medium's. Any part of it may be there or not.
    fn append(&mut self, bytes: &[u8]) -> io::Result<()>;

    /// Puts another log in the place of this one, or the first. Whatever crashes meanwhile, one of the two is there, whole.
    ///
    /// # Errors
    /// The medium's. The old one is there.
    fn replace(&mut self, bytes: &[u8]) -> io::Result<()>;

    /// Sets the log aside, for whoever wants to look into it; an older one that was set aside is gone. Its name there.
    ///
    /// # Errors
    /// The medium's. The log is where it was.
    fn set_aside(&mut self) -> io::Result<String>;
}

/// A medium in memory.
#[derive(Clone, Debug, Default)]
pub struct Memory {
    /// The log.
    pub log: Option<Vec<u8>>,
    /// What was set aside last.
    pub aside: Option<Vec<u8>>,
    /// How many more bytes it takes before it is full; a write that comes to that point is torn there.
    pub room: Option<usize>,
}

impl Memory {
    fn take(&mut self, bytes: usize) -> (usize, io::Result<()>) {
        let Some(room) = &mut self.room else { return (bytes, Ok(())) };
        let taken = bytes.min(*room);
        *room -= taken;
        let full = || Err(io::Error::from(io::ErrorKind::StorageFull));
        (taken, if taken < bytes { full() } else { Ok(()) })
    }
}

impl Medium for Memory {
    fn read(&mut self) -> io::Result<Option<Vec<u8>>> {
        Ok(self.log.clone())
    }

    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        let (taken, outcome) = self.take(bytes.len());
        self.log.get_or_insert_default().extend_from_slice(&bytes[..taken]);
        outcome
    }

    fn replace(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.take(bytes.len()).1?;
        self.log = Some(bytes.to_vec());
        Ok(())
    }

    fn set_aside(&mut self) -> io::Result<String> {
        self.aside = self.log.take();
        Ok("aside".into())
    }
}
