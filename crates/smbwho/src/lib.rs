//! Who is connected to a Windows or Samba file server.
//!
//! The Windows functions for this (`NetSessionEnum` and its relatives, which
//! Microsoft calls Network Management) are remote calls over SMB named pipes.
//! This library makes them from any computer: it signs in over SMB2/3, speaks
//! DCE/RPC itself, and gives back plain Rust values.
//!
//! ```no_run
//! use smbwho::{Login, Secret, Server};
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let login = Login::Ntlm {
//!     domain: "EXAMPLE".into(),
//!     user: "admin".into(),
//!     password: Secret::new(std::env::var("SMBWHO_PASSWORD")?),
//! };
//! let server = Server::connect(&"fs1.example.com".parse()?, &login).await?;
//! let sessions = server.sessions().collect().await?;
//! for session in &sessions.rows {
//!     let user = session.user.as_deref().unwrap_or("(not told)");
//!     let client = session.client.as_deref().unwrap_or("(not told)");
//!     println!("{user} on {client}, idle for {:?}", session.idle);
//! }
//! if let Some(error) = sessions.missing {
//!     eprintln!("these are not all: {error}");
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # What is told and what is not
//!
//! A server tells as much as the level that was asked for holds, and levels
//! differ in what they hold and in who may ask. By default the richest level
//! the server grants is used. A field that was not told is `None`; it is never
//! zero or empty instead.
//!
//! # Names are hostile
//!
//! A client can call itself anything. [`Name`] keeps what the server sent,
//! control characters included: escape it before it reaches a terminal, a
//! shell, or a page.
//!
//! # Many servers
//!
//! [`Fleet`] asks many servers the same side by side, tries again what is worth
//! it, and takes care that a wrong password does not lock the account.
//!
//! # Errors
//!
//! [`Error`] says which server, which step, which code, and has a
//! [hint](Error::hint) for the person in front of it. When rows came before
//! the failure they are kept: see [`Rows::missing`].

mod backend;
mod batch;
mod close;
mod code;
mod connections;
mod conversation;
mod doctor;
mod enumerate;
mod error;
mod files;
mod filter;
mod fleet;
mod groups;
mod hint;
mod info;
mod line;
mod local;
mod logons;
#[doc(hidden)]
pub mod measure;
mod name;
mod native;
mod pattern;
mod produce;
mod question;
mod rows;
mod server;
mod session;
mod sessions;
mod shares;

pub use close::{Closing, SessionTarget};
pub use code::{Code, KerberosCode};
pub use connections::{Connection, ConnectionLevel, ConnectionsQuery};
pub use doctor::{AccountName, Check, Diagnosis, Outcome};
pub use error::{BadParameter, Error, ErrorKind, Refusal};
pub use files::{
    ClientBasis, Elsewhere, FileLevel, FilesQuery, OpenFile, PathInput, PathTarget, Permissions,
    Place, PlaceError, PlaceTree, Presence, ShareMode, SmbOpen, UncPath, UncPathError,
};
pub use filter::{
    ClientFilter, ClientKey, UserFilter, UserMatch, account_name, client_address, is_same_client,
};
pub use fleet::{Event, Fleet};
pub use groups::{
    Group, GroupAttributes, GroupsQuery, Member, MembersQuery, Membership, MembershipsQuery, Scope,
};
pub use info::{
    Clock, ClockSkew, IdleLimit, Platform, ServerInfo, ServerType, Statistics, Version,
};
pub use local::LocalError;
#[doc(hidden)]
pub use local::fuzz;
pub use logons::{Logon, LogonDetails, LogonLevel, LogonSource, LogonType, LogonsQuery};
pub use name::Name;
pub use pattern::Pattern;
pub use rows::{Page, Rows};
pub use server::Server;
pub use session::{Level, Protection, Session, SessionFlags, SmbConnection};
pub use sessions::SessionsQuery;
pub use shares::{
    Caching, MaxUses, NewShare, Share, ShareChange, ShareKind, ShareLevel, ShareSecurity,
    SharesQuery,
};
pub use smbwho_msrpc::status::{FaultStatus, Win32Status};
pub use smbwho_msrpc::types::security_descriptor;
pub use smbwho_msrpc::types::{
    NotInSddl, ParseSidError, SddlError, SecurityDescriptor, Sid, SidNameUse,
};
#[doc(hidden)]
pub use smbwho_smb::decode::decode;
pub use smbwho_smb::kerberos;
#[doc(hidden)]
pub use smbwho_smb::user_file;
pub use smbwho_smb::{
    Address, AddressError, ClientProtection, DEFAULT_PORT, Dialect, Facts, Host, ListBudget,
    LockoutGuard, Login, NtStatus, Options as ConnectOptions, ReplyBudget, Secret, SmbError,
    SmbErrorKind, Step, UnexpectedMessage,
};
