//! Signing in with the tickets that kinit left.

use std::path::Path;
use std::time::{Duration, SystemTime};

use smbwho_smb::SmbErrorKind;
use smbwho_smb::kerberos::{KerberosError, KerberosLogin};
use smbwho_testkit::{AdDc, LockstepLine};

use crate::common;
use crate::lab::*;

fn from(cache: &Path) -> KerberosLogin {
    KerberosLogin::from_cache().cache(cache.to_str().expect("UTF-8"))
}

/// Debian's kinit asks for nothing special; the ticket is not forwardable.
#[test]
fn plain_kinit() {
    inside("caches::plain_kinit", async {
        let folder = folder();
        let cache = folder.path().join("cc");
        kinit(&cache, &[], "alice", ALICE);
        let flags = klist(&cache);
        let flags = flags.split("Flags: ").nth(1).expect("flags").lines().next();
        assert!(!flags.unwrap().contains('F'), "{flags:?}");
        works(&from(&cache)).await;
        works(&from(&cache).principal("alice@LAB.TEST")).await;
        let dir = KerberosLogin::from_cache().cache(format!("FILE:{}", cache.display()));
        works(&dir).await;
    });
}

#[test]
fn the_cache_that_the_environment_names() {
    inside("caches::the_cache_that_the_environment_names", async {
        let cache = std::env::var_os("KRB5CCNAME").expect("the lab's cache");
        kinit(Path::new(&cache), &[], "alice", ALICE);
        works(&KerberosLogin::from_cache()).await;
    });
}

#[test]
fn session_keys_of_every_type() {
    inside("caches::session_keys_of_every_type", async {
        for etype in ["aes256-cts", "aes128-cts", "rc4-hmac"] {
            let folder = folder();
            let cache = folder.path().join("cc");
            let lines = format!(" permitted_enctypes = {etype}\n allow_weak_crypto = true\n");
            let conf = conf_with(folder.path(), &lines);
            let mut kinit = std::process::Command::new("sh");
            kinit.args(["-c", "echo \"$1\" | kinit -c \"$2\" alice", "sh", ALICE]);
            let done = kinit.arg(&cache).env("KRB5_CONFIG", conf).output().unwrap();
            assert!(done.status.success(), "{done:?}");
            let name = if etype == "rc4-hmac" {
                "arcfour-hmac"
            } else {
                etype
            };
            let tickets = klist(&cache);
            assert!(tickets.contains(name), "{tickets}");
            works(&from(&cache)).await;
        }
    });
}

#[test]
fn a_service_ticket_that_is_there_is_used_without_a_kdc() {
    inside(
        "caches::a_service_ticket_that_is_there_is_used_without_a_kdc",
        async {
            let folder = folder();
            let cache = folder.path().join("cc");
            kinit(&cache, &[], "alice", ALICE);
            let unreachable = from(&cache).kdc("127.0.0.1:1");
            let error = error(&unreachable).await;
            assert!(
                matches!(error, KerberosError::KdcUnreachable { .. }),
                "{error:?}"
            );
            kvno(&cache);
            works(&unreachable).await;
        },
    );
}

#[test]
fn a_service_ticket_at_hand_takes_five_round_trips() {
    inside(
        "caches::a_service_ticket_at_hand_takes_five_round_trips",
        async {
            let folder = folder();
            let cache = folder.path().join("cc");
            kinit(&cache, &[], "alice", ALICE);
            kvno(&cache);
            let line = LockstepLine::to((AdDc::HOST, 445)).expect("a line");
            let port = line.address().rsplit(':').next().map(str::to_owned);
            let server = format!("{}:{}", AdDc::HOST, port.expect("a port"));
            let session = sign_in_to(&server, &from(&cache)).await.expect("a session");
            let mut pipe = session.open_pipe(&common::SRVSVC).await.expect("the pipe");
            let time = pipe.call(&common::TimeOfDay).await;
            time.expect("the time of day");
            // The first is that of TCP: NEGOTIATE, SESSION_SETUP, the chain that opens the
            // pipe, the call.
            assert_eq!(1 + line.flights().len(), 5, "{:?}", line.flights());
        },
    );
}

