//! Who signs in, and where the password comes from.
//!
//! The user is named by, in this order: `-U`, the file of `-A`, the
//! configuration, the environment. The password comes from `--password-stdin`
//! or the file of `-A` (both at once is refused), else `SMBWHO_PASSWORD`, else
//! the terminal. With Kerberos an empty password is none: the tickets of a cache
//! are used. Where neither is given, Windows asks with the rights of
//! whoever runs the program. A password is never an argument: those are shown to every user of the
//! computer by `ps` and kept in the shell's history.
//!
//! A password becomes a [`Secret`] where it is read; no other code here holds
//! one.

mod account;
pub(crate) mod auth_file;
mod sources;

use smbwho::kerberos::{KerberosError, KerberosLogin};
use smbwho::{Login, Secret};

use crate::args::LoginArgs;
use crate::config::Config;
use crate::output::escape::Visible;
use account::Account;
use auth_file::AuthFile;
pub(crate) use sources::{Sources, System};

/// The login that the options, the configuration and the surroundings ask for,
/// and notes for the user on the way.
///
/// # Errors
///
/// A message that says what contradicts itself or is missing, and what to do.
pub(crate) fn login(
    args: &LoginArgs,
    config: &Config,
    sources: &mut impl Sources,
) -> Result<(Login, Vec<String>), String> {
    let mut notes = Vec::new();
    let kerberos = wants_kerberos(args, config);
    if args.no_pass && !kerberos {
        return anonymous(args).map(|login| (login, notes));
    }

    let file = match &args.auth_file {
        Some(path) => {
            let (file, note) = AuthFile::read(path)?;
            notes.extend(note);
            file
        }
        None => AuthFile::default(),
    };
    let account = account(args, config, &file)?;
    if let (None, Some(path), true) = (&account, &args.auth_file, file.has_password()) {
        // Whoever wrote the file did not mean whoever runs the program.
        return Err(format!(
            "--auth-file {}: holds a password and not whose: put a line 'username = …' beside \
             it, or name the user with -U",
            path.display()
        ));
    }
    let password = given_password(args, file.password, sources)?;

    if kerberos {
        // Nobody's Kerberos password is empty: it is a variable, or a line of
        // the file, that was left to be filled in. One that was typed stands.
        let password =
            password.filter(|password| args.password_stdin || !password.expose().is_empty());
        return kerberos_login(args, account, password, sources).map(|login| (login, notes));
    }
    let account = match account {
        Some(account) => account,
        // Windows signs in by itself, as whoever runs the program.
        None if sources.system_signs_in() && password.is_none() => {
            return Ok((Login::CurrentUser, notes));
        }
        None => this_user(sources).ok_or(
            "nothing says who signs in: name a user with -U, or use -k (Kerberos) or -N (anonymous)",
        )?,
    };
    let password = match password {
        Some(password) => password,
        None => ask(&account.to_string(), None, sources)?,
    };
    let (domain, user) = account.for_ntlm();
    Ok((
        Login::Ntlm {
            domain,
            user,
            password,
        },
        notes,
    ))
}

/// Contradictions that can be told before anything is read.
///
/// # Errors
///
/// As [`login`].
pub(crate) fn check(args: &LoginArgs, servers_from_stdin: bool) -> Result<(), String> {
    if args
        .login
        .as_deref()
        .is_some_and(|login| login.contains('%'))
    {
        // Not quoted: what follows the sign is the password.
        return Err(
            "-U takes no password after a '%': every user of this computer could read it \
                    in the list of processes, and the shell keeps it in its history. Leave it out \
                    to be asked, or use SMBWHO_PASSWORD, --password-stdin or --auth-file. For \
                    anonymous use -N"
                .to_owned(),
        );
    }
    if args.password_stdin && servers_from_stdin {
        return Err(
            "standard input cannot hold both the servers (-) and the password \
                    (--password-stdin); put the servers into a file and write @FILE"
                .to_owned(),
        );
    }
    if args.password_stdin && args.no_pass {
        return Err("--no-pass and --password-stdin contradict each other".to_owned());
    }
    Ok(())
}

/// Options that only Kerberos has mean Kerberos.
fn wants_kerberos(args: &LoginArgs, config: &Config) -> bool {
    let said = args.kerberos || args.ccache.is_some() || args.kdc.is_some();
    // -N alone is anonymous, also where every day is Kerberos.
    said || (config.kerberos && !args.no_pass)
}

fn anonymous(args: &LoginArgs) -> Result<Login, String> {
    if args.login.as_deref().is_some_and(|login| !login.is_empty()) || args.auth_file.is_some() {
        return Err(
            "-N signs in as nobody, so no user can be named beside it (-U, -A); leave one \
                    of them out"
                .to_owned(),
        );
    }
    Ok(Login::Anonymous)
}

