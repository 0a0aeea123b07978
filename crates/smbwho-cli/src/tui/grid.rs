//! One grid: the rows of a subject in an order, with a cursor, a selection,
//! and columns.
//!
//! What is shown is a list of places in the [`Store`], kept in order: an
//! answer takes out what it touches and puts it back where it belongs now;
//! another order, filter or grouping is made anew in slices between two key
//! presses ([`arrange`]). Only what is on the screen is ever formatted.

mod arrange;
mod columns;
mod page;

use std::io;
use std::sync::Arc;
use std::time::Duration;

use super::filter::Filter;
use crate::live::{Drill, Live, Mark, Rows, Store, Subject, Tenths, Victim};
use crate::output::{self, Style};
use crate::rows::{Cell, Column, Row};

pub(crate) use arrange::SLICE;
use arrange::{Groups, Rebuild};
pub(crate) use columns::ColumnState;
use columns::Columns;
pub(crate) use page::{Page, PageLine};

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
    fn take(&mut self, server: usize, name: &Arc<str>, rows: Rows, complete: bool, now: Tenths);
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
    /// The chosen rows with the numbers of their servers: what would be ended.
    fn victims(&self, now: Tenths) -> Vec<(usize, Victim)>;
    /// Prints rows; how many.
    fn print(
        &self,
        style: Style,
        which: Which,
        now: Tenths,
        out: &mut dyn io::Write,
    ) -> io::Result<usize>;
}

