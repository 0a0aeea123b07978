//! The server's accounts: samr ([MS-SAMR]), one handle leading to the next.

use std::ops::ControlFlow;

use smbwho_msrpc::samr::{
    DOMAIN_GET_ALIAS_MEMBERSHIP, DOMAIN_LIST_ACCOUNTS, DOMAIN_LOOKUP, SAM_SERVER_CONNECT,
    SAM_SERVER_ENUMERATE_DOMAINS, SAM_SERVER_LOOKUP_DOMAIN, SAMR, SamrConnect2, SamrConnect5,
    SamrEnumerateDomainsInSamServer, SamrGetAliasMembership, SamrLookupDomainInSamServer,
    SamrOpenDomain,
};
use smbwho_msrpc::types::{ContextHandle, RpcUnicodeString, Sid, WString};
use smbwho_rpc::Call;
use smbwho_rpc::ndr::NdrError;
use smbwho_smb::Prepared;

use crate::conversation::Conversation;
use crate::error::ErrorKind;
use crate::{Error, Name, Server};

/// Accounts asked for in a page: Samba tells up to 1024, Windows as many.
pub(super) const PAGE_ENTRIES: u32 = 1000;
/// Bytes that make room for an account in a page. Samba counts 32 or 54.
const ENTRY_BYTES: u32 = 256;
/// Domains of one server. There are two: its own accounts, and Builtin.
const MAX_DOMAINS: usize = 64;
/// SIDs in one request that fits into one fragment.
const SIDS_AT_ONCE: usize = 100;

/// A domain of the server.
#[derive(Debug, Clone)]
pub(super) struct Domain {
    pub(super) name: Name,
    pub(super) sid: Sid,
}

impl Domain {
    /// Whether it is the one of the groups that every server has.
    pub(super) fn is_builtin(&self) -> bool {
        self.sid == Sid::BUILTIN
    }
}

/// A conversation with the server's account manager. What is open in it ends
/// with it.
pub(super) struct Sam {
    pub(super) talk: Conversation,
    handles: Handles,
    /// It went on over a new pipe, one call at a time.
    began_again: bool,
    /// Accounts that lists have told.
    pub(super) listed: usize,
    pub(super) page_entries: u32,
}

/// What is open on the pipe.
#[derive(Default)]
pub(super) struct Handles {
    server: Option<ContextHandle>,
    domains: Vec<(Sid, ContextHandle)>,
    /// Accounts that are of no more use, and not closed yet.
    pub(super) left_open: Vec<ContextHandle>,
}

impl Handles {
    pub(super) fn of(&self, domain: &Domain) -> ContextHandle {
        let mut domains = self.domains.iter();
        let found = domains.find(|(sid, _)| *sid == domain.sid);
        found.map_or(ContextHandle::NULL, |(_, handle)| *handle)
    }

    fn server(&self) -> ContextHandle {
        self.server.unwrap_or(ContextHandle::NULL)
    }
}

impl Sam {
    pub(super) async fn open(server: &Server, page_entries: u32) -> Result<Self, Error> {
        let mut sam = Self {
            talk: server.conversation(&SAMR).await?,
            handles: Handles::default(),
            began_again: false,
            listed: 0,
            page_entries,
        };
        sam.connect().await?;
        Ok(sam)
    }

    /// Whatever is said or done in place of an answer to the newer call leads
    /// to the older.
    async fn connect(&mut self) -> Result<(), Error> {
        let access = SAM_SERVER_CONNECT | SAM_SERVER_ENUMERATE_DOMAINS | SAM_SERVER_LOOKUP_DOMAIN;
        let handle = match connect_5(&mut self.talk, access).await {
            Err(error) if leads_down(&error) => {
                if error.ends_pipe_only() {
                    self.talk.renew().await?;
                }
                let older = connect_2(&mut self.talk, access).await;
                older.map_err(|later| lesser(error, later))?
            }
            answer => answer?,
        };
        self.handles.server = Some(handle);
        Ok(())
    }

    /// Goes on over a new pipe, with the domains open that were open before.
    pub(super) async fn renew(&mut self) -> Result<(), Error> {
        let before = std::mem::take(&mut self.handles).domains;
        self.talk.renew().await?;
        self.connect().await?;
        for (sid, _) in before {
            let handle = self.open_domain(sid).await?;
            self.handles.domains.push((sid, handle));
        }
        Ok(())
    }

