//! The way through the groups of all domains: list by list, or by name.

use smbwho_msrpc::types::WString;

use super::list::GroupsQuery;
use super::lists::{Entry, EntryPage, Found, Place};
use super::row::Scope;
use super::sam::{Domain, Sam, is_of_one};
use crate::Error;
use crate::pattern::Pattern;

/// The way through the groups that a query is about.
pub(super) struct Walk {
    domains: Vec<Domain>,
    only: Option<Scope>,
    name: Option<Pattern>,
    /// What is still to come, the next one last.
    left: Vec<Left>,
}

enum Left {
    /// A list, and where in it to go on.
    List(usize, Scope, Place),
    /// A page of a list that came already.
    Page(usize, Scope, EntryPage),
    /// A group that was found by its name.
    Found(usize, Scope, Entry),
}

/// Some groups of one list.
pub(super) struct Groups {
    pub(super) domain: Domain,
    pub(super) scope: Scope,
    pub(super) entries: Vec<Entry>,
    /// Whether the list tells what more there is than names.
    pub(super) described: bool,
    /// The domain, where these were found by their name and not listed.
    by_name: Option<usize>,
}

impl Groups {
    /// Whether they were found by their name, and not listed.
    pub(super) fn were_looked_up(&self) -> bool {
        self.by_name.is_some()
    }
}

/// What looking a name up told of a domain.
enum Told {
    /// Nothing: the lists decide.
    Search,
    /// The lists decide, and the first page of the local groups came already.
    Begun(EntryPage),
    /// There is no such group.
    None,
    /// It is this one.
    One(Scope, Entry),
}

impl Walk {
    pub(super) async fn begin(query: &GroupsQuery, sam: &mut Sam) -> Result<Self, Error> {
        let mut walk = Self {
            domains: sam.domains().await?,
            only: query.scope,
            name: query.name.clone(),
            left: Vec::new(),
        };
        let mut told: Vec<Told> = walk.domains.iter().map(|_| Told::Search).collect();
        if let Some(name) = &query.exact {
            walk.look_up(sam, name, &mut told).await?;
        }
        let mut told: Vec<(usize, Told)> = told.into_iter().enumerate().collect();
        // Builtin first: what every server has.
        told.sort_by_key(|(index, _)| !walk.domains[*index].is_builtin());
        for scope in [Scope::Local, Scope::Global] {
            for (index, told) in &mut told {
                if !walk.wants(*index, scope) {
                    continue;
                }
                let (left, other) = match std::mem::replace(told, Told::None) {
                    Told::Begun(page) if scope == Scope::Local => {
                        (Some(Left::Page(*index, scope, page)), Told::Search)
                    }
                    Told::Search | Told::Begun(_) => {
                        let place = Place::default();
                        (Some(Left::List(*index, scope, place)), Told::Search)
                    }
                    Told::One(of, entry) if of == scope => {
                        (Some(Left::Found(*index, scope, entry)), Told::None)
                    }
                    other => (None, other),
                };
                *told = other;
                walk.left.extend(left);
            }
        }
        walk.left.reverse();
        Ok(walk)
    }

    /// Whether a domain has groups of this kind, and they are asked for. Builtin has no global
    /// ones.
    fn wants(&self, index: usize, scope: Scope) -> bool {
        let has = scope == Scope::Local || !self.domains[index].is_builtin();
        has && self.only.is_none_or(|only| only == scope)
    }

