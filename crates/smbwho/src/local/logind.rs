//! Who is logged on to this computer: the sessions of systemd-logind (or
//! elogind), which `loginctl` gets from it over D-Bus. See
//! `docs/decisions/logind-through-loginctl.md`.

use std::collections::HashSet;
use std::path::Path;
use std::time::{Duration, Instant, SystemTime};

use jiff::Timestamp;

use super::program::Expected;
use super::{LocalError, program};
use crate::{Logon, LogonSource, Name};

/// What is asked of each session. Several properties in one option are not
/// understood by every version.
const SHOW: [&str; 11] = [
    "show-session",
    "--no-pager",
    "--property=Id",
    "--property=Name",
    "--property=Timestamp",
    "--property=Service",
    "--property=Type",
    "--property=Class",
    "--property=Remote",
    "--property=State",
    "--",
];

/// A session takes some two hundred bytes.
const EXPECTED: Expected = Expected {
    max: 16 << 20,
    memory: 256 << 20,
    begins: |beginning| !beginning.contains(&0),
};

/// How often to begin again when a session ends between the list and the
/// question about it.
const ATTEMPTS: usize = 3;

/// Most sessions that are asked about one by one.
const MAX_ONE_BY_ONE: usize = 1000;

/// The sessions there are, but for those that are nobody's.
pub(super) async fn sessions(limit: Duration) -> Result<Vec<Logon>, LocalError> {
    let loginctl = program::find("loginctl").ok_or(LocalError::NoLogind)?;
    let began = Instant::now();
    let left = || limit.saturating_sub(began.elapsed());
    let mut attempt = 1;
    loop {
        let list = ["list-sessions", "--no-legend", "--no-pager"];
        let list = program::run(&loginctl, &list, left(), EXPECTED).await;
        let list = list.map_err(no_logind)?.stdout;
        let list = String::from_utf8_lossy(&list);
        let mut seen = HashSet::new();
        let ids = list.lines().filter_map(id).filter(|id| seen.insert(*id));
        let ids: Vec<&str> = ids.collect();
        if ids.is_empty() {
            // Without a session to show it would show the manager.
            return Ok(Vec::new());
        }
        let failure = match show(&loginctl, &ids, left()).await {
            Ok(rows) => return Ok(rows),
            // Before 235 systemd shows the first session for each.
            Err(LocalError::MixedUp { .. }) if ids.len() <= MAX_ONE_BY_ONE => {
                match show_one_by_one(&loginctl, &ids, &left).await {
                    Ok(rows) => return Ok(rows),
                    Err(error) => error,
                }
            }
            Err(error) => error,
        };
        match failure {
            // One ended since, so that there is nothing to show of it.
            LocalError::Failed { .. } if attempt < ATTEMPTS => attempt += 1,
            other => return Err(other),
        }
    }
}

/// What `loginctl` shows of these sessions: each once, and no others.
async fn show(loginctl: &Path, ids: &[&str], limit: Duration) -> Result<Vec<Logon>, LocalError> {
    let arguments = [&SHOW[..], ids].concat();
    let told = program::run(loginctl, &arguments, limit, EXPECTED)
        .await?
        .stdout;
    rows(&String::from_utf8_lossy(&told), ids)
}

async fn show_one_by_one(
    loginctl: &Path,
    ids: &[&str],
    left: &impl Fn() -> Duration,
) -> Result<Vec<Logon>, LocalError> {
    let mut rows = Vec::new();
    for &id in ids {
        rows.extend(show(loginctl, &[id], left()).await?);
    }
    Ok(rows)
}

/// `loginctl` fails where there is nothing that it could ask.
fn no_logind(error: LocalError) -> LocalError {
    match error {
        LocalError::Failed { said, .. }
            if said.contains("systemd as init") || said.contains("connect to bus") =>
        {
            LocalError::NoLogind
        }
        other => other,
    }
}

