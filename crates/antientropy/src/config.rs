use bruit_kit::Invalid;
use std::time::Duration;

/// Which way items go when two nodes reconcile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exchange {
    /// Who begins gives what the other lacks.
    Push,
    /// Who begins is given what it lacks.
    Pull,
    /// Both.
    PushPull,
}

/// How two nodes find out what differs. One that answers goes by what it is asked, whatever its own setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compare {
    /// All versions are listed, each time: bytes grow with the data, whatever differs.
    Full,
    /// Versions younger than this are listed, then checksums of the others compared; only if they differ all is listed. For
    /// an age well above the time in which news reaches all, the last seldom happens.
    Recent {
        /// The age.
        within: Duration,
    },
    /// Checksums; if they differ, versions are listed from the newest back, until checksums of what is older agree.
    PeelBack,
    /// Checksums; if they differ, those of sixteen parts, and so on where they differ, down to short lists: a Merkle tree
    /// whose sums are made when they are asked for.
    Merkle,
}

/// The rules of reconciliation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// The length of a cycle; in each a node reconciles with one peer.
    pub every: Duration,
    /// Which way items go.
    pub exchange: Exchange,
    /// How differences are found.
    pub compare: Compare,
    /// The longest that a message is, in bytes: as much as a datagram holds beside its envelope.
    pub packet: usize,
    /// What one turn says at most, in bytes: what receivers have buffers for. What is not said is asked for when it is heard.
    pub burst: usize,
    /// What a node says at most in a cycle, in bytes, answers included. What is not said still differs in the next one.
    pub most: u64,
    /// Of a part that differs and holds no more than so many items the versions are listed; larger ones are divided.
    pub leaf: u32,
}

impl Default for Config {
    /// A Merkle tree each ten seconds, both ways; packets of 1,200 bytes less an envelope of 40; bursts of 64 KiB, which an
    /// unchanged socket's buffer holds; 32 MiB a cycle. A list of 8 versions of 17 bytes is as long as the sixteen sums.
    fn default() -> Self {
        Config {
            every: Duration::from_secs(10),
            exchange: Exchange::PushPull,
            compare: Compare::Merkle,
            packet: 1160,
            burst: 64 << 10,
            most: 32 << 20,
            leaf: 8,
        }
    }
}

impl Config {
    /// # Errors
    /// The first setting that is out of its bounds.
    pub fn check(&self) -> Result<(), Invalid> {
        let bound = Invalid::unless;
        bound(!self.every.is_zero(), "a cycle must take some time")?;
        bound((256..=65_000).contains(&self.packet), "a message is at most 256 to 65,000 bytes long")?;
        bound(self.burst >= 4 * self.packet, "a turn must hold four messages")?;
        bound(self.burst <= 8 << 20, "a turn says at most 8 MiB")?;
        bound(self.most >= self.burst as u64, "a cycle must hold a turn")?;
        bound((1..=32).contains(&self.leaf), "a list of a part holds 1 to 32 items")
    }
}
