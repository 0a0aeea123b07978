//! One share: asked for, made, changed, removed.

use smbwho_msrpc::srvsvc::share::{
    NetrShareAddReply, NetrShareAddRequest, NetrShareDelReply, NetrShareDelRequest,
    NetrShareGetInfoReply, NetrShareGetInfoRequest, NetrShareSetInfoReply, NetrShareSetInfoRequest,
    ShareInfo as ShareUnion, ShareInfo0, ShareInfo1, ShareInfo2, ShareInfo501, ShareInfo502,
    ShareInfo503,
};
use smbwho_rpc::ndr::{Array, WStr};
use smbwho_windows::{ERROR_INVALID_LEVEL, NewShare, ShareChange, ShareInfo, WideArg};

use super::{Inner, NoReply, needed, wire};

/// What a whole share is made of, owned for the length of a call.
struct Whole {
    netname: WideArg,
    kind: u32,
    remark: WideArg,
    permissions: u32,
    max_uses: u32,
    path: WideArg,
    security: Option<Vec<u8>>,
}

impl Whole {
    /// Of level 2 or 502; `None` of any other.
    fn of(info: &ShareUnion<'_>) -> Option<Self> {
        match info {
            ShareUnion::Level2(Some(info)) => Some(Self {
                netname: needed(info.netname),
                kind: info.kind,
                remark: needed(info.remark),
                permissions: info.permissions,
                max_uses: info.max_uses,
                path: needed(info.path),
                security: None,
            }),
            ShareUnion::Level502(Some(info)) => Some(Self {
                netname: needed(info.netname),
                kind: info.kind,
                remark: needed(info.remark),
                permissions: info.permissions,
                max_uses: info.max_uses,
                path: needed(info.path),
                security: info.security_descriptor.map(bytes),
            }),
            _ => None,
        }
    }

    fn as_new(&self) -> NewShare<'_> {
        NewShare {
            netname: &self.netname,
            kind: self.kind,
            remark: &self.remark,
            permissions: self.permissions,
            max_uses: self.max_uses,
            path: &self.path,
            security: self.security.as_deref(),
        }
    }
}

fn bytes(array: Array<'_, u8>) -> Vec<u8> {
    array.as_bytes().to_vec()
}

impl Inner {
    pub(super) fn share_get_info(&self, request: &[u8]) -> Result<Vec<u8>, NoReply> {
        let asked = NetrShareGetInfoRequest::from_stub(request)?;
        let name = needed(Some(asked.net_name));
        let told = self
            .network
            .share_get_info(self.server.as_ref(), &name, asked.level);
        let (share, status) = match &told {
            Ok(share) => (Some(share), 0),
            Err(status) => (None, *status),
        };
        let info = match asked.level {
            0 => ShareUnion::Level0(share.map(share_0)),
            1 => ShareUnion::Level1(share.map(share_1)),
            2 => ShareUnion::Level2(share.map(share_2)),
            501 => ShareUnion::Level501(share.map(share_501)),
            502 => ShareUnion::Level502(share.map(share_502)),
            503 => ShareUnion::Level503(share.map(share_503)),
            _ => return Err(NoReply::NoFunction),
        };
        Ok(NetrShareGetInfoReply { info, status }.to_stub()?)
    }

    pub(super) fn share_add(&self, request: &[u8]) -> Result<Vec<u8>, NoReply> {
        let asked = NetrShareAddRequest::from_stub(request)?;
        let (status, parameter) = match Whole::of(&asked.info) {
            Some(share) => self
                .network
                .share_add(self.server.as_ref(), &share.as_new()),
            None => (ERROR_INVALID_LEVEL, 0),
        };
        let parm_err = Some(parameter);
        Ok(NetrShareAddReply { parm_err, status }.to_stub()?)
    }

