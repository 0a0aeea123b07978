//! What each fuzz target checks. `cargo test` replays saved inputs through the same code
//! (`crates/smbwho-msrpc/tests/fuzz_inputs.rs`, `crates/smbwho-smb/tests/fuzz_inputs.rs`).

mod auth;
mod checks;
mod kerberos;

pub use auth::auth;
pub use checks::*;
pub use kerberos::kerberos;
