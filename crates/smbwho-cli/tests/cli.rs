//! The program as scripts and people meet it: what stands on which stream, and
//! the exit code. No file server needed.

mod common;

use common::{Smbwho, dead_port};
use insta::assert_snapshot;

fn seen(arguments: &[&str]) -> String {
    Smbwho::new(arguments)
        .password("hunter2")
        .env("USER", "alice")
        .run()
        .seen()
}

#[test]
fn help() {
    assert_snapshot!(Smbwho::new(&["--help"]).run().seen());
}

#[test]
fn short_help_fits_a_page() {
    let ran = Smbwho::new(&["-h"]).run();
    assert_eq!(ran.code, Some(0));
    assert!(
        ran.stdout.lines().count() < 90,
        "{}",
        ran.stdout.lines().count()
    );
}

#[test]
fn help_of_commands_without_shared_options() {
    assert_snapshot!(Smbwho::new(&["completions", "--help"]).run().seen());
}

#[test]
fn a_password_on_the_command_line() {
    let seen = seen(&["fs1", "-U", "alice%hunter2"]);
    assert!(!seen.contains("hunter2"));
    assert_snapshot!(seen);
}

#[test]
fn unknown_columns() {
    assert_snapshot!("columns", seen(&["fs1", "--columns", "client,colour"]));
    assert_snapshot!("sort", seen(&["fs1", "--sort", "size"]));
}

#[test]
fn wrong_values() {
    for arguments in [
        &["fs1", "--level", "3"][..],
        &["fs1", "-o", "xml"],
        &["fs1", "--timeout", "soon"],
        &["fs1", "--timeout", "0"],
        &["fs1", "--jobs", "0"],
        &["fs1", "--idle-over", "1x"],
        &["fs1", "--colour", "always"],
        &["fs1", "--limit", "0"],
    ] {
        let ran = Smbwho::new(arguments).password("x").run();
        assert_eq!(ran.code, Some(2), "{arguments:?}: {}", ran.seen());
        assert_eq!(ran.stdout, "");
        assert!(
            ran.stderr.contains(arguments[1]),
            "{arguments:?}: {}",
            ran.stderr
        );
    }
}

#[test]
fn words_that_are_no_servers() {
    assert_snapshot!("path", seen(&[r"\\fs1\data"]));
    assert_snapshot!("hostile", seen(&["fs1\u{1b}[2J\u{202e}"]));
    assert_snapshot!("file", seen(&["@no-such-file"]));
    assert_snapshot!("before_the_command", seen(&["fs1", "sessions", "fs2"]));
}

#[test]
fn contradictions() {
    assert_snapshot!("stdin_twice", seen(&["-", "--password-stdin"]));
    assert_snapshot!("nobody_and_somebody", seen(&["fs1", "-N", "-U", "alice"]));
}

#[test]
fn without_a_terminal_nobody_is_asked() {
    // A session of its own has no terminal, wherever the tests run.
    let ran = Smbwho::under(&["setsid", "--wait"], &["fs1", "-U", r"LAB\alice"]).run();
    assert_eq!(ran.code, Some(2));
    assert!(
        ran.stderr.contains(r"a password is needed for LAB\alice"),
        "{}",
        ran.stderr
    );
    assert!(ran.stderr.contains("SMBWHO_PASSWORD"), "{}", ran.stderr);
}

#[test]
fn a_port_where_nothing_listens() {
    let (_kept, port) = dead_port();
    let server = format!("127.0.0.1:{port}");
    let seen = seen(&[&server]).replace(&port.to_string(), "PORT");
    assert_snapshot!(seen);
}

#[test]
fn a_name_that_does_not_exist() {
    let ran = Smbwho::new(&["no-such-host.invalid", "--timeout", "20s"])
        .password("x")
        .env("USER", "x")
        .run();
    assert_eq!(ran.code, Some(2), "{}", ran.seen());
    assert!(
        ran.stderr
            .starts_with("smbwho: no-such-host.invalid: name: "),
        "{}",
        ran.stderr
    );
    assert!(ran.stderr.contains("\n  try: "), "{}", ran.stderr);
}

