//! How people name a server, and what is dialled for it.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use thiserror::Error;

/// The port SMB is served on when nothing else is said ([MS-SMB2] 2.1).
pub const DEFAULT_PORT: u16 = 445;

/// What a name ends with that is an IPv6 address with `-` for `:` and `s` for
/// `%`. Windows reads such names itself and looks none of them up.
const IPV6_LITERAL: &str = ".ipv6-literal.net";

/// The longest name DNS can hold, in bytes as written.
const MAX_NAME: usize = 253;

/// A server as people write it: `host`, `host:port`, `\\host`, `//host`,
/// `smb://host`, an IPv4 address, an IPv6 address, `[IPv6]` or `[IPv6]:port`,
/// or an IPv6 address as Windows writes it into UNC paths
/// (`fe80--1s4.ipv6-literal.net`).
///
/// `Display` writes it back the way people read it: the port only when it is
/// not 445, IPv6 in brackets. What it writes parses to the same address.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Address {
    /// Name or address of the machine.
    pub host: Host,
    /// TCP port, 445 unless another was given.
    pub port: u16,
}

/// The machine part of an [`Address`].
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Host {
    /// A name to be looked up.
    Name(String),
    /// An IPv4 address.
    V4(Ipv4Addr),
    /// An IPv6 address.
    V6 {
        /// The address.
        address: Ipv6Addr,
        /// The zone (interface) of a link-local address, `eth0` in
        /// `fe80::1%eth0`.
        zone: Option<String>,
    },
}

impl Host {
    /// Whether this is a bare address rather than a name. Kerberos needs a
    /// name.
    #[must_use]
    pub fn is_ip(&self) -> bool {
        !matches!(self, Self::Name(_))
    }

    /// The name, if it is one.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        match self {
            Self::Name(name) => Some(name),
            Self::V4(_) | Self::V6 { .. } => None,
        }
    }

    /// The host as it stands in a UNC path, `\\HOST\IPC$`: no brackets, no
    /// zone, which means nothing to another machine.
    pub(crate) fn unc(&self) -> String {
        match self {
            Self::Name(name) => name.trim_end_matches('.').to_owned(),
            Self::V4(address) => address.to_string(),
            Self::V6 { address, .. } => address.to_string(),
        }
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name),
            Self::V4(address) => address.fmt(f),
            Self::V6 {
                address,
                zone: None,
            } => write!(f, "[{address}]"),
            Self::V6 {
                address,
                zone: Some(zone),
            } => write!(f, "[{address}%{zone}]"),
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.host.fmt(f)?;
        if self.port != DEFAULT_PORT {
            write!(f, ":{}", self.port)?;
        }
        Ok(())
    }
}

impl From<IpAddr> for Address {
    fn from(address: IpAddr) -> Self {
        let host = match address {
            IpAddr::V4(address) => Host::V4(address),
            IpAddr::V6(address) => Host::V6 {
                address,
                zone: None,
            },
        };
        Self {
            host,
            port: DEFAULT_PORT,
        }
    }
}

