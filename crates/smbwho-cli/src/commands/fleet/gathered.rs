//! What has come of many servers so far, and when it is printed.

use std::collections::HashMap;
use std::io;
use std::sync::Arc;
use std::time::Instant;

use super::Printing;
use super::cluster::Cluster;
use super::summary::{Summary, grouped};
use crate::exit::Exit;
use crate::problem::Problem;
use crate::progress::{self, Progress};
use crate::resume::Resume;
use crate::rows::{Kind, Row};
use crate::targets::Target;

/// Rows that are made ready and printed at a time: no list of many is held twice.
const SLICE: usize = 512;

/// What has come so far.
pub(super) struct Gathered<'a, T: 'static> {
    servers: Vec<Asked>,
    printing: Printing<'a, T>,
    waiting: Waiting<T>,
    printed: usize,
    /// Rows of clusters, by the cluster's name: they wait for all its nodes.
    clusters: HashMap<Arc<str>, Cluster<T>>,
    /// Kept where the format has them.
    problems: Vec<(usize, Problem)>,
    summary: Summary,
    held_back: usize,
    resume: Option<Resume>,
    progress: Progress,
}

/// One server, and how far it has come.
struct Asked {
    /// The server as its rows name it.
    name: Arc<str>,
    /// The node that speaks for it, where it is a cluster.
    node: Option<Arc<str>>,
    answered: bool,
    failed: bool,
    done: bool,
}

/// Rows that are not printed yet.
enum Waiting<T: 'static> {
    /// None: what has come is printed.
    Nothing,
    /// Those of servers behind one that is not done, by the number of their
    /// server.
    Turn { next: usize, rows: Vec<Vec<Row<T>>> },
    /// All, by the number of their server.
    Everything(Vec<Vec<Row<T>>>),
}

impl Asked {
    fn new(target: Target) -> Self {
        let address: Arc<str> = target.address.to_string().into();
        let (name, node) = match target.cluster {
            Some(cluster) => (cluster, Some(address)),
            None => (address, None),
        };
        Self {
            name,
            node,
            answered: false,
            failed: false,
            done: false,
        }
    }

    /// What was connected to.
    fn address(&self) -> &Arc<str> {
        self.node.as_ref().unwrap_or(&self.name)
    }

    fn has_answered_in_full(&self) -> bool {
        self.done && !self.failed
    }
}

impl<'a, T: Kind> Gathered<'a, T> {
    pub(super) fn new(
        servers: Vec<Target>,
        resume: Option<Resume>,
        printing: Printing<'a, T>,
    ) -> Self {
        let count = servers.len();
        let none = || (0..count).map(|_| Vec::new()).collect();
        let streams = printing.order.streams();
        let waiting = if streams && (count == 1 || printing.format.is_line_wise()) {
            Waiting::Nothing
        } else if streams && !printing.format.is_for_people() {
            Waiting::Turn {
                next: 0,
                rows: none(),
            }
        } else {
            Waiting::Everything(none())
        };
        let servers: Vec<Asked> = servers.into_iter().map(Asked::new).collect();
        let mut clusters = HashMap::new();
        for (server, asked) in servers.iter().enumerate() {
            if let Some(node) = &asked.node {
                let cluster = clusters.entry(Arc::clone(&asked.name));
                let cluster = cluster.or_insert_with(Cluster::new);
                cluster.add(server, Arc::clone(node));
            }
        }
        Self {
            servers,
            waiting,
            printed: 0,
            clusters,
            problems: Vec::new(),
            summary: Summary::default(),
            held_back: 0,
            resume,
            progress: Progress::start(count, printing.report.quiet),
            printing,
        }
    }

    /// Takes rows; whether no more are wanted.
    pub(super) fn rows(&mut self, server: usize, rows: Vec<T>) -> io::Result<bool> {
        let asked = &mut self.servers[server];
        asked.answered = true;
        if let Some(cluster) = self.clusters.get_mut(&asked.name) {
            cluster.rows(server, rows, Instant::now());
            return Ok(false);
        }
        let name = Arc::clone(&asked.name);
        let mut named = rows.into_iter().map(|data| Row {
            server: Arc::clone(&name),
            node: None,
            data,
        });
        loop {
            let slice = named.by_ref().take(SLICE).collect();
            let full = self.take(server, slice)?;
            if full || named.len() == 0 {
                return Ok(full);
            }
        }
    }

