//! The keys of a cluster: their file, their names, and what is derived from them.

use ring::{aead, hkdf, hmac};
use std::fmt;
use std::sync::Arc;
use zeroize::{Zeroize, Zeroizing};

/// Bytes of a key: AES-256.
const SIZE: usize = 32;

/// How a key is derived for datagrams and for streams: each use of the cluster's key has a label of its own.
const DATAGRAM: &[u8] = b"datagram 1";
const STREAM: &[u8] = b"stream 1";

/// The short name of a key, to show and to compare. It tells nothing of the key's bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct KeyId(pub u32);

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}", self.0)
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// One key of a cluster: 32 bytes that nothing shows, wiped when it is dropped.
struct Key {
    bytes: Zeroizing<[u8; SIZE]>,
    id: KeyId,
    datagram: hkdf::Prk,
    stream: Zeroizing<[u8; SIZE]>,
}

impl Key {
    fn new(bytes: Zeroizing<[u8; SIZE]>) -> Key {
        let mac = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &*bytes), b"key id 1");
        let id = mac.as_ref().iter().take(4).fold(0, |id, b| id << 8 | u32::from(*b));
        let prk = |label| hkdf::Salt::new(hkdf::HKDF_SHA256, label).extract(&*bytes);
        let mut stream = Zeroizing::new([0; SIZE]);
        let filled = prk(STREAM).expand(&[], hkdf::HKDF_SHA256).and_then(|okm| okm.fill(&mut *stream));
        filled.expect("32 bytes are one hash");
        Key { id: KeyId(id), datagram: prk(DATAGRAM), stream, bytes }
    }
}

/// The keys of a cluster: the first seals, all open. Clones share them.
#[derive(Clone)]
pub struct KeyRing(Arc<[Key]>);

/// What is wrong with a key file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadKeys {
    /// There is no key in it.
    Empty,
    /// There are more than [`KeyRing::MAX`].
    TooMany,
    /// This line, counted from 1, is no key: 64 digits of hex, or 44 of base64.
    Line(usize),
    /// This line, counted from 1, repeats an earlier key.
    Twice(usize),
}

impl fmt::Display for BadKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BadKeys::Empty => write!(f, "no key; put one on a line, 32 bytes as hex or base64"),
            BadKeys::TooMany => write!(f, "more than {} keys; remove those that nobody uses", KeyRing::MAX),
            BadKeys::Line(n) => write!(f, "line {n} is no key: 32 bytes as 64 digits of hex or 44 of base64"),
            BadKeys::Twice(n) => write!(f, "line {n} repeats an earlier key"),
        }
    }
}

impl std::error::Error for BadKeys {}

impl KeyRing {
    /// The most keys: a rotation needs two; each that shares a packet's five bits of id costs another try.
    pub const MAX: usize = 8;

    /// A ring of one new key, of bytes that the caller drew from the operating system.
    pub fn generate(entropy: [u8; SIZE]) -> KeyRing {
        KeyRing([Key::new(Zeroizing::new(entropy))].into())
    }

    /// Reads a key file: one key a line, as hex or base64; empty lines, and what follows a `#`, do not count.
    ///
    /// # Errors
    /// [`BadKeys`]; it names the line and never what stands on it.
    pub fn parse(text: &str) -> Result<KeyRing, BadKeys> {
        let mut keys: Vec<Key> = Vec::new();
        for (i, line) in text.lines().enumerate() {
            let word = line.split('#').next().unwrap_or_default().trim();
            if word.is_empty() {
                continue;
            }
            let key = Key::new(decode(word).ok_or(BadKeys::Line(i + 1))?);
            if keys.iter().any(|k| k.id == key.id) {
                return Err(BadKeys::Twice(i + 1));
            }
            if keys.len() == KeyRing::MAX {
                return Err(BadKeys::TooMany);
            }
            keys.push(key);
        }
        if keys.is_empty() { Err(BadKeys::Empty) } else { Ok(KeyRing(keys.into())) }
    }

    /// Reads the bytes of a key file as [`parse`](KeyRing::parse) does, and wipes them.
    ///
    /// # Errors
    /// As [`parse`](KeyRing::parse).
    pub fn read(file: Vec<u8>) -> Result<KeyRing, BadKeys> {
        let file = Zeroizing::new(file);
        let text = std::str::from_utf8(&file);
        let good = |why: std::str::Utf8Error| &file[..why.valid_up_to()];
        text.map_err(|why| BadKeys::Line(1 + good(why).iter().filter(|b| **b == b'\n').count())).and_then(KeyRing::parse)
    }

    /// A key file that [`parse`](KeyRing::parse) reads: the one way in which key bytes leave. Wiped when it is dropped.
    pub fn print(&self) -> Zeroizing<String> {
        // Allocated once: a string that grows leaves copies behind.
        let mut text = Zeroizing::new(String::with_capacity(self.0.len() * (2 * SIZE + 16)));
        for key in self.0.iter() {
            text.push_str(&format!("# {}\n", key.id));
            for byte in key.bytes.iter() {
                text.push(char::from(HEX[usize::from(byte >> 4)]));
                text.push(char::from(HEX[usize::from(byte & 15)]));
            }
            text.push('\n');
        }
        text
    }

    /// The ids of all keys, the one that seals first.
    pub fn ids(&self) -> impl Iterator<Item = KeyId> {
        self.0.iter().map(|k| k.id)
    }

    /// What a session seals its datagrams with, and the wire's bits of the key's id.
    pub(crate) fn sealing(&self, session: u64) -> (u8, aead::LessSafeKey) {
        (tag(self.0[0].id), self.0[0].datagram(session))
    }

