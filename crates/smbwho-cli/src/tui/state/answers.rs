//! What becomes of an answer.

use std::sync::Arc;

use super::{State, told};
use crate::live::{Answer, Health, Host, Moment, Rows, Subject};
use crate::tui::grid::{self, Grid};

impl State {
    pub(super) fn answer(&mut self, answer: Answer) {
        let Some(server) = self.servers.get_mut(answer.server) else {
            return;
        };
        let name = Arc::clone(&server.name);
        let complete = answer.health.replaces();
        let in_full = answer.health == Health::Good;
        server.health = answer.health;
        if answer.rows.is_some() || complete {
            server.answered = Some(self.now);
            server.answers += 1;
        }
        match &answer.rows {
            Some(Rows::Counts(sessions, files)) => {
                server.sessions = sessions.or(server.sessions);
                server.files = files.or(server.files);
            }
            Some(Rows::Sessions(rows)) if in_full => server.sessions = Some(rows.len() as u64),
            _ => {}
        }
        // What was asked before may still come; its place may be gone.
        let now = Moment::of(answer.seen, self.now);
        if let Some(at) = self
            .places
            .iter()
            .position(|place| place.number == answer.question)
            && let Some(rows) = answer.rows
        {
            self.places[at].reason = answer.reason;
            let grid = &mut self.places[at].grid;
            if grid.subject() != Subject::Servers {
                grid.take(answer.server, &name, rows, complete, now);
            }
        }
        for at in 0..self.places.len() {
            if self.places[at].grid.subject() == Subject::Servers {
                let mut grid =
                    std::mem::replace(&mut self.places[at].grid, grid::of(Subject::Servers, true));
                self.tell_host(&mut *grid, answer.server);
                self.places[at].grid = grid;
            }
        }
        if answer.question == self.here().number {
            self.count_round(answer.server);
        }
    }

    pub(super) fn count_round(&mut self, server: usize) {
        self.answered_this_round[server] = true;
        let scope = &self.here().scope;
        let asked = |server: usize| scope.server.is_none_or(|only| only == server);
        let answered = self
            .answered_this_round
            .iter()
            .zip(&self.servers)
            .enumerate();
        let mut answered = answered.filter(|(number, _)| asked(*number));
        // Who does not answer is not waited for.
        if answered.all(|(_, (answered, server))| *answered || server.health.problem().is_some()) {
            self.rounds += 1;
            self.answered_this_round.fill(false);
        }
    }

    /// Puts a server's own row into a grid of servers.
    pub(super) fn tell_host(&self, grid: &mut dyn Grid, number: usize) {
        let server = &self.servers[number];
        let host = Host {
            state: server.health.word(server.answered.is_some()),
            sessions: server.sessions,
            files: server.files,
            answered: server.answered.map(|answered| self.now.since(answered)),
            answers: Some(server.answers),
            error: server.health.problem().map(told),
        };
        let rows = Rows::Hosts(vec![host]);
        grid.take(number, &server.name, rows, true, self.now.into());
    }
}
