//! `smbwho watch [SERVER…]`: an event a line, as people and things come and go.

mod cluster;

use std::fmt::Write as _;
use std::future::Future;
use std::io::{self, Write};
use std::pin::pin;
use std::sync::Arc;
use std::time::Instant;

use crate::exit::Exit;
use crate::live::{
    Answer, Asker, Asking, Health, Host, Live, Moment, Named, Question, Rows, Scope, Store,
    Subject, Tenths,
};
use crate::output::SCHEMA;
use crate::output::escape::{self, Visible};
use crate::output::json::Fields;
use crate::problem::Problem;
use crate::rows::{Cell, Column, Row, Shown};
use crate::tui::Filter;
use cluster::Nodes;

/// How events are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lines {
    ForPeople,
    Json,
}

/// Follows one kind of row until `stop` ends, and how that is.
///
/// # Errors
///
/// When the output cannot be written.
pub(crate) async fn run<T: Live>(
    asking: Asking,
    filter: &str,
    lines: Lines,
    stop: impl Future<Output = Exit>,
    out: impl Write,
) -> Result<io::Result<Exit>, String> {
    let filter = Filter::<T>::parse(filter);
    if let Some(wrong) = filter.wrong {
        return Err(wrong);
    }
    filter.look_up().await;
    let question = Question {
        number: 1,
        subject: T::SUBJECT,
        scope: Scope::default(),
        urged: 0,
    };
    let mut watch = Watch::new(asking.names(), asking.here.is_some(), filter, lines, out);
    let mut stopped = vec![false; asking.servers.len()];
    let mut asker = Asker::start(asking, question);
    let mut stop = pin!(stop);
    let began = Instant::now();
    loop {
        let answer = tokio::select! {
            biased;
            exit = &mut stop => return Ok(Ok(exit)),
            answer = asker.next() => answer,
        };
        let Some(answer) = answer else {
            return Ok(Ok(Exit::Failure));
        };
        let server = answer.server;
        stopped[server] = matches!(answer.health, Health::Stopped(_));
        if let Err(error) = watch.answer(answer, Tenths::of(began.elapsed())) {
            return Ok(Err(error));
        }
        if stopped.iter().all(|stopped| *stopped) {
            // Every server refused the account: nothing will come any more.
            let answered = watch.begun.iter().filter(|begun| **begun).count();
            return Ok(Ok(Exit::of_servers(answered, stopped.len())));
        }
    }
}

struct Watch<T: Live, W> {
    store: Store<T>,
    /// The failure that was told last, of each server.
    told: Vec<Option<Problem>>,
    /// Whose first rows were told.
    begun: Vec<bool>,
    several: bool,
    names: Vec<Named>,
    nodes: Nodes,
    /// What JSON tells of a row.
    columns: Vec<&'static Column<T>>,
    fields: Fields<T>,
    filter: Filter<T>,
    lines: Lines,
    out: W,
}

/// What happened to a row.
enum What<'a, T: 'static> {
    /// It is there; `true` for what was there when watching began.
    Appeared(bool),
    /// It was this before.
    Changed(&'a Row<T>),
    Gone,
}

impl<T: Live, W: Write> Watch<T, W> {
    /// `here`: whether it is this computer that is asked.
    fn new(names: Vec<Named>, here: bool, filter: Filter<T>, lines: Lines, out: W) -> Self {
        let columns = T::COLUMNS.iter();
        let columns = columns.filter(|column| here || column.shown != Shown::Here);
        let mut columns: Vec<&'static Column<T>> = columns.collect();
        if names.iter().any(|name| name.node.is_some()) {
            let server = columns.iter().position(|column| column.name == "server");
            columns.insert(server.map_or(0, |at| at + 1), T::NODE);
        }
        let cluster = |name: &Named| name.node.as_ref().map(|_| Arc::clone(&name.server));
        Self {
            store: Store::new(),
            told: vec![None; names.len()],
            begun: vec![false; names.len()],
            several: names.len() > 1,
            nodes: Nodes::new(names.iter().map(cluster).collect()),
            names,
            fields: Fields::new(&columns),
            columns,
            filter,
            lines,
            out,
        }
    }

    fn answer(&mut self, answer: Answer, now: Tenths) -> io::Result<()> {
        let server = answer.server;
        let told = Moment::of(answer.seen, now);
        let mut complete = answer.health.replaces();
        // What is not kept any more may be there still.
        let cut = complete && answer.health != Health::Good;
        let rows = if T::SUBJECT == Subject::Servers {
            // A server that fails is a row, too.
            complete = true;
            Some(Rows::Hosts(vec![self.host(&answer)]))
        } else {
            answer.rows
        };
        self.nodes.answered(server, answer.health == Health::Good);
        if let Some(rows) = rows.and_then(T::of) {
            let name = self.names[server].clone();
            let now = told.at;
            let mut delta = self
                .store
                .compare(server, &name.server, rows, complete, told);
            let changed = delta.changed.iter_mut().map(|(_, row)| row);
            for row in delta.appeared.iter_mut().chain(changed) {
                row.node.clone_from(&name.node);
            }
            let mut text = String::new();
            let initial = !self.begun[server];
            for &place in &delta.gone {
                if let Some(slot) = self.store.get(place) {
                    let mut row = slot.row.clone();
                    row.data.age(slot.aged(now));
                    if self.nodes.gone(server, &row, now) && !cut {
                        self.event(&mut text, &row, &What::Gone);
                    }
                }
            }
            for row in &delta.appeared {
                if self.nodes.appeared(server, row, now) {
                    self.event(&mut text, row, &What::Appeared(initial));
                }
            }
            for (place, row) in &delta.changed {
                if let Some(slot) = self.store.get(*place) {
                    let mut before = slot.row.clone();
                    before.data.age(slot.aged(now));
                    if self.nodes.changed(server, [&before, row], now) {
                        self.event(&mut text, row, &What::Changed(&slot.row));
                    }
                }
            }
            self.begun[server] = true;
            self.store.commit(delta, false, false);
            self.write(&text)?;
        }
        let name = &self.names[server];
        let problem = answer.health.problem().cloned().map(|mut problem| {
            if name.node.is_some() {
                problem.at(&name.server, name.node.as_deref());
            }
            problem
        });
        if let Some(problem) = &problem
            && self.told[server].as_ref() != Some(problem)
        {
            let mut text = String::new();
            self.error(&mut text, problem);
            self.write(&text)?;
        }
        self.told[server] = problem;
        Ok(())
    }

