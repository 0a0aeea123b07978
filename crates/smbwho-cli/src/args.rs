//! The command line, as `--help` shows it.
//!
//! The options stand on the program itself and hold for every command, before
//! and after its name; what they mean is decided where they are used.

mod asking;
mod protection;
mod shared;

use std::ffi::OsString;
use std::time::Duration;

use clap::{Args, CommandFactory as _, FromArgMatches as _, Parser, Subcommand, ValueHint};
use clap_complete::Shell;
use smbwho::{MaxUses, PathInput, SddlError, SecurityDescriptor};

use crate::commands::consent::ConsentArgs;
use crate::duration;
use crate::live::Subject;

pub(crate) use asking::*;
pub(crate) use protection::*;
pub(crate) use shared::*;

/// What the manual page and the end of `--help` share, as headings and lines.
pub(crate) const EXTRA: [(&str, &str); 4] = [
    ("Examples", EXAMPLES),
    ("Exit codes", EXIT_CODES),
    ("Environment", ENVIRONMENT),
    ("Files", FILES),
];

const EXAMPLES: &str = "  Who is connected to fs1 (asks for the password):
    smbwho fs1 -U 'LAB\\alice'
  With the Kerberos ticket of kinit, those idle for over an hour:
    smbwho fs1.lab.test -k --idle-over 1h
  Many servers, as JSON lines for a program:
    smbwho @servers.txt 'fs[01-40]' 10.1.0.0/24 -A ~/.smbauth -o jsonl
";

const EXIT_CODES: &str = "  0    every server answered
  1    some servers failed; the rows of the others are printed
  2    no server answered, or the command line is wrong
  130  interrupted
  For close: 0 all that was chosen has ended, 1 some of it, 2 none.
";

const ENVIRONMENT: &str = "  SMBWHO_PASSWORD  the password
  SMBWHO_CONFIG    the configuration file, in place of smbwho/config.toml in
                   the folder for configuration
  SMBWHO_AUDIT_LOG the file in which changes to servers are recorded
  KRB5CCNAME       the Kerberos credential cache
  NO_COLOR         no colour, as --color never
  TERM             dumb: no colour and no other escape codes
  USER             the user name when neither options nor configuration say it
";

const FILES: &str = "  smbwho/config.toml in the folder for configuration ($XDG_CONFIG_HOME or
  ~/.config; on Windows %APPDATA%; on macOS ~/Library/Application Support).
  Its keys: login, kerberos, min_protocol, client_protection, servers, jobs,
  timeout, total_timeout, retries, output, audit_log, [groups] with lists of
  servers to be named as @GROUP, and [clusters] with the nodes of each: its name
  asks them all, and rows name the cluster as server and the node beside it. It
  holds no password.
  smbwho/audit.jsonl in the folder for state ($XDG_STATE_HOME or
  ~/.local/state; on Windows %LOCALAPPDATA%): one JSON line before and one
  after every change to a server.
";

/// The end of `--help`.
fn after_long_help() -> String {
    let sections: Vec<String> = EXTRA
        .iter()
        .map(|(heading, text)| format!("{heading}:\n{text}"))
        .collect();
    sections.join("\n")
}

const SERVER_HELP: &str = "\
Servers to ask: host, host:port, \\\\host, //host, IPv4, [IPv6], [IPv6]:port, \
ranges as in fs[01-40], networks as in 10.1.0.0/24, a cluster or @GROUP from the configuration, @FILE (one a line, # comments), - (standard input)";

/// For commands that this computer answers itself when no server is named.
const SERVER_OR_HERE_HELP: &str = "\
Servers to ask; none is this computer (as root, no password). host, host:port, \
\\\\host, //host, IPv4, [IPv6], [IPv6]:port, ranges as in fs[01-40], networks as in 10.1.0.0/24, \
a cluster or @GROUP from the configuration, @FILE (one a line, # comments), - (standard input)";

