//! The ways to ask a server.
//!
//! A [`Server`](crate::Server) has one of them, chosen when it is made; the
//! questions (`sessions`, `files`, …) are the same for all. [`Line`] and
//! [`Native`] make the same calls, each in its way (`Server::call`), so lists
//! come page by page from either; [`Local`] gives a list as a whole.

use crate::line::Line;
use crate::local::Local;
use crate::native::Native;

/// How a server is asked.
pub(crate) enum Backend {
    /// By calls over SMB: any server, from any computer.
    Remote(Box<Line>),
    /// By the functions of Windows, which go to any server too, with the
    /// rights of whoever runs this program.
    Native(Native),
    /// By what programs of this computer tell of it.
    Local(Local),
}
