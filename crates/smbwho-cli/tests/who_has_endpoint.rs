//! `who-has` of many paths: what is asked of the server, counted at an endpoint of our own, and
//! what comes of failures in the middle of it.

mod common;

use common::{Ran, Smbwho};
use serde_json::Value;
use smbwho_testkit::{Action, Endpoint, FileService, LabFile, LabSession, Request, SessionService};

const SHARE_GET_INFO: u16 = 16;
const SESSION_ENUM: u16 = 12;

/// Shares s0, s1, … with a file each that alice has open, and some files beside them.
fn service(shares: u32) -> FileService {
    let mut files: Vec<LabFile> = (0..shares)
        .map(|n| LabFile::new(n, &format!(r"D:\s{n}\f.txt"), "alice", "ws1"))
        .collect();
    files.push(LabFile::new(9000, r"D:\beside\f.txt", "bob", "ws1"));
    files.push(LabFile::new(9001, r"D:\real\behind.txt", "bob", "ws1"));
    let sessions = ["alice", "bob"].map(|user| LabSession::new(r"\\ws1", user));
    let service = FileService::new(files, SessionService::new(sessions.to_vec()));
    (0..shares).fold(service, |service, n| {
        service.share(&format!("s{n}"), &format!(r"D:\s{n}"))
    })
}

fn who_has(paths: &[String]) -> Ran {
    let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
    let options = ["-o", "json", "-U", Endpoint::USER];
    Smbwho::new(&[&["who-has"], &paths[..], &options].concat())
        .password(Endpoint::PASSWORD)
        .run()
}

fn unc(endpoint: &Endpoint, share: &str, path: &str) -> String {
    format!("//{}/{share}/{path}", endpoint.address())
}

fn ids(ran: &Ran) -> Vec<u64> {
    let document: Value = serde_json::from_str(&ran.stdout).expect("JSON");
    let rows = document["rows"].as_array().expect("rows").iter();
    rows.map(|row| row["id"].as_u64().expect("an id")).collect()
}

fn count(endpoint: &Endpoint, opnum: u16) -> usize {
    let requests = endpoint.requests();
    requests.iter().filter(|r| r.opnum == opnum).count()
}

/// Whether a call asks about this share.
fn is_about(request: &Request, share: &str) -> bool {
    let name: Vec<u8> = share.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let ends = [&name[..], &[0, 0]].concat();
    request.opnum == SHARE_GET_INFO && request.stub.windows(ends.len()).any(|it| it == ends)
}

#[test]
fn many_paths_cost_two_calls_a_share_and_one_list() {
    let endpoint = Endpoint::builder()
        .serve_files(service(40))
        .expect("an endpoint");
    let mut paths: Vec<String> = (0..40)
        .map(|n| unc(&endpoint, &format!("s{n}"), "f.txt"))
        .collect();
    // Others in a share that is known by then, however it is written.
    paths.push(unc(&endpoint, "S7", "F.TXT"));
    paths.push(unc(&endpoint, "s7", "*.txt"));
    let ran = who_has(&paths);
    assert_eq!(ids(&ran), (0..40).collect::<Vec<u64>>(), "{ran:?}");
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert_eq!(count(&endpoint, SHARE_GET_INFO), 80);
    assert_eq!(endpoint.file_requests().len(), 1);
    // Over one pipe, that of the sessions apart.
    let pipes = endpoint.requests().into_iter();
    let pipes = pipes.filter(|request| request.opnum != SESSION_ENUM);
    let mut pipes: Vec<usize> = pipes.map(|request| request.connection).collect();
    pipes.dedup();
    assert_eq!(pipes.len(), 1, "{pipes:?}");
}

/// Where a share is asked about in the middle of others, and it is refused or the pipe
/// broken over it, its own paths fail and no others.
#[test]
fn what_is_wrong_with_one_share_is_wrong_with_its_paths_alone() {
    for action in [Action::Fault(0x1c01_0002), Action::Drop] {
        let (wrong, service) = (action.clone(), service(12));
        let endpoint = Endpoint::builder().start(move |request| match is_about(request, "s5") {
            true => wrong.clone(),
            false => service.answer(request),
        });
        let endpoint = endpoint.expect("an endpoint");
        let paths: Vec<String> = (0..12)
            .map(|n| unc(&endpoint, &format!("s{n}"), "f.txt"))
            .collect();
        let ran = who_has(&paths);
        let others: Vec<u64> = (0..12).filter(|n| *n != 5).collect();
        assert_eq!((ids(&ran), ran.code), (others, Some(1)), "{ran:?}");
    }
}

#[test]
fn no_such_share_among_many_fails_alone() {
    let endpoint = Endpoint::builder()
        .serve_files(service(3))
        .expect("an endpoint");
    let paths = ["s0", "nosuch", "s2"].map(|share| unc(&endpoint, share, "f.txt"));
    let ran = who_has(&paths);
    assert_eq!((ids(&ran), ran.code), (vec![0, 2], Some(1)), "{ran:?}");
    assert!(ran.stdout.contains("NERR_NetNameNotFound"), "{ran:?}");
}

#[test]
fn a_share_behind_a_link_takes_no_second_list() {
    // Several paths: everything is asked for.
    let endpoint = Endpoint::builder()
        .serve_files(service(2))
        .expect("an endpoint");
    let paths = [("s0", "f.txt"), ("s1", "behind.txt")].map(|(s, p)| unc(&endpoint, s, p));
    let ran = who_has(&paths);
    assert_eq!((ids(&ran), ran.code), (vec![0, 9001], Some(0)), "{ran:?}");
    assert!(ran.stderr.contains("s1\\behind.txt lies"), "{ran:?}");
    assert_eq!(endpoint.file_requests().len(), 1);
}

#[test]
fn where_the_server_does_not_filter_by_path_one_list_is_enough() {
    for (ignores, lists) in [(true, 1), (false, 2)] {
        let service = match ignores {
            true => service(2).share("data", r"D:\link").ignore_base_path(),
            false => service(2).share("data", r"D:\s0"),
        };
        let endpoint = Endpoint::builder()
            .serve_files(service)
            .expect("an endpoint");
        // smbd in front has the share, and the file in it.
        std::fs::write(
            endpoint.samba().share_folder("data").join("behind.txt"),
            "x",
        )
        .expect("a file");
        let ran = who_has(&[unc(&endpoint, "data", "behind.txt")]);
        assert_eq!((ids(&ran), ran.code), (vec![9001], Some(0)), "{ran:?}");
        assert!(ran.stderr.contains("behind a link"), "{ran:?}");
        assert_eq!(endpoint.file_requests().len(), lists, "{ran:?}");
    }
}

#[test]
fn nobody_has_it_is_said_after_one_list() {
    let service = service(2).share("data", r"D:\s0").ignore_base_path();
    let endpoint = Endpoint::builder()
        .serve_files(service)
        .expect("an endpoint");
    std::fs::write(endpoint.samba().share_folder("data").join("free.txt"), "x").expect("a file");
    let ran = who_has(&[unc(&endpoint, "data", "free.txt")]);
    assert_eq!((ids(&ran), ran.code), (vec![], Some(0)), "{ran:?}");
    assert!(ran.stderr.contains("nothing is open at"), "{ran:?}");
    assert_eq!(endpoint.file_requests().len(), 1);
}
