//! Asking for groups, and for their members.

use futures::Stream;
use smbwho_msrpc::types::Sid;

use super::names::{Known, Names};
use super::native;
use super::row::{Group, GroupAttributes, Member, Scope};
use super::sam::{Domain, Entry, PAGE_ENTRIES, Sam};
use crate::backend::Backend;
use crate::error::ErrorKind;
use crate::pattern::Pattern;
use crate::produce::{self, Pages};
use crate::rows::{Page, Rows};
use crate::{Error, Server};

/// Members gathered before their names are asked for.
const GATHERED: usize = 1000;

/// A question about the groups of a server or domain. Made by
/// [`Server::groups`].
///
/// Local groups are those of `Builtin` and of the server's own accounts (or,
/// on a domain controller, of the domain); global groups are those of its own
/// accounts.
///
/// ```no_run
/// # async fn example(server: &smbwho::Server) -> Result<(), smbwho::Error> {
/// use smbwho::Scope;
///
/// for member in server.groups().scope(Scope::Local).name("Admin*").members().collect().await?.rows {
///     println!("{} is in {}", member.name.as_deref().unwrap_or("?"), member.group);
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
#[must_use = "a query does nothing until it is collected or its pages are read"]
pub struct GroupsQuery {
    pub(super) server: Server,
    pub(super) scope: Option<Scope>,
    pub(super) name: Option<Pattern>,
    page_entries: u32,
}

impl Server {
    /// The groups of the server, or of the domain when it is a domain
    /// controller ([MS-SAMR] 3.1.5.2.4, 3.1.5.3.1).
    pub fn groups(&self) -> GroupsQuery {
        GroupsQuery {
            server: self.clone(),
            scope: None,
            name: None,
            page_entries: PAGE_ENTRIES,
        }
    }
}

impl GroupsQuery {
    /// Only local or only global groups.
    pub fn scope(mut self, scope: Scope) -> Self {
        self.scope = Some(scope);
        self
    }

    /// Only groups of this name, in any letter case. `*` and `?` are
    /// wildcards.
    pub fn name(mut self, pattern: &str) -> Self {
        self.name = Some(Pattern::new(pattern));
        self
    }

    /// Asks for about so many groups a page, at least one; 1000 by default.
    pub fn page_entries(mut self, entries: u32) -> Self {
        self.page_entries = entries.max(1);
        self
    }

    /// Asks who is in these groups, instead of for the groups.
    pub fn members(self) -> MembersQuery {
        MembersQuery { groups: self }
    }

    /// Reads every page; rows that came before an error are kept.
    ///
    /// # Errors
    ///
    /// When no page could be had at all.
    pub async fn collect(self) -> Result<Rows<Group>, Error> {
        produce::collect(self.pages()).await
    }

    /// The groups page by page, as the server sends them. After an error the
    /// stream ends.
    pub fn pages(self) -> impl Stream<Item = Result<Page<Group>, Error>> + Send {
        produce::pages(|pages| self.produce(pages))
    }

    async fn produce(self, mut pages: Pages<Group>) -> Result<(), Error> {
        if let Backend::Native(native) = self.server.backend() {
            return native::groups(&self, native, &mut pages).await;
        }
        let mut walk = Walk::begin(self).await?;
        while let Some(found) = walk.next().await? {
            let mut groups = Vec::with_capacity(found.entries.len());
            for mut entry in found.entries {
                if found.scope == Scope::Local {
                    match walk.sam.alias(&found.domain, entry.rid).await {
                        Ok(told) => entry.description = told.description,
                        // Not for this account to read, or gone since.
                        Err(error) if is_refusal(&error) => {}
                        Err(error) => return Err(error),
                    }
                }
                groups.extend(group(&found.domain, found.scope, entry));
            }
            pages.send(groups).await;
        }
        walk.end().await
    }
}

/// A question about who is in which groups. Made by [`GroupsQuery::members`].
///
/// The SIDs that the server has for members are turned into names a thousand
/// at a time; one that stands for no account known to the server stays a SID.
/// Of a global group, a domain controller tells the accounts of its own
/// domain only, and not those for whom it is the primary group alone.
#[derive(Debug, Clone)]
#[must_use = "a query does nothing until it is collected or its pages are read"]
pub struct MembersQuery {
    groups: GroupsQuery,
}

impl MembersQuery {
    /// Reads every page; rows that came before an error are kept.
    ///
    /// # Errors
    ///
    /// When no page could be had at all.
    pub async fn collect(self) -> Result<Rows<Member>, Error> {
        produce::collect(self.pages()).await
    }

    /// The members page by page. A group whose members this account may not
    /// read is passed over, and the refusal comes as an error at the end.
    pub fn pages(self) -> impl Stream<Item = Result<Page<Member>, Error>> + Send {
        produce::pages(|pages| self.produce(pages))
    }

