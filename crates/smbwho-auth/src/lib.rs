//! Signing in to SMB2 and SMB3: NTLM, SPNEGO, NEGOTIATE and the keys of a session.
//! No I/O, no clock, no random numbers, no async, no unsafe.
//!
//! ```text
//! Offer ── NEGOTIATE ──▶ Agreed ─┬─ cipher, signing algorithm ─────────┐
//!                                └─ Preauth ◀── every message of ──┐   ▼
//! spnego::Client( ntlm::Client | Kerberos ) ◀──▶ SESSION_SETUP ────┴─ SessionKeys
//! ```
//!
//! - [`negotiate`]: what is offered to a server, and what it chose of that ([MS-SMB2] 2.2.3, 2.2.4).
//! - [`ntlm`]: the three messages of NTLMv2 and of an anonymous sign-in ([MS-NLMP]).
//! - [`spnego`]: the envelope around a mechanism's tokens ([RFC 4178], [MS-SPNG]).
//! - [`gss`]: the frame around Kerberos' own tokens ([RFC 4121] 4.1).
//! - [`setup`]: what a server answers to SESSION_SETUP ([MS-SMB2] 2.2.6).
//! - [`keys`]: the keys of a session ([MS-SMB2] 3.1.4.2).
//!
//! Whoever uses it has the connection, the time and the random numbers, and hands them in. Every
//! byte from the server is taken to be hostile: nothing panics on it, and nothing is allocated for
//! it that is longer than what came.

#![forbid(unsafe_code)]
#![cfg_attr(
    not(test),
    warn(
        clippy::arithmetic_side_effects,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic,
        clippy::unwrap_used
    )
)]

mod bytes;
pub mod gss;
pub mod keys;
mod mac;
pub mod negotiate;
pub mod ntlm;
pub mod setup;
pub mod spnego;
mod tlv;

/// What a server sent that cannot be: which message, and what is wrong with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{message}: {what}")]
pub struct Malformed {
    /// The message, by its name in the specification.
    pub message: &'static str,
    /// What is wrong with it.
    pub what: &'static str,
}
