//! `bruit demo`: real nodes in one process, on loopback ports.

mod cluster;
mod story;
mod table;

use crate::cli::{DemoOptions, Format};
use anyhow::Result;
use std::io::IsTerminal;
use std::process::ExitCode;

pub(crate) fn run(options: &DemoOptions, format: Format) -> Result<ExitCode> {
    let live = !options.script && format == Format::Text && std::io::stdout().is_terminal();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        if live {
            table::show(options).await?;
            return Ok(ExitCode::SUCCESS);
        }
        let kept = story::tell(options, format).await?;
        Ok(if kept { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    })
}
