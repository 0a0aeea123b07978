//! `smbwho shares [SERVER…]`: what is shared.

use std::future::Future;
use std::io;

use smbwho::{Server, Share, ShareLevel};

use super::fleet::{Fleet, Printing};
use crate::exit::Exit;
use crate::mistyped;
use crate::problem::Problem;

/// Asks the servers for their shares and prints them; the hidden ones with
/// `all`.
///
/// # Errors
///
/// When the output cannot be written.
pub(crate) async fn run(
    fleet: Fleet,
    all: bool,
    level: Option<ShareLevel>,
    words: &[String],
    interrupted: impl Future<Output = ()>,
    printing: Printing<'_, Share>,
) -> io::Result<Exit> {
    let question = move |server: Server| {
        let query = server.shares();
        let query = match level {
            Some(level) => query.level(level),
            None => query,
        };
        query.pages()
    };
    let keep = |share: &Share| all || !share.is_hidden();
    let advise = |problem: &mut Problem| mistyped::advise(problem, words);
    fleet
        .ask(question, keep, advise, interrupted, printing)
        .await
}
