//! How errors read: one sentence, the code in brackets.

use std::fmt;

use super::{BadParameter, ErrorKind, Refusal, decisive};
use crate::Code;

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ErrorKind::Smb(error) => error.fmt(f),
            ErrorKind::Refused { call, refused } => write_refused(f, call, refused),
            ErrorKind::Declined { call, refusal } => write_refusal(f, call, *refusal),
            ErrorKind::ChangeRefused {
                call,
                level,
                why,
                parameter,
                done,
            } => write_change_refused(f, call, *level, *why, *parameter, done),
            ErrorKind::Unsayable { call, error } => {
                write!(f, "{call} cannot carry what is asked for: {error}")
            }
            ErrorKind::BadSecurity { call, error } => {
                write!(f, "{call} cannot carry what is asked for: {error}")
            }
            ErrorKind::Malformed { call, error } => {
                write!(f, "the reply to {call} is malformed: {error}")
            }
            ErrorKind::Stalled { call, rows, why } => {
                write!(f, "{call} came to no end after {rows} rows: {why}")
            }
            ErrorKind::TooLong { call, rows } => {
                write!(
                    f,
                    "{call} ended after {rows} rows: the lists of all servers are too long to be \
                     kept together"
                )
            }
            ErrorKind::LevelTellsNoUser => {
                f.write_str("level 0 tells no user, so its rows cannot be chosen by user")
            }
            ErrorKind::LevelTellsNot { level, what } => {
                write!(
                    f,
                    "level {level} tells no {what}, so its rows cannot be chosen by {what}"
                )
            }
            ErrorKind::NoPlace(error) => error.fmt(f),
            ErrorKind::DfsPath { path, targets, why } => write_dfs(f, path, targets, *why),
            ErrorKind::DfsLinksBelow { path } => write!(
                f,
                "{path} belongs to a DFS root: what is open behind links below it was not looked at"
            ),
            ErrorKind::NoSuchPath { path } => write!(
                f,
                "there is no such file or folder, as far as this login can see: {path}"
            ),
            ErrorKind::NotShared { path } => write!(f, "no share of this server holds {path}"),
            ErrorKind::OpensNotListed { user, opens, ids } => {
                write!(
                    f,
                    "{user} has {opens} open as the sessions say, and no file is listed"
                )?;
                match ids.as_slice() {
                    [] => f.write_str(" for that name"),
                    [id] => write!(f, " for that name, but some for {id}, which is a Unix id"),
                    [first, .., last] => write!(
                        f,
                        " for that name, but some for Unix ids from {first} to {last}"
                    ),
                }
            }
            ErrorKind::Local(error) => error.fmt(f),
            ErrorKind::NeedsConnection { what } => write!(
                f,
                "this can be asked over SMB only ({what}), and no server is named"
            ),
            ErrorKind::OutOfTime { limit, .. } => write!(
                f,
                "the {} s it had for everything were over before the answer was complete",
                limit.as_secs_f64()
            ),
            ErrorKind::NotAsCurrentUser { why } => write!(
                f,
                "the server cannot be asked with the rights of whoever runs this program: {why}"
            ),
            ErrorKind::Unreached { call, status, .. } => {
                let why = Refusal::Status(*status);
                match why.meaning() {
                    Some(meaning) => write!(f, "{} ({why}, by {call})", clause(meaning)),
                    None => write!(f, "{call} failed: {why}"),
                }
            }
            ErrorKind::ElsewhereInGroups { domain, holders } => {
                let holders: Vec<&str> = holders.iter().map(|name| name.as_str()).collect();
                write!(
                    f,
                    "the list may be partial: which groups of {domain} the account is in is not \
                     known here, and local groups hold others of that domain: {}",
                    holders.join(", ")
                )
            }
            ErrorKind::MadeUp { call } => write!(
                f,
                "the server answers this {call} with made-up values, whatever is asked"
            ),
        }
    }
}

fn write_dfs(
    f: &mut fmt::Formatter<'_>,
    path: &str,
    targets: &[String],
    why: Option<Code>,
) -> fmt::Result {
    match (targets, why) {
        ([], None) => write!(
            f,
            "{path} is a DFS path, and the server does not say where it leads"
        ),
        ([], Some(code)) => write!(
            f,
            "{path} belongs to a DFS root, and there is no such file or folder in the share itself \
             ({code}): it is misspelt, or a link leads to it"
        ),
        (targets, _) => write!(f, "{path} is a DFS path: ask {}", targets.join(" or ")),
    }
}

