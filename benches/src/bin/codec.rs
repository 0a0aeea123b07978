//! Decoding one reply, several ways: for `benches/compare` (times) and `benches/counts` (one way at
//! a time, under callgrind).

use clap::{Parser, Subcommand, ValueEnum};
use smbwho::Session;
use smbwho_benches::{borrowed, by_hand, narrow, reply, rows};
use smbwho_msrpc::srvsvc::session::SessionLevel;
use std::error::Error;
use std::fs;
use std::hint::black_box;
use std::io::{self, Write};
use std::path::PathBuf;
use std::time::Instant;

/// Decodes a reply to NetrSessionEnum.
#[derive(Parser)]
#[command(name = "codec")]
struct Arguments {
    #[command(subcommand)]
    command: What,
}

#[derive(Subcommand)]
enum What {
    /// Writes a reply's stub to a file.
    Stub {
        #[arg(long)]
        level: u32,
        #[arg(long)]
        sessions: u32,
        file: PathBuf,
    },
    /// Decodes the file once.
    Once {
        #[arg(value_enum)]
        way: Way,
        file: PathBuf,
    },
    /// Times every way: JSON, nanoseconds a session.
    Time {
        #[arg(long, default_value_t = 30)]
        rounds: usize,
        file: PathBuf,
    },
}

#[derive(Clone, Copy, ValueEnum)]
enum Way {
    /// Not at all: what reading the file costs.
    Nothing,
    /// By hand, into views.
    ByHand,
    /// As declared, into views.
    Borrowed,
    /// Into the library's rows.
    Rows,
    /// Finding and narrowing the names only.
    Narrow,
}

fn main() -> Result<(), Box<dyn Error>> {
    match Arguments::parse().command {
        What::Stub {
            level,
            sessions,
            file,
        } => {
            let level = SessionLevel::from_number(level).ok_or("no such level")?;
            fs::write(file, reply(sessions, level))?;
        }
        What::Once { way, file } => {
            let (stub, level, _) = read(&file)?;
            match way {
                Way::Nothing => {
                    let _ = black_box(&stub);
                }
                Way::ByHand => by_hand::decode(&stub, level),
                Way::Borrowed => borrowed(&stub, level),
                Way::Rows => drop(rows(&stub, level)),
                Way::Narrow => narrow(&stub, level),
            }
        }
        What::Time { rounds, file } => {
            let (stub, level, sessions) = read(&file)?;
            // The fastest of many rounds, in turns, so that a busy machine disturbs all alike.
            let mut best = [f64::MAX; 4];
            for _ in 0..rounds {
                // What a turn made is given back untimed, for every decoder compared.
                let turns: [&dyn Fn() -> Option<Vec<Session>>; 4] = [
                    &|| {
                        by_hand::decode(black_box(&stub), level);
                        None
                    },
                    &|| {
                        borrowed(black_box(&stub), level);
                        None
                    },
                    &|| Some(rows(black_box(&stub), level)),
                    &|| {
                        narrow(black_box(&stub), level);
                        None
                    },
                ];
                for (turn, best) in turns.iter().zip(&mut best) {
                    let start = Instant::now();
                    let made = black_box(turn());
                    *best = best.min(start.elapsed().as_secs_f64());
                    drop(made);
                }
            }
            let [by_hand, borrowed, rows, narrow] =
                best.map(|seconds| seconds * 1e9 / f64::from(sessions));
            let text = serde_json::json!({
                "level": level.number(), "sessions": sessions,
                "by_hand": by_hand, "borrowed": borrowed, "rows": rows, "narrow": narrow,
            });
            writeln!(io::stdout(), "{text}")?;
        }
    }
    Ok(())
}

/// The stub, its level and the number of its sessions.
fn read(file: &PathBuf) -> Result<(Vec<u8>, SessionLevel, u32), Box<dyn Error>> {
    let stub = fs::read(file)?;
    let word = |at: usize| {
        let bytes = stub.get(at..).and_then(|rest| rest.first_chunk());
        bytes.map(|bytes| u32::from_le_bytes(*bytes))
    };
    let level = word(0).and_then(SessionLevel::from_number);
    let sessions = word(12).ok_or("no reply")?;
    Ok((stub, level.ok_or("no level")?, sessions))
}
