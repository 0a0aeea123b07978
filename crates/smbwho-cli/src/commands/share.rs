//! `smbwho share show|add|set|remove`: one share, looked at or changed.
//!
//! What changes it looks first, says what will be and how to undo it, asks,
//! records, looks again, does it, and shows what is there afterwards.

mod recipe;
mod words;

use std::io;
use std::sync::Arc;

use smbwho::{Error, MaxUses, Name, NewShare, Server, Share, ShareChange};

use super::consent::{self, Answer, ConsentArgs, Plan};
use super::fleet::{Fleet, Printing};
use crate::args::{ShareAction, ShareFields, ShareName};
use crate::audit::{Act, Audit, Value};
use crate::config::Config;
use crate::exit::Exit;
use crate::problem::Problem;
use crate::report::Report;
use crate::rows::Row;
use words::{Told, described, differences, sddl_of, undo};

/// The server that is meant.
pub(crate) fn server(action: &ShareAction) -> &str {
    match action {
        ShareAction::Show { share }
        | ShareAction::Add { share, .. }
        | ShareAction::Set { share, .. }
        | ShareAction::Remove { share, .. } => &share.server,
    }
}

/// What can be found wrong before anybody is asked for a password.
///
/// # Errors
///
/// A message for the user.
pub(crate) fn check(action: &ShareAction) -> Result<(), String> {
    if let ShareAction::Set { path, fields, .. } = action
        && change(path.as_ref(), fields).is_empty()
    {
        return Err(
            "nothing is to be changed: give --remark, --max-uses, --security or --path".to_owned(),
        );
    }
    Ok(())
}

/// Does it.
///
/// # Errors
///
/// When the output cannot be written.
pub(crate) async fn run(
    fleet: Fleet,
    action: ShareAction,
    config: &Config,
    printing: Printing<'_, Share>,
) -> io::Result<Exit> {
    let Fleet {
        servers,
        login,
        options,
        ..
    } = fleet;
    // One server: checked by the caller.
    let address = &servers[0].address;
    let name: Arc<str> = address.to_string().into();
    let done = async {
        let server = Server::connect_with(address, &login, &options).await?;
        let consent = match action {
            ShareAction::Show { share } => return Ok(Some(server.share(&*share.name).await?)),
            ShareAction::Add { consent, .. }
            | ShareAction::Set { consent, .. }
            | ShareAction::Remove { consent, .. } => consent,
        };
        let changing = Changing {
            server: &server,
            consent,
            audit: &|| Audit::open(config, &login),
            report: printing.report,
        };
        match action {
            ShareAction::Show { .. } => Ok(None),
            ShareAction::Add {
                share,
                path,
                fields,
                ..
            } => changing.add(share, path, fields).await,
            ShareAction::Set {
                share,
                path,
                fields,
                ..
            } => {
                let change = change(path.as_ref(), &fields);
                changing.set(&share, change).await.map(Some)
            }
            ShareAction::Remove { share, .. } => changing.remove(&share).await.map(Some),
        }
    };
    match done.await {
        Ok(share) => {
            let rows = share.into_iter().map(|data| Row {
                node: None,
                server: name.clone(),
                data,
            });
            printing.sink.rows(rows.collect())?;
            printing.sink.finish(&[])?;
            Ok(Exit::Success)
        }
        Err(Stopped::Failed(error)) => {
            let problem = Problem::from(*error);
            printing.report.problem(&problem);
            printing.sink.finish(&[problem])?;
            Ok(Exit::Failure)
        }
        Err(Stopped::Here(message)) => {
            printing.report.error(&message);
            Ok(Exit::Failure)
        }
    }
}

/// Why it was not done, or not to the end.
enum Stopped {
    Failed(Box<Error>),
    Here(String),
}

impl From<Error> for Stopped {
    fn from(error: Error) -> Self {
        Self::Failed(Box::new(error))
    }
}

impl From<String> for Stopped {
    fn from(message: String) -> Self {
        Self::Here(message)
    }
}

struct Changing<'a> {
    server: &'a Server,
    consent: ConsentArgs,
    audit: &'a dyn Fn() -> Result<Audit, String>,
    report: Report,
}

