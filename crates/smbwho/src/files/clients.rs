//! From which client a file was opened: no level of NetrFileEnum tells it.
//!
//! What is certain without asking further: a user whose sessions all come
//! from one client has their files open from there. For the others the server
//! is asked client by client, `\\client` standing in the user's place: Windows
//! 7, Server 2008 R2 and later answer with the files of that client. A server
//! that takes the name for a user's (Samba) answers with none, and one that
//! ignores it with all; then the client stays unknown. Nothing is guessed.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, OnceLock};

use futures::future::{BoxFuture, FutureExt, Shared};
use futures::stream::{self, StreamExt};
use tokio::sync::Mutex;

use super::query::Files;
use super::{ClientBasis, OpenFile};
use crate::enumerate::{Ahead, Beside, MAX_PREFERRED_LENGTH, Pager};
use crate::filter::{UserFilter, UserMatch, account_name, is_same_client};
use crate::{Code, Error, Level, Name, Server};

/// A client that cannot exist (RFC 2606, 2): a server that lists files for it
/// does not list by client.
const NOBODY: &str = "no-such-client.invalid";

/// Clients that are asked about side by side.
const SIDE_BY_SIDE: usize = 4;

/// Clients beyond which nobody is asked client by client.
const MAX_CLIENTS: usize = 4096;

/// The longest name that is asked for, in bytes: servers refuse longer ones.
const MAX_LENGTH: usize = 1000;

/// What is known of clients so far, for one question.
#[derive(Default)]
pub(super) struct Clients {
    /// Asked for beside the files.
    ahead: OnceLock<Ahead<crate::sessions::Sessions>>,
    /// Asked for once. It goes on only while somebody waits for it.
    sessions: OnceLock<Shared<BoxFuture<'static, Arc<Sessions>>>>,
    by_client: Mutex<ByClient>,
}

/// The clients of each user.
enum Sessions {
    Told(Users),
    NotTold(Option<Code>),
}

/// Users by their name alone, since a server may name one with a domain here
/// and without there.
#[derive(Default)]
struct Users(HashMap<String, Vec<(UserFilter, Of)>>);

/// The clients of one user.
#[derive(Clone, Default)]
struct Of {
    clients: Vec<Name>,
    /// There is a session whose client was not told.
    and_others: bool,
}

impl Users {
    /// Where a user signed in from; `None` for one who did not.
    fn of(&self, user: &Name) -> Option<Cow<'_, Of>> {
        let named = self.0.get(&account_name(user))?;
        let judged = |wanted| {
            let is = move |(known, _): &&(UserFilter, Of)| known.judge(user) == wanted;
            named.iter().filter(is).map(|(_, of)| of)
        };
        if let Some(of) = judged(UserMatch::Same).next() {
            return Some(Cow::Borrowed(of));
        }
        // All who may be the one.
        let mut all: Option<Of> = None;
        for of in judged(UserMatch::Assumed) {
            let all = all.get_or_insert_default();
            all.and_others |= of.and_others;
            of.clients.iter().for_each(|client| all.add(client));
        }
        all.map(Cow::Owned)
    }

    fn add(&mut self, user: &Name, client: Option<&Name>) {
        let named = self.0.entry(account_name(user)).or_default();
        let known =
            |(known, _): &(UserFilter, Of)| known.text().to_lowercase() == user.to_lowercase();
        let at = named.iter().position(known).unwrap_or_else(|| {
            named.push((UserFilter::exact(user), Of::default()));
            named.len() - 1
        });
        match client {
            None => named[at].1.and_others = true,
            Some(client) => named[at].1.add(client),
        }
    }
}

impl Of {
    fn add(&mut self, client: &Name) {
        if !self
            .clients
            .iter()
            .any(|known| is_same_client(known, client))
        {
            self.clients.push(client.clone());
        }
    }
}

/// What the server lists client by client.
#[derive(Default)]
struct ByClient {
    /// `None` until somebody asked.
    served: Option<bool>,
    asked: HashSet<Name>,
    /// Files and the clients they were listed for, by id.
    files: HashMap<u32, Vec<(OpenFile, Name)>>,
}

impl Clients {
    /// The request for the sessions, to be made with that for the files: it
    /// costs neither a pipe nor a round trip of its own then. More of them is
    /// read only when it is needed.
    pub(super) fn beside(&self, server: &Server) -> &dyn Beside {
        let ahead = || Ahead::of(server.sessions().pager());
        self.ahead.get_or_init(ahead)
    }

    fn sessions(&self, server: &Server) -> Shared<BoxFuture<'static, Arc<Sessions>>> {
        let ask = || {
            let begun = self.ahead.get().and_then(Ahead::take);
            let pager = begun.unwrap_or_else(|| server.sessions().pager());
            let asking = async move { Arc::new(Sessions::ask(pager).await) };
            asking.boxed().shared()
        };
        self.sessions.get_or_init(ask).clone()
    }

    /// Fills in the clients of these rows, as far as they can be known.
    pub(super) async fn find(&self, server: &Server, rows: Vec<&mut OpenFile>) {
        if rows.is_empty() {
            return;
        }
        let sessions = self.sessions(server).await;
        let users = match &*sessions {
            Sessions::NotTold(why) => {
                for row in rows {
                    row.client_basis = ClientBasis::SessionsNotTold(*why);
                }
                return;
            }
            Sessions::Told(users) => users,
        };
        let mut unclear: Vec<(&mut OpenFile, Cow<'_, Of>)> = Vec::new();
        for row in rows {
            match row.user.as_ref().and_then(|user| users.of(user)) {
                None => row.client_basis = ClientBasis::NoSession,
                Some(of) => match &of.clients[..] {
                    [client] if !of.and_others => {
                        row.client = Some(client.clone());
                        row.client_basis = ClientBasis::Sessions;
                    }
                    _ => unclear.push((row, of)),
                },
            }
        }
        if unclear.is_empty() {
            return;
        }
        let mut by_client = self.by_client.lock().await;
        // Few clients first: they show soonest whether the server lists by
        // client at all.
        unclear.sort_by_key(|(_, of)| of.clients.len());
        for (row, of) in unclear {
            by_client.ask(server, &of.clients).await;
            row.client = by_client.client_of(row).cloned();
            row.client_basis = match row.client {
                Some(_) => ClientBasis::Server,
                None => ClientBasis::Ambiguous(of.clients.as_slice().into()),
            };
        }
    }
}

