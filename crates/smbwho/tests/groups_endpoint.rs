//! Groups of a server that answers as a test wants: pages of calls in flight with refusals,
//! faults and drops in the middle of them. An RPC endpoint of our own stands behind a real smbd.

#[path = "common/accounts.rs"]
mod accounts;
mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use accounts::{
    ACCESS_DENIED, Accounts, CLOSE, DISPLAY, ENUMERATE_ALIASES, ENUMERATE_GROUPS, LOOKUP_IDS,
    LOOKUP_NAMES, LOOKUP_SIDS, MEMBERS_OF_ALIAS, MEMBERS_OF_GROUP, OPEN_ALIAS, OPEN_GROUP,
    QUERY_ALIAS, QUERY_GROUP,
};
use common::{at, connect, endpoint};
use smbwho::{Error, ErrorKind, Group, Member, Rows, Scope};
use smbwho_testkit::{Action, Cut, CutLine, Direction, Endpoint, LockstepLine, Request};

/// As many as are opened at a time.
const AT_ONCE: usize = 128;

/// `nca_s_fault_ndr`
const FAULT: u32 = 0x1C01_0003;

/// What a test does in place of an answer, given how many calls of that opnum came before.
type Instead = dyn Fn(&Request, usize) -> Option<Action> + Send + Sync;

fn serving(
    accounts: Accounts,
    instead: impl Fn(&Request, usize) -> Option<Action> + Send + Sync + 'static,
) -> (Endpoint, Arc<Accounts>) {
    let accounts = Arc::new(accounts);
    let behind = Arc::clone(&accounts);
    let counts: Vec<AtomicUsize> = (0..70).map(|_| AtomicUsize::new(0)).collect();
    let instead: Box<Instead> = Box::new(instead);
    let endpoint = endpoint().pipe("samr").pipe("lsarpc");
    let endpoint = endpoint.start(move |request| {
        let before = counts[usize::from(request.opnum)].fetch_add(1, Ordering::SeqCst);
        instead(request, before).unwrap_or_else(|| behind.answer(request))
    });
    (endpoint.expect("an endpoint"), accounts)
}

fn asked(endpoint: &Endpoint, pipe: &str, opnum: u16) -> usize {
    let requests = endpoint.requests();
    let of = requests
        .iter()
        .filter(|r| r.pipe == pipe && r.opnum == opnum);
    of.count()
}

async fn groups_of(endpoint: &Endpoint) -> Result<Rows<Group>, Error> {
    at(endpoint).await.groups().collect().await
}

async fn members_of(endpoint: &Endpoint) -> Result<Rows<Member>, Error> {
    at(endpoint).await.groups().members().collect().await
}

fn describe(rows: &[Group]) -> Vec<(String, Option<String>)> {
    let rows = rows.iter();
    rows.map(|row| {
        let description = row.description.as_ref().map(ToString::to_string);
        (row.name.to_string(), description)
    })
    .collect()
}

/// A status in place of the reply to an open: a null handle and the status.
fn refused(status: u32) -> Action {
    let mut stub = vec![0; 20];
    stub.extend(status.to_le_bytes());
    Action::reply(stub)
}

#[tokio::test]
async fn a_page_is_opened_asked_and_closed_together() {
    let (endpoint, accounts) = serving(Accounts::numbered(300, 400), |_, _| None);
    let line = LockstepLine::to(endpoint.address()).expect("a line");
    let server = connect(&line.address(), Endpoint::USER, Endpoint::PASSWORD).await;
    let server = server.expect("signs in");
    let groups = server.groups().collect().await.expect("groups");
    assert_eq!(groups.rows.len(), 702);
    assert!(groups.rows.iter().all(|row| row.description.is_some()));
    assert!(groups.missing.is_none(), "{:?}", groups.missing);
    // Sign-in and pipe; four to the domains; a list with its fragments for each of three, two for
    // each page of those that are opened.
    let pages = |groups: usize| groups.div_ceil(AT_ONCE);
    let turns = 4 + 4 + 3 * 2 + 2 * (pages(2) + pages(300));
    assert!(line.round_trips() <= turns, "{:?}", line.flights());
    // Nothing is left open but the last page, for which the end of the pipe is enough.
    let opened = asked(&endpoint, "samr", OPEN_ALIAS);
    assert_eq!(opened, 302);
    assert_eq!(asked(&endpoint, "samr", CLOSE), 302 - 300 % AT_ONCE);
    let and_domains = 3;
    assert!(
        accounts.most_open() <= AT_ONCE + and_domains,
        "{}",
        accounts.most_open()
    );
}