/// Whoever runs the program.
fn this_user(sources: &impl Sources) -> Option<Account> {
    let named = ["USER", "LOGNAME", "USERNAME"]
        .into_iter()
        .find_map(|name| sources.variable(name));
    named.or_else(|| sources.system_user()).map(Account::bare)
}

/// The account that is named somewhere, if one is.
fn account(args: &LoginArgs, config: &Config, file: &AuthFile) -> Result<Option<Account>, String> {
    let given = args.login.as_deref().map(Account::parse).transpose()?;
    let filed = file.account()?;
    match (given, filed) {
        (Some(given), Some(filed)) if given != filed => Err(format!(
            "-U names {} and the file of --auth-file names {}; leave one of them out",
            Visible(&given.to_string()),
            Visible(&filed.to_string())
        )),
        (Some(account), _) | (None, Some(account)) => Ok(Some(account)),
        (None, None) => config
            .login
            .as_deref()
            .map(Account::parse)
            .transpose()
            .map_err(|why| format!("login in the configuration: {why}")),
    }
}

/// The password that is given somewhere, if one is.
fn given_password(
    args: &LoginArgs,
    filed: Option<Secret>,
    sources: &mut impl Sources,
) -> Result<Option<Secret>, String> {
    match (args.password_stdin, filed) {
        (true, Some(_)) => Err(
            "the password comes from --password-stdin and from the file of \
                                --auth-file; leave one of them out"
                .to_owned(),
        ),
        (true, None) => match sources.standard_input() {
            Ok(password) => Ok(Some(password)),
            Err(error) => Err(format!("the password from standard input: {error}")),
        },
        (false, Some(password)) => Ok(Some(password)),
        (false, None) => sources.password_variable(),
    }
}

/// Asks on the terminal, and says why where there could have been tickets.
fn ask(
    who: &str,
    no_tickets: Option<&KerberosError>,
    sources: &mut impl Sources,
) -> Result<Secret, String> {
    let reason = no_tickets.map(|why| Visible(&why.to_string()).to_string());
    let mut prompt = format!("Password for {}: ", Visible(who));
    // Without a default cache nobody ran kinit, and nothing went wrong.
    if let Some(reason) = &reason
        && !no_tickets.is_some_and(KerberosError::is_no_default_cache)
    {
        prompt = format!("{reason}\n{prompt}");
    }
    sources.terminal(&prompt).map_err(|error| {
        let hint = no_tickets.and_then(KerberosError::hint);
        let hint = hint.map_or(String::new(), |hint| format!(" {hint}"));
        let reason = reason.map_or(String::new(), |reason| format!("; {reason}.{hint}"));
        format!(
            "a password is needed for {}, and there is no terminal to ask on ({error}): set \
             SMBWHO_PASSWORD, or use --password-stdin, --auth-file, -k (Kerberos) or -N \
             (anonymous){reason}",
            Visible(who)
        )
    })
}

/// With a password where one is given, else with the tickets of a cache; a user
/// who is named and has none is asked.
fn kerberos_login(
    args: &LoginArgs,
    account: Option<Account>,
    password: Option<Secret>,
    sources: &mut impl Sources,
) -> Result<Login, String> {
    let principal = account.as_ref().map(Account::for_kerberos);
    let login = match password {
        Some(_) if args.ccache.is_some() => {
            return Err(
                "--ccache names tickets to use and a password is given too; leave one of \
                        them out"
                    .to_owned(),
            );
        }
        Some(password) => {
            let principal = principal
                .or_else(|| this_user(sources).map(|account| account.for_kerberos()))
                .ok_or("nothing says who signs in: name a user with -U user@REALM")?;
            KerberosLogin::with_password(principal, password)
        }
        None => {
            let mut login = KerberosLogin::from_cache();
            if let Some(cache) = &args.ccache {
                let cache = cache.to_str().ok_or("the name of --ccache is not UTF-8")?;
                login = login.cache(cache);
            }
            match principal {
                Some(principal) => {
                    let login = login.principal(principal.as_str());
                    // As kinit would: asked only where no tickets are.
                    match login.check_cache() {
                        Err(why) if !args.no_pass && args.ccache.is_none() => {
                            let password = ask(&principal, Some(&why), sources)?;
                            KerberosLogin::with_password(principal, password)
                        }
                        Ok(()) | Err(_) => login,
                    }
                }
                None => login,
            }
        }
    };
    Ok(Login::Kerberos(match &args.kdc {
        Some(kdc) => login.kdc(kdc),
        None => login,
    }))
}

#[cfg(test)]
mod tests;
