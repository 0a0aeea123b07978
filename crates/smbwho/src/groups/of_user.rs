//! Asking which groups an account is in.

use std::collections::{BTreeMap, HashMap, HashSet};

use futures::Stream;
use smbwho_msrpc::types::{Sid, SidNameUse};

use super::accounts::AT_ONCE;
use super::asked::Members;
use super::lists::{Entry, Place};
use super::memberships::Memberships;
use super::names::Names;
use super::native;
use super::row::{Membership, Scope};
use super::sam::{Domain, PAGE_ENTRIES, Sam, is_of_one};
use crate::backend::Backend;
use crate::error::ErrorKind;
use crate::produce::{self, Pages};
use crate::rows::{Page, Rows};
use crate::{Error, Name, Server};

/// Local groups lie in local groups; deeper than this nobody nests them.
const MAX_DEPTH: usize = 64;

/// Local groups that are named as holding groups of another domain.
const MOST_HOLDERS: usize = 5;

/// A question about the groups of one account. Made by
/// [`Server::groups_of`] and [`Server::my_groups`].
///
/// The groups are those the server itself keeps: of its own accounts (or the
/// domain, on a domain controller) and of `Builtin`. An account of another
/// domain can be in its local groups; for its global groups ask a controller
/// of that domain. Where local groups hold groups of that domain, the account
/// may be in them too: [`ErrorKind::ElsewhereInGroups`] says that the list is
/// partial. The controller is not asked from here, since whatever server names
/// it would be told our password's proof. Groups that everyone who signs in is in, such as
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
            let mut known = HashMap::new();
            let found = self
                .globals(&mut sam, domain, rid, &direct, &mut known, &mut refused)
                .await?;
            through.extend(found.keys().filter_map(|rid| domain.sid.with_rid(*rid)));
            // The membership's own, which can differ from the group's.
            let direct = direct.into_iter().collect();
            let scope = Scope::Global;
            let found = Memberships {
                domain,
                scope,
                found,
                known,
                direct,
            };
            found.send(&mut sam, &self.server, &mut pages).await?;
        }
        for domain in &order {
            let found = self.locals(&mut sam, domain, sid, &mut through).await?;
            let found = Memberships {
                domain,
                scope: Scope::Local,
                found,
                known: HashMap::new(),
                direct: HashMap::new(),
            };
            found.send(&mut sam, &self.server, &mut pages).await?;
        }
        if home.is_none() && !self.direct_only && Self::is_of_a_domain(sid, kind) {
            let elsewhere = self.elsewhere(&mut sam, &order, sid, &through).await?;
            refused = refused.or(elsewhere);
        }
        refused.map_or(Ok(()), Err)
    }

    /// Whether an account that is none of the server's own can be in groups of
    /// its domain: those of the system itself (`S-1-5-32`, `S-1-1`, …) cannot.
    fn is_of_a_domain(sid: Sid, kind: SidNameUse) -> bool {
        let group = matches!(
            kind,
            SidNameUse::SidTypeAlias | SidNameUse::SidTypeWellKnownGroup
        );
        !group
            && sid
                .domain()
                .is_some_and(|domain| is_account_domain(&domain))
    }

    /// What keeps the list from being whole: the server keeps no account of
    /// the domain's groups, and the account may be in local groups through
    /// them. Nothing, where no local group holds any.
    async fn elsewhere(
        &self,
        sam: &mut Sam,
        domains: &[&Domain],
        sid: Sid,
        through: &[Sid],
    ) -> Result<Option<Error>, Error> {
        let own = |member: &Sid| domains.iter().any(|d| member.domain() == Some(d.sid));
        let mut held: Vec<(Sid, Name)> = Vec::new();
        let mut unread: Vec<Name> = Vec::new();
        for domain in domains {
            let mut from = Some(Place::default());
            while let Some(at) = from {
                let page = sam.aliases(domain, at).await?;
                for entries in page.entries.chunks(AT_ONCE) {
                    let rids: Vec<u32> = entries.iter().map(|entry| entry.rid).collect();
                    let take = |place: usize, told: Result<Members, Error>| {
                        let name = &entries[place].name;
                        // For all we know there is one in it.
                        let Ok(members) = told else {
                            return unread.push(name.clone());
                        };
                        let foreign = members.sids().filter(|member| {
                            let domain = member.domain();
                            domain.is_some_and(|domain| is_account_domain(&domain))
                                && !own(member)
                                && !through.contains(member)
                        });
                        held.extend(foreign.map(|member| (member, name.clone())));
                    };
                    sam.members(domain, Scope::Local, &rids, take).await?;
                }
                from = page.next;
            }
        }
        let mut names = Names::open(&self.server).await?;
        let mut asked: Vec<Sid> = held.iter().map(|(member, _)| *member).collect();
        asked.push(sid);
        let known = names.of(&asked).await;
        let known = match known {
            Err(error) if !is_of_one(&error) => return Err(error),
            known => known.ok(),
        };
        let is_account = |at: usize| {
            let kind = known
                .as_ref()
                .and_then(|known| known.get(at))
                .map(|k| k.kind);
            matches!(
                kind,
                Some(SidNameUse::SidTypeUser | SidNameUse::SidTypeComputer)
            )
        };
        let mut holders: Vec<Name> = Vec::new();
        let groups = held.into_iter().enumerate();
        let groups = groups
            .filter(|(at, _)| !is_account(*at))
            .map(|(_, (_, name))| name);
        for holder in groups.chain(unread) {
            if holders.len() < MOST_HOLDERS && !holders.contains(&holder) {
                holders.push(holder);
            }
        }
        if holders.is_empty() {
            return Ok(None);
        }
        let domain = known
            .as_ref()
            .and_then(|known| known.last()?.domain.clone());
        let domain = domain
            .or_else(|| sid.domain().map(|domain| domain.to_string().into()))
            .unwrap_or_else(|| Name::from("-"));
        let kind = ErrorKind::ElsewhereInGroups { domain, holders };
        Ok(Some(self.server.error(kind)))
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
        found.ok_or_else(|| names.not_found())
    }

    /// Global groups, with whether they are indirect. What the list tells of groups goes to
    /// `known`.
    async fn globals(
        &self,
        sam: &mut Sam,
        domain: &Domain,
        rid: u32,
        direct: &[(u32, u32)],
        known: &mut HashMap<u32, Entry>,
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
        let mut from = Some(Place::default());
        while let Some(at) = from {
            let page = sam.groups(domain, at).await?;
            for entries in page.entries.chunks(AT_ONCE) {
                let rids: Vec<u32> = entries.iter().map(|entry| entry.rid).collect();
                let take = |place: usize, told: Result<Members, Error>| match told {
                    Ok(Members::Rids(_, members)) => {
                        for member in members {
                            holders.entry(member).or_default().push(rids[place]);
                        }
                    }
                    Ok(Members::Sids(_)) => {}
                    Err(error) => {
                        refused.get_or_insert(error);
                    }
                };
                sam.members(domain, Scope::Global, &rids, take).await?;
            }
            // Servers that do not know the attributes there tell them of the group alone.
            let whole = page.entries.into_iter();
            let whole = whole.filter(|entry| entry.attributes.is_some());
            known.extend(whole.map(|entry| (entry.rid, entry)));
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

/// Whether accounts are made in it: `S-1-5-21-…` ([MS-DTYP] 2.4.2.4).
fn is_account_domain(sid: &Sid) -> bool {
    sid.authority() == 5 && sid.sub_authorities().first() == Some(&21)
}
