//! What stands over the grid while something is asked or told.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::widgets::{Block, BorderType, Clear, Widget as _};
use unicode_width::UnicodeWidthStr as _;

use super::{BOLD, DIM, Palette, REVERSED, line_of, write};
use crate::commands::consent;
use crate::output::escape::Visible;
use crate::tui::keys::KEYS;
use crate::tui::state::{Agreeing, Mode, State};

/// A line and how it looks.
type Styled = (String, Style);

pub(super) fn draw(frame: &mut Frame<'_>, state: &State, palette: Palette) {
    match &state.mode {
        Mode::Grid | Mode::Filter(_) | Mode::Export(_) => {}
        Mode::Help(from) => {
            let line =
                |(key, _, text): &(&str, &str, &str)| (format!("{key:<12} {text}"), Style::new());
            let mut lines: Vec<Styled> = KEYS.iter().map(line).collect();
            let signs = "+ came   - ended   ! its server does not answer   * selected";
            lines.push((signs.to_owned(), BOLD));
            boxed(frame, "Keys", &lines, *from, None);
        }
        Mode::Columns(at) => {
            let columns = state.here().grid.columns();
            let line = |(index, column): (usize, &crate::tui::grid::ColumnState)| {
                let width = column
                    .width
                    .map_or("auto".to_owned(), |width| width.to_string());
                let shown = if column.shown { "x" } else { " " };
                let style = if index == *at { REVERSED } else { Style::new() };
                (format!("[{shown}] {:<16} {width:>4}", column.name), style)
            };
            let lines: Vec<Styled> = columns.iter().enumerate().map(line).collect();
            boxed(frame, "Columns", &lines, at.saturating_sub(10), None);
        }
        Mode::Password(_) => {
            let who = state.account.as_deref().unwrap_or_default();
            let line = format!("Password for {}: (nothing is shown)", Visible(who));
            boxed(frame, "Sign in", &[(line, BOLD)], 0, None);
        }
        Mode::Looking { .. } => {
            boxed(
                frame,
                "Close",
                &[("Looking at the server …".to_owned(), DIM)],
                0,
                None,
            );
        }
        Mode::Plan(asked) => plan(frame, asked, palette),
        Mode::Ending => {
            boxed(frame, "Close", &[("Ending …".to_owned(), BOLD)], 0, None);
        }
        Mode::Result(outcome) => {
            let lines = outcome
                .lines
                .iter()
                .map(|line| (line.clone(), Style::new()));
            boxed(
                frame,
                outcome.title,
                &lines.collect::<Vec<_>>(),
                outcome.from,
                None,
            );
        }
    }
}

fn plan(frame: &mut Frame<'_>, asked: &Agreeing, palette: Palette) {
    let Agreeing { plan, typed, .. } = asked;
    let things = plan.things.iter().skip(asked.from);
    let mut lines: Vec<Styled> = things
        .map(|thing| (format!("  {}", Visible(thing)), Style::new()))
        .collect();
    let note = |note: &String| (format!("Note: {}", Visible(note)), palette.doubtful());
    lines.splice(0..0, plan.besides.iter().map(note));
    let question = format!("{}{}_", consent::question(plan), Visible(typed));
    let title = format!("Will {}", Visible(&plan.what));
    boxed(
        frame,
        &title,
        &lines,
        0,
        Some((question, palette.bad().patch(BOLD))),
    );
}

/// A box in the middle, as large as its lines or the screen; the last line
/// always in sight.
fn boxed(frame: &mut Frame<'_>, title: &str, lines: &[Styled], from: usize, last: Option<Styled>) {
    let area = frame.area();
    let room = usize::from(area.width.saturating_sub(4)).max(1);
    let wrap = |(text, style): &Styled| {
        let parts = wrapped(text, room).into_iter();
        parts.map(|part| (part, *style)).collect::<Vec<_>>()
    };
    let lines: Vec<Styled> = lines.iter().skip(from).flat_map(wrap).collect();
    let last: Vec<Styled> = last.iter().flat_map(wrap).collect();
    let all = lines.iter().chain(&last).map(|(text, _)| text.width());
    let widest = all.max().unwrap_or(0).max(title.width()).min(room);
    let width = u16::try_from(widest.saturating_add(4)).unwrap_or(area.width);
    let tall = lines.len() + last.len() + 2;
    let height = u16::try_from(tall)
        .unwrap_or(u16::MAX)
        // The line of keys stays in sight.
        .min(area.height.saturating_sub(1));
    let inside = Rect::new(
        area.x + (area.width.saturating_sub(width)) / 2,
        area.y + (area.height.saturating_sub(height.saturating_add(1))) / 2,
        width.min(area.width),
        height,
    );
    let buffer = frame.buffer_mut();
    let inside = inside.intersection(buffer.area);
    Clear.render(inside, buffer);
    let block = Block::bordered()
        .border_type(BorderType::Plain)
        .title(format!(" {title} "));
    block.render(inside, buffer);
    let shown = usize::from(height.saturating_sub(2)).saturating_sub(last.len());
    let mut lines = lines;
    if lines.len() > shown && shown > 0 {
        let more = format!("… {} more lines: ↓", lines.len() + 1 - shown);
        lines.truncate(shown - 1);
        lines.push((more, DIM));
    }
    let lines = lines.iter().take(shown).chain(&last);
    for (index, (text, style)) in lines.enumerate() {
        let mut line = line_of(inside, u16::try_from(index + 1).unwrap_or(u16::MAX));
        if line.y.saturating_add(1) >= inside.bottom() {
            break;
        }
        line.width = line.width.saturating_sub(2);
        write(buffer, line, line.x.saturating_add(2), text, *style);
    }
}

/// The text in lines of so many places, broken between words where it can be.
pub(super) fn wrapped(text: &str, room: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    let mut push = |part: &str| {
        let last = lines.len() - 1;
        if lines[last].width() + part.width() <= room {
            lines[last].push_str(part);
            return;
        }
        let mut line = String::new();
        for c in part.trim_start().chars() {
            let mut next = line.clone();
            next.push(c);
            if next.width() > room {
                lines.push(std::mem::take(&mut line));
            }
            line.push(c);
        }
        lines.push(line);
    };
    text.split_inclusive(' ').for_each(&mut push);
    lines
}
