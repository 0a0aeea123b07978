//! Where the users of a server have sessions from.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use super::kept::{Look, Marks};
use crate::enumerate::Pager;
use crate::filter::{ClientKey, UserFilter, UserMatch, account_name};
use crate::{Code, Level, Name, Session};

/// The sessions of a server, as far as it reports them.
pub(super) enum Sessions {
    Reported(Reported),
    NotReported(Option<Code>),
}

/// What sessions say.
pub(super) struct Reported {
    pub(super) users: Users,
    /// The sessions of each client, where files are looked for client by client.
    pub(super) marks: Marks,
    pub(super) look: Look,
}

/// Users by their name alone, since a server may name one with a domain here
/// and without there.
#[derive(Default)]
pub(super) struct Users {
    users: Vec<(UserFilter, Arc<UserClients>)>,
    by_account: HashMap<String, Vec<usize>>,
}

/// The clients of one user.
pub(super) struct UserClients {
    /// Shared by all rows of the user.
    clients: Arc<[Name]>,
    /// How much is open in the user's sessions from each client; `None` where it is not
    /// reported.
    opens: Vec<Option<u64>>,
    /// The same of all sessions, those without a client included.
    opens_in_all: Option<u64>,
    /// There is a session whose client was not told.
    and_others: bool,
}

impl Sessions {
    /// Reads the sessions, which were asked for at this moment at the earliest.
    pub(super) async fn ask(pager: Pager<crate::sessions::Sessions>, asked: Instant) -> Self {
        let server = pager.server.clone();
        let sessions = match pager.collect().await {
            Ok(sessions) => sessions,
            Err(error) => return Self::NotReported(error.code()),
        };
        let look = Look {
            asked,
            answered: Instant::now(),
        };
        // With sessions missing, the one that is there may not be the only one.
        if let Some(error) = sessions.missing {
            return Self::NotReported(error.code());
        }
        let sessions = sessions.rows;
        if sessions.iter().any(|it| it.level == Some(Level::L0)) {
            return Self::NotReported(None);
        }
        let users = Users::of_sessions(&sessions);
        let by_client = server.learnt().lists_by_client != Some(false);
        let marks = match by_client && users.have_several_clients() {
            true => Marks::of_sessions(&sessions),
            false => Marks::default(),
        };
        Self::Reported(Reported { users, marks, look })
    }
}

impl Users {
    pub(super) fn of_sessions(sessions: &[Session]) -> Self {
        let mut numbers: HashMap<String, usize> = HashMap::new();
        let mut gathered: Vec<(&Name, Gathering)> = Vec::new();
        for session in sessions {
            let Some(user) = &session.user else { continue };
            let number = *numbers.entry(user.to_lowercase()).or_insert_with(|| {
                gathered.push((user, Gathering::default()));
                gathered.len() - 1
            });
            let opens = session.opens.map(u64::from);
            gathered[number].1.add(session.client.as_ref(), opens);
        }
        let mut users = Self::default();
        for (user, gathering) in gathered {
            let of_account = users.by_account.entry(account_name(user)).or_default();
            of_account.push(users.users.len());
            let clients = Arc::new(gathering.finish());
            users.users.push((UserFilter::exact(user), clients));
        }
        users
    }

    /// Where a user has sessions from; `None` for one who has none.
    pub(super) fn of(&self, user: &Name) -> Option<Arc<UserClients>> {
        let named = self.by_account.get(&account_name(user))?;
        let named = named.iter().filter_map(|&number| self.users.get(number));
        let mut assumed = Vec::new();
        for (known, of) in named {
            match known.judge(user) {
                UserMatch::Same => return Some(Arc::clone(of)),
                UserMatch::Assumed => assumed.push(of),
                UserMatch::No => {}
            }
        }
        match &assumed[..] {
            [] => None,
            [of] => Some(Arc::clone(of)),
            // All who may be the one.
            several => {
                let mut all = Gathering::default();
                several.iter().for_each(|of| all.add_all(of));
                Some(Arc::new(all.finish()))
            }
        }
    }

    fn have_several_clients(&self) -> bool {
        self.users.iter().any(|(_, of)| of.clients.len() > 1)
    }
}

impl UserClients {
    /// All of them.
    pub(super) fn clients(&self) -> &Arc<[Name]> {
        &self.clients
    }

    /// The client, where it is one and certainly no other.
    pub(super) fn only(&self) -> Option<&Name> {
        match &self.clients[..] {
            [client] if !self.and_others => Some(client),
            _ => None,
        }
    }

    /// The clients from which the user may have these many files open, and whether it is
    /// known that something is open from there. One whose sessions report nothing open is
    /// left out, where they can be believed: in all of the user's sessions as much must be
    /// open as is listed.
    pub(super) fn with_opens(&self, files: usize) -> impl Iterator<Item = (&Name, bool)> {
        let files = u64::try_from(files).unwrap_or(u64::MAX);
        let believed = self.opens_in_all.is_some_and(|opens| opens >= files);
        let clients = self.clients.iter().zip(&self.opens);
        clients
            .filter(move |(_, opens)| !believed || **opens != Some(0))
            .map(|(client, opens)| (client, opens.is_some_and(|opens| opens > 0)))
    }
}

