//! `smbwho close file SERVER`.

use std::cmp::Ordering;
use std::ops::ControlFlow;

use smbwho::{
    Address, ClientKey, Closing, Error, FileLevel, Login, OpenFile, PathInput, PathTarget, Place,
    Server, Win32Status,
};

use super::own::Own;
use super::whose::Whose;
use super::{Done, Ending, Prepared, Reasons, Way, choose, look};
use crate::args::RowArgs;
use crate::audit::Value;
use crate::commands::names::Names;
use crate::rows::{Closed, Outcome};
use crate::seen::{Passed, Window};

const REASONS: Reasons = Reasons {
    own: "it is the pipe smbwho itself works over, or cannot be told apart from it",
    mixed: "the server gave the same number to another open file, which is not chosen and would \
            be closed too",
    nameless: "the server tells neither path nor user, so it cannot be checked before it is closed",
};

/// Which open files.
pub(crate) struct Filter {
    id: Option<u32>,
    path: Option<PathInput>,
    /// Where the path lies on the server, once it was asked.
    target: Option<PathTarget>,
    names: Names,
}

impl Filter {
    /// # Errors
    ///
    /// What is wrong with the path.
    pub(crate) fn new(id: Option<u32>, path: Option<&str>, rows: &RowArgs) -> Result<Self, String> {
        let path = path.map(str::parse::<PathInput>).transpose();
        let path = path.map_err(|error| format!("--path: {error}"))?;
        match &path {
            Some(PathInput::OnServer(path)) => {
                let place = Place::local(path).map_err(|error| format!("--path: {error}"))?;
                // Good enough to look for, too wide to close by.
                if !place.is_anchored() {
                    return Err(TOO_WIDE.to_owned());
                }
            }
            Some(PathInput::OnThisComputer(_)) => {
                return Err(
                    "--path: file:// without a server is a path of this computer; write the path \
                     as the server knows it"
                        .to_owned(),
                );
            }
            _ => {}
        }
        Ok(Self {
            id,
            path,
            target: None,
            names: Names::of(rows),
        })
    }

    /// Refuses a path in a share of another server.
    ///
    /// # Errors
    ///
    /// A message that names both.
    pub(crate) fn check_server(&self, address: &Address) -> Result<(), String> {
        match &self.path {
            Some(PathInput::InShare(unc)) if !is_same_server(&unc.address, address) => {
                Err(format!("--path {unc} is on another server than {address}"))
            }
            _ => Ok(()),
        }
    }

    /// Whether it is one of them, whoever has it open.
    fn lets_through(&self, file: &OpenFile) -> bool {
        let holds = |target: &PathTarget| file.path.as_ref().is_some_and(|path| target.holds(path));
        self.id.is_none_or(|id| file.id == Some(id))
            && (self.path.is_none() || self.target.as_ref().is_some_and(holds))
    }
}

const TOO_WIDE: &str = "--path: to close files name the whole path from the drive or root on, as \
                        `smbwho files` shows it";

fn is_same_server(one: &Address, other: &Address) -> bool {
    one.to_string().eq_ignore_ascii_case(&other.to_string())
}

/// Open files.
pub(crate) struct Files;

/// Closes the open files that the filter chooses.
///
/// # Errors
///
/// A message for the user; nothing was done then.
pub(crate) async fn run(way: &Way<'_>, mut filter: Filter, login: &Login) -> Result<Done, String> {
    if let Some(path) = &filter.path {
        let target = match way.server.path_target(path).await {
            Ok(target) => target,
            Err(error) => return way.go(&Files, Err(error)).await,
        };
        if !target.places().iter().all(Place::is_anchored) {
            return Err(format!(
                "{TOO_WIDE}: the server does not tell where {} lies",
                target.name()
            ));
        }
        filter.target = Some(target);
    }
    let (all, looked) = match look(&Files, way.server).await {
        Ok(seen) => seen,
        Err(error) => return way.go(&Files, Err(error)).await,
    };
    // Whoever else has files open there is no reason to doubt whose these are.
    let users: Vec<_> = all
        .iter()
        .map(|file| file.user.as_ref().filter(|_| filter.lets_through(file)))
        .collect();
    let mut names = filter.names.clone();
    let whose = Whose::of(names.user.as_mut(), way.server, &users).await;
    let is_chosen = |(file, theirs): (&OpenFile, &bool)| *theirs && filter.lets_through(file);
    let chosen: Vec<bool> = all.iter().zip(&whose.theirs).map(is_chosen).collect();
    // A path under which nothing is open may not be there at all.
    if let Some(target) = &filter.target
        && !all.iter().any(|file| filter.lets_through(file))
        && let Err(error) = way.server.examine(target).await
    {
        return way.go(&Files, Err(error)).await;
    }
    let mut prepared = prepared(way.server, &all, &chosen, looked, login);
    prepared.besides.extend(whose.besides);
    names.tell(way.report);
    if let Some(left_out) = whose.left_out {
        way.report.note(&left_out);
    }
    way.go(&Files, Ok(prepared)).await
}

