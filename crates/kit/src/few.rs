use std::ops::{Deref, DerefMut};

/// A list that holds one item or none nearly always: that one needs no memory of its own.
#[derive(Clone, Debug)]
pub struct Few<T>(Held<T>);

#[derive(Clone, Debug)]
enum Held<T> {
    None,
    One(T),
    Many(Vec<T>),
}

impl<T> Default for Few<T> {
    fn default() -> Self {
        Few(Held::None)
    }
}

impl<T> Few<T> {
    /// Adds an item behind the others.
    pub fn push(&mut self, item: T) {
        self.0 = match std::mem::replace(&mut self.0, Held::None) {
            Held::None => Held::One(item),
            Held::One(first) => Held::Many(vec![first, item]),
            Held::Many(mut items) => {
                items.push(item);
                Held::Many(items)
            }
        };
    }

    /// Takes the `i`-th item out.
    ///
    /// # Panics
    /// If there is none.
    pub fn remove(&mut self, i: usize) -> T {
        match std::mem::replace(&mut self.0, Held::None) {
            Held::One(item) if i == 0 => item,
            Held::Many(mut items) => {
                let item = items.remove(i);
                self.0 = Held::Many(items);
                item
            }
            _ => panic!("there is no item {i}"),
        }
    }

    /// Keeps the items for which `keep` holds, each of which it may change.
    pub fn retain_mut(&mut self, mut keep: impl FnMut(&mut T) -> bool) {
        match &mut self.0 {
            Held::None => {}
            Held::One(item) => {
                if !keep(item) {
                    self.0 = Held::None;
                }
            }
            Held::Many(items) => items.retain_mut(keep),
        }
    }
}

impl<T> Deref for Few<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        match &self.0 {
            Held::None => &[],
            Held::One(item) => std::slice::from_ref(item),
            Held::Many(items) => items,
        }
    }
}

impl<T> DerefMut for Few<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        match &mut self.0 {
            Held::None => &mut [],
            Held::One(item) => std::slice::from_mut(item),
            Held::Many(items) => items,
        }
    }
}

impl<T> IntoIterator for Few<T> {
    type Item = T;
    type IntoIter = std::iter::Chain<std::option::IntoIter<T>, std::vec::IntoIter<T>>;

    fn into_iter(self) -> Self::IntoIter {
        let (one, many) = match self.0 {
            Held::None => (None, Vec::new()),
            Held::One(item) => (Some(item), Vec::new()),
            Held::Many(items) => (None, items),
        };
        one.into_iter().chain(many)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bruit_proto::Rng;

    /// Whatever is added and taken, it holds what a `Vec` would.
    #[test]
    fn agrees_with_a_vec() {
        let (mut rng, mut few, mut model) = (Rng::seeded(1), Few::default(), Vec::new());
        for item in 0..10_000 {
            match rng.below(4) {
                0 if !model.is_empty() => {
                    let i = rng.below(model.len() as u32) as usize;
                    assert_eq!(few.remove(i), model.remove(i));
                }
                1 => {
                    let third = rng.below(3);
                    let keep = |x: &mut u32| {
                        *x += 1;
                        *x % 3 != third
                    };
                    few.retain_mut(keep);
                    model.retain_mut(keep);
                }
                _ if model.len() < 4 => {
                    few.push(item);
                    model.push(item);
                }
                _ => few.iter_mut().chain(&mut model).for_each(|x| *x += 1),
            }
            assert_eq!(*few, *model);
            assert!(few.clone().into_iter().eq(model.iter().copied()));
        }
    }

    #[test]
    #[should_panic(expected = "no item 1")]
    fn what_is_not_there_is_not_taken() {
        let mut few = Few::default();
        few.push('a');
        few.remove(1);
    }
}
