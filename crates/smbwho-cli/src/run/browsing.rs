//! `smbwho browse` and `smbwho watch`: from the arguments to what is followed.

use std::io::{self, IsTerminal as _};
use std::sync::Arc;
use std::time::Duration;

use smbwho::{ConnectOptions, Fleet, LockoutGuard, Logon, OpenFile, Session, Share};

use super::setup::{
    DEFAULT_JOBS, FOLLOWED, Setup, connect_options, interrupted, login, memory, runtime, style,
};
use super::{Stop, descriptors};
use crate::args::{FollowArgs, RowArgs, Shared};
use crate::commands::watch::{self, Lines};
use crate::config::Config;
use crate::exit::Exit;
use crate::live::{Asking, Host, Subject, Use};
use crate::output::Format;
use crate::report::Report;
use crate::terminal;
use crate::tui::{self, Browsing, Start};

const DEFAULT_INTERVAL: Duration = Duration::from_secs(5);

/// Threads as for several servers, however many there are: connections live on
/// while the grid is drawn, and while whoever reads the lines is slow.
const ALONGSIDE: usize = 2;

/// Shows the grid, or prints it once.
pub(super) fn browse(
    follow: FollowArgs,
    once: bool,
    shared: &Shared,
    report: Report,
) -> Result<Exit, Stop> {
    if shared.asking.level.0.is_some() {
        return Err(Stop::Wrong("--level means nothing to browse".to_owned()));
    }
    if shared
        .print
        .output
        .is_some_and(|format| !format.is_for_people())
    {
        return Err(Stop::Wrong(
            "browse draws for people; for programs there are `smbwho sessions -o json` and \
             `smbwho watch -o jsonl`"
                .to_owned(),
        ));
    }
    if !once && !io::stdout().is_terminal() {
        return Err(Stop::Wrong(
            "browse needs a terminal to draw on; --once prints the view and ends".to_owned(),
        ));
    }
    if !once && !terminal::takes_codes() {
        return Err(Stop::Wrong(
            "browse draws with escape codes, and TERM says that this terminal takes none; --once \
             prints the view and ends"
                .to_owned(),
        ));
    }
    if !once && shared.rows.limit.is_some() {
        return Err(Stop::Wrong("--limit goes with --once".to_owned()));
    }
    let (asking, config) = asking(follow.servers, follow.interval, shared, report)?;
    let printing = style(shared, Format::Table);
    let browsing = Browsing {
        asking,
        config: Arc::new(config),
        subject: follow.kind,
        start: Start {
            filter: filter(&shared.rows),
            sort: shared.rows.sort.clone(),
            reverse: shared.rows.reverse,
            columns: shared.print.columns.clone(),
        },
        limit: shared.rows.limit.map(Into::into),
        colour: printing.colour,
        width: printing.width,
    };
    let runtime = runtime(ALONGSIDE)?;
    let exit = runtime.block_on(async {
        if once {
            let out = io::stdout().lock();
            let printed = tui::once(&browsing, report, interrupted(), out).await?;
            printed.map_err(Stop::Output)
        } else {
            Ok(tui::run(browsing, report).await?)
        }
    });
    runtime.shutdown_background();
    exit
}

