//! The domain controller, judged by MIT Kerberos and Samba's tools.
//!
//! One test, since every controller takes ten seconds.

use smbwho_testkit::{AdDc, tools};
use std::io::Write;
use std::process::{Command, Stdio};
use std::time::Duration;

fn said(command: &mut Command, input: &str) -> String {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(input.as_bytes())
        .unwrap();
    let done = child.wait_with_output().unwrap();
    String::from_utf8_lossy(&done.stdout).into_owned() + &String::from_utf8_lossy(&done.stderr)
}

#[test]
fn a_domain_with_kerberos_and_nested_groups() {
    if AdDc::is_inside() {
        // Names and ports are the controller's here.
        std::net::TcpStream::connect(("dc1.lab.test", 445)).unwrap();
        return;
    }
    let dc = AdDc::builder()
        .user("alice", "short")
        .admin("ada", "pw with space")
        .group("Staff", &["alice"])
        .group("Everyone Here", &["Staff", "ada"])
        .start()
        .unwrap();

    // Plain kinit, as people do.
    let kinit = said(dc.inside("kinit").arg("alice"), "short\n");
    let tickets = said(&mut dc.inside("klist"), "");
    assert!(
        tickets.contains("krbtgt/LAB.TEST@LAB.TEST"),
        "{kinit}{tickets}"
    );
    let listing = said(
        dc.inside("smbclient")
            .args(["-L", AdDc::HOST, "--use-kerberos=required"]),
        "",
    );
    assert!(listing.contains("sysvol"), "{listing}");

    // An administrator may list sessions, a user may not.
    let ask = |login: &str| {
        said(
            dc.inside("rpcclient")
                .args([AdDc::HOST, "-U", login, "-c", "netsessenum"]),
            "",
        )
    };
    assert!(ask("LABAD\\ada%pw with space").contains("Received 1 entries"));
    assert!(ask("LABAD\\alice%short").contains("WERR_ACCESS_DENIED"));

    // From outside, too.
    let door = dc.door().unwrap();
    let mut outside = Command::new("smbclient");
    outside.args(["-s", "/dev/null", "-U", "LABAD\\alice%short", "-L"]);
    outside.args(["//127.0.0.1", "-p", &door.port().to_string()]);
    let listing = said(&mut outside, "");
    assert!(listing.contains("sysvol"), "{listing}");

    let members = said(
        dc.inside("samba-tool")
            .args(["group", "listmembers", "Everyone Here", "-H"])
            .arg(dc.folder().join("dc/private/sam.ldb")),
        "",
    );
    assert!(
        members.contains("Staff") && members.contains("ada"),
        "{members}"
    );

    let output = dc
        .run_test_inside("a_domain_with_kerberos_and_nested_groups")
        .unwrap();
    assert!(output.contains("1 passed"), "{output}");

    let folder = dc.folder().to_owned();
    let pids = dc.pids();
    assert!(pids.iter().all(|&pid| tools::is_running(pid)));
    drop(dc);
    assert!(!folder.exists());
    for _ in 0..500 {
        if pids.iter().all(|&pid| !tools::is_running(pid)) {
            return;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("still running: {pids:?}");
}
