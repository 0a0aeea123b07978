//! The program for Windows signing in over SMB, to a real Samba.

use serde_json::{Value, json};
use smbwho_testkit::Samba;

use crate::lab::smbwho;

#[test]
#[ignore = "takes scripts/windows.sh"]
fn a_samba_tells_what_it_tells_from_linux() {
    let samba = Samba::builder()
        .admin("root", "secret")
        .user("alice", "wonderland")
        .start()
        .expect("a server");
    let _alice = samba
        .hold_session("alice", "wonderland")
        .expect("a session");
    let address = samba.address();
    let ask = |arguments: &[&str]| {
        let words = [arguments, &[&address, "-U", "root", "-o", "json"]].concat();
        smbwho(&words).env("SMBWHO_PASSWORD", "secret").run()
    };
    let sessions = ask(&["sessions"]);
    assert_eq!(sessions.code, Some(0), "{sessions:?}");
    assert!(
        sessions.column("user").contains(&json!("alice")),
        "{sessions:?}"
    );
    // A login goes over SMB: Windows' own calls were not asked.
    assert!(sessions.calls("NetSessionEnum").is_empty());
    let shares = ask(&["shares", "--all"]);
    assert!(shares.column("name").contains(&json!("IPC$")), "{shares:?}");
    let groups = ask(&["groups", "--local"]);
    assert_eq!(groups.code, Some(0), "{groups:?}");

    let refused = smbwho(&[&address, "-U", "alice", "-o", "json"])
        .env("SMBWHO_PASSWORD", "wonderland")
        .run();
    assert_eq!(refused.code, Some(2), "{refused:?}");
    assert_eq!(refused.json()["errors"][0]["name"], "ERROR_ACCESS_DENIED");
    let wrong = smbwho(&[&address, "-U", "alice", "-o", "json"])
        .env("SMBWHO_PASSWORD", "looking-glass")
        .run();
    assert_eq!(wrong.json()["errors"][0]["step"], "sign-in", "{wrong:?}");
    let file = ask(&["files"]);
    assert_eq!(file.json()["errors"], Value::Array(Vec::new()));
}
