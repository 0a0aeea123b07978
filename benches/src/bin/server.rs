//! One server of the size asked for, and lines to it: a file server, which is our endpoint behind a
//! real smbd, or a real domain controller. Ends with its standard input.
//!
//! Says where it is in one line of JSON. To each line that it reads it answers with what came since
//! the last: `{"calls": {NUMBER: …}, "turns": …}`, calls by their number in the interface, turns of
//! the line `lockstep`, that of connecting included. Answering, it opens again what was closed.

use clap::{Parser, Subcommand};
use smbwho_testkit::{AdDc, Door, Endpoint, FileServer, LockstepLine, Samba, SlowLine, Workload};
use std::collections::BTreeMap;
use std::error::Error;
use std::io::{self, BufRead as _, Write as _};
use std::sync::Arc;
use std::time::Duration;

/// 200 ms there and back.
const EACH_WAY: Duration = Duration::from_millis(100);
/// How long a client may compute within a turn.
const QUIET: Duration = Duration::from_millis(50);
const PASSWORD: &str = "benches";

/// Starts one server.
#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    kind: Kind,
}

#[derive(Subcommand)]
enum Kind {
    /// A server of sessions, open files and shares.
    Files(Workload),
    /// A domain controller of some 540 groups (takes root).
    Domain,
}

/// What is asked; ends when dropped.
enum Server {
    Files {
        endpoint: Endpoint,
        files: Arc<FileServer>,
        seen: usize,
    },
    Domain {
        door: Door,
        _dc: Box<AdDc>,
    },
}

impl Server {
    fn start(kind: Kind) -> Result<Self, Box<dyn Error>> {
        match kind {
            Kind::Files(workload) => {
                let files = Arc::new(FileServer::new(workload));
                let samba = Samba::builder().admin("root", PASSWORD);
                // Logging is not what is to be measured.
                let samba = samba.global("log level", "0");
                let endpoint = Endpoint::builder().samba(samba).serve_as(&files)?;
                Ok(Self::Files {
                    endpoint,
                    files,
                    seen: 0,
                })
            }
            Kind::Domain => {
                let dc = domain()?;
                Ok(Self::Domain {
                    door: dc.door()?,
                    _dc: Box::new(dc),
                })
            }
        }
    }

    fn address(&self) -> String {
        match self {
            Self::Files { endpoint, .. } => endpoint.address(),
            Self::Domain { door, .. } => door.address(),
        }
    }

    /// Calls since this was asked last, by their numbers.
    fn calls(&mut self) -> BTreeMap<String, usize> {
        let mut calls = BTreeMap::new();
        if let Self::Files { endpoint, seen, .. } = self {
            let requests = endpoint.requests();
            for request in &requests[*seen..] {
                *calls.entry(request.opnum.to_string()).or_default() += 1;
            }
            *seen = requests.len();
        }
        calls
    }

    fn reset(&self) {
        if let Self::Files { files, .. } = self {
            files.reset();
        }
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let kind = Arguments::parse().kind;
    let user = match kind {
        Kind::Files(_) => "root".to_owned(),
        Kind::Domain => format!(r"{}\{}", AdDc::DOMAIN, user(0)),
    };
    let mut server = Server::start(kind)?;
    let slow = SlowLine::to(server.address(), EACH_WAY)?;
    let lockstep = LockstepLine::with_quiet(server.address(), QUIET)?;
    let port = |address: String| address.rsplit_once(':').map(|(_, port)| port.to_owned());
    let facts = serde_json::json!({
        "user": user,
        "password": PASSWORD,
        "ports": {
            "direct": port(server.address()),
            "slow": port(slow.address()),
            "lockstep": port(lockstep.address()),
        },
    });
    writeln!(io::stdout(), "{facts}")?;
    let mut before = 0;
    for line in io::stdin().lock().lines() {
        line?;
        let turns = lockstep.connections() + lockstep.round_trips();
        let counts = serde_json::json!({"calls": server.calls(), "turns": turns - before});
        before = turns;
        server.reset();
        writeln!(io::stdout(), "{counts}")?;
    }
    Ok(())
}

const USERS: usize = 2_000;
const GROUPS: usize = 399;
const LOCAL_GROUPS: usize = 100;
/// Users in each of the groups.
const MEMBERS: usize = 24;
/// Each group holds up to so many others, and all of them the first user.
const NESTED: usize = 5;

fn user(number: usize) -> String {
    format!("u{number:04}")
}

/// One group of all users, 399 groups of 24 and a group beneath, and 100 local ones. The first user is
/// in seven of them directly, and in all of them through others.
fn domain() -> Result<AdDc, Box<dyn Error>> {
    let users: Vec<String> = (0..USERS).map(user).collect();
    let group = |number: usize| format!("group{number:03}");
    let first = AdDc::builder().user(&users[0], PASSWORD);
    let others = users[1..].iter();
    let mut dc = others.fold(first, |dc, user| dc.account(user));
    let everyone: Vec<&str> = users.iter().map(String::as_str).collect();
    dc = dc.group("everyone2000", &everyone);
    for number in 0..GROUPS {
        let beneath = match number {
            0..NESTED => user(0),
            number => group(number / NESTED),
        };
        let others = (1..=MEMBERS).map(|n| &everyone[(number * MEMBERS + n) % USERS]);
        let members: Vec<&str> = others.copied().chain([beneath.as_str()]).collect();
        dc = dc.group(&group(number), &members);
    }
    for number in 0..LOCAL_GROUPS {
        let name = format!("local{number:03}");
        dc = dc
            .local_group(&name, "A local group")
            .group(&name, &[&group(number)]);
    }
    Ok(dc.start()?)
}