#[tokio::test]
async fn members_take_turns_by_the_page() {
    let (endpoint, accounts) = serving(Accounts::numbered(100, 300), |_, _| None);
    let line = LockstepLine::to(endpoint.address()).expect("a line");
    let server = connect(&line.address(), Endpoint::USER, Endpoint::PASSWORD).await;
    let server = server.expect("signs in");
    let members = server.groups().members().collect().await.expect("members");
    assert_eq!(members.rows.len(), 1200);
    assert!(members.rows.iter().all(|row| {
        row.name.as_deref() == Some(format!("u{}", row.sid.rid().expect("an id")).as_str())
    }));
    let pages = |groups: usize| groups.div_ceil(AT_ONCE);
    let turns = 4 + 4 + 3 * 2 + 2 * (pages(2) + pages(100) + pages(300)) + 2;
    assert!(line.round_trips() <= turns, "{:?}", line.flights());
    assert!(
        accounts.most_open() <= AT_ONCE + 3,
        "{}",
        accounts.most_open()
    );
    // Names are asked for in parts that need no putting together.
    let requests = endpoint.requests();
    assert!(requests.iter().all(|request| request.fragments == 1));
    assert!(asked(&endpoint, "lsarpc", LOOKUP_SIDS) <= 302_usize.div_ceil(60) * 2);
}

/// Refused when opened and when asked; others of the page are told all the same.
#[tokio::test]
async fn one_group_of_a_page_refused() {
    let (endpoint, _) = serving(Accounts::numbered(5, 5), |request, before| {
        match (request.opnum, before) {
            // Two of Builtin come before.
            (OPEN_ALIAS, 3) | (OPEN_GROUP, 1) => Some(refused(ACCESS_DENIED)),
            _ => None,
        }
    });
    let groups = groups_of(&endpoint).await.expect("groups");
    let told = describe(&groups.rows);
    assert_eq!(told.len(), 12);
    assert_eq!(told[3], ("local 001".to_owned(), None));
    let others = told.iter().filter(|(name, _)| name != "local 001");
    assert!(
        others.clone().all(|(_, description)| description.is_some()),
        "{told:?}"
    );
    assert!(groups.missing.is_none(), "{:?}", groups.missing);

    // The count goes on: five more of Builtin and its own were opened.
    let (endpoint, _) = serving(Accounts::numbered(5, 5), |request, before| {
        match (request.opnum, before) {
            (OPEN_ALIAS, 3) | (OPEN_GROUP, 1) => Some(refused(ACCESS_DENIED)),
            _ => None,
        }
    });
    let members = members_of(&endpoint).await.expect("members");
    assert_eq!(members.rows.len(), 3 * 8);
    assert!(
        members
            .rows
            .iter()
            .all(|row| row.group != "local 001" && row.group != "Global 001")
    );
    let missing = members.missing.expect("said");
    let code = missing.code().expect("a code");
    assert_eq!(code.name(), Some("STATUS_ACCESS_DENIED"), "{missing}");
}

