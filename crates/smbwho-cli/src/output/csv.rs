//! `-o csv`: comma-separated values, quoted as [RFC 4180] says, with lines
//! that end in LF as other tools on Unix write them. The header holds the
//! field names; unknown is an empty cell.
//!
//! A spreadsheet takes a cell that begins with `=`, `+`, `-`, `@`, a tab or a
//! line break for a formula or looks behind it for one, and a user can be
//! named `=cmd|…`. Such text gets `'` put before it, which spreadsheets take
//! for "this is text". Numbers are ours and are not touched.
//!
//! Harmful characters are made visible as in a table, whoever reads: a pipe
//! often ends at a terminal (`| head`, `| cut`). `--raw` writes names exactly,
//! without any of this.

use std::io::{self, Write};

use super::{Sink, Style, escape};
use crate::problem::Problem;
use crate::rows::{Cell, Column, Kind, Row};

pub(super) struct Csv<T: 'static, W: Write> {
    columns: Vec<&'static Column<T>>,
    writer: csv::Writer<W>,
    header: bool,
    raw: bool,
    /// The cell being written.
    cell: String,
}

impl<T: Kind, W: Write> Csv<T, W> {
    pub(super) fn new(style: Style, columns: Vec<&'static Column<T>>, out: W) -> Self {
        let writer = csv::WriterBuilder::new()
            .buffer_capacity(super::BLOCK)
            .from_writer(out);
        let Style { header, raw, .. } = style;
        Self {
            columns,
            writer,
            header,
            raw,
            cell: String::new(),
        }
    }

    fn begin(&mut self) -> io::Result<()> {
        if std::mem::take(&mut self.header) {
            let names = self.columns.iter().map(|column| column.name);
            self.writer.write_record(names).map_err(plain)?;
        }
        Ok(())
    }
}

impl<T: Kind, W: Write> Sink<T> for Csv<T, W> {
    fn rows(&mut self, rows: Vec<Row<T>>) -> io::Result<()> {
        self.begin()?;
        for row in &rows {
            for column in &self.columns {
                self.cell.clear();
                match (column.cell)(row) {
                    Cell::Text(text) => write_text(&mut self.cell, text, self.raw),
                    Cell::Protection(how) => {
                        write_text(&mut self.cell, &how.to_string(), self.raw);
                    }
                    Cell::List(texts) => {
                        write_text(&mut self.cell, &texts.join(", "), self.raw);
                    }
                    other => other.write_plain(&mut self.cell),
                }
                self.writer.write_field(&self.cell).map_err(plain)?;
            }
            self.writer.write_record(None::<&[u8]>).map_err(plain)?;
        }
        self.writer.flush()
    }

    fn finish(&mut self, _problems: &[Problem]) -> io::Result<()> {
        self.begin()?;
        self.writer.flush()
    }
}

/// The system's own error, whose kind the crate's wrapper hides: a reader that
/// has gone is no failure.
fn plain(error: csv::Error) -> io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        other => io::Error::other(format!("{other:?}")),
    }
}

/// Appends text so that no spreadsheet takes it for a formula, unless it is
/// wanted exactly. The full-width
/// signs are taken for the plain ones in some locales.
fn write_text(out: &mut String, text: &str, raw: bool) {
    const FORMULA: [char; 11] = [
        '=', '+', '-', '@', '\t', '\r', '\n', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}',
    ];
    if raw {
        out.push_str(text);
        return;
    }
    if text.starts_with(FORMULA) {
        out.push('\'');
    }
    // Writing to a String cannot fail.
    let _ = escape::write_visible(out, text);
}
