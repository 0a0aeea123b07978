//! The columns of what a server is.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use smbwho::{Error, ServerInfo};

use super::{Align, Cell, Column, Kind, Shown};

/// What a server is, as it is printed.
#[derive(Debug, Clone, Default)]
pub(crate) struct Info {
    name: Option<String>,
    comment: Option<String>,
    version: Option<String>,
    platform: Option<String>,
    kind: Option<Vec<String>>,
    type_raw: Option<u32>,
    computer: Option<String>,
    domain: Option<String>,
    logged_on_users: Option<u32>,
    hidden: Option<bool>,
    time: Option<String>,
    timezone: Option<String>,
    clock_skew: Option<i64>,
    uptime: Option<Duration>,
    disks: Option<Vec<String>>,
    statistics_since: Option<String>,
    sessions_begun: Option<u32>,
    files_opened: Option<u32>,
    password_errors: Option<u32>,
    permission_errors: Option<u32>,
    bytes_sent: Option<u64>,
    bytes_received: Option<u64>,
    address: Option<String>,
    dialect: Option<String>,
    signing: Option<String>,
    encryption: Option<String>,
    server_level: Option<u32>,
    workstation_level: Option<u32>,
    refused: Vec<String>,
}

impl Info {
    /// What the server told, and what it refused to tell.
    pub(crate) fn new(info: &ServerInfo, refused: &[Error]) -> Self {
        let text = |name: &Option<smbwho::Name>| name.as_deref().map(str::to_owned);
        let counters = info.statistics.as_ref();
        let facts = info.facts.as_ref();
        Self {
            name: text(&info.name),
            comment: text(&info.comment),
            version: info.version.map(|version| version.to_string()),
            platform: info.platform.map(|platform| match platform.name() {
                Some(name) => name.to_owned(),
                None => platform.0.to_string(),
            }),
            kind: info.kind.map(|kind| kind.names()),
            type_raw: info.kind.map(|kind| kind.0),
            computer: text(&info.computer),
            domain: text(&info.domain),
            logged_on_users: info.logged_on_users,
            hidden: info.hidden,
            time: info.clock.and_then(|clock| timestamp(clock.time)),
            timezone: info
                .clock
                .and_then(|clock| clock.utc_offset_minutes)
                .map(offset),
            clock_skew: info.clock.map(|clock| clock.skew.secs()),
            uptime: info.uptime(),
            disks: info
                .disks
                .as_ref()
                .map(|disks| disks.iter().map(|disk| disk.to_string()).collect()),
            statistics_since: counters.and_then(|counters| timestamp(counters.since)),
            sessions_begun: counters.map(|counters| counters.sessions_begun),
            files_opened: counters.map(|counters| counters.files_opened),
            password_errors: counters.map(|counters| counters.password_errors),
            permission_errors: counters.map(|counters| counters.permission_errors),
            bytes_sent: counters.map(|counters| counters.bytes_sent),
            bytes_received: counters.map(|counters| counters.bytes_received),
            address: facts.map(|facts| facts.peer.to_string()),
            dialect: facts.map(|facts| facts.dialect.to_owned()),
            signing: facts.map(|facts| facts.signing.unwrap_or("none").to_owned()),
            encryption: facts.map(|facts| facts.encryption.unwrap_or("none").to_owned()),
            server_level: info.server_level,
            workstation_level: info.workstation_level,
            refused: refused
                .iter()
                .map(|error| error.message().to_string())
                .collect(),
        }
    }
}

/// A moment as RFC 3339 has it, in whole seconds.
pub(super) fn timestamp(time: SystemTime) -> Option<String> {
    let secs = time.duration_since(UNIX_EPOCH).ok()?.as_secs();
    let moment = jiff::Timestamp::from_second(i64::try_from(secs).ok()?).ok()?;
    Some(moment.to_string())
}

/// `+05:30`.
fn offset(minutes: i32) -> String {
    let sign = if minutes < 0 { '-' } else { '+' };
    let (hours, minutes) = (minutes.abs() / 60, minutes.abs() % 60);
    format!("{sign}{hours:02}:{minutes:02}")
}

impl Kind for Info {
    const NAME: &'static str = "info";
    const ONE: &'static str = "server";
    const AS_BLOCKS: bool = true;

