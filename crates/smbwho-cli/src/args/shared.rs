//! The options that every command has: who signs in, which rows, how rows are
//! printed, what is said besides. How servers are asked: `asking.rs`.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgAction, Args, ValueEnum, ValueHint};

use super::{AskingArgs, ProtectionArgs};
use crate::duration;
use crate::output::Format;

/// Options that hold for every command.
#[derive(Debug, Args)]
pub(crate) struct Shared {
    #[command(flatten)]
    pub(crate) login: LoginArgs,
    #[command(flatten)]
    pub(crate) rows: RowArgs,
    #[command(flatten)]
    pub(crate) asking: AskingArgs,
    #[command(flatten)]
    pub(crate) print: PrintArgs,
    #[command(flatten)]
    pub(crate) messages: MessageArgs,
}

/// Who signs in.
#[derive(Debug, Args, Default)]
#[command(next_help_heading = "Signing in")]
pub(crate) struct LoginArgs {
    /// Sign in as this user, also written user@REALM. The password is never
    /// given here: it is asked for, or comes from SMBWHO_PASSWORD,
    /// --password-stdin or --auth-file
    #[arg(short = 'U', long, global = true, value_name = r"[DOMAIN\]USER")]
    pub(crate) login: Option<String>,

    /// Read user name, password and domain from a file in Samba's format
    /// (username = …, password = …, domain = …)
    #[arg(short = 'A', long, global = true, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) auth_file: Option<PathBuf>,

    /// Sign in by Kerberos: with the tickets of kinit, or with a password if
    /// one is given
    #[arg(short = 'k', long, global = true)]
    pub(crate) kerberos: bool,

    /// Take Kerberos tickets from this cache instead of the default one
    #[arg(long, global = true, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) ccache: Option<PathBuf>,

    /// Ask this Kerberos server instead of looking one up
    #[arg(long, global = true, value_name = "HOST", value_hint = ValueHint::Hostname)]
    pub(crate) kdc: Option<String>,

    /// Sign in as nobody (anonymous); with --kerberos: never ask for a
    /// password
    #[arg(short = 'N', long, global = true)]
    pub(crate) no_pass: bool,

    /// Read the password from standard input, up to the end of its first line
    #[arg(long, global = true)]
    pub(crate) password_stdin: bool,

    #[command(flatten)]
    pub(crate) protection: ProtectionArgs,
}

impl LoginArgs {
    /// The first of these options that is given.
    pub(crate) fn given(&self) -> Option<&'static str> {
        let given = [
            (self.login.is_some(), "--login"),
            (self.auth_file.is_some(), "--auth-file"),
            (self.kerberos, "--kerberos"),
            (self.ccache.is_some(), "--ccache"),
            (self.kdc.is_some(), "--kdc"),
            (self.no_pass, "--no-pass"),
            (self.password_stdin, "--password-stdin"),
            (self.protection.min_protocol.is_some(), "--min-protocol"),
            (
                self.protection.client_protection.is_some(),
                "--client-protection",
            ),
        ];
        given
            .into_iter()
            .find_map(|(given, name)| given.then_some(name))
    }
}

/// Which rows, and in which order.
#[derive(Debug, Args)]
#[command(next_help_heading = "Choosing rows")]
pub(crate) struct RowArgs {
    /// Only this user, with or without a domain; * and ? match
    #[arg(long, global = true, value_name = "NAME", value_hint = ValueHint::Username)]
    pub(crate) user: Option<String>,

    /// Only this client, with or without \\; * and ? match
    #[arg(long, global = true, value_name = "NAME", value_hint = ValueHint::Hostname)]
    pub(crate) client: Option<String>,

    /// Only sessions not used for longer than this: 90s, 30m, 8h, 1d
    #[arg(long, global = true, value_name = "TIME", value_parser = duration::parse)]
    pub(crate) idle_over: Option<Duration>,

    /// Only sessions older than this: 90s, 30m, 8h, 1d
    #[arg(long, global = true, value_name = "TIME", value_parser = duration::parse)]
    pub(crate) active_over: Option<Duration>,

    /// Sort by this column; rows where it is unknown come last
    #[arg(long, global = true, value_name = "COLUMN")]
    pub(crate) sort: Option<String>,

    /// Largest or last first
    #[arg(long, global = true)]
    pub(crate) reverse: bool,

    /// Print at most so many rows
    #[arg(long, global = true, value_name = "N")]
    pub(crate) limit: Option<NonZeroUsize>,
}

/// How rows are printed.
#[derive(Debug, Args)]
#[command(next_help_heading = "Printing")]
pub(crate) struct PrintArgs {
    /// Format of the rows [default: table]
    #[arg(short = 'o', long, global = true, value_name = "FORMAT")]
    pub(crate) output: Option<Format>,

    /// Only these columns, in this order (names as in JSON; idle for
    /// idle_secs)
    #[arg(long, global = true, value_name = "A,B,…", value_delimiter = ',')]
    pub(crate) columns: Option<Vec<String>>,

    /// No header line (table, wide, csv, tsv)
    #[arg(long, global = true)]
    pub(crate) no_header: bool,

    /// Write names exactly as they came, control characters included (csv,
    /// tsv)
    #[arg(long, global = true, hide_short_help = true)]
    pub(crate) raw: bool,

    /// Colour: auto is on a terminal unless NO_COLOR is set
    #[arg(
        long,
        global = true,
        value_name = "WHEN",
        default_value = "auto",
        hide_default_value = true
    )]
    pub(crate) color: ColourChoice,
}

/// What is told on standard error.
#[derive(Debug, Args)]
#[command(next_help_heading = "Messages (on standard error)")]
pub(crate) struct MessageArgs {
    /// Only errors: no notes, hints or totals
    #[arg(short = 'q', long, global = true)]
    pub(crate) quiet: bool,

    /// Tell what is done; more when repeated (-vv, -vvv)
    #[arg(short = 'v', long, global = true, action = ArgAction::Count)]
    pub(crate) verbose: u8,

    /// How -v tells it
    #[arg(
        long,
        global = true,
        value_name = "FORMAT",
        default_value = "text",
        hide_default_value = true
    )]
    pub(crate) log_format: LogFormat,
}

/// `--color`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ColourChoice {
    Auto,
    Always,
    Never,
}

/// `--log-format`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// Lines for people
    Text,
    /// JSON lines
    Json,
}
