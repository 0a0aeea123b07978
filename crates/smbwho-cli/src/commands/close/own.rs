//! Which of a server's sessions is the one we ask over: ending it would leave
//! us without a connection in the middle of the work.

use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::time::Duration;

use smbwho::{Login, Session, account_name, client_address};

/// How much older than our connection a session may seem and still be it:
/// servers round.
const SLACK: Duration = Duration::from_secs(3);

/// What we know of our own session.
pub(crate) struct Own {
    /// The account without its domain, in lower case.
    user: Option<String>,
    /// Our end of the connection. Behind a translating router the server sees
    /// another one.
    address: Option<IpAddr>,
}

impl Own {
    /// `peer` is the other end of the connection, where there is one.
    pub(crate) fn new(login: &Login, peer: Option<SocketAddr>) -> Self {
        let account = match login {
            Login::Ntlm { user, .. } => Some(user.clone()),
            Login::Kerberos(login) => login.account(),
            Login::CurrentUser => std::env::var("USERNAME").ok(),
            _ => None,
        };
        Self {
            user: account.map(|account| account_name(&account)),
            address: peer.and_then(address_towards),
        }
    }

    /// Whether the user of this name is the one we signed in as.
    pub(crate) fn is_user(&self, name: &str) -> bool {
        self.user.as_deref() == Some(&*account_name(name))
    }

    /// Which of these sessions may be ours, `since` after we connected. Rather
    /// one too many than none: ours began when we connected, under our name or
    /// from our address.
    pub(crate) fn among(&self, sessions: &[Session], since: Duration) -> Vec<bool> {
        let young = |s: &Session| s.active.is_none_or(|active| active <= since + SLACK);
        let ours = |s: &Session| s.user.as_deref().is_some_and(|user| self.is_user(user));
        let here = |s: &Session| {
            let client = s.client.as_deref().and_then(client_address);
            client.is_some() && client == self.address
        };
        let tests: [&dyn Fn(&Session) -> bool; 3] = [
            &|s| young(s) && ours(s) && here(s),
            &|s| young(s) && ours(s),
            // A server may know us under another name (Samba's `username map`).
            &|s| young(s) && here(s),
        ];
        tests
            .iter()
            .map(|test| sessions.iter().map(test).collect::<Vec<bool>>())
            .find(|found| found.contains(&true))
            .unwrap_or_else(|| vec![false; sessions.len()])
    }
}

/// The address from which this computer reaches the server. Nothing is sent.
fn address_towards(peer: SocketAddr) -> Option<IpAddr> {
    let any: SocketAddr = if peer.is_ipv4() {
        ([0, 0, 0, 0], 0).into()
    } else {
        ([0u16; 8], 0).into()
    };
    let socket = UdpSocket::bind(any).ok()?;
    socket.connect(peer).ok()?;
    Some(socket.local_addr().ok()?.ip().to_canonical())
}

#[cfg(test)]
mod tests {
    use smbwho::Level;

    use super::*;

    fn session(client: &str, user: &str, secs: u64) -> Session {
        let mut session = Session::unknown(Level::L1);
        session.client = Some(client.into());
        session.user = Some(user.into());
        session.active = Some(Duration::from_secs(secs));
        session
    }

    fn own() -> Own {
        Own {
            user: Some("root".to_owned()),
            address: Some("10.0.0.7".parse().expect("an address")),
        }
    }

    fn among(sessions: &[Session]) -> Vec<bool> {
        own().among(sessions, Duration::from_secs(10))
    }

    #[test]
    fn ours_is_young_ours_and_from_here() {
        let rows = [
            session("10.0.0.7", "root", 600),
            session("10.0.0.7", r"LAB\Root", 9),
            session("10.0.0.8", "root", 9),
            session("10.0.0.7", "alice", 9),
        ];
        assert_eq!(among(&rows), [false, true, false, false]);
    }

    #[test]
    fn our_address_is_ours_however_it_is_written() {
        let mut own = own();
        own.address = Some("fe80::1".parse().expect("an address"));
        for client in ["fe80::1", "[FE80::1]", r"\\[fe80::1%4]", "fe80::1%eth0"] {
            let rows = [session(client, "mapped", 9), session("fe80::2", "x", 1)];
            let since = Duration::from_secs(10);
            assert_eq!(own.among(&rows, since), [true, false], "{client}");
        }
        let rows = [session("::ffff:10.0.0.7", "mapped", 9)];
        assert_eq!(among(&rows), [true]);
    }

    #[test]
    fn behind_a_router_every_young_one_of_our_user_may_be_ours() {
        let rows = [session("gw1", "root", 9), session("gw2", "root", 1)];
        assert_eq!(among(&rows), [true, true]);
    }

    #[test]
    fn under_another_name_ours_comes_from_here() {
        let rows = [session("10.0.0.7", "mapped", 9), session("gw2", "x", 1)];
        assert_eq!(among(&rows), [true, false]);
    }

    #[test]
    fn accounts_are_compared_without_their_domain() {
        for name in ["ROOT", r"LAB\root", "root@LAB.TEST"] {
            assert!(own().is_user(name), "{name}");
        }
        assert!(!own().is_user("root2"));
    }

    #[test]
    fn the_address_towards_a_server() {
        let peer = "127.0.0.1:445".parse().expect("an address");
        assert_eq!(
            address_towards(peer).map(|address| address.is_loopback()),
            Some(true)
        );
    }
}
