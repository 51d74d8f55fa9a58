use bruit_proto::{PeerId, Peers, Rng};

/// Whom to tell news at once: both ring neighbours and `random` others, all different, without `skip`, who told us.
///
/// Random push alone needs ln n + c copies a node to reach all n with probability e^-e^-c (Kermarrec, Massoulié,
/// Ganesh 2003, "Probabilistic reliable dissemination"): seven copies a node miss somebody of 64 in 6 % of all trials
/// even without loss. The ring of ids reaches everybody by itself, in n / 2 steps; random links beside it make that a
/// few (Watts, Strogatz 1998, "small worlds"; Lin, Marzullo, Masini 2000, "Gossip versus deterministic flooding", for
/// ring-like Harary graphs). So four copies a node reach all without loss, and with loss p a node is missed only if
/// both neighbours' copies *and* all of its random ones are lost: p^2 e^(-r(1-p)) for r random copies.
pub fn targets(peers: &dyn Peers, rng: &mut Rng, me: PeerId, random: u32, skip: Option<PeerId>, out: &mut Vec<PeerId>) {
    let old = out.len();
    for peer in [peers.next(me), peers.previous(me)].into_iter().flatten() {
        if Some(peer) != skip && peer != me && !out[old..].contains(&peer) {
            out.push(peer);
        }
    }
    let k = out.len() as u32 + random;
    peers.pick(rng, k, &|peer| Some(peer) == skip || peer == me, out);
}

#[cfg(test)]
mod tests {
    use super::*;
    use bruit_proto::{Nobody, Upto};

    fn of(n: u32, skip: Option<u64>) -> Vec<u64> {
        let mut out = Vec::new();
        let me = PeerId(2.min(u64::from(n)));
        targets(&Upto { n, me }, &mut Rng::seeded(1), me, 2, skip.map(PeerId), &mut out);
        out.iter().map(|p| p.0).collect()
    }

    #[test]
    fn both_neighbours_and_some_others() {
        let all = of(64, None);
        assert_eq!((all.len(), &all[..2]), (4, &[3, 1][..]));
        assert!(all[2..].iter().all(|p| !all[..2].contains(p) && *p != 2));
    }

    #[test]
    fn never_back_to_where_it_came_from() {
        let all = of(64, Some(3));
        assert_eq!((all.len(), all[0]), (3, 1));
        assert!(!all.contains(&3));
    }

    #[test]
    fn small_clusters() {
        assert_eq!(of(1, None), []);
        assert_eq!(of(2, None), [1]);
        assert_eq!(of(2, Some(1)), []);
        let mut out = Vec::new();
        targets(&Nobody, &mut Rng::seeded(1), PeerId(1), 2, None, &mut out);
        assert!(out.is_empty());
    }
}