/// The session's id, with which a line of the list begins. None has anything
/// but letters and digits.
fn id(line: &str) -> Option<&str> {
    let id = line.split_whitespace().next()?;
    id.bytes()
        .all(|byte| byte.is_ascii_alphanumeric())
        .then_some(id)
}

/// The value of a `Name=value` line in the block of a session. `loginctl`
/// escapes line ends within a value.
fn value<'a>(block: &'a str, name: &str) -> Option<&'a str> {
    let mut lines = block.lines().filter_map(|line| line.split_once('='));
    let (_, value) = lines.find(|(told, _)| *told == name)?;
    (!value.is_empty()).then_some(value)
}

/// The sessions shown, which have to be those that were asked about.
fn rows(told: &str, asked: &[&str]) -> Result<Vec<Logon>, LocalError> {
    let mixed_up = |what: String| Err(LocalError::MixedUp { what });
    let mut waiting: HashSet<&str> = asked.iter().copied().collect();
    let mut rows = Vec::new();
    for block in told.split("\n\n") {
        let Some(id) = value(block, "Id") else {
            continue;
        };
        if !waiting.remove(id) {
            return mixed_up(match asked.contains(&id) {
                true => format!("it shows session {id} more than once"),
                false => format!("it shows session {id}, which is not on its list"),
            });
        }
        rows.extend(row(id, block));
    }
    match asked.iter().find(|id| waiting.contains(*id)) {
        Some(id) => mixed_up(format!("it shows nothing of session {id}")),
        None => Ok(rows),
    }
}

/// Reads blocks of sessions, for fuzzing.
pub(super) fn fuzz(text: &str) {
    let ids: Vec<&str> = text.lines().filter_map(id).collect();
    if let Ok(rows) = rows(text, &ids) {
        assert!(rows.len() <= ids.len(), "no more than were asked about");
    }
}

/// Whose sessions of a class are (sd_session_get_class(3), systemd 258).
fn is_person(class: &str) -> bool {
    // Login screens, screens that lock, the service managers of users (since
    // 256), and what was kept out of logind.
    let nobody = ["greeter", "lock-screen", "manager", "manager-early", "none"];
    !nobody.contains(&class)
}

/// The kind of a session in one word: for people what they sit at, else what
/// the session is for.
fn kind<'a>(class: Option<&'a str>, session_type: Option<&'a str>) -> Option<&'a str> {
    match class {
        // Before the system is up, without a service manager, not set up yet:
        // people all the same.
        None
        | Some("user" | "user-early" | "user-light" | "user-early-light" | "user-incomplete") => {
            session_type
        }
        // A job of cron or of ssh.
        Some("background" | "background-light") => Some("background"),
        // What is new.
        Some(other) => Some(other),
    }
}

fn row(id: &str, block: &str) -> Option<Logon> {
    let value = |name| value(block, name);
    // The user is gone; something that was started lives on.
    if value("State") == Some("closing") {
        return None;
    }
    let class = value("Class");
    if !class.is_none_or(is_person) {
        return None;
    }
    let remote = value("Remote") == Some("yes");
    let kind = kind(class, value("Type")).map(|kind| match remote {
        true => Name::from(format!("remote-{kind}").as_str()),
        false => Name::from(kind),
    });
    let mut logon = Logon::unknown(None);
    logon.user = value("Name").map(Name::from);
    logon.logon_type = kind;
    logon.auth_package = value("Service").map(Name::from);
    logon.session_id = Some(Name::from(id));
    logon.logon_time = value("Timestamp").and_then(moment);
    logon.source = LogonSource::Logind;
    Some(logon)
}

