//! What a person sees in a console, and Ctrl-C.

use crate::lab::smbwho;

#[test]
#[ignore = "takes scripts/windows.sh"]
fn names_of_any_script_and_colours_reach_the_console() {
    let ended = |screen: &str| screen.contains("ended with 0");
    let screen = smbwho(&["fs1"])
        .env("SMBWHO_LAB_SESSIONS", "6")
        .on_screen(ended, &[], ended);
    for name in ["Żółć2", "名前3", "مرحبا5"] {
        assert!(screen.contains(name), "{screen}");
    }
    let header = screen.lines().find(|line| line.contains("CLIENT"));
    assert!(
        header.is_some_and(|line| line.contains("\x1b[1m")),
        "{screen}"
    );
}

#[test]
#[ignore = "takes scripts/windows.sh"]
fn ctrl_c_keeps_the_rows_that_came() {
    let screen = smbwho(&["fs1", "-o", "jsonl"])
        .env("SMBWHO_LAB_SESSIONS", "6")
        .env("SMBWHO_LAB_PAGE", "2")
        .env("SMBWHO_LAB_WAIT", "600000")
        .on_screen(
            |screen| screen.contains("10.0.0.1"),
            &["C-c"],
            |screen| screen.contains("ended with"),
        );
    assert!(screen.contains("ended with 130"), "{screen}");
    assert!(!screen.contains("10.0.0.2"), "{screen}");
}
