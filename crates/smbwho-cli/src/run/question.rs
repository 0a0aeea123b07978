//! The question of a command line in words, so that `--resume` knows it again:
//! all that decides which rows there are, and nothing of whom is asked, who
//! signs in, and how it is printed.

use std::fmt::Write as _;

use crate::args::{Command, GroupArgs, Shared};

/// The question, or `None` where there is none that could be gone on with.
pub(super) fn of(command: Option<&Command>, shared: &Shared) -> Option<String> {
    let mut words = Words::default();
    match command {
        None | Some(Command::Sessions { .. }) => words.word("sessions"),
        Some(Command::Files { path, .. }) => {
            words.word("files");
            words.option("--path", path.as_deref());
        }
        Some(Command::WhoHas { paths, .. }) => {
            words.word("who-has");
            paths.iter().for_each(|path| words.word(path));
        }
        Some(Command::Connections { share, .. }) => {
            words.word("connections");
            words.option("--share", share.as_deref());
        }
        Some(Command::Groups { which, .. }) => groups(&mut words, which),
        Some(Command::Shares { all, .. }) => {
            words.word("shares");
            words.flag("--all", *all);
        }
        Some(Command::Logons { .. }) => words.word("logons"),
        Some(Command::Info { .. }) => words.word("info"),
        Some(
            Command::Close { .. }
            | Command::Share { .. }
            | Command::Doctor { .. }
            | Command::Browse { .. }
            | Command::Watch { .. }
            | Command::Completions { .. }
            | Command::Man,
        ) => return None,
    }
    let rows = &shared.rows;
    words.option("--user", rows.user.as_deref());
    words.option("--client", rows.client.as_deref());
    let secs = |time: std::time::Duration| format!("{}s", time.as_secs_f64());
    words.option("--idle-over", rows.idle_over.map(secs).as_deref());
    words.option("--active-over", rows.active_over.map(secs).as_deref());
    let number = |number: std::num::NonZeroUsize| number.to_string();
    words.option("--limit", rows.limit.map(number).as_deref());
    let level = shared.asking.level.0.map(|level| level.to_string());
    words.option("--level", level.as_deref());
    Some(words.0)
}

fn groups(words: &mut Words, which: &GroupArgs) {
    words.word("groups");
    words.flag("--local", which.local);
    words.flag("--global", which.global);
    words.flag("--members", which.members);
    words.option("--name", which.name.as_deref());
    words.option("--of", which.of.as_deref());
    words.flag("--mine", which.mine);
    words.flag("--direct", which.direct);
}

/// Words of a command line, one after the other.
#[derive(Default)]
struct Words(String);

impl Words {
    fn word(&mut self, word: &str) {
        if !self.0.is_empty() {
            self.0.push(' ');
        }
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_.,:/\\$".contains(c);
        if !word.is_empty() && word.chars().all(plain) {
            self.0.push_str(word);
        } else {
            // Writing to a String cannot fail.
            let _ = write!(self.0, "{word:?}");
        }
    }

    fn flag(&mut self, name: &str, given: bool) {
        if given {
            self.word(name);
        }
    }

    fn option(&mut self, name: &str, value: Option<&str>) {
        if let Some(value) = value {
            self.word(name);
            self.word(value);
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::args::Cli;

    fn question(words: &[&str]) -> Option<String> {
        let cli = Cli::try_parse_from([&["smbwho"], words].concat()).expect("a command line");
        of(cli.command.as_ref(), &cli.shared)
    }

    #[test]
    fn what_decides_the_rows_is_in_it_and_nothing_else() {
        let plain = question(&["fs1"]);
        assert_eq!(plain.as_deref(), Some("sessions"));
        assert_eq!(
            question(&[
                "sessions", "fs2", "-U", "a", "-o", "csv", "--jobs", "3", "--sort", "user"
            ]),
            plain
        );
        let full = question(&[
            "fs1",
            "--user",
            "a b*",
            "--idle-over",
            "1h",
            "--level",
            "10",
        ]);
        assert_eq!(
            full.as_deref(),
            Some(r#"sessions --user "a b*" --idle-over 3600s --level 10"#)
        );
        assert_eq!(
            question(&["groups", "fs1", "--local", "--of", "alice"]).as_deref(),
            Some("groups --local --of alice")
        );
        assert_ne!(
            question(&["files", "fs1"]),
            question(&["files", "fs1", "--path", "x"])
        );
        assert_ne!(
            question(&["shares", "fs1"]),
            question(&["shares", "fs1", "--all"])
        );
    }

    #[test]
    fn changes_are_no_questions() {
        assert_eq!(question(&["close", "session", "fs1", "--user", "a"]), None);
        assert_eq!(question(&["doctor", "fs1"]), None);
    }
}
