//! The log: where it goes, and what it takes, which may change at run time.

use crate::settings::{LogFilter, Settings};
use std::io::IsTerminal;
use std::sync::{Mutex, PoisonError};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::{Registry, prelude::*, reload};

/// The log of this process.
pub(super) struct Log {
    filter: Mutex<LogFilter>,
    handle: reload::Handle<Targets, Registry>,
}

impl Log {
    /// Begins to log to standard error.
    pub(super) fn start(settings: &Settings) -> Log {
        let (filter, handle) = reload::Layer::new(settings.log.targets.clone());
        let to_stderr = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
        let log = tracing_subscriber::registry().with(filter);
        if settings.log_json {
            log.with(to_stderr.json().flatten_event(true)).init();
        } else {
            log.with(to_stderr.with_ansi(std::io::stderr().is_terminal())).init();
        }
        Log { filter: Mutex::new(settings.log.clone()), handle }
    }

    /// What is logged now.
    pub(super) fn filter(&self) -> String {
        self.filter.lock().unwrap_or_else(PoisonError::into_inner).text.clone()
    }

    /// Logs this from now on.
    pub(super) fn set(&self, filter: LogFilter) {
        let mut held = self.filter.lock().unwrap_or_else(PoisonError::into_inner);
        // It fails only when the subscriber is gone, and then nobody logs.
        let _ = self.handle.reload(filter.targets.clone());
        *held = filter;
    }
}
