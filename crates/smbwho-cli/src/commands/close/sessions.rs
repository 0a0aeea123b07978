//! `smbwho close session SERVER`.

use std::cmp::Ordering;
use std::collections::HashSet;
use std::fmt::Write as _;
use std::ops::ControlFlow;
use std::time::Instant;

use smbwho::{ClientKey, Closing, Error, Level, Login, Name, Server, Session, SessionTarget};

use super::own::Own;
use super::whose::Whose;
use super::{Done, Ending, Prepared, Reasons, Way, choose, look};
use crate::args::RowArgs;
use crate::audit::Value;
use crate::commands::names::Names;
use crate::commands::sessions::{Choice, Times};
use crate::duration;
use crate::rows::{Closed, Outcome};
use crate::seen::{Passed, Window};

/// Others that a plan names before it only counts them.
const NAMED_BESIDES: usize = 8;

const REASONS: Reasons = Reasons {
    own: "it may be the session smbwho itself works over, or cannot be told apart from it; to \
          end it sign in as another account",
    mixed: "it cannot be ended without another session of the same user and client, which is not \
            chosen",
    nameless: "the server does not name its user or its client, so it cannot be ended alone",
};

/// Sessions, looked at on one level.
pub(crate) struct Sessions {
    pub(crate) level: Option<Level>,
}

/// Ends the sessions that the filters choose. `connected` is when the
/// connection to the server began.
///
/// # Errors
///
/// A message for the user; nothing was done then.
pub(crate) async fn run(
    way: &Way<'_>,
    level: Option<Level>,
    rows: &RowArgs,
    login: &Login,
    connected: Instant,
) -> Result<Done, String> {
    let times = Times {
        idle_over: rows.idle_over,
        active_over: rows.active_over,
    };
    let mut unknown = 0_usize;
    let mut names = Names::of(rows);
    let ending = Sessions { level };
    let (all, looked) = match look(&ending, way.server).await {
        Ok(seen) => seen,
        Err(error) => return way.go(&ending, Err(error)).await,
    };
    let users: Vec<_> = all.iter().map(|session| session.user.as_ref()).collect();
    let whose = Whose::of(names.user.as_mut(), way.server, &users).await;
    if let Some(client) = &names.client {
        client.look_up().await;
    }
    let from = |session: &Session| {
        let client = names.client.as_ref();
        client.is_none_or(|client| client.lets_through(session.client.as_ref()))
    };
    let is_chosen = |(session, theirs): (&Session, &bool)| {
        *theirs
            && from(session)
            && match times.choose(session) {
                Choice::Keep => true,
                Choice::Drop => false,
                Choice::Unknown => {
                    unknown += 1;
                    false
                }
            }
    };
    let chosen: Vec<bool> = all.iter().zip(&whose.theirs).map(is_chosen).collect();
    let mut prepared = Sessions::prepared(way.server, &all, &chosen, looked, login, connected);
    prepared.besides.extend(whose.besides);
    names.tell(way.report);
    if let Some(left_out) = whose.left_out {
        way.report.note(&left_out);
    }
    if unknown > 0 {
        way.report.note(&format!(
            "left out {unknown} whose time the server does not tell (Samba keeps no idle time)"
        ));
    }
    way.go(&ending, Ok(prepared)).await
}

impl Sessions {
    /// Looks at every session, and makes orders of those that are chosen:
    /// `choice` says of each, given when the server was looked at.
    ///
    /// # Errors
    ///
    /// When the server does not tell its sessions.
    pub(crate) async fn prepare(
        &self,
        server: &Server,
        choice: impl FnOnce(&[Session], Window) -> Vec<bool>,
        login: &Login,
        connected: Instant,
    ) -> Result<Prepared<Session>, Error> {
        let (all, looked) = look(self, server).await?;
        let chosen = choice(&all, looked);
        Ok(Self::prepared(
            server, &all, &chosen, looked, login, connected,
        ))
    }

    /// Makes orders of those of all sessions that are chosen.
    fn prepared(
        server: &Server,
        all: &[Session],
        chosen: &[bool],
        looked: Window,
        login: &Login,
        connected: Instant,
    ) -> Prepared<Session> {
        let peer = server.facts().map(|facts| facts.peer);
        let own = Own::new(login, peer).among(all, connected.elapsed());
        let named = |session: &Session| SessionTarget::of(session).is_some();
        let chosen = choose::<Sessions>(all, chosen, &own, named, &REASONS);
        let mut besides = besides(all, &own, &chosen.orders);
        besides.extend(ageless(&chosen.orders));
        Prepared {
            besides,
            looked,
            chosen,
        }
    }
}

