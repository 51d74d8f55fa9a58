//! What a cycle costs a node when nothing differs, by how much it holds.

use crate::antientropy::spread::{Setup, run};
use bruit_antientropy::{Compare, Config, Invalid};

/// A size of the data, and what it costs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// Items that each node holds.
    pub items: u64,
    /// Bytes that a node says in a cycle.
    pub bytes: f64,
}

/// Bytes of a node in a cycle for each of these many items, by one method.
///
/// # Errors
/// If the method's setting is out of its bounds.
pub fn idle(compare: Compare, nodes: u32, sizes: &[u64], seed: u64) -> Result<Vec<Point>, Invalid> {
    let config = Config { compare, ..Config::default() };
    let point = |items: &u64| {
        let course = run(&config, Setup { nodes, items: *items, loss_ppm: 0, after: 4, seed })?;
        Ok(Point { items: *items, bytes: course.idle_bytes })
    };
    sizes.iter().map(point).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A version takes 17 bytes; a checksum ten.
    #[test]
    fn full_exchange_grows_with_the_data_and_checksums_do_not() {
        let sizes = [100, 1_000, 4_000];
        let full = idle(Compare::Full, 8, &sizes, 1).expect("in bounds");
        for Point { items, bytes } in &full {
            assert!((1.0..1.2).contains(&(bytes / (17.0 * (*items + 1) as f64))), "{full:?}");
        }
        let merkle = idle(Compare::Merkle, 8, &sizes, 1).expect("in bounds");
        assert!(merkle.iter().all(|point| point.bytes == 10.0), "{merkle:?}");
    }
}
