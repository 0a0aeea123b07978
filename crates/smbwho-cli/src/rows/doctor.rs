//! The columns of what a look at a server found: facts first, then every call
//! and level that was tried.

use smbwho::{Check, Diagnosis, Outcome};

use super::{Align, Cell, Column, Kind, Shown};

/// One line of a look at a server.
#[derive(Debug, Clone, Default)]
pub(crate) struct Finding {
    check: String,
    call: Option<&'static str>,
    level: Option<u32>,
    allowed: Option<bool>,
    /// Of a fact, what it is.
    result: String,
    code: Option<i64>,
    name: Option<&'static str>,
    takes: Option<&'static str>,
}

impl Finding {
    /// Everything that was found.
    pub(crate) fn all(diagnosis: &Diagnosis) -> Vec<Self> {
        let mut all = facts(diagnosis);
        all.extend(diagnosis.checks.iter().map(Self::of));
        all
    }

    fn fact(check: &str, result: impl Into<String>) -> Self {
        Self {
            check: check.to_owned(),
            result: result.into(),
            ..Self::default()
        }
    }

    fn of(check: &Check) -> Self {
        let error = check.outcome.error();
        let code = error.and_then(|error| error.code());
        Self {
            check: check.subject.to_owned(),
            call: Some(check.call),
            level: check.level,
            allowed: check.outcome.allowed(),
            result: match &check.outcome {
                Outcome::Allowed => "allowed".to_owned(),
                Outcome::Refused(_) => "refused".to_owned(),
                Outcome::NotThere(_) => "not there".to_owned(),
                Outcome::Failed(error) => format!("failed: {}", error.message()),
                _ => "not asked".to_owned(),
            },
            code: code.map(|code| code.number()),
            name: code.and_then(|code| code.name()),
            takes: Some(check.takes),
        }
    }
}

fn facts(diagnosis: &Diagnosis) -> Vec<Finding> {
    let mut facts = Vec::new();
    if let Some(connection) = &diagnosis.facts {
        facts.extend([
            Finding::fact("SMB dialect", connection.dialect),
            Finding::fact("signing", connection.signing.unwrap_or("none")),
            Finding::fact("encryption", connection.encryption.unwrap_or("none")),
        ]);
    }
    if let Some(account) = &diagnosis.account {
        facts.push(Finding::fact(
            "signed in as",
            match &account.domain {
                Some(domain) => format!("{domain}\\{}", account.user),
                None => account.user.to_string(),
            },
        ));
    }
    let Ok(info) = &diagnosis.info else {
        return facts;
    };
    if let Some(name) = &info.name {
        let version = info.version.map(|version| format!(" {version}"));
        let comment = info.comment.as_ref().filter(|comment| !comment.is_empty());
        let comment = comment.map(|comment| format!(" ({comment})"));
        let server = format!(
            "{name}{}{}",
            version.unwrap_or_default(),
            comment.unwrap_or_default()
        );
        facts.push(Finding::fact("server", server));
    }
    if let Some(clock) = info.clock {
        let skew = match clock.skew.secs() {
            0 => "none".to_owned(),
            secs @ 1.. => format!("{secs} s ahead of ours"),
            secs => format!("{} s behind ours", secs.unsigned_abs()),
        };
        facts.push(Finding::fact("clock skew", skew));
        let millis = clock.round_trip.as_secs_f64() * 1000.0;
        facts.push(Finding::fact("one call takes", format!("{millis:.1} ms")));
    }
    facts
}

impl Kind for Finding {
    const NAME: &'static str = "doctor";
    const ONE: &'static str = "finding";

    const COLUMNS: &'static [Column<Self>] = &[
        Column::SERVER,
        Column {
            name: "check",
            header: "CHECK",
            align: Align::Left,
            shown: Shown::Always,
            cell: |row| Cell::Text(&row.data.check),
        },
        Column {
            name: "level",
            header: "LEVEL",
            align: Align::Right,
            shown: Shown::Always,
            cell: |row| Cell::number(row.data.level),
        },
        Column {
            name: "call",
            header: "CALL",
            align: Align::Left,
            shown: Shown::Wide,
            cell: |row| row.data.call.map_or(Cell::Unknown, Cell::Text),
        },
        Column {
            name: "allowed",
            header: "ALLOWED",
            align: Align::Left,
            shown: Shown::Wide,
            cell: |row| Cell::flag(row.data.allowed),
        },
        Column {
            name: "result",
            header: "RESULT",
            align: Align::Left,
            shown: Shown::Always,
            cell: |row| Cell::Text(&row.data.result),
        },
        Column {
            name: "code",
            header: "CODE",
            align: Align::Right,
            shown: Shown::Always,
            cell: |row| row.data.code.map_or(Cell::Unknown, Cell::Signed),
        },
        Column {
            name: "name",
            header: "NAME",
            align: Align::Left,
            shown: Shown::Always,
            cell: |row| row.data.name.map_or(Cell::Unknown, Cell::Text),
        },
        Column {
            name: "takes",
            header: "WHAT IT TAKES",
            align: Align::Left,
            shown: Shown::Always,
            cell: |row| row.data.takes.map_or(Cell::Unknown, Cell::Text),
        },
    ];
}
