//! Asking for groups.

use futures::Stream;

use super::lists::Entry;
use super::members::MembersQuery;
use super::native;
use super::row::{Group, GroupAttributes, Scope};
use super::sam::{Domain, PAGE_ENTRIES, Sam};
use super::walk::Walk;
use crate::backend::Backend;
use crate::pattern::Pattern;
use crate::produce::{self, Pages};
use crate::rows::{Page, Rows};
use crate::{Error, Server};

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
    /// The name where it has no wildcards, as it was given.
    pub(super) exact: Option<String>,
    pub(super) page_entries: u32,
}

impl Server {
    /// The groups of the server, or of the domain when it is a domain
    /// controller ([MS-SAMR] 3.1.5.2.4, 3.1.5.3.1).
    pub fn groups(&self) -> GroupsQuery {
        GroupsQuery {
            server: self.clone(),
            scope: None,
            name: None,
            exact: None,
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
        let name = Pattern::new(pattern);
        self.exact = name.is_exact().then(|| pattern.to_owned());
        self.name = Some(name);
        self
    }

    /// Asks for about so many groups a page, at least one; 1000 by default.
    pub fn page_entries(mut self, entries: u32) -> Self {
        self.page_entries = entries.max(1);
        self
    }

    /// Asks who is in these groups, instead of for the groups.
    pub fn members(self) -> MembersQuery {
        MembersQuery::of(self)
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
        let mut sam = Sam::open(&self.server, self.page_entries).await?;
        let mut walk = Walk::begin(&self, &mut sam).await?;
        while let Some(mut groups) = walk.next(&mut sam).await? {
            let (domain, scope) = (groups.domain.clone(), groups.scope);
            let described = match groups.described {
                true => Ok(true),
                false => sam.describe(&domain, scope, &mut groups.entries).await,
            };
            if groups.were_looked_up() && matches!(described, Ok(false)) {
                walk.list_instead_of(&groups);
                continue;
            }
            let entries = groups.entries.into_iter();
            let rows = entries.filter_map(|entry| group(&domain, scope, entry));
            // What they are called is known, whatever came of asking for more.
            pages.send(rows.collect()).await;
            described?;
        }
        Ok(())
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