impl Changing<'_> {
    async fn add(
        &self,
        share: ShareName,
        path: String,
        fields: ShareFields,
    ) -> Result<Option<Share>, Stopped> {
        match self.server.share(&*share.name).await {
            Ok(_) => {
                return Err(Stopped::Here(format!(
                    "{} has a share {} already; change it with `smbwho share set`",
                    self.server.name(),
                    share.name
                )));
            }
            // Whoever may not look may still be let add: the server decides.
            Err(error) if error.is_no_such_share() || error.code().is_some() => {}
            Err(error) => return Err(error.into()),
        }
        let mut new = NewShare::new(share.name.as_str(), path.as_str());
        new.remark = fields.remark.as_deref().map(Name::from);
        new.max_uses = fields.max_uses.unwrap_or(MaxUses::NoLimit);
        new.security.clone_from(&fields.security);
        let plan = Plan {
            what: format!("share {path} as {} on {}", share.name, self.server.name()),
            things: vec![described(&share.name, &path, &fields)],
            besides: match fields.security {
                Some(_) => Vec::new(),
                None => vec!["who may use it is up to the server: no --security is given".into()],
            },
        };
        if !self.agreed(&plan)? {
            return Ok(None);
        }
        let sddl = fields.security.as_ref().and_then(sddl_of);
        let limit = fields.max_uses.map(|limit| limit.to_string());
        let target = [
            ("name", Value::Text(&share.name)),
            ("path", Value::Text(&path)),
            ("remark", Value::text(&fields.remark)),
            ("max_uses", Value::text(&limit)),
            ("security", Value::text(&sddl)),
        ];
        self.recorded("share add", &target, "added", self.server.add_share(&new))
            .await?;
        self.report.note(&format!(
            "to undo: smbwho share remove {} {}",
            self.server.name(),
            share.name
        ));
        let now = self.server.share(&*share.name).await?;
        let wanted = ShareChange::default();
        self.compare(&now, &with_fields(wanted, &fields));
        Ok(Some(now))
    }

    async fn set(&self, share: &ShareName, change: ShareChange) -> Result<Share, Stopped> {
        let before = self.server.share(&*share.name).await?;
        let plan = Plan {
            what: format!("change the share {} on {}", share.name, self.server.name()),
            things: vec![differences(&before, &change)],
            besides: undo(recipe::to_set(self.server.name(), &before)),
        };
        if !self.agreed(&plan)? {
            return Ok(before);
        }
        self.look_again(&before).await?;
        let sddl = change.security.as_ref().and_then(sddl_of);
        let limit = change.max_uses.map(|limit| limit.to_string());
        let was = Told::of(&before);
        let target = [
            ("name", Value::Text(&share.name)),
            ("path", Value::text(&change.path)),
            ("remark", Value::text(&change.remark)),
            ("max_uses", Value::text(&limit)),
            ("security", Value::text(&sddl)),
            ("old_path", Value::text(&before.path)),
            ("old_remark", Value::text(&before.remark)),
            ("old_max_uses", Value::text(&was.max_uses)),
            ("old_security", Value::text(&was.security)),
        ];
        let done = self.server.set_share(&*share.name, &change);
        self.recorded("share set", &target, "changed", done).await?;
        let now = self.server.share(&*share.name).await?;
        self.compare(&now, &change);
        Ok(now)
    }

    async fn remove(&self, share: &ShareName) -> Result<Share, Stopped> {
        let before = self.server.share(&*share.name).await?;
        let mut besides = undo(recipe::to_add(self.server.name(), &before));
        match before.current_uses {
            Some(0) => {}
            Some(1) => besides.push("1 connection uses it now, and loses it".to_owned()),
            Some(uses) => besides.push(format!("{uses} connections use it now, and lose it")),
            None => besides.push("how many use it now is not told to this account".to_owned()),
        }
        let path = before.path.as_deref().unwrap_or("(path not told)");
        let remark = before.remark.as_deref().unwrap_or_default();
        let plan = Plan {
            what: format!("stop sharing {} on {}", share.name, self.server.name()),
            things: vec![
                format!("{}  {path}  {remark}", share.name)
                    .trim_end()
                    .to_owned(),
            ],
            besides,
        };
        if !self.agreed(&plan)? {
            return Ok(before);
        }
        self.look_again(&before).await?;
        let was = Told::of(&before);
        let target = [
            ("name", Value::Text(&share.name)),
            ("path", Value::text(&before.path)),
            ("remark", Value::text(&before.remark)),
            ("max_uses", Value::text(&was.max_uses)),
            ("security", Value::text(&was.security)),
        ];
        let done = self.server.remove_share(&*share.name);
        self.recorded("share remove", &target, "removed", done)
            .await?;
        match self.server.share(&*share.name).await {
            Err(error) if error.is_no_such_share() => Ok(before),
            Err(error) => Err(error.into()),
            Ok(_) => Err(Stopped::Here(format!(
                "{} says that it removed the share {}, but it is still there",
                self.server.name(),
                share.name
            ))),
        }
    }

    /// Whether it is to be done.
    fn agreed(&self, plan: &Plan) -> Result<bool, Stopped> {
        match consent::ask(plan, self.consent, self.report)? {
            Answer::Go => Ok(true),
            Answer::DryRun => Ok(false),
            Answer::No => Err(Stopped::Here("nothing was done".to_owned())),
        }
    }

    /// The share must still be what the user agreed to.
    async fn look_again(&self, before: &Share) -> Result<(), Stopped> {
        let Some(name) = before.name.clone() else {
            return Err(Stopped::Here(
                "the server does not tell the share's name".to_owned(),
            ));
        };
        let mut now = self.server.share(name).await?;
        now.current_uses = before.current_uses;
        if now == *before {
            return Ok(());
        }
        Err(Stopped::Here(
            "nothing was done: the share was changed by someone else just now; look again"
                .to_owned(),
        ))
    }

    async fn recorded(
        &self,
        action: &str,
        target: &[(&str, Value<'_>)],
        outcome: &str,
        act: impl Future<Output = Result<(), Error>>,
    ) -> Result<(), Stopped> {
        let audit = (self.audit)()?;
        let entry = Act {
            server: self.server.name(),
            action,
            target,
        };
        audit.attempt(&entry)?;
        let done = act.await;
        match done {
            Ok(()) => audit.outcome(&entry, outcome, None)?,
            Err(error) => {
                if let Err(message) = audit.outcome(&entry, "failed", error.code()) {
                    self.report.error(&message);
                }
                return Err(error.into());
            }
        }
        Ok(())
    }

    /// Says where the server made something else of what it was told: it may
    /// have limits of its own, and Samba does not tell when security fails.
    fn compare(&self, now: &Share, wanted: &ShareChange) {
        let note = |what: &str, wanted: &str, now: &str| {
            self.report.note(&format!(
                "the server has {what} {now:?} where {wanted:?} was given"
            ));
        };
        if let (Some(wanted), Some(now)) = (&wanted.remark, &now.remark)
            && wanted != now
        {
            note("the remark", wanted, now);
        }
        if let (Some(wanted), Some(now)) = (wanted.max_uses, now.max_uses)
            && wanted != now
        {
            note("the limit", &wanted.to_string(), &now.to_string());
        }
        let wanted = wanted.security.as_ref().and_then(sddl_of);
        let now = now.security.as_ref().and_then(|security| security.sddl());
        if let (Some(wanted), Some(now)) = (wanted, now)
            && wanted != now
        {
            note("the security", &wanted, now);
        }
    }
}

fn change(path: Option<&String>, fields: &ShareFields) -> ShareChange {
    let mut change = ShareChange::default();
    change.path = path.map(|path| Name::from(path.as_str()));
    with_fields(change, fields)
}

fn with_fields(mut change: ShareChange, fields: &ShareFields) -> ShareChange {
    change.remark = fields.remark.as_deref().map(Name::from);
    change.max_uses = fields.max_uses;
    change.security.clone_from(&fields.security);
    change
}
