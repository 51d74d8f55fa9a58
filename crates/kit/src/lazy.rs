use std::ops::{Deref, DerefMut};

/// What a [`Lazy`] is before it is first changed.
pub trait Idle: Sized + 'static {
    /// A fresh one.
    const FRESH: Self;
    /// One that all who are idle share.
    const IDLE: &'static Self;
}

/// State that an idle node does not need: eight bytes until it is first changed, then a box.
///
/// Reading an untouched one reads [`Idle::IDLE`]; a lab of 100,000 quiet nodes pays for none of them.
#[derive(Clone, Debug)]
pub struct Lazy<T>(Option<Box<T>>);

impl<T> Default for Lazy<T> {
    fn default() -> Self {
        Lazy(None)
    }
}

impl<T> Lazy<T> {
    /// To change it if it is not idle any more: nothing comes to be by that.
    pub fn get_mut(&mut self) -> Option<&mut T> {
        self.0.as_deref_mut()
    }
}

impl<T: Idle> Deref for Lazy<T> {
    type Target = T;
    fn deref(&self) -> &T {
        self.0.as_deref().unwrap_or(T::IDLE)
    }
}

impl<T: Idle> DerefMut for Lazy<T> {
    fn deref_mut(&mut self) -> &mut T {
        self.0.get_or_insert_with(|| Box::new(T::FRESH))
    }
}

/// Writes the initial state once: `idle!(Join { seeds: Vec::new(), at: 0 })` implements [`Idle`] for it.
#[macro_export]
macro_rules! idle {
    ($name:ty { $($field:ident: $value:expr),* $(,)? }) => {
        impl $crate::Idle for $name {
            const FRESH: Self = Self { $($field: $value),* };
            const IDLE: &'static Self = &Self { $($field: $value),* };
        }
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Cold {
        list: Vec<u32>,
        on: bool,
    }
    idle!(Cold { list: Vec::new(), on: false });

    #[test]
    fn costs_a_pointer_until_it_is_changed() {
        let mut cold = Lazy::<Cold>::default();
        assert_eq!(size_of_val(&cold), 8);
        assert!(cold.list.is_empty() && !cold.on && cold.get_mut().is_none() && cold.0.is_none());
        cold.list.push(1);
        assert!(cold.get_mut().is_some() && *cold.list == [1]);
    }
}
