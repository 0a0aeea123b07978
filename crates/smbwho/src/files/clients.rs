//! From which client a file was opened: no level of NetrFileEnum tells it.
//!
//! What is certain without asking further: a user whose sessions all come
//! from one client has their files open from there. For the others the server
//! is asked client by client, `\\\\client` standing in the user's place: Windows
//! 7, Server 2008 R2 and later answer with the files of that client. A server
//! that takes the name for a user's (Samba) answers with none, and one that
//! ignores it with all; then the client stays unknown. Nothing is guessed.

mod by_client;
mod kept;
mod users;

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use futures::future::{BoxFuture, FutureExt, Shared};
use tokio::sync::Mutex;

use super::{ClientBasis, OpenFile};
use crate::enumerate::{Ahead, Beside};
use crate::{Name, Server};
use by_client::ByClient;
pub(crate) use kept::KeptLists;
use users::{Sessions, UserClients};

/// What is known of clients so far, for one question.
#[derive(Default)]
pub(super) struct Clients {
    /// When the sessions were asked for, at the earliest.
    begun: OnceLock<Instant>,
    /// Asked for beside the files.
    ahead: OnceLock<Ahead<crate::sessions::Sessions>>,
    /// Asked for once. It goes on only while somebody waits for it.
    sessions: OnceLock<Shared<BoxFuture<'static, Arc<Sessions>>>>,
    by_client: Mutex<ByClient>,
}

/// A row whose user has sessions from several clients.
type Unclear<'r> = (&'r mut OpenFile, Arc<UserClients>);

impl Clients {
    /// The request for the sessions, to be made with that for the files: it
    /// costs neither a pipe nor a round trip of its own then. More of them is
    /// read only when it is needed.
    pub(super) fn beside(&self, server: &Server) -> &dyn Beside {
        self.begun.get_or_init(Instant::now);
        let ahead = || Ahead::of(server.sessions().pager());
        self.ahead.get_or_init(ahead)
    }

    fn sessions(&self, server: &Server) -> Shared<BoxFuture<'static, Arc<Sessions>>> {
        let ask = || {
            let asked = *self.begun.get_or_init(Instant::now);
            let begun = self.ahead.get().and_then(Ahead::take);
            let pager = begun.unwrap_or_else(|| server.sessions().pager());
            let asking = async move { Arc::new(Sessions::ask(pager, asked).await) };
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
        let reported = match &*sessions {
            Sessions::NotReported(why) => {
                for row in rows {
                    row.client_basis = ClientBasis::SessionsNotTold(*why);
                }
                return;
            }
            Sessions::Reported(reported) => reported,
        };
        let mut users: HashMap<Name, Option<Arc<UserClients>>> = HashMap::new();
        let mut unclear: Vec<Unclear<'_>> = Vec::new();
        for row in rows {
            let of = row.user.as_ref().and_then(|user| match users.get(user) {
                Some(of) => of.clone(),
                None => {
                    let of = reported.users.of(user);
                    users.insert(user.clone(), of.clone());
                    of
                }
            });
            match of {
                None => row.client_basis = ClientBasis::NoSession,
                Some(of) => match of.only() {
                    Some(client) => {
                        row.client = Some(client.clone());
                        row.client_basis = ClientBasis::Sessions;
                    }
                    None => unclear.push((row, of)),
                },
            }
        }
        if unclear.is_empty() {
            return;
        }
        let mut by_client = self.by_client.lock().await;
        by_client.ask(server, reported, each_once(&unclear)).await;
        for (row, of) in unclear {
            row.client = by_client.client_of(row).cloned();
            row.client_basis = match row.client {
                Some(_) => ClientBasis::Server,
                None => ClientBasis::Ambiguous(Arc::clone(of.clients())),
            };
        }
    }
}

/// The users of these rows, and how many of the rows each has.
fn each_once(unclear: &[Unclear<'_>]) -> Vec<(Arc<UserClients>, usize)> {
    let mut numbers: HashMap<*const UserClients, usize> = HashMap::new();
    let mut users: Vec<(Arc<UserClients>, usize)> = Vec::new();
    for (_, of) in unclear {
        let number = *numbers.entry(Arc::as_ptr(of)).or_insert_with(|| {
            users.push((Arc::clone(of), 0));
            users.len() - 1
        });
        users[number].1 += 1;
    }
    users
}
