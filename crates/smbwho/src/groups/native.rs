//! Groups by Windows' own functions: NetLocalGroupEnum and NetGroupEnum, their
//! members, and the groups of a user.
//!
//! They speak of names where samr speaks of SIDs: each name is looked up at
//! the server. A group or member whose name it does not know there is left
//! out, and the error at the end says so.

use smbwho_msrpc::status::Win32Status;
use smbwho_msrpc::types::{Sid, SidNameUse};
use smbwho_windows::{Account, GroupUser, LocalGroupMember, Network, Text, WideArg};

use super::list::GroupsQuery;
use super::row::{Group, GroupAttributes, Member, Membership, Scope};
use crate::native::{Native, Paging, arg, name};
use crate::pattern::Pattern;
use crate::produce::Pages;
use crate::{Error, Name, Server};

/// The level at which local groups come with a comment.
const LOCAL_LEVEL: u32 = 1;
/// The level at which global groups come with comment, SID and attributes.
const GLOBAL_LEVEL: u32 = 3;
/// The level at which members of local groups come with SID, kind and name.
const LOCAL_MEMBERS_LEVEL: u32 = 2;
/// The level at which members of global groups come with attributes.
const GLOBAL_MEMBERS_LEVEL: u32 = 1;

/// The groups that a query is about, page by page.
pub(super) async fn groups(
    query: &GroupsQuery,
    native: &Native,
    pages: &mut Pages<Group>,
) -> Result<(), Error> {
    let mut asking = Asking::of(&query.server, native);
    let mut walk = Walk::new(query.scope);
    while let Some(groups) = walk.next(&mut asking, query.name.as_ref()).await? {
        pages.send(groups).await;
    }
    asking.refused.map_or(Ok(()), Err)
}

/// Who is in the groups that a query is about.
pub(super) async fn members(
    query: &GroupsQuery,
    native: &Native,
    pages: &mut Pages<Member>,
) -> Result<(), Error> {
    let mut asking = Asking::of(&query.server, native);
    let mut walk = Walk::new(query.scope);
    while let Some(groups) = walk.next(&mut asking, query.name.as_ref()).await? {
        for group in groups {
            let done = match group.scope {
                Scope::Local => asking.local_members(&group, pages).await,
                Scope::Global => asking.global_members(&group, pages).await,
            };
            match done {
                Err(error) if is_refusal(&error) => asking.refuse(error),
                done => done?,
            }
        }
    }
    asking.refused.map_or(Ok(()), Err)
}

/// The groups an account is in; `None` is whoever runs this program.
pub(super) async fn of_user(
    server: &Server,
    native: &Native,
    account: Option<&str>,
    direct_only: bool,
    pages: &mut Pages<Membership>,
) -> Result<(), Error> {
    let mut asking = Asking::of(server, native);
    let user = asking.user(account).await?;
    let global = match asking.global_of(&user).await {
        // An account of another domain: its global groups are known there.
        Err(error) if is_unknown_user(&error) => Err(error),
        other => Ok(other?),
    };
    let all = match asking.local_of(&user, !direct_only).await {
        Ok(all) => all,
        Err(error) if is_unknown_user(&error) && global.is_ok() => Vec::new(),
        Err(error) => return Err(error),
    };
    let mut rows = Vec::new();
    for row in global.unwrap_or_default() {
        let attributes = Some(GroupAttributes(row.attributes));
        let group = asking.group(Scope::Global, &row.name, None, attributes);
        rows.extend(group.await.map(|group| Membership {
            group,
            indirect: false,
        }));
    }
    let direct = match direct_only || all.is_empty() {
        true => None,
        false => Some(asking.local_of(&user, false).await?),
    };
    for row in &all {
        let indirect = direct
            .as_ref()
            .is_some_and(|direct| !direct.iter().any(|other| other.name == row.name));
        let group = asking.group(Scope::Local, &row.name, None, None).await;
        rows.extend(group.map(|group| Membership { group, indirect }));
    }
    pages.send(rows).await;
    asking.refused.map_or(Ok(()), Err)
}

/// Whether the server answered, and said no.
fn is_refusal(error: &Error) -> bool {
    matches!(error.kind(), crate::ErrorKind::Declined { .. })
}

fn is_unknown_user(error: &Error) -> bool {
    error.code() == Some(crate::Code::Win32(Win32Status::NERR_UserNotFound))
}

/// One list of groups after the other.
struct Walk {
    left: Vec<(Scope, Paging)>,
}