/// `Wed 2026-11-25 04:00:00 UTC`, as it is written where the time zone is UTC.
fn moment(told: &str) -> Option<SystemTime> {
    let mut words = told.split(' ');
    let (_, date, time, zone) = (words.next()?, words.next()?, words.next()?, words.next()?);
    let moment: Timestamp = format!("{date}T{time}Z").parse().ok()?;
    (zone == "UTC").then(|| moment.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_what_logind_tells_of_a_session() {
        let told = "Id=4\nName=alice\nTimestamp=Wed 2026-11-25 04:00:00 UTC\nRemote=yes\n\
                    Service=sshd\nType=tty\nClass=user\nState=active\n\n\
                    Id=c1\nName=Debian-gdm\nTimestamp=\nRemote=no\nService=\nType=x11\n\
                    Class=greeter\nState=online\n\n\
                    Id=5\nName=bob\nState=closing\n\n\
                    Id=6\nName=a=b\\x1b[2J\nTimestamp=yesterday\n";
        let rows = rows(told, &["4", "c1", "5", "6"]).expect("sessions");
        let [alice, odd] = &rows[..] else {
            panic!("{rows:?}")
        };
        assert_eq!(alice.user.as_deref(), Some("alice"));
        assert_eq!(alice.logon_type.as_deref(), Some("remote-tty"));
        assert_eq!(alice.auth_package.as_deref(), Some("sshd"));
        assert_eq!(alice.session_id.as_deref(), Some("4"));
        let four: Timestamp = "2026-11-25T04:00:00Z".parse().expect("a time");
        assert_eq!(alice.logon_time, Some(four.into()));
        assert_eq!((alice.source.as_str(), alice.level), ("logind", None));
        assert_eq!(odd.user.as_deref(), Some("a=b\\x1b[2J"));
        assert_eq!((odd.logon_time, &odd.logon_type), (None, &None));
    }

    #[test]
    fn people_are_told_from_their_service_managers() {
        for (class, kind) in [
            ("user", Some("tty")),
            ("user-early", Some("tty")),
            ("user-light", Some("tty")),
            ("user-early-light", Some("tty")),
            ("user-incomplete", Some("tty")),
            ("", Some("tty")),
            ("background", Some("background")),
            ("background-light", Some("background")),
            ("what-is-new", Some("what-is-new")),
            ("greeter", None),
            ("lock-screen", None),
            ("manager", None),
            ("manager-early", None),
            ("none", None),
        ] {
            let block = format!("Id=1\nName=alice\nType=tty\nClass={class}\nRemote=no\n");
            let rows = rows(&block, &["1"]).expect("a session");
            let kinds: Vec<_> = rows.iter().map(|row| row.logon_type.as_deref()).collect();
            assert_eq!(kinds, Vec::from_iter(kind.map(Some)), "{class}");
        }
    }

    #[test]
    fn what_is_shown_has_to_be_what_was_asked_about() {
        let shown = |ids: &[&str]| {
            let blocks = ids.iter().map(|id| format!("Id={id}\nName=alice\n"));
            blocks.collect::<Vec<_>>().join("\n")
        };
        let error = |ids: &[&str], asked: &[&str]| {
            rows(&shown(ids), asked)
                .map(|_| ())
                .unwrap_err()
                .to_string()
        };
        assert!(error(&["1", "1", "1"], &["1", "2", "3"]).contains("session 1 more than once"));
        assert!(error(&["1", "4"], &["1", "2"]).contains("session 4, which is not"));
        assert!(error(&["1"], &["1", "2"]).contains("nothing of session 2"));
        assert!(error(&[], &["1"]).contains("nothing of session 1"));
        let odd = rows("\n\n\nId=\n\n=\n", &[]).expect("nothing");
        assert!(odd.is_empty());
        assert_eq!(
            rows(&shown(&["2", "1"]), &["1", "2"]).map(|rows| rows.len()),
            Ok(2)
        );
    }

    #[test]
    fn only_what_can_be_an_id_is_asked_about() {
        let ids = |line| id(line);
        assert_eq!(ids("     c2 1000 alice seat0 tty2"), Some("c2"));
        assert_eq!(ids("--help 1000 alice"), None);
        assert_eq!(ids("   "), None);
    }
}
