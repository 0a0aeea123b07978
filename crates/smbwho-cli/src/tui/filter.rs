//! What is typed after `/`: which rows are shown.
//!
//! Words with blanks between them; a row is shown when every word lets it
//! through. A plain word is looked for in every column that is text.
//! `user:alice` looks in one column, and takes `*` and `?` for the whole of
//! it; `user=alice` is the whole of it; `idle>30m`, `opens<=2` compare. Users
//! and clients are found as by `--user` and `--client`, so that `user:LAB\ann`
//! is `ann@lab.test` too.
//! `!` before a word turns it round, and blanks stand between `"`.

use std::cmp::Ordering;
use std::time::Duration;

use smbwho::{ClientFilter, Pattern, UserFilter};

use crate::duration;
use crate::output::escape;
use crate::rows::{Cell, Column, Kind, find};

/// A filter, ready to be held against rows.
pub(crate) struct Filter<T: 'static> {
    tests: Vec<Test<T>>,
    /// The words that mean nothing, with the reason.
    pub(crate) wrong: Option<String>,
}

struct Test<T: 'static> {
    inverted: bool,
    what: What<T>,
}

enum What<T: 'static> {
    /// Lower-case text in any column.
    Anywhere(String),
    /// Lower-case text within one column, or the whole of it.
    Within(&'static Column<T>, String, Matcher),
    /// The whole of one column.
    Whole(&'static Column<T>, Matcher),
    Compared(&'static Column<T>, Holds, Value),
}

/// How the whole of a column is compared.
enum Matcher {
    User(Box<UserFilter>),
    Client(Box<ClientFilter>),
    Text(Pattern),
}

impl Matcher {
    fn of(column: &str, text: &str) -> Self {
        match column {
            "user" => Self::User(Box::new(UserFilter::new(text))),
            "client" => Self::Client(Box::new(ClientFilter::new(text))),
            _ => Self::Text(Pattern::new(text)),
        }
    }

    /// `text` is room to write in.
    fn matches(&self, cell: Cell<'_>, text: &mut String) -> bool {
        match (self, cell) {
            (_, Cell::Unknown) => false,
            (Self::User(user), Cell::Text(name)) => user.matches(name),
            (Self::Client(client), Cell::Text(name)) => client.matches(name),
            (Self::Text(pattern), Cell::Text(name)) => pattern.matches(name),
            (_, other) => {
                text.clear();
                other.write_for_people(text);
                match self {
                    Self::Text(pattern) => pattern.matches(text),
                    Self::User(_) | Self::Client(_) => false,
                }
            }
        }
    }
}

#[derive(Clone, Copy)]
enum Value {
    Number(u64),
    Span(Duration),
}

/// Whether a comparison that came out so is what was asked for.
type Holds = fn(Ordering) -> bool;

const OPERATORS: [(&str, Holds); 4] = [
    (">=", Ordering::is_ge),
    ("<=", Ordering::is_le),
    (">", Ordering::is_gt),
    ("<", Ordering::is_lt),
];

impl<T: Kind> Filter<T> {
    /// Reads what was typed. It is typed bit by bit: what means nothing yet
    /// lets every row through.
    pub(crate) fn parse(text: &str) -> Self {
        let mut filter = Self {
            tests: Vec::new(),
            wrong: None,
        };
        for word in words(text) {
            let (inverted, word) = match word.strip_prefix('!') {
                Some(word) => (true, word),
                None => (false, word.as_str()),
            };
            match test(word) {
                Ok(Some(what)) => filter.tests.push(Test { inverted, what }),
                Ok(None) => {}
                Err(why) => filter.wrong = Some(why),
            }
        }
        filter
    }

    /// Looks up the clients that it names, whose addresses servers may report.
    pub(crate) async fn look_up(&self) {
        for test in &self.tests {
            if let What::Whole(_, Matcher::Client(client)) = &test.what {
                client.look_up().await;
            }
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.tests.is_empty()
    }

    /// Whether what it lets through changes with time alone.
    pub(crate) fn tells_time(&self) -> bool {
        let tells = |test: &Test<T>| matches!(test.what, What::Compared(_, _, Value::Span(_)));
        self.tests.iter().any(tells)
    }

    /// Whether a row is shown. `cell` gives its cells as of now; `text` is
    /// room to write in.
    pub(crate) fn lets_through<'a>(
        &self,
        cell: impl Fn(&'static Column<T>) -> Cell<'a>,
        text: &mut String,
    ) -> bool {
        self.tests.iter().all(|test| {
            let holds = match &test.what {
                What::Anywhere(wanted) => T::COLUMNS
                    .iter()
                    .any(|column| contains(cell(column), wanted, text)),
                What::Within(column, wanted, whole) => {
                    contains(cell(column), wanted, text) || whole.matches(cell(column), text)
                }
                What::Whole(column, whole) => whole.matches(cell(column), text),
                What::Compared(column, holds, value) => match (cell(column), value) {
                    (Cell::Number(number), Value::Number(value)) => holds(number.cmp(value)),
                    (Cell::Span(span), Value::Span(value)) => holds(span.cmp(value)),
                    _ => false,
                },
            };
            holds != test.inverted
        })
    }
}

fn contains(cell: Cell<'_>, wanted: &str, text: &mut String) -> bool {
    // Numbers and times are found in their own columns only: `5` would find
    // half of everything.
    let told = match cell {
        Cell::Text(told) => told,
        Cell::List(_) | Cell::Bits(..) | Cell::Sid(_) | Cell::Address(_) | Cell::Protection(_) => {
            text.clear();
            cell.write_for_people(text);
            text.as_str()
        }
        Cell::Unknown => "-",
        _ => return false,
    };
    if told.is_ascii() && wanted.is_ascii() {
        let (told, wanted) = (told.as_bytes(), wanted.as_bytes());
        return told
            .windows(wanted.len())
            .any(|part| part.eq_ignore_ascii_case(wanted));
    }
    // As it is, or as it is shown.
    told.to_lowercase().contains(wanted)
        || escape::Visible(told)
            .to_string()
            .to_lowercase()
            .contains(wanted)
}

/// The words, without the quotation marks around blanks.
fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut quoted = false;
    for c in text.chars().chain([' ']) {
        match c {
            '"' => quoted = !quoted,
            c if c.is_whitespace() && !quoted => words.push(std::mem::take(&mut word)),
            c => word.push(c),
        }
    }
    // Between quotation marks that are still open.
    words.push(word.trim_end().to_owned());
    words.retain(|word| !word.is_empty());
    words
}

/// Reads one word; none when it is not there yet.
fn test<T: Kind>(word: &str) -> Result<Option<What<T>>, String> {
    let at = word.find([':', '=', '<', '>']);
    // An address with colons is a plain word, and so is `C:\data`.
    let column = at.and_then(|at| {
        find::<T>(&word[..at])
            .ok()
            .map(|column| (column, &word[at..]))
    });
    let Some((column, rest)) = column else {
        if let Some(at) = at
            && !word[at..].starts_with(':')
        {
            find::<T>(&word[..at])?;
        }
        return Ok((!word.is_empty()).then(|| What::Anywhere(word.to_lowercase())));
    };
    for (sign, holds) in OPERATORS {
        if let Some(value) = rest.strip_prefix(sign) {
            return Ok(match value {
                "" | "=" => None,
                value => Some(What::Compared(column, holds, number(column.name, value)?)),
            });
        }
    }
    let value = &rest[1..];
    Ok(match value {
        "" => None,
        value if rest.starts_with('=') || value.contains(['*', '?']) => {
            Some(What::Whole(column, Matcher::of(column.name, value)))
        }
        value => {
            let whole = Matcher::of(column.name, value);
            Some(What::Within(column, value.to_lowercase(), whole))
        }
    })
}

fn number(column: &str, value: &str) -> Result<Value, String> {
    if column.ends_with("_secs") {
        return duration::parse(value).map(Value::Span);
    }
    let number = value.parse().map(Value::Number);
    number.map_err(|_| format!("{column} is compared with a number, not with '{value}'"))
}

#[cfg(test)]
mod tests {
    use smbwho::{Level, Session};

    use super::*;
    use crate::rows::Row;

    fn row(user: &str, client: &str, opens: u32, idle: Option<u64>) -> Row<Session> {
        let mut session = Session::unknown(Level::L502);
        session.user = Some(user.into());
        session.client = Some(client.into());
        session.opens = Some(opens);
        session.idle = idle.map(Duration::from_secs);
        Row {
            server: "fs1".into(),
            node: None,
            data: session,
        }
    }

    fn found(filter: &str) -> Vec<String> {
        let rows = [
            row("alice", "10.0.0.7", 3, Some(60)),
            row("Bob", "ws-alice", 0, Some(7200)),
            row("Łukasz", "[fe80::1]", 12, None),
        ];
        let filter = Filter::<Session>::parse(filter);
        let mut text = String::new();
        rows.iter()
            .filter(|row| filter.lets_through(|column| (column.cell)(row), &mut text))
            .map(|row| row.data.user.as_deref().unwrap_or_default().to_owned())
            .collect()
    }

    #[test]
    fn words_are_found_in_any_text_in_any_case() {
        assert_eq!(found("ALICE"), ["alice", "Bob"]);
        assert_eq!(found("łuk"), ["Łukasz"]);
        assert_eq!(found("alice 10.0"), ["alice"]);
        assert_eq!(found("fe80::1"), ["Łukasz"]);
        assert_eq!(found("12"), [""; 0]);
        assert_eq!(found(""), ["alice", "Bob", "Łukasz"]);
    }

    #[test]
    fn columns_are_looked_in_by_name() {
        assert_eq!(found("user:ali"), ["alice"]);
        assert_eq!(found("user:b*"), ["Bob"]);
        assert_eq!(found("user=bob"), ["Bob"]);
        assert_eq!(found("user=bo"), [""; 0]);
        assert_eq!(found("client=fe80::1"), ["Łukasz"]);
        assert_eq!(found("!user:ali"), ["Bob", "Łukasz"]);
        assert_eq!(found("user:\"ali ce\" bob"), [""; 0]);
    }

    #[test]
    fn users_and_clients_are_the_same_however_they_are_written() {
        let rows = [
            row(r"LAB\ann", "10.0.0.7", 0, None),
            row("ann@lab.test", "::ffff:10.0.0.8", 0, None),
            row("joann", "[::1]", 0, None),
        ];
        let found = |filter: &str| -> Vec<usize> {
            let filter = Filter::<Session>::parse(filter);
            let mut text = String::new();
            let mut shown =
                |row: &Row<Session>| filter.lets_through(|column| (column.cell)(row), &mut text);
            (0..rows.len()).filter(|&at| shown(&rows[at])).collect()
        };
        for (filter, expected) in [
            ("user=ann", &[0, 1][..]),
            (r"user=lab\ann", &[0, 1]),
            (r"user:lab\ann", &[0, 1]),
            ("user=ann@lab.test", &[0, 1]),
            ("user:ann", &[0, 1, 2]),
            ("user:a*", &[0, 1]),
            ("!user=ann", &[2]),
            ("client=::ffff:10.0.0.7", &[0]),
            ("client:::ffff:10.0.0.7", &[0]),
            ("client=10.0.0.8", &[1]),
            ("client:10.0.0", &[0, 1]),
            (r"client=\[::1]", &[2]),
            ("client=0:0::1", &[2]),
        ] {
            assert_eq!(found(filter), expected, "{filter}");
        }
    }

    #[test]
    fn numbers_and_times_compare_and_unknown_ones_do_not() {
        assert_eq!(found("idle>30m"), ["Bob"]);
        assert_eq!(found("idle<30m"), ["alice"]);
        assert_eq!(found("opens>=3"), ["alice", "Łukasz"]);
        assert_eq!(found("user:alice idle>30m"), [""; 0]);
    }

    #[test]
    fn what_is_half_typed_lets_everything_through() {
        for half in ["user:", "idle>", "idle>=", "!"] {
            assert_eq!(found(half).len(), 3, "{half}");
            assert_eq!(Filter::<Session>::parse(half).wrong, None, "{half}");
        }
        for wrong in ["idle>3x", "opens>many", "usr=alice"] {
            assert_eq!(found(wrong).len(), 3, "{wrong}");
            assert!(Filter::<Session>::parse(wrong).wrong.is_some(), "{wrong}");
        }
    }
}
