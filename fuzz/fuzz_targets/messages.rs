//! Every message decoder: what it takes, it gives back in the size it names, and takes again as the same.
#![no_main]

use bruit_proto::{Reader, Record, Wire};
use libfuzzer_sys::fuzz_target;
use std::fmt::Debug;

/// Takes messages off the front until one cannot be read.
fn check<M: Wire + Debug>(bytes: &[u8]) {
    let mut input = Reader::new(bytes);
    while !input.is_empty() {
        let Ok(message) = M::decode(&mut input) else { return };
        let mut out = Vec::new();
        message.encode(&mut out);
        assert_eq!(out.len(), message.size(), "{message:?}");
        let again = M::decode(&mut Reader::new(&out)).expect("what was encoded decodes");
        assert_eq!(format!("{message:?}"), format!("{again:?}"));
    }
}

fuzz_target!(|bytes: &[u8]| {
    check::<Record>(bytes);
    check::<bruit_swim::Message>(bytes);
    check::<bruit_events::Message>(bytes);
    check::<bruit_history::Message>(bytes);
    check::<bruit_state::Message>(bytes);
    check::<bruit_stacks::Message>(bytes);
});
