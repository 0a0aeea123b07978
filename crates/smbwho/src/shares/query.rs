//! Asking for shares: NetrShareEnum and NetrShareGetInfo ([MS-SRVS] 3.1.4.8,
//! 3.1.4.10).

use std::collections::{HashMap, VecDeque};

use futures::stream::Stream;
use smbwho_msrpc::srvsvc::Container;
use smbwho_msrpc::srvsvc::share::{
    self as wire, NetrShareEnum, NetrShareGetInfo, ShareEnumUnion, ShareInfo, ShareInfo0,
    ShareInfo1, ShareInfo2, ShareInfo501, ShareInfo502, ShareInfo503,
};
use smbwho_msrpc::status::Win32Status;
use smbwho_rpc::Call;
use smbwho_rpc::ndr::{Array, NdrError, WStr, Wire};

use super::{Caching, MaxUses, Share, ShareKind, ShareLevel, ShareSecurity};
use crate::enumerate::{Answer, At, Listing, MAX_PREFERRED_LENGTH, Pager, Reply};
use crate::error::ErrorKind;
use crate::question::Question;
use crate::rows::{Page, Rows};
use crate::{Code, Error, Name, Server};

/// A question about a server's shares. Made by [`Server::shares`].
///
/// Without a level the richest is tried first (503, 502, 2, 501, 1, 0),
/// stepping down while the server does not know a level or refuses it to this
/// account; every row says which level answered. Hidden shares are among the
/// rows: [`Share::is_hidden`].
#[derive(Debug, Clone)]
#[must_use = "a query does nothing until it is collected or its pages are read"]
pub struct SharesQuery {
    server: Server,
    level: Option<ShareLevel>,
    page_bytes: u32,
}

impl Server {
    /// What the server shares ([MS-SRVS] 3.1.4.8, NetrShareEnum). Anyone may
    /// ask at levels 0, 1 and 501; levels 2, 502 and 503 are for
    /// administrators.
    ///
    /// ```no_run
    /// # async fn example(server: &smbwho::Server) -> Result<(), smbwho::Error> {
    /// for share in server.shares().collect().await?.rows {
    ///     println!("{:?} is {:?}", share.name, share.path);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn shares(&self) -> SharesQuery {
        SharesQuery {
            server: self.clone(),
            level: None,
            page_bytes: MAX_PREFERRED_LENGTH,
        }
    }

    /// One share by its name ([MS-SRVS] 3.1.4.10, NetrShareGetInfo), at the
    /// richest level that the server grants.
    ///
    /// # Errors
    ///
    /// When there is no such share ([`Error::is_no_such_share`]), and all that
    /// can happen on the way.
    pub async fn share(&self, name: impl Into<Name>) -> Result<Share, Error> {
        let name = name.into();
        let levels: Vec<ShareLevel> = self.share_ladder().collect();
        let mut share = self.share_at(&name, &levels).await?;
        self.learn(|learnt| learnt.share_level = Some(share.level));
        self.fill_in(&name, &mut share).await;
        Ok(share)
    }

    /// Limit and uses where the server wrote what stands for neither.
    async fn fill_in(&self, name: &Name, share: &mut Share) {
        if share.level == ShareLevel::L502 && fills_in(std::slice::from_ref(share)) {
            let told = self.share_at(name, &[ShareLevel::L2]).await.ok();
            share.take_uses(told.as_ref());
        }
    }

    /// One share by its name at this level only.
    ///
    /// # Errors
    ///
    /// As [`share`](Self::share).
    pub async fn share_at_level(
        &self,
        name: impl Into<Name>,
        level: ShareLevel,
    ) -> Result<Share, Error> {
        let name = name.into();
        let mut share = self.share_at(&name, &[level]).await?;
        self.fill_in(&name, &mut share).await;
        Ok(share)
    }

    async fn share_at(&self, name: &Name, levels: &[ShareLevel]) -> Result<Share, Error> {
        let units = name.to_utf16();
        let questions = levels.iter().map(|level| {
            let level = level.number();
            let server_name = Some(self.unc_name());
            let net_name = (&units).into();
            let call = NetrShareGetInfo {
                server_name,
                net_name,
                level,
            };
            (level, call)
        });
        self.ask_at_levels(questions).await
    }

    /// The levels worth trying on this server.
    fn share_ladder(&self) -> impl Iterator<Item = ShareLevel> + use<> {
        let top = self.learnt().share_level.unwrap_or(ShareLevel::L503);
        let levels = ShareLevel::LADDER.into_iter();
        levels.filter(move |level| *level <= top)
    }
}

