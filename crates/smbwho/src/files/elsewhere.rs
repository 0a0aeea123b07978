//! What is open under the same paths elsewhere on a server, for places in shares: a share
//! may lie behind a link, and its files are then named by another path than the share.

use std::sync::Arc;

use super::component::fold;
use super::listing::Files;
use super::{FilesQuery, OpenFile, Place, PlaceTree};
use crate::rows::Rows;
use crate::{Error, Name};

/// Rows that were not asked for, kept in case they are.
pub(super) struct Aside {
    places: Arc<PlaceTree>,
    rows: Vec<OpenFile>,
    /// The path by which the server may have narrowed the list, as it is compared. `None` where
    /// the list is known to be whole.
    narrowed_to: Option<String>,
}

impl Aside {
    pub(super) fn new(places: Arc<PlaceTree>, sent_base_path: Option<&Name>) -> Self {
        let trimmed = |path: &Name| compared(path).trim_end_matches('\\').to_owned();
        Self {
            places,
            rows: Vec::new(),
            narrowed_to: sent_base_path.map(trimmed),
        }
    }

    /// A row that does not begin with the path that was sent shows that the server does not
    /// filter by it.
    pub(super) fn look_at(&mut self, rows: &[OpenFile]) {
        if let Some(base) = &self.narrowed_to {
            let outside = |path: &Name| !compared(path).starts_with(base);
            let mut paths = rows.iter().filter_map(|row| row.path.as_ref());
            if paths.any(outside) {
                self.narrowed_to = None;
            }
        }
    }

    /// Keeps a row that may be asked for.
    pub(super) fn offer(&mut self, row: &OpenFile) {
        if row
            .path
            .as_ref()
            .is_some_and(|path| self.places.holds(path))
        {
            self.rows.push(row.clone());
        }
    }
}

fn compared(path: &Name) -> String {
    fold(path).replace('/', "\\")
}

/// What is open under the same paths elsewhere on the server. Made by
/// [`FilesQuery::collect_with_elsewhere`].
pub struct Elsewhere {
    /// The same question, without places.
    query: FilesQuery,
    /// The list as it was read, where it was everything that is open.
    whole: Option<Files>,
}

impl Elsewhere {
    pub(super) fn new(query: FilesQuery, listing: Files, complete: bool) -> Self {
        let is_whole = |aside: &Aside| aside.narrowed_to.is_none();
        let whole = complete && listing.aside.as_ref().is_some_and(is_whole);
        Self {
            query,
            whole: whole.then_some(listing),
        }
    }

    /// What is open at these places, each of which is one of the question's
    /// [anywhere](Place::anywhere). The server is asked again only where it had not sent
    /// everything.
    ///
    /// # Errors
    ///
    /// As [`FilesQuery::collect`].
    pub async fn at(self, places: Vec<Place>) -> Result<Rows<OpenFile>, Error> {
        let Some(mut listing) = self.whole else {
            let query = places.into_iter().fold(self.query, FilesQuery::place);
            return query.collect().await;
        };
        let places = PlaceTree::new(&places);
        let mut rows = listing.aside.map(|aside| aside.rows).unwrap_or_default();
        rows.retain(|row| row.path.as_ref().is_some_and(|path| places.holds(path)));
        let (server, clients) = (self.query.server(), listing.clients.as_ref());
        listing.filters.settle(server, clients, &mut rows).await;
        rows.retain(|row| listing.filters.lets_through(row));
        Ok(Rows {
            rows,
            missing: None,
        })
    }
}
