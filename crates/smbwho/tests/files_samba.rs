//! Files that clients of a real Samba hold open, and its connections.

mod common;

use common::{as_root, connect, samba};
use smbwho::{ClientBasis, ConnectionLevel, ErrorKind, FileLevel, OpenFile, Place, Step};
use smbwho_testkit::Samba;

fn under<'a>(samba: &Samba, files: &'a [OpenFile]) -> Vec<(&'a str, String)> {
    let share = samba
        .share_folder("data")
        .display()
        .to_string()
        .replace('/', "\\");
    let inside = |file: &'a OpenFile| {
        let path = file.path.as_deref().expect("a path");
        let inside = path.strip_prefix(&format!("C:{share}")).unwrap_or(path);
        (file.user.as_deref().expect("a user"), inside.to_owned())
    };
    let mut files: Vec<_> = files.iter().map(inside).collect();
    files.sort();
    files
}

#[tokio::test]
async fn files_held_open_are_named_with_user_and_client() {
    let samba = samba();
    std::fs::create_dir(samba.share_folder("data").join("dir")).expect("a folder");
    open_to_all(&samba, "dir");
    let _alice = samba.hold_file("alice", "a", "letter.txt").expect("open");
    let _bob = samba
        .hold_file("bob", "b", "dir/Ångström.txt")
        .expect("open");
    let server = as_root(&samba).await;
    let files = server
        .files()
        .collect()
        .await
        .expect("files")
        .complete()
        .expect("all");
    let expected = [
        ("alice", r"\letter.txt".to_owned()),
        ("bob", r"\dir\Ångström.txt".to_owned()),
    ];
    let held: Vec<_> = under(&samba, &files)
        .into_iter()
        .filter(|(_, path)| path.ends_with(".txt"))
        .collect();
    assert_eq!(held, expected, "{files:?}");
    for file in &files {
        assert_eq!(file.level, Some(FileLevel::L3));
        assert_eq!(file.client.as_deref(), Some("127.0.0.1"), "{file:?}");
        assert_eq!(file.client_basis, ClientBasis::Sessions);
        assert_eq!(file.locks, Some(0));
    }
    let letter = files
        .iter()
        .find(|file| file.user.as_deref() == Some("alice"))
        .expect("hers");
    let names: Vec<_> = letter.permissions.expect("told").names().collect();
    assert!(names.contains(&"write"), "{names:?}");

    for (share, path, expected) in [
        ("data", "letter.txt", vec!["alice"]),
        ("DATA", "LETTER.TXT", vec!["alice"]),
        ("data", "dir", vec!["bob"]),
        ("data", "dir/å*.txt", vec!["bob"]),
        ("data", "", vec!["alice", "bob"]),
        ("data", "letter", vec![]),
    ] {
        let place = server.locate(share, path).await.expect("a place");
        assert!(place.is_anchored(), "{place:?}");
        let files = server
            .files()
            .place(place)
            .collect()
            .await
            .expect("files")
            .rows;
        let mut users: Vec<_> = files
            .iter()
            .filter_map(|file| file.user.as_deref())
            .collect();
        users.sort_unstable();
        users.dedup();
        assert_eq!(users, expected, "{share} {path}");
    }
    let local = samba.share_folder("data").join("letter.txt");
    let place = Place::local(&local.display().to_string()).expect("a place");
    let files = server
        .files()
        .place(place)
        .collect()
        .await
        .expect("files")
        .rows;
    assert_eq!(
        under(&samba, &files),
        [("alice", r"\letter.txt".to_owned())]
    );
    let error = server
        .locate("nosuch", "x")
        .await
        .expect_err("no such share");
    let hint = error.hint().expect("a hint");
    assert!(hint.contains("smbwho shares --all"), "{hint}");
    assert_eq!(
        error.code().and_then(|code| code.name()),
        Some("ERROR_INVALID_NAME")
    );
}

#[tokio::test]
async fn a_user_on_two_clients_is_not_guessed_at() {
    let samba = samba();
    let _here = samba.hold_file("alice", "a", "here.txt").expect("open");
    let _there = samba
        .hold_file_over_ipv6("alice", "a", "there.txt")
        .expect("open");
    let _bob = samba.hold_file("bob", "b", "bob.txt").expect("open");
    let files = as_root(&samba)
        .await
        .files()
        .collect()
        .await
        .expect("files")
        .rows;
    for name in ["here.txt", "there.txt"] {
        let file = find(&files, name);
        assert_eq!(file.client, None, "{file:?}");
        let ClientBasis::Ambiguous(clients) = &file.client_basis else {
            panic!("{file:?}")
        };
        let mut clients: Vec<&str> = clients.iter().map(|client| client.as_str()).collect();
        clients.sort_unstable();
        assert_eq!(clients, ["127.0.0.1", "::1"]);
        assert_eq!(file.is_from("127.0.0.1"), None);
    }
    let bob = find(&files, "bob.txt");
    assert_eq!(bob.client.as_deref(), Some("127.0.0.1"));
    assert_eq!(bob.is_from(r"\\127.0.0.?"), Some(true));
}

