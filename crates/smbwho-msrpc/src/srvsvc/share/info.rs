//! What is told about one share, at each level.

use smbwho_rpc::ndr::wchar_t;
use smbwho_rpc::{ndr_struct, ndr_union};

use super::ShareLevel;
use crate::srvsvc::Container;
use crate::srvsvc::container::container_union;

ndr_struct! {
    /// [MS-SRVS 2.2.4.22] A share, level 0 (SHARE_INFO_0).
    #[doc(alias = "SHARE_INFO_0")]
    pub struct ShareInfo0<'a> {
        /// The share's name.
        #[doc(alias = "shi0_netname")]
        [string, unique] netname: wchar_t,
    }
}

ndr_struct! {
    /// [MS-SRVS 2.2.4.23] A share, level 1 (SHARE_INFO_1).
    #[doc(alias = "SHARE_INFO_1")]
    pub struct ShareInfo1<'a> {
        /// The share's name.
        #[doc(alias = "shi1_netname")]
        [string, unique] netname: wchar_t,
        /// What is shared, and how: [`STYPE_DISKTREE`](super::STYPE_DISKTREE) and its bits.
        #[doc(alias = "shi1_type")]
        kind: u32,
        /// A comment.
        #[doc(alias = "shi1_remark")]
        [string, unique] remark: wchar_t,
    }
}

ndr_struct! {
    /// [MS-SRVS 2.2.4.24] A share, level 2 (SHARE_INFO_2).
    #[doc(alias = "SHARE_INFO_2")]
    pub struct ShareInfo2<'a> {
        /// The share's name.
        #[doc(alias = "shi2_netname")]
        [string, unique] netname: wchar_t,
        /// What is shared, and how: [`STYPE_DISKTREE`](super::STYPE_DISKTREE) and its bits.
        #[doc(alias = "shi2_type")]
        kind: u32,
        /// A comment.
        #[doc(alias = "shi2_remark")]
        [string, unique] remark: wchar_t,
        /// Not used with user-level security, which all servers of today have.
        #[doc(alias = "shi2_permissions")]
        permissions: u32,
        /// Connections allowed at once; [`SHI_USES_UNLIMITED`](super::SHI_USES_UNLIMITED).
        #[doc(alias = "shi2_max_uses")]
        max_uses: u32,
        /// Connections there are.
        #[doc(alias = "shi2_current_uses")]
        current_uses: u32,
        /// The folder as the server knows it. Samba writes `C:\` before a Unix path.
        #[doc(alias = "shi2_path")]
        [string, unique] path: wchar_t,
        /// A password, with share-level security. Leave it null.
        #[doc(alias = "shi2_passwd")]
        [string, unique] passwd: wchar_t,
    }
}

ndr_struct! {
    /// [MS-SRVS 2.2.4.25] A share, level 501 (SHARE_INFO_501).
    #[doc(alias = "SHARE_INFO_501")]
    pub struct ShareInfo501<'a> {
        /// The share's name.
        #[doc(alias = "shi501_netname")]
        [string, unique] netname: wchar_t,
        /// What is shared, and how: [`STYPE_DISKTREE`](super::STYPE_DISKTREE) and its bits.
        #[doc(alias = "shi501_type")]
        kind: u32,
        /// A comment.
        #[doc(alias = "shi501_remark")]
        [string, unique] remark: wchar_t,
        /// How clients may cache what is in it ([MS-SRVS] 2.2.2.5).
        #[doc(alias = "shi501_flags")]
        flags: u32,
    }
}

