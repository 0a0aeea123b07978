//! The parts of what a server is, one call each, all in flight together.

use std::time::{Duration, UNIX_EPOCH};

use futures::join;
use smbwho_msrpc::srvsvc::disk::NetrServerDiskEnum;
use smbwho_msrpc::srvsvc::server::{
    NetrServerGetInfo, NetrServerGetInfoReply, ServerInfo as Wire, ServerLevel,
};
use smbwho_msrpc::srvsvc::statistics::{NetrServerStatisticsGet, StatServer0};
use smbwho_msrpc::srvsvc::time::{NetrRemoteTOD, TimeOfDayInfo};
use smbwho_msrpc::status::Win32Status;
use smbwho_msrpc::wkssvc::info::{NetrWkstaGetInfo, WkstaInfo, WkstaLevel};
use smbwho_rpc::Call;
use smbwho_rpc::ndr::WStr;

use super::{Clock, IdleLimit, Platform, ServerInfo, ServerType, Statistics, Version};
use crate::backend::Backend;
use crate::question::Question;
use crate::{Error, Name, Server};

/// The lower four bits of the major version are the version (MAJOR_VERSION_MASK,
/// [MS-SRVS] 2.2.4.41).
const MAJOR_VERSION_MASK: u32 = 0xf;

/// How the Server service describes its server.
#[derive(Default)]
pub(crate) struct ServerPart {
    level: u32,
    name: Option<Name>,
    platform: Option<Platform>,
    version: Option<Version>,
    kind: Option<ServerType>,
    comment: Option<Name>,
    max_users: Option<u32>,
    idle_limit: Option<IdleLimit>,
    hidden: Option<bool>,
}

fn name(wire: Option<WStr<'_>>) -> Option<Name> {
    wire.map(Name::from_wire)
}

fn version(major: u32, minor: u32) -> Option<Version> {
    let major = major & MAJOR_VERSION_MASK;
    Some(Version { major, minor })
}

impl Question for NetrServerGetInfo<'_> {
    type Told = ServerPart;

    fn read(reply: NetrServerGetInfoReply<'_>) -> (Win32Status, Option<ServerPart>) {
        let part = match reply.info {
            Wire::Level100(info) => info.map(|info| ServerPart {
                level: 100,
                name: name(info.name),
                platform: Some(Platform(info.platform_id)),
                ..ServerPart::default()
            }),
            Wire::Level101(info) => info.map(|info| ServerPart {
                level: 101,
                name: name(info.name),
                platform: Some(Platform(info.platform_id)),
                version: version(info.version_major, info.version_minor),
                kind: Some(ServerType(info.kind)),
                comment: name(info.comment),
                ..ServerPart::default()
            }),
            Wire::Level102(info) => info.map(|info| ServerPart {
                level: 102,
                name: name(info.name),
                platform: Some(Platform(info.platform_id)),
                version: version(info.version_major, info.version_minor),
                kind: Some(ServerType(info.kind)),
                comment: name(info.comment),
                max_users: Some(info.users),
                idle_limit: Some(idle_limit(info.disc)),
                hidden: Some(info.hidden != 0),
            }),
        };
        answered(reply.status, part)
    }
}

fn idle_limit(minutes: i32) -> IdleLimit {
    match u64::try_from(minutes) {
        Ok(minutes) => IdleLimit::After(Duration::from_secs(minutes * 60)),
        Err(_) => IdleLimit::Never,
    }
}

/// An answer counts with a success only.
fn answered<T>(status: u32, told: Option<T>) -> (Win32Status, Option<T>) {
    let status = Win32Status(status);
    (status, told.filter(|_| status == Win32Status::NERR_SUCCESS))
}

impl Question for NetrRemoteTOD<'_> {
    type Told = TimeOfDayInfo;

    fn read(reply: <Self as Call>::Reply<'_>) -> (Win32Status, Option<TimeOfDayInfo>) {
        answered(reply.status, reply.time)
    }
}

impl Question for NetrServerDiskEnum<'_> {
    type Told = Vec<Name>;

    fn read(reply: <Self as Call>::Reply<'_>) -> (Win32Status, Option<Vec<Name>>) {
        // The list ends with an empty name.
        let named = reply.disks().filter(|disk| !disk.is_empty());
        let disks = named.map(Name::from_wire).collect();
        answered(reply.status, Some(disks))
    }
}

impl Question for NetrServerStatisticsGet<'_> {
    type Told = StatServer0;

    fn read(reply: <Self as Call>::Reply<'_>) -> (Win32Status, Option<StatServer0>) {
        answered(reply.status, reply.info)
    }
}

/// How the Workstation service describes its computer.
pub(crate) struct WorkstationPart {
    level: u32,
    computer: Option<Name>,
    domain: Option<Name>,
    platform: Platform,
    version: Option<Version>,
    logged_on_users: Option<u32>,
}

