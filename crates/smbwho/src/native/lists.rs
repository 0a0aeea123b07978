//! The lists: sessions, connections, open files, shares, users logged on; and
//! what is done to one of their entries.

use smbwho_msrpc::srvsvc::Container;
use smbwho_msrpc::srvsvc::connection::{
    ConnectEnumUnion, ConnectionInfo0, ConnectionInfo1, NetrConnectionEnumReply,
    NetrConnectionEnumRequest,
};
use smbwho_msrpc::srvsvc::file::{
    FileEnumUnion, FileInfo as FileUnion, FileInfo2, FileInfo3, NetrFileCloseReply,
    NetrFileCloseRequest, NetrFileEnumReply, NetrFileEnumRequest, NetrFileGetInfoReply,
    NetrFileGetInfoRequest,
};
use smbwho_msrpc::srvsvc::session::{
    NetrSessionDelReply, NetrSessionDelRequest, NetrSessionEnumReply, NetrSessionEnumRequest,
    SessionEnumUnion, SessionInfo0, SessionInfo1, SessionInfo2, SessionInfo10, SessionInfo502,
};
use smbwho_msrpc::srvsvc::share::{NetrShareEnumReply, NetrShareEnumRequest, ShareEnumUnion};
use smbwho_msrpc::wkssvc::user::{
    NetrWkstaUserEnumReply, NetrWkstaUserEnumRequest, WkstaUserEnumUnion, WkstaUserInfo0,
    WkstaUserInfo1,
};
use smbwho_windows::{At, ConnectionInfo, FileInfo, SessionInfo, WkstaUserInfo};

use super::shares::{share_0, share_1, share_2, share_501, share_502, share_503};
use super::{Inner, NoReply, argument, needed, wire};

/// The reply with a page's rows in the union's arm of the level asked.
macro_rules! reply {
    ($page:ident, $level:expr, $reply:expr; $( $number:literal => $arm:path, $entry:path; )+) => {
        match $level {
            $( $number => {
                let entries: Vec<_> = $page.rows.iter().map($entry).collect();
                Ok($reply($arm(Some(Container::of(&entries)?))).to_stub()?)
            } )+
            // The request would not have been read.
            _ => Err(NoReply::NoFunction),
        }
    };
}

/// Where a list of 32-bit handles goes on.
fn at(level: u32, preferred_length: u32, resume: Option<u32>) -> At {
    At {
        level,
        preferred_length,
        resume: resume.unwrap_or(0) as usize,
    }
}

/// A 32-bit handle of the system's, back on the wire.
fn narrow(resume: usize) -> Option<u32> {
    Some(u32::try_from(resume).unwrap_or(u32::MAX))
}

impl Inner {
    pub(super) fn session_enum(&self, request: &[u8]) -> Result<Vec<u8>, NoReply> {
        let asked = NetrSessionEnumRequest::from_stub(request)?;
        let level = asked.level;
        let page = self.network.session_enum(
            self.server.as_ref(),
            argument(asked.client_name).as_ref(),
            argument(asked.user_name).as_ref(),
            at(level, asked.preferred_maximum_length, asked.resume_handle),
        );
        let reply = |sessions| NetrSessionEnumReply {
            level,
            sessions,
            total_entries: page.total,
            resume_handle: narrow(page.resume),
            status: page.status,
        };
        reply! { page, level, reply;
            0 => SessionEnumUnion::Level0, session_0;
            1 => SessionEnumUnion::Level1, session_1;
            2 => SessionEnumUnion::Level2, session_2;
            10 => SessionEnumUnion::Level10, session_10;
            502 => SessionEnumUnion::Level502, session_502;
        }
    }

    pub(super) fn session_del(&self, request: &[u8]) -> Result<Vec<u8>, NoReply> {
        let asked = NetrSessionDelRequest::from_stub(request)?;
        let status = self.network.session_del(
            self.server.as_ref(),
            argument(asked.client_name).as_ref(),
            argument(asked.user_name).as_ref(),
        );
        Ok(NetrSessionDelReply { status }.to_stub()?)
    }

    pub(super) fn connection_enum(&self, request: &[u8]) -> Result<Vec<u8>, NoReply> {
        let asked = NetrConnectionEnumRequest::from_stub(request)?;
        let level = asked.level;
        let page = self.network.connection_enum(
            self.server.as_ref(),
            &needed(asked.qualifier),
            at(level, asked.preferred_maximum_length, asked.resume_handle),
        );
        let reply = |connections| NetrConnectionEnumReply {
            level,
            connections,
            total_entries: page.total,
            resume_handle: narrow(page.resume),
            status: page.status,
        };
        reply! { page, level, reply;
            0 => ConnectEnumUnion::Level0, connection_0;
            1 => ConnectEnumUnion::Level1, connection_1;
        }
    }

    pub(super) fn file_enum(&self, request: &[u8]) -> Result<Vec<u8>, NoReply> {
        let asked = NetrFileEnumRequest::from_stub(request)?;
        let level = asked.level;
        let resume = self.handles().handle(asked.resume_handle.unwrap_or(0));
        let page = self.network.file_enum(
            self.server.as_ref(),
            argument(asked.base_path).as_ref(),
            argument(asked.user_name).as_ref(),
            At {
                level,
                preferred_length: asked.preferred_maximum_length,
                resume,
            },
        );
        let resume_handle = Some(self.handles().number(page.resume));
        let reply = |files| NetrFileEnumReply {
            level,
            files,
            total_entries: page.total,
            resume_handle,
            status: page.status,
        };
        reply! { page, level, reply;
            2 => FileEnumUnion::Level2, file_2;
            3 => FileEnumUnion::Level3, file_3;
        }
    }

