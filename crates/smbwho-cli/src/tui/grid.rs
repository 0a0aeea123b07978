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
    pub(crate) name: &'static str,
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
    /// Forgets rows that ended long enough ago; whether there were any.
    fn expire(&mut self, now: Tenths) -> bool;

    /// Goes on with an order that is being made, for about so many rows.
    fn work(&mut self, rows: usize);
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
    /// The selected rows, or the one under the cursor, with the numbers of
    /// their servers: what would be ended.
    fn victims(&self, now: Tenths) -> Vec<(usize, Victim)>;
    /// Prints what is shown, or of it what is selected; how many rows.
    fn print(
        &self,
        style: Style,
        only_selected: bool,
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
                name,
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
            return;
        }
        let mut places: Vec<u32> = delta.touched().collect();
        self.take_out(&places);
        places.extend(self.store.commit(delta, true, mark));
        self.put_in(places);
    }

    fn expire(&mut self, now: Tenths) -> bool {
        let places = self.store.expired(now, MARKED_FOR);
        if places.is_empty() {
            return false;
        }
        self.take_out(&places);
        self.store.forget(&places);
        self.lines.retain(|line| {
            line.place()
                .is_none_or(|place| self.store.get(place).is_some())
        });
        self.relocate();
        true
    }

    fn work(&mut self, rows: usize) {
        self.go_on(rows);
    }

    fn is_busy(&self) -> bool {
        self.rebuild.is_some()
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
            && let Some(slot) = self.store.get(place)
            && slot.mark != Mark::Ended
        {
            let selected = slot.selected;
            self.store.select(place, !selected);
        }
        self.go(Move::By(1), height);
    }

    fn select_all(&mut self) {
        for line in &self.lines {
            if let Some(place) = line.place()
                && self
                    .store
                    .get(place)
                    .is_some_and(|slot| slot.mark != Mark::Ended)
            {
                self.store.select(place, true);
            }
        }
    }

    fn select_none(&mut self) {
        for place in 0..self.store.end() {
            self.store.select(place, false);
        }
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
        let places: Vec<u32> = if self.store.selected() > 0 {
            let is_selected = |place: &u32| self.store.get(*place).is_some_and(|s| s.selected);
            (0..self.store.end()).filter(is_selected).collect()
        } else {
            self.current().into_iter().collect()
        };
        let victim = |place: u32| {
            let slot = self
                .store
                .get(place)
                .filter(|slot| slot.mark != Mark::Ended)?;
            let row = self.aged(place, now)?;
            Some((usize::try_from(slot.server).ok()?, row.data.victim()?))
        };
        places.into_iter().filter_map(victim).collect()
    }

    fn print(
        &self,
        style: Style,
        only_selected: bool,
        now: Tenths,
        mut out: &mut dyn io::Write,
    ) -> io::Result<usize> {
        let columns = self.columns.shown().map(|(_, column)| column).collect();
        let mut sink = output::sink::<T>(style, columns, &mut out);
        let wanted = |place: &u32| {
            let slot = self.store.get(*place);
            slot.is_some_and(|s| s.mark != Mark::Ended && (s.selected || !only_selected))
        };
        let places: Vec<u32> = self
            .lines
            .iter()
            .filter_map(|l| l.place())
            .filter(wanted)
            .collect();
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
