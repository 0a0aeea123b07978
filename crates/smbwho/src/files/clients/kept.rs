//! What a server listed for each client, kept from one question to the next.
//!
//! Whoever asks again and again would have every client listed each time. What was listed
//! holds for as long as the client's sessions did nothing: they neither opened nor closed a
//! file meanwhile. A session tells so by its idle time, where the server keeps one. That it is
//! the same session, and that the server's clock went as ours did, its age shows.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::users::Reported;
use crate::filter::ClientKey;
use crate::{Name, OpenFile, Session};

/// What is lost in whole seconds, of an age on either side of a span.
const ROUNDING: Duration = Duration::from_millis(1500);

/// So much longer than the list is old a session must have been idle: an idle time may be
/// rounded up, and a clock that was set by no more than [`ROUNDING`] is not noticed.
const MARGIN: Duration = Duration::from_secs(4);

/// A file that was listed for a client.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Listed {
    pub(super) id: u32,
    path: Option<Name>,
    user: Option<Name>,
}

impl Listed {
    pub(super) fn of(file: OpenFile) -> Option<Self> {
        Some(Self {
            id: file.id?,
            path: file.path,
            user: file.user,
        })
    }

    /// About how many bytes it takes.
    pub(super) fn bytes(&self) -> usize {
        let names = self.path.iter().chain(&self.user);
        names.fold(size_of::<Self>(), |bytes, name| bytes + name.len())
    }

    /// Whether it is this one. Two opens may have one id.
    pub(super) fn is(&self, row: &OpenFile) -> bool {
        row.id == Some(self.id) && row.path == self.path && row.user == self.user
    }
}

/// When sessions were asked for, and when they had come.
#[derive(Debug, Clone, Copy)]
pub(super) struct Look {
    pub(super) asked: Instant,
    pub(super) answered: Instant,
}

/// A session, as far as it shows whether something was done in it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Mark {
    user: Option<Name>,
    active: Duration,
    idle: Duration,
}

/// The sessions of each client; `None` where one of them does not report its times.
#[derive(Debug, Default)]
pub(super) struct Marks(HashMap<ClientKey, Option<Vec<Mark>>>);

impl Marks {
    pub(super) fn of_sessions(sessions: &[Session]) -> Self {
        let mut marks: HashMap<ClientKey, Option<Vec<Mark>>> = HashMap::new();
        for session in sessions {
            // It may be any client's.
            let Some(client) = &session.client else {
                return Self::default();
            };
            let mark = session.active.zip(session.idle);
            let mark = mark.map(|(active, idle)| Mark {
                user: session.user.clone(),
                active,
                idle,
            });
            let of_client = marks.entry(ClientKey::of(client));
            let of_client = of_client.or_insert_with(|| Some(Vec::new()));
            match (of_client.as_mut(), mark) {
                (Some(marks), Some(mark)) => marks.push(mark),
                _ => *of_client = None,
            }
        }
        marks.values_mut().flatten().for_each(|marks| marks.sort());
        Self(marks)
    }
}

/// What was listed for one client.
#[derive(Debug)]
struct Kept {
    files: Arc<[Listed]>,
    /// When it was asked for.
    asked: Instant,
    /// The client's sessions, shortly before.
    sessions: Vec<Mark>,
    look: Look,
}

impl Kept {
    /// Whether nothing was done since in the sessions of the client, as they are now.
    fn holds(&self, now: &[Mark], look: Look) -> bool {
        let least = look.asked.saturating_duration_since(self.look.answered);
        let most = look.answered.saturating_duration_since(self.look.asked);
        let since = look.answered.saturating_duration_since(self.asked);
        let quiet = since + (most - least) + MARGIN;
        let same = |(then, now): (&Mark, &Mark)| {
            let aged = now.active.checked_sub(then.active);
            let same = aged.is_some_and(|aged| aged + ROUNDING >= least && aged <= most + ROUNDING);
            then.user == now.user && same && now.idle >= quiet
        };
        self.sessions.len() == now.len() && self.sessions.iter().zip(now).all(same)
    }
}

/// What a server listed for its clients.
#[derive(Debug, Default)]
pub(crate) struct KeptLists(HashMap<ClientKey, Kept>);