impl Walk {
    fn new(only: Option<Scope>) -> Self {
        let lists = [
            (Scope::Global, Paging::new("NetGroupEnum", GLOBAL_LEVEL)),
            (Scope::Local, Paging::new("NetLocalGroupEnum", LOCAL_LEVEL)),
        ];
        let wanted = |(scope, _): &(Scope, Paging)| only.is_none_or(|only| only == *scope);
        Self {
            left: lists.into_iter().filter(wanted).collect(),
        }
    }

    /// The next page's groups of a name that the pattern matches.
    async fn next(
        &mut self,
        asking: &mut Asking<'_>,
        pattern: Option<&Pattern>,
    ) -> Result<Option<Vec<Group>>, Error> {
        while let Some((scope, paging)) = self.left.last_mut() {
            let scope = *scope;
            let page = match scope {
                Scope::Local => {
                    let page = paging.page(asking.native, asking.server, |network, server, at| {
                        network.local_group_enum(server, at)
                    });
                    let page = page.await?;
                    page.map(|rows| {
                        let row =
                            |row: smbwho_windows::LocalGroupInfo| (row.name, row.comment, None);
                        rows.into_iter().map(row).collect::<Vec<_>>()
                    })
                }
                Scope::Global => {
                    let page = paging.page(asking.native, asking.server, |network, server, at| {
                        network.group_enum(server, at)
                    });
                    let page = page.await?;
                    page.map(|rows| {
                        let row = |row: smbwho_windows::GroupInfo| {
                            let attributes = Some(GroupAttributes(row.attributes));
                            (row.name, row.comment, attributes)
                        };
                        rows.into_iter().map(row).collect()
                    })
                }
            };
            let Some(rows) = page else {
                self.left.pop();
                continue;
            };
            let mut groups = Vec::with_capacity(rows.len());
            for (own, comment, attributes) in rows {
                let wanted = |pattern: &Pattern| pattern.matches(&name(&own).unwrap_or("".into()));
                if pattern.is_none_or(wanted) {
                    groups.extend(asking.group(scope, &own, comment, attributes).await);
                }
            }
            return Ok(Some(groups));
        }
        Ok(None)
    }
}

/// A server that is asked, and the first thing it refused on the way.
struct Asking<'a> {
    server: &'a Server,
    native: &'a Native,
    refused: Option<Error>,
}

impl<'a> Asking<'a> {
    fn of(server: &'a Server, native: &'a Native) -> Self {
        Self {
            server,
            native,
            refused: None,
        }
    }

    fn refuse(&mut self, error: Error) {
        self.refused.get_or_insert(error);
    }

    fn error(&self, call: &'static str, status: u32) -> Error {
        self.server.error(crate::native::failed(call, status))
    }

