//! Tag, length, value: what SPNEGO and GSS tokens are made of ([X.690] 8.1).
//!
//! Written as DER. Read as BER with definite lengths, since not every server writes the shortest
//! length there is.

/// One value and what follows it.
pub(crate) struct Tlv<'a> {
    pub(crate) tag: u8,
    pub(crate) value: &'a [u8],
    pub(crate) rest: &'a [u8],
}

/// Reads one value with a tag of one byte. `None` if it is not all there.
pub(crate) fn read(bytes: &[u8]) -> Option<Tlv<'_>> {
    let (&tag, bytes) = bytes.split_first()?;
    let (&first, bytes) = bytes.split_first()?;
    let (length, bytes) = match first {
        0..=0x7F => (usize::from(first), bytes),
        // 0x80 is an indefinite length, which neither encoding here has.
        0x81..=0x84 => {
            let (length, bytes) = bytes.split_at_checked(usize::from(first & 0x7F))?;
            let length = length.iter().try_fold(0_usize, |all, byte| {
                all.checked_mul(256)?.checked_add(usize::from(*byte))
            })?;
            (length, bytes)
        }
        _ => return None,
    };
    let (value, rest) = bytes.split_at_checked(length)?;
    Some(Tlv { tag, value, rest })
}

/// The value of `tag`, if that is all of `bytes`.
pub(crate) fn only(tag: u8, bytes: &[u8]) -> Option<&[u8]> {
    read(bytes)
        .filter(|tlv| tlv.tag == tag && tlv.rest.is_empty())
        .map(|tlv| tlv.value)
}

/// Writes one value out of its parts.
pub(crate) fn write(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let value = parts.concat();
    let mut bytes = vec![tag];
    let length = value.len().to_be_bytes();
    let zeros = length.iter().take_while(|byte| **byte == 0).count();
    match length.get(zeros..) {
        Some([short @ 0..=0x7F]) => bytes.push(*short),
        Some([]) | None => bytes.push(0),
        Some(long) => {
            bytes.push(u8::try_from(long.len()).unwrap_or_default() | 0x80);
            bytes.extend(long);
        }
    }
    bytes.extend(value);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        for length in [0, 1, 127, 128, 255, 256, 65_535, 65_536] {
            let value = vec![7; length];
            let bytes = write(4, &[&value]);
            assert_eq!(only(4, &bytes), Some(&value[..]), "{length}");
            assert_eq!(only(5, &bytes), None);
            for cut in [0, 1, bytes.len() - 1] {
                assert!(read(&bytes[..cut]).is_none(), "{length} {cut}");
            }
        }
        assert_eq!(write(4, &[b"ab", b"c"]), b"\x04\x03abc");
    }

    #[test]
    fn lengths_may_be_longer_than_they_need_but_not_than_what_came() {
        assert_eq!(only(4, b"\x04\x82\x00\x01x"), Some(&b"x"[..]));
        assert!(read(b"\x04\x80x\0\0").is_none());
        assert!(read(b"\x04\x85\0\0\0\0\x01x").is_none());
        assert!(read(b"\x04\x84\xFF\xFF\xFF\xFFx").is_none());
    }
}
