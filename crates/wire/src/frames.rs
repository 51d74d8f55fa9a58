use crate::envelope::Envelope;
use bruit_proto::{Malformed, PeerId, Reader};

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
    /// Its bytes on the wire: magic, sender, receiver, checksum.
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

/// Puts a stream's pieces together from bytes that were cut anywhere.
///
/// It holds what came and no more: a length is checked before it is waited for, and never allocated by. At most
/// [`MAX_FRAME`] + 7 bytes stay behind when everything that [`next`](Deframer::next) gives was taken.
#[derive(Debug, Default)]
pub struct Deframer {
    buffer: Vec<u8>,
    /// How much of the buffer was taken.
    taken: usize,
    greeted: bool,
}

impl Deframer {
    /// Adds what came.
    pub fn push(&mut self, bytes: &[u8]) {
        self.buffer.drain(..self.taken);
        self.taken = 0;
        if self.buffer.is_empty() && self.buffer.capacity() > KEEP {
            self.buffer = Vec::new();
        }
        self.buffer.extend_from_slice(bytes);
    }

    /// The next whole piece, if it is there.
    ///
    /// # Errors
    /// [`Malformed`]: what follows cannot be understood any more; drop the stream.
    pub fn next(&mut self, envelope: &Envelope) -> Result<Option<Piece<'_>>, Malformed> {
        let rest = &self.buffer[self.taken..];
        if !self.greeted {
            // Wrong from its first byte on is not worth waiting for the rest.
            if !rest.iter().zip(MAGIC).all(|(a, b)| *a == b) {
                return Err(Malformed("stream of an unknown kind or version"));
            }
            let Some(hello) = rest.get(..Hello::SIZE) else { return Ok(None) };
            let hello = envelope.unseal_hello(hello)?;
            self.greeted = true;
            self.taken += Hello::SIZE;
            return Ok(Some(Piece::Hello(hello)));
        }
        let Some((header, length, sum)) = header(rest)? else { return Ok(None) };
        let Some(body) = rest.get(header..header + length) else { return Ok(None) };
        if envelope.frame_sum(body) != sum {
            return Err(Malformed("frame damaged"));
        }
        self.taken += header + length;
        Ok(Some(Piece::Body(body)))
    }

    /// Whether a piece has begun and not ended: the stream must not end here.
    pub fn is_amid(&self) -> bool {
        self.taken < self.buffer.len()
    }

    /// Bytes held.
    pub fn held(&self) -> usize {
        self.buffer.len() - self.taken
    }
}

/// Size of the header, length of the body, its checksum; `None` while the header is not all there.
fn header(bytes: &[u8]) -> Result<Option<(usize, usize, u32)>, Malformed> {
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
    let Ok(sum) = input.u32() else { return Ok(None) };
    Ok(Some((bytes.len() - input.rest().len(), length, sum)))
}
