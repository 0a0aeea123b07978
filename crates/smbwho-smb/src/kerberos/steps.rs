//! The exchanges of one sign-in, in their order, over as many realms as it takes.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::crypto::{Key, usage};
use super::exchange::{
    self, Answer, KeyRecipe, Ticket, as_request, key_recipe, method_data, open_reply, tgs_request,
};
use super::kdc::Kdcs;
use super::messages::{PrincipalName, msg_type, pa_type};
use super::who::names;
use super::{Exchange, KerberosError, Krb5Conf, KrbCode, Principal};
use crate::guard::PasswordSent;

/// Most realms an account or a server may be referred through.
const MAX_REFERRALS: usize = 8;

/// The exchanges of one sign-in.
pub(super) struct Steps<'a> {
    pub(super) kdcs: Kdcs<'a>,
    /// Marked while a password is out.
    pub(super) password_sent: &'a PasswordSent,
    pub(super) clock_offset_secs: i64,
    /// Encryption types asked for, best first; never empty.
    pub(super) etypes: Vec<i32>,
}

impl Steps<'_> {
    /// Our clock, since 1970.
    pub(super) fn now(&self) -> Duration {
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        let secs = now.as_secs().saturating_add_signed(self.clock_offset_secs);
        Duration::new(secs, now.subsec_nanos())
    }

    /// [RFC 4120 3.1] First without a proof, to be told the salt; then with one.
    pub(super) async fn authenticate(
        &self,
        name: PrincipalName,
        realm: &str,
        password: &str,
    ) -> Result<Ticket, KerberosError> {
        let mut realm = realm.to_owned();
        let mut proof: Option<(KeyRecipe, Key)> = None;
        for _ in 0..MAX_REFERRALS {
            let (nonce, now) = (exchange::nonce(), self.now());
            let key = proof.as_ref().map(|(_, key)| key);
            let request = as_request(&name, &realm, nonce, now, key, &self.etypes)?;
            let carried = proof.is_some().then_some(self.password_sent);
            let asking = self.kdcs.ask(&realm, &request, msg_type::AS_REP, carried);
            let error = match asking.await? {
                Answer::Reply(reply) => {
                    let told =
                        key_recipe(reply.padata.as_deref().unwrap_or_default(), &self.etypes);
                    let (_, key) = match proof {
                        Some(known) if told.as_ref().is_none_or(|told| *told == known.0) => known,
                        _ => keyed(told, reply.enc_part.etype, &name, &realm, password)?,
                    };
                    return open_reply(&reply, &key, usage::AS_REP_ENC_PART, nonce, &realm);
                }
                Answer::Error(error) => error,
            };
            let about = || {
                Principal {
                    components: name.components(),
                    realm: Some(realm.clone()),
                }
                .to_string()
            };
            match KrbCode(error.error_code) {
                KrbCode::PREAUTH_REQUIRED if proof.is_none() => {
                    let methods = method_data(&error);
                    if !methods
                        .iter()
                        .any(|pa| pa.padata_type == pa_type::ENC_TIMESTAMP)
                    {
                        return Err(exchange::refusal(
                            &error,
                            Exchange::Authentication,
                            about(),
                            now,
                        ));
                    }
                    proof = Some(keyed(
                        key_recipe(&methods, &self.etypes),
                        self.etypes[0],
                        &name,
                        &realm,
                        password,
                    )?);
                }
                KrbCode::WRONG_REALM if error.crealm.as_ref().is_some_and(|to| to.0 != realm) => {
                    realm = error.crealm.map(|to| to.0).unwrap_or_default();
                    proof = None;
                }
                _ => {
                    return Err(exchange::refusal(
                        &error,
                        Exchange::Authentication,
                        about(),
                        now,
                    ));
                }
            }
        }
        Err(KerberosError::TooManyReferrals { realm })
    }

    /// [RFC 4120 3.3] A ticket for `cifs/host`, under the first of its names the realm knows.
    pub(super) async fn grant(
        &self,
        tgt: &Ticket,
        host: &str,
        realm: &str,
        conf: &Krb5Conf,
    ) -> Result<Ticket, KerberosError> {
        let names = names(host, realm, self.kdcs.resolv());
        let mut unknown = None;
        for name in &names {
            match self.follow(tgt, name, conf).await {
                Err(KerberosError::Kdc(refusal))
                    if refusal.code == KrbCode::S_PRINCIPAL_UNKNOWN =>
                {
                    unknown.get_or_insert(refusal);
                }
                result => return result,
            }
        }
        let mut refusal = unknown.ok_or(KerberosError::NoRealm)?;
        refusal.about = names
            .iter()
            .map(|name| format!("cifs/{name}"))
            .collect::<Vec<_>>()
            .join(", ");
        Err(KerberosError::Kdc(refusal))
    }

    /// Asks, and goes on to the realm referred to ([RFC 6806 8]) until the ticket is there.
    async fn follow(
        &self,
        tgt: &Ticket,
        host: &str,
        conf: &Krb5Conf,
    ) -> Result<Ticket, KerberosError> {
        let server = ["cifs".to_owned(), host.to_owned()];
        let mut tgt = tgt.clone();
        if let Some(realm) = conf
            .realm_of_host(host)
            .filter(|realm| tgt.grants_in() != Some(realm))
        {
            // krb5.conf knows better than to wait for a referral, but may be wrong.
            if let Ok(nearer) = self
                .ask(&tgt, &["krbtgt".to_owned(), realm.to_owned()])
                .await
            {
                tgt = nearer;
            }
        }
        for _ in 0..MAX_REFERRALS {
            let ticket = self.ask(&tgt, &server).await?;
            if ticket.grants_in().is_none() {
                return Ok(ticket);
            }
            tgt = ticket;
        }
        Err(KerberosError::TooManyReferrals {
            realm: tgt.grants_in().unwrap_or_default().to_owned(),
        })
    }

    async fn ask(&self, tgt: &Ticket, server: &[String]) -> Result<Ticket, KerberosError> {
        let realm = tgt.grants_in().unwrap_or_default().to_owned();
        let (nonce, now) = (exchange::nonce(), self.now());
        let request = tgs_request(tgt, &realm, server, nonce, now, &self.etypes)?;
        let asking = self.kdcs.ask(&realm, &request, msg_type::TGS_REP, None);
        match asking.await? {
            Answer::Reply(reply) => {
                open_reply(&reply, &tgt.key, usage::TGS_REP_ENC_PART, nonce, &realm)
            }
            Answer::Error(error) => Err(exchange::refusal(
                &error,
                Exchange::TicketGranting,
                server.join("/"),
                now,
            )),
        }
    }
}

/// The key of the password by the recipe, or by the default one ([RFC 4120 4]).
fn keyed(
    told: Option<KeyRecipe>,
    etype: i32,
    name: &PrincipalName,
    realm: &str,
    password: &str,
) -> Result<(KeyRecipe, Key), KerberosError> {
    let recipe = told.unwrap_or(KeyRecipe {
        etype,
        salt: None,
        s2kparams: None,
    });
    let default = || format!("{realm}{}", name.components().concat());
    let salt = recipe.salt.clone().unwrap_or_else(default);
    let key = Key::from_password(recipe.etype, password, &salt, recipe.s2kparams.as_deref())?;
    Ok((recipe, key))
}