/// A grid of one kind of row.
pub(crate) struct Table<T: Live> {
    store: Store<T>,
    /// What is shown, in order.
    lines: Vec<Line>,
    sort: Option<(&'static Column<T>, bool)>,
    filter: Filter<T>,
    filter_text: String,
    group_by: Option<&'static Column<T>>,
    groups: Groups,
    rebuild: Option<Rebuild>,
    /// The next place to look at while everything is being selected.
    selecting: Option<u32>,
    /// The number of the order that is shown or being made; never 0.
    order: u16,
    shown: usize,
    totals: Vec<(&'static Column<T>, Total)>,
    columns: Columns<T>,
    cursor: Option<Line>,
    cursor_at: usize,
    top: usize,
    /// Servers that have answered: what comes later is new.
    answered: Vec<bool>,
    now: Tenths,
    /// When the order was last made anew.
    rearranged: Tenths,
    spent: Work,
}

impl<T: Live> Table<T> {
    pub(crate) fn new(several_servers: bool) -> Self {
        let total = |name: &&'static str| {
            let column = T::COLUMNS.iter().find(|column| column.name == *name)?;
            let total = Total {
                head: column.header,
                sum: 0,
                unknown: 0,
            };
            Some((column, total))
        };
        Self {
            store: Store::new(),
            lines: Vec::new(),
            sort: T::COLUMNS
                .iter()
                .find(|column| column.name == T::SORT)
                .map(|column| (column, false)),
            filter: Filter::parse(""),
            filter_text: String::new(),
            group_by: None,
            groups: Groups::default(),
            rebuild: None,
            selecting: None,
            order: 1,
            shown: 0,
            totals: T::TOTALS.iter().filter_map(total).collect(),
            columns: Columns::new(several_servers),
            cursor: None,
            cursor_at: 0,
            top: 0,
            answered: Vec::new(),
            now: Tenths::default(),
            rearranged: Tenths::default(),
            spent: Work::default(),
        }
    }

    /// The row under the cursor.
    fn current(&self) -> Option<u32> {
        self.cursor.and_then(Line::place)
    }

    fn set_cursor(&mut self, at: usize) {
        self.cursor_at = at.min(self.lines.len().saturating_sub(1));
        self.cursor = self.lines.get(self.cursor_at).copied();
    }

    /// Finds the cursor's row again after lines came or went, and keeps it on
    /// its line of the screen; at the top of the list the top stays in sight.
    fn relocate(&mut self) {
        let found = match self.cursor {
            Some(line) if self.lines.get(self.cursor_at) == Some(&line) => Some(self.cursor_at),
            Some(line) => self.lines.iter().position(|other| *other == line),
            None => None,
        };
        match found {
            Some(at) => {
                if self.top > 0 {
                    let by = at.wrapping_sub(self.cursor_at);
                    // Wraps back where the difference is negative.
                    self.top = self.top.wrapping_add(by).min(at);
                }
                self.cursor_at = at;
            }
            None => self.set_cursor(self.cursor_at),
        }
    }

    /// Brings the cursor into sight.
    fn reveal(&mut self, height: usize) {
        let height = height.max(1);
        if self.cursor_at < self.top {
            self.top = self.cursor_at;
        } else if self.cursor_at >= self.top.saturating_add(height) {
            self.top = self.cursor_at + 1 - height;
        }
        self.top = self.top.min(self.lines.len().saturating_sub(height));
    }

    /// Whether a row has not ended.
    fn lives(&self, place: u32) -> bool {
        let slot = self.store.get(place);
        slot.is_some_and(|slot| slot.mark != Mark::Ended)
    }

    /// The selected rows, or the one under the cursor, in order, without those
    /// that have ended.
    fn chosen(&self) -> Vec<u32> {
        let mut places = self.store.selection();
        if self.store.selected() == 0 {
            places.extend(self.current());
        }
        places.retain(|place| self.lives(*place));
        places.sort_by(|&a, &b| self.compare(Line(a), Line(b)));
        places
    }

    /// Goes on selecting what is shown, for so many rows.
    fn select_on(&mut self, rows: usize) {
        let Some(next) = self.selecting else {
            return;
        };
        let rows = u32::try_from(rows).unwrap_or(u32::MAX);
        let until = next.saturating_add(rows).min(self.store.end());
        for place in next..until {
            let shown = self.store.get(place).is_some_and(|slot| {
                slot.placed == self.order && slot.mark != Mark::Ended && !self.is_folded(slot)
            });
            if shown {
                self.store.select(place, true);
            }
        }
        self.selecting = (until < self.store.end()).then_some(until);
    }

    /// A row as it is by now.
    fn aged(&self, place: u32, now: Tenths) -> Option<Row<T>> {
        let slot = self.store.get(place)?;
        let mut row = slot.row.clone();
        row.data.age(slot.aged(now));
        Some(row)
    }
}

/// A time counts on from when it was told.
fn count_on(cell: Cell<'_>, by: Duration) -> Cell<'_> {
    match cell {
        Cell::Span(span) => Cell::Span(span.saturating_add(by)),
        other => other,
    }
}

impl<T: Live> Grid for Table<T> {
    fn subject(&self) -> Subject {
        T::SUBJECT
    }

    fn take(&mut self, server: usize, name: &Arc<str>, rows: Rows, complete: bool, now: Tenths) {
        let Some(rows) = T::of(rows) else { return };
        self.now = now;
        if self.answered.len() <= server {
            self.answered.resize(server + 1, false);
        }
        let delta = self.store.compare(server, name, rows, complete, now);
        let mark = std::mem::replace(&mut self.answered[server], true);
        if delta.is_empty() {
            self.store.commit(delta, true, mark);
            return;
        }
        let mut places: Vec<u32> = delta.touched().collect();
        self.take_out(&places);
        places.extend(self.store.commit(delta, true, mark));
        self.put_in(places);
    }

    fn has_answered(&self) -> bool {
        self.answered.iter().any(|answered| *answered)
    }

    fn expire(&mut self, now: Tenths) -> bool {
        let places = self.store.expired(now, MARKED_FOR);
        if places.is_empty() {
            return false;
        }
        self.take_out(&places);
        self.store.forget(&places);
        if self.rebuild.is_some() {
            // The old order is still in sight.
            let store = &self.store;
            let is_there =
                |line: &Line| line.place().is_none_or(|place| store.get(place).is_some());
            self.lines.retain(is_there);
        }
        self.relocate();
        true
    }

    fn work(&mut self, rows: usize) {
        if self.rebuild.is_some() {
            self.go_on(rows);
        } else {
            self.select_on(rows);
        }
    }

    fn is_busy(&self) -> bool {
        self.rebuild.is_some() || self.selecting.is_some()
    }

    #[cfg(test)]
    fn spent(&self) -> Work {
        self.spent
    }

    fn page(&mut self, width: usize, height: usize, now: Tenths, stale: &[bool]) -> Page {
        self.reveal(height);
        self.make_page(width, height, now, stale)
    }

    fn counts(&self) -> Counts {
        Counts {
            one: T::ONE,
            shown: self.shown,
            living: self.store.living(),
            selected: self.store.selected(),
            totals: self.totals.iter().map(|(_, total)| total.clone()).collect(),
        }
    }

    fn go(&mut self, to: Move, height: usize) {
        let page = isize::try_from(height.saturating_sub(1).max(1)).unwrap_or(1);
        let at = match to {
            Move::By(by) => self.cursor_at.saturating_add_signed(by),
            Move::Page(pages) => self
                .cursor_at
                .saturating_add_signed(pages.saturating_mul(page)),
            Move::Home => 0,
            Move::End => self.lines.len(),
        };
        self.set_cursor(at);
        self.reveal(height);
    }

    fn point(&mut self, line: usize) -> bool {
        let at = self.top + line;
        if at >= self.lines.len() {
            return false;
        }
        self.set_cursor(at);
        true
    }

    fn scroll(&mut self, by: isize, height: usize) {
        let last = self.lines.len().saturating_sub(height);
        self.top = self.top.saturating_add_signed(by).min(last);
        let end = (self.top + height).saturating_sub(1);
        self.set_cursor(self.cursor_at.clamp(self.top, end.max(self.top)));
    }

    fn sort(&mut self, column: usize) {
        let Some(column) = self.columns.get(column) else {
            return;
        };
        let reverse = matches!(self.sort, Some((by, false)) if by.name == column.name);
        self.sort = Some((column, reverse));
        self.rearrange();
    }

    fn sort_by(&mut self, name: &str, reverse: bool) -> Result<(), String> {
        self.sort = Some((crate::rows::find::<T>(name)?, reverse));
        self.rearrange();
        Ok(())
    }

    fn filter(&mut self, text: &str) {
        if text != self.filter_text {
            text.clone_into(&mut self.filter_text);
            self.filter = Filter::parse(text);
            self.rearrange();
        }
    }

    fn filter_text(&self) -> &str {
        &self.filter_text
    }

    fn filter_wrong(&self) -> Option<&str> {
        self.filter.wrong.as_deref()
    }

    fn group_next(&mut self) -> Option<&'static str> {
        const NAMES: [&str; 3] = ["user", "client", "server"];
        let from = match self.group_by {
            None => 0,
            Some(column) => {
                1 + NAMES
                    .iter()
                    .position(|name| *name == column.name)
                    .unwrap_or(2)
            }
        };
        let mut names = NAMES.iter().skip(from);
        self.group_by = names.find_map(|name| T::COLUMNS.iter().find(|c| c.name == *name));
        self.groups = Groups::default();
        self.rearrange();
        self.grouped_by()
    }

    fn grouped_by(&self) -> Option<&'static str> {
        self.group_by.map(|column| column.name)
    }

