//! Open files as Samba does not tell them: level 2, pages, the base path,
//! files by client, ids and permissions of every kind. An RPC endpoint of our
//! own stands behind a real smbd.

mod common;

use common::{at, endpoint};
use smbwho::{ClientBasis, Code, ErrorKind, FileLevel, Name, OpenFile, Place, Server, Win32Status};
use smbwho_testkit::{
    ByClient, Endpoint, FileService, LabFile, LabSession, SessionRequest, SessionService,
};

const ACCESS_DENIED: u32 = 5;

/// Alice on ws1; bob on ws1 and ws2.
fn sessions() -> SessionService {
    SessionService::new(vec![
        LabSession::new(r"\\ws1", "alice"),
        LabSession::new(r"\\ws1", "bob"),
        LabSession::new(r"\\ws2", "Bob"),
    ])
}

fn files() -> Vec<LabFile> {
    vec![
        LabFile::new(1, r"D:\data\a.txt", "alice", "ws1"),
        LabFile::new(2, r"D:\data\b.txt", "bob", "ws1"),
        LabFile::new(3, r"D:\data\dir\c.txt", "BOB", "ws2"),
        LabFile::new(4, r"D:\database\d.txt", "carol", "ws3"),
    ]
}

fn windows() -> FileService {
    FileService::new(files(), sessions()).share("Data", r"D:\data")
}

async fn serving(service: FileService) -> (Endpoint, Server) {
    let endpoint = endpoint().serve_files(service).expect("an endpoint");
    let server = at(&endpoint).await;
    (endpoint, server)
}

fn ids(files: &[OpenFile]) -> Vec<u32> {
    files
        .iter()
        .map(|file| file.id.expect("a number"))
        .collect()
}

fn clients(files: &[OpenFile]) -> Vec<Option<&str>> {
    files.iter().map(|file| file.client.as_deref()).collect()
}

async fn all(server: &Server) -> Vec<OpenFile> {
    let files = server.files().collect().await.expect("files");
    files.complete().expect("all")
}

#[tokio::test]
async fn a_server_that_lists_by_client_tells_where_from() {
    let (endpoint, server) = serving(windows()).await;
    let files = all(&server).await;
    assert_eq!(ids(&files), [1, 2, 3, 4]);
    assert_eq!(
        clients(&files),
        [Some("ws1"), Some("ws1"), Some("ws2"), None]
    );
    let basis: Vec<_> = files.iter().map(|file| file.client_basis.clone()).collect();
    let expected = [
        ClientBasis::Sessions,
        ClientBasis::Server,
        ClientBasis::Server,
        ClientBasis::NoSession,
    ];
    assert_eq!(basis, expected);
    // The list, one client that cannot exist, and those of bob: no more.
    let users: Vec<_> = endpoint
        .file_requests()
        .into_iter()
        .map(|asked| asked.user)
        .collect();
    assert_eq!(users.len(), 4, "{users:?}");
    assert_eq!(users[1].as_deref(), Some(r"\\no-such-client.invalid"));
}

#[tokio::test]
async fn nobody_is_guessed_where_the_server_does_not_list_by_client() {
    for by_client in [ByClient::TakenForUser, ByClient::Ignored] {
        let (_endpoint, server) = serving(windows().by_client(by_client)).await;
        let files = all(&server).await;
        assert_eq!(
            clients(&files),
            [Some("ws1"), None, None, None],
            "{by_client:?}"
        );
        let of_bob = ClientBasis::Ambiguous(["ws1", "ws2"].map(Name::from).into());
        assert_eq!(files[1].client_basis, of_bob, "{by_client:?}");
        assert_eq!(files[2].client_basis, of_bob, "{by_client:?}");
        // What is not known to be from there is not from there.
        let query = server.files().client(r"\\WS1");
        assert_eq!(ids(&query.collect().await.expect("files").rows), [1]);
    }
}

