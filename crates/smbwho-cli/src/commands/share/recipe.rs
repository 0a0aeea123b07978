//! The command line that would bring a share back as it was.

use std::fmt::Write as _;

use smbwho::{MaxUses, Name, Share, ShareKind};

use crate::output::escape::is_harmful;

/// A command line, and what it cannot bring back.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Recipe {
    /// `smbwho share add …`; `None` where not even the path is known.
    pub(crate) command: Option<String>,
    /// What will be different, each in a sentence.
    pub(crate) lacks: Vec<&'static str>,
}

/// How to make this share again.
pub(crate) fn to_add(server: &str, share: &Share) -> Recipe {
    let mut lacks = Vec::new();
    let (Some(name), Some(path)) = (&share.name, &share.path) else {
        return Recipe {
            command: None,
            lacks: vec!["its path is not told to this account, so no command can bring it back"],
        };
    };
    let mut command = String::from("smbwho share add");
    fields(&mut command, share, &mut lacks);
    if share.kind.is_some_and(|kind| kind.0 != ShareKind::DISK) {
        lacks.push("it is of a special kind, and would come back as a plain folder");
    }
    let texts = [Some(name), Some(path), share.remark.as_ref()];
    if !texts.into_iter().flatten().all(Name::is_well_formed) {
        lacks.push("its name, path or remark is no well-formed text, which no command line holds");
    }
    for word in ["--", server, name, path] {
        command.push(' ');
        command.push_str(&quoted(word));
    }
    Recipe {
        command: Some(command),
        lacks,
    }
}

/// How to give this share its remark, limit, path and security again.
pub(crate) fn to_set(server: &str, share: &Share) -> Recipe {
    let mut lacks = Vec::new();
    let mut command = String::from("smbwho share set");
    fields(&mut command, share, &mut lacks);
    if let Some(path) = &share.path {
        let _ = write!(command, " --path={}", quoted(path));
    }
    for word in ["--", server, share.name.as_deref().unwrap_or_default()] {
        command.push(' ');
        command.push_str(&quoted(word));
    }
    Recipe {
        command: Some(command),
        lacks,
    }
}

fn fields(command: &mut String, share: &Share, lacks: &mut Vec<&'static str>) {
    // Writing to a String cannot fail.
    if let Some(remark) = &share.remark {
        let _ = write!(command, " --remark={}", quoted(remark));
    }
    match share.max_uses {
        Some(MaxUses::Limit(limit)) => drop(write!(command, " --max-uses={limit}")),
        Some(MaxUses::NoLimit) => command.push_str(" --max-uses=none"),
        None => lacks.push("its limit of connections is not told to this account"),
    }
    match &share.security {
        Some(security) => match security.sddl() {
            Some(sddl) => drop(write!(command, " --security={}", quoted(sddl))),
            None => lacks.push("its security cannot be written as text"),
        },
        None => lacks.push("its security is not told to this account"),
    }
}

/// A word as a shell reads it back. What must not reach a terminal is written
/// as an escape, which needs bash, zsh or ksh.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-./:@=+,".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    if !word.chars().any(is_harmful) {
        return format!("'{}'", word.replace('\'', r"'\''"));
    }
    let mut out = String::from("$'");
    for c in word.chars() {
        match c {
            '\'' | '\\' => out.extend(['\\', c]),
            // Octal has an end; hexadecimal would take what follows.
            _ if c.is_ascii_control() => drop(write!(out, "\\{:03o}", c as u32)),
            _ if is_harmful(c) => drop(write!(out, "\\U{:08x}", c as u32)),
            _ => out.push(c),
        }
    }
    out.push('\'');
    out
}

#[cfg(test)]
mod tests {
    use smbwho::ShareLevel;

    use super::*;

    fn share() -> Share {
        let mut share = Share::unknown(ShareLevel::L502);
        share.name = Some("data".into());
        share.kind = Some(ShareKind(0));
        share.path = Some(r"C:\srv\it's here".into());
        share.remark = Some("".into());
        share.max_uses = Some(MaxUses::Limit(7));
        share
    }

    #[test]
    fn all_that_is_known_comes_back() {
        let recipe = to_add("fs1:4450", &share());
        let command =
            r"smbwho share add --remark='' --max-uses=7 -- fs1:4450 data 'C:\srv\it'\''s here'";
        assert_eq!(recipe.command.as_deref(), Some(command));
        assert_eq!(recipe.lacks, ["its security is not told to this account"]);
        let recipe = to_set("fs1", &share());
        let command =
            r"smbwho share set --remark='' --max-uses=7 --path='C:\srv\it'\''s here' -- fs1 data";
        assert_eq!(recipe.command.as_deref(), Some(command));
    }

    #[test]
    fn without_a_path_nothing_comes_back() {
        let mut share = share();
        share.path = None;
        assert_eq!(to_add("fs1", &share).command, None);
    }

    #[test]
    fn a_shell_reads_back_what_was_written() {
        for word in [
            "plain",
            "",
            "two words",
            "$(reboot)",
            "a'b\"c\\d",
            "\u{1b}[31mred'\\\n9",
            "\u{202e}exe",
            "日本語",
            "-o",
            "!x",
        ] {
            let script = format!("printf %s {}", quoted(word));
            let said = std::process::Command::new("bash")
                .env("LC_ALL", "C.UTF-8")
                .args(["-c", &script])
                .output()
                .expect("bash");
            assert_eq!(String::from_utf8_lossy(&said.stdout), word, "{script}");
            assert!(!quoted(word).contains(is_harmful));
        }
    }
}
