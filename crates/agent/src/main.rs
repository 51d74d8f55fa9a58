//! The binary: `bruit agent` and the commands that talk to it, `bruit demo`, `bruit bench`, `bruit lab`.

mod agent;
mod article;
mod bench;
mod cli;
mod client;
mod config;
mod decode;
mod demo;
mod experiment;
mod files;
mod keys;
mod lab;
mod output;
mod paper;
mod picture;
mod place;
mod process;
mod serve;
mod settings;
mod sweep;
mod watch;

use clap::{CommandFactory, Parser};
use cli::{Bench, Cli, Client, Command, Config, Keys, Lab, LabRun};
use std::process::ExitCode;

/// The command failed: something went wrong, or a check did not hold.
const FAILED: u8 = 1;

fn main() -> ExitCode {
    output::end_with_reader();
    let cli = Cli::parse();
    let lines = cli.output.lines();
    let done = match cli.command {
        Command::Agent(options) => agent::run(*options),
        Command::Client(command) => client::run(&command, cli.agent, cli.output),
        Command::Config(Config::Validate(options)) => config::validate(&options, lines),
        Command::Config(Config::Show { origin, options }) => config::show(&options, origin, lines),
        Command::Keys(Keys::Generate { out }) => keys::generate(out.as_deref(), lines),
        Command::Keys(Keys::Ls { file: Some(file) }) => keys::list(&file, lines),
        Command::Keys(Keys::Ls { file: None }) => client::run(&Client::Keys, cli.agent, cli.output),
        Command::Decode(options) => decode::run(&options, lines),
        Command::Demo(options) => demo::run(&options, lines),
        Command::Bench(Bench::Cluster(options)) => bench::cluster(&options, lines),
        Command::Bench(Bench::Agent(options)) => bench::agent(&options, lines),
        Command::Bench(Bench::State(options)) => bench::state(&options, lines),
        Command::Bench(Bench::Lab(options)) => bench::lab(&options, lines),
        Command::Lab(Lab::Check(options)) => lab::check(&options, lines),
        Command::Lab(Lab::Replay(options)) => lab::replay(&options, lines),
        Command::Lab(Lab::Run { of: Some(LabRun::State(options)), .. }) => watch::state(&options, lines),
        Command::Lab(Lab::Run { of: Some(LabRun::Rumor(options)), .. }) => experiment::run(&options.into_run(), lines),
        Command::Lab(Lab::Run { of: Some(LabRun::Multicast(options)), .. }) => experiment::run(&options.into_run(), lines),
        Command::Lab(Lab::Run { of: None, options }) => experiment::run(&options, lines),
        Command::Lab(Lab::Compare(options)) => watch::compare(&options, lines),
        Command::Lab(Lab::Sweep(options)) => sweep::run(&options, lines),
        Command::Lab(Lab::Report(options)) => sweep::report(&options, lines),
        Command::Lab(Lab::Article(options)) => article::run(&options, lines),
        Command::Lab(Lab::Paper(options)) => paper::run(&options, lines),
        Command::Lab(Lab::Serve(options)) => serve::run(&options, lines),
        Command::Version => {
            output::version(lines);
            Ok(ExitCode::SUCCESS)
        }
        Command::Completion { shell } => {
            clap_complete::generate(shell, &mut Cli::command(), "bruit", &mut std::io::stdout());
            Ok(ExitCode::SUCCESS)
        }
        Command::Man { dir } => output::manual(dir.as_deref()),
    };
    done.unwrap_or_else(|error| {
        eprintln!("bruit: {error:#}");
        ExitCode::from(FAILED)
    })
}
