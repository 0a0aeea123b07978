//! One word that names many servers: `fs[01-40].example.com`, `10.1.0.0/24`.
//!
//! A bracket of numbers is a range, wherever it stands; what is between the
//! brackets of `[fe80::1]` holds a colon and is an address. Everything else is
//! left to [`Address`] to read.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use smbwho::{Address, Host};

/// The servers that a word names, one or many.
///
/// # Errors
///
/// A message when it names none, or when a range or network among it holds
/// more than `most`, which is said before any is made.
pub(super) fn addresses(word: &str, most: usize) -> Result<Vec<Address>, String> {
    if let Some(network) = Network::of(word)? {
        check(word, network.hosts(), most)?;
        return Ok(network.addresses());
    }
    let pieces = pieces(word)?;
    let ranges = pieces.iter().filter_map(|piece| match piece {
        Piece::Text(_) => None,
        Piece::Numbers(ranges) => Some(ranges.iter().map(Range::count).sum::<u128>()),
    });
    let count = ranges.fold(1, u128::saturating_mul);
    if count > 1 {
        check(word, count, most)?;
    }
    let mut words = vec![String::new()];
    for piece in &pieces {
        words = match piece {
            Piece::Text(text) => words.into_iter().map(|word| word + text).collect(),
            Piece::Numbers(ranges) => words
                .iter()
                .flat_map(|word| {
                    let numbers = ranges.iter().flat_map(Range::numbers);
                    numbers.map(move |number| format!("{word}{number}"))
                })
                .collect(),
        };
    }
    words.iter().map(|word| parse(word)).collect()
}

/// The one server that a word names.
pub(super) fn parse(word: &str) -> Result<Address, String> {
    word.parse()
        .map_err(|error: smbwho::AddressError| error.to_string())
}

fn check(word: &str, count: u128, most: usize) -> Result<(), String> {
    if count <= most as u128 {
        return Ok(());
    }
    Err(format!(
        "'{word}' names {count} servers, and no more than {most} are to be asked this way; if all \
         are meant, say so with --max-hosts"
    ))
}

/// A part of a word.
#[derive(Debug, PartialEq, Eq)]
enum Piece<'a> {
    Text(&'a str),
    Numbers(Vec<Range>),
}

/// Numbers from the first to the last, written with at least so many digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Range {
    first: u64,
    last: u64,
    digits: usize,
}

impl Range {
    fn of(text: &str) -> Result<Self, &'static str> {
        let (first, last) = text.split_once('-').unwrap_or((text, text));
        let number = |digits: &str| match digits.len() {
            0 => Err("a number is missing"),
            // More would not fit.
            19.. => Err("a number is too long"),
            _ => digits.parse::<u64>().map_err(|_| "it is not a range"),
        };
        let range = Self {
            first: number(first)?,
            last: number(last)?,
            // 01 wants its zero in all that follow.
            digits: if first.starts_with('0') {
                first.len()
            } else {
                1
            },
        };
        if range.first > range.last {
            return Err("it runs backwards");
        }
        Ok(range)
    }

    fn count(&self) -> u128 {
        u128::from(self.last - self.first) + 1
    }

    fn numbers(&self) -> impl Iterator<Item = String> + use<> {
        let digits = self.digits;
        (self.first..=self.last).map(move |number| format!("{number:0digits$}"))
    }
}

/// Cuts a word at its ranges.
fn pieces(word: &str) -> Result<Vec<Piece<'_>>, String> {
    let mut pieces = Vec::new();
    let mut rest = word;
    while let Some((before, inside, after)) = next_bracket(rest) {
        let numbers = |c: char| c.is_ascii_digit() || c == '-' || c == ',';
        if inside.is_empty() || !inside.chars().all(numbers) {
            // An address, or a mistake that its parser explains.
            break;
        }
        let ranges: Result<Vec<Range>, _> = inside.split(',').map(Range::of).collect();
        let ranges = ranges.map_err(|why| {
            format!("'{word}': [{inside}] should be numbers as in fs[01-40] or fs[1-3,7]: {why}")
        })?;
        pieces.push(Piece::Text(before));
        pieces.push(Piece::Numbers(ranges));
        rest = after;
    }
    pieces.push(Piece::Text(rest));
    Ok(pieces)
}

/// What stands before, in and behind the first pair of brackets.
fn next_bracket(text: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = text.split_once('[')?;
    let (inside, after) = rest.split_once(']')?;
    Some((before, inside, after))
}

