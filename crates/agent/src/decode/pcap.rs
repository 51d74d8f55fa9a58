//! Captures as tcpdump and Wireshark write them: UDP over IPv4 and IPv6, on Ethernet, loopback, Linux's `any` and raw IP.

use super::{Bad, Found, Place};
use etherparse::{NetSlice, SlicedPacket, TransportSlice};
use pcap_parser::traits::PcapNGPacketBlock;
use pcap_parser::{Block, Linktype, PcapBlockOwned, PcapError, create_reader};
use std::net::{IpAddr, SocketAddr};

/// What is read at once; no block of a capture is longer than a packet and some options.
const BUFFER: usize = 1 << 20;
/// The address family in front of a packet on loopback.
const FAMILY: usize = 4;
/// Linux's `any`, second version: 20 bytes, of which the first two are the protocol.
const SLL2: (i32, usize) = (276, 20);

/// Whether these are the first bytes of a capture.
pub(super) fn is_pcap(input: &[u8]) -> bool {
    let Some(magic) = input.first_chunk::<4>() else { return false };
    let either = |number: u32| [number.to_be_bytes(), number.to_le_bytes()].contains(magic);
    either(0xA1B2_C3D4) || either(0xA1B2_3C4D) || *magic == [0x0A, 0x0D, 0x0D, 0x0A]
}

/// An interface of a capture: its link, how its clock counts.
#[derive(Clone, Copy)]
struct Interface {
    link: Linktype,
    per_second: u64,
    offset: u64,
}

pub(super) fn read(input: &[u8]) -> (Vec<Found>, Vec<Bad>) {
    let (mut capture, mut bad) = (Capture::default(), Vec::new());
    let mut reader = match create_reader(BUFFER, input) {
        Ok(reader) => reader,
        Err(wrong) => return (Vec::new(), vec![(Place::Packet(0), format!("the capture cannot be read: {wrong}"))]),
    };
    let ended = loop {
        let more = match reader.next() {
            Ok((size, block)) => {
                capture.take(&block);
                reader.consume(size);
                false
            }
            Err(PcapError::Incomplete(_)) => true,
            Err(wrong) => break wrong.to_owned_vec(),
        };
        if more && let Err(wrong) = reader.refill() {
            break wrong.to_owned_vec();
        }
    };
    if !matches!(ended, PcapError::Eof) {
        bad.push((Place::Packet(capture.packets + 1), format!("the capture is cut off or damaged here: {ended}")));
    }
    (capture.found, bad)
}

#[derive(Default)]
struct Capture {
    found: Vec<Found>,
    interfaces: Vec<Interface>,
    /// So many so far, of any kind.
    packets: usize,
}

impl Capture {
    fn take(&mut self, block: &PcapBlockOwned<'_>) {
        match block {
            PcapBlockOwned::LegacyHeader(header) => {
                let per_second = if header.is_nanosecond_precision() { 1_000_000_000 } else { 1_000_000 };
                self.interfaces = vec![Interface { link: header.network, per_second, offset: 0 }];
            }
            PcapBlockOwned::Legacy(packet) => {
                let Some(interface) = self.interfaces.first().copied() else { return };
                let micros = u64::from(packet.ts_usec) * 1_000_000 / interface.per_second;
                self.packet(interface.link, u64::from(packet.ts_sec) * 1_000_000 + micros, packet.data);
            }
            PcapBlockOwned::NG(Block::SectionHeader(_)) => self.interfaces.clear(),
            PcapBlockOwned::NG(Block::InterfaceDescription(one)) => self.interfaces.push(Interface {
                link: one.linktype,
                per_second: one.ts_resolution().unwrap_or(1_000_000),
                offset: one.ts_offset() as u64,
            }),
            PcapBlockOwned::NG(Block::EnhancedPacket(packet)) => {
                let Some(interface) = self.interfaces.get(packet.if_id as usize).copied() else { return };
                let (seconds, parts) = packet.decode_ts(interface.offset, interface.per_second);
                let micros = u64::from(parts) * 1_000_000 / interface.per_second.max(1);
                self.packet(interface.link, u64::from(seconds) * 1_000_000 + micros, packet.packet_data());
            }
            PcapBlockOwned::NG(Block::SimplePacket(packet)) => {
                let Some(interface) = self.interfaces.first().copied() else { return };
                self.packet(interface.link, 0, packet.packet_data());
            }
            PcapBlockOwned::NG(_) => {}
        }
    }

