//! One member a process: prints what happens as JSON lines, and obeys `event NAME` and `leave` from its input.
//!
//! `cargo run -p bruit --example member -- web-1 127.0.0.1:7946 127.0.0.1:7947`: name, address, seeds. The file of the
//! cluster's keys is the one that `BRUIT_KEY_FILE` names; outside of loopback there must be one. `BRUIT_MULTICAST` names a group.

use bruit::{Event, Node};
use serde_json::json;
use std::error::Error;
use std::process::ExitCode;
use tokio::io::{AsyncBufReadExt, BufReader, stdin};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [name, bind, seeds @ ..] = args.as_slice() else {
        eprintln!("give a name, an address to bind, and seeds");
        return ExitCode::from(2);
    };
    match run(name, bind, seeds).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(name: &str, bind: &str, seeds: &[String]) -> Result<(), Box<dyn Error>> {
    let mut node = Node::bind(bind).name(name).seeds(seeds);
    if let Some(path) = std::env::var_os("BRUIT_KEY_FILE") {
        node = node.key_file(path);
    }
    if let Ok(group) = std::env::var("BRUIT_MULTICAST") {
        node = node.multicast(group.parse()?);
    }
    let node = node.start().await?;
    let mut events = node.events();
    let mut orders = BufReader::new(stdin()).lines();
    println!("{}", json!({ "event": "started", "name": name, "address": node.local_addr() }));
    loop {
        tokio::select! {
            event = events.next() => match event {
                Some(event) => print(&event),
                None => return Ok(()),
            },
            order = orders.next_line() => match order?.as_deref().map(|line| line.split_once(' ').unwrap_or((line, ""))) {
                Some(("event", name)) => drop(node.event(name, b"").await?),
                Some(("leave", _)) | None => return Ok(node.leave().await?),
                Some((order, _)) => eprintln!("no such order: {order}"),
            },
        }
    }
}

fn print(event: &Event) {
    let (what, name) = match event {
        Event::Up(member) => ("up", member.record.name()),
        Event::Suspect { member, .. } => ("suspect", member.record.name()),
        Event::Refuted(member) => ("refuted", member.record.name()),
        Event::Down(member) => ("down", member.record.name()),
        Event::Left(member) => ("left", member.record.name()),
        Event::Changed(member) => ("changed", member.record.name()),
        Event::Delivered(said) => {
            println!("{}", json!({ "event": "delivered", "name": &*said.name, "hop": said.hop }));
            return;
        }
        _ => return,
    };
    println!("{}", json!({ "event": what, "name": name }));
}
