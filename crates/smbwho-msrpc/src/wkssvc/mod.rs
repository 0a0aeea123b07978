//! [MS-WKST] The Workstation Service Remote Protocol: what a computer is, and who is logged on.

pub mod info;
pub mod user;

use smbwho_rpc::{Interface, SyntaxId, Uuid};

/// The interface `wkssvc` ([MS-WKST] 1.9, 2.1).
pub static WKSSVC: Interface = Interface {
    name: "wkssvc",
    syntax: SyntaxId {
        uuid: Uuid::new(0x6bff_d098, 0xa112, 0x3610, 0x9833, 0x46c3_f87e_345a),
        major: 1,
        minor: 0,
    },
};