/// What cannot be told apart: where no age is told, a session that began after
/// this one looks the same.
fn ageless(orders: &[Vec<Session>]) -> Option<String> {
    let count = orders.iter().flatten().filter(|row| row.active.is_none());
    let count = count.count();
    (count > 0).then(|| {
        format!(
            "the server does not say how long {count} of these sessions have been there: one that \
             the same user begins from the same client meanwhile cannot be told apart, and ends in \
             its place"
        )
    })
}

/// What else may fall: sessions from the same clients.
fn besides(all: &[Session], own: &[bool], orders: &[Vec<Session>]) -> Vec<String> {
    let firsts = || orders.iter().map(|order| &order[0]);
    let ended: HashSet<_> = firsts().map(Sessions::key).collect();
    let clients: HashSet<_> = firsts().map(Sessions::client).collect();
    let ends = |session: &Session| ended.contains(&Sessions::key(session));
    let from_there = |session: &Session| clients.contains(&Sessions::client(session));
    let others: Vec<&Session> = all
        .iter()
        .zip(own)
        .filter(|&(session, own)| !own && from_there(session) && !ends(session))
        .map(|(session, _)| session)
        .collect();
    if others.is_empty() {
        return Vec::new();
    }
    let named: Vec<String> = others.iter().take(NAMED_BESIDES).map(|s| who(s)).collect();
    let more = match others.len().saturating_sub(NAMED_BESIDES) {
        0 => String::new(),
        more => format!(", and {more} more"),
    };
    vec![format!(
        "Samba ends a client's whole connection; these sessions come from the same clients and \
         may end too: {}{more}",
        named.join(", ")
    )]
}

fn who(session: &Session) -> String {
    let told = |name: &Option<Name>| name.as_deref().unwrap_or("-").to_owned();
    format!("{} from {}", told(&session.user), told(&session.client))
}

impl Ending for Sessions {
    type Row = Session;
    /// Client and user, which are one name in any letter case.
    type Key = [Option<String>; 2];
    const ACTION: &'static str = "close session";
    const NAMES: [&'static str; 2] = ["session", "sessions"];
    const CHANGED: &'static str = "a session of this user and client is there that was not shown (its age is not what it \
         would be by now), so nothing was ended";
    const REPLACED: Outcome = Outcome::CameBack;

    async fn look(&self, server: &Server) -> Result<Vec<Session>, Error> {
        // Any user: so no level is taken that names none.
        let mut query = server.sessions().user("*");
        if let Some(level) = self.level {
            query = query.level(level);
        }
        query.collect().await?.complete()
    }

    fn key(row: &Session) -> [Option<String>; 2] {
        let folded = |name: &Option<Name>| name.as_ref().map(|name| name.to_lowercase());
        [folded(&row.client), folded(&row.user)]
    }

    fn client(row: &Session) -> Option<ClientKey> {
        row.client.as_deref().map(ClientKey::of)
    }

    fn order(one: &Session, other: &Session) -> Ordering {
        one.active.cmp(&other.active)
    }

    /// Sessions of one user and client differ by nothing but their age.
    fn compare(before: &Session, now: &Session, passed: Passed) -> Ordering {
        passed.compare(before.active, now.active)
    }

    fn was_gone(said: Closing) -> bool {
        matches!(said, Closing::NotFound(_))
    }

    async fn end(
        &self,
        server: &Server,
        rows: &[Session],
        answer: impl FnMut(usize, Result<Closing, Error>) -> ControlFlow<()> + Send,
    ) -> Result<(), Error> {
        // None is chosen that does not name both.
        let targets: Vec<_> = rows.iter().filter_map(SessionTarget::of).collect();
        server.close_sessions(&targets, answer).await
    }

    fn closed(row: &Session, outcome: Outcome) -> Closed {
        Closed {
            what: "session",
            client: row.client.clone(),
            user: row.user.clone(),
            id: None,
            path: None,
            active: row.active,
            outcome,
            message: None,
        }
    }

    fn line(row: &Session) -> String {
        let mut line = who(row);
        let mut more: Vec<String> = Vec::new();
        if let Some(opens) = row.opens {
            more.push(format!("{opens} open"));
        }
        for (what, time) in [("active", row.active), ("idle", row.idle)] {
            if let Some(time) = time {
                let mut text = format!("{what} ");
                duration::write(&mut text, time);
                more.push(text);
            }
        }
        if !more.is_empty() {
            // Writing to a String cannot fail.
            let _ = write!(line, " ({})", more.join(", "));
        }
        line
    }

    fn target(rows: &[Session]) -> Vec<(&'static str, Value<'_>)> {
        let oldest = rows.iter().filter_map(|row| row.active).max();
        vec![
            ("client", Value::text(&rows[0].client)),
            ("user", Value::text(&rows[0].user)),
            ("sessions", Value::Number(rows.len() as u64)),
            (
                "active_secs",
                oldest.map_or(Value::Null, |age| Value::Number(age.as_secs())),
            ),
        ]
    }
}
