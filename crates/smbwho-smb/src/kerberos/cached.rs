//! Which cache, and which of its tickets.

use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

use super::acquire::NEARLY_OVER_SECS;
use super::ccache::{Cache, Location};
use super::exchange::Ticket;
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
    let mut text = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once("%{") {
        let (token, after) = after.split_once('}').unwrap_or((after, ""));
        text.push_str(before);
        match token {
            "uid" | "euid" | "USERID" => text.push_str(&user_id()),
            "username" => text.push_str(&std::env::var("USER").unwrap_or_default()),
            "TEMP" => text.push_str(&std::env::temp_dir().to_string_lossy()),
            "null" => {}
            _ => {
                return Err(KerberosError::Config {
                    path: Path::new("krb5.conf").to_owned(),
                    what: format!("default_ccache_name: %{{{token}}} is not known"),
                });
            }
        }
        rest = after;
    }
    text.push_str(rest);
    Ok(text)
}

#[cfg(unix)]
fn user_id() -> String {
    rustix::process::getuid().as_raw().to_string()
}

#[cfg(not(unix))]
fn user_id() -> String {
    std::env::var("USERNAME").unwrap_or_default()
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

/// The owner's ticket-granting ticket for their own realm.
pub(super) fn cached_tgt(cache: &Cache, now: u64) -> Result<&Ticket, KerberosError> {
    let own =
        |t: &&Ticket| t.client == cache.principal && t.grants_in() == Some(cache.realm.as_str());
    let tgt = cache
        .tickets
        .iter()
        .filter(own)
        .max_by_key(|t| t.end)
        .ok_or_else(|| KerberosError::NoTicket {
            path: cache.path.clone(),
            realm: cache.realm.clone(),
        })?;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn default_ccache_name() {
        let uid = user_id();
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
        assert!(expanded("/x/%{uid").is_ok());
    }
}
