//! Text as the tools of several systems write it into files: UTF-8 with or
//! without its mark, and UTF-16 in either byte order, as PowerShell's `>` and
//! the editors of Windows do.

use std::io;

use zeroize::Zeroizing;

/// The text that stands in these bytes, without its mark. It is wiped when it
/// is dropped: there may be a password in it.
///
/// UTF-16 without a mark is known by its first letter, since no text begins
/// with a NUL or has one as its second character.
///
/// # Errors
///
/// When they are neither UTF-8 nor UTF-16.
pub fn decode(bytes: &[u8]) -> io::Result<Zeroizing<String>> {
    match bytes {
        [0xff, 0xfe, 0, 0, ..] | [0, 0, 0xfe, 0xff, ..] => Err(wrong("it is UTF-32")),
        [0xff, 0xfe, rest @ ..] => utf16(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => utf16(rest, u16::from_be_bytes),
        [0xef, 0xbb, 0xbf, rest @ ..] => utf8(rest),
        [1..=255, 0, ..] => utf16(bytes, u16::from_le_bytes),
        [0, 1..=255, ..] => utf16(bytes, u16::from_be_bytes),
        _ => utf8(bytes),
    }
}

fn utf8(bytes: &[u8]) -> io::Result<Zeroizing<String>> {
    match str::from_utf8(bytes) {
        Ok(text) => Ok(Zeroizing::new(text.to_owned())),
        Err(_) => Err(wrong("it is neither UTF-8 nor UTF-16")),
    }
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> io::Result<Zeroizing<String>> {
    let (pairs, rest) = bytes.as_chunks::<2>();
    if !rest.is_empty() {
        return Err(wrong("it is UTF-16 that ends in the middle of a character"));
    }
    // At once as long as it may become: what grows leaves copies behind.
    let mut text = Zeroizing::new(String::with_capacity(pairs.len() * 3));
    for letter in char::decode_utf16(pairs.iter().map(|pair| unit(*pair))) {
        let letter = letter.map_err(|_| wrong("it is UTF-16 with half a character in it"))?;
        text.push(letter);
    }
    Ok(text)
}

fn wrong(what: &str) -> io::Error {
    let message = format!("{what}; save it as UTF-8");
    io::Error::new(io::ErrorKind::InvalidData, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(text: &str, mark: &[u8], bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
        let units = text.encode_utf16().flat_map(bytes);
        mark.iter().copied().chain(units).collect()
    }

    fn read(bytes: &[u8]) -> Result<String, String> {
        decode(bytes)
            .map(|text| text.to_string())
            .map_err(|error| error.to_string())
    }

    #[test]
    fn every_mark_is_known_and_left_out() {
        let text = "fs1\r\nbücher # 山 \u{1f4be}\r\n";
        for bytes in [
            text.as_bytes().to_vec(),
            [b"\xef\xbb\xbf", text.as_bytes()].concat(),
            written(text, b"\xff\xfe", u16::to_le_bytes),
            written(text, b"\xfe\xff", u16::to_be_bytes),
            written(text, b"", u16::to_le_bytes),
            written(text, b"", u16::to_be_bytes),
        ] {
            assert_eq!(read(&bytes).as_deref(), Ok(text), "{bytes:x?}");
        }
        for nothing in [&b""[..], b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff"] {
            assert_eq!(read(nothing).as_deref(), Ok(""), "{nothing:x?}");
        }
    }

    #[test]
    fn what_is_no_text_is_refused() {
        for (bytes, why) in [
            (&b"fs1\xff"[..], "neither UTF-8 nor UTF-16"),
            (b"\xff", "neither"),
            (b"\xff\xfef\0s", "middle of a character"),
            (b"\xff\xfe\x00\xd8f\0", "half a character"),
            (b"\xff\xfe\0\0f\0\0\0", "UTF-32"),
            (b"\0\0\xfe\xff\0\0\0f", "UTF-32"),
        ] {
            let message = read(bytes).expect_err("no text");
            assert!(message.contains(why), "{bytes:x?}: {message}");
            assert!(message.ends_with("save it as UTF-8"), "{message}");
        }
        // A NUL is a character as any other to whoever reads the text.
        assert_eq!(read(b"fs\0").as_deref(), Ok("fs\0"));
    }
}
