//! The program for Windows, under Wine. `scripts/windows.sh test` builds it and
//! runs these; without what that script makes they cannot run, so they are
//! ignored otherwise.

mod console;
mod lab;
mod native;
mod remote;