#[test]
fn quiet_leaves_out_the_advice() {
    let (_kept, port) = dead_port();
    let ran = Smbwho::new(&["-q", "-N", &format!("127.0.0.1:{port}")]).run();
    assert_eq!(ran.code, Some(2));
    assert_eq!(ran.stderr.lines().count(), 1, "{}", ran.stderr);
}

#[test]
fn failures_stand_in_the_document() {
    let (_kept, port) = dead_port();
    let server = format!("127.0.0.1:{port}");
    let ran = Smbwho::new(&["-N", "-o", "json", &server]).run();
    assert_eq!(ran.code, Some(2));
    let document = ran.json();
    assert_eq!(document["rows"], serde_json::json!([]));
    assert_eq!(document["errors"][0]["server"], server);
    assert_eq!(document["errors"][0]["step"], "connect");
    assert!(document["errors"][0]["hint"].is_string());
}

#[test]
fn failures_are_json_lines_beside_json_lines() {
    let (_kept, port) = dead_port();
    let server = format!("127.0.0.1:{port}");
    let ran = Smbwho::new(&["-N", "-o", "jsonl", &server]).run();
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(2), ""));
    let error: serde_json::Value = serde_json::from_str(&ran.stderr).expect("one JSON line");
    assert_eq!(error["server"], server);
}

/// The servers that are asked, by way of their failures.
fn asked(smbwho: Smbwho, input: &str) -> Vec<String> {
    let ran = smbwho.run_with_input(input);
    let document = ran.json();
    let errors = document["errors"].as_array().expect("errors");
    errors
        .iter()
        .map(|error| error["server"].as_str().expect("a name").to_owned())
        .collect()
}

#[test]
fn servers_come_from_files_groups_and_standard_input() {
    let (_kept, port) = dead_port();
    let [a, b, c, d] = [1, 3, 4, 5].map(|n| format!("127.0.0.{n}:{port}"));
    let smbwho = Smbwho::new(&["-N", "-o", "json", "@list", &a, "-", "@branch"])
        .file("list", &format!("# ours\n\n{b} # main\n"))
        .file(
            ".config/smbwho/config.toml",
            &format!("[groups]\nbranch = ['{d}', '{a}']\n"),
        );
    assert_eq!(asked(smbwho, &format!("{c}\n{b}\n")), [b, a, c, d]);
}

#[test]
fn the_configuration_says_what_options_do_not() {
    let (_kept, port) = dead_port();
    let server = format!("127.0.0.1:{port}");
    let config = format!("servers = ['{server}']\noutput = 'json'\ntimeout = '3s'\n");
    let smbwho = || {
        Smbwho::new(&["-N"])
            .file("my.toml", &config)
            .env("SMBWHO_CONFIG", "my.toml")
    };
    assert_eq!(asked(smbwho(), ""), [server]);

    let wrong = Smbwho::new(&["fs1"])
        .file("my.toml", "jobs = 3\nserver = ['fs1']\n")
        .env("SMBWHO_CONFIG", "my.toml");
    assert_snapshot!("config_unknown_key", wrong.run().seen());
    let missing = Smbwho::new(&["fs1"])
        .env("SMBWHO_CONFIG", "none.toml")
        .run();
    assert_eq!(missing.code, Some(2));
    assert!(
        missing.stderr.starts_with("smbwho: none.toml: "),
        "{}",
        missing.stderr
    );
}

#[test]
fn an_auth_file_that_others_can_read_is_noted() {
    use std::os::unix::fs::PermissionsExt as _;
    let (_kept, port) = dead_port();
    let server = format!("127.0.0.1:{port}");
    let smbwho =
        Smbwho::new(&["-A", "auth", &server]).file("auth", "username = a\npassword = hunter2\n");
    let path = smbwho.folder().join("auth");
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o644)).expect("mode");
    let ran = smbwho.run();
    assert!(
        ran.stderr.starts_with("smbwho: note: other users can read"),
        "{}",
        ran.stderr
    );
    assert!(!ran.stderr.contains("hunter2"));
}

