//! [RFC 3961 8] Encryption types, as numbers and by name.

use std::fmt;

/// An encryption type: shown by its name and its number, as
/// `aes256-cts-hmac-sha1-96 (18)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Etype(pub i32);

/// Those that were ever assigned and are met, with MIT's names.
const NAMES: &[(i32, &str)] = &[
    (1, "des-cbc-crc"),
    (2, "des-cbc-md4"),
    (3, "des-cbc-md5"),
    (16, "des3-cbc-sha1"),
    (17, "aes128-cts-hmac-sha1-96"),
    (18, "aes256-cts-hmac-sha1-96"),
    (19, "aes128-cts-hmac-sha256-128"),
    (20, "aes256-cts-hmac-sha384-192"),
    (23, "arcfour-hmac"),
    (24, "arcfour-hmac-exp"),
    (25, "camellia128-cts-cmac"),
    (26, "camellia256-cts-cmac"),
];

impl Etype {
    /// MIT's name for it; `None` for a number not known.
    pub fn name(self) -> Option<&'static str> {
        NAMES
            .iter()
            .find(|(number, _)| *number == self.0)
            .map(|(_, name)| *name)
    }
}

impl fmt::Display for Etype {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => write!(f, "{name} ({})", self.0),
            None => self.0.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_has_its_name_and_a_number_without_one_survives() {
        assert_eq!(Etype(26).to_string(), "camellia256-cts-cmac (26)");
        assert_eq!(Etype(-128).to_string(), "-128");
    }
}
