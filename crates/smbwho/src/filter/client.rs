//! Which clients a filter means: names as text, addresses as addresses.
//!
//! On port 445 Windows reports its clients by address ([MS-SRVS] 2.2.4.11), so
//! a filter by name is looked up as well. How a server writes an IPv6 client
//! is documented nowhere; `[::1]`, `::1` and `\\[fe80::1%eth0]` are addresses
//! all the same, and `::ffff:10.0.0.7` is `10.0.0.7` (RFC 4291, 2.5.5.2).

use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::OnceCell;

use crate::Name;
use crate::pattern::{Pattern, fold};

/// How long the system's resolver may take for the client's name.
const PATIENCE: Duration = Duration::from_secs(5);

/// The names of Windows for IPv6 addresses, where a colon cannot stand.
const LITERAL: &str = ".ipv6-literal.net";

/// Which client rows are wanted of: a name or an address, with or without
/// leading backslashes, in any letter case; `*` and `?` are wildcards.
///
/// A name matches as text, and the addresses that it has as addresses. Clones
/// share what became of looking it up.
#[derive(Debug, Clone)]
pub struct ClientFilter {
    text: String,
    pattern: Pattern,
    address: Option<(IpAddr, Option<String>)>,
    looked_up: Arc<LookedUp>,
}

#[derive(Debug, Default)]
struct LookedUp {
    /// None where the name has no address that could be found.
    addresses: OnceCell<Option<Vec<IpAddr>>>,
    /// Rows were left out that might have been those of the client.
    missed: AtomicBool,
}

impl ClientFilter {
    /// A filter as people write it.
    pub fn new(text: &str) -> Self {
        Self::with(text, Pattern::new)
    }

    /// The client of this name, in which `*` and `?` are themselves.
    pub fn exact(name: &str) -> Self {
        Self::with(name, Pattern::exact)
    }

    fn with(text: &str, pattern: fn(&str) -> Pattern) -> Self {
        let zoned = zoned(text);
        Self {
            text: text.to_owned(),
            pattern: pattern(bare(text)),
            address: zoned.map(|(address, zone)| (address, zone.map(str::to_owned))),
            looked_up: Arc::default(),
        }
    }

    /// The filter as it was given.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The client without what may stand around it.
    pub(crate) fn bare(&self) -> &str {
        bare(&self.text)
    }

    /// Whether this is a name or an address of the client, as far as is known
    /// ([`look_up`](Self::look_up)).
    pub fn matches(&self, name: &str) -> bool {
        let told = zoned(name);
        if let (Some((wanted, zone)), Some((told, told_zone))) = (&self.address, told) {
            return *wanted == told && may_be_one_zone(zone.as_deref(), told_zone);
        }
        self.pattern.matches(bare(name))
            || told.is_some_and(|(told, _)| {
                self.pattern.matches(&told.to_string()) || self.addresses().contains(&told)
            })
    }

    /// Whether a row of this client is wanted. One that was not told is
    /// nobody's.
    pub fn lets_through(&self, name: Option<&Name>) -> bool {
        let Some(name) = name else { return false };
        let matches = self.matches(name);
        if !matches && self.is_unresolved() && client_address(name).is_some() {
            self.looked_up.missed.store(true, Ordering::Relaxed);
        }
        matches
    }

    /// Looks the name up where that decides which of these rows are wanted.
    pub(crate) async fn get_ready(&self, names: impl Iterator<Item = &Name>) {
        let mut addresses = names.filter(|name| client_address(name).is_some());
        if addresses.any(|address| !self.matches(address)) {
            self.look_up().await;
        }
    }

    /// Looks the client's name up, once, for a few seconds at most. Addresses
    /// and names with wildcards are left alone.
    pub async fn look_up(&self) {
        if !self.is_name() {
            return;
        }
        let look_up = async || {
            let found = smbwho_smb::addresses_of(self.bare(), PATIENCE).await;
            let found = found.inspect_err(|error| tracing::debug!(%error, "client not looked up"));
            let addresses = found.ok()?.into_iter();
            Some(addresses.map(|address| address.to_canonical()).collect())
        };
        self.looked_up.addresses.get_or_init(look_up).await;
    }

