//! Who is logged on to this computer: the sessions of systemd-logind (or
//! elogind), which `loginctl` gets from it over D-Bus. See
//! `docs/decisions/logind-through-loginctl.md`.

use std::time::{Duration, SystemTime};

use jiff::Timestamp;

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

/// How often to begin again when a session ends between the list and the
/// question about it.
const ATTEMPTS: usize = 3;

/// The sessions there are.
pub(super) async fn sessions(limit: Duration) -> Result<Vec<Logon>, LocalError> {
    let loginctl = program::find("loginctl").ok_or(LocalError::NoLogind)?;
    let mut attempt = 1;
    loop {
        let list = ["list-sessions", "--no-legend", "--no-pager"];
        let list = program::run(&loginctl, &list, limit).await;
        let list = list.map_err(no_logind)?;
        let list = String::from_utf8_lossy(&list);
        let ids: Vec<&str> = list.lines().filter_map(id).collect();
        if ids.is_empty() {
            // Without a session to show it would show the manager.
            return Ok(Vec::new());
        }
        let arguments = [&SHOW[..], &ids].concat();
        match program::run(&loginctl, &arguments, limit).await {
            Ok(told) => return Ok(rows(&String::from_utf8_lossy(&told))),
            Err(LocalError::Failed { .. }) if attempt < ATTEMPTS => attempt += 1,
            Err(error) => return Err(error),
        }
    }
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

/// A block of `Name=value` lines for each session. `loginctl` escapes line
/// ends within a value.
fn rows(told: &str) -> Vec<Logon> {
    told.split("\n\n").filter_map(row).collect()
}

fn row(block: &str) -> Option<Logon> {
    let value = |name: &str| {
        let mut lines = block.lines().filter_map(|line| line.split_once('='));
        let (_, value) = lines.find(|(told, _)| *told == name)?;
        (!value.is_empty()).then_some(value)
    };
    let id = value("Id")?;
    // The user is gone; something that was started lives on.
    if value("State") == Some("closing") {
        return None;
    }
    let kind = match value("Class") {
        // A login screen, a job of cron, a service manager, ….
        Some(class) if class != "user" => Some(class),
        _ => value("Type"),
    };
    let remote = value("Remote") == Some("yes");
    let kind = kind.map(|kind| match remote {
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
        let rows = rows(told);
        let [alice, greeter, odd] = &rows[..] else {
            panic!("{rows:?}")
        };
        assert_eq!(alice.user.as_deref(), Some("alice"));
        assert_eq!(alice.logon_type.as_deref(), Some("remote-tty"));
        assert_eq!(alice.auth_package.as_deref(), Some("sshd"));
        assert_eq!(alice.session_id.as_deref(), Some("4"));
        let four: Timestamp = "2026-11-25T04:00:00Z".parse().expect("a time");
        assert_eq!(alice.logon_time, Some(four.into()));
        assert_eq!((alice.source.as_str(), alice.level), ("logind", None));
        assert_eq!(greeter.logon_type.as_deref(), Some("greeter"));
        assert_eq!((greeter.logon_time, &greeter.auth_package), (None, &None));
        assert_eq!(odd.user.as_deref(), Some("a=b\\x1b[2J"));
        assert_eq!((odd.logon_time, &odd.logon_type), (None, &None));
        assert!(super::rows("\n\n\nId=\n\n=\n").is_empty());
    }

    #[test]
    fn only_what_can_be_an_id_is_asked_about() {
        let ids = |line| id(line);
        assert_eq!(ids("     c2 1000 alice seat0 tty2"), Some("c2"));
        assert_eq!(ids("--help 1000 alice"), None);
        assert_eq!(ids("   "), None);
    }
}
