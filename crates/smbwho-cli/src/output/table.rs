//! `-o table` and `-o wide`: for people.
//!
//! Only a terminal gets colour, and only a terminal's width cuts cells; a pipe
//! gets every name whole. The wide table is never cut.

use std::io::{self, Write};

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::{Block, Format, Sink, Style};
use crate::problem::Problem;
use crate::rows::{Align, Column, Kind, Row};

/// Between two columns.
pub(crate) const GAP: &str = "  ";
/// What stands for the part of a cell that was cut.
pub(crate) const CUT: char = '…';
/// No column is cut below this many places, however narrow the terminal.
const NARROWEST: usize = 8;
const BOLD: &str = "\x1b[1m";
const PLAIN: &str = "\x1b[0m";

pub(super) struct Table<T: 'static, W> {
    style: Style,
    columns: Vec<&'static Column<T>>,
    cells: Cells,
    block: Block<W>,
}

/// The cells of all rows, row after row, in one text.
#[derive(Default)]
struct Cells {
    text: String,
    /// Where each cell ends in the text, and how many places it takes.
    ends: Vec<(usize, usize)>,
}

impl Cells {
    /// Closes the cell that was appended to the text.
    fn end_cell(&mut self) {
        let start = self.ends.last().map_or(0, |&(end, _)| end);
        let width = self.text[start..].width();
        self.ends.push((self.text.len(), width));
    }

    /// Every cell and its width.
    fn iter(&self) -> impl Iterator<Item = (&str, usize)> {
        self.ends.iter().scan(0, |start, &(end, width)| {
            let cell = &self.text[*start..end];
            *start = end;
            Some((cell, width))
        })
    }
}

impl<T: Kind, W: Write> Table<T, W> {
    pub(super) fn new(style: Style, columns: Vec<&'static Column<T>>, out: W) -> Self {
        Self {
            style,
            columns,
            cells: Cells::default(),
            block: Block::new(out),
        }
    }

    /// The width of each column: as its widest cell, or less where the
    /// terminal is too narrow for the row.
    fn widths(&self) -> Vec<usize> {
        let mut widths: Vec<usize> = self
            .columns
            .iter()
            .map(|column| {
                if self.style.header {
                    column.header.width()
                } else {
                    0
                }
            })
            .collect();
        for (index, (_, width)) in self.cells.iter().enumerate() {
            let widest = &mut widths[index % self.columns.len()];
            *widest = width.max(*widest);
        }
        if self.style.format == Format::Table
            && let Some(terminal) = self.style.width
        {
            self.fit(&mut widths, terminal);
        }
        widths
    }

    /// Takes places from the widest text column until the row fits.
    fn fit(&self, widths: &mut [usize], terminal: usize) {
        let gaps = GAP.len() * widths.len().saturating_sub(1);
        let mut over = (widths.iter().sum::<usize>() + gaps).saturating_sub(terminal);
        while over > 0 {
            let widest = (0..widths.len())
                .filter(|&i| self.columns[i].align == Align::Left && widths[i] > NARROWEST)
                .max_by_key(|&i| widths[i]);
            let Some(widest) = widest else { return };
            widths[widest] -= 1;
            over -= 1;
        }
    }

    fn print_header(&mut self, widths: &[usize]) {
        if self.style.colour {
            self.block.text.push_str(BOLD);
        }
        let last = widths.len() - 1;
        for (index, (column, &width)) in self.columns.iter().zip(widths).enumerate() {
            let header = column.header;
            write_cell(
                &mut self.block.text,
                header,
                header.width(),
                width,
                column.align,
                index == last,
            );
        }
        if self.style.colour {
            self.block.text.push_str(PLAIN);
        }
        self.block.text.push('\n');
    }

    fn print(&mut self) -> io::Result<()> {
        let widths = self.widths();
        if self.style.header {
            self.print_header(&widths);
        }
        let last = widths.len() - 1;
        for (index, (cell, width)) in self.cells.iter().enumerate() {
            let index = index % widths.len();
            let align = self.columns[index].align;
            write_cell(
                &mut self.block.text,
                cell,
                width,
                widths[index],
                align,
                index == last,
            );
            if index == last {
                self.block.text.push('\n');
                self.block.write_if_full()?;
            }
        }
        self.block.write_out()
    }
}

impl<T: Kind, W: Write> Sink<T> for Table<T, W> {
    fn rows(&mut self, rows: Vec<Row<T>>) -> io::Result<()> {
        for row in &rows {
            for column in &self.columns {
                (column.cell)(row).write_for_people(&mut self.cells.text);
                self.cells.end_cell();
            }
        }
        Ok(())
    }

    fn finish(&mut self, problems: &[Problem]) -> io::Result<()> {
        if !self.cells.ends.is_empty() {
            return self.print();
        }
        // Where a server failed nobody can say that there is nothing.
        if problems.is_empty() {
            match self.style.nothing {
                Some(nothing) => self.block.text.push_str(nothing),
                None => {
                    self.block.text.push_str("No ");
                    self.block.text.push_str(T::NAME);
                    self.block.text.push_str(" found.");
                }
            }
            self.block.text.push('\n');
        }
        self.block.write_out()
    }
}

/// Appends a cell of `width` places in a column of `room` places. The last
/// column of a row is not padded.
pub(crate) fn write_cell(
    out: &mut String,
    cell: &str,
    width: usize,
    room: usize,
    align: Align,
    last: bool,
) {
    let pad = |out: &mut String, places| out.extend(std::iter::repeat_n(' ', places));
    let places = room.saturating_sub(width);
    if align == Align::Right {
        pad(out, places);
    }
    let mut spare = if align == Align::Left { places } else { 0 };
    if width <= room {
        out.push_str(cell);
    } else {
        spare += write_cut(out, cell, room);
    }
    if !last {
        pad(out, spare);
        out.push_str(GAP);
    }
}

/// Appends as much of the cell as fits beside the sign that it was cut.
/// Returns the places left over: a wide character may not fit the last one.
fn write_cut(out: &mut String, cell: &str, room: usize) -> usize {
    let room = room.saturating_sub(1);
    let mut used = 0;
    for c in cell.chars() {
        let width = c.width().unwrap_or(0);
        if used + width > room {
            break;
        }
        used += width;
        out.push(c);
    }
    out.push(CUT);
    room - used
}
