//! Which cache, and which of its tickets.

use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

use super::acquire::NEARLY_OVER_SECS;
use super::ccache::{Cache, Location, Unusable};
use super::exchange::{Ticket, grants_in};
use super::{KerberosError, KerberosLogin, Krb5Conf, Principal};

/// [RFC 4120 3.2.3] how far clocks may differ: five minutes, as everywhere.
const SKEW_SECS: u64 = 300;

/// Reads the cache the login means, and checks whose it is.
pub(super) fn load_cache(
    login: &KerberosLogin,
    name: Option<&str>,
    conf: &Krb5Conf,
) -> Result<Cache, KerberosError> {
    let from_environment = || {
        std::env::var("KRB5CCNAME")
            .ok()
            .filter(|name| !name.is_empty())
    };
    let name = match (
        name.map(str::to_owned).or_else(from_environment),
        conf.default_ccache_name(),
    ) {
        (Some(name), _) => name,
        (None, Some(template)) => expanded(template)?,
        (None, None) => expanded("FILE:/tmp/krb5cc_%{uid}")?,
    };
    let Some(text) = &login.principal else {
        return Location::parse(&name)?.load(|_| true);
    };
    let wanted = Principal::parse(text)?;
    let realm = login.realm.as_ref().or(wanted.realm.as_ref());
    let is_theirs = |cache: &Cache| {
        cache.principal.is(&wanted
            .components
            .iter()
            .map(String::as_str)
            .collect::<Vec<_>>())
            && realm.is_none_or(|realm| cache.realm.eq_ignore_ascii_case(realm))
    };
    let cache = Location::parse(&name)?.load(is_theirs)?;
    if is_theirs(&cache) {
        return Ok(cache);
    }
    Err(KerberosError::CacheOther {
        wanted: wanted.to_string(),
        found: owner(&cache),
        path: cache.path,
    })
}

/// MIT's `%{…}` in `default_ccache_name`.
fn expanded(template: &str) -> Result<String, KerberosError> {
    let wrong = |what: String| KerberosError::Config {
        path: Path::new("krb5.conf").to_owned(),
        what: format!("default_ccache_name: {what}"),
    };
    let mut text = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once("%{") {
        let (token, after) = after
            .split_once('}')
            .ok_or_else(|| wrong("a '%{' without its '}'".to_owned()))?;
        text.push_str(before);
        match token {
            "uid" | "USERID" => text.push_str(&user::id()),
            "euid" => text.push_str(&user::effective_id()),
            "username" => text.push_str(&user::name()),
            "TEMP" => text.push_str(&std::env::temp_dir().to_string_lossy()),
            "null" => {}
            _ => return Err(wrong(format!("%{{{token}}} is not known"))),
        }
        rest = after;
    }
    text.push_str(rest);
    Ok(text)
}

/// Whoever runs the program, as the system knows them: the environment may
/// have another's name.
#[cfg(unix)]
mod user {
    use nix::unistd::{Uid, User};

    pub(super) fn id() -> String {
        Uid::current().to_string()
    }

    pub(super) fn effective_id() -> String {
        Uid::effective().to_string()
    }

    /// The name in the password database; the number of a user who has none.
    pub(super) fn name() -> String {
        match User::from_uid(Uid::effective()) {
            Ok(Some(user)) => user.name,
            Ok(None) | Err(_) => effective_id(),
        }
    }
}

#[cfg(not(unix))]
mod user {
    pub(super) fn id() -> String {
        name()
    }

    pub(super) fn effective_id() -> String {
        name()
    }

    pub(super) fn name() -> String {
        std::env::var("USERNAME").unwrap_or_default()
    }
}

pub(super) fn owner(cache: &Cache) -> String {
    format!("{}@{}", cache.principal.components().join("/"), cache.realm)
}

/// The ticket for `cifs/` one of the names that is good the longest.
pub(super) fn cached_ticket<'a>(
    cache: &'a Cache,
    names: &[String],
    now: u64,
) -> Option<&'a Ticket> {
    let is_good = |t: &&Ticket| {
        t.client == cache.principal && t.start <= now + SKEW_SECS && t.end > now + NEARLY_OVER_SECS
    };
    names.iter().find_map(|name| {
        let opens = |t: &&Ticket| match t.server.as_slice() {
            [service, host] => {
                service.eq_ignore_ascii_case("cifs") && host.eq_ignore_ascii_case(name)
            }
            _ => false,
        };
        cache
            .tickets
            .iter()
            .filter(is_good)
            .filter(opens)
            .max_by_key(|t| t.end)
    })
}

