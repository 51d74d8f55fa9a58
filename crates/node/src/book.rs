use bruit_proto::{Path, PeerId, Record};
use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::sync::Arc;

/// The most contacts kept: 1,024 addresses of 40 bytes are 40 KiB. Naming one again keeps it; the least recently named
/// goes first.
pub const MAX_CONTACTS: usize = 1_024;

/// The most recent senders kept that wrote from an address where the book would not send to: 256 of 48 bytes are 12 KiB,
/// and an answer that is owed for half a second holds against 500 strangers a second.
pub const MAX_STRANGERS: usize = 256;

/// The most addresses kept whose packets must be smaller than the settings say: 64 of 40 bytes; the oldest goes first.
pub const MAX_NARROW: usize = 64;

/// A route with this bit names a stranger; without it, it is a peer's id.
const STRANGER: u64 = 1 << 63;

/// Where a packet goes and for whom it is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Destination {
    pub(crate) peer: PeerId,
    pub(crate) address: SocketAddr,
}

/// Knows where peers are without a record for each in every book: how thousands of nodes in one process share one view.
pub trait Directory: Send + Sync {
    /// Where this peer is.
    fn address(&self, peer: PeerId) -> Option<SocketAddr>;
}

/// Who is where. A member is where its record says, never where its packets come from.
#[derive(Default)]
pub(crate) struct Book {
    members: BTreeMap<PeerId, Arc<Record>>,
    base: Option<Arc<dyn Directory>>,
    /// Which of IPv4 and IPv6 this node is not bound to.
    unbound: (bool, bool),
    margin: Option<Box<Margin>>,
}

/// Empty in most nodes once they have joined, so behind a box.
#[derive(Debug, Default)]
struct Margin {
    contacts: VecDeque<(PeerId, SocketAddr)>,
    named: u64,
    strangers: VecDeque<Destination>,
    /// How many strangers were forgotten: the number of the oldest one kept.
    forgotten: u64,
    narrow: VecDeque<(SocketAddr, usize)>,
}

impl Book {
    /// Whom to ask for those that were not told of.
    pub(crate) fn directory(&mut self, directory: Arc<dyn Directory>) {
        self.base = Some(directory);
    }

    /// Which families of addresses this node can send from; both, until told.
    pub(crate) fn bound(&mut self, v4: bool, v6: bool) {
        self.unbound = (!v4, !v6);
    }

    pub(crate) fn know(&mut self, peer: PeerId, record: Option<&Arc<Record>>) {
        match record {
            Some(record) => self.members.insert(peer, record.clone()),
            None => self.members.remove(&peer),
        };
    }

    /// All records.
    pub(crate) fn records(&self) -> impl Iterator<Item = (PeerId, &Arc<Record>)> {
        self.members.iter().map(|(peer, record)| (*peer, record))
    }

    /// The contact that stands for this address, and whether another had to go for it.
    pub(crate) fn contact(&mut self, address: SocketAddr) -> (PeerId, bool) {
        let margin = self.margin.get_or_insert_default();
        let known = margin.contacts.iter().position(|x| x.1 == address);
        let peer = match known.and_then(|i| margin.contacts.remove(i)) {
            Some((peer, _)) => peer,
            None => {
                margin.named += 1;
                PeerId::contact(margin.named)
            }
        };
        margin.contacts.push_back((peer, address));
        let full = margin.contacts.len() > MAX_CONTACTS;
        if full {
            margin.contacts.pop_front();
        }
        (peer, full)
    }

    /// Where to reach a member or a contact: the first of its addresses that this node can send to.
    pub(crate) fn find(&self, peer: PeerId) -> Option<SocketAddr> {
        if peer.is_contact() {
            return self.margin.as_ref()?.contacts.iter().find(|x| x.0 == peer).map(|x| x.1);
        }
        let usable = |a: &&SocketAddr| if a.is_ipv4() { !self.unbound.0 } else { !self.unbound.1 };
        match (self.members.get(&peer), &self.base) {
            (Some(record), _) => record.addresses().iter().find(usable).copied(),
            (None, base) => base.as_ref()?.address(peer),
        }
    }

    /// How to answer a datagram: by id if that leads to where it came from, else by a number for the address.
    pub(crate) fn path(&mut self, sender: PeerId, from: SocketAddr) -> Path {
        if self.find(sender) == Some(from) {
            return Path::new(sender.0, None);
        }
        let stranger = Destination { peer: sender, address: from };
        let margin = self.margin.get_or_insert_default();
        // Only in the younger half: what is found there lasts for a while yet.
        let young = margin.strangers.iter().rev().take(MAX_STRANGERS / 2).position(|x| *x == stranger);
        let place = match young {
            Some(from_back) => margin.strangers.len() - 1 - from_back,
            None => {
                if margin.strangers.len() == MAX_STRANGERS {
                    margin.strangers.pop_front();
                    margin.forgotten += 1;
                }
                margin.strangers.push_back(stranger);
                margin.strangers.len() - 1
            }
        };
        Path::new(STRANGER | (margin.forgotten + place as u64), None)
    }

