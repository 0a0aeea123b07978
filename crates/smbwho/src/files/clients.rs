//! From which client a file was opened: no level of NetrFileEnum tells it.
//!
//! What is certain without asking further: a user whose sessions all come
//! from one client has their files open from there. For the others the server
//! is asked client by client, `\\client` standing in the user's place: Windows
//! 7, Server 2008 R2 and later answer with the files of that client. A server
//! that takes the name for a user's (Samba) answers with none, and one that
//! ignores it with all; then the client stays unknown. Nothing is guessed.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, OnceLock};

use futures::future::{BoxFuture, FutureExt, Shared};
use futures::stream::{self, StreamExt};
use tokio::sync::Mutex;

use super::query::Files;
use super::{ClientBasis, OpenFile};
use crate::enumerate::{MAX_PREFERRED_LENGTH, Pager};
use crate::{Code, Error, Level, Name, Server};

/// A client that cannot exist (RFC 2606, 2): a server that lists files for it
/// does not list by client.
const NOBODY: &str = "no-such-client.invalid";

/// Clients that are asked about side by side.
const SIDE_BY_SIDE: usize = 4;

/// Clients beyond which nobody is asked client by client.
const MAX_CLIENTS: usize = 4096;

/// What is known of clients so far, for one question.
#[derive(Default)]
pub(super) struct Clients {
    /// Asked for once. It goes on only while somebody waits for it.
    sessions: OnceLock<Shared<BoxFuture<'static, Arc<Sessions>>>>,
    by_client: Mutex<ByClient>,
}

/// The clients of each user.
enum Sessions {
    Told(HashMap<String, Of>),
    NotTold(Option<Code>),
}

/// The clients of one user.
#[derive(Default)]
struct Of {
    clients: Vec<Name>,
    /// There is a session whose client was not told.
    and_others: bool,
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
    /// Asks for the sessions already, while there is nothing to find yet: they
    /// cost no round trip of their own then. They are read to their end only
    /// when they are needed.
    pub(super) fn get_ready(&self, server: &Server) -> BoxFuture<'static, ()> {
        self.sessions(server).map(|_| ()).boxed()
    }

    fn sessions(&self, server: &Server) -> Shared<BoxFuture<'static, Arc<Sessions>>> {
        let ask = || {
            let server = server.clone();
            let asking = async move { Arc::new(Sessions::ask(&server).await) };
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
        let mut unclear: Vec<(&mut OpenFile, &Of)> = Vec::new();
        for row in rows {
            match row.user.as_deref().and_then(|user| users.get(&fold(user))) {
                None => row.client_basis = ClientBasis::NoSession,
                Some(Of {
                    clients,
                    and_others: false,
                }) if clients.len() == 1 => {
                    row.client = clients.first().cloned();
                    row.client_basis = ClientBasis::Sessions;
                }
                Some(of) => unclear.push((row, of)),
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
    async fn ask(server: &Server) -> Self {
        let sessions = match server.sessions().collect().await {
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
        let mut users: HashMap<String, Of> = HashMap::new();
        for session in sessions.rows {
            let Some(user) = session.user else { continue };
            let of = users.entry(fold(&user)).or_default();
            match session.client {
                None => of.and_others = true,
                Some(client) if of.clients.iter().any(|known| fold(known) == fold(&client)) => {}
                Some(client) => of.clients.push(client),
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
            .filter(|client| !self.asked.contains(*client))
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

fn fold(text: &str) -> String {
    text.chars().flat_map(char::to_lowercase).collect()
}
