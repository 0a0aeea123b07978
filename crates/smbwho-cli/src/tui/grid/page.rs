//! What is on the screen, as plain text: the snapshot that views draw.

use std::borrow::Cow;
use std::fmt::Write as _;

use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

use super::table::{Table, count_on};
use super::{Line, MARKED_FOR};
use crate::live::{Live, Mark, Subject, Tenths};
use crate::output::table::{CUT, GAP, write_cell};
use crate::rows::Align;

/// A screen of a grid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Page {
    pub(crate) subject: Subject,
    pub(crate) heads: Vec<Head>,
    pub(crate) lines: Vec<PageLine>,
    /// The number of the first line, from 0, and of all lines.
    pub(crate) from: usize,
    pub(crate) of: usize,
}

/// The head of a column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Head {
    /// Which of the grid's columns.
    pub(crate) column: usize,
    /// As wide as its column.
    pub(crate) text: String,
    /// Keys act on it.
    pub(crate) current: bool,
}

/// A line of the screen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PageLine {
    /// `+` came, `-` ended, `!` its server does not answer.
    pub(crate) mark: char,
    pub(crate) selected: bool,
    pub(crate) cursor: bool,
    /// It heads a group.
    pub(crate) heading: bool,
    pub(crate) text: String,
}

impl<T: Live> Table<T> {
    pub(super) fn make_page(
        &mut self,
        width: usize,
        height: usize,
        now: Tenths,
        stale: &[bool],
    ) -> Page {
        self.now = now;
        let end = self.top.saturating_add(height).min(self.lines.len());
        let lines = self.lines[self.top.min(end)..end].to_vec();
        let cells = self.cells(&lines, now);
        for row in &cells {
            for (column, text) in row {
                self.columns.see(*column, text.width());
            }
        }
        let columns = self.columns.layout(width);
        let head = |&(at, column, width): &(usize, &'static crate::rows::Column<T>, usize)| {
            let sorted = match self.sort {
                Some((by, reverse)) if by.name == column.name => Some(reverse),
                _ => None,
            };
            let arrow = match sorted {
                Some(false) => "↑",
                Some(true) => "↓",
                None => "",
            };
            let title = match column.align {
                Align::Left => format!("{}{arrow}", column.header),
                Align::Right => format!("{arrow}{}", column.header),
            };
            let text = laid_out(&title, width, column.align);
            Head {
                column: at,
                text,
                current: at == self.columns.current(),
            }
        };
        let heads = columns.iter().map(head).collect();
        let mut shown = Vec::with_capacity(lines.len());
        for (index, (line, cells)) in lines.iter().zip(&cells).enumerate() {
            let cursor = self.top + index == self.cursor_at;
            shown.push(match line.heads() {
                Some(group) => PageLine {
                    mark: ' ',
                    selected: false,
                    cursor,
                    heading: true,
                    text: self.heading_text(group),
                },
                None => {
                    let mut text = String::new();
                    for (index, (at, column, width)) in columns.iter().enumerate() {
                        text.push_str(if index == 0 { "" } else { GAP });
                        let cell = cells.iter().find(|(column, _)| column == at);
                        let cell = cell.map_or("", |(_, text)| text);
                        text.push_str(&match column.name {
                            "path" => laid_out(&end_of(cell, *width), *width, column.align),
                            _ => laid_out(cell, *width, column.align),
                        });
                    }
                    self.row_line(*line, cursor, text, now, stale)
                }
            });
        }
        Page {
            subject: T::SUBJECT,
            heads,
            lines: shown,
            from: self.top,
            of: self.lines.len(),
        }
    }

    /// The cells of all columns that are shown, written out.
    fn cells(&mut self, lines: &[Line], now: Tenths) -> Vec<Vec<(usize, String)>> {
        let mut written = 0;
        let of = |line: &Line| {
            let Some(slot) = line.place().and_then(|place| self.store.get(place)) else {
                return Vec::new();
            };
            let by = slot.aged(now);
            let cell = |(at, column): (usize, &'static crate::rows::Column<T>)| {
                let mut text = String::new();
                count_on((column.cell)(&slot.row), by).write_for_people(&mut text);
                written += 1;
                (at, text)
            };
            self.columns.shown().map(cell).collect()
        };
        let cells = lines.iter().map(of).collect();
        self.spent.cells += written;
        cells
    }

    fn row_line(
        &self,
        line: Line,
        cursor: bool,
        text: String,
        now: Tenths,
        stale: &[bool],
    ) -> PageLine {
        let slot = line.place().and_then(|place| self.store.get(place));
        let is_stale = |server: u32| stale.get(server as usize).copied().unwrap_or(false);
        let mark = match slot {
            Some(slot) if slot.mark == Mark::Ended => '-',
            Some(slot) if is_stale(slot.server) => '!',
            Some(slot) if slot.mark == Mark::New && now.since(slot.marked) < MARKED_FOR => '+',
            _ => ' ',
        };
        PageLine {
            mark,
            selected: line.place().is_some_and(|p| self.store.is_selected(p)),
            cursor,
            heading: false,
            text,
        }
    }

    fn heading_text(&self, group: u32) -> String {
        let Some((name, rows, folded)) = self.groups.seen(group) else {
            return String::new();
        };
        let sign = if folded { '▸' } else { '▾' };
        let mut text = String::new();
        let by = self.group_by.map_or("", |column| column.name);
        // Writing to a String cannot fail.
        let _ = write!(text, "{sign} {by} {name}: {rows}");
        text
    }
}

/// As much of a path's end as fits: there is the name of the file.
fn end_of(path: &str, width: usize) -> Cow<'_, str> {
    if path.width() <= width {
        return Cow::Borrowed(path);
    }
    let mut room = width.saturating_sub(CUT.width().unwrap_or(1));
    let mut from = path.len();
    for (at, c) in path.char_indices().rev() {
        match room.checked_sub(c.width().unwrap_or(0)) {
            Some(left) => (room, from) = (left, at),
            None => break,
        }
    }
    Cow::Owned(format!("{CUT}{}", &path[from..]))
}

/// A cell, cut or filled up to the width of its column.
fn laid_out(cell: &str, width: usize, align: Align) -> String {
    let mut text = String::new();
    write_cell(&mut text, cell, cell.width(), width, align, true);
    let spare = width.saturating_sub(text.width());
    text.extend(std::iter::repeat_n(' ', spare));
    text
}
