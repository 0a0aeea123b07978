//! Shares of a real Samba: what it tells, and changing them.

mod common;

use std::process::Command;

use common::{as_root, connect, samba};
use smbwho::{
    ErrorKind, MaxUses, Name, NewShare, SecurityDescriptor, Server, Share, ShareChange, ShareKind,
    ShareLevel, Win32Status,
};
use smbwho_testkit::Samba;

async fn named(server: &Server, name: &str) -> Option<Share> {
    let shares = server.shares().collect().await.expect("shares");
    assert!(shares.missing.is_none());
    let mut rows = shares.rows.into_iter();
    rows.find(|share| share.name.as_deref() == Some(name))
}

/// What a tool of Samba prints.
fn said(samba: &Samba, program: &str, arguments: &[&str]) -> String {
    let mut tool = samba.tool(program).expect("installed");
    let output = tool.args(arguments).output().expect("it runs");
    assert!(
        output.status.success(),
        "{program} {arguments:?}: {output:?}"
    );
    String::from_utf8(output.stdout).expect("UTF-8")
}

fn listed(samba: &Samba) -> String {
    let port = samba.port().to_string();
    let arguments = ["-L", "127.0.0.1", "-p", &port, "-U", "alice%a", "-g"];
    said(samba, "smbclient", &arguments)
}

fn sddl(text: &str) -> SecurityDescriptor {
    SecurityDescriptor::from_sddl(text, None).expect("SDDL")
}

