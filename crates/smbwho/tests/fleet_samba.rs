//! Many servers at once, some of which are none, beside real smbds.

use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::pin::pin;
use std::time::Duration;

use futures::{StreamExt as _, stream};
use smbwho::{
    Address, ConnectOptions, Error, ErrorKind, Event, Fleet, Login, Page, Secret, Server, Session,
    SmbErrorKind, Step,
};
use smbwho_testkit::{Cut, CutLine, Direction, Samba, Stranger};

const ADMIN: &str = "adm-secret";

fn lab(addresses: u16) -> Samba {
    let samba = Samba::builder().admin("root", ADMIN).addresses(addresses);
    samba.start().expect("a Samba")
}

fn hosts(samba: &Samba, count: u8) -> Vec<Address> {
    let address = |last| format!("127.0.0.{last}:{}", samba.port());
    (1..=count)
        .map(|last| address(last).parse().expect("an address"))
        .collect()
}

fn login(password: &str) -> Login {
    Login::ntlm("", "root", Secret::new(password))
}

/// What came of each server: its rows, its errors, and that it was done.
#[derive(Debug, Default)]
struct Came {
    rows: usize,
    errors: Vec<Error>,
    done: usize,
}

async fn sessions(fleet: &Fleet, servers: Vec<Address>) -> HashMap<usize, Came> {
    let events = fleet.ask(servers, |server| server.sessions().pages());
    let mut came: HashMap<usize, Came> = HashMap::new();
    let mut events = pin!(events);
    while let Some((number, event)) = events.next().await {
        let of_server = came.entry(number).or_default();
        assert_eq!(of_server.done, 0, "nothing comes after the end");
        match event {
            Event::Page(page) => of_server.rows += page.rows.len(),
            Event::Failed(error) => of_server.errors.push(*error),
            Event::Done => of_server.done += 1,
        }
    }
    assert!(came.values().all(|came| came.done == 1));
    came
}

