//! What the keys do while something is asked.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use smbwho::Secret;

use super::{Agreeing, Effect, Mode, Outcome, State, told};
use crate::commands::close::Done;
use crate::commands::consent;
use crate::output::escape::Visible;
use crate::problem::Problem;
use crate::rows::Closed;
use crate::tui::closing::Ready;
use crate::tui::keys;

impl State {
    pub(super) fn key(&mut self, key: KeyEvent) -> Option<Effect> {
        if keys::action(key) == Some(keys::Action::Suspend) {
            return Some(Effect::Suspend);
        }
        let interrupts = keys::action(key) == Some(keys::Action::Interrupt);
        if interrupts && !matches!(self.mode, Mode::Grid | Mode::Ending) {
            // As Esc: nothing that is asked is agreed to.
            self.mode = Mode::Grid;
            return None;
        }
        match &mut self.mode {
            Mode::Grid => keys::action(key).and_then(|action| self.act(action)),
            Mode::Filter(_) => {
                self.filter_key(key);
                None
            }
            Mode::Help(from) => {
                match scrolled(key, *from, keys::KEYS.len()) {
                    Some(to) => *from = to,
                    None => self.mode = Mode::Grid,
                }
                None
            }
            Mode::Columns(_) => {
                self.columns_key(key);
                None
            }
            Mode::Export(name) => match key.code {
                KeyCode::Enter if !name.trim().is_empty() => {
                    let name = std::mem::take(name);
                    self.mode = Mode::Grid;
                    Some(Effect::Export(name))
                }
                KeyCode::Esc => {
                    self.mode = Mode::Grid;
                    None
                }
                _ => {
                    type_into(name, key);
                    None
                }
            },
            Mode::Password(_) => self.password_key(key),
            // A look changes nothing: its answer is not waited for.
            Mode::Looking { .. } => {
                if key.code == KeyCode::Esc {
                    self.mode = Mode::Grid;
                }
                None
            }
            Mode::Plan(_) => self.plan_key(key),
            Mode::Ending => (interrupts || key.code == KeyCode::Esc).then_some(Effect::StopEnding),
            Mode::Result(outcome) => {
                match scrolled(key, outcome.from, outcome.lines.len()) {
                    Some(to) => outcome.from = to,
                    None => self.mode = Mode::Grid,
                }
                None
            }
        }
    }

    fn filter_key(&mut self, key: KeyEvent) {
        let Mode::Filter(before) = &self.mode else {
            return;
        };
        let before = before.clone();
        match key.code {
            KeyCode::Esc => {
                self.grid().filter(&before);
                self.mode = Mode::Grid;
            }
            KeyCode::Enter => self.mode = Mode::Grid,
            _ => {
                let mut text = self.grid().filter_text().to_owned();
                type_into(&mut text, key);
                self.grid().filter(&text);
            }
        }
    }

    fn columns_key(&mut self, key: KeyEvent) {
        let columns = self.grid().columns().len();
        let Mode::Columns(at) = self.mode else {
            return;
        };
        let to = match key.code {
            KeyCode::Up | KeyCode::Char('k') => at.saturating_sub(1),
            KeyCode::Down | KeyCode::Char('j') => (at + 1).min(columns.saturating_sub(1)),
            KeyCode::Char(' ') => {
                self.grid().toggle_column(at);
                at
            }
            KeyCode::Char('+' | '>') | KeyCode::Right => {
                self.grid().size_column(at, 1);
                at
            }
            KeyCode::Char('-' | '<') | KeyCode::Left => {
                self.grid().size_column(at, -1);
                at
            }
            KeyCode::Char('K') => self.grid().shift_column(at, false),
            KeyCode::Char('J') => self.grid().shift_column(at, true),
            _ => {
                self.mode = Mode::Grid;
                return;
            }
        };
        self.mode = Mode::Columns(to);
    }

    fn password_key(&mut self, key: KeyEvent) -> Option<Effect> {
        let Mode::Password(typed) = &mut self.mode else {
            return None;
        };
        match key.code {
            KeyCode::Enter => {
                let password = (!typed.is_empty()).then(|| Secret::new(typed.as_str()));
                self.mode = Mode::Grid;
                self.urged += 1;
                self.say("Signing in again");
                return Some(Effect::SignIn(password, self.question()));
            }
            KeyCode::Esc => self.mode = Mode::Grid,
            _ => type_into(typed, key),
        }
        None
    }

