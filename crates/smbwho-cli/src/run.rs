//! From the parsed command line to the outcome: everything that can be wrong
//! is found before a password is asked for, and before any server is bothered.

mod browsing;
mod descriptors;
mod ending;
mod question;
mod setup;

use std::io;

use smbwho::{
    Connection, ConnectionLevel, FileLevel, Group, Level, Logon, LogonLevel, Member, Membership,
    OpenFile, PathInput, Session, Share, ShareLevel,
};

use crate::args::{Cli, Command, GroupArgs, ShareAction, Shared};
use crate::commands::{
    completions, connections, doctor, files, groups, info, logons, man, sessions, share, shares,
    who_has,
};
use crate::credentials;
use crate::exit::Exit;
use crate::logging;
use crate::report::Report;
use crate::rows::{Finding, Info};
use crate::targets::Target;
use ending::end;
use setup::Setup;

/// Does what the command line says.
pub(crate) fn run(cli: Cli) -> Exit {
    let Cli {
        command,
        servers,
        mut shared,
    } = cli;
    shared.asking.question = question::of(command.as_ref(), &shared);
    logging::start(shared.messages.verbose, shared.messages.log_format);
    let report = Report {
        quiet: shared.messages.quiet,
        json: false,
    };
    let outcome = match command {
        None => show_sessions(servers, &shared, report),
        Some(_) if !servers.is_empty() => Err(servers_come_last()),
        Some(Command::Sessions { servers }) => show_sessions(servers, &shared, report),
        Some(Command::Files { servers, path }) => show_files(servers, path, &shared, report),
        Some(Command::WhoHas { paths, servers }) => show_who_has(&paths, servers, &shared, report),
        Some(Command::Connections { servers, share }) => {
            show_connections(servers, share, &shared, report)
        }
        Some(Command::Shares { servers, all }) => show_shares(servers, all, &shared, report),
        Some(Command::Share { action }) => one_share(*action, &shared, report),
        Some(Command::Groups { servers, which }) => show_groups(servers, &which, &shared, report),
        Some(Command::Close { what }) => end(what, &shared, report),
        Some(Command::Logons { servers }) => show_logons(servers, &shared, report),
        Some(Command::Info { servers }) => show_info(servers, &shared, report),
        Some(Command::Doctor { server }) => show_doctor(server, &shared, report),
        Some(Command::Browse { follow, once }) => browsing::browse(follow, once, &shared, report),
        Some(Command::Watch { follow }) => browsing::watch(follow, &shared, report),
        Some(Command::Completions { shell }) => printed(completions::run(shell)),
        Some(Command::Man) => printed(man::run()),
    };
    outcome.unwrap_or_else(|stop| match stop {
        Stop::Wrong(message) => {
            report.error(&message);
            Exit::Failure
        }
        // Whoever read our output has had enough.
        Stop::Output(error) if error.kind() == io::ErrorKind::BrokenPipe => Exit::Success,
        Stop::Output(error) => {
            report.error(&format!("cannot write the output: {error}"));
            Exit::Failure
        }
    })
}

/// Why the program ends before all is done.
enum Stop {
    /// What was asked for is wrong or cannot be done.
    Wrong(String),
    /// Standard output does not take what is printed.
    Output(io::Error),
}

impl From<String> for Stop {
    fn from(message: String) -> Self {
        Self::Wrong(message)
    }
}

/// `smbwho fs1 sessions` would ask a server called `sessions`.
fn servers_come_last() -> Stop {
    Stop::Wrong(
        "servers stand after the command: `smbwho sessions SERVER…` (a server that has the name \
         of a command is written \\\\NAME)"
            .to_owned(),
    )
}

fn printed(outcome: io::Result<()>) -> Result<Exit, Stop> {
    outcome.map(|()| Exit::Success).map_err(Stop::Output)
}

fn show_sessions(words: Vec<String>, shared: &Shared, report: Report) -> Result<Exit, Stop> {
    let what = sessions::Wanted {
        level: sessions_level(shared)?,
        opens: setup::uses::<Session>(shared, "opens")?,
    };
    let setup = Setup::load(shared, report)?;
    let (servers, words) = setup.servers_or_here(words)?;
    setup.ask::<Session>(servers, None, async |fleet, interrupted, printing| {
        sessions::run(fleet, &shared.rows, what, &words, interrupted, printing).await
    })
}

fn sessions_level(shared: &Shared) -> Result<Option<Level>, String> {
    let level = shared.asking.level;
    level.of("sessions", &Level::LADDER, Level::number)
}

