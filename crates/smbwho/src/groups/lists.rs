//! The groups of a domain, page by page ([MS-SAMR] 3.1.5.2, 3.1.5.3), and by
//! name ([MS-SAMR] 3.1.5.11).

use smbwho_msrpc::samr::{
    DisplayInfo, DisplayLevel, SamrEnumerateAliasesInDomain, SamrEnumerateGroupsInDomain,
    SamrEnumerateReply, SamrLookupIdsInDomain, SamrLookupIdsInDomainReply, SamrLookupNamesInDomain,
    SamrLookupNamesInDomainReply, SamrQueryDisplayInformation3,
};
use smbwho_msrpc::status::NtStatus;
use smbwho_msrpc::types::{RpcUnicodeString, SidNameUse, WString};
use smbwho_rpc::Call;

use super::sam::{Domain, Sam, leads_down, lesser};
use crate::error::ErrorKind;
use crate::{Error, Name, Server};

/// Accounts after which a server that never ends is no longer believed.
const MAX_ACCOUNTS: usize = 10_000_000;

/// A group as a page tells it.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) rid: u32,
    pub(super) name: Name,
    pub(super) description: Option<Name>,
    pub(super) attributes: Option<u32>,
}

impl Entry {
    pub(super) fn named(rid: u32, name: Name) -> Self {
        Self {
            rid,
            name,
            description: None,
            attributes: None,
        }
    }
}

/// A page of groups, and where the next begins.
pub(super) struct EntryPage<P = Place> {
    pub(super) entries: Vec<Entry>,
    pub(super) next: Option<P>,
    /// Whether it tells what more there is than names.
    pub(super) described: bool,
}

/// Where to go on in a list of groups.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Place {
    at: u32,
    /// The server does not tell their descriptions with them.
    names_only: bool,
}

/// What a domain has under a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    Nothing,
    /// A global group.
    Group(u32),
    /// A local group.
    Alias(u32),
    /// An account of another kind, or what makes no sense.
    Other,
}

impl Sam {
    /// A page of a domain's local groups, without descriptions.
    pub(super) async fn aliases(
        &mut self,
        domain: &Domain,
        from: Place,
    ) -> Result<EntryPage, Error> {
        let call = SamrEnumerateAliasesInDomain {
            domain_handle: self.handles().of(domain),
            enumeration_context: from.at,
            preferred_maximum_length: self.page_bytes(),
        };
        let stub = self.talk.call(&call).await?;
        let reply = self.talk.decode(&call, &stub)?;
        let page = self.page::<SamrEnumerateAliasesInDomain>(&reply, from.at)?;
        Ok(page.at(|at| Place { at, ..from }))
    }

    /// A page of a domain's global groups, with their descriptions where the
    /// server tells them so. Whatever it says or does in place of the first
    /// such page leads to the list of names.
    pub(super) async fn groups(
        &mut self,
        domain: &Domain,
        from: Place,
    ) -> Result<EntryPage, Error> {
        let mut refused = None;
        if !from.names_only {
            match self.described(domain, from.at).await {
                Err(error) if from.at == 0 && leads_down(&error) => {
                    if error.ends_pipe_only() {
                        self.renew().await?;
                    }
                    refused = Some(error);
                }
                page => return Ok(page?.at(|at| Place { at, ..from })),
            }
        }
        let call = SamrEnumerateGroupsInDomain {
            domain_handle: self.handles().of(domain),
            enumeration_context: from.at,
            preferred_maximum_length: self.page_bytes(),
        };
        let page = match self.talk.call(&call).await {
            Ok(stub) => self
                .talk
                .decode(&call, &stub)
                .and_then(|reply| self.page::<SamrEnumerateGroupsInDomain>(&reply, from.at)),
            Err(error) => Err(error),
        };
        let page = page.map_err(|last| match refused {
            Some(first) => lesser(first, last),
            None => last,
        })?;
        let names_only = true;
        Ok(page.at(|at| Place { at, names_only }))
    }