fn smb(error: &Error) -> &SmbErrorKind {
    match error.kind() {
        ErrorKind::Smb(error) => &error.kind,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn one_bad_server_harms_no_other() {
    let samba = lab(8);
    let closes = Stranger::closes().expect("a port");
    let mut servers = hosts(&samba, 8);
    servers.insert(3, closes.address().parse().expect("an address"));
    let fleet = Fleet::new(login(ADMIN)).jobs(NonZeroUsize::new(4).expect("not 0"));
    let came = sessions(&fleet, servers).await;
    assert_eq!(came.len(), 9);
    for (number, came) in came {
        assert_eq!(
            (came.rows > 0, came.errors.len()),
            (number != 3, usize::from(number == 3))
        );
    }
}

/// Of forty servers side by side only as many may see a wrong password as are
/// allowed to; the real server locks the account at five and says how it was.
#[tokio::test]
async fn a_wrong_password_on_forty_servers_does_not_lock_the_account() {
    let samba = lab(40);
    lock_after(&samba, "5");
    let servers = || hosts(&samba, 40);

    let fleet = Fleet::new(login("wrong"));
    let came = sessions(&fleet, servers()).await;
    let errors: Vec<&SmbErrorKind> = came
        .values()
        .flat_map(|came| came.errors.iter().map(smb))
        .collect();
    let count = |kind: &SmbErrorKind| errors.iter().filter(|&&error| error == kind).count();
    assert_eq!(
        (
            errors.len(),
            count(&SmbErrorKind::LogonFailure),
            count(&SmbErrorKind::HeldBack {
                refused: 3,
                unanswered: 0
            })
        ),
        (40, 3, 37),
        "{errors:?}"
    );
    assert_eq!(fleet.refused(), 3);
    let right = sessions(&Fleet::new(login(ADMIN)), servers()).await;
    assert!(right.values().all(|came| came.rows > 0), "{right:?}");

    // Who wants it, has it.
    let fleet = Fleet::new(login("wrong")).refusals(None);
    sessions(&fleet, servers()).await;
    assert_eq!(fleet.refused(), 0, "not counted");
    let locked = sessions(&Fleet::new(login(ADMIN)), vec![servers().remove(0)]).await;
    assert_eq!(smb(&locked[&0].errors[0]), &SmbErrorKind::AccountLockedOut);
}

/// Has the server lock an account after so many wrong passwords; without it,
/// it does not even count them.
fn lock_after(samba: &Samba, wrong: &str) {
    let mut pdbedit = samba.tool("pdbedit").expect("pdbedit");
    let policy = pdbedit.args(["-P", "bad lockout attempt", "-C", wrong]);
    assert!(policy.output().expect("it runs").status.success());
}

/// Wrong passwords of root that the server has counted.
fn counted(samba: &Samba) -> u32 {
    let mut pdbedit = samba.tool("pdbedit").expect("pdbedit");
    let said = pdbedit.args(["-L", "-v", "-u", "root"]).output();
    let said = String::from_utf8(said.expect("it runs").stdout).expect("text");
    let line = said
        .lines()
        .find(|line| line.starts_with("Bad password count"));
    let count = line.and_then(|line| line.rsplit(':').next());
    count
        .and_then(|count| count.trim().parse().ok())
        .expect("a count")
}

/// Lines that carry a sign-in to the server and not its answer back.
async fn mute_lines(samba: &Samba, cut: Cut, count: usize) -> Vec<CutLine> {
    let to_client =
        |bytes, cut| CutLine::to(samba.address(), Direction::ToClient, bytes, cut).expect("a port");
    let whole = to_client(u64::MAX, Cut::Close);
    let address: Address = whole.address().parse().expect("an address");
    let refused = Server::connect(&address, &login("wrong")).await;
    assert!(refused.is_err_and(|error| error.refuses_account()));
    let all = whole.bytes(Direction::ToClient);
    (0..count).map(|_| to_client(all - 1, cut)).collect()
}

/// Servers that refuse late, or hang up instead, are shown a wrong password as
/// seldom as others; what counts is what the real server has counted.
#[tokio::test]
async fn a_password_whose_answer_does_not_come_counts_as_refused() {
    for cut in [Cut::Stall, Cut::Close] {
        let samba = lab(1);
        lock_after(&samba, "99");
        let lines = mute_lines(&samba, cut, 40).await;
        let before = counted(&samba);
        let servers = lines.iter().map(|line| line.address().parse());
        let servers: Result<Vec<Address>, _> = servers.collect();
        let fleet = Fleet::new(login("wrong"))
            .retries(5)
            .options(ConnectOptions {
                sign_in_timeout: Duration::from_secs(4),
                ..ConnectOptions::default()
            });
        let came = sessions(&fleet, servers.expect("addresses")).await;
        assert_eq!(counted(&samba) - before, 3, "{cut:?}: {came:?}");
        let held = SmbErrorKind::HeldBack {
            refused: 0,
            unanswered: 3,
        };
        let errors: Vec<&Error> = came.values().flat_map(|came| &came.errors).collect();
        let held = errors.iter().filter(|error| *smb(error) == held).count();
        assert_eq!((errors.len(), held), (40, 37), "{cut:?}: {errors:?}");
    }
}

/// Some servers take the account first; the others refuse it, by an answer or
/// by none.
#[tokio::test]
async fn servers_that_take_the_account_let_one_more_wrong_sign_in_through_each() {
    let taking = lab(5);
    let refusing = Samba::builder().admin("root", "another").addresses(30);
    let refusing = refusing.start().expect("a Samba");
    lock_after(&refusing, "99");
    let lines = mute_lines(&refusing, Cut::Close, 30).await;
    let before = counted(&refusing);
    let mut servers = hosts(&taking, 5);
    for (refuses, line) in hosts(&refusing, 30).into_iter().zip(&lines) {
        servers.extend([refuses, line.address().parse().expect("an address")]);
    }
    let fleet = Fleet::new(login(ADMIN)).retries(5);
    let came = sessions(&fleet, servers).await;
    let took = (0..5).filter(|number| came[number].rows > 0).count();
    let wrong = counted(&refusing) - before;
    assert!(
        wrong <= 3 + u32::try_from(took).expect("few"),
        "{wrong} wrong, {took} took it"
    );
}

/// A silent server before the others must not keep the password from being
/// proved, nor hold up those that have proved it.
#[tokio::test]
async fn silent_servers_do_not_keep_the_others_waiting() {
    let samba = lab(20);
    let silent: Vec<Stranger> = (0..5)
        .map(|_| Stranger::silent().expect("a port"))
        .collect();
    let mut servers: Vec<Address> = silent
        .iter()
        .map(|silent| silent.address().parse().expect("an address"))
        .collect();
    servers.extend(hosts(&samba, 20));
    let options = ConnectOptions {
        sign_in_timeout: Duration::from_secs(2),
        ..ConnectOptions::default()
    };
    let fleet = Fleet::new(login(ADMIN)).options(options);
    let came = sessions(&fleet, servers).await;
    for (number, came) in came {
        assert_eq!(came.rows > 0, number >= 5, "{number}: {:?}", came.errors);
    }
}

#[tokio::test]
async fn a_line_that_breaks_is_tried_again_and_a_password_is_not() {
    let samba = lab(1);
    let tries = async |bytes: u64, password: &str, retries: u32| {
        let line = CutLine::to(samba.address(), Direction::ToClient, bytes, Cut::Close);
        let line = line.expect("a port");
        let fleet = Fleet::new(login(password)).retries(retries);
        let server = line.address().parse().expect("an address");
        let came = sessions(&fleet, vec![server]).await;
        assert_eq!(came[&0].errors.len(), 1, "{came:?}");
        (line.connections(), came[&0].errors[0].step())
    };
    // After the sign-in, whose answers are shorter than this.
    let (connections, step) = tries(900, ADMIN, 2).await;
    assert!(!matches!(step, Step::Negotiate | Step::SignIn), "{step}");
    // Each time the line breaks in the first chain, which some servers take so ill that they hang
    // up: they are connected to once more and asked one step at a time.
    assert_eq!(connections, 2 * 3);
    assert_eq!(tries(900, ADMIN, 0).await.0, 2);
    // In the middle of the sign-in, which is not begun again.
    let (connections, step) = tries(400, ADMIN, 2).await;
    assert_eq!((connections, step), (1, Step::SignIn));
    let (connections, step) = tries(u64::MAX, "wrong", 2).await;
    assert_eq!((connections, step), (1, Step::SignIn));
}

/// Rows that have been passed on are never told twice.
#[tokio::test]
async fn after_the_first_rows_nothing_is_asked_again() {
    let samba = lab(1);
    let asked = std::cell::Cell::new(0);
    let question = |server: Server| {
        asked.set(asked.get() + 1);
        let failing = async move {
            let page: Page<Session> = Page::from(Vec::new());
            // The line is cut under the second call.
            let lost = server
                .sessions()
                .collect()
                .await
                .expect_err("no such level");
            [Ok(page), Err(lost)]
        };
        stream::once(failing).flat_map(stream::iter)
    };
    let line = CutLine::to(samba.address(), Direction::ToClient, 900, Cut::Close).expect("a port");
    let server: Address = line.address().parse().expect("an address");
    let fleet = Fleet::new(login(ADMIN)).retries(5);
    let events: Vec<_> = fleet
        .ask([server], question)
        .map(|(_, event)| event)
        .collect()
        .await;
    let [Event::Page(_), Event::Failed(error), Event::Done] = events.as_slice() else {
        panic!("{events:?}");
    };
    assert!(error.is_transient(), "{error}");
    assert_eq!(asked.get(), 1);
}

#[tokio::test]
async fn a_server_has_so_long_for_everything() {
    let silent = Stranger::silent().expect("a port");
    let server: Address = silent.address().parse().expect("an address");
    let fleet = Fleet::new(login(ADMIN)).total_timeout(Duration::from_millis(300));
    let came = sessions(&fleet, vec![server]).await;
    let error = &came[&0].errors[0];
    assert!(
        matches!(error.kind(), ErrorKind::OutOfTime { .. }),
        "{error}"
    );
    assert_eq!(error.step(), Step::Connect);
    assert!(error.to_string().contains("the 0.3 s it had"), "{error}");
}
