//! What `smbstatus` prints for people, where its JSON cannot be had: the
//! columns are those of every Samba from 4.13 to 4.25. It does not tell the numbers
//! of sessions, connections and open files, nor in full what others may open a
//! file for.
//!
//! Columns are padded, never cut, so that a long name moves all that follows.
//! Names may hold spaces; numbers, dialects and algorithms may not: a line is
//! read from both ends. Bytes, since names on disks need not be UTF-8.

use std::path::Path;

use jiff::civil::DateTime;
use jiff::fmt::strtime;

use super::status::{Crypto, Mask, Open, OpenFile, Oplock, ServerId, Session, Tcon};

/// What the lines of one section came to.
#[derive(Debug)]
pub(super) struct Lines<T> {
    pub(super) rows: Vec<T>,
    /// Lines that could not be read.
    pub(super) unread: usize,
}

/// Whether this has the header of a list, which is underlined.
pub(super) fn has_header(beginning: &[u8]) -> bool {
    contains(beginning, b"\n--------")
}

/// `--processes`; `None` where this is no such list.
pub(super) fn sessions(text: &[u8]) -> Option<Lines<Session>> {
    let header = |line: &[u8]| line.starts_with(b"PID ") && contains(line, b"Username");
    section(text, header, session)
}

/// `--shares`.
pub(super) fn tcons(text: &[u8]) -> Option<Lines<Tcon>> {
    let header = |line: &[u8]| line.starts_with(b"Service ") && contains(line, b"Machine");
    section(text, header, tcon)
}

/// `--locks`. Where no file is open there is no header, but a word of it on
/// standard output or standard error.
pub(super) fn files(text: &[u8], complaint: &str) -> Option<Lines<OpenFile>> {
    let header = |line: &[u8]| line.starts_with(b"Pid ") && contains(line, b"SharePath");
    let none = ["No locked files", "not initialised"];
    let says = |word: &&str| complaint.contains(*word) || contains(text, word.as_bytes());
    // Nothing follows them. A name may have an empty line in it, and must not hide those
    // behind it.
    let lines = below(text, header).map(|lines| rows(lines.filter(|line| !is_empty(line)), file));
    lines.or_else(|| {
        none.iter().any(says).then(|| Lines {
            rows: Vec::new(),
            unread: 0,
        })
    })
}

/// The lines below a header, which is underlined.
fn below(text: &[u8], is_header: impl Fn(&[u8]) -> bool) -> Option<impl Iterator<Item = &[u8]>> {
    let mut lines = text.split(|byte| *byte == b'\n').peekable();
    let is_rule = |line: &&[u8]| line.starts_with(b"-----");
    loop {
        let line = lines.next()?;
        if is_header(line) && lines.next_if(is_rule).is_some() {
            return Some(lines);
        }
    }
}

/// The rows up to the next empty line.
fn section<T>(
    text: &[u8],
    is_header: impl Fn(&[u8]) -> bool,
    row: impl Fn(&[u8]) -> Option<T>,
) -> Option<Lines<T>> {
    let lines = below(text, is_header)?;
    Some(rows(lines.take_while(|line| !is_empty(line)), row))
}

fn is_empty(line: &[u8]) -> bool {
    line.trim_ascii().is_empty()
}

fn rows<'a, T>(
    lines: impl Iterator<Item = &'a [u8]>,
    row: impl Fn(&[u8]) -> Option<T>,
) -> Lines<T> {
    let (mut rows, mut unread) = (Vec::new(), 0);
    for line in lines {
        match row(line) {
            Some(row) => rows.push(row),
            None => unread += 1,
        }
    }
    Lines { rows, unread }
}

