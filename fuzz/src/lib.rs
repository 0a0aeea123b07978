//! What each fuzz target checks. `cargo test` replays saved inputs through the same code
//! (`tests/fuzz_inputs.rs` of `smbwho-msrpc`, `smbwho-smb` and `smbwho`; `src/fuzz.rs` of `smbwho-cli`).

mod auth;
mod checks;
mod kerberos;
mod local;

pub use auth::auth;
pub use checks::*;
pub use kerberos::kerberos;
pub use local::local;
/// What people write and what files hold: the program's own parsers.
pub use smbwho_cli::fuzz::any as program;
