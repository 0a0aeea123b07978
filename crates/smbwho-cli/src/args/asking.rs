//! How servers are asked: options that every command has.

use std::fmt;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use clap::{Args, ValueHint};

use crate::duration;

/// How servers are asked.
#[derive(Debug, Args)]
#[command(next_help_heading = "Asking")]
pub(crate) struct AskingArgs {
    /// Level of detail to ask for; auto takes the richest that the server
    /// grants this account (sessions: 502, 2, 1, 10, 0; files: 3, 2;
    /// connections: 1, 0; shares: 503, 502, 2, 501, 1, 0; logons: 1, 0)
    #[arg(
        long,
        global = true,
        value_name = "auto|N",
        default_value = "auto",
        hide_default_value = true
    )]
    pub(crate) level: LevelChoice,

    /// Ask so many servers side by side [default: 64]
    #[arg(long, global = true, value_name = "N")]
    pub(crate) jobs: Option<NonZeroUsize>,

    /// Longest wait for a connection, for the sign-in, and for each reply
    /// [default: 10s]
    #[arg(long, global = true, value_name = "TIME", value_parser = duration::parse_positive)]
    pub(crate) timeout: Option<Duration>,

    /// Longest time for all of one server, from its name to its last row, with
    /// every further try [default: 10m each when several servers are asked, no
    /// limit for one]
    #[arg(long, global = true, value_name = "TIME", hide_short_help = true,
          value_parser = duration::parse_positive)]
    pub(crate) total_timeout: Option<Duration>,

    /// Ask a server again so many times where the connection broke off or could
    /// not be made in time, or the server was busy, and no row had come; never
    /// after a password that was refused or not answered [default: 1]
    #[arg(long, global = true, value_name = "N", hide_short_help = true)]
    pub(crate) retries: Option<u32>,

    /// Ask on when servers refuse the account. Without it three refusals end
    /// the run, a password that is not answered counts as refused until a
    /// server takes it, and sign-ins side by side begin with three and grow
    /// with each server that takes it, lest the account be locked
    #[arg(long, global = true, hide_short_help = true)]
    pub(crate) keep_going: bool,

    /// Ask up to so many servers where ranges (fs[01-40]) and networks
    /// (10.1.0.0/24) name them [default: 4096]
    #[arg(long, global = true, value_name = "N", hide_short_help = true)]
    pub(crate) max_hosts: Option<NonZeroUsize>,

    /// Write down in this file which servers have answered, and leave them out
    /// when the same is asked again with it; it is removed when all have
    #[arg(long, global = true, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) resume: Option<PathBuf>,

    /// The question in words, for `resume`; not an option.
    #[arg(skip)]
    pub(crate) question: Option<String>,
}

/// `--level`: a number, or none for the richest there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LevelChoice(pub(crate) Option<u32>);

impl FromStr for LevelChoice {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "auto" => Ok(Self(None)),
            number => match number.parse() {
                Ok(number) => Ok(Self(Some(number))),
                Err(_) => Err("a level is a number, or auto"),
            },
        }
    }
}

impl LevelChoice {
    /// The level of this kind of row that was chosen, if one was.
    ///
    /// # Errors
    ///
    /// A message that lists the levels there are.
    pub(crate) fn of<L: Copy + fmt::Display>(
        self,
        kind: &str,
        levels: &[L],
        number: fn(L) -> u32,
    ) -> Result<Option<L>, String> {
        let Some(wanted) = self.0 else {
            return Ok(None);
        };
        let found = levels.iter().find(|level| number(**level) == wanted);
        found.copied().map(Some).ok_or_else(|| {
            let names: Vec<String> = levels.iter().map(L::to_string).collect();
            format!(
                "--level {wanted}: there is no such level of {kind}; there are: {}",
                names.join(", ")
            )
        })
    }
}
