//! `smbwho logons [SERVER…]`: who is logged on to a computer itself.

use std::future::Future;
use std::io;

use smbwho::{Logon, LogonLevel, Server};

use super::fleet::{Fleet, Printing};
use super::names::Names;
use crate::args::RowArgs;
use crate::exit::Exit;
use crate::mistyped;
use crate::problem::Problem;

/// Asks the servers who is logged on and prints it.
///
/// # Errors
///
/// When the output cannot be written.
pub(crate) async fn run(
    fleet: Fleet,
    rows: &RowArgs,
    level: Option<LogonLevel>,
    words: &[String],
    interrupted: impl Future<Output = ()>,
    printing: Printing<'_, Logon>,
) -> io::Result<Exit> {
    let names = Names::of(rows);
    let user = names.user.clone();
    let question = move |server: Server| {
        let mut query = server.logons();
        if let Some(level) = level {
            query = query.level(level);
        }
        if let Some(user) = &user {
            query = query.user(user.clone());
        }
        query.pages()
    };
    let advise = |problem: &mut Problem| mistyped::advise(problem, words);
    let people = printing.format.is_for_people();
    let report = printing.report;
    let exit = fleet
        .ask(question, |_| true, advise, interrupted, printing)
        .await?;
    names.tell(report);
    if people && exit != Exit::Failure {
        report.note("these users are logged on to the computer; who is connected to it: sessions");
    }
    Ok(exit)
}