/// Who is connected to a Windows or Samba file server.
///
/// `smbwho SERVER…` is short for `smbwho sessions SERVER…`. What a server does
/// not tell is shown as `-` and printed as null: unknown is never zero.
#[derive(Debug, Parser)]
#[command(
    name = "smbwho",
    version,
    max_term_width = 100,
    after_help = format!("Examples:\n{EXAMPLES}\nMore with --help."),
    after_long_help = after_long_help(),
    override_usage = "smbwho [OPTIONS] [SERVER]...\n       smbwho [OPTIONS] <COMMAND> [SERVER]..."
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,

    #[arg(value_name = "SERVER", value_hint = ValueHint::Hostname, help = SERVER_OR_HERE_HELP)]
    pub(crate) servers: Vec<String>,

    #[command(flatten)]
    pub(crate) shared: Shared,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Show who is connected: client, user, open files, active and idle time
    Sessions {
        #[arg(value_name = "SERVER", value_hint = ValueHint::Hostname, help = SERVER_OR_HERE_HELP)]
        servers: Vec<String>,
    },
    /// Show which files are open: path, user, permissions, locks, client
    Files {
        #[arg(value_name = "SERVER", value_hint = ValueHint::Hostname, help = SERVER_OR_HERE_HELP)]
        servers: Vec<String>,
        /// Only this path and what lies beneath, as the server knows it or in a
        /// share; * and ? match within a name
        #[arg(long, value_name = "PATH")]
        path: Option<String>,
    },
    /// Show who has a file or folder open
    #[command(override_usage = "smbwho who-has [OPTIONS] <PATH>...\n       \
                                smbwho who-has [OPTIONS] -s <SERVER> <PATH>...")]
    WhoHas {
        /// Files or folders to look for, with all that lies beneath: in a share as
        /// \\\\server\\share\\dir\\file, //server/share/dir/file or
        /// smb://server/share/dir/file (a port may follow the server), or with -s
        /// as the server itself knows it; * and ? match within a name
        #[arg(value_name = "PATH")]
        paths: Vec<String>,
        /// Ask these servers for paths that name none; without -s, this computer
        #[arg(short, long = "server", value_name = "SERVER", num_args = 1.., value_hint = ValueHint::Hostname)]
        servers: Vec<String>,
    },
    /// Show which clients use a share (--share), or which shares a client uses
    /// (--client)
    Connections {
        #[arg(value_name = "SERVER", value_hint = ValueHint::Hostname, help = SERVER_OR_HERE_HELP)]
        servers: Vec<String>,
        /// The share whose clients are wanted
        #[arg(long, value_name = "NAME")]
        share: Option<String>,
    },
    /// Show groups, who is in them, or which groups a user is in
    Groups {
        #[arg(value_name = "SERVER", value_hint = ValueHint::Hostname, help = SERVER_HELP)]
        servers: Vec<String>,
        #[command(flatten)]
        which: GroupArgs,
    },
    /// End sessions or close open files by force, after asking
    Close {
        #[command(subcommand)]
        what: CloseWhat,
    },
    /// Show what is shared: name, kind, path, remark, uses, who may
    Shares {
        #[arg(value_name = "SERVER", value_hint = ValueHint::Hostname, help = SERVER_HELP)]
        servers: Vec<String>,

        /// The hidden ones too: for administration, or with a name that ends
        /// in $
        #[arg(long)]
        all: bool,
    },
    /// Show, add, change or remove one share
    Share {
        #[command(subcommand)]
        action: Box<ShareAction>,
    },
    /// Show who is logged on to a computer itself, which is not who is
    /// connected to it
    Logons {
        #[arg(value_name = "SERVER", value_hint = ValueHint::Hostname, help = SERVER_OR_HERE_HELP)]
        servers: Vec<String>,
    },
    /// Show what a server is: name, version, clock, drives, counters, dialect
    Info {
        #[arg(value_name = "SERVER", value_hint = ValueHint::Hostname, help = SERVER_HELP)]
        servers: Vec<String>,
    },
    /// Try what this login may ask of a server, level by level; changes
    /// nothing there
    Doctor {
        /// The server
        #[arg(value_name = "SERVER", value_hint = ValueHint::Hostname)]
        server: String,
    },
    /// Show all that in a grid, live: filter, sort, drill down, close (? for help)
    Browse {
        #[command(flatten)]
        follow: FollowArgs,

        /// Print the view as text and end; needs no terminal
        #[arg(long)]
        once: bool,
    },
    /// Print what appears, changes, goes or fails as it does (-o jsonl for programs)
    Watch {
        #[command(flatten)]
        follow: FollowArgs,
    },
    /// Print a script that completes smbwho's command line in a shell
    #[command(help_template = SHORT_HELP)]
    Completions {
        /// The shell
        shell: Shell,
    },
    /// Print the manual page; read it with `smbwho man | man -l -`
    #[command(help_template = SHORT_HELP)]
    Man,
}

