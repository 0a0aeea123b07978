//! Which users a filter means: with their domain or without.
//!
//! Servers name one user in several ways: Windows mostly without a domain, a
//! member server with Samba as `LAB\ann` (or with another character for the
//! backslash, `winbind separator`), others as `ann@lab.test`. The rule:
//!
//! - In any letter case, and without a domain in the filter, the name alone
//!   counts: `ann` is `ann`, `LAB\ann` and `ann@lab.test`.
//! - With a domain in both, the domains must be the same. `LAB` and `lab.test`
//!   are where `lab` begins the DNS name, or where the server says that its
//!   domain has both names; where it cannot say, they may be.
//! - A name without a domain may be that of any domain's user.
//!
//! What only may be the same user is shown, and told apart from what is
//! ([`UserMatch::Assumed`]).

use std::sync::{Arc, Mutex, PoisonError};

use super::near::Near;
use crate::Name;
use crate::groups::DomainNames;
use crate::pattern::{Pattern, fold};
use crate::server::Server;

/// Names that were taken for the user, as many as are kept to be told of.
const MOST_ASSUMED: usize = 4;

/// Whom rows are wanted of: `ann`, `LAB\ann` or `ann@lab.test`, in any letter
/// case; `*` and `?` are wildcards in each part.
///
/// Clones share what they learn of the names that came: [`UserFilter::near`],
/// [`UserFilter::assumed`].
#[derive(Debug, Clone)]
pub struct UserFilter {
    text: String,
    /// What the text may stand for: more than one where it holds a `+`.
    wanted: Vec<Wanted>,
    /// The user alone, as it is compared; none where wildcards are in it.
    plain: Option<String>,
    /// The names of the server's domain: `None` until it was asked.
    domains: Option<DomainNames>,
    seen: Arc<Mutex<Seen>>,
}

#[derive(Debug, Clone)]
struct Wanted {
    user: Pattern,
    flat: Option<Pattern>,
    dns: Option<Pattern>,
    /// The first part of the DNS name.
    dns_label: Option<Pattern>,
    /// Read with a `+` between domain and user.
    joined: bool,
}

/// What came of the rows so far.
#[derive(Debug, Default)]
struct Seen {
    matched: bool,
    near: Near,
    assumed: Vec<String>,
}

/// Whether a name is that of the user who is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum UserMatch {
    /// It is another's.
    No,
    /// It may be: of the two one has no domain where the other has one, or
    /// nobody said whether their domains are one.
    Assumed,
    /// It is.
    Same,
}

/// A user's name in its parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Account<'a> {
    user: &'a str,
    /// `LAB` of `LAB\ann`.
    flat: Option<&'a str>,
    /// `lab.test` of `ann@lab.test`.
    dns: Option<&'a str>,
}

impl<'a> Account<'a> {
    fn parse(name: &'a str) -> Self {
        let (domain, rest) = name.rsplit_once('\\').unwrap_or(("", name));
        // As a script may have doubled it.
        let domain = domain.trim_matches('\\');
        let (user, dns) = match rest.rsplit_once('@') {
            Some((user, dns)) if !user.is_empty() && !dns.is_empty() => (user, Some(dns)),
            _ => (rest, None),
        };
        let dns = dns.map(|dns| dns.trim_end_matches('.'));
        match domain {
            "" => Self {
                user,
                flat: None,
                dns,
            },
            // Windows takes the DNS name there, too.
            domain if dns.is_none() && domain.len() > 1 && domain.contains('.') => Self {
                user,
                flat: None,
                dns: Some(domain.trim_end_matches('.')),
            },
            domain => Self {
                user,
                flat: Some(domain),
                dns,
            },
        }
    }

    /// `LAB+ann`, as winbind writes it when it is told to. No account of
    /// Windows has a `+` in its name ([MS-SAMR] 3.1.1.6), but one of Unix may.
    fn joined(name: &'a str) -> Option<Self> {
        let (domain, user) = name.split_once('+')?;
        let whole = !domain.is_empty() && !user.is_empty() && !name.contains(['\\', '@']);
        whole.then_some(Self {
            user,
            flat: Some(domain),
            dns: None,
        })
    }

    fn is_bare(&self) -> bool {
        self.flat.is_none() && self.dns.is_none()
    }
}

/// A user's name without its domain, in lower case: what two names of one user
/// have in common. `ann` of `LAB\Ann` and of `ann@lab.test`.
pub fn account_name(name: &str) -> String {
    fold(Account::parse(name).user).collect()
}