/// `PID Username Group Machine "Protocol Version" Encryption Signing`.
fn session(line: &[u8]) -> Option<Session> {
    let (process, rest) = first_word(line)?;
    let server_id = server_id(process)?;
    // The column of the processes is seven wide, and one space follows.
    let used = line.len() - rest.len();
    let rest = line.get((used + 1).max(8)..)?;
    let (rest, signing) = last_word(rest)?;
    let (rest, encryption) = last_word(rest)?;
    let (rest, dialect) = match last_word(rest)? {
        (rest, number) if number.starts_with(b"(0x") => {
            let (rest, unknown) = last_word(rest)?;
            (rest, [unknown, b" ", number].concat())
        }
        (rest, dialect) => (rest, dialect.to_vec()),
    };
    // `name (address)`.
    let machine = rest.trim_ascii_end().strip_suffix(b")")?;
    let open = rfind(machine, b" (")?;
    let (machine, hostname) = (&machine[..open], &machine[open + 2..]);
    let begin = machine
        .iter()
        .rposition(|byte| *byte == b' ')
        .map_or(0, |at| at + 1);
    let (users, machine) = machine.split_at(begin);
    Some(Session {
        session_id: None,
        server_id,
        uid: None,
        username: user(users).map(|name| lossy(&name)),
        remote_machine: Some(lossy(machine)),
        hostname: Some(lossy(hostname)),
        session_dialect: Some(lossy(&dialect)),
        encryption: Some(crypto(encryption)),
        signing: Some(crypto(signing)),
        creation_time: None,
        auth_time: None,
        channels: None,
    })
}

/// The user in two columns of twelve with a space behind each, of which the
/// second is the group. `None` while the user has not signed in yet, and where
/// it is not clear where the name ends.
fn user(columns: &[u8]) -> Option<Vec<u8>> {
    const WIDTH: usize = 12;
    if columns.trim_ascii() == b"(auth in progress)" {
        return None;
    }
    let columns = columns.strip_suffix(b" ")?;
    let split = |at: usize| {
        let (user, group) = (&columns[..at], &columns[at + 1..]);
        let is_padded = |column: &[u8]| {
            column.len() == WIDTH || (column.len() > WIDTH && !column.ends_with(b" "))
        };
        // A group of a domain is one from its domain on.
        let domain = group.iter().position(|byte| *byte == b'\\');
        let is_whole = domain.is_none_or(|at| !group[..at].contains(&b' '));
        let fits = is_padded(user) && is_padded(group) && is_whole && !group.starts_with(b" ");
        fits.then(|| user.trim_ascii_end())
    };
    let mut users = (WIDTH..columns.len())
        .filter(|at| columns[*at] == b' ')
        .filter_map(split)
        .filter(|user| !user.is_empty());
    let user = users.next()?;
    // A name that fills its column, or more, may well have ended elsewhere.
    let is_clear = user.len() < WIDTH || users.next().is_none();
    is_clear.then(|| user.to_vec())
}

/// `Service pid Machine "Connected at" Encryption Signing`.
fn tcon(line: &[u8]) -> Option<Tcon> {
    let (rest, _signing) = last_word(line)?;
    let (rest, _encryption) = last_word(rest)?;
    let mut words = Vec::new();
    let mut rest = rest;
    // Weekday, month, day, time, year, zone.
    for _ in 0..6 {
        let word;
        (rest, word) = last_word(rest)?;
        words.push(lossy(word));
    }
    words.reverse();
    let zone = words.pop()?;
    let connected_at = moment(&words.join(" ")).filter(|_| zone == "UTC");
    let (rest, machine) = last_word(rest)?;
    let (service, process) = last_word(rest)?;
    let service = service.trim_ascii_end();
    (!service.is_empty()).then_some(())?;
    Some(Tcon {
        service: Some(lossy(service)),
        server_id: Some(server_id(process)?),
        tcon_id: None,
        session_id: None,
        machine: Some(lossy(machine)),
        connected_at,
    })
}

/// `Pid User(ID) DenyMode Access R/W Oplock   SharePath   Name   Time`; since 4.25
/// with `Persistent` before `SharePath`. With `--resolve-uids` users have their names.
fn file(line: &[u8]) -> Option<OpenFile> {
    /// What stands between the last columns.
    const GAP: &[u8] = b"   ";
    /// `Wed Nov 25 03:57:22 2026`
    const TIME: usize = 24;
    const DENY_MODES: [&[u8]; 2] = [b" DENY_", b" UNKNOWN("];
    let (process, rest) = first_word(line)?;
    // A name may hold spaces, and what follows it begins in one of few ways.
    let is_deny_mode = |rest: &[u8]| DENY_MODES.iter().any(|mode| rest.starts_with(mode));
    let end = (0..rest.len()).find(|at| is_deny_mode(&rest[*at..]))?;
    let (user, rest) = rest.split_at(end);
    let user = lossy(user.trim_ascii());
    let uid = user.parse().ok();
    let username = uid.is_none().then_some(user);
    let (_deny_mode, rest) = first_word(rest)?;
    let (access, rest) = first_word(rest)?;
    let (_read_write, rest) = first_word(rest)?;
    let (oplock, rest) = first_word(rest)?;
    // What a later version puts in between, as 4.25 does, is passed over: the
    // folder that is shared begins with a slash.
    let (_, rest) = rest.split_at(rest.windows(2).position(|bytes| bytes == b" /")?);
    let hex = lossy(access);
    u32::from_str_radix(hex.strip_prefix("0x")?, 16).ok()?;
    let rest = rest.trim_ascii_start();
    let (path, time) = rest.split_at_checked(rest.len().checked_sub(TIME)?)?;
    let path = path.strip_suffix(GAP)?;
    let (service_path, filename) = split_path(path, GAP)?;
    Some(OpenFile {
        service_path: Some(lossy(service_path)),
        filename: Some(lossy(filename)),
        opens: Some(vec![Open {
            server_id: server_id(process)?,
            uid,
            username,
            share_file_id: None,
            access_mask: Some(Mask { hex: Some(hex) }),
            sharemode: None,
            oplock: Some(Oplock {
                text: Some(lossy(oplock)),
            }),
            opened_at: moment(&lossy(time)),
        }]),
    })
}