/// A fault, or what cannot be read, in the second of five calls in flight.
#[tokio::test]
async fn a_fault_in_the_middle_of_a_page() {
    for (instead, name) in [
        (Action::Fault(FAULT), "fault"),
        (Action::reply(vec![1, 2, 3]), "malformed"),
    ] {
        let (endpoint, _) = serving(Accounts::numbered(0, 5), move |request, before| {
            (request.opnum == MEMBERS_OF_GROUP && before == 1).then(|| instead.clone())
        });
        let members = members_of(&endpoint).await.expect("members");
        let mut groups: Vec<&str> = members.rows.iter().map(|row| row.group.as_str()).collect();
        groups.dedup();
        assert_eq!(
            groups,
            ["Global 000", "Global 002", "Global 003", "Global 004"],
            "{name}"
        );
        assert!(members.rows.iter().all(|row| row.name.is_some()));
        let missing = members.missing.expect("said");
        match missing.kind() {
            ErrorKind::Declined { call, .. } if name == "fault" => {
                assert_eq!(*call, "SamrGetMembersInGroup");
            }
            ErrorKind::Malformed { call, .. } if name == "malformed" => {
                assert_eq!(*call, "SamrGetMembersInGroup");
            }
            _ => panic!("{name}: {missing}"),
        }
        assert_eq!(asked(&endpoint, "samr", MEMBERS_OF_GROUP), 5, "{name}");
    }
}

/// A server that ends the pipe over several calls: what it did not answer is asked again over
/// another, one by one.
#[tokio::test]
async fn a_server_that_minds_several_calls_is_asked_one_by_one() {
    for (opnum, first) in [(OPEN_GROUP, 40), (MEMBERS_OF_GROUP, 40), (5, 1), (7, 1)] {
        let done = AtomicUsize::new(0);
        let (endpoint, accounts) = serving(Accounts::numbered(3, 100), move |request, before| {
            let now = request.pipe == "samr" && request.opnum == opnum && before == first;
            (now && done.fetch_add(1, Ordering::SeqCst) == 0).then_some(Action::Drop)
        });
        let members = members_of(&endpoint).await.expect("members");
        assert_eq!(members.rows.len(), 309, "{opnum}");
        assert!(members.missing.is_none(), "{:?}", members.missing);
        let twice = members.rows.iter().map(|row| (row.group_sid, row.sid));
        let mut twice: Vec<_> = twice.collect();
        twice.sort_unstable();
        twice.dedup();
        assert_eq!(twice.len(), 309, "none comes twice");
        assert!(accounts.most_open() <= AT_ONCE + 3);
    }
}

/// It ends the pipe over one group, alone as well: those before it are told, and that is said.
#[tokio::test]
async fn a_group_that_ends_every_pipe() {
    let accounts = Arc::new(Accounts::numbered(0, 100));
    let behind = Arc::clone(&accounts);
    let endpoint = endpoint()
        .pipe("samr")
        .pipe("lsarpc")
        .start(move |request| match behind.group_asked(request) {
            Some(5040) => Action::Drop,
            _ => behind.answer(request),
        });
    let endpoint = endpoint.expect("an endpoint");
    let members = members_of(&endpoint).await.expect("members");
    assert_eq!(members.rows.len(), 3 * 40);
    assert!(
        members.rows.iter().all(|row| row.name.is_some()),
        "the other pipe is good"
    );
    assert!(members.missing.is_some());
    let connections = endpoint.requests().into_iter();
    let connections = connections.filter(|request| request.opnum == MEMBERS_OF_GROUP);
    let last = connections.map(|request| request.connection).max();
    assert_eq!(last, Some(1), "once more, alone");
}

/// A server that never answers is not asked twice.
#[tokio::test]
async fn silence_in_the_middle_of_a_page() {
    let (endpoint, _) = serving(Accounts::numbered(0, 100), |request, before| {
        (request.opnum == MEMBERS_OF_GROUP && before == 40).then_some(Action::Silence)
    });
    let server = common::impatient(&endpoint).await;
    let members = server.groups().members().collect().await.expect("members");
    // Those behind it were answered; it is known whose answers these are.
    assert_eq!(members.rows.len(), 3 * 99);
    assert!(members.missing.is_some());
    assert_eq!(asked(&endpoint, "samr", MEMBERS_OF_GROUP), 100);
}

