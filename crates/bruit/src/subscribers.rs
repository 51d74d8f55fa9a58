use futures_core::Stream;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering::AcqRel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use tokio::sync::mpsc::{Receiver, Sender, channel, error::TrySendError};

/// What waits for one subscriber: 4,096 events of a hundred bytes are 400 kB, and one who is further behind should
/// look at the members instead.
pub const EVENTS_KEPT: usize = 4096;

/// This many events were dropped here because they were not taken in time: look at the whole again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lagged(pub u64);

/// What a subscriber to a protocol sees.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum News<E> {
    /// The protocol said so.
    Event(E),
    /// Events were dropped here.
    Lagged(u64),
}

impl<E> From<Lagged> for News<E> {
    fn from(Lagged(n): Lagged) -> Self {
        News::Lagged(n)
    }
}

/// A bounded stream of events, from the moment it was asked for.
///
/// Also a [`Stream`]. It ends when the node has stopped.
#[derive(Debug)]
pub struct Events<E> {
    queue: Receiver<E>,
    lost: Arc<AtomicU64>,
}

impl<E: From<Lagged>> Events<E> {
    /// The next event, or that some were dropped; `None` when the node has stopped.
    ///
    /// Cancellation: nothing is lost.
    pub async fn next(&mut self) -> Option<E> {
        poll_fn(|cx| self.poll(cx)).await
    }

    /// As [`next`](Events::next), without waiting: `None` when nothing is there.
    pub fn try_next(&mut self) -> Option<E> {
        self.queue.try_recv().ok().or_else(|| self.lagged())
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<E>> {
        match self.queue.poll_recv(cx) {
            Poll::Ready(Some(event)) => Poll::Ready(Some(event)),
            // What was lost was said after all that the queue held.
            nothing => self.lagged().map_or(nothing, |gap| Poll::Ready(Some(gap))),
        }
    }

    fn lagged(&self) -> Option<E> {
        let n = self.lost.swap(0, AcqRel);
        (n > 0).then(|| Lagged(n).into())
    }
}

impl<E: From<Lagged>> Stream for Events<E> {
    type Item = E;
    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<E>> {
        self.poll(cx)
    }
}

/// Everyone who listens to a node.
#[derive(Debug)]
pub(crate) struct Subscribers<E>(Mutex<Listeners<E>>);

/// `None` once the node has stopped.
type Listeners<E> = Option<Vec<Subscriber<E>>>;

#[derive(Debug)]
struct Subscriber<E> {
    queue: Sender<E>,
    lost: Arc<AtomicU64>,
}

impl<E> Default for Subscribers<E> {
    fn default() -> Self {
        Subscribers(Mutex::new(Some(Vec::new())))
    }
}

impl<E: Clone + From<Lagged>> Subscribers<E> {
    pub(crate) fn add(&self) -> Events<E> {
        self.add_with(EVENTS_KEPT)
    }

    fn add_with(&self, kept: usize) -> Events<E> {
        let (queue, taken) = channel(kept);
        let lost = Arc::default();
        if let Some(all) = self.all().as_mut() {
            all.push(Subscriber { queue, lost: Arc::clone(&lost) });
        }
        Events { queue: taken, lost }
    }

    /// Tells everyone; forgets who is gone.
    pub(crate) fn tell(&self, event: &E) {
        if let Some(all) = self.all().as_mut() {
            all.retain(|one| one.tell(event));
        }
    }

    /// Ends every stream, those asked for later too.
    pub(crate) fn close(&self) {
        *self.all() = None;
    }

    fn all(&self) -> MutexGuard<'_, Listeners<E>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<E: Clone + From<Lagged>> Subscriber<E> {
    /// Whether it still listens.
    fn tell(&self, event: &E) -> bool {
        let lost = self.lost.swap(0, AcqRel);
        // A gap is told where it is.
        if lost > 0 && self.queue.try_send(Lagged(lost).into()).is_err() {
            self.lost.fetch_add(lost + 1, AcqRel);
        } else if let Err(TrySendError::Full(_)) = self.queue.try_send(event.clone()) {
            self.lost.fetch_add(1, AcqRel);
        }
        !self.queue.is_closed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_is_told_where_it_is_and_how_long() {
        let all = Subscribers::default();
        let mut events = all.add_with(3);
        (1..=5).for_each(|i| all.tell(&News::Event(i)));
        assert_eq!(events.try_next(), Some(News::Event(1)));
        assert_eq!(events.try_next(), Some(News::Event(2)));
        all.tell(&News::Event(6));
        let rest: Vec<_> = std::iter::from_fn(|| events.try_next()).collect();
        assert_eq!(rest, [News::Event(3), News::Lagged(2), News::Event(6)]);
        assert_eq!(events.try_next(), None);
    }

    #[test]
    fn a_gap_at_the_end_is_told_too() {
        let all = Subscribers::default();
        let mut events = all.add_with(1);
        (1..=3).for_each(|i| all.tell(&News::Event(i)));
        all.close();
        let rest: Vec<_> = std::iter::from_fn(|| events.try_next()).collect();
        assert_eq!(rest, [News::Event(1), News::Lagged(2)]);
        let mut late = all.add();
        assert!(matches!(late.poll(&mut Context::from_waker(std::task::Waker::noop())), Poll::Ready(None)), "it is over");
    }

    #[test]
    fn who_is_gone_is_forgotten() {
        let all = Subscribers::default();
        drop(all.add());
        all.tell(&News::Event(1));
        assert!(all.all().as_ref().is_some_and(Vec::is_empty));
    }
}
