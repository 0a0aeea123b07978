//! Windows' own calls, against the file server that `lab/windows` plays. Its
//! DLLs kill whoever reads a buffer that was freed, and count.

use serde_json::{Value, json};

use crate::lab::{Ran, smbwho};

#[test]
#[ignore = "takes scripts/windows.sh"]
fn every_session_comes_page_by_page() {
    let ran = smbwho(&["fs1", "-o", "json"]).run();
    ran.assert_good();
    let clients: Vec<Value> = (0..25).map(|n| json!(format!("10.0.0.{n}"))).collect();
    assert_eq!(ran.column("client"), clients);
    let rows = ran.rows();
    assert_eq!(rows[2]["user"], "Żółć2");
    assert_eq!(rows[3]["user"], "名前3");
    assert_eq!(rows[4]["user"], "🦀crab4");
    assert_eq!(rows[5]["user"], "مرحبا5");
    assert_eq!(rows[3]["transport"], Value::Null);
    assert_eq!(rows[24]["idle_secs"], 24);
    assert_eq!(
        ran.calls("NetSessionEnum"),
        [r"server=\\fs1 - - level=502"; 3]
    );
    assert_eq!(ran.assert_freed_once("netapi32"), 3);
}

#[test]
#[ignore = "takes scripts/windows.sh"]
fn a_thousand_pages_of_one_row() {
    let ran = smbwho(&["fs1", "-o", "json"])
        .env("SMBWHO_LAB_SESSIONS", "1000")
        .env("SMBWHO_LAB_PAGE", "1")
        .run();
    ran.assert_good();
    assert_eq!(ran.rows().len(), 1000);
    assert_eq!(ran.assert_freed_once("netapi32"), 1000);
}

#[test]
#[ignore = "takes scripts/windows.sh"]
fn the_ladder_steps_down_to_what_is_granted() {
    for (richest, levels) in [
        ("2", &[502, 2][..]),
        ("10", &[502, 2, 1, 10]),
        ("0", &[502, 2, 1, 10, 0]),
    ] {
        let ran = smbwho(&["fs1", "-o", "json"])
            .env("SMBWHO_LAB_RICHEST", richest)
            .env("SMBWHO_LAB_PAGE", "100")
            .run();
        ran.assert_good();
        let asked: Vec<String> = levels
            .iter()
            .map(|n| format!(r"server=\\fs1 - - level={n}"))
            .collect();
        assert_eq!(ran.calls("NetSessionEnum"), asked);
        let level: u32 = richest.parse().expect("a number");
        assert_eq!(ran.column("level"), vec![json!(level); 25]);
        // What a level does not tell is unknown, not zero.
        let told = ran.rows()[1]["opens"].clone();
        let opens = if level == 2 { json!(1) } else { Value::Null };
        assert_eq!(told, opens, "{ran:?}");
    }
    let ran = smbwho(&["fs1", "--level", "1", "-o", "json"]).run();
    ran.assert_good();
    assert_eq!(ran.column("level"), vec![json!(1); 25]);
}

#[test]
#[ignore = "takes scripts/windows.sh"]
fn filters_hide_what_the_system_reports_and_are_not_sent() {
    let ran = smbwho(&[
        "fs1",
        "--user",
        "ŻÓŁĆ2",
        "--client",
        "10.0.0.2",
        "-o",
        "json",
    ])
    .run();
    ran.assert_good();
    assert_eq!(ran.column("client"), [json!("10.0.0.2")]);
    assert_eq!(
        ran.calls("NetSessionEnum")[0],
        r"server=\\fs1 - - level=502"
    );
}

#[test]
#[ignore = "takes scripts/windows.sh"]
fn open_files_go_on_at_handles_as_wide_as_a_pointer() {
    let ran = smbwho(&["files", "fs1", "-o", "json"])
        .env("SMBWHO_LAB_PAGE", "5")
        .run();
    ran.assert_good();
    let rows = ran.rows();
    assert_eq!(rows.len(), 12, "{ran:?}");
    assert_eq!(rows[11]["id"], 4_294_967_291_u32);
    assert_eq!(rows[11]["path"], r"C:\data\مرحبا\file11.xlsx");
    assert_eq!(rows[11]["permissions"], json!(["read", "write"]));
    assert_eq!(rows[2]["client"], "10.0.0.2");
    assert_eq!(ran.calls("NetFileEnum").len(), 3);
}

#[test]
#[ignore = "takes scripts/windows.sh"]
fn who_has_a_file() {
    let ran = smbwho(&["who-has", r"\\fs1\data\Żółć", "-o", "json"]).run();
    ran.assert_good();
    assert_eq!(ran.column("user"), [json!("Żółć2"), json!("Żółć8")]);
    assert_eq!(
        ran.calls("NetShareGetInfo"),
        [r"server=\\fs1 data - level=2"]
    );
}