/// Wherever the connection ends, the rows that came before are told, in order, and that they are
/// not all.
#[tokio::test]
async fn the_connection_dropped_on_the_way() {
    let (endpoint, _) = serving(Accounts::numbered(100, 100), |_, _| None);
    let whole = groups_of(&endpoint).await.expect("groups").rows;
    let whole_members = members_of(&endpoint).await.expect("members").rows;
    let mut partial = 0;
    for bytes in (2_000..60_000).step_by(4_000) {
        let cut = |_| CutLine::to(endpoint.address(), Direction::ToClient, bytes, Cut::Close);
        let line = cut(()).expect("a line");
        let Ok(server) = connect(&line.address(), Endpoint::USER, Endpoint::PASSWORD).await else {
            continue;
        };
        match server.groups().collect().await {
            Ok(groups) => {
                let names = |rows: &[Group]| rows.iter().map(|row| row.sid).collect::<Vec<_>>();
                let came = names(&groups.rows);
                assert_eq!(came, names(&whole)[..came.len()]);
                assert_eq!(
                    groups.missing.is_none(),
                    came.len() == whole.len(),
                    "{bytes}"
                );
                partial += usize::from(groups.missing.is_some());
            }
            Err(error) => assert!(!error.is_refusal(), "{error}"),
        }
        let line = cut(()).expect("a line");
        let Ok(server) = connect(&line.address(), Endpoint::USER, Endpoint::PASSWORD).await else {
            continue;
        };
        if let Ok(members) = server.groups().members().collect().await {
            let whole: Vec<_> = whole_members
                .iter()
                .map(|row| (row.group_sid, row.sid))
                .collect();
            let came = members.rows.iter().map(|row| (row.group_sid, row.sid));
            assert!(came.clone().all(|row| whole.contains(&row)), "{bytes}");
            let all = came.count() == whole.len() && members.rows.iter().all(|r| r.name.is_some());
            assert_eq!(members.missing.is_none(), all, "{bytes}");
            partial += usize::from(members.missing.is_some());
        }
    }
    assert!(partial > 2, "{partial}");
}

/// Whatever is said or done in place of the groups with their descriptions leads to their names,
/// and each is asked for the rest.
#[tokio::test]
async fn groups_are_listed_by_name_where_they_are_not_described() {
    let mut entries_without_any = vec![0; 8];
    // Level 3, no entries, STATUS_MORE_ENTRIES.
    entries_without_any.extend([3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5, 1, 0, 0]);
    for (instead, name) in [
        (Action::Fault(FAULT), "fault"),
        (Action::Fault(0x1C01_0002), "unknown call"),
        (Action::reply(vec![1, 2, 3]), "malformed"),
        (Action::reply(entries_without_any), "nothing of more"),
        (Action::Drop, "dropped"),
    ] {
        let (endpoint, _) = serving(Accounts::numbered(2, 150), move |request, _| {
            (request.opnum == DISPLAY).then(|| instead.clone())
        });
        let server = at(&endpoint).await;
        let groups = server.groups().scope(Scope::Global).collect().await;
        let groups = groups.unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(groups.rows.len(), 150, "{name}");
        assert!(groups.missing.is_none(), "{name}: {:?}", groups.missing);
        assert_eq!(
            groups.rows[1].description.as_deref(),
            Some("group 5001"),
            "{name}"
        );
        assert!(
            groups.rows.iter().all(|row| row.attributes.is_some()),
            "{name}"
        );
        assert_eq!(asked(&endpoint, "samr", QUERY_GROUP), 150, "{name}");
    }
    // Both refused: what was said of the less.
    let (endpoint, _) = serving(Accounts::numbered(2, 150), |request, _| {
        match request.opnum {
            DISPLAY => Some(Action::Fault(FAULT)),
            ENUMERATE_GROUPS => Some(Action::Fault(5)),
            _ => None,
        }
    });
    let groups = groups_of(&endpoint).await.expect("the local ones");
    assert_eq!(groups.rows.len(), 4);
    let missing = groups.missing.expect("said");
    assert!(
        matches!(
            missing.kind(),
            ErrorKind::Declined {
                call: "SamrEnumerateGroupsInDomain",
                ..
            }
        ),
        "{missing}"
    );
}