    /// The addresses that were found for the name.
    pub(crate) fn addresses(&self) -> &[IpAddr] {
        let found = self.looked_up.addresses.get();
        found.and_then(Option::as_deref).unwrap_or_default()
    }

    /// Whether the name was looked up in vain, and rows were left out for it
    /// that have an address.
    pub fn missed_addresses(&self) -> bool {
        self.looked_up.missed.load(Ordering::Relaxed)
    }

    fn is_unresolved(&self) -> bool {
        self.looked_up.addresses.get() == Some(&None)
    }

    /// Whether the resolver can be asked for it.
    fn is_name(&self) -> bool {
        let odd = |c: char| !(c.is_alphanumeric() || "-_.".contains(c));
        let name = self.bare();
        self.address.is_none() && self.pattern.is_exact() && !name.is_empty() && !name.contains(odd)
    }
}

impl<T: AsRef<str>> From<T> for ClientFilter {
    fn from(text: T) -> Self {
        Self::new(text.as_ref())
    }
}

/// A client's name without what servers and people put around it.
fn bare(name: &str) -> &str {
    let name = name.trim_start_matches(['\\', '/']);
    name.strip_prefix('[')
        .and_then(|name| name.strip_suffix(']'))
        .unwrap_or(name)
}

/// The address that a client's name is, if it is one, however it is written:
/// `10.0.0.7`, `::ffff:10.0.0.7`, `\\[fe80::1%eth0]`,
/// `fe80--1s4.ipv6-literal.net`. Its zone means nothing to another computer.
pub fn client_address(name: &str) -> Option<IpAddr> {
    zoned(name).map(|(address, _)| address)
}

/// An address and its zone.
fn zoned(name: &str) -> Option<(IpAddr, Option<&str>)> {
    let name = bare(name);
    // Most names are none: not to be looked at further.
    if !name.starts_with(|c: char| c.is_ascii_hexdigit() || c == ':' || c == '-') {
        return None;
    }
    let at = name.len().checked_sub(LITERAL.len());
    if let Some((literal, end)) = at.and_then(|at| name.split_at_checked(at))
        && end.eq_ignore_ascii_case(LITERAL)
    {
        let (address, zone) = match literal.split_once(['s', 'S']) {
            Some((address, zone)) => (address, Some(zone)),
            None => (literal, None),
        };
        let address: Ipv6Addr = address.replace('-', ":").parse().ok()?;
        return Some((IpAddr::V6(address).to_canonical(), zone));
    }
    let (address, zone) = match name.split_once('%') {
        // As it stands in a URL.
        Some((address, zone)) => (address, Some(zone.strip_prefix("25").unwrap_or(zone))),
        None => (name, None),
    };
    let address: IpAddr = address.parse().ok()?;
    Some((address.to_canonical(), zone))
}

/// Whether two zones may be one. The name of an interface and its number
/// cannot be compared, nor can those of two computers; two numbers that differ
/// are two.
fn may_be_one_zone(one: Option<&str>, other: Option<&str>) -> bool {
    let is_number = |zone: &str| zone.bytes().all(|b| b.is_ascii_digit());
    match (one, other) {
        (Some(one), Some(other)) => one == other || is_number(one) != is_number(other),
        _ => true,
    }
}

/// A client as one server knows it, however it writes the name: equal for two
/// names where [`is_same_client`] says so.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ClientKey(Client);

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Client {
    Address(IpAddr, Option<Box<str>>),
    Name(Box<str>),
}

impl ClientKey {
    /// The client of this name.
    pub fn of(name: &str) -> Self {
        Self(match zoned(name) {
            Some((address, zone)) => Client::Address(address, zone.map(Box::from)),
            None => Client::Name(fold(bare(name)).collect::<String>().into()),
        })
    }
}

