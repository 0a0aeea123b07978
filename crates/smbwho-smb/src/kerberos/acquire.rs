//! From a login to a ticket for one server: whose, from where, by which steps.

use std::collections::HashMap;
use std::net::IpAddr;

use tokio::sync::{Mutex, MutexGuard, OnceCell};
use tokio::time::Instant;

use super::cached::{cached_tgt, cached_ticket, load_cache};
use super::dns::ResolvConf;
use super::exchange::Ticket;
use super::kdc::{Answered, Kdcs};
use super::messages::PrincipalName;
use super::steps::Steps;
use super::who::{client_name, names};
use super::{KerberosError, KerberosLogin, Krb5Conf, KrbCode, Proof, krb5conf};
use crate::guard::PasswordSent;

/// A ticket this close to its end is not begun with.
pub(super) const NEARLY_OVER_SECS: u64 = 30;

/// What the clones of one login have learnt.
#[derive(Default)]
pub(crate) struct Memory {
    conf: OnceCell<Krb5Conf>,
    answered: Answered,
    /// What came of showing the password to a realm. Held while asking, so
    /// that it is asked once.
    tgts: Mutex<HashMap<String, Result<Ticket, KerberosError>>>,
}

/// A ticket for the server and where it is from.
pub(crate) struct Acquired {
    pub(crate) ticket: Ticket,
    /// It was in the cache; the server may have changed its key since.
    pub(crate) was_cached: bool,
}

/// Refuses a host that is an address: tickets are made out to names.
pub(crate) fn refuse_bare(host: &str) -> Result<(), KerberosError> {
    let bare = host.trim_matches(['[', ']']).split('%').next();
    if bare.is_some_and(|host| host.parse::<IpAddr>().is_ok()) {
        return Err(KerberosError::BareAddress {
            address: host.to_owned(),
        });
    }
    Ok(())
}

/// Obtains a ticket for `cifs/host`. With `fresh` a ticket for the server that
/// is already in the cache is passed over. `password_sent` is marked when a
/// password goes to a KDC.
pub(crate) async fn acquire(
    login: &KerberosLogin,
    host: &str,
    deadline: Instant,
    fresh: bool,
    password_sent: &PasswordSent,
) -> Result<Acquired, KerberosError> {
    let host = host.trim_end_matches('.').to_lowercase();
    refuse_bare(&host)?;
    let conf = login
        .memory
        .conf
        .get_or_try_init(|| async { load_conf(login) })
        .await?;
    let resolv = ResolvConf::load();
    let steps = |realm: &str| Steps {
        kdcs: Kdcs::new(
            conf,
            resolv.clone(),
            login.kdc.clone().map(|kdc| (realm.to_owned(), kdc)),
            deadline,
            &login.memory.answered,
        ),
        password_sent,
        clock_offset_secs: login.clock_offset_secs,
        etypes: conf.etypes(),
    };
    match &login.proof {
        Proof::Password(password) => {
            let (name, realm) = client_name(login, conf, &host)?;
            let steps = steps(&realm);
            let tgt = remembered_tgt(login, &steps, name, &realm, password.expose()).await?;
            let ticket = steps.grant(&tgt, &host, &realm, conf).await?;
            Ok(Acquired {
                ticket,
                was_cached: false,
            })
        }
        Proof::Cache(cache) => {
            let cache = load_cache(login, cache.as_deref(), conf)?;
            let steps = steps(&cache.realm);
            let now = steps.now().as_secs();
            let names = names(&host, &cache.realm, steps.kdcs.resolv());
            if !fresh && let Some(ticket) = cached_ticket(&cache, &names, now) {
                return Ok(Acquired {
                    ticket: ticket.clone(),
                    was_cached: true,
                });
            }
            let tgt = cached_tgt(&cache, &names, now)?;
            let ticket = steps.grant(tgt, &host, &cache.realm, conf).await?;
            Ok(Acquired {
                ticket,
                was_cached: false,
            })
        }
    }
}

pub(super) fn load_conf(login: &KerberosLogin) -> Result<Krb5Conf, KerberosError> {
    match &login.krb5_config {
        Some(path) => Krb5Conf::load(std::slice::from_ref(path)),
        None => Krb5Conf::load(&krb5conf::system_paths()),
    }
}

/// The ticket-granting ticket this login has, or what the account was refused
/// with, or a new one. Other failures (no KDC) are not remembered, unless the
/// password had gone out: then it may have been counted as a wrong one.
async fn remembered_tgt(
    login: &KerberosLogin,
    steps: &Steps<'_>,
    name: PrincipalName,
    realm: &str,
    password: &str,
) -> Result<Ticket, KerberosError> {
    let mut memory = Remembering {
        tgts: login.memory.tgts.lock().await,
        realm,
        password_sent: steps.password_sent,
    };
    match memory.tgts.get(realm) {
        Some(Ok(tgt)) if tgt.end > steps.now().as_secs() + NEARLY_OVER_SECS => {
            return Ok(tgt.clone());
        }
        Some(Err(error)) => return Err(error.clone()),
        _ => {}
    }
    let result = match steps.authenticate(name, realm, password).await {
        Err(error) if steps.password_sent.is_open() => Err(memory.unanswered(error.to_string())),
        result => result,
    };
    let lasts = match &result {
        Ok(_) => true,
        Err(error) => error.code().is_some_and(KrbCode::is_about_the_account),
    };
    if lasts {
        memory.tgts.insert(realm.to_owned(), result.clone());
    }
    result
}

/// The memory of a login while a KDC is asked. Dropped in the middle of that,
/// it remembers that a password is out.
struct Remembering<'a> {
    tgts: MutexGuard<'a, HashMap<String, Result<Ticket, KerberosError>>>,
    realm: &'a str,
    password_sent: &'a PasswordSent,
}

impl Remembering<'_> {
    fn unanswered(&mut self, why: String) -> KerberosError {
        let error = KerberosError::PasswordUnanswered {
            realm: self.realm.to_owned(),
            why,
        };
        self.tgts.insert(self.realm.to_owned(), Err(error.clone()));
        error
    }
}

impl Drop for Remembering<'_> {
    fn drop(&mut self) {
        let known = matches!(self.tgts.get(self.realm), Some(Err(_)));
        if self.password_sent.is_open() && !known {
            self.unanswered("it was given up".to_owned());
        }
    }
}
