//! Doing what the state wants done.

use std::fs::OpenOptions;
use std::io::{self, BufWriter, Write as _};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use crossterm::clipboard::CopyToClipboard;
use crossterm::execute;

use super::Loop;
use crate::audit::Audit;
use crate::commands::close::Done;
use crate::live::{Job, Victim};
use crate::output::{Format, Style};
use crate::problem::Problem;
use crate::tui::closing::Ready;
use crate::tui::grid::Which;
use crate::tui::state::{Effect, Event, Mode};

impl Loop {
    pub(super) fn carry_out(&mut self, effect: Effect) {
        match effect {
            Effect::Ask(question) => self.asker.ask(question),
            Effect::Look(server, victims) => self.look(server, victims),
            Effect::End(server, ready) => self.give_orders(server, ready),
            Effect::StopEnding => self.stop.store(true, Ordering::Relaxed),
            Effect::Copy(text) => {
                // A terminal that does not know the sequence passes over it.
                let _ = execute!(io::stdout(), CopyToClipboard::to_clipboard_from(text));
            }
            Effect::Export(name) => {
                let said = match self.export(&name) {
                    Ok(rows) => format!("{rows} rows written to {name}"),
                    Err(error) => format!("{name}: {error}"),
                };
                self.state.say(said);
            }
            // The loop's own.
            Effect::Suspend | Effect::Quit | Effect::Interrupt => {}
        }
    }

    /// Looks at a server on its own connection, so that our session is known
    /// there and nothing else is under way.
    fn look(&mut self, server: usize, victims: Vec<Victim>) {
        let (news, login) = (self.news.clone(), Arc::clone(&self.login));
        let selected = Instant::now();
        let job: Job = Box::new(move |connection| {
            Box::pin(async move {
                let looked = match connection {
                    Ok((connection, connected)) => {
                        Ready::look(&connection, connected, &login, &victims, selected).await
                    }
                    Err(error) => Err(error),
                };
                let _ = news.send(Event::Looked(server, looked.map_err(Problem::from)));
            })
        });
        self.employ(server, job);
    }

    fn give_orders(&mut self, server: usize, ready: Ready) {
        let audit = match Audit::open(&self.config, &self.login) {
            Ok(audit) => audit,
            Err(message) => {
                self.state.mode = Mode::Grid;
                self.state.say(message);
                return;
            }
        };
        let (news, stop) = (self.news.clone(), Arc::clone(&self.stop));
        stop.store(false, Ordering::Relaxed);
        let job: Job = Box::new(move |connection| {
            Box::pin(async move {
                let done = match connection {
                    Ok((connection, _)) => ready.carry_out(&connection, &audit, &stop).await,
                    Err(error) => Done::failed(error),
                };
                let _ = news.send(Event::Ended(done));
            })
        });
        self.employ(server, job);
    }

    fn employ(&mut self, server: usize, job: Job) {
        if let Err(why) = self.asker.employ(server, job) {
            self.state.mode = Mode::Grid;
            self.state.say(format!("Nothing was done: {why}"));
        }
    }

    /// Writes what is shown to a new file.
    fn export(&mut self, name: &str) -> io::Result<usize> {
        let wanted = Path::new(name.trim());
        let extension = wanted.extension().and_then(|extension| extension.to_str());
        let format = match extension.map(str::to_ascii_lowercase).as_deref() {
            Some("csv") => Format::Csv,
            Some("json") => Format::Json,
            _ => return Err(io::Error::other("name it .csv or .json")),
        };
        // What is there already is somebody's.
        let file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(wanted)?;
        let mut out = BufWriter::new(file);
        let style = Style {
            format,
            header: true,
            colour: false,
            raw: false,
            width: None,
            nothing: None,
        };
        let now = self.now();
        let grid = self.state.grid();
        grid.complete();
        let rows = grid.print(style, Which::Shown, now, &mut out)?;
        out.flush()?;
        Ok(rows)
    }
}