/// The hosts of a network, and the port to ask them on.
struct Network {
    first: IpAddr,
    prefix: u32,
    port: u16,
}

impl Network {
    /// `10.1.0.0/24`, `10.1.0.0/24:4450`, `2001:db8::/120`; `None` when the
    /// word is something else.
    fn of(word: &str) -> Result<Option<Self>, String> {
        let Some((base, rest)) = word.split_once('/') else {
            return Ok(None);
        };
        let (prefix, port) = match rest.split_once(':') {
            Some((prefix, port)) => (prefix, Some(port)),
            None => (rest, None),
        };
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if prefix.is_empty() || !digits(prefix) {
            return Ok(None);
        }
        let first = match base.parse::<Address>() {
            Ok(Address { host, port }) if port == smbwho::DEFAULT_PORT => match host {
                Host::V4(v4) => IpAddr::V4(v4),
                Host::V6 {
                    address,
                    zone: None,
                } => IpAddr::V6(address),
                _ => return Ok(None),
            },
            _ => return Ok(None),
        };
        let bits = if first.is_ipv4() { 32 } else { 128 };
        let prefix: u32 = match prefix.parse() {
            Ok(prefix) if prefix <= bits => prefix,
            _ => {
                return Err(format!(
                    "'{word}': a network of {first} has at most /{bits}"
                ));
            }
        };
        let port = match port {
            None => smbwho::DEFAULT_PORT,
            Some(port) => match port.parse() {
                Ok(0) | Err(_) => return Err(format!("'{word}': '{port}' is not a port")),
                Ok(port) => port,
            },
        };
        let network = Self {
            first,
            prefix,
            port,
        };
        // The password would go to the whole network where one server was meant.
        let begins = network.begin();
        if begins != first {
            return Err(format!(
                "'{word}' does not begin where the network does: write {begins}/{prefix} for all of \
                 it, or {first} for the one server"
            ));
        }
        Ok(Some(network))
    }

    /// Bits that differ among the hosts.
    fn host_bits(&self) -> u32 {
        (if self.first.is_ipv4() { 32 } else { 128 }) - self.prefix
    }

    fn begin(&self) -> IpAddr {
        let bits = self.host_bits();
        match self.first {
            IpAddr::V4(v4) => {
                let mask = u32::MAX.checked_shl(bits).unwrap_or(0);
                Ipv4Addr::from_bits(v4.to_bits() & mask).into()
            }
            IpAddr::V6(v6) => {
                let mask = u128::MAX.checked_shl(bits).unwrap_or(0);
                Ipv6Addr::from_bits(v6.to_bits() & mask).into()
            }
        }
    }

    /// Addresses at either end that are no host's: in IPv4 the network's own
    /// and that of all its hosts, except between two points (\[RFC 3021\]).
    fn reserved(&self) -> u128 {
        u128::from(self.first.is_ipv4() && self.host_bits() > 1)
    }

    fn hosts(&self) -> u128 {
        let all = 1_u128.checked_shl(self.host_bits()).unwrap_or(u128::MAX);
        all - 2 * self.reserved()
    }

