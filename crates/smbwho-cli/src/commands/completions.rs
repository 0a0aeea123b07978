//! `smbwho completions SHELL`: a script for the shell.

use std::io::{self, Write as _};

use clap::CommandFactory as _;
use clap_complete::Shell;

use crate::args::Cli;

pub(crate) fn run(shell: Shell) -> io::Result<()> {
    // Gathered first: the generator cannot tell of a closed pipe but by panic.
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "smbwho", &mut script);
    let mut out = io::stdout().lock();
    out.write_all(&script)?;
    out.flush()
}
