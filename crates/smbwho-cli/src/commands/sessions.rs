//! `smbwho sessions [SERVER…]`, and `smbwho [SERVER…]`: who is connected.

use std::cell::Cell;
use std::future::Future;
use std::io;
use std::time::Duration;

use smbwho::{Level, Server, Session};

use super::fleet::{Fleet, Printing};
use super::names::Names;
use crate::args::RowArgs;
use crate::exit::Exit;
use crate::mistyped;
use crate::problem::Problem;

/// What is asked for.
#[derive(Clone, Copy)]
pub(crate) struct Wanted {
    pub(crate) level: Option<Level>,
    /// How many files each session has open.
    pub(crate) opens: bool,
}

/// Asks the servers for their sessions and prints them.
///
/// # Errors
///
/// When the output cannot be written.
pub(crate) async fn run(
    fleet: Fleet,
    rows: &RowArgs,
    wanted: Wanted,
    words: &[String],
    interrupted: impl Future<Output = ()>,
    printing: Printing<'_, Session>,
) -> io::Result<Exit> {
    let names = Names::of(rows);
    let Names { user, client } = names.clone();
    let question = move |server: Server| {
        let mut query = server.sessions().with_opens(wanted.opens);
        if let Some(level) = wanted.level {
            query = query.level(level);
        }
        if let Some(user) = &user {
            query = query.user(user.clone());
        }
        if let Some(client) = &client {
            query = query.client(client.clone());
        }
        query.pages()
    };
    let times = Times {
        idle_over: rows.idle_over,
        active_over: rows.active_over,
    };
    let unknown = Cell::new(0_usize);
    let keep = |session: &Session| match times.choose(session) {
        Choice::Keep => true,
        Choice::Drop => false,
        Choice::Unknown => {
            unknown.set(unknown.get() + 1);
            false
        }
    };
    let advise = |problem: &mut Problem| mistyped::advise(problem, words);
    let report = printing.report;
    let exit = fleet
        .ask(question, keep, advise, interrupted, printing)
        .await?;
    names.tell(report);
    if unknown.get() > 0 {
        report.note(&format!(
            "left out {} whose time the server does not tell (Samba keeps no idle time)",
            if unknown.get() == 1 {
                "1 session".to_owned()
            } else {
                format!("{} sessions", unknown.get())
            }
        ));
    }
    Ok(exit)
}

/// `--idle-over` and `--active-over`.
#[derive(Default)]
pub(crate) struct Times {
    pub(crate) idle_over: Option<Duration>,
    pub(crate) active_over: Option<Duration>,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Choice {
    Keep,
    Drop,
    /// It depends on a time that is not known.
    Unknown,
}

impl Times {
    pub(crate) fn choose(&self, session: &Session) -> Choice {
        let over = |least: Option<Duration>, time: Option<Duration>| match (least, time) {
            (None, _) => Choice::Keep,
            (Some(_), None) => Choice::Unknown,
            (Some(least), Some(time)) if time > least => Choice::Keep,
            (Some(_), Some(_)) => Choice::Drop,
        };
        match (
            over(self.idle_over, session.idle),
            over(self.active_over, session.active),
        ) {
            (Choice::Drop, _) | (_, Choice::Drop) => Choice::Drop,
            (Choice::Unknown, _) | (_, Choice::Unknown) => Choice::Unknown,
            (Choice::Keep, Choice::Keep) => Choice::Keep,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    fn session(idle: Option<Duration>, active: Option<Duration>) -> Session {
        let mut session = Session::unknown(Level::L10);
        (session.idle, session.active) = (idle, active);
        session
    }

    #[test]
    fn rows_are_chosen_by_times_that_are_known() {
        let idle = Times {
            idle_over: Some(HOUR),
            ..Times::default()
        };
        let second = Duration::from_secs(1);
        assert_eq!(
            idle.choose(&session(Some(HOUR + second), None)),
            Choice::Keep
        );
        assert_eq!(idle.choose(&session(Some(HOUR), None)), Choice::Drop);
        assert_eq!(idle.choose(&session(None, Some(HOUR))), Choice::Unknown);
        assert_eq!(Times::default().choose(&session(None, None)), Choice::Keep);
    }

    #[test]
    fn a_row_that_fails_one_test_is_dropped_whatever_is_unknown() {
        let both = Times {
            idle_over: Some(HOUR),
            active_over: Some(HOUR),
        };
        assert_eq!(both.choose(&session(None, Some(HOUR))), Choice::Drop);
        assert_eq!(both.choose(&session(None, Some(HOUR * 2))), Choice::Unknown);
    }
}
