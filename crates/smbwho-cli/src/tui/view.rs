//! Drawing: everything from the state and the page, nothing decided.

mod dialogs;
mod rows;

use std::time::Instant;

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier, Style};
use unicode_width::UnicodeWidthStr as _;

use super::grid::Total;
use super::keys::KEYS;
use super::state::{Mode, State, told};
use crate::live::Health;
use crate::output::escape::Visible;
use crate::problem::Cause;

/// Places before the first column: selected, mark, and a gap.
pub(crate) const MARGIN: usize = 3;
/// Those, and a gap and the bar behind the last column.
pub(crate) const AROUND: usize = MARGIN + 2;
/// Lines for what is wrong with a server, at most.
const TROUBLE: usize = 3;

/// The colours: the terminal's own sixteen, or none. What a colour says a sign
/// says too.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Palette {
    pub(crate) colour: bool,
    /// Whether the background is: green, yellow and cyan are hard to read there
    /// in whatever shades a terminal has them.
    pub(crate) light: bool,
}

impl Palette {
    fn of(self, colour: Color) -> Style {
        let colour = match colour {
            Color::Green | Color::Cyan if self.light => Color::Blue,
            Color::Yellow if self.light => Color::Magenta,
            colour => colour,
        };
        if self.colour {
            Style::new().fg(colour)
        } else {
            Style::new()
        }
    }

    fn good(self) -> Style {
        self.of(Color::Green)
    }

    fn bad(self) -> Style {
        self.of(Color::Red)
    }

    fn doubtful(self) -> Style {
        self.of(Color::Yellow)
    }

    fn accent(self) -> Style {
        self.of(Color::Cyan)
    }
}

const BOLD: Style = Style::new().add_modifier(Modifier::BOLD);
const DIM: Style = Style::new().add_modifier(Modifier::DIM);
const REVERSED: Style = Style::new().add_modifier(Modifier::REVERSED);

/// Draws the screen. Its size is the frame's, whatever was heard of it before.
pub(crate) fn draw(frame: &mut Frame<'_>, state: &mut State, palette: Palette) {
    let area = frame.area();
    state.size = (area.width, area.height);
    let page = state.page();
    let (state, page) = (&*state, &page);
    let buffer = frame.buffer_mut();
    if area.height < 4 || area.width < 10 {
        write(buffer, line_of(area, 0), area.x, "too small", BOLD);
        return;
    }
    path(buffer, line_of(area, 0), state, palette);
    rows::draw(buffer, page, state, palette);
    let mut bottom = area.height - 1;
    keys(buffer, line_of(area, bottom), state, palette);
    bottom -= 1;
    footer(buffer, line_of(area, bottom), state, palette);
    for text in trouble(state).iter().rev() {
        bottom -= 1;
        write(buffer, line_of(area, bottom), area.x, text, palette.bad());
    }
    dialogs::draw(frame, state, palette);
}

/// A line of an area, counted from 0; an empty one where the area has none.
fn line_of(area: Rect, line: u16) -> Rect {
    let line = Rect::new(area.x, area.y.saturating_add(line), area.width, 1);
    line.intersection(area)
}

/// Writes text into a line; where it ends. Nothing is written beyond the line
/// or the screen.
fn write(buffer: &mut Buffer, line: Rect, at: u16, text: &str, style: Style) -> u16 {
    let line = line.intersection(buffer.area);
    if line.is_empty() || at < line.x || at >= line.right() {
        return at.max(line.right());
    }
    let room = usize::from(line.right() - at);
    buffer.set_stringn(at, line.y, text, room, style).0
}

/// Where one is, and how it stands with the servers.
fn path(buffer: &mut Buffer, line: Rect, state: &State, palette: Palette) {
    let mut at = write(buffer, line, line.x, "smbwho ", BOLD);
    let servers = servers(state);
    at = write(buffer, line, at, &servers, palette.accent());
    for place in &state.places {
        if !place.title.is_empty() && place.title != servers {
            at = write(buffer, line, at, " › ", DIM);
            at = write(
                buffer,
                line,
                at,
                &Visible(&place.title).to_string(),
                palette.accent(),
            );
        }
        at = write(buffer, line, at, " › ", DIM);
        at = write(buffer, line, at, place.grid.subject().name(), BOLD);
    }
    let waiting = state.asked().filter(|s| s.health == Health::Asked).count();
    let (text, style) = if let Some(failing) = failing(state) {
        (format!("! {failing}"), palette.bad().patch(BOLD))
    } else if waiting > 0 {
        (format!("asking {waiting} …"), palette.doubtful())
    } else {
        ("live".to_owned(), palette.good())
    };
    let rounds = format!("  #{}", state.rounds);
    let width = u16::try_from(text.width() + rounds.width()).unwrap_or(line.width);
    let from = line.right().saturating_sub(width).max(at.saturating_add(2));
    let at = write(buffer, line, from, &text, style);
    write(buffer, line, at, &rounds, DIM);
}