    async fn described(&mut self, domain: &Domain, from: u32) -> Result<EntryPage<u32>, Error> {
        type It = SamrQueryDisplayInformation3;
        let call = It::of(
            self.handles().of(domain),
            DisplayLevel::Groups,
            from,
            self.page_entries,
            self.page_bytes(),
        );
        let stub = self.talk.call(&call).await?;
        let reply = self.talk.decode(&call, &stub)?;
        let status = self.talk.check::<It>(reply.status)?;
        let mut last = from;
        let entries: Vec<Entry> = match &reply.buffer {
            DisplayInfo::Groups(list) => list
                .iter()
                .map(|group| {
                    last = last.max(group.index);
                    Entry {
                        rid: group.rid,
                        name: named(&group.account_name),
                        description: group.admin_comment.text().map(Name::from_wire),
                        // Samba's file server sends 0 for all: it does not know.
                        attributes: Some(group.attributes).filter(|bits| *bits != 0),
                    }
                })
                .collect(),
            _ => Vec::new(),
        };
        // The index of the last is where to go on; servers that number
        // nothing count from the start.
        let next = match last {
            last if last > from => last,
            _ => from.saturating_add(u32::try_from(entries.len()).unwrap_or(u32::MAX)),
        };
        let next = self.next::<It>(status, entries.len(), from, next)?;
        Ok(EntryPage {
            entries,
            next,
            described: true,
        })
    }

    pub(super) fn page<C: Call>(
        &mut self,
        reply: &SamrEnumerateReply<'_>,
        from: u32,
    ) -> Result<EntryPage<u32>, Error> {
        let status = self.talk.check::<C>(reply.status)?;
        self.page_of::<C>(status, entries(reply), from, reply.enumeration_context)
    }

    fn page_of<C: Call>(
        &mut self,
        status: NtStatus,
        entries: Vec<Entry>,
        from: u32,
        next: u32,
    ) -> Result<EntryPage<u32>, Error> {
        let next = self.next::<C>(status, entries.len(), from, next)?;
        Ok(EntryPage {
            entries,
            next,
            described: false,
        })
    }

    /// Where the next page begins, if there is one.
    fn next<C: Call>(
        &mut self,
        status: NtStatus,
        came: usize,
        from: u32,
        next: u32,
    ) -> Result<Option<u32>, Error> {
        if status != NtStatus::STATUS_MORE_ENTRIES {
            return Ok(None);
        }
        self.listed = self.listed.saturating_add(came);
        let why = if came == 0 {
            "it says that more follow, and sends none"
        } else if next == from {
            "it says that more follow, but does not move on"
        } else if self.listed > MAX_ACCOUNTS {
            "it sends more than any server holds"
        } else {
            return Ok(Some(next));
        };
        Err(self.talk.server.error(ErrorKind::Stalled {
            call: C::NAME,
            rows: self.listed,
            why,
        }))
    }

