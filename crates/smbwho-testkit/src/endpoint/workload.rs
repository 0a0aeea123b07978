//! How much a file server has to report: users at their clients, with sessions
//! and open files, and the shares that the files lie in.

use super::LabFile;
use super::encode::{LabSession, text};
use clap::{Args, ValueEnum};

/// Whose habits a server has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ServerKind {
    /// All levels and all filters, files by their client and by base path too.
    Windows,
    /// Levels 0 and 1 of sessions and 3 of files; of the filters, the user of
    /// files, and a client's name is taken for one.
    Samba,
}

/// How much a server has to report.
#[derive(Debug, Clone, Args)]
pub struct Workload {
    /// Users who are signed in.
    #[arg(long, default_value_t = 100)]
    pub users: u32,
    /// Clients that each of them is signed in from, with a session each.
    #[arg(long, default_value_t = 1)]
    pub clients: u32,
    /// Files that are open, shared out among users, clients and shares.
    #[arg(long, default_value_t = 0)]
    pub files: u32,
    /// Shares.
    #[arg(long, default_value_t = 1)]
    pub shares: u32,
    /// Whose habits the server has.
    #[arg(long, value_enum, default_value_t = ServerKind::Windows)]
    pub like: ServerKind,
}

impl Workload {
    fn user(number: u32) -> String {
        format!("user{number:05}")
    }

    /// Without backslashes.
    fn client(&self, user: u32, number: u32) -> String {
        let [_, high, middle, low] = (user * self.clients + number).to_be_bytes();
        format!("10.{high}.{middle}.{low}")
    }

    pub(super) fn share(number: u32) -> String {
        format!("share{number:04}")
    }

    /// Where a share lies, as the server reports it.
    pub(super) fn folder(&self, share: u32) -> String {
        let root = match self.like {
            ServerKind::Windows => r"D:\shares",
            ServerKind::Samba => r"C:\srv\shares",
        };
        format!(r"{root}\{}", Self::share(share))
    }

    pub(super) fn file(&self, number: u32) -> LabFile {
        let (user, nth) = (number % self.users, number / self.users);
        let folder = self.folder(number % self.shares);
        let path = format!(r"{folder}\folder{}\document {number:06}.docx", nth % 10);
        let client = self.client(user, nth % self.clients);
        LabFile::new(number + 1, &path, &Self::user(user), &client)
    }

    pub(super) fn sessions(&self) -> impl Iterator<Item = LabSession> {
        let each = (0..self.users).flat_map(|user| (0..self.clients).map(move |n| (user, n)));
        each.map(|(user, n)| {
            let client = self.client(user, n);
            let client = match self.like {
                ServerKind::Windows => format!(r"\\{client}"),
                ServerKind::Samba => client,
            };
            // How many of the numbers below `files` are theirs.
            let first = n * self.users + user;
            let opens = self.files.saturating_sub(first);
            LabSession {
                opens: opens.div_ceil(self.users * self.clients),
                active_secs: 60 + first % 36_000,
                idle_secs: first % 60,
                client_type: text(""),
                transport: text(""),
                ..LabSession::new(&client, &Self::user(user))
            }
        })
    }
}
