use bruit_proto::{Malformed, PeerId, Reader, put_varint};

/// The longest frame body: 256 KiB, four of the desk's stream buffers, so that one large message passes whole.
pub const MAX_FRAME: usize = 256 * 1024;

/// `bru`, then the version of the stream's layout.
pub(crate) const MAGIC: [u8; 4] = *b"bru\x01";

/// A buffer larger than this is given back once it is empty.
const KEEP: usize = 4 * 1024;

/// What each side says first on a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hello {
    /// Who says it speaks; never [`PeerId::NONE`], never a contact.
    pub sender: PeerId,
    /// Whether it knows us by address only.
    pub by_address: bool,
}

impl Hello {
    /// Its bytes on the wire, in the open: magic, sender, receiver, checksum.
    pub const SIZE: usize = 4 + 8 + 8 + 4;
}

/// What comes off a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece<'a> {
    /// First, once.
    Hello(Hello),
    /// Messages back to back.
    Body(&'a [u8]),
}

/// Bytes that came and were not taken yet.
#[derive(Debug, Default)]
pub(crate) struct Buffer {
    bytes: Vec<u8>,
    taken: usize,
}

impl Buffer {
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        self.bytes.drain(..self.taken);
        self.taken = 0;
        if self.bytes.is_empty() && self.bytes.capacity() > KEEP {
            self.bytes = Vec::new();
        }
        self.bytes.extend_from_slice(bytes);
    }

    pub(crate) fn rest(&self) -> &[u8] {
        &self.bytes[self.taken..]
    }

    pub(crate) fn held(&self) -> usize {
        self.bytes.len() - self.taken
    }

    /// Takes this many bytes, which are there.
    pub(crate) fn take(&mut self, n: usize) -> &[u8] {
        let start = self.taken;
        self.taken += n;
        &self.bytes[start..self.taken]
    }
}

/// Where a frame's body is, behind its length and, in the open, its checksum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Frame {
    pub(crate) header: usize,
    pub(crate) length: usize,
    pub(crate) sum: Option<u32>,
}

impl Frame {
    /// Reads a frame's header; `None` while it is not all there. A length is checked before its body is waited for.
    pub(crate) fn read(bytes: &[u8], summed: bool) -> Result<Option<Frame>, Malformed> {
        // Three bytes of varint say up to 2^21 - 1, more than a frame may have.
        let head = &bytes[..bytes.len().min(3)];
        if head.iter().all(|b| b & 0x80 != 0) {
            return if head.len() < 3 { Ok(None) } else { Err(Malformed("frame longer than its bound")) };
        }
        let mut input = Reader::new(bytes);
        let length = input.varint()? as usize;
        if length == 0 || length > MAX_FRAME {
            return Err(Malformed("frame empty or longer than its bound"));
        }
        let sum = if summed { input.u32().ok() } else { None };
        let header = bytes.len() - input.rest().len();
        Ok((summed == sum.is_some()).then_some(Frame { header, length, sum }))
    }

    /// Its bytes, header and body.
    pub(crate) fn size(&self) -> usize {
        self.header + self.length
    }
}

/// Appends the length that begins a frame.
///
/// # Panics
/// If the body is longer than [`MAX_FRAME`]: nobody would take it.
pub(crate) fn put_length(body: &[u8], out: &mut Vec<u8>) {
    assert!(body.len() <= MAX_FRAME, "a frame of {} bytes", body.len());
    put_varint(out, body.len() as u64);
}
