//! What went wrong with one server, in the fields that scripts rely on: the
//! kind `errors`.

use smbwho::{Error, ErrorKind, SmbErrorKind, Step};

use crate::output::escape;

/// What kind of failure it is, as far as a person must know what to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cause {
    /// No answer, or none that makes sense.
    NoAnswer,
    /// The server answered, and said no.
    Refused,
    /// The account was refused: by this server or, lest it be locked, not shown
    /// to it any more. Another password may help.
    Account,
    /// The server answered, and not all of it is kept.
    TooLong,
    /// The password went out and nobody said what came of it: it may have been
    /// counted as a wrong one.
    PasswordInDoubt,
}

impl Cause {
    /// Whether the server said no, whatever to.
    pub(crate) fn is_refusal(self) -> bool {
        matches!(self, Self::Refused | Self::Account)
    }

    /// Whether the server gave no answer, or none that makes sense.
    pub(crate) fn is_silence(self) -> bool {
        matches!(self, Self::NoAnswer | Self::PasswordInDoubt)
    }

    /// Whether a person must say as whom to sign in before that is tried again.
    pub(crate) fn wants_password(self) -> bool {
        matches!(self, Self::Account | Self::PasswordInDoubt)
    }

    fn of(error: &Error) -> Self {
        let in_doubt = |kind: &ErrorKind| match kind {
            ErrorKind::Smb(smb) => smb.leaves_password_in_doubt(),
            _ => false,
        };
        let held_back = |kind: &ErrorKind| match kind {
            ErrorKind::Smb(smb) => matches!(smb.kind, SmbErrorKind::HeldBack { .. }),
            _ => false,
        };
        if error.refuses_account() || held_back(error.kind()) {
            return Self::Account;
        }
        if matches!(error.kind(), ErrorKind::TooLong { .. }) {
            return Self::TooLong;
        }
        if in_doubt(error.kind()) {
            return Self::PasswordInDoubt;
        }
        let no_to_the_login = error.step() == Step::SignIn && error.code().is_some();
        if error.is_refusal() || no_to_the_login && !error.is_transient() {
            Self::Refused
        } else {
            Self::NoAnswer
        }
    }
}

/// One failure of one server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Problem {
    /// The server, as it was given.
    pub(crate) server: String,
    /// Its node, where it is a cluster.
    pub(crate) node: Option<String>,
    /// The step that failed; `None` when none did, and we stopped asking.
    pub(crate) step: Option<&'static str>,
    /// The server's code.
    pub(crate) code: Option<i64>,
    /// The code as people know it: `STATUS_LOGON_FAILURE 0xC000006D`.
    pub(crate) code_text: Option<String>,
    /// The code's name in the specifications.
    pub(crate) name: Option<&'static str>,
    /// What happened, in words, without the code.
    pub(crate) message: String,
    /// What to try.
    pub(crate) hint: Option<String>,
    pub(crate) cause: Cause,
}

impl Problem {
    /// A server that had not answered in full when the user pressed Ctrl-C.
    pub(crate) fn interrupted(server: &str) -> Self {
        Self {
            server: server.to_owned(),
            node: None,
            step: None,
            code: None,
            code_text: None,
            name: None,
            message: "interrupted before the answer was complete".to_owned(),
            hint: None,
            cause: Cause::NoAnswer,
        }
    }

    /// Says on which server it was, as the rows name it.
    pub(crate) fn at(&mut self, server: &str, node: Option<&str>) {
        server.clone_into(&mut self.server);
        self.node = node.map(str::to_owned);
    }

    /// The problem in one line for people:
    /// `fs2: sign-in: the password is wrong (STATUS_LOGON_FAILURE 0xC000006D)`.
    pub(crate) fn line(&self) -> String {
        let mut line = self.server.clone();
        if let Some(node) = &self.node {
            line.push_str(": ");
            line.push_str(node);
        }
        if let Some(step) = self.step {
            line.push_str(": ");
            line.push_str(step);
        }
        line.push_str(": ");
        line.push_str(&self.message);
        // A message of several refusals tells the codes itself.
        if let Some(code) = &self.code_text
            && !self.message.contains(code.as_str())
        {
            line.push_str(" (");
            line.push_str(code);
            line.push(')');
        }
        line
    }

