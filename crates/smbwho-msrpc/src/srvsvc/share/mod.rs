//! [MS-SRVS 3.1.4.7 to 3.1.4.12] Shares: what there is (NetrShareEnum, NetrShareGetInfo), and
//! changing it (NetrShareAdd, NetrShareSetInfo, NetrShareDel).

mod add;
mod delete;
mod enumerate;
mod get_info;
mod info;
mod set_info;

pub use add::{NetrShareAdd, NetrShareAddReply, NetrShareAddRequest, NewShare};
pub use delete::{NetrShareDel, NetrShareDelReply, NetrShareDelRequest};
pub use enumerate::{NetrShareEnum, NetrShareEnumReply, NetrShareEnumRequest};
pub use get_info::{NetrShareGetInfo, NetrShareGetInfoReply, NetrShareGetInfoRequest};
pub use info::{
    ShareEnumUnion, ShareInfo, ShareInfo0, ShareInfo1, ShareInfo2, ShareInfo501, ShareInfo502,
    ShareInfo503, ShareInfo1004, ShareInfo1005, ShareInfo1006, ShareInfo1501,
};
pub use set_info::{NetrShareSetInfo, NetrShareSetInfoReply, NetrShareSetInfoRequest, ShareChange};

use crate::levels::levels;

/// In `kind`: the lower bits, which say what is shared (STYPE_MASK).
pub const STYPE_MASK: u32 = 0x0000_00ff;
/// In `kind`: a folder.
pub const STYPE_DISKTREE: u32 = 0;
/// In `kind`: a print queue.
pub const STYPE_PRINTQ: u32 = 1;
/// In `kind`: a device.
pub const STYPE_DEVICE: u32 = 2;
/// In `kind`: pipes.
pub const STYPE_IPC: u32 = 3;
/// In `kind`: a share of a cluster.
pub const STYPE_CLUSTER_FS: u32 = 0x0200_0000;
/// In `kind`: a share of a scale-out cluster.
pub const STYPE_CLUSTER_SOFS: u32 = 0x0400_0000;
/// In `kind`: a DFS share of a cluster.
pub const STYPE_CLUSTER_DFS: u32 = 0x0800_0000;
/// In `kind`: not kept over a restart.
pub const STYPE_TEMPORARY: u32 = 0x4000_0000;
/// In `kind`: for administration, such as `C$`, `ADMIN$` and `IPC$`.
pub const STYPE_SPECIAL: u32 = 0x8000_0000;

/// In `max_uses`: no limit.
pub const SHI_USES_UNLIMITED: u32 = 0xffff_ffff;

/// In the flags of levels 501 and 1005: the bits of client-side caching.
pub const CSC_MASK: u32 = 0x30;
/// Clients may cache by hand.
pub const CSC_CACHE_MANUAL_REINT: u32 = 0x00;
/// Clients cache what is opened.
pub const CSC_CACHE_AUTO_REINT: u32 = 0x10;
/// Clients cache what is opened and work from the cache, offline or not.
pub const CSC_CACHE_VDO: u32 = 0x20;
/// Clients must not cache.
pub const CSC_CACHE_NONE: u32 = 0x30;
/// In the flags of level 1005: part of a DFS tree.
pub const SHI1005_FLAGS_DFS: u32 = 0x0001;
/// In the flags of level 1005: root of a DFS tree.
pub const SHI1005_FLAGS_DFS_ROOT: u32 = 0x0002;
/// In the flags of level 1005: no exclusive opens.
pub const SHI1005_FLAGS_RESTRICT_EXCLUSIVE_OPENS: u32 = 0x0100;
/// In the flags of level 1005: all opens share deletion.
pub const SHI1005_FLAGS_FORCE_SHARED_DELETE: u32 = 0x0200;
/// In the flags of level 1005: clients may cache the names in folders.
pub const SHI1005_FLAGS_ALLOW_NAMESPACE_CACHING: u32 = 0x0400;
/// In the flags of level 1005: users see only what they may use.
pub const SHI1005_FLAGS_ACCESS_BASED_DIRECTORY_ENUM: u32 = 0x0800;
/// In the flags of level 1005: only read oplocks.
pub const SHI1005_FLAGS_FORCE_LEVELII_OPLOCK: u32 = 0x1000;
/// In the flags of level 1005: hashes for branch caches.
pub const SHI1005_FLAGS_ENABLE_HASH: u32 = 0x2000;
/// In the flags of level 1005: continuously available.
pub const SHI1005_FLAGS_ENABLE_CA: u32 = 0x4000;
/// In the flags of level 1005: only over encrypted connections.
pub const SHI1005_FLAGS_ENCRYPT_DATA: u32 = 0x8000;

levels! {
    /// How much to tell about a share ([MS-SRVS] 2.2.4.38; 2.2.3.6 for 1005, which only
    /// [`NetrShareGetInfo`] has).
    pub enum ShareLevel {
        /// The name only.
        L0 = 0,
        /// Name, kind and comment.
        L1 = 1,
        /// Level 1, limit, users and path. For administrators.
        L2 = 2,
        /// Level 1 and caching.
        L501 = 501,
        /// Level 2 and the security descriptor.
        L502 = 502,
        /// Level 502 and the server's name. Samba does not know it.
        L503 = 503,
    }
}

/// The member that a server disliked, by the number in `parm_err` ([MS-SRVS] 2.2.2.11): `path`
/// for 8 (SHARE_PATH_PARMNUM). Named as the fields here are.
#[must_use]
pub const fn parameter_name(parm_err: u32) -> Option<&'static str> {
    match parm_err {
        1 => Some("netname"),
        3 => Some("kind"),
        4 => Some("remark"),
        5 => Some("permissions"),
        6 => Some("max_uses"),
        7 => Some("current_uses"),
        8 => Some("path"),
        9 => Some("passwd"),
        501 => Some("security_descriptor"),
        _ => None,
    }
}