/// How many servers say no, how many say nothing, and how many say more than is kept.
fn failing(state: &State) -> Option<String> {
    let count = |is: fn(Cause) -> bool| {
        let problems = state.troubles().filter(|(_, problem)| is(problem.cause));
        problems.count()
    };
    let parts = [
        (count(Cause::is_refusal), "refused"),
        (count(Cause::is_silence), "not answering"),
        (count(|cause| cause == Cause::TooLong), "cut short"),
    ];
    let parts: Vec<String> = parts
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| format!("{count} {what}"))
        .collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

/// Why there are no rows.
pub(crate) fn nothing(state: &State) -> String {
    let place = state.here();
    let name = place.grid.subject().name();
    let counts = place.grid.counts();
    let filter = !place.grid.filter_text().is_empty();
    let failing = failing(state);
    let first = state.troubles().next();
    let first = first.map(|(_, problem)| Visible(&told(problem)).to_string());
    match (counts.living, place.grid.has_answered()) {
        (1, _) if filter => format!("the filter hides the one {} there is", counts.one),
        (hidden, _) if filter && hidden > 0 => format!("the filter hides all {hidden} {name}"),
        (1.., _) => format!("no {name} to show"),
        (0, false) => match (failing, first) {
            _ if state.asked().any(|server| server.health == Health::Asked) => {
                "asking …".to_owned()
            }
            (Some(failing), Some(first)) => format!("not known: {failing} ({first})"),
            _ => "asking …".to_owned(),
        },
        (0, true) => match (failing, place.count) {
            (Some(failing), _) => format!("no {name} known: {failing}"),
            (None, _) if place.reason.is_some() => {
                let reason = place.reason.as_deref().unwrap_or_default();
                format!("no {name}: {}", Visible(reason))
            }
            (None, Some(count @ 1..)) => format!(
                "no {name} of it are told, though it has {count}: this account may not see them, \
                 or the server tells them under another name"
            ),
            (None, _) => format!("no {name}"),
        },
    }
}

/// The same as plain text.
pub(crate) fn path_text(state: &State) -> String {
    let mut text = format!("smbwho {}", servers(state));
    for place in &state.places {
        text.push_str(" › ");
        text.push_str(place.grid.subject().name());
    }
    text
}

fn servers(state: &State) -> String {
    match state.servers.as_slice() {
        [one] => Visible(&one.name).to_string(),
        all => format!("{} servers", all.len()),
    }
}

/// What is wrong with a server, and when it is tried again: the lines for it
/// above the footer.
pub(crate) fn trouble(state: &State) -> Vec<String> {
    let mut troubles = state.troubles();
    let (width, height) = state.size;
    let Some((server, problem)) = troubles.next().filter(|_| height > 8) else {
        return Vec::new();
    };
    let then = match &server.health {
        Health::Failed(_, when) => {
            let secs = when.saturating_duration_since(Instant::now()).as_secs();
            // Always as wide, so that lines do not come and go.
            format!("again in {secs:>2} s")
        }
        Health::Stopped(problem) if state.wants_password() => {
            let refused = problem.cause.is_refusal();
            let what = if refused { "refused" } else { "stopped" };
            format!("{what}; r asks for the password")
        }
        Health::Stopped(_) => "stopped; r tries again".to_owned(),
        Health::Asked | Health::Good => String::new(),
    };
    let more = match troubles.count() {
        0 => String::new(),
        more => format!(", and {more} more: !"),
    };
    let name = Visible(&server.name);
    let text = format!("! {name} ({then}{more}): {}", Visible(&told(problem)));
    let mut lines = dialogs::wrapped(&text, usize::from(width));
    if lines.len() > TROUBLE {
        lines.truncate(TROUBLE);
        if let Some(last) = lines.last_mut() {
            const MORE: &str = " … (!)";
            let room = usize::from(width).saturating_sub(MORE.width());
            let cut = dialogs::wrapped(last, room).swap_remove(0);
            *last = format!("{}{MORE}", cut.trim_end());
        }
    }
    lines
}

