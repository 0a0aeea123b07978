//! What is told to people on standard error.
//!
//! Every line passes through the escape of [`output::escape`]: names from
//! servers and from the command line stand in messages too. A standard error
//! that cannot be written to is no reason to stop.
//!
//! [`output::escape`]: crate::output::escape

use std::io::{self, IsTerminal as _, Write as _};

use crate::output::escape::Visible;
use crate::problem::Problem;
use crate::progress;

/// The way to standard error.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Report {
    /// Only errors, without hints.
    pub(crate) quiet: bool,
    /// Failures of servers as JSON lines.
    pub(crate) json: bool,
}

impl Report {
    /// Tells why the program cannot go on.
    pub(crate) fn error(self, message: &str) {
        write_line(&format!("smbwho: {}", Visible(message)));
    }

    /// Tells something worth knowing that is no failure.
    pub(crate) fn note(self, message: &str) {
        if !self.quiet {
            write_line(&format!("smbwho: note: {}", Visible(message)));
        }
    }

    /// Tells a line as it is, quiet or not: what a question is about.
    pub(crate) fn line(self, message: &str) {
        write_line(&Visible(message).to_string());
    }

    /// Tells how many rows there were, to a person who sees both streams.
    pub(crate) fn total(self, message: &str) {
        if !self.quiet && io::stdout().is_terminal() && io::stderr().is_terminal() {
            write_line(message);
        }
    }

    /// Tells what became of many servers.
    pub(crate) fn summary(self, message: &str) {
        if !self.quiet {
            write_line(&format!("smbwho: {}", Visible(message)));
        }
    }

    /// Tells that a server failed.
    pub(crate) fn problem(self, problem: &Problem) {
        if self.json {
            let mut line = String::new();
            problem.write_json(&mut line);
            write_line(&line);
            return;
        }
        write_line(&format!("smbwho: {}", Visible(&problem.line())));
        if let Some(hint) = &problem.hint
            && !self.quiet
        {
            for (index, line) in hint.lines().enumerate() {
                let lead = if index == 0 { "  try: " } else { "       " };
                write_line(&format!("{lead}{}", Visible(line)));
            }
        }
    }
}

fn write_line(line: &str) {
    // One write for a line, so that lines of several programs do not mix.
    progress::aside(|| {
        let _ = io::stderr().write_all(format!("{line}\n").as_bytes());
    });
}