#[tokio::test]
async fn an_id_that_two_clients_have_tells_nothing() {
    let twice = [
        LabFile::new(7, r"D:\x", "bob", "ws1"),
        LabFile::new(7, r"D:\x", "bob", "ws2"),
        LabFile::new(7, r"D:\y", "bob", "ws2"),
    ];
    let (_endpoint, server) = serving(FileService::new(twice.to_vec(), sessions())).await;
    assert_eq!(clients(&all(&server).await), [None, None, Some("ws2")]);
}

#[tokio::test]
async fn without_sessions_no_client_is_known() {
    let refusing = [502, 2, 1, 10, 0].into_iter();
    let sessions = refusing.fold(sessions(), |sessions, level| {
        sessions.refuse(level, ACCESS_DENIED)
    });
    let (_endpoint, server) = serving(FileService::new(files(), sessions)).await;
    let files = all(&server).await;
    assert_eq!(clients(&files), [None; 4]);
    let denied = Code::Win32(Win32Status::ERROR_ACCESS_DENIED);
    assert_eq!(
        files[0].client_basis,
        ClientBasis::SessionsNotTold(Some(denied))
    );

    let nameless = SessionService::numbered(3).only_levels(&[0]);
    let (_endpoint, server) = serving(FileService::new(self::files(), nameless)).await;
    assert_eq!(
        all(&server).await[0].client_basis,
        ClientBasis::SessionsNotTold(None)
    );
}

/// Some servers take one pipe of an interface at a time, and hang at a second.
#[tokio::test]
async fn files_and_the_sessions_that_tell_their_clients_share_a_pipe() {
    let (endpoint, server) = serving(windows()).await;
    let files = server.files().user("alice").collect().await;
    assert!(!files.expect("files").rows.is_empty());
    let requests = endpoint.requests();
    let asked: Vec<u16> = requests.iter().map(|request| request.opnum).collect();
    const FILE_ENUM: u16 = 9;
    assert!(
        asked.contains(&FILE_ENUM) && asked.contains(&SessionRequest::OPNUM),
        "{asked:?}"
    );
    let pipes = requests.iter().map(|request| request.connection).max();
    assert_eq!(pipes, Some(0), "{requests:?}");
}

#[tokio::test]
async fn clients_are_not_looked_for_where_nobody_wants_them() {
    let (endpoint, server) = serving(windows()).await;
    let files = server
        .files()
        .with_clients(false)
        .collect()
        .await
        .expect("files")
        .rows;
    assert_eq!(clients(&files), [None; 4]);
    assert_eq!(files[0].client_basis, ClientBasis::Unasked);
    assert_eq!(endpoint.requests().len(), 1);
}

#[tokio::test]
async fn level_2_tells_ids() {
    let (endpoint, server) = serving(windows().refuse(3, 124)).await;
    let files = all(&server).await;
    assert_eq!(ids(&files), [1, 2, 3, 4]);
    for file in &files {
        assert_eq!(*file, OpenFile::unknown(file.id, FileLevel::L2));
    }
    let levels: Vec<u32> = endpoint
        .file_requests()
        .iter()
        .map(|asked| asked.level)
        .collect();
    assert_eq!(levels, [3, 2]);

    // What it does not tell, nobody can choose by.
    assert!(server.files().user("bob").collect().await.is_err());
    for query in [server.files().user("bob"), server.files().client("ws1")] {
        let error = query
            .level(FileLevel::L2)
            .collect()
            .await
            .expect_err("not told");
        assert!(
            matches!(error.kind(), ErrorKind::LevelTellsNot { level: 2, .. }),
            "{error}"
        );
        assert!(error.hint().is_some());
    }
}

#[tokio::test]
async fn ids_and_permissions_keep_every_bit() {
    let file = LabFile {
        permissions: 0x0800_0281,
        locks: u32::MAX,
        ..LabFile::new(0xffff_fffe, r"D:\x", "alice", "ws1")
    };
    let (_endpoint, server) = serving(FileService::new(vec![file], sessions())).await;
    let [file] = &all(&server).await[..] else {
        panic!("one file")
    };
    assert_eq!(file.id, Some(4_294_967_294));
    assert_eq!(file.locks, Some(u32::MAX));
    let permissions = file.permissions.expect("told");
    assert_eq!(permissions.names().collect::<Vec<_>>(), ["read"]);
    assert_eq!(permissions.unnamed(), 0x0800_0200);
    let one = server
        .file(0xffff_fffe)
        .await
        .expect("an answer")
        .expect("it is open");
    assert_eq!(
        (one.id, one.path.as_deref()),
        (Some(0xffff_fffe), Some(r"D:\x"))
    );
    assert_eq!(one.permissions, Some(permissions));
}