fn show_files(
    words: Vec<String>,
    path: Option<String>,
    shared: &Shared,
    report: Report,
) -> Result<Exit, Stop> {
    let level = shared.asking.level;
    let level = level.of("files", &FileLevel::LADDER, FileLevel::number)?;
    sessions_only(shared, "files")?;
    let path = path.as_deref().map(str::parse::<PathInput>).transpose();
    let path = path.map_err(|error| format!("--path: {error}"))?;
    let setup = Setup::load(shared, report)?;
    let (servers, words) = match &path {
        // The path names the server.
        Some(PathInput::InShare(unc)) => {
            credentials::check(&shared.login, false)?;
            let on = setup.servers_at(&unc.address)?;
            let asked = if words.is_empty() {
                on.clone()
            } else {
                setup.servers_or_here(words.clone())?.0
            };
            let is_on = |server: &Target| on.iter().any(|on| on.address == server.address);
            if let Some(other) = asked.iter().find(|server| !is_on(server)) {
                return Err(Stop::Wrong(format!(
                    "--path {unc} is on another server than {}; leave that out, or write the path \
                     as it knows it",
                    other.address
                )));
            }
            (asked, words)
        }
        _ => setup.servers_or_here(words)?,
    };
    if let Some(path) = &path {
        who_has::check(path, &servers).map_err(|error| format!("--path: {error}"))?;
    }
    let nothing = Some("No open files found.");
    setup.ask::<OpenFile>(servers, nothing, async |fleet, interrupted, printing| {
        let rows = &shared.rows;
        files::run(fleet, rows, level, path, &words, interrupted, printing).await
    })
}

fn show_who_has(
    paths: &[String],
    words: Vec<String>,
    shared: &Shared,
    report: Report,
) -> Result<Exit, Stop> {
    let level = shared.asking.level;
    let level = level.of("files", &FileLevel::LADDER, FileLevel::number)?;
    sessions_only(shared, "files")?;
    let setup = Setup::load(shared, report)?;
    credentials::check(&shared.login, false)?;
    let named = !words.is_empty();
    let plan = who_has::Plan::of(
        paths,
        named,
        |address| setup.servers_at(address),
        || setup.servers_or_none(words),
    )?;
    let nothing = Some(who_has::NOBODY);
    setup.ask::<OpenFile>(
        plan.servers,
        nothing,
        async |fleet, interrupted, printing| {
            let (wanted, rows) = (&plan.wanted, &shared.rows);
            who_has::run(fleet, wanted, rows, level, interrupted, printing).await
        },
    )
}

fn show_connections(
    words: Vec<String>,
    share: Option<String>,
    shared: &Shared,
    report: Report,
) -> Result<Exit, Stop> {
    let level = shared.asking.level;
    let level = level.of(
        "connections",
        &ConnectionLevel::LADDER,
        ConnectionLevel::number,
    )?;
    sessions_only(shared, "connections")?;
    let of = match (share, &shared.rows.client) {
        (Some(share), None) => connections::Of::Share(share),
        (None, Some(client)) => connections::Of::Client(client.clone()),
        _ => {
            return Err(Stop::Wrong(
                "say whose connections: those to a share with --share NAME, or those of a client \
                 with --client NAME, one of them"
                    .to_owned(),
            ));
        }
    };
    if let connections::Of::Client(client) = &of
        && client.contains(['*', '?'])
    {
        return Err(Stop::Wrong(
            "a server tells the connections of one client: name it without * and ?".to_owned(),
        ));
    }
    let setup = Setup::load(shared, report)?;
    let (servers, words) = setup.servers_or_here(words)?;
    setup.ask::<Connection>(servers, None, async |fleet, interrupted, printing| {
        let rows = &shared.rows;
        connections::run(fleet, &of, rows, level, &words, interrupted, printing).await
    })
}

fn show_logons(words: Vec<String>, shared: &Shared, report: Report) -> Result<Exit, Stop> {
    let level = shared.asking.level;
    let level = level.of("logons", &LogonLevel::LADDER, LogonLevel::number)?;
    sessions_only(shared, "logons")?;
    if shared.rows.client.is_some() {
        return Err(Stop::Wrong(
            "--client chooses sessions, not logons".to_owned(),
        ));
    }
    let setup = Setup::load(shared, report)?;
    let (servers, words) = setup.servers_or_here(words)?;
    let nothing = Some("Nobody is logged on.");
    setup.ask::<Logon>(servers, nothing, async |fleet, interrupted, printing| {
        logons::run(fleet, &shared.rows, level, &words, interrupted, printing).await
    })
}

