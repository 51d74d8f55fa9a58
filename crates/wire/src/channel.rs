use crate::envelope::Envelope;
use crate::frames::{Buffer, Frame, Hello, MAGIC, Piece};
use crate::noise::{Noise, OPENING, key_bits};
use crate::sealing::is_sealed;
use bruit_proto::{Malformed, PeerId, Time};
use std::net::SocketAddr;

/// One stream, between messages and bytes that are cut anywhere: in the open or sealed, as the dialler decided.
///
/// It holds what came and no more: a length is checked before it is waited for, and never allocated by. At most
/// [`MAX_FRAME`](crate::MAX_FRAME) and one record stay behind when everything that [`next`](Channel::next) gives was taken;
/// and until the other side has proved that it has the key, one record alone.
#[derive(Debug)]
pub struct Channel {
    kind: Kind,
    /// What came.
    came: Buffer,
    /// What of it was sealed, opened.
    text: Buffer,
}

#[derive(Debug)]
enum Kind {
    /// We dial, and have said nothing yet.
    Dialled(Option<SocketAddr>),
    /// Somebody else dialled; its first byte decides.
    Accepted,
    Open {
        said: bool,
        heard: bool,
    },
    Sealed(Box<Noise>),
}

impl Channel {
    /// For a stream that somebody opens to us.
    pub fn accepted() -> Channel {
        Channel { kind: Kind::Accepted, came: Buffer::default(), text: Buffer::default() }
    }

    /// For a stream that we open, to this address if there is one.
    pub fn dialled(at: Option<SocketAddr>) -> Channel {
        Channel { kind: Kind::Dialled(at), ..Channel::accepted() }
    }

    /// Adds what came.
    pub fn push(&mut self, bytes: &[u8]) {
        self.came.push(bytes);
    }

    /// The next whole piece, if it is there.
    ///
    /// # Errors
    /// [`Malformed`]: what follows cannot be understood any more; drop the stream.
    pub fn next(&mut self, envelope: &Envelope) -> Result<Option<Piece<'_>>, Malformed> {
        if matches!(self.kind, Kind::Accepted) {
            return Ok(self.accept(envelope)?.map(Piece::Hello));
        }
        match &mut self.kind {
            Kind::Dialled(_) if self.came.held() > 0 => Err(Malformed("answer on a stream that asked nothing")),
            Kind::Dialled(_) | Kind::Accepted => Ok(None),
            Kind::Open { heard: true, .. } => open_frame(envelope, &mut self.came),
            Kind::Open { heard, .. } => {
                let hello = open_hello(envelope, &mut self.came)?;
                *heard = hello.is_some();
                Ok(hello.map(Piece::Hello))
            }
            Kind::Sealed(noise) if !noise.is_ready() => {
                let own = envelope.own().ok_or(Malformed("sealed stream without a key"))?;
                Ok(noise.answered(own, &mut self.came)?.map(Piece::Hello))
            }
            Kind::Sealed(noise) => sealed_frame(noise, &mut self.came, &mut self.text),
        }
    }

    /// The first byte says how the dialler speaks; then comes its hello.
    fn accept(&mut self, envelope: &Envelope) -> Result<Option<Hello>, Malformed> {
        let Some(first) = self.came.rest().first() else { return Ok(None) };
        if !is_sealed(&[*first]) {
            if !envelope.takes_open() {
                return Err(Malformed("stream in the open"));
            }
            let hello = open_hello(envelope, &mut self.came)?;
            if hello.is_some() {
                self.kind = Kind::Open { said: false, heard: true };
            }
            return Ok(hello);
        }
        let own = envelope.own().ok_or(Malformed("stream of an unknown kind or version"))?;
        key_bits(*first)?;
        if self.came.held() < OPENING {
            return Ok(None);
        }
        let (noise, hello) = Noise::answer(own, self.came.take(OPENING))?;
        self.kind = Kind::Sealed(Box::new(noise));
        Ok(Some(hello))
    }

    /// Appends what is to be written now: what of the handshake is due, and a frame around `body`, messages back to back, once
    /// that may be said; then it is empty.
    ///
    /// # Panics
    /// If `body` is longer than [`MAX_FRAME`](crate::MAX_FRAME): nobody would take it.
    pub fn write(&mut self, now: Time, envelope: &Envelope, to: PeerId, body: &mut Vec<u8>, out: &mut Vec<u8>) {
        if let Kind::Dialled(at) = self.kind
            && !body.is_empty()
        {
            self.kind = match envelope.own().filter(|_| envelope.seals(now, to, at)) {
                Some(own) => Kind::Sealed(Box::new(Noise::dial(own, to))),
                None => Kind::Open { said: false, heard: false },
            };
        }
        match &mut self.kind {
            Kind::Dialled(_) | Kind::Accepted => return,
            Kind::Open { .. } if body.is_empty() => return,
            Kind::Open { said, .. } => {
                if !std::mem::replace(said, true) {
                    envelope.hello(to, out);
                }
                envelope.frame(body, out);
            }
            Kind::Sealed(noise) => {
                noise.say(out);
                if body.is_empty() || !noise.is_ready() {
                    return;
                }
                noise.frame(body, out);
            }
        }
        *body = Vec::new();
    }

    /// Appends what says that nothing follows; then comes the half-close.
    pub fn end(&mut self, out: &mut Vec<u8>) {
        if let Kind::Sealed(noise) = &mut self.kind {
            noise.end(out);
        }
    }

    /// Whether the other side must not half-close here: a piece has begun and not ended, or a sealed stream has not said
    /// that it ends.
    pub fn is_amid(&self) -> bool {
        self.held() > 0 || matches!(&self.kind, Kind::Sealed(noise) if !noise.has_ended())
    }

    /// Bytes held.
    pub fn held(&self) -> usize {
        self.came.held() + self.text.held()
    }
}

fn open_hello(envelope: &Envelope, came: &mut Buffer) -> Result<Option<Hello>, Malformed> {
    // Wrong from its first byte on is not worth waiting for the rest.
    if !came.rest().iter().zip(MAGIC).all(|(a, b)| *a == b) {
        return Err(Malformed("stream of an unknown kind or version"));
    }
    if came.held() < Hello::SIZE {
        return Ok(None);
    }
    envelope.unseal_hello(came.take(Hello::SIZE)).map(Some)
}

fn open_frame<'a>(envelope: &Envelope, came: &'a mut Buffer) -> Result<Option<Piece<'a>>, Malformed> {
    let Some(frame) = Frame::read(came.rest(), true)?.filter(|f| f.size() <= came.held()) else { return Ok(None) };
    let body = &came.take(frame.size())[frame.header..];
    if frame.sum != Some(envelope.frame_sum(body)) {
        return Err(Malformed("frame damaged"));
    }
    Ok(Some(Piece::Body(body)))
}

fn sealed_frame<'a>(noise: &mut Noise, came: &mut Buffer, text: &'a mut Buffer) -> Result<Option<Piece<'a>>, Malformed> {
    loop {
        if let Some(frame) = Frame::read(text.rest(), false)?.filter(|f| f.size() <= text.held()) {
            return Ok(Some(Piece::Body(&text.take(frame.size())[frame.header..])));
        }
        if !noise.open(came, text)? {
            return Ok(None);
        }
    }
}
