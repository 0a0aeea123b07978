//! From where files are open, on servers with many clients: what is asked, how often, and what
//! comes of it where calls in flight fail. Counted at an endpoint of our own behind a real smbd.

mod common;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use common::{at, connect, endpoint, impatient};
use smbwho::{ClientBasis, Name, OpenFile, Server};
use smbwho_testkit::{
    Action, ByClient, Endpoint, FileRequest, FileService, LabFile, LabSession, LockstepLine,
    Request, SessionService,
};

const NOBODY: &str = r"\\no-such-client.invalid";
const OP_RNG_ERROR: u32 = 0x1c01_0002;

fn session(user: &str, client: &str, opens: u32) -> LabSession {
    LabSession {
        opens,
        ..LabSession::new(&format!(r"\\{client}"), user)
    }
}

/// One account on so many clients, with two files open from each.
fn one_account(clients: u32) -> (Vec<LabFile>, Vec<LabSession>) {
    let name = |client: u32| format!("ws{client:04}");
    let files = (0..2 * clients)
        .map(|id| LabFile::new(id, &format!(r"D:\data\f{id}.dat"), "svc", &name(id / 2)));
    let sessions = (0..clients).map(|client| session("svc", &name(client), 2));
    (files.collect(), sessions.collect())
}

/// Users with so many clients each, and one file open from each.
fn users(users: u32, clients: u32) -> FileService {
    let all = 0..users * clients;
    let user = |number: u32| format!("user{:03}", number / clients);
    let client = |number: u32| format!("ws{number:04}");
    let files = all.clone().map(|number| {
        let path = format!(r"D:\data\f{number}.dat");
        LabFile::new(number, &path, &user(number), &client(number))
    });
    let sessions = all
        .clone()
        .map(|number| session(&user(number), &client(number), 1));
    FileService::new(files.collect(), SessionService::new(sessions.collect()))
}

async fn all(server: &Server) -> Vec<OpenFile> {
    let files = server.files().collect().await.expect("files");
    files.complete().expect("all")
}

fn clients(files: &[OpenFile]) -> Vec<Option<&str>> {
    files.iter().map(|file| file.client.as_deref()).collect()
}

/// In whose place the files were asked for.
fn asked_for(endpoint: &Endpoint) -> Vec<Option<String>> {
    let requests = endpoint.file_requests().into_iter();
    requests.map(|request| request.user).collect()
}

/// Whether a call asks for the files of this client.
fn is_for(request: &Request, client: &str) -> bool {
    let asked = FileRequest::decode(request).and_then(|asked| asked.user);
    asked.is_some_and(|asked| asked == format!(r"\\{client}"))
}

