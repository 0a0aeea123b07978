//! Which user and which password, from which source.

use std::collections::HashMap;
use std::io;
use std::io::Write as _;

use super::*;

/// Sources made of what a test says is there.
#[derive(Default)]
struct Fake {
    variables: HashMap<&'static str, &'static str>,
    system_user: Option<&'static str>,
    input: Option<&'static str>,
    typed: Option<&'static str>,
    system_signs_in: bool,
    prompts: Vec<String>,
}

impl Sources for Fake {
    fn variable(&self, name: &str) -> Option<String> {
        self.variables.get(name).map(|&value| value.to_owned())
    }

    fn system_user(&self) -> Option<String> {
        self.system_user.map(str::to_owned)
    }

    fn system_signs_in(&self) -> bool {
        self.system_signs_in
    }

    fn password_variable(&mut self) -> Result<Option<Secret>, String> {
        Ok(self
            .variables
            .get("SMBWHO_PASSWORD")
            .map(|&value| Secret::new(value)))
    }

    fn standard_input(&mut self) -> io::Result<Secret> {
        self.input
            .map(Secret::new)
            .ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
    }

    fn terminal(&mut self, prompt: &str) -> io::Result<Secret> {
        self.prompts.push(prompt.to_owned());
        self.typed
            .map(Secret::new)
            .ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

fn user(login: &str) -> LoginArgs {
    LoginArgs {
        login: Some(login.to_owned()),
        ..LoginArgs::default()
    }
}

/// Domain, user and password of the NTLM login that comes out.
fn ntlm(args: &LoginArgs, sources: &mut Fake) -> Result<[String; 3], String> {
    ntlm_with(args, &Config::default(), sources)
}

fn ntlm_with(args: &LoginArgs, config: &Config, sources: &mut Fake) -> Result<[String; 3], String> {
    match login(args, config, sources)?.0 {
        Login::Ntlm {
            domain,
            user,
            password,
        } => Ok([domain, user, password.expose().to_owned()]),
        other => panic!("not NTLM: {other:?}"),
    }
}

fn file(text: &str) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().expect("a temporary file");
    file.write_all(text.as_bytes()).expect("written");
    file
}

#[test]
fn the_terminal_is_asked_last_and_told_for_whom() {
    let mut sources = Fake {
        typed: Some("typed"),
        ..Fake::default()
    };
    let login = ntlm(&user(r"LAB\alice"), &mut sources);
    assert_eq!(login, Ok(["LAB", "alice", "typed"].map(str::to_owned)));
    assert_eq!(sources.prompts, [r"Password for LAB\alice: "]);

    let variables = HashMap::from([("SMBWHO_PASSWORD", "environment")]);
    let mut sources = Fake {
        variables,
        typed: Some("typed"),
        ..Fake::default()
    };
    assert_eq!(
        ntlm(&user("alice"), &mut sources).map(|l| l[2].clone()),
        Ok("environment".into())
    );
    assert!(sources.prompts.is_empty());
}

#[test]
fn what_was_asked_for_wins_over_the_environment() {
    let variables = HashMap::from([("SMBWHO_PASSWORD", "environment"), ("USER", "root")]);
    let mut sources = Fake {
        variables,
        input: Some("input"),
        ..Fake::default()
    };
    let args = LoginArgs {
        password_stdin: true,
        ..user("alice")
    };
    assert_eq!(
        ntlm(&args, &mut sources).map(|l| l[2].clone()),
        Ok("input".into())
    );

    let file = file("username = bob\npassword = filed\ndomain = LAB\n");
    let args = LoginArgs {
        auth_file: Some(file.path().into()),
        ..LoginArgs::default()
    };
    assert_eq!(
        ntlm(&args, &mut sources),
        Ok(["LAB", "bob", "filed"].map(str::to_owned))
    );
}

#[test]
fn the_user_comes_from_the_nearest_source() {
    let variables = HashMap::from([("SMBWHO_PASSWORD", "x"), ("USER", "root")]);
    let mut sources = Fake {
        variables,
        ..Fake::default()
    };
    let config = Config {
        login: Some(r"LAB\carol".into()),
        ..Config::default()
    };
    let user_of = |args: &LoginArgs, config: &Config, sources: &mut Fake| {
        ntlm_with(args, config, sources).map(|login| login[1].clone())
    };
    assert_eq!(
        user_of(&user("alice"), &config, &mut sources),
        Ok("alice".into())
    );
    assert_eq!(
        user_of(&LoginArgs::default(), &config, &mut sources),
        Ok("carol".into())
    );
    let none = Config::default();
    assert_eq!(
        user_of(&LoginArgs::default(), &none, &mut sources),
        Ok("root".into())
    );
    sources.variables.remove("USER");
    sources.system_user = Some("daemon");
    assert_eq!(
        user_of(&LoginArgs::default(), &none, &mut sources),
        Ok("daemon".into())
    );
    sources.system_user = None;
    let message = user_of(&LoginArgs::default(), &none, &mut sources).unwrap_err();
    assert!(message.contains("-U"), "{message}");
}

#[test]
fn two_passwords_or_two_users_are_refused() {
    let file = file("username = bob\npassword = filed\n");
    let path = Some(file.path().to_owned());
    let mut sources = Fake {
        input: Some("input"),
        ..Fake::default()
    };
    let args = LoginArgs {
        auth_file: path.clone(),
        password_stdin: true,
        ..LoginArgs::default()
    };
    assert!(
        ntlm(&args, &mut sources)
            .unwrap_err()
            .contains("--password-stdin")
    );
    let args = LoginArgs {
        auth_file: path.clone(),
        ..user("alice")
    };
    let message = ntlm(&args, &mut sources).unwrap_err();
    assert!(
        message.contains("alice") && message.contains("bob"),
        "{message}"
    );
    let args = LoginArgs {
        auth_file: path,
        ..user("bob")
    };
    assert_eq!(
        ntlm(&args, &mut sources).map(|l| l[2].clone()),
        Ok("filed".into())
    );
}

#[test]
fn without_a_terminal_the_ways_out_are_named() {
    let message = ntlm(&user("alice"), &mut Fake::default()).unwrap_err();
    for way in [
        "SMBWHO_PASSWORD",
        "--password-stdin",
        "--auth-file",
        "-k",
        "-N",
    ] {
        assert!(message.contains(way), "{way} in {message}");
    }
}

#[test]
fn nobody_signs_in_with_no_pass() {
    let args = LoginArgs {
        no_pass: true,
        ..LoginArgs::default()
    };
    let config = Config {
        login: Some("alice".into()),
        kerberos: true,
        ..Config::default()
    };
    let (login, _) = login(&args, &config, &mut Fake::default()).expect("a login");
    assert!(matches!(login, Login::Anonymous));
    let args = LoginArgs {
        no_pass: true,
        ..user("alice")
    };
    assert!(super::login(&args, &config, &mut Fake::default()).is_err());
}

#[test]
fn a_password_in_the_user_name_is_refused_and_not_repeated() {
    let message = check(&user("alice%hunter2"), false).unwrap_err();
    assert!(message.contains("list of processes"), "{message}");
    assert!(!message.contains("hunter2"), "{message}");
}

#[test]
fn standard_input_holds_one_thing() {
    let args = LoginArgs {
        password_stdin: true,
        ..LoginArgs::default()
    };
    assert!(check(&args, false).is_ok());
    assert!(check(&args, true).is_err());
    assert!(
        check(
            &LoginArgs {
                no_pass: true,
                ..args
            },
            false
        )
        .is_err()
    );
}

#[test]
fn windows_signs_in_by_itself_where_no_login_is_given() {
    let windows = || Fake {
        system_signs_in: true,
        variables: [("USERNAME", "alice")].into(),
        typed: Some("wonderland"),
        ..Fake::default()
    };
    let login_of = |args: &LoginArgs, mut sources: Fake| {
        let made = login(args, &Config::default(), &mut sources);
        made.map(|(login, _)| login).expect("a login")
    };
    let none = LoginArgs::default();
    assert!(matches!(login_of(&none, windows()), Login::CurrentUser));
    // A name, a password, or any other way to sign in is a login given.
    assert!(matches!(
        login_of(&user("bob"), windows()),
        Login::Ntlm { .. }
    ));
    let mut with_password = windows();
    with_password.variables.insert("SMBWHO_PASSWORD", "secret");
    assert!(matches!(login_of(&none, with_password), Login::Ntlm { .. }));
    let anonymous = LoginArgs {
        no_pass: true,
        ..LoginArgs::default()
    };
    assert!(matches!(login_of(&anonymous, windows()), Login::Anonymous));
    let kerberos = LoginArgs {
        kerberos: true,
        ..LoginArgs::default()
    };
    assert!(matches!(login_of(&kerberos, windows()), Login::Kerberos(_)));
    let named = Config {
        login: Some("carol".to_owned()),
        ..Config::default()
    };
    let (configured, _) = login(&none, &named, &mut windows()).expect("a login");
    assert!(matches!(configured, Login::Ntlm { user, .. } if user == "carol"));
}

#[test]
fn a_password_without_a_user_is_not_for_whoever_is_logged_on() {
    let whoever = || Fake {
        variables: [("USER", "somebody"), ("SMBWHO_PASSWORD", "environment")].into(),
        ..Fake::default()
    };
    let file = file("password = filed\ndomain = LAB\n");
    let args = |login: Option<&str>, kerberos| LoginArgs {
        auth_file: Some(file.path().into()),
        login: login.map(str::to_owned),
        kerberos,
        ..LoginArgs::default()
    };
    for kerberos in [false, true] {
        let message = login(&args(None, kerberos), &Config::default(), &mut whoever());
        let message = message.map(|_| ()).unwrap_err();
        assert!(
            message.contains("not whose") && !message.contains("filed"),
            "{message}"
        );
    }
    // Whoever is named by other means is meant.
    let named = ntlm(&args(Some("alice"), false), &mut whoever());
    assert_eq!(
        named.map(|login| login[1..].join(" ")),
        Ok("alice filed".into())
    );
    let config = Config {
        login: Some("carol".into()),
        ..Config::default()
    };
    let named = ntlm_with(&args(None, false), &config, &mut whoever());
    assert_eq!(named.map(|login| login[1].clone()), Ok("carol".into()));
}

#[test]
fn an_empty_password_is_none_with_kerberos() {
    let kerberos = |login: Option<&str>, sources: &mut Fake, stdin| {
        let args = LoginArgs {
            login: login.map(str::to_owned),
            kerberos: true,
            password_stdin: stdin,
            ..LoginArgs::default()
        };
        super::login(&args, &Config::default(), sources).map(|(login, _)| format!("{login:?}"))
    };
    let empty = || Fake {
        variables: [("SMBWHO_PASSWORD", ""), ("USER", "alice")].into(),
        input: Some(""),
        ..Fake::default()
    };
    // The tickets of a cache: no password is shown to anybody.
    let login = kerberos(None, &mut empty(), false).expect("a login");
    assert!(login.contains("default cache"), "{login}");
    let login = kerberos(Some("alice"), &mut empty(), true).expect("a login");
    assert!(login.contains("password"), "asked for by name: {login}");
    // Without Kerberos it is a password as any other.
    let plain = ntlm(&user("alice"), &mut empty());
    assert_eq!(plain.map(|login| login[2].clone()), Ok(String::new()));
}

#[test]
fn why_tickets_are_not_used_is_said_where_a_password_is_asked_for() {
    let unusable = KerberosError::CacheType {
        name: "KCM:".to_owned(),
    };
    let mut sources = Fake {
        typed: Some("typed"),
        ..Fake::default()
    };
    let asked = |why: &KerberosError, sources: &mut Fake| {
        ask("alice@LAB.TEST", Some(why), sources).map(|secret| secret.expose().to_owned())
    };
    assert_eq!(asked(&unusable, &mut sources), Ok("typed".into()));
    let absent = KerberosError::CacheMissing {
        path: "/tmp/krb5cc_0".into(),
    };
    assert_eq!(asked(&absent, &mut sources), Ok("typed".into()));
    assert_eq!(
        sources.prompts,
        [
            "the Kerberos tickets are kept in KCM:, which is not a file\n\
             Password for alice@LAB.TEST: ",
            "Password for alice@LAB.TEST: ",
        ]
    );
    // Without a terminal each is the reason, with what to do about it.
    for (why, words) in [
        (&unusable, ["kept in KCM:", "kinit -c FILE:"]),
        (&absent, ["/tmp/krb5cc_0 does not exist", "Run kinit"]),
    ] {
        let message = asked(why, &mut Fake::default()).unwrap_err();
        for word in words {
            assert!(message.contains(word), "{word} in {message}");
        }
    }
}