ndr_struct! {
    /// [MS-SRVS 2.2.4.26] A share, level 502 (SHARE_INFO_502_I).
    #[doc(alias = "SHARE_INFO_502_I")]
    pub struct ShareInfo502<'a> {
        /// The share's name.
        #[doc(alias = "shi502_netname")]
        [string, unique] netname: wchar_t,
        /// What is shared, and how: [`STYPE_DISKTREE`](super::STYPE_DISKTREE) and its bits.
        #[doc(alias = "shi502_type")]
        kind: u32,
        /// A comment.
        #[doc(alias = "shi502_remark")]
        [string, unique] remark: wchar_t,
        /// Not used with user-level security, which all servers of today have.
        #[doc(alias = "shi502_permissions")]
        permissions: u32,
        /// Connections allowed at once; [`SHI_USES_UNLIMITED`](super::SHI_USES_UNLIMITED).
        #[doc(alias = "shi502_max_uses")]
        max_uses: u32,
        /// Connections there are.
        #[doc(alias = "shi502_current_uses")]
        current_uses: u32,
        /// The folder as the server knows it. Samba writes `C:\` before a Unix path.
        #[doc(alias = "shi502_path")]
        [string, unique] path: wchar_t,
        /// A password, with share-level security. Leave it null.
        #[doc(alias = "shi502_passwd")]
        [string, unique] passwd: wchar_t,
        /// Bytes in `security_descriptor`.
        #[doc(alias = "shi502_reserved")]
        reserved: u32,
        /// Who may use the share: a self-relative security descriptor ([MS-DTYP] 2.4.6).
        #[doc(alias = "shi502_security_descriptor")]
        [size_is(reserved), unique] security_descriptor: u8,
    }
}

ndr_struct! {
    /// [MS-SRVS 2.2.4.27] A share, level 503 (SHARE_INFO_503_I).
    #[doc(alias = "SHARE_INFO_503_I")]
    pub struct ShareInfo503<'a> {
        /// The share's name.
        #[doc(alias = "shi503_netname")]
        [string, unique] netname: wchar_t,
        /// What is shared, and how: [`STYPE_DISKTREE`](super::STYPE_DISKTREE) and its bits.
        #[doc(alias = "shi503_type")]
        kind: u32,
        /// A comment.
        #[doc(alias = "shi503_remark")]
        [string, unique] remark: wchar_t,
        /// Not used with user-level security, which all servers of today have.
        #[doc(alias = "shi503_permissions")]
        permissions: u32,
        /// Connections allowed at once; [`SHI_USES_UNLIMITED`](super::SHI_USES_UNLIMITED).
        #[doc(alias = "shi503_max_uses")]
        max_uses: u32,
        /// Connections there are.
        #[doc(alias = "shi503_current_uses")]
        current_uses: u32,
        /// The folder as the server knows it. Samba writes `C:\` before a Unix path.
        #[doc(alias = "shi503_path")]
        [string, unique] path: wchar_t,
        /// A password, with share-level security. Leave it null.
        #[doc(alias = "shi503_passwd")]
        [string, unique] passwd: wchar_t,
        /// The server or scope the share belongs to; `*` for every one.
        #[doc(alias = "shi503_servername")]
        [string, unique] servername: wchar_t,
        /// Bytes in `security_descriptor`.
        #[doc(alias = "shi503_reserved")]
        reserved: u32,
        /// Who may use the share: a self-relative security descriptor ([MS-DTYP] 2.4.6).
        #[doc(alias = "shi503_security_descriptor")]
        [size_is(reserved), unique] security_descriptor: u8,
    }
}

ndr_struct! {
    /// [MS-SRVS 2.2.4.28] A share's comment, level 1004 (SHARE_INFO_1004).
    #[doc(alias = "SHARE_INFO_1004")]
    pub struct ShareInfo1004<'a> {
        /// A comment.
        #[doc(alias = "shi1004_remark")]
        [string, unique] remark: wchar_t,
    }
}

ndr_struct! {
    /// [MS-SRVS 2.2.4.29] A share's flags, level 1005 (SHARE_INFO_1005).
    #[doc(alias = "SHARE_INFO_1005")]
    pub struct ShareInfo1005 {
        /// How clients may cache what is in it, whether it is encrypted and the like ([MS-SRVS] 2.2.2.5, 2.2.4.29).
        #[doc(alias = "shi1005_flags")]
        flags: u32,
    }
}

ndr_struct! {
    /// [MS-SRVS 2.2.4.30] A share's limit, level 1006 (SHARE_INFO_1006).
    #[doc(alias = "SHARE_INFO_1006")]
    pub struct ShareInfo1006 {
        /// Connections allowed at once; [`SHI_USES_UNLIMITED`](super::SHI_USES_UNLIMITED).
        #[doc(alias = "shi1006_max_uses")]
        max_uses: u32,
    }
}

