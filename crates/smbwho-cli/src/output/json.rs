//! `-o json`: one document with the rows and the errors.
//!
//! A row stands on a line of its own, so that the document can be looked
//! through with `grep` and is still one value to a parser. Rows are written as
//! they come; the document is whole only when [`Sink::finish`] has run.

use std::io::{self, Write};

use super::{Block, SCHEMA, Sink, escape};
use crate::problem::Problem;
use crate::rows::{Cell, Column, Kind, Row};

pub(super) struct Json<T: 'static, W> {
    fields: Fields<T>,
    block: Block<W>,
    begun: bool,
    rows: usize,
}

impl<T: Kind, W: Write> Json<T, W> {
    pub(super) fn new(columns: &[&'static Column<T>], out: W) -> Self {
        Self {
            fields: Fields::new(columns),
            block: Block::new(out),
            begun: false,
            rows: 0,
        }
    }

    fn begin(&mut self) {
        if !std::mem::replace(&mut self.begun, true) {
            let text = &mut self.block.text;
            text.push_str("{\"schema\":");
            escape::write_json(text, SCHEMA);
            text.push_str(",\"kind\":");
            escape::write_json(text, T::NAME);
            text.push_str(",\"rows\":[");
        }
    }
}

impl<T: Kind, W: Write> Sink<T> for Json<T, W> {
    fn rows(&mut self, rows: Vec<Row<T>>) -> io::Result<()> {
        self.begin();
        for row in &rows {
            self.block
                .text
                .push_str(if self.rows == 0 { "\n" } else { ",\n" });
            self.fields.write_row(&mut self.block.text, row);
            self.rows += 1;
            self.block.write_if_full()?;
        }
        Ok(())
    }

    fn finish(&mut self, problems: &[Problem]) -> io::Result<()> {
        self.begin();
        let text = &mut self.block.text;
        text.push_str(if self.rows == 0 {
            "],\"errors\":["
        } else {
            "\n],\"errors\":["
        });
        for (index, problem) in problems.iter().enumerate() {
            text.push_str(if index == 0 { "\n" } else { ",\n" });
            problem.write_json(text);
        }
        text.push_str(if problems.is_empty() {
            "]}\n"
        } else {
            "\n]}\n"
        });
        self.block.write_out()
    }
}

/// The columns of an object, each with the text before its value: made once, written for every
/// row.
pub(crate) struct Fields<T: 'static>(Vec<Field<T>>);

struct Field<T: 'static> {
    column: &'static Column<T>,
    /// The comma and the name: `,"idle_secs":`; a brace with the first.
    key: String,
    /// The same with the `null` of a value that is not known.
    unknown: String,
}

impl<T> Fields<T> {
    pub(crate) fn new(columns: &[&'static Column<T>]) -> Self {
        let fields = columns.iter().enumerate().map(|(index, column)| {
            let mut key = String::from(if index == 0 { "{" } else { "," });
            escape::write_json(&mut key, column.name);
            key.push(':');
            Field {
                column,
                unknown: format!("{key}null"),
                key,
            }
        });
        Self(fields.collect())
    }

    /// Appends the row as a JSON object: a field for every column, unknown ones as null.
    pub(crate) fn write_row(&self, text: &mut String, row: &Row<T>) {
        if self.0.is_empty() {
            text.push('{');
        }
        for field in &self.0 {
            match (field.column.cell)(row) {
                Cell::Unknown | Cell::NoLimit => text.push_str(&field.unknown),
                cell => {
                    text.push_str(&field.key);
                    cell.write_json(text);
                }
            }
        }
        text.push('}');
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;
    use std::time::Duration;

    use proptest::prelude::*;
    use smbwho::{Level, Session, SessionFlags};

    use super::*;
    use crate::output::escape::is_harmful;

    /// As a row is meant, by the general ways to write.
    fn plainly(columns: &[&'static Column<Session>], row: &Row<Session>) -> String {
        let mut text = String::from("{");
        for (index, column) in columns.iter().enumerate() {
            text.push_str(if index == 0 { "\"" } else { ",\"" });
            text.push_str(column.name);
            text.push_str("\":");
            let _ = match (column.cell)(row) {
                Cell::Unknown => write!(text, "null"),
                Cell::Number(number) => write!(text, "{number}"),
                Cell::Signed(number) => write!(text, "{number}"),
                Cell::Span(span) => write!(text, "{}", span.as_secs()),
                Cell::Flag(flag) => write!(text, "{flag}"),
                Cell::Text(name) => write!(text, "{}", string(name)),
                other => panic!("{other:?}"),
            };
        }
        text.push('}');
        text
    }

    fn string(name: &str) -> String {
        let mut text = String::from("\"");
        for c in name.chars() {
            match c {
                '"' => text.push_str("\\\""),
                '\\' => text.push_str("\\\\"),
                '\n' => text.push_str("\\n"),
                '\r' => text.push_str("\\r"),
                '\t' => text.push_str("\\t"),
                c if is_harmful(c) => {
                    for unit in c.encode_utf16(&mut [0; 2]) {
                        let _ = write!(text, "\\u{unit:04x}");
                    }
                }
                c => text.push(c),
            }
        }
        text.push('"');
        text
    }

    /// Of all lengths, with what must be escaped in any place.
    fn name() -> impl Strategy<Value = String> {
        prop_oneof![
            "[ -~]{0,40}",
            "[ -!#-\\[\\]-~]{0,40}",
            "[a-z]{0,24}[\"\\\\\u{0}-\u{20}\u{7e}-\u{a0}\u{202e}\u{e0041}ż山]?[a-z]{0,24}",
            any::<String>(),
        ]
    }

    prop_compose! {
        fn row()(
            server in name(),
            names in [proptest::option::of(name()), proptest::option::of(name()),
                proptest::option::of(name()), proptest::option::of(name())],
            opens in any::<Option<u32>>(),
            spans in any::<[Option<u64>; 2]>(),
            flags in any::<Option<u32>>(),
            level in proptest::option::of(0..5_usize),
        ) -> Row<Session> {
            let mut data = Session::unknown(level.map(|level| Level::LADDER[level]));
            let [client, user, client_type, transport] = names.map(|name| name.map(Into::into));
            (data.client, data.user) = (client, user);
            (data.client_type, data.transport) = (client_type, transport);
            data.opens = opens;
            [data.active, data.idle] = spans.map(|span| span.map(Duration::from_millis));
            data.flags = flags.map(SessionFlags);
            Row { server: server.into(), node: None, data }
        }
    }

    proptest! {
        #[test]
        fn a_row_is_written_as_it_is_meant(
            row in row(),
            from in 0..Session::COLUMNS.len(),
            count in 0..Session::COLUMNS.len(),
        ) {
            let columns: Vec<_> = Session::COLUMNS.iter().skip(from).take(count).collect();
            let mut text = String::from("before");
            Fields::new(&columns).write_row(&mut text, &row);
            prop_assert_eq!(text, format!("before{}", plainly(&columns, &row)));
        }
    }

    #[test]
    fn every_byte_is_seen_at_every_place() {
        for length in 0..=33 {
            for at in 0..length {
                for byte in 0..=0x7f {
                    let mut name = vec![b'a'; length];
                    name[at] = byte;
                    let name = String::from_utf8(name).expect("ASCII");
                    let mut text = String::new();
                    escape::write_json(&mut text, &name);
                    assert_eq!(text, string(&name));
                }
            }
        }
    }
}
