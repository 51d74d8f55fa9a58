use crate::time::Time;

/// Entries that need no memory of their own: the most that a quiet protocol has set.
const INLINE: usize = 3;

/// A table of named deadlines, earliest first: the first few inline, the rest in a box.
///
/// A protocol holds O(1) timers, most often one; a tree measured 2.4 times slower and 540 bytes more per node.
#[derive(Clone, Debug)]
pub struct Timers<T> {
    /// Filled from the front; times and names apart, or padding would take as much as the names.
    times: [Time; INLINE],
    names: [Option<T>; INLINE],
    #[expect(clippy::box_collection, reason = "8 bytes while empty, which is nearly always, where a Vec takes 24")]
    rest: Option<Box<Vec<(Time, T)>>>,
}

impl<T> Default for Timers<T> {
    fn default() -> Self {
        Timers { times: [Time::MAX; INLINE], names: [const { None }; INLINE], rest: None }
    }
}

impl<T: Copy + Ord> Timers<T> {
    /// Sets a timer, or moves it.
    pub fn set(&mut self, timer: T, at: Time) {
        self.cancel(timer);
        let mut new = (at, timer);
        for i in 0..INLINE {
            match self.inline(i) {
                None => return self.put(i, Some(new)),
                Some(held) if new < held => {
                    self.put(i, Some(new));
                    new = held;
                }
                Some(_) => {}
            }
        }
        let rest = self.rest.get_or_insert_default();
        let i = rest.partition_point(|x| *x < new);
        rest.insert(i, new);
    }

    /// Forgets a timer, set or not.
    pub fn cancel(&mut self, timer: T) {
        if let Some(gone) = self.names.iter().position(|name| *name == Some(timer)) {
            for i in gone..INLINE - 1 {
                self.put(i, self.inline(i + 1));
            }
            let next = self.rest.as_mut().and_then(|rest| (!rest.is_empty()).then(|| rest.remove(0)));
            self.put(INLINE - 1, next);
        } else if let Some(rest) = &mut self.rest {
            rest.retain(|x| x.1 != timer);
        }
    }

    /// When to wake next, and why.
    pub fn next(&self) -> Option<(Time, T)> {
        self.inline(0)
    }

    /// Takes the earliest timer that is due, if one is. Ties go by name.
    pub fn take_due(&mut self, now: Time) -> Option<T> {
        let (at, timer) = self.next()?;
        (at <= now).then(|| {
            self.cancel(timer);
            timer
        })
    }

    /// All that are set, earliest first.
    pub fn iter(&self) -> impl Iterator<Item = (Time, T)> {
        let rest = self.rest.iter().flat_map(|rest| rest.iter().copied());
        (0..INLINE).filter_map(|i| self.inline(i)).chain(rest)
    }

    /// How many are set.
    pub fn len(&self) -> usize {
        self.names.iter().flatten().count() + self.rest.as_ref().map_or(0, |rest| rest.len())
    }

    fn inline(&self, i: usize) -> Option<(Time, T)> {
        Some((self.times[i], self.names[i]?))
    }

    fn put(&mut self, i: usize, entry: Option<(Time, T)>) {
        self.times[i] = entry.map_or(Time::MAX, |e| e.0);
        self.names[i] = entry.map(|e| e.1);
    }

    /// Whether none is set.
    pub fn is_empty(&self) -> bool {
        self.names[0].is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fires_in_order_and_moves() {
        let mut t = Timers::default();
        t.set('a', Time(30));
        t.set('b', Time(10));
        t.set('c', Time(20));
        t.set('b', Time(25));
        assert_eq!(t.next(), Some((Time(20), 'c')));
        t.cancel('c');
        assert_eq!(t.take_due(Time(24)), None);
        assert_eq!(t.take_due(Time(99)), Some('b'));
        assert_eq!(t.take_due(Time(99)), Some('a'));
        assert!(t.is_empty());
    }

    /// Inline and boxed entries are one order, whatever is set, moved and cancelled.
    #[test]
    fn is_a_sorted_list() {
        let (mut t, mut model, mut rng) = (Timers::default(), Vec::new(), crate::Rng::seeded(4));
        for _ in 0..20_000 {
            let (name, at) = (rng.below(9), Time(u64::from(rng.below(50))));
            model.retain(|x: &(Time, u32)| x.1 != name);
            if rng.chance(600_000) {
                t.set(name, at);
                model.push((at, name));
            } else {
                t.cancel(name);
            }
            model.sort();
            assert_eq!((t.next(), t.len()), (model.first().copied(), model.len()));
            assert!(t.iter().eq(model.iter().copied()));
        }
        while let Some(name) = t.take_due(Time::MAX) {
            assert_eq!(name, model.remove(0).1);
        }
        assert!(model.is_empty());
    }
}
