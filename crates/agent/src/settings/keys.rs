//! Every setting: its name, its shape, its default, and what may be said.

use super::events::{self, Events};
use super::fault::{At, nearest};
use super::{Layer, LogFilter, Origin, Settings, Value, schema, state};
use bruit::{Encrypt, Profile, Record, StateConfig, Tags};
use std::collections::BTreeMap;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;

/// How a setting is written in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// `"text"`.
    Text,
    /// `["text", ...]`.
    List,
    /// `1` or `1.5`.
    Number,
    /// `{ key = "text", ... }`.
    Table,
    /// `{ key = { type = "text", ... }, ... }`, in the file alone.
    Schemas,
}

/// One setting.
#[derive(Debug)]
pub(crate) struct Key {
    pub(crate) name: &'static str,
    pub(crate) shape: Shape,
    default: &'static [&'static str],
    pub(crate) apply: fn(&mut Settings, &[String]) -> Result<(), Wrong>,
    /// Whether a running agent can take a new value.
    pub(crate) live: Live,
}

impl Key {
    /// Its variable of the environment, without the prefix; schemas have none.
    pub(super) fn variable(&self) -> Option<String> {
        (self.shape != Shape::Schemas).then(|| self.name.replace('.', "_"))
    }
}

/// Whether `reload` applies a setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Live {
    /// At once.
    Now,
    /// When the agent starts.
    Restart,
}

/// Why a value does not do.
#[derive(Debug)]
pub(crate) struct Wrong {
    pub(crate) message: String,
    pub(crate) help: Option<String>,
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        self.help.as_ref().map_or(Ok(()), |help| write!(f, "; {help}"))
    }
}

pub(super) fn wrong(message: impl Into<String>) -> Wrong {
    Wrong { message: message.into(), help: None }
}

/// The settings in the order in which they are shown. `node` and `bind` have no default text: theirs depends on what
/// else runs on the machine.
pub(crate) const KEYS: &[Key] = &[
    Key { name: "node", shape: Shape::Text, default: &[], apply: node, live: Live::Restart },
    Key { name: "bind", shape: Shape::Text, default: &[], apply: bind, live: Live::Restart },
    Key { name: "advertise", shape: Shape::List, default: &[], apply: advertise, live: Live::Restart },
    Key { name: "join", shape: Shape::List, default: &[], apply: join, live: Live::Restart },
    Key { name: "multicast", shape: Shape::Text, default: &[], apply: multicast, live: Live::Restart },
    Key { name: "profile", shape: Shape::Text, default: &["lan"], apply: profile, live: Live::Restart },
    Key { name: "label", shape: Shape::Text, default: &[""], apply: label, live: Live::Restart },
    Key { name: "key_file", shape: Shape::Text, default: &[], apply: key_file, live: Live::Now },
    Key { name: "encrypt", shape: Shape::Text, default: &[], apply: encrypt, live: Live::Now },
    Key { name: "data_dir", shape: Shape::Text, default: &[], apply: data_dir, live: Live::Restart },
    Key { name: "http", shape: Shape::Text, default: &[], apply: http, live: Live::Restart },
    Key { name: "log", shape: Shape::Text, default: &["info"], apply: log, live: Live::Now },
    Key { name: "log_format", shape: Shape::Text, default: &["text"], apply: log_format, live: Live::Restart },
    Key { name: "leave_within", shape: Shape::Text, default: &["10s"], apply: leave_within, live: Live::Now },
    Key { name: "tags", shape: Shape::Table, default: &[], apply: tags, live: Live::Now },
    Key { name: "events.spread", shape: Shape::Text, default: &["backlog"], apply: events::way, live: Live::Restart },
    Key { name: "events.rumor_every", shape: Shape::Text, default: &[], apply: events::rumor_every, live: Live::Restart },
    Key { name: "state.detector", shape: Shape::Text, default: &["swim"], apply: state::detector, live: Live::Restart },
    Key { name: "state.phi_threshold", shape: Shape::Number, default: &["8"], apply: state::threshold, live: Live::Restart },
    Key { name: "state.round", shape: Shape::Text, default: &["1s"], apply: state::round, live: Live::Restart },
    Key { name: "state.peers", shape: Shape::Number, default: &["1"], apply: state::peers, live: Live::Restart },
    Key { name: "state.spread", shape: Shape::Text, default: &["push"], apply: state::spread, live: Live::Restart },
    Key { name: "state.schema", shape: Shape::Schemas, default: &[], apply: schema::add, live: Live::Now },
];

