//! Open files, who has them, and connections: the program against a real Samba.

mod common;

use common::{Ran, Smbwho, dead_port};
use serde_json::{Value, json};
use smbwho_testkit::{Held, Samba};

const ADMIN: &str = "adm-secret";

/// A server where alice and bob have files open, alice from two clients.
fn office() -> (Samba, [Held; 3]) {
    let samba = Samba::builder()
        .admin("root", ADMIN)
        .user("alice", "a")
        .user("bob", "b")
        .start()
        .expect("a Samba");
    let held = [
        samba.hold_file("alice", "a", "costs.txt").expect("open"),
        samba
            .hold_file_over_ipv6("alice", "a", "there.txt")
            .expect("open"),
        samba.hold_file("bob", "b", "plans.doc").expect("open"),
    ];
    (samba, held)
}

fn as_root(arguments: &[&str]) -> Ran {
    Smbwho::new(arguments)
        .password(ADMIN)
        .env("USER", "root")
        .run()
}

fn rows(ran: &Ran) -> Vec<Value> {
    assert_eq!(ran.code, Some(0), "{}", ran.seen());
    ran.json()["rows"].as_array().expect("rows").clone()
}

/// The names of the open files, without the folder.
fn names(rows: &[Value]) -> Vec<String> {
    let name = |row: &Value| {
        let path = row["path"].as_str().expect("a path");
        path.rsplit('\\').next().unwrap_or(path).to_owned()
    };
    let mut names: Vec<String> = rows.iter().map(name).collect();
    names.retain(|name| name.contains('.'));
    names.sort();
    names
}

#[test]
fn files_are_shown_with_their_users_and_clients() {
    let (samba, _held) = office();
    let address = samba.address();
    let ran = as_root(&["files", &address, "-o", "json"]);
    let all = rows(&ran);
    assert_eq!(names(&all), ["costs.txt", "plans.doc", "there.txt"]);
    assert_eq!(ran.json()["kind"], "files");
    let plans = all
        .iter()
        .find(|row| row["user"] == "bob" && names(&[(*row).clone()]).len() == 1)
        .expect("bob's");
    let fields: Vec<&str> = plans
        .as_object()
        .expect("a row")
        .keys()
        .map(String::as_str)
        .collect();
    let mut expected = [
        "server",
        "id",
        "path",
        "user",
        "permissions",
        "permissions_raw",
        "locks",
        "client",
        "level",
    ];
    expected.sort_unstable();
    assert_eq!(fields, expected);
    assert!(plans["id"].is_u64() && plans["locks"] == 0 && plans["level"] == 3);
    assert_eq!(plans["client"], "127.0.0.1");
    let permissions = plans["permissions"].as_array().expect("a list");
    assert!(permissions.contains(&json!("write")), "{permissions:?}");
    assert!(plans["permissions_raw"].as_u64().expect("a number") & 2 != 0);

    // Alice sits at two clients: that is said, once, and not guessed.
    for row in all.iter().filter(|row| row["user"] == "alice") {
        assert_eq!(row["client"], Value::Null);
    }
    assert_eq!(ran.stderr.lines().count(), 1, "{}", ran.stderr);
    assert!(
        ran.stderr.contains("sessions from several clients"),
        "{}",
        ran.stderr
    );

    for format in ["table", "wide", "jsonl", "csv", "tsv"] {
        let ran = as_root(&["files", &address, "-o", format]);
        assert_eq!(ran.code, Some(0), "{}", ran.seen());
        for name in ["costs.txt", "plans.doc", "there.txt"] {
            assert!(ran.stdout.contains(name), "{}", ran.seen());
        }
    }

    let chosen = |arguments: &[&str]| {
        let ran = as_root(&[&["files", address.as_str(), "-o", "json"], arguments].concat());
        (names(&rows(&ran)), ran.stderr)
    };
    let (files, _) = chosen(&["--user", "ALICE"]);
    assert_eq!(files, ["costs.txt", "there.txt"]);
    let (files, said) = chosen(&["--client", "127.0.0.1"]);
    assert_eq!(files, ["plans.doc"]);
    assert!(said.contains("left out"), "{said}");
    let folder = samba.share_folder("data").display().to_string();
    let (files, _) = chosen(&["--path", &format!("{folder}/*.txt")]);
    assert_eq!(files, ["costs.txt", "there.txt"]);
}

