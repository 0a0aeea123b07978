//! `smbwho groups [SERVER…]`: which groups there are, who is in them, and
//! which a user is in.

use std::future::Future;
use std::io;

use smbwho::{Group, Member, Membership, Scope, Server};

use super::fleet::{Fleet, Printing};
use crate::args::{GroupArgs, Shared};
use crate::exit::Exit;
use crate::mistyped;
use crate::problem::Problem;
use crate::rows::Kind;

/// What `smbwho groups` was asked.
#[derive(Debug, Clone)]
pub(crate) struct Question {
    scope: Option<Scope>,
    name: Option<String>,
    /// Whose groups; `None` within for the user who signs in.
    of: Option<String>,
    direct: bool,
}

impl Question {
    /// What the options say.
    pub(crate) fn of(args: &GroupArgs) -> Self {
        let scope = match (args.local, args.global) {
            (true, _) => Some(Scope::Local),
            (_, true) => Some(Scope::Global),
            _ => None,
        };
        Self {
            scope,
            name: args.name.clone(),
            of: args.of.clone(),
            direct: args.direct,
        }
    }

    fn groups(&self, server: &Server) -> smbwho::GroupsQuery {
        let mut query = server.groups();
        if let Some(scope) = self.scope {
            query = query.scope(scope);
        }
        if let Some(name) = &self.name {
            query = query.name(name);
        }
        query
    }
}

/// Whether the options that all commands share mean anything here: to leave
/// one unheard would show rows that were not wanted.
///
/// # Errors
///
/// A message that names the option.
pub(crate) fn check(which: &GroupArgs, shared: &Shared) -> Result<(), String> {
    let rows = &shared.rows;
    let unheard = [
        ("--user", rows.user.is_some()),
        ("--client", rows.client.is_some()),
        ("--idle-over", rows.idle_over.is_some()),
        ("--active-over", rows.active_over.is_some()),
        ("--level", shared.asking.level.0.is_some()),
    ];
    if let Some((option, _)) = unheard.iter().find(|(_, given)| *given) {
        return Err(format!(
            "{option} does not choose groups; a user's groups are shown by --of USER"
        ));
    }
    if which.direct && which.of.is_none() && !which.mine {
        return Err("--direct goes with --of USER or --mine".to_owned());
    }
    Ok(())
}

/// Asks the servers for their groups and prints them.
///
/// # Errors
///
/// When the output cannot be written.
pub(crate) async fn list(
    fleet: Fleet,
    question: &Question,
    words: &[String],
    interrupted: impl Future<Output = ()>,
    printing: Printing<'_, Group>,
) -> io::Result<Exit> {
    let question = question.clone();
    let ask = move |server: Server| question.groups(&server).pages();
    fleet
        .ask(ask, every, advise(words), interrupted, printing)
        .await
}

/// Asks who is in the groups and prints them.
///
/// # Errors
///
/// When the output cannot be written.
pub(crate) async fn members(
    fleet: Fleet,
    question: &Question,
    words: &[String],
    interrupted: impl Future<Output = ()>,
    printing: Printing<'_, Member>,
) -> io::Result<Exit> {
    let question = question.clone();
    let ask = move |server: Server| question.groups(&server).members().pages();
    fleet
        .ask(ask, every, advise(words), interrupted, printing)
        .await
}

/// Asks which groups a user is in and prints them.
///
/// # Errors
///
/// When the output cannot be written.
pub(crate) async fn of_user(
    fleet: Fleet,
    question: &Question,
    words: &[String],
    interrupted: impl Future<Output = ()>,
    printing: Printing<'_, Membership>,
) -> io::Result<Exit> {
    let scope = question.scope;
    let question = question.clone();
    let ask = move |server: Server| {
        let query = match &question.of {
            Some(account) => server.groups_of(account),
            None => server.my_groups(),
        };
        if question.direct {
            query.direct_only()
        } else {
            query
        }
        .pages()
    };
    let keep = |row: &Membership| scope.is_none_or(|scope| scope == row.group.scope);
    fleet
        .ask(ask, keep, advise(words), interrupted, printing)
        .await
}

fn every<T: Kind>(_: &T) -> bool {
    true
}

fn advise(words: &[String]) -> impl Fn(&mut Problem) {
    |problem| mistyped::advise(problem, words)
}
