//! The binary: `bruit demo`, `bruit bench`, `bruit lab`.

mod bench;
mod cli;
mod demo;
mod lab;
mod output;

use clap::{CommandFactory, Parser};
use cli::{Bench, Cli, Command, Lab};
use std::process::ExitCode;

/// The command failed: something went wrong, or a check did not hold.
const FAILED: u8 = 1;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let done = match cli.command {
        Command::Demo(options) => demo::run(&options, cli.output),
        Command::Bench(Bench::Cluster(options)) => bench::cluster(&options, cli.output),
        Command::Bench(Bench::Lab(options)) => bench::lab(&options, cli.output),
        Command::Lab(Lab::Check(options)) => lab::check(&options, cli.output),
        Command::Lab(Lab::Replay(options)) => lab::replay(&options, cli.output),
        Command::Version => {
            output::version(cli.output);
            Ok(ExitCode::SUCCESS)
        }
        Command::Completion { shell } => {
            clap_complete::generate(shell, &mut Cli::command(), "bruit", &mut std::io::stdout());
            Ok(ExitCode::SUCCESS)
        }
    };
    done.unwrap_or_else(|error| {
        eprintln!("bruit: {error:#}");
        ExitCode::from(FAILED)
    })
}
