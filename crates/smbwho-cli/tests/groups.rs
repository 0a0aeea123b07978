//! `smbwho groups` against a real Samba.

mod common;

use common::Smbwho;
use smbwho_testkit::Samba;

fn net(samba: &Samba, arguments: &[&str]) {
    let mut net = samba.tool("net").expect("net");
    let done = net.args(arguments).output().expect("it starts");
    assert!(done.status.success(), "{done:?}");
}

/// A Samba whose power users are alice and somebody who is no more.
fn samba() -> Samba {
    let samba = Samba::builder().user("alice", "a").start().expect("a lab");
    let add = ["sid=S-1-5-32-547", "unixgroup=nogroup", "type=local"];
    net(&samba, &[&["groupmap", "add"][..], &add].concat());
    let mut pdbedit = samba.tool("pdbedit").expect("pdbedit");
    let told = pdbedit
        .args(["-L", "-v", "-u", "alice"])
        .output()
        .expect("it starts");
    let told = String::from_utf8(told.stdout).expect("UTF-8");
    let alice = told.lines().find_map(|line| line.strip_prefix("User SID:"));
    for member in [alice.expect("a SID").trim(), "S-1-5-21-1-2-3-4444"] {
        net(&samba, &["groupmap", "addmem", "S-1-5-32-547", member]);
    }
    samba
}

fn asked(samba: &Samba, user: &str, password: &str, more: &[&str]) -> common::Ran {
    let address = samba.address();
    let arguments = ["groups", &address, "-U", user];
    Smbwho::new(&[&arguments[..], more].concat())
        .password(password)
        .run()
}

#[test]
fn groups_members_and_memberships_are_printed() {
    let samba = samba();
    let ran = asked(&samba, "alice", "a", &["--local", "-o", "json"]);
    assert_eq!(ran.code, Some(0), "{}", ran.seen());
    let document = ran.json();
    assert_eq!(document["kind"], "groups");
    let rows = document["rows"].as_array().expect("rows");
    let powerful = rows.iter().find(|row| row["sid"] == "S-1-5-32-547");
    let powerful = powerful.expect("Power Users");
    let fields: Vec<&String> = powerful.as_object().expect("an object").keys().collect();
    for field in [
        "server",
        "scope",
        "domain",
        "name",
        "description",
        "rid",
        "sid",
        "attributes",
    ] {
        assert!(fields.iter().any(|name| *name == field), "{fields:?}");
    }
    assert_eq!(powerful["scope"], "local");
    assert_eq!(powerful["rid"], 547);
    assert_eq!(powerful["attributes"], serde_json::Value::Null);

    let members = ["--members", "--local", "-o", "json"];
    let ran = asked(&samba, "alice", "a", &members);
    let document = ran.json();
    assert_eq!(document["kind"], "members");
    let rows = document["rows"].as_array().expect("rows");
    let alice = rows
        .iter()
        .find(|row| row["name"] == "alice")
        .expect("alice is in a group");
    assert_eq!(
        (&alice["domain"], &alice["kind"]),
        (&"SMBWHOLAB".into(), &"user".into())
    );
    let nobody = rows.iter().find(|row| row["sid"] == "S-1-5-21-1-2-3-4444");
    let nobody = nobody.expect("a SID stays a SID");
    assert_eq!(
        (&nobody["name"], &nobody["kind"]),
        (&serde_json::Value::Null, &"unknown".into())
    );

    for more in [
        &["--mine"][..],
        &["--of", "alice"],
        &["--of", r"SMBWHOLAB\alice", "--direct"],
    ] {
        let ran = asked(&samba, "alice", "a", &[more, &["-o", "json"]].concat());
        let document = ran.json();
        let rows = document["rows"].as_array().expect("rows");
        let powerful = rows.iter().find(|row| row["sid"] == "S-1-5-32-547");
        assert_eq!(powerful.expect("alice is powerful")["indirect"], false);
    }

    let ran = asked(&samba, "alice", "a", &["--of", "nobody-here"]);
    assert_eq!(ran.code, Some(2), "{}", ran.seen());
    assert!(ran.stderr.contains("STATUS_NONE_MAPPED"), "{}", ran.stderr);
}

#[test]
fn options_that_do_not_go_together_are_refused() {
    for arguments in [
        &["groups", "fs1", "--local", "--global"][..],
        &["groups", "fs1", "--of", "alice", "--mine"],
        &["groups", "fs1", "--of", "alice", "--members"],
        &["groups", "fs1", "--direct"],
        &["groups", "fs1", "--idle-over", "1h"],
    ] {
        let ran = Smbwho::new(arguments).run();
        assert_eq!(ran.code, Some(2), "{arguments:?}: {}", ran.seen());
    }
}
