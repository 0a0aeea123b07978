//! Kerberos against a real domain controller.
//!
//! One controller serves all tests of this program. Each test runs twice: as
//! called by the harness, where it has itself run again inside the
//! controller's namespaces, and there, where it does its work.

#[path = "../common/mod.rs"]
mod common;

mod caches;
mod counting;
mod lab;
mod matrix;
mod password;
