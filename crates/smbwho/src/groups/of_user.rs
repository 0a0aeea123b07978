//! Asking which groups an account is in.

use std::collections::{BTreeMap, HashMap, HashSet};

use futures::Stream;
use smbwho_msrpc::types::{Sid, SidNameUse};

use super::list::{group, is_refusal};
use super::names::Names;
use super::native;
use super::row::{Membership, Scope};
use super::sam::{Domain, Entry, PAGE_ENTRIES, Sam};
use crate::backend::Backend;
use crate::produce::{self, Pages};
use crate::rows::{Page, Rows};
use crate::{Error, Name, Server};

/// Local groups lie in local groups; deeper than this nobody nests them.
const MAX_DEPTH: usize = 64;

/// A question about the groups of one account. Made by
/// [`Server::groups_of`] and [`Server::my_groups`].
///
/// The groups are those the server itself keeps: of its own accounts (or the
/// domain, on a domain controller) and of `Builtin`. An account of another
/// domain can be in its local groups; for its global groups ask a controller
/// of that domain. Groups that everyone who signs in is in, such as
/// `Authenticated Users`, are not followed.
#[derive(Debug, Clone)]
#[must_use = "a query does nothing until it is collected or its pages are read"]
pub struct MembershipsQuery {
    server: Server,
    account: Option<String>,
    direct_only: bool,
}

impl Server {
    /// The groups that an account is in: `user`, `DOMAIN\user`, `user@domain`
    /// or a SID ([MS-SAMR] 3.1.5.9).
    pub fn groups_of(&self, account: &str) -> MembershipsQuery {
        MembershipsQuery {
            server: self.clone(),
            account: Some(account.to_owned()),
            direct_only: false,
        }
    }

    /// The groups that the signed-in account is in.
    pub fn my_groups(&self) -> MembershipsQuery {
        MembershipsQuery {
            server: self.clone(),
            account: None,
            direct_only: false,
        }
    }
}

impl MembershipsQuery {
    /// Leaves out groups that the account is in only through other groups.
    /// Finding global groups within global groups takes a look at the members
    /// of every group there is: no call answers it.
    pub fn direct_only(mut self) -> Self {
        self.direct_only = true;
        self
    }

    /// All at once.
    ///
    /// # Errors
    ///
    /// When nothing could be had at all.
    pub async fn collect(self) -> Result<Rows<Membership>, Error> {
        produce::collect(self.pages()).await
    }

    /// The groups as they are found.
    pub fn pages(self) -> impl Stream<Item = Result<Page<Membership>, Error>> + Send {
        produce::pages(|pages| self.produce(pages))
    }

    async fn produce(self, mut pages: Pages<Membership>) -> Result<(), Error> {
        if let Backend::Native(native) = self.server.backend() {
            let account = self.account.as_deref();
            let (server, direct_only) = (&self.server, self.direct_only);
            return native::of_user(server, native, account, direct_only, &mut pages).await;
        }
        let (sid, kind) = self.principal().await?;
        let mut sam = Sam::open(&self.server, PAGE_ENTRIES).await?;
        let domains = sam.domains().await?;
        // Builtin last: its groups hold groups of the others.
        let mut order: Vec<&Domain> = domains.iter().collect();
        order.sort_by_key(|domain| domain.is_builtin());
        let mut refused = None;
        let mut through: Vec<Sid> = vec![sid];

        let home = order.iter().find(|domain| Some(domain.sid) == sid.domain());
        if let Some((domain, rid)) = home.zip(sid.rid())
            && !domain.is_builtin()
        {
            let direct = match kind {
                SidNameUse::SidTypeUser | SidNameUse::SidTypeComputer => {
                    sam.groups_of_user(domain, rid).await?
                }
                _ => Vec::new(),
            };
            let found = self
                .globals(&mut sam, domain, rid, &direct, &mut refused)
                .await?;
            through.extend(found.keys().filter_map(|rid| domain.sid.with_rid(*rid)));
            let rows = describe(
                &self.server,
                &mut sam,
                domain,
                Scope::Global,
                found,
                &direct,
            )
            .await?;
            pages.send(rows).await;
        }
        for domain in &order {
            let found = self.locals(&mut sam, domain, sid, &mut through).await?;
            let rows = describe(&self.server, &mut sam, domain, Scope::Local, found, &[]).await?;
            pages.send(rows).await;
        }
        sam.close(domains).await?;
        refused.map_or(Ok(()), Err)
    }

    /// The account's SID, and what it is.
    async fn principal(&self) -> Result<(Sid, SidNameUse), Error> {
        let mut names = Names::open(&self.server).await?;
        let found = match &self.account {
            Some(account) => match account.parse::<Sid>() {
                Ok(sid) => {
                    let known = names.of(&[sid]).await?;
                    let kind = known
                        .first()
                        .map_or(SidNameUse::SidTypeUnknown, |known| known.kind);
                    Some((sid, kind))
                }
                Err(_) => names.sid_of(account).await?,
            },
            None => {
                let (domain, user) = names.caller().await?;
                let name = match domain {
                    Some(domain) => format!(r"{domain}\{user}"),
                    None => user.to_string(),
                };
                names.sid_of(&name).await?
            }
        };
        let found = found.ok_or_else(|| names.not_found())?;
        names.close().await?;
        Ok(found)
    }

