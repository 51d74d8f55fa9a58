use super::{RunOptions, WorldOptions};
use bruit_lab::experiment::Setup;
use clap::Args;

/// How, and in which world.
#[derive(Args, Debug)]
pub(crate) struct RunMulticastOptions {
    /// mail, tree or gossip, with settings as `lab run` has them: tree:fan-out=4. gossip is a rumor.
    #[arg(long, value_parser = mode)]
    mode: Setup,
    #[command(flatten)]
    world: WorldOptions,
    /// Print who is susceptible, infective and removed, cycle by cycle.
    #[arg(long)]
    step: bool,
}

impl RunMulticastOptions {
    /// The same with the mode as a set-up.
    pub(crate) fn into_run(self) -> RunOptions {
        RunOptions { setup: Some(self.mode), world: self.world, step: self.step }
    }
}

fn mode(text: &str) -> Result<Setup, String> {
    let mut setup: Setup = text.parse()?;
    match setup.name.as_str() {
        "mail" | "tree" => {}
        "gossip" => setup.name = "rumor".to_owned(),
        other => return Err(format!("mode is mail, tree or gossip, not {other}")),
    }
    Ok(setup)
}
