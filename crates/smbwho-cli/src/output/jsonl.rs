//! `-o jsonl`: one row a line, as they come. Errors go to standard error, as
//! JSON lines too.

use std::io::{self, Write};

use super::json::Fields;
use super::{Block, Sink};
use crate::problem::Problem;
use crate::rows::{Column, Kind, Row};

pub(super) struct JsonLines<T: 'static, W> {
    fields: Fields<T>,
    block: Block<W>,
}

impl<T: Kind, W: Write> JsonLines<T, W> {
    pub(super) fn new(columns: &[&'static Column<T>], out: W) -> Self {
        Self {
            fields: Fields::new(columns),
            block: Block::new(out),
        }
    }
}

impl<T: Kind, W: Write> Sink<T> for JsonLines<T, W> {
    fn rows(&mut self, rows: Vec<Row<T>>) -> io::Result<()> {
        for row in &rows {
            self.fields.write_row(&mut self.block.text, row);
            self.block.text.push('\n');
            self.block.write_if_full()?;
        }
        self.block.write_out()
    }

    fn finish(&mut self, _problems: &[Problem]) -> io::Result<()> {
        self.block.write_out()
    }
}
