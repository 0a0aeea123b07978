//! Doing what the state wants done.

use std::fs::OpenOptions;
use std::io::{self, BufWriter, Write as _};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crossterm::clipboard::CopyToClipboard;
use crossterm::execute;
use smbwho::{Fleet, LockoutGuard, Login, Secret};

use super::Loop;
use crate::audit::Audit;
use crate::commands::close::Done;
use crate::exit::Exit;
use crate::live::{Credentials, Job, Victim};
use crate::output::{Format, Style};
use crate::problem::Problem;
use crate::seen::Window;
use crate::stop::Stop;
use crate::tui::closing::Ready;
use crate::tui::grid::Which;
use crate::tui::state::{Effect, Event, Mode};

impl Loop {
    pub(super) fn carry_out(&mut self, effect: Effect) {
        match effect {
            Effect::Ask(question) => self.asker.ask(question),
            Effect::Look(server, victims, within) => self.look(server, victims, within),
            Effect::End(server, ready) => self.give_orders(server, ready),
            Effect::StopEnding => self.stop.after_this(Exit::Interrupted),
            Effect::Copy(text) => {
                // A terminal that does not know the sequence passes over it.
                let _ = execute!(io::stdout(), CopyToClipboard::to_clipboard_from(text));
            }
            Effect::SignIn(password, question) => {
                self.sign_in(password);
                self.asker.ask(question);
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

    /// Signs in with another password, or once more. A person said so: what was
    /// refused before does not count.
    fn sign_in(&mut self, password: Option<Secret>) {
        if let Some(password) = password {
            let mut login = (*self.login).clone();
            match &mut login {
                Login::Ntlm { password: old, .. } => *old = password,
                Login::Kerberos(login) => *login = login.clone().password(password),
                _ => return,
            }
            self.login = Arc::new(login);
        }
        let guard = self.options.guard.as_ref();
        self.options.guard = guard.map(|_| LockoutGuard::new(Fleet::DEFAULT_REFUSALS));
        self.asker.sign_in(Credentials {
            login: Arc::clone(&self.login),
            options: self.options.clone(),
        });
    }

    /// Looks at a server on its own connection, so that our session is known
    /// there and nothing else is under way.
    fn look(&mut self, server: usize, victims: Vec<Victim>, within: Duration) {
        let (news, login) = (self.news.clone(), Arc::clone(&self.login));
        let selected = Window::within(within);
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
        self.stop = Stop::new();
        let (news, stop) = (self.news.clone(), self.stop.clone());
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
        // What is there already is somebody's, whatever it is.
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
