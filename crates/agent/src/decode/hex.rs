//! Lines of hex: a datagram each. Spaces and colons between bytes are left out, as are empty lines and comments behind `#`.

use super::{Bad, Found, Place};

pub(super) fn read(input: &[u8]) -> (Vec<Found>, Vec<Bad>) {
    let (mut found, mut bad) = (Vec::new(), Vec::new());
    for (i, line) in input.split(|byte| *byte == b'\n').enumerate() {
        let at = Place::Line(i + 1);
        match bytes(line) {
            Ok(bytes) if bytes.is_empty() => {}
            Ok(bytes) => found.push(Found { at, seen: None, bytes }),
            Err(wrong) => bad.push((at, wrong)),
        }
    }
    (found, bad)
}

fn bytes(line: &[u8]) -> Result<Vec<u8>, String> {
    let text = std::str::from_utf8(line).map_err(|_| "neither a pcap file nor hex: these bytes are no text")?;
    let (mut bytes, mut half) = (Vec::new(), None);
    let code = text.split('#').next().unwrap_or_default();
    for (column, c) in code.chars().enumerate().filter(|(_, c)| !c.is_whitespace() && *c != ':') {
        let wrong = || format!("column {}: {c:?} is no hexadecimal digit", column + 1);
        let digit = c.to_digit(16).ok_or_else(wrong)? as u8;
        half = match half.take() {
            None => Some(digit),
            Some(high) => {
                bytes.push(high << 4 | digit);
                None
            }
        };
    }
    if half.is_some() { Err("an odd number of hexadecimal digits".into()) } else { Ok(bytes) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read_and_the_wrong_one_is_named() {
        let (found, bad) = read(b"102d 0b0a # a ping\n\n10:2d\r\n10zz\n102\n\xff\xfe");
        let lines: Vec<_> = found.iter().map(|one| (one.at, one.bytes.as_slice())).collect();
        assert_eq!(lines, [(Place::Line(1), &[0x10, 0x2d, 0x0b, 0x0a][..]), (Place::Line(3), &[0x10, 0x2d])]);
        let places: Vec<Place> = bad.iter().map(|x| x.0).collect();
        assert_eq!(places, [Place::Line(4), Place::Line(5), Place::Line(6)]);
        assert!(bad[0].1.contains("column 3: 'z'") && bad[1].1.contains("odd"), "{bad:?}");
    }
}
