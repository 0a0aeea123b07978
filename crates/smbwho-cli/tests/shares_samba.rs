//! The program against the shares of a real Samba: shown, added, changed,
//! removed, and brought back.

mod common;

use std::path::{Path, PathBuf};

use common::{PROGRAM, Ran, Smbwho};
use serde_json::{Value, json};
use smbwho_testkit::Samba;

const ADMIN: &str = "adm-secret";

fn lab() -> Samba {
    let samba = Samba::builder()
        .admin("root", ADMIN)
        .user("bob", "b")
        .start();
    samba.expect("a Samba")
}

fn audit_log(samba: &Samba) -> PathBuf {
    samba.folder().join("audit.jsonl")
}

fn audit(samba: &Samba) -> Vec<Value> {
    let text = std::fs::read_to_string(audit_log(samba)).unwrap_or_default();
    let line = |line| serde_json::from_str(line).expect("JSON");
    text.lines().map(line).collect()
}

/// Without a terminal to ask on, wherever the tests run.
fn as_user(samba: &Samba, user: &str, password: &str, arguments: &[&str]) -> Ran {
    let words = [arguments, &["-U", user, "-o", "json"]].concat();
    let log = audit_log(samba);
    Smbwho::under(&["setsid", "--wait"], &words)
        .password(password)
        .env("SMBWHO_AUDIT_LOG", log.to_str().expect("UTF-8"))
        .run()
}

fn as_root(samba: &Samba, arguments: &[&str]) -> Ran {
    as_user(samba, "root", ADMIN, arguments)
}

fn registry(samba: &Samba) -> String {
    let mut net = samba.tool("net").expect("installed");
    let output = net.args(["conf", "list"]).output().expect("it runs");
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).expect("UTF-8")
}

fn rows(ran: &Ran) -> Vec<Value> {
    assert_eq!(ran.code, Some(0), "{}", ran.seen());
    ran.json()["rows"].as_array().expect("rows").clone()
}

fn folder(samba: &Samba, name: &str) -> String {
    let folder = samba.share_folder(name);
    std::fs::create_dir_all(&folder).expect("a folder");
    folder.to_str().expect("UTF-8").to_owned()
}

#[test]
fn shares_are_shown_and_hidden_ones_on_demand() {
    let samba = lab();
    let address = samba.address();
    let shown = rows(&as_root(&samba, &["shares", &address]));
    let names = |rows: &[Value]| -> Vec<String> {
        let name = |row: &Value| row["name"].as_str().expect("a name").to_owned();
        rows.iter().map(name).collect()
    };
    assert_eq!(names(&shown), ["data"]);
    let path = format!("C:{}", samba.share_folder("data").display()).replace('/', "\\");
    let expected = json!({
        "server": address, "name": "data", "kind": "disk", "special": false, "temporary": false,
        "remark": "", "permissions": 0, "max_uses": null, "current_uses": 0, "path": path,
        "security": "O:BAG:BAD:(A;;FA;;;WD)", "level": 502,
    });
    let mut row = shown[0].clone();
    // Who owns it depends on the computer.
    let security = row["security"].take();
    assert!(
        security.as_str().expect("SDDL").ends_with("D:(A;;FA;;;WD)"),
        "{security}"
    );
    row["security"] = expected["security"].clone();
    assert_eq!(row, expected);

    let all = rows(&as_root(&samba, &["shares", &address, "--all"]));
    assert_eq!(names(&all), ["data", "IPC$"]);
    assert_eq!(
        (&all[1]["kind"], &all[1]["special"]),
        (&json!("ipc"), &json!(true))
    );

    let one = rows(&as_root(&samba, &["shares", &address, "--level", "1"]));
    assert_eq!(
        (&one[0]["level"], &one[0]["path"]),
        (&json!(1), &Value::Null)
    );
    let ran = as_root(&samba, &["shares", &address, "--level", "3"]);
    assert!(
        ran.stderr.contains("503, 502, 2, 501, 1, 0"),
        "{}",
        ran.seen()
    );

    let words = ["shares", &address, "-U", "root"];
    let table = Smbwho::new(&words).password(ADMIN).run();
    assert!(table.stdout.contains("no limit"), "{}", table.seen());
}