impl Question for NetrShareGetInfo<'_> {
    type Told = Share;

    fn read(reply: <Self as Call>::Reply<'_>) -> (Win32Status, Option<Share>) {
        let told = one(&reply.info).filter(|_| reply.status == 0);
        (Win32Status(reply.status), told)
    }
}

impl Error {
    /// Whether the server says that it has no share of the name asked for:
    /// `NERR_NetNameNotFound`; on Samba `ERROR_INVALID_NAME` when it is asked
    /// about one, and `ERROR_BAD_NET_NAME` when it is to remove one.
    pub fn is_no_such_share(&self) -> bool {
        let said = self.code();
        let is = |status| said == Some(Code::Win32(status));
        let asked = matches!(self.kind(), ErrorKind::Refused { call, .. }
            if *call == NetrShareGetInfo::NAME);
        is(Win32Status::NERR_NetNameNotFound)
            || is(Win32Status::ERROR_BAD_NET_NAME)
            || (asked && is(Win32Status::ERROR_INVALID_NAME))
    }
}

impl SharesQuery {
    /// Asks at this level only, and fails where the server refuses it.
    pub fn level(mut self, level: ShareLevel) -> Self {
        self.level = Some(level);
        self
    }

    /// Asks for about so many bytes of rows a page. By default the server is
    /// asked for everything at once, and decides itself.
    pub fn page_bytes(mut self, bytes: u32) -> Self {
        self.page_bytes = bytes;
        self
    }

    /// Reads every page.
    ///
    /// When the server fails after some rows came, they are kept, and
    /// [`Rows::missing`] says what stopped it.
    ///
    /// # Errors
    ///
    /// When no page could be had at all.
    pub async fn collect(self) -> Result<Rows<Share>, Error> {
        self.pager().collect().await
    }

    /// The rows page by page, as the server sends them. After an error the
    /// stream ends.
    pub fn pages(self) -> impl Stream<Item = Result<Page<Share>, Error>> + Send {
        self.pager().stream()
    }

    fn pager(self) -> Pager<Shares> {
        Pager::new(self.server, Shares { level: self.level }, self.page_bytes)
    }
}

/// The list of a server's shares.
struct Shares {
    level: Option<ShareLevel>,
}

impl Listing for Shares {
    type Row = Share;
    type Call<'q> = NetrShareEnum<'q>;

    fn ladder(&self, server: &Server) -> VecDeque<u32> {
        match self.level {
            Some(level) => VecDeque::from([level.number()]),
            None => server.share_ladder().map(ShareLevel::number).collect(),
        }
    }

    fn ahead(&self, server: &Server) -> usize {
        // Samba lacks the richest, and the third completes the second.
        match (self.level, server.learnt().share_level) {
            (None, None) => 3,
            _ => 1,
        }
    }

    fn companion(&self, _: &Server, level: u32) -> Option<At> {
        (level == ShareLevel::L502.number()).then_some(WITH_USES)
    }

    fn completes_with_companion(&self) -> bool {
        self.level.is_none()
    }

    fn needs_companion(&self, rows: &[Share]) -> bool {
        self.level.is_some() || fills_in(rows)
    }

    fn request<'q>(&'q self, server_name: &'q str, at: At) -> NetrShareEnum<'q> {
        NetrShareEnum {
            server_name: Some(server_name),
            // The ladder holds only levels of ours.
            level: wire::ShareLevel::from_number(at.level).unwrap_or(wire::ShareLevel::L0),
            preferred_maximum_length: at.preferred_length,
            resume_handle: Some(at.resume_handle),
        }
    }

    fn read(call: &NetrShareEnum<'_>, stub: &[u8]) -> Result<Reply<Share>, NdrError> {
        let reply = call.decode(stub)?;
        Ok(Reply {
            status: Win32Status(reply.status),
            resume_handle: reply.resume_handle,
            total: reply.total_entries,
            rows: rows(&reply.shares),
        })
    }

    fn means_none(&self, _: Win32Status) -> bool {
        false
    }

    fn lets_through(&self, _: &Share) -> bool {
        true
    }

    async fn settle(pager: &mut Pager<Self>, level: u32, rows: &mut Vec<Share>) {
        if pager.listing.level.is_none() && pager.may_learn() {
            let level = ShareLevel::from_number(level);
            pager.server.learn(|learnt| learnt.share_level = level);
        }
        if level != ShareLevel::L502.number() || !fills_in(rows) {
            return;
        }
        let told = match pager.companion(WITH_USES).await {
            Ok(Answer::Page { rows, .. }) => rows,
            _ => Vec::new(),
        };
        let named = told.iter().map(|share| (&share.name, share));
        let named: HashMap<&Option<Name>, &Share> = named.collect();
        for row in rows {
            let told = named.get(&row.name).copied();
            row.take_uses(told);
        }
    }
}

