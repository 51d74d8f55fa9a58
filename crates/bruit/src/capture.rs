//! Reading packets that were captured elsewhere: what stands in the open, and what is sealed. What their messages say is
//! written down by [`notes`](notes).

pub use bruit_node::{Captured, Note, Unsealed, messages, notes, unseal, verifies};
