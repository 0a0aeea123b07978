//! Files that are looked for by their paths: `who-has`, `files --path`. A path under
//! which nothing is open is looked at, so that nobody is told of a file that is not
//! there, or elsewhere, that it is free.

use std::sync::{Arc, Mutex, PoisonError};

use futures::stream::{self, Stream, StreamExt as _};
use smbwho::{
    Error, FileLevel, FilesQuery, OpenFile, Page, PathInput, PathTarget, Place, Presence, Server,
    UserFilter,
};

use crate::report::Report;

/// Notes that are printed one by one; of more, their number.
const MOST_NOTES: usize = 20;

/// What is wanted of one server.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sought {
    pub(crate) paths: Vec<PathInput>,
    pub(crate) user: Option<UserFilter>,
    pub(crate) level: Option<FileLevel>,
}

/// What is to be said when all servers have answered.
#[derive(Debug, Clone, Default)]
pub(crate) struct Notes(Arc<Mutex<Vec<String>>>);

impl Notes {
    fn add(&self, note: String) {
        let mut notes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        notes.push(note);
    }

    /// Says them.
    pub(crate) fn tell(&self, report: Report) {
        let mut notes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let notes = std::mem::take(&mut *notes);
        notes
            .iter()
            .take(MOST_NOTES)
            .for_each(|note| report.note(note));
        if notes.len() > MOST_NOTES {
            let more = notes.len() - MOST_NOTES;
            report.note(&format!("and {more} more of this kind"));
        }
    }
}

/// Everything open at these paths of one server. What is wrong with one of them is that
/// path's failure; the others are asked for.
pub(crate) fn ask(
    server: Server,
    sought: Sought,
    notes: Notes,
) -> impl Stream<Item = Result<Page<OpenFile>, Error>> {
    let answers = async move { stream::iter(answer(&server, &sought, &notes).await) };
    stream::once(answers).flatten()
}

async fn answer(
    server: &Server,
    sought: &Sought,
    notes: &Notes,
) -> Vec<Result<Page<OpenFile>, Error>> {
    let (mut targets, mut failures) = (Vec::new(), Vec::new());
    for path in &sought.paths {
        match server.path_target(path).await {
            Ok(target) => targets.push(target),
            Err(error) => failures.push(error),
        }
    }
    for target in &targets {
        notes.anywhere(server, target);
    }
    // Without a place the question would be for every file.
    let mut pages = Vec::new();
    if !targets.is_empty() {
        let places = targets
            .iter()
            .flat_map(|target| target.places().iter().cloned());
        let mut found = open_at(server, places, sought).await;
        let complete = found.iter().all(Result::is_ok);
        let mut answered = !complete;
        let mut free = Vec::new();
        for target in &targets {
            let open: Vec<&str> = paths(&found).filter(|path| target.holds(path)).collect();
            if !open.is_empty() {
                answered = true;
                failures.extend(server.beyond_reach(target, open.into_iter()));
            } else if complete {
                match server.examine(target).await {
                    Ok(presence) => free.push((target, presence)),
                    Err(error) => failures.push(error),
                }
            }
        }
        answered |= !free.is_empty();
        found.extend(elsewhere(server, &mut free, sought, notes).await);
        for (target, presence) in free {
            notes.add(nothing_open(
                server,
                target,
                presence,
                sought.user.as_ref().map(UserFilter::text),
            ));
        }
        if answered {
            pages = found;
        }
    }
    pages.extend(failures.into_iter().map(Err));
    pages
}

/// What is open at these places.
async fn open_at(
    server: &Server,
    places: impl Iterator<Item = Place>,
    sought: &Sought,
) -> Vec<Result<Page<OpenFile>, Error>> {
    let mut query = places.fold(server.files(), FilesQuery::place);
    if let Some(user) = &sought.user {
        query = query.user(user.clone());
    }
    if let Some(level) = sought.level {
        query = query.level(level);
    }
    query.pages().collect().await
}

fn paths(pages: &[Result<Page<OpenFile>, Error>]) -> impl Iterator<Item = &str> {
    let rows = pages.iter().flatten().flat_map(|page| &page.rows);
    rows.filter_map(|row| row.path.as_deref())
}

/// What is open under the same paths elsewhere on the server, for places in shares: a
/// share may lie behind a link. Targets of which something is found are no longer free.
async fn elsewhere(
    server: &Server,
    free: &mut Vec<(&PathTarget, Presence)>,
    sought: &Sought,
    notes: &Notes,
) -> Vec<Result<Page<OpenFile>, Error>> {
    let anywhere = |target: &PathTarget| -> Vec<Place> {
        target.places().iter().filter_map(Place::anywhere).collect()
    };
    let places: Vec<Place> = free
        .iter()
        .flat_map(|(target, _)| anywhere(target))
        .collect();
    if places.is_empty() {
        return Vec::new();
    }
    let found = open_at(server, places.into_iter(), sought).await;
    free.retain(|(target, _)| {
        let places = anywhere(target);
        let is_found = paths(&found).any(|path| places.iter().any(|place| place.holds(path)));
        if is_found {
            notes.add(format!(
                "{}: nothing is open where the share of {} lies; shown is whatever is open under \
                 the same path elsewhere, as it is for a share behind a link",
                server.name(),
                target.name()
            ));
        }
        !is_found
    });
    found
}

/// What must be said of a path under which nothing is open: where was looked, and what
/// is not known.
fn nothing_open(
    server: &Server,
    target: &PathTarget,
    presence: Presence,
    user: Option<&str>,
) -> String {
    let of = user.map_or(String::new(), |user| format!(" of {user}"));
    let mut note = format!(
        "{}: nothing{of} is open at {}",
        server.name(),
        target.name()
    );
    if let Some(path) = target.on_server() {
        note.push_str(&format!(", which is {path} there"));
    }
    if let Presence::Unchecked(why) = presence {
        note.push_str(&format!("; whether it exists could not be checked: {why}"));
    }
    note
}

impl Notes {
    /// Says of a share that the server does not tell where it lies.
    fn anywhere(&self, server: &Server, target: &PathTarget) {
        let [place] = target.places() else { return };
        let Some(path) = target.in_share().filter(|_| !place.is_anchored()) else {
            return;
        };
        let why = place
            .unknown_share()
            .map_or_else(String::new, |code| format!(" ({code})"));
        self.add(format!(
            "{}: the server does not tell where its share {} lies{why}; shown is whatever is open \
             as {}, in other shares too",
            server.name(),
            path.0,
            path.1
        ));
    }
}
