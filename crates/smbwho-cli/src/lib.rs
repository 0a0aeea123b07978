//! The program `smbwho`: who is connected to a Windows or Samba file server.
//!
//! A library for the program's own `main` and for fuzzing its parsers, and for nothing else: other
//! programs use crate `smbwho`.
//!
//! The way through, from the command line to the rows:
//!
//! ```text
//! args ─ config ─ targets ─ credentials      what was asked, of whom, as whom
//!   → commands/sessions → commands/fleet     ask side by side, keep, count
//!   → rows (Kind, Column, Order)             what a row is made of
//!   → output (one Sink for each format)      standard output
//!     report, problem                        standard error
//!   → exit
//! ```
//!
//! `browse` and `watch` ask again and again: live asks and compares, tui shows.
//!
//! What changes a server goes another way: look, commands/consent asks, audit
//! records, then it is done one thing at a time.

mod args;
mod audit;
mod commands;
mod config;
mod core_dumps;
mod credentials;
mod duration;
mod exit;
mod live;
mod logging;
mod mistyped;
mod output;
mod problem;
mod progress;
mod report;
mod resume;
mod rows;
mod run;
mod seen;
mod stop;
mod targets;
mod terminal;
mod tui;

#[doc(hidden)]
pub mod fuzz;

use std::process::ExitCode;

/// What the program does, from its arguments to its exit code.
#[must_use]
pub fn main() -> ExitCode {
    core_dumps::prevent();
    run::run(args::parse(std::env::args_os())).into()
}
