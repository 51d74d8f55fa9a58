//! Connections that are open at once: so many, and no more. When one more comes, whoever has been idle longest goes.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

/// All seats.
pub(crate) struct Seats {
    free: Arc<Semaphore>,
    idle: Mutex<Idle>,
}

/// Who waits for a request, in the order in which they began to.
#[derive(Default)]
struct Idle {
    next: u64,
    seats: BTreeMap<u64, Arc<Notify>>,
}

/// One connection's place; idle until it is told otherwise.
pub(super) struct Seat {
    seats: Arc<Seats>,
    dismissed: Arc<Notify>,
    /// Its number among the idle.
    turn: Mutex<Option<u64>>,
    _place: OwnedSemaphorePermit,
}

impl Seats {
    pub(crate) fn new(places: usize) -> Arc<Seats> {
        Arc::new(Seats { free: Arc::new(Semaphore::new(places)), idle: Mutex::default() })
    }

    /// A seat for one more; waits if all are at work.
    pub(super) async fn take(self: &Arc<Self>) -> Arc<Seat> {
        let place = match Arc::clone(&self.free).try_acquire_owned() {
            Ok(place) => place,
            Err(_) => {
                self.dismiss();
                Arc::clone(&self.free).acquire_owned().await.expect("it is never closed")
            }
        };
        let seat = Seat { seats: Arc::clone(self), dismissed: Arc::default(), turn: Mutex::default(), _place: place };
        seat.rest();
        Arc::new(seat)
    }

    fn dismiss(&self) {
        if let Some((_, dismissed)) = lock(&self.idle).seats.pop_first() {
            dismissed.notify_one();
        }
    }
}

impl Seat {
    /// A request has come, and is not answered before the guard is dropped.
    pub(super) fn work(self: &Arc<Self>) -> Work {
        if let Some(turn) = lock(&self.turn).take() {
            lock(&self.seats.idle).seats.remove(&turn);
        }
        Work(Arc::clone(self))
    }

    fn rest(&self) {
        let mut idle = lock(&self.seats.idle);
        let turn = idle.next;
        idle.next += 1;
        idle.seats.insert(turn, Arc::clone(&self.dismissed));
        *lock(&self.turn) = Some(turn);
    }

    /// Somebody else needs the place.
    pub(super) async fn dismissed(&self) {
        self.dismissed.notified().await;
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        if let Some(turn) = lock(&self.turn).take() {
            lock(&self.seats.idle).seats.remove(&turn);
        }
    }
}

/// A request that is being answered.
pub(super) struct Work(Arc<Seat>);

impl Drop for Work {
    fn drop(&mut self) {
        self.0.rest();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;

    #[tokio::test]
    async fn who_is_idle_longest_goes_and_who_works_stays() {
        let seats = Seats::new(3);
        let (a, b, c) = (seats.take().await, seats.take().await, seats.take().await);
        let work = a.work();
        let mut next = Box::pin(seats.take());
        assert!(next.as_mut().now_or_never().is_none());
        assert!(b.dismissed().now_or_never().is_some(), "b was idle longest");
        assert!(a.dismissed().now_or_never().is_none() && c.dismissed().now_or_never().is_none());
        drop(b);
        let _d = next.await;
        // Done with its work, a is the last in the row.
        drop(work);
        assert!(seats.take().now_or_never().is_none());
        assert!(c.dismissed().now_or_never().is_some());
        assert!(a.dismissed().now_or_never().is_none());
    }

    #[tokio::test]
    async fn a_seat_comes_free_when_all_work_and_one_ends() {
        let seats = Seats::new(1);
        let a = seats.take().await;
        let work = a.work();
        let mut next = Box::pin(seats.take());
        assert!(next.as_mut().now_or_never().is_none());
        drop((a, work));
        next.await;
        assert!(lock(&seats.idle).seats.is_empty());
    }
}
