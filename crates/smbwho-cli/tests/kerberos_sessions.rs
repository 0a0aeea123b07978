//! The program in a real Active Directory domain: `-k` with the tickets of
//! plain kinit and with a password. One test, since every domain controller
//! takes ten seconds to start.

mod common;

use std::fs::OpenOptions;
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

    a_wrong_password_reaches_the_controller_three_times_at_most(&dc);

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

/// Counted where it matters: at the controller, which counts for the KDC and for NTLM alike. The
/// servers are one, by many names.
fn a_wrong_password_reaches_the_controller_three_times_at_most(dc: &AdDc) {
    let names = (1..=20).map(|number| format!("127.0.0.1 a{number}.lab.test\n"));
    let mut hosts = OpenOptions::new()
        .append(true)
        .open(dc.folder().join("hosts"))
        .expect("the lab's hosts");
    hosts
        .write_all(names.collect::<String>().as_bytes())
        .expect("written");
    let tool = |arguments: &[&str]| {
        let conf = dc.conf();
        let mut command = dc.inside("samba-tool");
        let output = command.args(arguments).arg("-s").arg(conf).output();
        let output = output.expect("samba-tool runs");
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).expect("UTF-8")
    };
    // Without a threshold nothing is counted.
    let threshold = "--account-lockout-threshold=50";
    tool(&["domain", "passwordsettings", "set", threshold]);
    let counted = || {
        let shown = tool(&["user", "show", "alice", "--attributes=badPwdCount"]);
        let count = shown
            .lines()
            .find_map(|line| line.strip_prefix("badPwdCount: "));
        let count: u32 = count.map_or(0, |count| count.parse().expect("a number"));
        count
    };
    let mut before = counted();
    for kerberos in [true, false] {
        let arguments = ["a[1-20].lab.test", "-U", "alice", "--jobs", "64"];
        let mut command = smbwho(dc, &arguments);
        if kerberos {
            command.arg("-k");
        }
        let ran = command.env("SMBWHO_PASSWORD", "wr0ng").output();
        let ran = Ran::from(ran.expect("it starts"));
        assert_eq!(ran.code, Some(2), "{}", ran.seen());
        let now = counted();
        assert!(
            (1..=3).contains(&(now - before)),
            "{} wrong sign-ins: {}",
            now - before,
            ran.seen()
        );
        before = now;
    }
}