    /// Takes rows to be printed in their turn; whether no more are wanted.
    fn take(&mut self, server: usize, rows: Vec<Row<T>>) -> io::Result<bool> {
        match &mut self.waiting {
            Waiting::Turn { rows: waiting, .. } => {
                waiting[server].extend(rows);
                Ok(false)
            }
            Waiting::Everything(waiting) => {
                waiting[server].extend(rows);
                self.printing.order.drop_surplus(&mut waiting[server]);
                Ok(false)
            }
            Waiting::Nothing => self.print(rows),
        }
    }

    /// Takes what the nodes of a cluster have reported, as one.
    fn take_cluster(&mut self, name: &Arc<str>) -> io::Result<()> {
        let Some(cluster) = self.clusters.remove(name) else {
            return Ok(());
        };
        // The turn of the last is when all before it are done, too.
        let servers: Vec<usize> = cluster.servers().collect();
        let Some(last) = servers.iter().copied().max() else {
            return Ok(());
        };
        let rows = cluster.merge(name);
        if !rows.is_empty() {
            self.take(last, rows)?;
        }
        if let Waiting::Nothing = self.waiting {
            servers
                .into_iter()
                .for_each(|server| self.write_down(server));
        }
        Ok(())
    }

    /// Prints as many of the rows as may be; whether that was the last.
    fn print(&mut self, mut rows: Vec<Row<T>>) -> io::Result<bool> {
        let limit = self.printing.order.limit;
        let left = limit.map_or(usize::MAX, |limit| limit - self.printed);
        rows.truncate(left);
        self.printed += rows.len();
        let full = rows.len() == left;
        progress::aside(|| self.printing.sink.rows(rows))?;
        Ok(full)
    }

    pub(super) fn failed(
        &mut self,
        server: usize,
        mut problem: Problem,
        reason: &'static str,
        held_back: bool,
    ) {
        let asked = &mut self.servers[server];
        problem.at(&asked.name, asked.node.as_deref());
        if !std::mem::replace(&mut asked.failed, true) {
            self.summary.count(reason);
        }
        // Programs want a line for each, people one for all.
        if held_back && !self.printing.report.json {
            self.held_back += 1;
        } else {
            self.printing.report.problem(&problem);
        }
        self.keep(server, problem);
    }

    /// Line by line, problems go to standard error and nowhere else.
    fn keep(&mut self, server: usize, problem: Problem) {
        if !self.printing.format.is_line_wise() {
            self.problems.push((server, problem));
        }
    }

    pub(super) fn done(&mut self, server: usize) -> io::Result<()> {
        let asked = &mut self.servers[server];
        asked.done = true;
        // A server that answers without a page has no rows.
        asked.answered |= !asked.failed;
        self.progress.done(asked.failed);
        let name = Arc::clone(&asked.name);
        let failed = asked.failed;
        match self
            .clusters
            .get_mut(&name)
            .map(|cluster| cluster.done(server, failed))
        {
            Some(true) => self.take_cluster(&name)?,
            // Its rows are not printed yet.
            Some(false) if matches!(self.waiting, Waiting::Nothing) => return Ok(()),
            Some(false) | None => {}
        }
        match &mut self.waiting {
            Waiting::Nothing => self.write_down(server),
            Waiting::Everything(_) => {}
            Waiting::Turn { next, rows } => {
                let mut ready = Vec::new();
                while self.servers.get(*next).is_some_and(|asked| asked.done) {
                    ready.append(&mut rows[*next]);
                    *next += 1;
                }
                if !ready.is_empty() {
                    self.print(ready)?;
                }
            }
        }
        Ok(())
    }

    /// Writes down that a server need not be asked again, now that its rows
    /// are printed.
    fn write_down(&mut self, server: usize) {
        let asked = &self.servers[server];
        if let Some(resume) = &mut self.resume
            && asked.has_answered_in_full()
            && let Err(error) = resume.answered(asked.address())
        {
            let path = resume.path().display();
            self.printing.report.error(&format!(
                "{path}: {error}; what has answered from here on is not written down"
            ));
            self.resume = None;
        }
    }