/// The owner's ticket-granting ticket for their own realm, to get one for the
/// server with, which goes by these names.
pub(super) fn cached_tgt<'a>(
    cache: &'a Cache,
    names: &[String],
    now: u64,
) -> Result<&'a Ticket, KerberosError> {
    let own =
        |t: &&Ticket| t.client == cache.principal && t.grants_in() == Some(cache.realm.as_str());
    let tgt = cache
        .tickets
        .iter()
        .filter(own)
        .max_by_key(|t| t.end)
        .ok_or_else(|| no_tgt(cache, names))?;
    let at = |secs| UNIX_EPOCH + Duration::from_secs(secs);
    if tgt.end <= now {
        let (path, principal) = (cache.path.clone(), owner(cache));
        return Err(KerberosError::Expired {
            path,
            principal,
            at: at(tgt.end),
        });
    }
    if tgt.start > now + SKEW_SECS {
        let (path, principal) = (cache.path.clone(), owner(cache));
        return Err(KerberosError::NotYetValid {
            path,
            principal,
            from: at(tgt.start),
        });
    }
    Ok(tgt)
}

/// Why there is no ticket-granting ticket: there is one, or one for the server,
/// whose key is of a type that is not known here; or indeed none.
fn no_tgt(cache: &Cache, names: &[String]) -> KerberosError {
    let path = cache.path.clone();
    let own = || {
        let tickets = cache.unusable.iter();
        tickets.filter(|ticket| ticket.client == cache.principal)
    };
    let is_tgt = |t: &&Unusable| grants_in(&t.server) == Some(cache.realm.as_str());
    let is_for_server = |t: &&Unusable| match t.server.as_slice() {
        [service, host] => {
            let is = |name: &String| host.eq_ignore_ascii_case(name);
            service.eq_ignore_ascii_case("cifs") && names.iter().any(is)
        }
        _ => false,
    };
    match own().find(is_tgt).or_else(|| own().find(is_for_server)) {
        Some(ticket) => KerberosError::UnsupportedTicket {
            path,
            ticket: ticket.server.join("/"),
            etype: ticket.etype,
        },
        None => KerberosError::NoTicket {
            path,
            realm: cache.realm.clone(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::super::Etype;
    use super::super::messages::PrincipalName;
    use super::*;

    #[test]
    fn default_ccache_name() {
        let uid = user::id();
        assert!(!uid.is_empty());
        assert_eq!(
            expanded("FILE:/tmp/krb5cc_%{uid}"),
            Ok(format!("FILE:/tmp/krb5cc_{uid}"))
        );
        assert_eq!(
            expanded("KEYRING:persistent:%{uid}"),
            Ok(format!("KEYRING:persistent:{uid}"))
        );
        assert_eq!(expanded("%{null}/a%{null}b"), Ok("/ab".into()));
        assert!(matches!(
            expanded("/x/%{nonsense}"),
            Err(KerberosError::Config { .. })
        ));
        assert!(expanded("/x/%{uid").is_err());
        let euid = user::effective_id();
        assert_eq!(expanded("%{euid}-%{USERID}"), Ok(format!("{euid}-{uid}")));
    }

    #[cfg(unix)]
    #[test]
    fn the_user_is_the_systems_and_not_the_environments() {
        let passwd = std::fs::read_to_string("/etc/passwd").expect("a password database");
        let uid = user::effective_id();
        let mut entries = passwd
            .lines()
            .map(|line| line.split(':').collect::<Vec<_>>());
        let listed = entries.find(|entry| entry.get(2) == Some(&uid.as_str()));
        // Whoever is not in the file may be in a directory.
        if let Some(entry) = listed {
            assert_eq!(
                expanded("/tmp/krb5cc_%{username}"),
                Ok(format!("/tmp/krb5cc_{}", entry[0]))
            );
        }
    }

    #[test]
    fn a_ticket_that_cannot_be_used_is_named() {
        let principal = PrincipalName::new(1, &["alice"]);
        let ticket = |server: &[&str], client: &PrincipalName| Unusable {
            client: client.clone(),
            server: server.iter().map(|&part| part.to_owned()).collect(),
            etype: Etype(26),
        };
        let mut cache = Cache {
            path: "/tmp/cc".into(),
            principal: principal.clone(),
            realm: "LAB.TEST".into(),
            tickets: Vec::new(),
            unusable: vec![
                ticket(&["cifs", "fs1.lab.test"], &principal),
                ticket(&["krbtgt", "LAB.TEST"], &PrincipalName::new(1, &["bob"])),
                ticket(&["krbtgt", "OTHER.TEST"], &principal),
            ],
        };
        let names = |name: &str| [name.to_owned()];
        let none = cached_tgt(&cache, &names("fs2.lab.test"), 0).unwrap_err();
        assert!(matches!(none, KerberosError::NoTicket { .. }), "{none}");
        let named = cached_tgt(&cache, &names("FS1.lab.test"), 0).unwrap_err();
        assert!(named.to_string().contains("cifs/fs1.lab.test"), "{named}");
        cache
            .unusable
            .push(ticket(&["krbtgt", "LAB.TEST"], &principal));
        let named = cached_tgt(&cache, &[], 0).unwrap_err();
        assert_eq!(
            named.to_string(),
            "the ticket krbtgt/LAB.TEST in /tmp/cc has a key of type camellia256-cts-cmac (26), \
             which is not supported"
        );
        assert!(
            named
                .hint()
                .is_some_and(|hint| hint.contains("permitted_enctypes"))
        );
    }
}
