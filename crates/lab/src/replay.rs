//! Tells the story of a case: `bruit lab replay`.

use crate::case::Case;
use crate::check::{Run, Violation};
use std::io::{self, Write};
use std::time::Duration;

/// What of a story to tell.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// Each packet that is heard, too.
    pub packets: bool,
    /// Nothing before this.
    pub from: Duration,
    /// Nothing after this.
    pub until: Option<Duration>,
}

/// Lives through a case and writes a line for each thing that happens; what did not hold, if something did not.
///
/// # Errors
/// Those of `out`.
pub fn run(case: &Case, options: Options, out: &mut dyn Write) -> io::Result<Option<Violation>> {
    let mut run = Run::new(case);
    run.story = Some(Vec::new());
    run.world.record(options.packets);
    loop {
        let more = run.step();
        let mut lines = run.story.as_mut().map(std::mem::take).unwrap_or_default();
        lines.extend(run.world.story());
        lines.sort_by_key(|line| line.0);
        for (at, line) in lines.iter().filter(|l| l.0 >= options.from && options.until.is_none_or(|until| l.0 <= until)) {
            writeln!(out, "{:>11.6} {line}", at.as_secs_f64())?;
        }
        let violation = match more {
            Ok(true) if options.until.is_some_and(|until| run.world.now() > until) => return Ok(None),
            Ok(true) => continue,
            Ok(false) => run.at_the_end().err(),
            Err(violation) => Some(violation),
        };
        match &violation {
            Some(violation) => writeln!(out, "{violation}")?,
            None => writeln!(out, "{:.3} s: every invariant held", run.world.now().as_secs_f64())?,
        }
        return Ok(violation);
    }
}
