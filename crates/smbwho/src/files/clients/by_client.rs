//! Files as a server lists them client by client.

use std::collections::{HashMap, HashSet};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Instant;

use futures::future::BoxFuture;

use super::super::listing::Files;
use super::kept::Listed;
use super::users::{Reported, UserClients};
use crate::backend::Backend;
use crate::enumerate::{MAX_PREFERRED_LENGTH, Pager};
use crate::filter::ClientKey;
use crate::{Name, OpenFile, Server};

/// A client that cannot exist (RFC 2606, 2): a server that lists files for it
/// does not list by client.
const NOBODY: &str = "no-such-client.invalid";

/// Clients beyond which nobody is asked client by client.
const MAX_CLIENTS: usize = 4096;

/// The longest name that is asked for, in bytes: servers refuse longer ones.
const MAX_LENGTH: usize = 1000;

/// Clients with files open that show whether a server lists by client.
const SAMPLE: usize = 32;

/// What is held of what a server lists by client, in bytes.
const MAX_HELD: usize = 96 << 20;

/// What the server lists client by client.
#[derive(Default)]
pub(super) struct ByClient {
    /// `None` until somebody asked.
    served: Option<bool>,
    asked: HashSet<ClientKey>,
    /// Bytes of what is listed.
    held: usize,
    /// Each client and what is listed for it.
    lists: Vec<(Name, Arc<[Listed]>)>,
    /// Where files of an id are among the lists.
    by_id: HashMap<u32, Vec<(usize, usize)>>,
}

/// A client that is to be asked for.
struct Wanted {
    client: Name,
    /// A user's sessions from there say that something is open.
    has_opens: bool,
}

/// What became of asking for clients.
struct Asked {
    /// Files were listed.
    came: bool,
    /// Files were listed for nobody, or it could not be seen that none are.
    in_doubt: bool,
}

impl ByClient {
    /// Asks for the files of those clients of these users that were not asked for, in flight
    /// together. With each user stands how many files they have.
    pub(super) async fn ask(
        &mut self,
        server: &Server,
        reported: &Reported,
        users: Vec<(Arc<UserClients>, usize)>,
    ) {
        let lists_by_client = server.learnt().lists_by_client;
        if self.served == Some(false) || lists_by_client == Some(false) {
            return;
        }
        if self.served.is_none() {
            server.kept_lists().keep_only(&reported.marks);
        }
        self.look_for(server, reported, users, lists_by_client)
            .await;
        if let Backend::Remote(line) = server.backend() {
            line.list_budget().ended(&list_name(server));
        }
    }

    async fn look_for(
        &mut self,
        server: &Server,
        reported: &Reported,
        mut users: Vec<(Arc<UserClients>, usize)>,
        lists_by_client: Option<bool>,
    ) {
        let is_first = self.served.is_none();
        // Few clients first: they show soonest whether the server lists by
        // client at all.
        users.sort_by_key(|(of, _)| of.clients().len());
        let mut wanted = Vec::new();
        let mut of_first_user = 0;
        for (of, files) in &users {
            self.choose(server, reported, of, *files, &mut wanted);
            if of_first_user == 0 {
                of_first_user = wanted.len();
            }
        }
        if wanted.is_empty() {
            return;
        }
        if is_first && lists_by_client.is_none() {
            let nobody = self.ask_for(server, reported, Vec::new(), true).await;
            if nobody.in_doubt {
                self.is_not_served();
                return;
            }
            let sample = take_sample(&mut wanted, of_first_user);
            // From these clients files are open, as far as is known: none listed for any of
            // them means that the server does not list by client.
            if !self.ask_for(server, reported, sample, false).await.came {
                self.is_not_served();
                return;
            }
            server.learn(|learnt| learnt.lists_by_client = Some(true));
            self.ask_for(server, reported, wanted, false).await;
        } else {
            let asked = self.ask_for(server, reported, wanted, is_first).await;
            if asked.in_doubt {
                // It is not the server any more that it was.
                server.learn(|learnt| learnt.lists_by_client = None);
                server.kept_lists().clear();
                self.is_not_served();
                return;
            }
        }
        self.served = Some(true);
    }

    /// Nothing that it lists says anything.
    fn is_not_served(&mut self) {
        self.served = Some(false);
        self.lists.clear();
        self.by_id.clear();
        self.held = 0;
    }

    /// Adds the clients of a user that are to be asked for. What was listed for a client
    /// before and still holds is taken over.
    fn choose(
        &mut self,
        server: &Server,
        reported: &Reported,
        of: &UserClients,
        files: usize,
        wanted: &mut Vec<Wanted>,
    ) {
        let clients = of.with_opens(files);
        let clients = clients.filter(|(client, _)| client.len() <= MAX_LENGTH);
        let mut new: Vec<(ClientKey, &Name, bool)> = clients
            .map(|(client, has_opens)| (ClientKey::of(client), client, has_opens))
            .collect();
        new.retain(|(key, ..)| !self.asked.contains(key));
        if self.asked.len() + new.len() > MAX_CLIENTS {
            return;
        }
        let kept = server.kept_lists();
        for (key, client, has_opens) in new {
            let held = kept.get(&key, reported);
            let is_held =
                held.is_some_and(|files| self.add(server, client.clone(), files).is_continue());
            if !is_held {
                let client = client.clone();
                wanted.push(Wanted { client, has_opens });
            }
            self.asked.insert(key);
        }
    }