/// The shares at the level that tells limits and uses.
const WITH_USES: At = At {
    level: 2,
    preferred_length: MAX_PREFERRED_LENGTH,
    resume_handle: 0,
};

/// Whether limits and uses look as if nobody had counted: Samba tells them at
/// level 2, but at 502 writes "no limit" and 1 for every share there is.
fn fills_in(shares: &[Share]) -> bool {
    let alike =
        |share: &Share| share.max_uses == Some(MaxUses::NoLimit) && share.current_uses == Some(1);
    !shares.is_empty() && shares.iter().all(alike)
}

impl Share {
    /// Takes limit and uses from the same share as told at another level;
    /// where that could not be had they are unknown.
    fn take_uses(&mut self, told: Option<&Share>) {
        self.max_uses = told.and_then(|share| share.max_uses);
        self.current_uses = told.and_then(|share| share.current_uses);
    }
}

/// The rows of a reply, at whatever level it came.
fn rows(shares: &ShareEnumUnion<'_>) -> Vec<Share> {
    match shares {
        ShareEnumUnion::Level0(list) => entries(list, level_0),
        ShareEnumUnion::Level1(list) => entries(list, level_1),
        ShareEnumUnion::Level2(list) => entries(list, level_2),
        ShareEnumUnion::Level501(list) => entries(list, level_501),
        ShareEnumUnion::Level502(list) => entries(list, level_502),
        ShareEnumUnion::Level503(list) => entries(list, level_503),
    }
}

/// The one row of a reply; levels that only change things are none.
fn one(info: &ShareInfo<'_>) -> Option<Share> {
    match *info {
        ShareInfo::Level0(info) => info.map(level_0),
        ShareInfo::Level1(info) => info.map(level_1),
        ShareInfo::Level2(info) => info.map(level_2),
        ShareInfo::Level501(info) => info.map(level_501),
        ShareInfo::Level502(info) => info.map(level_502),
        ShareInfo::Level503(info) => info.map(level_503),
        _ => None,
    }
}

fn level_0(info: ShareInfo0<'_>) -> Share {
    Share {
        name: name(info.netname),
        ..Share::unknown(ShareLevel::L0)
    }
}

fn level_1(info: ShareInfo1<'_>) -> Share {
    Share {
        name: name(info.netname),
        kind: Some(ShareKind(info.kind)),
        remark: name(info.remark),
        ..Share::unknown(ShareLevel::L1)
    }
}

fn level_501(info: ShareInfo501<'_>) -> Share {
    Share {
        name: name(info.netname),
        kind: Some(ShareKind(info.kind)),
        remark: name(info.remark),
        caching: Some(Caching(info.flags)),
        ..Share::unknown(ShareLevel::L501)
    }
}

// Levels 2, 502 and 503 begin alike, in types of their own.
macro_rules! with_path {
    ($info:expr, $level:expr) => {
        Share {
            name: name($info.netname),
            kind: Some(ShareKind($info.kind)),
            remark: name($info.remark),
            permissions: Some($info.permissions),
            max_uses: Some(MaxUses::from_wire($info.max_uses)),
            current_uses: Some($info.current_uses),
            path: name($info.path),
            ..Share::unknown($level)
        }
    };
}

fn level_2(info: ShareInfo2<'_>) -> Share {
    with_path!(info, ShareLevel::L2)
}

fn level_502(info: ShareInfo502<'_>) -> Share {
    Share {
        security: security(info.security_descriptor),
        ..with_path!(info, ShareLevel::L502)
    }
}

fn level_503(info: ShareInfo503<'_>) -> Share {
    Share {
        security: security(info.security_descriptor),
        scope: name(info.servername),
        ..with_path!(info, ShareLevel::L503)
    }
}

fn entries<'a, T: Wire<'a>>(
    container: &Option<Container<'a, T>>,
    row: fn(T) -> Share,
) -> Vec<Share> {
    container.map_or(Vec::new(), |container| {
        container.entries().map(row).collect()
    })
}

fn name(wire: Option<WStr<'_>>) -> Option<Name> {
    wire.map(Name::from_wire)
}

/// An empty descriptor is as good as none.
fn security(wire: Option<Array<'_, u8>>) -> Option<ShareSecurity> {
    let bytes: Vec<u8> = wire?.iter().collect();
    (!bytes.is_empty()).then(|| ShareSecurity::from_wire(bytes))
}
