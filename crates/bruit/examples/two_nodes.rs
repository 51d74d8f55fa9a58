//! Two nodes in one process: they find each other, one says something, one says goodbye.
//!
//! `cargo run -p bruit --example two_nodes`

use bruit::{Event, Node};
use std::error::Error;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let one = Node::bind("127.0.0.1:0").name("one").start().await?;
    let mut events = one.events();

    let two = Node::bind("127.0.0.1:0").name("two").tag("role", "web").start().await?;
    two.join([one.local_addr().to_string()]).await?;
    for member in two.members().await? {
        println!("two knows {} at {}", member.record.name(), member.record.addresses()[0]);
    }
    two.event("deploy", b"v2").await?;

    while let Some(event) = events.next().await {
        match event {
            Event::Up(member) => println!("one hears that {} is up", member.record.name()),
            Event::Delivered(said) => {
                println!("one hears {} {}", said.name, String::from_utf8_lossy(&said.payload));
                two.leave().await?;
            }
            Event::Left(member) => {
                println!("one hears that {} has left", member.record.name());
                break;
            }
            _ => {}
        }
    }
    Ok(())
}
