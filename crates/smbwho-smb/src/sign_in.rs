//! Signing in ([MS-SMB2] 3.2.4.2.3).

use smb2::Session;
use smb2::client::Connection;
use tracing::debug;

use crate::anonymous;
use crate::error::{SmbError, SmbErrorKind, Step, from_transport};
use crate::kerberos::{self, SignInError};
use crate::{Address, Login, NtStatus, Options};

/// Signs in over a negotiated connection. Bounded by the caller.
///
/// `None` is an anonymous session, which has no keys.
pub(crate) async fn sign_in(
    connection: &mut Connection,
    address: &Address,
    login: &Login,
    options: &Options,
) -> Result<Option<Session>, SmbError> {
    let session = match login {
        Login::CurrentUser => {
            return Err(SmbError::new(Step::SignIn, SmbErrorKind::NoCredentials));
        }
        Login::Anonymous => {
            anonymous::sign_in(connection).await?;
            debug!("signed in without an account");
            return Ok(None);
        }
        Login::Ntlm {
            domain,
            user,
            password,
        } => Session::setup(connection, user, password.expose(), domain)
            .await
            .map_err(ntlm_error)?,
        Login::Kerberos(login) => {
            let host = address.host.unc();
            kerberos::sign_in(connection, &host, login, options.sign_in_timeout)
                .await
                .map_err(kerberos_error)?
        }
    };
    // The crate signs every session that is not a guest's, but lets an account
    // called Guest be one. Nothing unsigned is taken here, whoever asks.
    if !session.should_sign {
        return Err(SmbError::new(Step::SignIn, SmbErrorKind::GuestOffered));
    }
    if session.should_encrypt && !connection.should_encrypt() {
        return Err(SmbError::new(
            Step::SignIn,
            SmbErrorKind::EncryptionRequired,
        ));
    }
    debug!(
        algorithm = ?session.signing_algorithm,
        encrypted = session.should_encrypt,
        "signed in"
    );
    Ok(Some(session))
}

fn ntlm_error(error: smb2::Error) -> SmbError {
    let error = from_transport(Step::SignIn, error);
    match error.status() {
        // [MS-SMB2] 3.3.5.5: what a server that wants encryption answers to a
        // client that cannot, and smbd's answer too. It may have other
        // reasons, so the kind stays ACCESS_DENIED and the code is kept.
        Some(NtStatus::ACCESS_DENIED) => error,
        // A server that has NTLM switched off may say so in these words.
        Some(NtStatus::NOT_SUPPORTED) => error.with_kind(SmbErrorKind::NtlmBlocked),
        _ => error,
    }
}

fn kerberos_error(error: SignInError) -> SmbError {
    match error {
        SignInError::Kerberos(error) => {
            SmbError::new(Step::SignIn, SmbErrorKind::Kerberos(Box::new(error)))
        }
        SignInError::Smb(error) => {
            let error = from_transport(Step::SignIn, error);
            match error.kind {
                // No password was shown to the server, so it is not a wrong one.
                SmbErrorKind::LogonFailure => error.with_kind(SmbErrorKind::TicketRefused),
                _ => error,
            }
        }
    }
}