    /// Asks one thing; an inner error is the status.
    async fn ask<T: Send + 'static>(
        &self,
        call: &'static str,
        work: impl FnOnce(&dyn Network, Option<&WideArg>) -> Result<T, u32> + Send + 'static,
    ) -> Result<T, Error> {
        let told = self.native.with(call, work).await;
        let told = told.map_err(|kind| self.server.error(kind))?;
        told.map_err(|status| self.error(call, status))
    }

    /// Whom a name stands for at the server.
    async fn account(&self, name: WideArg) -> Result<Account, Error> {
        self.ask("LookupAccountName", move |network, server| {
            network.lookup_name(server, &name)
        })
        .await
    }

    /// The row of a group; `None`, and a refusal to tell, for one whose name
    /// the server does not know.
    async fn group(
        &mut self,
        scope: Scope,
        own: &Option<Text>,
        comment: Option<Text>,
        attributes: Option<GroupAttributes>,
    ) -> Option<Group> {
        let found = match self.account(arg(own)).await {
            Ok(found) => found,
            Err(error) => {
                self.refuse(error);
                return None;
            }
        };
        let Some(sid) = sid(&found.sid) else {
            self.refuse(self.error("LookupAccountName", smbwho_windows::ERROR_INVALID_DATA));
            return None;
        };
        // An empty comment is none.
        let description = comment.filter(|comment| !comment.is_empty());
        Some(Group {
            scope,
            domain: Name::from_utf16(found.domain.units()),
            name: name(own)?,
            description: name(&description),
            sid,
            attributes,
        })
    }

    async fn local_members(
        &mut self,
        group: &Group,
        pages: &mut Pages<Member>,
    ) -> Result<(), Error> {
        let mut paging = Paging::new("NetLocalGroupGetMembers", LOCAL_MEMBERS_LEVEL);
        while let Some(rows) = {
            let of = arg_of(&group.name);
            let page = paging.page(self.native, self.server, move |network, server, at| {
                network.local_group_get_members(server, &of, at)
            });
            page.await?
        } {
            let member = |row: LocalGroupMember| {
                let (domain, own) = parts(name(&row.domain_and_name));
                Some(Member {
                    group: group.name.clone(),
                    group_sid: group.sid,
                    name: own,
                    domain,
                    sid: sid(row.sid.as_deref()?)?,
                    kind: kind(row.usage),
                })
            };
            pages
                .send(rows.into_iter().filter_map(member).collect())
                .await;
        }
        Ok(())
    }

    async fn global_members(
        &mut self,
        group: &Group,
        pages: &mut Pages<Member>,
    ) -> Result<(), Error> {
        let mut paging = Paging::new("NetGroupGetUsers", GLOBAL_MEMBERS_LEVEL);
        while let Some(rows) = {
            let of = arg_of(&group.name);
            let page = paging.page(self.native, self.server, move |network, server, at| {
                network.group_get_users(server, &of, at)
            });
            page.await?
        } {
            let mut members = Vec::with_capacity(rows.len());
            for row in rows {
                let found = match self.account(arg(&row.name)).await {
                    Ok(found) => found,
                    Err(error) => {
                        self.refuse(error);
                        continue;
                    }
                };
                members.extend(sid(&found.sid).map(|sid| Member {
                    group: group.name.clone(),
                    group_sid: group.sid,
                    name: name(&row.name),
                    domain: Some(Name::from_utf16(found.domain.units())),
                    sid,
                    kind: kind(found.usage),
                }));
            }
            pages.send(members).await;
        }
        Ok(())
    }

    /// An account as the functions take it: `DOMAIN\user`.
    async fn user(&self, account: Option<&str>) -> Result<Name, Error> {
        let Some(account) = account else {
            let me = self.ask("GetUserNameEx", |network, _| network.current_user());
            return Ok(Name::from_utf16(me.await?.units()));
        };
        let Ok(sid) = account.parse::<Sid>() else {
            return Ok(account.into());
        };
        let bytes = sid.to_packet();
        let found = self.ask("LookupAccountSid", move |network, server| {
            network.lookup_sid(server, &bytes)
        });
        let found = found.await?;
        let name = Name::from_utf16(found.name.units());
        let domain = Name::from_utf16(found.domain.units());
        Ok(match domain.is_empty() {
            true => name,
            false => format!(r"{domain}\{name}").into(),
        })
    }

    async fn global_of(&self, user: &Name) -> Result<Vec<GroupUser>, Error> {
        // The domain is the server's own: the function knows no other.
        let (_, own) = parts(Some(user.clone()));
        let own = arg_of(&own.unwrap_or("".into()));
        self.ask("NetUserGetGroups", move |network, server| {
            whole(network.user_get_groups(server, &own))
        })
        .await
    }

    async fn local_of(&self, user: &Name, indirect: bool) -> Result<Vec<GroupUser>, Error> {
        let user = arg_of(user);
        self.ask("NetUserGetLocalGroups", move |network, server| {
            whole(network.user_get_local_groups(server, &user, indirect))
        })
        .await
    }
}

/// The rows of a list that has no pages; or else the status.
fn whole<T>(page: smbwho_windows::Page<T>) -> Result<Vec<T>, u32> {
    match page.status {
        0 => Ok(page.rows),
        status => Err(status),
    }
}

fn arg_of(name: &Name) -> WideArg {
    WideArg::new(name.to_utf16()).unwrap_or_else(WideArg::empty)
}

/// `DOMAIN\name` in its parts.
fn parts(name: Option<Name>) -> (Option<Name>, Option<Name>) {
    let Some(name) = name else {
        return (None, None);
    };
    // Its own escapes for lone surrogates have backslashes: units are cut.
    let units = name.to_utf16();
    match units.iter().position(|unit| *unit == u16::from(b'\\')) {
        Some(at) => {
            let (domain, own) = (&units[..at], &units[at + 1..]);
            let name = |units: &[u16]| Name::from_utf16(units.iter().copied());
            (Some(name(domain)), Some(name(own)))
        }
        None => (None, Some(name)),
    }
}

fn sid(bytes: &[u8]) -> Option<Sid> {
    Sid::from_packet(bytes).map(|(sid, _)| sid)
}

fn kind(usage: i32) -> SidNameUse {
    SidNameUse(u16::try_from(usage).unwrap_or(SidNameUse::SidTypeUnknown.0))
}
