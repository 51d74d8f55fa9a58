use crate::frames::MAX_FRAME;
use bruit_proto::{Malformed, Reader, Wire, put_varint, varint_size};

/// The first tag whose messages are preceded by their length. Below it are those of Core, which every node reads: they end
/// where their layout ends, and an idle cluster, which says hardly anything else, pays nothing.
pub const FIRST_ENCLOSED: u8 = 48;

/// Begins a length, whose low six bits follow.
const LENGTH: u8 = 0x80;
/// The rest of the length follows as a varint.
const LONG: u8 = 0x40;
const LOW: u64 = 0x3F;

/// Bytes of the length before an enclosed message of `size` bytes: 1 below 64, 2 below 8 KiB, at most 3 in a frame.
pub const fn length_size(size: usize) -> usize {
    let high = size as u64 >> 6;
    if high == 0 { 1 } else { 1 + varint_size(high) }
}

/// Appends a message as packets and frames carry it.
pub fn put_message<M: Wire>(out: &mut Vec<u8>, message: &M) {
    let start = out.len();
    message.encode(out);
    if out.get(start).is_none_or(|tag| *tag < FIRST_ENCLOSED) {
        return;
    }
    let (size, end) = ((out.len() - start) as u64, out.len());
    let high = size >> 6;
    out.push(LENGTH | if high > 0 { LONG } else { 0 } | (size & LOW) as u8);
    if high > 0 {
        put_varint(out, high);
    }
    let length = out.len() - end;
    out[start..].rotate_right(length);
}

/// Takes the next message off a packet or frame; `None`: one that this node does not know, of another version or of a part
/// that it lacks. It was skipped by its length.
///
/// # Errors
/// [`Malformed`]: then where the next one begins is not known either.
pub fn take_message<M: Wire>(input: &mut Reader<'_>) -> Result<Option<M>, Malformed> {
    match input.peek() {
        Some(LENGTH..) => {}
        Some(FIRST_ENCLOSED..) => return Err(Malformed("message without its length")),
        _ => return M::decode(input).map(Some),
    }
    let size = length(input)?;
    let mut message = Reader::new(input.take(size)?);
    match M::decode(&mut message) {
        Ok(_) if !message.is_empty() => Err(Malformed("message shorter than its length")),
        Ok(message) => Ok(Some(message)),
        Err(Malformed::UNKNOWN) => Ok(None),
        Err(why) => Err(why),
    }
}

fn length(input: &mut Reader<'_>) -> Result<usize, Malformed> {
    let first = input.u8()?;
    let high = if first & LONG == 0 { 0 } else { input.varint()? };
    if high > (MAX_FRAME as u64) >> 6 {
        return Err(Malformed("message longer than a frame"));
    }
    let size = high << 6 | u64::from(first) & LOW;
    if size == 0 || (first & LONG != 0) != (high > 0) {
        return Err(Malformed("length not in its shortest form"));
    }
    Ok(size as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Tag and as many bytes as it says: `.0` is the tag that is known.
    #[derive(Debug, PartialEq)]
    struct Known(u8, Vec<u8>);

    impl Wire for Known {
        fn encode(&self, out: &mut Vec<u8>) {
            out.push(self.0);
            bruit_proto::put_bytes(out, &self.1);
        }
        fn decode(input: &mut Reader<'_>) -> Result<Known, Malformed> {
            match input.u8()? {
                tag @ (7 | 200) => Ok(Known(tag, input.bytes(MAX_FRAME)?.to_vec())),
                _ => Err(Malformed::UNKNOWN),
            }
        }
    }

    fn encoded(tag: u8, len: usize) -> Vec<u8> {
        let mut out = vec![9];
        put_message(&mut out, &Known(tag, vec![tag; len]));
        out.split_off(1)
    }

    /// A message of another kind costs its length in front; one of Core's is as it ever was.
    #[test]
    fn a_message_comes_back_in_its_size() {
        for len in [0, 1, 61, 62, 126, 8_100, 8_200, 200_000] {
            let plain = Known(7, vec![7; len]).size();
            assert_eq!(encoded(7, len).len(), plain);
            let enclosed = encoded(200, len);
            assert_eq!(enclosed.len(), plain + length_size(plain), "{len}");
            let mut input = Reader::new(&enclosed);
            assert_eq!(take_message(&mut input), Ok(Some(Known(200, vec![200; len]))));
            assert!(input.is_empty());
        }
        assert_eq!([63, 64, 8_191, 8_192].map(length_size), [1, 2, 2, 3]);
    }

    #[test]
    fn what_is_not_known_is_skipped_and_what_follows_is_read() {
        let bytes = [encoded(56, 100), encoded(201, 0), encoded(7, 3)].concat();
        let mut input = Reader::new(&bytes);
        let mut next = || take_message::<Known>(&mut input);
        assert_eq!([next(), next(), next()], [Ok(None), Ok(None), Ok(Some(Known(7, vec![7; 3])))]);
    }

    #[test]
    fn a_length_has_one_form_and_is_within_the_packet() {
        let why = |bytes: &[u8]| take_message::<Known>(&mut Reader::new(bytes)).unwrap_err().0;
        assert_eq!(why(&[0x80]), "length not in its shortest form");
        assert_eq!(why(&[0xC2, 0, 200, 0]), "length not in its shortest form");
        assert_eq!(why(&[0xC0, 0x81, 0x80, 1]), "message longer than a frame");
        assert_eq!(why(&[0x83, 200, 0]), "truncated");
        assert_eq!(why(&[0x83, 200, 0, 0]), "message shorter than its length");
        assert_eq!(why(&[0x82, 200, 1]), "truncated");
        assert_eq!(why(&[60, 0]), "message without its length");
    }
}
