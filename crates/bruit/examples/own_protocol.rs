//! A protocol of one's own beside the default stack: whoever meets a member tells it its version, and all hear which
//! is the oldest. The same code in the deterministic world and on sockets.
//!
//! `cargo run -p bruit --features testkit --example own_protocol`

use bruit::proto::{Change, Context, Duration, Malformed, Origin, PeerId, Protocol, Reader, Wire};
use bruit::stacks::beside::{Beside, Event};
use bruit::testkit::Cluster;
use bruit::{Core, CoreConfig, Driver, Local, News};
use std::error::Error;

/// The protocol: its state is the oldest version heard of.
struct Oldest(u8);

#[derive(Debug)]
struct Version(u8);

impl Wire for Version {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend([128, self.0]); // A user's own tags begin at 128.
    }
    fn decode(input: &mut Reader<'_>) -> Result<Version, Malformed> {
        if input.u8()? == 128 { Ok(Version(input.u8()?)) } else { Err(Malformed::UNKNOWN) }
    }
}

impl Protocol for Oldest {
    type Message = Version;
    type Timer = ();
    type Event = u8;

    fn on_start(&mut self, _: &mut Context<'_, Self>) {}
    fn on_timer(&mut self, _: &mut Context<'_, Self>, (): ()) {}
    fn on_peer(&mut self, cx: &mut Context<'_, Self>, peer: PeerId, change: Change) {
        if change == Change::Up {
            cx.send(peer, Version(self.0));
        }
    }
    fn on_message(&mut self, cx: &mut Context<'_, Self>, _: Origin, Version(version): Version) {
        if version < self.0 {
            self.0 = version;
            cx.notify(version);
        }
    }
}

type Mine = Beside<Oldest>;

fn mine(local: &Local, version: u8) -> Mine {
    Beside::new(local.seed, Core::new(local.seed, CoreConfig::default(), local.record.clone()), Oldest(version))
}

fn join(mine: &mut Mine, cx: &mut Context<'_, Mine>, contacts: &[PeerId]) {
    mine.in_core(cx, |core, cx| core.join(cx, contacts));
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut versions = 3..;
    let mut lab = Cluster::of(5, move |local| mine(local, versions.next().expect("endless")), join);
    lab.run(Duration::from_secs(5));
    println!("in the lab, all know the oldest: {:?}", (0..5).map(|i| lab.protocol(i).own().0).collect::<Vec<_>>());

    let old = Driver::bind("127.0.0.1:0").name("old").run(|local| mine(local, 1)).await?;
    let new = Driver::bind("127.0.0.1:0").name("new").run(|local| mine(local, 2)).await?;
    let mut events = new.events();
    let contact = new.contact(old.local_addr()).await?;
    new.command(move |mine, cx| join(mine, cx, &[contact])).await?;
    while let Some(event) = events.next().await {
        if let News::Event(Event::Own(version)) = event {
            println!("on sockets, new hears of version {version}");
            break;
        }
    }
    Ok(())
}
