//! The servers that `benches/compare` and `benches/counts` ask: real smbds on loopback with our
//! endpoint behind, and the lines to them. Ends with its standard input.
//!
//! Says where they are in one line of JSON. To each line it reads it answers with what went over
//! the counted line since the last: `{"requests": …, "messages": …, "calls": …}`. From a line with a
//! number on that many sessions of every living server have other files open than before.

use clap::Parser;
use smbwho_benches::counted::CountedLine;
use smbwho_benches::sessions;
use smbwho_testkit::{
    Endpoint, EndpointBuilder, LabError, LabSession, Samba, SessionRequest, SessionService,
    SlowLine,
};
use std::collections::BTreeMap;
use std::error::Error;
use std::io::{self, BufRead as _, Write as _};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// 200 ms there and back.
const EACH_WAY: Duration = Duration::from_millis(100);
const PASSWORD: &str = "benches";
/// Those that Samba has.
const LEVELS: &[u32] = &[0, 1];

/// Starts servers of sessions.
#[derive(Parser)]
struct Arguments {
    /// A server for each of these numbers of sessions.
    #[arg(required = true)]
    sessions: Vec<u32>,
    /// A server whose sessions grow older, for this number of them
    #[arg(long)]
    living: Vec<u32>,
}

/// Sessions that grow older from answer to answer.
struct Living {
    sessions: Mutex<Vec<LabSession>>,
    began: Instant,
}

impl Living {
    /// As they are by now.
    fn now(&self) -> Vec<LabSession> {
        let mut sessions = self.locked().clone();
        let passed = u32::try_from(self.began.elapsed().as_secs()).unwrap_or(u32::MAX);
        for session in &mut sessions {
            session.active_secs += passed;
            session.idle_secs += passed;
        }
        sessions
    }

    fn change(&self, count: usize) {
        for session in self.locked().iter_mut().take(count) {
            session.opens += 1;
        }
    }

    fn locked(&self) -> std::sync::MutexGuard<'_, Vec<LabSession>> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::parse();
    let mut labs = BTreeMap::new();
    for count in arguments.sessions {
        labs.insert(count, server(count)?);
    }
    let mut living = BTreeMap::new();
    for count in arguments.living {
        living.insert(count, living_server(count)?);
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
        "living": ports(&mut living.iter().map(|(count, (lab, _))| (*count, lab.port()))),
        "counted": ports(&mut counted.iter().map(|(count, line)| (*count, line.port()))),
    });
    writeln!(io::stdout(), "{facts}")?;
    let mut calls = 0;
    for line in io::stdin().lock().lines() {
        if let Ok(count) = line?.parse() {
            living.values().for_each(|(_, alive)| alive.change(count));
        }
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
    endpoint().serve(SessionService::new(sessions(count)).only_levels(LEVELS))
}

/// The same with sessions that grow older.
fn living_server(count: u32) -> Result<(Endpoint, Arc<Living>), LabError> {
    let living = Arc::new(Living {
        sessions: Mutex::new(sessions(count)),
        began: Instant::now(),
    });
    let alive = Arc::clone(&living);
    let endpoint = endpoint().start(move |request| {
        let level = SessionRequest::decode(&request.stub).map(|asked| asked.level);
        let sessions = match level {
            Ok(level) if LEVELS.contains(&level) => alive.now(),
            _ => Vec::new(),
        };
        SessionService::new(sessions)
            .only_levels(LEVELS)
            .answer(request)
    })?;
    Ok((endpoint, living))
}

fn endpoint() -> EndpointBuilder {
    let samba = Samba::builder()
        .admin("root", PASSWORD)
        .global("bind interfaces only", "no")
        // Logging is not what is to be measured.
        .global("log level", "0");
    Endpoint::builder().samba(samba)
}
