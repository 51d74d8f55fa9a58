//! What an agent is told: flags before environment before file before defaults, each value with its origin.

pub(crate) mod events;
mod fault;
mod file;
mod keys;
mod schema;
mod state;

pub(crate) use fault::{Fault, Faults};
pub(crate) use keys::{ENCRYPTS, KEYS, Key, Live, PROFILES, Shape, log_filter, word};
pub(crate) use schema::written as schema_fields;
pub(crate) use state::DETECTORS;

use crate::cli::AgentOptions;
use anyhow::Result;
use bruit::{Encrypt, KeyRing, Profile, StateConfig};
use std::collections::BTreeMap;
use std::fmt;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::path::PathBuf;
use std::time::Duration;
use tracing_subscriber::filter::Targets;

/// The prefix of every variable of the environment.
const PREFIX: &str = "BRUIT_";
/// Variables with that prefix that are no settings of the agent.
const OTHERS: [&str; 2] = ["BRUIT_AGENT", "BRUIT_CONFIG"];

/// All settings of an agent.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) node: Option<String>,
    pub(crate) bind: Option<String>,
    pub(crate) advertise: Vec<SocketAddr>,
    pub(crate) join: Vec<String>,
    /// The group by which events are said once to all on the link.
    pub(crate) multicast: Option<SocketAddr>,
    pub(crate) tags: BTreeMap<String, String>,
    pub(crate) profile: Profile,
    pub(crate) label: String,
    /// The cluster's keys, as the key file says them now.
    pub(crate) keys: Option<KeyRing>,
    /// What is sealed: everything, if there is a key and nothing else is said.
    pub(crate) encrypt: Option<Encrypt>,
    /// Where what must survive the process is kept.
    pub(crate) data_dir: Option<PathBuf>,
    /// Where HTTP is served on TCP, too.
    pub(crate) http: Option<String>,
    pub(crate) log: LogFilter,
    pub(crate) log_json: bool,
    /// SIGTERM's leave ends after this, heard or not.
    pub(crate) leave_within: Duration,
    /// How events travel.
    pub(crate) events: events::Events,
    /// How nodes gossip about each other, and who says who is alive.
    pub(crate) state: StateConfig,
}

impl Settings {
    /// What is sealed.
    pub(crate) fn sealed(&self) -> Encrypt {
        self.encrypt.unwrap_or(if self.keys.is_some() { Encrypt::Require } else { Encrypt::Off })
    }

    fn key_ids(&self) -> Vec<bruit::KeyId> {
        self.keys.iter().flat_map(KeyRing::ids).collect()
    }
}

/// What to log, as it was written and as it is used.
#[derive(Clone, Debug)]
pub(crate) struct LogFilter {
    pub(crate) text: String,
    pub(crate) targets: Targets,
}

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    Default,
    File { path: String, line: usize },
    Environment(String),
    Flag(&'static str),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::Default => f.write_str("default"),
            Origin::File { path, line } => write!(f, "{path}:{line}"),
            Origin::Environment(name) => f.write_str(name),
            Origin::Flag(name) => f.write_str(name),
        }
    }
}

/// A value of one layer, as text: tags are `key=value`, whatever the layer.
#[derive(Clone, Debug)]
pub(crate) struct Value {
    pub(crate) texts: Vec<String>,
    pub(crate) origin: Origin,
    /// What to point at if it is wrong.
    pub(crate) at: fault::At,
}

/// Settings, and each value with the layer that decided it.
#[derive(Clone, Debug)]
pub(crate) struct Loaded {
    pub(crate) settings: Settings,
    /// Of all keys but `tags` and `state.schema`, in their order.
    pub(crate) values: Vec<(&'static Key, Value)>,
    /// Which layer set each tag.
    pub(crate) tags: BTreeMap<String, Origin>,
    /// Which layer set the schema of each key.
    pub(crate) schemas: BTreeMap<String, Origin>,
}

impl Loaded {
    /// The value of this key, if it is set.
    pub(crate) fn value(&self, key: &Key) -> Option<&Value> {
        self.values.iter().find(|x| x.0.name == key.name).map(|x| &x.1)
    }

