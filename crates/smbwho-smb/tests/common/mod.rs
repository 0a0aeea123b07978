//! Two calls of srvsvc, written out by hand (this crate knows no interface),
//! and how the tests sign in.

#![allow(dead_code, reason = "every test file uses a part of it")]
#![allow(unreachable_pub, reason = "shared between test files")]

pub mod matrix;
pub mod proxy;

use std::time::Duration;

use smbwho_rpc::ndr::NdrError;
use smbwho_rpc::{Call, Interface, SyntaxId, Uuid};
use smbwho_smb::{Login, Options, Secret, SmbError, SmbSession};
use smbwho_testkit::{Samba, SambaBuilder};

/// The administrator of every server here.
pub const USER: &str = "boss";
/// The administrator's password.
pub const PASSWORD: &str = "correct horse";

/// A server with its administrator.
pub fn lab() -> SambaBuilder {
    Samba::builder().admin(USER, PASSWORD)
}

/// The administrator's login.
pub fn boss() -> Login {
    login(USER, PASSWORD)
}

/// Any account's login.
pub fn login(user: &str, password: &str) -> Login {
    Login::ntlm("", user, Secret::new(password))
}

/// Signs in with limits a busy machine keeps.
pub async fn connect(address: &str, login: &Login) -> Result<SmbSession, SmbError> {
    SmbSession::connect(&address.parse().unwrap(), login, &patient()).await
}

/// Limits for a machine on which other tests run too.
pub fn patient() -> Options {
    Options {
        connect_timeout: Duration::from_secs(20),
        sign_in_timeout: Duration::from_secs(20),
        reply_timeout: Duration::from_secs(30),
        ..Options::default()
    }
}

/// Lists the sessions over a pipe of its own.
pub async fn sessions(session: &SmbSession) -> Result<Vec<u8>, SmbError> {
    session.open_pipe(&SRVSVC).await?.call(&Sessions).await
}

/// Whether a stub holds a text, in UTF-16.
pub fn holds(stub: &[u8], text: &str) -> bool {
    let wanted: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    stub.windows(wanted.len()).any(|window| window == wanted)
}

/// [MS-SRVS] 1.9.
pub static SRVSVC: Interface = Interface {
    name: "srvsvc",
    syntax: SyntaxId {
        uuid: Uuid::new(0x4b32_4fc8, 0x1670, 0x01d3, 0x1278, 0x5a47_bf6e_e188),
        major: 3,
        minor: 0,
    },
};

/// NetrSessionEnum at level 1 ([MS-SRVS] 3.1.4.5), without filters.
pub struct Sessions;

impl Call for Sessions {
    const INTERFACE: &'static Interface = &SRVSVC;
    const OPNUM: u16 = 12;
    const NAME: &'static str = "NetrSessionEnum";
    type Reply<'a> = &'a [u8];

    fn encode(&self) -> Result<Vec<u8>, NdrError> {
        let words: [u32; 11] = [
            0,           // ServerName
            0,           // ClientName
            0,           // UserName
            1,           // Level
            1,           // its union
            0x0002_0000, // the container's pointer
            0,           // EntriesRead
            0,           // Buffer
            u32::MAX,    // PreferedMaximumLength
            0x0002_0004, // ResumeHandle
            0,
        ];
        Ok(words.iter().flat_map(|word| word.to_le_bytes()).collect())
    }

    fn decode<'a>(&self, stub: &'a [u8]) -> Result<&'a [u8], NdrError> {
        Ok(stub)
    }
}

/// NetrRemoteTOD ([MS-SRVS] 3.1.4.21): short, and open to everyone.
pub struct TimeOfDay;

impl Call for TimeOfDay {
    const INTERFACE: &'static Interface = &SRVSVC;
    const OPNUM: u16 = 28;
    const NAME: &'static str = "NetrRemoteTOD";
    type Reply<'a> = &'a [u8];

    fn encode(&self) -> Result<Vec<u8>, NdrError> {
        Ok(vec![0; 4])
    }

    fn decode<'a>(&self, stub: &'a [u8]) -> Result<&'a [u8], NdrError> {
        Ok(stub)
    }
}

/// The status at the end of a reply.
pub fn status(stub: &[u8]) -> u32 {
    u32::from_le_bytes(stub[stub.len() - 4..].try_into().unwrap())
}

/// A call of any number with any stub, for servers that answer as they please.
pub struct Any(pub Vec<u8>);

impl Call for Any {
    const INTERFACE: &'static Interface = &SRVSVC;
    const OPNUM: u16 = 77;
    const NAME: &'static str = "Any";
    type Reply<'a> = &'a [u8];

    fn encode(&self) -> Result<Vec<u8>, NdrError> {
        Ok(self.0.clone())
    }

    fn decode<'a>(&self, stub: &'a [u8]) -> Result<&'a [u8], NdrError> {
        Ok(stub)
    }
}

/// Bytes in which every misplaced part shows.
pub fn pattern(length: usize) -> Vec<u8> {
    let mut state = 0x2545_f491_u32;
    (0..length)
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        })
        .collect()
}
