//! Agreeing on a dialect ([MS-SMB2] 3.2.4.2.2).
//!
//! The transport crate sends the request, since that takes no credits and only
//! it can do so, and reads the sizes out of the reply. What is offered is ours
//! ([`smbwho_auth::negotiate`]): the wire puts it in the place of the crate's,
//! which offers what it does not do and leaves out that it can encrypt. What
//! the server chose of it is read from the reply as it came, and so is the hash
//! that the keys of 3.1.1 are made from.

use std::sync::Arc;

use smb2::client::Connection;
use smbwho_auth::keys::Preauth;
use smbwho_auth::negotiate::{self, Agreed, HEADER};
use tokio::net::TcpStream;
use tracing::debug;

use crate::error::{SmbError, SmbErrorKind, Step, from_transport};
use crate::ntstatus::NtStatus;
use crate::wire::{NotSmb2, Wire};

/// Where ClientGuid stands in a NEGOTIATE request ([MS-SMB2] 2.2.3).
const CLIENT_GUID: usize = HEADER + 12;

/// A connection on which the dialect is agreed on.
pub(crate) struct Negotiated {
    pub(crate) connection: Connection,
    pub(crate) wire: Arc<Wire>,
    pub(crate) agreed: Agreed,
    /// The hash over request and reply.
    pub(crate) preauth: Preauth,
    /// Whether the session is encrypted though the server does not ask for it.
    pub(crate) encrypt: bool,
}

/// Negotiates over a fresh connection. Bounded by the caller.
pub(crate) async fn negotiate(stream: TcpStream, server: &str) -> Result<Negotiated, SmbError> {
    let wire = Wire::new(stream);
    let mut connection = Connection::from_transport(
        Box::new(Arc::clone(&wire)),
        Box::new(Arc::clone(&wire)),
        server,
    );
    // Every wait has its bound here, so the crate's own clocks, made for long
    // file transfers, are off.
    connection.set_response_timeout(None);
    connection.set_keepalive(None);
    connection.set_stale_request_warning(None);

    if let Err(error) = connection.negotiate().await {
        return Err(explained(&wire, error));
    }
    let handshake = wire.handshake();
    let agreed = Agreed::read(&handshake.reply).map_err(|error| {
        SmbError::new(Step::Negotiate, SmbErrorKind::Malformed(error.to_string()))
    })?;
    let mut preauth = Preauth::default();
    preauth.add(&handshake.request);
    preauth.add(&handshake.reply);
    debug!(
        dialect = agreed.dialect.as_str(),
        security_mode = agreed.security_mode,
        signing = agreed.signing.as_str(),
        cipher = ?agreed.cipher,
        "negotiated"
    );
    Ok(Negotiated {
        connection,
        wire,
        agreed,
        preauth,
        encrypt: false,
    })
}

/// Our offer in the place of the crate's, with the crate's header and the
/// GUID it gave itself. `None` if `message` is no NEGOTIATE.
pub(crate) fn offer(message: &[u8]) -> Option<Vec<u8>> {
    let header = message.get(..HEADER)?;
    let guid = message.get(CLIENT_GUID..CLIENT_GUID + 16)?;
    let mut salt = [0; 32];
    getrandom::fill(&mut salt).expect("the system has random numbers");
    let mut offer = header.to_vec();
    offer.extend(negotiate::offer(guid.try_into().ok()?, &salt));
    Some(offer)
}

fn explained(wire: &Wire, error: smb2::Error) -> SmbError {
    let kind = match wire.not_smb2() {
        Some(NotSmb2::Closed) => SmbErrorKind::ClosedAtNegotiate,
        Some(NotSmb2::Smb1) => SmbErrorKind::OnlySmb1,
        Some(NotSmb2::TurnedAway) => SmbErrorKind::TurnedAway,
        Some(NotSmb2::Other(looks_like)) => SmbErrorKind::NotSmb { looks_like },
        None => {
            let mut error = from_transport(Step::Negotiate, error);
            // The status [MS-SMB2] 3.3.5.4 prescribes for no common dialect.
            if error.status() == Some(NtStatus::NOT_SUPPORTED) {
                error.kind = SmbErrorKind::DialectRefused;
            }
            // Closed before the request was out.
            if error.kind == SmbErrorKind::Disconnected {
                error.kind = SmbErrorKind::ClosedAtNegotiate;
            }
            return wire.explain(error);
        }
    };
    SmbError::new(Step::Negotiate, kind)
}
