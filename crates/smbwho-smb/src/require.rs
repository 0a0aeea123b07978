//! What the caller requires of the connection, before an account is shown.

use smbwho_auth::negotiate::Agreed;

use crate::error::{SmbError, SmbErrorKind, Step};
use crate::handshake::Handshake;
use crate::{ClientProtection, Login, Options};

/// The least that a connection must carry in one request: the shortest
/// fragment every RPC runtime takes (\[C706\] 12.6.4.3).
const LEAST_SIZE: u32 = smbwho_rpc::MUST_RECEIVE_FRAGMENT as u32;

/// Before anything is sent: an anonymous session has no key.
pub(crate) fn check_login(login: &Login, options: &Options) -> Result<(), SmbError> {
    match (login, options.protection) {
        (Login::Anonymous, Some(wanted)) => Err(SmbError::new(
            Step::SignIn,
            SmbErrorKind::AnonymousUnprotected { wanted },
        )),
        _ => Ok(()),
    }
}

/// Once NEGOTIATE was answered.
pub(crate) fn check_negotiated(
    agreed: &Agreed,
    handshake: &Handshake,
    options: &Options,
) -> Result<(), SmbError> {
    let refuse = |kind| Err(SmbError::new(Step::Negotiate, kind));
    if agreed.dialect < options.min_dialect {
        return refuse(SmbErrorKind::DialectTooOld {
            negotiated: agreed.dialect,
            required: options.min_dialect,
        });
    }
    if options.protection == Some(ClientProtection::Encrypt) && agreed.cipher.is_none() {
        return refuse(SmbErrorKind::EncryptionUnavailable);
    }
    match handshake.max_size() {
        Some(bytes) if bytes < LEAST_SIZE => refuse(SmbErrorKind::SizesTooSmall { bytes }),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_neither_signed_nor_encrypted() {
        let wanted = ClientProtection::Sign;
        let options = Options {
            protection: Some(wanted),
            ..Options::default()
        };
        let error = check_login(&Login::Anonymous, &options).unwrap_err();
        assert_eq!(error.kind, SmbErrorKind::AnonymousUnprotected { wanted });
        assert!(check_login(&Login::Anonymous, &Options::default()).is_ok());
    }
}
