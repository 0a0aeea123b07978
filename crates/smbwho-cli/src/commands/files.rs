//! `smbwho files [SERVER…]`: which files are open, by whom, from where.

use std::cell::RefCell;
use std::future::Future;
use std::io;

use smbwho::{ClientBasis, ClientFilter, FileLevel, OpenFile, Place, Server};

use super::fleet::{Fleet, Printing};
use super::names::Names;
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
    place: Option<Place>,
    words: &[String],
    interrupted: impl Future<Output = ()>,
    printing: Printing<'_, OpenFile>,
) -> io::Result<Exit> {
    let names = Names::of(rows);
    let user = names.user.clone();
    let question = move |server: Server| {
        let mut query = server.files();
        if let Some(level) = level {
            query = query.level(level);
        }
        if let Some(user) = &user {
            query = query.user(user.clone());
        }
        if let Some(place) = &place {
            query = query.place(place.clone());
        }
        query.pages()
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
    clients.tell(report);
    names.tell(report);
    Ok(exit)
}

/// `--client`, and what must be said of files whose client is not known.
pub(super) struct Clients<'a> {
    wanted: Option<&'a ClientFilter>,
    /// How many there were for each reason.
    unknown: RefCell<Vec<(String, usize)>>,
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
        self.wanted
            .is_none_or(|client| client.lets_through(file.client.as_ref()))
    }

    /// Says, once for each reason, how many clients are not known.
    pub(super) fn tell(&self, report: Report) {
        for (why, count) in self.unknown.borrow().iter() {
            let files = match count {
                1 => "1 open file".to_owned(),
                count => format!("{count} open files"),
            };
            report.note(&match self.wanted {
                None => format!("the client of {files} is not known: {why}"),
                Some(_) => format!("left out {files} whose client is not known: {why}"),
            });
        }
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
