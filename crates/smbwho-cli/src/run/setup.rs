//! What the commands share on their way: configuration, servers, login, and
//! how to print.

use std::io::{self, IsTerminal as _};
use std::num::NonZeroUsize;
use std::pin::Pin;
use std::time::Duration;

use smbwho::{Address, ConnectOptions, Dialect, ListBudget, Login, ReplyBudget, Server};
use tokio::runtime;

use super::{Stop, descriptors, servers_come_last};
use crate::args::{ColourChoice, Shared};
use crate::commands::fleet::{Fleet, Printing};
use crate::config::Config;
use crate::credentials;
use crate::exit::Exit;
use crate::mistyped;
use crate::output::{self, Format, Style};
use crate::progress;
use crate::report::Report;
use crate::resume::Resume;
use crate::rows::{self, Column, Kind, Order};
use crate::targets::{self, Target};
use crate::terminal;

/// Servers asked side by side when nothing else is said.
pub(super) const DEFAULT_JOBS: NonZeroUsize = NonZeroUsize::new(64).unwrap();
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(10);
/// What each of several servers may take for everything.
const DEFAULT_TOTAL: Duration = Duration::from_secs(600);

/// What every command that asks servers for rows begins with.
pub(super) struct Setup<'a> {
    shared: &'a Shared,
    pub(super) config: Config,
    report: Report,
}

impl<'a> Setup<'a> {
    pub(super) fn load(shared: &'a Shared, report: Report) -> Result<Self, Stop> {
        let config = Config::load()?;
        Ok(Self {
            shared,
            config,
            report,
        })
    }

    /// The servers that are meant, and the words that named them: those of
    /// the command line, or of the configuration where there are none.
    pub(super) fn servers(&self, words: Vec<String>) -> Result<(Vec<Target>, Vec<String>), Stop> {
        let (servers, words) = self.servers_or_here(words)?;
        // Windows tells of itself all that it tells of others.
        if !cfg!(windows) && servers.iter().any(|server| server.here) {
            return Err(Stop::Wrong(
                "no server is named, and of itself this computer tells that only over SMB: name \
                 it like any other, as in `localhost -U USER`, or see --help"
                    .to_owned(),
            ));
        }
        Ok((servers, words))
    }

    /// As [`servers`](Self::servers); none at all is this computer.
    pub(super) fn servers_or_here(
        &self,
        words: Vec<String>,
    ) -> Result<(Vec<Target>, Vec<String>), Stop> {
        if words.iter().any(|word| mistyped::is_command(word)) {
            return Err(servers_come_last());
        }
        let words = self.or_configured(words);
        let servers = if words.is_empty() {
            credentials::check(&self.shared.login, false)?;
            vec![Target::here()]
        } else {
            self.resolve(&words)?
        };
        Ok((servers, words))
    }

    /// The servers of the option `-s`; none where there are none.
    pub(super) fn servers_or_none(&self, words: Vec<String>) -> Result<Vec<Target>, String> {
        self.resolve(&self.or_configured(words))
    }

    fn or_configured(&self, words: Vec<String>) -> Vec<String> {
        if words.is_empty() {
            self.config.servers.clone()
        } else {
            words
        }
    }

    /// The servers that a path's own server stands for.
    pub(super) fn servers_at(&self, address: &Address) -> Result<Vec<Target>, String> {
        targets::at(address, &self.config)
    }

    fn resolve(&self, words: &[String]) -> Result<Vec<Target>, String> {
        let stdin = words.iter().any(|word| word == targets::STDIN);
        credentials::check(&self.shared.login, stdin)?;
        targets::resolve(words, &self.config, max_hosts(self.shared))
    }

