use crate::encrypt::Encrypt;
use crate::error::StartError;
use crate::event::told;
use crate::node::Node;
use crate::record::record_first_join;
use crate::seeds::keep_joining;
use crate::start::{Driver, Local};
use bruit_node::KeyRing;
use bruit_stacks::history;
use bruit_stacks::swim::{self, Profile};
use bruit_stacks::{CoreConfig, Full};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

/// A node that is not started yet.
#[derive(Clone, Debug)]
#[must_use = "it starts with `start`"]
pub struct Builder {
    driver: Driver,
    config: CoreConfig,
    #[cfg(feature = "state")]
    state: Option<Arc<bruit_stacks::state::Config>>,
    seeds: Vec<String>,
}

impl Builder {
    pub(crate) fn at(address: impl Into<String>) -> Builder {
        Builder {
            driver: Driver::bind(address),
            config: CoreConfig::default(),
            #[cfg(feature = "state")]
            state: None,
            seeds: Vec::new(),
        }
    }

    /// The node's name, unique in its cluster, 1 to 128 bytes. Without it, the advertised address is the name.
    pub fn name(mut self, name: impl Into<String>) -> Builder {
        self.driver = self.driver.name(name);
        self
    }

    /// Nodes to join through, `host:port` each, or with the feature `srv` a service's name, as `_bruit._udp.example.org`. They are tried again while nobody else is known; names are looked up
    /// again each minute. The node's own address may be among them.
    pub fn seeds<S: Into<String>>(mut self, seeds: impl IntoIterator<Item = S>) -> Builder {
        self.seeds.extend(seeds.into_iter().map(Into::into));
        self
    }

    /// One more tag; all together have at most [`Tags::MAX`] bytes.
    pub fn tag(mut self, key: impl Into<String>, value: impl Into<String>) -> Builder {
        self.driver = self.driver.tag(key, value);
        self
    }

    /// For which network the defaults are; [`Profile::Lan`] unless set.
    pub fn profile(mut self, profile: Profile) -> Builder {
        self.config.swim = Arc::new(swim::Config::of(profile));
        self
    }

    /// All settings. Share them among the nodes of a process.
    pub fn config(mut self, config: CoreConfig) -> Builder {
        self.config = config;
        self
    }

    /// The node takes part in endpoint state, [`Node::state`], with these settings; without, it costs nothing. Share them
    /// among the nodes of a process. Membership stays the table of who is where whatever
    /// [`detector`](crate::StateConfig::detector) they name: with [`Detector::Phi`](crate::Detector::Phi) heartbeats say who
    /// is alive in the state, whom its rounds talk to and [`State::alive`](crate::State::alive).
    #[cfg(feature = "state")]
    pub fn state(mut self, config: impl Into<Arc<bruit_stacks::state::Config>>) -> Builder {
        self.state = Some(config.into());
        self
    }

    /// The cluster's label: nodes of other labels are not heard. Empty unless set.
    pub fn label(mut self, label: impl Into<String>) -> Builder {
        self.driver = self.driver.label(label);
        self
    }

    /// One more address that others reach this node by, as [`Driver::advertise`].
    pub fn advertise(mut self, address: SocketAddr) -> Builder {
        self.driver = self.driver.advertise(address);
        self
    }

    /// The largest datagram, in bytes. 1,200 unless set, which survives tunnels.
    pub fn packet(mut self, bytes: usize) -> Builder {
        self.driver = self.driver.packet(bytes);
        self
    }

    /// A group of IP multicast: an event is said once to all members on the link of the bound address, as 239.77.0.1:7947. Whoever
    /// misses it, does not hear the group or is on another link has it by gossip. The same for all nodes on a link.
    pub fn multicast(mut self, group: SocketAddr) -> Builder {
        self.driver = self.driver.multicast(group);
        self
    }

    /// The file of the cluster's keys, as [`Driver::key_file`].
    pub fn key_file(mut self, path: impl Into<PathBuf>) -> Builder {
        self.driver = self.driver.key_file(path);
        self
    }

    /// The cluster's keys themselves, instead of a [file](Builder::key_file).
    pub fn keys(mut self, ring: KeyRing) -> Builder {
        self.driver = self.driver.keys(ring);
        self
    }

    /// What is sealed, as [`Driver::encrypt`].
    pub fn encrypt(mut self, encrypt: Encrypt) -> Builder {
        self.driver = self.driver.encrypt(encrypt);
        self
    }

    /// Where the node keeps what must survive it: its incarnation, whom it knows, what it delivered, the history. A directory
    /// for this node alone, made if it is not there. The next process joins through those whom this one knew, without seeds;
    /// see also [`Node::damage`]. Without a directory all that is kept as long as the process.
    pub fn data_dir(mut self, path: impl Into<PathBuf>) -> Builder {
        self.driver = self.driver.data_dir(path);
        self
    }

    /// Starts the node and, if there are seeds, its joining; does not wait for that: see [`Node::join`]. The join of a node
    /// that finds nothing of an earlier life is recorded, under its own name; that of a restart is not.
    ///
    /// # Errors
    /// [`StartError`]; nothing is left behind.
    ///
    /// Cancellation: nothing is left behind.
    ///
    /// # Panics
    /// Outside a tokio runtime with I/O and time enabled.
    pub async fn start(self) -> Result<Node, StartError> {
        let Builder { driver, config, seeds, .. } = self;
        config.events.check()?;
        #[cfg(feature = "state")]
        self.state.iter().try_for_each(|state| state.check())?;
        let first = seeds.iter().find_map(|s| s.parse().ok());
        let mut new = false;
        let make = |local: &Local| {
            new = local.restored.is_empty();
            let full = full(config, local);
            #[cfg(feature = "state")]
            let full = match self.state {
                Some(state) => full.with_state(state, &local.restored),
                None => full,
            };
            full
        };
        let handle = driver.towards(first).run_with(make, told).await?;
        let by: Arc<str> = handle.record().name().into();
        let node = Node::new(handle, by.clone());
        if !seeds.is_empty() {
            let (orders, me) = (node.handle().orders().clone(), node.handle().record().addresses().to_vec());
            if new {
                tokio::spawn(record_first_join(node.events(), orders.clone(), node.name().into(), by));
            }
            tokio::spawn(keep_joining(orders, seeds, me));
        }
        Ok(node)
    }
}

/// The default stack.
pub(crate) fn full(config: CoreConfig, local: &Local) -> Full {
    Full::full(local.seed, config, history::Config::default(), Arc::clone(&local.record), &local.restored)
}
