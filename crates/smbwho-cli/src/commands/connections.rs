//! `smbwho connections SERVER --share S | --client C`: which clients use a
//! share, which shares a client uses.

use std::cell::Cell;
use std::future::Future;
use std::io;

use smbwho::{Connection, ConnectionLevel, Server};

use super::fleet::{Fleet, Printing};
use super::names::Names;
use crate::args::RowArgs;
use crate::exit::Exit;
use crate::mistyped;
use crate::problem::Problem;

/// What the connections are to be of.
#[derive(Debug, Clone)]
pub(crate) enum Of {
    Share(String),
    Client(String),
}

/// Asks the servers for connections and prints them.
///
/// # Errors
///
/// When the output cannot be written.
pub(crate) async fn run(
    fleet: Fleet,
    of: &Of,
    rows: &RowArgs,
    level: Option<ConnectionLevel>,
    words: &[String],
    interrupted: impl Future<Output = ()>,
    printing: Printing<'_, Connection>,
) -> io::Result<Exit> {
    let names = Names::of(rows);
    let (of, user) = (of.clone(), names.user.clone());
    let question = move |server: Server| {
        let mut query = match &of {
            Of::Share(share) => server.connections_to(share),
            Of::Client(client) => server.connections_from(client),
        };
        if let Some(level) = level {
            query = query.level(level);
        }
        if let Some(user) = &user {
            query = query.user(user.clone());
        }
        query.pages()
    };
    let made_up = Cell::new(false);
    let keep = |connection: &Connection| {
        made_up.set(made_up.get() || connection.made_up);
        true
    };
    let advise = |problem: &mut Problem| mistyped::advise(problem, words);
    let report = printing.report;
    let exit = fleet
        .ask(question, keep, advise, interrupted, printing)
        .await?;
    names.tell(report);
    if made_up.get() {
        report.note(
            "Samba makes up the particulars of connections; what is shown is how many there are, \
             and how many files are open through them",
        );
    }
    Ok(exit)
}
