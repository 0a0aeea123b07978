//! `smbwho doctor SERVER`: what this login may ask there.

use std::future::Future;
use std::io;

use futures::stream;
use smbwho::{Page, Server};

use super::fleet::{Fleet, Printing};
use crate::exit::Exit;
use crate::mistyped;
use crate::problem::Problem;
use crate::rows::Finding;

/// Looks at the server and prints what was found. Refusals are what is looked
/// for: they are no failure.
///
/// # Errors
///
/// When the output cannot be written.
pub(crate) async fn run(
    fleet: Fleet,
    words: &[String],
    interrupted: impl Future<Output = ()>,
    printing: Printing<'_, Finding>,
) -> io::Result<Exit> {
    let question = |server: Server| {
        let found = async move { Ok(Page::from(Finding::all(&server.doctor().await))) };
        Box::pin(stream::once(found))
    };
    let advise = |problem: &mut Problem| mistyped::advise(problem, words);
    fleet
        .ask(question, |_| true, advise, interrupted, printing)
        .await
}
