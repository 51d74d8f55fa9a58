//! Whole runs side by side. Inside a run nothing knows of it: each thread makes its own world.

use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::sync_channel;

/// Runs `run` for every number, on so many threads; `done` hears of each as it ends, and may stop the rest by saying no.
/// The results that there are, by number.
#[expect(clippy::disallowed_methods, reason = "whole runs that share nothing; each is decided by its seed alone")]
pub(crate) fn each<T: Send>(
    numbers: Range<u64>,
    threads: usize,
    run: impl Fn(u64) -> T + Sync,
    mut done: impl FnMut(u64, &T) -> bool,
) -> Vec<(u64, T)> {
    let next = AtomicU64::new(numbers.start);
    let mut results = Vec::new();
    std::thread::scope(|scope| {
        let (sender, receiver) = sync_channel(0);
        for _ in 0..threads.max(1) {
            let (sender, next, run, end) = (sender.clone(), &next, &run, numbers.end);
            scope.spawn(move || {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= end || sender.send((number, run(number))).is_err() {
                        return;
                    }
                }
            });
        }
        drop(sender);
        for (number, result) in receiver {
            let go_on = done(number, &result);
            results.push((number, result));
            if !go_on {
                next.store(numbers.end, Ordering::Relaxed);
            }
        }
    });
    results.sort_by_key(|r| r.0);
    results
}

/// Runs `run` for each of these at once, each on a thread of its own.
#[expect(clippy::disallowed_methods, reason = "shards of one world, which wait for each other at each bucket's end")]
pub(crate) fn side_by_side<T: Send>(items: impl IntoIterator<Item = T>, run: impl Fn(T) + Sync) {
    std::thread::scope(|scope| {
        let run = &run;
        for item in items {
            scope.spawn(move || run(item));
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_by_number_whatever_the_threads() {
        let one = each(3..40, 1, |n| n * n, |_, _| true);
        assert_eq!(one, each(3..40, 3, |n| n * n, |_, _| true));
        assert_eq!(one.len(), 37);
    }

    #[test]
    fn stops_when_told() {
        assert!(each(0..1_000_000, 2, |n| n, |n, _| n < 10).len() < 20);
    }
}
