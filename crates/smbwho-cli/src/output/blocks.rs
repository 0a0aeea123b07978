//! `-o table` and `-o wide` for kinds of which a row is too long for a line:
//! a block for each row, a line for each column.

use std::io::{self, Write};

use unicode_width::UnicodeWidthStr as _;

use super::{Block, Format, Sink, Style};
use crate::problem::Problem;
use crate::rows::{Cell, Column, Kind, Row};

const BOLD: &str = "\x1b[1m";
const PLAIN: &str = "\x1b[0m";

pub(super) struct Blocks<T: 'static, W> {
    style: Style,
    columns: Vec<&'static Column<T>>,
    begun: bool,
    block: Block<W>,
}

impl<T: Kind, W: Write> Blocks<T, W> {
    pub(super) fn new(style: Style, columns: Vec<&'static Column<T>>, out: W) -> Self {
        Self {
            style,
            columns,
            begun: false,
            block: Block::new(out),
        }
    }
}

impl<T: Kind, W: Write> Sink<T> for Blocks<T, W> {
    fn rows(&mut self, rows: Vec<Row<T>>) -> io::Result<()> {
        let widest = self
            .columns
            .iter()
            .map(|column| column.header.width())
            .max();
        for row in &rows {
            let text = &mut self.block.text;
            if std::mem::replace(&mut self.begun, true) {
                text.push('\n');
            }
            for column in &self.columns {
                let cell = (column.cell)(row);
                // Wide shows too what is not told.
                if cell == Cell::Unknown && self.style.format == Format::Table {
                    continue;
                }
                if self.style.header {
                    let room = widest.unwrap_or(0) - column.header.width() + 2;
                    let (bold, plain) = if self.style.colour {
                        (BOLD, PLAIN)
                    } else {
                        ("", "")
                    };
                    text.push_str(bold);
                    text.push_str(column.header);
                    text.push_str(plain);
                    text.extend(std::iter::repeat_n(' ', room));
                }
                cell.write_for_people(text);
                text.push('\n');
            }
            self.block.write_if_full()?;
        }
        Ok(())
    }

    fn finish(&mut self, _: &[Problem]) -> io::Result<()> {
        self.block.write_out()
    }
}