#[test]
fn who_has_it_is_answered_for_every_kind_of_path() {
    let (samba, _held) = office();
    let (address, port) = (samba.address(), samba.port());
    let folder = samba.share_folder("data").display().to_string();
    let who_has = |arguments: &[&str]| {
        let ran = as_root(&[&["who-has"], arguments, &["-o", "json"]].concat());
        names(&rows(&ran))
    };
    let unc = |path: &str| format!(r"\\127.0.0.1:{port}\data{path}");
    assert_eq!(who_has(&[&unc(r"\costs.txt")]), ["costs.txt"]);
    assert_eq!(who_has(&[&unc(r"\COSTS.TXT")]), ["costs.txt"]);
    let all = ["costs.txt", "plans.doc", "there.txt"];
    assert_eq!(who_has(&[&unc("")]), all);
    assert_eq!(who_has(&[&unc(r"\*.txt")]), ["costs.txt", "there.txt"]);
    let slashes = format!("//{address}/data/plans.doc");
    assert_eq!(who_has(&[&slashes]), ["plans.doc"]);
    for pasted in [
        format!("smb://{address}/data/%70lans.doc"),
        format!("smb://bob@{address}/data/plans.doc"),
        format!("\"{}\"", unc(r"\plans.doc")),
        format!(r"\\?\UNC\{address}\data\plans.doc"),
    ] {
        assert_eq!(who_has(&[&pasted]), ["plans.doc"], "{pasted}");
    }
    assert_eq!(
        who_has(&[&slashes, &unc(r"\costs.txt")]),
        ["costs.txt", "plans.doc"]
    );
    // The same server by two names.
    let local = format!("{folder}/costs.txt");
    let both = who_has(&[&local, "-s", &address, &format!("[::1]:{port}")]);
    assert_eq!(both, ["costs.txt", "costs.txt"]);
    assert_eq!(who_has(&["Plans.doc", "-s", &address]), ["plans.doc"]);
    assert_eq!(who_has(&["-s", &address, &local]), ["costs.txt"]);
    assert_eq!(who_has(&["-s", &address, "Plans.doc"]), ["plans.doc"]);
    let twice = who_has(&["-s", &address, "-s", &format!("localhost:{port}"), &local]);
    assert_eq!(twice, ["costs.txt", "costs.txt"]);

    std::fs::write(samba.share_folder("data").join("free.txt"), "").expect("written");
    let nobody = as_root(&["who-has", &unc(r"\free.txt")]);
    assert_eq!(
        (nobody.code, nobody.stdout.as_str()),
        (Some(0), "Nobody has it open.\n")
    );
    // Where was looked.
    let seen = format!("C:{folder}/free.txt").replace('/', r"\");
    assert!(
        nobody.stderr.contains(&unc(r"\free.txt")) && nobody.stderr.contains(&seen),
        "{}",
        nobody.stderr
    );
    let lost = as_root(&["who-has", &format!("//{address}/nosuch/x")]);
    assert_eq!(
        (lost.code, lost.stdout.as_str()),
        (Some(2), ""),
        "{}",
        lost.seen()
    );
    assert!(
        lost.stderr.contains("smbwho shares --all"),
        "{}",
        lost.stderr
    );
    let (_kept, dead) = dead_port();
    let half = as_root(&["who-has", &unc(""), &format!("//127.0.0.1:{dead}/data")]);
    assert_eq!(half.code, Some(1), "{}", half.seen());
    assert!(half.stdout.contains("plans.doc"), "{}", half.stdout);
}

#[test]
fn connections_show_what_samba_knows_of_them() {
    let (samba, _held) = office();
    let address = samba.address();
    let ran = as_root(&["connections", &address, "--share", "data", "-o", "json"]);
    let connections = rows(&ran);
    assert_eq!(connections.len(), 3, "{}", ran.seen());
    for row in &connections {
        assert!(row["opens"].is_u64(), "{row}");
        for field in ["id", "kind", "users", "active_secs", "user", "name"] {
            assert_eq!(row[field], Value::Null, "{row}");
        }
    }
    assert!(ran.stderr.contains("Samba makes up"), "{}", ran.stderr);
    let ran = as_root(&["connections", &address, "--client", "127.0.0.1"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(2), ""));
    assert!(ran.stderr.contains("made-up values"), "{}", ran.stderr);
}

#[test]
fn those_who_may_not_see_files_are_told_why() {
    let (samba, _held) = office();
    let address = samba.address();
    for arguments in [
        &["files", address.as_str()][..],
        &["who-has", &format!("//{address}/data/costs.txt")],
        &["connections", &address, "--share", "data"],
    ] {
        let ran = Smbwho::new(&[arguments, &["-U", "bob"]].concat())
            .password("b")
            .run();
        assert_eq!(
            (ran.code, ran.stdout.as_str()),
            (Some(2), ""),
            "{}",
            ran.seen()
        );
        assert!(ran.stderr.contains("ERROR_ACCESS_DENIED"), "{}", ran.stderr);
        assert!(
            ran.stderr.contains(r"Builtin\Administrators"),
            "{}",
            ran.stderr
        );
    }
}

#[test]
fn a_file_in_a_share_behind_a_link_is_found() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    let folder = tempfile::tempdir().expect("a folder");
    let open = std::fs::Permissions::from_mode(0o777);
    std::fs::set_permissions(folder.path(), open).expect("allowed");
    let link = folder.path().join("link");
    let samba = Samba::builder()
        .admin("root", ADMIN)
        .user("alice", "a")
        .share("data", &[("path", &link.display().to_string())])
        .start()
        .expect("a Samba");
    symlink(samba.share_folder("data"), &link).expect("a link");
    let _alice = samba.hold_file("alice", "a", "costs.txt").expect("open");
    let unc = |path: &str| format!("//{}/data/{path}", samba.address());
    let ran = as_root(&["who-has", &unc("costs.txt"), "-o", "json"]);
    assert_eq!(names(&rows(&ran)), ["costs.txt"], "{}", ran.seen());
    assert!(ran.stderr.contains("behind a link"), "{}", ran.stderr);
    let other = samba.share_folder("data").join("other.txt");
    std::fs::write(other, "").expect("written");
    let ran = as_root(&["who-has", &unc("other.txt")]);
    assert_eq!(
        (ran.code, ran.stdout.as_str()),
        (Some(0), "Nobody has it open.\n")
    );
}