pub(super) fn defaults() -> Layer {
    let some = KEYS.iter().filter(|key| !key.default.is_empty());
    some.map(|key| {
        let texts: Vec<String> = key.default.iter().map(|t| (*t).to_owned()).collect();
        (key, Value { texts, origin: Origin::Default, at: At::Word(key.name.into()) })
    })
    .collect()
}

/// What the layers are laid on.
pub(super) fn bare() -> Settings {
    Settings {
        node: None,
        bind: None,
        advertise: Vec::new(),
        join: Vec::new(),
        multicast: None,
        tags: BTreeMap::new(),
        profile: Profile::Lan,
        label: String::new(),
        keys: None,
        encrypt: None,
        data_dir: None,
        http: None,
        log: LogFilter { text: "info".into(), targets: Targets::new().with_default(LevelFilter::INFO) },
        log_json: false,
        leave_within: Duration::from_secs(10),
        events: Events::default(),
        state: StateConfig::default(),
    }
}

pub(super) fn only(texts: &[String]) -> &str {
    texts.first().map_or("", String::as_str)
}

/// The words for a network's profile.
pub(crate) const PROFILES: [(&str, Profile); 3] = [("lan", Profile::Lan), ("wan", Profile::Wan), ("local", Profile::Local)];
/// The words for what is sealed.
pub(crate) const ENCRYPTS: [(&str, Encrypt); 3] =
    [("off", Encrypt::Off), ("permissive", Encrypt::Permissive), ("require", Encrypt::Require)];

