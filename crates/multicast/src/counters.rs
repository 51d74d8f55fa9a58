/// What a node did, in messages unless said otherwise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Items sent for the first time to somebody.
    pub data: u64,
    /// Items sent again: asked for, or not acknowledged.
    pub repairs: u64,
    /// Messages sent without an item: acknowledgements, requests, session messages, joins.
    pub control: u64,
    /// Messages heard without an item.
    pub heard: u64,
    /// Requests for an item, each counted once whoever it went to.
    pub requests: u64,
    /// Items and sends given up for want of room, and items that no cache had any more.
    pub dropped: u64,
}