    fn addresses(&self) -> Vec<Address> {
        let offsets = self.reserved()..self.reserved() + self.hosts();
        let address = |offset: u128| {
            let address: IpAddr = match self.first {
                // Below 2^32 by the number of host bits.
                IpAddr::V4(v4) => Ipv4Addr::from_bits(v4.to_bits() + offset as u32).into(),
                IpAddr::V6(v6) => Ipv6Addr::from_bits(v6.to_bits() + offset).into(),
            };
            Address {
                port: self.port,
                ..Address::from(address)
            }
        };
        offsets.map(address).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(word: &str) -> Result<Vec<String>, String> {
        let addresses = addresses(word, 4096)?;
        Ok(addresses.iter().map(Address::to_string).collect())
    }

    #[track_caller]
    fn assert_names(word: &str, expected: &[&str]) {
        assert_eq!(
            names(word).as_deref(),
            Ok(&expected.map_to_owned()[..]),
            "{word}"
        );
    }

    trait MapToOwned {
        fn map_to_owned(&self) -> Vec<String>;
    }

    impl MapToOwned for &[&str] {
        fn map_to_owned(&self) -> Vec<String> {
            self.iter().map(|&name| name.to_owned()).collect()
        }
    }

    #[test]
    fn ranges_keep_their_zeros() {
        assert_names("fs[08-11]", &["fs08", "fs09", "fs10", "fs11"]);
        assert_names("fs[8-11]", &["fs8", "fs9", "fs10", "fs11"]);
        assert_names("fs[098-101]", &["fs098", "fs099", "fs100", "fs101"]);
        assert_names("fs[0-2]", &["fs0", "fs1", "fs2"]);
        assert_names("fs[7]", &["fs7"]);
    }

    #[test]
    fn ranges_stand_anywhere_and_several_in_a_word() {
        assert_names(
            "r[1-2]fs[01,03-04].lab.test:4450",
            &[
                "r1fs01.lab.test:4450",
                "r1fs03.lab.test:4450",
                "r1fs04.lab.test:4450",
                "r2fs01.lab.test:4450",
                "r2fs03.lab.test:4450",
                "r2fs04.lab.test:4450",
            ],
        );
        assert_names("10.0.[1-2].7", &["10.0.1.7", "10.0.2.7"]);
        assert_names("[1-2]fs", &["1fs", "2fs"]);
        assert_names(r"\\fs[1-2]", &["fs1", "fs2"]);
        assert_names("//fs[1-2]", &["fs1", "fs2"]);
    }

    #[test]
    fn an_ipv6_address_is_no_range() {
        assert_names("[fe80::1]", &["[fe80::1]"]);
        assert_names("[::1]:4450", &["[::1]:4450"]);
        assert_names("fe80::1", &["[fe80::1]"]);
    }

    #[test]
    fn networks_leave_out_what_is_no_host() {
        assert_names("10.1.0.0/30", &["10.1.0.1", "10.1.0.2"]);
        assert_names("10.1.0.4/31", &["10.1.0.4", "10.1.0.5"]);
        assert_names("10.1.0.7/32", &["10.1.0.7"]);
        assert_names("10.1.0.0/30:4450", &["10.1.0.1:4450", "10.1.0.2:4450"]);
        assert_names(
            "2001:db8::/126",
            &[
                "[2001:db8::]",
                "[2001:db8::1]",
                "[2001:db8::2]",
                "[2001:db8::3]",
            ],
        );
        assert_names("[2001:db8::7]/128:4450", &["[2001:db8::7]:4450"]);
        let all = names("10.1.0.0/20").expect("within the limit");
        assert_eq!((all.len(), all[0].as_str()), (4094, "10.1.0.1"));
        assert_eq!(all.last().map(String::as_str), Some("10.1.15.254"));
    }

    #[test]
    fn too_many_are_refused_before_they_are_made() {
        for word in [
            "10.0.0.0/8",
            "0.0.0.0/0",
            "2001:db8::/64",
            "::/0",
            "fs[1-4097]",
            "fs[0-999999999999999999]",
            "a[0-999999999999999999]b[0-999999999999999999]c[0-999999999999999999]",
            "fs[1-99][1-99]",
        ] {
            let message = names(word).expect_err(word);
            assert!(message.contains("--max-hosts"), "{word}: {message}");
        }
        assert_eq!(
            addresses("10.0.0.0/16", 65_534).map(|all| all.len()),
            Ok(65_534)
        );
        assert!(addresses("fs[1-2]", 1).is_err());
        assert!(addresses("fs1", 0).is_ok(), "one server is no range");
    }

    #[test]
    fn mistakes_are_explained() {
        for (word, expected) in [
            ("fs[9-1]", "runs backwards"),
            ("fs[1-]", "a number is missing"),
            ("fs[-]", "a number is missing"),
            ("fs[1,,2]", "a number is missing"),
            ("fs[1-2-3]", "not a range"),
            ("fs[1-99999999999999999999]", "too long"),
            ("fs[a-c]", "not a server name"),
            ("fs[1-2", "not a server name"),
            ("fs[]", "not a server name"),
            (
                "10.1.0.9/24",
                "write 10.1.0.0/24 for all of it, or 10.1.0.9",
            ),
            ("10.1.0.0/33", "at most /32"),
            ("2001:db8::/129", "at most /128"),
            ("10.1.0.0/24:0", "is not a port"),
            ("10.1.0.0/24:x", "is not a port"),
            ("10.1.0.0/", "is a path"),
            ("fs1/24", "is a path"),
            ("10.1.0.0:4450/24", "is a path"),
        ] {
            let message = names(word).expect_err(word);
            assert!(message.contains(expected), "{word}: {message}");
        }
    }
}