    /// Asks for the files of these clients, and first of nobody where that is wanted.
    async fn ask_for(
        &mut self,
        server: &Server,
        reported: &Reported,
        wanted: Vec<Wanted>,
        with_nobody: bool,
    ) -> Asked {
        let mut outcome = Asked {
            came: false,
            in_doubt: with_nobody,
        };
        let nobody = with_nobody.then(|| Name::from(NOBODY));
        let clients = wanted.into_iter().map(|wanted| wanted.client);
        let clients: Vec<Name> = nobody.into_iter().chain(clients).collect();
        let pagers = clients.iter().map(|client| list_of(server, client));
        let pagers: Vec<_> = pagers.collect();
        let requests = pagers.iter().map(Pager::first_request);
        let Ok(requests) = requests.collect::<Result<Vec<_>, _>>() else {
            return outcome;
        };
        let asked = Instant::now();
        let mut by_pages = Vec::new();
        let read = server.read_each(&requests, |index, answer| {
            let Some((pager, client)) = pagers.get(index).zip(clients.get(index)) else {
                return ControlFlow::Continue(());
            };
            let list = pager.whole(answer);
            if with_nobody && index == 0 {
                let is_empty = |files: Option<Vec<OpenFile>>| files.is_some_and(|it| it.is_empty());
                outcome.in_doubt = !list.is_ok_and(is_empty);
                return match outcome.in_doubt {
                    true => ControlFlow::Break(()),
                    false => ControlFlow::Continue(()),
                };
            }
            match list {
                Ok(Some(files)) => {
                    outcome.came |= !files.is_empty();
                    self.take(server, reported, client, files, asked)
                }
                Ok(None) => {
                    by_pages.push(index);
                    ControlFlow::Continue(())
                }
                // Refused, or asked in vain: of this client nothing is known.
                Err(_) => ControlFlow::Continue(()),
            }
        });
        read.await;
        for client in by_pages.into_iter().filter_map(|index| clients.get(index)) {
            let asked = Instant::now();
            let Some(files) = all_pages(list_of(server, client)).await else {
                continue;
            };
            outcome.came |= !files.is_empty();
            if self.take(server, reported, client, files, asked).is_break() {
                break;
            }
        }
        outcome
    }

    /// Takes what is listed for a client, and keeps it for the next question; whether there is
    /// room for more.
    fn take(
        &mut self,
        server: &Server,
        reported: &Reported,
        client: &Name,
        files: Vec<OpenFile>,
        asked: Instant,
    ) -> ControlFlow<()> {
        let files: Arc<[Listed]> = files.into_iter().filter_map(Listed::of).collect();
        self.add(server, client.clone(), Arc::clone(&files))?;
        let key = ClientKey::of(client);
        server.kept_lists().put(key, files, asked, reported);
        ControlFlow::Continue(())
    }

    fn add(&mut self, server: &Server, client: Name, files: Arc<[Listed]>) -> ControlFlow<()> {
        let bytes = files.iter().map(Listed::bytes).sum();
        if !has_room(server, self.held, bytes) {
            return ControlFlow::Break(());
        }
        self.held += bytes;
        let list = self.lists.len();
        for (place, file) in files.iter().enumerate() {
            self.by_id.entry(file.id).or_default().push((list, place));
        }
        self.lists.push((client, files));
        ControlFlow::Continue(())
    }

    /// The client that this file was listed for, if it was for one only.
    pub(super) fn client_of(&self, row: &OpenFile) -> Option<&Name> {
        let mut lists = self.by_id.get(&row.id?)?.iter().filter(|&&(list, place)| {
            let file = self.lists.get(list).and_then(|(_, files)| files.get(place));
            file.is_some_and(|file| file.is(row))
        });
        let &(list, _) = lists.next()?;
        let (client, _) = self.lists.get(list)?;
        lists.all(|(other, _)| *other == list).then_some(client)
    }
}

/// Takes out of what is wanted what shows whether the server lists by client: all clients of
/// the first user, or some from which files certainly are open.
fn take_sample(wanted: &mut Vec<Wanted>, of_first_user: usize) -> Vec<Wanted> {
    let rest = wanted.split_off(of_first_user);
    let first = std::mem::replace(wanted, rest);
    if !first.iter().any(|wanted| wanted.has_opens) {
        return first;
    }
    let (mut sample, mut others): (Vec<_>, Vec<_>) =
        first.into_iter().partition(|wanted| wanted.has_opens);
    others.extend(sample.drain(sample.len().min(SAMPLE)..));
    wanted.append(&mut others);
    sample
}

/// The list of a client's files.
fn list_of(server: &Server, client: &Name) -> Pager<Files> {
    let listing = Files::of_client(client);
    Pager::new(server.clone(), listing, MAX_PREFERRED_LENGTH)
}

/// Every page of a list, where it could be read to its end.
// Boxed: finding out clients is part of listing files, and this lists files.
fn all_pages(pager: Pager<Files>) -> BoxFuture<'static, Option<Vec<OpenFile>>> {
    Box::pin(async move { pager.collect().await.ok()?.complete().ok() })
}

/// Whether so many bytes more may be held of what a server lists by client.
fn has_room(server: &Server, held: usize, more: usize) -> bool {
    let Backend::Remote(line) = server.backend() else {
        return true;
    };
    let (budget, name) = (line.list_budget(), list_name(server));
    let all = held.saturating_add(more);
    all <= MAX_HELD && budget.room(&name, held, more) >= more && budget.may_go_on(&name, all)
}

/// What tells these lists from others.
fn list_name(server: &Server) -> String {
    format!("{} by client", server.name())
}