/// The clients of a user, while they are being gathered.
struct Gathering {
    clients: Vec<Name>,
    opens: Vec<Option<u64>>,
    numbers: HashMap<ClientKey, usize>,
    opens_in_all: Option<u64>,
    and_others: bool,
}

impl Default for Gathering {
    fn default() -> Self {
        Self {
            clients: Vec::new(),
            opens: Vec::new(),
            numbers: HashMap::new(),
            opens_in_all: Some(0),
            and_others: false,
        }
    }
}

impl Gathering {
    fn add(&mut self, client: Option<&Name>, opens: Option<u64>) {
        let sum = |one: Option<u64>, other: Option<u64>| Some(one?.saturating_add(other?));
        self.opens_in_all = sum(self.opens_in_all, opens);
        let Some(client) = client else {
            self.and_others = true;
            return;
        };
        let number = *self
            .numbers
            .entry(ClientKey::of(client))
            .or_insert_with(|| {
                self.clients.push(client.clone());
                self.opens.push(Some(0));
                self.clients.len() - 1
            });
        self.opens[number] = sum(self.opens[number], opens);
    }

    fn add_all(&mut self, of: &UserClients) {
        let clients = of.clients.iter().zip(&of.opens);
        clients.for_each(|(client, opens)| self.add(Some(client), *opens));
        self.and_others |= of.and_others;
    }

    fn finish(self) -> UserClients {
        UserClients {
            clients: self.clients.into(),
            opens: self.opens,
            opens_in_all: self.opens_in_all,
            and_others: self.and_others,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session(user: &str, client: &str, opens: Option<u32>) -> Session {
        Session {
            user: Some(user.into()),
            client: Some(client.into()),
            opens,
            ..Session::unknown(Level::L1)
        }
    }

    fn of(sessions: &[Session], user: &str) -> Option<Arc<UserClients>> {
        Users::of_sessions(sessions).of(&Name::from(user))
    }

    fn clients(sessions: &[(&str, &str)], user: &str) -> Option<Vec<String>> {
        let sessions = sessions.iter();
        let sessions: Vec<_> = sessions.map(|(u, c)| session(u, c, None)).collect();
        let of = of(&sessions, user)?;
        Some(of.clients.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn a_user_of_files_is_the_user_of_sessions_with_and_without_domain() {
        let sessions = [(r"LAB\ann", "ws1"), ("bob", "ws2"), ("BOB", "WS2")];
        for (user, expected) in [
            (r"lab\Ann", Some(vec!["ws1".to_owned()])),
            ("ann", Some(vec!["ws1".to_owned()])),
            ("ann@lab.test", Some(vec!["ws1".to_owned()])),
            (r"LAB\bob", Some(vec!["ws2".to_owned()])),
            (r"OTHER\ann", None),
            ("carol", None),
        ] {
            assert_eq!(clients(&sessions, user), expected, "{user}");
        }
    }

    #[test]
    fn of_two_domains_nobody_knows_which() {
        let sessions = [(r"LAB\ann", "ws1"), (r"OTHER\ann", "ws2")];
        assert_eq!(
            clients(&sessions, r"OTHER\ann"),
            Some(vec!["ws2".to_owned()])
        );
        assert_eq!(
            clients(&sessions, "ann").map(|clients| clients.len()),
            Some(2)
        );
    }

    #[test]
    fn one_client_is_one_however_it_is_written() {
        let sessions = [("ann", "[::1]"), ("ann", "::1"), ("ann", "0::1")];
        assert_eq!(clients(&sessions, "ann"), Some(vec!["[::1]".to_owned()]));
    }

    #[test]
    fn clients_with_nothing_open_are_left_out_where_opens_are_really_reported() {
        let with_opens = |opens: [Option<u32>; 3], files: usize| {
            let sessions: Vec<_> = ["ws1", "ws2", "ws3"]
                .iter()
                .zip(opens)
                .map(|(client, opens)| session("ann", client, opens))
                .collect();
            let of = of(&sessions, "ann").expect("she has sessions");
            let clients = of.with_opens(files);
            clients
                .map(|(name, _)| name.to_string())
                .collect::<Vec<_>>()
        };
        let all = ["ws1", "ws2", "ws3"];
        assert_eq!(with_opens([Some(2), Some(0), Some(1)], 3), ["ws1", "ws3"]);
        assert_eq!(with_opens([Some(2), Some(0), Some(1)], 4), all);
        assert_eq!(with_opens([Some(0); 3], 1), all);
        assert_eq!(with_opens([Some(9), Some(0), None], 1), all);
        assert_eq!(with_opens([None; 3], 1), all);
    }

    #[test]
    fn a_client_with_two_sessions_has_what_is_open_in_both() {
        let sessions = [
            session("ann", "ws1", Some(0)),
            session("Ann", "WS1", Some(1)),
            session("ann", "ws2", Some(0)),
        ];
        let of = of(&sessions, "ann").expect("she has sessions");
        let with_opens: Vec<_> = of.with_opens(1).collect();
        assert_eq!(with_opens, [(&Name::from("ws1"), true)]);
        assert_eq!(of.clients().len(), 2);
    }
}
