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
    let policy = ["-P", "bad lockout attempt", "-C", "5"];
    let mut pdbedit = samba.tool("pdbedit").expect("pdbedit");
    assert!(
        pdbedit
            .args(policy)
            .output()
            .expect("it runs")
            .status
            .success()
    );
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
            count(&SmbErrorKind::HeldBack { refused: 3 })
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
    assert_eq!(connections, 3);
    assert_eq!(tries(900, ADMIN, 0).await.0, 1);
    // In the middle of the sign-in: the password may have been counted.
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
