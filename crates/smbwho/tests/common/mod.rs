//! What these tests share: signing in to a lab.
#![allow(dead_code, reason = "each test program uses some of it")]

use std::time::Duration;

use smbwho::{ConnectOptions, Error, Login, Name, Secret, Server, Session};
use smbwho_testkit::{Endpoint, EndpointBuilder, LabSession, Samba, SessionService};

pub(crate) fn ntlm(user: &str, password: &str) -> Login {
    Login::Ntlm {
        domain: String::new(),
        user: user.to_owned(),
        password: Secret::new(password),
    }
}

/// Long enough for a debug build of the endpoint on a busy machine.
pub(crate) fn options() -> ConnectOptions {
    ConnectOptions {
        reply_timeout: Duration::from_secs(60),
        ..ConnectOptions::default()
    }
}

/// For tests of silence, which wait it out.
pub(crate) async fn impatient(endpoint: &Endpoint) -> Server {
    let address = endpoint.address().parse().expect("an address");
    let options = ConnectOptions {
        reply_timeout: Duration::from_secs(2),
        ..options()
    };
    let login = ntlm(Endpoint::USER, Endpoint::PASSWORD);
    Server::connect_with(&address, &login, &options)
        .await
        .expect("signs in")
}

/// A Samba with root as its administrator, and three more accounts.
pub(crate) fn samba() -> Samba {
    Samba::builder()
        .admin("root", "adm")
        .user("alice", "a")
        .user("bob", "b")
        .user("carol", "c")
        .start()
        .expect("a lab")
}

pub(crate) async fn connect(address: &str, user: &str, password: &str) -> Result<Server, Error> {
    let address = address.parse().expect("an address");
    Server::connect_with(&address, &ntlm(user, password), &options()).await
}

pub(crate) async fn as_root(samba: &Samba) -> Server {
    connect(&samba.address(), "root", "adm")
        .await
        .expect("root signs in")
}

pub(crate) async fn at(endpoint: &Endpoint) -> Server {
    connect(&endpoint.address(), Endpoint::USER, Endpoint::PASSWORD)
        .await
        .expect("signs in")
}

pub(crate) fn serving(service: SessionService) -> Endpoint {
    Endpoint::builder().serve(service).expect("an endpoint")
}

pub(crate) fn endpoint() -> EndpointBuilder {
    Endpoint::builder()
}

pub(crate) fn users(sessions: &[Session]) -> Vec<&str> {
    let mut users: Vec<&str> = sessions
        .iter()
        .map(|session| session.user.as_deref().unwrap_or("-"))
        .collect();
    users.sort_unstable();
    users
}

/// The row that a session of the lab must become at level 502.
pub(crate) fn row(session: &LabSession) -> (Option<Name>, Option<Name>, u32, u64, u64, u32) {
    let name = |text: &Option<Vec<u16>>| {
        let text = text.as_ref()?;
        let bare = text.strip_prefix(&[0x5c, 0x5c]).unwrap_or(text);
        Some(Name::from_utf16(bare.iter().copied()))
    };
    (
        name(&session.client),
        name(&session.user),
        session.opens,
        session.active_secs.into(),
        session.idle_secs.into(),
        session.flags,
    )
}

pub(crate) fn told(session: &Session) -> (Option<Name>, Option<Name>, u32, u64, u64, u32) {
    (
        session.client.clone(),
        session.user.clone(),
        session.opens.expect("opens"),
        session.active.expect("active").as_secs(),
        session.idle.expect("idle").as_secs(),
        session.flags.expect("flags").0,
    )
}