#[tokio::test]
async fn what_is_shared_is_told_at_the_richest_level() {
    let samba = samba();
    let _held = samba.hold_session("alice", "a").expect("connected");
    let server = as_root(&samba).await;
    let data = named(&server, "data").await.expect("data is shared");
    assert_eq!(data.level, ShareLevel::L502, "503 is unknown to Samba");
    assert_eq!(data.kind, Some(ShareKind(ShareKind::DISK)));
    assert_eq!(data.remark.as_deref(), Some(""));
    assert_eq!(data.max_uses, Some(MaxUses::NoLimit));
    assert_eq!(data.permissions, Some(0));
    assert!(
        data.current_uses.is_some_and(|uses| uses >= 1),
        "alice is there: {data:?}"
    );
    let path = format!("C:{}", samba.share_folder("data").display()).replace('/', r"\");
    assert_eq!(data.path.as_deref(), Some(path.as_str()));
    assert!(data.security.is_some());
    assert_eq!((data.caching, &data.scope), (None, &None));
    assert!(!data.is_hidden());

    let ipc = named(&server, "IPC$").await.expect("IPC$");
    assert!(ipc.is_hidden());
    let kind = ipc.kind.expect("a kind");
    assert_eq!((kind.name(), kind.special()), (Some("ipc"), true));

    let one = server.share("data").await.expect("the share");
    let but_uses = |mut share: Share| {
        share.current_uses = None;
        share
    };
    assert_eq!(but_uses(one), but_uses(data));
}

#[tokio::test]
async fn every_level_by_name_tells_what_it_has() {
    let samba = samba();
    let server = as_root(&samba).await;
    for level in ShareLevel::LADDER {
        let query = server.shares().level(level);
        if level == ShareLevel::L503 {
            let error = query.collect().await.expect_err("unknown to Samba");
            assert_eq!(error.code().map(|code| code.number()), Some(124));
            continue;
        }
        let rows = query.collect().await.expect("shares").rows;
        let data = rows
            .iter()
            .find(|share| share.name.as_deref() == Some("data"))
            .expect("data");
        let one = server.share_at_level("data", level).await.expect("data");
        assert_eq!(&one, data);
        assert_eq!(data.level, level);
        assert_eq!(data.kind.is_some(), level != ShareLevel::L0);
        assert_eq!(data.remark.is_some(), level != ShareLevel::L0);
        let rich = matches!(level, ShareLevel::L2 | ShareLevel::L502);
        assert_eq!(data.path.is_some(), rich);
        assert_eq!(data.max_uses.is_some(), rich);
        assert_eq!(data.caching.is_some(), level == ShareLevel::L501);
        assert_eq!(data.security.is_some(), level == ShareLevel::L502);
    }
}

#[tokio::test]
async fn a_share_that_is_not_there_is_said_to_be_none() {
    let samba = samba();
    let error = as_root(&samba)
        .await
        .share("nowhere")
        .await
        .expect_err("none");
    assert!(error.is_no_such_share(), "{error}");
    let hint = error.hint().expect("a hint");
    assert!(hint.contains("shares --all"), "{hint}");
}

#[tokio::test]
async fn changes_the_server_a_share_is_added_changed_and_removed() {
    let samba = samba();
    let server = as_root(&samba).await;
    let folder = samba.share_folder("projects");
    let other = samba.share_folder("elsewhere");
    for folder in [&folder, &other] {
        std::fs::create_dir_all(folder).expect("a folder");
    }
    let mut new = NewShare::new("projects", folder.to_str().expect("UTF-8"));
    new.remark = Some(Name::from("Żółć & \"plans\" $(id)"));
    new.max_uses = MaxUses::Limit(17);
    new.security = Some(sddl("D:(A;;FA;;;BA)(A;;0x1200a9;;;AU)"));
    server.add_share(&new).await.expect("added");

    // Samba puts a space for every quotation mark.
    let remark = "Żółć &  plans  $(id)";
    let share = named(&server, "projects").await.expect("it is there");
    assert_eq!(share.remark.as_deref(), Some(remark));
    assert_eq!(share.max_uses, Some(MaxUses::Limit(17)));
    let told = |share: &Share| {
        let descriptor = share
            .security
            .as_ref()
            .expect("told")
            .descriptor()
            .expect("sound");
        let dacl = SecurityDescriptor {
            owner: None,
            group: None,
            ..descriptor
        };
        dacl.to_sddl().expect("text")
    };
    assert_eq!(told(&share), "D:(A;;FA;;;BA)(A;;0x1200a9;;;AU)");
    let registry = said(&samba, "net", &["conf", "showshare", "projects"]);
    assert!(
        registry.contains(folder.to_str().expect("UTF-8")),
        "{registry}"
    );
    assert!(
        registry.contains(remark) && registry.contains("max connections = 17"),
        "{registry}"
    );
    assert!(
        listed(&samba).contains("Disk|projects|"),
        "{}",
        listed(&samba)
    );

    let twice = server.add_share(&new).await.expect_err("there is one");
    assert_eq!(
        twice.code().and_then(|code| code.name()),
        Some("ERROR_FILE_EXISTS")
    );
    assert!(twice.hint().is_some_and(|hint| hint.contains("share set")));

    let mut change = ShareChange::default();
    change.remark = Some(Name::from("new remark"));
    change.max_uses = Some(MaxUses::NoLimit);
    change.security = Some(sddl("D:(A;;FA;;;WD)"));
    server
        .set_share("projects", &change)
        .await
        .expect("changed");
    let share = server.share("projects").await.expect("it is there");
    assert_eq!(share.remark.as_deref(), Some("new remark"));
    assert_eq!(share.max_uses, Some(MaxUses::NoLimit));
    assert_eq!(told(&share), "D:(A;;FA;;;WD)");
    assert!(
        share
            .path
            .as_deref()
            .is_some_and(|path| path.ends_with(r"\projects")),
        "{share:?}"
    );
    let registry = said(&samba, "net", &["conf", "showshare", "projects"]);
    assert!(registry.contains("comment = new remark"), "{registry}");
    let sharesec = said(&samba, "sharesec", &["--viewsddl", "projects"]);
    assert!(sharesec.contains("WD)"), "{sharesec}");

    let mut change = ShareChange::default();
    change.path = Some(Name::from(other.to_str().expect("UTF-8")));
    server.set_share("projects", &change).await.expect("moved");
    let share = server.share("projects").await.expect("it is there");
    assert!(
        share
            .path
            .as_deref()
            .is_some_and(|path| path.ends_with(r"\elsewhere")),
        "{share:?}"
    );
    assert_eq!(
        share.remark.as_deref(),
        Some("new remark"),
        "the rest stays"
    );

    server.remove_share("projects").await.expect("removed");
    assert!(named(&server, "projects").await.is_none());
    let registry = said(&samba, "net", &["conf", "listshares"]);
    assert!(!registry.contains("projects"), "{registry}");
    assert!(!listed(&samba).contains("projects"), "{}", listed(&samba));
    assert!(folder.exists() && other.exists(), "the folders stay");
    let again = server.remove_share("projects").await.expect_err("gone");
    assert!(again.is_no_such_share(), "{again}");
    assert!(again.hint().is_some(), "{again}");
}

#[tokio::test]
async fn an_ordinary_account_is_refused_and_nothing_changes() {
    let samba = samba();
    let root = as_root(&samba).await;
    let before = root.share("data").await.expect("data");
    let before_registry = said(&samba, "net", &["conf", "list"]);
    let bob = connect(&samba.address(), "bob", "b")
        .await
        .expect("signs in");
    assert!(named(&bob, "data").await.is_some(), "he may look");

    let path = samba.share_folder("data");
    let new = NewShare::new("bobs", path.to_str().expect("UTF-8"));
    let mut change = ShareChange::default();
    change.remark = Some(Name::from("bob was here"));
    let mut limit = ShareChange::default();
    limit.max_uses = Some(MaxUses::Limit(1));
    for error in [
        bob.add_share(&new).await.expect_err("refused"),
        bob.set_share("data", &change).await.expect_err("refused"),
        bob.set_share("data", &limit).await.expect_err("refused"),
        bob.remove_share("data").await.expect_err("refused"),
    ] {
        let ErrorKind::ChangeRefused { why, done, .. } = error.kind() else {
            panic!("{error}")
        };
        assert!(why.is_access_denied() && done.is_empty(), "{error}");
        assert!(
            error
                .hint()
                .is_some_and(|hint| hint.contains("SeDiskOperatorPrivilege"))
        );
    }
    let mut after = root.share("data").await.expect("data");
    after.current_uses = before.current_uses;
    assert_eq!(after, before);
    assert_eq!(said(&samba, "net", &["conf", "list"]), before_registry);
}

#[tokio::test]
async fn what_cannot_be_shared_is_refused_with_a_reason() {
    let samba = samba();
    let server = as_root(&samba).await;
    for (name, path, code) in [
        ("new", "/no/such/folder", Win32Status::ERROR_FILE_NOT_FOUND),
        ("new", "relative", Win32Status::ERROR_BAD_PATHNAME),
        ("a/b", "/tmp", Win32Status::ERROR_INVALID_NAME),
        ("IPC$", "/tmp", Win32Status::ERROR_ACCESS_DENIED),
    ] {
        let error = server
            .add_share(&NewShare::new(name, path))
            .await
            .expect_err("refused");
        let number = error.code().map(|code| code.number());
        assert_eq!(number, Some(code.0.into()), "{name} {path}: {error}");
    }
    let nul = server
        .add_share(&NewShare::new("a\0b", "/tmp"))
        .await
        .expect_err("not sendable");
    assert!(matches!(nul.kind(), ErrorKind::Unsayable { .. }), "{nul}");
}

/// Samba 4.17 takes FA, FR and FW for the bits of files alone, without the
/// standard rights that belong to them in Windows.
fn in_numbers(sddl: &str) -> String {
    let sddl = sddl.replace(";FA;", ";0x1f01ff;");
    sddl.replace(";FR;", ";0x120089;")
        .replace(";FW;", ";0x120116;")
}

/// Arguments: descriptor in hexadecimal, the same in our SDDL. Prints Samba's
/// SDDL of the first, and the bytes it makes of the second and of its own.
const SECOND_OPINION: &str = "
import sys
from samba.dcerpc import security
from samba.ndr import ndr_pack, ndr_unpack
domain = security.dom_sid('S-1-5-21-1-2-3')
sd = ndr_unpack(security.descriptor, bytes.fromhex(sys.argv[1]))
print(sd.as_sddl())
print(ndr_pack(security.descriptor.from_sddl(sys.argv[2], domain)).hex())
print(ndr_pack(sd).hex())
";

#[tokio::test]
async fn changes_the_server_security_reads_as_samba_reads_it() {
    let samba = samba();
    let server = as_root(&samba).await;
    for text in [
        "D:(A;;FA;;;WD)",
        "D:(A;;FA;;;BA)(A;;FR;;;BU)(D;;FW;;;BG)",
        "D:(A;;0x1301bf;;;S-1-5-21-10-20-30-1104)(A;;0x1200a9;;;AU)",
        "O:BAG:SYD:(D;;FA;;;AN)(A;;FA;;;SY)",
        "D:(A;;SDRC;;;AU)",
        "D:",
    ] {
        let mut change = ShareChange::default();
        change.security = Some(sddl(text));
        server.set_share("data", &change).await.expect("set");
        let security = server
            .share("data")
            .await
            .expect("data")
            .security
            .expect("told");
        let ours = security.sddl().expect("SDDL");
        assert_eq!(ours, text);
        let hex: String = security
            .as_bytes()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        let python = Command::new("/usr/bin/python3")
            .args(["-c", SECOND_OPINION, &hex, &in_numbers(ours)])
            .output()
            .expect("python3 (with python3-samba)");
        assert!(python.status.success(), "{python:?}");
        let out = String::from_utf8(python.stdout).expect("UTF-8");
        let [theirs, from_ours, from_wire] = out.lines().collect::<Vec<_>>()[..] else {
            panic!("{out}")
        };
        // Samba's control bits of what it read from SDDL: compare as read.
        let read = |hex: &str| {
            let digits: Vec<u8> = hex.bytes().collect();
            let byte = |pair: &[u8]| {
                let pair = std::str::from_utf8(pair).expect("ASCII");
                u8::from_str_radix(pair, 16).expect("hexadecimal")
            };
            let bytes: Vec<u8> = digits.chunks(2).map(byte).collect();
            SecurityDescriptor::from_bytes(&bytes).expect("a descriptor")
        };
        assert_eq!(
            read(from_ours).dacl,
            read(from_wire).dacl,
            "{ours} as Samba reads it"
        );
        assert_eq!(sddl(theirs), sddl(ours), "{theirs} as we read it");
        let sharesec = said(&samba, "sharesec", &["--viewsddl", "data"]);
        assert_eq!(sddl(sharesec.trim()), sddl(ours), "{sharesec}");
    }
}