/// A server with files that nobody has open, and links of DFS.
fn with_dfs() -> (Samba, Held) {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    let samba = Samba::builder()
        .global("host msdfs", "yes")
        .admin("root", ADMIN)
        .user("alice", "a")
        .share("dfs", &[("msdfs root", "yes")])
        .share("hers", &[("valid users", "alice")])
        .start()
        .expect("a Samba");
    let root = samba.share_folder("dfs");
    std::fs::create_dir(root.join("sub")).expect("a folder");
    let open = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(root.join("sub"), open).expect("allowed");
    symlink(r"msdfs:127.0.0.1\data", root.join("docs")).expect("a link");
    symlink(r"msdfs:fs8\x,fs9\y", root.join("sub/far")).expect("a link");
    for share in ["dfs", "data", "hers"] {
        let path = samba.share_folder(share).join("free.txt");
        std::fs::write(path, "").expect("written");
    }
    let held = samba.hold_file("alice", "a", "d.txt").expect("open");
    (samba, held)
}

#[test]
fn a_path_of_dfs_is_never_told_to_be_free() {
    let (samba, _alice) = with_dfs();
    let unc = |path: &str| format!(r"\\127.0.0.1:{}\{path}", samba.port());
    let root = samba.share_folder("dfs").display().to_string();
    let local = |path: &str| format!("{root}/{path}");
    let address = samba.address();
    for (path, leads_to) in [
        (r"dfs\docs\d.txt", r"ask \\127.0.0.1\data\d.txt"),
        (r"dfs\docs", r"ask \\127.0.0.1\data"),
        (r"dfs\DOCS\*.txt", r"ask \\127.0.0.1\data\*.txt"),
        (r"dfs\sub\far\a\b", r"ask \\fs8\x\a\b or \\fs9\y\a\b"),
        // Misspelt, or reached by a link: nobody can say.
        (r"dfs\nothing.txt", "STATUS_OBJECT_NAME_NOT_FOUND"),
        // Links may lie beneath.
        ("dfs", "links below"),
        (r"dfs\sub", "links below"),
    ] {
        let path = unc(path);
        for arguments in [
            &["who-has", path.as_str()][..],
            &["files", &address, "--path", &path],
            &["close", "file", &address, "--dry-run", "--path", &path],
        ] {
            let ran = as_root(arguments);
            assert_eq!(
                (ran.code, ran.stdout.as_str()),
                (Some(2), ""),
                "{}",
                ran.seen()
            );
            assert!(
                ran.stderr.contains("DFS") && ran.stderr.contains(leads_to),
                "{arguments:?}: {}",
                ran.seen()
            );
        }
    }
    let ran = as_root(&["who-has", "-s", &address, &local("docs/d.txt")]);
    assert!(
        ran.code == Some(2) && ran.stderr.contains("DFS path"),
        "{}",
        ran.seen()
    );
    // What lies in the root itself is answered.
    let ran = as_root(&["who-has", &unc(r"dfs\free.txt")]);
    assert_eq!(
        (ran.code, ran.stdout.as_str()),
        (Some(0), "Nobody has it open.\n"),
        "{}",
        ran.seen()
    );
    // And one path does not spoil the others.
    let ran = as_root(&["who-has", &unc(r"data\d.txt"), &unc(r"dfs\docs\d.txt")]);
    assert_eq!(ran.code, Some(1), "{}", ran.seen());
    assert!(ran.stdout.contains("alice") && ran.stderr.contains("DFS path"));
}

