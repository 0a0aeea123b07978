//! The server's accounts: samr ([MS-SAMR]), one handle leading to the next.

use smbwho_msrpc::samr::{
    ALIAS_GENERAL_INFORMATION, ALIAS_LIST_MEMBERS, ALIAS_READ_INFORMATION, AliasInfo,
    DOMAIN_GET_ALIAS_MEMBERSHIP, DOMAIN_LIST_ACCOUNTS, DOMAIN_LOOKUP, DisplayInfo, DisplayLevel,
    GROUP_GENERAL_INFORMATION, GROUP_LIST_MEMBERS, GROUP_READ_INFORMATION, GroupInfo,
    SAM_SERVER_CONNECT, SAM_SERVER_ENUMERATE_DOMAINS, SAM_SERVER_LOOKUP_DOMAIN, SAMR,
    SamrCloseHandle, SamrConnect2, SamrConnect5, SamrEnumerateAliasesInDomain,
    SamrEnumerateDomainsInSamServer, SamrEnumerateReply, SamrGetAliasMembership,
    SamrGetGroupsForUser, SamrGetMembersInAlias, SamrGetMembersInGroup,
    SamrLookupDomainInSamServer, SamrOpenAlias, SamrOpenDomain, SamrOpenGroup, SamrOpenUser,
    SamrQueryDisplayInformation3, SamrQueryInformationAlias, SamrQueryInformationGroup,
    USER_LIST_GROUPS,
};
use smbwho_msrpc::status::NtStatus;
use smbwho_msrpc::types::{ContextHandle, RpcUnicodeString, Sid, WString};
use smbwho_rpc::Call;

use crate::conversation::Conversation;
use crate::error::ErrorKind;
use crate::{Error, Name, Server};

/// Accounts asked for in a page: Samba tells up to 1024, Windows as many.
pub(crate) const PAGE_ENTRIES: u32 = 1000;
/// Bytes that make room for an account in a page. Samba counts 32 or 54.
const ENTRY_BYTES: u32 = 256;
/// Accounts after which a server that never ends is no longer believed.
const MAX_ACCOUNTS: usize = 10_000_000;

/// A domain of the server, opened.
#[derive(Debug, Clone)]
pub(crate) struct Domain {
    pub(crate) name: Name,
    pub(crate) sid: Sid,
    handle: ContextHandle,
}

impl Domain {
    /// Whether it is the one of the groups that every server has.
    pub(crate) fn is_builtin(&self) -> bool {
        self.sid == Sid::BUILTIN
    }
}

/// A group or alias as a page tells it.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) rid: u32,
    pub(crate) name: Name,
    pub(crate) description: Option<Name>,
    pub(crate) attributes: Option<u32>,
}

/// A page of accounts, and where the next begins.
pub(crate) struct EntryPage {
    pub(crate) entries: Vec<Entry>,
    pub(crate) next: Option<u32>,
}

/// A conversation with the server's account manager.
pub(crate) struct Sam {
    talk: Conversation,
    server: ContextHandle,
    told: usize,
    page_entries: u32,
}

impl Sam {
    pub(crate) async fn open(server: &Server, page_entries: u32) -> Result<Self, Error> {
        let mut talk = server.conversation(&SAMR).await?;
        let access = SAM_SERVER_CONNECT | SAM_SERVER_ENUMERATE_DOMAINS | SAM_SERVER_LOOKUP_DOMAIN;
        let server = match connect_5(&mut talk, access).await {
            Err(error) if is_unknown_call(&error) => connect_2(&mut talk, access).await?,
            answer => answer?,
        };
        Ok(Self {
            talk,
            server,
            told: 0,
            page_entries,
        })
    }

    fn page_bytes(&self) -> u32 {
        self.page_entries.saturating_mul(ENTRY_BYTES)
    }

