//! Signing in ([MS-SMB2] 3.2.4.2.3): who, and by which mechanism.
//!
//! The messages are [`smbwho_auth`]'s, the tickets [`crate::kerberos`]'s, and what
//! all mechanisms have in common is [`crate::setup`]'s.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use smbwho_auth::ntlm::{self, Account, Entropy};
use smbwho_auth::spnego::{Client, Mechanism, Reply, State};
use tokio::time::Instant;
use tracing::debug;

use crate::error::{SmbError, SmbErrorKind, Step};
use crate::guard::PasswordSent;
use crate::kerberos::{
    Acquired, ApExchange, Context, KerberosError, KerberosLogin, KrbCode, Unproved,
};
use crate::negotiate::Negotiated;
use crate::setup::{Established, Setup, broken, malformed};
use crate::{Address, Login, NtStatus, Options, kerberos};

/// Signs in over a negotiated connection. Bounded by the caller. `password` is
/// marked just before one goes out, to the server or to a KDC.
pub(crate) async fn sign_in(
    negotiated: &mut Negotiated,
    address: &Address,
    login: &Login,
    options: &Options,
    password: &PasswordSent,
) -> Result<Established, SmbError> {
    let host = address.host.unc();
    let established = match login {
        Login::CurrentUser => {
            return Err(SmbError::new(Step::SignIn, SmbErrorKind::NoCredentials));
        }
        Login::Anonymous => anonymous(negotiated)
            .await
            .map_err(|error| refused(error, anonymous_refusal))?,
        Login::Ntlm {
            domain,
            user,
            password: secret,
        } => {
            let account = Account {
                domain,
                user,
                password: secret.expose(),
            };
            by_ntlm(negotiated, account, &host, password)
                .await
                .map_err(|error| refused(error, ntlm_refusal))?
        }
        Login::Kerberos(login) => {
            let patience = options.sign_in_timeout;
            by_kerberos(negotiated, &host, login, patience, password)
                .await
                .map_err(|error| refused(error, ticket_refusal))?
        }
    };
    debug!(?established, "signed in");
    Ok(established)
}

/// By NTLMv2. Two rounds.
async fn by_ntlm(
    negotiated: &mut Negotiated,
    account: Account<'_>,
    host: &str,
    password: &PasswordSent,
) -> Result<Established, SmbError> {
    let mut client = Client::new(Mechanism::Ntlm);
    let mut setup = Setup::new(negotiated, true);
    let negotiate = ntlm::negotiate();
    let answer = setup.send(client.first(&negotiate)).await?;
    let challenge = wanted(answer.last, client.read(answer.reply()?.token))?;

    // The server's name as it was given ([MS-NLMP] 2.2.2.1, MsvAvTargetName).
    let target = format!("cifs/{host}");
    let ours = ntlm::Answer::new(
        &negotiate,
        challenge,
        account,
        &target,
        &entropy(),
        file_time(),
    )
    .map_err(malformed)?;
    let list = client.mech_list();
    let mic = ours.mech_list_mic(&list);
    let token = client.next(Some(&ours.message), mic.as_deref());
    password.mark();
    let answer = setup.send(token).await?;
    if !answer.last {
        return Err(broken("it asks for more than NTLM has"));
    }
    let reply = client.read(answer.reply()?.token).map_err(malformed)?;
    // What is no session of the account has no key to prove anything with.
    if let Some(mic) = reply.mic
        && !answer.reply()?.is_guest_or_null()
        && !ours.proves_mech_list(&list, mic)
    {
        return Err(SmbError::new(Step::SignIn, SmbErrorKind::SignatureInvalid));
    }
    setup.establish(&answer, &*ours.session_key)
}

/// As nobody: a null session, or nothing.
async fn anonymous(negotiated: &mut Negotiated) -> Result<Established, SmbError> {
    let mut client = Client::new(Mechanism::Ntlm);
    let mut setup = Setup::new(negotiated, false);
    let token = client.first(&ntlm::anonymous_negotiate());
    let answer = setup.send(token).await?;
    wanted(answer.last, client.read(answer.reply()?.token))?;
    let token = client.next(Some(&ntlm::anonymous_authenticate()), None);
    let answer = setup.send(token).await?;
    if !answer.last {
        return Err(broken("it asks for more than NTLM has"));
    }
    setup.establish_anonymous(&answer)
}

/// The challenge in a first answer.
fn wanted<'a>(
    last: bool,
    reply: Result<Reply<'a>, smbwho_auth::Malformed>,
) -> Result<&'a [u8], SmbError> {
    let reply = reply.map_err(malformed)?;
    if last {
        return Err(broken("it signs in whom it has not asked for a password"));
    }
    reply.token.ok_or_else(|| broken("it sent no challenge"))
}

