//! The durable table: what protocols persist, by key, in one log that survives torn writes.
//!
//! ```text
//! "bruit 1\n"                              magic
//! | length 4 | CRC-32C 4 | changes ... |   a record: one batch, all of it or nothing
//! | length 4 | CRC-32C 4 | changes ... |
//!     change: key, length varint and bytes | 0: gone; or 1: value, length varint and bytes
//! ```
//! Lengths and sums are little-endian; a sum covers its record's length as well, so a run of zeros is no record.
//!
//! * **All rows are in memory**: what a node persists is a megabyte or two, read once, at its start.
//! * **A batch is appended**, with all others that wait, and is safe once the medium says so. When the log is twice as
//!   long as its rows need, it is written anew, sideways, and takes the old one's place.
//! * **What cannot be read** is set aside and reported, and the table goes on with what lies before it: the rows as they
//!   were at some earlier moment, no mixture.
//! * **[`Medium`]** is all that there is to implement: [`Memory`] here, for a simulated disk with torn writes, and the
//!   directory of a real one in `bruit`. The code that the lab's crashes prove is the code that an agent starts with.
//!
//! Why not a library: every engine that was measured costs more than this whole crate, for data that is larger than
//! memory, which ours never is; and a corrupt file makes some of them panic.

mod medium;
mod record;
mod table;

pub use medium::{Medium, Memory};
pub use record::{MAGIC, MAX_RECORD};
pub use table::{Damage, Rows, SHORT, Table};