#[test]
fn a_closed_pipe_is_success() {
    for arguments in [&["man"][..], &["completions", "bash"], &["--help"]] {
        let mut smbwho = Smbwho::new(arguments);
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        let output = smbwho
            .command()
            .stdout(writer)
            .output()
            .expect("the program starts");
        assert_eq!(output.status.code(), Some(0), "{arguments:?}");
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{arguments:?}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_told() {
    let full = std::fs::OpenOptions::new()
        .write(true)
        .open("/dev/full")
        .expect("/dev/full");
    let mut smbwho = Smbwho::new(&["man"]);
    let output = smbwho
        .command()
        .stdout(full)
        .output()
        .expect("the program starts");
    assert_eq!(output.status.code(), Some(2));
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(
        stderr.starts_with("smbwho: cannot write the output: "),
        "{stderr}"
    );
}

/// Devices, pipes and folders where a file is wanted.
#[cfg(unix)]
#[test]
fn what_is_no_file_is_refused_at_once_and_left_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let fifo = folder.path().join("fifo");
    let made = std::process::Command::new("mkfifo").arg(&fifo).status();
    assert!(made.expect("mkfifo runs").success());
    let fifo = fifo.to_str().expect("UTF-8");
    let in_folder = folder.path().to_str().expect("UTF-8");
    for (path, kind) in [
        ("/dev/zero", "a device"),
        (fifo, "a named pipe"),
        (in_folder, "a folder"),
    ] {
        let list = format!("@{path}");
        let fs1 = ["sessions", "fs1.invalid"];
        for (arguments, variable) in [
            (&[&fs1[..], &["-A", path]].concat(), ""),
            (&[&fs1[..], &["-U", "x", "--resume", path]].concat(), ""),
            (&vec!["sessions", &list, "-U", "x"], ""),
            (&[&fs1[..], &["-U", "x"]].concat(), "SMBWHO_CONFIG"),
        ] {
            let mut smbwho = Smbwho::new(arguments).password("x");
            if !variable.is_empty() {
                smbwho = smbwho.env(variable, path);
            }
            let ran = smbwho.run();
            assert_eq!(ran.code, Some(2), "{arguments:?}: {}", ran.seen());
            let said = format!("it is {kind}, not a file");
            assert!(
                ran.stderr.contains(&said),
                "{arguments:?} {variable}: {}",
                ran.seen()
            );
        }
    }
    use std::os::unix::fs::FileTypeExt as _;
    let kind = std::fs::metadata(fifo).expect("it stays").file_type();
    assert!(kind.is_fifo());
}

/// What a shell gives as a file, and what stands for none.
#[cfg(target_os = "linux")]
#[test]
fn pipes_of_a_shell_are_read_to_their_end() {
    let (_port, dead) = dead_port();
    let program = common::PROGRAM;
    let script = format!(
        "exec '{program}' --retries 0 -o json @<(echo 127.0.0.1:{dead}) \
         -A <(echo username = alice; echo password = x)"
    );
    let ran = Smbwho::words(&["bash", "-c", &script])
        .env("SMBWHO_CONFIG", "/dev/null")
        .run();
    assert_eq!(ran.code, Some(2), "{}", ran.seen());
    let server = format!("127.0.0.1:{dead}");
    let document = ran.json();
    assert_eq!(
        document["errors"][0]["server"],
        server.as_str(),
        "{}",
        ran.seen()
    );
    assert_eq!(document["errors"][0]["step"], "connect", "{}", ran.seen());

    let endless = format!("exec '{program}' fs1.invalid -A <(cat /dev/zero)");
    let ran = Smbwho::words(&["bash", "-c", &endless]).run();
    assert_eq!(ran.code, Some(2), "{}", ran.seen());
    assert!(ran.stderr.contains("longer than 64 KiB"), "{}", ran.seen());
}

#[test]
fn completions_for_every_shell() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let ran = Smbwho::new(&["completions", shell]).run();
        assert_eq!(ran.code, Some(0), "{shell}");
        assert!(ran.stdout.contains("auth-file"), "{shell}");
    }
}

#[test]
fn the_manual_page_is_roff() {
    let ran = Smbwho::new(&["man"]).run();
    assert_eq!(ran.code, Some(0));
    assert!(ran.stdout.contains(".TH smbwho 1"), "{}", ran.stdout);
}

