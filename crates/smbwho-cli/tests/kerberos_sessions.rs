//! The program in a real Active Directory domain: `-k` with the tickets of
//! plain kinit and with a password. One test, since every domain controller
//! takes ten seconds to start.

mod common;

use std::io::Write as _;
use std::process::{Command, Output, Stdio};

use common::{PROGRAM, Ran};
use smbwho_testkit::AdDc;

fn with_input(command: &mut Command, input: &str) -> Output {
    let piped = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = piped.spawn().expect("it starts");
    child
        .stdin
        .take()
        .expect("a pipe")
        .write_all(input.as_bytes())
        .expect("written");
    child.wait_with_output().expect("it ends")
}

fn smbwho(dc: &AdDc, arguments: &[&str]) -> Command {
    let mut command = dc.inside("setsid");
    command.args(["--wait", PROGRAM]).args(arguments);
    command
        .env_remove("SMBWHO_PASSWORD")
        .env("XDG_CONFIG_HOME", dc.folder());
    command
}

fn users(ran: &Ran) -> Vec<String> {
    assert_eq!(
        (ran.code, ran.stderr.as_str()),
        (Some(0), ""),
        "{}",
        ran.seen()
    );
    let document = ran.json();
    let rows = document["rows"].as_array().expect("rows");
    rows.iter()
        .map(|row| row["user"].as_str().expect("a user").to_lowercase())
        .collect()
}

#[test]
fn tickets_and_passwords_of_a_domain() {
    let dc = AdDc::builder()
        .admin("ada", "pw with space")
        .user("alice", "Short-1")
        .start();
    let dc = dc.expect("a domain controller");
    let asked = ["-k", AdDc::HOST, "-o", "json"];

    // No tickets, nobody to ask: what to do is said.
    let ran = Ran::from(smbwho(&dc, &asked).output().expect("it starts"));
    assert_eq!(ran.code, Some(2), "{}", ran.seen());
    assert!(ran.stderr.contains("kinit"), "{}", ran.stderr);
    let ran = Ran::from(
        smbwho(&dc, &["-k", "-U", "ada", AdDc::HOST])
            .output()
            .expect("it starts"),
    );
    assert!(
        ran.stderr.contains("a password is needed for ada"),
        "{}",
        ran.seen()
    );

    // A password.
    for user in ["ada", "ada@LAB.TEST", "ada@lab.test"] {
        let mut command = smbwho(
            &dc,
            &[&asked[..], &["-U", user, "--password-stdin"]].concat(),
        );
        let ran = Ran::from(with_input(&mut command, "pw with space\n"));
        assert!(
            users(&ran).iter().any(|user| user.contains("ada")),
            "{}",
            ran.seen()
        );
    }

    // A wrong one.
    let mut command = smbwho(&dc, &["-k", "-U", "ada", AdDc::HOST]);
    let ran = Ran::from(
        command
            .env("SMBWHO_PASSWORD", "wr0ng")
            .output()
            .expect("it starts"),
    );
    assert_eq!(ran.code, Some(2), "{}", ran.seen());
    assert!(
        ran.stderr.contains(": sign-in: ") && !ran.stderr.contains("wr0ng"),
        "{}",
        ran.stderr
    );

    // Plain kinit, as people do.
    let kinit = with_input(dc.inside("kinit").arg("ada"), "pw with space\n");
    assert!(kinit.status.success(), "{kinit:?}");
    for more in [&[][..], &["-U", "ada"], &["-N"]] {
        let ran = Ran::from(
            smbwho(&dc, &[&asked[..], more].concat())
                .output()
                .expect("it starts"),
        );
        assert!(
            users(&ran).iter().any(|user| user.contains("ada")),
            "{}",
            ran.seen()
        );
    }

    // A bare address has no ticket.
    let ran = Ran::from(
        smbwho(&dc, &["-k", AdDc::ADDRESS])
            .output()
            .expect("it starts"),
    );
    assert_eq!(ran.code, Some(2));
    assert!(ran.stderr.contains("  try: "), "{}", ran.stderr);
}