    fn fold(&mut self) -> bool {
        let Some(group) = self.cursor.and_then(Line::heads) else {
            return false;
        };
        self.groups.fold(group);
        self.rearrange();
        true
    }

    fn columns(&self) -> Vec<ColumnState> {
        self.columns.states()
    }

    fn choose_columns(&mut self, names: &[String]) -> Result<(), String> {
        self.columns.choose(crate::rows::choose::<T>(names)?);
        Ok(())
    }

    fn toggle_column(&mut self, column: usize) {
        self.columns.toggle(column);
    }

    fn shift_column(&mut self, column: usize, right: bool) -> usize {
        self.columns.shift(column, right)
    }

    fn size_column(&mut self, column: usize, by: i16) {
        self.columns.size(column, by);
    }

    fn column(&self) -> usize {
        self.columns.current()
    }

    fn next_column(&mut self, right: bool) {
        self.columns.go(right);
    }

    fn select_next(&mut self, height: usize) {
        if let Some(place) = self.current()
            && self.lives(place)
        {
            self.store.select(place, !self.store.is_selected(place));
        }
        self.go(Move::By(1), height);
    }

    fn select_all(&mut self) {
        self.selecting = Some(0);
    }

    fn select_none(&mut self) {
        self.selecting = None;
        self.store.select_none();
    }

    fn drill(&self) -> Option<Drill> {
        let slot = self.store.get(self.current()?)?;
        let mut drill = slot.row.data.drill()?;
        drill.scope.server = usize::try_from(slot.server).ok();
        if drill.title.is_empty() {
            drill.title = slot.row.server.to_string();
        }
        Some(drill)
    }

    fn victims(&self, now: Tenths) -> Vec<(usize, Victim)> {
        let victim = |place: u32| {
            let server = usize::try_from(self.store.get(place)?.server).ok()?;
            Some((server, self.aged(place, now)?.data.victim()?))
        };
        self.chosen().into_iter().filter_map(victim).collect()
    }

    fn print(
        &self,
        style: Style,
        which: Which,
        now: Tenths,
        mut out: &mut dyn io::Write,
    ) -> io::Result<usize> {
        let columns = self.columns.shown().map(|(_, column)| column).collect();
        let mut sink = output::sink::<T>(style, columns, &mut out);
        let places = match which {
            Which::Chosen => self.chosen(),
            Which::Shown => {
                let shown = self.lines.iter().filter_map(|line| line.place());
                shown.filter(|place| self.lives(*place)).collect()
            }
        };
        for part in places.chunks(1024) {
            sink.rows(
                part.iter()
                    .filter_map(|&place| self.aged(place, now))
                    .collect(),
            )?;
        }
        sink.finish(&[])?;
        Ok(places.len())
    }
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
