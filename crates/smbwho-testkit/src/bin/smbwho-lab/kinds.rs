//! What can be started, and what there is to say of it.

use crate::{Failure, Up};
use smbwho_testkit::{
    AdDc, Endpoint, FileServer, LabError, LabSession, Samba, SessionService, Workload,
};
use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, Read as _};
use std::sync::Arc;
use std::time::Instant;

const PEOPLE: [&str; 3] = ["alice", "bob", "carol"];

/// Anything that ends a lab when dropped.
pub(crate) type Lab = Box<dyn std::any::Any>;

#[derive(Default)]
pub(crate) struct Facts {
    pub(crate) id: String,
    server: String,
    user: String,
    password: String,
    folder: String,
    more: Vec<(&'static str, String)>,
}

impl Facts {
    pub(crate) fn text(&self) -> String {
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

    pub(crate) fn shell(&self) -> String {
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

pub(crate) fn standalone() -> Result<(Lab, Facts), Failure> {
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

pub(crate) fn endpoint(up: &Up) -> Result<(Lab, Facts), Failure> {
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

pub(crate) fn files(up: &Up) -> Result<(Lab, Facts), Failure> {
    let password = random_word()?;
    let builder = Endpoint::builder().samba(Samba::builder().admin("root", &password));
    let workload = up.workload.clone();
    let Workload {
        users,
        clients,
        files,
        shares,
        like,
    } = workload;
    let endpoint = builder.serve_as(&Arc::new(FileServer::new(workload)))?;
    let server = endpoint.address();
    let facts = Facts {
        id: format!("files-{}", endpoint.port()),
        more: vec![
            ("like", format!("{like:?}")),
            (
                "has",
                format!("{users} users at {clients} clients each, {files} files, {shares} shares"),
            ),
            (
                "try",
                format!("SMBWHO_PASSWORD={password} smbwho files {server} -U root"),
            ),
        ],
        server,
        user: "root".to_owned(),
        password,
        folder: endpoint.samba().folder().display().to_string(),
    };
    Ok((Box::new(endpoint), facts))
}

pub(crate) fn domain() -> Result<(Lab, Facts), Failure> {
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