    /// Signs in and asks: `run` is given whom to ask, what ends it early, and
    /// how to print. `nothing` is what a table says in place of no rows.
    pub(super) fn ask<T: Kind>(
        self,
        mut servers: Vec<Target>,
        nothing: Option<&'static str>,
        run: impl AsyncFnOnce(Fleet, Interrupted, Printing<'_, T>) -> io::Result<Exit>,
    ) -> Result<Exit, Stop> {
        let Self {
            shared,
            config,
            report,
        } = self;
        let format = shared.print.output.or(config.output).unwrap_or_default();
        let order = order::<T>(shared)?;
        let chosen = shared.print.columns.as_deref();
        let chosen = chosen.map(rows::choose::<T>).transpose()?;
        let columns = chosen.unwrap_or_else(|| columns(format, &servers));
        let several = servers.len() > 1;
        let resume = resume(shared, &mut servers, report)?;
        if servers.is_empty() && format.is_for_people() {
            return Ok(Exit::Success);
        }

        let options = connect_options(shared, &config);
        let options = match several {
            true => {
                let streams = order.streams() && format.is_line_wise();
                memory(options, (!streams).then_some(KEPT))
            }
            false => options,
        };
        let (here, login, notes) = login(shared, &config, &options, &servers)?;
        let report = Report {
            json: format == Format::Jsonl,
            ..report
        };
        notes.iter().for_each(|note| report.note(note));

        let wanted = shared.asking.jobs.or(config.jobs).unwrap_or(DEFAULT_JOBS);
        let addresses = servers.iter().map(|target| &target.address);
        let jobs = descriptors::jobs(wanted, addresses, 0);
        let many = many(shared, &config, &login, &options, several).jobs(jobs);
        let fleet = Fleet {
            servers,
            here,
            many,
            login,
            options,
            resume,
        };
        let style = Style {
            nothing,
            ..style(shared, format)
        };
        let mut sink = output::sink::<T>(style, columns, io::stdout().lock());
        let printing = Printing {
            format,
            order,
            sink: &mut *sink,
            report,
        };
        let runtime = runtime(fleet.servers.len())?;
        let exit = runtime.block_on(async { run(fleet, Box::pin(interrupted()), printing).await });
        // A look-up of a name may still hang in the system's resolver.
        runtime.shutdown_background();
        exit.map_err(Stop::Output)
    }
}

/// Ends when the user has had enough.
pub(super) type Interrupted = Pin<Box<dyn Future<Output = ()>>>;

/// This computer, where it is the one that is asked; as whom to sign in, and what
/// is to be noted about that.
pub(super) fn login(
    shared: &Shared,
    config: &Config,
    options: &ConnectOptions,
    servers: &[Target],
) -> Result<(Option<Server>, Login, Vec<String>), Stop> {
    if !servers.iter().any(|server| server.here) {
        let (login, notes) = credentials::login(&shared.login, config, &mut credentials::System)?;
        return Ok((None, login, notes));
    }
    if let Some(option) = shared.login.given() {
        return Err(Stop::Wrong(format!(
            "{option} is for a server, and none is named; to ask this computer as any other \
             server, write localhost"
        )));
    }
    let here = Server::local_with(options);
    Ok((Some(here), Login::Anonymous, Vec::new()))
}

pub(super) fn connect_options(shared: &Shared, config: &Config) -> ConnectOptions {
    let timeout = shared
        .asking
        .timeout
        .or(config.timeout)
        .unwrap_or(DEFAULT_TIMEOUT);
    let protection = &shared.login.protection;
    ConnectOptions {
        connect_timeout: timeout,
        sign_in_timeout: timeout,
        reply_timeout: timeout,
        min_dialect: protection
            .min_protocol
            .or(config.min_protocol)
            .map_or(Dialect::Smb202, Into::into),
        protection: protection
            .client_protection
            .or(config.client_protection)
            .map(Into::into),
        ..ConnectOptions::default()
    }
}

/// Bytes of rows that are kept of several servers together until they are printed: some hundred
/// and fifty thousand, of one server half of them.
const KEPT: usize = 36 << 20;

/// The same of servers that are followed, where a row takes more, and comes again while it is
/// there.
pub(super) const FOLLOWED: usize = 16 << 20;

/// Bytes of replies of several servers that are put together at a time.
const REPLIES: usize = 24 << 20;

/// Bounds what several servers may take, however much they send: so many bytes of rows are kept.
/// `None` where they are printed as they come.
pub(super) fn memory(options: ConnectOptions, kept: Option<usize>) -> ConnectOptions {
    ConnectOptions {
        reply_budget: ReplyBudget::new(REPLIES),
        list_budget: match kept {
            None => ListBudget::new(usize::MAX),
            Some(bytes) => ListBudget::kept(bytes),
        },
        ..options
    }
}

pub(super) fn max_hosts(shared: &Shared) -> usize {
    let given = shared.asking.max_hosts;
    given.map_or(targets::DEFAULT_MAX_HOSTS, NonZeroUsize::get)
}

/// How many servers are asked.
fn many(
    shared: &Shared,
    config: &Config,
    login: &Login,
    options: &ConnectOptions,
    several: bool,
) -> smbwho::Fleet {
    let asking = &shared.asking;
    let retries = asking.retries.or(config.retries);
    let total = asking.total_timeout.or(config.total_timeout);
    let many = smbwho::Fleet::new(login.clone())
        .options(options.clone())
        .retries(retries.unwrap_or(smbwho::Fleet::DEFAULT_RETRIES));
    let many = match total.or(several.then_some(DEFAULT_TOTAL)) {
        Some(total) => many.total_timeout(total),
        None => many,
    };
    if asking.keep_going {
        many.refusals(None)
    } else {
        many
    }
}

/// The file of `--resume`; the servers that are in it go from `servers`.
fn resume(
    shared: &Shared,
    servers: &mut Vec<Target>,
    report: Report,
) -> Result<Option<Resume>, String> {
    let Some(path) = &shared.asking.resume else {
        return Ok(None);
    };
    let Some(question) = &shared.asking.question else {
        return Err("--resume goes on with a question to many servers; this is none".to_owned());
    };
    let resume = Resume::open(path, question)?;
    let all = servers.len();
    servers.retain(|target| !resume.has(&target.address.to_string()));
    let before = all - servers.len();
    if before > 0 {
        let left = match servers.len() {
            0 => "nobody is left to ask; remove it to ask all again".to_owned(),
            left => format!("the other {left} are asked"),
        };
        report.note(&format!(
            "{}: {before} of {all} servers have answered before; {left}",
            path.display()
        ));
    }
    Ok(Some(resume))
}

/// The columns when none are named: the node beside the server, where a
/// cluster is asked.
fn columns<T: Kind>(format: Format, servers: &[Target]) -> Vec<&'static Column<T>> {
    let name = |target: &Target| match &target.cluster {
        Some(cluster) => cluster.to_string(),
        None => target.address.to_string(),
    };
    let several = servers.windows(2).any(|two| name(&two[0]) != name(&two[1]));
    let here = servers.iter().any(|target| target.here);
    let mut columns = output::default_columns(format, several, here);
    if servers.iter().any(|target| target.cluster.is_some()) {
        let server = columns.iter().position(|column| column.name == "server");
        columns.insert(server.map_or(0, |at| at + 1), T::NODE);
    }
    columns
}

