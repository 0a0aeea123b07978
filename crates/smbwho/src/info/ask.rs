//! The parts of what a server is, one call each.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

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

pub(super) async fn server(server: &Server, info: &mut ServerInfo) -> Result<(), Error> {
    let levels = [ServerLevel::L102, ServerLevel::L101, ServerLevel::L100];
    let questions = levels.map(|level| {
        let server_name = Some(server.unc_name());
        (level.number(), NetrServerGetInfo { server_name, level })
    });
    let part = server.ask_at_levels(questions).await?;
    info.server_level = Some(part.level);
    info.name = part.name;
    info.platform = part.platform;
    info.version = part.version;
    info.kind = part.kind;
    info.comment = part.comment;
    info.max_users = part.max_users;
    info.idle_limit = part.idle_limit;
    info.hidden = part.hidden;
    Ok(())
}

impl Question for NetrRemoteTOD<'_> {
    type Told = TimeOfDayInfo;

    fn read(reply: <Self as Call>::Reply<'_>) -> (Win32Status, Option<TimeOfDayInfo>) {
        answered(reply.status, reply.time)
    }
}

pub(super) async fn clock(server: &Server, info: &mut ServerInfo) -> Result<(), Error> {
    let server_name = Some(server.unc_name());
    let (sent, begun) = (SystemTime::now(), Instant::now());
    let tod = server.ask(&NetrRemoteTOD { server_name }).await?;
    info.clock = Some(Clock::read(&tod, sent, begun.elapsed()));
    Ok(())
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

pub(super) async fn disks(server: &Server, info: &mut ServerInfo) -> Result<(), Error> {
    let server_name = Some(server.unc_name());
    info.disks = Some(server.ask(&NetrServerDiskEnum { server_name }).await?);
    Ok(())
}

impl Question for NetrServerStatisticsGet<'_> {
    type Told = StatServer0;

    fn read(reply: <Self as Call>::Reply<'_>) -> (Win32Status, Option<StatServer0>) {
        answered(reply.status, reply.info)
    }
}

pub(super) async fn statistics(server: &Server, info: &mut ServerInfo) -> Result<(), Error> {
    let question = NetrServerStatisticsGet {
        server_name: Some(server.unc_name()),
        service: None,
    };
    let counters = server.ask(&question).await?;
    info.statistics = Some(Statistics {
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
    });
    Ok(())
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

pub(super) async fn workstation(server: &Server, info: &mut ServerInfo) -> Result<(), Error> {
    let levels = [WkstaLevel::L102, WkstaLevel::L101, WkstaLevel::L100];
    let questions = levels.map(|level| {
        let server_name = Some(server.unc_name());
        (level.number(), NetrWkstaGetInfo { server_name, level })
    });
    let part = server.ask_at_levels(questions).await?;
    info.workstation_level = Some(part.level);
    info.computer = part.computer;
    info.domain = part.domain;
    info.logged_on_users = part.logged_on_users;
    // What the Server service said goes before.
    info.platform = info.platform.or(Some(part.platform));
    info.version = info.version.or(part.version);
    Ok(())
}