/// Which groups, and what about them.
#[derive(Debug, Args)]
pub(crate) struct GroupArgs {
    /// Only local groups: Builtin, and those of the server's own accounts
    #[arg(long, conflicts_with = "global")]
    pub(crate) local: bool,

    /// Only global groups
    #[arg(long)]
    pub(crate) global: bool,

    /// Show who is in the groups
    #[arg(long)]
    pub(crate) members: bool,

    /// Only groups of this name; * and ? match
    #[arg(long, value_name = "GROUP")]
    pub(crate) name: Option<String>,

    /// Show the groups this user is in: name, DOMAIN\name or SID
    #[arg(long, value_name = "USER", value_hint = ValueHint::Username,
          conflicts_with_all = ["mine", "members", "name"])]
    pub(crate) of: Option<String>,

    /// Show the groups of the user who signs in
    #[arg(long, conflicts_with_all = ["members", "name"])]
    pub(crate) mine: bool,

    /// Leave out groups the user is in only through other groups; quicker in
    /// large domains
    #[arg(long)]
    pub(crate) direct: bool,
}

/// What to follow, and how closely.
#[derive(Debug, Args)]
pub(crate) struct FollowArgs {
    #[arg(value_name = "SERVER", value_hint = ValueHint::Hostname, help = SERVER_HELP)]
    pub(crate) servers: Vec<String>,

    /// The kind of row to follow
    #[arg(long, value_name = "KIND", default_value = "sessions")]
    pub(crate) kind: Subject,

    /// Ask each server again after this time [default: 5s]; one that fails is
    /// tried again after longer and longer waits
    #[arg(long, value_name = "TIME", value_parser = duration::parse_positive)]
    pub(crate) interval: Option<Duration>,
}

/// What to end.
#[derive(Debug, Subcommand)]
pub(crate) enum CloseWhat {
    /// End the sessions that --user, --client, --idle-over and --active-over
    /// choose (at least one of them is needed); what their users have open is
    /// closed, and what is not yet written is lost
    Session {
        /// The server
        #[arg(value_name = "SERVER", value_hint = ValueHint::Hostname)]
        server: String,
        #[command(flatten)]
        consent: ConsentArgs,
    },
    /// Close the open files that --id, --path and --user choose (at least one
    /// of them is needed); what is not yet written is lost
    File {
        /// The server
        #[arg(value_name = "SERVER", value_hint = ValueHint::Hostname)]
        server: String,
        /// Only the open of this number, as `smbwho files` shows it
        #[arg(long, value_name = "N")]
        id: Option<u32>,
        /// Only this path and what lies beneath, as the server knows it or in a
        /// share; * and ? match
        #[arg(long, value_name = "PATH")]
        path: Option<String>,
        #[command(flatten)]
        consent: ConsentArgs,
    },
}

impl CloseWhat {
    /// The server, as it was given.
    pub(crate) fn server(&self) -> &str {
        match self {
            Self::Session { server, .. } | Self::File { server, .. } => server,
        }
    }

    /// Whether to ask.
    pub(crate) fn consent(&self) -> ConsentArgs {
        match self {
            Self::Session { consent, .. } | Self::File { consent, .. } => *consent,
        }
    }
}

