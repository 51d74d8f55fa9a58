//! How a node starts: what is bound, who it is, what is spawned.

use crate::disk::{Disk, Found, Opened};
use crate::driver::Task;
use crate::encrypt::{Encrypt, Keys};
use crate::error::StartError;
use crate::faults::Damage;
use crate::handle::Handle;
use crate::sockets::Sockets;
use crate::subscribers::{Lagged, News, Subscribers};
use crate::traffic::Meter;
use bruit_node::{KeyRing, Node, Settings};
use bruit_proto::{Nobody, Protocol, Record, Restored, Tags, Wire};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::sync::mpsc;

/// Orders that wait for a node; who gives more waits.
const ORDERS: usize = 64;

/// A protocol that the driver runs: any whose messages have a layout and that may move between threads.
pub trait Stack: Protocol<Message: Wire + Send, Timer: Send, Event: Send> + Send + 'static {}

impl<P: Protocol<Message: Wire + Send, Timer: Send, Event: Send> + Send + 'static> Stack for P {}

/// What subscribers get: one's own events, and room among them for a gap.
pub trait Told: Clone + Send + From<Lagged> + 'static {}

impl<E: Clone + Send + From<Lagged> + 'static> Told for E {}

/// Makes of a protocol's event what subscribers see, or nothing.
pub(crate) type Tell<P, E> = fn(&P, <P as Protocol>::Event) -> Option<E>;

/// Who a node is; what its protocol is made from.
#[derive(Clone, Debug)]
pub struct Local {
    /// Its name, session, advertised addresses and tags.
    pub record: Arc<Record>,
    /// The seed of all its dice.
    pub seed: u64,
    /// What earlier processes left in its [data directory](Driver::data_dir).
    pub restored: Restored,
}

/// Runs any protocol, a user's own composition included, on UDP and TCP.
///
/// ```no_run
/// # async fn f<P: bruit::Stack>(mine: fn(&bruit::Local) -> P) -> Result<(), bruit::StartError> where P::Event: Clone {
/// let handle = bruit::Driver::bind("0.0.0.0:7946").key_file("cluster.key").run(|local| mine(local)).await?;
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct Driver {
    bind: String,
    name: Option<String>,
    label: String,
    tags: Vec<(String, String)>,
    advertise: Vec<SocketAddr>,
    towards: Option<SocketAddr>,
    packet: usize,
    multicast: Option<SocketAddr>,
    keys: Keys,
    encrypt: Option<Encrypt>,
    seed: Option<u64>,
    data_dir: Option<PathBuf>,
}

impl Driver {
    /// For `host:port`. UDP and TCP are bound to the same port; port 0 takes one that is free for both.
    pub fn bind(address: impl Into<String>) -> Driver {
        Driver {
            bind: address.into(),
            name: None,
            label: String::new(),
            tags: Vec::new(),
            advertise: Vec::new(),
            towards: None,
            packet: 1200,
            multicast: None,
            keys: Keys::None,
            encrypt: None,
            seed: None,
            data_dir: None,
        }
    }

    /// The node's name, unique in its cluster, 1 to 128 bytes. Without it, the advertised address is the name.
    pub fn name(mut self, name: impl Into<String>) -> Driver {
        self.name = Some(name.into());
        self
    }

    /// The cluster's label: nodes of other labels are not heard. Empty unless set.
    pub fn label(mut self, label: impl Into<String>) -> Driver {
        self.label = label.into();
        self
    }

    /// One more tag; all together have at most [`Tags::MAX`] bytes.
    pub fn tag(mut self, key: impl Into<String>, value: impl Into<String>) -> Driver {
        self.tags.push((key.into(), value.into()));
        self
    }

    /// One more address that others reach this node by, in order of preference, up to eight. Port 0 stands for the
    /// bound port. Without any it is the bound address, or, bound to all interfaces, the one that has the route out.
    pub fn advertise(mut self, address: SocketAddr) -> Driver {
        self.advertise.push(address);
        self
    }

    /// Where the way out is sought when bound to all interfaces.
    pub(crate) fn towards(mut self, somewhere: Option<SocketAddr>) -> Driver {
        self.towards = somewhere;
        self
    }

    /// The largest datagram, in bytes. 1,200 unless set, which survives tunnels.
    pub fn packet(mut self, bytes: usize) -> Driver {
        self.packet = bytes;
        self
    }

    /// The group of IP multicast on the link that the node is bound to, by which a protocol may [say](bruit_proto::Context::send_group)
    /// something once to all there, as 239.77.0.1:7947. The same for all nodes of a cluster on a link.
    pub fn multicast(mut self, group: SocketAddr) -> Driver {
        self.multicast = Some(group);
        self
    }

    /// The file of the cluster's keys; it is read when the node starts. With a key everything is sealed, unless
    /// [`encrypt`](Driver::encrypt) says otherwise; without one nothing is, which is refused outside of loopback.
    pub fn key_file(mut self, path: impl Into<PathBuf>) -> Driver {
        self.keys = Keys::File(path.into());
        self
    }

