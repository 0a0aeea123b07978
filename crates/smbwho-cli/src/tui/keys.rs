//! Which key does what: one table for the keyboard, the bottom line and `?`.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// What a key does in the grid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    Up,
    Down,
    PageUp,
    PageDown,
    Home,
    End,
    Left,
    Right,
    Enter,
    Back,
    Subject(usize),
    NextSubject,
    Select,
    SelectAll,
    SelectNone,
    Filter,
    Sort,
    Group,
    Columns,
    Wider,
    Narrower,
    Copy,
    Export,
    Close,
    DryRun,
    Refresh,
    Help,
    Troubles,
    Suspend,
    Quit,
    Interrupt,
}

/// Keys and what they do, as `?` lists them; the first of each line in the
/// bottom line where there is a word for it.
pub(crate) const KEYS: &[(&str, &str, &str)] = &[
    ("?", "help", "This help"),
    ("q", "quit", "Quit"),
    (
        "Enter",
        "open",
        "A server's sessions, a session's files, a share's users",
    ),
    (
        "Esc",
        "back",
        "Out of the filter, then back to where you came from",
    ),
    (
        "/",
        "filter",
        "Words, user:ali, client=ws1, idle>30m, opens>=5, !word",
    ),
    ("s", "sort", "By the current column; again: the other way"),
    ("Space", "select", "Select the row; a all, n none"),
    (
        "x",
        "close",
        "Close what is selected, or the row; X only shows what would be",
    ),
    (
        "g",
        "",
        "Group by user, client, server, nothing; Enter folds",
    ),
    ("c", "", "Choose columns"),
    (
        "1-6, Tab",
        "",
        "Sessions, files, shares, connections, logons, servers",
    ),
    (
        "arrows, hjkl",
        "",
        "Move; left and right choose the current column",
    ),
    (
        "PgUp PgDn",
        "",
        "A screen up or down; Home, End: first, last",
    ),
    ("< >", "", "Make the current column narrower, wider"),
    (
        "y",
        "",
        "Copy what is selected, or the row, to the clipboard",
    ),
    ("e", "", "Export what is shown to a .csv or .json file"),
    (
        "r",
        "",
        "Ask again now; for the password where it was refused",
    ),
    ("!", "", "What is wrong with servers that do not answer"),
    ("Ctrl-Z", "", "To the shell; fg returns"),
    (
        "mouse",
        "",
        "Click: cursor, twice: open; on a head: sort; wheel",
    ),
];

/// What a key does in the grid, if anything.
pub(crate) fn action(key: KeyEvent) -> Option<Action> {
    use Action as A;
    if key.modifiers.contains(KeyModifiers::CONTROL) {
        return match key.code {
            KeyCode::Char('c') => Some(A::Interrupt),
            KeyCode::Char('z') => Some(A::Suspend),
            KeyCode::Char('l' | 'r') => Some(A::Refresh),
            KeyCode::Char('b') => Some(A::PageUp),
            KeyCode::Char('f') => Some(A::PageDown),
            KeyCode::Char('a') => Some(A::SelectAll),
            _ => None,
        };
    }
    Some(match key.code {
        KeyCode::Up | KeyCode::Char('k') => A::Up,
        KeyCode::Down | KeyCode::Char('j') => A::Down,
        KeyCode::Left | KeyCode::Char('h') => A::Left,
        KeyCode::Right | KeyCode::Char('l') => A::Right,
        KeyCode::PageUp => A::PageUp,
        KeyCode::PageDown => A::PageDown,
        KeyCode::Home => A::Home,
        KeyCode::End | KeyCode::Char('G') => A::End,
        KeyCode::Enter => A::Enter,
        KeyCode::Esc | KeyCode::Backspace => A::Back,
        KeyCode::Tab => A::NextSubject,
        KeyCode::Char(digit @ '1'..='6') => A::Subject(digit as usize - '1' as usize),
        KeyCode::Char(' ') | KeyCode::Insert => A::Select,
        KeyCode::Char('a' | '*') => A::SelectAll,
        KeyCode::Char('n') => A::SelectNone,
        KeyCode::Char('/') => A::Filter,
        KeyCode::Char('s') => A::Sort,
        KeyCode::Char('g') => A::Group,
        KeyCode::Char('c') => A::Columns,
        KeyCode::Char('>' | '+') => A::Wider,
        KeyCode::Char('<' | '-') => A::Narrower,
        KeyCode::Char('y') => A::Copy,
        KeyCode::Char('e') => A::Export,
        KeyCode::Char('x') | KeyCode::Delete => A::Close,
        KeyCode::Char('X') => A::DryRun,
        KeyCode::Char('r') | KeyCode::F(5) => A::Refresh,
        KeyCode::Char('?') | KeyCode::F(1) => A::Help,
        KeyCode::Char('!') => A::Troubles,
        KeyCode::Char('q') => A::Quit,
        _ => return None,
    })
}