impl Sessions {
    async fn ask(pager: Pager<crate::sessions::Sessions>) -> Self {
        let sessions = match pager.collect().await {
            Ok(sessions) => sessions,
            Err(error) => return Self::NotTold(error.code()),
        };
        // With sessions missing, the one that is there may not be the only one.
        if let Some(error) = sessions.missing {
            return Self::NotTold(error.code());
        }
        if sessions
            .rows
            .iter()
            .any(|session| session.level == Some(Level::L0))
        {
            return Self::NotTold(None);
        }
        let mut users = Users::default();
        for session in &sessions.rows {
            if let Some(user) = &session.user {
                users.add(user, session.client.as_ref());
            }
        }
        Self::Told(users)
    }
}

impl ByClient {
    /// Asks for the files of those of these clients that were not asked for.
    async fn ask(&mut self, server: &Server, clients: &[Name]) {
        if self.served == Some(false) {
            return;
        }
        let new: Vec<Name> = clients
            .iter()
            .filter(|client| !self.asked.contains(*client) && client.len() <= MAX_LENGTH)
            .cloned()
            .collect();
        if new.is_empty() {
            return;
        }
        if self.asked.len() + new.len() > MAX_CLIENTS {
            return;
        }
        if self.served.is_none() {
            let nobody = files_of(server.clone(), Name::from(NOBODY)).await;
            if nobody.is_none_or(|(_, files)| !files.is_empty()) {
                self.served = Some(false);
                return;
            }
        }
        self.asked.extend(new.iter().cloned());
        let answers = stream::iter(new).map(|client| files_of(server.clone(), client));
        let answers: Vec<_> = answers.buffer_unordered(SIDE_BY_SIDE).collect().await;
        let mut came = false;
        for (client, files) in answers.into_iter().flatten() {
            for file in files {
                came = true;
                let Some(id) = file.id else { continue };
                self.files
                    .entry(id)
                    .or_default()
                    .push((file, client.clone()));
            }
        }
        // These clients' users do have files open: none listed for any of
        // them means that the server does not list by client.
        if self.served.is_none() {
            self.served = Some(came);
        }
    }

    /// The client that this file was listed for, if it was for one only.
    fn client_of(&self, row: &OpenFile) -> Option<&Name> {
        let same = |file: &&(OpenFile, Name)| file.0.path == row.path && file.0.user == row.user;
        let mut listed = self.files.get(&row.id?)?.iter().filter(same);
        let (_, client) = listed.next()?;
        listed.all(|(_, other)| other == client).then_some(client)
    }
}

/// The files that the server lists for a client; `None` when it refuses.
// Boxed: finding out clients is part of listing files, and this lists files.
fn files_of(server: Server, client: Name) -> BoxFuture<'static, Option<(Name, Vec<OpenFile>)>> {
    Box::pin(async move {
        let pager = Pager::new(server, Files::of_client(&client), MAX_PREFERRED_LENGTH);
        let files: Result<_, Error> = pager.collect().await;
        Some((client, files.ok()?.complete().ok()?))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clients(sessions: &[(&str, &str)], user: &str) -> Option<Vec<String>> {
        let mut users = Users::default();
        for (user, client) in sessions {
            users.add(&Name::from(*user), Some(&Name::from(*client)));
        }
        let of = users.of(&Name::from(user))?;
        Some(of.clients.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn a_user_of_files_is_the_user_of_sessions_with_and_without_domain() {
        let sessions = [(r"LAB\ann", "ws1"), ("bob", "ws2"), ("BOB", "WS2")];
        for (user, expected) in [
            (r"lab\Ann", Some(vec!["ws1".to_owned()])),
            ("ann", Some(vec!["ws1".to_owned()])),
            ("ann@lab.test", Some(vec!["ws1".to_owned()])),
            (r"LAB\bob", Some(vec!["ws2".to_owned()])),
            (r"OTHER\ann", None),
            ("carol", None),
        ] {
            assert_eq!(clients(&sessions, user), expected, "{user}");
        }
    }

    #[test]
    fn of_two_domains_nobody_knows_which() {
        let sessions = [(r"LAB\ann", "ws1"), (r"OTHER\ann", "ws2")];
        assert_eq!(
            clients(&sessions, r"OTHER\ann"),
            Some(vec!["ws2".to_owned()])
        );
        assert_eq!(
            clients(&sessions, "ann").map(|clients| clients.len()),
            Some(2)
        );
    }

    #[test]
    fn one_client_is_one_however_it_is_written() {
        let sessions = [("ann", "[::1]"), ("ann", "::1"), ("ann", "0::1")];
        assert_eq!(clients(&sessions, "ann"), Some(vec!["[::1]".to_owned()]));
    }
}
