//! The terminal: taken over, and given back whatever happens.

use std::io::{self, Stdout, Write as _};
use std::panic;
use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering};

use crossterm::cursor::Show;
use crossterm::event::{DisableMouseCapture, EnableMouseCapture};
use crossterm::terminal::{
    EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};
use crossterm::{execute, queue};
use ratatui::backend::{Backend as _, CrosstermBackend};
use ratatui::layout::Rect;
use ratatui::{Frame, Terminal, TerminalOptions, Viewport};

/// Columns and lines that are drawn on at most, whatever a terminal says it has.
const LARGEST: (u16, u16) = (1000, 500);

/// Whether the terminal is ours now.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// The terminal while it is ours; given back when dropped.
pub(crate) struct Screen {
    terminal: Terminal<CrosstermBackend<Stdout>>,
    /// What is drawn on.
    area: Rect,
}

impl Screen {
    /// Takes the terminal over. A panic in any thread gives it back before its
    /// message is printed.
    pub(crate) fn take() -> io::Result<Self> {
        static HOOK: Once = Once::new();
        HOOK.call_once(|| {
            let before = panic::take_hook();
            panic::set_hook(Box::new(move |info| {
                give_back();
                before(info);
            }));
        });
        // Its size is asked for in one place, `fit`.
        let options = TerminalOptions {
            viewport: Viewport::Fixed(Rect::ZERO),
        };
        let backend = CrosstermBackend::new(io::stdout());
        let mut screen = Self {
            terminal: Terminal::with_options(backend, options)?,
            area: Rect::ZERO,
        };
        screen.enter()?;
        Ok(screen)
    }

    /// Takes it over again after [`leave`](Self::leave), and draws all anew.
    pub(crate) fn enter(&mut self) -> io::Result<()> {
        TAKEN.store(true, Ordering::SeqCst);
        enable_raw_mode()?;
        execute!(io::stdout(), EnterAlternateScreen, EnableMouseCapture)?;
        self.area = Rect::ZERO;
        self.fit()
    }

    /// Draws a screen. What it is drawn on is what it is asked to be drawn on:
    /// a terminal that changes its size meanwhile is drawn on anew.
    pub(crate) fn draw(&mut self, draw: impl FnOnce(&mut Frame<'_>)) -> io::Result<()> {
        self.fit()?;
        self.terminal.draw(draw)?;
        Ok(())
    }

    /// Takes on the size of the terminal. Clears where that is another, and asks
    /// the terminal nothing: what answers to a question would be read among the
    /// keys.
    fn fit(&mut self) -> io::Result<()> {
        let size = self.terminal.backend().size()?;
        let (width, height) = (size.width.min(LARGEST.0), size.height.min(LARGEST.1));
        let area = Rect::new(0, 0, width, height);
        if area != self.area {
            self.area = area;
            self.terminal.resize(area)?;
        }
        Ok(())
    }

    /// Gives it back for a while.
    pub(crate) fn leave(&mut self) {
        give_back();
    }

    /// Whether a panic somewhere gave it back.
    pub(crate) fn is_lost(&self) -> bool {
        !TAKEN.load(Ordering::SeqCst)
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        give_back();
    }
}

/// Leaves the terminal as it was found. It may be gone: then nothing can be
/// done about it.
fn give_back() {
    if !TAKEN.swap(false, Ordering::SeqCst) {
        return;
    }
    let mut out = io::stdout();
    let _ = queue!(out, DisableMouseCapture, LeaveAlternateScreen, Show);
    let _ = out.flush();
    let _ = disable_raw_mode();
}

/// Whether the terminal's background is light, as far as it can be known.
pub(crate) fn is_light() -> bool {
    // What terminals without an answer tell, such as rxvt: `0;15`.
    let told = std::env::var("COLORFGBG").ok();
    match told.as_deref().and_then(background) {
        Some(light) => light,
        None => asked(),
    }
}

/// Whether the second of two numbers among the sixteen colours is a light one.
fn background(colours: &str) -> Option<bool> {
    let (_, background) = colours.rsplit_once(';')?;
    let number: u8 = background.parse().ok()?;
    Some(matches!(number, 7 | 9..=15))
}

#[cfg(unix)]
fn asked() -> bool {
    use terminal_colorsaurus::{QueryOptions, ThemeMode, theme_mode};
    // Terminals that do not know the question are noticed at once.
    theme_mode(QueryOptions::default()).is_ok_and(|mode| mode == ThemeMode::Light)
}

#[cfg(not(unix))]
fn asked() -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::background;

    #[test]
    fn the_background_is_the_last_number() {
        assert_eq!(background("0;15"), Some(true));
        assert_eq!(background("15;0"), Some(false));
        assert_eq!(background("0;default;7"), Some(true));
        assert_eq!(background("15;default"), None);
        assert_eq!(background("15"), None);
    }
}
