use std::collections::BTreeMap;

/// Whether something was seen before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen {
    /// It is news, and kept now.
    New,
    /// It was.
    Again,
    /// It is below the window: it was seen, or is too late to be.
    Old,
}

/// The greatest keys ever seen, as many as two bounds allow: a de-duplication window that converges.
///
/// Keys carry their order (Lamport time first), so the order of arrival does not matter: whoever heard the same keys
/// keeps the same ones. What falls out leaves a *floor* behind, and nothing at or below the floor comes in again;
/// that is why nothing is ever [`New`](Seen::New) twice. Two windows that exchange what each lacks and take the
/// higher floor are equal, whatever their bounds: the state is a join semilattice (Shapiro et al. 2011, "Conflict-free
/// replicated data types").
#[derive(Clone, Debug)]
pub struct Window<K, V> {
    entries: BTreeMap<K, (V, usize)>,
    floor: Option<K>,
    cost: usize,
    max_len: usize,
    max_cost: usize,
}

impl<K: Copy + Ord, V> Window<K, V> {
    /// At most `max_len` keys that cost at most `max_cost` together.
    pub fn new(max_len: usize, max_cost: usize) -> Self {
        Window { entries: BTreeMap::new(), floor: None, cost: 0, max_len, max_cost }
    }

    /// Whether this key was seen, without keeping it.
    pub fn seen(&self, key: &K) -> Seen {
        if self.floor.as_ref().is_some_and(|floor| key <= floor) {
            Seen::Old
        } else if self.entries.contains_key(key) {
            Seen::Again
        } else {
            Seen::New
        }
    }

    /// Keeps a key if it is new. Then call [`shrink`](Window::shrink) until it has nothing more.
    pub fn insert(&mut self, key: K, value: V, cost: usize) -> Seen {
        let seen = self.seen(&key);
        if seen == Seen::New {
            self.entries.insert(key, (value, cost));
            self.cost += cost;
        }
        seen
    }

    /// Takes out the smallest entry if a bound is exceeded, or if it is not above the floor.
    pub fn shrink(&mut self) -> Option<(K, V)> {
        let (&least, _) = self.entries.first_key_value()?;
        let sunk = self.floor.is_some_and(|floor| least <= floor);
        if !sunk && self.entries.len() <= self.max_len && self.cost <= self.max_cost {
            return None;
        }
        let (key, (value, cost)) = self.entries.pop_first()?;
        self.cost -= cost;
        self.floor = self.floor.max(Some(key));
        Some((key, value))
    }

    /// Raises the floor. Then call [`shrink`](Window::shrink) until it has nothing more.
    pub fn raise(&mut self, floor: K) {
        self.floor = self.floor.max(Some(floor));
    }

    /// Nothing at or below this key comes in.
    pub fn floor(&self) -> Option<K> {
        self.floor
    }

    /// What is kept under a key.
    pub fn get(&self, key: &K) -> Option<&V> {
        self.entries.get(key).map(|x| &x.0)
    }

    /// All entries, smallest key first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&K, &V)> {
        self.entries.iter().map(|(k, x)| (k, &x.0))
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// What all entries cost together.
    pub fn cost(&self) -> usize {
        self.cost
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bruit_proto::Rng;

    fn keep(window: &mut Window<u32, ()>, key: u32, cost: usize) -> Seen {
        let seen = window.insert(key, (), cost);
        while window.shrink().is_some() {}
        seen
    }

    fn keys(window: &Window<u32, ()>) -> Vec<u32> {
        window.iter().map(|x| *x.0).collect()
    }

    #[test]
    fn nothing_is_new_twice() {
        let mut rng = Rng::seeded(7);
        let mut window = Window::new(16, usize::MAX);
        let mut new = [0; 64];
        for _ in 0..2_000 {
            let key = rng.below(64);
            if keep(&mut window, key, 1) == Seen::New {
                new[key as usize] += 1;
            }
        }
        assert!(new.iter().all(|n| *n <= 1), "{new:?}");
        assert_eq!(keys(&window), (48..64).collect::<Vec<_>>());
        assert_eq!(keep(&mut window, 3, 1), Seen::Old);
    }

    /// The order of arrival does not matter, with the byte bound either.
    #[test]
    fn equal_knowledge_is_an_equal_window() {
        for seed in 0..200 {
            let mut rng = Rng::seeded(seed);
            let mut all: Vec<(u32, usize)> = (0..40).map(|k| (k, 1 + rng.below(20) as usize)).collect();
            let windows = [(); 2].map(|()| {
                for i in (1..all.len()).rev() {
                    all.swap(i, rng.below(i as u32 + 1) as usize);
                }
                let mut window = Window::new(20, 100);
                all.iter().for_each(|(key, cost)| {
                    keep(&mut window, *key, *cost);
                });
                assert!(window.cost() <= 100 && window.len() <= 20);
                keys(&window)
            });
            assert_eq!(windows[0], windows[1], "seed {seed}");
        }
    }

    #[test]
    fn windows_of_different_bounds_meet_at_the_higher_floor() {
        let (mut small, mut large) = (Window::new(2, 99), Window::new(9, 99));
        for key in 1..=5 {
            keep(&mut small, key, 1);
            keep(&mut large, key, 1);
        }
        large.raise(small.floor().unwrap());
        while large.shrink().is_some() {}
        assert_eq!(keys(&small), keys(&large));
    }
}
