//! A node that outlives its process: kill it, start it again, and it is where it was.
//!
//! `cargo run -p bruit --example durable -- web-1 127.0.0.1:7946 DIR`: name, address, data directory. Each line of its input
//! is something that an operator asks for; it is printed when it is safe. At the start it prints what it remembers.

use bruit::{Event, Node, What};
use std::error::Error;
use std::process::ExitCode;
use tokio::io::{AsyncBufReadExt, BufReader, stdin};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [name, bind, dir] = args.as_slice() else {
        eprintln!("give a name, an address to bind and a directory");
        return ExitCode::from(2);
    };
    match run(name, bind, dir).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(name: &str, bind: &str, dir: &str) -> Result<(), Box<dyn Error>> {
    let node = Node::bind(bind).name(name).data_dir(dir).start().await?;
    if let Some(damage) = node.damage() {
        eprintln!("{dir}: {damage}");
    }
    for entry in node.history().await? {
        println!("remembers {}", entry.node);
    }
    let mut events = node.events();
    let mut lines = BufReader::new(stdin()).lines();
    println!("ready");
    loop {
        tokio::select! {
            event = events.next() => match event {
                Some(Event::Recorded(entry)) => println!("safe {}", entry.node),
                Some(_) => {}
                None => return Ok(()),
            },
            line = lines.next_line() => {
                let Some(line) = line? else { return Ok(()) };
                node.handle().command(move |full, cx| full.append(cx, What::Join, &line, "input")).await??;
            }
        }
    }
}
