//! Filters by user and by client: one rule for what is the same user, and one
//! for what is the same client, wherever either is asked for or compared.
//!
//! They are applied here only. Which of the names that it reports a server
//! compares with which part of a filter is its own affair, and what it leaves
//! out nobody sees.

mod client;
mod near;
mod user;

pub use client::{ClientFilter, ClientKey, client_address, is_same_client};
pub use user::{UserFilter, UserMatch, account_name};