/// The word that stands for a value.
pub(crate) fn word<T: PartialEq>(words: &[(&'static str, T)], value: &T) -> &'static str {
    words.iter().find(|x| x.1 == *value).map_or("", |x| x.0)
}

pub(super) fn choice<'a, T: Copy>(text: &str, choices: &'a [(&'a str, T)]) -> Result<T, Wrong> {
    choices.iter().find(|x| x.0 == text).map(|x| x.1).ok_or_else(|| {
        let all: Vec<String> = choices.iter().map(|x| format!("`{}`", x.0)).collect();
        let near = nearest(text, choices.iter().map(|x| x.0));
        let help = near.map(|near| format!("did you mean `{near}`?"));
        Wrong { message: format!("`{text}` is none of {}", all.join(", ")), help }
    })
}

fn host_and_port(text: &str) -> Result<(), Wrong> {
    let port = text.rsplit_once(':').filter(|x| !x.0.is_empty()).map(|x| x.1.parse::<u16>());
    if matches!(port, Some(Ok(_))) {
        return Ok(());
    }
    Err(Wrong { message: format!("`{text}` is not host:port"), help: Some("write it as in 10.0.0.1:7946 or [::1]:7946".into()) })
}

fn node(settings: &mut Settings, texts: &[String]) -> Result<(), Wrong> {
    let name = only(texts);
    if name.is_empty() || name.len() > Record::MAX_NAME {
        return Err(wrong(format!("a name has 1 to {} bytes, this one {}", Record::MAX_NAME, name.len())));
    }
    settings.node = Some(name.into());
    Ok(())
}

fn bind(settings: &mut Settings, texts: &[String]) -> Result<(), Wrong> {
    host_and_port(only(texts))?;
    settings.bind = Some(only(texts).into());
    Ok(())
}

fn advertise(settings: &mut Settings, texts: &[String]) -> Result<(), Wrong> {
    let parse = |text: &String| {
        text.parse::<SocketAddr>().map_err(|_| Wrong {
            message: format!("`{text}` is not address:port"),
            help: Some("others are told an address, not a name; port 0 stands for the bound one".into()),
        })
    };
    let all: Vec<SocketAddr> = texts.iter().map(parse).collect::<Result<_, _>>()?;
    if all.len() > Record::MAX_ADDRESSES {
        return Err(wrong(format!("{} addresses; advertise at most {}", all.len(), Record::MAX_ADDRESSES)));
    }
    settings.advertise = all;
    Ok(())
}

/// A name that begins with `_` is a service's, and its DNS records say the ports.
fn join(settings: &mut Settings, texts: &[String]) -> Result<(), Wrong> {
    texts.iter().filter(|text| !text.starts_with('_')).try_for_each(|text| host_and_port(text))?;
    settings.join = texts.to_vec();
    Ok(())
}

/// The port of a group that names none.
const GROUP_PORT: u16 = 7947;

/// A group of IP multicast, with a port or without.
fn multicast(settings: &mut Settings, texts: &[String]) -> Result<(), Wrong> {
    let text = only(texts);
    let help =
        || Some("groups are 224.0.0.0 to 239.255.255.255 and ff00::/8: write one as 239.77.0.1:7947, or without the port".into());
    let bare = || text.parse::<IpAddr>().map(|ip| SocketAddr::new(ip, GROUP_PORT));
    let group: SocketAddr =
        text.parse().or_else(|_| bare()).map_err(|_| Wrong { message: format!("`{text}` is no address"), help: help() })?;
    if !group.ip().is_multicast() {
        return Err(Wrong { message: format!("{} is no group of IP multicast", group.ip()), help: help() });
    }
    settings.multicast = Some(group);
    Ok(())
}

fn profile(settings: &mut Settings, texts: &[String]) -> Result<(), Wrong> {
    settings.profile = choice(only(texts), &PROFILES)?;
    Ok(())
}

fn label(settings: &mut Settings, texts: &[String]) -> Result<(), Wrong> {
    settings.label = only(texts).into();
    Ok(())
}

/// The file is read with the other settings, so that a fault in it is one of theirs.
fn key_file(settings: &mut Settings, texts: &[String]) -> Result<(), Wrong> {
    let keys = bruit::read_keys(only(texts))
        .map_err(|error| Wrong { message: error.to_string(), help: Some("`bruit keys generate --out FILE` makes one".into()) })?;
    settings.keys = Some(keys);
    Ok(())
}

fn encrypt(settings: &mut Settings, texts: &[String]) -> Result<(), Wrong> {
    settings.encrypt = Some(choice(only(texts), &ENCRYPTS)?);
    Ok(())
}

fn data_dir(settings: &mut Settings, texts: &[String]) -> Result<(), Wrong> {
    if only(texts).is_empty() {
        return Err(wrong("a directory has a name"));
    }
    settings.data_dir = Some(only(texts).into());
    Ok(())
}

fn http(settings: &mut Settings, texts: &[String]) -> Result<(), Wrong> {
    host_and_port(only(texts))?;
    settings.http = Some(only(texts).into());
    Ok(())
}

fn log(settings: &mut Settings, texts: &[String]) -> Result<(), Wrong> {
    settings.log = log_filter(only(texts))?;
    Ok(())
}

/// What to log: a level, or levels by module as `info,bruit=debug`.
pub(crate) fn log_filter(text: &str) -> Result<LogFilter, Wrong> {
    let targets = text.parse().map_err(|_| wrong(format!("`{text}` is no log filter")))?;
    for part in text.split(',') {
        // A word alone would be taken for a module, of which everything is logged.
        choice(part.rsplit('=').next().unwrap_or_default(), &LEVELS)?;
    }
    Ok(LogFilter { text: text.into(), targets })
}

const LEVELS: [(&str, ()); 6] = [("error", ()), ("warn", ()), ("info", ()), ("debug", ()), ("trace", ()), ("off", ())];

fn log_format(settings: &mut Settings, texts: &[String]) -> Result<(), Wrong> {
    settings.log_json = choice(only(texts), &[("text", false), ("json", true)])?;
    Ok(())
}

fn leave_within(settings: &mut Settings, texts: &[String]) -> Result<(), Wrong> {
    settings.leave_within = span(only(texts))?;
    Ok(())
}

pub(super) fn span(text: &str) -> Result<Duration, Wrong> {
    let help = || Some("write it as in 10s or 1m".into());
    humantime::parse_duration(text).map_err(|e| Wrong { message: format!("`{text}`: {e}"), help: help() })
}

/// Each layer adds to the tags of those below it.
fn tags(settings: &mut Settings, texts: &[String]) -> Result<(), Wrong> {
    let mut all = settings.tags.clone();
    for text in texts {
        let (key, value) = text.split_once('=').filter(|x| !x.0.is_empty()).ok_or_else(|| Wrong {
            message: format!("`{text}` is not key=value"),
            help: Some("write it as in role=web".into()),
        })?;
        all.insert(key.into(), value.into());
    }
    let size = all.iter().map(|(k, v)| k.len() + v.len()).sum::<usize>();
    if size > Tags::MAX {
        return Err(wrong(format!("tags have {size} bytes together; shorten them to {}", Tags::MAX)));
    }
    settings.tags = all;
    Ok(())
}
