//! Where the cursor is, and what of the lines is on the screen.

use super::table::Table;
use super::{Line, Move};
use crate::live::Live;

impl<T: Live> Table<T> {
    /// The row under the cursor.
    pub(super) fn current(&self) -> Option<u32> {
        self.cursor.and_then(Line::place)
    }

    pub(super) fn set_cursor(&mut self, at: usize) {
        self.cursor_at = at.min(self.lines.len().saturating_sub(1));
        self.cursor = self.lines.get(self.cursor_at).copied();
    }

    /// Finds the cursor's row again after lines came or went, and keeps it on
    /// its line of the screen; at the top of the list the top stays in sight.
    pub(super) fn relocate(&mut self) {
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
    pub(super) fn reveal(&mut self, height: usize) {
        let height = height.max(1);
        if self.cursor_at < self.top {
            self.top = self.cursor_at;
        } else if self.cursor_at >= self.top.saturating_add(height) {
            self.top = self.cursor_at + 1 - height;
        }
        self.top = self.top.min(self.lines.len().saturating_sub(height));
    }

    pub(super) fn move_to(&mut self, to: Move, height: usize) {
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

    pub(super) fn point_at(&mut self, line: usize) -> bool {
        let at = self.top + line;
        if at >= self.lines.len() {
            return false;
        }
        self.set_cursor(at);
        true
    }

    pub(super) fn scroll_by(&mut self, by: isize, height: usize) {
        let last = self.lines.len().saturating_sub(height);
        self.top = self.top.saturating_add_signed(by).min(last);
        let end = (self.top + height).saturating_sub(1);
        self.set_cursor(self.cursor_at.clamp(self.top, end.max(self.top)));
    }
}
