//! The file of `--auth-file`, in the format of Samba's tools:
//!
//! ```text
//! username = alice
//! password = …
//! domain   = LAB
//! ```
//!
//! One file serves all tools: keys go by the names that mount.cifs has for them,
//! too (`user`, `pass`, `dom`, `workgroup`). Letter case and spaces in a key do
//! not matter; a value begins after the spaces that follow `=` and goes to the
//! end of its line; the last line of a key holds; comments (`#`, `;`), lines
//! without `=` and other keys are passed over.

use std::path::Path;

use smbwho::{Secret, user_file};

use super::account::{Account, Home};

/// The longest such file that is read, in bytes.
const MAX_FILE: u64 = 64 << 10;

/// What such a file says.
#[derive(Debug, Default)]
pub(crate) struct AuthFile {
    username: Option<String>,
    domain: Option<String>,
    realm: Option<String>,
    /// The password; an empty one counts.
    pub(crate) password: Option<Secret>,
}

impl AuthFile {
    /// Reads the file. The note is for the user: others can read it too.
    ///
    /// # Errors
    ///
    /// The file's name and why it cannot be read.
    pub(crate) fn read(path: &Path) -> Result<(Self, Option<String>), String> {
        let text = user_file::read_text(path, MAX_FILE);
        let text = text.map_err(|error| format!("--auth-file {}: {error}", path.display()))?;
        let file = Self::parse(&text);
        if file.password.is_none() && file.username.is_none() {
            return Err(format!(
                "--auth-file {}: holds neither a line 'username = …' nor 'password = …'",
                path.display()
            ));
        }
        Ok((file, readable_by_others(path)))
    }

    pub(crate) fn parse(text: &str) -> Self {
        let mut file = Self::default();
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        for line in text.lines() {
            if line.trim_start().starts_with(['#', ';']) {
                continue;
            }
            let Some((key, value)) = line.split_once('=') else {
                continue;
            };
            let value = value.trim_start_matches([' ', '\t']);
            let key: String = key.chars().filter(|c| !c.is_whitespace()).collect();
            match key.to_ascii_lowercase().as_str() {
                "username" | "user" => file.username = Some(value.trim_end().to_owned()),
                "domain" | "dom" | "workgroup" => file.domain = Some(value.trim_end().to_owned()),
                "realm" => file.realm = Some(value.trim_end().to_owned()),
                "password" | "pass" => file.password = Some(Secret::new(value)),
                _ => {}
            }
        }
        file
    }

    /// Whether it holds a password, an empty one too.
    pub(crate) fn has_password(&self) -> bool {
        self.password.is_some()
    }

    /// The account, if the file names one. A domain or realm within the user
    /// name wins over its own line, and a domain over a realm.
    ///
    /// # Errors
    ///
    /// When the user name is not one.
    pub(crate) fn account(&self) -> Result<Option<Account>, String> {
        let Some(username) = self.username.as_deref().filter(|name| !name.is_empty()) else {
            return Ok(None);
        };
        let mut account = Account::parse(username).map_err(|why| format!("--auth-file: {why}"))?;
        let said = |part: &Option<String>| part.clone().filter(|part| !part.is_empty());
        if account.home == Home::Unsaid {
            account.home = match (said(&self.domain), said(&self.realm)) {
                (Some(domain), _) => Home::Domain(domain),
                (None, Some(realm)) => Home::Realm(realm),
                (None, None) => Home::Unsaid,
            };
        }
        Ok(Some(account))
    }
}

/// A note when users other than the owner can read the file.
#[cfg(unix)]
fn readable_by_others(path: &Path) -> Option<String> {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = std::fs::metadata(path).ok()?.permissions().mode() & 0o777;
    let name = path.display();
    (mode & 0o044 != 0).then(|| {
        format!("other users can read the password in {name} (mode {mode:o}): chmod 600 {name}")
    })
}

