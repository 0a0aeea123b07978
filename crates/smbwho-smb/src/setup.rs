//! SESSION_SETUP: tokens to and fro, and a session at the end ([MS-SMB2] 3.2.4.2.3, 3.2.5.3).
//!
//! What a mechanism says is [`crate::sign_in`]'s; this is what holds for all of
//! them: how many rounds there may be, what the keys of 3.1.1 are hashed from,
//! and that nothing in the last answer is believed before its signature is.

use std::sync::Arc;

use smb2::client::Connection;
use smb2::crypto::encryption;
use smb2::crypto::signing::{SigningAlgorithm, verify_signature};
use smb2::msg::session_setup::{SessionSetupRequest, SessionSetupRequestFlags};
use smb2::types::flags::{Capabilities, SecurityMode};
use smb2::types::{Command, SessionId};
use smbwho_auth::Malformed;
use smbwho_auth::keys::{Preauth, SessionKeys};
use smbwho_auth::negotiate::{Agreed, Cipher, SIGNING_ENABLED, SIGNING_REQUIRED, Signing};
use smbwho_auth::setup::SetupReply;

use crate::NtStatus;
use crate::error::{SmbError, SmbErrorKind, Step, from_status, from_transport};
use crate::expected::Protection;
use crate::negotiate::Negotiated;
use crate::wire::Wire;

/// More requests than any mechanism here has reason to send.
const MAX_ROUNDS: u8 = 4;

/// A session, as it was set up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Established {
    /// How messages are signed; `None` for an anonymous session, which has no
    /// key.
    pub(crate) signing: Option<Signing>,
    /// How they are encrypted, if the server asks for it.
    pub(crate) cipher: Option<Cipher>,
}

/// A session that is being set up.
pub(crate) struct Setup<'a> {
    connection: &'a mut Connection,
    wire: Arc<Wire>,
    agreed: Agreed,
    preauth: Preauth,
    security_mode: u16,
    encrypt: bool,
    rounds: u8,
    session: Option<SessionId>,
}

/// What the server answered to a token.
pub(crate) struct Answer {
    /// Whether it was the last; else the server wants another token.
    pub(crate) last: bool,
    /// The message, checked as far as [`SetupReply`] does.
    message: Vec<u8>,
    id: u64,
}

impl Answer {
    pub(crate) fn reply(&self) -> Result<SetupReply<'_>, SmbError> {
        SetupReply::read(&self.message).map_err(malformed)
    }
}

impl<'a> Setup<'a> {
    /// Begins anew on a negotiated connection, whatever was tried there before.
    ///
    /// With `signs` the server is told that everything is signed, so that it
    /// signs its last answer at any dialect ([MS-SMB2] 3.3.5.5.3).
    pub(crate) fn new(negotiated: &'a mut Negotiated, signs: bool) -> Self {
        negotiated.connection.set_session_id(SessionId(0));
        Self {
            connection: &mut negotiated.connection,
            wire: Arc::clone(&negotiated.wire),
            agreed: negotiated.agreed,
            preauth: negotiated.preauth.clone(),
            security_mode: SIGNING_ENABLED | if signs { SIGNING_REQUIRED } else { 0 },
            encrypt: negotiated.encrypt,
            rounds: 0,
            session: None,
        }
    }

    /// Sends a token and takes the answer.
    ///
    /// # Errors
    /// What the server refused with; `Malformed` for an answer to something
    /// else, from another session, or to one token too many.
    pub(crate) async fn send(&mut self, token: Vec<u8>) -> Result<Answer, SmbError> {
        self.rounds += 1;
        if self.rounds > MAX_ROUNDS {
            return Err(broken("it asks for token after token"));
        }
        let request = SessionSetupRequest {
            flags: SessionSetupRequestFlags(0),
            security_mode: SecurityMode::new(self.security_mode),
            capabilities: Capabilities::default(),
            channel: 0,
            previous_session_id: 0,
            security_buffer: token,
        };
        let frame = self
            .connection
            .execute(Command::SessionSetup, &request, None)
            .await
            .map_err(|error| from_transport(Step::SignIn, error))?;
        self.preauth.add(&self.wire.sent());
        if frame.header.command != Command::SessionSetup {
            return Err(broken("it answered another request than was sent"));
        }
        let last = match NtStatus::from(frame.header.status) {
            NtStatus::SUCCESS => true,
            NtStatus::MORE_PROCESSING_REQUIRED => false,
            status => return Err(from_status(Step::SignIn, status)),
        };
        // The last answer is not hashed: it is signed with what comes of the hash.
        if !last {
            self.preauth.add(&frame.raw);
        }
        let id = frame.header.session_id;
        if self.session.is_some_and(|session| session != id) {
            return Err(broken("it answered for another session"));
        }
        self.session = Some(id);
        self.connection.set_session_id(id);
        Ok(Answer {
            last,
            message: frame.raw,
            id: frame.header.message_id.0,
        })
    }

