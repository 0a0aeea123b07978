//! Runs one command and says what it cost: the last line of standard error is JSON with `wall` and
//! `cpu` in seconds, `memory` in KiB at its highest, and `code`.
//!
//! A program of its own and a small one, since the system counts the memory of whoever starts a
//! process as the process's.

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike as _;
use std::error::Error;
use std::io::{self, Write as _};
use std::process::Command;
use std::time::Instant;

fn main() -> Result<(), Box<dyn Error>> {
    let mut words = std::env::args_os().skip(1);
    let program = words.next().ok_or("a command is wanted")?;
    let start = Instant::now();
    let status = Command::new(program).args(words).status()?;
    let wall = start.elapsed().as_secs_f64();
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let cpu = usage.user_time().num_microseconds() + usage.system_time().num_microseconds();
    let cost = serde_json::json!({
        "wall": wall, "cpu": cpu as f64 / 1e6, "memory": usage.max_rss(), "code": status.code(),
    });
    writeln!(io::stderr(), "\n{cost}")?;
    Ok(())
}
