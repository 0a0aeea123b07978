//! Lines between a client and a server that are slow, or break, or on which
//! somebody changes messages, or that lead to something that is no server of
//! files.

mod lockstep;
mod proxy;
mod rewriting;
mod stranger;

pub use lockstep::LockstepLine;
pub use proxy::{Cut, CutLine, Direction, Proxy, SlowLine};
pub use rewriting::RewritingLine;
pub use stranger::Stranger;
