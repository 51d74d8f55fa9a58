use super::Overlay;
use bruit_proto::{PeerId, Peers, Rng, Upto};

/// A number in [0, 1).
fn fraction(rng: &mut Rng) -> f64 {
    (rng.bits() >> 11) as f64 / (1_u64 << 53) as f64
}

/// Sites on a line, one link from each to the next. A partner is drawn by its distance d with probability
/// `(Q(d-1)^(1-a) - Q(d)^(1-a)) / (Q(d) - Q(d-1))`, where Q(d) counts the sites within d and itself: about `d^-a`
/// (Demers et al. 1987, section 3.1).
#[derive(Clone, Copy, Debug)]
pub struct Line {
    /// How many sites.
    pub n: u32,
    /// The exponent a, from 0, which is uniform, up.
    pub exponent: f64,
}

/// What one site of a [`Line`] sees.
#[derive(Clone, Copy, Debug)]
pub struct FromSite {
    line: Line,
    /// Its place, from 0.
    at: u32,
}

impl Overlay for Line {
    type View<'a> = FromSite;

    fn len(&self) -> u32 {
        self.n
    }
    fn view(&self, i: u32) -> FromSite {
        FromSite { line: *self, at: i }
    }
}

impl FromSite {
    fn all(&self) -> Upto {
        Upto { n: self.line.n, me: PeerId(u64::from(self.at) + 1) }
    }

    /// A rank among all others, the nearest 1, by the density `x^-a` from 1 to n.
    fn rank(&self, rng: &mut Rng) -> u32 {
        let (n, a, u) = (f64::from(self.line.n), self.line.exponent, fraction(rng));
        let x = if (a - 1.0).abs() < 1e-9 {
            libm::exp(u * libm::log(n))
        } else {
            libm::pow(1.0 + u * (libm::pow(n, 1.0 - a) - 1.0), 1.0 / (1.0 - a))
        };
        (x as u32).clamp(1, self.line.n - 1)
    }

    fn weighted(&self, rng: &mut Rng) -> PeerId {
        let (left, right) = (self.at, self.line.n - 1 - self.at);
        let (rank, near) = (self.rank(rng), left.min(right));
        // Two sites are at each distance up to the nearer end of the line, one beyond.
        let (distance, to_the_left) =
            if rank <= 2 * near { (rank.div_ceil(2), rng.below(2) == 0) } else { (rank - near, left > right) };
        let site = if to_the_left { self.at - distance } else { self.at + distance };
        PeerId(u64::from(site) + 1)
    }
}

/// Nodes in subnets of one size, each behind a router. A partner is of the own subnet with probability `1 - 1/size`, else of
/// any other, so that each subnet makes one contact through its router in a cycle, whatever its size.
#[derive(Clone, Copy, Debug)]
pub struct Subnets {
    /// How many nodes; the last subnet may have fewer.
    pub n: u32,
    /// Nodes of a subnet, from 2 up.
    pub size: u32,
}

/// What one node of [`Subnets`] sees.
#[derive(Clone, Copy, Debug)]
pub struct FromSubnet {
    nets: Subnets,
    at: u32,
}

impl Subnets {
    /// The subnet of node `i`.
    pub fn of(&self, i: u32) -> u32 {
        i / self.size
    }
}

impl Overlay for Subnets {
    type View<'a> = FromSubnet;

    fn len(&self) -> u32 {
        self.n
    }
    fn view(&self, i: u32) -> FromSubnet {
        FromSubnet { nets: *self, at: i }
    }
}

impl FromSubnet {
    fn all(&self) -> Upto {
        Upto { n: self.nets.n, me: PeerId(u64::from(self.at) + 1) }
    }

    fn weighted(&self, rng: &mut Rng) -> PeerId {
        let first = self.nets.of(self.at) * self.nets.size;
        let size = self.nets.size.min(self.nets.n - first);
        let outside = self.nets.n - size;
        let node = if size < 2 || outside > 0 && rng.below(size) == 0 {
            let other = rng.below(outside);
            if other < first { other } else { other + size }
        } else {
            let other = first + rng.below(size - 1);
            other + u32::from(other >= self.at)
        };
        PeerId(u64::from(node) + 1)
    }
}

/// The table is everybody; only the draw is weighted.
macro_rules! weighted {
    ($view:ty) => {
        impl Peers for $view {
            fn len(&self) -> u32 {
                self.all().len()
            }
            fn get(&self, i: u32) -> PeerId {
                self.all().get(i)
            }
            fn contains(&self, peer: PeerId) -> bool {
                self.all().contains(peer)
            }
            fn next(&self, peer: PeerId) -> Option<PeerId> {
                self.all().next(peer)
            }
            fn previous(&self, peer: PeerId) -> Option<PeerId> {
                self.all().previous(peer)
            }
            fn draw(&self, rng: &mut Rng) -> PeerId {
                self.weighted(rng)
            }
        }
    };
}

weighted!(FromSite);
weighted!(FromSubnet);

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(view: impl Peers, times: u32) -> Vec<u32> {
        let (mut rng, mut counts) = (Rng::seeded(1), vec![0; 1 + view.len() as usize]);
        for _ in 0..times {
            counts[view.one(&mut rng, &|_| false).expect("there are others").0 as usize - 1] += 1;
        }
        counts
    }

    /// Site 2 of 8 has two neighbours at each distance up to 2, then one: the shares of the paper's formula for a = 2.
    #[test]
    fn sites_are_drawn_by_the_published_probability() {
        let counts = drawn(Line { n: 8, exponent: 2.0 }.view(2), 100_000);
        let all = 1.0 - 1.0 / 8.0;
        let shares = [1.0 / 3.0 - 1.0 / 5.0, 1.0 - 1.0 / 3.0].map(|mass| mass / 2.0 / all);
        let far = [(5, 6.0), (6, 7.0), (7, 8.0)].map(|(site, q)| (site, (1.0 / (q - 1.0) - 1.0 / q) / all));
        let expected = [(0, shares[0]), (1, shares[1]), (3, shares[1]), (4, shares[0])].into_iter().chain(far);
        for (site, share) in expected {
            assert!((f64::from(counts[site]) / 100_000.0 - share).abs() < 0.006, "site {site}: {counts:?}, {share}");
        }
        assert_eq!(counts[2], 0);
    }

    #[test]
    fn exponent_zero_is_uniform() {
        let counts = drawn(Line { n: 11, exponent: 0.0 }.view(0), 50_000);
        assert!(counts[1..].iter().all(|count| count.abs_diff(5_000) < 300), "{counts:?}");
    }

    #[test]
    fn one_contact_in_size_leaves_the_subnet() {
        let nets = Subnets { n: 25, size: 10 };
        for (node, size) in [(3, 10_u32), (22, 5)] {
            let counts = drawn(nets.view(node), 50_000);
            let own: u32 = (0..25).filter(|i| nets.of(*i) == nets.of(node)).map(|i| counts[i as usize]).sum();
            assert!((50_000 - own).abs_diff(50_000 / size) < 500, "{counts:?}");
            assert_eq!(counts[node as usize], 0);
        }
    }
}