/// Looks at everything that is open, and makes orders of what is chosen:
/// `choice` says of each, given when the server was looked at.
///
/// # Errors
///
/// When the server does not tell what is open.
pub(crate) async fn prepare(
    server: &Server,
    choice: impl FnOnce(&[OpenFile], Window) -> Vec<bool>,
    login: &Login,
) -> Result<Prepared<OpenFile>, Error> {
    let (all, looked) = look(&Files, server).await?;
    let chosen = choice(&all, looked);
    Ok(prepared(server, &all, &chosen, looked, login))
}

/// Makes orders of those of all open files that are chosen.
fn prepared(
    server: &Server,
    all: &[OpenFile],
    chosen: &[bool],
    looked: Window,
    login: &Login,
) -> Prepared<OpenFile> {
    let us = Own::new(login, server.facts().map(|facts| facts.peer));
    let own: Vec<bool> = all.iter().map(|file| is_own_pipe(file, &us)).collect();
    let named = |file: &OpenFile| file.id.is_some() && file.path.is_some() && file.user.is_some();
    Prepared {
        chosen: choose::<Files>(all, chosen, &own, named, &REASONS),
        looked,
        besides: Vec::new(),
    }
}

/// Windows lists open pipes among the files, ours too.
fn is_own_pipe(file: &OpenFile, us: &Own) -> bool {
    let path = file.path.as_deref().unwrap_or_default().to_lowercase();
    let is_pipe = path.contains(r"\pipe\") && path.ends_with("srvsvc");
    is_pipe && file.user.as_deref().is_some_and(|user| us.is_user(user))
}

impl Ending for Files {
    type Row = OpenFile;
    type Key = Option<u32>;
    const ACTION: &'static str = "close file";
    const NAMES: [&'static str; 2] = ["open file", "open files"];
    const CHANGED: &'static str =
        "the server's number is another open file's by now, which was left alone";
    /// The number is used again.
    const REPLACED: Outcome = Outcome::Gone;

    async fn look(&self, server: &Server) -> Result<Vec<OpenFile>, Error> {
        // Level 2 tells numbers only: nothing to check by.
        let query = server.files().level(FileLevel::L3).with_clients(false);
        query.collect().await?.complete()
    }

    fn key(row: &OpenFile) -> Option<u32> {
        row.id
    }

    fn client(_: &OpenFile) -> Option<ClientKey> {
        None
    }

    /// By all that stays as long as a file is open. A number may be used again.
    fn order(one: &OpenFile, other: &OpenFile) -> Ordering {
        let key = |file: &OpenFile| file.permissions.map(|held| held.0);
        (&one.path, &one.user, key(one)).cmp(&(&other.path, &other.user, key(other)))
    }

    fn compare(before: &OpenFile, now: &OpenFile, _: Passed) -> Ordering {
        Self::order(before, now)
    }

    /// Samba has another code, and some of its versions say so of a file that
    /// they closed.
    fn was_gone(said: Closing) -> bool {
        said == Closing::NotFound(Win32Status::NERR_FileIdNotFound)
    }

    async fn end(
        &self,
        server: &Server,
        rows: &[OpenFile],
        answer: impl FnMut(usize, Result<Closing, Error>) -> ControlFlow<()> + Send,
    ) -> Result<(), Error> {
        // Nothing is chosen without its number.
        let ids: Vec<u32> = rows.iter().filter_map(|row| row.id).collect();
        server.close_files(&ids, answer).await
    }

    fn closed(row: &OpenFile, outcome: Outcome) -> Closed {
        Closed {
            what: "file",
            client: row.client.clone(),
            user: row.user.clone(),
            id: row.id,
            path: row.path.clone(),
            active: None,
            outcome,
            message: None,
        }
    }

    fn line(row: &OpenFile) -> String {
        let path = row.path.as_deref().unwrap_or("-");
        let user = row.user.as_deref().unwrap_or("-");
        let mut names: Vec<&str> = Vec::new();
        names.extend(row.permissions.iter().flat_map(|held| held.names()));
        let held = if names.is_empty() {
            String::new()
        } else {
            format!(" for {}", names.join(", "))
        };
        let id = row.id.map_or("-".to_owned(), |id| id.to_string());
        format!("{id} {path}, open by {user}{held}")
    }

    fn target(rows: &[OpenFile]) -> Vec<(&'static str, Value<'_>)> {
        vec![
            (
                "id",
                rows[0]
                    .id
                    .map_or(Value::Null, |id| Value::Number(id.into())),
            ),
            ("path", Value::text(&rows[0].path)),
            ("user", Value::text(&rows[0].user)),
            ("files", Value::Number(rows.len() as u64)),
        ]
    }
}
