//! `browse --once`: the grid as plain text, for a pipe or a quick look.

use std::future::Future;
use std::io::{self, Write};
use std::pin::pin;

use super::run::Browsing;
use super::state::Event;
use super::view;
use crate::exit::Exit;
use crate::live::{Health, Tenths};
use crate::output::escape::Visible;
use crate::report::Report;

/// Wide enough for every cell that a server may send.
const NO_EDGE: usize = 1 << 20;

/// Asks every server once and prints the view.
///
/// # Errors
///
/// A message for the user when the arguments do not fit the view; else what
/// stopped the output.
pub(crate) async fn once(
    browsing: &Browsing,
    report: Report,
    interrupted: impl Future<Output = ()>,
    mut out: impl Write,
) -> Result<io::Result<Exit>, String> {
    let mut state = browsing.state()?;
    let mut asker = browsing.asker(&state);
    let mut interrupted = pin!(interrupted);
    let mut stopped = false;
    while state
        .servers
        .iter()
        .any(|server| server.health == Health::Asked)
    {
        let answer = tokio::select! {
            () = &mut interrupted => {
                stopped = true;
                break;
            }
            answer = asker.next() => answer,
        };
        let Some(answer) = answer else { break };
        if let Some(problem) = answer.health.problem() {
            report.problem(problem);
        }
        state.update(Event::Answer(answer), Tenths::default());
    }
    while state.is_busy() {
        state.grid().work(NO_EDGE);
    }
    let width = browsing.width.unwrap_or(NO_EDGE);
    let text = {
        let stale = state.stale();
        let page = state.grid().page(width, NO_EDGE, Tenths::default(), &stale);
        let mut lines = vec![view::path_text(&state)];
        let heads: Vec<&str> = page.heads.iter().map(|head| head.text.as_str()).collect();
        lines.push(heads.join(crate::output::table::GAP));
        let limit = browsing.limit.unwrap_or(usize::MAX);
        lines.extend(page.lines.into_iter().take(limit).map(|line| line.text));
        if state.here().grid.counts().shown == 0 {
            lines.push(view::nothing(&state));
        }
        lines.push(view::totals(&state));
        let line = |line: &String| format!("{}\n", line.trim_end());
        lines.iter().map(line).collect::<String>()
    };
    if let Err(error) = out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        return Ok(Err(error));
    }
    if stopped {
        for server in state
            .servers
            .iter()
            .filter(|server| server.health == Health::Asked)
        {
            let name = Visible(&server.name);
            report.error(&format!("{name}: interrupted before it answered"));
        }
        return Ok(Ok(Exit::Interrupted));
    }
    let answered = state
        .servers
        .iter()
        .filter(|server| server.has_answered())
        .count();
    let failed = state.stale().iter().filter(|stale| **stale).count();
    Ok(Ok(Exit::of_servers(answered, failed)))
}
