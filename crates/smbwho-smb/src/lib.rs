//! Carries DCE/RPC associations over the named pipes of SMB2 and SMB3.
//!
//! The only part of the project that knows the crate `smb2`. From a server's
//! name to the reply of a call: [`SmbSession::connect`] looks the name up,
//! connects, negotiates and signs in (by the messages and keys of crate
//! `smbwho-auth`); [`SmbSession::open_pipe`] opens a pipe on `IPC$` and binds;
//! [`RpcPipe::call`] makes a call and gives back the stub of its reply. Errors say at which [`Step`] what went wrong, and keep the code.
//!
//! Everything asynchronous runs on tokio, with its I/O and time drivers on.

mod address;
mod budget;
mod calls;
mod clock;
mod commands;
mod connect;
#[doc(hidden)]
pub mod decode;
mod error;
mod expected;
mod frames;
mod guard;
mod handshake;
mod keep_alive;
pub mod kerberos;
mod list_budget;
mod login;
mod look;
mod look_up;
mod negotiate;
mod ntstatus;
mod open;
mod outgoing;
mod pipe;
mod read_buffer;
mod referral;
mod require;
mod secret;
mod session;
mod setup;
mod sign_in;
#[doc(hidden)]
pub mod user_file;
mod wire;

pub use address::{Address, AddressError, DEFAULT_PORT, Host};
pub use budget::{Kept, ReplyBudget};
pub use calls::{CallOutcome, Prepared, Replies, Reply};
pub use error::{Attempt, Outcome, SmbError, SmbErrorKind, Step};
pub use expected::UnexpectedMessage;
pub use guard::LockoutGuard;
pub use list_budget::ListBudget;
pub use login::{ClientProtection, Login, Options};
pub use look::{Look, Sight};
pub use look_up::addresses_of;
pub use ntstatus::NtStatus;
pub use pipe::RpcPipe;
pub use referral::Referral;
pub use secret::Secret;
pub use session::{Facts, SmbSession};
pub use smbwho_auth::negotiate::Dialect;
