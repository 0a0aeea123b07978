//! `smbwho completions SHELL`: a script for the shell.
//!
//! `smbwho SERVER…` is short for `smbwho sessions SERVER…`, which the generator
//! does not know of: its scripts take the first word for a server and the second
//! for the command (zsh), or complete nothing behind a server (fish). So what
//! they say of the first word is put right here.

use std::io::{self, Write as _};

use clap::CommandFactory as _;
use clap_complete::Shell;

use crate::args::Cli;

pub(crate) fn run(shell: Shell) -> io::Result<()> {
    let script = script(shell)?;
    let mut out = io::stdout().lock();
    out.write_all(script.as_bytes())?;
    out.flush()
}

fn script(shell: Shell) -> io::Result<String> {
    let mut command = Cli::command();
    // Gathered first: the generator cannot tell of a closed pipe but by panic.
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command, "smbwho", &mut script);
    let script = String::from_utf8(script).map_err(io::Error::other)?;
    let mut names: Vec<&str> = command
        .get_subcommands()
        .map(clap::Command::get_name)
        .collect();
    names.sort_unstable();
    let changed = match shell {
        Shell::Zsh => zsh(&script, &names),
        Shell::Fish => fish(&script, &names),
        _ => Some(script),
    };
    changed.ok_or_else(|| io::Error::other("the script for this shell is not as expected"))
}

/// The first word is a command or a server; behind a server all is as behind
/// `sessions`.
fn zsh(script: &str, commands: &[&str]) -> Option<String> {
    let (head, rest) = script.split_once("\":: :_smbwho_commands\" \\\n")?;
    // The line before it is the positional argument of the program itself.
    let (head, servers) = head.trim_end_matches('\n').rsplit_once('\n')?;
    servers.starts_with("'::servers").then_some(())?;
    let first = "\":: :{_alternative \\\"commands:command:_smbwho_commands\\\" \
                 \\\"hosts:server:_hosts\\\"}\" \\\n";
    let dispatch = "        words=($line[2] \"${words[@]}\")\n        (( CURRENT += 1 ))\n";
    let (state, rest) = rest.split_once(dispatch)?;
    let known = commands.join("|");
    let dispatch = format!(
        "        words=($line[1] \"${{words[@]}}\")\n        (( CURRENT += 1 ))\n        \
         case $line[1] in\n            ({known}) ;;\n            (*)\n                \
         words=(sessions \"${{words[@]}}\")\n                (( CURRENT += 1 ))\n                \
         line=(sessions \"${{line[@]}}\")\n                ;;\n        esac\n"
    );
    // Of the program itself alone: each command has its own dispatch.
    let rest = rest
        .replacen("smbwho-command-$line[2]:", "smbwho-command-$line[1]:", 1)
        .replacen(
            "        case $line[2] in\n",
            "        case $line[1] in\n",
            1,
        );
    // With two colons zsh completes no option behind the first of several words.
    let script = format!("{head}\n{first}{state}{dispatch}{rest}");
    Some(script.replace("\n'*::", "\n'*:"))
}

/// A first word that is no command leaves the program without one.
fn fish(script: &str, commands: &[&str]) -> Option<String> {
    let any = "    if set -q argv[1]\n";
    script.contains(any).then(|| {
        let known = format!("    if contains -- \"$argv[1]\" {}\n", commands.join(" "));
        script.replacen(any, &known, 1)
    })
}

#[cfg(test)]
mod tests {
    use clap::ValueEnum as _;

    use super::*;

    #[test]
    fn every_shell_has_its_script() {
        for shell in Shell::value_variants() {
            let script = script(*shell).unwrap_or_else(|error| panic!("{shell}: {error}"));
            assert!(script.contains("dry-run"), "{shell}");
        }
    }

    #[test]
    fn a_first_word_that_is_no_command_is_a_server() {
        let zsh = script(Shell::Zsh).expect("a script");
        assert!(!zsh.contains("$line[2]"), "every command is the first word");
        assert!(zsh.contains("|sessions|share|shares|"), "{zsh}");
        let fish = script(Shell::Fish).expect("a script");
        assert!(
            fish.contains("if contains -- \"$argv[1]\" browse "),
            "{fish}"
        );
    }
}
