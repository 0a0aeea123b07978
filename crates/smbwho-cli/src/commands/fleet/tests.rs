//! Bringing answers together, without any server.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use smbwho::{Level, Session};

use crate::output::{Format, Sink};
use crate::report::Report;
use crate::rows::Order;

use super::*;
use crate::rows::find;

/// What a sink was given, page by page.
#[derive(Default)]
struct Given {
    pages: Vec<Vec<String>>,
    problems: Vec<Problem>,
    finished: bool,
}

#[derive(Default, Clone)]
struct Notebook(Rc<RefCell<Given>>);

impl Sink<Session> for Notebook {
    fn rows(&mut self, rows: Vec<Row<Session>>) -> io::Result<()> {
        let name = |row: Row<Session>| format!("{}:{}", row.server, row.data.user.expect("set"));
        self.0
            .borrow_mut()
            .pages
            .push(rows.into_iter().map(name).collect());
        Ok(())
    }

    fn finish(&mut self, problems: &[Problem]) -> io::Result<()> {
        let mut given = self.0.borrow_mut();
        given.problems = problems.to_vec();
        given.finished = true;
        Ok(())
    }
}

fn sessions(users: &[&str]) -> Vec<Session> {
    let session = |user: &&str| {
        let mut session = Session::unknown(Level::L10);
        session.user = Some((*user).into());
        session
    };
    users.iter().map(session).collect()
}

fn failure(server: &str) -> Problem {
    Problem {
        step: Some("connect"),
        ..Problem::interrupted(server)
    }
}

