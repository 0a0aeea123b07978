//! `smbwho close …`: from the arguments to what was ended.

use std::io;
use std::time::Instant;

use smbwho::{FileLevel, Server};

use super::setup::{connect_options, max_hosts, order, runtime, style};
use super::{Stop, sessions_level};
use crate::args::{CloseWhat, Shared};
use crate::audit::Audit;
use crate::commands::close;
use crate::config::Config;
use crate::credentials;
use crate::exit::Exit;
use crate::output::{self, Format};
use crate::report::Report;
use crate::rows::{self, Closed};
use crate::targets;

/// Ends what the filters choose on one server.
pub(super) fn end(what: CloseWhat, shared: &Shared, report: Report) -> Result<Exit, Stop> {
    let server = what.server();
    if shared.asking.resume.is_some() {
        let message = "--resume goes on with a question to many servers; this is none";
        return Err(Stop::Wrong(message.to_owned()));
    }
    close::check(&what, &shared.rows)?;
    let level = match &what {
        CloseWhat::Session { .. } => sessions_level(shared)?,
        // The other level tells numbers only.
        CloseWhat::File { .. } => {
            let level = shared.asking.level;
            level.of("files to close", &[FileLevel::L3], FileLevel::number)?;
            None
        }
    };
    let config = Config::load()?;
    let words = [server.to_owned()];
    credentials::check(&shared.login, server == targets::STDIN)?;
    let format = shared.print.output.or(config.output).unwrap_or_default();
    let order = order::<Closed>(shared)?;
    let columns = match shared.print.columns.as_deref() {
        Some(names) => rows::choose::<Closed>(names)?,
        None => close::columns(&what, format),
    };
    let servers = targets::resolve(&words, &config, max_hosts(shared))?;
    let [targets::Target { address, .. }] = servers.as_slice() else {
        return Err(Stop::Wrong(format!(
            "{server} names several servers: end things on one at a time"
        )));
    };
    if let CloseWhat::File { id, path, .. } = &what {
        close::files::Filter::new(*id, path.as_deref(), &shared.rows)?.check_server(address)?;
    }
    let (login, notes) = credentials::login(&shared.login, &config, &mut credentials::System)?;
    let report = Report {
        json: format == Format::Jsonl,
        ..report
    };
    notes.iter().for_each(|note| report.note(note));
    let options = connect_options(shared, &config);
    let runtime = runtime(1)?;
    let done = runtime.block_on(async {
        let connected = Instant::now();
        let server = match Server::connect_with(address, &login, &options).await {
            Ok(server) => server,
            Err(error) => {
                let done = close::Done::failed(error);
                done.problems.iter().for_each(|p| report.problem(p));
                return Ok(done);
            }
        };
        let way = close::Way {
            server: &server,
            consent: what.consent(),
            audit: &|| Audit::open(&config, &login),
            report,
        };
        match &what {
            CloseWhat::Session { .. } => {
                close::sessions::run(&way, level, &shared.rows, &login, connected).await
            }
            CloseWhat::File { id, path, .. } => {
                let filter = close::files::Filter::new(*id, path.as_deref(), &shared.rows)?;
                close::files::run(&way, filter, &login).await
            }
        }
    });
    runtime.shutdown_background();
    let done = done?;
    let exit = done.exit();
    let mut rows = done.rows_of(&address.to_string());
    if rows.is_empty() && done.problems.is_empty() && format.is_for_people() {
        report.note("nothing matches: there is nothing to end");
        return Ok(exit);
    }
    order.arrange(&mut rows);
    let mut sink = output::sink::<Closed>(style(shared, format), columns, io::stdout().lock());
    let printed = if rows.is_empty() && format.is_for_people() {
        Ok(())
    } else {
        sink.rows(rows).and_then(|()| sink.finish(&done.problems))
    };
    match printed {
        // What was done was done, whether anybody hears of it or not: a line
        // that broke took the reader with it.
        Err(error) if done.interrupted.is_some() || error.kind() == io::ErrorKind::BrokenPipe => {
            Ok(exit)
        }
        printed => printed.map(|()| exit).map_err(Stop::Output),
    }
}