#[tokio::test]
async fn samba_is_known_by_the_levels_it_lacks_and_not_asked_by_client() {
    let (files, sessions) = one_account(300);
    let sessions = SessionService::new(sessions).only_levels(&[0, 1]);
    let service = FileService::new(files, sessions).by_client(ByClient::TakenForUser);
    let endpoint = endpoint().serve_files(service).expect("an endpoint");
    let server = at(&endpoint).await;
    for lists in 1..=2 {
        let files = all(&server).await;
        assert_eq!(asked_for(&endpoint), vec![None; lists]);
        // Every row knows all of the clients, and all rows of one list of them.
        let lists: Vec<&Arc<[Name]>> = files
            .iter()
            .map(|file| match &file.client_basis {
                ClientBasis::Ambiguous(clients) => clients,
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!((lists.len(), lists[0].len()), (600, 300));
        assert!(lists.iter().all(|list| Arc::ptr_eq(list, lists[0])));
    }
    let levels: Vec<u32> = endpoint
        .session_requests()
        .iter()
        .map(|r| r.level)
        .collect();
    assert_eq!(levels, [502, 2, 1, 1]);
}

#[tokio::test]
async fn every_client_is_asked_for_once_and_all_in_flight_together() {
    let endpoint = endpoint().serve_files(users(10, 20)).expect("an endpoint");
    let line = LockstepLine::to(endpoint.samba().address()).expect("a line");
    let server = connect(&line.address(), Endpoint::USER, Endpoint::PASSWORD).await;
    let server = server.expect("signs in");
    let files = all(&server).await;
    assert!(files.iter().all(|file| file.client.is_some()), "{files:?}");
    let mut asked: Vec<_> = asked_for(&endpoint);
    assert_eq!((asked.len(), asked[1].as_deref()), (202, Some(NOBODY)));
    asked.sort();
    asked.dedup();
    assert_eq!(asked.len(), 202, "each once");
    // Connecting and signing in, the list, nobody, a first user, all others: each flight holds
    // as many calls as may be in flight.
    let flights = line.flights();
    assert!(flights.len() < 30, "{}: {flights:?}", flights.len());
}

#[tokio::test]
async fn clients_with_nothing_open_are_not_asked_for() {
    let files = vec![
        LabFile::new(1, r"D:\a", "bob", "ws1"),
        LabFile::new(2, r"D:\b", "bob", "ws3"),
    ];
    let of_bob = [("ws1", 1), ("ws2", 0), ("ws3", 1)];
    let sessions = of_bob.map(|(client, opens)| session("bob", client, opens));
    let service = FileService::new(files.clone(), SessionService::new(sessions.to_vec()));
    let endpoint = common::endpoint()
        .serve_files(service)
        .expect("an endpoint");
    assert_eq!(
        clients(&all(&at(&endpoint).await).await),
        [Some("ws1"), Some("ws3")]
    );
    let asked: Vec<_> = asked_for(&endpoint).into_iter().flatten().collect();
    assert_eq!(asked, [NOBODY, r"\\ws1", r"\\ws3"]);

    // Of less than is listed no server that counts would speak.
    let sessions = of_bob.map(|(client, _)| session("bob", client, 0));
    let service = FileService::new(files, SessionService::new(sessions.to_vec()));
    let endpoint = common::endpoint()
        .serve_files(service)
        .expect("an endpoint");
    assert_eq!(
        clients(&all(&at(&endpoint).await).await),
        [Some("ws1"), Some("ws3")]
    );
    assert_eq!(asked_for(&endpoint).len(), 5);
}

#[tokio::test]
async fn an_account_on_many_clients_shows_soon_that_a_server_does_not_list_by_client() {
    let (files, sessions) = one_account(200);
    let service = FileService::new(files, SessionService::new(sessions));
    let service = service.by_client(ByClient::TakenForUser);
    let endpoint = endpoint().serve_files(service).expect("an endpoint");
    let files = all(&at(&endpoint).await).await;
    assert!(files.iter().all(|file| file.client.is_none()));
    // The list, nobody, and some clients from which files certainly are open.
    assert_eq!(asked_for(&endpoint).len(), 34);
}

/// Of 40 clients one is refused in the middle of the calls in flight, or breaks the pipe each
/// time: of the others everything is known.
#[tokio::test]
async fn what_is_wrong_with_one_client_is_wrong_with_it_alone() {
    for action in [Action::Fault(OP_RNG_ERROR), Action::Drop] {
        let service = users(2, 20);
        let wrong = action.clone();
        let endpoint = endpoint().start(move |request| match is_for(request, "ws0027") {
            true => wrong.clone(),
            false => service.answer(request),
        });
        let endpoint = endpoint.expect("an endpoint");
        let files = all(&at(&endpoint).await).await;
        let unknown: Vec<_> = files.iter().filter(|file| file.client.is_none()).collect();
        assert_eq!(unknown.len(), 1, "{action:?}: {unknown:?}");
        assert_eq!(unknown[0].id, Some(27));
        assert!(matches!(unknown[0].client_basis, ClientBasis::Ambiguous(_)));
    }
}

#[tokio::test]
async fn a_client_over_which_the_server_falls_silent_is_left_out() {
    let service = users(2, 4);
    let endpoint = endpoint().start(move |request| match is_for(request, "ws0006") {
        true => Action::Silence,
        false => service.answer(request),
    });
    let endpoint = endpoint.expect("an endpoint");
    let files = all(&impatient(&endpoint).await).await;
    let known = clients(&files).into_iter().flatten().count();
    assert_eq!((files.len(), known), (8, 7));
    assert_eq!(files[6].client, None);
}

#[tokio::test]
async fn a_server_that_breaks_every_pipe_is_given_up() {
    let service = users(2, 100);
    let endpoint = endpoint().start(move |request| {
        let asked = FileRequest::decode(request).and_then(|asked| asked.user);
        match asked.is_some_and(|asked| asked != NOBODY) {
            true => Action::Drop,
            false => service.answer(request),
        }
    });
    let endpoint = endpoint.expect("an endpoint");
    let files = all(&at(&endpoint).await).await;
    assert_eq!((files.len(), clients(&files)), (200, vec![None; 200]));
    let asked = asked_for(&endpoint).len();
    assert!(asked < 150, "{asked} of 202");
}

/// A server whose sessions age as the clock goes; `idle` says for how long each client was
/// idle when it began.
fn aging(idle: Vec<u32>, files: Arc<Mutex<Vec<LabFile>>>) -> impl Fn(&Request) -> Action {
    let began = Instant::now();
    move |request| {
        let passed = u32::try_from(began.elapsed().as_secs()).unwrap_or(u32::MAX / 2);
        let files = files.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let sessions = idle.iter().enumerate().map(|(number, idle)| LabSession {
            active_secs: 10_000 + passed,
            // Who did something just now is idle for no time.
            idle_secs: if *idle == 0 { 0 } else { idle + passed },
            ..session("bob", &format!("ws{number}"), 1)
        });
        let sessions = SessionService::new(sessions.collect());
        FileService::new(files, sessions).answer(request)
    }
}

#[tokio::test]
async fn what_was_listed_for_idle_clients_holds_the_next_time() {
    let on = |number: u32| LabFile::new(number, r"D:\x", "bob", &format!("ws{number}"));
    let files = Arc::new(Mutex::new((0..4).map(on).collect::<Vec<_>>()));
    let service = aging(vec![900, 0, 900, 900], Arc::clone(&files));
    let endpoint = endpoint().start(service).expect("an endpoint");
    let server = at(&endpoint).await;
    let expected = ["ws0", "ws1", "ws2", "ws3"].map(Some);
    assert_eq!(clients(&all(&server).await), expected);
    assert_eq!(asked_for(&endpoint).len(), 6);
    // The one that did something is asked for again, and nobody with it.
    assert_eq!(clients(&all(&server).await), expected);
    let asked = asked_for(&endpoint);
    let again: Vec<_> = asked[6..].iter().map(Option::as_deref).collect();
    assert_eq!(again, [None, Some(NOBODY), Some(r"\\ws1")]);
    // What it did: it closed its file and has another of the same name and number, as another
    // client had it.
    *files.lock().expect("the files") = vec![
        LabFile::new(0, r"D:\x", "bob", "ws1"),
        LabFile::new(2, r"D:\x", "bob", "ws2"),
    ];
    let moved = all(&server).await;
    assert_eq!(
        clients(&moved),
        [None, Some("ws2")],
        "listed for two by now: unknown"
    );
}

#[tokio::test]
async fn nothing_is_kept_of_sessions_that_are_not_idle() {
    let on = |number: u32, client: &str| LabFile::new(number, r"D:\x", "bob", client);
    let files = Arc::new(Mutex::new(vec![on(1, "ws0"), on(2, "ws1")]));
    let service = aging(vec![0, 0], Arc::clone(&files));
    let endpoint = endpoint().start(service).expect("an endpoint");
    let server = at(&endpoint).await;
    assert_eq!(clients(&all(&server).await), [Some("ws0"), Some("ws1")]);
    *files.lock().expect("the files") = vec![on(1, "ws1"), on(2, "ws0")];
    assert_eq!(clients(&all(&server).await), [Some("ws1"), Some("ws0")]);
}

/// What is behind a name may be another server the next time, which takes no client for a
/// filter: it lists everything for whoever is asked for.
#[tokio::test]
async fn what_was_learnt_of_another_server_says_nothing_of_this_one() {
    let file = LabFile::new(1, r"D:\x", "bob", "ws1");
    let sessions = || SessionService::new(vec![session("bob", "ws1", 1), session("bob", "ws2", 0)]);
    let first = FileService::new(vec![file.clone()], sessions());
    let second = FileService::new(vec![file], sessions()).by_client(ByClient::Ignored);
    let lists = AtomicUsize::new(0);
    let endpoint = endpoint().start(move |request| {
        let asked = FileRequest::decode(request);
        if asked.is_some_and(|asked| asked.user.is_none()) {
            lists.fetch_add(1, Ordering::SeqCst);
        }
        match lists.load(Ordering::SeqCst) {
            0 | 1 => first.answer(request),
            _ => second.answer(request),
        }
    });
    let endpoint = endpoint.expect("an endpoint");
    let server = at(&endpoint).await;
    assert_eq!(clients(&all(&server).await), [Some("ws1")]);
    assert_eq!(clients(&all(&server).await), [None]);
    assert_eq!(clients(&all(&server).await), [None]);
}