/// What to do with one share.
#[derive(Debug, Clone, Subcommand)]
pub(crate) enum ShareAction {
    /// Show it, at the richest level that the server grants
    Show {
        #[command(flatten)]
        share: ShareName,
    },
    /// Share a folder that is there already
    Add {
        #[command(flatten)]
        share: ShareName,

        /// The folder as the server knows it: C:\\data, on Samba /srv/data
        #[arg(value_name = "PATH")]
        path: String,

        #[command(flatten)]
        fields: ShareFields,

        #[command(flatten)]
        consent: ConsentArgs,
    },
    /// Change what is given, leave the rest
    Set {
        #[command(flatten)]
        share: ShareName,

        /// Share this folder instead
        #[arg(long, value_name = "PATH")]
        path: Option<String>,

        #[command(flatten)]
        fields: ShareFields,

        #[command(flatten)]
        consent: ConsentArgs,
    },
    /// Stop sharing; the folder stays. What would bring the share back is
    /// printed first
    Remove {
        #[command(flatten)]
        share: ShareName,

        #[command(flatten)]
        consent: ConsentArgs,
    },
}

/// A share and the server it is on.
#[derive(Debug, Clone, Args)]
pub(crate) struct ShareName {
    #[arg(value_name = "SERVER", value_hint = ValueHint::Hostname, help = "The server")]
    pub(crate) server: String,

    /// The share's name
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
}

/// What can be said of a share beside its name and path.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct ShareFields {
    /// A comment, shown to those who list shares
    #[arg(long, value_name = "TEXT")]
    pub(crate) remark: Option<String>,

    /// Connections allowed at once: a number, or none for no limit
    #[arg(long, value_name = "N|none", value_parser = max_uses)]
    pub(crate) max_uses: Option<MaxUses>,

    /// Who may use it, as a security descriptor in SDDL:
    /// 'D:(A;;FA;;;BA)(A;;0x1200a9;;;AU)'
    #[arg(long, value_name = "SDDL", value_parser = sddl)]
    pub(crate) security: Option<SecurityDescriptor>,
}

fn max_uses(text: &str) -> Result<MaxUses, &'static str> {
    match text.parse() {
        _ if text == "none" => Ok(MaxUses::NoLimit),
        Ok(u32::MAX) | Err(_) => Err("expected a number of connections, or none for no limit"),
        Ok(limit) => Ok(MaxUses::Limit(limit)),
    }
}

fn sddl(text: &str) -> Result<SecurityDescriptor, SddlError> {
    SecurityDescriptor::from_sddl(text, None)
}

/// Help for commands that none of the shared options concern.
const SHORT_HELP: &str = "{about-with-newline}\n{usage-heading} {usage}\n\n{positionals}\n";

/// Reads the command line; a wrong one ends the program here with clap's
/// message and exit code 2.
pub(crate) fn parse(arguments: impl IntoIterator<Item = OsString>) -> Cli {
    read(arguments).unwrap_or_else(|error| error.exit())
}