    /// Believes the last answer once its signature holds, and turns on signing
    /// and encryption. `session_key` is what the mechanism produced, all of it.
    ///
    /// # Errors
    /// `GuestOffered`, `SignatureInvalid`, `EncryptionRequired`.
    pub(crate) fn establish(
        self,
        answer: &Answer,
        session_key: &[u8],
    ) -> Result<Established, SmbError> {
        let fail = |kind| Err(SmbError::new(Step::SignIn, kind));
        let reply = answer.reply()?;
        // Such a session is not signed, so this is not for its signature to say.
        if reply.is_guest_or_null() {
            return fail(SmbErrorKind::GuestOffered);
        }
        let keys = SessionKeys::derive(session_key, &self.agreed, &self.preauth);
        let signing = transport_signing(self.agreed.signing);
        // Servers of 2.x that require no signing leave it out, whatever they are told. There is
        // then nothing in the answer that could be a lie: no guest, and no encryption to lose.
        if reply.claims_signature() || self.agreed.dialect.is_smb3() {
            if !reply.claims_signature() {
                return fail(SmbErrorKind::SignatureInvalid);
            }
            verify_signature(&answer.message, &keys.signing, signing, answer.id, false)
                .map_err(|error| from_transport(Step::SignIn, error))?;
        }
        // With keys and a cipher that both sides have the server understands it unasked as well
        // ([MS-SMB2] 3.2.4.1.8).
        let encrypts = self.encrypt || reply.encrypts();
        let cipher = match (encrypts, self.agreed.cipher, &keys.cipher) {
            (false, ..) => None,
            (true, Some(cipher), Some(keys)) => {
                self.connection.activate_encryption(
                    keys.to_server.to_vec(),
                    keys.to_client.to_vec(),
                    transport_cipher(cipher),
                );
                Some(cipher)
            }
            (true, ..) => return fail(SmbErrorKind::EncryptionRequired),
        };
        self.connection
            .activate_signing(keys.signing.to_vec(), signing);
        self.wire.protect(match cipher {
            Some(_) => Protection::Encrypted,
            None => Protection::NotEncrypted,
        });
        Ok(Established {
            signing: Some(self.agreed.signing),
            cipher,
        })
    }

    /// Takes a session that has no keys, as asked for.
    ///
    /// # Errors
    /// `EncryptionRequired`.
    pub(crate) fn establish_anonymous(self, answer: &Answer) -> Result<Established, SmbError> {
        if answer.reply()?.encrypts() {
            return Err(SmbError::new(
                Step::SignIn,
                SmbErrorKind::EncryptionRequired,
            ));
        }
        self.wire.protect(Protection::NotEncrypted);
        Ok(Established {
            signing: None,
            cipher: None,
        })
    }
}

/// The server broke a rule while signing in.
pub(crate) fn broken(what: &str) -> SmbError {
    SmbError::new(Step::SignIn, SmbErrorKind::Malformed(what.to_owned()))
}

pub(crate) fn malformed(error: Malformed) -> SmbError {
    broken(&error.to_string())
}

fn transport_signing(signing: Signing) -> SigningAlgorithm {
    match signing {
        Signing::HmacSha256 => SigningAlgorithm::HmacSha256,
        Signing::AesCmac => SigningAlgorithm::AesCmac,
        Signing::AesGmac => SigningAlgorithm::AesGmac,
    }
}

fn transport_cipher(cipher: Cipher) -> encryption::Cipher {
    match cipher {
        Cipher::Aes128Ccm => encryption::Cipher::Aes128Ccm,
        Cipher::Aes128Gcm => encryption::Cipher::Aes128Gcm,
        Cipher::Aes256Ccm => encryption::Cipher::Aes256Ccm,
        Cipher::Aes256Gcm => encryption::Cipher::Aes256Gcm,
    }
}
