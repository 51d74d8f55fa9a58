use crate::seal::Fresh;
use snow::params::{CipherChoice, DHChoice, HashChoice};
use snow::resolvers::{CryptoResolver, RingResolver};
use snow::types::{Cipher, Dh, Hash, Random};
use x25519_dalek::{PublicKey, StaticSecret};
use zeroize::Zeroizing;

/// What snow computes with: ring, X25519 of dalek, for ring hands out no key that was not drawn by itself, and entropy that
/// was handed in.
pub(crate) struct Parts(pub(crate) Fresh);

impl CryptoResolver for Parts {
    fn resolve_rng(&self) -> Option<Box<dyn Random>> {
        Some(Box::new(Drawn(Fresh::clone(&self.0))))
    }
    fn resolve_dh(&self, choice: &DHChoice) -> Option<Box<dyn Dh>> {
        (*choice == DHChoice::Curve25519).then(|| Box::new(Ephemeral::blank()) as _)
    }
    fn resolve_hash(&self, choice: &HashChoice) -> Option<Box<dyn Hash>> {
        RingResolver.resolve_hash(choice)
    }
    fn resolve_cipher(&self, choice: &CipherChoice) -> Option<Box<dyn Cipher>> {
        RingResolver.resolve_cipher(choice)
    }
}

struct Drawn(Fresh);

impl Random for Drawn {
    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), snow::Error> {
        for chunk in out.chunks_mut(8) {
            let drawn = Zeroizing::new((self.0)().to_be_bytes());
            chunk.copy_from_slice(&drawn[..chunk.len()]);
        }
        Ok(())
    }
}

/// A key pair of one stream, wiped when it is dropped.
struct Ephemeral {
    secret: StaticSecret,
    public: PublicKey,
}

impl Ephemeral {
    /// None yet.
    fn blank() -> Ephemeral {
        Ephemeral { secret: StaticSecret::from([0; 32]), public: PublicKey::from([0; 32]) }
    }

    fn of(bytes: &[u8; 32]) -> Ephemeral {
        let secret = StaticSecret::from(*bytes);
        Ephemeral { public: PublicKey::from(&secret), secret }
    }
}

impl Dh for Ephemeral {
    fn name(&self) -> &'static str {
        "25519"
    }
    fn pub_len(&self) -> usize {
        32
    }
    fn priv_len(&self) -> usize {
        32
    }
    fn set(&mut self, privkey: &[u8]) {
        let mut bytes = Zeroizing::new([0; 32]);
        bytes.copy_from_slice(privkey);
        *self = Ephemeral::of(&bytes);
    }
    fn generate(&mut self, rng: &mut dyn Random) -> Result<(), snow::Error> {
        let mut bytes = Zeroizing::new([0; 32]);
        rng.try_fill_bytes(&mut *bytes)?;
        *self = Ephemeral::of(&bytes);
        Ok(())
    }
    fn pubkey(&self) -> &[u8] {
        self.public.as_bytes()
    }
    fn privkey(&self) -> &[u8] {
        self.secret.as_bytes()
    }
    fn dh(&self, pubkey: &[u8], out: &mut [u8]) -> Result<(), snow::Error> {
        let theirs: [u8; 32] = pubkey.get(..32).and_then(|key| key.try_into().ok()).ok_or(snow::Error::Dh)?;
        let shared = self.secret.diffie_hellman(&PublicKey::from(theirs));
        // A point of small order would make a secret that everybody knows.
        if !shared.was_contributory() {
            return Err(snow::Error::Dh);
        }
        out.get_mut(..32).ok_or(snow::Error::Dh)?.copy_from_slice(shared.as_bytes());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(hex: &str) -> [u8; 32] {
        std::array::from_fn(|i| u8::from_str_radix(&hex[2 * i..2 * i + 2], 16).unwrap())
    }

    /// RFC 7748, section 6.1.
    #[test]
    fn keys_are_exchanged_as_the_standard_says() {
        let alice = bytes("8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a");
        let bob = Ephemeral::of(&bytes("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb"));
        assert_eq!(bob.pubkey(), bytes("de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f"));
        let mut shared = [0; 32];
        bob.dh(&alice, &mut shared).unwrap();
        assert_eq!(shared, bytes("4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742"));
    }

    #[test]
    fn a_point_that_makes_a_secret_of_everybodys_is_refused() {
        let alice = Ephemeral::of(&[7; 32]);
        assert_eq!(alice.dh(&[0; 32], &mut [0; 32]), Err(snow::Error::Dh));
        assert_eq!(alice.dh(&[1; 31], &mut [0; 32]), Err(snow::Error::Dh));
    }
}
