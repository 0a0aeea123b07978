//! `-o tsv`: tab-separated values for `cut` and `awk`. The header holds the
//! field names; unknown is empty.
//!
//! A cell never holds a tab or a line break: they are written `\t`, `\n` and
//! `\r`, and a backslash `\\`. Other harmful characters are made visible as in
//! a table, whoever reads: a pipe often ends at a terminal (`| cut`, `| head`).
//! `--raw` leaves these as they are.

use std::io::{self, Write};

use super::{Block, Sink, Style, escape};
use crate::problem::Problem;
use crate::rows::{Cell, Column, Kind, Row};

pub(super) struct Tsv<T: 'static, W> {
    columns: Vec<&'static Column<T>>,
    block: Block<W>,
    header: bool,
    raw: bool,
}

impl<T: Kind, W: Write> Tsv<T, W> {
    pub(super) fn new(style: Style, columns: Vec<&'static Column<T>>, out: W) -> Self {
        let Style { header, raw, .. } = style;
        Self {
            columns,
            block: Block::new(out),
            header,
            raw,
        }
    }

    fn begin(&mut self) {
        if std::mem::take(&mut self.header) {
            for (index, column) in self.columns.iter().enumerate() {
                self.block.text.push_str(if index == 0 { "" } else { "\t" });
                self.block.text.push_str(column.name);
            }
            self.block.text.push('\n');
        }
    }
}

impl<T: Kind, W: Write> Sink<T> for Tsv<T, W> {
    fn rows(&mut self, rows: Vec<Row<T>>) -> io::Result<()> {
        self.begin();
        for row in &rows {
            let out = &mut self.block.text;
            for (index, column) in self.columns.iter().enumerate() {
                out.push_str(if index == 0 { "" } else { "\t" });
                match (column.cell)(row) {
                    Cell::Text(text) => write_text(out, text, self.raw),
                    Cell::Protection(how) => write_text(out, &how.to_string(), self.raw),
                    Cell::List(texts) => write_text(out, &texts.join(", "), self.raw),
                    plain => plain.write_plain(out),
                }
            }
            out.push('\n');
            self.block.write_if_full()?;
        }
        self.block.write_out()
    }

    fn finish(&mut self, _problems: &[Problem]) -> io::Result<()> {
        self.begin();
        self.block.write_out()
    }
}

fn write_text(out: &mut String, text: &str, raw: bool) {
    let mut rest = text;
    while let Some(at) = rest.find(['\\', '\t', '\n', '\r']) {
        write_part(out, &rest[..at], raw);
        out.push_str(match rest.as_bytes()[at] {
            b'\t' => r"\t",
            b'\n' => r"\n",
            b'\r' => r"\r",
            _ => r"\\",
        });
        rest = &rest[at + 1..];
    }
    write_part(out, rest, raw);
}

fn write_part(out: &mut String, part: &str, raw: bool) {
    if raw {
        out.push_str(part);
    } else {
        // Writing to a String cannot fail.
        let _ = escape::write_visible(out, part);
    }
}
