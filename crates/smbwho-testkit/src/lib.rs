//! Throwaway servers for tests and demonstrations.
//!
//! Everything here is real where it can be: a real smbd, a real domain
//! controller, real clients connected to them. Where a reply is wanted that no
//! Samba gives, [`Endpoint`] stands behind a real smbd and answers as a test
//! says. Each lab lives in one temporary folder, takes ports nobody else has,
//! and is gone when its value is dropped, even when the process that held it
//! is killed.
//!
//! ```no_run
//! use smbwho_testkit::Samba;
//!
//! # fn main() -> Result<(), smbwho_testkit::LabError> {
//! let samba = Samba::builder()
//!     .admin("root", "secret")
//!     .user("alice", "wonderland")
//!     .start()?;
//! let _alice = samba.hold_session("alice", "wonderland")?;
//! // … ask samba.address() who is connected …
//! # Ok(())
//! # }
//! ```
//!
//! The calls block; use them from a test's own thread or `spawn_blocking`.

pub mod addc;
pub mod endpoint;
mod error;
mod guard;
pub mod lines;
pub mod ports;
pub mod python;
pub mod samba;
pub mod tools;

pub use addc::{AdDc, AdDcBuilder, Door};
pub use endpoint::{
    Action, Bind, ByClient, Endpoint, EndpointBuilder, FileRequest, FileServer, FileService, Hint,
    ImpacketServer, LabFile, LabSession, Order, Reply, Request, ServerKind, SessionReply,
    SessionRequest, SessionService, Workload,
};
pub use error::LabError;
pub use lines::{Cut, CutLine, Direction, LockstepLine, RewritingLine, SlowLine, Stranger};
pub use samba::{Account, AccountState, Held, Rpc, Samba, SambaBuilder};
