//! What a server is: NetServerGetInfo, NetServerDiskEnum, NetStatisticsGet,
//! NetRemoteTOD, NetWkstaGetInfo.

use smbwho_msrpc::srvsvc::disk::{DiskEnumContainer, Disks, MAX_DISKS, NetrServerDiskEnumReply};
use smbwho_msrpc::srvsvc::server::{
    NetrServerGetInfoReply, NetrServerGetInfoRequest, ServerInfo as ServerUnion, ServerInfo100,
    ServerInfo101, ServerInfo102,
};
use smbwho_msrpc::srvsvc::statistics::{NetrServerStatisticsGetReply, StatServer0};
use smbwho_msrpc::srvsvc::time::{NetrRemoteTODReply, TimeOfDayInfo};
use smbwho_msrpc::wkssvc::info::{
    NetrWkstaGetInfoReply, NetrWkstaGetInfoRequest, WkstaInfo as WkstaUnion, WkstaInfo100,
    WkstaInfo101, WkstaInfo102,
};
use smbwho_rpc::ndr::{Reader, Writer};
use smbwho_windows::{ServerInfo, StatServer, TimeOfDay, WkstaInfo};

use super::{Inner, NoReply, wire};

/// The answer and the status of a call that has one or the other.
fn told<T>(result: &Result<T, u32>) -> (Option<&T>, u32) {
    match result {
        Ok(told) => (Some(told), 0),
        Err(status) => (None, *status),
    }
}

impl Inner {
    pub(super) fn server_get_info(&self, request: &[u8]) -> Result<Vec<u8>, NoReply> {
        let level = NetrServerGetInfoRequest::from_stub(request)?.level;
        let result = self.network.server_get_info(self.server.as_ref(), level);
        let (server, status) = told(&result);
        let info = match level {
            100 => ServerUnion::Level100(server.map(server_100)),
            101 => ServerUnion::Level101(server.map(server_101)),
            _ => ServerUnion::Level102(server.map(server_102)),
        };
        Ok(NetrServerGetInfoReply { info, status }.to_stub()?)
    }

    pub(super) fn wksta_get_info(&self, request: &[u8]) -> Result<Vec<u8>, NoReply> {
        let level = NetrWkstaGetInfoRequest::from_stub(request)?.level;
        let result = self.network.wksta_get_info(self.server.as_ref(), level);
        let (computer, status) = told(&result);
        let info = match level {
            100 => WkstaUnion::Level100(computer.map(wksta_100)),
            101 => WkstaUnion::Level101(computer.map(wksta_101)),
            _ => WkstaUnion::Level102(computer.map(wksta_102)),
        };
        Ok(NetrWkstaGetInfoReply { info, status }.to_stub()?)
    }

    pub(super) fn remote_tod(&self) -> Result<Vec<u8>, NoReply> {
        let result = self.network.remote_tod(self.server.as_ref());
        let (time, status) = told(&result);
        let time = time.map(time_of_day);
        Ok(NetrRemoteTODReply { time, status }.to_stub()?)
    }

    pub(super) fn server_statistics(&self) -> Result<Vec<u8>, NoReply> {
        let result = self.network.server_statistics(self.server.as_ref());
        let (counters, status) = told(&result);
        let info = counters.map(statistics);
        Ok(NetrServerStatisticsGetReply { info, status }.to_stub()?)
    }

    pub(super) fn server_disk_enum(&self) -> Result<Vec<u8>, NoReply> {
        let page = self.network.server_disk_enum(self.server.as_ref());
        let disks = page.rows.iter().take(MAX_DISKS as usize);
        let entries_read = u32::try_from(disks.len()).unwrap_or(MAX_DISKS);
        let mut list = Writer::new();
        list.u32(entries_read);
        list.u32(0);
        list.u32(entries_read);
        for disk in disks {
            list.u32(0);
            list.u32(u32::try_from(disk.units().len() + 1).unwrap_or(u32::MAX));
            list.bytes(disk.as_utf16le());
            list.bytes(&[0, 0]);
        }
        let list = list.into_stub();
        let buffer: Disks<'_> = Reader::new(&list).item()?;
        let reply = NetrServerDiskEnumReply {
            disks: DiskEnumContainer {
                entries_read,
                buffer: Some(buffer),
            },
            total_entries: page.total,
            resume_handle: Some(0),
            status: page.status,
        };
        Ok(reply.to_stub()?)
    }
}