    /// The row of a server itself.
    fn host(&self, answer: &Answer) -> Host {
        let (sessions, files) = match answer.rows {
            Some(Rows::Counts(sessions, files)) => (sessions, files),
            _ => (None, None),
        };
        let problem = answer.health.problem();
        Host {
            state: answer.health.word(self.begun[answer.server]),
            sessions,
            files,
            error: problem.map(|problem| problem.message.clone()),
            ..Host::default()
        }
    }

    /// Lines leave at once: whoever reads them waits for them.
    fn write(&mut self, text: &str) -> io::Result<()> {
        if text.is_empty() {
            return Ok(());
        }
        self.out.write_all(text.as_bytes())?;
        self.out.flush()
    }

    fn event(&self, text: &mut String, row: &Row<T>, what: &What<'_, T>) {
        let lets_through = |row: &Row<T>| {
            self.filter
                .lets_through(|column| (column.cell)(row), &mut String::new())
        };
        if !lets_through(row) {
            return;
        }
        match self.lines {
            Lines::Json => self.json(text, row, what),
            Lines::ForPeople => self.line(text, row, what),
        }
    }

    /// `2026-01-02T03:04:05Z + fs1: client 10.0.0.7, user alice, opens 0`
    fn line(&self, text: &mut String, row: &Row<T>, what: &What<'_, T>) {
        let sign = match what {
            What::Appeared(_) => '+',
            What::Changed(_) => '~',
            What::Gone => '-',
        };
        // Writing to a String cannot fail.
        let _ = write!(text, "{} {sign} ", now());
        if self.several {
            let _ = write!(text, "{}: ", Visible(&row.server));
        }
        if let Some(node) = &row.node {
            let _ = write!(text, "{}: ", Visible(node));
        }
        let is_told = |column: &&Column<T>| {
            column.shown == Shown::Always && (column.cell)(row) != Cell::Unknown
        };
        for (index, column) in T::COLUMNS.iter().filter(is_told).enumerate() {
            text.push_str(if index == 0 { "" } else { ", " });
            text.push_str(plain_name(column.name));
            text.push(' ');
            if let What::Changed(before) = what
                && (column.cell)(before) != (column.cell)(row)
                && !matches!((column.cell)(row), Cell::Span(_))
            {
                (column.cell)(before).write_for_people(text);
                text.push_str(" → ");
            }
            (column.cell)(row).write_for_people(text);
        }
        text.push('\n');
    }

    fn error(&self, text: &mut String, problem: &Problem) {
        match self.lines {
            Lines::ForPeople => {
                let _ = writeln!(text, "{} ! {}", now(), Visible(&problem.line()));
            }
            Lines::Json => {
                head::<T>(text, "error");
                text.push_str(",\"error\":");
                problem.write_json(text);
                text.push_str("}\n");
            }
        }
    }

    /// The row stands apart: fields of its own may be called as those of the
    /// event are.
    fn json(&self, text: &mut String, row: &Row<T>, what: &What<'_, T>) {
        match what {
            What::Appeared(initial) => {
                head::<T>(text, "appeared");
                let _ = write!(text, ",\"initial\":{initial}");
            }
            What::Changed(before) => {
                head::<T>(text, "changed");
                text.push_str(",\"was\":");
                let is_other =
                    |column: &Column<T>| match ((column.cell)(before), (column.cell)(row)) {
                        (Cell::Span(_), Cell::Span(_)) => false,
                        (before, now) => before != now,
                    };
                let columns = self.columns.iter().copied();
                let others: Vec<_> = columns.filter(|column| is_other(column)).collect();
                Fields::new(&others).write_row(text, before);
            }
            What::Gone => head::<T>(text, "gone"),
        }
        text.push_str(",\"row\":");
        self.fields.write_row(text, row);
        text.push_str("}\n");
    }
}

fn plain_name(name: &'static str) -> &'static str {
    name.strip_suffix("_secs").unwrap_or(name)
}

/// `{"schema":…,"event":…,"kind":…,"time":…`
fn head<T: Live>(text: &mut String, event: &str) {
    text.push_str("{\"schema\":");
    escape::write_json(text, SCHEMA);
    text.push_str(",\"event\":");
    escape::write_json(text, event);
    text.push_str(",\"kind\":");
    escape::write_json(text, T::NAME);
    text.push_str(",\"time\":");
    escape::write_json(text, &now());
}

/// The moment, as RFC 3339 in UTC.
fn now() -> String {
    format!("{:.0}", jiff::Timestamp::now())
}

#[cfg(test)]
mod tests;