    /// What each of `domains` has under a name, and meanwhile the first page of the local groups
    /// of each of `listed`. An error is of that domain.
    pub(super) async fn look_up(
        &mut self,
        domains: &[&Domain],
        name: &WString,
        listed: &[&Domain],
    ) -> Result<(Vec<Result<Found, Error>>, Vec<Result<EntryPage, Error>>), Error> {
        type Names<'a> = SamrLookupNamesInDomain<'a>;
        type Aliases = SamrEnumerateAliasesInDomain;
        let server = self.talk.server.clone();
        let unsayable = |error| server.unsayable::<Names<'_>>(error);
        let names = [RpcUnicodeString::of(name.as_wstr()).map_err(unsayable)?];
        let length = self.page_bytes();
        let answers = self.together(
            domains.len().saturating_add(listed.len()),
            |handles, place| match domains.get(place) {
                Some(domain) => {
                    let call = Names::of(handles.of(domain), &names);
                    server.prepare(&call.map_err(unsayable)?)
                }
                None => server.prepare(&Aliases {
                    domain_handle: handles.of(listed[place - domains.len()]),
                    enumeration_context: 0,
                    preferred_maximum_length: length,
                }),
            },
            |place, stub| {
                if place < domains.len() {
                    let reply = SamrLookupNamesInDomainReply::from_stub(stub);
                    let reply = reply.map_err(|error| server.malformed::<Names<'_>>(error))?;
                    return Ok(Answer::Found(found(&server, &reply)?));
                }
                let reply = SamrEnumerateReply::from_stub(stub);
                let reply = reply.map_err(|error| server.malformed::<Aliases>(error))?;
                let status = server.check::<Aliases>(reply.status)?;
                Ok(Answer::Page(
                    status,
                    entries(&reply),
                    reply.enumeration_context,
                ))
            },
        );
        let mut found = Vec::new();
        let mut pages = Vec::new();
        for (place, answer) in answers.await?.into_iter().enumerate() {
            match answer {
                Ok(Answer::Found(told)) => found.push(Ok(told)),
                Ok(Answer::Page(status, entries, next)) => {
                    let page = self.page_of::<Aliases>(status, entries, 0, next);
                    let at = |at| Place {
                        at,
                        ..Place::default()
                    };
                    pages.push(page.map(|page| page.at(at)));
                }
                Err(error) if place < domains.len() => found.push(Err(error)),
                Err(error) => pages.push(Err(error)),
            }
        }
        Ok((found, pages))
    }

    /// The names of accounts, one of each of these domains, as the domains have them; `None` for
    /// one that is not there.
    pub(super) async fn names_of(
        &mut self,
        accounts: &[(&Domain, u32)],
    ) -> Result<Vec<Result<Option<Name>, Error>>, Error> {
        type It<'a> = SamrLookupIdsInDomain<'a>;
        let server = self.talk.server.clone();
        let rids: Vec<[u32; 1]> = accounts.iter().map(|(_, rid)| [*rid]).collect();
        self.together(
            accounts.len(),
            |handles, place| {
                let call = It::of(handles.of(accounts[place].0), &rids[place]);
                server.prepare(&call.map_err(|error| server.unsayable::<It<'_>>(error))?)
            },
            |_, stub| {
                let reply = SamrLookupIdsInDomainReply::from_stub(stub);
                let reply = reply.map_err(|error| server.malformed::<It<'_>>(error))?;
                if means_unknown(reply.status) {
                    return Ok(None);
                }
                server.check::<It<'_>>(reply.status)?;
                let name = reply.names.iter().next();
                Ok(name.and_then(|name| name.text().map(Name::from_wire)))
            },
        )
        .await
    }
}

enum Answer {
    Found(Found),
    Page(NtStatus, Vec<Entry>, u32),
}

fn found(server: &Server, reply: &SamrLookupNamesInDomainReply<'_>) -> Result<Found, Error> {
    if means_unknown(reply.status) {
        return Ok(Found::Nothing);
    }
    server.check::<SamrLookupNamesInDomain<'_>>(reply.status)?;
    let kind = reply.name_use.iter().next();
    let kind = kind.and_then(|kind| u16::try_from(kind).ok());
    Ok(
        match (kind.map(SidNameUse), reply.relative_ids.iter().next()) {
            (Some(SidNameUse::SidTypeGroup), Some(rid)) => Found::Group(rid),
            (Some(SidNameUse::SidTypeAlias), Some(rid)) => Found::Alias(rid),
            (Some(SidNameUse::SidTypeUnknown), _) => Found::Nothing,
            _ => Found::Other,
        },
    )
}

fn entries(reply: &SamrEnumerateReply<'_>) -> Vec<Entry> {
    let entries = reply.iter();
    let entries = entries.map(|entry| Entry::named(entry.relative_id, named(&entry.name)));
    entries.collect()
}

impl EntryPage<u32> {
    fn at(self, place: impl Fn(u32) -> Place) -> EntryPage {
        EntryPage {
            entries: self.entries,
            next: self.next.map(place),
            described: self.described,
        }
    }
}

/// None of the names or ids is known: an answer, no failure.
fn means_unknown(status: u32) -> bool {
    NtStatus(status) == NtStatus::STATUS_NONE_MAPPED
}

/// A name that is there: a server's null stands for an empty one.
pub(super) fn named(text: &RpcUnicodeString<'_>) -> Name {
    text.text().map_or_else(|| Name::from(""), Name::from_wire)
}
