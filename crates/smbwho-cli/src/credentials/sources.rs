//! The places outside the command line that a login is made of: environment,
//! standard input, terminal. A trait, so that the rules of choosing among them
//! are tested without any.

use std::env;
use std::io;

use smbwho::Secret;
use zeroize::Zeroizing;

/// The longest password taken from standard input, in bytes. Windows takes up
/// to 256 characters.
const LONGEST: usize = 16 * 1024;

/// Where the parts of a login come from.
pub(crate) trait Sources {
    /// A variable of the environment, if it is set and not empty.
    fn variable(&self, name: &str) -> Option<String>;

    /// The name of the user who runs the program, where the system tells it
    /// apart from the environment.
    fn system_user(&self) -> Option<String>;

    /// Whether the system signs in to servers by itself, as the user who runs
    /// the program.
    fn system_signs_in(&self) -> bool;

    /// The password in `SMBWHO_PASSWORD`, if that is set.
    ///
    /// # Errors
    ///
    /// When it is not UTF-8.
    fn password_variable(&mut self) -> Result<Option<Secret>, String>;

    /// The first line of standard input.
    fn standard_input(&mut self) -> io::Result<Secret>;

    /// Asks the user, without showing what is typed.
    fn terminal(&mut self, prompt: &str) -> io::Result<Secret>;
}

/// The real ones.
pub(crate) struct System;

impl Sources for System {
    fn variable(&self, name: &str) -> Option<String> {
        env::var(name).ok().filter(|value| !value.is_empty())
    }

    fn system_user(&self) -> Option<String> {
        user_of_passwd()
    }

    fn system_signs_in(&self) -> bool {
        cfg!(windows)
    }

    fn password_variable(&mut self) -> Result<Option<Secret>, String> {
        match env::var("SMBWHO_PASSWORD") {
            Ok(password) => Ok(Some(Secret::new(password))),
            Err(env::VarError::NotPresent) => Ok(None),
            Err(env::VarError::NotUnicode(_)) => Err("SMBWHO_PASSWORD is not UTF-8".to_owned()),
        }
    }

    fn standard_input(&mut self) -> io::Result<Secret> {
        first_line(io::stdin().lock())
    }

    fn terminal(&mut self, prompt: &str) -> io::Result<Secret> {
        rpassword::prompt_password(prompt).map(Secret::new)
    }
}

/// The name that the password database has for the user id: containers and
/// timers often run without `USER`.
#[cfg(unix)]
fn user_of_passwd() -> Option<String> {
    let user = nix::unistd::User::from_uid(nix::unistd::Uid::current());
    user.ok().flatten().map(|user| user.name)
}

#[cfg(not(unix))]
fn user_of_passwd() -> Option<String> {
    None
}

/// The first line without its end, through a buffer that is wiped. It is as
/// large as any password may be, so that the reader's own buffer is passed by.
fn first_line(mut input: impl io::Read) -> io::Result<Secret> {
    let mut buffer = Zeroizing::new(vec![0; LONGEST]);
    let mut length = 0;
    let end = loop {
        if length == buffer.len() {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "the line is too long",
            ));
        }
        let read = match input.read(&mut buffer[length..]) {
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        let line_end = buffer[length..length + read]
            .iter()
            .position(|&byte| byte == b'\n');
        if let Some(at) = line_end {
            break length + at;
        }
        length += read;
        if read == 0 {
            break length;
        }
    };
    if end == 0 && length == 0 && buffer[0] != b'\n' {
        return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "it is empty"));
    }
    let line = std::str::from_utf8(&buffer[..end])
        .map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "it is not UTF-8"))?;
    Ok(Secret::new(line.strip_suffix('\r').unwrap_or(line)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(input: &[u8]) -> Result<String, io::ErrorKind> {
        first_line(input)
            .map(|line| line.expose().to_owned())
            .map_err(|error| error.kind())
    }

    #[test]
    fn the_first_line_without_its_end() {
        assert_eq!(line(b"pass word \nmore\n"), Ok("pass word ".into()));
        assert_eq!(line(b"secret\r\n"), Ok("secret".into()));
        assert_eq!(line("пароль".as_bytes()), Ok("пароль".into()));
        assert_eq!(line(b"\n"), Ok(String::new()));
    }

    #[test]
    fn what_is_no_line_is_refused() {
        assert_eq!(line(b""), Err(io::ErrorKind::UnexpectedEof));
        assert_eq!(line(b"\xff\n"), Err(io::ErrorKind::InvalidData));
        assert_eq!(
            line(&vec![b'x'; LONGEST + 1]),
            Err(io::ErrorKind::InvalidData)
        );
    }

    #[test]
    fn a_line_may_come_in_pieces() {
        let pieces = io::Read::chain(&b"sec"[..], &b"ret\nrest"[..]);
        assert_eq!(first_line(pieces).expect("a line").expose(), "secret");
    }
}
