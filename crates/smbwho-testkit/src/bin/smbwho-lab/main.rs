//! Starts a lab and leaves it running, or ends one.
//!
//! `up` starts this program again, apart from the terminal; that second process
//! holds the lab and waits at an abstract Unix socket named after it. `down`
//! asks there. Should the holder be killed, the lab ends all the same.

mod kinds;

use clap::{Parser, Subcommand, ValueEnum};
use smbwho_testkit::Workload;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixListener, UnixStream};
use std::process::{Command, ExitCode, Stdio};
use std::time::Duration;

const PREFIX: &str = "smbwho-lab-control-";
/// Ends what `serve` has to say.
const READY: &str = "--ready--";
const DOWN_WITHIN: Duration = Duration::from_secs(30);

/// Throwaway servers to try smbwho on.
#[derive(Parser)]
#[command(name = "smbwho-lab")]
struct Arguments {
    #[command(subcommand)]
    command: What,
}

#[derive(Subcommand)]
enum What {
    /// Starts a lab, says how to reach it, and leaves it running.
    Up(Up),
    /// Ends a lab and removes all it made.
    Down {
        /// Which one; needed when there are several.
        lab: Option<String>,
        /// Ends every lab.
        #[arg(long, conflicts_with = "lab")]
        all: bool,
    },
    /// Lists the labs that are up.
    List,
    /// Holds a lab until told to end.
    #[command(hide = true)]
    Serve(Up),
}

#[derive(Parser, Clone)]
struct Up {
    /// What to start.
    #[arg(value_enum, default_value_t = Kind::Standalone)]
    kind: Kind,
    /// How many sessions an endpoint tells of.
    #[arg(long, default_value_t = 10)]
    sessions: u32,
    /// How many of them it puts on a page.
    #[arg(long, default_value_t = 1_000_000)]
    page: usize,
    /// Every two seconds one of them ends, and another comes.
    #[arg(long)]
    restless: bool,
    #[command(flatten)]
    workload: Workload,
    /// Says it as variables for a shell to eval.
    #[arg(long)]
    shell: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Kind {
    /// A Samba server with alice, bob and carol connected.
    Standalone,
    /// Samba's front with answers of our own, at every level.
    Endpoint,
    /// Samba's front with open files, sessions and shares that can be closed.
    Files,
    /// An Active Directory domain controller (takes root).
    Ad,
}

type Failure = Box<dyn std::error::Error>;

fn main() -> ExitCode {
    let done = match Arguments::parse().command {
        What::Up(_) => start(),
        What::Down { lab, all } => stop(lab, all),
        What::List => labs().and_then(|labs| say(&labs.join("\n"))),
        What::Serve(up) => serve(&up),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "smbwho-lab: {error}");
            ExitCode::FAILURE
        }
    }
}

fn say(text: &str) -> Result<(), Failure> {
    let text = text.trim_end();
    if !text.is_empty() {
        writeln!(io::stdout(), "{text}")?;
    }
    Ok(())
}

/// Starts the holder and passes on what it says until the lab is ready.
fn start() -> Result<(), Failure> {
    let mut holder = Command::new("setsid")
        .arg(std::env::current_exe()?)
        .arg("serve")
        // What follows "up".
        .args(std::env::args_os().skip(2))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()?;
    let stdout = holder.stdout.take().ok_or("no output")?;
    let mut said = String::new();
    for line in BufReader::new(stdout).lines() {
        let line = line?;
        if line == READY {
            return say(&said);
        }
        said = said + &line + "\n";
    }
    holder.wait()?;
    Err(said.trim_end().into())
}

/// Holds a lab. Errors go to standard output, where `up` reads them.
fn serve(up: &Up) -> Result<(), Failure> {
    match hold(up) {
        Err(error) => say(&error.to_string()),
        Ok(()) => Ok(()),
    }
}

fn hold(up: &Up) -> Result<(), Failure> {
    let (lab, facts) = match up.kind {
        Kind::Standalone => kinds::standalone()?,
        Kind::Endpoint => kinds::endpoint(up)?,
        Kind::Files => kinds::files(up)?,
        Kind::Ad => kinds::domain()?,
    };
    let name = SocketAddr::from_abstract_name(format!("{PREFIX}{}", facts.id))?;
    let control = UnixListener::bind_addr(&name)?;
    say(&if up.shell {
        facts.shell()
    } else {
        facts.text()
    })?;
    say(READY)?;
    // Whoever connects asks for the end.
    let (mut asker, _) = control.accept()?;
    drop(lab);
    asker.write_all(b"down\n")?;
    Ok(())
}

/// The labs that are up: the kernel lists their sockets.
fn labs() -> Result<Vec<String>, Failure> {
    let table = std::fs::read_to_string("/proc/net/unix")?;
    let mut labs: Vec<String> = table
        .lines()
        .filter_map(|line| line.rsplit_once('@')?.1.strip_prefix(PREFIX))
        .map(str::to_owned)
        .collect();
    labs.sort();
    labs.dedup();
    Ok(labs)
}

fn stop(lab: Option<String>, all: bool) -> Result<(), Failure> {
    let up = labs()?;
    let wanted = match lab {
        Some(lab) => vec![lab],
        None if all => up,
        None if up.len() <= 1 => up,
        None => return Err(format!("several labs are up: {}", up.join(", ")).into()),
    };
    if wanted.is_empty() {
        return say("No lab is up.");
    }
    for lab in wanted {
        let name = SocketAddr::from_abstract_name(format!("{PREFIX}{lab}"))?;
        let mut control =
            UnixStream::connect_addr(&name).map_err(|_| format!("no lab {lab} is up"))?;
        control.set_read_timeout(Some(DOWN_WITHIN))?;
        let mut answer = String::new();
        control.read_to_string(&mut answer)?;
        if answer != "down\n" {
            return Err(format!("{lab} did not end as it should").into());
        }
        say(&format!("{lab} is down."))?;
    }
    Ok(())
}
