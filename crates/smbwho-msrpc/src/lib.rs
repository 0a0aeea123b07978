//! Typed calls of the Windows network-management interfaces, transcribed from their IDL.
//!
//! One folder per interface, one file per family of calls in it; [`status`] knows the codes they
//! return, [`types`] what they have in common. To add a call: transcribe its structures with
//! [`ndr_struct!`](smbwho_rpc::ndr_struct), its two parameter lists with
//! [`ndr_params!`](smbwho_rpc::ndr_params), and implement [`Call`](smbwho_rpc::Call).
//!
//! ```
//! use smbwho_msrpc::srvsvc::MAX_PREFERRED_LENGTH;
//! use smbwho_msrpc::srvsvc::session::{NetrSessionEnum, SessionEnumUnion, SessionLevel};
//! use smbwho_rpc::Call;
//!
//! let call = NetrSessionEnum {
//!     server_name: None,
//!     client_name: None,
//!     user_name: Some("alice"),
//!     level: SessionLevel::L10,
//!     preferred_maximum_length: MAX_PREFERRED_LENGTH,
//!     resume_handle: Some(0),
//! };
//! let request: Vec<u8> = call.encode()?;
//! // … carried to the server; this came back: no sessions, and access denied.
//! let stub = [10, 0, 0, 0, 10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0];
//! let reply = call.decode(&stub)?;
//! assert_eq!(reply.status, 5);
//! if let SessionEnumUnion::Level10(Some(container)) = reply.sessions {
//!     for session in container.entries() {
//!         println!("{:?} {:?}", session.cname, session.username);
//!     }
//! }
//! # Ok::<(), smbwho_rpc::ndr::NdrError>(())
//! ```

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

mod call;
mod levels;
pub mod lsarpc;
pub mod samr;
pub mod srvsvc;
pub mod status;
pub mod types;
pub mod wkssvc;