    /// Appends the problem as a JSON object.
    pub(crate) fn write_json(&self, out: &mut String) {
        let mut first = true;
        let mut field = |name: &str, value: Option<&str>| {
            out.push_str(if std::mem::take(&mut first) {
                "{\""
            } else {
                ",\""
            });
            out.push_str(name);
            out.push_str("\":");
            match value {
                // The code is the one number among the fields.
                Some(number) if name == "code" => out.push_str(number),
                Some(text) => escape::write_json(out, text),
                None => out.push_str("null"),
            }
        };
        field("server", Some(&self.server));
        if let Some(node) = &self.node {
            field("node", Some(node));
        }
        field("step", self.step);
        field("code", self.code.map(|code| code.to_string()).as_deref());
        field("name", self.name);
        field("message", Some(&self.message));
        field("hint", self.hint.as_deref());
        out.push('}');
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let code = error.code();
        let mut message = error.message().to_string();
        if let Some(code) = code {
            without_code(&mut message, &code.to_string(), code.name());
        }
        Self {
            server: error.server().to_owned(),
            node: None,
            step: Some(error.step().as_str()),
            code: code.map(|code| code.number()),
            code_text: code.map(|code| code.to_string()),
            name: code.and_then(|code| code.name()),
            message,
            hint: error.hint(),
            cause: Cause::of(&error),
        }
    }
}

/// Takes the code off the end of a message: it has fields of its own.
fn without_code(message: &mut String, code: &str, name: Option<&str>) {
    for told in [Some(code), name].into_iter().flatten() {
        if let Some(rest) = message.strip_suffix(&format!(" ({told})")) {
            message.truncate(rest.len());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused() -> Problem {
        Problem {
            server: "fs2".to_owned(),
            node: None,
            step: Some("sign-in"),
            code: Some(0xc000_006d),
            code_text: Some("STATUS_LOGON_FAILURE 0xC000006D".to_owned()),
            name: Some("STATUS_LOGON_FAILURE"),
            message: "the user name or password is wrong".to_owned(),
            hint: None,
            cause: Cause::Account,
        }
    }

    #[test]
    fn reads_as_one_line() {
        assert_eq!(
            refused().line(),
            "fs2: sign-in: the user name or password is wrong (STATUS_LOGON_FAILURE 0xC000006D)"
        );
        let stopped = Problem::interrupted("fs2").line();
        assert_eq!(stopped, "fs2: interrupted before the answer was complete");
    }

    #[test]
    fn the_code_is_told_once() {
        for end in [
            "",
            " (STATUS_LOGON_FAILURE)",
            " (STATUS_LOGON_FAILURE 0xC000006D)",
        ] {
            let mut message = format!("the password is wrong (or the name){end}");
            without_code(
                &mut message,
                "STATUS_LOGON_FAILURE 0xC000006D",
                Some("STATUS_LOGON_FAILURE"),
            );
            assert_eq!(message, "the password is wrong (or the name)");
        }
    }

    #[test]
    fn a_node_is_told_where_there_is_one() {
        let mut problem = refused();
        problem.at("fs", Some("node2"));
        assert!(problem.line().starts_with("fs: node2: sign-in: "));
        let mut out = String::new();
        problem.write_json(&mut out);
        assert!(
            out.starts_with(r#"{"server":"fs","node":"node2","step":"sign-in","#),
            "{out}"
        );
    }

    #[test]
    fn reads_as_json() {
        let mut out = String::new();
        refused().write_json(&mut out);
        let value: serde_json::Value = serde_json::from_str(&out).expect("JSON");
        assert_eq!(value["code"], 0xc000_006d_u32);
        assert_eq!(value["hint"], serde_json::Value::Null);
        assert!(
            out.starts_with(r#"{"server":"fs2","step":"sign-in","code":"#),
            "{out}"
        );
    }
}