#[tokio::test]
async fn one_file_by_its_id() {
    let (_endpoint, server) = serving(windows()).await;
    let file = server
        .file(3)
        .await
        .expect("an answer")
        .expect("it is open");
    assert_eq!(
        (file.user.as_deref(), file.level),
        (Some("BOB"), Some(FileLevel::L3))
    );
    assert_eq!(server.file(99).await.expect("an answer"), None);
    let (_endpoint, server) = serving(windows().refuse(3, 124)).await;
    let file = server
        .file(3)
        .await
        .expect("an answer")
        .expect("it is open");
    assert_eq!((file.id, file.level), (Some(3), Some(FileLevel::L2)));
    let (_endpoint, server) = serving(windows().refuse(3, 5).refuse(2, 5)).await;
    let error = server.file(3).await.expect_err("refused");
    assert_eq!(error.code().map(|code| code.number()), Some(5));
}

#[tokio::test]
async fn pages_are_followed_to_the_last() {
    let many = (0..1000).map(|id| LabFile::new(id, r"D:\x", "alice", "ws1"));
    let service = FileService::new(many.collect(), sessions()).page(64);
    let (endpoint, server) = serving(service).await;
    let files = all(&server).await;
    assert_eq!(ids(&files), (0..1000).collect::<Vec<u32>>());
    assert!(
        files
            .iter()
            .all(|file| file.client.as_deref() == Some("ws1"))
    );
    assert_eq!(endpoint.file_requests().len(), 16);
    let sessions = endpoint.session_requests();
    let sessions: Vec<u32> = sessions.iter().map(|asked| asked.level).collect();
    let richest = sessions.iter().filter(|level| **level == 502).count();
    assert_eq!(richest, 1, "the sessions are asked for once: {sessions:?}");
}

#[tokio::test]
async fn no_user_is_left_to_a_server_that_compares_letter_by_letter() {
    let (endpoint, server) = serving(windows()).await;
    let query = server.files().user("bob").with_clients(false);
    assert_eq!(ids(&query.collect().await.expect("files").rows), [2, 3]);
    let query = server.files().user("?o?").with_clients(false);
    assert_eq!(ids(&query.collect().await.expect("files").rows), [2, 3]);
    let query = server.files().user(r"\\ws1").with_clients(false);
    assert_eq!(ids(&query.collect().await.expect("files").rows), [0; 0]);
    let query = server.files().id(4).with_clients(false);
    assert_eq!(ids(&query.collect().await.expect("files").rows), [4]);
    let users: Vec<_> = endpoint
        .file_requests()
        .into_iter()
        .map(|asked| asked.user)
        .collect();
    assert_eq!(users, [None, None, None, None]);
}

#[tokio::test]
async fn a_base_path_is_sent_and_holds_whatever_comes_of_it() {
    for service in [windows(), windows().ignore_base_path()] {
        let (endpoint, server) = serving(service).await;
        let query = server.files().base_path(r"D:\data").with_clients(false);
        // As a path, not as text: D:\database begins otherwise.
        assert_eq!(ids(&query.collect().await.expect("files").rows), [1, 2, 3]);
        let sent = endpoint.file_requests().pop().expect("a request").base_path;
        assert_eq!(sent.as_deref(), Some(r"D:\data"));
    }
    // A server that compares letter by letter finds nothing: then everything
    // is asked for.
    let (endpoint, server) = serving(windows()).await;
    let query = server.files().base_path(r"d:\DATA").with_clients(false);
    assert_eq!(
        ids(&query.clone().collect().await.expect("files").rows),
        [1, 2, 3]
    );
    let sent: Vec<_> = endpoint
        .file_requests()
        .into_iter()
        .map(|asked| asked.base_path)
        .collect();
    assert_eq!(sent, [Some(r"d:\DATA".to_owned()), None]);
    let pages: Vec<_> = futures::StreamExt::collect(query.pages()).await;
    let rows: Vec<OpenFile> = pages
        .into_iter()
        .flat_map(|page| page.expect("a page").rows)
        .collect();
    assert_eq!(ids(&rows), [1, 2, 3]);
}

