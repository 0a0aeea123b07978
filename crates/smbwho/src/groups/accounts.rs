//! One thing asked of many accounts: each is opened, asked and closed, a page
//! of them in flight together.

use std::ops::ControlFlow;

use smbwho_msrpc::samr::SamrCloseHandle;
use smbwho_msrpc::types::{ContextHandle, Sid};
use smbwho_rpc::Call;

use super::asked::{AliasHolds, AliasIs, Asked, GroupHolds, GroupIs, Members, UserIsIn};
use super::lists::Entry;
use super::row::Scope;
use super::sam::{Domain, Sam};
use crate::Error;
use crate::error::ErrorKind;

/// Accounts open at a time. Those of a page are closed in front of the next
/// ones to be opened.
pub(super) const AT_ONCE: usize = 128;

/// What is held at most of the answers of one page, in bytes.
const MAX_HELD: usize = 96 << 20;

impl Sam {
    /// Asks one thing of each of these accounts of a domain, and hands on what came of each as it
    /// comes, with its place among them. An error handed on is of that account.
    ///
    /// Where the server minds several calls in flight, those that were not answered are asked
    /// again one by one.
    ///
    /// # Errors
    ///
    /// What ended the conversation before all were answered.
    pub(super) async fn of_each<A: Asked>(
        &mut self,
        domain: &Domain,
        rids: &[u32],
        mut take: impl FnMut(usize, Result<A::Told, Error>) + Send,
    ) -> Result<(), Error> {
        let mut left: Vec<usize> = (0..rids.len()).collect();
        let mut answered = vec![false; rids.len()];
        while !left.is_empty() {
            let at_once = match self.talk.takes_calls_together() {
                true => AT_ONCE,
                false => 1,
            };
            let page: Vec<(usize, u32)> = left
                .iter()
                .take(at_once)
                .map(|&place| (place, rids[place]))
                .collect();
            let mut take = |place: usize, outcome| {
                answered[place] = true;
                take(place, outcome);
            };
            if let Err(error) = self.of_page::<A>(domain, &page, &mut take).await {
                self.begin_again_after(error).await?;
            }
            left.retain(|place| !answered[*place]);
        }
        Ok(())
    }

    async fn of_page<A: Asked>(
        &mut self,
        domain: &Domain,
        page: &[(usize, u32)],
        take: &mut (impl FnMut(usize, Result<A::Told, Error>) + Send),
    ) -> Result<(), Error> {
        let server = self.talk.server.clone();
        let left_open = std::mem::take(&mut self.handles_mut().left_open);
        let closes: Vec<SamrCloseHandle> = left_open
            .into_iter()
            .map(|sam_handle| SamrCloseHandle { sam_handle })
            .collect();
        let domain_handle = self.handles().of(domain);
        let opens: Vec<A::Open> = page
            .iter()
            .map(|(_, rid)| A::open(domain_handle, *rid))
            .collect();
        let mut calls = self.prepare(&closes)?;
        calls.extend(self.prepare(&opens)?);
        let mut open: Vec<(usize, u32, ContextHandle)> = Vec::new();
        let asked = self.talk.each(&calls, |index, outcome| {
            // Whatever is said of a handle that is of no more use.
            let Some(index) = index.checked_sub(closes.len()) else {
                return ControlFlow::Continue(());
            };
            let opened = outcome.and_then(|stub| {
                let (status, handle) = A::opened(server.decode(&opens[index], &stub)?);
                server.check::<A::Open>(status)?;
                Ok(handle)
            });
            let (place, rid) = page[index];
            match opened {
                Ok(handle) => open.push((place, rid, handle)),
                Err(error) => take(place, Err(error)),
            }
            ControlFlow::Continue(())
        });
        asked.await?;

        let handles = open.iter().map(|(.., handle)| *handle);
        self.handles_mut().left_open = handles.clone().collect();
        let queries: Vec<A::Query> = handles.map(A::query).collect();
        let calls = self.prepare(&queries)?;
        let mut held: usize = 0;
        let asked = self.talk.each(&calls, |index, outcome| {
            let (place, rid, _) = open[index];
            let told = outcome.and_then(|stub| {
                let reply = server.decode(&queries[index], &stub)?;
                server.check::<A::Query>(A::status(&reply))?;
                Ok(A::told(rid, reply))
            });
            held = held.saturating_add(told.as_ref().map_or(0, A::size));
            take(place, told);
            match held > MAX_HELD {
                true => ControlFlow::Break(()),
                false => ControlFlow::Continue(()),
            }
        });
        asked.await?;
        if held > MAX_HELD {
            return Err(server.error(ErrorKind::Stalled {
                call: A::Query::NAME,
                rows: open.len(),
                why: "it sends more than any server holds",
            }));
        }
        Ok(())
    }

    /// Fills in what groups are, where the server tells it. What is not for
    /// this account to read, or gone since, stays unknown. Whether all of them
    /// were told.
    ///
    /// # Errors
    ///
    /// What ended the conversation before all were asked.
    pub(super) async fn describe(
        &mut self,
        domain: &Domain,
        scope: Scope,
        entries: &mut [Entry],
    ) -> Result<bool, Error> {
        let rids: Vec<u32> = entries.iter().map(|entry| entry.rid).collect();
        let mut all = true;
        let take = |place: usize, told: Result<Entry, Error>| match told {
            Ok(told) => {
                entries[place].description = told.description;
                entries[place].attributes = told.attributes;
            }
            Err(_) => all = false,
        };
        self.infos(domain, scope, &rids, take).await?;
        Ok(all)
    }

    /// Name, description and attributes of each of these groups.
    pub(super) async fn infos(
        &mut self,
        domain: &Domain,
        scope: Scope,
        rids: &[u32],
        take: impl FnMut(usize, Result<Entry, Error>) + Send,
    ) -> Result<(), Error> {
        match scope {
            Scope::Local => self.of_each::<AliasIs>(domain, rids, take).await,
            Scope::Global => self.of_each::<GroupIs>(domain, rids, take).await,
        }
    }

    /// Who is in each of these groups.
    pub(super) async fn members(
        &mut self,
        domain: &Domain,
        scope: Scope,
        rids: &[u32],
        mut take: impl FnMut(usize, Result<Members, Error>) + Send,
    ) -> Result<(), Error> {
        match scope {
            Scope::Local => {
                let take = |place, told: Result<Vec<Sid>, Error>| {
                    take(place, told.map(Members::Sids));
                };
                self.of_each::<AliasHolds>(domain, rids, take).await
            }
            Scope::Global => {
                let own = domain.sid;
                let take = |place, told: Result<Vec<u32>, Error>| {
                    take(place, told.map(|rids| Members::Rids(own, rids)));
                };
                self.of_each::<GroupHolds>(domain, rids, take).await
            }
        }
    }

    /// The global groups a user is in directly: relative ids and attributes.
    pub(super) async fn groups_of_user(
        &mut self,
        domain: &Domain,
        rid: u32,
    ) -> Result<Vec<(u32, u32)>, Error> {
        let mut told = Ok(Vec::new());
        self.of_each::<UserIsIn>(domain, &[rid], |_, groups| told = groups)
            .await?;
        told
    }
}
