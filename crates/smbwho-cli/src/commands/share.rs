//! `smbwho share show|add|set|remove`: one share, looked at or changed.
//!
//! What changes it looks first, says what will be and how to undo it, asks,
//! records, looks again, does it, looks until it is so, and shows what is there
//! afterwards. What is not so then is no success.

mod recipe;
mod words;

use std::cell::OnceCell;
use std::io;
use std::sync::Arc;
use std::time::Duration;

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
use crate::stop::Stop;
use tokio::time::{Instant, sleep};
use words::{Told, Unmet, described, differences, parts, sddl_of, undo, unmet};

/// How long a change may take to show after the server took it. Samba reads
/// its configuration anew then.
const SO_WITHIN: Duration = Duration::from_secs(5);
/// The wait before the second look; it doubles from look to look.
const FIRST_WAIT: Duration = Duration::from_millis(50);

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
    let stop = OnceCell::new();
    let stop = &stop;
    let report = printing.report;
    let done = async {
        let server = Server::connect_with(address, &login, &options).await?;
        let consent = match action {
            ShareAction::Show { share } => {
                return Ok(Shown::as_it_is(server.share(&*share.name).await?));
            }
            ShareAction::Add { consent, .. }
            | ShareAction::Set { consent, .. }
            | ShareAction::Remove { consent, .. } => consent,
        };
        let changing = Changing {
            server: &server,
            consent,
            audit: &|| Audit::open(config, &login),
            stop,
            report,
        };
        match action {
            ShareAction::Show { .. } => Ok(Shown::default()),
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
                changing.set(&share, change).await
            }
            ShareAction::Remove { share, .. } => changing.remove(&share).await,
        }
    };
    let done = done.await;
    let stopped_by = stop.get().and_then(Stop::by);
    let exit = match done {
        Ok(shown) => {
            for unmet in &shown.unmet {
                report.error(&format!(
                    "the server has the {} {:?} where {:?} was given",
                    unmet.what, unmet.now, unmet.wanted
                ));
            }
            let rows = shown.share.into_iter().map(|data| Row {
                node: None,
                server: name.clone(),
                data,
            });
            let printed = printing.sink.rows(rows.collect());
            let printed = printed.and_then(|()| printing.sink.finish(&[]));
            match printed {
                // What was done was done, whether anybody hears of it or not.
                Err(_) if stopped_by.is_some() => {}
                printed => printed?,
            }
            match shown.unmet.len() {
                0 => Exit::Success,
                unmet if unmet < shown.parts => Exit::Partial,
                _ => Exit::Failure,
            }
        }
        Err(Stopped::Failed(error)) => {
            let problem = Problem::from(*error);
            report.problem(&problem);
            printing.sink.finish(&[problem])?;
            Exit::Failure
        }
        Err(Stopped::Here(message)) => {
            report.error(&message);
            Exit::Failure
        }
    };
    Ok(stopped_by.unwrap_or(exit))
}

/// What there is in the end.
#[derive(Default)]
struct Shown {
    share: Option<Share>,
    /// Parts that were to be changed, and those that are not what they were to
    /// be.
    parts: usize,
    unmet: Vec<Unmet>,
}