/// Feeds a run over the servers `a`, `b` and `c`.
fn run(
    format: Format,
    order: Order<Session>,
    feed: impl FnOnce(&mut Gathered<'_, Session>) -> bool,
) -> (Exit, Given) {
    let notebook = Notebook::default();
    let mut sink = notebook.clone();
    let report = Report {
        quiet: true,
        json: false,
    };
    let printing = Printing {
        format,
        order,
        sink: &mut sink,
        report,
    };
    let target = |name: &str| Target::from(name.parse::<smbwho::Address>().expect("a name"));
    let servers = ["a", "b", "c"].map(target).to_vec();
    let mut progress = Gathered::new(servers, None, printing);
    let stopped = feed(&mut progress);
    let exit = progress
        .finish(stopped)
        .expect("a notebook takes everything");
    (exit, notebook.0.take())
}

fn as_it_comes() -> Order<Session> {
    Order {
        by: None,
        reverse: false,
        limit: None,
    }
}

/// Two servers answer, `b` after `c`; `a` fails.
fn mixed(progress: &mut Gathered<'_, Session>) -> bool {
    let mut full = progress.rows(2, sessions(&["zoe"])).expect("taken");
    full |= progress.rows(1, sessions(&["bob", "adam"])).expect("taken");
    progress.failed(0, failure("a"), "timed out", false);
    full |= progress.rows(2, sessions(&["carol"])).expect("taken");
    (0..3).for_each(|server| progress.done(server).expect("taken"));
    assert!(!full);
    false
}

#[test]
fn lines_are_printed_as_they_come() {
    let (exit, given) = run(Format::Jsonl, as_it_comes(), mixed);
    assert_eq!(
        given.pages,
        [vec!["c:zoe"], vec!["b:bob", "b:adam"], vec!["c:carol"]]
    );
    assert_eq!(exit, Exit::Partial);
    assert!(given.finished);
}

#[test]
fn documents_and_tables_stand_in_the_order_of_the_servers() {
    for format in [Format::Json, Format::Table] {
        let (_, given) = run(format, as_it_comes(), mixed);
        let rows = given.pages.concat();
        assert_eq!(rows, ["b:bob", "b:adam", "c:zoe", "c:carol"]);
        assert_eq!(given.problems, [failure("a")]);
    }
}

/// A document need not hold back what is ready, and does not keep it either.
#[test]
fn a_document_goes_on_as_soon_as_a_server_is_done() {
    let (_, given) = run(Format::Json, as_it_comes(), |progress| {
        progress.rows(0, sessions(&["ann"])).expect("taken");
        progress.rows(2, sessions(&["zoe"])).expect("taken");
        progress.done(2).expect("taken");
        progress.done(0).expect("taken");
        progress.rows(1, sessions(&["bob"])).expect("taken");
        progress.done(1).expect("taken");
        false
    });
    assert_eq!(given.pages, [vec!["a:ann"], vec!["b:bob", "c:zoe"]]);
}

#[test]
fn what_a_cluster_tells_as_one_is_printed_once() {
    let notebook = Notebook::default();
    let mut sink = notebook.clone();
    let printing = Printing {
        format: Format::Jsonl,
        order: as_it_comes(),
        sink: &mut sink,
        report: Report {
            quiet: true,
            json: false,
        },
    };
    let node = |name: &str, cluster: Option<&str>| Target {
        address: name.parse().expect("a name"),
        cluster: cluster.map(Arc::from),
        here: false,
    };
    let servers = vec![
        node("node1", Some("fs")),
        node("node2", Some("fs")),
        node("fs2", None),
    ];
    let mut gathered = Gathered::new(servers, None, printing);
    let session = |age: u64| {
        let mut session = sessions(&["bob"]).remove(0);
        session.client = Some("10.0.0.7".into());
        session.active = Some(std::time::Duration::from_secs(age));
        session
    };
    // Both nodes have the session of an hour, and each has one of its own.
    let reported = [[3600, 5], [3600, 90], [3600, 5]];
    for (server, ages) in reported.into_iter().enumerate() {
        let rows = ages.into_iter().map(session).collect();
        gathered.rows(server, rows).expect("taken");
        gathered.done(server).expect("taken");
    }
    gathered.finish(false).expect("taken");
    assert_eq!(
        notebook.0.take().pages.concat(),
        ["fs:bob", "fs:bob", "fs:bob", "fs2:bob", "fs2:bob"]
    );
}

#[test]
fn sorting_goes_over_all_servers() {
    let by = Some(find::<Session>("user").expect("a column"));
    let order = Order {
        by,
        reverse: false,
        limit: Some(3),
    };
    let (_, given) = run(Format::Csv, order, mixed);
    assert_eq!(given.pages, [["b:adam", "b:bob", "c:carol"]]);
}

#[test]
fn the_limit_ends_the_asking() {
    let order = Order {
        limit: Some(2),
        ..as_it_comes()
    };
    let (exit, given) = run(Format::Jsonl, order, |progress| {
        assert!(!progress.rows(0, sessions(&["a"])).expect("taken"));
        assert!(
            progress.rows(1, sessions(&["b", "c"])).expect("taken"),
            "two rows are there"
        );
        false
    });
    assert_eq!(given.pages, [["a:a"], ["b:b"]]);
    assert_eq!(exit, Exit::Success);
}

#[test]
fn nothing_but_failures_is_a_failure() {
    let (exit, given) = run(Format::Json, as_it_comes(), |progress| {
        for (server, name) in ["a", "b", "c"].into_iter().enumerate() {
            progress.failed(server, failure(name), "timed out", false);
            progress.done(server).expect("taken");
        }
        false
    });
    assert_eq!(exit, Exit::Failure);
    assert_eq!(given.problems.len(), 3);
}

#[test]
fn a_server_without_rows_has_answered() {
    let (exit, _) = run(Format::Json, as_it_comes(), |progress| {
        progress.failed(0, failure("a"), "timed out", false);
        (0..3).for_each(|server| progress.done(server).expect("taken"));
        false
    });
    assert_eq!(exit, Exit::Partial);
}

#[test]
fn rows_before_a_failure_are_an_answer() {
    let (exit, given) = run(Format::Csv, as_it_comes(), |progress| {
        progress.rows(0, sessions(&["a"])).expect("taken");
        for (server, name) in ["a", "b", "c"].into_iter().enumerate() {
            progress.failed(server, failure(name), "timed out", false);
            progress.done(server).expect("taken");
        }
        false
    });
    assert_eq!((exit, given.pages.len()), (Exit::Partial, 1));
}

#[test]
fn an_interrupted_run_prints_what_came_and_names_what_did_not() {
    let (exit, given) = run(Format::Json, as_it_comes(), |progress| {
        progress.rows(1, sessions(&["bob"])).expect("taken");
        progress.done(1).expect("taken");
        progress.failed(0, failure("a"), "timed out", false);
        true
    });
    assert_eq!(exit, Exit::Interrupted);
    assert_eq!(given.pages, [["b:bob"]]);
    assert_eq!(given.problems, [failure("a"), Problem::interrupted("c")]);
}
