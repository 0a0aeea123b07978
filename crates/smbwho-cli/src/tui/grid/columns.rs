//! The columns of a grid: which, in which order, how wide.

use unicode_width::UnicodeWidthStr as _;

use crate::output::table::GAP;
use crate::rows::{Align, Column, Kind, Shown};

/// No column is narrower when there is not room enough for all.
const NARROWEST: usize = 6;
const WIDEST: u16 = 200;

/// A column, for whoever chooses among them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ColumnState {
    pub(crate) name: &'static str,
    pub(crate) shown: bool,
    /// The width that was chosen.
    pub(crate) width: Option<u16>,
}

pub(super) struct Columns<T: 'static> {
    columns: Vec<Chosen<T>>,
    current: usize,
}

struct Chosen<T: 'static> {
    column: &'static Column<T>,
    shown: bool,
    width: Option<u16>,
    /// The widest cell that was on the screen.
    seen: usize,
}

impl<T: Kind> Columns<T> {
    pub(super) fn new(several_servers: bool) -> Self {
        let shown = |column: &Column<T>| match column.shown {
            Shown::Always => true,
            Shown::SeveralServers => several_servers,
            Shown::Wide | Shown::Here => false,
        };
        let chosen = |column: &'static Column<T>| Chosen {
            column,
            shown: shown(column),
            width: None,
            // With room for the arrow of the order.
            seen: column.header.width() + 1,
        };
        let mut columns = Self {
            columns: T::COLUMNS.iter().map(chosen).collect(),
            current: 0,
        };
        columns.settle();
        columns
    }

    pub(super) fn get(&self, column: usize) -> Option<&'static Column<T>> {
        self.columns.get(column).map(|chosen| chosen.column)
    }

    pub(super) fn shown(&self) -> impl Iterator<Item = (usize, &'static Column<T>)> + '_ {
        let columns = self.columns.iter().enumerate();
        columns
            .filter(|(_, chosen)| chosen.shown)
            .map(|(at, chosen)| (at, chosen.column))
    }

    pub(super) fn states(&self) -> Vec<ColumnState> {
        let state = |chosen: &Chosen<T>| ColumnState {
            name: chosen.column.name,
            shown: chosen.shown,
            width: chosen.width,
        };
        self.columns.iter().map(state).collect()
    }

    pub(super) fn choose(&mut self, wanted: Vec<&'static Column<T>>) {
        let place = |chosen: &Chosen<T>| {
            let mut wanted = wanted.iter();
            wanted.position(|column| column.name == chosen.column.name)
        };
        for chosen in &mut self.columns {
            chosen.shown = wanted
                .iter()
                .any(|column| column.name == chosen.column.name);
        }
        self.columns
            .sort_by_key(|chosen| place(chosen).unwrap_or(usize::MAX));
        self.settle();
    }

    /// Shows or hides a column; the last one stays.
    pub(super) fn toggle(&mut self, column: usize) {
        let shown = self.columns.iter().filter(|chosen| chosen.shown).count();
        if let Some(chosen) = self.columns.get_mut(column)
            && (shown > 1 || !chosen.shown)
        {
            chosen.shown = !chosen.shown;
        }
        self.settle();
    }

    /// Moves a column; where it is then.
    pub(super) fn shift(&mut self, column: usize, right: bool) -> usize {
        let to = column.saturating_add_signed(if right { 1 } else { -1 });
        if column < self.columns.len() && to < self.columns.len() {
            self.columns.swap(column, to);
            return to;
        }
        column
    }

    /// Makes a column wider or narrower than it would be by itself.
    pub(super) fn size(&mut self, column: usize, by: i16) {
        if let Some(chosen) = self.columns.get_mut(column) {
            let own = u16::try_from(chosen.seen).unwrap_or(WIDEST);
            let width = chosen.width.unwrap_or(own).saturating_add_signed(by);
            chosen.width = Some(width.clamp(1, WIDEST));
        }
    }

    pub(super) fn current(&self) -> usize {
        self.current
    }

    pub(super) fn go(&mut self, right: bool) {
        let at = self.current;
        let shown: Vec<usize> = self.shown().map(|(at, _)| at).collect();
        let mut shown = shown.into_iter();
        let next = if right {
            shown.find(|other| *other > at)
        } else {
            shown.take_while(|other| *other < at).last()
        };
        self.current = next.unwrap_or(at);
    }

    /// Brings the current column onto one that is shown.
    fn settle(&mut self) {
        if !self
            .columns
            .get(self.current)
            .is_some_and(|chosen| chosen.shown)
        {
            let first = self.shown().map(|(at, _)| at).next();
            self.current = first.unwrap_or(0);
        }
    }

    /// Learns how wide a cell on the screen is.
    pub(super) fn see(&mut self, column: usize, width: usize) {
        if let Some(chosen) = self.columns.get_mut(column) {
            chosen.seen = chosen.seen.max(width);
        }
    }

    /// The columns that fit into so many places, with their widths. Text gives
    /// way first; then columns are left out at the left, so that the current
    /// one is in sight, and cut at the right.
    pub(super) fn layout(&self, places: usize) -> Vec<(usize, &'static Column<T>, usize)> {
        let width = |chosen: &Chosen<T>| chosen.width.map_or(chosen.seen, usize::from);
        let mut columns: Vec<(usize, &'static Column<T>, usize)> = self
            .shown()
            .map(|(at, column)| (at, column, width(&self.columns[at])))
            .collect();
        let taken = |columns: &[(usize, &'static Column<T>, usize)]| {
            let widths: usize = columns.iter().map(|(.., width)| width).sum();
            widths + GAP.len() * columns.len().saturating_sub(1)
        };
        while taken(&columns) > places {
            let shrinks = |(at, column, width): &&mut (usize, &'static Column<T>, usize)| {
                column.align == Align::Left
                    && self.columns[*at].width.is_none()
                    && *width > NARROWEST.max(column.header.width() + 1)
            };
            let widest = columns
                .iter_mut()
                .filter(shrinks)
                .max_by_key(|(.., width)| *width);
            match widest {
                Some((.., width)) => *width -= 1,
                None => break,
            }
        }
        while taken(&columns) > places && columns.first().is_some_and(|c| c.0 != self.current) {
            // As long as the current one is beyond the edge.
            let at = columns
                .iter()
                .position(|c| c.0 == self.current)
                .unwrap_or(0);
            if taken(&columns[..=at]) <= places {
                break;
            }
            columns.remove(0);
        }
        columns
    }
}
