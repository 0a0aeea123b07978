//! What people see of open files where a server tells what Samba does not:
//! the program before an endpoint of our own, and its mistakes before none.

mod common;

use common::{Ran, Smbwho};
use insta::assert_snapshot;
use smbwho_testkit::{Endpoint, FileService, LabFile, LabSession, SessionService};

fn sessions() -> SessionService {
    SessionService::new(vec![
        LabSession::new(r"\\ws1", "alice"),
        LabSession::new(r"\\ws1", "bob"),
        LabSession::new(r"\\ws2", "bob"),
    ])
}

fn windows() -> FileService {
    let files = vec![
        LabFile {
            permissions: 3,
            locks: 2,
            ..LabFile::new(0xffff_fffe, r"D:\data\costs.xlsx", "alice", "ws1")
        },
        LabFile {
            permissions: 0x0412_0021,
            ..LabFile::new(7, r"D:\data\dir\plans.doc", "bob", "ws2")
        },
        LabFile {
            permissions: 0,
            ..LabFile::new(8, "D:\\data\\\u{202e}x\u{1b}[31m\n=cmd", "carol", "ws3")
        },
    ];
    FileService::new(files, sessions()).share("data", r"D:\data")
}

fn run(arguments: &[&str]) -> Ran {
    Smbwho::new(&[arguments, &["-U", Endpoint::USER]].concat())
        .password(Endpoint::PASSWORD)
        .run()
}

/// What is seen, without the port, which is another each time.
fn seen(endpoint: &Endpoint, arguments: &[&str]) -> String {
    run(arguments).seen().replace(&endpoint.address(), "fs1")
}

fn serving(service: FileService) -> Endpoint {
    Endpoint::builder()
        .serve_files(service)
        .expect("an endpoint")
}

#[test]
fn files_in_every_format() {
    let endpoint = serving(windows());
    let address = endpoint.address();
    for format in ["table", "json", "csv"] {
        let seen = seen(&endpoint, &["files", &address, "-o", format]);
        assert_snapshot!(format!("files_{format}"), seen);
    }
    // Without the server, whose port makes its column wider or narrower.
    let columns = "id,path,user,permissions,permissions_raw,locks,client,level";
    let wide = ["files", &address, "-o", "wide", "--columns", columns];
    assert_snapshot!("files_wide", seen(&endpoint, &wide));
}

#[test]
fn a_level_that_tells_ids_only() {
    let endpoint = serving(windows().refuse(3, 124));
    assert_snapshot!(seen(&endpoint, &["files", &endpoint.address()]));
}

#[test]
fn who_has_a_file_of_a_share_that_nobody_may_look_at() {
    let endpoint = serving(windows().refuse_shares(5));
    let path = format!("//{}/data/dir/plans.doc", endpoint.address());
    assert_snapshot!(seen(&endpoint, &["who-has", &path]));
}

#[test]
fn clients_that_nobody_tells() {
    let refusing = [502, 2, 1, 10, 0].into_iter();
    let sessions = refusing.fold(sessions(), |sessions, level| sessions.refuse(level, 5));
    let files = vec![LabFile::new(1, r"D:\x", "alice", "ws1")];
    let endpoint = serving(FileService::new(files, sessions));
    assert_snapshot!(seen(&endpoint, &["files", &endpoint.address()]));
}

#[test]
fn mistakes_are_found_before_anybody_is_asked() {
    for (name, arguments) in [
        ("no_such_level", &["files", "fs1", "--level", "1"][..]),
        ("sessions_only", &["files", "fs1", "--idle-over", "1h"]),
        ("server_twice", &["who-has", r"\\fs1\data\x", "-s", "fs2"]),
        ("no_share", &["who-has", r"\\fs1"]),
        ("climbs", &["files", "fs1", "--path", "/srv/../etc"]),
        ("another_scheme", &["who-has", "afp://fs1/data/x"]),
        (
            "a_password_in_a_url",
            &["who-has", "smb://ann:geheim@fs1/data/x"],
        ),
        ("a_colon", &["who-has", "-s", "fs1", "fs1:/data/x"]),
        ("no_path", &["who-has", "-s", "fs1"]),
        (
            "another_server",
            &["files", "fs2", "--path", r"\\fs1\data\x"],
        ),
        ("connections_of_what", &["connections", "fs1"]),
        (
            "connections_of_both",
            &["connections", "fs1", "--share", "a", "--client", "b"],
        ),
        (
            "connections_of_many",
            &["connections", "fs1", "--client", "ws*"],
        ),
        ("no_such_column", &["files", "fs1", "--columns", "idle"]),
    ] {
        assert_snapshot!(
            format!("mistake_{name}"),
            Smbwho::new(arguments).run().seen()
        );
    }
}