impl Shown {
    fn as_it_is(share: Share) -> Self {
        Self {
            share: Some(share),
            ..Self::default()
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
    /// Signals, from when something is done on.
    stop: &'a OnceCell<Stop>,
    report: Report,
}

/// What came of a change, once the server took it.
struct Made {
    shown: Shown,
    /// The word for the audit log.
    outcome: &'static str,
}

impl Changing<'_> {
    async fn add(
        &self,
        share: ShareName,
        path: String,
        fields: ShareFields,
    ) -> Result<Shown, Stopped> {
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
            return Ok(Shown::default());
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
        let wanted = with_fields(ShareChange::default(), &fields);
        let done = self.recorded(
            "share add",
            &target,
            self.server.add_share(&new),
            async || self.look_until(&share.name, &wanted, "added").await,
        );
        let mut shown = done.await?;
        // The share itself.
        shown.parts += 1;
        self.report.note(&format!(
            "to undo: smbwho share remove {} {}",
            self.server.name(),
            share.name
        ));
        Ok(shown)
    }

    async fn set(&self, share: &ShareName, change: ShareChange) -> Result<Shown, Stopped> {
        let before = self.server.share(&*share.name).await?;
        let plan = Plan {
            what: format!("change the share {} on {}", share.name, self.server.name()),
            things: vec![differences(&before, &change)],
            besides: undo(recipe::to_set(self.server.name(), &before)),
        };
        if !self.agreed(&plan)? {
            return Ok(Shown::as_it_is(before));
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
        self.recorded("share set", &target, done, async || {
            self.look_until(&share.name, &change, "changed").await
        })
        .await
    }

    async fn remove(&self, share: &ShareName) -> Result<Shown, Stopped> {
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
            return Ok(Shown::as_it_is(before));
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
        let shown = self.recorded("share remove", &target, done, async || {
            let until = Instant::now() + SO_WITHIN;
            let mut pause = FIRST_WAIT;
            loop {
                let (outcome, share) = match self.server.share(&*share.name).await {
                    Err(error) if error.is_no_such_share() => ("removed", Some(before.clone())),
                    Err(error) => return Err(error),
                    Ok(_) if Instant::now() >= until => ("still_there", None),
                    Ok(_) => {
                        sleep(pause).await;
                        pause *= 2;
                        continue;
                    }
                };
                let shown = Shown {
                    share,
                    ..Shown::default()
                };
                return Ok(Made { shown, outcome });
            }
        });
        let shown = shown.await?;
        if shown.share.is_some() {
            return Ok(shown);
        }
        Err(Stopped::Here(format!(
            "{} says that it removed the share {}, but it is still there",
            self.server.name(),
            share.name
        )))
    }

    /// Looks until the share is as it was to be, or was to be long enough. It
    /// may have limits of its own, and Samba does not tell when security fails.
    async fn look_until(
        &self,
        name: &str,
        wanted: &ShareChange,
        outcome: &'static str,
    ) -> Result<Made, Error> {
        let until = Instant::now() + SO_WITHIN;
        let mut pause = FIRST_WAIT;
        loop {
            let now = self.server.share(name).await?;
            let unmet = unmet(&now, wanted);
            if !unmet.is_empty() && Instant::now() < until {
                sleep(pause).await;
                pause *= 2;
                continue;
            }
            return Ok(Made {
                outcome: if unmet.is_empty() {
                    outcome
                } else {
                    "not_as_asked"
                },
                shown: Shown {
                    share: Some(now),
                    parts: parts(wanted),
                    unmet,
                },
            });
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

    /// Records the attempt, makes it, looks what came of it, and records that:
    /// whatever signal comes meanwhile.
    async fn recorded(
        &self,
        action: &str,
        target: &[(&str, Value<'_>)],
        act: impl Future<Output = Result<(), Error>>,
        look: impl AsyncFnOnce() -> Result<Made, Error>,
    ) -> Result<Shown, Stopped> {
        let audit = (self.audit)()?;
        let entry = Act {
            server: self.server.name(),
            action,
            target,
        };
        let stop = self.stop.get_or_init(Stop::on_signals);
        audit.attempt(&entry)?;
        let made = async {
            match act.await {
                // It was done, so far as the server says.
                Ok(()) => look().await.map_err(|error| ("unknown", error)),
                Err(error) => Err(("failed", error)),
            }
        };
        let made = tokio::select! {
            biased;
            made = made => made,
            () = stop.now() => {
                if let Err(message) = audit.outcome(&entry, "unknown", None) {
                    self.report.error(&message);
                }
                let message = "interrupted before it was known what became of it";
                return Err(Stopped::Here(message.to_owned()));
            }
        };
        match made {
            Ok(made) => {
                audit.outcome(&entry, made.outcome, None)?;
                Ok(made.shown)
            }
            Err((outcome, error)) => {
                if let Err(message) = audit.outcome(&entry, outcome, error.code()) {
                    self.report.error(&message);
                }
                Err(error.into())
            }
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
