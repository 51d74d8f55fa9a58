//! Numbers as items: what protocols over anyone's data spread in tests.

#![allow(dead_code)]

use bruit_proto::{Malformed, Reader, Wire, put_varint};
use std::collections::BTreeSet;

/// A number that is its own name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Number(pub(crate) u64);

impl Wire for Number {
    fn encode(&self, out: &mut Vec<u8>) {
        put_varint(out, self.0);
    }
    fn decode(input: &mut Reader<'_>) -> Result<Self, Malformed> {
        input.varint().map(Number)
    }
}

/// Those that a node has.
pub(crate) type Numbers = BTreeSet<Number>;