ndr_struct! {
    /// [MS-SRVS 2.2.4.31] A share's security, level 1501 (SHARE_INFO_1501_I).
    #[doc(alias = "SHARE_INFO_1501_I")]
    pub struct ShareInfo1501<'a> {
        /// Bytes in `security_descriptor`.
        #[doc(alias = "shi1501_reserved")]
        reserved: u32,
        /// Who may use the share: a self-relative security descriptor ([MS-DTYP] 2.4.6).
        #[doc(alias = "shi1501_security_descriptor")]
        [size_is(reserved), unique] security_descriptor: u8,
    }
}

ndr_union! {
    /// [MS-SRVS 2.2.3.5] Shares of one level (SHARE_ENUM_UNION).
    #[doc(alias = "SHARE_ENUM_UNION")]
    pub union ShareEnumUnion<'a> {
        /// Level 0.
        [case(0), unique] Level0: Container<'a, ShareInfo0<'a>>,
        /// Level 1.
        [case(1), unique] Level1: Container<'a, ShareInfo1<'a>>,
        /// Level 2.
        [case(2), unique] Level2: Container<'a, ShareInfo2<'a>>,
        /// Level 501.
        [case(501), unique] Level501: Container<'a, ShareInfo501<'a>>,
        /// Level 502.
        [case(502), unique] Level502: Container<'a, ShareInfo502<'a>>,
        /// Level 503.
        [case(503), unique] Level503: Container<'a, ShareInfo503<'a>>,
    }
}

container_union!(
    ShareEnumUnion,
    ShareLevel: Level0 = L0,
    Level1 = L1,
    Level2 = L2,
    Level501 = L501,
    Level502 = L502,
    Level503 = L503,
);

ndr_union! {
    /// [MS-SRVS 2.2.3.6] One share, or what to change of it (SHARE_INFO).
    #[doc(alias = "SHARE_INFO")]
    pub union ShareInfo<'a> {
        /// Level 0.
        [case(0), unique] Level0: ShareInfo0<'a>,
        /// Level 1.
        [case(1), unique] Level1: ShareInfo1<'a>,
        /// Level 2.
        [case(2), unique] Level2: ShareInfo2<'a>,
        /// Level 501.
        [case(501), unique] Level501: ShareInfo501<'a>,
        /// Level 502.
        [case(502), unique] Level502: ShareInfo502<'a>,
        /// Level 503.
        [case(503), unique] Level503: ShareInfo503<'a>,
        /// Level 1004.
        [case(1004), unique] Level1004: ShareInfo1004<'a>,
        /// Level 1005.
        [case(1005), unique] Level1005: ShareInfo1005,
        /// Level 1006.
        [case(1006), unique] Level1006: ShareInfo1006,
        /// Level 1501.
        [case(1501), unique] Level1501: ShareInfo1501<'a>,
    }
}

impl ShareInfo<'_> {
    /// No share of a level; `None` if there is no such level.
    pub(super) fn null(level: u32) -> Option<Self> {
        match level {
            0 => Some(Self::Level0(None)),
            1 => Some(Self::Level1(None)),
            2 => Some(Self::Level2(None)),
            501 => Some(Self::Level501(None)),
            502 => Some(Self::Level502(None)),
            503 => Some(Self::Level503(None)),
            1004 => Some(Self::Level1004(None)),
            1005 => Some(Self::Level1005(None)),
            1006 => Some(Self::Level1006(None)),
            1501 => Some(Self::Level1501(None)),
            _ => None,
        }
    }

    /// Whether the pointer is null, as with an error status.
    #[must_use]
    pub fn is_null(&self) -> bool {
        match self {
            Self::Level0(info) => info.is_none(),
            Self::Level1(info) => info.is_none(),
            Self::Level2(info) => info.is_none(),
            Self::Level501(info) => info.is_none(),
            Self::Level502(info) => info.is_none(),
            Self::Level503(info) => info.is_none(),
            Self::Level1004(info) => info.is_none(),
            Self::Level1005(info) => info.is_none(),
            Self::Level1006(info) => info.is_none(),
            Self::Level1501(info) => info.is_none(),
        }
    }
}
