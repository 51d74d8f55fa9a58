use super::site::BATCH;

/// A processor that is slow or stolen: each thing that it tells its process takes a while, one after another.
#[derive(Clone, Copy, Debug)]
pub(super) struct Slow {
    /// Microseconds that a thing takes.
    service: u64,
    /// Datagrams that wait for it, at most.
    pub(super) queue: usize,
    /// Until when it is slow, in microseconds.
    pub(super) until: u64,
    /// When it was done with the last thing.
    free_at: u64,
    /// Inputs in a row, since the timers had their turn.
    row: usize,
}

/// What a slow processor has in hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Job {
    /// When it will be done, in microseconds: then the process knows.
    pub(super) done: u64,
    /// Whether it is the first of the inputs that wait; or the timers, all that are due.
    pub(super) input: bool,
}

impl Slow {
    /// From now on each thing takes `service`, at least a microsecond, and so many datagrams wait, whatever was before.
    pub(super) fn new(before: Option<Slow>, now: u64, service: u64, queue: usize, until: u64) -> Slow {
        let before = before.unwrap_or(Slow { service, queue, until, free_at: now, row: 0 });
        Slow { service: service.max(1), queue, until: until.max(before.until), ..before }
    }

    /// What is done next, if the first input that waits came at `came` and the first timer is due at `due`.
    ///
    /// Sockets before timers, but for a turn of them after each batch: the order of the driver of real sockets.
    pub(super) fn next(&self, came: Option<u64>, due: Option<u64>) -> Option<Job> {
        let begins = self.free_at.max(came.into_iter().chain(due).min()?);
        let is_there = |at: Option<u64>| at.is_some_and(|at| at <= begins);
        let input = is_there(came) && (self.row < BATCH || !is_there(due));
        Some(Job { done: begins + self.service, input })
    }

    /// A job is done at `at`.
    pub(super) fn finish(&mut self, job: Job, at: u64) {
        self.free_at = at;
        self.row = if job.input { self.row + 1 } else { 0 };
    }

    /// The process stood still until `at`, whatever was in hand.
    pub(super) fn goes_on(&mut self, at: u64) {
        self.free_at = at;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_thing_after_another_and_sockets_before_timers() {
        let mut slow = Slow::new(None, 100, 10, 9, 1_000);
        assert_eq!(slow.next(None, None), None);
        assert_eq!(slow.next(Some(200), Some(200)), Some(Job { done: 210, input: true }));
        assert_eq!(slow.next(Some(200), Some(150)), Some(Job { done: 160, input: false }));
        let job = slow.next(Some(50), Some(60)).unwrap();
        assert_eq!(job, Job { done: 110, input: true });
        slow.finish(job, 110);
        assert_eq!(slow.next(Some(70), Some(60)), Some(Job { done: 120, input: true }));
    }

    #[test]
    fn timers_have_a_turn_after_each_batch() {
        let mut slow = Slow::new(None, 0, 10, 9, 1_000_000);
        let mut order = Vec::new();
        for _ in 0..2 * BATCH + 2 {
            let job = slow.next(Some(0), Some(0)).unwrap();
            slow.finish(job, job.done);
            order.push(job.input);
        }
        let timers: Vec<usize> = (0..order.len()).filter(|i| !order[*i]).collect();
        assert_eq!(timers, [BATCH, 2 * BATCH + 1]);
    }

    #[test]
    fn slower_still_is_slow_for_longer_and_has_the_same_thing_in_hand() {
        let first = Slow::new(None, 100, 10, 9, 1_000);
        let second = Slow::new(Some(first), 500, 20, 9, 700);
        assert_eq!((second.until, second.next(Some(90), None)), (1_000, Some(Job { done: 120, input: true })));
    }
}