    fn packet(&mut self, link: Linktype, micros: u64, data: &[u8]) {
        self.packets += 1;
        if let Some((from, to, bytes)) = datagram(link, data) {
            self.found.push(Found { at: Place::Packet(self.packets), seen: Some((micros, from, to)), bytes });
        }
    }
}

/// The UDP datagram in this frame, if it holds a whole one.
fn datagram(link: Linktype, data: &[u8]) -> Option<(SocketAddr, SocketAddr, Vec<u8>)> {
    let packet = match link {
        Linktype::ETHERNET => SlicedPacket::from_ethernet(data).ok()?,
        Linktype::NULL | Linktype::LOOP => SlicedPacket::from_ip(data.get(FAMILY..)?).ok()?,
        Linktype::LINUX_SLL => SlicedPacket::from_linux_sll(data).ok()?,
        Linktype(number) if number == SLL2.0 => SlicedPacket::from_ip(data.get(SLL2.1..)?).ok()?,
        Linktype::RAW | Linktype::IPV4 | Linktype::IPV6 => SlicedPacket::from_ip(data).ok()?,
        _ => return None,
    };
    let (from, to): (IpAddr, IpAddr) = match packet.net? {
        NetSlice::Ipv4(ip) => (ip.header().source_addr().into(), ip.header().destination_addr().into()),
        NetSlice::Ipv6(ip) => (ip.header().source_addr().into(), ip.header().destination_addr().into()),
        NetSlice::Arp(_) => return None,
    };
    let Some(TransportSlice::Udp(udp)) = packet.transport else { return None };
    let ends = (SocketAddr::new(from, udp.source_port()), SocketAddr::new(to, udp.destination_port()));
    Some((ends.0, ends.1, udp.payload().to_vec()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use etherparse::PacketBuilder;

    const SAID: &[u8] = b"a datagram";

    fn ethernet() -> Vec<u8> {
        let mut out = Vec::new();
        let ip = PacketBuilder::ethernet2([1; 6], [2; 6]).ipv4([10, 0, 0, 1], [10, 0, 0, 2], 64);
        ip.udp(7946, 7947).write(&mut out, SAID).expect("written");
        out
    }

    fn ipv6() -> Vec<u8> {
        let mut out = Vec::new();
        PacketBuilder::ipv6([1; 16], [2; 16], 64).udp(7946, 7947).write(&mut out, SAID).expect("written");
        out
    }

    fn pcap(link: u32, frames: &[Vec<u8>]) -> Vec<u8> {
        let mut file =
            [0xA1B2_C3D4_u32.to_le_bytes(), [2, 0, 4, 0], [0; 4], [0; 4], 65_535_u32.to_le_bytes(), link.to_le_bytes()].concat();
        for frame in frames {
            let size = (frame.len() as u32).to_le_bytes();
            file.extend([5_u32.to_le_bytes(), 7_u32.to_le_bytes(), size, size].concat());
            file.extend(frame);
        }
        file
    }

    #[test]
    fn datagrams_come_out_of_every_link_and_both_families() {
        let loopback = [&[2, 0, 0, 0], &ethernet()[14..]].concat();
        for (link, frame) in [(1, ethernet()), (0, loopback), (101, ipv6()), (229, ipv6())] {
            let file = pcap(link, &[frame.clone(), vec![1, 2, 3], frame]);
            assert!(is_pcap(&file));
            let (found, bad) = read(&file);
            assert!(bad.is_empty() && found.len() == 2, "link {link}: {bad:?}");
            let (micros, from, to) = found[1].seen.expect("seen");
            assert_eq!((found[1].at, &found[1].bytes[..], micros), (Place::Packet(3), SAID, 5_000_007));
            assert_eq!((from.port(), to.port()), (7946, 7947));
        }
    }

    #[test]
    fn a_capture_that_is_cut_off_gives_what_it_has_and_says_where() {
        let mut file = pcap(1, &[ethernet(), ethernet()]);
        file.truncate(file.len() - 5);
        let (found, bad) = read(&file);
        assert_eq!((found.len(), bad.len()), (1, 1));
        assert_eq!(bad[0].0, Place::Packet(2));
    }
}
