//! Windows' own calls about who is connected: the Net functions of
//! `netapi32.dll`, the logon sessions of `secur32.dll`, and the names of SIDs.
//!
//! They are made with the rights of whoever runs the program; no password is
//! involved. [`system`] gives them as a [`Network`]; anywhere but on Windows
//! there are none.
//!
//! ```
//! use smbwho_windows::{At, system};
//!
//! if let Some(network) = system() {
//!     // This computer's sessions, at the level that anyone may ask.
//!     let at = At { level: 10, preferred_length: u32::MAX, resume: 0 };
//!     let page = network.session_enum(None, None, None, at);
//!     println!("status {}, {} sessions", page.status, page.rows.len());
//! }
//! ```
//!
//! What comes back is copied out of the system's buffers, which are freed
//! exactly once whatever happens; nothing here borrows from them. Numbers and
//! statuses are handed on as they came: their meaning is for others to tell.
//!
//! This is the only crate of the project with `unsafe` code. Its rules stand
//! in `windows/buffer.rs`.

mod network;
mod rows;
#[cfg(not(windows))]
mod stub;
mod text;
#[cfg(any(windows, test))]
mod windows;

pub use network::{At, ERROR_INVALID_DATA, ERROR_INVALID_LEVEL, Network, Page};
pub use rows::{
    Account, ConnectionInfo, FileInfo, GroupInfo, GroupUser, LastLogon, LocalGroupInfo,
    LocalGroupMember, LogonSession, NewShare, ServerInfo, SessionInfo, ShareChange, ShareInfo,
    StatServer, TimeOfDay, WkstaInfo, WkstaUserInfo,
};
pub use text::{Text, WideArg};

#[cfg(not(windows))]
pub use stub::system;
#[cfg(windows)]
pub use windows::system;
