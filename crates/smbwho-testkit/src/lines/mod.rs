//! Lines between a client and a server that are slow, or break, or lead to
//! something that is no server of files.

mod lockstep;
mod proxy;
mod stranger;

pub use lockstep::LockstepLine;
pub use proxy::{Cut, CutLine, Direction, Proxy, SlowLine};
pub use stranger::Stranger;