#[tokio::test]
async fn a_path_in_a_share_is_found_where_the_share_lies() {
    let (endpoint, server) = serving(windows()).await;
    for (path, expected) in [
        ("", vec![1, 2, 3]),
        ("DIR", vec![3]),
        ("dir/c.txt", vec![3]),
        ("*.txt", vec![1, 2]),
        ("nothing", vec![]),
    ] {
        let place = server.locate("DATA", path).await.expect("a place");
        assert_eq!(
            place.share_path().map(|path| path.as_str()),
            Some(r"D:\data")
        );
        let query = server.files().place(place).with_clients(false);
        assert_eq!(
            ids(&query.collect().await.expect("files").rows),
            expected,
            "{path}"
        );
    }
    assert_eq!(
        endpoint.file_requests()[0].base_path.as_deref(),
        Some(r"D:\data")
    );
    let error = server
        .locate("nosuch", "x")
        .await
        .expect_err("no such share");
    assert_eq!(
        error.code().and_then(|code| code.name()),
        Some("NERR_NetNameNotFound")
    );
    let local = Place::local(r"d:/DATABASE").expect("a place");
    let query = server.files().place(local).with_clients(false);
    assert_eq!(ids(&query.collect().await.expect("files").rows), [4]);
}

#[tokio::test]
async fn a_share_that_nobody_may_look_at_is_told_of() {
    let (_endpoint, server) = serving(windows().refuse_shares(ACCESS_DENIED)).await;
    let place = server.locate("data", r"dir\c.txt").await.expect("a place");
    assert!(!place.is_anchored() && place.share_path().is_none());
    let denied = Code::Win32(Win32Status::ERROR_ACCESS_DENIED);
    assert_eq!(place.unknown_share(), Some(denied));
    let query = server.files().place(place).with_clients(false);
    assert_eq!(ids(&query.collect().await.expect("files").rows), [3]);
    let error = server
        .locate("data", "")
        .await
        .expect_err("nothing to look for");
    assert!(matches!(error.kind(), ErrorKind::Refused { .. }), "{error}");

    // A share whose path depends on who looks.
    let (_endpoint, server) = serving(windows().share("homes", r"C:\home\%U")).await;
    let place = server.locate("homes", "c.txt").await.expect("a place");
    assert!(!place.is_anchored());
}

#[tokio::test]
async fn hostile_paths_survive() {
    let wide = |text: &str| Some(text.encode_utf16().collect::<Vec<u16>>());
    let paths = [
        wide(""),
        wide("\u{202e}evil\u{1b}[31m\r\n"),
        Some(vec![0x5c, 0xd800, 0x5c]),
        wide(&r"\".repeat(5000)),
        wide(&"x\\".repeat(5000)),
        None,
    ];
    let files = (0..).zip(&paths).map(|(id, path)| LabFile {
        path: path.clone(),
        user: path.clone(),
        ..LabFile::new(id, "", "", "ws1")
    });
    let (_endpoint, server) = serving(FileService::new(files.collect(), sessions())).await;
    let files = all(&server).await;
    for (file, path) in files.iter().zip(&paths) {
        assert_eq!(file.path.as_ref().map(Name::to_utf16), *path);
        assert_eq!(file.user.as_ref().map(Name::to_utf16), *path);
    }
    assert_eq!(files.len(), paths.len());
    let place = Place::local("x*/*x").expect("a place");
    let query = server.files().place(place).with_clients(false);
    assert_eq!(ids(&query.collect().await.expect("files").rows), [4]);
}
