//! Names for SIDs and SIDs for names: lsarpc ([MS-LSAT]).

use std::collections::HashMap;

use smbwho_msrpc::lsarpc::{
    LSARPC, LsarClose, LsarGetUserName, LsarLookupNames, LsarLookupSids, LsarOpenPolicy2,
    ObjectAttributes, POLICY_LOOKUP_NAMES,
};
use smbwho_msrpc::status;
use smbwho_msrpc::types::{ContextHandle, RpcUnicodeString, Sid, SidNameUse, WString};
use smbwho_rpc::ndr::NdrError;

use crate::conversation::Conversation;
use crate::{Error, Name, Server};

/// SIDs asked for at once. Servers take 20,480 ([MS-LSAT] 2.2.18); of so many
/// a reply takes long enough to look like none.
const BATCH: usize = 1000;

/// Names that are remembered. Members come again from group to group.
const MAX_REMEMBERED: usize = 100_000;

/// What a SID stands for.
#[derive(Debug, Clone)]
pub(crate) struct Known {
    pub(crate) name: Option<Name>,
    pub(crate) domain: Option<Name>,
    pub(crate) kind: SidNameUse,
}

impl Known {
    /// Of a SID nobody knows.
    pub(crate) const NOT: Self = Self {
        name: None,
        domain: None,
        kind: SidNameUse::SidTypeUnknown,
    };
}

/// A conversation with the server's authority on names.
pub(crate) struct Names {
    talk: Conversation,
    policy: ContextHandle,
    remembered: HashMap<Sid, Known>,
}

impl Names {
    pub(crate) async fn open(server: &Server) -> Result<Self, Error> {
        let mut talk = server.conversation(&LSARPC).await?;
        let call = LsarOpenPolicy2 {
            system_name: None,
            object_attributes: ObjectAttributes::NONE,
            desired_access: POLICY_LOOKUP_NAMES,
        };
        let stub = talk.call(&call).await?;
        let reply = talk.decode(&call, &stub)?;
        talk.check::<LsarOpenPolicy2<'_>>(reply.status)?;
        Ok(Self {
            talk,
            policy: reply.policy_handle,
            remembered: HashMap::new(),
        })
    }

    /// What these SIDs stand for, in the same order.
    pub(crate) async fn of(&mut self, sids: &[Sid]) -> Result<Vec<Known>, Error> {
        if self.remembered.len() > MAX_REMEMBERED {
            self.remembered.clear();
        }
        let mut missing: Vec<Sid> = sids
            .iter()
            .filter(|sid| !self.remembered.contains_key(sid))
            .copied()
            .collect();
        missing.sort_unstable();
        missing.dedup();
        for batch in missing.chunks(BATCH) {
            self.look_up(batch).await?;
        }
        let known = |sid| self.remembered.get(sid).cloned().unwrap_or(Known::NOT);
        Ok(sids.iter().map(known).collect())
    }

    async fn look_up(&mut self, sids: &[Sid]) -> Result<(), Error> {
        let asked: Vec<Option<Sid>> = sids.iter().copied().map(Some).collect();
        let call = LsarLookupSids::of(self.policy, &asked);
        let call = call.map_err(|error| self.talk.unsayable::<LsarLookupSids<'_>>(error))?;
        let stub = self.talk.call(&call).await?;
        let reply = self.talk.decode(&call, &stub)?;
        if !means_unknown(reply.status) {
            self.talk.check::<LsarLookupSids<'_>>(reply.status)?;
        }
        for (sid, (translated, domain)) in sids.iter().zip(reply.names()) {
            let kind = translated.name_use;
            let unknown = matches!(
                kind,
                SidNameUse::SidTypeUnknown | SidNameUse::SidTypeInvalid
            );
            // Some servers give the SID itself for the name of one unknown.
            let known = if unknown {
                Known { kind, ..Known::NOT }
            } else {
                Known {
                    name: translated.name.text().map(Name::from_wire),
                    domain: domain
                        .and_then(|domain| domain.name.text())
                        .map(Name::from_wire),
                    kind,
                }
            };
            self.remembered.insert(*sid, known);
        }
        Ok(())
    }

    /// The SID of an account, and what it is. `None` for a name that is not
    /// known.
    pub(crate) async fn sid_of(&mut self, name: &str) -> Result<Option<(Sid, SidNameUse)>, Error> {
        let unsayable = |error: NdrError| self.talk.unsayable::<LsarLookupNames<'_>>(error);
        let text = WString::new(name).map_err(unsayable)?;
        let names = [RpcUnicodeString::of(text.as_wstr()).map_err(unsayable)?];
        let call = LsarLookupNames::of(self.policy, &names).map_err(unsayable)?;
        let stub = self.talk.call(&call).await?;
        let reply = self.talk.decode(&call, &stub)?;
        if !means_unknown(reply.status) {
            self.talk.check::<LsarLookupNames<'_>>(reply.status)?;
        }
        let found = reply.sids().next();
        Ok(found.and_then(|(kind, sid)| Some((sid?, kind))))
    }

    /// An error that says that this name is not known.
    pub(crate) fn not_found(&self) -> Error {
        let status = status::NtStatus::STATUS_NONE_MAPPED.0;
        match self.talk.check::<LsarLookupNames<'_>>(status) {
            Err(error) => error,
            Ok(_) => unreachable!("it is an error"),
        }
    }

    /// Whom the server takes the caller for: domain and user.
    pub(crate) async fn caller(&mut self) -> Result<(Option<Name>, Name), Error> {
        let call = LsarGetUserName::WHOLE;
        let stub = self.talk.call(&call).await?;
        let reply = self.talk.decode(&call, &stub)?;
        self.talk.check::<LsarGetUserName<'_>>(reply.status)?;
        let name = |text: RpcUnicodeString<'_>| text.text().map(Name::from_wire);
        let user = reply.user_name.and_then(name);
        let domain = reply.domain_name.flatten().and_then(name);
        user.map(|user| (domain, user))
            .ok_or_else(|| self.not_found())
    }

    pub(crate) async fn close(mut self) -> Result<(), Error> {
        let call = LsarClose {
            object_handle: self.policy,
        };
        let stub = self.talk.call(&call).await?;
        let reply = self.talk.decode(&call, &stub)?;
        self.talk.check::<LsarClose>(reply.status)?;
        self.talk.finish();
        Ok(())
    }
}

/// None of the names or SIDs is known: an answer, no failure.
fn means_unknown(status: u32) -> bool {
    status::NtStatus(status) == status::NtStatus::STATUS_NONE_MAPPED
}
