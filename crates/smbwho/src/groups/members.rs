//! Asking who is in groups.

use futures::Stream;
use futures::future::join;
use smbwho_msrpc::types::Sid;

use super::accounts::AT_ONCE;
use super::asked::Members;
use super::list::GroupsQuery;
use super::names::{Known, Names};
use super::native;
use super::row::Member;
use super::sam::{Sam, is_of_one};
use super::walk::{Groups, Walk};
use crate::backend::Backend;
use crate::produce::{self, Pages};
use crate::rows::{Page, Rows};
use crate::{Error, Name};

/// Members gathered before their names are asked for.
const GATHERED: usize = 8192;

/// A question about who is in which groups. Made by [`GroupsQuery::members`].
///
/// The SIDs that the server has for members are turned into names some
/// thousands at a time; one that stands for no account known to the server
/// stays a SID. Of a global group, a domain controller tells the accounts of
/// its own domain only, and not those for whom it is the primary group alone.
#[derive(Debug, Clone)]
#[must_use = "a query does nothing until it is collected or its pages are read"]
pub struct MembersQuery {
    groups: GroupsQuery,
}

impl MembersQuery {
    pub(super) fn of(groups: GroupsQuery) -> Self {
        Self { groups }
    }

    /// Reads every page; rows that came before an error are kept.
    ///
    /// # Errors
    ///
    /// When no page could be had at all.
    pub async fn collect(self) -> Result<Rows<Member>, Error> {
        produce::collect(self.pages()).await
    }

    /// The members page by page. A group whose members this account may not
    /// read is passed over, and the refusal comes as an error at the end.
    pub fn pages(self) -> impl Stream<Item = Result<Page<Member>, Error>> + Send {
        produce::pages(|pages| self.produce(pages))
    }

    async fn produce(self, mut pages: Pages<Member>) -> Result<(), Error> {
        if let Backend::Native(native) = self.groups.server.backend() {
            return native::members(&self.groups, native, &mut pages).await;
        }
        let server = &self.groups.server;
        let mut sam = Sam::open(server, self.groups.page_entries).await?;
        // Both take some turns, which nothing is gained by waiting for twice.
        let (walk, names) = join(Walk::begin(&self.groups, &mut sam), Names::open(server)).await;
        let mut gathering = Gathering {
            names,
            pages,
            waiting: Vec::new(),
            refused: None,
        };
        let gathered = gathering.gather(walk?, &mut sam).await;
        match gathered {
            Ok(()) => gathering.hand_on().await?,
            Err(error) => {
                // Those who came before it are an answer.
                if !gathering.waiting.is_empty() {
                    gathering.hand_on_after(&error).await;
                }
                return Err(error);
            }
        }
        gathering.refused.map_or(Ok(()), Err)
    }
}

/// Members on their way to their names.
struct Gathering {
    names: Result<Names, Error>,
    pages: Pages<Member>,
    waiting: Vec<Member>,
    /// What kept us from telling all.
    refused: Option<Error>,
}

impl Gathering {
    async fn gather(&mut self, mut walk: Walk, sam: &mut Sam) -> Result<(), Error> {
        while let Some(groups) = walk.next(sam).await? {
            for from in (0..groups.entries.len()).step_by(AT_ONCE) {
                let page = &groups.entries[from..groups.entries.len().min(from + AT_ONCE)];
                let rids: Vec<u32> = page.iter().map(|entry| entry.rid).collect();
                let mut told: Vec<Option<Result<Members, Error>>> = Vec::new();
                told.resize_with(rids.len(), || None);
                let asked = sam.members(&groups.domain, groups.scope, &rids, |place, members| {
                    told[place] = Some(members);
                });
                let asked = asked.await;
                let told = page.iter().zip(told);
                for (entry, members) in told.filter_map(|(entry, told)| Some((entry, told?))) {
                    match members {
                        Ok(members) => self.take(&groups, entry.rid, &entry.name, members).await?,
                        Err(_) if groups.were_looked_up() => walk.list_instead_of(&groups),
                        Err(error) => {
                            self.refused.get_or_insert(error);
                        }
                    }
                }
                asked?;
            }
        }
        Ok(())
    }

    async fn take(
        &mut self,
        groups: &Groups,
        rid: u32,
        name: &Name,
        members: Members,
    ) -> Result<(), Error> {
        let Some(group_sid) = groups.domain.sid.with_rid(rid) else {
            return Ok(());
        };
        for sid in members.sids() {
            self.waiting.push(Member {
                group: name.clone(),
                group_sid,
                name: None,
                domain: None,
                sid,
                kind: Known::NOT.kind,
            });
            if self.waiting.len() >= GATHERED {
                self.hand_on().await?;
            }
        }
        Ok(())
    }

    /// Names those who wait, and hands them on: the SIDs are an answer, too.
    async fn hand_on(&mut self) -> Result<(), Error> {
        let sids: Vec<Sid> = self.waiting.iter().map(|member| member.sid).collect();
        let named = match &mut self.names {
            _ if sids.is_empty() => Ok(()),
            Ok(names) => names.learn(&sids).await,
            Err(error) => Err(error.clone()),
        };
        self.send().await;
        match named {
            Err(error) if is_of_one(&error) => {
                self.refused.get_or_insert(error);
                Ok(())
            }
            named => named,
        }
    }

    /// Hands on those who wait where something went wrong: named, if the server is still there to
    /// be asked.
    async fn hand_on_after(&mut self, error: &Error) {
        if is_of_one(error) || error.ends_pipe_only() {
            // What is told is the error before it.
            let _ = self.hand_on().await;
        } else {
            self.send().await;
        }
    }

    async fn send(&mut self) {
        let mut members = std::mem::take(&mut self.waiting);
        if let Ok(names) = &self.names {
            for member in &mut members {
                let known = names.known(&member.sid);
                member.name = known.name;
                member.domain = known.domain;
                member.kind = known.kind;
            }
        }
        self.pages.send(members).await;
    }
}
