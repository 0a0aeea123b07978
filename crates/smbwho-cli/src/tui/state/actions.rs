//! What the keys do in the grid.

use super::{Effect, Mode, State};
use crate::live::{Scope, Subject};
use crate::output::{Format, Style};
use crate::tui::grid::Move;
use crate::tui::keys::Action;

/// Text for the clipboard beyond this many bytes is not sent: terminals drop
/// it without a word.
const MOST_COPIED: usize = 64 * 1024;

impl State {
    pub(super) fn act(&mut self, action: Action) -> Option<Effect> {
        let height = self.height();
        let column = self.grid().column();
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

    fn enter(&mut self) -> Option<Effect> {
        if self.grid().fold() {
            return None;
        }
        let Some(drill) = self.grid().drill() else {
            self.say("There is nothing beneath this row");
            return None;
        };
        let place = self.place(drill.subject, drill.scope, drill.title);
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
        let now = self.now;
        let selected = self.grid().counts().selected > 0;
        if !selected {
            // The row under the cursor, by way of a selection.
            let height = self.height();
            self.grid().select_next(height);
            self.grid().go(Move::By(-1), height);
        }
        let style = Style {
            format: Format::Tsv,
            header: false,
            colour: false,
            // What is pasted into a shell must not do harm there.
            terminal: true,
            width: None,
            nothing: None,
        };
        let mut bytes = Vec::new();
        // Writing to a Vec cannot fail.
        let rows = self.grid().print(style, true, now, &mut bytes).unwrap_or(0);
        if !selected {
            self.grid().select_none();
        }
        if rows == 0 {
            self.say("There is nothing to copy");
            return None;
        }
        if bytes.len() > MOST_COPIED {
            self.say("Too much for the clipboard; e exports it to a file");
            return None;
        }
        self.say(format!(
            "Copied {rows} {}",
            if rows == 1 { "row" } else { "rows" }
        ));
        Some(Effect::Copy(String::from_utf8_lossy(&bytes).into_owned()))
    }

    fn close(&mut self, dry: bool) -> Option<Effect> {
        let now = self.now;
        let victims = self.grid().victims(now);
        let Some((server, _)) = victims.first() else {
            self.say("Nothing here can be closed: select sessions or files");
            return None;
        };
        let server = *server;
        if victims.iter().any(|(other, _)| *other != server) {
            self.say("End things on one server at a time: the selected rows are of several");
            return None;
        }
        self.ending = server;
        self.mode = Mode::Looking { dry };
        let victims = victims.into_iter().map(|(_, victim)| victim).collect();
        Some(Effect::Look(server, victims))
    }
}
