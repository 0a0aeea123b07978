//! Where rows leave the program: one sink for each format, one file for each
//! sink.
//!
//! Whoever asks the servers hands rows over as they come and says when there
//! are no more; a sink decides whether it can print at once (JSON, JSON lines,
//! CSV, TSV) or must see everything first (tables). No sink knows a kind of
//! row beyond its declared columns.

mod blocks;
mod csv;
pub(crate) mod escape;
pub(crate) mod json;
mod jsonl;
pub(crate) mod table;
mod tsv;

use std::io::{self, Write};

use clap::ValueEnum;
use serde::Deserialize;

use crate::problem::Problem;
use crate::rows::{Column, Kind, Row, Shown};

/// The schema that JSON documents name. Field names and meanings change only
/// with it.
pub(crate) const SCHEMA: &str = "smbwho/1";

/// Bytes gathered before they are written out.
const BLOCK: usize = 64 * 1024;

/// How rows are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Format {
    /// For people; fits the terminal
    #[default]
    Table,
    /// As table, with every column and nothing cut
    Wide,
    /// One document with rows and errors
    Json,
    /// One row a line, as they come
    Jsonl,
    /// Comma-separated, safe for spreadsheets
    Csv,
    /// Tab-separated, for cut and awk
    Tsv,
}

impl Format {
    /// Whether the format is for eyes rather than programs.
    pub(crate) fn is_for_people(self) -> bool {
        matches!(self, Format::Table | Format::Wide)
    }

    /// Whether what has been printed stands by itself, so that rows of several
    /// servers may come in any order.
    pub(crate) fn is_line_wise(self) -> bool {
        matches!(self, Format::Jsonl | Format::Csv | Format::Tsv)
    }
}

/// What the surroundings and the options say about printing.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Style {
    pub(crate) format: Format,
    /// Print a header where the format has one.
    pub(crate) header: bool,
    /// Colour and bold are welcome.
    pub(crate) colour: bool,
    /// CSV and TSV hold names exactly, with every control character.
    pub(crate) raw: bool,
    /// Columns of that terminal, where they are known.
    pub(crate) width: Option<usize>,
    /// What a table says when there is no row, where the kind's name does not
    /// say it well.
    pub(crate) nothing: Option<&'static str>,
}

/// Takes rows and prints them.
pub(crate) trait Sink<T> {
    /// Takes rows as they come.
    fn rows(&mut self, rows: Vec<Row<T>>) -> io::Result<()>;

    /// No more rows will come; these servers failed.
    fn finish(&mut self, problems: &[Problem]) -> io::Result<()>;
}

/// The sink for a style that writes to `out`.
pub(crate) fn sink<'a, T: Kind>(
    style: Style,
    columns: Vec<&'static Column<T>>,
    out: impl Write + 'a,
) -> Box<dyn Sink<T> + 'a> {
    match style.format {
        Format::Table | Format::Wide if T::AS_BLOCKS => {
            Box::new(blocks::Blocks::new(style, columns, out))
        }
        Format::Table | Format::Wide => Box::new(table::Table::new(style, columns, out)),
        Format::Json => Box::new(json::Json::new(&columns, out)),
        Format::Jsonl => Box::new(jsonl::JsonLines::new(&columns, out)),
        Format::Csv => Box::new(csv::Csv::new(style, columns, out)),
        Format::Tsv => Box::new(tsv::Tsv::new(style, columns, out)),
    }
}

/// The columns of a format when none were asked for by name; `here` is whether
/// this computer is asked directly.
pub(crate) fn default_columns<T: Kind>(
    format: Format,
    several_servers: bool,
    here: bool,
) -> Vec<&'static Column<T>> {
    let shown = |column: &&Column<T>| match (format, column.shown) {
        (Format::Table, Shown::SeveralServers) => several_servers,
        (Format::Table, Shown::Wide | Shown::Here) => false,
        (_, Shown::Here) => here,
        _ => true,
    };
    T::COLUMNS.iter().filter(shown).collect()
}

/// Text on its way out, written in blocks rather than row by row.
struct Block<W> {
    text: String,
    out: W,
}

impl<W: Write> Block<W> {
    fn new(out: W) -> Self {
        Self {
            text: String::new(),
            out,
        }
    }

    /// Writes out what has gathered if it is enough to be worth it.
    fn write_if_full(&mut self) -> io::Result<()> {
        if self.text.len() < BLOCK {
            Ok(())
        } else {
            self.write_out()
        }
    }

    /// Writes out what has gathered.
    fn write_out(&mut self) -> io::Result<()> {
        self.out.write_all(self.text.as_bytes())?;
        self.text.clear();
        self.out.flush()
    }
}

#[cfg(test)]
mod tests;
