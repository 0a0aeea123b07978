use std::sync::Arc;

use smbwho::{Level, OpenFile, Session};

use super::*;

const NAME: &str = "fs1";

fn session(user: &str, active: u64, opens: u32) -> Session {
    let mut session = Session::unknown(Level::L1);
    session.client = Some("ws1".into());
    session.user = Some(user.into());
    session.active = Some(Duration::from_secs(active));
    session.idle = Some(Duration::from_secs(active / 2));
    session.opens = Some(opens);
    session
}

/// What an answer brought: users that appeared, changed, are gone.
fn told(
    store: &mut Store<Session>,
    server: usize,
    rows: Vec<Session>,
    complete: bool,
    at: u32,
) -> [Vec<String>; 3] {
    let user = |row: &Row<Session>| row.data.user.as_deref().unwrap_or("-").to_owned();
    let delta = store.compare(server, &NAME.into(), rows, complete, Tenths(at * 10));
    let mut appeared: Vec<String> = delta.appeared.iter().map(user).collect();
    appeared.sort();
    let changed = delta.changed.iter().map(|(_, row)| user(row)).collect();
    let place = |place: &u32| user(&store.get(*place).expect("a row").row);
    let gone = delta.gone.iter().map(place).collect();
    store.commit(delta, false, true);
    [appeared, changed, gone]
}

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|&name| name.to_owned()).collect()
}

const NONE: [&str; 0] = [];

#[test]
fn rows_come_change_and_go() {
    let mut store = Store::new();
    let rows = vec![session("alice", 100, 0), session("bob", 50, 2)];
    assert_eq!(
        told(&mut store, 0, rows, true, 0),
        [names(&["alice", "bob"]), names(&NONE), names(&NONE)]
    );
    let rows = vec![session("bob", 60, 3), session("carol", 1, 0)];
    assert_eq!(
        told(&mut store, 0, rows, true, 10),
        [names(&["carol"]), names(&["bob"]), names(&["alice"])]
    );
    assert_eq!(store.living(), 2);
}

#[test]
fn rows_that_only_grew_older_are_not_touched() {
    let mut store = Store::new();
    told(&mut store, 0, vec![session("alice", 100, 0)], true, 0);
    // A second off, as servers round.
    let mut later = session("ALICE", 111, 0);
    later.user = Some("alice".into());
    later.idle = Some(Duration::from_secs(59));
    let delta = store.compare(0, &NAME.into(), vec![later.clone()], true, Tenths(100));
    assert!(delta.is_empty());
    store.commit(delta, false, true);
    // Used again: no longer idle.
    later.idle = Some(Duration::ZERO);
    let delta = store.compare(0, &NAME.into(), vec![later], true, Tenths(100));
    assert_eq!((delta.retimed.len(), delta.changed.len()), (1, 0));
}

#[test]
fn a_session_that_is_younger_than_it_was_is_another() {
    let mut store = Store::new();
    told(&mut store, 0, vec![session("alice", 100, 0)], true, 0);
    let rows = vec![session("alice", 3, 0)];
    assert_eq!(
        told(&mut store, 0, rows, true, 10),
        [names(&["alice"]), names(&NONE), names(&["alice"])]
    );
}

#[test]
fn a_session_is_the_same_while_its_age_grows_by_what_passed() {
    for (age, at, same) in [
        (15, 10, true),
        (13, 10, true),
        // It is older than it was, and yet began meanwhile.
        (6, 10, false),
        (105, 200, false),
        // Our own clock stood still.
        (905, 10, true),
    ] {
        let mut store = Store::new();
        told(&mut store, 0, vec![session("alice", 5, 0)], true, 0);
        let [appeared, _, gone] = told(&mut store, 0, vec![session("alice", age, 0)], true, at);
        assert_eq!(
            (appeared.is_empty(), gone.is_empty()),
            (same, same),
            "{age}"
        );
    }
    // A server that takes its time may have looked at any moment of it.
    let mut store = Store::new();
    told(&mut store, 0, vec![session("alice", 100, 0)], true, 0);
    let slow = Moment {
        at: Tenths(300),
        within: 100,
    };
    let rows = vec![session("alice", 121, 0)];
    let delta = store.compare(0, &NAME.into(), rows, true, slow);
    assert!(delta.appeared.is_empty() && delta.gone.is_empty());
}

#[test]
fn of_several_sessions_of_one_name_the_right_one_is_gone() {
    for (ended, left) in [(1000, 40), (40, 1000)] {
        let mut store = Store::new();
        let rows = vec![session("alice", ended, 1), session("alice", left, 2)];
        told(&mut store, 0, rows, true, 0);
        let rows = vec![session("alice", left + 10, 2)];
        let [appeared, changed, gone] = told(&mut store, 0, rows, true, 10);
        assert_eq!(
            (appeared.len(), changed.len(), gone.len()),
            (0, 0, 1),
            "{ended}"
        );
        let lasting = (0..store.end())
            .find_map(|place| store.get(place))
            .expect("one is left");
        assert_eq!(lasting.row.data.opens, Some(2));
    }
}