impl UserFilter {
    /// A filter as people write it.
    pub fn new(text: &str) -> Self {
        Self::with(text, Pattern::new)
    }

    /// The user of this name, in which `*` and `?` are themselves.
    pub fn exact(name: &str) -> Self {
        Self::with(name, Pattern::exact)
    }

    fn with(text: &str, pattern: fn(&str) -> Pattern) -> Self {
        let of = |account: Account<'_>, joined| Wanted {
            user: pattern(account.user),
            flat: account.flat.map(pattern),
            dns: account.dns.map(pattern),
            dns_label: account.dns.map(first_label).map(pattern),
            joined,
        };
        let account = Account::parse(text);
        let mut wanted = vec![of(account, false)];
        wanted.extend(Account::joined(text).map(|account| of(account, true)));
        let is_exact = wanted[0].user.is_exact();
        Self {
            plain: is_exact.then(|| account_name(text)),
            text: text.to_owned(),
            wanted,
            domains: None,
            seen: Arc::default(),
        }
    }

    /// The filter as it was given.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether it names one user: no wildcards.
    pub fn is_one(&self) -> bool {
        self.plain.is_some()
    }

    /// Whether this is a name of the user.
    pub fn judge(&self, name: &str) -> UserMatch {
        let told = Account::parse(name);
        let joined = Account::joined(name);
        let readings = self.wanted.iter().flat_map(|wanted| {
            // A name is taken apart at a `+` only where both may be.
            let plain = (!wanted.joined || !told.is_bare()).then_some(told);
            plain
                .into_iter()
                .chain(joined)
                .map(move |told| (wanted, told))
        });
        let judged = readings.map(|(wanted, told)| wanted.judge(&told, self.domains.as_ref()));
        judged.max().unwrap_or(UserMatch::No)
    }

    /// Whether it is, or may be.
    pub fn matches(&self, name: &str) -> bool {
        self.judge(name) != UserMatch::No
    }

    /// As [`judge`](Self::judge), of a name whose domain stands beside it.
    pub(crate) fn judge_in(&self, domain: Option<&str>, name: &str) -> UserMatch {
        match domain {
            Some(domain) if !domain.is_empty() && Account::parse(name).is_bare() => {
                self.judge(&format!(r"{domain}\{name}"))
            }
            _ => self.judge(name),
        }
    }

    /// Whether a row of this user is wanted. A name that was not told is
    /// nobody's.
    pub fn lets_through(&self, name: Option<&Name>) -> bool {
        name.is_some_and(|name| self.keep(name, self.judge(name)))
    }

    /// As [`lets_through`](Self::lets_through), of a name whose domain stands
    /// beside it.
    pub(crate) fn lets_through_in(&self, domain: Option<&Name>, name: Option<&Name>) -> bool {
        let domain = domain.map(Name::as_str);
        name.is_some_and(|name| self.keep(name, self.judge_in(domain, name)))
    }

    /// Remembers what people must hear of.
    fn keep(&self, name: &str, judged: UserMatch) -> bool {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        match judged {
            UserMatch::Same => seen.matched = true,
            UserMatch::Assumed => {
                seen.matched = true;
                let known = seen.assumed.iter().any(|known| known == name);
                if !known && seen.assumed.len() < MOST_ASSUMED {
                    seen.assumed.push(name.to_owned());
                }
            }
            UserMatch::No if seen.matched => {}
            UserMatch::No => {
                if let Some(plain) = &self.plain {
                    seen.near.take(plain, Account::parse(name).user, name);
                }
            }
        }
        judged != UserMatch::No
    }

    /// Names like the one wanted, the nearest first, where rows came and none
    /// of them was of the user: whom the filter may have meant.
    pub fn near(&self) -> Vec<String> {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        match seen.matched {
            true => Vec::new(),
            false => seen.near.names(),
        }
    }

    /// Names that came and may be of the user: some of those for which
    /// [`judge`](Self::judge) said [`UserMatch::Assumed`].
    pub fn assumed(&self) -> Vec<String> {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.assumed.clone()
    }

    /// Asks the server for the names of its domain, where that decides whose
    /// these rows are. What it does not say stays open.
    pub async fn get_ready(&mut self, server: &Server, names: impl Iterator<Item = &Name>) {
        if self.domains.is_some() || !self.has_domain() {
            return;
        }
        let mut names = names.filter(|name| !Account::parse(name).is_bare());
        if names.any(|name| self.judge(name) == UserMatch::Assumed) {
            self.domains = Some(server.domain_names().await.unwrap_or_default());
        }
    }

    fn has_domain(&self) -> bool {
        let mut wanted = self.wanted.iter();
        wanted.any(|wanted| wanted.flat.is_some() || wanted.dns.is_some())
    }
}