/// The folder that is shared and the name in it. Where the gap between them is
/// not the only one, a folder that is there is the one that is shared.
fn split_path<'a>(path: &'a [u8], gap: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let splits = || {
        let gaps = path.windows(gap.len()).enumerate();
        let gaps = gaps.filter(|(_, bytes)| *bytes == gap);
        gaps.map(|(at, _)| (&path[..at], &path[at + gap.len()..]))
    };
    let is_there = |(folder, _): &(&[u8], &[u8])| {
        std::str::from_utf8(folder).is_ok_and(|folder| Path::new(folder).is_dir())
    };
    let first = splits().next()?;
    match splits().nth(1) {
        None => Some(first),
        Some(_) => splits().find(is_there).or(Some(first)),
    }
}

/// `1234`, of a cluster `1:1234`; a part of a process has `.2` behind it.
fn server_id(text: &[u8]) -> Option<ServerId> {
    let text = std::str::from_utf8(text).ok()?;
    let (vnn, process) = text.split_once(':').unwrap_or(("", text));
    let (pid, _task) = process.split_once('.').unwrap_or((process, ""));
    let pid = match pid {
        // A file whose client may yet come back to it.
        "disconnected" => u64::MAX,
        pid => pid.parse().ok()?,
    };
    let is_number = vnn.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| ServerId {
        pid,
        vnn: vnn.to_owned(),
        unique_id: String::new(),
    })
}

/// `-`, `AES-128-GCM`, `partial(AES-128-GMAC)`.
fn crypto(text: &[u8]) -> Crypto {
    let text = lossy(text);
    let (degree, cipher) = match text.strip_suffix(')').and_then(|text| text.split_once('(')) {
        Some((degree, cipher)) => (degree, cipher),
        None if text == "-" => ("none", "-"),
        None => ("full", text.as_str()),
    };
    Crypto {
        degree: Some(degree.to_owned()),
        cipher: Some(cipher.to_owned()),
    }
}

/// `Wed Nov 25 03:57:22 2026` as the JSON would have it. Time zones are not
/// told: smbstatus was asked to use UTC.
fn moment(text: &str) -> Option<String> {
    let words: Vec<&str> = text.split_ascii_whitespace().collect();
    let time = strtime::parse("%a %b %d %H:%M:%S %Y", words.join(" ")).ok()?;
    let time: DateTime = time.to_datetime().ok()?;
    Some(format!("{time}Z"))
}

fn first_word(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let text = text.trim_ascii_start();
    let end = text.iter().position(|byte| *byte == b' ');
    let (word, rest) = text.split_at(end.unwrap_or(text.len()));
    (!word.is_empty()).then_some((word, rest))
}

fn last_word(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let text = text.trim_ascii_end();
    let begin = text.iter().rposition(|byte| *byte == b' ');
    let (rest, word) = text.split_at(begin.map_or(0, |at| at + 1));
    (!word.is_empty()).then_some((rest, word))
}

fn rfind(text: &[u8], part: &[u8]) -> Option<usize> {
    text.windows(part.len()).rposition(|bytes| bytes == part)
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|bytes| bytes == part)
}

fn lossy(text: &[u8]) -> String {
    String::from_utf8_lossy(text).into_owned()
}

#[cfg(test)]
mod tests;
