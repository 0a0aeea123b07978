//! `smbwho man`: the manual page, all commands in one, made from the
//! declaration of the command line.

use std::io::{self, Write as _};

use clap::CommandFactory as _;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};

use crate::args::{Cli, EXTRA};

pub(crate) fn run() -> io::Result<()> {
    let page = page()?;
    let mut out = io::stdout().lock();
    out.write_all(&page)?;
    out.flush()
}

fn page() -> io::Result<Vec<u8>> {
    let command = Cli::command();
    let man = Man::new(command.clone()).manual("smbwho manual");
    let mut page = Vec::new();
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    man.render_description_section(&mut page)?;
    commands(&command).to_writer(&mut page)?;
    man.render_options_section(&mut page)?;
    for (heading, text) in EXTRA {
        let mut roff = Roff::new();
        roff.control("SH", [heading.to_uppercase().as_str()]);
        // As in the help: the lines are laid out already.
        roff.control("nf", []);
        for line in text.lines() {
            roff.text([roman(line)]);
        }
        roff.control("fi", []);
        roff.to_writer(&mut page)?;
    }
    Ok(page)
}

/// What each command does, and the options that it alone has.
fn commands(command: &clap::Command) -> Roff {
    let mut roff = Roff::new();
    roff.control("SH", ["COMMANDS"]);
    list(&mut roff, command, "");
    roff
}

/// The commands below one, those of `share` as `share add` and so on.
fn list(roff: &mut Roff, parent: &clap::Command, before: &str) {
    for command in parent.get_subcommands() {
        if command.is_hide_set() || command.get_name() == "help" {
            continue;
        }
        let name = format!("{before}{}", command.get_name());
        if command.has_subcommands() {
            list(roff, command, &format!("{name} "));
            continue;
        }
        let mut synopsis = vec![bold(&name)];
        synopsis.extend(command.get_positionals().map(|a| roman(positional(a))));
        roff.control("TP", []);
        roff.text(synopsis);
        roff.text([roman(told(command.get_about()))]);
        let own = command.get_arguments().filter(|argument| {
            argument.get_long().is_some_and(|long| long != "help") && !argument.is_global_set()
        });
        roff.control("RS", []);
        for argument in own {
            roff.control("TP", []);
            roff.text(option(argument));
            roff.text([roman(told(argument.get_help()))]);
        }
        roff.control("RE", []);
    }
}

fn positional(argument: &clap::Arg) -> String {
    let name = value_name(argument).unwrap_or_default();
    let several = argument
        .get_num_args()
        .is_some_and(|count| count.max_values() > 1);
    let dots = if several { "..." } else { "" };
    if argument.is_required_set() {
        format!(" {name}{dots}")
    } else {
        format!(" [{name}]{dots}")
    }
}

/// `-s, --servers SERVER`.
fn option(argument: &clap::Arg) -> Vec<clap_mangen::roff::Inline> {
    let short = argument.get_short().map(|short| format!("-{short}, "));
    let long = argument.get_long().unwrap_or_default();
    let mut text = vec![bold(format!("{}--{long}", short.unwrap_or_default()))];
    if argument.get_action().takes_values()
        && let Some(name) = value_name(argument)
    {
        text.push(roman(format!(" {name}")));
    }
    text
}

fn value_name(argument: &clap::Arg) -> Option<&str> {
    argument
        .get_value_names()?
        .first()
        .map(|name| name.as_str())
}

fn told(text: Option<&clap::builder::StyledStr>) -> String {
    text.map(ToString::to_string).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_tells_of_every_command_and_option() {
        let page = String::from_utf8(page().expect("a page"))
            .expect("UTF-8")
            .replace('\\', "");
        let command = Cli::command();
        for name in ["sessions", "who-has", "share add", "close session", "man"] {
            assert!(page.contains(&format!("fB{name}fR")), "{name} in {page}");
        }
        for own in ["--members", "--dry-run", "--max-uses"] {
            assert!(page.contains(own), "{own} in {page}");
        }
        for long in command.get_arguments().filter_map(clap::Arg::get_long) {
            assert!(page.contains(&format!("--{long}")), "--{long} in {page}");
        }
        for section in [
            "NAME",
            "SYNOPSIS",
            "COMMANDS",
            "EXAMPLES",
            "EXIT CODES",
            "ENVIRONMENT",
        ] {
            assert!(
                page.contains(&format!(".SH {section}"))
                    || page.contains(&format!(".SH \"{section}\"")),
                "{section} in {page}"
            );
        }
    }
}
