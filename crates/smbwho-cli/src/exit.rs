//! How the program ends. Scripts rely on these numbers.

use std::process::ExitCode;

/// The outcome of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Every server answered. Also when the reader of our output has had
    /// enough and closed the pipe.
    Success,
    /// Some servers failed; the rows of the others are printed.
    Partial,
    /// No server answered, or the command line is wrong.
    Failure,
    /// Ctrl-C.
    Interrupted,
    /// The terminal was closed (SIGHUP).
    HungUp,
    /// The system or a person ended it (SIGTERM).
    #[cfg(unix)]
    Terminated,
}

impl Exit {
    /// The outcome of asking servers of which some answered, at least in
    /// part, and some failed.
    pub(crate) fn of_servers(answered: usize, failed: usize) -> Self {
        match (answered, failed) {
            (_, 0) => Exit::Success,
            (0, _) => Exit::Failure,
            _ => Exit::Partial,
        }
    }

    /// The number the shell sees.
    pub(crate) fn number(self) -> u8 {
        match self {
            Exit::Success => 0,
            Exit::Partial => 1,
            Exit::Failure => 2,
            Exit::Interrupted => 130,
            Exit::HungUp => 129,
            #[cfg(unix)]
            Exit::Terminated => 143,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(exit.number())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_decide_the_outcome() {
        assert_eq!(Exit::of_servers(3, 0), Exit::Success);
        assert_eq!(Exit::of_servers(2, 1), Exit::Partial);
        assert_eq!(Exit::of_servers(0, 3), Exit::Failure);
        // One server that broke off after its first rows is in both counts.
        assert_eq!(Exit::of_servers(1, 1), Exit::Partial);
    }
}