    async fn produce(self, mut pages: Pages<Member>) -> Result<(), Error> {
        if let Backend::Native(native) = self.groups.server.backend() {
            return native::members(&self.groups, native, &mut pages).await;
        }
        let server = self.groups.server.clone();
        let mut walk = Walk::begin(self.groups).await?;
        let mut gathering = Gathering {
            server,
            names: None,
            pages,
            waiting: Vec::new(),
            refused: None,
        };
        while let Some(found) = walk.next().await? {
            for entry in &found.entries {
                let members = match found.scope {
                    Scope::Local => walk.sam.alias_members(&found.domain, entry.rid).await,
                    Scope::Global => {
                        walk.sam
                            .group_members(&found.domain, entry.rid)
                            .await
                            .map(|rids| {
                                rids.into_iter()
                                    .filter_map(|rid| found.domain.sid.with_rid(rid))
                                    .collect()
                            })
                    }
                };
                let members = match members {
                    Ok(members) => members,
                    Err(error) if is_refusal(&error) => {
                        gathering.refused.get_or_insert(error);
                        continue;
                    }
                    Err(error) => return Err(error),
                };
                gathering.take(&found.domain, entry, members).await?;
            }
        }
        gathering.hand_on().await?;
        walk.end().await?;
        if let Some(names) = gathering.names {
            names.close().await?;
        }
        gathering.refused.map_or(Ok(()), Err)
    }
}

/// Members on their way to their names.
struct Gathering {
    server: Server,
    /// Opened when the first member is there.
    names: Option<Names>,
    pages: Pages<Member>,
    waiting: Vec<Member>,
    /// What kept us from telling all.
    refused: Option<Error>,
}

impl Gathering {
    async fn take(&mut self, domain: &Domain, entry: &Entry, sids: Vec<Sid>) -> Result<(), Error> {
        let Some(group_sid) = domain.sid.with_rid(entry.rid) else {
            return Ok(());
        };
        for sid in sids {
            self.waiting.push(Member {
                group: entry.name.clone(),
                group_sid,
                name: None,
                domain: None,
                sid,
                kind: Known::NOT.kind,
            });
            if self.waiting.len() >= GATHERED {
                self.hand_on().await?;
            }
        }
        Ok(())
    }

    /// Names those who wait, and hands them on.
    async fn hand_on(&mut self) -> Result<(), Error> {
        let mut members = std::mem::take(&mut self.waiting);
        let sids: Vec<Sid> = members.iter().map(|member| member.sid).collect();
        match self.look_up(&sids).await {
            Ok(known) => {
                for (member, known) in members.iter_mut().zip(known) {
                    member.name = known.name;
                    member.domain = known.domain;
                    member.kind = known.kind;
                }
            }
            // The SIDs are an answer, too.
            Err(error) if is_refusal(&error) => {
                self.refused.get_or_insert(error);
            }
            Err(error) => return Err(error),
        }
        self.pages.send(members).await;
        Ok(())
    }

    async fn look_up(&mut self, sids: &[Sid]) -> Result<Vec<Known>, Error> {
        if sids.is_empty() {
            return Ok(Vec::new());
        }
        let names = match &mut self.names {
            Some(names) => names,
            None => self.names.insert(Names::open(&self.server).await?),
        };
        names.of(sids).await
    }
}

/// The way through the groups of all domains.
struct Walk {
    sam: Sam,
    domains: Vec<Domain>,
    name: Option<Pattern>,
    /// Lists still to be read, the next one last, and where in it to go on.
    left: Vec<(usize, Scope, u32)>,
}

/// Some groups of one list.
struct Found {
    domain: Domain,
    scope: Scope,
    entries: Vec<Entry>,
}

impl Walk {
    async fn begin(query: GroupsQuery) -> Result<Self, Error> {
        let mut sam = Sam::open(&query.server, query.page_entries).await?;
        let domains = sam.domains().await?;
        let mut lists: Vec<(usize, Scope, u32)> = Vec::new();
        // Builtin first: what every server has.
        let mut order: Vec<usize> = (0..domains.len()).collect();
        order.sort_by_key(|&index| !domains[index].is_builtin());
        for scope in [Scope::Local, Scope::Global] {
            let own = |&index: &usize| scope == Scope::Local || !domains[index].is_builtin();
            lists.extend(
                order
                    .iter()
                    .copied()
                    .filter(own)
                    .map(|index| (index, scope, 0)),
            );
        }
        lists.retain(|(_, scope, _)| query.scope.is_none_or(|wanted| wanted == *scope));
        lists.reverse();
        Ok(Self {
            sam,
            domains,
            name: query.name,
            left: lists,
        })
    }

    async fn next(&mut self) -> Result<Option<Found>, Error> {
        let Some((index, scope, from)) = self.left.pop() else {
            return Ok(None);
        };
        let domain = self.domains[index].clone();
        let page = match scope {
            Scope::Local => self.sam.aliases(&domain, from).await?,
            Scope::Global => self.sam.groups(&domain, from).await?,
        };
        if let Some(next) = page.next {
            self.left.push((index, scope, next));
        }
        let mut entries = page.entries;
        if let Some(name) = &self.name {
            entries.retain(|entry| name.matches(&entry.name));
        }
        Ok(Some(Found {
            domain,
            scope,
            entries,
        }))
    }

    async fn end(self) -> Result<(), Error> {
        self.sam.close(self.domains).await
    }
}

/// The row of a group; `None` for one whose SID would be too long.
pub(super) fn group(domain: &Domain, scope: Scope, entry: Entry) -> Option<Group> {
    Some(Group {
        scope,
        domain: domain.name.clone(),
        sid: domain.sid.with_rid(entry.rid)?,
        name: entry.name,
        description: entry.description,
        attributes: entry.attributes.map(GroupAttributes),
    })
}

/// Whether the server answered, and said no: the conversation can go on.
pub(super) fn is_refusal(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Declined { .. })
}
