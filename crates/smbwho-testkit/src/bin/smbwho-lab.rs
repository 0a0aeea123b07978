//! Starts a lab and leaves it running, or ends one.
//!
//! `up` starts this program again, apart from the terminal; that second process
//! holds the lab and waits at an abstract Unix socket named after it. `down`
//! asks there. Should the holder be killed, the lab ends all the same.

use clap::{Parser, Subcommand, ValueEnum};
use smbwho_testkit::{AdDc, Endpoint, LabError, LabSession, Samba, SessionService};
use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixListener, UnixStream};
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

const PREFIX: &str = "smbwho-lab-control-";
/// Ends what `serve` has to say.
const READY: &str = "--ready--";
const PEOPLE: [&str; 3] = ["alice", "bob", "carol"];
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
    /// An Active Directory domain controller (takes root).
    Ad,
}

type Failure = Box<dyn std::error::Error>;

fn main() -> ExitCode {
    let done = match Arguments::parse().command {
        What::Up(up) => start(&up),
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
fn start(up: &Up) -> Result<(), Failure> {
    let kind = up.kind.to_possible_value().ok_or("a kind")?;
    let mut command = Command::new("setsid");
    command
        .arg(std::env::current_exe()?)
        .args(["serve", kind.get_name()])
        .args(["--sessions", &up.sessions.to_string()])
        .args(up.restless.then_some("--restless"))
        .args(["--page", &up.page.to_string()]);
    if up.shell {
        command.arg("--shell");
    }
    let mut holder = command
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
        Kind::Standalone => standalone()?,
        Kind::Endpoint => endpoint(up)?,
        Kind::Ad => domain()?,
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

/// Anything that ends a lab when dropped.
type Lab = Box<dyn std::any::Any>;

#[derive(Default)]
struct Facts {
    id: String,
    server: String,
    user: String,
    password: String,
    folder: String,
    more: Vec<(&'static str, String)>,
}

impl Facts {
    fn text(&self) -> String {
        let mut text = format!("{} is up.\n", self.id);
        let mut fact = |name, value: &str| {
            let _ = writeln!(text, "  {name:<9} {value}");
        };
        fact("server", &self.server);
        fact(
            "login",
            &format!("{}, password {}", self.user, self.password),
        );
        for (name, value) in &self.more {
            fact(name, value);
        }
        fact("folder", &self.folder);
        fact("end", &format!("lab/down {}", self.id));
        text
    }

    fn shell(&self) -> String {
        [
            ("ID", &self.id),
            ("SERVER", &self.server),
            ("USER", &self.user),
            ("PASSWORD", &self.password),
            ("FOLDER", &self.folder),
        ]
        .iter()
        .map(|(name, value)| format!("SMBWHO_LAB_{name}='{value}'\n"))
        .collect()
    }
}

fn standalone() -> Result<(Lab, Facts), Failure> {
    let password = random_word()?;
    let mut builder = Samba::builder().admin("root", &password);
    let mut secrets = Vec::new();
    for person in PEOPLE {
        let secret = random_word()?;
        builder = builder.user(person, &secret);
        secrets.push((person, secret));
    }
    let samba = builder.start()?;
    let held = secrets
        .iter()
        .map(|(person, secret)| samba.hold_session(person, secret))
        .collect::<Result<Vec<_>, LabError>>()?;
    let server = samba.address();
    let facts = Facts {
        id: format!("standalone-{}", samba.port()),
        more: vec![
            ("connected", PEOPLE.join(", ")),
            (
                "try",
                format!("SMBWHO_PASSWORD={password} smbwho {server} -U root"),
            ),
        ],
        server,
        user: "root".to_owned(),
        password,
        folder: samba.folder().display().to_string(),
    };
    Ok((Box::new((held, samba)), facts))
}

/// The people who are connected after so many seconds: each came two seconds
/// after the one before.
fn restless(count: u32, passed: u32) -> Vec<LabSession> {
    const NAMES: [&str; 12] = [
        "alice", "bob", "carol", "dave", "erin", "frank", "grace", "heidi", "ivan", "judy", "mike",
        "olga",
    ];
    let first = passed / 2;
    let session = |number: u32| {
        let name = NAMES[number as usize * 5 % NAMES.len()];
        let client = format!(r"\\ws{:03}", number * 37 % 1000);
        let age = passed + 2 * count - 2 * number;
        LabSession {
            opens: number % 7,
            // Those of the beginning have been there for up to ten hours.
            active_secs: age
                + if number < count {
                    600 * (number * 11 % 60)
                } else {
                    0
                },
            idle_secs: if number.is_multiple_of(3) {
                age
            } else {
                age % 2
            },
            ..LabSession::new(&client, name)
        }
    };
    (first..first + count).map(session).collect()
}

fn endpoint(up: &Up) -> Result<(Lab, Facts), Failure> {
    let password = random_word()?;
    let builder = Endpoint::builder().samba(Samba::builder().admin("root", &password));
    let (count, page, began) = (up.sessions, up.page, Instant::now());
    let endpoint = if up.restless {
        builder.start(move |request| {
            let passed = u32::try_from(began.elapsed().as_secs()).unwrap_or(u32::MAX / 4);
            SessionService::new(restless(count, passed))
                .page(page)
                .answer(request)
        })?
    } else {
        let sessions: Vec<LabSession> = (0..count).map(LabSession::numbered).collect();
        builder.serve(SessionService::new(sessions).page(page))?
    };
    let server = endpoint.address();
    let facts = Facts {
        id: format!("endpoint-{}", endpoint.port()),
        more: vec![
            (
                "sessions",
                format!("{} at levels 0, 1, 2, 10 and 502", up.sessions),
            ),
            (
                "try",
                format!("SMBWHO_PASSWORD={password} smbwho {server} -U root"),
            ),
        ],
        server,
        user: "root".to_owned(),
        password,
        folder: endpoint.samba().folder().display().to_string(),
    };
    Ok((Box::new(endpoint), facts))
}

fn domain() -> Result<(Lab, Facts), Failure> {
    let password = random_word()?;
    let dc = AdDc::builder()
        .user("alice", &password)
        .user("bob", &password)
        .admin("ada", &password)
        .group("Staff", &["alice", "bob"])
        .group("Everyone Here", &["Staff", "ada"])
        .start()?;
    let inside = dc.inside("sh");
    let enter: Vec<_> = inside
        .get_args()
        .take_while(|word| *word != "/bin/sh")
        .map(|word| word.to_string_lossy())
        .collect();
    let facts = Facts {
        id: format!("ad-{}", std::process::id()),
        server: AdDc::HOST.to_owned(),
        user: "ada".to_owned(),
        password,
        folder: dc.folder().display().to_string(),
        more: vec![
            ("realm", format!("{}, domain {}", AdDc::REALM, AdDc::DOMAIN)),
            (
                "users",
                "alice, bob; ada of Domain Admins (one password)".to_owned(),
            ),
            (
                "inside",
                format!(
                    "nsenter {} env KRB5_CONFIG={} sh",
                    enter.join(" "),
                    dc.krb5_conf().display()
                ),
            ),
            (
                "try",
                format!("inside: smbwho {} -k -U ada@{}", AdDc::HOST, AdDc::REALM),
            ),
        ],
    };
    Ok((Box::new(dc), facts))
}

/// A password that others on this machine do not guess.
fn random_word() -> io::Result<String> {
    let mut bytes = [0; 8];
    File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(bytes.iter().fold(String::new(), |mut word, byte| {
        let _ = write!(word, "{byte:02x}");
        word
    }))
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
