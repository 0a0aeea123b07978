//! `-o json`: one document with the rows and the errors.
//!
//! A row stands on a line of its own, so that the document can be looked
//! through with `grep` and is still one value to a parser. Rows are written as
//! they come; the document is whole only when [`Sink::finish`] has run.

use std::io::{self, Write};

use super::{Block, SCHEMA, Sink, escape};
use crate::problem::Problem;
use crate::rows::{Column, Kind, Row};

pub(super) struct Json<T: 'static, W> {
    columns: Vec<&'static Column<T>>,
    block: Block<W>,
    begun: bool,
    rows: usize,
}

impl<T: Kind, W: Write> Json<T, W> {
    pub(super) fn new(columns: Vec<&'static Column<T>>, out: W) -> Self {
        Self {
            columns,
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
            write_row(&mut self.block.text, &self.columns, row);
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

/// Appends the row as a JSON object: a field for every column, unknown ones
/// as null.
pub(crate) fn write_row<T>(text: &mut String, columns: &[&'static Column<T>], row: &Row<T>) {
    text.push('{');
    for (index, column) in columns.iter().enumerate() {
        text.push_str(if index == 0 { "\"" } else { ",\"" });
        text.push_str(column.name);
        text.push_str("\":");
        (column.cell)(row).write_json(text);
    }
    text.push('}');
}
