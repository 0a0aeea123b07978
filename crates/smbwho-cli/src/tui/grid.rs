//! One grid: the rows of a subject in an order, with a cursor, a selection,
//! and columns.
//!
//! What is shown is a list of places in the [`Store`](crate::live::Store), kept in order: an
//! answer takes out what it touches and puts it back where it belongs now;
//! another order, filter or grouping is made anew in slices between two key
//! presses ([`arrange`]). Only what is on the screen is ever formatted.

mod arrange;
mod columns;
mod cursor;
mod groups;
mod page;
mod selection;
mod table;

use std::io;
use std::sync::Arc;
use std::time::Duration;

use crate::live::{Drill, Moment, Rows, Subject, Tenths, Victim};
use crate::output::Style;

pub(crate) use arrange::SLICE;
pub(crate) use columns::ColumnState;
pub(crate) use page::{Page, PageLine};
use table::Table;

/// How long rows that came or went are marked.
pub(crate) const MARKED_FOR: Duration = Duration::from_secs(10);

/// One line: the place of a row, or the number of a group with [`Line::GROUP`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Line(u32);

impl Line {
    const GROUP: u32 = 1 << 31;

    fn group(number: u32) -> Self {
        Self(number | Self::GROUP)
    }

    /// The number of the group that it heads.
    fn heads(self) -> Option<u32> {
        (self.0 & Self::GROUP != 0).then_some(self.0 & !Self::GROUP)
    }

    fn place(self) -> Option<u32> {
        (self.0 & Self::GROUP == 0).then_some(self.0)
    }
}

/// What a grid costs, whatever the machine.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Work {
    /// Cells that were written out.
    pub(crate) cells: u64,
    /// Rows that were held against another or against the filter.
    pub(crate) compared: u64,
}

/// Rows that something is done with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Which {
    /// All that are shown.
    Shown,
    /// The selected ones or, where none is, the one under the cursor.
    Chosen,
}

/// Which way the cursor goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Move {
    By(isize),
    Page(isize),
    Home,
    End,
}

/// The sum of a column over the rows that are shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Total {
    /// The head of the column.
    pub(crate) head: &'static str,
    pub(crate) sum: u64,
    /// Rows whose value is not told.
    pub(crate) unknown: usize,
}

/// Figures for the footer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Counts {
    /// One row, for people.
    pub(crate) one: &'static str,
    pub(crate) shown: usize,
    pub(crate) living: usize,
    pub(crate) selected: usize,
    pub(crate) totals: Vec<Total>,
}

/// A grid of whatever rows.
pub(crate) trait Grid {
    fn subject(&self) -> Subject;
    /// Takes the rows of one server's answer.
    fn take(&mut self, server: usize, name: &Arc<str>, rows: Rows, complete: bool, now: Moment);
    /// Whether any server has told its rows.
    fn has_answered(&self) -> bool;
    /// Forgets rows that ended long enough ago; whether there were any.
    fn expire(&mut self, now: Tenths) -> bool;

    /// Goes on with what takes a look at every row (an order that is being
    /// made, a selection of all), for about so many rows.
    fn work(&mut self, rows: usize);
    /// Brings it to its end.
    fn complete(&mut self) {
        while self.is_busy() {
            self.work(usize::MAX);
        }
    }
    fn is_busy(&self) -> bool;
    #[cfg(test)]
    fn spent(&self) -> Work;

    /// Makes what is on a screen of this size.
    fn page(&mut self, width: usize, height: usize, now: Tenths, stale: &[bool]) -> Page;
    fn counts(&self) -> Counts;

    fn go(&mut self, to: Move, height: usize);
    /// Puts the cursor on the line of the screen.
    fn point(&mut self, line: usize) -> bool;
    fn scroll(&mut self, by: isize, height: usize);

    fn sort(&mut self, column: usize);
    /// Sorts by this name at the start.
    fn sort_by(&mut self, name: &str, reverse: bool) -> Result<(), String>;
    fn filter(&mut self, text: &str);
    fn filter_text(&self) -> &str;
    /// What is wrong with the filter.
    fn filter_wrong(&self) -> Option<&str>;
    /// Groups by the next of user, client, server, nothing; its name.
    fn group_next(&mut self) -> Option<&'static str>;
    fn grouped_by(&self) -> Option<&'static str>;
    /// Folds or unfolds the group under the cursor; whether there is one.
    fn fold(&mut self) -> bool;

    fn columns(&self) -> Vec<ColumnState>;
    fn choose_columns(&mut self, names: &[String]) -> Result<(), String>;
    fn toggle_column(&mut self, column: usize);
    fn shift_column(&mut self, column: usize, right: bool) -> usize;
    fn size_column(&mut self, column: usize, by: i16);
    /// The column that keys act on.
    fn column(&self) -> usize;
    fn next_column(&mut self, right: bool);

    fn select_next(&mut self, height: usize);
    fn select_all(&mut self);
    fn select_none(&mut self);

    /// The way to what is beneath the cursor.
    fn drill(&self) -> Option<Drill>;
    /// The chosen rows with the numbers of their servers, and how much less old
    /// they may be: what would be ended.
    fn victims(&self, now: Tenths) -> Vec<(usize, Victim, Duration)>;
    /// Prints rows; how many.
    fn print(
        &self,
        style: Style,
        which: Which,
        now: Tenths,
        out: &mut dyn io::Write,
    ) -> io::Result<usize>;
}

/// The grid of a subject.
pub(crate) fn of(subject: Subject, several_servers: bool) -> Box<dyn Grid> {
    use crate::live::{Host, Use};
    match subject {
        Subject::Sessions => Box::new(Table::<smbwho::Session>::new(several_servers)),
        Subject::Files => Box::new(Table::<smbwho::OpenFile>::new(several_servers)),
        Subject::Shares => Box::new(Table::<smbwho::Share>::new(several_servers)),
        Subject::Connections => Box::new(Table::<Use>::new(several_servers)),
        Subject::Logons => Box::new(Table::<smbwho::Logon>::new(several_servers)),
        Subject::Servers => Box::new(Table::<Host>::new(several_servers)),
    }
}

#[cfg(test)]
mod tests;