impl<T: AsRef<str>> From<T> for UserFilter {
    fn from(text: T) -> Self {
        Self::new(text.as_ref())
    }
}

impl Wanted {
    fn judge(&self, told: &Account<'_>, domains: Option<&DomainNames>) -> UserMatch {
        if !self.user.matches(told.user) {
            return UserMatch::No;
        }
        if self.flat.is_none() && self.dns.is_none() {
            return UserMatch::Same;
        }
        if told.is_bare() {
            // A dot is the server itself.
            return match &self.flat {
                Some(flat) if flat.matches(".") => UserMatch::Same,
                _ => UserMatch::Assumed,
            };
        }
        let mut judged = Vec::with_capacity(2);
        if let (Some(wanted), Some(told)) = (&self.flat, told.flat) {
            judged.push(same(wanted.matches(told)));
        }
        if let (Some(wanted), Some(told)) = (&self.dns, told.dns) {
            judged.push(same(wanted.matches(told)));
        }
        // Only where they have no form in common it takes more.
        if judged.is_empty() {
            let pairs = [
                self.flat.as_ref().zip(told.dns).map(|(wanted, told)| {
                    let is_named = |flat: &str, dns: &str| (wanted.matches(flat), is(told, dns));
                    across(is_named, wanted.matches(first_label(told)), domains)
                }),
                self.dns.as_ref().zip(told.flat).map(|(wanted, told)| {
                    let is_named = |flat: &str, dns: &str| (is(told, flat), wanted.matches(dns));
                    let label = self.dns_label.as_ref();
                    across(is_named, label.is_some_and(|l| l.matches(told)), domains)
                }),
            ];
            judged.extend(pairs.into_iter().flatten());
        }
        judged.into_iter().max().unwrap_or(UserMatch::No)
    }
}

fn same(is: bool) -> UserMatch {
    match is {
        true => UserMatch::Same,
        false => UserMatch::No,
    }
}

/// Whether a NetBIOS name and a DNS name are of one domain. `is_named` says of
/// the server's own domain whether it has the one and the other, `alike`
/// whether the DNS name begins with the NetBIOS name.
fn across(
    is_named: impl Fn(&str, &str) -> (bool, bool),
    alike: bool,
    domains: Option<&DomainNames>,
) -> UserMatch {
    let own = domains.and_then(|domains| domains.flat.as_deref().zip(domains.dns.as_deref()));
    match own.map(|(flat, dns)| is_named(flat, dns)) {
        Some((true, true)) => UserMatch::Same,
        Some((true, false) | (false, true)) => UserMatch::No,
        // Of another domain the server does not speak.
        _ if alike => UserMatch::Same,
        _ => UserMatch::Assumed,
    }
}

fn first_label(dns: &str) -> &str {
    dns.split('.').next().unwrap_or(dns)
}

fn is(one: &str, other: &str) -> bool {
    fold(one).eq(fold(other.trim_end_matches('.')))
}

#[cfg(test)]
mod tests {
    use super::UserMatch::{Assumed, No, Same};
    use super::*;

    fn judged(filter: &str, name: &str) -> UserMatch {
        UserFilter::new(filter).judge(name)
    }

    #[test]
    fn a_user_is_a_user_with_and_without_domain() {
        for (filter, name, expected) in [
            ("ann", "ann", Same),
            ("ann", "ANN", Same),
            ("ann", r"LABAD\ann", Same),
            ("Ann", r"labad\aNN", Same),
            ("ann", "ann@lab.test", Same),
            ("ann", "LABAD+ann", Same),
            ("ann", "LABAD/ann", No),
            ("ann", r"LABAD\anna", No),
            ("ann", r"ann\bob", No),
            ("ann", "bob@ann", No),
            ("ann", "", No),
            (r"LABAD\ann", r"LABAD\ann", Same),
            (r"labad\ANN", r"LABAD\ann", Same),
            (r"LABAD\ann", r"LABAD\ann", Same),
            (r"LABAD\ann", "LABAD+ann", Same),
            ("LABAD+ann", "LABAD+ann", Same),
            ("LABAD+ann", r"LABAD\ann", Same),
            (r"LABAD\ann", r"OTHER\ann", No),
            (r"LABAD\ann", "ann", Assumed),
            ("ann@lab.test", "ann", Assumed),
            ("ann@lab.test", "Ann@LAB.TEST", Same),
            ("ann@lab.test", "ann@lab.test.", Same),
            ("ann@lab.test", "ann@other.test", No),
            (r"lab.test\ann", "ann@lab.test", Same),
            (r"LAB\ann", "ann@lab.test", Same),
            ("ann@lab.test", r"LAB\ann", Same),
            ("ann@lab.test", r"LABAD\ann", Assumed),
            (r"LABAD\ann", "ann@lab.test", Assumed),
            (r"LAB\ann", r"LAB\ann@lab.test", Same),
            ("ann", r"LAB\ann@lab.test", Same),
            ("ws1$", r"LAB\WS1$", Same),
            ("ws1", r"LAB\WS1$", No),
            (r".\ann", "ann", Same),
            (r".\ann", r"LAB\ann", No),
            (r"\ann", r"LAB\ann", Same),
            // A user of Unix may have one in the name.
            ("a+b", "a+b", Same),
            ("a+b", "b", No),
            ("b", "a+b", Same),
        ] {
            assert_eq!(judged(filter, name), expected, "{filter} ~ {name}");
        }
    }

