//! `lab/up` and `lab/down`, by the program behind them.

use std::path::Path;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

fn lab(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_smbwho-lab"))
        .args(arguments)
        .output()
        .unwrap()
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

/// The value of a variable that `up --shell` printed.
fn value<'a>(said: &'a str, name: &str) -> &'a str {
    said.lines()
        .find_map(|line| {
            line.strip_prefix(name)?
                .strip_prefix("='")?
                .strip_suffix('\'')
        })
        .unwrap_or_else(|| panic!("no {name} in {said}"))
}

/// Whether nothing listens there any more. The last process of a server that
/// was told to end may hold the port for a moment longer than the first.
fn closes(address: &str) -> bool {
    let end = Instant::now() + Duration::from_secs(30);
    while Instant::now() < end {
        if std::net::TcpStream::connect(address).is_err() {
            return true;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    false
}

#[test]
fn two_labs_go_up_and_down_by_one_command_each() {
    let one = text(&lab(&["up", "--shell"]));
    let two = text(&lab(&["up", "endpoint", "--sessions", "3", "--shell"]));
    let (first, second) = (value(&one, "SMBWHO_LAB_ID"), value(&two, "SMBWHO_LAB_ID"));
    assert_ne!(
        value(&one, "SMBWHO_LAB_SERVER"),
        value(&two, "SMBWHO_LAB_SERVER")
    );
    let list = text(&lab(&["list"]));
    assert!(list.contains(first) && list.contains(second), "{list}");
    for said in [&one, &two] {
        assert!(std::net::TcpStream::connect(value(said, "SMBWHO_LAB_SERVER")).is_ok());
        let id = value(said, "SMBWHO_LAB_ID");
        let down = text(&lab(&["down", id]));
        assert_eq!(down, format!("{id} is down.\n"));
        assert!(!Path::new(value(said, "SMBWHO_LAB_FOLDER")).exists());
        assert!(closes(value(said, "SMBWHO_LAB_SERVER")), "it still listens");
    }
    let again = lab(&["down", first]);
    assert!(!again.status.success());
    assert!(text(&again).contains("no lab"), "{}", text(&again));
}

#[test]
fn a_lab_that_cannot_start_says_why() {
    let done = Command::new(env!("CARGO_BIN_EXE_smbwho-lab"))
        .arg("up")
        .env("TMPDIR", "/nonexistent/folder")
        .output()
        .unwrap();
    assert!(!done.status.success());
    assert!(
        text(&done).contains("/nonexistent/folder"),
        "{}",
        text(&done)
    );
}