#[test]
fn half_an_answer_ends_nothing_and_servers_are_apart() {
    let mut store = Store::new();
    let rows = || vec![session("alice", 100, 0), session("bob", 100, 0)];
    told(&mut store, 0, rows(), true, 0);
    told(&mut store, 1, rows(), true, 0);
    let half = vec![session("alice", 110, 0)];
    assert_eq!(
        told(&mut store, 0, half.clone(), false, 10)[2],
        names(&NONE)
    );
    assert_eq!(told(&mut store, 0, half, true, 10)[2], names(&["bob"]));
    assert_eq!(store.living(), 3);
}

/// Whatever order a server tells its rows in, the same ones come and go.
#[test]
fn rows_may_change_places() {
    let people = |ages: &[u64]| {
        let person = |(n, &age): (usize, &u64)| {
            let mut session = session(&format!("u{}", n % 90), age, 0);
            session.idle = None;
            session
        };
        ages.iter().enumerate().map(person).collect::<Vec<_>>()
    };
    let ages: Vec<u64> = (0..270).map(|n| 1_000 + 10 * n).collect();
    let older: Vec<u64> = ages.iter().map(|age| age + 10).collect();
    type Shuffle = fn(&mut Vec<Session>);
    let shuffles: [Shuffle; 5] = [
        |rows| rows.reverse(),
        |rows| rows.rotate_left(100),
        |rows| rows.sort_by_key(|row| row.user.clone()),
        |rows| rows.chunks_mut(7).for_each(<[Session]>::reverse),
        |rows| {
            let (left, right) = rows.split_at_mut(135);
            left.swap_with_slice(right);
        },
    ];
    for shuffle in shuffles {
        let mut store = Store::new();
        told(&mut store, 0, people(&ages), true, 0);
        let mut later = people(&older);
        shuffle(&mut later);
        let delta = store.compare(0, &NAME.into(), later.clone(), true, Tenths(100));
        assert!(delta.is_empty());
        store.commit(delta, true, true);
        // Three go, two come, one opens files.
        for user in ["u3", "u40", "u77"] {
            let at = later
                .iter()
                .position(|row| row.user.as_deref() == Some(user));
            later.remove(at.expect("there"));
        }
        later.insert(20, session("new", 1, 0));
        later.push(session("newer", 1, 0));
        later[100].opens = Some(9);
        let changed = later[100].user.clone();
        let [appeared, changes, mut gone] = told(&mut store, 0, later, true, 10);
        gone.sort();
        assert_eq!(appeared, ["new", "newer"]);
        assert_eq!(changes, [changed.as_deref().unwrap_or_default()]);
        assert_eq!(gone, ["u3", "u40", "u77"]);
        assert_eq!(store.living(), 269);
    }
}

#[test]
fn many_rows_of_one_name_cost_no_square() {
    let mut store = Store::new();
    let rows = || {
        (0..20_000)
            .map(|n| session("svc", n, 0))
            .collect::<Vec<_>>()
    };
    told(&mut store, 0, rows(), true, 0);
    let mut later: Vec<Session> = rows();
    later.retain(|session| session.active != Some(Duration::from_secs(7_000)));
    for session in &mut later {
        session.active = session
            .active
            .map(|active| active + Duration::from_secs(10));
        session.idle = session.idle.map(|idle| idle + Duration::from_secs(10));
    }
    let delta = store.compare(0, &NAME.into(), later, true, Tenths(100));
    assert_eq!((delta.appeared.len(), delta.gone.len()), (0, 1));
}

#[test]
fn places_of_rows_that_stay_never_move() {
    let mut store: Store<OpenFile> = Store::new();
    let file = |id: u32| OpenFile::unknown(id, smbwho::FileLevel::L3);
    let name: Arc<str> = NAME.into();
    let delta = store.compare(0, &name, (0..3000).map(file).collect(), true, Tenths(0));
    let places = store.commit(delta, true, false);
    let id = |store: &Store<OpenFile>, place| store.get(place).and_then(|slot| slot.row.data.id);
    let before: Vec<_> = places
        .iter()
        .map(|&place| (place, id(&store, place)))
        .collect();
    let odd = (0..3000).filter(|id| id % 2 == 1).map(file).collect();
    let delta = store.compare(0, &name, odd, true, Tenths(50));
    assert_eq!(delta.gone.len(), 1500);
    store.commit(delta, true, true);
    let expired = store.expired(Tenths(200), Duration::from_secs(10));
    assert_eq!(expired.len(), 1500);
    store.forget(&expired);
    for (place, id_before) in before {
        if id_before.is_some_and(|id| id % 2 == 1) {
            assert_eq!(id(&store, place), id_before);
        } else {
            assert_eq!(id(&store, place), None);
        }
    }
}
