//! Ending what is selected: the same look, choice, orders and records as
//! `smbwho close`, with the question asked in the grid.

use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use smbwho::{Error, Login, OpenFile, Server, Session};

use crate::audit::Audit;
use crate::commands::close::{self, Done, Ending, Orders, Prepared};
use crate::commands::consent::Plan;
use crate::live::Victim;
use crate::rows::{Closed, Outcome};

/// How far the age of a session may be from what it was shown to be: lines
/// are slow, and servers round.
const SLACK: Duration = Duration::from_secs(5);

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
    /// Looks at the server, and finds there what was selected. `since` is how
    /// long ago that was; the connection began at `connected`.
    pub(crate) async fn look(
        server: &Server,
        connected: Instant,
        login: &Login,
        victims: &[Victim],
        selected: Instant,
    ) -> Result<Self, Error> {
        let mut found = vec![false; victims.len()];
        let what = if let Some(Victim::Session(_)) = victims.first() {
            let is_it = |row: &Session| {
                find(victims, &mut found, |victim| match victim {
                    Victim::Session(victim) => is_same(victim, row, selected.elapsed()),
                    Victim::File(_) => false,
                })
            };
            What::Sessions(SESSIONS.prepare(server, is_it, login, connected).await?)
        } else {
            let is_it = |row: &OpenFile| {
                find(victims, &mut found, |victim| match victim {
                    Victim::File(victim) => {
                        (victim.id, &victim.path, &victim.user) == (row.id, &row.path, &row.user)
                    }
                    Victim::Session(_) => false,
                })
            };
            What::Files(close::files::prepare(server, is_it, login).await?)
        };
        let missing = victims.iter().zip(found).filter(|(_, found)| !found);
        let closed = |victim: &Victim| match victim {
            Victim::Session(row) => close::sessions::Sessions::closed(row, Outcome::AlreadyGone),
            Victim::File(row) => close::files::Files::closed(row, Outcome::AlreadyGone),
        };
        Ok(Self {
            missing: missing.map(|(victim, _)| closed(victim)).collect(),
            what,
        })
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
    pub(crate) async fn carry_out(
        &self,
        server: &Server,
        audit: &Audit,
        stop: &AtomicBool,
    ) -> Done {
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

/// Whether a row is one of the victims; those that it is are marked as found.
fn find(victims: &[Victim], found: &mut [bool], is_it: impl Fn(&Victim) -> bool) -> bool {
    let mut any = false;
    for (victim, found) in victims.iter().zip(found) {
        if is_it(victim) {
            (any, *found) = (true, true);
        }
    }
    any
}

/// Whether `now` is the session that was selected: of the same user from the
/// same client, and as old as it must be by now.
fn is_same(selected: &Session, now: &Session, apart: Duration) -> bool {
    let folded = |name: &Option<smbwho::Name>| name.as_ref().map(|name| name.to_lowercase());
    let near = match (selected.active, now.active) {
        (Some(then), Some(now)) => then.saturating_add(apart).abs_diff(now) <= SLACK,
        (then, now) => then == now,
    };
    near && folded(&selected.user) == folded(&now.user)
        && folded(&selected.client) == folded(&now.client)
}

#[cfg(test)]
mod tests {
    use smbwho::Level;

    use super::*;

    fn session(user: &str, active: u64) -> Session {
        let mut session = Session::unknown(Level::L1);
        session.client = Some("ws1".into());
        session.user = Some(user.into());
        session.active = Some(Duration::from_secs(active));
        session
    }

    #[test]
    fn a_session_that_began_anew_is_not_the_one_selected() {
        let apart = Duration::from_secs(60);
        let selected = session("Alice", 100);
        assert!(is_same(&selected, &session("alice", 160), apart));
        assert!(is_same(&selected, &session("alice", 157), apart));
        assert!(!is_same(&selected, &session("alice", 30), apart));
        assert!(!is_same(&selected, &session("alice", 400), apart));
        assert!(!is_same(&selected, &session("bob", 160), apart));
    }
}