/// How many rows, their sums, the filter; or what is typed or said.
fn footer(buffer: &mut Buffer, line: Rect, state: &State, palette: Palette) {
    let grid = &state.here().grid;
    let at = match &state.mode {
        Mode::Filter(_) => {
            let at = write(buffer, line, line.x, "/", BOLD);
            let text = Visible(grid.filter_text()).to_string();
            let at = write(buffer, line, at, &text, Style::new());
            write(
                buffer,
                line,
                at,
                "_",
                palette.accent().add_modifier(Modifier::SLOW_BLINK),
            )
            .saturating_add(2)
        }
        Mode::Export(name) => {
            let at = write(buffer, line, line.x, "Export to (.csv or .json): ", BOLD);
            let at = write(buffer, line, at, &Visible(name).to_string(), Style::new());
            write(buffer, line, at, "_", palette.accent());
            return;
        }
        _ => line.x,
    };
    if let Mode::Filter(_) = state.mode
        && let Some(wrong) = grid.filter_wrong()
    {
        write(buffer, line, at, &Visible(wrong).to_string(), palette.bad());
        return;
    }
    if let Some((message, _)) = &state.message {
        write(
            buffer,
            line,
            at,
            &Visible(message).to_string(),
            palette.doubtful().patch(BOLD),
        );
        return;
    }
    write(buffer, line, at, &totals(state), Style::new());
}

/// `12 of 40 sessions · opens 31 · 2 selected · /alice`
pub(crate) fn totals(state: &State) -> String {
    let grid = &state.here().grid;
    let counts = grid.counts();
    let mut parts = Vec::new();
    let s = if counts.living == 1 { "" } else { "s" };
    parts.push(if !grid.has_answered() {
        // Nobody can say that there is nothing.
        "nothing told yet".to_owned()
    } else if counts.shown == counts.living {
        format!("{} {}{s}", counts.living, counts.one)
    } else {
        format!("{} of {} {}{s}", counts.shown, counts.living, counts.one)
    });
    parts.extend(counts.totals.iter().filter(|_| counts.shown > 0).map(total));
    if counts.selected > 0 {
        parts.push(format!("{} selected", counts.selected));
    }
    if let Some(by) = grid.grouped_by() {
        parts.push(format!("by {by}"));
    }
    if !grid.filter_text().is_empty() && !matches!(state.mode, Mode::Filter(_)) {
        parts.push(format!("/{}", Visible(grid.filter_text())));
    }
    if grid.is_busy() {
        parts.push("working …".to_owned());
    }
    parts.join(" · ")
}

/// A sum; `+` after it where some rows do not tell, `-` where none does.
fn total(total: &Total) -> String {
    let name = total.head.to_lowercase();
    match (total.sum, total.unknown) {
        (0, 1..) => format!("{name} -"),
        (sum, 1..) => format!("{name} {sum}+"),
        (sum, 0) => format!("{name} {sum}"),
    }
}

/// The keys that matter now.
fn keys(buffer: &mut Buffer, line: Rect, state: &State, palette: Palette) {
    let grid = KEYS.iter().map(|(key, word, _)| (*key, *word));
    let here: Vec<(&str, &str)> = match state.mode {
        Mode::Grid => grid.filter(|(_, word)| !word.is_empty()).collect(),
        Mode::Filter(_) => vec![
            ("Enter", "keep"),
            ("Esc", "undo"),
            ("", "words, user:alice, client=ws1, idle>30m, !word"),
        ],
        Mode::Help(_) | Mode::Result(_) => vec![("↑↓", "scroll"), ("any key", "closes this")],
        Mode::Columns(_) => vec![
            ("Space", "show or hide"),
            ("+ -", "width"),
            ("J K", "move"),
            ("Esc", "done"),
        ],
        Mode::Export(_) => vec![("Enter", "write"), ("Esc", "leave")],
        Mode::Password(_) => vec![
            ("Enter", "sign in; alone: with the same password again"),
            ("Esc", "leave"),
        ],
        Mode::Looking { .. } => vec![("Esc", "leave")],
        Mode::Plan(_) => vec![("↑↓", "scroll"), ("Enter", "do it"), ("Esc", "leave")],
        Mode::Ending => vec![("Esc", "stop after the orders under way")],
    };
    let mut at = line.x;
    for (key, word) in here {
        at = write(buffer, line, at, key, palette.accent().patch(BOLD));
        at = write(
            buffer,
            line,
            at,
            if key.is_empty() { "" } else { " " },
            Style::new(),
        );
        at = write(buffer, line, at, word, Style::new());
        at = write(buffer, line, at, "  ", Style::new());
    }
}

#[cfg(test)]
mod tests;