    /// Goes on over a new pipe where several calls in flight may have been too
    /// much for the server; what was not answered is to be asked again then.
    pub(super) async fn begin_again_after(&mut self, error: Error) -> Result<(), Error> {
        if self.began_again || !error.is_due_to_haste() {
            return Err(error);
        }
        self.began_again = true;
        self.renew().await
    }

    pub(super) fn handles(&self) -> &Handles {
        &self.handles
    }

    pub(super) fn handles_mut(&mut self) -> &mut Handles {
        &mut self.handles
    }

    pub(super) fn page_bytes(&self) -> u32 {
        self.page_entries.saturating_mul(ENTRY_BYTES)
    }

    /// Makes calls in flight together, each of which is made for the handles
    /// there are then; one outcome for each.
    ///
    /// # Errors
    ///
    /// What ended the pipe before all were answered.
    pub(super) async fn together<T: Send>(
        &mut self,
        count: usize,
        make: impl Fn(&Handles, usize) -> Result<Prepared, Error>,
        read: impl Fn(usize, &[u8]) -> Result<T, Error> + Send + Sync,
    ) -> Result<Vec<Result<T, Error>>, Error> {
        let mut outcomes: Vec<Option<Result<T, Error>>> = Vec::new();
        outcomes.resize_with(count, || None);
        loop {
            let left = (0..count).filter(|place| outcomes[*place].is_none());
            let left: Vec<usize> = left.collect();
            let calls = left.iter().map(|place| make(&self.handles, *place));
            let calls = calls.collect::<Result<Vec<_>, _>>()?;
            let asked = self.talk.each(&calls, |index, outcome| {
                let place = left[index];
                outcomes[place] = Some(outcome.and_then(|stub| read(place, &stub)));
                ControlFlow::Continue(())
            });
            match asked.await {
                Ok(()) => return Ok(outcomes.into_iter().flatten().collect()),
                Err(error) => self.begin_again_after(error).await?,
            }
        }
    }

