//! The rows of groups that an account was found to be in.

use std::collections::{BTreeMap, HashMap};

use smbwho_msrpc::types::Sid;

use super::list::group;
use super::lists::Entry;
use super::names::Names;
use super::row::{Membership, Scope};
use super::sam::{Domain, Sam};
use crate::produce::Pages;
use crate::{Error, Server};

/// Groups of a domain that an account is in, by their relative ids.
pub(super) struct Memberships<'d> {
    pub(super) domain: &'d Domain,
    pub(super) scope: Scope,
    /// Each, with whether the account is in it only through another group.
    pub(super) found: BTreeMap<u32, bool>,
    /// What is known of them.
    pub(super) known: HashMap<u32, Entry>,
    /// The attributes of each membership.
    pub(super) direct: HashMap<u32, u32>,
}

impl Memberships<'_> {
    /// Asks for what is not known yet, and sends the rows; those that are known are an answer
    /// whatever comes of it.
    pub(super) async fn send(
        mut self,
        sam: &mut Sam,
        server: &Server,
        pages: &mut Pages<Membership>,
    ) -> Result<(), Error> {
        let mut told = self.describe(sam).await;
        if told.is_ok() {
            told = self.name(server).await;
        }
        pages.send(self.rows()).await;
        told
    }

    async fn describe(&mut self, sam: &mut Sam) -> Result<(), Error> {
        let rids = self.found.keys().copied();
        let rids: Vec<u32> = rids.filter(|rid| !self.known.contains_key(rid)).collect();
        let known = &mut self.known;
        let take = |place: usize, told: Result<Entry, Error>| {
            known.extend(told.ok().map(|entry| (rids[place], entry)));
        };
        sam.infos(self.domain, self.scope, &rids, take).await
    }

    /// Gives those a name that are not for this account to read: what lsarpc has for them, or
    /// else their SIDs. That the account is in them is known.
    async fn name(&mut self, server: &Server) -> Result<(), Error> {
        let unread = self.found.keys().copied();
        let unread = unread.filter(|rid| !self.known.contains_key(rid));
        let unread = unread.filter_map(|rid| Some((rid, self.domain.sid.with_rid(rid)?)));
        let unread: Vec<(u32, Sid)> = unread.collect();
        if unread.is_empty() {
            return Ok(());
        }
        let sids: Vec<Sid> = unread.iter().map(|(_, sid)| *sid).collect();
        let known = Names::open(server).await?.of(&sids).await?;
        for ((rid, _), known) in unread.into_iter().zip(known) {
            if let Some(name) = known.name {
                self.known.insert(rid, Entry::named(rid, name));
            }
        }
        Ok(())
    }

    /// The rows.
    fn rows(mut self) -> Vec<Membership> {
        let mut rows = Vec::with_capacity(self.found.len());
        for (rid, indirect) in self.found {
            let entry = self.known.remove(&rid);
            let named = || {
                let sid = self.domain.sid.with_rid(rid)?;
                Some(Entry::named(rid, sid.to_string().into()))
            };
            let Some(mut entry) = entry.or_else(named) else {
                continue;
            };
            // The membership's own, which can differ from the group's.
            let attributes = self.direct.get(&rid).copied();
            entry.attributes = attributes.or(entry.attributes);
            let row = group(self.domain, self.scope, entry);
            rows.extend(row.map(|group| Membership { group, indirect }));
        }
        rows
    }
}