    #[test]
    fn wildcards_stand_for_a_part_each() {
        for (filter, name, expected) in [
            ("*", r"LAB\ann", Same),
            ("*", "", Same),
            ("a*", r"LAB\ann", Same),
            ("a?n", "ann@lab.test", Same),
            // Or whoever asks for those with an l gets all of LAB.
            ("l*", r"LAB\ann", No),
            ("*b", "ann@lab", No),
            (r"LAB\*", r"LAB\ann", Same),
            (r"L*\ann", r"LAB\ann", Same),
            (r"LAB\*", "ann", Assumed),
            (r"*\ann", "ann@lab.test", Same),
            ("*@lab.test", "ann@lab.test", Same),
            ("*$", r"LAB\WS1$", Same),
            ("LAB+*", "LAB+ann", Same),
        ] {
            assert_eq!(judged(filter, name), expected, "{filter} ~ {name}");
        }
        assert_eq!(UserFilter::exact("a*").judge("a*"), Same);
        assert_eq!(UserFilter::exact("a*").judge("ann"), No);
    }

    #[test]
    fn the_names_of_the_servers_domain_decide() {
        let domains = DomainNames {
            flat: Some("LABAD".into()),
            dns: Some("lab.test".into()),
        };
        for (filter, name, expected) in [
            ("ann@lab.test", r"LABAD\ann", Same),
            (r"LABAD\ann", "ann@LAB.test", Same),
            ("ann@lab.test", r"OTHER\ann", No),
            (r"OTHER\ann", "ann@lab.test", No),
            ("ann@lab.test", r"LAB\ann", No),
            ("ann@far.test", r"OTHER\ann", Assumed),
            ("ann@far.test", r"FAR\ann", Same),
            ("ann@lab.test", "ann", Assumed),
        ] {
            let mut filter = UserFilter::new(filter);
            filter.domains = Some(domains.clone());
            assert_eq!(filter.judge(name), expected, "{filter:?} ~ {name}");
        }
    }

    #[test]
    fn a_domain_may_stand_beside_the_name() {
        let judged = |filter: &str, domain| UserFilter::new(filter).judge_in(domain, "ann");
        assert_eq!(judged(r"LAB\ann", Some("LAB")), Same);
        assert_eq!(judged(r"LAB\ann", Some("OTHER")), No);
        assert_eq!(judged(r"LAB\ann", Some("")), Assumed);
        assert_eq!(judged(r"LAB\ann", None), Assumed);
        assert_eq!(judged("ann", Some("LAB")), Same);
    }

    #[test]
    fn near_names_are_kept_until_one_matches() {
        let filter = UserFilter::new(r"LAB\ann");
        let let_through = |names: &[&str]| {
            let mut names = names.iter();
            names.all(|&name| filter.lets_through(Some(&Name::from(name))))
        };
        assert!(!let_through(&[r"OTHER\ann"]));
        assert!(!let_through(&[r"LAB\anna"]));
        assert_eq!(filter.near(), [r"OTHER\ann", r"LAB\anna"]);
        assert!(let_through(&["ann", "ANN", "ann"]));
        assert_eq!(filter.clone().assumed(), ["ann", "ANN"]);
        assert!(filter.near().is_empty());
        assert!(!filter.lets_through(None));
    }

    #[test]
    fn accounts_are_compared_without_their_domain() {
        for name in ["Ann", r"LAB\ann", "ann@LAB.TEST", r"LAB\ann@lab.test"] {
            assert_eq!(account_name(name), "ann", "{name}");
        }
    }
}