#[test]
fn changes_the_server_a_share_is_added_changed_removed_and_brought_back() {
    let samba = lab();
    let address = samba.address();
    let path = folder(&samba, "plans");
    let before = registry(&samba);

    let add = [
        "share",
        "add",
        &address,
        "plans",
        &path,
        "--remark",
        "it's $HOME",
        "--max-uses",
        "5",
        "--security",
        "D:(A;;FA;;;BA)(A;;0x1200a9;;;AU)",
    ];
    // Nothing happens without being asked, nor when only looked at.
    let ran = as_root(&samba, &add);
    assert_eq!(ran.code, Some(2), "{}", ran.seen());
    assert!(ran.stderr.contains("--yes"), "{}", ran.seen());
    let ran = as_root(&samba, &[&add[..], &["--dry-run", "--yes"]].concat());
    assert_eq!(ran.code, Some(0), "{}", ran.seen());
    assert!(ran.stderr.contains("Would share"), "{}", ran.seen());
    assert_eq!(registry(&samba), before);
    assert_eq!(audit(&samba), [] as [Value; 0]);

    let ran = as_root(&samba, &[&add[..], &["--yes"]].concat());
    let added = rows(&ran);
    assert_eq!(added[0]["remark"], "it's $HOME");
    assert_eq!(added[0]["max_uses"], 5);
    let security = added[0]["security"].as_str().expect("SDDL");
    assert!(
        security.ends_with("D:(A;;FA;;;BA)(A;;0x1200a9;;;AU)"),
        "{security}"
    );
    assert!(
        ran.stderr
            .contains(&format!("share remove {address} plans")),
        "{}",
        ran.seen()
    );
    assert!(registry(&samba).contains("[plans]"));
    let ran = as_root(&samba, &[&add[..], &["--yes"]].concat());
    assert!(
        ran.code == Some(2) && ran.stderr.contains("already"),
        "{}",
        ran.seen()
    );

    let ran = as_root(&samba, &["share", "set", &address, "plans"]);
    assert!(
        ran.code == Some(2) && ran.stderr.contains("nothing is to be"),
        "{}",
        ran.seen()
    );
    let set = [
        "share",
        "set",
        &address,
        "plans",
        "--remark",
        "drawings",
        "--max-uses",
        "none",
    ];
    let ran = as_root(&samba, &[&set[..], &["--dry-run"]].concat());
    assert!(
        ran.stderr.contains(r#"remark "it's $HOME" → "drawings""#),
        "{}",
        ran.seen()
    );
    assert!(registry(&samba).contains("it's $HOME"));
    let ran = as_root(&samba, &[&set[..], &["--yes"]].concat());
    let changed = rows(&ran);
    assert_eq!(
        (&changed[0]["remark"], &changed[0]["max_uses"]),
        (&json!("drawings"), &Value::Null)
    );
    assert!(registry(&samba).contains("comment = drawings"));

    // Back to what it was, by the command that was printed.
    run_undo(&samba, &ran);
    let shown = rows(&as_root(&samba, &["share", "show", &address, "plans"]));
    assert_eq!(shown, added);

    let remove = ["share", "remove", &address, "plans"];
    let ran = as_root(&samba, &[&remove[..], &["--dry-run"]].concat());
    assert_eq!(rows(&ran), added);
    assert!(registry(&samba).contains("[plans]"));
    let ran = as_root(&samba, &[&remove[..], &["--yes"]].concat());
    assert_eq!(rows(&ran), added);
    assert_eq!(registry(&samba), before);
    assert!(Path::new(&path).exists(), "the folder stays");
    let gone = as_root(&samba, &["share", "show", &address, "plans"]);
    assert_eq!(
        gone.json()["errors"][0]["name"],
        "ERROR_INVALID_NAME",
        "{}",
        gone.seen()
    );

    run_undo(&samba, &ran);
    let shown = rows(&as_root(&samba, &["share", "show", &address, "plans"]));
    assert_eq!(shown, added, "all of it is back");

    let log = audit(&samba);
    let acts: Vec<(&str, &str)> = log
        .iter()
        .map(|act| {
            (
                act["action"].as_str().expect("text"),
                act["outcome"].as_str().expect("text"),
            )
        })
        .collect();
    assert_eq!(
        acts,
        [
            ("share add", "attempt"),
            ("share add", "added"),
            ("share set", "attempt"),
            ("share set", "changed"),
            ("share set", "attempt"),
            ("share set", "changed"),
            ("share remove", "attempt"),
            ("share remove", "removed"),
            ("share add", "attempt"),
            ("share add", "added"),
        ]
    );
    assert_eq!(log[6]["target"]["remark"], "it's $HOME");
}

/// Runs the command that `ran` printed for undoing, in a shell.
fn run_undo(samba: &Samba, ran: &Ran) {
    let line = ran
        .stderr
        .lines()
        .find_map(|line| line.split_once("to undo: smbwho "));
    let (_, command) = line.unwrap_or_else(|| panic!("no undo in {}", ran.seen()));
    let (verb, rest) = command.split_at("share add".len());
    let script = format!("exec '{PROGRAM}' {verb} --yes -U root {rest}");
    let log = audit_log(samba);
    let undone = Smbwho::words(&["bash", "-c", &script])
        .password(ADMIN)
        .env("SMBWHO_AUDIT_LOG", log.to_str().expect("UTF-8"))
        .run();
    assert_eq!(undone.code, Some(0), "{script}: {}", undone.seen());
}

#[test]
fn changes_the_server_what_is_not_so_afterwards_is_no_success() {
    let samba = lab();
    let address = samba.address();
    let path = folder(&samba, "plans");
    let add = ["share", "add", &address, "plans", &path, "--yes"];
    rows(&as_root(&samba, &add));
    // To Samba a limit of nobody is none at all.
    let set = [
        "share",
        "set",
        &address,
        "plans",
        "--yes",
        "--max-uses",
        "0",
    ];
    let ran = as_root(&samba, &set);
    assert_eq!(ran.code, Some(2), "{}", ran.seen());
    let said = r#"the server has the limit "no limit" where "0" was given"#;
    assert!(ran.stderr.contains(said), "{}", ran.seen());
    let ran = as_root(&samba, &[&set[..], &["--remark", "drawings"]].concat());
    assert_eq!(ran.code, Some(1), "{}", ran.seen());
    assert_eq!(ran.json()["rows"][0]["remark"], "drawings");
    let log = audit(&samba);
    assert_eq!(log.last().expect("recorded")["outcome"], "not_as_asked");
}

#[test]
fn an_ordinary_account_is_refused_and_nothing_changes() {
    let samba = lab();
    let address = samba.address();
    let path = folder(&samba, "bobs");
    let before = registry(&samba);
    let data = rows(&as_root(&samba, &["share", "show", &address, "data"]));
    for arguments in [
        &["share", "add", &address, "bobs", &path, "--yes"][..],
        &[
            "share", "set", &address, "data", "--remark", "mine", "--yes",
        ],
        &[
            "share",
            "set",
            &address,
            "data",
            "--security",
            "D:(A;;FA;;;AN)",
            "--yes",
        ],
        &["share", "remove", &address, "data", "--yes"],
    ] {
        let ran = as_user(&samba, "bob", "b", arguments);
        assert_eq!(ran.code, Some(2), "{}", ran.seen());
        let error = &ran.json()["errors"][0];
        assert_eq!(
            (&error["code"], &error["step"]),
            (&json!(5), &json!("call"))
        );
        let hint = error["hint"].as_str().expect("a hint");
        assert!(hint.contains("SeDiskOperatorPrivilege"), "{hint}");
        let log = audit(&samba);
        assert_eq!(log.last().expect("recorded")["outcome"], "failed");
    }
    assert_eq!(registry(&samba), before);
    assert_eq!(
        rows(&as_root(&samba, &["share", "show", &address, "data"])),
        data
    );
}

#[test]
fn what_cannot_be_is_said_before_anybody_is_asked() {
    for (arguments, said) in [
        (
            &[
                "share",
                "add",
                "fs1",
                "x",
                "/x",
                "--security",
                "D:(A;;FA;;;DA)",
            ][..],
            "letters of a domain",
        ),
        (
            &[
                "share",
                "add",
                "fs1",
                "x",
                "/x",
                "--security",
                "(A;;FA;;;WD)",
            ],
            "O:, G:, D: or S:",
        ),
        (
            &["share", "add", "fs1", "x", "/x", "--max-uses", "many"],
            "none",
        ),
        (
            &["share", "set", "fs1", "x", "--max-uses", "4294967295"],
            "none",
        ),
        (&["share", "remove", "fs1"], "NAME"),
    ] {
        let ran = Smbwho::new(arguments).run();
        assert_eq!(
            (ran.code, ran.stdout.as_str()),
            (Some(2), ""),
            "{}",
            ran.seen()
        );
        assert!(ran.stderr.contains(said), "{}", ran.seen());
    }
}