impl Question for NetrWkstaGetInfo<'_> {
    type Told = WorkstationPart;

    fn read(reply: <Self as Call>::Reply<'_>) -> (Win32Status, Option<WorkstationPart>) {
        let part = match reply.info {
            WkstaInfo::Level100(info) => info.map(|info| WorkstationPart {
                level: 100,
                computer: name(info.computername),
                domain: name(info.langroup),
                platform: Platform(info.platform_id),
                version: version(info.ver_major, info.ver_minor),
                logged_on_users: None,
            }),
            WkstaInfo::Level101(info) => info.map(|info| WorkstationPart {
                level: 101,
                computer: name(info.computername),
                domain: name(info.langroup),
                platform: Platform(info.platform_id),
                version: version(info.ver_major, info.ver_minor),
                logged_on_users: None,
            }),
            WkstaInfo::Level102(info) => info.map(|info| WorkstationPart {
                level: 102,
                computer: name(info.computername),
                domain: name(info.langroup),
                platform: Platform(info.platform_id),
                version: version(info.ver_major, info.ver_minor),
                logged_on_users: Some(info.logged_on_users),
            }),
        };
        answered(reply.status, part)
    }
}

/// Asks everything at once, over a pipe for each of the two services, and fills
/// in what is told. One outcome for each part, in the order of the parts.
pub(super) async fn all(server: &Server, info: &mut ServerInfo) -> [Result<(), Error>; 5] {
    let server_name = Some(server.unc_name());
    let tod = NetrRemoteTOD { server_name };
    // Without a name: Windows tells the one that it is sent for its own
    // ([MS-SRVS] 3.1.4.17).
    let servers = [ServerLevel::L102, ServerLevel::L101, ServerLevel::L100].map(|level| {
        let server_name = None;
        (level.number(), NetrServerGetInfo { server_name, level })
    });
    let disks = NetrServerDiskEnum { server_name };
    let service = None;
    let statistics = NetrServerStatisticsGet {
        server_name,
        service,
    };
    let stations = [WkstaLevel::L102, WkstaLevel::L101, WkstaLevel::L100]
        .map(|level| (level.number(), NetrWkstaGetInfo { server_name, level }));

    // The time first: what goes before it in the pipe would count as round
    // trip.
    let mut srvsvc = vec![server.prepare(&tod)];
    srvsvc.extend(servers.iter().map(|(_, call)| server.prepare(call)));
    srvsvc.push(server.prepare(&disks));
    srvsvc.push(server.prepare(&statistics));
    let wkssvc = stations.iter().map(|(_, call)| server.prepare(call));
    let asked = (
        srvsvc.into_iter().collect::<Result<Vec<_>, _>>(),
        wkssvc.collect::<Result<Vec<_>, _>>(),
    );
    let (srvsvc, wkssvc) = match asked {
        (Ok(srvsvc), Ok(wkssvc)) => (srvsvc, wkssvc),
        (Err(error), _) | (_, Err(error)) => return [(); 5].map(|()| Err(error.clone())),
    };
    let (mut srvsvc, mut wkssvc) =
        join!(server.ask_together(&srvsvc), server.ask_together(&wkssvc));

    let part = server.first_granted(&servers, |rung| srvsvc.take(1 + rung));
    let told_server = part.map(|part| info.fill_server(part));
    let told_clock = srvsvc.take(0).and_then(|answer| {
        let (sent, took) = (answer.sent, answer.took);
        let told = server.told(&tod, Ok(answer.stub))?;
        info.clock = Some(Clock::read(&told, sent, took));
        Ok(())
    });
    let told = server.told(&disks, srvsvc.take(4).map(|answer| answer.stub));
    let told_disks = told.map(|disks| info.disks = Some(disks));
    let told = server.told(&statistics, srvsvc.take(5).map(|answer| answer.stub));
    let told_statistics = told.map(|counters| info.statistics = Some(read_counters(&counters)));
    let part = server.first_granted(&stations, |rung| wkssvc.take(rung));
    let told_station = part.map(|part| info.fill_workstation(part));
    // The system's own call names the server in any case.
    if let Backend::Native(native) = server.backend()
        && !native.is_here()
        && info.computer.is_some()
    {
        info.name.clone_from(&info.computer);
    }
    [
        told_server,
        told_clock,
        told_disks,
        told_statistics,
        told_station,
    ]
}

fn read_counters(counters: &StatServer0) -> Statistics {
    Statistics {
        since: UNIX_EPOCH + Duration::from_secs(counters.start.into()),
        files_opened: counters.fopens,
        sessions_begun: counters.sopens,
        sessions_timed_out: counters.stimedout,
        sessions_failed: counters.serrorout,
        password_errors: counters.pwerrors,
        permission_errors: counters.permerrors,
        system_errors: counters.syserrors,
        bytes_sent: counters.bytes_sent(),
        bytes_received: counters.bytes_received(),
        average_response: Duration::from_millis(counters.avresponse.into()),
    }
}

impl ServerInfo {
    fn fill_server(&mut self, part: ServerPart) {
        self.server_level = Some(part.level);
        self.name = part.name;
        self.platform = part.platform;
        self.version = part.version;
        self.kind = part.kind;
        self.comment = part.comment;
        self.max_users = part.max_users;
        self.idle_limit = part.idle_limit;
        self.hidden = part.hidden;
    }

    fn fill_workstation(&mut self, part: WorkstationPart) {
        self.workstation_level = Some(part.level);
        self.computer = part.computer;
        self.domain = part.domain;
        self.logged_on_users = part.logged_on_users;
        // What the Server service said goes before.
        self.platform = self.platform.or(Some(part.platform));
        self.version = self.version.or(part.version);
    }
}