/// Prints an event a line.
pub(super) fn watch(follow: FollowArgs, shared: &Shared, report: Report) -> Result<Exit, Stop> {
    let lines = match shared.print.output {
        None | Some(Format::Table | Format::Wide) => Lines::ForPeople,
        Some(Format::Jsonl) => Lines::Json,
        Some(_) => {
            return Err(Stop::Wrong(
                "watch prints lines for people, or JSON lines with -o jsonl".to_owned(),
            ));
        }
    };
    let rows = &shared.rows;
    let meaningless = [
        ("--level", shared.asking.level.0.is_some()),
        ("--idle-over", rows.idle_over.is_some()),
        ("--active-over", rows.active_over.is_some()),
        ("--sort", rows.sort.is_some()),
        ("--reverse", rows.reverse),
        ("--limit", rows.limit.is_some()),
        ("--columns", shared.print.columns.is_some()),
    ];
    if let Some((option, _)) = meaningless.iter().find(|(_, given)| *given) {
        return Err(Stop::Wrong(format!("{option} means nothing to watch")));
    }
    let (asking, _) = asking(follow.servers, follow.interval, shared, report)?;
    let filter = filter(rows);
    let runtime = runtime(ALONGSIDE)?;
    let exit = runtime.block_on(async {
        let out = io::stdout().lock();
        let filter = filter.as_str();
        let stop = async {
            tokio::select! {
                () = interrupted() => Exit::Interrupted,
                () = terminal::reader_gone() => Exit::Success,
            }
        };
        match follow.kind {
            Subject::Sessions => watch::run::<Session>(asking, filter, lines, stop, out).await,
            Subject::Files => watch::run::<OpenFile>(asking, filter, lines, stop, out).await,
            Subject::Shares => watch::run::<Share>(asking, filter, lines, stop, out).await,
            Subject::Connections => watch::run::<Use>(asking, filter, lines, stop, out).await,
            Subject::Logons => watch::run::<Logon>(asking, filter, lines, stop, out).await,
            Subject::Servers => watch::run::<Host>(asking, filter, lines, stop, out).await,
        }
    });
    runtime.shutdown_background();
    exit?.map_err(Stop::Output)
}

/// Whom to ask, as whom: everything that can be wrong, and the password, come
/// before anything is drawn.
fn asking(
    words: Vec<String>,
    interval: Option<Duration>,
    shared: &Shared,
    report: Report,
) -> Result<(Asking, Config), Stop> {
    if shared.asking.resume.is_some() {
        let message = "--resume goes on with a question that ends; this one does not";
        return Err(Stop::Wrong(message.to_owned()));
    }
    let setup = Setup::load(shared, report)?;
    let (targets, _) = setup.servers_or_here(words)?;
    let config = setup.config;
    let options = connect_options(shared, &config);
    let options = match targets.len() {
        0 | 1 => options,
        _ => memory(options, Some(FOLLOWED)),
    };
    let (here, login, notes) = login(shared, &config, &options, &targets)?;
    notes.iter().for_each(|note| report.note(note));
    // A wrong password must not lock the account on hundreds of servers.
    let guard = LockoutGuard::new(Fleet::DEFAULT_REFUSALS);
    // Each node of a cluster is followed for itself.
    let clusters = targets
        .iter()
        .map(|target| target.cluster.clone())
        .collect();
    let servers: Vec<_> = targets.into_iter().map(|target| target.address).collect();
    let wanted = shared.asking.jobs.or(config.jobs).unwrap_or(DEFAULT_JOBS);
    let asking = Asking {
        jobs: descriptors::jobs(wanted, servers.iter(), servers.len()),
        servers,
        clusters,
        here,
        login: Arc::new(login),
        options: ConnectOptions {
            guard: (!shared.asking.keep_going).then_some(guard),
            ..options
        },
        interval: interval.unwrap_or(DEFAULT_INTERVAL),
    };
    Ok((asking, config))
}

/// The filters of the command line, as they are typed in the grid.
fn filter(rows: &RowArgs) -> String {
    let mut words = Vec::new();
    let name = |column: &str, name: &str| format!("{column}=\"{}\"", name.replace('"', ""));
    words.extend(rows.user.as_ref().map(|user| name("user", user)));
    words.extend(rows.client.as_ref().map(|client| name("client", client)));
    let over = |column: &str, time: Duration| format!("{column}>{}s", time.as_secs());
    words.extend(rows.idle_over.map(|time| over("idle", time)));
    words.extend(rows.active_over.map(|time| over("active", time)));
    words.join(" ")
}