    fn plan_key(&mut self, key: KeyEvent) -> Option<Effect> {
        let Mode::Plan(asked) = &mut self.mode else {
            return None;
        };
        match key.code {
            KeyCode::Enter => {
                let Mode::Plan(asked) = std::mem::replace(&mut self.mode, Mode::Grid) else {
                    return None;
                };
                if consent::agrees(&asked.plan, &asked.typed) {
                    self.mode = Mode::Ending;
                    return Some(Effect::End(asked.server, asked.ready));
                }
                self.say("Nothing was done");
            }
            KeyCode::Esc => {
                self.mode = Mode::Grid;
                self.say("Nothing was done");
            }
            KeyCode::Up => asked.from = asked.from.saturating_sub(1),
            KeyCode::Down => {
                asked.from = (asked.from + 1).min(asked.plan.things.len().saturating_sub(1));
            }
            _ => type_into(&mut asked.typed, key),
        }
        None
    }

    /// Shows what would end, and asks.
    pub(super) fn looked(&mut self, server: usize, looked: Result<Ready, Problem>) {
        let Mode::Looking { dry } = self.mode else {
            // The user has gone on.
            return;
        };
        if server != self.ending {
            return;
        }
        self.mode = Mode::Grid;
        match looked {
            Err(problem) => self.say(format!("Nothing was done: {}", told(&problem))),
            Ok(ready) => {
                let plan = ready.plan(&self.servers[server].name);
                if dry || plan.things.is_empty() {
                    let title = if dry {
                        "What would end (nothing was done)"
                    } else {
                        "There is nothing to end"
                    };
                    self.show_done(title, &ready.dry_run(), &plan.besides);
                } else {
                    self.mode = Mode::Plan(Box::new(Agreeing {
                        server,
                        plan,
                        ready,
                        typed: String::new(),
                        from: 0,
                    }));
                }
            }
        }
    }

    /// Shows what came of the orders.
    pub(super) fn ended(&mut self, done: &Done) {
        self.grid().select_none();
        self.show_done("What was done", done, &[]);
    }

    fn show_done(&mut self, title: &'static str, done: &Done, besides: &[String]) {
        let mut lines = lines(done);
        let notes = besides.iter().map(|note| format!("Note: {note}"));
        lines.splice(done.rows.len()..done.rows.len(), notes);
        self.mode = Mode::Result(Box::new(Outcome {
            title,
            lines: lines.iter().map(|line| Visible(line).to_string()).collect(),
            from: 0,
        }));
    }
}

/// What was done, in lines for people, not yet escaped.
pub(crate) fn lines(done: &Done) -> Vec<String> {
    let mut lines: Vec<String> = done.rows.iter().map(line).collect();
    lines.extend(done.messages.iter().cloned());
    lines.extend(done.problems.iter().map(Problem::line));
    lines
}

/// One row of the result.
fn line(row: &Closed) -> String {
    let told = |name: &Option<smbwho::Name>| name.as_deref().unwrap_or("-").to_owned();
    let what = match row.id {
        Some(id) => format!("{id} {}, open by {}", told(&row.path), told(&row.user)),
        None => format!("{} from {}", told(&row.user), told(&row.client)),
    };
    let outcome = row.outcome.word().replace('_', " ");
    match &row.message {
        Some(message) => format!("{outcome}: {what} ({message})"),
        None => format!("{outcome}: {what}"),
    }
}

/// The keys of a line that is typed.
fn type_into(text: &mut String, key: KeyEvent) {
    let control = key.modifiers.contains(KeyModifiers::CONTROL);
    match key.code {
        KeyCode::Char('u') if control => text.clear(),
        KeyCode::Char('w') if control => {
            let end = text.trim_end().rfind(' ').map_or(0, |at| at + 1);
            text.truncate(end);
        }
        KeyCode::Char(c) if !control => text.push(c),
        KeyCode::Backspace => {
            text.pop();
        }
        _ => {}
    }
}

/// Where a list of so many lines is scrolled to by a key; none when the key
/// closes it.
fn scrolled(key: KeyEvent, from: usize, lines: usize) -> Option<usize> {
    match key.code {
        KeyCode::Up | KeyCode::Char('k') => Some(from.saturating_sub(1)),
        KeyCode::Down | KeyCode::Char('j') => Some((from + 1).min(lines.saturating_sub(1))),
        _ => None,
    }
}