fn server_100(info: &ServerInfo) -> ServerInfo100<'_> {
    ServerInfo100 {
        platform_id: info.platform_id,
        name: wire(&info.name),
    }
}

fn server_101(info: &ServerInfo) -> ServerInfo101<'_> {
    ServerInfo101 {
        platform_id: info.platform_id,
        name: wire(&info.name),
        version_major: info.version_major,
        version_minor: info.version_minor,
        kind: info.kind,
        comment: wire(&info.comment),
    }
}

fn server_102(info: &ServerInfo) -> ServerInfo102<'_> {
    ServerInfo102 {
        platform_id: info.platform_id,
        name: wire(&info.name),
        version_major: info.version_major,
        version_minor: info.version_minor,
        kind: info.kind,
        comment: wire(&info.comment),
        users: info.users,
        disc: info.disc,
        hidden: info.hidden.cast_unsigned(),
        announce: info.announce,
        anndelta: info.anndelta,
        licenses: info.licenses,
        userpath: wire(&info.userpath),
    }
}

fn wksta_100(info: &WkstaInfo) -> WkstaInfo100<'_> {
    WkstaInfo100 {
        platform_id: info.platform_id,
        computername: wire(&info.computername),
        langroup: wire(&info.langroup),
        ver_major: info.ver_major,
        ver_minor: info.ver_minor,
    }
}

fn wksta_101(info: &WkstaInfo) -> WkstaInfo101<'_> {
    WkstaInfo101 {
        platform_id: info.platform_id,
        computername: wire(&info.computername),
        langroup: wire(&info.langroup),
        ver_major: info.ver_major,
        ver_minor: info.ver_minor,
        lanroot: wire(&info.lanroot),
    }
}

fn wksta_102(info: &WkstaInfo) -> WkstaInfo102<'_> {
    WkstaInfo102 {
        platform_id: info.platform_id,
        computername: wire(&info.computername),
        langroup: wire(&info.langroup),
        ver_major: info.ver_major,
        ver_minor: info.ver_minor,
        lanroot: wire(&info.lanroot),
        logged_on_users: info.logged_on_users,
    }
}

fn time_of_day(time: &TimeOfDay) -> TimeOfDayInfo {
    TimeOfDayInfo {
        elapsedt: time.elapsedt,
        msecs: time.msecs,
        hours: time.hours,
        mins: time.mins,
        secs: time.secs,
        hunds: time.hunds,
        timezone: time.timezone,
        tinterval: time.tinterval,
        day: time.day,
        month: time.month,
        year: time.year,
        weekday: time.weekday,
    }
}

fn statistics(counters: &StatServer) -> StatServer0 {
    let [
        start,
        fopens,
        devopens,
        jobsqueued,
        sopens,
        stimedout,
        serrorout,
        pwerrors,
        permerrors,
        syserrors,
        bytessent_low,
        bytessent_high,
        bytesrcvd_low,
        bytesrcvd_high,
        avresponse,
        reqbufneed,
        bigbufneed,
    ] = *counters;
    StatServer0 {
        start,
        fopens,
        devopens,
        jobsqueued,
        sopens,
        stimedout,
        serrorout,
        pwerrors,
        permerrors,
        syserrors,
        bytessent_low,
        bytessent_high,
        bytesrcvd_low,
        bytesrcvd_high,
        avresponse,
        reqbufneed,
        bigbufneed,
    }
}
