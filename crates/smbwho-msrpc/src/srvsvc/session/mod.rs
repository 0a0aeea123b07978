//! [MS-SRVS 3.1.4.5, 3.1.4.6] Sessions: who is connected (NetrSessionEnum), and ending it
//! (NetrSessionDel).

mod call;
mod delete;
mod info;
mod level;

pub use call::{NetrSessionEnum, NetrSessionEnumReply, NetrSessionEnumRequest};
pub use delete::{NetrSessionDel, NetrSessionDelReply, NetrSessionDelRequest, SessionTarget};
pub use info::{
    SessionEnumUnion, SessionInfo, SessionInfo0, SessionInfo1, SessionInfo2, SessionInfo10,
    SessionInfo502,
};
pub use level::SessionLevel;

/// In `user_flags`: the user signed in as guest (SESS_GUEST, [MS-SRVS] 2.2.2.3).
pub const SESS_GUEST: u32 = 0x0000_0001;

/// In `user_flags`: the user signed in without encrypting the password (SESS_NOENCRYPTION,
/// [MS-SRVS] 2.2.2.3). This says nothing about SMB encryption.
pub const SESS_NOENCRYPTION: u32 = 0x0000_0002;
