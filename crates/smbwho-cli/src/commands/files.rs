//! `smbwho files [SERVER…]`: which files are open, by whom, from where.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::future::Future;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use futures::stream::{self, Stream, StreamExt as _};
use smbwho::{
    ClientBasis, ClientFilter, Error, FileLevel, Name, OpenFile, Page, PathInput, Server,
    UserFilter,
};

use super::fleet::{Fleet, Printing};
use super::names::Names;
use super::sought::{self, Notes, Sought};
use crate::args::RowArgs;
use crate::exit::Exit;
use crate::mistyped;
use crate::problem::Problem;
use crate::report::Report;

/// Asks the servers for their open files and prints them.
///
/// # Errors
///
/// When the output cannot be written.
pub(crate) async fn run(
    fleet: Fleet,
    rows: &RowArgs,
    level: Option<FileLevel>,
    path: Option<PathInput>,
    words: &[String],
    interrupted: impl Future<Output = ()>,
    printing: Printing<'_, OpenFile>,
) -> io::Result<Exit> {
    let names = Names::of(rows);
    let user = names.user.clone();
    let notes = Notes::default();
    let of_servers = notes.clone();
    let question = move |server: Server| {
        if let Some(path) = &path {
            let sought = Sought {
                paths: vec![path.clone()],
                user: user.clone(),
                level,
            };
            return sought::ask(server, sought, of_servers.clone())
                .boxed()
                .left_stream();
        }
        let mut query = server.files();
        if let Some(level) = level {
            query = query.level(level);
        }
        if let Some(user) = &user {
            query = query.user(user.clone());
        }
        let user = user.clone();
        with_reason(server, user, query.pages())
            .boxed()
            .right_stream()
    };
    let advise = |problem: &mut Problem| mistyped::advise(problem, words);
    let clients = Clients::wanted(names.client.as_ref()).await;
    let report = printing.report;
    let exit = fleet
        .ask(
            question,
            |file| clients.choose(file),
            advise,
            interrupted,
            printing,
        )
        .await?;
    notes.tell(report);
    clients.tell(report);
    names.tell(report);
    Ok(exit)
}

/// The pages, and where they have nothing of a user who has something open, why.
fn with_reason(
    server: Server,
    user: Option<UserFilter>,
    pages: impl Stream<Item = Result<Page<OpenFile>, Error>> + Send + 'static,
) -> impl Stream<Item = Result<Page<OpenFile>, Error>> + Send {
    let found = Arc::new(AtomicBool::new(false));
    let sees = Arc::clone(&found);
    let pages = pages.inspect(move |page| {
        let is_free = page.as_ref().is_ok_and(|page| page.rows.is_empty());
        sees.fetch_or(!is_free, Ordering::Relaxed);
    });
    let why = async move {
        let user = user.filter(|_| !found.load(Ordering::Relaxed))?;
        server.unlisted_opens(&user).await
    };
    pages.chain(stream::once(why).filter_map(async |why| why.map(Err)))
}

/// `--client`, and what must be said of files whose client is not known.
pub(super) struct Clients<'a> {
    wanted: Option<&'a ClientFilter>,
    /// How many there were for each reason.
    unknown: RefCell<Vec<(String, usize)>>,
    /// Users that are numbers, and how many files they have.
    unix_ids: RefCell<(BTreeSet<Name>, usize)>,
}

impl<'a> Clients<'a> {
    /// A name is looked up first.
    pub(super) async fn wanted(wanted: Option<&'a ClientFilter>) -> Self {
        if let Some(wanted) = wanted {
            wanted.look_up().await;
        }
        Self {
            wanted,
            unknown: RefCell::default(),
            unix_ids: RefCell::default(),
        }
    }

    /// Whether the row is printed.
    pub(super) fn choose(&self, file: &OpenFile) -> bool {
        if let Some(why) = why_unknown(&file.client_basis) {
            let mut unknown = self.unknown.borrow_mut();
            match unknown.iter_mut().find(|(known, _)| *known == why) {
                Some((_, count)) => *count += 1,
                None => unknown.push((why, 1)),
            }
        }
        if let Some(id) = file.unix_id() {
            let mut unix_ids = self.unix_ids.borrow_mut();
            unix_ids.0.insert(id.clone());
            unix_ids.1 += 1;
        }
        self.wanted
            .is_none_or(|client| client.lets_through(file.client.as_ref()))
    }

    /// Says, once for each reason, how many clients are not known, and whose users are
    /// numbers.
    pub(super) fn tell(&self, report: Report) {
        let (ids, count) = &*self.unix_ids.borrow();
        if let (Some(first), Some(last)) = (ids.first(), ids.last()) {
            let ids = match ids.len() {
                1 => first.to_string(),
                _ => format!("{first} to {last}"),
            };
            report.note(&format!(
                "the user of {} is told as a number ({ids}): a Unix id, for which the server has \
                 no name",
                open_files(*count)
            ));
        }
        for (why, count) in self.unknown.borrow().iter() {
            let files = open_files(*count);
            report.note(&match self.wanted {
                None => format!("the client of {files} is not known: {why}"),
                Some(_) => format!("left out {files} whose client is not known: {why}"),
            });
        }
    }
}

fn open_files(count: usize) -> String {
    match count {
        1 => "1 open file".to_owned(),
        count => format!("{count} open files"),
    }
}

/// Why nobody can say from where a file was opened.
fn why_unknown(basis: &ClientBasis) -> Option<String> {
    match basis {
        ClientBasis::Ambiguous(_) => Some(
            "the user has sessions from several clients, and the server does not tell whose \
             file it is"
                .to_owned(),
        ),
        ClientBasis::NoSession => Some("the server lists no session of the user".to_owned()),
        ClientBasis::SessionsNotTold(Some(code)) => {
            Some(format!("the server does not tell its sessions ({code})"))
        }
        ClientBasis::SessionsNotTold(None) => {
            Some("the server does not tell whose its sessions are".to_owned())
        }
        _ => None,
    }
}