    /// Whether both set this key alike, wherever from.
    pub(crate) fn agrees(&self, other: &Loaded, key: &Key) -> bool {
        // The file's name may be the same and its keys others.
        if key.name == "key_file" && self.settings.key_ids() != other.settings.key_ids() {
            return false;
        }
        match key.shape {
            Shape::Table => self.settings.tags == other.settings.tags,
            Shape::Schemas => self.settings.state.schemas == other.settings.state.schemas,
            Shape::Text | Shape::List | Shape::Number => self.value(key).map(|v| &v.texts) == other.value(key).map(|v| &v.texts),
        }
    }
}

/// Reads all layers; every fault of all of them at once.
pub(crate) fn load(options: &AgentOptions) -> Result<Loaded, Faults> {
    let mut faults = Faults::default();
    let path = options.config.clone().or_else(|| std::env::var_os("BRUIT_CONFIG").map(PathBuf::from));
    let mut layers = vec![keys::defaults()];
    layers.push(path.map(|path| file::read(&path, &mut faults)).unwrap_or_default());
    layers.push(environment(std::env::vars_os().filter_map(|(k, v)| Some((k.into_string().ok()?, v))), &mut faults));
    layers.push(flags(options));
    let has_key_file = layers.iter().flatten().any(|x| x.0.name == "key_file");
    let mut settings = keys::bare();
    let mut said: BTreeMap<&str, (&'static Key, Value)> = BTreeMap::new();
    let (mut tags, mut schemas) = (BTreeMap::new(), BTreeMap::new());
    for (key, value) in layers.into_iter().flatten() {
        match (key.apply)(&mut settings, &value.texts) {
            Ok(()) if key.shape == Shape::Table => {
                let names = value.texts.iter().filter_map(|text| text.split_once('='));
                tags.extend(names.map(|(name, _)| (name.to_owned(), value.origin.clone())));
            }
            Ok(()) if key.shape == Shape::Schemas => drop(schemas.insert(value.texts[0].clone(), value.origin)),
            Ok(()) => drop(said.insert(key.name, (key, value))),
            Err(wrong) => faults.add(Fault { message: wrong.message, at: value.at, help: wrong.help }),
        }
    }
    let values: Vec<_> = KEYS.iter().filter_map(|key| said.remove(key.name)).collect();
    if !has_key_file {
        unsealed(&settings, &values).into_iter().for_each(|fault| faults.add(fault));
    }
    if faults.is_empty() { Ok(Loaded { settings, values, tags, schemas }) } else { Err(faults) }
}

type Layer = Vec<(&'static Key, Value)>;

fn environment(all: impl Iterator<Item = (String, std::ffi::OsString)>, faults: &mut Faults) -> Layer {
    let mut found = Vec::new();
    let ours = all.filter(|(name, _)| name.starts_with(PREFIX) && !OTHERS.contains(&name.as_str()));
    for (name, text) in ours {
        let word = name[PREFIX.len()..].to_lowercase();
        let at = fault::At::Word(format!("{name}={}", text.to_string_lossy()));
        let Some(key) = KEYS.iter().find(|k| k.variable().as_ref() == Some(&word)) else {
            // Kubernetes gives a service called bruit variables of this prefix, so only a near miss is a fault.
            let variables: Vec<String> = KEYS.iter().filter_map(Key::variable).collect();
            if let Some(near) = fault::nearest(&word, variables.iter().map(String::as_str)) {
                let help = Some(format!("did you mean {PREFIX}{}?", near.to_uppercase()));
                faults.add(Fault { message: format!("unknown variable {name}"), at, help });
            }
            continue;
        };
        let text = text.to_string_lossy().into_owned();
        let texts = match key.shape {
            Shape::Text | Shape::Number => vec![text],
            Shape::List | Shape::Table | Shape::Schemas => {
                text.split(',').map(str::trim).filter(|t| !t.is_empty()).map(str::to_owned).collect()
            }
        };
        found.push((key, Value { texts, origin: Origin::Environment(name), at }));
    }
    found
}

fn flags(options: &AgentOptions) -> Layer {
    let one = |x: &Option<String>| x.iter().cloned().collect::<Vec<_>>();
    let given: [(&str, &'static str, Vec<String>); 17] = [
        ("node", "--node", one(&options.node)),
        ("bind", "--bind", one(&options.bind)),
        ("advertise", "--advertise", options.advertise.clone()),
        ("join", "--join", options.join.clone()),
        ("multicast", "--multicast", one(&options.multicast)),
        ("tags", "--tag", options.tag.clone()),
        ("profile", "--profile", one(&options.profile)),
        ("label", "--label", one(&options.label)),
        ("key_file", "--key-file", one(&options.key_file)),
        ("encrypt", "--encrypt", one(&options.encrypt)),
        ("data_dir", "--data-dir", one(&options.data_dir)),
        ("http", "--http", one(&options.http)),
        ("log", "--log", one(&options.log)),
        ("log_format", "--log-format", one(&options.log_format)),
        ("leave_within", "--leave-within", one(&options.leave_within)),
        ("events.spread", "--events-spread", one(&options.events_spread)),
        ("state.detector", "--state-detector", one(&options.state_detector)),
    ];
    let set = given.into_iter().filter(|x| !x.2.is_empty());
    set.filter_map(|(name, flag, texts)| {
        let at = fault::At::Word(format!("{flag} {}", texts.join(" ")));
        Some((KEYS.iter().find(|k| k.name == name)?, Value { texts, origin: Origin::Flag(flag), at }))
    })
    .collect()
}

/// Without a key: an address that others reach, or the wish to seal.
fn unsealed(settings: &Settings, values: &[(&'static Key, Value)]) -> Option<Fault> {
    let bind = settings.bind.as_deref().filter(|bind| !is_loopback(bind));
    let (name, message) = match (settings.encrypt, bind) {
        (Some(Encrypt::Permissive | Encrypt::Require), _) => ("encrypt", "there is no key to seal with".to_owned()),
        (None, Some(bind)) => (
            "bind",
            format!(
                "{bind} is more than loopback, and there is no key: whoever can send to it could read everything, join, invent \
                 members and accuse them"
            ),
        ),
        _ => return None,
    };
    let at = values.iter().find(|x| x.0.name == name).map_or(fault::At::Word(name.into()), |x| x.1.at.clone());
    let help = "`bruit keys generate --out cluster.key` makes a key, `bruit agent --key-file cluster.key` uses it (key_file, \
                BRUIT_KEY_FILE); on a network whose every host you trust, say `--encrypt off`";
    Some(Fault { message, at, help: Some(help.into()) })
}

/// Whether all that this leads to is loopback. What leads nowhere is not refused here: it cannot be bound either.
fn is_loopback(bind: &str) -> bool {
    let found = bind.to_socket_addrs().map(Iterator::collect::<Vec<_>>);
    found.map_or_else(
        |_| bind.rsplit_once(':').and_then(|x| x.0.parse::<IpAddr>().ok()).is_none_or(|ip| ip.is_loopback()),
        |all| all.iter().all(|at| at.ip().to_canonical().is_loopback()),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_near_misses_of_the_environment_are_faults() {
        let mut faults = Faults::default();
        let all = [("BRUIT_JION", "a:1"), ("BRUIT_SERVICE_HOST", "10.0.0.1"), ("BRUIT_JOIN", "a:1, b:2"), ("HOME", "x")];
        let layer = environment(all.into_iter().map(|(k, v)| (k.to_owned(), v.into())), &mut faults);
        assert_eq!((layer.len(), &layer[0].1.texts), (1, &vec!["a:1".to_owned(), "b:2".to_owned()]));
        assert!(faults.to_string().contains("did you mean BRUIT_JOIN?"), "{faults}");
        assert_eq!(faults.iter().count(), 1);
    }

    #[test]
    fn loopback_is_known() {
        for (bind, is) in
            [("127.0.0.1:0", true), ("[::1]:1", true), ("0.0.0.0:1", false), ("[::]:1", false), ("10.0.0.1:1", false)]
        {
            assert_eq!(is_loopback(bind), is, "{bind}");
        }
    }
}