fn show_info(words: Vec<String>, shared: &Shared, report: Report) -> Result<Exit, Stop> {
    unfiltered(shared, "info")?;
    let setup = Setup::load(shared, report)?;
    let (servers, words) = setup.servers(words)?;
    setup.ask::<Info>(servers, None, async |fleet, interrupted, printing| {
        info::run(fleet, &words, interrupted, printing).await
    })
}

fn show_doctor(word: String, shared: &Shared, report: Report) -> Result<Exit, Stop> {
    unfiltered(shared, "doctor")?;
    let setup = Setup::load(shared, report)?;
    let (servers, words) = setup.servers(vec![word])?;
    if servers.len() != 1 {
        return Err(Stop::Wrong(format!(
            "doctor looks at one server; {} are {}",
            words[0],
            servers.len()
        )));
    }
    setup.ask::<Finding>(servers, None, async |fleet, interrupted, printing| {
        doctor::run(fleet, &words, interrupted, printing).await
    })
}

/// Refuses what would choose among rows where there is nothing to choose.
fn unfiltered(shared: &Shared, command: &str) -> Result<(), Stop> {
    sessions_only(shared, command)?;
    let option = match (
        &shared.rows.user,
        &shared.rows.client,
        shared.asking.level.0,
    ) {
        (Some(_), ..) => "--user",
        (_, Some(_), _) => "--client",
        (.., Some(_)) => "--level",
        _ => return Ok(()),
    };
    Err(Stop::Wrong(format!("{option} means nothing to {command}")))
}

/// `--idle-over` and `--active-over` choose among sessions; to leave them
/// unheard elsewhere would show rows that were not wanted.
fn sessions_only(shared: &Shared, kind: &str) -> Result<(), Stop> {
    let option = match &shared.rows {
        rows if rows.idle_over.is_some() => "--idle-over",
        rows if rows.active_over.is_some() => "--active-over",
        _ => return Ok(()),
    };
    Err(Stop::Wrong(format!(
        "{option} chooses sessions, not {kind}"
    )))
}

fn show_shares(
    words: Vec<String>,
    all: bool,
    shared: &Shared,
    report: Report,
) -> Result<Exit, Stop> {
    let level = shared.asking.level;
    sessions_only(shared, "shares")?;
    if shared.rows.user.is_some() || shared.rows.client.is_some() {
        let message = "shares have neither user nor client: --user and --client choose nothing";
        return Err(Stop::Wrong(message.to_owned()));
    }
    let level = level.of("shares", &ShareLevel::LADDER, ShareLevel::number)?;
    let setup = Setup::load(shared, report)?;
    let (servers, words) = setup.servers(words)?;
    setup.ask::<Share>(servers, None, async |fleet, interrupted, printing| {
        shares::run(fleet, all, level, &words, interrupted, printing).await
    })
}

fn one_share(action: ShareAction, shared: &Shared, report: Report) -> Result<Exit, Stop> {
    share::check(&action)?;
    let setup = Setup::load(shared, report)?;
    let (servers, words) = setup.servers(vec![share::server(&action).to_owned()])?;
    if servers.len() != 1 {
        let message = format!(
            "one server is wanted here; {} are {}",
            words[0],
            servers.len()
        );
        return Err(Stop::Wrong(message));
    }
    let config = setup.config.clone();
    let nothing = Some("Nothing was done.");
    setup.ask::<Share>(servers, nothing, async |fleet, _, printing| {
        share::run(fleet, action, &config, printing).await
    })
}

fn show_groups(
    words: Vec<String>,
    which: &GroupArgs,
    shared: &Shared,
    report: Report,
) -> Result<Exit, Stop> {
    groups::check(which, shared)?;
    let question = groups::Question::of(which);
    let setup = Setup::load(shared, report)?;
    let (servers, words) = setup.servers(words)?;
    if which.mine || which.of.is_some() {
        setup.ask::<Membership>(servers, None, async |fleet, interrupted, printing| {
            groups::of_user(fleet, &question, &words, interrupted, printing).await
        })
    } else if which.members {
        setup.ask::<Member>(servers, None, async |fleet, interrupted, printing| {
            groups::members(fleet, &question, &words, interrupted, printing).await
        })
    } else {
        setup.ask::<Group>(servers, None, async |fleet, interrupted, printing| {
            groups::list(fleet, &question, &words, interrupted, printing).await
        })
    }
}
