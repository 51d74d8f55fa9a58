use bruit_proto::Rng;

const N: usize = 128;
const KEYS: usize = 64;
/// Deltas a message holds, from this second on.
const MTU: usize = 100;
const BOUNDED_FROM: u32 = 15;

/// Whose news goes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// The first of every owner, then the second; owners in random order.
    Breadth,
    /// The owner of most news first.
    Depth,
    /// By the exact difference, the oldest update first.
    Oldest,
    /// By the exact difference, the newest update first.
    Newest,
}

/// Updates of each participant in a second.
fn rate(second: u32) -> u32 {
    match second {
        25..75 => 2,
        0..120 => 1,
        _ => 0,
    }
}

/// One update at its owner: when, and when it was overwritten.
#[derive(Clone, Copy, Debug, Default)]
struct Update {
    at: f64,
    overwritten: Option<f64>,
}

/// News of one value: whose, which key, which version.
type News = (usize, usize, u32);

/// All participants: what each wrote, what each holds.
pub(super) struct Model {
    /// Of each owner its updates by version; version 0 is that of keys never written.
    wrote: Vec<Vec<Update>>,
    /// Of each participant, owner and key the version held.
    held: Vec<u32>,
    /// Of each participant and owner how far it is known.
    known: Vec<u32>,
}

fn cell(holder: usize, owner: usize, key: usize) -> usize {
    (holder * N + owner) * KEYS + key
}

impl Model {
    pub(super) fn new() -> Model {
        Model { wrote: vec![vec![Update::default()]; N], held: vec![0; N * N * KEYS], known: vec![0; N * N] }
    }

    /// Each participant writes, and gossips with another, all at random moments of the second.
    pub(super) fn second(&mut self, second: u32, order: Order, rng: &mut Rng) {
        let mut acts: Vec<(u64, usize, bool)> = Vec::new();
        for who in 0..N {
            acts.extend((0..rate(second)).map(|_| (rng.bits() >> 12, who, true)));
            acts.push((rng.bits() >> 12, who, false));
        }
        acts.sort_unstable();
        let room = if second < BOUNDED_FROM { usize::MAX } else { MTU };
        for (moment, who, writes) in acts {
            if writes {
                let at = f64::from(second) + moment as f64 / (1u64 << 52) as f64;
                self.write(who, rng.below(KEYS as u32) as usize, at);
            } else {
                let other = (who + 1 + rng.below(N as u32 - 1) as usize) % N;
                // Both have said what they know before either hears news.
                let (there, back) = (self.news(who, other, order, room, rng), self.news(other, who, order, room, rng));
                self.take(other, &there);
                self.take(who, &back);
            }
        }
    }

    fn write(&mut self, owner: usize, key: usize, at: f64) {
        let held = &mut self.held[cell(owner, owner, key)];
        let version = self.wrote[owner].len() as u32;
        if *held > 0 {
            self.wrote[owner][*held as usize].overwritten = Some(at);
        }
        *held = version;
        self.known[owner * N + owner] = version;
        self.wrote[owner].push(Update { at, overwritten: None });
    }

    /// What `from` tells `to` in one message.
    fn news(&self, from: usize, to: usize, order: Order, room: usize, rng: &mut Rng) -> Vec<News> {
        match order {
            Order::Oldest | Order::Newest => self.precise(from, to, order, room),
            Order::Breadth | Order::Depth => self.by_version(from, to, order, room, rng),
        }
    }

    fn precise(&self, from: usize, to: usize, order: Order, room: usize) -> Vec<News> {
        let mut news: Vec<News> = (0..N)
            .flat_map(|owner| (0..KEYS).map(move |key| (owner, key)))
            .map(|(owner, key)| (owner, key, self.held[cell(from, owner, key)]))
            .filter(|(owner, key, version)| *version > self.held[cell(to, *owner, *key)])
            .collect();
        news.sort_by(|a, b| self.at(a).total_cmp(&self.at(b)));
        if order == Order::Newest {
            news.reverse();
        }
        news.truncate(room);
        news
    }

    fn at(&self, news: &News) -> f64 {
        self.wrote[news.0][news.2 as usize].at
    }

    /// Of each owner what is above the version that `to` knows, in order of versions.
    fn by_version(&self, from: usize, to: usize, order: Order, room: usize, rng: &mut Rng) -> Vec<News> {
        let of = |owner: usize| {
            let known = self.known[to * N + owner];
            let held = &self.held[cell(from, owner, 0)..cell(from, owner, 0) + KEYS];
            let mut news: Vec<News> = (0..KEYS).map(|key| (owner, key, held[key])).filter(|news| news.2 > known).collect();
            news.sort_by_key(|news| news.2);
            news
        };
        let ahead = (0..N).filter(|owner| self.known[from * N + owner] > self.known[to * N + owner]);
        let mut owners: Vec<Vec<News>> = ahead.map(of).collect();
        for i in (1..owners.len()).rev() {
            owners.swap(i, rng.below(i as u32 + 1) as usize);
        }
        let ordered: Vec<News> = if order == Order::Depth {
            owners.sort_by_key(|news| std::cmp::Reverse(news.len()));
            owners.concat()
        } else {
            (0..KEYS).flat_map(|rank| owners.iter().filter_map(move |news| news.get(rank).copied())).collect()
        };
        ordered.into_iter().take(room).collect()
    }

    fn take(&mut self, holder: usize, news: &[News]) {
        for (owner, key, version) in news {
            let held = &mut self.held[cell(holder, *owner, *key)];
            *held = (*held).max(*version);
            let known = &mut self.known[holder * N + owner];
            *known = (*known).max(*version);
        }
    }

    /// At a moment: the longest staleness and the stale mappings of a participant, each averaged over all.
    pub(super) fn stale(&self, now: u32) -> (f64, f64) {
        let (mut longest, mut count) = (0.0, 0u32);
        for holder in 0..N {
            let mut worst = 0.0f64;
            for owner in 0..N {
                for key in 0..KEYS {
                    let held = self.held[cell(holder, owner, key)];
                    if held == self.held[cell(owner, owner, key)] {
                        continue;
                    }
                    count += 1;
                    let since = self.wrote[owner][held as usize].overwritten;
                    worst = worst.max(since.map_or(0.0, |since| f64::from(now) - since));
                }
            }
            longest += worst;
        }
        (longest / N as f64, f64::from(count) / N as f64)
    }
}
