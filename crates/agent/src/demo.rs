//! `bruit demo`: real nodes in one process, on loopback ports; scenes that show what they do, and a page to play with them.

mod cluster;
mod faults;
mod order;
mod scenes;
mod seen;
mod server;
mod stage;
mod table;

#[cfg(test)]
pub(crate) use server::routes;

use crate::agent::Phase;
use crate::cli::{DemoOptions, Format};
use crate::output;
use crate::picture::Picture;
use crate::settings::events::Events;
use anyhow::Result;
use bruit::Profile;
use cluster::Cluster;
use order::Asked;
use scenes::Scene;
use serde_json::json;
use stage::{Now, Outcome, Played, Stage};
use std::io::IsTerminal;
use std::process::ExitCode;
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{mpsc, watch};
use tokio::time::sleep;

/// Where the page is served unless it is said.
const PAGE: &str = "127.0.0.1:0";
/// Streams of the page that may be open at once.
const STREAMS: usize = 64;
/// What is shown stays for so long, or nobody would see a scene that is over in a blink.
const SHOWN: Duration = Duration::from_millis(1_500);
/// Orders of keys and page that wait; who gives more waits.
const ORDERS: usize = 16;

pub(crate) fn run(options: &DemoOptions, format: Format) -> Result<ExitCode> {
    let terminal = !options.script && format == Format::Text && std::io::stdout().is_terminal();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let (stage, first, now) = start(options).await?;
        match (terminal, &options.http) {
            (true, at) => show(stage, now, options, at.as_deref().unwrap_or(PAGE)).await,
            (false, Some(at)) => stay(stage, first, options, at, format).await,
            (false, None) => script(stage, first, format).await,
        }
    })
}

/// All nodes run and none knows another: the first scene.
async fn start(options: &DemoOptions) -> Result<(Stage, Played, watch::Receiver<Now>)> {
    let picture = Picture::of_many(getrandom::u64()?, cluster::ROUND, STREAMS);
    let (now, shown) = watch::channel(Now::default());
    // All on one machine.
    let spread = Events { way: options.spread, ..Events::default() }.spread(Profile::Local);
    let mut stage = Stage::new(Cluster::empty(picture, spread), now);
    stage.begin("start", "so many nodes in one process, each with sockets of its own", Duration::from_secs(1));
    stage.cluster.start(options.nodes, options.port).await?;
    let seen = format!("{} nodes, the first on {}", options.nodes, stage.cluster.slots[0].at);
    let played = stage.end(0, Outcome::new(true, seen));
    stage.cluster.picture.scene(json!(played));
    Ok((stage, played, shown))
}

async fn play(stage: &mut Stage, scene: &Scene) -> Result<Played> {
    let bytes = stage.cluster.bytes();
    stage.begin(scene.step, scene.claim, scene.bound());
    let outcome = (scene.play)(stage).await?;
    let played = stage.end(bytes, outcome);
    stage.cluster.picture.scene(json!(played));
    Ok(played)
}

/// Plays all scenes and ends: 1 if one missed its bound.
async fn script(mut stage: Stage, first: Played, format: Format) -> Result<ExitCode> {
    print(&first, format);
    let mut kept = first.ok;
    for scene in scenes::SCENES.iter().chain([&scenes::LAST]) {
        let played = play(&mut stage, scene).await?;
        kept &= played.ok;
        print(&played, format);
    }
    Ok(if kept { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Serves the page until it is interrupted; scenes are lines.
async fn stay(stage: Stage, first: Played, options: &DemoOptions, at: &str, format: Format) -> Result<ExitCode> {
    let (orders, phase) = (mpsc::channel(ORDERS), watch::Sender::new(Phase::Running));
    let served = server::Served { picture: stage.cluster.picture.clone(), orders: orders.0 };
    let at = server::serve(at, served, phase.subscribe()).await?;
    match format {
        Format::Json => output::json(&json!({ "page": format!("http://{at}/") })),
        Format::Text => println!("page http://{at}/"),
    }
    print(&first, format);
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    tokio::select! {
        directed = direct(stage, orders.1, !options.play, |played| print(played, format)) => directed?,
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    phase.send_replace(Phase::Gone);
    Ok(ExitCode::SUCCESS)
}

/// The same on a terminal, until somebody quits.
async fn show(stage: Stage, now: watch::Receiver<Now>, options: &DemoOptions, at: &str) -> Result<ExitCode> {
    let (orders, phase) = (mpsc::channel(ORDERS), watch::Sender::new(Phase::Running));
    let picture = stage.cluster.picture.clone();
    let served = server::Served { picture: picture.clone(), orders: orders.0.clone() };
    let at = server::serve(at, served, phase.subscribe()).await?;
    let table = table::Table::new(picture, now, orders.0, at);
    tokio::select! {
        directed = direct(stage, orders.1, !options.play, |_| {}) => directed?,
        shown = table.run() => shown?,
    }
    phase.send_replace(Phase::Gone);
    println!("page http://{at}/ is closed, all nodes are stopped");
    Ok(ExitCode::SUCCESS)
}

/// Plays the scenes until somebody takes over, then does what it is told.
async fn direct(mut stage: Stage, mut orders: mpsc::Receiver<Asked>, scenes: bool, mut told: impl FnMut(&Played)) -> Result<()> {
    let mut first = None;
    if scenes {
        tokio::select! {
            asked = orders.recv() => first = asked,
            played = play_all(&mut stage, &mut told) => played?,
        }
    } else {
        stage.cluster.join_all()?;
    }
    stage.begin("", "", Duration::ZERO);
    while let Some((order, answer)) = match first.take() {
        Some(asked) => Some(asked),
        None => orders.recv().await,
    } {
        // Whoever asked may be gone.
        let _ = answer.send(stage.cluster.obey(&order).await);
    }
    Ok(())
}

async fn play_all(stage: &mut Stage, told: &mut impl FnMut(&Played)) -> Result<()> {
    for scene in &scenes::SCENES {
        let played = play(stage, scene).await?;
        told(&played);
        sleep(SHOWN.saturating_sub(Duration::from_millis(played.ms))).await;
    }
    Ok(())
}

fn print(played: &Played, format: Format) {
    match format {
        Format::Json => output::json(played),
        Format::Text => println!("{played}"),
    }
}
