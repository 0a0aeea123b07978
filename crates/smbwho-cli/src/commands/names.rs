//! `--user` and `--client`, and what must be said of the rows that they chose.

use smbwho::{ClientFilter, UserFilter};

use crate::args::RowArgs;
use crate::report::Report;

/// The filters by name, for all servers of one run.
#[derive(Debug, Clone, Default)]
pub(crate) struct Names {
    pub(crate) user: Option<UserFilter>,
    pub(crate) client: Option<ClientFilter>,
}

impl Names {
    pub(crate) fn of(rows: &RowArgs) -> Self {
        Self {
            user: rows.user.as_ref().map(UserFilter::from),
            client: rows.client.as_ref().map(ClientFilter::from),
        }
    }

    /// Says what was taken for the user, whom nobody's name may have meant, and
    /// what could not be compared.
    pub(crate) fn tell(&self, report: Report) {
        if let Some(user) = &self.user {
            if let Some(assumed) = assumed(user) {
                report.note(&assumed);
            }
            let near = user.near();
            if !near.is_empty() {
                report.note(&format!(
                    "there is nothing of the user {}; did you mean {}?",
                    user.text(),
                    near.join(", ")
                ));
            }
        }
        if let Some(client) = &self.client
            && client.missed_addresses()
        {
            report.note(&format!(
                "no address of the client {} was found, and clients that the server names by \
                 address were left out",
                client.text()
            ));
        }
    }
}

/// What was taken for the user on no more than its name.
pub(crate) fn assumed(user: &UserFilter) -> Option<String> {
    let assumed = user.assumed();
    (!assumed.is_empty()).then(|| {
        format!(
            "{} is taken for {}: the server does not say of which domain that is",
            assumed.join(", "),
            user.text()
        )
    })
}
