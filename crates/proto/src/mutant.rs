//! Planted faults, for checking the checkers: nothing of this is compiled without the feature `mutants`.

#[cfg(feature = "mutants")]
mod planted {
    use std::cell::Cell;

    thread_local! {
        static PLANTED: Cell<&'static str> = const { Cell::new("") };
    }

    /// Plants one named fault in the protocols that run on this thread; the empty name takes it out.
    pub fn plant(name: &'static str) {
        PLANTED.set(name);
    }

    /// Whether this fault is planted.
    pub fn mutant(name: &str) -> bool {
        PLANTED.get() == name
    }
}

#[cfg(feature = "mutants")]
pub use planted::{mutant, plant};

/// Whether this fault is planted: never, without the feature `mutants`.
#[cfg(not(feature = "mutants"))]
#[inline(always)]
pub const fn mutant(_name: &str) -> bool {
    false
}