/// Why a text is not the name of a server.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum AddressError {
    /// Nothing was given.
    #[error("no server name was given")]
    Empty,
    /// There is more after the server: a share or a path.
    #[error("'{0}' is a path; give only the server, as in '{1}'")]
    Path(String, String),
    /// A path on a drive of this computer.
    #[error("'{0}' is on a drive of this computer; give the server, as in 'fs1'")]
    Drive(String),
    /// An address of another protocol.
    #[error(
        "'{0}' is no address of an SMB server; give only the server, as in 'fs1' or 'smb://fs1'"
    )]
    Scheme(String),
    /// A user was put before the server. What stands before the @ is left out:
    /// it may hold a password.
    #[error("'…@{0}' holds an @; the user goes into the login option, not into the server name")]
    User(String),
    /// The port is not a number between 1 and 65535.
    #[error("'{0}' is not a port; a port is a number from 1 to 65535")]
    Port(String),
    /// What stands in brackets is not an IPv6 address, or a bracket is missing.
    #[error("'{0}' is not an IPv6 address in brackets, as in \"[fe80::1]\" or \"[fe80::1]:445\"")]
    Brackets(String),
    /// A character that no server name has.
    #[error("'{0}' is not a server name: it holds {1:?}")]
    Character(String, char),
    /// The name has an empty part, or is longer than DNS allows.
    #[error("'{0}' is not a server name")]
    Name(String),
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let text = text.trim();
        let (bare, is_url) = match text.split_once("://") {
            Some((scheme, rest)) if is_smb(scheme) => (rest, true),
            Some((_, _)) => return Err(AddressError::Scheme(after_user(text).to_owned())),
            None => {
                let bare = text.strip_prefix(r"\\").or_else(|| text.strip_prefix("//"));
                (bare.unwrap_or(text), false)
            }
        };
        if is_drive(bare) {
            return Err(AddressError::Drive(text.to_owned()));
        }
        // The end of a server's name in a path, with nothing behind it.
        let bare = match bare.split_once(['/', '\\']) {
            Some((server, path))
                if bare.len() < text.len() && path.trim_matches(['/', '\\']).is_empty() =>
            {
                server
            }
            Some((server, _)) if server.contains('@') => {
                return Err(AddressError::User(after_user(server).to_owned()));
            }
            Some((server, _)) => {
                let server = server.trim_end_matches(':').to_owned();
                return Err(AddressError::Path(text.to_owned(), server));
            }
            None => bare,
        };
        if bare.is_empty() {
            return Err(AddressError::Empty);
        }
        if bare.contains('@') {
            return Err(AddressError::User(after_user(bare).to_owned()));
        }
        if let Some(rest) = bare.strip_prefix('[') {
            return bracketed(text, rest, is_url);
        }
        // More than one colon can only be an IPv6 address, and then all of it:
        // a port after one needs the brackets.
        if bare.matches(':').count() > 1 {
            let host = v6(bare, is_url).ok_or_else(|| AddressError::Brackets(text.to_owned()))?;
            return Ok(Self {
                host,
                port: DEFAULT_PORT,
            });
        }
        let (host, port) = match bare.split_once(':') {
            Some((host, port)) => (host, parse_port(port)?),
            None => (bare, DEFAULT_PORT),
        };
        let host = match (host.parse::<Ipv4Addr>(), ipv6_literal(host)) {
            (Ok(address), _) => Host::V4(address),
            (_, Some(literal)) => literal.ok_or_else(|| AddressError::Name(text.to_owned()))?,
            _ => Host::Name(checked_name(text, host)?),
        };
        Ok(Self { host, port })
    }
}

fn is_smb(scheme: &str) -> bool {
    ["smb", "cifs"]
        .iter()
        .any(|known| scheme.eq_ignore_ascii_case(known))
}

/// `Z:`, `Z:\data`, `Z:/data`.
fn is_drive(text: &str) -> bool {
    let mut rest = text.chars();
    rest.next().is_some_and(|c| c.is_ascii_alphabetic())
        && rest.next() == Some(':')
        && matches!(rest.next(), None | Some('/' | '\\'))
}

/// What stands behind the last `@`.
fn after_user(text: &str) -> &str {
    text.rsplit_once('@').map_or(text, |(_, rest)| rest)
}

/// A name that stands for an IPv6 address; `Some(None)` where it should.
fn ipv6_literal(name: &str) -> Option<Option<Host>> {
    let name = name.to_ascii_lowercase();
    let literal = name
        .strip_suffix('.')
        .unwrap_or(&name)
        .strip_suffix(IPV6_LITERAL)?
        .replace('-', ":");
    Some(v6(&literal.replacen('s', "%", 1), false))
}

/// What follows an opening bracket: `::1]` or `::1]:445`.
fn bracketed(text: &str, rest: &str, is_url: bool) -> Result<Address, AddressError> {
    let wrong = || AddressError::Brackets(text.to_owned());
    let (inside, after) = rest.split_once(']').ok_or_else(wrong)?;
    let host = v6(inside, is_url).ok_or_else(wrong)?;
    let port = match after.strip_prefix(':') {
        Some(port) => parse_port(port)?,
        None if after.is_empty() => DEFAULT_PORT,
        None => return Err(wrong()),
    };
    Ok(Address { host, port })
}

