//! `smbwho info [SERVER…]`: what a server is.

use std::future::Future;
use std::io;

use futures::stream::{self, StreamExt as _};
use smbwho::{Page, Server};

use super::fleet::{Fleet, Printing};
use crate::exit::Exit;
use crate::mistyped;
use crate::problem::Problem;
use crate::rows::Info;

/// Asks the servers what they are and prints it. What a server refuses stands
/// in its row; a call that failed is a problem of its own.
///
/// # Errors
///
/// When the output cannot be written.
pub(crate) async fn run(
    fleet: Fleet,
    words: &[String],
    interrupted: impl Future<Output = ()>,
    printing: Printing<'_, Info>,
) -> io::Result<Exit> {
    let question = |server: Server| {
        let told = async move {
            match server.info().await {
                Ok(mut info) => {
                    let missing = std::mem::take(&mut info.missing);
                    let (refused, failed): (Vec<_>, Vec<_>) =
                        missing.into_iter().partition(smbwho::Error::is_refusal);
                    let page = Page::from(vec![Info::new(&info, &refused)]);
                    let mut pages = vec![Ok(page)];
                    pages.extend(failed.into_iter().next().map(Err));
                    pages
                }
                Err(error) => vec![Err(error)],
            }
        };
        Box::pin(stream::once(told).flat_map(stream::iter))
    };
    let advise = |problem: &mut Problem| mistyped::advise(problem, words);
    fleet
        .ask(question, |_| true, advise, interrupted, printing)
        .await
}
