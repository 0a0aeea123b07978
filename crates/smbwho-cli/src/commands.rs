//! The commands, one file each. What they share: asking many servers and
//! bringing the answers to one sink.

pub(crate) mod close;
pub(crate) mod completions;
pub(crate) mod connections;
pub(crate) mod consent;
pub(crate) mod doctor;
pub(crate) mod files;
pub(crate) mod fleet;
pub(crate) mod groups;
pub(crate) mod info;
pub(crate) mod logons;
pub(crate) mod man;
pub(crate) mod names;
pub(crate) mod sessions;
pub(crate) mod share;
pub(crate) mod shares;
pub(crate) mod sought;
pub(crate) mod watch;
pub(crate) mod who_has;
