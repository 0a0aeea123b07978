//! Signing in with a password.

use smbwho_smb::kerberos::{Exchange, KerberosError, KrbCode};
use smbwho_testkit::AdDc;

use crate::counting::CountingKdc;
use crate::lab::*;

#[test]
fn every_way_to_write_a_user() {
    inside("password::every_way_to_write_a_user", async {
        for principal in ["alice", "alice@LAB.TEST", "alice@lab.test", "ALICE"] {
            works(&by_password(principal, ALICE)).await;
        }
        works(&by_password("alice", ALICE).realm("lab.test")).await;
        // A user principal name is looked up as a whole in the realm that is given.
        works(&by_password("alice@lab.test", ALICE).realm("LAB.TEST")).await;
        works(&by_password("Administrator", AdDc::ADMINISTRATOR_PASSWORD)).await;
        works(&by_password("jörg", JOERG)).await;
    });
}

#[test]
fn without_krb5_conf_the_realm_is_the_servers_domain() {
    inside(
        "password::without_krb5_conf_the_realm_is_the_servers_domain",
        async {
            let login = by_password("alice", ALICE)
                .krb5_config("/nonexistent")
                .kdc("dc1.lab.test");
            works(&login).await;
            let nowhere = by_password("alice@NOWHERE.TEST", ALICE).krb5_config("/nonexistent");
            assert_eq!(
                error(&nowhere).await,
                KerberosError::NoKdc {
                    realm: "NOWHERE.TEST".into()
                }
            );
        },
    );
}

#[test]
fn a_renamed_accounts_salt() {
    inside("password::a_renamed_accounts_salt", async {
        works(&by_password("georgina", GINA)).await;
    });
}

#[test]
fn every_encryption_type() {
    inside("password::every_encryption_type", async {
        for etype in [
            "aes256-cts-hmac-sha1-96",
            "aes128-cts-hmac-sha1-96",
            "rc4-hmac",
        ] {
            let folder = folder();
            let conf = conf_with(folder.path(), &format!(" permitted_enctypes = {etype}\n"));
            works(&by_password("alice", ALICE).krb5_config(conf)).await;
        }
    });
}

#[test]
fn refused_accounts() {
    inside("password::refused_accounts", async {
        for (user, password, code, nt_status) in [
            ("alice", "wrong", KrbCode::PREAUTH_FAILED, None),
            ("alice", "", KrbCode::PREAUTH_FAILED, None),
            ("nobody", "wrong", KrbCode::C_PRINCIPAL_UNKNOWN, None),
            ("dora", DORA, KrbCode::CLIENT_REVOKED, Some(0xC000_0072)),
        ] {
            let refusal = refusal(AdDc::HOST, &by_password(user, password)).await;
            assert_eq!(
                (refusal.code, refusal.nt_status),
                (code, nt_status),
                "{user}"
            );
            assert_eq!(refusal.exchange, Exchange::Authentication);
            assert_eq!(refusal.about, format!("{user}@LAB.TEST"));
            assert!(KerberosError::Kdc(Box::new(refusal)).hint().is_some());
        }
    });
}

/// Many servers, one password: each showing of a wrong one counts against the
/// account's lockout limit.
#[test]
fn a_password_is_shown_once() {
    inside("password::a_password_is_shown_once", async {
        let kdc = CountingKdc::start().await;
        let wrong = by_password("alice", "wrong").kdc(&kdc.address);
        for login in [wrong.clone(), wrong.clone(), wrong] {
            assert_eq!(error(&login).await.code(), Some(KrbCode::PREAUTH_FAILED));
        }
        // Once to learn the salt, once with the password.
        assert_eq!(kdc.requests(), 2);

        let kdc = CountingKdc::start().await;
        let right = by_password("alice", ALICE).kdc(&kdc.address);
        let (one, two) = (right.clone(), right.clone());
        let (one, two) = tokio::join!(sign_in(&one), sign_in(&two));
        one.and(two).expect("both");
        sign_in(&right).await.expect("a third");
        // And one for the server's ticket each time.
        assert_eq!(kdc.requests(), 2 + 3);
    });
}

#[test]
fn names_of_servers() {
    inside("password::names_of_servers", async {
        let alice = by_password("alice", ALICE);
        for host in ["dc1", "DC1.Lab.Test"] {
            sign_in_to(host, &alice)
                .await
                .unwrap_or_else(|error| panic!("{host}: {error}"));
        }
        // Names that lead here but that the realm has no account for.
        let refusal = refusal("localhost", &alice).await;
        assert_eq!(refusal.code, KrbCode::S_PRINCIPAL_UNKNOWN);
        assert_eq!(refusal.about, "cifs/localhost, cifs/localhost.lab.test");
        for host in ["127.0.0.1", "[::1]"] {
            let error = error_for(host, &alice).await;
            let expected = host.trim_matches(['[', ']']);
            assert_eq!(
                error,
                KerberosError::BareAddress {
                    address: expected.into()
                }
            );
            assert!(error.to_string().contains("names"), "{error}");
        }
    });
}

#[test]
fn clocks_apart() {
    inside("password::clocks_apart", async {
        for offset in [1000, -1000] {
            let login = by_password("alice", ALICE).clock_offset_secs(offset);
            let refusal = refusal(AdDc::HOST, &login).await;
            assert_eq!(refusal.code, KrbCode::SKEW);
            assert!(
                (refusal.clock_ahead_secs + offset).abs() < 30,
                "{refusal:?}"
            );
        }
    });
}

#[test]
fn no_kdc_answers() {
    inside("password::no_kdc_answers", async {
        // One that refuses, one that says nothing, one that is no KDC.
        let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let silent = silent.local_addr().unwrap();
        let dead = [
            "127.0.0.1:1".to_owned(),
            silent.to_string(),
            "127.0.0.1:445".to_owned(),
        ];
        let folder = folder();
        let conf = folder.path().join("krb5.conf");
        let list = |kdcs: &[String]| {
            let lines: String = kdcs.iter().map(|kdc| format!("kdc = {kdc}\n")).collect();
            std::fs::write(&conf, format!("[realms]\nLAB.TEST = {{\n{lines}}}\n")).unwrap();
            by_password("alice@LAB.TEST", ALICE).krb5_config(&conf)
        };
        match error(&list(&dead)).await {
            KerberosError::KdcUnreachable { realm, tried } => {
                assert_eq!(realm, "LAB.TEST");
                let hosts: Vec<_> = tried.into_iter().map(|(host, _)| host).collect();
                assert_eq!(hosts, dead);
            }
            other => panic!("{other:?}"),
        }
        // The same three and then the right one.
        works(&list(&[&dead[..], &["127.0.0.1".to_owned()]].concat())).await;
    });
}
