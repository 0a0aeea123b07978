//! The domain all tests share, and the tools they use in it.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::LazyLock;

use smbwho_smb::kerberos::{KdcRefusal, KerberosError, KerberosLogin};
use smbwho_smb::{Login, Secret, SmbError, SmbErrorKind, SmbSession, Step};
use smbwho_testkit::AdDc;

use crate::common;

pub(crate) const ALICE: &str = "Al1ce.pass";
pub(crate) const DORA: &str = "D0ra.pass";
pub(crate) const GINA: &str = "G1na.pass";
pub(crate) const JOERG: &str = "J0rg.päss";

/// Not dropped when the program ends; the lab's own guard sees to it then.
static DC: LazyLock<AdDc> = LazyLock::new(|| {
    let dc = AdDc::builder()
        .user("alice", ALICE)
        .user("dora", DORA)
        .user("gina", GINA)
        .user("jörg", JOERG)
        .start()
        .expect("a domain controller");
    let conf = dc.conf();
    let tool = |args: &[&str]| {
        let mut command = dc.inside("samba-tool");
        let done = command
            .args(args)
            .arg("-s")
            .arg(&conf)
            .output()
            .expect("samba-tool");
        assert!(done.status.success(), "{args:?}: {done:?}");
    };
    tool(&["user", "disable", "dora"]);
    // Her key keeps the salt of the old name.
    tool(&["user", "rename", "gina", "--samaccountname=georgina"]);
    dc
});

/// Runs `work` inside the domain controller's namespaces; `test` is the
/// calling test's own path.
pub(crate) fn inside(test: &str, work: impl Future<Output = ()>) {
    if !AdDc::is_inside() {
        if let Err(error) = DC.run_test_inside(test) {
            panic!("{error}");
        }
        return;
    }
    tokio::runtime::Runtime::new()
        .expect("a runtime")
        .block_on(work);
}

pub(crate) fn by_password(principal: &str, password: &str) -> KerberosLogin {
    KerberosLogin::with_password(principal, Secret::new(password))
}

/// Signs in to the controller by its full name.
pub(crate) async fn sign_in(login: &KerberosLogin) -> Result<SmbSession, SmbError> {
    sign_in_to(AdDc::HOST, login).await
}

pub(crate) async fn sign_in_to(host: &str, login: &KerberosLogin) -> Result<SmbSession, SmbError> {
    common::connect(host, &Login::Kerberos(login.clone())).await
}

/// The session is there, and what it carries is signed.
pub(crate) async fn works(login: &KerberosLogin) {
    let session = sign_in(login).await.expect("a session");
    assert!(session.facts().signing.is_some(), "{:?}", session.facts());
    // Every user may ask for the time of day; the reply's signature is checked.
    let mut pipe = session.open_pipe(&common::SRVSVC).await.expect("the pipe");
    pipe.call(&common::TimeOfDay)
        .await
        .expect("the time of day");
}

/// Why there was no ticket.
pub(crate) async fn error(login: &KerberosLogin) -> KerberosError {
    error_for(AdDc::HOST, login).await
}

pub(crate) async fn error_for(host: &str, login: &KerberosLogin) -> KerberosError {
    let error = sign_in_to(host, login).await.expect_err("no session");
    assert_eq!(error.step, Step::SignIn, "{error}");
    match error.kind {
        SmbErrorKind::Kerberos(error) => *error,
        other => panic!("{other:?}"),
    }
}

/// What the KDC said no with.
pub(crate) async fn refusal(host: &str, login: &KerberosLogin) -> KdcRefusal {
    match error_for(host, login).await {
        KerberosError::Kdc(refusal) => *refusal,
        other => panic!("{other:?}"),
    }
}

/// A folder that goes with the test.
pub(crate) fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a folder")
}

/// `kinit`, as people call it; `args` come before the user.
pub(crate) fn kinit(cache: &Path, args: &[&str], user: &str, password: &str) {
    let mut command = Command::new("kinit");
    command.arg("-c").arg(cache).args(args).arg(user);
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .expect("kinit, of package krb5-user");
    let mut stdin = child.stdin.take().expect("a pipe");
    stdin
        .write_all(format!("{password}\n").as_bytes())
        .expect("a password");
    drop(stdin);
    assert!(child.wait().expect("kinit").success());
}

/// Puts the controller's service ticket into a cache.
pub(crate) fn kvno(cache: &Path) {
    let service = format!("cifs/{}", AdDc::HOST);
    let done = Command::new("kvno")
        .arg(service)
        .env("KRB5CCNAME", cache)
        .output();
    assert!(done.expect("kvno").status.success());
}

/// What `klist -f -e` says of a cache.
pub(crate) fn klist(cache: &Path) -> String {
    let done = Command::new("klist")
        .args(["-f", "-e", "-c"])
        .arg(cache)
        .output()
        .expect("klist");
    String::from_utf8_lossy(&done.stdout).into_owned()
}

/// The lab's krb5.conf with more lines in `[libdefaults]`.
pub(crate) fn conf_with(folder: &Path, lines: &str) -> PathBuf {
    let lab = std::env::var("KRB5_CONFIG").expect("the lab's krb5.conf");
    let text = std::fs::read_to_string(lab).expect("krb5.conf");
    assert!(text.contains("[libdefaults]"), "{text}");
    let path = folder.join("krb5.conf");
    let text = text.replace("[libdefaults]", &format!("[libdefaults]\n{lines}"));
    std::fs::write(&path, text).expect("krb5.conf");
    path
}