    const COLUMNS: &'static [Column<Self>] = &[
        Column {
            name: "server",
            header: "Server",
            align: Align::Left,
            shown: Shown::Always,
            cell: |row| Cell::Text(&row.server),
        },
        Column {
            name: "name",
            header: "Name",
            align: Align::Left,
            shown: Shown::Always,
            cell: |row| Cell::text(&row.data.name),
        },
        Column {
            name: "comment",
            header: "Comment",
            align: Align::Left,
            shown: Shown::Always,
            cell: |row| Cell::text(&row.data.comment),
        },
        Column {
            name: "version",
            header: "Version",
            align: Align::Left,
            shown: Shown::Always,
            cell: |row| Cell::text(&row.data.version),
        },
        Column {
            name: "platform",
            header: "Platform",
            align: Align::Left,
            shown: Shown::Always,
            cell: |row| Cell::text(&row.data.platform),
        },
        Column {
            name: "type",
            header: "Type",
            align: Align::Left,
            shown: Shown::Always,
            cell: |row| row.data.kind.as_deref().map_or(Cell::Unknown, Cell::List),
        },
        Column {
            name: "type_raw",
            header: "Type (raw)",
            align: Align::Left,
            shown: Shown::Wide,
            cell: |row| Cell::number(row.data.type_raw),
        },
        Column {
            name: "computer",
            header: "Computer",
            align: Align::Left,
            shown: Shown::Wide,
            cell: |row| Cell::text(&row.data.computer),
        },
        Column {
            name: "domain",
            header: "Domain",
            align: Align::Left,
            shown: Shown::Always,
            cell: |row| Cell::text(&row.data.domain),
        },
        Column {
            name: "logged_on_users",
            header: "Logged on",
            align: Align::Left,
            shown: Shown::Always,
            cell: |row| Cell::number(row.data.logged_on_users),
        },
        Column {
            name: "hidden",
            header: "Hidden",
            align: Align::Left,
            shown: Shown::Wide,
            cell: |row| Cell::flag(row.data.hidden),
        },
        Column {
            name: "time",
            header: "Time",
            align: Align::Left,
            shown: Shown::Always,
            cell: |row| Cell::text(&row.data.time),
        },
        Column {
            name: "timezone",
            header: "Time zone",
            align: Align::Left,
            shown: Shown::Always,
            cell: |row| Cell::text(&row.data.timezone),
        },
        Column {
            name: "clock_skew_secs",
            header: "Clock skew (s)",
            align: Align::Left,
            shown: Shown::Always,
            cell: |row| row.data.clock_skew.map_or(Cell::Unknown, Cell::Signed),
        },
        Column {
            name: "uptime_secs",
            header: "Up for",
            align: Align::Left,
            shown: Shown::Always,
            cell: |row| Cell::span(row.data.uptime),
        },
        Column {
            name: "disks",
            header: "Disks",
            align: Align::Left,
            shown: Shown::Always,
            cell: |row| row.data.disks.as_deref().map_or(Cell::Unknown, Cell::List),
        },
        Column {
            name: "statistics_since",
            header: "Counted since",
            align: Align::Left,
            shown: Shown::Always,
            cell: |row| Cell::text(&row.data.statistics_since),
        },
        Column {
            name: "sessions_begun",
            header: "Sessions begun",
            align: Align::Left,
            shown: Shown::Always,
            cell: |row| Cell::number(row.data.sessions_begun),
        },
        Column {
            name: "files_opened",
            header: "Files opened",
            align: Align::Left,
            shown: Shown::Always,
            cell: |row| Cell::number(row.data.files_opened),
        },
        Column {
            name: "password_errors",
            header: "Wrong passwords",
            align: Align::Left,
            shown: Shown::Always,
            cell: |row| Cell::number(row.data.password_errors),
        },
        Column {
            name: "permission_errors",
            header: "Access denied",
            align: Align::Left,
            shown: Shown::Always,
            cell: |row| Cell::number(row.data.permission_errors),
        },
        Column {
            name: "bytes_sent",
            header: "Bytes sent",
            align: Align::Left,
            shown: Shown::Always,
            cell: |row| Cell::number(row.data.bytes_sent),
        },
        Column {
            name: "bytes_received",
            header: "Bytes received",
            align: Align::Left,
            shown: Shown::Always,
            cell: |row| Cell::number(row.data.bytes_received),
        },
        Column {
            name: "address",
            header: "Address",
            align: Align::Left,
            shown: Shown::Always,
            cell: |row| Cell::text(&row.data.address),
        },
        Column {
            name: "dialect",
            header: "SMB dialect",
            align: Align::Left,
            shown: Shown::Always,
            cell: |row| Cell::text(&row.data.dialect),
        },
        Column {
            name: "signing",
            header: "Signing",
            align: Align::Left,
            shown: Shown::Always,
            cell: |row| Cell::text(&row.data.signing),
        },
        Column {
            name: "encryption",
            header: "Encryption",
            align: Align::Left,
            shown: Shown::Always,
            cell: |row| Cell::text(&row.data.encryption),
        },
        Column {
            name: "server_level",
            header: "Server level",
            align: Align::Left,
            shown: Shown::Wide,
            cell: |row| Cell::number(row.data.server_level),
        },
        Column {
            name: "workstation_level",
            header: "Workstation level",
            align: Align::Left,
            shown: Shown::Wide,
            cell: |row| Cell::number(row.data.workstation_level),
        },
        Column {
            name: "refused",
            header: "Refused",
            align: Align::Left,
            shown: Shown::Always,
            cell: |row| Cell::List(&row.data.refused),
        },
    ];
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_and_zones_read_as_rfc_3339_has_them() {
        let time = UNIX_EPOCH + Duration::from_millis(1_800_000_000_999);
        assert_eq!(timestamp(time).as_deref(), Some("2027-01-15T08:00:00Z"));
        assert_eq!(offset(330), "+05:30");
        assert_eq!(offset(-210), "-03:30");
        assert_eq!(offset(0), "+00:00");
    }
}
