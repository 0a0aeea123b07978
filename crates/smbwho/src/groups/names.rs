//! Names for SIDs and SIDs for names: lsarpc ([MS-LSAT]).

use std::collections::HashMap;
use std::ops::ControlFlow;

use smbwho_msrpc::lsarpc::{
    LSARPC, LsarGetUserName, LsarLookupNames, LsarLookupSids, LsarLookupSidsReply, LsarOpenPolicy2,
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

/// SIDs asked for in each of several calls that are in flight together: so
/// many that request and reply fit into one fragment each, and none has to be
/// put together from several.
const SMALL_BATCH: usize = 60;

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
        Ok(Self {
            policy: open_policy(&mut talk).await?,
            talk,
            remembered: HashMap::new(),
        })
    }

    /// What these SIDs stand for, in the same order.
    pub(crate) async fn of(&mut self, sids: &[Sid]) -> Result<Vec<Known>, Error> {
        self.learn(sids).await?;
        Ok(sids.iter().map(|sid| self.known(sid)).collect())
    }

    /// What a SID stands for, as far as was learnt.
    pub(crate) fn known(&self, sid: &Sid) -> Known {
        self.remembered.get(sid).cloned().unwrap_or(Known::NOT)
    }

    /// Asks what these SIDs stand for, those that are not known yet in flight
    /// together.
    ///
    /// # Errors
    ///
    /// The first that went wrong. What was answered all the same is
    /// [known](Self::known) then.
    pub(crate) async fn learn(&mut self, sids: &[Sid]) -> Result<(), Error> {
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
        let batch = match self.talk.takes_calls_together() {
            true => SMALL_BATCH,
            false => BATCH,
        };
        let missing: Vec<Option<Sid>> = missing.into_iter().map(Some).collect();
        let batches: Vec<&[Option<Sid>]> = missing.chunks(batch).collect();
        let mut answered = vec![false; batches.len()];
        let mut refused = None;
        let mut may_repeat = true;
        loop {
            let left = (0..batches.len()).filter(|place| !answered[*place]);
            let left: Vec<usize> = left.collect();
            if left.is_empty() {
                return refused.map_or(Ok(()), Err);
            }
            let calls = left
                .iter()
                .map(|place| LsarLookupSids::of(self.policy, batches[*place]));
            let calls = calls.collect::<Result<Vec<_>, _>>();
            let calls = calls.map_err(|error| self.talk.unsayable::<LsarLookupSids<'_>>(error))?;
            let server = self.talk.server.clone();
            let prepared = calls.iter().map(|call| server.prepare(call));
            let prepared = prepared.collect::<Result<Vec<_>, _>>()?;
            let remembered = &mut self.remembered;
            let asked = self.talk.each(&prepared, |index, outcome| {
                let sids = batches[left[index]];
                let read = outcome.and_then(|stub| {
                    let reply = server.decode(&calls[index], &stub)?;
                    remember(&server, remembered, sids, &reply)
                });
                answered[left[index]] = true;
                if let Err(error) = read {
                    refused.get_or_insert(error);
                }
                ControlFlow::Continue(())
            });
            match asked.await {
                Err(error) if may_repeat && error.is_due_to_haste() => {
                    may_repeat = false;
                    self.talk.renew().await?;
                    self.policy = open_policy(&mut self.talk).await?;
                }
                asked => asked?,
            }
        }
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
}

async fn open_policy(talk: &mut Conversation) -> Result<ContextHandle, Error> {
    let call = LsarOpenPolicy2 {
        system_name: None,
        object_attributes: ObjectAttributes::NONE,
        desired_access: POLICY_LOOKUP_NAMES,
    };
    let stub = talk.call(&call).await?;
    let reply = talk.decode(&call, &stub)?;
    talk.check::<LsarOpenPolicy2<'_>>(reply.status)?;
    Ok(reply.policy_handle)
}

fn remember(
    server: &Server,
    remembered: &mut HashMap<Sid, Known>,
    sids: &[Option<Sid>],
    reply: &LsarLookupSidsReply<'_>,
) -> Result<(), Error> {
    if !means_unknown(reply.status) {
        server.check::<LsarLookupSids<'_>>(reply.status)?;
    }
    for (sid, (translated, domain)) in sids.iter().flatten().zip(reply.names()) {
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
        remembered.insert(*sid, known);
    }
    Ok(())
}

/// None of the names or SIDs is known: an answer, no failure.
fn means_unknown(status: u32) -> bool {
    status::NtStatus(status) == status::NtStatus::STATUS_NONE_MAPPED
}
