use crate::config::{Config, Exchange, Stop};
use bruit_kit::Invalid;

/// The largest counter that [`Config::check`] takes.
const MOST: u32 = 1000;

impl Config {
    /// Push, blind, with the least counter `k` by which a rumor misses any one of `n` nodes with a probability of at most
    /// `miss`, whatever share `loss` of all messages is lost. It costs `k` messages a node, and no answers.
    ///
    /// A node that was told pushes `k` times, each time to one of the other `n - 1`, all alike, and each push is lost with
    /// probability `loss`; let `q = (1 - loss) / (n - 1)` be the chance that one hits a given node. Let `S` be the nodes whose
    /// pushes would lead to `v`, directly or through others, `v` with them: `v` is missed if and only if the origin is not among
    /// them. If they are `j`, none of the pushes of the other `n - j` may hit one of them, and each of the `j - 1` beside `v`
    /// must hit another of them. `C(n - 2, j - 1)` sets may be `S`, and only one is, hence for every `n`
    ///
    /// ```text
    /// P(v is missed)  <=  sum over j = 1 .. n - 1 of
    ///                     C(n - 2, j - 1)  (1 - j q)^(k (n - j))  (1 - (1 - (j - 1) q)^k)^(j - 1)
    /// ```
    ///
    /// Its first term, near `e^(-k (1 - loss))`, is the paper's residue `s = e^-m` at the traffic `m` that is not lost; its
    /// last, `loss^k` and less, is the rumor that never leaves its origin.
    ///
    /// # Errors
    /// If `n` is below 2, `loss` not from 0 to 0.9, `miss` not from 1e-15 to 0.5, or no counter up to 1,000 does.
    pub fn for_miss(n: u32, loss: f64, miss: f64) -> Result<Config, Invalid> {
        if n < 2 || !(0.0..=0.9).contains(&loss) || !(1e-15..=0.5).contains(&miss) {
            return Err(Invalid("at least two nodes, a loss from 0 to 0.9, a miss from 1e-15 to 0.5"));
        }
        let k = (1..=MOST).find(|k| bound(n.into(), loss, *k, miss) <= miss).ok_or(Invalid("no counter is large enough"))?;
        let stop = Stop::Counter { feedback: false, k };
        Ok(Config { exchange: Exchange::Push, stop, ..Config::default() })
    }
}

/// The sum of [`Config::for_miss`], up to a thousandth of `miss`. Its terms fall from both ends.
fn bound(n: f64, loss: f64, k: u32, miss: f64) -> f64 {
    let (k, q) = (f64::from(k), (1.0 - loss) / (n - 1.0));
    let term = |j: f64| {
        let sets = libm::lgamma(n - 1.0) - libm::lgamma(j) - libm::lgamma(n - j);
        let unhit = k * (n - j) * libm::log1p(-j * q);
        // Of nobody beside v nothing is asked.
        let lead = if j > 1.0 { (j - 1.0) * libm::log(-libm::expm1(k * libm::log1p(-(j - 1.0) * q))) } else { 0.0 };
        libm::exp(sets + unhit + lead)
    };
    let least = miss / n / 1000.0;
    let (mut low, mut high, mut sum) = (1.0, n - 1.0, 0.0);
    while low <= high && sum <= miss {
        let (a, b) = (term(low), if low < high { term(high) } else { 0.0 });
        sum += a + b;
        if a < least && b < least {
            break;
        }
        (low, high) = (low + 1.0, high - 1.0);
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    fn k(n: u32, loss: f64, miss: f64) -> u32 {
        match Config::for_miss(n, loss, miss).map(|config| config.stop) {
            Ok(Stop::Counter { feedback: false, k }) => k,
            other => panic!("{other:?}"),
        }
    }

    /// Without loss the residue is e^-k: one in a million needs 14 (e^-13.8).
    #[test]
    fn a_counter_is_the_logarithm_of_the_miss() {
        assert_eq!([1e-3, 1e-6, 1e-9].map(|miss| k(1_000_000, 0.0, miss)), [7, 14, 21]);
        // One message in four is lost: a third more.
        assert_eq!([1e-3, 1e-6, 1e-9].map(|miss| k(1_000_000, 0.25, miss)), [10, 19, 28]);
    }

    /// Two nodes: all k are lost. Three, at k = 2 and a loss of one half: the origin hits neither (1/4), or not `v` but the
    /// third (9/16 - 1/4), and that one does not hit `v` (9/16).
    #[test]
    fn the_bound_is_exact_where_it_can_be_counted() {
        assert!((bound(2.0, 0.5, 7, 0.5) - 1.0 / 128.0).abs() < 1e-12);
        assert!((bound(3.0, 0.5, 2, 0.9) - (0.25 + 0.3125 * 0.5625)).abs() < 1e-12);
        assert_eq!(k(2, 0.1, 1e-6), 6);
    }

    #[test]
    fn more_nodes_more_loss_and_fewer_misses_take_a_greater_counter() {
        for n in [2, 10, 1_000, 1_000_000] {
            for loss in [0.0, 0.1, 0.5] {
                assert!(k(n, loss, 1e-3) <= k(n, loss, 1e-6));
                assert!(k(n, loss, 1e-6) <= k(n, loss + 0.2, 1e-6));
                assert!(k(n, loss, 1e-6) <= k(n * 10, loss, 1e-6));
            }
        }
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for (n, loss, miss) in [(1, 0.0, 0.1), (9, 0.95, 0.1), (9, -0.1, 0.1), (9, f64::NAN, 0.1), (9, 0.0, 0.0), (9, 0.0, 0.6)] {
            assert!(Config::for_miss(n, loss, miss).is_err(), "{n} {loss} {miss}");
        }
    }
}
