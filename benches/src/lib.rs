//! What the benchmarks, the counts of CI and `benches/compare` share.
//!
//! Replies are made by the testkit's encoder, which is not ours to measure. One file of bytes goes
//! to every decoder that is compared.

pub mod by_hand;
pub mod counted;

use smbwho::Session;
use smbwho_msrpc::srvsvc::session::{
    NetrSessionEnum, SessionInfo1, SessionInfo10, SessionInfo502, SessionLevel,
};
use smbwho_testkit::{LabSession, SessionReply};
use std::hint::black_box;

/// Sessions as a busy file server has them: addresses, and names of some thirteen letters.
#[must_use]
pub fn sessions(count: u32) -> Vec<LabSession> {
    (0..count)
        .map(|n| {
            let client = format!(r"\\10.{}.{}.{}", n >> 16, (n >> 8) & 255, n & 255);
            LabSession {
                opens: n % 7,
                active_secs: n,
                idle_secs: n / 2,
                client_type: Some(Vec::new()),
                ..LabSession::new(&client, &format!("some.user{}", n % 5000))
            }
        })
        .collect()
}

/// The stub of a reply that tells so many [`sessions`] at a level.
#[must_use]
pub fn reply(count: u32, level: SessionLevel) -> Vec<u8> {
    SessionReply {
        level: level.number(),
        sessions: Some(&sessions(count)),
        total: count,
        resume: Some(0),
        status: 0,
    }
    .encode()
}

/// The request that such a reply answers.
#[must_use]
pub fn request(level: SessionLevel) -> NetrSessionEnum<'static> {
    NetrSessionEnum {
        server_name: None,
        client_name: None,
        user_name: None,
        level,
        preferred_maximum_length: u32::MAX,
        resume_handle: Some(0),
    }
}

/// The declared codec: every session as a view into the stub.
///
/// # Panics
/// When the stub is not a reply of level 1, 10 or 502.
pub fn borrowed(stub: &[u8], level: SessionLevel) {
    let made = match level {
        SessionLevel::L1 => NetrSessionEnum::decode_rows(stub, view::<SessionInfo1<'_>>),
        SessionLevel::L10 => NetrSessionEnum::decode_rows(stub, view::<SessionInfo10<'_>>),
        SessionLevel::L502 => NetrSessionEnum::decode_rows(stub, view::<SessionInfo502<'_>>),
        _ => panic!("another level"),
    };
    let _ = black_box(made.expect("a good reply"));
}

fn view<T>(session: T) {
    let _ = black_box(session);
}

/// The library's rows.
///
/// # Panics
/// When the stub is not a reply of this level.
#[must_use]
pub fn rows(stub: &[u8], level: SessionLevel) -> Vec<Session> {
    smbwho::measure::sessions(level.number(), stub).expect("a good reply")
}

/// The least that any decoder into text must do: each name found in the reply and narrowed to ASCII
/// by a plain loop, into one buffer that is thrown away.
///
/// # Panics
/// When the stub is not a reply of level 1 or 10.
pub fn narrow(stub: &[u8], level: SessionLevel) {
    let mut buffer = [0u8; 64];
    by_hand::names(stub, level, |name| {
        let mut seen = 0;
        for (narrow, unit) in buffer.iter_mut().zip(name.units()) {
            seen |= unit;
            *narrow = unit as u8;
        }
        let _ = black_box((seen, &buffer));
    });
}