    /// Prints what waits, and what is missing.
    pub(super) fn finish(mut self, stopped: bool) -> io::Result<Exit> {
        progress::clear();
        if self.held_back > 0 {
            self.tell_held_back();
        }
        if stopped {
            self.tell_interrupted();
        }
        let unfinished: Vec<Arc<str>> = self.clusters.keys().cloned().collect();
        for name in unfinished {
            self.take_cluster(&name)?;
        }
        let waited = match std::mem::replace(&mut self.waiting, Waiting::Nothing) {
            Waiting::Nothing => false,
            Waiting::Turn { rows, .. } => {
                let rows: Vec<Row<T>> = rows.into_iter().flatten().collect();
                if !rows.is_empty() {
                    self.print(rows)?;
                }
                true
            }
            Waiting::Everything(rows) => {
                // No second copy of what may be long: what was printed or moved is given back.
                if self.printing.order.streams() {
                    for rows in rows {
                        self.print(rows)?;
                    }
                } else {
                    let all = rows.into_iter().reduce(|mut all, rows| {
                        all.extend(rows);
                        all
                    });
                    let mut all = all.unwrap_or_default();
                    self.printing.order.arrange(&mut all);
                    self.print(all)?;
                }
                true
            }
        };
        self.problems.sort_by_key(|(server, _)| *server);
        let problems = std::mem::take(&mut self.problems).into_iter();
        let problems: Vec<Problem> = problems.map(|(_, problem)| problem).collect();
        self.printing.sink.finish(&problems)?;
        if waited {
            (0..self.servers.len()).for_each(|server| self.write_down(server));
        }
        if self.servers.iter().all(Asked::has_answered_in_full) {
            self.forget();
        }
        if stopped {
            return Ok(Exit::Interrupted);
        }
        let answered = self.servers.iter().filter(|asked| asked.answered).count();
        let failed = self.servers.iter().filter(|asked| asked.failed).count();
        self.tell_total(answered, failed);
        Ok(Exit::of_servers(answered, failed))
    }

    /// Nothing is left to ask: the next run begins anew.
    fn forget(&mut self) {
        let Some(resume) = self.resume.take() else {
            return;
        };
        let path = resume.path().to_owned();
        if let Err(error) = resume.complete() {
            let message = format!("{}: not removed: {error}", path.display());
            self.printing.report.note(&message);
        }
    }

    /// How many rows there were, and what became of the servers.
    fn tell_total(&mut self, answered: usize, failed: usize) {
        let report = self.printing.report;
        if self.printed > 0 && self.printing.format.is_for_people() {
            let rows = count(self.printed, T::ONE);
            report.total(&format!("{rows} on {}", count(answered, "server")));
        }
        let asked = self.servers.len();
        // Between JSON lines there is no place for it.
        if asked > 1 && failed > 0 && !report.json {
            report.summary(&std::mem::take(&mut self.summary).line(asked));
        }
    }

    /// Why so many servers were not asked, said once.
    fn tell_held_back(&self) {
        self.printing.report.error(&format!(
            "stopped: {} not asked, since more wrong sign-ins may lock the account; --keep-going \
             asks all the same",
            match self.held_back {
                1 => "1 server was".to_owned(),
                many => format!("{} servers were", grouped(many)),
            }
        ));
    }

    /// After Ctrl-C: whose rows are missing.
    fn tell_interrupted(&mut self) {
        let cut: Vec<usize> = (0..self.servers.len())
            .filter(|server| !self.servers[*server].done && !self.servers[*server].failed)
            .collect();
        let all = count(self.servers.len(), "server");
        self.printing.report.error(&format!(
            "interrupted: {} of {all} had not answered in full",
            grouped(cut.len())
        ));
        for server in cut {
            let asked = &self.servers[server];
            let mut problem = Problem::interrupted(&asked.name);
            problem.at(&asked.name, asked.node.as_deref());
            self.keep(server, problem);
        }
    }
}

/// `1 server`, `2 servers`.
fn count(number: usize, one: &str) -> String {
    let many = if number == 1 { "" } else { "s" };
    format!("{} {one}{many}", grouped(number))
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
