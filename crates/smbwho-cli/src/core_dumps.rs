//! No core dumps: what the program holds in memory, passwords and tickets among
//! it, is not to lie in a file because it crashed, or was made to.

/// Keeps the system from writing the program's memory to a file, and other
/// processes of the same user from reading it. What the system refuses is left
/// as it is: there are systems without either.
pub(crate) fn prevent() {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, setrlimit};
        let none = Rlimit {
            current: Some(0),
            maximum: Some(0),
        };
        if let Err(error) = setrlimit(Resource::Core, none) {
            tracing::debug!(%error, "core dumps cannot be limited");
        }
    }
    // A limit of 0 does not hold where a program takes the dumps.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    {
        use rustix::process::{DumpableBehavior, set_dumpable_behavior};
        if let Err(error) = set_dumpable_behavior(DumpableBehavior::NotDumpable) {
            tracing::debug!(%error, "core dumps cannot be switched off");
        }
    }
}
