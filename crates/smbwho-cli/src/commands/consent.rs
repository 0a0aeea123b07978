//! Asking before a server is changed: the one way for everything that ends,
//! adds, sets or removes.
//!
//! A command looks first and makes a [`Plan`]: every thing that will happen,
//! and what it brings besides. [`ask`] shows it and has the user type the
//! number of things (`yes` where it is one), on the terminal itself and never
//! from a pipe. `--yes` goes ahead without asking, `--dry-run` stops before
//! anything happens and wins over `--yes`; without a terminal and without
//! `--yes` nothing happens either.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead as _, BufReader, Write as _};

use clap::Args;

use crate::output::escape::Visible;
use crate::report::Report;

/// `--dry-run` and `--yes`, for every command that changes a server.
#[derive(Debug, Clone, Copy, Default, Args)]
pub(crate) struct ConsentArgs {
    /// Show what would happen, and change nothing; wins over --yes
    #[arg(long)]
    pub(crate) dry_run: bool,

    /// Go ahead without asking
    #[arg(long)]
    pub(crate) yes: bool,
}

/// What will happen if the user agrees.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Plan {
    /// All of it in a few words that read after "will": `end 2 sessions on
    /// fs1`.
    pub(crate) what: String,
    /// Each thing in one line. Names from servers may stand in it: it is
    /// escaped here.
    pub(crate) things: Vec<String>,
    /// What it brings besides, and what should be known before it.
    pub(crate) besides: Vec<String>,
}

/// What the user, or the command line, says to a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub(crate) enum Answer {
    /// Do it.
    Go,
    /// Nothing is to happen: it was only to be shown.
    DryRun,
    /// Nothing is to happen: the user did not agree.
    No,
}

/// Shows the plan and asks, as far as `args` leave it to be asked.
///
/// The plan is shown on standard error before every question, `-q` or not; to
/// `--yes` and `--dry-run` it is a note like others, which `-q` leaves out.
///
/// # Errors
///
/// A message for the user when it must be asked and there is no terminal.
pub(crate) fn ask(plan: &Plan, args: ConsentArgs, report: Report) -> Result<Answer, String> {
    if args.dry_run {
        if !report.quiet {
            show(plan, "Would", report);
        }
        return Ok(Answer::DryRun);
    }
    if args.yes {
        if !report.quiet {
            show(plan, "Will", report);
        }
        return Ok(Answer::Go);
    }
    show(plan, "Will", report);
    let typed = on_terminal(&question(plan)).map_err(|error| {
        format!(
            "nothing was done: there is no terminal to ask on ({error}). Add --yes to go ahead \
             without being asked, or --dry-run to only look"
        )
    })?;
    Ok(if agrees(plan, &typed) {
        Answer::Go
    } else {
        Answer::No
    })
}

fn show(plan: &Plan, will: &str, report: Report) {
    report.line(&format!("{will} {}:", plan.what));
    for thing in &plan.things {
        report.line(&format!("  {thing}"));
    }
    for besides in &plan.besides {
        report.line(&format!("Note: {besides}"));
    }
}

/// What must be typed: the number of things, so that nobody agrees to more
/// than was read.
fn password_of(plan: &Plan) -> String {
    match plan.things.len() {
        0 | 1 => "yes".to_owned(),
        count => count.to_string(),
    }
}

/// What the user is asked.
pub(crate) fn question(plan: &Plan) -> String {
    format!(
        "Type {} to {}, anything else to leave it: ",
        password_of(plan),
        Visible(&plan.what)
    )
}

/// Whether what was typed agrees to the plan.
pub(crate) fn agrees(plan: &Plan, typed: &str) -> bool {
    typed.trim().eq_ignore_ascii_case(&password_of(plan))
}

/// Asks on the terminal that the program belongs to, whatever standard input
/// and output are: `yes | smbwho close …` agrees to nothing.
fn on_terminal(question: &str) -> io::Result<String> {
    let (input, mut output) = terminal()?;
    output.write_all(question.as_bytes())?;
    output.flush()?;
    let mut typed = String::new();
    if BufReader::new(input).read_line(&mut typed)? == 0 {
        // The end of the input is no newline: begin one.
        let _ = output.write_all(b"\n");
    }
    Ok(typed)
}

#[cfg(not(windows))]
fn terminal() -> io::Result<(File, File)> {
    let terminal = OpenOptions::new().read(true).write(true).open("/dev/tty")?;
    Ok((terminal.try_clone()?, terminal))
}

#[cfg(windows)]
fn terminal() -> io::Result<(File, File)> {
    let open = |name| OpenOptions::new().read(true).write(true).open(name);
    Ok((open("CONIN$")?, open("CONOUT$")?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(things: usize) -> Plan {
        Plan {
            what: format!("end {things} on fs\u{1b}1"),
            things: vec!["alice".to_owned(); things],
            besides: Vec::new(),
        }
    }

    #[test]
    fn one_thing_takes_yes() {
        for typed in ["yes\n", "YES", " yes \r\n"] {
            assert!(agrees(&plan(1), typed), "{typed:?}");
        }
        for typed in ["", "\n", "y", "1", "no", "yes please"] {
            assert!(!agrees(&plan(1), typed), "{typed:?}");
        }
    }

    #[test]
    fn several_take_their_number() {
        assert!(agrees(&plan(12), "12\n"));
        for typed in ["yes\n", "1", "2", "012", "12.", ""] {
            assert!(!agrees(&plan(12), typed), "{typed:?}");
        }
    }

    #[test]
    fn the_question_says_what_to_type_and_does_no_harm() {
        assert_eq!(
            question(&plan(2)),
            r"Type 2 to end 2 on fs\u{1b}1, anything else to leave it: "
        );
    }

    #[test]
    fn a_dry_run_wins_over_yes() {
        let args = ConsentArgs {
            dry_run: true,
            yes: true,
        };
        let quiet = Report {
            quiet: true,
            json: false,
        };
        assert_eq!(ask(&plan(1), args, quiet), Ok(Answer::DryRun));
    }
}
