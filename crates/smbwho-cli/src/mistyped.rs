//! `smbwho session` asks a server called `session`. When there is none, it was
//! probably meant to be a command.

use clap::CommandFactory as _;

use crate::args::Cli;
use crate::problem::Problem;

/// Whether the word is the name of a command.
pub(crate) fn is_command(word: &str) -> bool {
    Cli::command()
        .get_subcommands()
        .any(|command| command.get_name() == word)
}

/// Adds to a server that was not found the command that its name resembles.
/// `words` are the servers as they stand on the command line: one that came
/// out of a file was not typed as a command.
pub(crate) fn advise(problem: &mut Problem, words: &[String]) {
    if problem.step != Some("name") || !words.contains(&problem.server) {
        return;
    }
    let word = &problem.server;
    let command = Cli::command();
    let names = command.get_subcommands().map(clap::Command::get_name);
    let nearest = names
        .map(|name| (strsim::damerau_levenshtein(word, name), name))
        .min();
    if let Some((distance @ 0..=2, name)) = nearest
        && distance < name.len() / 2 + 1
    {
        let advice =
            format!("'{word}' was taken for a server's name; the command is `smbwho {name}`.");
        problem.hint = Some(match problem.hint.take() {
            Some(hint) => format!("{advice}\n{hint}"),
            None => advice,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn advised(server: &str, step: &'static str, words: &[&str]) -> Option<String> {
        let mut problem = Problem::interrupted(server);
        problem.step = Some(step);
        let words: Vec<String> = words.iter().map(|&word| word.to_owned()).collect();
        advise(&mut problem, &words);
        problem.hint
    }

    #[test]
    fn a_mistyped_command_is_recognised() {
        for word in ["session", "sesions", "complations", "mna"] {
            assert!(advised(word, "name", &[word]).is_some(), "{word}");
        }
        let hint = advised("session", "name", &["session"]).expect("a hint");
        assert!(hint.contains("`smbwho sessions`"), "{hint}");
    }

    #[test]
    fn servers_are_left_alone() {
        assert_eq!(advised("fs1", "name", &["fs1"]), None);
        assert_eq!(advised("session", "connect", &["session"]), None);
        assert_eq!(advised("session", "name", &["@servers"]), None);
    }
}