/// With a ticket.
///
/// `host` is the server's name as its users know it; the connection may have
/// been made to any address. The caller bounds the whole by `patience`; a tenth
/// of it is kept for the server, so that silent KDCs are told apart from it.
async fn by_kerberos(
    negotiated: &mut Negotiated,
    host: &str,
    login: &KerberosLogin,
    patience: Duration,
    password: &PasswordSent,
) -> Result<Established, SmbError> {
    let deadline = Instant::now() + patience / 10 * 9;
    let Acquired { ticket, was_cached } = kerberos::acquire(login, host, deadline, false, password)
        .await
        .map_err(no_ticket)?;
    match present(negotiated, &ticket).await {
        // A server that joined its domain anew cannot read tickets from before.
        Err(error) if was_cached && error.status().is_some() => {
            debug!(host, %error, "the cached ticket was refused, asking for another");
            match kerberos::acquire(login, host, deadline, true, password).await {
                Ok(new) => present(negotiated, &new.ticket).await,
                Err(_) => Err(error),
            }
        }
        result => result,
    }
}

/// Shows the ticket to the server. One round, or two where the server wants
/// the list of mechanisms signed.
async fn present(
    negotiated: &mut Negotiated,
    ticket: &kerberos::Ticket,
) -> Result<Established, SmbError> {
    let mut client = Client::new(Mechanism::Kerberos);
    let mut setup = Setup::new(negotiated, true);
    let (token, exchange) = ApExchange::start(ticket, now()).map_err(no_ticket)?;
    let mut answer = setup.send(client.first(&token)).await?;
    let mut context: Option<Context> = None;
    loop {
        let setup_reply = answer.reply()?;
        let reply = client.read(setup_reply.token).map_err(malformed)?;
        if let Some(token) = reply.token.filter(|_| context.is_none()) {
            context = Some(exchange.finish(token).map_err(unproved)?);
        }
        let Some(context) = &context else {
            // What is no session of the account has no key to prove anything with.
            if answer.last && setup_reply.is_guest_or_null() {
                return Err(SmbError::new(Step::SignIn, SmbErrorKind::GuestOffered));
            }
            return Err(broken(
                "it took the ticket and did not prove that it can read it",
            ));
        };
        if let Some(mic) = reply.mic
            && !context.proves_mech_list(&client, mic)
        {
            return Err(SmbError::new(Step::SignIn, SmbErrorKind::SignatureInvalid));
        }
        if answer.last {
            return setup.establish(&answer, &context.session_key());
        }
        let mic = context.mech_list_mic(&client);
        match (reply.state, mic) {
            (Some(State::RequestMic | State::Incomplete), Some(mic)) => {
                answer = setup.send(client.next(None, Some(&mic))).await?;
            }
            _ => return Err(broken("it asks for more than Kerberos has")),
        }
    }
}

fn entropy() -> Entropy {
    let mut entropy = Entropy {
        nonce: [0; 8],
        session_key: [0; 16],
    };
    for bytes in [&mut entropy.nonce[..], &mut entropy.session_key] {
        getrandom::fill(bytes).expect("the system has random numbers");
    }
    entropy
}

fn now() -> Duration {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
}

/// 100 ns since 1601 ([MS-DTYP] 2.3.3).
fn file_time() -> u64 {
    const FROM_1601_TO_1970: u64 = 11_644_473_600;
    let now = now();
    (now.as_secs() + FROM_1601_TO_1970) * 10_000_000 + u64::from(now.subsec_nanos() / 100)
}

fn no_ticket(error: KerberosError) -> SmbError {
    SmbError::new(Step::SignIn, SmbErrorKind::Kerberos(Box::new(error)))
}

fn unproved(why: Unproved) -> SmbError {
    match why {
        Unproved::Refused(code) => {
            debug!(%code, "the server refused the ticket");
            SmbError::new(
                Step::SignIn,
                match code {
                    KrbCode::SKEW => SmbErrorKind::ClockSkew,
                    _ => SmbErrorKind::TicketRefused,
                },
            )
        }
        Unproved::Malformed => broken("its answer to the ticket is none"),
        Unproved::Untrusted => SmbError::new(Step::SignIn, SmbErrorKind::SignatureInvalid),
    }
}

/// Says what a refusal means for this way of signing in.
fn refused(error: SmbError, means: fn(&SmbError) -> Option<SmbErrorKind>) -> SmbError {
    match means(&error) {
        Some(kind) => error.with_kind(kind),
        None => error,
    }
}

fn ntlm_refusal(error: &SmbError) -> Option<SmbErrorKind> {
    match error.status()? {
        // A server that has NTLM switched off may say so in these words.
        NtStatus::NOT_SUPPORTED => Some(SmbErrorKind::NtlmBlocked),
        // [MS-SMB2] 3.3.5.5: ACCESS_DENIED is what a server that wants encryption
        // answers to a client that cannot, and smbd's answer too. It may have
        // other reasons, so the kind stays and the code is kept.
        _ => None,
    }
}

fn ticket_refusal(error: &SmbError) -> Option<SmbErrorKind> {
    // No password was shown to the server, so it is not a wrong one.
    (error.kind == SmbErrorKind::LogonFailure).then_some(SmbErrorKind::TicketRefused)
}

fn anonymous_refusal(error: &SmbError) -> Option<SmbErrorKind> {
    matches!(
        error.kind,
        SmbErrorKind::LogonFailure
            | SmbErrorKind::AccessDenied
            | SmbErrorKind::AccountRestriction
            | SmbErrorKind::AccountDisabled
            | SmbErrorKind::LogonTypeNotGranted
    )
    .then_some(SmbErrorKind::AnonymousRefused)
}
