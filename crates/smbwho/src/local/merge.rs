//! One report from parts: sections that came as JSON and as text, one beside the
//! other or one into the other.

use std::collections::HashMap;
use std::hash::Hash;

use super::status::{OpenFile, Section, Session, Status};

impl Status {
    /// Takes one section of another.
    pub(super) fn take(&mut self, section: Section, from: Status) {
        match section {
            Section::Sessions => self.sessions = from.sessions,
            Section::Shares => self.tcons = from.tcons,
            Section::Files => self.open_files = from.open_files,
        }
        // The last of them: nothing was there after it was asked.
        self.timestamp = from.timestamp.or_else(|| self.timestamp.take());
    }

    /// Adds what another has and this one lacks. What both have is the same
    /// where all that the text tells is.
    pub(super) fn absorb(&mut self, other: Status) {
        absorb_sessions(&mut self.sessions, other.sessions);
        absorb(&mut self.tcons, other.tcons, |tcon| {
            let at = tcon.connected_at.as_deref().and_then(seconds);
            (tcon.server_id.clone(), tcon.service.clone(), at)
        });
        if let (Some(known), Some(files)) = (&mut self.open_files, other.open_files) {
            let key = |file: &OpenFile| {
                let opens = file.opens().iter().map(|open| {
                    let mask = open.access_mask.as_ref().and_then(|mask| mask.bits());
                    let at = open.opened_at.as_deref().and_then(seconds);
                    (open.server_id.clone(), open.uid, mask, at)
                });
                let path = (file.service_path.clone(), file.filename.clone());
                opens
                    .map(move |open| (path.clone(), open))
                    .collect::<Vec<_>>()
            };
            let mut counts = HashMap::<_, usize>::new();
            for open in known.iter().flat_map(key) {
                *counts.entry(open).or_default() += 1;
            }
            // The text has one open a line.
            known.extend(files.into_iter().filter(|file| {
                let same = key(file).pop().and_then(|open| counts.get_mut(&open));
                match same {
                    Some(left) if *left > 0 => {
                        *left -= 1;
                        false
                    }
                    _ => true,
                }
            }));
        }
    }
}

/// The same for sessions. Whose a session is the text does not always tell: such a one is there
/// already where one of its connection is left over.
fn absorb_sessions(known: &mut Vec<Session>, more: Vec<Session>) {
    let of = |session: &Session| (session.server_id.clone(), session.hostname.clone());
    let mut left = HashMap::<_, Vec<Option<String>>>::new();
    for session in known.iter() {
        let users = left.entry(of(session)).or_default();
        users.push(session.username.clone());
    }
    let (named, unnamed): (Vec<_>, Vec<_>) = more
        .into_iter()
        .partition(|session| session.username.is_some());
    for session in named.into_iter().chain(unnamed) {
        let users = left.entry(of(&session)).or_default();
        let same = match &session.username {
            Some(_) => users.iter().position(|user| *user == session.username),
            None => users.len().checked_sub(1),
        };
        match same {
            Some(same) => drop(users.swap_remove(same)),
            None => known.push(session),
        }
    }
}

/// Adds those of `more` that are not there yet, each as often as it is there.
fn absorb<T, K: Eq + Hash>(known: &mut Vec<T>, more: Vec<T>, key: impl Fn(&T) -> K) {
    let mut counts = HashMap::<K, usize>::new();
    for row in known.iter() {
        *counts.entry(key(row)).or_default() += 1;
    }
    known.extend(
        more.into_iter()
            .filter(|row| match counts.get_mut(&key(row)) {
                Some(left) if *left > 0 => {
                    *left -= 1;
                    false
                }
                _ => true,
            }),
    );
}

/// The whole seconds of a moment: text has no more.
fn seconds(moment: &str) -> Option<i64> {
    let moment: jiff::Timestamp = moment.parse().ok()?;
    Some(moment.as_second())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sessions(users: &[(u32, Option<&str>)]) -> Status {
        let session = |(pid, user): &(u32, Option<&str>)| {
            let user = user.map_or("null".to_owned(), |user| format!("\"{user}\""));
            format!(r#"{{"server_id": {{"pid": "{pid}"}}, "username": {user}}}"#)
        };
        let sessions: Vec<_> = users
            .iter()
            .enumerate()
            .map(|(number, of)| format!(r#""{number}": {}"#, session(of)))
            .collect();
        let json = format!(r#"{{"sessions": {{{}}}}}"#, sessions.join(","));
        Status::read(json.as_bytes(), None).expect("sessions")
    }

    #[test]
    fn no_session_is_there_twice() {
        let mut known = sessions(&[
            (1, Some("alice")),
            (2, Some("(auth in progress)")),
            (3, Some("bob")),
            (3, Some("carol")),
        ]);
        known.absorb(sessions(&[
            (1, Some("alice")),
            (1, Some("alice")),
            (2, None),
            (3, None),
            (3, Some("carol")),
            (4, None),
        ]));
        let rows = known.sessions.iter();
        let rows: Vec<_> = rows
            .map(|row| (row.server_id.pid, row.username.as_deref()))
            .collect();
        let expected = [
            (1, Some("alice")),
            (2, Some("(auth in progress)")),
            (3, Some("bob")),
            (3, Some("carol")),
            // Only the text has these.
            (1, Some("alice")),
            (4, None),
        ];
        assert_eq!(rows, expected);
    }
}