fn read<T: Into<OsString> + Clone>(
    arguments: impl IntoIterator<Item = T>,
) -> Result<Cli, clap::Error> {
    let mut command = Cli::command();
    let matches = command.try_get_matches_from_mut(arguments)?;
    let mut cli = Cli::from_arg_matches(&matches)?;
    if let Some(Command::WhoHas { paths, servers }) = &mut cli.command {
        // -s takes what follows it, paths as well.
        let (taken, named) = servers
            .drain(..)
            .partition(|word| PathInput::looks_like(word));
        paths.extend::<Vec<String>>(taken);
        *servers = named;
        let last = matches
            .subcommand()
            .and_then(|(_, matches)| matches.get_occurrences::<String>("servers"))
            .and_then(Iterator::last);
        // A name alone: the last word, where more than one follows -s.
        if paths.is_empty() && last.is_some_and(|words| words.count() > 1) {
            paths.extend(servers.pop());
        }
        if paths.is_empty()
            && let Some(who_has) = command.find_subcommand_mut("who-has")
        {
            return Err(who_has.error(
                clap::error::ErrorKind::MissingRequiredArgument,
                "who-has needs a PATH: \\\\server\\share\\dir\\file, or with -s SERVER the path as \
                 the server knows it",
            ));
        }
    }
    Ok(cli)
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroUsize;

    use smbwho::Level;

    use super::*;

    fn parsed(line: &str) -> Cli {
        Cli::try_parse_from(line.split_whitespace()).unwrap_or_else(|error| panic!("{error}"))
    }

    #[test]
    fn declarations_are_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn options_hold_before_and_after_the_command() {
        for line in [
            "smbwho -U alice --limit 3 sessions fs1",
            "smbwho sessions fs1 -U alice --limit 3",
            "smbwho -U alice sessions --limit 3 fs1",
        ] {
            let cli = parsed(line);
            assert_eq!(cli.shared.login.login.as_deref(), Some("alice"), "{line}");
            assert_eq!(
                cli.shared.rows.limit.map(NonZeroUsize::get),
                Some(3),
                "{line}"
            );
            assert!(
                matches!(cli.command, Some(Command::Sessions { servers }) if servers == ["fs1"])
            );
        }
    }

    #[test]
    fn servers_need_no_command() {
        let cli = parsed(r"smbwho fs1 \\fs2 -v - @branch -k [::1]:4450");
        assert!(cli.command.is_none());
        assert_eq!(cli.servers, ["fs1", r"\\fs2", "-", "@branch", "[::1]:4450"]);
    }

    #[test]
    fn servers_and_paths_stand_in_any_order() {
        let sorted = |words: &[&str]| {
            let words = [&["smbwho", "who-has"], words].concat();
            match read(words).map(|cli| cli.command) {
                Ok(Some(Command::WhoHas { paths, servers })) => Ok((paths, servers)),
                Ok(other) => panic!("{other:?}"),
                Err(error) => Err(error.to_string()),
            }
        };
        let path = r"C:\srv\d.txt";
        for (words, paths, servers) in [
            (&["-s", "fs1", path][..], &[path][..], &["fs1"][..]),
            (&["--server", "fs1", path], &[path], &["fs1"]),
            (&["-s", "fs1", "-s", "fs2", path], &[path], &["fs1", "fs2"]),
            (&["-s", "fs1", path, "-s", "fs2"], &[path], &["fs1", "fs2"]),
            (&[path, "-s", "fs1"], &[path], &["fs1"]),
            (
                &[path, "-s", "fs1", "[::1]:4450"],
                &[path],
                &["fs1", "[::1]:4450"],
            ),
            (
                &["-s", "fs1", "fs2", path, "/srv/x"],
                &[path, "/srv/x"],
                &["fs1", "fs2"],
            ),
            (&["-s", "fs1", "costs.xlsx"], &["costs.xlsx"], &["fs1"]),
            (
                &["-s", "fs2", "-s", "fs1", "costs.xlsx"],
                &["costs.xlsx"],
                &["fs2", "fs1"],
            ),
            (
                &["costs.xlsx", "-s", "fs1", "fs2"],
                &["costs.xlsx"],
                &["fs1", "fs2"],
            ),
            (
                &["-s", "10.1.0.0/24", "@branch", path],
                &[path],
                &["10.1.0.0/24", "@branch"],
            ),
            (&["-sfs1", path], &[path], &["fs1"]),
            (&["-s=fs1", path, "-o", "json"], &[path], &["fs1"]),
            (&[r"\\fs1\data\x"], &[r"\\fs1\data\x"], &[]),
        ] {
            let owned = |words: &[&str]| words.iter().map(|&word| word.to_owned()).collect();
            let expected: (Vec<String>, Vec<String>) = (owned(paths), owned(servers));
            assert_eq!(sorted(words), Ok(expected), "{words:?}");
        }
        for words in [&[][..], &["-s", "fs1"], &["-s", "fs1", "-s", "fs2"]] {
            let message = sorted(words).expect_err("no path");
            assert!(message.contains("needs a PATH"), "{message}");
        }
    }

    #[test]
    fn every_level_can_be_asked_for() {
        let chosen = |line: &str| {
            let choice = parsed(line).shared.asking.level;
            choice.of("sessions", &Level::LADDER, Level::number)
        };
        assert_eq!(chosen("smbwho fs1"), Ok(None));
        assert_eq!(chosen("smbwho fs1 --level auto"), Ok(None));
        for level in Level::LADDER {
            let line = format!("smbwho fs1 --level {level}");
            assert_eq!(chosen(&line), Ok(Some(level)));
        }
        let message = "--level 3: there is no such level of sessions; there are: 502, 2, 1, 10, 0";
        assert_eq!(chosen("smbwho fs1 --level 3"), Err(message.to_owned()));
        assert!(Cli::try_parse_from(["smbwho", "--level", "most", "fs1"]).is_err());
    }
}
