//! Every dialect with every cipher and every way to sign, as smbd can be set to
//! it, and why the rest does not exist.

use std::fmt::Write;
use std::path::Path;

use smbwho_smb::{Login, SmbSession};

use super::{SRVSVC, TimeOfDay, connect, status};

/// What a server is held to.
#[derive(Debug, Clone, Copy)]
pub struct Setting {
    dialect: (&'static str, &'static str),
    cipher: Option<&'static str>,
    signing: &'static str,
}

const DIALECTS: [(&str, &str); 5] = [
    ("2.0.2", "SMB2_02"),
    ("2.1", "SMB2_10"),
    ("3.0", "SMB3_00"),
    ("3.0.2", "SMB3_02"),
    ("3.1.1", "SMB3_11"),
];
const CIPHERS: [Option<&str>; 5] = [
    None,
    Some("AES-128-CCM"),
    Some("AES-128-GCM"),
    Some("AES-256-CCM"),
    Some("AES-256-GCM"),
];
const SIGNINGS: [&str; 3] = ["HMAC-SHA256", "AES-128-CMAC", "AES-128-GMAC"];

impl Setting {
    /// All 75, those that cannot be included.
    fn all() -> impl Iterator<Item = Self> {
        DIALECTS.into_iter().flat_map(|dialect| {
            CIPHERS.into_iter().flat_map(move |cipher| {
                SIGNINGS.into_iter().map(move |signing| Self {
                    dialect,
                    cipher,
                    signing,
                })
            })
        })
    }

    /// Why there is no such thing ([MS-SMB2] 3.1.4.1, 3.2.5.2), if there is not.
    fn impossible(&self) -> Option<&'static str> {
        match (self.dialect.0, self.cipher, self.signing) {
            ("3.1.1", ..) => None,
            ("2.0.2" | "2.1", Some(_), _) => Some("2.x does not encrypt"),
            ("2.0.2" | "2.1", None, "HMAC-SHA256") => None,
            ("2.0.2" | "2.1", None, _) => Some("2.x signs by HMAC-SHA256"),
            (_, None | Some("AES-128-CCM"), "AES-128-CMAC") => None,
            (_, None | Some("AES-128-CCM"), _) => Some("3.0 and 3.0.2 sign by CMAC"),
            _ => Some("3.0 and 3.0.2 encrypt by AES-128-CCM"),
        }
    }

    /// Lines for `[global]`.
    fn lines(&self) -> String {
        let (_, protocol) = self.dialect;
        let mut lines = format!(
            "\tserver min protocol = {protocol}\n\tserver max protocol = {protocol}\n\
             \tserver smb3 signing algorithms = {}\n",
            self.signing
        );
        let _ = match self.cipher {
            Some(cipher) => write!(
                lines,
                "\tserver smb encrypt = required\n\tserver smb3 encryption algorithms = {cipher}\n"
            ),
            None => writeln!(lines, "\tserver smb encrypt = off"),
        };
        lines
    }
}

/// Signs in to a server that is held to one setting after the other, and asks
/// it something. A new connection reads `file` anew, which smb.conf includes.
///
/// Returns how many settings were tried and how many there cannot be.
pub async fn sign_in_to_all(address: &str, login: &Login, file: &Path) -> (usize, usize) {
    let (mut tried, mut impossible) = (0, 0);
    for setting in Setting::all() {
        if setting.impossible().is_some() {
            impossible += 1;
            continue;
        }
        std::fs::write(file, setting.lines()).unwrap();
        let session: SmbSession = match connect(address, login).await {
            Ok(session) => session,
            Err(error) => panic!("{setting:?}: {error} {error:?}"),
        };
        let facts = session.facts();
        assert_eq!(
            (facts.dialect, facts.signing, facts.encryption),
            (setting.dialect.0, Some(setting.signing), setting.cipher)
        );
        // Several calls: a wrong key would show at the second message at the latest.
        let mut pipe = session.open_pipe(&SRVSVC).await.unwrap();
        for _ in 0..2 {
            let stub = pipe.call(&TimeOfDay).await;
            assert_eq!(status(&stub.unwrap()), 0, "{setting:?}");
        }
        tried += 1;
    }
    (tried, impossible)
}