#[test]
fn nobody_has_it_open_is_said_of_files_that_are_there() {
    let (samba, _alice) = with_dfs();
    let address = samba.address();
    let unc = |path: &str| format!("//{address}/{path}");
    let folder = samba.share_folder("data").display().to_string();
    for (arguments, expected) in [
        (
            &["who-has", &unc("data/fre.txt")][..],
            "no such file or folder",
        ),
        (
            &["who-has", &unc("data/no/free.txt")],
            "no such file or folder",
        ),
        (
            &["files", &address, "--path", &unc("data/fre.txt")],
            "no such file or folder",
        ),
        (
            &["who-has", "-s", &address, &format!("{folder}/fre.txt")],
            "no such file or folder",
        ),
        (
            &["who-has", "-s", &address, "/nowhere/free.txt"],
            "no share of this server",
        ),
        (
            &["who-has", "-s", &address, r"Z:\free.txt"],
            "no share of this server",
        ),
        (
            &["files", &address, "--path", "/nowhere/free.txt"],
            "no share of this server",
        ),
    ] {
        let ran = as_root(arguments);
        assert_eq!(
            (ran.code, ran.stdout.as_str()),
            (Some(2), ""),
            "{}",
            ran.seen()
        );
        assert!(
            ran.stderr.contains(expected),
            "{arguments:?}: {}",
            ran.seen()
        );
    }
    // Those who may not look are told so.
    for path in [unc("hers/free.txt"), unc("data/*.doc")] {
        let ran = as_root(&["who-has", &path]);
        assert_eq!(ran.code, Some(0), "{}", ran.seen());
        assert!(
            ran.stderr.contains("could not be checked"),
            "{}",
            ran.seen()
        );
    }
    let local = format!("{folder}/free.txt");
    let ran = as_root(&["who-has", "-s", &address, &local]);
    assert_eq!(
        (ran.code, ran.stdout.as_str()),
        (Some(0), "Nobody has it open.\n"),
        "{}",
        ran.seen()
    );
}

#[test]
fn names_from_a_mac_are_found_by_either_spelling() {
    let (composed, decomposed) = ("\u{dc}bersicht.txt", "U\u{308}bersicht.txt");
    let (samba, _held) = office();
    let _mac = samba.hold_file("bob", "b", decomposed).expect("open");
    let free = samba.share_folder("data").join("Me\u{301}moire.txt");
    std::fs::write(free, "").expect("written");
    for name in [composed, decomposed] {
        let path = format!("//{}/data/{name}", samba.address());
        let ran = as_root(&["who-has", &path, "-o", "json"]);
        assert_eq!(names(&rows(&ran)), [decomposed], "{}", ran.seen());
    }
    let ran = as_root(&[
        "who-has",
        &format!("//{}/data/M\u{e9}moire.txt", samba.address()),
    ]);
    assert_eq!(
        (ran.code, ran.stdout.as_str()),
        (Some(0), "Nobody has it open.\n"),
        "{}",
        ran.seen()
    );
}
