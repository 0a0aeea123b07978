//! The servers that `benches/compare` and `benches/counts` ask: real smbds on loopback with our
//! endpoint behind, and the lines to them. Ends with its standard input.
//!
//! Says where they are in one line of JSON. To each line it reads it answers with what went over
//! the counted line since the last: `{"requests": …, "messages": …, "calls": …}`.

use clap::Parser;
use smbwho_benches::counted::CountedLine;
use smbwho_benches::sessions;
use smbwho_testkit::{Endpoint, LabError, Samba, SessionService, SlowLine};
use std::collections::BTreeMap;
use std::error::Error;
use std::io::{self, BufRead as _, Write as _};
use std::time::Duration;

/// 200 ms there and back.
const EACH_WAY: Duration = Duration::from_millis(100);
const PASSWORD: &str = "benches";

/// Starts servers of sessions.
#[derive(Parser)]
struct Arguments {
    /// A server for each of these numbers of sessions.
    #[arg(required = true)]
    sessions: Vec<u32>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut labs = BTreeMap::new();
    for count in Arguments::parse().sessions {
        labs.insert(count, server(count)?);
    }
    let mut slow = BTreeMap::new();
    let mut counted = BTreeMap::new();
    for (count, lab) in &labs {
        slow.insert(*count, SlowLine::to(lab.address(), EACH_WAY)?);
        counted.insert(*count, CountedLine::to(&lab.address())?);
    }
    let ports = |of: &mut dyn Iterator<Item = (u32, u16)>| -> BTreeMap<String, u16> {
        of.map(|(count, port)| (count.to_string(), port)).collect()
    };
    let facts = serde_json::json!({
        "user": "root",
        "password": PASSWORD,
        "ports": ports(&mut labs.iter().map(|(count, lab)| (*count, lab.port()))),
        "slow": ports(&mut slow.iter().map(|(count, line)| (*count, line.port()))),
        "counted": ports(&mut counted.iter().map(|(count, line)| (*count, line.port()))),
    });
    writeln!(io::stdout(), "{facts}")?;
    let mut calls = 0;
    for line in io::stdin().lock().lines() {
        line?;
        let before = calls;
        calls = labs.values().map(|lab| lab.requests().len()).sum();
        let (requests, messages) = counted.values().fold((0, 0), |(requests, messages), line| {
            let (more, in_messages) = line.take();
            (requests + more, messages + in_messages)
        });
        let counts = serde_json::json!({
            "requests": requests, "messages": messages, "calls": calls - before,
        });
        writeln!(io::stdout(), "{counts}")?;
    }
    Ok(())
}

/// A server with the levels that Samba has, on every address of this machine's loopback.
fn server(count: u32) -> Result<Endpoint, LabError> {
    let samba = Samba::builder()
        .admin("root", PASSWORD)
        .global("bind interfaces only", "no")
        // Logging is not what is to be measured.
        .global("log level", "0");
    let service = SessionService::new(sessions(count)).only_levels(&[0, 1]);
    Endpoint::builder().samba(samba).serve(service)
}