/// Whether one server means one client by both names.
pub fn is_same_client(one: &str, other: &str) -> bool {
    match (zoned(one), zoned(other)) {
        (Some(one), Some(other)) => one == other,
        (None, None) => fold(bare(one)).eq(fold(bare(other))),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is(filter: &str, name: &str) -> bool {
        ClientFilter::new(filter).matches(name)
    }

    #[test]
    fn names_match_however_they_are_written() {
        for given in [r"\\ws1", "ws1", "//WS1", "WS?"] {
            assert!(is(given, "ws1"), "{given}");
            assert!(is(given, r"\\ws1"), "{given}");
        }
        assert!(!is("ws1", "ws10"));
        assert!(ClientFilter::exact("ws?").matches("WS?"));
        assert!(!ClientFilter::exact("ws?").matches("ws1"));
    }

    #[test]
    fn addresses_are_compared_as_addresses() {
        for (filter, name) in [
            ("::1", "[::1]"),
            ("[::1]", "::1"),
            (r"\\[::1]", r"\\::1"),
            ("0:0:0:0:0:0:0:1", "::1"),
            ("FE80::1", r"\\[fe80::1]"),
            ("fe80::1", "[fe80::1%eth0]"),
            (r"\\[fe80::1%eth0]", "fe80::1"),
            ("fe80::1%25eth0", "fe80::1%eth0"),
            ("fe80::1%eth0", "fe80::1%4"),
            ("fe80--1s4.ipv6-literal.net", "[fe80::1%4]"),
            ("fe80::1", "FE80--1.IPv6-Literal.net"),
            ("10.0.0.7", "::ffff:10.0.0.7"),
            ("::ffff:10.0.0.7", "10.0.0.7"),
            ("::ffff:a00:7", r"\\[::ffff:10.0.0.7]"),
            ("10.0.*", "::ffff:10.0.0.7"),
            ("fe80:*", "[fe80::1%4]"),
        ] {
            assert!(is(filter, name), "{filter} ~ {name}");
        }
        for (filter, name) in [
            ("::1", "::2"),
            ("10.0.0.7", "10.0.0.70"),
            ("10.0.0.7", "::10.0.0.7"),
            ("fe80::1%4", "fe80::1%7"),
            ("10.0.0.7", "ws1"),
            ("abc", "def"),
            ("10.0.0.?", "10.0.0.70"),
        ] {
            assert!(!is(filter, name), "{filter} ~ {name}");
        }
    }

    #[test]
    fn one_server_tells_its_clients_apart() {
        for (one, other, same) in [
            ("[::1]", r"\\::1", true),
            ("WS1", "ws1", true),
            ("10.0.0.7", "::ffff:10.0.0.7", true),
            ("fe80::1%4", "fe80::1%7", false),
            ("ws1", "10.0.0.7", false),
        ] {
            assert_eq!(is_same_client(one, other), same, "{one} {other}");
            let keys = ClientKey::of(one) == ClientKey::of(other);
            assert_eq!(keys, same, "{one} {other}");
        }
    }

    #[tokio::test]
    async fn a_name_stands_for_its_addresses_too() {
        let filter = ClientFilter::new("localhost");
        let rows = [Name::from("127.0.0.1"), Name::from("10.0.0.7")];
        assert!(!filter.matches("127.0.0.1"));
        filter.get_ready(rows.iter()).await;
        assert!(filter.lets_through(Some(&rows[0])));
        assert!(!filter.lets_through(Some(&rows[1])));
        assert!(filter.matches("LOCALHOST"));
        assert!(!filter.missed_addresses());
    }

    #[tokio::test]
    async fn a_name_that_is_not_found_is_said_to_be_where_it_matters() {
        // RFC 6761, 6.4: never a name.
        let filter = ClientFilter::new("ws1.invalid");
        let rows = [Name::from("ws1"), Name::from("ws1.invalid")];
        filter.get_ready(rows.iter()).await;
        assert!(filter.lets_through(Some(&rows[1])));
        assert!(!filter.lets_through(Some(&rows[0])));
        assert!(!filter.missed_addresses());
        let address = Name::from("10.0.0.7");
        filter.get_ready(std::iter::once(&address)).await;
        assert!(!filter.lets_through(Some(&address)));
        assert!(filter.missed_addresses());
    }

    #[tokio::test]
    async fn only_names_are_looked_up() {
        for text in ["ws*", "10.0.0.7", "[fe80::1%4]", "", "a b", "a%b"] {
            let filter = ClientFilter::new(text);
            filter.look_up().await;
            assert_eq!(filter.looked_up.addresses.get(), None, "{text}");
        }
    }
}