/// An older server, or one that does not like the newer call.
#[tokio::test]
async fn the_older_connect_is_tried_whatever_comes_of_the_newer() {
    for instead in [Action::Fault(FAULT), Action::reply(vec![7]), Action::Drop] {
        let (endpoint, _) = serving(Accounts::numbered(1, 1), move |request, _| {
            (request.pipe == "samr" && request.opnum == 64).then(|| instead.clone())
        });
        groups_of(&endpoint)
            .await
            .expect_err("this server has no other");
        assert_eq!(asked(&endpoint, "samr", 57), 1);
    }
}

#[tokio::test]
async fn an_exact_name_is_looked_up_and_not_listed() {
    let (endpoint, _) = serving(Accounts::numbered(50, 50), |_, _| None);
    let server = at(&endpoint).await;
    let all = server.groups().collect().await.expect("groups").rows;
    let listed = asked(&endpoint, "samr", DISPLAY);
    let aliases = asked(&endpoint, "samr", ENUMERATE_ALIASES);
    for name in ["gLOBAL 007", "Local 007", "administrators", "no such group"] {
        let told = server.groups().name(name).collect().await.expect("groups");
        let same = all.iter().filter(|row| row.name.eq_ignore_ascii_case(name));
        assert_eq!(told.rows, same.cloned().collect::<Vec<_>>(), "{name}");
        assert!(told.missing.is_none(), "{:?}", told.missing);
        // The same by its members, and by scope.
        let members = server.groups().name(name).members().collect().await;
        let members = members.expect("members").rows.len();
        assert_eq!(members, if name.contains("007") { 3 } else { 0 }, "{name}");
        for scope in [Scope::Local, Scope::Global] {
            let told = server.groups().scope(scope).name(name).collect().await;
            let same = all.iter().filter(|row| row.name.eq_ignore_ascii_case(name));
            let same = same.filter(|row| row.scope == scope).count();
            assert_eq!(told.expect("groups").rows.len(), same, "{name} {scope}");
        }
    }
    assert_eq!(
        asked(&endpoint, "samr", DISPLAY),
        listed,
        "nothing is listed"
    );
    // But Builtin, each time with local groups.
    assert_eq!(asked(&endpoint, "samr", ENUMERATE_ALIASES), aliases + 4 * 3);
    // With a wildcard it is.
    let told = server.groups().name("global 0?7").collect().await;
    assert_eq!(told.expect("groups").rows.len(), 5);
    assert_eq!(asked(&endpoint, "samr", DISPLAY), listed + 1);
}

