//! Other implementations, run as programs. A missing one is a failure, not a reason to skip.
#![allow(dead_code, unreachable_pub, reason = "each test uses its part")]

use std::io::Write;
use std::process::{Command, Stdio};

use serde_json::Value;

/// Runs one of Impacket's scripts in `smbwho-testkit/oracles/` once over all jobs, with the
/// interpreter named in `SMBWHO_ORACLE_PYTHON` (default `python3`).
pub fn impacket(script: &str, jobs: &Value) -> Vec<Value> {
    let python = std::env::var("SMBWHO_ORACLE_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let script = format!(
        "{}/../smbwho-testkit/oracles/{script}",
        env!("CARGO_MANIFEST_DIR")
    );
    let help = format!(
        "this test needs Impacket: make a virtual environment, `pip install impacket` in it, and \
         name its interpreter in SMBWHO_ORACLE_PYTHON (now {python})"
    );
    let mut child = Command::new(&python)
        .arg(script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{help}: {error}"));
    // Dropped at once, so that the oracle sees the end.
    child
        .stdin
        .take()
        .unwrap()
        .write_all(jobs.to_string().as_bytes())
        .expect(&help);
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{help}; its complaint is above");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// What Samba's `ndrdump` (Debian package samba-testsuite) prints for a stub, having taken it
/// whole and encoded it back to the same bytes. A reply (`out`) may need its request for context.
pub fn ndrdump(
    interface: &str,
    opnum: u16,
    direction: &str,
    stub: &[u8],
    request: Option<&[u8]>,
) -> Result<String, String> {
    let file = |bytes: &[u8]| {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(bytes).unwrap();
        file
    };
    let (stub, request) = (file(stub), request.map(file));
    let mut command = Command::new("ndrdump");
    // No configuration of this machine may matter.
    command.args(["--configfile=/dev/null", "--validate"]);
    if let Some(request) = &request {
        command.arg("--context-file").arg(request.path());
    }
    let output = command
        .args([interface, &opnum.to_string(), direction])
        .arg(stub.path())
        .env("LC_ALL", "C.UTF-8")
        .output()
        .unwrap_or_else(|e| panic!("this test needs ndrdump (package samba-testsuite): {e}"));
    let mut text = String::from_utf8(output.stdout).unwrap();
    text += &String::from_utf8(output.stderr).unwrap();
    // Bytes left over and differences do not change its exit code.
    let complaints = [
        "WARNING",
        "differ",
        "bytes consumed",
        "dump FAILED",
        "Error",
    ];
    let good = output.status.success()
        && text.contains("dump OK")
        && !complaints.iter().any(|complaint| text.contains(complaint));
    if good { Ok(text) } else { Err(text) }
}
