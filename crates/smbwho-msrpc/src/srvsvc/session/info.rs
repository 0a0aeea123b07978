//! What is told about one session, at each level.

use smbwho_rpc::ndr::{Wire, wchar_t};
use smbwho_rpc::{ndr_struct, ndr_union};

use super::SessionLevel;
use crate::srvsvc::Container;

ndr_struct! {
    /// [MS-SRVS 2.2.4.11] A session, level 0 (SESSION_INFO_0).
    #[doc(alias = "SESSION_INFO_0")]
    pub struct SessionInfo0<'a> {
        /// The client: a name or an address, often with `\\` before it.
        #[doc(alias = "sesi0_cname")]
        [string, unique] cname: wchar_t,
    }
}

ndr_struct! {
    /// [MS-SRVS 2.2.4.12] A session, level 1 (SESSION_INFO_1).
    #[doc(alias = "SESSION_INFO_1")]
    pub struct SessionInfo1<'a> {
        /// The client: a name or an address, often with `\\` before it.
        #[doc(alias = "sesi1_cname")]
        [string, unique] cname: wchar_t,
        /// The user who established the session.
        #[doc(alias = "sesi1_username")]
        [string, unique] username: wchar_t,
        /// Files, devices and pipes open in it.
        #[doc(alias = "sesi1_num_opens")]
        num_opens: u32,
        /// Seconds since it was established.
        #[doc(alias = "sesi1_time")]
        time: u32,
        /// Seconds since it was last active. Samba always says 0.
        #[doc(alias = "sesi1_idle_time")]
        idle_time: u32,
        /// [`SESS_GUEST`](super::SESS_GUEST), [`SESS_NOENCRYPTION`](super::SESS_NOENCRYPTION).
        #[doc(alias = "sesi1_user_flags")]
        user_flags: u32,
    }
}

ndr_struct! {
    /// [MS-SRVS 2.2.4.13] A session, level 2 (SESSION_INFO_2).
    #[doc(alias = "SESSION_INFO_2")]
    pub struct SessionInfo2<'a> {
        /// The client: a name or an address, often with `\\` before it.
        #[doc(alias = "sesi2_cname")]
        [string, unique] cname: wchar_t,
        /// The user who established the session.
        #[doc(alias = "sesi2_username")]
        [string, unique] username: wchar_t,
        /// Files, devices and pipes open in it.
        #[doc(alias = "sesi2_num_opens")]
        num_opens: u32,
        /// Seconds since it was established.
        #[doc(alias = "sesi2_time")]
        time: u32,
        /// Seconds since it was last active.
        #[doc(alias = "sesi2_idle_time")]
        idle_time: u32,
        /// [`SESS_GUEST`](super::SESS_GUEST), [`SESS_NOENCRYPTION`](super::SESS_NOENCRYPTION).
        #[doc(alias = "sesi2_user_flags")]
        user_flags: u32,
        /// The kind of client, as it named itself.
        #[doc(alias = "sesi2_cltype_name")]
        [string, unique] cltype_name: wchar_t,
    }
}

ndr_struct! {
    /// [MS-SRVS 2.2.4.14] A session, level 10 (SESSION_INFO_10).
    #[doc(alias = "SESSION_INFO_10")]
    pub struct SessionInfo10<'a> {
        /// The client: a name or an address, often with `\\` before it.
        #[doc(alias = "sesi10_cname")]
        [string, unique] cname: wchar_t,
        /// The user who established the session.
        #[doc(alias = "sesi10_username")]
        [string, unique] username: wchar_t,
        /// Seconds since it was established.
        #[doc(alias = "sesi10_time")]
        time: u32,
        /// Seconds since it was last active.
        #[doc(alias = "sesi10_idle_time")]
        idle_time: u32,
    }
}

ndr_struct! {
    /// [MS-SRVS 2.2.4.15] A session, level 502 (SESSION_INFO_502).
    #[doc(alias = "SESSION_INFO_502")]
    pub struct SessionInfo502<'a> {
        /// The client: a name or an address, often with `\\` before it.
        #[doc(alias = "sesi502_cname")]
        [string, unique] cname: wchar_t,
        /// The user who established the session.
        #[doc(alias = "sesi502_username")]
        [string, unique] username: wchar_t,
        /// Files, devices and pipes open in it.
        #[doc(alias = "sesi502_num_opens")]
        num_opens: u32,
        /// Seconds since it was established.
        #[doc(alias = "sesi502_time")]
        time: u32,
        /// Seconds since it was last active.
        #[doc(alias = "sesi502_idle_time")]
        idle_time: u32,
        /// [`SESS_GUEST`](super::SESS_GUEST), [`SESS_NOENCRYPTION`](super::SESS_NOENCRYPTION).
        #[doc(alias = "sesi502_user_flags")]
        user_flags: u32,
        /// The kind of client, as it named itself.
        #[doc(alias = "sesi502_cltype_name")]
        [string, unique] cltype_name: wchar_t,
        /// The transport the client came over.
        #[doc(alias = "sesi502_transport")]
        [string, unique] transport: wchar_t,
    }
}

ndr_union! {
    /// [MS-SRVS 2.2.3.4] Sessions of one level (SESSION_ENUM_UNION).
    #[doc(alias = "SESSION_ENUM_UNION")]
    pub union SessionEnumUnion<'a> {
        /// Level 0.
        [case(0), unique] Level0: Container<'a, SessionInfo0<'a>>,
        /// Level 1.
        [case(1), unique] Level1: Container<'a, SessionInfo1<'a>>,
        /// Level 2.
        [case(2), unique] Level2: Container<'a, SessionInfo2<'a>>,
        /// Level 10.
        [case(10), unique] Level10: Container<'a, SessionInfo10<'a>>,
        /// Level 502.
        [case(502), unique] Level502: Container<'a, SessionInfo502<'a>>,
    }
}

/// What is told about a session at one level.
pub trait SessionInfo<'a>: Wire<'a> {
    /// The level.
    const LEVEL: SessionLevel;
}

impl<'a> SessionInfo<'a> for SessionInfo0<'a> {
    const LEVEL: SessionLevel = SessionLevel::L0;
}

impl<'a> SessionInfo<'a> for SessionInfo1<'a> {
    const LEVEL: SessionLevel = SessionLevel::L1;
}

impl<'a> SessionInfo<'a> for SessionInfo2<'a> {
    const LEVEL: SessionLevel = SessionLevel::L2;
}

impl<'a> SessionInfo<'a> for SessionInfo10<'a> {
    const LEVEL: SessionLevel = SessionLevel::L10;
}

impl<'a> SessionInfo<'a> for SessionInfo502<'a> {
    const LEVEL: SessionLevel = SessionLevel::L502;
}

impl SessionEnumUnion<'_> {
    /// The number of sessions there are.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::Level0(c) => c.map_or(0, |c| c.entries().len()),
            Self::Level1(c) => c.map_or(0, |c| c.entries().len()),
            Self::Level2(c) => c.map_or(0, |c| c.entries().len()),
            Self::Level10(c) => c.map_or(0, |c| c.entries().len()),
            Self::Level502(c) => c.map_or(0, |c| c.entries().len()),
        }
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Sessions announced but not there: `None` if not even the container is.
    pub(super) fn missing(&self) -> Option<u32> {
        match self {
            Self::Level0(c) => c.map(|c| c.missing()),
            Self::Level1(c) => c.map(|c| c.missing()),
            Self::Level2(c) => c.map(|c| c.missing()),
            Self::Level10(c) => c.map(|c| c.missing()),
            Self::Level502(c) => c.map(|c| c.missing()),
        }
    }
}
