//! Names: whose ticket, in which realm, for a server called what.

use super::dns::ResolvConf;
use super::messages::{PrincipalName, name_type};
use super::{KerberosError, KerberosLogin, Krb5Conf, Principal};

/// Most names one short host name is completed to.
const MAX_NAMES: usize = 5;

/// Whom the password belongs to, and in which realm ([`KerberosLogin::realm`] has the order).
pub(super) fn client_name(
    login: &KerberosLogin,
    conf: &Krb5Conf,
    host: &str,
) -> Result<(PrincipalName, String), KerberosError> {
    let text = login
        .principal
        .as_deref()
        .ok_or(KerberosError::NoPrincipal)?;
    let principal = Principal::parse(text)?;
    let spelt = |realm: &str| {
        if conf.knows_realm(realm) {
            realm.to_owned()
        } else {
            realm.to_uppercase()
        }
    };
    match (&login.realm, &principal.realm) {
        (Some(realm), Some(suffix)) if !realm.eq_ignore_ascii_case(suffix) => {
            let whole = principal.to_string();
            Ok((
                PrincipalName::new(name_type::ENTERPRISE, &[whole]),
                spelt(realm),
            ))
        }
        (given, own) => {
            let domain = || {
                host.split_once('.')
                    .map(|(_, domain)| domain)
                    .filter(|d| !d.is_empty())
            };
            let realm = given
                .as_deref()
                .or(own.as_deref())
                .or_else(|| conf.default_realm())
                .or_else(|| conf.realm_of_host(host))
                .or_else(domain)
                .ok_or(KerberosError::NoRealm)?;
            Ok((
                PrincipalName::new(name_type::PRINCIPAL, &principal.components),
                spelt(realm),
            ))
        }
    }
}

/// The names a server may have a ticket under: as given, and if it is short
/// completed with the search domains and the realm's own domain.
pub(super) fn names(host: &str, realm: &str, resolv: &ResolvConf) -> Vec<String> {
    let mut names = vec![host.to_owned()];
    let dots = host.matches('.').count();
    if dots == 0 || dots < resolv.ndots {
        let realm = (dots == 0).then_some(realm);
        let domains = resolv.search.iter().map(String::as_str).chain(realm);
        for domain in domains {
            let name = format!("{host}.{}", domain.trim_matches('.').to_lowercase());
            if !names.contains(&name) && names.len() < MAX_NAMES {
                names.push(name);
            }
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::Secret;

    const CONF: &str = "\
[libdefaults]
default_realm = DEFAULT.TEST
[realms]
mixed.Case = {
}
[domain_realm]
.mapped.test = MAPPED.TEST
";

    fn named(login: KerberosLogin, conf: &str, host: &str) -> (i32, String, String) {
        let conf = Krb5Conf::parse(Path::new("krb5.conf"), conf).unwrap();
        let (name, realm) = client_name(&login, &conf, host).unwrap();
        (name.name_type, name.components().join("/"), realm)
    }

    fn login(principal: &str) -> KerberosLogin {
        KerberosLogin::with_password(principal, Secret::new(""))
    }

    #[test]
    fn realms_in_order() {
        let realm = |login, conf, host| named(login, conf, host).2;
        let no_default = CONF.replace("default_realm = DEFAULT.TEST", "");
        let given = login("alice").realm("given.test");
        assert_eq!(realm(given, CONF, "a.mapped.test"), "GIVEN.TEST");
        assert_eq!(
            realm(login("alice@own.test"), CONF, "a.mapped.test"),
            "OWN.TEST"
        );
        assert_eq!(realm(login("alice"), CONF, "a.mapped.test"), "DEFAULT.TEST");
        assert_eq!(
            realm(login("alice"), &no_default, "a.mapped.test"),
            "MAPPED.TEST"
        );
        assert_eq!(realm(login("alice"), "", "a.corp.example"), "CORP.EXAMPLE");
        // Spelt as krb5.conf spells it.
        assert_eq!(realm(login("alice@mixed.Case"), CONF, "a"), "mixed.Case");
        let nowhere = client_name(&login("alice"), &Krb5Conf::default(), "short");
        assert_eq!(nowhere, Err(KerberosError::NoRealm));
    }

    #[test]
    fn a_realm_beside_another_one_means_a_user_principal_name() {
        let upn = login("alice@mail.example").realm("lab.test");
        let expected = (
            name_type::ENTERPRISE,
            "alice@mail.example".into(),
            "LAB.TEST".into(),
        );
        assert_eq!(named(upn, "", "a"), expected);
        let same = login("alice@lab.test").realm("LAB.TEST");
        let expected = (name_type::PRINCIPAL, "alice".into(), "LAB.TEST".into());
        assert_eq!(named(same, "", "a"), expected);
    }

    #[test]
    fn short_names_are_completed_and_others_are_not() {
        let resolv = |search: Vec<String>, ndots| ResolvConf {
            search,
            ndots,
            ..ResolvConf::default()
        };
        let search = || vec!["corp.test.".to_owned(), "LAB.test".to_owned()];
        let usual = resolv(search(), 1);
        let short = ["dc1", "dc1.corp.test", "dc1.lab.test"];
        assert_eq!(names("dc1", "LAB.TEST", &usual), short);
        assert_eq!(names("dc1.lab.test", "LAB.TEST", &usual), ["dc1.lab.test"]);
        // One dot is few where resolv.conf says so, and none always is.
        let few = ["dc1.east", "dc1.east.corp.test", "dc1.east.lab.test"];
        assert_eq!(names("dc1.east", "LAB.TEST", &resolv(search(), 2)), few);
        assert_eq!(names("dc1", "LAB.TEST", &resolv(search(), 0)), short);
        let many = resolv((0..50).map(|i| format!("d{i}")).collect(), 1);
        assert_eq!(names("dc1", "LAB.TEST", &many).len(), MAX_NAMES);
    }
}
