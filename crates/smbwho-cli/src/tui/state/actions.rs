//! What the keys do in the grid.

use std::io;

use zeroize::Zeroizing;

use super::{Effect, Mode, Outcome, State};
use crate::live::{Scope, Subject};
use crate::output::escape::Visible;
use crate::output::{Format, Style};
use crate::tui::grid::{Move, Which};
use crate::tui::keys::Action;

/// Text for the clipboard beyond this many bytes is not sent: terminals drop
/// it without a word.
const MOST_COPIED: usize = 64 * 1024;

/// Text for the clipboard; takes no more than it can hold.
struct Clip(Vec<u8>);

impl io::Write for Clip {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.len() + bytes.len() > MOST_COPIED {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl State {
    pub(super) fn act(&mut self, action: Action) -> Option<Effect> {
        let height = self.height();
        let column = self.grid().column();
        if matches!(action, Action::Copy | Action::Close | Action::DryRun) {
            // With all of what is being selected.
            self.grid().complete();
        }
        match action {
            Action::Up => self.grid().go(Move::By(-1), height),
            Action::Down => self.grid().go(Move::By(1), height),
            Action::PageUp => self.grid().go(Move::Page(-1), height),
            Action::PageDown => self.grid().go(Move::Page(1), height),
            Action::Home => self.grid().go(Move::Home, height),
            Action::End => self.grid().go(Move::End, height),
            Action::Left => self.grid().next_column(false),
            Action::Right => self.grid().next_column(true),
            Action::Wider => self.grid().size_column(column, 1),
            Action::Narrower => self.grid().size_column(column, -1),
            Action::Sort => self.grid().sort(column),
            Action::Select => self.grid().select_next(height),
            Action::SelectAll => self.grid().select_all(),
            Action::SelectNone => self.grid().select_none(),
            Action::Group => match self.grid().group_next() {
                Some(name) => self.say(format!("Grouped by {name}")),
                None => self.say("Not grouped"),
            },
            Action::Filter => {
                let before = self.grid().filter_text().to_owned();
                self.mode = Mode::Filter(before);
            }
            Action::Columns => self.mode = Mode::Columns(column),
            Action::Help => self.mode = Mode::Help(0),
            Action::Troubles => self.show_troubles(),
            Action::Enter => return self.enter(),
            Action::Back => return self.back(),
            Action::Subject(number) => {
                return Subject::ALL
                    .get(number)
                    .and_then(|subject| self.show(*subject));
            }
            Action::NextSubject => {
                let current = self.grid().subject();
                let at = Subject::ALL.iter().position(|s| *s == current).unwrap_or(0);
                return self.show(Subject::ALL[(at + 1) % Subject::ALL.len()]);
            }
            Action::Copy => return self.copy(),
            Action::Export => {
                let name = format!("smbwho-{}.csv", self.grid().subject().name());
                self.mode = Mode::Export(name);
            }
            Action::Close => return self.close(false),
            Action::DryRun => return self.close(true),
            Action::Refresh if self.wants_password() => {
                // Long enough for all that is typed: what grows leaves copies.
                self.mode = Mode::Password(Zeroizing::new(String::with_capacity(1024)));
            }
            Action::Refresh => {
                self.urged += 1;
                self.say("Asking again");
                return Some(Effect::Ask(self.question()));
            }
            Action::Suspend => return Some(Effect::Suspend),
            Action::Quit => return Some(Effect::Quit),
            Action::Interrupt => return Some(Effect::Interrupt),
        }
        None
    }

    /// What is wrong with the servers, in full, and what to try.
    fn show_troubles(&mut self) {
        let mut lines = Vec::new();
        for (_, problem) in self.troubles() {
            lines.push(Visible(&problem.line()).to_string());
            let hint = problem.hint.as_ref();
            lines.extend(hint.map(|hint| format!("  try: {}", Visible(hint))));
        }
        if lines.is_empty() {
            self.say("Every server answers");
            return;
        }
        self.mode = Mode::Result(Box::new(Outcome {
            title: "What is wrong with servers",
            lines,
            from: 0,
        }));
    }

    fn enter(&mut self) -> Option<Effect> {
        if self.grid().fold() {
            return None;
        }
        let Some(drill) = self.grid().drill() else {
            self.say("There is nothing beneath this row");
            return None;
        };
        let mut place = self.place(drill.subject, drill.scope, drill.title);
        place.count = drill.count;
        self.places.push(place);
        Some(self.ask())
    }

    fn back(&mut self) -> Option<Effect> {
        if !self.grid().filter_text().is_empty() {
            self.grid().filter("");
            return None;
        }
        if self.places.len() == 1 {
            return None;
        }
        self.places.pop();
        Some(self.ask())
    }

    /// Another view: of the server where the user is, or of all.
    fn show(&mut self, subject: Subject) -> Option<Effect> {
        let server = self
            .here()
            .scope
            .server
            .filter(|_| subject != Subject::Servers);
        if self.here().grid.subject() == subject && self.places.len() == 1 {
            return None;
        }
        let title = server.map_or(String::new(), |number| {
            self.servers[number].name.to_string()
        });
        let scope = Scope {
            server,
            ..Scope::default()
        };
        let place = self.place(subject, scope, title);
        self.places = vec![place];
        Some(self.ask())
    }

    /// Asks what is shown now, and counts its rounds.
    fn ask(&mut self) -> Effect {
        self.answered_this_round.fill(false);
        Effect::Ask(self.question())
    }

    fn copy(&mut self) -> Option<Effect> {
        let style = Style {
            format: Format::Tsv,
            header: false,
            colour: false,
            // What is pasted into a shell must not do harm there.
            raw: false,
            width: None,
            nothing: None,
        };
        let mut text = Clip(Vec::new());
        let now = self.now;
        let Ok(rows) = self.grid().print(style, Which::Chosen, now, &mut text) else {
            self.say("Too much for the clipboard; e exports it to a file");
            return None;
        };
        if rows == 0 {
            self.say("There is nothing to copy");
            return None;
        }
        self.say(format!(
            "Copied {rows} {}",
            if rows == 1 { "row" } else { "rows" }
        ));
        Some(Effect::Copy(String::from_utf8_lossy(&text.0).into_owned()))
    }

    fn close(&mut self, dry: bool) -> Option<Effect> {
        let now = self.now;
        let victims = self.grid().victims(now);
        let Some((server, ..)) = victims.first() else {
            self.say("Nothing here can be closed: select sessions or files");
            return None;
        };
        let server = *server;
        if victims.iter().any(|(other, ..)| *other != server) {
            self.say("End things on one server at a time: the selected rows are of several");
            return None;
        }
        self.ending = server;
        self.mode = Mode::Looking { dry };
        let within = victims.iter().map(|(.., within)| *within).max();
        let victims = victims.into_iter().map(|(_, victim, _)| victim).collect();
        Some(Effect::Look(server, victims, within.unwrap_or_default()))
    }
}