/// Wherever looking a name up fails, or what it finds is not clearly a group, the lists say what
/// there is.
#[tokio::test]
async fn a_name_that_cannot_be_looked_up_is_listed() {
    let found = |kind: u8| {
        // Count, pointer, count and number, for rid and kind; success.
        let mut stub = Vec::new();
        for number in [5007_u32, u32::from(kind)] {
            stub.extend(1_u32.to_le_bytes());
            stub.extend(0x0002_0000_u32.to_le_bytes());
            stub.extend(1_u32.to_le_bytes());
            stub.extend(number.to_le_bytes());
        }
        stub.extend([0; 4]);
        Action::reply(stub)
    };
    for (opnum, instead, name) in [
        (LOOKUP_NAMES, Action::Fault(FAULT), "fault"),
        (LOOKUP_NAMES, Action::Fault(5), "denied"),
        (LOOKUP_NAMES, Action::reply(vec![1]), "malformed"),
        (LOOKUP_NAMES, Action::Drop, "dropped"),
        (LOOKUP_NAMES, found(1), "a user of that name"),
        // The list says that it is a global one.
        (LOOKUP_NAMES, found(4), "another kind"),
        (LOOKUP_IDS, Action::Fault(FAULT), "no name"),
        (
            LOOKUP_IDS,
            Action::reply(vec![1]),
            "a name that cannot be read",
        ),
        (LOOKUP_IDS, Action::Drop, "dropped at its name"),
    ] {
        let (endpoint, _) = serving(Accounts::numbered(50, 50), move |request, _| {
            (request.opnum == opnum).then(|| instead.clone())
        });
        let server = at(&endpoint).await;
        let told = server.groups().name("GLOBAL 007").collect().await;
        let told = told.unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(
            describe(&told.rows),
            [("Global 007".to_owned(), Some("group 5007".to_owned()))],
            "{name}"
        );
        assert!(told.missing.is_none(), "{name}: {:?}", told.missing);
        assert_eq!(asked(&endpoint, "samr", DISPLAY), 1, "{name}");
        let members = server.groups().name("GLOBAL 007").members().collect().await;
        let members = members.unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(members.rows.len(), 3, "{name}");
    }
    // Servers do not agree on the lower case of such letters.
    let mut accounts = Accounts::numbered(1, 1);
    accounts.groups[0].1 = "DOMÄNEN-\u{212a}".to_owned();
    let (endpoint, _) = serving(accounts, |request, _| {
        (request.opnum == LOOKUP_NAMES).then(|| {
            let mut stub = Vec::new();
            for number in [0_u32, 8] {
                stub.extend(1_u32.to_le_bytes());
                stub.extend(0x0002_0000_u32.to_le_bytes());
                stub.extend(1_u32.to_le_bytes());
                stub.extend(number.to_le_bytes());
            }
            stub.extend(0xC000_0073_u32.to_le_bytes());
            Action::reply(stub)
        })
    });
    let told = at(&endpoint)
        .await
        .groups()
        .name("domänen-k")
        .collect()
        .await;
    assert_eq!(told.expect("groups").rows.len(), 1);
}

/// Some names refused: the others have theirs.
#[tokio::test]
async fn names_refused_in_the_middle() {
    let (endpoint, _) = serving(Accounts::numbered(0, 300), |request, before| {
        let now = request.pipe == "lsarpc" && request.opnum == LOOKUP_SIDS && before == 2;
        now.then_some(Action::Fault(5))
    });
    let members = members_of(&endpoint).await.expect("members");
    assert_eq!(members.rows.len(), 900);
    let named = members.rows.iter().filter(|row| row.name.is_some()).count();
    assert!((700..900).contains(&named), "{named}");
    assert!(members.missing.expect("said").is_refusal());
    // The whole pipe: they are asked for again.
    let (endpoint, _) = serving(Accounts::numbered(0, 300), |request, before| {
        let now = request.pipe == "lsarpc" && request.opnum == LOOKUP_SIDS && before == 2;
        now.then_some(Action::Drop)
    });
    let members = members_of(&endpoint).await.expect("members");
    assert!(members.rows.iter().all(|row| row.name.is_some()));
    assert!(members.missing.is_none(), "{:?}", members.missing);
}

#[tokio::test]
async fn queries_of_local_groups_fail_alone() {
    let (endpoint, _) = serving(Accounts::numbered(150, 0), |request, before| {
        match (request.opnum, before) {
            (QUERY_ALIAS, 100) => Some(Action::Fault(FAULT)),
            (MEMBERS_OF_ALIAS, 100) => Some(Action::reply(vec![1])),
            _ => None,
        }
    });
    let groups = groups_of(&endpoint).await.expect("groups");
    assert!(groups.missing.is_none(), "{:?}", groups.missing);
    let described = groups.rows.iter().filter(|row| row.description.is_some());
    assert_eq!((described.count(), groups.rows.len()), (151, 152));
    let members = members_of(&endpoint).await.expect("members");
    assert_eq!(members.rows.len(), 3 * 149);
    assert!(members.missing.is_some());
}
