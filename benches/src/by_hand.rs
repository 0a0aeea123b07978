//! The decoder that the declared one is measured against: written by hand for one structure, with
//! every check the declared codec makes, in safe Rust.

use smbwho_msrpc::srvsvc::session::{SessionInfo1, SessionInfo10, SessionInfo502, SessionLevel};
use smbwho_rpc::ndr::WStr;
use std::hint::black_box;

fn u32_at(stub: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(*stub.get(at..)?.first_chunk()?))
}

/// A text at `at`, if its pointer is not null, with every check the declared codec makes.
#[inline(always)]
fn text<'a>(stub: &'a [u8], pointer: u32, at: &mut usize) -> Option<Option<WStr<'a>>> {
    if pointer == 0 {
        return Some(None);
    }
    let start = at.checked_add(3)? & !3;
    let head: &[u8; 12] = stub.get(start..)?.first_chunk()?;
    let word = |n: usize| u32::from_le_bytes([head[n], head[n + 1], head[n + 2], head[n + 3]]);
    let (max, offset, actual) = (word(0), word(4), word(8));
    if offset != 0 || actual > max || actual > 65_536 {
        return None;
    }
    let begin = start.checked_add(12)?;
    let end = begin.checked_add(actual as usize * 2)?;
    let (text, [0, 0]) = stub.get(begin..end)?.split_last_chunk()? else {
        return None;
    };
    *at = end;
    Some(Some(WStr::from_utf16le(text)?))
}

/// By hand: the sessions of a good reply at `SIZE` bytes each, `make` taking a fixed part and the
/// place of the texts, each given out as it is found good.
#[inline(always)]
fn by_hand<'a, T, const SIZE: usize>(
    stub: &'a [u8],
    make: impl Fn(&'a [u8], &'a [u8; SIZE], &mut usize) -> Option<T>,
    mut each: impl FnMut(T),
) -> Option<()> {
    let count = u32_at(stub, 20)? as usize;
    let mut at = 24 + count.checked_mul(SIZE)?;
    for part in stub.get(24..at)?.as_chunks::<SIZE>().0 {
        each(make(stub, part, &mut at)?);
    }
    let at = at.checked_add(3)? & !3;
    if u32_at(stub, at + 12)? != 0 || at + 16 != stub.len() {
        return None;
    }
    Some(())
}

#[inline(always)]
fn info_10<'a>(stub: &'a [u8], part: &'a [u8; 16], at: &mut usize) -> Option<SessionInfo10<'a>> {
    Some(SessionInfo10 {
        cname: text(stub, u32_at(part, 0)?, at)?,
        username: text(stub, u32_at(part, 4)?, at)?,
        time: u32_at(part, 8)?,
        idle_time: u32_at(part, 12)?,
    })
}

#[inline(always)]
fn info_502<'a>(stub: &'a [u8], part: &'a [u8; 32], at: &mut usize) -> Option<SessionInfo502<'a>> {
    Some(SessionInfo502 {
        cname: text(stub, u32_at(part, 0)?, at)?,
        username: text(stub, u32_at(part, 4)?, at)?,
        num_opens: u32_at(part, 8)?,
        time: u32_at(part, 12)?,
        idle_time: u32_at(part, 16)?,
        user_flags: u32_at(part, 20)?,
        cltype_name: text(stub, u32_at(part, 24)?, at)?,
        transport: text(stub, u32_at(part, 28)?, at)?,
    })
}

#[inline(always)]
fn info_1<'a>(stub: &'a [u8], part: &'a [u8; 24], at: &mut usize) -> Option<SessionInfo1<'a>> {
    Some(SessionInfo1 {
        cname: text(stub, u32_at(part, 0)?, at)?,
        username: text(stub, u32_at(part, 4)?, at)?,
        num_opens: u32_at(part, 8)?,
        time: u32_at(part, 12)?,
        idle_time: u32_at(part, 16)?,
        user_flags: u32_at(part, 20)?,
    })
}

/// Decodes a reply of level 1, 10 or 502.
///
/// # Panics
/// When it is none.
pub fn decode(stub: &[u8], level: SessionLevel) {
    let done = match level {
        SessionLevel::L1 => by_hand(stub, info_1, |s| {
            let _ = black_box(s);
        }),
        SessionLevel::L10 => by_hand(stub, info_10, |s| {
            let _ = black_box(s);
        }),
        SessionLevel::L502 => by_hand(stub, info_502, |s| {
            let _ = black_box(s);
        }),
        _ => None,
    };
    done.expect("a good reply");
}

/// Finds the names of clients and users in a reply of level 1 or 10, in one pass.
///
/// # Panics
/// When it is none.
#[inline(always)]
pub fn names<'a>(stub: &'a [u8], level: SessionLevel, mut each: impl FnMut(WStr<'a>)) {
    let size = if level == SessionLevel::L1 { 24 } else { 16 };
    let mut find = || {
        let count = u32_at(stub, 20)? as usize;
        let mut at = 24 + count.checked_mul(size)?;
        for part in stub.get(24..at)?.chunks_exact(size) {
            for pointer in [u32_at(part, 0)?, u32_at(part, 4)?] {
                text(stub, pointer, &mut at)?
                    .into_iter()
                    .for_each(&mut each);
            }
        }
        Some(())
    };
    find().expect("a good reply");
}