    pub(super) fn file_get_info(&self, request: &[u8]) -> Result<Vec<u8>, NoReply> {
        let asked = NetrFileGetInfoRequest::from_stub(request)?;
        let told = self
            .network
            .file_get_info(self.server.as_ref(), asked.file_id, asked.level);
        let (file, status) = match &told {
            Ok(file) => (Some(file), 0),
            Err(status) => (None, *status),
        };
        let info = match asked.level {
            2 => FileUnion::Level2(file.map(file_2)),
            _ => FileUnion::Level3(file.map(file_3)),
        };
        Ok(NetrFileGetInfoReply { info, status }.to_stub()?)
    }

    pub(super) fn file_close(&self, request: &[u8]) -> Result<Vec<u8>, NoReply> {
        let asked = NetrFileCloseRequest::from_stub(request)?;
        let status = self.network.file_close(self.server.as_ref(), asked.file_id);
        Ok(NetrFileCloseReply { status }.to_stub()?)
    }

    pub(super) fn share_enum(&self, request: &[u8]) -> Result<Vec<u8>, NoReply> {
        let asked = NetrShareEnumRequest::from_stub(request)?;
        let level = asked.level;
        let at = at(level, asked.preferred_maximum_length, asked.resume_handle);
        let page = self.network.share_enum(self.server.as_ref(), at);
        let reply = |shares| NetrShareEnumReply {
            level,
            shares,
            total_entries: page.total,
            resume_handle: narrow(page.resume),
            status: page.status,
        };
        reply! { page, level, reply;
            0 => ShareEnumUnion::Level0, share_0;
            1 => ShareEnumUnion::Level1, share_1;
            2 => ShareEnumUnion::Level2, share_2;
            501 => ShareEnumUnion::Level501, share_501;
            502 => ShareEnumUnion::Level502, share_502;
            503 => ShareEnumUnion::Level503, share_503;
        }
    }

    pub(super) fn wksta_user_enum(&self, request: &[u8]) -> Result<Vec<u8>, NoReply> {
        let asked = NetrWkstaUserEnumRequest::from_stub(request)?;
        let level = asked.level;
        let at = at(level, asked.preferred_maximum_length, asked.resume_handle);
        let page = self.network.wksta_user_enum(self.server.as_ref(), at);
        let reply = |users| NetrWkstaUserEnumReply {
            level,
            users,
            total_entries: page.total,
            resume_handle: narrow(page.resume),
            status: page.status,
        };
        reply! { page, level, reply;
            0 => WkstaUserEnumUnion::Level0, user_0;
            1 => WkstaUserEnumUnion::Level1, user_1;
        }
    }
}

fn session_0(row: &SessionInfo) -> SessionInfo0<'_> {
    SessionInfo0 {
        cname: wire(&row.cname),
    }
}

fn session_1(row: &SessionInfo) -> SessionInfo1<'_> {
    SessionInfo1 {
        cname: wire(&row.cname),
        username: wire(&row.username),
        num_opens: row.num_opens,
        time: row.time,
        idle_time: row.idle_time,
        user_flags: row.user_flags,
    }
}

fn session_2(row: &SessionInfo) -> SessionInfo2<'_> {
    SessionInfo2 {
        cname: wire(&row.cname),
        username: wire(&row.username),
        num_opens: row.num_opens,
        time: row.time,
        idle_time: row.idle_time,
        user_flags: row.user_flags,
        cltype_name: wire(&row.cltype_name),
    }
}

fn session_10(row: &SessionInfo) -> SessionInfo10<'_> {
    SessionInfo10 {
        cname: wire(&row.cname),
        username: wire(&row.username),
        time: row.time,
        idle_time: row.idle_time,
    }
}

fn session_502(row: &SessionInfo) -> SessionInfo502<'_> {
    SessionInfo502 {
        cname: wire(&row.cname),
        username: wire(&row.username),
        num_opens: row.num_opens,
        time: row.time,
        idle_time: row.idle_time,
        user_flags: row.user_flags,
        cltype_name: wire(&row.cltype_name),
        transport: wire(&row.transport),
    }
}

fn connection_0(row: &ConnectionInfo) -> ConnectionInfo0 {
    ConnectionInfo0 { id: row.id }
}

fn connection_1(row: &ConnectionInfo) -> ConnectionInfo1<'_> {
    ConnectionInfo1 {
        id: row.id,
        kind: row.kind,
        num_opens: row.num_opens,
        num_users: row.num_users,
        time: row.time,
        username: wire(&row.username),
        netname: wire(&row.netname),
    }
}

fn file_2(row: &FileInfo) -> FileInfo2 {
    FileInfo2 { id: row.id }
}

fn file_3(row: &FileInfo) -> FileInfo3<'_> {
    FileInfo3 {
        id: row.id,
        permissions: row.permissions,
        num_locks: row.num_locks,
        pathname: wire(&row.pathname),
        username: wire(&row.username),
    }
}

fn user_0(row: &WkstaUserInfo) -> WkstaUserInfo0<'_> {
    WkstaUserInfo0 {
        username: wire(&row.username),
    }
}

fn user_1(row: &WkstaUserInfo) -> WkstaUserInfo1<'_> {
    WkstaUserInfo1 {
        username: wire(&row.username),
        logon_domain: wire(&row.logon_domain),
        oth_domains: wire(&row.oth_domains),
        logon_server: wire(&row.logon_server),
    }
}