/// An IPv6 address with its zone, before which URLs have `%25` ([RFC 6874] 2).
/// Elsewhere `%25` may be the interface with the number 25.
fn v6(text: &str, is_url: bool) -> Option<Host> {
    let (address, zone) = match text.split_once('%') {
        Some((address, zone)) => (address, Some(zone)),
        None => (text, None),
    };
    let zone = zone.map(|zone| match zone.strip_prefix("25") {
        Some(rest)
            if !rest.is_empty() && (is_url || !rest.starts_with(|c: char| c.is_ascii_digit())) =>
        {
            rest
        }
        _ => zone,
    });
    let zone_is_plain = |zone: &str| {
        !zone.is_empty()
            && zone
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
    };
    if !zone.is_none_or(zone_is_plain) {
        return None;
    }
    Some(Host::V6 {
        address: address.parse().ok()?,
        zone: zone.map(str::to_owned),
    })
}

fn parse_port(text: &str) -> Result<u16, AddressError> {
    // `u16::from_str` takes a leading plus, people do not mean one.
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    match text.parse() {
        Ok(port) if digits && port != 0 => Ok(port),
        _ => Err(AddressError::Port(text.to_owned())),
    }
}

/// Letters of any script, digits, hyphen, underscore and dots between parts.
fn checked_name(text: &str, name: &str) -> Result<String, AddressError> {
    let odd = |c: &char| !(c.is_alphanumeric() || "-_.".contains(*c));
    if let Some(odd) = name.chars().find(odd) {
        return Err(AddressError::Character(text.to_owned(), odd));
    }
    let parts = name.strip_suffix('.').unwrap_or(name);
    if name.len() > MAX_NAME || parts.split('.').any(str::is_empty) {
        return Err(AddressError::Name(text.to_owned()));
    }
    Ok(name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Address {
        text.parse().unwrap()
    }

    fn name(host: &str, port: u16) -> Address {
        Address {
            host: Host::Name(host.to_owned()),
            port,
        }
    }

    #[test]
    fn every_form_of_a_name() {
        assert_eq!(parsed("fs1"), name("fs1", 445));
        assert_eq!(parsed(r"\\fs1"), name("fs1", 445));
        assert_eq!(parsed("//fs1"), name("fs1", 445));
        assert_eq!(
            parsed("fs1.example.org:4450"),
            name("fs1.example.org", 4450)
        );
        assert_eq!(parsed(r"\\fs1:4450"), name("fs1", 4450));
        assert_eq!(parsed(" fs1\n"), name("fs1", 445));
        for text in ["smb://fs1", "SMB://fs1/", "cifs://fs1", r"\\fs1\", "//fs1/"] {
            assert_eq!(parsed(text), name("fs1", 445), "{text}");
        }
        assert_eq!(parsed("smb://fs1:4450/"), name("fs1", 4450));
        assert_eq!(parsed("fs_1-a."), name("fs_1-a.", 445));
        assert_eq!(parsed("bücher.example"), name("bücher.example", 445));
    }

    #[test]
    fn every_form_of_an_address() {
        assert_eq!(parsed("127.0.0.1").host, Host::V4(Ipv4Addr::LOCALHOST));
        assert_eq!(parsed("127.0.0.1:139").port, 139);
        let one = Host::V6 {
            address: Ipv6Addr::LOCALHOST,
            zone: None,
        };
        for text in ["::1", "[::1]", r"\\::1", "//[::1]", "[::1]:445"] {
            assert_eq!(parsed(text).host, one, "{text}");
            assert_eq!(parsed(text).port, 445, "{text}");
        }
        assert_eq!(parsed("[::1]:4450").port, 4450);
        let Host::V6 { zone, .. } = parsed("[fe80::1%eth0]:4450").host else {
            panic!("not IPv6");
        };
        assert_eq!(zone.as_deref(), Some("eth0"));
    }

    #[test]
    fn zones_are_read_in_every_form() {
        let zoned = |text: &str| match parsed(text).host {
            Host::V6 { address, zone } => (address.to_string(), zone),
            other => panic!("{text}: {other:?}"),
        };
        for (text, address, zone) in [
            ("fe80::1%25eth0", "fe80::1", Some("eth0")),
            ("[fe80::1%25eth0]:4450", "fe80::1", Some("eth0")),
            ("smb://[fe80::1%254]", "fe80::1", Some("4")),
            // The interfaces with these numbers.
            ("fe80::1%25", "fe80::1", Some("25")),
            ("fe80::1%254", "fe80::1", Some("254")),
            ("fe80--1s4.ipv6-literal.net", "fe80::1", Some("4")),
            (
                "FE80--1SETH0.IPv6-Literal.net:4450",
                "fe80::1",
                Some("eth0"),
            ),
            ("2001-db8--7.ipv6-literal.net", "2001:db8::7", None),
            (r"\\2001-db8--7.ipv6-literal.net.", "2001:db8::7", None),
        ] {
            assert_eq!(
                zoned(text),
                (address.to_owned(), zone.map(str::to_owned)),
                "{text}"
            );
        }
        let wrong = "fs1.ipv6-literal.net".parse::<Address>();
        assert!(matches!(wrong, Err(AddressError::Name(_))), "{wrong:?}");
    }

    #[test]
    fn display_is_what_people_write_and_parses_back() {
        for (text, shown) in [
            (r"\\fs1", "fs1"),
            ("fs1:445", "fs1"),
            ("fs1:4450", "fs1:4450"),
            ("::1", "[::1]"),
            ("[::1]:4450", "[::1]:4450"),
            ("fe80::1%eth0", "[fe80::1%eth0]"),
            ("10.0.0.7:445", "10.0.0.7"),
        ] {
            let address = parsed(text);
            assert_eq!(address.to_string(), shown);
            assert_eq!(parsed(shown), address);
        }
    }

    #[test]
    fn errors_say_what_is_wrong() {
        let error = |text: &str| text.parse::<Address>().unwrap_err();
        for text in ["", "  ", r"\\", "//"] {
            assert_eq!(error(text), AddressError::Empty, "{text:?}");
        }
        assert_eq!(
            error(r"\\fs1\data"),
            AddressError::Path(r"\\fs1\data".into(), "fs1".into())
        );
        assert!(matches!(error("//fs1/data"), AddressError::Path(..)));
        for (text, server) in [
            ("smb://fs1/data", "fs1"),
            ("//fs1/data/", "fs1"),
            ("fs1:/export", "fs1"),
            (r"\\fs1:4450\data", "fs1:4450"),
        ] {
            assert_eq!(error(text), AddressError::Path(text.into(), server.into()));
        }
        // Behind what is no path a slash begins one, or the length of a network.
        assert!(matches!(error("fs1/"), AddressError::Path(..)));
        for text in ["http://fs1", "file:///srv/data", "nfs://fs1/data", "://"] {
            assert!(matches!(error(text), AddressError::Scheme(_)), "{text}");
        }
        for text in ["Z:", r"Z:\data", "c:/data"] {
            assert!(matches!(error(text), AddressError::Drive(_)), "{text}");
        }
        for text in [
            "alice@fs1",
            "smb://alice:hunter2@fs1/data",
            "http://a:hunter2@fs1",
        ] {
            let message = error(text).to_string();
            assert!(
                message.contains("fs1") && !message.contains("hunter2"),
                "{message}"
            );
        }
        assert!(matches!(error("alice@fs1"), AddressError::User(_)));
        for text in ["fs1:", "fs1:0", "fs1:65536", "fs1:smb", "fs1:+1", "fs1:-1"] {
            assert!(matches!(error(text), AddressError::Port(_)), "{text}");
        }
        for text in [
            "[::1",
            "[fs1]",
            "[::1]x",
            "[]",
            "1:2:3",
            "[fe80::1%]",
            "fe80::1%a b",
        ] {
            assert!(matches!(error(text), AddressError::Brackets(_)), "{text}");
        }
        for text in ["fs 1", "fs1\u{1b}[2J", "fs1\u{202e}x", "a%b", "a*"] {
            assert!(matches!(error(text), AddressError::Character(..)), "{text}");
        }
        for text in [":445", "a..b", ".a", "."] {
            assert!(matches!(error(text), AddressError::Name(_)), "{text}");
        }
        assert!(matches!(error(&"a".repeat(254)), AddressError::Name(_)));
    }

    #[test]
    fn unc_has_neither_brackets_nor_zone() {
        assert_eq!(parsed("[fe80::1%eth0]").host.unc(), "fe80::1");
        assert_eq!(parsed("fs1.").host.unc(), "fs1");
    }
}
