//! The standalone server, judged by Samba's own tools.

use smbwho_testkit::{Account, AccountState, Rpc, Samba, tools};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

/// Samba's own client for RPC; both streams together.
fn rpcclient(samba: &Samba, login: &str, call: &str) -> String {
    let program = tools::find("rpcclient", "smbclient").unwrap();
    let done = Command::new(program)
        .args(["127.0.0.1", "-s", "/dev/null", "-p"])
        .arg(samba.port().to_string())
        .args(["-U", login, "-c", call])
        .output()
        .unwrap();
    String::from_utf8_lossy(&done.stdout).into_owned() + &String::from_utf8_lossy(&done.stderr)
}

fn eventually(mut holds: impl FnMut() -> bool) -> bool {
    let end = Instant::now() + Duration::from_secs(10);
    while Instant::now() < end {
        if holds() {
            return true;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    false
}

#[test]
fn an_administrator_sees_who_is_connected_and_nobody_else_does() {
    let samba = Samba::builder()
        .admin("root", "adm")
        .user("alice", "a pass;word")
        .user("bob", "b")
        .start()
        .unwrap();
    let alice = samba.hold_session("alice", "a pass;word").unwrap();
    let _bob = samba.hold_session("bob", "b").unwrap();
    let seen = rpcclient(&samba, "root%adm", "netsessenum");
    assert!(seen.contains("Received 3 entries"), "{seen}");
    drop(alice);
    assert!(eventually(|| {
        rpcclient(&samba, "root%adm", "netsessenum").contains("Received 2 entries")
    }));
    let refused = rpcclient(&samba, "bob%b", "netsessenum");
    assert!(refused.contains("WERR_ACCESS_DENIED"), "{refused}");
}

#[test]
fn two_at_once_know_nothing_of_each_other() {
    let start = || {
        Samba::builder()
            .admin("root", "adm")
            .user("alice", "a")
            .start()
    };
    let (one, two) = std::thread::scope(|scope| {
        let one = scope.spawn(start);
        let two = scope.spawn(start);
        (one.join().unwrap().unwrap(), two.join().unwrap().unwrap())
    });
    assert_ne!(one.port(), two.port());
    assert_ne!(one.folder(), two.folder());
    let _alice = one.hold_session("alice", "a").unwrap();
    let there = rpcclient(&one, "root%adm", "netsessenum");
    let elsewhere = rpcclient(&two, "root%adm", "netsessenum");
    assert!(there.contains("Received 2 entries"), "{there}");
    assert!(elsewhere.contains("Received 1 entries"), "{elsewhere}");
    drop(one);
    assert!(rpcclient(&two, "root%adm", "netsessenum").contains("Received 1 entries"));
}

#[test]
fn accounts_can_be_in_every_state_a_login_may_meet() {
    let states = [
        ("dora", AccountState::Disabled, "NT_STATUS_ACCOUNT_DISABLED"),
        ("eve", AccountState::Expired, "NT_STATUS_ACCOUNT_EXPIRED"),
        ("lou", AccountState::Locked, "NT_STATUS_ACCOUNT_LOCKED_OUT"),
        (
            "max",
            AccountState::PasswordMustChange,
            "NT_STATUS_PASSWORD_MUST_CHANGE",
        ),
    ];
    let mut builder = Samba::builder();
    for (name, state, _) in states {
        builder = builder.account(Account::new(name, "p").state(state));
    }
    let samba = builder.start().unwrap();
    for (name, _, refusal) in states {
        let said = rpcclient(&samba, &format!("{name}%p"), "srvinfo");
        assert!(said.contains(refusal), "{name}: {said}");
    }
}

#[test]
fn a_file_can_be_held_open() {
    let samba = Samba::builder().user("alice", "a").start().unwrap();
    let _held = samba.hold_file("alice", "a", "report.txt").unwrap();
    let listing = samba.tool("smbstatus").unwrap().arg("-L").output().unwrap();
    let listing = String::from_utf8_lossy(&listing.stdout).into_owned();
    assert!(listing.contains("report.txt"), "{listing}");
}

#[test]
fn shares_are_really_added_and_removed_over_rpc() {
    let samba = Samba::builder().admin("root", "adm").start().unwrap();
    let path = samba.folder().join("shares/extra");
    std::fs::create_dir(&path).unwrap();
    let extra = format!("C:{}", path.display());
    let said = rpcclient(
        &samba,
        "root%adm",
        &format!("netshareadd {extra} extra 5 remark"),
    );
    let listing = rpcclient(&samba, "root%adm", "netshareenum 2");
    assert!(listing.contains("netname: extra"), "{said}\n{listing}");
    rpcclient(&samba, "root%adm", "netsharedel extra");
    let listing = rpcclient(&samba, "root%adm", "netshareenum 2");
    assert!(!listing.contains("netname: extra"), "{listing}");
}

#[test]
fn one_server_can_be_many_hosts() {
    let samba = Samba::builder().addresses(20).start().unwrap();
    for last in [1, 2, 20] {
        std::net::TcpStream::connect((std::net::Ipv4Addr::new(127, 0, 0, last), samba.port()))
            .unwrap();
    }
    assert!(
        std::net::TcpStream::connect((std::net::Ipv4Addr::new(127, 0, 0, 21), samba.port()))
            .is_err()
    );
}

/// samba-dcerpcd ends when nobody has connected for ten seconds.
#[test]
fn a_server_left_alone_answers_afterwards() {
    let samba = Samba::builder().admin("root", "adm").start().unwrap();
    std::thread::sleep(Duration::from_secs(11));
    assert!(eventually(|| {
        rpcclient(&samba, "root%adm", "netsessenum").contains("Received 1 entries")
    }));
}

#[test]
fn without_an_rpc_server_there_is_no_pipe() {
    let samba = Samba::builder()
        .user("alice", "a")
        .rpc(Rpc::None)
        .start()
        .unwrap();
    let said = rpcclient(&samba, "alice%a", "srvinfo");
    assert!(said.contains("NT_STATUS_OBJECT_NAME_NOT_FOUND"), "{said}");
}

#[test]
fn nothing_is_left_when_it_is_dropped() {
    let samba = Samba::builder().user("alice", "a").start().unwrap();
    let held = samba.hold_session("alice", "a").unwrap();
    let folder = samba.folder().to_owned();
    let found = processes_naming(&folder);
    assert!(
        found.len() >= 3,
        "smbd, samba-dcerpcd, smbclient: {found:?}"
    );
    drop(held);
    drop(samba);
    assert!(!folder.exists());
    assert!(eventually(|| processes_naming(&folder).is_empty()));
}

/// The lab must also go when the process that holds it is killed outright.
#[test]
fn nothing_is_left_when_the_owner_is_killed() {
    if std::env::var_os("SMBWHO_TESTKIT_VICTIM").is_some() {
        return victim();
    }
    let mut owner = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "nothing_is_left_when_the_owner_is_killed",
            "--nocapture",
        ])
        .env("SMBWHO_TESTKIT_VICTIM", "1")
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let folder = {
        use std::io::{BufRead, BufReader};
        BufReader::new(owner.stdout.take().unwrap())
            .lines()
            .map_while(Result::ok)
            .find_map(|line| {
                line.split_once("victim holds ")
                    .map(|(_, path)| path.to_owned())
            })
            .unwrap()
    };
    let folder = Path::new(&folder);
    assert!(!processes_naming(folder).is_empty());
    owner.kill().unwrap();
    owner.wait().unwrap();
    assert!(eventually(|| !folder.exists()));
    assert!(eventually(|| processes_naming(folder).is_empty()));
}

fn victim() {
    use std::io::Write;
    let samba = Samba::builder().user("alice", "a").start().unwrap();
    let _held = samba.hold_session("alice", "a").unwrap();
    let mut out = std::io::stdout();
    writeln!(out, "victim holds {}", samba.folder().display()).unwrap();
    out.flush().unwrap();
    std::thread::sleep(Duration::from_secs(60));
}

/// Running processes whose command line or environment names the folder: every
/// server and client of a lab does.
fn processes_naming(folder: &Path) -> Vec<u32> {
    let needle = folder.to_string_lossy().into_owned();
    let names = |file: &str, pid: u32| {
        std::fs::read(format!("/proc/{pid}/{file}"))
            .is_ok_and(|bytes| String::from_utf8_lossy(&bytes).contains(&needle))
    };
    std::fs::read_dir("/proc")
        .unwrap()
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter(|&pid| tools::is_running(pid) && (names("cmdline", pid) || names("environ", pid)))
        .collect()
}