#[test]
#[ignore = "takes scripts/windows.sh"]
fn shares_come_with_their_security() {
    let ran = smbwho(&["shares", "fs1", "-o", "json"]).run();
    ran.assert_good();
    let rows = ran.rows();
    let data = rows.iter().find(|row| row["name"] == "data").expect("data");
    assert_eq!(data["path"], r"C:\data");
    assert_eq!(data["security"], "O:BAG:BAD:(A;;FA;;;BA)");
    assert_eq!(
        (&data["max_uses"], &data["current_uses"]),
        (&Value::Null, &json!(4))
    );
    assert_eq!(data["level"], 502);
    // Level 503 is not there; its refusal came with a buffer.
    let asked = ran.calls("NetShareEnum");
    assert_eq!(
        asked,
        [r"server=\\fs1 - - level=503", r"server=\\fs1 - - level=502"]
    );
    assert!(!ran.stdout.contains("secret"), "the password is not read");
}

#[test]
#[ignore = "takes scripts/windows.sh"]
fn shares_are_made_changed_and_removed() {
    let add = [
        "share",
        "add",
        "fs1",
        "new",
        r"C:\neu",
        "--remark",
        "für alle",
        "--yes",
    ];
    let ran = smbwho(&add).run();
    ran.assert_good();
    assert_eq!(
        ran.calls("NetShareAdd"),
        [r"server=\\fs1 new C:\neu level=2"]
    );

    let ran = smbwho(&["share", "add", "fs1", "new", r"D:\neu", "--yes"]).run();
    assert_eq!(ran.code, Some(2), "{ran:?}");
    assert!(ran.stderr.contains("dislikes path"), "{ran:?}");
    ran.assert_freed_once("netapi32");

    let set = [
        "share",
        "set",
        "fs1",
        "data",
        "--remark",
        "ours",
        "--max-uses",
        "7",
        "--yes",
    ];
    let ran = smbwho(&set).run();
    ran.assert_good();
    // Both in one call, of which some servers would otherwise keep the last only.
    let sent = [r"server=\\fs1 data - level=2"];
    assert_eq!(ran.calls("NetShareSetInfo"), sent);

    let ran = smbwho(&["share", "remove", "fs1", "data", "--yes"]).run();
    ran.assert_good();
    assert_eq!(ran.calls("NetShareDel"), [r"server=\\fs1 data - level=0"]);
}

#[test]
#[ignore = "takes scripts/windows.sh"]
fn connections_to_a_share_and_of_a_client() {
    let ran = smbwho(&["connections", "fs1", "--share", "data", "-o", "json"]).run();
    ran.assert_good();
    let row = &ran.rows()[0];
    assert_eq!(
        (&row["user"], &row["name"]),
        (&json!("Żółć"), &json!("10.0.0.2"))
    );
    let ran = smbwho(&["connections", "fs1", "--client", "10.0.0.2", "-o", "json"]).run();
    ran.assert_good();
    assert_eq!(ran.column("name"), [json!("data")]);
    assert_eq!(
        ran.calls("NetConnectionEnum"),
        [r"server=\\fs1 \\10.0.0.2 - level=1"]
    );
}

#[test]
#[ignore = "takes scripts/windows.sh"]
fn groups_members_and_memberships() {
    // Names are looked up in Wine, which knows those of this computer.
    let here = computer_name();
    let here = here.as_str();
    let ran = smbwho(&["groups", here, "--local", "-o", "json"]).run();
    ran.assert_good();
    // Three pages; the SIDs are Wine's.
    let named = ["Administrators", "Users", "Guests"].map(|name| json!(name));
    assert_eq!(ran.column("name"), named);
    assert_eq!(ran.column("sid")[0], "S-1-5-32-544");
    assert_eq!(ran.rows()[0]["description"], "Żółć");
    assert_eq!(ran.rows()[2]["description"], Value::Null);

    // One group may not be looked into: the others are told, and that.
    let ran = smbwho(&["groups", here, "--local", "--members", "-o", "json"]).run();
    assert_eq!(ran.code, Some(1), "{ran:?}");
    let members = [json!("Domain Admins"), Value::Null];
    assert_eq!(ran.column("name"), members);
    assert_eq!(ran.column("sid")[0], "S-1-5-21-1-2-3-513");
    assert_eq!(ran.json()["errors"][0]["name"], "ERROR_ACCESS_DENIED");
    ran.assert_freed_once("netapi32");

    let ran = smbwho(&["groups", here, "--of", r"EXAMPLE\alice", "-o", "json"]).run();
    let local: Vec<Value> = ran
        .rows()
        .into_iter()
        .filter(|row| row["scope"] == "local")
        .collect();
    let told: Vec<_> = local
        .iter()
        .map(|row| (&row["name"], &row["indirect"]))
        .collect();
    let (users, administrators) = (json!("Users"), json!("Administrators"));
    assert_eq!(
        told,
        [(&users, &json!(false)), (&administrators, &json!(true))]
    );
    ran.assert_freed_once("netapi32");

    let ran = smbwho(&["groups", here, "--mine", "-o", "json"]).run();
    assert!(
        ran.calls("NetUserGetLocalGroups")[0].contains(r"EXAMPLE\alice"),
        "{ran:?}"
    );
    ran.assert_freed_once("netapi32");
}

