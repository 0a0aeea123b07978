//! A grid of one kind of row: what it is made of, and how it does what grids do.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use super::arrange::Rebuild;
use super::columns::{ColumnState, Columns};
use super::groups::Groups;
use super::{Counts, Grid, Line, MARKED_FOR, Move, Page, Total, Which, Work};
use crate::live::{Drill, Live, Moment, Rows, Store, Subject, Tenths, Victim};
use crate::output::{self, Style};
use crate::rows::{Cell, Column, Row};
use crate::tui::filter::Filter;

/// A grid of one kind of row.
pub(crate) struct Table<T: Live> {
    pub(super) store: Store<T>,
    /// What is shown, in order.
    pub(super) lines: Vec<Line>,
    pub(super) sort: Option<(&'static Column<T>, bool)>,
    pub(super) filter: Filter<T>,
    pub(super) filter_text: String,
    pub(super) group_by: Option<&'static Column<T>>,
    pub(super) groups: Groups,
    pub(super) rebuild: Option<Rebuild>,
    /// The next place to look at while everything is being selected.
    pub(super) selecting: Option<u32>,
    /// The number of the order that is shown or being made; never 0.
    pub(super) order: u16,
    pub(super) shown: usize,
    pub(super) totals: Vec<(&'static Column<T>, Total)>,
    pub(super) columns: Columns<T>,
    pub(super) cursor: Option<Line>,
    pub(super) cursor_at: usize,
    pub(super) top: usize,
    /// Servers that have answered: what comes later is new.
    pub(super) answered: Vec<bool>,
    pub(super) now: Tenths,
    /// When the order was last made anew.
    pub(super) rearranged: Tenths,
    pub(super) spent: Work,
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

    /// A row as it is by now.
    pub(super) fn aged(&self, place: u32, now: Tenths) -> Option<Row<T>> {
        let slot = self.store.get(place)?;
        let mut row = slot.row.clone();
        row.data.age(slot.aged(now));
        Some(row)
    }
}

/// A time counts on from when it was told.
pub(super) fn count_on(cell: Cell<'_>, by: Duration) -> Cell<'_> {
    match cell {
        Cell::Span(span) => Cell::Span(span.saturating_add(by)),
        other => other,
    }
}

impl<T: Live> Grid for Table<T> {
    fn subject(&self) -> Subject {
        T::SUBJECT
    }

    fn take(&mut self, server: usize, name: &Arc<str>, rows: Rows, complete: bool, now: Moment) {
        let Some(rows) = T::of(rows) else { return };
        self.now = self.now.max(now.at);
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
        self.move_to(to, height);
    }

    fn point(&mut self, line: usize) -> bool {
        self.point_at(line)
    }

    fn scroll(&mut self, by: isize, height: usize) {
        self.scroll_by(by, height);
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
        let rows = self.group_by.map_or(0, |_| self.store.living());
        std::mem::replace(&mut self.groups, Groups::with_room(rows)).discard();
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

    fn victims(&self, now: Tenths) -> Vec<(usize, Victim, Duration)> {
        let victim = |place: u32| {
            let slot = self.store.get(place)?;
            let server = usize::try_from(slot.server).ok()?;
            let victim = self.aged(place, now)?.data.victim()?;
            Some((server, victim, slot.within()))
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