/// Who can read a file is not told by its mode here.
#[cfg(not(unix))]
fn readable_by_others(_path: &Path) -> Option<String> {
    None
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn told(text: &str) -> (Option<String>, Option<String>) {
        let file = AuthFile::parse(text);
        let account = file
            .account()
            .expect("a user")
            .map(|account| account.to_string());
        (
            account,
            file.password.map(|password| password.expose().to_owned()),
        )
    }

    #[test]
    fn reads_what_sambas_tools_read() {
        let text =
            "# mine\nUserName = alice\nPASSWORD=  pass = word \r\n domain\t= LAB\nother = x\n";
        assert_eq!(
            told(text),
            (Some(r"LAB\alice".into()), Some("pass = word ".into()))
        );
        assert_eq!(
            told("username=alice@LAB.TEST\n"),
            (Some("alice@LAB.TEST".into()), None)
        );
        assert_eq!(told("username=A\\b\ndomain=C\n").0, Some(r"A\b".into()));
        assert_eq!(
            told("username=b\nrealm=LAB.TEST\n").0,
            Some("b@LAB.TEST".into())
        );
    }

    #[test]
    fn an_empty_password_is_a_password() {
        assert_eq!(
            told("username = alice\npassword =\n").1,
            Some(String::new())
        );
        assert_eq!(told("password = x\n"), (None, Some("x".into())));
    }

    #[test]
    fn keys_go_by_the_names_other_tools_have_for_them() {
        let account = |text: &str| told(text);
        let expected = |account: &str| (Some(account.to_owned()), Some("pass = word ".to_owned()));
        for text in [
            "user=alice\npass=pass = word \n",
            "username = alice\npassword = pass = word \n",
            "User=alice\npassword=pass = word \n",
            "# user=bob\n;pass=x\n\tUSERNAME\t=\talice\n pass =\tpass = word \r\n",
            "user name = alice\npass=pass = word \nuserid=bob\npasswd=x\n",
        ] {
            assert_eq!(account(text), expected("alice"), "{text}");
        }
        for key in ["dom", "domain", "workgroup", "Work Group", "DOMAIN"] {
            let text = format!("{key} = LAB\nuser=alice\npass=pass = word ");
            assert_eq!(account(&text), expected(r"LAB\alice"), "{key}");
        }
    }

    #[test]
    fn a_file_may_be_utf_16_as_the_tools_of_windows_write_it() {
        let file = tempfile::NamedTempFile::new().expect("a temporary file");
        let units = "\u{feff}username = bücher\r\npassword = pass\r\n".encode_utf16();
        let bytes: Vec<u8> = units.flat_map(u16::to_le_bytes).collect();
        std::fs::write(file.path(), bytes).expect("written");
        let (file, _) = AuthFile::read(file.path()).expect("read");
        let account = file.account().expect("a user").map(|a| a.to_string());
        assert_eq!(account.as_deref(), Some("bücher"));
        assert_eq!(file.password.expect("a password").expose(), "pass");
    }

    #[test]
    fn debug_shows_no_password() {
        let file = AuthFile::parse("username = alice\npassword = hunter2\n");
        assert!(!format!("{file:?}").contains("hunter2"));
    }

    #[cfg(unix)]
    #[test]
    fn what_never_ends_is_refused_at_once() {
        let why = AuthFile::read(Path::new("/dev/zero")).unwrap_err();
        assert_eq!(why, "--auth-file /dev/zero: it is a device, not a file");
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_others_can_read_is_noted() {
        use std::os::unix::fs::PermissionsExt as _;
        let file = tempfile::NamedTempFile::new().expect("a temporary file");
        fs::write(file.path(), "password = x\n").expect("written");
        for (mode, noted) in [(0o600, false), (0o640, true), (0o644, true)] {
            fs::set_permissions(file.path(), fs::Permissions::from_mode(mode)).expect("mode");
            let (_, note) = AuthFile::read(file.path()).expect("readable");
            assert_eq!(note.is_some(), noted, "{mode:o}: {note:?}");
        }
    }
}