#[tokio::test]
async fn a_user_twice_on_one_client_is_on_that_client() {
    let samba = samba();
    let _one = samba.hold_file("alice", "a", "one.txt").expect("open");
    let _two = samba.hold_file("alice", "a", "two.txt").expect("open");
    let files = as_root(&samba)
        .await
        .files()
        .collect()
        .await
        .expect("files")
        .rows;
    assert_eq!(find(&files, "one.txt").client.as_deref(), Some("127.0.0.1"));
    assert_eq!(find(&files, "two.txt").client.as_deref(), Some("127.0.0.1"));
}

#[tokio::test]
async fn what_samba_lacks_is_refused_by_name() {
    let samba = samba();
    let server = as_root(&samba).await;
    let error = server
        .files()
        .level(FileLevel::L2)
        .collect()
        .await
        .expect_err("no level 2");
    assert_eq!(
        error.code().and_then(|code| code.name()),
        Some("ERROR_INVALID_LEVEL")
    );
    assert!(server.file(1).await.is_err(), "no NetrFileGetInfo");
    let bob = connect(&samba.address(), "bob", "b")
        .await
        .expect("bob signs in");
    let error = bob
        .files()
        .collect()
        .await
        .expect_err("bob is no administrator");
    assert_eq!(
        (error.step(), error.code().map(|code| code.number())),
        (Step::Call, Some(5))
    );
    assert!(
        error
            .hint()
            .expect("a hint")
            .contains(r"Builtin\Administrators")
    );
}

#[tokio::test]
async fn what_samba_makes_up_of_connections_is_not_told() {
    let samba = samba();
    let _alice = samba.hold_file("alice", "a", "letter.txt").expect("open");
    let _bob = samba.hold_session("bob", "b").expect("connected");
    let server = as_root(&samba).await;
    let connections = server
        .connections_to("data")
        .collect()
        .await
        .expect("connections")
        .rows;
    assert_eq!(connections.len(), 2, "{connections:?}");
    for connection in &connections {
        assert!(connection.made_up);
        assert_eq!(
            (connection.id, connection.kind, connection.users),
            (None, None, None)
        );
        assert_eq!(
            (connection.active, &connection.user, &connection.name),
            (None, &None, &None)
        );
    }
    // The files open through each are counted.
    let mut opens: Vec<_> = connections
        .iter()
        .map(|connection| connection.opens)
        .collect();
    opens.sort_unstable();
    assert!(opens[1] > Some(0), "{opens:?}");

    for client in ["127.0.0.1", r"\\192.0.2.77"] {
        for level in ConnectionLevel::LADDER {
            let query = server.connections_from(client).level(level);
            let error = query.collect().await.expect_err("made up");
            assert!(matches!(error.kind(), ErrorKind::MadeUp { .. }), "{error}");
            assert!(error.hint().is_some());
        }
    }
    let error = server
        .connections_to("data")
        .user("alice")
        .collect()
        .await
        .expect_err("made up");
    assert!(matches!(error.kind(), ErrorKind::MadeUp { .. }), "{error}");
    let error = server.connections_to("nosuch").collect().await;
    assert!(error.is_err(), "{error:?}");
    let bob = connect(&samba.address(), "bob", "b")
        .await
        .expect("bob signs in");
    let error = bob
        .connections_to("data")
        .collect()
        .await
        .expect_err("not bob");
    assert_eq!(error.code().map(|code| code.number()), Some(5));
}

fn find<'a>(files: &'a [OpenFile], name: &str) -> &'a OpenFile {
    let is_it = |file: &&OpenFile| {
        file.path
            .as_deref()
            .is_some_and(|path| path.ends_with(name))
    };
    files
        .iter()
        .find(is_it)
        .unwrap_or_else(|| panic!("{name} in {files:?}"))
}

fn open_to_all(samba: &Samba, folder: &str) {
    use std::os::unix::fs::PermissionsExt as _;
    let path = samba.share_folder("data").join(folder);
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o777)).expect("allowed");
}
