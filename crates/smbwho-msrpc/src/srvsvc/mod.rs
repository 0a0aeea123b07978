//! [MS-SRVS] The Server Service Remote Protocol: sessions, open files, connections, shares, and
//! what the server is.

pub mod connection;
pub(crate) mod container;
pub mod disk;
pub mod file;
pub(crate) mod reply;
pub mod server;
pub mod session;
pub mod share;
pub mod statistics;
pub mod time;

pub use container::{Container, Enumerated};
use smbwho_rpc::{Interface, SyntaxId, Uuid};

/// The interface `srvsvc` ([MS-SRVS] 1.9, 2.1).
pub static SRVSVC: Interface = Interface {
    name: "srvsvc",
    syntax: SyntaxId {
        uuid: Uuid::new(0x4b32_4fc8, 0x1670, 0x01d3, 0x1278, 0x5a47_bf6e_e188),
        major: 3,
        minor: 0,
    },
};

/// The preferred maximum length that asks for everything (MAX_PREFERRED_LENGTH,
/// [MS-SRVS] 2.2.2.2).
pub const MAX_PREFERRED_LENGTH: u32 = 0xffff_ffff;