#[test]
#[ignore = "takes scripts/windows.sh"]
fn what_a_server_is() {
    let ran = smbwho(&["info", "fs1", "-o", "json"]).run();
    ran.assert_good();
    let row = &ran.rows()[0];
    assert_eq!(
        (&row["name"], &row["comment"]),
        (&json!("LABWIN"), &json!("Żółć"))
    );
    assert_eq!(row["disks"], json!(["C:", "D:"]));
    assert_eq!(row["files_opened"], 4711);
    assert_eq!(row["bytes_sent"], 1_u64 << 32);
    assert_eq!(row["domain"], "EXAMPLE");
    assert_eq!(
        row["dialect"],
        Value::Null,
        "there is no connection of ours"
    );
    let ran = smbwho(&["logons", "fs1", "-o", "json"]).run();
    ran.assert_good();
    assert_eq!(ran.column("user"), [json!("bob"), json!("Żółć")]);
    assert_eq!(ran.column("source"), vec![json!("wkssvc"); 2]);
}

#[test]
#[ignore = "takes scripts/windows.sh"]
fn the_doctor_sees_what_this_user_may() {
    let ran = smbwho(&["doctor", "fs1", "-o", "json"])
        .env("SMBWHO_LAB_RICHEST", "10")
        .run();
    ran.assert_freed_once("netapi32");
    let asked = ran.calls("NetSessionEnum");
    for level in [0, 1, 2, 10, 502] {
        let call = format!(r"server=\\fs1 - - level={level}");
        assert!(asked.contains(&&*call), "{asked:?}");
    }
    assert!(ran.stdout.contains("ERROR_ACCESS_DENIED"), "{ran:?}");
}

#[test]
#[ignore = "takes scripts/windows.sh"]
fn sessions_and_files_are_ended() {
    let ran = smbwho(&["close", "session", "fs1", "--user", "alice6", "--yes"]).run();
    ran.assert_good();
    assert_eq!(
        ran.calls("NetSessionDel"),
        [r"server=\\fs1 \\10.0.0.6 alice6 level=-1"]
    );

    let ran = smbwho(&["close", "file", "fs1", "--id", "4294967283", "--yes"]).run();
    ran.assert_good();
    assert_eq!(ran.calls("NetFileClose"), [r"server=\\fs1 - - level=-13"]);

    let ran = smbwho(&["close", "session", "fs1", "--user", "*", "--dry-run"]).run();
    ran.assert_good();
    assert!(ran.calls("NetSessionDel").is_empty(), "{ran:?}");
}

#[test]
#[ignore = "takes scripts/windows.sh"]
fn no_server_is_this_computer() {
    let ran = smbwho(&["-o", "json"]).env("SMBWHO_LAB_PAGE", "100").run();
    ran.assert_good();
    assert_eq!(ran.calls("NetSessionEnum"), ["server=- - - level=502"]);
    assert_eq!(ran.column("server"), vec![json!("localhost"); 25]);
    let ran = smbwho(&["files", "-o", "json"]).run();
    ran.assert_good();
    assert_eq!(ran.rows().len(), 12);
    let ran = smbwho(&["shares", "--all", "-o", "json"]).run();
    ran.assert_good();
    assert_eq!(ran.rows().len(), 3);
    let ran = smbwho(&["groups", "--local", "-o", "json"]).run();
    ran.assert_good();
    assert_eq!(ran.column("sid")[0], "S-1-5-32-544");
}