/// Presses Tab behind each of some lines in a zsh of its own; prints what it
/// makes of them.
const ZSH: &str = r#"
zmodload zsh/zpty
zpty shell zsh -f -i
zpty -w shell "PS1=; fpath=($PWD \$fpath); autoload -Uz compinit; compinit -D -u
unsetopt zle_bracketed_paste; shown() { print -r -- \"<<\$BUFFER>>\"; BUFFER= }; zle -N shown
bindkey '^I' complete-word '^X^X' shown; print -r -- rea''dy"
zpty -r shell out '*ready*'
for typed in "$@"; do
    zpty -w -n shell "$typed"$'\t'$'\x18\x18'
    zpty -r shell out '*<<*>>*'
    print -r -- "${${out##*<<}%%>>*}"
done
zpty -d shell
"#;

/// The same for bash, by the function that it calls.
const BASH: &str = r#"
. ./_smbwho
for typed in "$@"; do
    COMP_WORDS=($typed); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); COMPREPLY=()
    _smbwho smbwho "${COMP_WORDS[-1]}" "${COMP_WORDS[-2]}"
    echo "${typed% *} ${COMPREPLY[*]}"
done
"#;

/// What a shell makes of lines when Tab is pressed behind them.
fn completed(shell: &str, script: &str, lines: &[&str]) -> Vec<String> {
    let completions = Smbwho::new(&["completions", shell]).run().stdout;
    let words = [&[shell, "drive"], lines].concat();
    let ran = Smbwho::words(&words)
        .file("_smbwho", &completions)
        .file("drive", script)
        .run();
    assert_eq!(ran.code, Some(0), "{}", ran.seen());
    ran.stdout
        .lines()
        .map(|line| line.trim_end_matches([' ', '=']).to_owned())
        .collect()
}

#[cfg(unix)]
#[test]
fn shells_complete_options_of_every_command() {
    let lines = [
        ("smbwho cl", "smbwho close"),
        ("smbwho close se", "smbwho close session"),
        (
            "smbwho close session --dr",
            "smbwho close session --dry-run",
        ),
        ("smbwho files --pat", "smbwho files --path"),
        (
            "smbwho -U a files fs1 --pat",
            "smbwho -U a files fs1 --path",
        ),
        ("smbwho watch fs1 fs2 --ki", "smbwho watch fs1 fs2 --kind"),
        ("smbwho shares --al", "smbwho shares --all"),
        ("smbwho share add --max-u", "smbwho share add --max-uses"),
        ("smbwho who-has x --serv", "smbwho who-has x --server"),
        // A server in place of a command.
        ("smbwho fs1 --us", "smbwho fs1 --user"),
    ];
    let (typed, expected): (Vec<&str>, Vec<&str>) = lines.into_iter().unzip();
    assert_eq!(completed("bash", BASH, &typed), expected);
    let zsh = std::process::Command::new("zsh")
        .arg("-fc")
        .arg(":")
        .status();
    if zsh.is_ok_and(|status| status.success()) {
        assert_eq!(completed("zsh", ZSH, &typed), expected);
    }
}

/// Some terminals show escape codes as they are, a shell within Emacs for one.
#[cfg(target_os = "linux")]
#[test]
fn a_terminal_that_knows_no_escape_codes_gets_none() {
    let (_kept, dead) = dead_port();
    let command = format!("{} 127.0.0.1:{dead} 127.0.0.3:{dead} -N", common::PROGRAM);
    let shown = |term: Option<&str>| {
        let terminal = Smbwho::words(&["script", "-qec", &command, "/dev/null"]);
        let ran = match term {
            Some(term) => terminal.env("TERM", term).run(),
            None => terminal.run(),
        };
        assert!(ran.stdout.contains("nothing listens"), "{}", ran.seen());
        ran.stdout
    };
    assert!(
        shown(Some("xterm")).contains('\x1b'),
        "the line of progress"
    );
    for term in [Some("dumb"), None] {
        let shown = shown(term);
        assert!(!shown.contains('\x1b'), "{term:?}: {shown:?}");
    }
}