fn write_refusal(f: &mut fmt::Formatter<'_>, call: &str, why: Refusal) -> fmt::Result {
    write!(f, "{call} was refused: ")?;
    match why.meaning() {
        Some(meaning) => write!(f, "{} ({why})", clause(meaning)),
        None => write!(f, "{why}"),
    }
}

/// `NetrSessionEnum was refused at level 0: the account may not ask for this
/// (ERROR_ACCESS_DENIED 5); levels 502, 2: ERROR_INVALID_LEVEL 124`
fn write_refused(
    f: &mut fmt::Formatter<'_>,
    call: &str,
    refused: &[(u32, Refusal)],
) -> fmt::Result {
    write!(f, "{call} was refused")?;
    let Some((_, decisive)) = decisive(refused) else {
        return Ok(());
    };
    f.write_str(" at")?;
    write_levels(f, refused, decisive)?;
    match decisive.meaning() {
        Some(meaning) => write!(f, ": {} ({decisive})", clause(meaning))?,
        None => write!(f, ": {decisive}")?,
    }
    let mut told = vec![decisive];
    for (_, other) in refused {
        if !told.contains(other) {
            f.write_str(";")?;
            write_levels(f, refused, *other)?;
            write!(f, ": {other}")?;
            told.push(*other);
        }
    }
    Ok(())
}

/// ` level 1`, ` levels 502, 2`: those that were refused in this way.
fn write_levels(
    f: &mut fmt::Formatter<'_>,
    refused: &[(u32, Refusal)],
    why: Refusal,
) -> fmt::Result {
    let mut levels = refused
        .iter()
        .filter(|(_, other)| *other == why)
        .map(|(level, _)| level);
    let first = levels.next();
    let mut separator = if levels.clone().next().is_some() {
        " levels "
    } else {
        " level "
    };
    for level in first.into_iter().chain(levels) {
        write!(f, "{separator}{level}")?;
        separator = ", ";
    }
    Ok(())
}

/// A sentence of the status tables, to stand within another.
fn clause(sentence: &str) -> String {
    let mut letters = sentence.trim_end_matches('.').chars();
    match letters.next() {
        Some(first) => first.to_lowercase().chain(letters).collect(),
        None => String::new(),
    }
}

fn write_change_refused(
    f: &mut fmt::Formatter<'_>,
    call: &str,
    level: Option<u32>,
    why: Refusal,
    parameter: Option<BadParameter>,
    done: &[&str],
) -> fmt::Result {
    write!(f, "{call} was refused")?;
    if let Some(level) = level {
        write!(f, " at level {level}")?;
    }
    if let Some(parameter) = parameter {
        write!(f, ", the server dislikes {parameter}")?;
    }
    if !done.is_empty() {
        write!(f, ", after this was changed: {}", done.join(", "))?;
    }
    match why.meaning() {
        Some(meaning) => write!(f, ": {meaning} ({why})"),
        None => write!(f, ": {why}"),
    }
}

#[cfg(test)]
mod tests {
    use smbwho_msrpc::status::Win32Status;

    use super::*;

    fn refused(refused: &[(u32, u32)]) -> String {
        let refused = refused
            .iter()
            .map(|&(level, status)| (level, Refusal::Status(Win32Status(status))))
            .collect();
        ErrorKind::Refused {
            call: "NetrSessionEnum",
            refused,
        }
        .to_string()
    }

    #[test]
    fn one_refusal_is_one_sentence() {
        assert_eq!(
            refused(&[(502, 124)]),
            "NetrSessionEnum was refused at level 502: the server does not know this level of \
             information (ERROR_INVALID_LEVEL 124)"
        );
    }

    #[test]
    fn many_refusals_are_told_by_what_was_said() {
        assert_eq!(
            refused(&[(502, 124), (2, 124), (1, 5), (10, 124), (0, 5)]),
            "NetrSessionEnum was refused at levels 1, 0: the account may not ask for this \
             (ERROR_ACCESS_DENIED 5); levels 502, 2, 10: ERROR_INVALID_LEVEL 124"
        );
    }

    #[test]
    fn a_code_without_a_name_is_told_as_a_number() {
        assert_eq!(
            refused(&[(1, 0xdead)]),
            "NetrSessionEnum was refused at level 1: 57005"
        );
    }
}
