//! What the mouse does.

use std::time::Duration;

use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};

use super::{Effect, State};
use crate::output::table::GAP;
use crate::tui::{keys, view};

impl State {
    pub(super) fn mouse(&mut self, mouse: MouseEvent) -> Option<Effect> {
        let height = self.height();
        match mouse.kind {
            MouseEventKind::ScrollUp if self.is_grid() => self.grid().scroll(-3, height),
            MouseEventKind::ScrollDown if self.is_grid() => self.grid().scroll(3, height),
            MouseEventKind::Down(MouseButton::Left) if self.is_grid() => {
                if mouse.row == 1 {
                    self.click_head(mouse.column);
                } else if let Some(line) = usize::from(mouse.row)
                    .checked_sub(2)
                    .filter(|l| *l < height)
                    && self.grid().point(line)
                {
                    let last = self.clicked.replace((mouse.row, self.now));
                    let again = |(row, then)| {
                        row == mouse.row && self.now.since(then) < Duration::from_millis(500)
                    };
                    if last.is_some_and(again) {
                        self.clicked = None;
                        return self.act(keys::Action::Enter);
                    }
                }
            }
            _ => {}
        }
        None
    }

    /// Sorts by the column whose head is at this place of the screen.
    fn click_head(&mut self, at: u16) {
        use unicode_width::UnicodeWidthStr as _;
        let page = self.page();
        let mut from = view::MARGIN;
        for head in &page.heads {
            let end = from + head.text.width();
            if (from..end).contains(&usize::from(at)) {
                self.grid().sort(head.column);
                return;
            }
            from = end + GAP.len();
        }
    }
}