    pub(super) fn share_set_info(&self, request: &[u8]) -> Result<Vec<u8>, NoReply> {
        let asked = NetrShareSetInfoRequest::from_stub(request)?;
        let name = needed(Some(asked.net_name));
        let set = |change: ShareChange<'_>| {
            self.network
                .share_set_info(self.server.as_ref(), &name, &change)
        };
        let (status, parameter) = match &asked.info {
            ShareUnion::Level1004(Some(info)) => set(ShareChange::Remark(&needed(info.remark))),
            ShareUnion::Level1005(Some(info)) => set(ShareChange::Flags(info.flags)),
            ShareUnion::Level1006(Some(info)) => set(ShareChange::MaxUses(info.max_uses)),
            ShareUnion::Level1501(Some(info)) => match info.security_descriptor.map(bytes) {
                Some(bytes) => set(ShareChange::Security(&bytes)),
                None => (ERROR_INVALID_LEVEL, 0),
            },
            ShareUnion::Level2(Some(_)) => match Whole::of(&asked.info) {
                Some(share) => set(ShareChange::Level2(share.as_new())),
                None => (ERROR_INVALID_LEVEL, 0),
            },
            // The library sends no other.
            _ => (ERROR_INVALID_LEVEL, 0),
        };
        let parm_err = Some(parameter);
        Ok(NetrShareSetInfoReply { parm_err, status }.to_stub()?)
    }

    pub(super) fn share_del(&self, request: &[u8]) -> Result<Vec<u8>, NoReply> {
        let asked = NetrShareDelRequest::from_stub(request)?;
        let name = needed(Some(asked.net_name));
        let status = self.network.share_del(self.server.as_ref(), &name);
        Ok(NetrShareDelReply { status }.to_stub()?)
    }
}

pub(super) fn share_0(row: &ShareInfo) -> ShareInfo0<'_> {
    ShareInfo0 {
        netname: wire(&row.netname),
    }
}

pub(super) fn share_1(row: &ShareInfo) -> ShareInfo1<'_> {
    ShareInfo1 {
        netname: wire(&row.netname),
        kind: row.kind,
        remark: wire(&row.remark),
    }
}

pub(super) fn share_501(row: &ShareInfo) -> ShareInfo501<'_> {
    ShareInfo501 {
        netname: wire(&row.netname),
        kind: row.kind,
        remark: wire(&row.remark),
        flags: row.flags,
    }
}

/// What the calls leave out: see [`ShareInfo`].
const NO_PASSWORD: Option<WStr<'static>> = None;

pub(super) fn share_2(row: &ShareInfo) -> ShareInfo2<'_> {
    ShareInfo2 {
        netname: wire(&row.netname),
        kind: row.kind,
        remark: wire(&row.remark),
        permissions: row.permissions,
        max_uses: row.max_uses,
        current_uses: row.current_uses,
        path: wire(&row.path),
        passwd: NO_PASSWORD,
    }
}

pub(super) fn share_502(row: &ShareInfo) -> ShareInfo502<'_> {
    let (reserved, security_descriptor) = security(row);
    ShareInfo502 {
        netname: wire(&row.netname),
        kind: row.kind,
        remark: wire(&row.remark),
        permissions: row.permissions,
        max_uses: row.max_uses,
        current_uses: row.current_uses,
        path: wire(&row.path),
        passwd: NO_PASSWORD,
        reserved,
        security_descriptor,
    }
}

pub(super) fn share_503(row: &ShareInfo) -> ShareInfo503<'_> {
    let (reserved, security_descriptor) = security(row);
    ShareInfo503 {
        netname: wire(&row.netname),
        kind: row.kind,
        remark: wire(&row.remark),
        permissions: row.permissions,
        max_uses: row.max_uses,
        current_uses: row.current_uses,
        path: wire(&row.path),
        passwd: NO_PASSWORD,
        servername: wire(&row.servername),
        reserved,
        security_descriptor,
    }
}

fn security(row: &ShareInfo) -> (u32, Option<Array<'_, u8>>) {
    match &row.security {
        // A descriptor of the system's is never so long.
        Some(bytes) => (
            u32::try_from(bytes.len()).unwrap_or(u32::MAX),
            Some(Array::from(&bytes[..])),
        ),
        None => (0, None),
    }
}