/// A server that joined its domain anew cannot read the ticket from before.
#[test]
fn a_service_ticket_the_server_refuses_is_replaced() {
    inside(
        "caches::a_service_ticket_the_server_refuses_is_replaced",
        async {
            let folder = folder();
            let cache = folder.path().join("cc");
            kinit(&cache, &[], "alice", ALICE);
            kvno(&cache);
            let mut bytes = std::fs::read(&cache).unwrap();
            let host = AdDc::HOST.as_bytes();
            let last = bytes
                .windows(host.len())
                .rposition(|window| window == host)
                .unwrap();
            bytes[last + 200] ^= 0xFF;
            std::fs::write(&cache, bytes).unwrap();
            works(&from(&cache)).await;
            let error = sign_in(&from(&cache).kdc("127.0.0.1:1"))
                .await
                .err()
                .unwrap();
            assert_eq!(error.kind, SmbErrorKind::TicketRefused, "{error}");
        },
    );
}

#[test]
fn tickets_out_of_their_time() {
    inside("caches::tickets_out_of_their_time", async {
        let folder = folder();
        let cache = folder.path().join("cc");
        kinit(&cache, &["-l", "2s"], "alice", ALICE);
        std::thread::sleep(Duration::from_secs(3));
        match error(&from(&cache)).await {
            KerberosError::Expired {
                principal,
                at,
                path,
            } => {
                assert_eq!(
                    (principal.as_str(), path),
                    ("alice@LAB.TEST", cache.clone())
                );
                let ago = SystemTime::now().duration_since(at).expect("in the past");
                assert!(ago < Duration::from_secs(60), "{ago:?}");
            }
            other => panic!("{other:?}"),
        }
        kinit(&cache, &[], "alice", ALICE);
        let early = error(&from(&cache).clock_offset_secs(-3600)).await;
        assert!(
            matches!(early, KerberosError::NotYetValid { .. }),
            "{early:?}"
        );
    });
}

#[test]
fn caches_that_do_not_serve() {
    inside("caches::caches_that_do_not_serve", async {
        let folder = folder();
        let cache = folder.path().join("cc");
        let missing = error(&from(&cache)).await;
        assert_eq!(
            missing,
            KerberosError::CacheMissing {
                path: cache.clone()
            }
        );

        kinit(&cache, &[], "alice", ALICE);
        let other = error(&from(&cache).principal("dora")).await;
        assert!(
            matches!(other, KerberosError::CacheOther { .. }),
            "{other:?}"
        );
        assert_eq!(error_code_of_keyring().await, "KEYRING:persistent:0");

        let whole = std::fs::read(&cache).unwrap();
        std::fs::write(&cache, &whole[..whole.len() - 10]).unwrap();
        let cut = error(&from(&cache)).await;
        assert!(
            matches!(cut, KerberosError::CacheMalformed { .. }),
            "{cut:?}"
        );
    });
}

async fn error_code_of_keyring() -> String {
    let login = KerberosLogin::from_cache().cache("KEYRING:persistent:0");
    match error(&login).await {
        KerberosError::CacheType { name } => name,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_folder_of_caches() {
    inside("caches::a_folder_of_caches", async {
        let folder = folder();
        kinit(
            &folder.path().join("tktA"),
            &[],
            "Administrator",
            AdDc::ADMINISTRATOR_PASSWORD,
        );
        kinit(&folder.path().join("tktB"), &[], "alice", ALICE);
        std::fs::write(folder.path().join("primary"), "tktA\n").unwrap();
        let dir = KerberosLogin::from_cache().cache(format!("DIR:{}", folder.path().display()));
        works(&dir).await;
        works(&dir.clone().principal("alice@LAB.TEST")).await;
        let other = error(&dir.principal("gina")).await;
        assert!(
            matches!(other, KerberosError::CacheOther { .. }),
            "{other:?}"
        );
    });
}
