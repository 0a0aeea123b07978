//! The heads and the rows.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};

use super::{BOLD, DIM, MARGIN, Palette, REVERSED, line_of, write};
use crate::output::table::GAP;
use crate::tui::grid::{Page, PageLine};
use crate::tui::state::State;

pub(super) fn draw(buffer: &mut Buffer, page: &Page, state: &State, palette: Palette) {
    let area = *buffer.area();
    heads(buffer, line_of(area, 1), page);
    let height = state.height();
    for (index, line) in page.lines.iter().take(height).enumerate() {
        let at = line_of(area, u16::try_from(index + 2).unwrap_or(u16::MAX));
        row(buffer, at, line, palette);
    }
    if page.lines.is_empty() {
        let room = usize::from(area.width).saturating_sub(MARGIN);
        let text = super::dialogs::wrapped(&super::nothing(state), room);
        for (index, text) in text.iter().take(height).enumerate() {
            let line = line_of(area, u16::try_from(index + 2).unwrap_or(u16::MAX));
            write(buffer, line, line.x.saturating_add(3), text, DIM);
        }
    }
    bar(buffer, area, page, height);
}

fn heads(buffer: &mut Buffer, line: Rect, page: &Page) {
    buffer.set_style(line, BOLD.add_modifier(Modifier::UNDERLINED));
    let mut at = u16::try_from(MARGIN).unwrap_or(0);
    for head in &page.heads {
        let style = if head.current { REVERSED } else { Style::new() };
        at = write(buffer, line, at, &head.text, style);
        at = at.saturating_add(u16::try_from(GAP.len()).unwrap_or(0));
    }
}

fn row(buffer: &mut Buffer, at: Rect, line: &PageLine, palette: Palette) {
    let style = match line.mark {
        _ if line.heading => BOLD,
        '+' => palette.good(),
        '-' => DIM,
        '!' => palette.doubtful(),
        _ => Style::new(),
    };
    let style = if line.selected {
        style.patch(BOLD)
    } else {
        style
    };
    let sign = if line.selected { "*" } else { " " };
    let end = write(buffer, at, at.x, sign, style);
    let end = write(buffer, at, end, line.mark.encode_utf8(&mut [0; 4]), style);
    write(buffer, at, end.saturating_add(1), &line.text, style);
    if line.cursor {
        buffer.set_style(at, style.patch(REVERSED));
    }
}

/// Where in all lines the screen is.
fn bar(buffer: &mut Buffer, area: Rect, page: &Page, height: usize) {
    if page.of <= height || area.width < 20 {
        return;
    }
    let long = (height * height / page.of).max(1);
    let room = height.saturating_sub(long);
    let from = page.from * room / (page.of - height).max(1);
    for line in 0..height {
        let inside = (from..from + long).contains(&line);
        let at = line_of(area, u16::try_from(line + 2).unwrap_or(u16::MAX));
        let sign = if inside { "█" } else { "│" };
        write(buffer, at, area.right().saturating_sub(1), sign, DIM);
    }
}