    /// Where the answer on a path goes; `None` if that was forgotten.
    pub(crate) fn answer(&self, path: Path) -> Option<Destination> {
        let route = path.route();
        if route & STRANGER == 0 {
            let peer = PeerId(route);
            return Some(Destination { peer, address: self.find(peer)? });
        }
        let margin = self.margin.as_ref()?;
        let place = (route & !STRANGER).checked_sub(margin.forgotten)?;
        margin.strangers.get(usize::try_from(place).ok()?).copied()
    }

    /// The largest packet to this address: `packet` as the settings say, or smaller.
    pub(crate) fn limit(&self, to: SocketAddr, packet: usize) -> usize {
        let narrow = self.margin.iter().flat_map(|margin| &margin.narrow).find(|x| x.0 == to);
        narrow.map_or(packet, |x| x.1.min(packet))
    }

    pub(crate) fn set_narrow(&mut self, to: SocketAddr, limit: usize) {
        let narrow = &mut self.margin.get_or_insert_default().narrow;
        narrow.retain(|x| x.0 != to);
        if narrow.len() == MAX_NARROW {
            narrow.pop_front();
        }
        narrow.push_back((to, limit));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bruit_proto::Tags;

    fn at(port: u16) -> SocketAddr {
        SocketAddr::from(([10, 0, 0, 1], port))
    }

    fn record(addresses: &[&str]) -> Arc<Record> {
        let addresses = addresses.iter().map(|a| a.parse().unwrap()).collect();
        Arc::new(Record::new("peer", 1, addresses, Tags::default()).unwrap())
    }

    #[test]
    fn a_contact_is_one_per_address_and_the_least_recently_named_goes_first() {
        let mut book = Book::default();
        let first = book.contact(at(1)).0;
        for port in 2..=MAX_CONTACTS as u16 {
            assert!(!book.contact(at(port)).1);
        }
        assert_eq!(book.contact(at(1)), (first, false));
        assert!(book.contact(at(2000)).1);
        assert_eq!(book.find(first), Some(at(1)));
        assert_eq!(book.find(PeerId::contact(2)), None, "the second is the oldest now");
    }

    #[test]
    fn a_member_is_at_the_first_address_of_a_family_that_we_are_bound_to() {
        let mut book = Book::default();
        book.know(PeerId(7), Some(&record(&["[::1]:1", "10.0.0.1:1"])));
        assert_eq!(book.find(PeerId(7)), Some("[::1]:1".parse().unwrap()));
        book.bound(true, false);
        assert_eq!(book.find(PeerId(7)), Some(at(1)));
        book.know(PeerId(7), None);
        assert_eq!(book.find(PeerId(7)), None);
    }

    #[test]
    fn an_answer_goes_where_the_packet_came_from() {
        let mut book = Book::default();
        book.know(PeerId(7), Some(&record(&["10.0.0.1:1"])));
        let (home, away) = (book.path(PeerId(7), at(1)), book.path(PeerId(7), at(2)));
        assert_eq!(book.answer(home).unwrap().address, at(1));
        assert_eq!(book.answer(away), Some(Destination { peer: PeerId(7), address: at(2) }));
        assert_eq!(book.find(PeerId(7)), Some(at(1)), "the source of a packet moves nobody");
    }

    #[test]
    fn whoever_was_not_told_of_is_looked_up_in_the_directory() {
        struct Street;
        impl Directory for Street {
            fn address(&self, peer: PeerId) -> Option<SocketAddr> {
                (peer.0 < 100).then(|| at(peer.0 as u16))
            }
        }
        let mut book = Book::default();
        book.directory(Arc::new(Street));
        book.know(PeerId(7), Some(&record(&["10.0.0.1:1"])));
        assert_eq!([7, 8, 100].map(|i| book.find(PeerId(i))), [Some(at(1)), Some(at(8)), None]);
    }

    #[test]
    fn strangers_are_bounded_and_a_forgotten_one_is_nobody_else() {
        let mut book = Book::default();
        let first = book.path(PeerId(9), at(1));
        assert_eq!(book.path(PeerId(9), at(1)), first, "the same one takes no second place");
        for port in 2..=MAX_STRANGERS as u16 {
            book.path(PeerId(9), at(port));
        }
        assert_eq!(book.answer(first).unwrap().address, at(1));
        book.path(PeerId(9), at(2000));
        assert_eq!(book.answer(first), None);
    }
}