/// One thread where one server is asked: handing each message from thread to
/// thread costs more than there is to do. With several, whoever reads the output
/// may stop reading, and the connections must live on while we wait to write: a
/// second thread has all of them. More would hand messages to each other again.
pub(super) fn runtime(servers: usize) -> Result<runtime::Runtime, String> {
    let mut builder = match servers {
        0 | 1 => runtime::Builder::new_current_thread(),
        _ => runtime::Builder::new_multi_thread(),
    };
    builder
        .worker_threads(1)
        .enable_all()
        .build()
        .map_err(|error| format!("cannot start: {error}"))
}

pub(super) fn order<T: Kind>(shared: &Shared) -> Result<Order<T>, String> {
    let by: Option<&'static Column<T>> = shared.rows.sort.as_deref().map(rows::find).transpose()?;
    Ok(Order {
        by,
        reverse: shared.rows.reverse,
        limit: shared.rows.limit.map(NonZeroUsize::get),
    })
}

/// Whether this column is printed, or sorted by.
pub(super) fn uses<T: Kind>(shared: &Shared, name: &str) -> Result<bool, String> {
    let Some(printed) = &shared.print.columns else {
        return Ok(true);
    };
    let printed = rows::choose::<T>(printed)?;
    let mut columns = printed.into_iter().chain(order::<T>(shared)?.by);
    Ok(columns.any(|column| column.name == name))
}

pub(super) fn style(shared: &Shared, format: Format) -> Style {
    let is_terminal = io::stdout().is_terminal();
    let no_colour = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    Style {
        format,
        header: !shared.print.no_header,
        colour: match shared.print.color {
            ColourChoice::Always => true,
            ColourChoice::Never => false,
            ColourChoice::Auto => is_terminal && !no_colour && terminal::takes_codes(),
        },
        raw: shared.print.raw,
        width: if is_terminal {
            terminal_size::terminal_size().map(|(width, _)| usize::from(width.0))
        } else {
            None
        },
        nothing: None,
    }
}

/// Ends when the user presses Ctrl-C. The rows that came are printed then;
/// pressed once more, it ends the program at once.
pub(super) async fn interrupted() {
    if tokio::signal::ctrl_c().await.is_err() {
        // No signals here: the system's own way of ending stays.
        return std::future::pending().await;
    }
    tokio::spawn(async {
        if tokio::signal::ctrl_c().await.is_ok() {
            progress::clear();
            std::process::exit(Exit::Interrupted.number().into());
        }
    });
}