#[test]
#[ignore = "takes scripts/windows.sh"]
fn logon_sessions_of_this_computer() {
    let ran = smbwho(&["logons", "-o", "json"]).run();
    // One of three may not be looked at.
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert_eq!(ran.json()["errors"][0]["code"], 0xc000_0022_u32);
    assert_eq!(ran.assert_freed_once("secur32"), 3);
    let rows = ran.rows();
    assert_eq!(rows.len(), 2, "{ran:?}");
    let expected = json!({
        "server": "localhost", "user": "Żółć", "domain": "EXAMPLE",
        "logon_type": "remote-interactive", "auth_package": "Kerberos", "session_id": "2",
        "logon_time": "2023-11-14T22:13:20Z", "logon_server": "DC1",
        "upn": "alice@example.com", "sid": "S-1-5-21-1-2-3-1105", "source": "lsa",
    });
    assert_eq!(rows[1], expected);
    assert_eq!(rows[0]["logon_type"], "system");
    assert_eq!(rows[0]["upn"], Value::Null);

    let ran = smbwho(&["logons", "--user", "żółć", "-o", "json"])
        .env("SMBWHO_LAB_LOGONS", "2")
        .run();
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert_eq!(ran.column("user"), [json!("Żółć")]);
    ran.assert_freed_once("secur32");
}

/// What Wine calls this computer.
fn computer_name() -> String {
    let name = std::process::Command::new("uname").arg("-n").output();
    let name = String::from_utf8(name.expect("uname").stdout).expect("UTF-8");
    let host = name.trim().split('.').next().unwrap_or_default();
    host.chars().take(15).collect::<String>().to_uppercase()
}

/// Where the program says that it failed, and with what.
#[track_caller]
fn assert_fails(ran: &Ran, step: &str, code: u32, name: &str) {
    assert_eq!(ran.code, Some(2), "{ran:?}");
    let error = &ran.json()["errors"][0];
    let told = [
        &error["server"],
        &error["step"],
        &error["code"],
        &error["name"],
    ];
    let expected = [&json!("fs1"), &json!(step), &json!(code), &json!(name)];
    assert_eq!(told, expected, "{ran:?}");
    let speaks = error["hint"].is_string();
    assert!(speaks || name == "ERROR_INVALID_NAME", "{ran:?}");
    ran.assert_freed_once("netapi32");
}

#[test]
#[ignore = "takes scripts/windows.sh"]
fn each_failure_has_its_step_code_and_hint() {
    for (code, step, name) in [
        (5, "call", "ERROR_ACCESS_DENIED"),
        (53, "connect", "ERROR_BAD_NETPATH"),
        (123, "call", "ERROR_INVALID_NAME"),
        (124, "call", "ERROR_INVALID_LEVEL"),
        (1219, "sign-in", "ERROR_SESSION_CREDENTIAL_CONFLICT"),
        (1311, "sign-in", "ERROR_NO_LOGON_SERVERS"),
        (1326, "sign-in", "ERROR_LOGON_FAILURE"),
        (1722, "pipe", "RPC_S_SERVER_UNAVAILABLE"),
        (2114, "call", "NERR_ServerNotStarted"),
    ] {
        let ran = smbwho(&["fs1", "-o", "json"])
            .env("SMBWHO_LAB_STATUS", &code.to_string())
            .run();
        assert_fails(&ran, step, code, name);
    }
}

#[test]
#[ignore = "takes scripts/windows.sh"]
fn an_answer_that_does_not_hold_together_is_refused() {
    for lie in ["1", "2"] {
        for command in ["sessions", "files", "shares", "logons"] {
            let ran = smbwho(&[command, "fs1", "-o", "json"])
                .env("SMBWHO_LAB_LIE", lie)
                .run();
            assert_eq!(ran.code, Some(2), "{ran:?}");
            assert_eq!(
                ran.json()["errors"][0]["name"],
                "ERROR_INVALID_DATA",
                "{ran:?}"
            );
            ran.assert_freed_once("netapi32");
        }
    }
}

#[test]
#[ignore = "takes scripts/windows.sh"]
fn a_call_that_takes_too_long_is_left_alone() {
    let ran = smbwho(&["fs1", "--timeout", "1s", "-o", "json"])
        .env("SMBWHO_LAB_WAIT", "600000")
        .run();
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert_eq!(ran.rows().len(), 10, "the page that came is kept");
    assert_eq!(ran.json()["errors"][0]["name"], "ERROR_SEM_TIMEOUT");
}

#[test]
#[ignore = "takes scripts/windows.sh"]
fn another_port_takes_a_login() {
    let ran = smbwho(&["fs1:4450", "-o", "json"]).run();
    assert_eq!(ran.code, Some(2), "{ran:?}");
    let error = &ran.json()["errors"][0];
    assert!(
        error["message"]
            .as_str()
            .is_some_and(|m| m.contains("port 445")),
        "{ran:?}"
    );
    assert!(
        error["hint"].as_str().is_some_and(|h| h.contains("-U")),
        "{ran:?}"
    );
}