    /// The same for calls of one kind. `read` gives the status of a reply beside
    /// what it says.
    async fn together_of<C: Call, T: Send>(
        &mut self,
        count: usize,
        make: impl Fn(&Handles, usize) -> Result<C, NdrError> + Sync,
        read: impl Fn(C::Reply<'_>) -> (u32, T) + Send + Sync,
    ) -> Result<Vec<Result<T, Error>>, Error> {
        let server = self.talk.server.clone();
        let call = |handles: &Handles, place| {
            let call = make(handles, place);
            call.map_err(|error| server.unsayable::<C>(error))
        };
        let answers = self.together(
            count,
            |handles, place| server.prepare(&call(handles, place)?),
            |place, stub| {
                // What a reply says does not depend on the handles.
                let call = call(&Handles::default(), place)?;
                let (status, told) = read(server.decode(&call, stub)?);
                server.check::<C>(status)?;
                Ok(told)
            },
        );
        answers.await
    }

    pub(super) fn prepare<C: Call>(&self, calls: &[C]) -> Result<Vec<Prepared>, Error> {
        let prepared = calls.iter().map(|call| self.talk.server.prepare(call));
        prepared.collect()
    }

    /// The server's domains: its own accounts, and Builtin.
    pub(super) async fn domains(&mut self) -> Result<Vec<Domain>, Error> {
        let mut names: Vec<Name> = Vec::new();
        let mut from = 0;
        loop {
            let call = SamrEnumerateDomainsInSamServer {
                server_handle: self.handles.server(),
                enumeration_context: from,
                preferred_maximum_length: self.page_bytes(),
            };
            let stub = self.talk.call(&call).await?;
            let reply = self.talk.decode(&call, &stub)?;
            let page = self.page::<SamrEnumerateDomainsInSamServer>(&reply, from)?;
            names.extend(page.entries.into_iter().map(|entry| entry.name));
            if names.len() > MAX_DOMAINS {
                return Err(self.talk.server.error(ErrorKind::Stalled {
                    call: SamrEnumerateDomainsInSamServer::NAME,
                    rows: names.len(),
                    why: "it sends more than any server holds",
                }));
            }
            match page.next {
                Some(next) => from = next,
                None => break,
            }
        }
        let sids = self.domain_sids(&names).await?;
        self.open_domains(&sids).await?;
        let domains = names.into_iter().zip(sids);
        Ok(domains.map(|(name, sid)| Domain { name, sid }).collect())
    }

    async fn open_domains(&mut self, sids: &[Sid]) -> Result<(), Error> {
        let began_again = self.began_again;
        let open = self.together_of(
            sids.len(),
            |handles, place| Ok(opening(handles, sids[place])),
            |reply| (reply.status, reply.domain_handle),
        );
        let mut open = open.await?;
        if self.began_again != began_again {
            // Some of them were of the pipe before.
            open.clear();
            for sid in sids {
                open.push(self.open_domain(*sid).await);
            }
        }
        let open = open.into_iter().collect::<Result<Vec<_>, _>>()?;
        self.handles.domains = sids.iter().copied().zip(open).collect();
        Ok(())
    }

    async fn domain_sids(&mut self, names: &[Name]) -> Result<Vec<Sid>, Error> {
        type It<'a> = SamrLookupDomainInSamServer<'a>;
        let unsayable = |error| self.talk.unsayable::<It<'_>>(error);
        let texts = names.iter().map(|name| WString::new(&name.to_utf16()));
        let texts: Vec<WString> = texts.collect::<Result<_, _>>().map_err(unsayable)?;
        let sids = self.together_of(
            names.len(),
            |handles, place| {
                Ok(SamrLookupDomainInSamServer {
                    server_handle: handles.server(),
                    name: RpcUnicodeString::of(texts[place].as_wstr())?,
                })
            },
            // A success without a SID does not decode.
            |reply| (reply.status, reply.domain_id.unwrap_or(Sid::BUILTIN)),
        );
        sids.await?.into_iter().collect()
    }

    async fn open_domain(&mut self, domain_id: Sid) -> Result<ContextHandle, Error> {
        let call = opening(&self.handles, domain_id);
        let stub = self.talk.call(&call).await?;
        let reply = self.talk.decode(&call, &stub)?;
        self.talk.check::<SamrOpenDomain>(reply.status)?;
        Ok(reply.domain_handle)
    }

    /// The local groups of a domain that any of these is in directly.
    pub(super) async fn aliases_of(
        &mut self,
        domain: &Domain,
        sids: &[Sid],
    ) -> Result<Vec<u32>, Error> {
        let asked: Vec<Option<Sid>> = sids.iter().copied().map(Some).collect();
        let asked: Vec<&[Option<Sid>]> = asked.chunks(SIDS_AT_ONCE).collect();
        let found = self.together_of(
            asked.len(),
            |handles, place| SamrGetAliasMembership::of(handles.of(domain), asked[place]),
            |reply| {
                let rids: Vec<u32> = reply.membership.iter().collect();
                (reply.status, rids)
            },
        );
        let found = found.await?.into_iter().collect::<Result<Vec<_>, _>>()?;
        Ok(found.concat())
    }
}

fn opening(handles: &Handles, domain_id: Sid) -> SamrOpenDomain {
    SamrOpenDomain {
        server_handle: handles.server(),
        desired_access: DOMAIN_LIST_ACCOUNTS | DOMAIN_LOOKUP | DOMAIN_GET_ALIAS_MEMBERSHIP,
        domain_id,
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

/// Whether what came in place of an answer leads to another way of asking:
/// whatever the server said or did, but not what befell the connection.
pub(super) fn leads_down(error: &Error) -> bool {
    is_of_one(error) || error.ends_pipe_only() || matches!(error.kind(), ErrorKind::Stalled { .. })
}

/// Whether it is about what was asked for, and the conversation can go on: a
/// refusal, or a reply that cannot be read.
pub(super) fn is_of_one(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Declined { .. }) || error.is_malformed()
}

/// The error to be told of two: of refusals the one for the least that was
/// asked, which came last.
pub(super) fn lesser(first: Error, last: Error) -> Error {
    let is_said = |error: &Error| matches!(error.kind(), ErrorKind::Declined { .. });
    match is_said(&first) && leads_down(&last) && !is_said(&last) {
        true => first,
        false => last,
    }
}
