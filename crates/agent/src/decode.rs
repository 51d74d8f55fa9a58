//! `bruit decode`: captured packets, in the notation of the page.

mod hex;
mod pcap;
mod reader;

use crate::agent::BAD_CONFIG;
use crate::cli::{DecodeOptions, Format};
use crate::output;
use anyhow::{Context, Result};
use reader::{Reader, Told};
use serde_json::json;
use std::fmt;
use std::fs::File;
use std::io::Read;
use std::net::SocketAddr;
use std::process::ExitCode;

/// The longest capture that is read: 256 MiB.
const LONGEST: u64 = 256 << 20;

/// One datagram, and where it was found.
#[derive(Debug)]
struct Found {
    at: Place,
    /// Microseconds since 1970, and between whom, where a capture says so.
    seen: Option<(u64, SocketAddr, SocketAddr)>,
    bytes: Vec<u8>,
}

/// Where in the input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Line(usize),
    Packet(usize),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Line(n) => write!(f, "line {n}"),
            Place::Packet(n) => write!(f, "packet {n}"),
        }
    }
}

/// A place that cannot be read, and why.
type Bad = (Place, String);

pub(crate) fn run(options: &DecodeOptions, format: Format) -> Result<ExitCode> {
    let name = options.file.display();
    let mut input = Vec::new();
    let source: Box<dyn Read> = if options.file.as_os_str() == "-" {
        Box::new(std::io::stdin())
    } else {
        Box::new(File::open(&options.file).with_context(|| format!("cannot open {name}"))?)
    };
    source.take(LONGEST + 1).read_to_end(&mut input).with_context(|| format!("cannot read {name}"))?;
    anyhow::ensure!(input.len() as u64 <= LONGEST, "{name} is longer than {} MiB: cut it", LONGEST >> 20);
    let keys = options.key_file.as_deref().map(bruit::read_keys).transpose()?;
    let (found, mut bad) = if pcap::is_pcap(&input) { pcap::read(&input) } else { hex::read(&input) };
    let mut reader = Reader::new(keys, options, &found);
    let mut foreign = 0;
    for one in &found {
        match (reader.read(&one.bytes), one.at) {
            (Ok(told), _) => print(one, &told, format),
            // A capture holds what else was said, too.
            (Err(_), Place::Packet(_)) => foreign += 1,
            (Err(wrong), at) => bad.push((at, wrong.to_string())),
        }
    }
    if foreign > 0 {
        eprintln!("bruit: {foreign} UDP packets are none of bruit's, or damaged");
    }
    bad.sort_by_key(|(at, _)| match at {
        Place::Line(n) | Place::Packet(n) => *n,
    });
    bad.iter().for_each(|(at, wrong)| eprintln!("bruit: {name}, {at}: {wrong}"));
    Ok(if bad.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(BAD_CONFIG) })
}

fn print(found: &Found, told: &Told, format: Format) {
    match format {
        Format::Json => output::json(&object(found, told)),
        Format::Text => println!("{}", line(found, told)),
    }
}

fn object(found: &Found, told: &Told) -> serde_json::Value {
    let mut value = json!({
        "bytes": found.bytes.len(),
        "sender": told.sender,
        "sealed": told.sealed.is_some(),
        "verified": told.verified,
        "messages": told.notes.as_ref().map(|notes| {
            notes.iter().map(|note| json!({ "kind": note.kind, "text": note.text })).collect::<Vec<_>>()
        }),
        "unreadable": told.unreadable,
    });
    match found.at {
        Place::Line(n) => value["line"] = n.into(),
        Place::Packet(n) => value["packet"] = n.into(),
    }
    if let Some((at, from, to)) = found.seen {
        (value["at_us"], value["from"], value["to"]) = (at.into(), from.to_string().into(), to.to_string().into());
    }
    if let Some(sealed) = &told.sealed {
        value["key"] = json!({ "low_bits": sealed.key, "id": sealed.key_id });
        (value["session"], value["counter"]) = (format!("{:016x}", sealed.session).into(), sealed.counter.into());
        (value["hello"], value["group"]) = (sealed.hello.into(), sealed.group.into());
    }
    value
}

/// One packet for people. Others wrote it: nothing in it may move the cursor.
fn line(found: &Found, told: &Told) -> String {
    let mut parts = vec![found.at.to_string()];
    if let Some((at, from, to)) = found.seen {
        parts.push(format!("{}.{:06} {from} > {to}", at / 1_000_000, at % 1_000_000));
    }
    parts.push(format!("{} B", found.bytes.len()));
    if let Some(sealed) = &told.sealed {
        parts.push(sealed.to_string());
    }
    parts.extend(told.sender.as_ref().map(|sender| format!("from {sender}")));
    if told.verified == Some(false) {
        parts.push("not verified, the receiver is not known".into());
    }
    let said = match &told.notes {
        Some(notes) if notes.is_empty() => "nothing".into(),
        Some(notes) => notes.iter().map(|note| note.text.as_str()).collect::<Vec<_>>().join("; "),
        None => "sealed".into(),
    };
    let wrong = told.unreadable.as_ref().map(|wrong| format!("; {wrong}")).unwrap_or_default();
    let whole = format!("{}: {said}{wrong}", parts.join("  "));
    whole.chars().map(|c| if c.is_control() { c.escape_default().to_string() } else { c.to_string() }).collect()
}
