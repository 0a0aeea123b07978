//! [MS-SMB2 3.2.4.2.3] SESSION_SETUP with a ticket.

use std::time::Duration;

use smb2::auth::kerberos::KerberosCredentials;
use smb2::auth::kerberos::ccache::{CCache, CcacheCredential, CcachePrincipal};
use smb2::client::Connection;
use smb2::client::session::Session;
use tokio::time::Instant;

use super::acquire::{Acquired, acquire};
use super::exchange::Ticket;
use super::messages::name_type;
use super::{KerberosError, KerberosLogin, Principal};

/// Why there is no session: no ticket, or the server would not have it.
#[derive(Debug)]
pub(crate) enum SignInError {
    /// Before the server was asked.
    Kerberos(KerberosError),
    /// By the server, or on the way to it.
    Smb(smb2::Error),
}

/// Signs in on a negotiated connection.
///
/// `host` is the server's name as its users know it; the connection may have
/// been made to any address. The caller bounds the whole by `patience`; a tenth
/// of it is kept for the server, so that silent KDCs are told apart from it.
///
/// The session signs: a Kerberos session is no guest's, and crate smb2 checks
/// the server's own signature before it believes the flags.
pub(crate) async fn sign_in(
    connection: &mut Connection,
    host: &str,
    login: &KerberosLogin,
    patience: Duration,
) -> Result<Session, SignInError> {
    let deadline = Instant::now() + patience / 10 * 9;
    let Acquired { ticket, was_cached } = acquire(login, host, deadline, false)
        .await
        .map_err(SignInError::Kerberos)?;
    match present(connection, host, &ticket).await {
        // A server that joined its domain anew cannot read tickets from before.
        Err(SignInError::Smb(error @ smb2::Error::Protocol { .. })) if was_cached => {
            tracing::debug!(host, %error, "the cached ticket was refused, asking for another");
            match acquire(login, host, deadline, true).await {
                Ok(new) => present(connection, host, &new.ticket).await,
                Err(_) => Err(SignInError::Smb(error)),
            }
        }
        result => result,
    }
}

/// Shows the ticket to the server.
async fn present(
    connection: &mut Connection,
    host: &str,
    ticket: &Ticket,
) -> Result<Session, SignInError> {
    let [client] = ticket.client.name_string.as_slice() else {
        let components = ticket.client.components();
        let principal = Principal {
            components,
            realm: Some(ticket.client_realm.clone()),
        }
        .to_string();
        return Err(SignInError::Kerberos(KerberosError::UnsupportedPrincipal {
            principal,
        }));
    };
    // smb2 takes a ticket as one of a cache, and finds it there by the realm
    // of the credentials, which goes into the authenticator as the client's.
    // The server's realm is in the ticket itself.
    let principal = |name_type: i32, components: Vec<String>| CcachePrincipal {
        name_type: name_type.unsigned_abs(),
        realm: ticket.client_realm.clone(),
        components,
    };
    let own = principal(name_type::PRINCIPAL, vec![client.0.clone()]);
    let service = vec!["cifs".to_owned(), host.to_owned()];
    let seconds = |secs: u64| u32::try_from(secs).unwrap_or(u32::MAX);
    let cache = CCache {
        version: 4,
        default_principal: own.clone(),
        credentials: vec![CcacheCredential {
            client: own,
            server: principal(name_type::SRV_INST, service),
            key_etype: u16::try_from(ticket.key.etype()).unwrap_or_default(),
            key_data: ticket.key.bytes().to_vec(),
            authtime: seconds(ticket.start),
            starttime: seconds(ticket.start),
            endtime: seconds(ticket.end),
            renew_till: 0,
            ticket: ticket.bytes.clone(),
        }],
    };
    let credentials = KerberosCredentials {
        username: client.0.clone(),
        password: String::new(),
        realm: ticket.client_realm.clone(),
        // Not used: the ticket is there.
        kdc_address: String::new(),
    };
    Session::setup_kerberos_from_ccache(connection, &credentials, host, &cache)
        .await
        .map_err(SignInError::Smb)
}