    /// Global groups, with whether they are indirect.
    async fn globals(
        &self,
        sam: &mut Sam,
        domain: &Domain,
        rid: u32,
        direct: &[(u32, u32)],
        refused: &mut Option<Error>,
    ) -> Result<BTreeMap<u32, bool>, Error> {
        let mut found: BTreeMap<u32, bool> = direct.iter().map(|(rid, _)| (*rid, false)).collect();
        // Who has no groups by that call is no user, but may be a group.
        let is_group = direct.is_empty();
        if self.direct_only && !is_group {
            return Ok(found);
        }
        // Which groups each account is in, the other way round.
        let mut holders: HashMap<u32, Vec<u32>> = HashMap::new();
        let mut from = Some(0);
        while let Some(at) = from {
            let page = sam.groups(domain, at).await?;
            for entry in page.entries {
                match sam.group_members(domain, entry.rid).await {
                    Ok(members) => {
                        for member in members {
                            holders.entry(member).or_default().push(entry.rid);
                        }
                    }
                    Err(error) if is_refusal(&error) => {
                        refused.get_or_insert(error);
                    }
                    Err(error) => return Err(error),
                }
            }
            from = page.next;
        }
        if is_group {
            let own = holders.get(&rid).into_iter().flatten();
            found.extend(own.map(|holder| (*holder, false)));
        }
        if self.direct_only {
            return Ok(found);
        }
        let mut ways: Vec<u32> = found.keys().copied().collect();
        while let Some(way) = ways.pop() {
            for holder in holders.get(&way).into_iter().flatten() {
                if let std::collections::btree_map::Entry::Vacant(place) = found.entry(*holder) {
                    place.insert(true);
                    ways.push(*holder);
                }
            }
        }
        // In a circle it may come upon itself.
        if is_group {
            found.remove(&rid);
        }
        Ok(found)
    }

    /// Local groups, with whether they are indirect. Those found join
    /// `through`, the ways into other groups.
    async fn locals(
        &self,
        sam: &mut Sam,
        domain: &Domain,
        sid: Sid,
        through: &mut Vec<Sid>,
    ) -> Result<BTreeMap<u32, bool>, Error> {
        let direct = sam.aliases_of(domain, &[sid]).await?;
        let mut found: BTreeMap<u32, bool> = direct.into_iter().map(|rid| (rid, false)).collect();
        if self.direct_only {
            return Ok(found);
        }
        let mut asked: HashSet<Sid> = HashSet::new();
        let mut news: Vec<Sid> = through.clone();
        news.extend(found.keys().filter_map(|rid| domain.sid.with_rid(*rid)));
        for _ in 0..MAX_DEPTH {
            news.retain(|sid| asked.insert(*sid));
            if news.is_empty() {
                break;
            }
            let next = sam.aliases_of(domain, &news).await?;
            news.clear();
            for rid in next {
                if domain.sid.with_rid(rid) == Some(sid) {
                    continue;
                }
                if let std::collections::btree_map::Entry::Vacant(place) = found.entry(rid) {
                    place.insert(true);
                    news.extend(domain.sid.with_rid(rid));
                }
            }
        }
        through.extend(found.keys().filter_map(|rid| domain.sid.with_rid(*rid)));
        Ok(found)
    }
}

/// The rows of groups that were found by number.
async fn describe(
    server: &Server,
    sam: &mut Sam,
    domain: &Domain,
    scope: Scope,
    found: BTreeMap<u32, bool>,
    direct: &[(u32, u32)],
) -> Result<Vec<Membership>, Error> {
    let mut rows = Vec::with_capacity(found.len());
    for (rid, indirect) in found {
        let told = match scope {
            Scope::Local => sam.alias(domain, rid).await,
            Scope::Global => sam.group(domain, rid).await,
        };
        let mut entry = match told {
            Ok(entry) => entry,
            // Not for this account to read: that it is in it is known.
            Err(error) if is_refusal(&error) => Entry {
                rid,
                name: name_of(server, domain, rid).await?,
                description: None,
                attributes: None,
            },
            Err(error) => return Err(error),
        };
        // The membership's own, which can differ from the group's.
        if let Some((_, attributes)) = direct.iter().find(|(direct, _)| *direct == rid) {
            entry.attributes = Some(*attributes);
        }
        rows.extend(group(domain, scope, entry).map(|group| Membership { group, indirect }));
    }
    Ok(rows)
}

/// The name of a group that cannot be opened, or else its SID.
async fn name_of(server: &Server, domain: &Domain, rid: u32) -> Result<Name, Error> {
    let Some(sid) = domain.sid.with_rid(rid) else {
        return Ok(Name::from(""));
    };
    let mut names = Names::open(server).await?;
    let known = names.of(&[sid]).await?.pop();
    names.close().await?;
    let name = known.and_then(|known| known.name);
    Ok(name.unwrap_or_else(|| sid.to_string().into()))
}
