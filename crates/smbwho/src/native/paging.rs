//! Pages of a function that no remote call stands for by itself.

use std::collections::HashSet;

use smbwho_msrpc::srvsvc::MAX_PREFERRED_LENGTH;
use smbwho_msrpc::status::Win32Status;
use smbwho_windows::{At, Network, Page, WideArg};

use super::{Native, failed};
use crate::error::ErrorKind;
use crate::{Error, Server};

/// The way through one list at one level.
pub(crate) struct Paging {
    call: &'static str,
    /// Where the next page begins; `None` after the last.
    next: Option<At>,
    /// Handles already followed: one that comes again would go in a circle.
    followed: HashSet<usize>,
    rows: usize,
}

impl Paging {
    pub(crate) fn new(call: &'static str, level: u32) -> Self {
        Self {
            call,
            next: Some(At {
                level,
                preferred_length: MAX_PREFERRED_LENGTH,
                resume: 0,
            }),
            followed: HashSet::new(),
            rows: 0,
        }
    }

    /// The next page's rows; `None` after the last.
    pub(crate) async fn page<T: Send + 'static>(
        &mut self,
        native: &Native,
        server: &Server,
        ask: impl FnOnce(&dyn Network, Option<&WideArg>, At) -> Page<T> + Send + 'static,
    ) -> Result<Option<Vec<T>>, Error> {
        let Some(at) = self.next.take() else {
            return Ok(None);
        };
        let page = native
            .with(self.call, move |network, name| ask(network, name, at))
            .await
            .map_err(|kind| server.error(kind))?;
        match Win32Status(page.status) {
            Win32Status::NERR_SUCCESS => {}
            Win32Status::ERROR_MORE_DATA => {
                let moved = page.resume != 0 && self.followed.insert(page.resume);
                if page.rows.is_empty() || !moved {
                    let (call, rows) = (self.call, self.rows);
                    let why = "it says that more follow, and gets nowhere";
                    return Err(server.error(ErrorKind::Stalled { call, rows, why }));
                }
                self.next = Some(At {
                    resume: page.resume,
                    ..at
                });
            }
            status => return Err(server.error(failed(self.call, status.0))),
        }
        self.rows += page.rows.len();
        Ok(Some(page.rows))
    }
}
