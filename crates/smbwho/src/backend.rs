//! The ways to ask a server.
//!
//! A [`Server`](crate::Server) has one of them, chosen when it is made; the
//! questions (`sessions`, `files`, …) are the same for all. Lists that come
//! page by page come so from [`Remote`] and from [`Native`] alike: the pager
//! in `enumerate.rs` goes through either. [`Local`] gives a list as a whole.

use crate::enumerate::Reply;
use crate::server::Remote;

/// How a server is asked.
pub(crate) enum Backend {
    /// By calls over SMB: any server, from any computer.
    Remote(Remote),
    /// By the functions of Windows, which go to any server too, with the
    /// rights of whoever runs this program.
    #[cfg_attr(
        not(any(windows, test)),
        expect(dead_code, reason = "only Windows has these functions")
    )]
    Native(Native),
    /// By what programs of this computer tell of it.
    Local(Local),
}

/// A server that Windows asks for us.
pub(crate) struct Native {
    /// The server as the functions take it, `\\\\fs1`; `None` is this computer.
    pub(crate) server_name: Option<String>,
}

/// One function of Windows with its parameters, ready to be called. It blocks
/// until the server has answered.
pub(crate) type NativeCall<R> = Box<dyn FnOnce() -> Reply<R> + Send>;

/// This computer, where it is no Windows.
pub(crate) struct Local {
    name: String,
}

impl Local {
    pub(crate) fn new() -> Self {
        Self {
            name: "localhost".to_owned(),
        }
    }

    /// The computer's own name.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }
}