    /// The cluster's keys themselves, instead of a [file](Driver::key_file).
    pub fn keys(mut self, ring: KeyRing) -> Driver {
        self.keys = Keys::Ring(ring);
        self
    }

    /// What is sealed.
    pub fn encrypt(mut self, encrypt: Encrypt) -> Driver {
        self.encrypt = Some(encrypt);
        self
    }

    /// Where what the protocol persists is kept, and found by the next process: a directory for this node alone, made if it
    /// is not there. Without it, what is persisted is kept as long as the process.
    pub fn data_dir(mut self, path: impl Into<PathBuf>) -> Driver {
        self.data_dir = Some(path.into());
        self
    }

    /// The seed of all dice, for tests; the operating system's entropy unless set.
    pub fn seed(mut self, seed: u64) -> Driver {
        self.seed = Some(seed);
        self
    }

    /// Binds, makes the protocol and runs it in a task of the current tokio runtime.
    ///
    /// # Errors
    /// [`StartError`]; nothing is left behind.
    ///
    /// Cancellation: nothing is left behind.
    ///
    /// # Panics
    /// Outside a tokio runtime with I/O and time enabled.
    pub async fn run<P: Stack>(self, make: impl FnOnce(&Local) -> P) -> Result<Handle<P>, StartError>
    where
        P::Event: Clone,
    {
        self.run_with(make, |_, event| Some(News::Event(event))).await
    }

    /// As [`run`](Driver::run), where `tell` makes of the protocol's events what subscribers see, or nothing. It runs
    /// between turns and may look at the protocol.
    ///
    /// # Errors
    /// [`StartError`]; nothing is left behind.
    ///
    /// Cancellation: nothing is left behind.
    ///
    /// # Panics
    /// Outside a tokio runtime with I/O and time enabled.
    pub async fn run_with<P: Stack, E: Told>(
        mut self,
        make: impl FnOnce(&Local) -> P,
        tell: fn(&P, P::Event) -> Option<E>,
    ) -> Result<Handle<P, E>, StartError> {
        // The lock first: the mistake to name is that a copy of this node runs.
        let (opened, found) = self.open().await?;
        let mut sockets = Sockets::bind(&self.bind).await?;
        let group = self.multicast.map(|group| sockets.join(group)).transpose()?;
        let local = self.local(&sockets, found.restored)?;
        let (at, record) = (sockets.local(), Arc::clone(&local.record));
        let seal = std::mem::take(&mut self.keys).seal(self.encrypt, at, record.session())?;
        let settings = Settings::new(record.id(), local.seed).label(self.label.clone()).packet(self.packet);
        let settings = Settings { seal, group, ..settings };
        let damage = Damage::none(local.seed, record.id());
        let mut node = Node::new(settings, make(&local), Box::new(Nobody));
        let (v4, v6) = sockets.families();
        node.bound(v4, v6);
        let (orders, mail) = mpsc::channel(ORDERS);
        let subscribers = Arc::new(Subscribers::default());
        let meter = Arc::new(Meter::default());
        let (ended, end) = mpsc::channel(1);
        let disk = match opened {
            Some(opened) => opened.run(end).map_err(|source| self.directory(source))?,
            None => Disk::None,
        };
        let told = (tell, Arc::clone(&subscribers));
        let task = Task::new(sockets, node, mail, (damage, disk), told, Arc::clone(&meter));
        let (who, disk) = ((task.epoch, at, record, self.label), (ended, found.damage));
        Ok(Handle::new(orders, subscribers, meter, who, disk, tokio::spawn(task.run()).abort_handle()))
    }

    /// What is in the data directory, if there is one. A disk may be slow, so not in this thread.
    async fn open(&self) -> Result<(Option<Opened>, Found), StartError> {
        let Some(dir) = self.data_dir.clone() else { return Ok((None, Found::default())) };
        let opened = tokio::task::spawn_blocking(move || Opened::open(dir)).await;
        let opened = opened.map_err(std::io::Error::other).and_then(|opened| opened);
        opened.map(|(opened, found)| (Some(opened), found)).map_err(|source| self.directory(source))
    }

    fn directory(&self, source: std::io::Error) -> StartError {
        let path = self.data_dir.clone().unwrap_or_default();
        if source.kind() == std::io::ErrorKind::ResourceBusy {
            StartError::DataInUse { path, source }
        } else {
            StartError::Data { path, source }
        }
    }

    fn local(&self, sockets: &Sockets, restored: Restored) -> Result<Local, StartError> {
        let mut addresses = self.advertise.clone();
        addresses.iter_mut().filter(|a| a.port() == 0).for_each(|a| a.set_port(sockets.local().port()));
        if addresses.is_empty() {
            addresses.push(sockets.reachable(self.towards)?);
        }
        let name = self.name.clone().unwrap_or_else(|| addresses[0].to_string());
        let tags: Tags = self.tags.iter().cloned().collect();
        let record = Arc::new(Record::new(&name, entropy()?, addresses, tags)?);
        Ok(Local { record, seed: self.seed.map_or_else(entropy, Ok)?, restored })
    }
}

fn entropy() -> Result<u64, StartError> {
    getrandom::u64().map_err(|e| StartError::Entropy(e.to_string()))
}
