//! Ending what is selected: the same look, choice, orders and records as
//! `smbwho close`, with the question asked in the grid.

use std::time::{Duration, Instant};

use smbwho::{Error, Login, OpenFile, Server, Session};

use crate::audit::Audit;
use crate::commands::close::{self, Done, Ending, Orders, Prepared};
use crate::commands::consent::Plan;
use crate::live::Victim;
use crate::rows::{Closed, Outcome};
use crate::seen::Window;
use crate::stop::Stop;

/// What was selected was told by an answer some time ago, and times that are
/// near enough are not told anew. The plan shows the times of a fresh look.
const BLUR: Duration = Duration::from_secs(1);

/// What is ready to be agreed to.
pub(crate) struct Ready {
    what: What,
    /// Rows that were selected and are no longer there.
    missing: Vec<Closed>,
}

enum What {
    Sessions(Prepared<Session>),
    Files(Prepared<OpenFile>),
}

const SESSIONS: close::sessions::Sessions = close::sessions::Sessions { level: None };

impl Ready {
    /// Looks at the server, and finds there what was selected: of the ages told
    /// at `selected`. The connection began at `connected`.
    pub(crate) async fn look(
        server: &Server,
        connected: Instant,
        login: &Login,
        victims: &[Victim],
        selected: Window,
    ) -> Result<Self, Error> {
        let mut missing = Vec::new();
        let what = if let Some(Victim::Session(_)) = victims.first() {
            let sessions = victims.iter().filter_map(|victim| match victim {
                Victim::Session(row) => Some(row.clone()),
                Victim::File(_) => None,
            });
            let sessions: Vec<Session> = sessions.collect();
            let choice = |all: &[Session], looked: Window| {
                let found = find::<close::sessions::Sessions>(&sessions, all, selected, looked);
                missing = found.missing;
                found.chosen
            };
            What::Sessions(SESSIONS.prepare(server, choice, login, connected).await?)
        } else {
            let files = victims.iter().filter_map(|victim| match victim {
                Victim::File(row) => Some(row.clone()),
                Victim::Session(_) => None,
            });
            let files: Vec<OpenFile> = files.collect();
            let choice = |all: &[OpenFile], looked: Window| {
                let found = find::<close::files::Files>(&files, all, selected, looked);
                missing = found.missing;
                found.chosen
            };
            What::Files(close::files::prepare(server, choice, login).await?)
        };
        Ok(Self { missing, what })
    }

    /// What the user must agree to.
    pub(crate) fn plan(&self, server: &str) -> Plan {
        match &self.what {
            What::Sessions(prepared) => prepared.plan::<close::sessions::Sessions>(server),
            What::Files(prepared) => prepared.plan::<close::files::Files>(server),
        }
    }

    /// What would come of it. Of a plan with nothing to do it is all there is.
    pub(crate) fn dry_run(&self) -> Done {
        self.with_missing(match &self.what {
            What::Sessions(prepared) => prepared.dry_run::<close::sessions::Sessions>(),
            What::Files(prepared) => prepared.dry_run::<close::files::Files>(),
        })
    }

    /// Gives the orders.
    pub(crate) async fn carry_out(&self, server: &Server, audit: &Audit, stop: &Stop) -> Done {
        let orders = Orders {
            server,
            audit,
            stop,
        };
        self.with_missing(match &self.what {
            What::Sessions(prepared) => orders.carry_out(&SESSIONS, prepared).await,
            What::Files(prepared) => orders.carry_out(&close::files::Files, prepared).await,
        })
    }

    /// As if one session had been found.
    #[cfg(test)]
    pub(crate) fn one(session: Session) -> Self {
        Self {
            what: What::Sessions(Prepared {
                chosen: close::Chosen {
                    orders: vec![vec![session]],
                    skipped: Vec::new(),
                },
                looked: Window::within(Duration::ZERO),
                besides: vec!["bob may fall too".to_owned()],
            }),
            missing: Vec::new(),
        }
    }

    fn with_missing(&self, mut done: Done) -> Done {
        done.rows.extend(self.missing.iter().cloned());
        done
    }
}

/// What was selected, among all that there is.
struct Found {
    /// For each row that there is, whether it was selected.
    chosen: Vec<bool>,
    /// What was selected and is there no more.
    missing: Vec<Closed>,
}

fn find<E: Ending>(selected: &[E::Row], all: &[E::Row], then: Window, now: Window) -> Found {
    let passed = then.until(now).give_or_take(BLUR);
    let pairs = E::pairs_by_key(selected, all, passed);
    let mut found = Found {
        chosen: vec![false; all.len()],
        missing: Vec::new(),
    };
    for (row, at) in selected.iter().zip(pairs.found) {
        match at {
            Some(at) => found.chosen[at] = true,
            None => found.missing.push(E::closed(row, Outcome::AlreadyGone)),
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use smbwho::{FileLevel, Level, Permissions};

    use super::*;

    fn session(user: &str, active: u64) -> Session {
        let mut session = Session::unknown(Level::L1);
        session.client = Some("ws1".into());
        session.user = Some(user.into());
        session.active = Some(Duration::from_secs(active));
        session
    }

    /// Which of `all` were selected, as many seconds ago, and how many are gone.
    fn found(selected: &[Session], all: &[Session], ago: u64) -> (Vec<bool>, usize) {
        let now = Window::within(Duration::ZERO);
        let aged = |row: &Session| {
            let mut row = row.clone();
            row.active = row.active.map(|age| age + Duration::from_secs(ago));
            row
        };
        // As if it had been so long ago: both are moments of now.
        let selected: Vec<Session> = selected.iter().map(aged).collect();
        let found = find::<close::sessions::Sessions>(&selected, all, now, now);
        (found.chosen, found.missing.len())
    }

    #[test]
    fn a_session_that_began_anew_is_not_the_one_selected() {
        let selected = [session("Alice", 100)];
        assert_eq!(
            found(&selected, &[session("alice", 160)], 60),
            (vec![true], 0)
        );
        assert_eq!(
            found(&selected, &[session("alice", 158)], 60),
            (vec![true], 0)
        );
        for other in [
            session("alice", 30),
            session("alice", 102),
            session("alice", 155),
            session("alice", 400),
            session("bob", 160),
        ] {
            assert_eq!(found(&selected, &[other], 60), (vec![false], 1));
        }
    }

    #[test]
    fn each_selected_row_is_one_row() {
        let selected = [session("alice", 100), session("alice", 50)];
        let all = [session("alice", 60), session("bob", 110)];
        assert_eq!(found(&selected, &all, 10), (vec![true, false], 1));
    }

    #[test]
    fn a_number_that_is_used_again_is_another_file() {
        let file = |path: &str, held: u32| {
            let mut file = OpenFile::unknown(7, FileLevel::L3);
            file.path = Some(path.into());
            file.user = Some("alice".into());
            file.permissions = Some(Permissions(held));
            file
        };
        let now = Window::within(Duration::ZERO);
        let selected = [file("/a", 1)];
        for (other, is_it) in [
            (file("/a", 1), true),
            (file("/b", 1), false),
            (file("/a", 3), false),
        ] {
            let found = find::<close::files::Files>(&selected, &[other], now, now);
            assert_eq!(found.chosen, [is_it]);
        }
    }
}
