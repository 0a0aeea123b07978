//! Files that are looked for by their paths: `who-has`, `files --path`. A path under
//! which nothing is open is looked at, so that nobody is told of a file that is not
//! there, or elsewhere, that it is free.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use futures::stream::{self, Stream, StreamExt as _};
use smbwho::{
    Elsewhere, Error, FileLevel, FilesQuery, OpenFile, Page, PathInput, PathTarget, Place,
    PlaceTree, Presence, Rows, Server, UserFilter,
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
    for target in server.path_targets(&sought.paths).await {
        match target {
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
        let places = targets.iter().flat_map(|target| target.places());
        let query = places
            .cloned()
            .fold(query(server, sought), FilesQuery::place);
        let (mut found, elsewhere) = match query.collect_with_elsewhere().await {
            Ok((rows, elsewhere)) => (pages_of(rows), Some(elsewhere)),
            Err(error) => (vec![Err(error)], None),
        };
        let complete = found.iter().all(Result::is_ok);
        let open = opens(&targets, &found);
        let mut answered = !complete || open.iter().any(|open| open.any);
        let is_free = |open: &Open| complete && !open.any;
        let free = targets.iter().zip(&open).filter(|(_, open)| is_free(open));
        let free: Vec<&PathTarget> = free.map(|(target, _)| target).collect();
        let mut presences = server.examine_all(&free).await.into_iter();
        let mut there = Vec::new();
        for (target, open) in targets.iter().zip(&open) {
            if open.any {
                let deeper = open.deeper.as_deref();
                failures.extend(server.beyond_reach(target, deeper.into_iter()));
            } else if complete {
                match presences.next() {
                    Some(Ok(presence)) => there.push((target, presence)),
                    Some(Err(error)) => failures.push(error),
                    None => {}
                }
            }
        }
        answered |= !there.is_empty();
        if let Some(elsewhere) = elsewhere {
            found.extend(open_elsewhere(server, elsewhere, &mut there, notes).await);
        }
        for (target, presence) in there {
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

/// Everything open, as far as the user and the level are concerned.
fn query(server: &Server, sought: &Sought) -> FilesQuery {
    let mut query = server.files();
    if let Some(user) = &sought.user {
        query = query.user(user.clone());
    }
    if let Some(level) = sought.level {
        query = query.level(level);
    }
    query
}

fn pages_of(rows: Rows<OpenFile>) -> Vec<Result<Page<OpenFile>, Error>> {
    let page = Ok(Page::from(rows.rows));
    std::iter::once(page).chain(rows.missing.map(Err)).collect()
}

/// What is open at one of several paths.
#[derive(Default, Clone)]
struct Open {
    any: bool,
    /// A path that is open below it, and not it itself, where links of DFS may lie in its share.
    deeper: Option<String>,
}

/// What is open at each of these paths.
fn opens(targets: &[PathTarget], found: &[Result<Page<OpenFile>, Error>]) -> Vec<Open> {
    let numbered = targets.iter().enumerate();
    let (owners, places): (Vec<usize>, Vec<&Place>) = numbered
        .flat_map(|(number, target)| target.places().iter().map(move |place| (number, place)))
        .unzip();
    let tree = PlaceTree::new(places);
    let mut opens = vec![Open::default(); targets.len()];
    for path in paths(found) {
        for place in tree.find(path) {
            let open = &mut opens[owners[place]];
            open.any = true;
            let target = &targets[owners[place]];
            if open.deeper.is_none() && target.is_in_dfs() && target.is_above(path) {
                open.deeper = Some(path.to_owned());
            }
        }
    }
    opens
}

fn paths(pages: &[Result<Page<OpenFile>, Error>]) -> impl Iterator<Item = &str> {
    let rows = pages.iter().flatten().flat_map(|page| &page.rows);
    rows.filter_map(|row| row.path.as_deref())
}

/// What is open under the same paths elsewhere on the server, for places in shares: a
/// share may lie behind a link. Targets of which something is found are no longer free.
async fn open_elsewhere(
    server: &Server,
    elsewhere: Elsewhere,
    free: &mut Vec<(&PathTarget, Presence)>,
    notes: &Notes,
) -> Vec<Result<Page<OpenFile>, Error>> {
    let (mut owners, mut places) = (Vec::new(), Vec::new());
    for (number, (target, _)) in free.iter().enumerate() {
        for place in target.places().iter().filter_map(Place::anywhere) {
            owners.push(number);
            places.push(place);
        }
    }
    if places.is_empty() {
        return Vec::new();
    }
    let tree = PlaceTree::new(&places);
    let found = match elsewhere.at(places).await {
        Ok(rows) => pages_of(rows),
        Err(error) => vec![Err(error)],
    };
    let found_places = paths(&found).flat_map(|path| tree.find(path));
    let is_found: HashSet<usize> = found_places.map(|place| owners[place]).collect();
    let mut number = 0;
    free.retain(|(target, _)| {
        let is_found = is_found.contains(&number);
        number += 1;
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
