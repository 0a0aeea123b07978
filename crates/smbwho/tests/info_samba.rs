//! What a real Samba tells of itself, to its administrator and to others.

mod common;

use common::{as_root, connect, samba};
use smbwho::{Check, LogonLevel, Outcome, Platform, Server};

#[tokio::test]
async fn samba_tells_all_but_its_counters() {
    let samba = samba();
    let info = as_root(&samba).await.info().await.expect("what it is");
    assert!(!info.name.as_deref().expect("a name").is_empty());
    assert_eq!(info.platform, Some(Platform::NT));
    assert_eq!(info.version.expect("a version").to_string(), "6.1");
    let kind = info.kind.expect("what it runs").names();
    assert!(kind.iter().any(|name| name == "server"), "{kind:?}");
    assert_eq!(
        (info.server_level, info.workstation_level),
        (Some(102), Some(102))
    );
    assert!(info.domain.is_some() && info.computer.is_some());
    // The drive list ends with an empty name, which is no drive.
    assert_eq!(info.disks.as_deref(), Some(&["C:".into()][..]));

    let clock = info.clock.expect("its clock");
    assert_eq!(clock.skew.secs(), 0, "it is the same computer: {clock:?}");
    assert!(clock.utc_offset_minutes.is_some());
    assert_eq!(info.statistics, None);
    assert_eq!(info.uptime(), None);
    let [missing] = &info.missing[..] else {
        panic!("{:?}", info.missing)
    };
    assert!(missing.is_refusal() && missing.to_string().contains("NetrServerStatisticsGet"));
    assert_eq!(info.facts.expect("a connection").dialect, "3.1.1");
}

#[tokio::test]
async fn what_needs_no_right_is_told_to_everyone() {
    let samba = samba();
    let server = connect(&samba.address(), "alice", "a")
        .await
        .expect("signs in");
    let info = server.info().await.expect("what it is");
    assert_eq!(info.server_level, Some(102));
    assert_eq!(
        info.workstation_level,
        Some(101),
        "102 is for administrators"
    );
    assert_eq!(info.logged_on_users, None);
    assert!(info.clock.is_some());

    let error = server.logons().collect().await.expect_err("refused");
    assert_eq!(
        error.code().and_then(|code| code.name()),
        Some("ERROR_ACCESS_DENIED")
    );
    assert!(
        error.hint().expect("a hint").contains("Administrators"),
        "{error}"
    );
}

#[tokio::test]
async fn samba_takes_the_question_who_is_logged_on() {
    let samba = samba();
    let logons = as_root(&samba)
        .await
        .logons()
        .collect()
        .await
        .expect("logons");
    assert!(logons.missing.is_none());
    assert!(
        logons
            .rows
            .iter()
            .all(|logon| logon.level <= Some(LogonLevel::L1))
    );
}

/// Subject, level and whether it is allowed, of every check.
async fn examined(server: &Server) -> Vec<(&'static str, Option<u32>, Option<bool>)> {
    let diagnosis = server.doctor().await;
    let row = |check: &Check| (check.subject, check.level, check.outcome.allowed());
    diagnosis.checks.iter().map(row).collect()
}

fn allowed(rows: &[(&'static str, Option<u32>, Option<bool>)], subject: &str) -> Vec<u32> {
    let mut levels: Vec<u32> = rows
        .iter()
        .filter(|(of, _, allowed)| *of == subject && *allowed == Some(true))
        .map(|(_, level, _)| level.unwrap_or(u32::MAX))
        .collect();
    levels.sort_unstable();
    levels
}

#[tokio::test]
async fn a_look_tells_an_administrator_from_others() {
    let samba = samba();
    let root = examined(&as_root(&samba).await).await;
    assert_eq!(allowed(&root, "sessions"), [0, 1]);
    assert_eq!(allowed(&root, "files"), [3]);
    assert_eq!(allowed(&root, "connections"), [0, 1]);
    assert_eq!(allowed(&root, "shares"), [0, 1, 2, 501, 502]);
    assert_eq!(allowed(&root, "server"), [100, 101, 102]);
    assert_eq!(allowed(&root, "workstation"), [100, 101, 102]);
    for subject in [
        "time",
        "disks",
        "accounts",
        "domains",
        "own name",
        "names for SIDs",
    ] {
        assert!(!allowed(&root, subject).is_empty(), "{subject}: {root:?}");
    }

    let server = connect(&samba.address(), "alice", "a")
        .await
        .expect("signs in");
    let alice = examined(&server).await;
    assert_eq!(
        alice.iter().map(|row| (row.0, row.1)).collect::<Vec<_>>(),
        root.iter().map(|row| (row.0, row.1)).collect::<Vec<_>>(),
        "the same is tried for both"
    );
    for subject in ["sessions", "files", "connections", "logons"] {
        assert_eq!(allowed(&alice, subject), [] as [u32; 0], "{subject}");
    }
    assert_eq!(allowed(&alice, "server"), [100, 101, 102]);
    assert_eq!(allowed(&alice, "workstation"), [100, 101]);
}

#[tokio::test]
async fn a_look_says_why_and_as_whom() {
    let samba = samba();
    let server = connect(&samba.address(), "alice", "a")
        .await
        .expect("signs in");
    let diagnosis = server.doctor().await;
    assert_eq!(diagnosis.account.expect("a name").user, "alice");
    assert!(diagnosis.info.is_ok());
    let find = |call: &str, level| {
        let found = diagnosis
            .checks
            .iter()
            .find(|check| check.call == call && check.level == level);
        found.unwrap_or_else(|| panic!("{call} was not tried"))
    };
    let sessions = find("NetrSessionEnum", Some(1));
    let Outcome::Refused(error) = &sessions.outcome else {
        panic!("{sessions:?}")
    };
    assert_eq!(error.code().map(|code| code.number()), Some(5));
    assert!(sessions.takes.contains("Administrators"));
    let statistics = find("NetrServerStatisticsGet", None);
    assert!(
        matches!(statistics.outcome, Outcome::NotThere(_)),
        "{statistics:?}"
    );
}