    /// Looks a name up in each domain, and begins the list of Builtin meanwhile.
    ///
    /// The list decides in Builtin, which is short: Samba's file server looks names up among all
    /// that Windows has there, and lists those that it has itself, which may have other names.
    /// It decides wherever something else than a group, or than no account, comes of looking up.
    /// And letters beyond ASCII have lower cases that servers do not agree on, so a name with
    /// such is searched for where it is not found.
    async fn look_up(&self, sam: &mut Sam, name: &str, told: &mut [Told]) -> Result<(), Error> {
        let text = match WString::new(name) {
            Ok(text) if !name.is_empty() => text,
            _ => return Ok(()),
        };
        let all = 0..self.domains.len();
        let (builtin, own): (Vec<usize>, Vec<usize>) =
            all.partition(|&index| self.domains[index].is_builtin());
        let listed = builtin.into_iter();
        let listed: Vec<usize> = listed
            .filter(|&index| self.wants(index, Scope::Local))
            .collect();
        let domains = |of: &[usize]| -> Vec<&Domain> {
            of.iter().map(|&index| &self.domains[index]).collect()
        };
        let asked = sam.look_up(&domains(&own), &text, &domains(&listed)).await;
        let Some((found, pages)) = goes_on(asked, sam).await? else {
            return Ok(());
        };
        for (&index, page) in listed.iter().zip(pages) {
            told[index] = page.map_or(Told::Search, Told::Begun);
        }
        let mut accounts: Vec<(usize, Scope, u32)> = Vec::new();
        for (&index, found) in own.iter().zip(found) {
            match found {
                Ok(Found::Nothing) if name.is_ascii() => told[index] = Told::None,
                Ok(Found::Group(rid)) => accounts.push((index, Scope::Global, rid)),
                Ok(Found::Alias(rid)) => accounts.push((index, Scope::Local, rid)),
                _ => {}
            }
        }
        if accounts.is_empty() {
            return Ok(());
        }
        // As the domain has it: a name is found in any letter case.
        let asked = accounts.iter();
        let asked = asked.map(|(index, _, rid)| (&self.domains[*index], *rid));
        let asked = sam.names_of(&asked.collect::<Vec<_>>()).await;
        let names = goes_on(asked, sam).await?.unwrap_or_default();
        for ((index, scope, rid), name) in accounts.into_iter().zip(names) {
            if let Ok(Some(name)) = name
                && self
                    .name
                    .as_ref()
                    .is_some_and(|wanted| wanted.matches(&name))
            {
                told[index] = Told::One(scope, Entry::named(rid, name));
            }
        }
        Ok(())
    }

    pub(super) async fn next(&mut self, sam: &mut Sam) -> Result<Option<Groups>, Error> {
        let (index, scope, page) = match self.left.pop() {
            None => return Ok(None),
            Some(Left::Found(index, scope, entry)) => {
                return Ok(Some(Groups {
                    domain: self.domains[index].clone(),
                    scope,
                    entries: vec![entry],
                    described: false,
                    by_name: Some(index),
                }));
            }
            Some(Left::Page(index, scope, page)) => (index, scope, page),
            Some(Left::List(index, scope, from)) => {
                let domain = &self.domains[index];
                let page = match scope {
                    Scope::Local => sam.aliases(domain, from).await?,
                    Scope::Global => sam.groups(domain, from).await?,
                };
                (index, scope, page)
            }
        };
        if let Some(next) = page.next {
            self.left.push(Left::List(index, scope, next));
        }
        let mut entries = page.entries;
        if let Some(name) = &self.name {
            entries.retain(|entry| name.matches(&entry.name));
        }
        Ok(Some(Groups {
            domain: self.domains[index].clone(),
            scope,
            entries,
            described: page.described,
            by_name: None,
        }))
    }

    /// Goes through the lists of a domain after all: a group that was found there by its name
    /// could not be asked, and the lists say whether it is one.
    pub(super) fn list_instead_of(&mut self, groups: &Groups) {
        let Some(index) = groups.by_name else { return };
        for scope in [Scope::Global, Scope::Local] {
            if self.wants(index, scope) {
                self.left.push(Left::List(index, scope, Place::default()));
            }
        }
    }
}

/// What came of asking, or `None` where the server said or did something in place of an answer.
async fn goes_on<T>(asked: Result<T, Error>, sam: &mut Sam) -> Result<Option<T>, Error> {
    match asked {
        Err(error) if error.ends_pipe_only() => sam.renew().await.map(|()| None),
        Err(error) if is_of_one(&error) => Ok(None),
        asked => asked.map(Some),
    }
}