    /// What could open a datagram of this session that carries these bits of a key's id.
    pub(crate) fn opening(&self, bits: u8, session: u64) -> impl Iterator<Item = aead::LessSafeKey> {
        self.0.iter().filter(move |k| tag(k.id) == bits).map(move |k| k.datagram(session))
    }

    /// What our streams are sealed with: the Noise pre-shared key, and the wire's bits of the key's id.
    pub(crate) fn dialling(&self) -> (u8, &[u8; SIZE]) {
        (tag(self.0[0].id), &self.0[0].stream)
    }

    /// What a stream that carries these bits of a key's id could be sealed with.
    pub(crate) fn answering(&self, bits: u8) -> impl Iterator<Item = &[u8; SIZE]> {
        self.0.iter().filter(move |k| tag(k.id) == bits).map(|k| &*k.stream)
    }
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.ids()).finish()
    }
}

impl Key {
    /// HKDF-SHA256 (RFC 5869): salt "datagram 1", the cluster key, and the session as info.
    fn datagram(&self, session: u64) -> aead::LessSafeKey {
        let info = session.to_be_bytes();
        let info = [&info[..]];
        let okm = self.datagram.expand(&info, &aead::AES_256_GCM).expect("32 bytes are less than 255 hashes");
        aead::LessSafeKey::new(aead::UnboundKey::from(okm))
    }
}

/// What of an id a datagram carries.
fn tag(id: KeyId) -> u8 {
    (id.0 & 0x1F) as u8
}

const HEX: &[u8; 16] = b"0123456789abcdef";

fn decode(word: &str) -> Option<Zeroizing<[u8; SIZE]>> {
    let mut key = Zeroizing::new([0; SIZE]);
    let bits = if word.len() == 2 * SIZE { 4 } else { 6 };
    let digits = if bits == 4 { word } else { word.strip_suffix('=').filter(|w| w.len() == 43)? };
    let (mut held, mut have, mut at) = (0u32, 0, 0);
    for digit in digits.bytes() {
        held = held << bits | if bits == 4 { char::from(digit).to_digit(16)? } else { base64(digit)? };
        have += bits;
        if have >= 8 {
            have -= 8;
            *key.get_mut(at)? = (held >> have) as u8;
            at += 1;
        }
        held &= (1 << have) - 1;
    }
    // What base64 leaves over must be zero, or two texts would be one key.
    let whole = at == SIZE && held == 0;
    held.zeroize();
    whole.then_some(key)
}

/// RFC 4648, section 4.
fn base64(digit: u8) -> Option<u32> {
    Some(u32::from(match digit {
        b'A'..=b'Z' => digit - b'A',
        b'a'..=b'z' => digit - b'a' + 26,
        b'0'..=b'9' => digit - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        _ => return None,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEX_KEY: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
    const BASE64_KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

    #[test]
    fn hex_and_base64_are_one_key() {
        let ids = |text: &str| KeyRing::parse(text).unwrap().ids().collect::<Vec<_>>();
        assert_eq!(ids(HEX_KEY), ids(BASE64_KEY));
        assert_eq!(ids(&HEX_KEY.to_uppercase()), ids(HEX_KEY));
        let mut bytes = [0; SIZE];
        bytes.iter_mut().enumerate().for_each(|(i, b)| *b = i as u8);
        assert_eq!(KeyRing::generate(bytes).ids().collect::<Vec<_>>(), ids(HEX_KEY));
    }

    #[test]
    fn a_file_has_comments_and_comes_back_as_it_went() {
        let other = "ff".repeat(32);
        let ring = KeyRing::parse(&format!("# the cluster's\n\n  {BASE64_KEY}  # new\r\n{other}\n")).unwrap();
        assert_eq!(ring.ids().count(), 2);
        let again = KeyRing::parse(&ring.print()).unwrap();
        assert_eq!(again.ids().collect::<Vec<_>>(), ring.ids().collect::<Vec<_>>());
        assert_eq!(*again.print(), *ring.print());
        let read = KeyRing::read(again.print().as_bytes().to_vec()).unwrap();
        assert_eq!(read.ids().collect::<Vec<_>>(), ring.ids().collect::<Vec<_>>());
        assert_eq!(KeyRing::read(b"# a\n\xFF".to_vec()).unwrap_err(), BadKeys::Line(2));
    }

    #[test]
    fn what_is_no_key_is_named_by_its_line_alone() {
        let bad = |text: &str| KeyRing::parse(text).unwrap_err();
        assert_eq!(bad("# nothing\n"), BadKeys::Empty);
        for word in [&HEX_KEY[1..], &BASE64_KEY[1..], &BASE64_KEY.replace('=', "A"), &BASE64_KEY.replace("h8=", "h9="), "é"] {
            assert_eq!(bad(&format!("\n{word}")), BadKeys::Line(2), "{word}");
        }
        assert_eq!(bad(&format!("{HEX_KEY}\n{BASE64_KEY}")), BadKeys::Twice(2));
        let many: String = (0..9).map(|i| format!("{i}{}\n", "0".repeat(63))).collect();
        assert_eq!(bad(&many), BadKeys::TooMany);
    }

    #[test]
    fn ids_are_shown_and_bytes_are_not() {
        let ring = KeyRing::parse(HEX_KEY).unwrap();
        let shown = format!("{ring:?}");
        assert_eq!(shown, format!("[{}]", ring.ids().next().unwrap()));
        assert_eq!(shown.len(), 10);
    }
}
