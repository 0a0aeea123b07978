//! Agreeing on a dialect ([MS-SMB2] 3.2.4.2.2).
//!
//! Every dialect from 2.0.2 to 3.1.1 is offered; the transport crate writes
//! the request and checks the reply (a dialect that was offered, read and
//! write sizes of at least 64 KiB, a preauthentication hash of its own). What
//! it leaves out is `SMB2_GLOBAL_CAP_ENCRYPTION`, and without that bit a
//! server picks no cipher below 3.1.1, nor does smbd at 3.1.1. So the wire
//! sets the bit, and the hash that the keys of 3.1.1 are made from is computed
//! again here over what was really sent.

use std::sync::Arc;

use smb2::client::Connection;
use smb2::crypto::kdf::PreauthHasher;
use tokio::net::TcpStream;
use tracing::debug;

use crate::error::{SmbError, SmbErrorKind, Step, from_transport};
use crate::ntstatus::NtStatus;
use crate::wire::{NotSmb2, Wire};

/// Negotiates over a fresh connection. Bounded by the caller.
pub(crate) async fn negotiate(
    stream: TcpStream,
    server: &str,
) -> Result<(Connection, Arc<Wire>), SmbError> {
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
    connection.with_preauth_hasher_mut(|hasher| {
        *hasher = PreauthHasher::new();
        hasher.update(&handshake.request);
        hasher.update(&handshake.reply);
    });
    if let Some(params) = connection.params() {
        debug!(
            dialect = %params.dialect,
            signing_required = params.signing_required,
            cipher = ?params.cipher,
            "negotiated"
        );
    }
    Ok((connection, wire))
}

fn explained(wire: &Wire, error: smb2::Error) -> SmbError {
    let kind = match wire.not_smb2() {
        Some(NotSmb2::Closed | NotSmb2::Smb1) => SmbErrorKind::OnlySmb1,
        Some(NotSmb2::Other(looks_like)) => SmbErrorKind::NotSmb { looks_like },
        None => {
            let mut error = from_transport(Step::Negotiate, error);
            // The status [MS-SMB2] 3.3.5.4 prescribes for no common dialect.
            if error.status() == Some(NtStatus::NOT_SUPPORTED) {
                error.kind = SmbErrorKind::DialectRefused;
            }
            return error;
        }
    };
    SmbError::new(Step::Negotiate, kind)
}