    /// The server's domains: its own accounts, and Builtin.
    pub(crate) async fn domains(&mut self) -> Result<Vec<Domain>, Error> {
        let mut names: Vec<Name> = Vec::new();
        let mut from = 0;
        loop {
            let call = SamrEnumerateDomainsInSamServer {
                server_handle: self.server,
                enumeration_context: from,
                preferred_maximum_length: self.page_bytes(),
            };
            let stub = self.talk.call(&call).await?;
            let reply = self.talk.decode(&call, &stub)?;
            let page = self.page::<SamrEnumerateDomainsInSamServer>(&reply, from)?;
            names.extend(page.entries.into_iter().map(|entry| entry.name));
            match page.next {
                Some(next) => from = next,
                None => break,
            }
        }
        let mut domains = Vec::new();
        for name in names {
            let sid = self.domain_sid(&name).await?;
            let handle = self.open_domain(sid).await?;
            domains.push(Domain { name, sid, handle });
        }
        Ok(domains)
    }

    async fn domain_sid(&mut self, name: &Name) -> Result<Sid, Error> {
        type It<'a> = SamrLookupDomainInSamServer<'a>;
        let units = name.to_utf16();
        let text = WString::new(&units).map_err(|error| self.talk.unsayable::<It<'_>>(error))?;
        let name = RpcUnicodeString::of(text.as_wstr());
        let call = SamrLookupDomainInSamServer {
            server_handle: self.server,
            name: name.map_err(|error| self.talk.unsayable::<It<'_>>(error))?,
        };
        let stub = self.talk.call(&call).await?;
        let reply = self.talk.decode(&call, &stub)?;
        self.talk.check::<It<'_>>(reply.status)?;
        // A success without a SID does not decode.
        Ok(reply.domain_id.unwrap_or(Sid::BUILTIN))
    }

    async fn open_domain(&mut self, domain_id: Sid) -> Result<ContextHandle, Error> {
        let call = SamrOpenDomain {
            server_handle: self.server,
            desired_access: DOMAIN_LIST_ACCOUNTS | DOMAIN_LOOKUP | DOMAIN_GET_ALIAS_MEMBERSHIP,
            domain_id,
        };
        let stub = self.talk.call(&call).await?;
        let reply = self.talk.decode(&call, &stub)?;
        self.talk.check::<SamrOpenDomain>(reply.status)?;
        Ok(reply.domain_handle)
    }

    /// A page of a domain's local groups, without descriptions.
    pub(crate) async fn aliases(&mut self, domain: &Domain, from: u32) -> Result<EntryPage, Error> {
        let call = SamrEnumerateAliasesInDomain {
            domain_handle: domain.handle,
            enumeration_context: from,
            preferred_maximum_length: self.page_bytes(),
        };
        let stub = self.talk.call(&call).await?;
        let reply = self.talk.decode(&call, &stub)?;
        self.page::<SamrEnumerateAliasesInDomain>(&reply, from)
    }

    /// A page of a domain's global groups.
    pub(crate) async fn groups(&mut self, domain: &Domain, from: u32) -> Result<EntryPage, Error> {
        type It = SamrQueryDisplayInformation3;
        let level = DisplayLevel::Groups;
        let call = It::of(
            domain.handle,
            level,
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
        Ok(EntryPage { entries, next })
    }

    fn page<C: Call>(
        &mut self,
        reply: &SamrEnumerateReply<'_>,
        from: u32,
    ) -> Result<EntryPage, Error> {
        let status = self.talk.check::<C>(reply.status)?;
        let entries: Vec<Entry> = reply
            .iter()
            .map(|entry| Entry {
                rid: entry.relative_id,
                name: named(&entry.name),
                description: None,
                attributes: None,
            })
            .collect();
        let next = self.next::<C>(status, entries.len(), from, reply.enumeration_context)?;
        Ok(EntryPage { entries, next })
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
        self.told = self.told.saturating_add(came);
        let why = if came == 0 {
            "it says that more follow, and sends none"
        } else if next == from {
            "it says that more follow, but does not move on"
        } else if self.told > MAX_ACCOUNTS {
            "it sends more than any server holds"
        } else {
            return Ok(Some(next));
        };
        Err(self.talk.server.error(ErrorKind::Stalled {
            call: C::NAME,
            rows: self.told,
            why,
        }))
    }

    /// A local group's name and description.
    pub(crate) async fn alias(&mut self, domain: &Domain, rid: u32) -> Result<Entry, Error> {
        let handle = self.open_alias(domain, rid, ALIAS_READ_INFORMATION).await?;
        let call = SamrQueryInformationAlias {
            alias_handle: handle,
            alias_information_class: ALIAS_GENERAL_INFORMATION,
        };
        let stub = self.talk.call(&call).await?;
        self.close_handle(handle).await?;
        let reply = self.talk.decode(&call, &stub)?;
        self.talk.check::<SamrQueryInformationAlias>(reply.status)?;
        let (name, description) = match &reply.buffer {
            Some(AliasInfo::General(told)) => (named(&told.name), told.admin_comment.text()),
            None => (Name::from(""), None),
        };
        Ok(Entry {
            rid,
            name,
            description: description.map(Name::from_wire),
            attributes: None,
        })
    }

    /// Who is in a local group.
    pub(crate) async fn alias_members(
        &mut self,
        domain: &Domain,
        rid: u32,
    ) -> Result<Vec<Sid>, Error> {
        let handle = self.open_alias(domain, rid, ALIAS_LIST_MEMBERS).await?;
        let call = SamrGetMembersInAlias {
            alias_handle: handle,
        };
        let stub = self.talk.call(&call).await?;
        self.close_handle(handle).await?;
        let reply = self.talk.decode(&call, &stub)?;
        self.talk.check::<SamrGetMembersInAlias>(reply.status)?;
        Ok(reply.members.iter().collect())
    }

    async fn open_alias(
        &mut self,
        domain: &Domain,
        rid: u32,
        access: u32,
    ) -> Result<ContextHandle, Error> {
        let call = SamrOpenAlias {
            domain_handle: domain.handle,
            desired_access: access,
            alias_id: rid,
        };
        let stub = self.talk.call(&call).await?;
        let reply = self.talk.decode(&call, &stub)?;
        self.talk.check::<SamrOpenAlias>(reply.status)?;
        Ok(reply.alias_handle)
    }

    /// A global group's name, description and attributes.
    pub(crate) async fn group(&mut self, domain: &Domain, rid: u32) -> Result<Entry, Error> {
        let handle = self.open_group(domain, rid, GROUP_READ_INFORMATION).await?;
        let call = SamrQueryInformationGroup {
            group_handle: handle,
            group_information_class: GROUP_GENERAL_INFORMATION,
        };
        let stub = self.talk.call(&call).await?;
        self.close_handle(handle).await?;
        let reply = self.talk.decode(&call, &stub)?;
        self.talk.check::<SamrQueryInformationGroup>(reply.status)?;
        Ok(match &reply.buffer {
            Some(GroupInfo::General(told)) => Entry {
                rid,
                name: named(&told.name),
                description: told.admin_comment.text().map(Name::from_wire),
                attributes: Some(told.attributes),
            },
            None => Entry {
                rid,
                name: Name::from(""),
                description: None,
                attributes: None,
            },
        })
    }

    /// Who is in a global group: relative ids of the same domain.
    pub(crate) async fn group_members(
        &mut self,
        domain: &Domain,
        rid: u32,
    ) -> Result<Vec<u32>, Error> {
        let handle = self.open_group(domain, rid, GROUP_LIST_MEMBERS).await?;
        let call = SamrGetMembersInGroup {
            group_handle: handle,
        };
        let stub = self.talk.call(&call).await?;
        self.close_handle(handle).await?;
        let reply = self.talk.decode(&call, &stub)?;
        self.talk.check::<SamrGetMembersInGroup>(reply.status)?;
        Ok(reply.rids().collect())
    }

    async fn open_group(
        &mut self,
        domain: &Domain,
        rid: u32,
        access: u32,
    ) -> Result<ContextHandle, Error> {
        let call = SamrOpenGroup {
            domain_handle: domain.handle,
            desired_access: access,
            group_id: rid,
        };
        let stub = self.talk.call(&call).await?;
        let reply = self.talk.decode(&call, &stub)?;
        self.talk.check::<SamrOpenGroup>(reply.status)?;
        Ok(reply.group_handle)
    }

    /// The global groups a user is in directly: relative ids and attributes.
    pub(crate) async fn groups_of_user(
        &mut self,
        domain: &Domain,
        rid: u32,
    ) -> Result<Vec<(u32, u32)>, Error> {
        let call = SamrOpenUser {
            domain_handle: domain.handle,
            desired_access: USER_LIST_GROUPS,
            user_id: rid,
        };
        let stub = self.talk.call(&call).await?;
        let reply = self.talk.decode(&call, &stub)?;
        self.talk.check::<SamrOpenUser>(reply.status)?;
        let handle = reply.user_handle;
        let call = SamrGetGroupsForUser {
            user_handle: handle,
        };
        let stub = self.talk.call(&call).await?;
        self.close_handle(handle).await?;
        let reply = self.talk.decode(&call, &stub)?;
        self.talk.check::<SamrGetGroupsForUser>(reply.status)?;
        Ok(reply
            .iter()
            .map(|group| (group.relative_id, group.attributes))
            .collect())
    }

    /// The local groups of a domain that any of these is in directly.
    pub(crate) async fn aliases_of(
        &mut self,
        domain: &Domain,
        sids: &[Sid],
    ) -> Result<Vec<u32>, Error> {
        type It<'a> = SamrGetAliasMembership<'a>;
        let asked: Vec<Option<Sid>> = sids.iter().copied().map(Some).collect();
        let call = It::of(domain.handle, &asked);
        let call = call.map_err(|error| self.talk.unsayable::<It<'_>>(error))?;
        let stub = self.talk.call(&call).await?;
        let reply = self.talk.decode(&call, &stub)?;
        self.talk.check::<It<'_>>(reply.status)?;
        Ok(reply.membership.iter().collect())
    }

    async fn close_handle(&mut self, handle: ContextHandle) -> Result<(), Error> {
        let call = SamrCloseHandle { sam_handle: handle };
        let stub = self.talk.call(&call).await?;
        let reply = self.talk.decode(&call, &stub)?;
        self.talk.check::<SamrCloseHandle>(reply.status)?;
        Ok(())
    }

    /// Closes what is open.
    pub(crate) async fn close(mut self, domains: Vec<Domain>) -> Result<(), Error> {
        for domain in domains {
            self.close_handle(domain.handle).await?;
        }
        self.close_handle(self.server).await?;
        self.talk.finish();
        Ok(())
    }
}

async fn connect_5(talk: &mut Conversation, access: u32) -> Result<ContextHandle, Error> {
    let call = SamrConnect5::of(access);
    let stub = talk.call(&call).await?;
    let reply = talk.decode(&call, &stub)?;
    talk.check::<SamrConnect5<'_>>(reply.status)?;
    Ok(reply.server_handle)
}

async fn connect_2(talk: &mut Conversation, access: u32) -> Result<ContextHandle, Error> {
    let call = SamrConnect2 {
        server_name: None,
        desired_access: access,
    };
    let stub = talk.call(&call).await?;
    let reply = talk.decode(&call, &stub)?;
    talk.check::<SamrConnect2<'_>>(reply.status)?;
    Ok(reply.server_handle)
}

/// Whether the server is too old for the call.
fn is_unknown_call(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Declined { refusal, .. } if refusal.is_unknown_call())
}

/// A name that is there: a server's null stands for an empty one.
fn named(text: &RpcUnicodeString<'_>) -> Name {
    text.text().map_or_else(|| Name::from(""), Name::from_wire)
}