impl KeptLists {
    /// Forgets clients that have no session any more.
    pub(super) fn keep_only(&mut self, marks: &Marks) {
        self.0.retain(|client, _| marks.0.contains_key(client));
    }

    /// Forgets everything.
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    /// What was listed for a client, if it holds.
    pub(super) fn get(&self, client: &ClientKey, reported: &Reported) -> Option<Arc<[Listed]>> {
        let now = reported.marks.0.get(client)?.as_ref()?;
        let kept = self.0.get(client)?;
        let holds = kept.holds(now, reported.look);
        holds.then(|| Arc::clone(&kept.files))
    }

    /// Keeps what was listed for a client, asked for at this moment.
    pub(super) fn put(
        &mut self,
        client: ClientKey,
        files: Arc<[Listed]>,
        asked: Instant,
        reported: &Reported,
    ) {
        let sessions = reported.marks.0.get(&client);
        match sessions.and_then(Option::as_ref) {
            None => {
                self.0.remove(&client);
            }
            Some(sessions) => {
                let kept = Kept {
                    files,
                    asked,
                    sessions: sessions.clone(),
                    look: reported.look,
                };
                self.0.insert(client, kept);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Level;

    const CLIENT: &str = "ws1";

    /// A session of so many seconds, idle for so many.
    fn session(user: &str, active: u64, idle: u64) -> Session {
        Session {
            user: Some(user.into()),
            client: Some(CLIENT.into()),
            active: Some(Duration::from_secs(active)),
            idle: Some(Duration::from_secs(idle)),
            ..Session::unknown(Level::L502)
        }
    }

    fn reported(sessions: &[Session], began: Instant, secs: u64) -> Reported {
        let asked = began + Duration::from_secs(secs);
        Reported {
            users: super::super::users::Users::of_sessions(sessions),
            marks: Marks::of_sessions(sessions),
            look: Look {
                asked,
                answered: asked + Duration::from_millis(10),
            },
        }
    }

    /// Whether what was listed beside the first sessions holds beside the second ones, a
    /// minute later.
    fn holds(then: &[Session], now: &[Session]) -> bool {
        let began = Instant::now();
        let (then, now) = (reported(then, began, 0), reported(now, began, 60));
        let mut kept = KeptLists::default();
        let files = Arc::from([]);
        kept.put(ClientKey::of(CLIENT), files, then.look.answered, &then);
        kept.keep_only(&now.marks);
        kept.get(&ClientKey::of(CLIENT), &now).is_some()
    }

    #[test]
    fn a_list_holds_while_the_sessions_of_its_client_did_nothing() {
        let then = [session("ann", 1000, 100), session("bob", 500, 0)];
        let now = [session("bob", 560, 64), session("ann", 1060, 160)];
        assert!(!holds(&then, &now), "bob may have closed a file just after");
        let now = [session("bob", 560, 65), session("ann", 1061, 160)];
        assert!(holds(&then, &now));
        let now = [session("bob", 560, 65), session("ann", 1060, 3)];
        assert!(!holds(&then, &now), "ann did something");
    }

    #[test]
    fn another_session_has_another_list() {
        let then = [session("ann", 1000, 100)];
        for (why, now) in [
            ("it ended", &[][..]),
            (
                "one more",
                &[session("ann", 1060, 160), session("bob", 90, 90)],
            ),
            ("began anew", &[session("ann", 80, 80)]),
            ("another's", &[session("bob", 1060, 160)]),
            ("the clock was set forward", &[session("ann", 1090, 190)]),
            ("the clock was set back", &[session("ann", 1030, 130)]),
        ] {
            assert!(!holds(&then, now), "{why}");
        }
    }

    #[test]
    fn times_that_are_not_reported_show_nothing() {
        let then = [session("ann", 1000, 100)];
        let silent = Session {
            idle: None,
            ..session("ann", 1060, 0)
        };
        assert!(!holds(&then, std::slice::from_ref(&silent)));
        assert!(!holds(
            std::slice::from_ref(&silent),
            &[session("ann", 1120, 200)]
        ));
        let nameless = Session {
            client: None,
            ..session("eve", 90, 0)
        };
        assert!(!holds(&then, &[session("ann", 1060, 160), nameless]));
    }
}
