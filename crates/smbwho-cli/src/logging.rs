//! `-v`: what the program does, on standard error.
//!
//! Our crates speak `tracing`, the SMB crate `log`; both come out here. Three
//! things keep them harmless: our crates log no secrets (types that hold one do
//! not show it), the SMB crate is never let above `debug` (its `trace` tells of
//! single messages and signatures), and whatever is written is escaped like any
//! other text.

use std::io::{self, Write};

use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::prelude::*;

use crate::args::LogFormat;
use crate::output::escape::write_visible;
use crate::progress;

/// Starts telling, as much as `-v` was repeated.
pub(crate) fn start(verbose: u8, format: LogFormat) {
    let (ours, smb2) = match verbose {
        0 => return,
        1 => (LevelFilter::DEBUG, LevelFilter::WARN),
        2 => (LevelFilter::TRACE, LevelFilter::INFO),
        _ => (LevelFilter::TRACE, LevelFilter::DEBUG),
    };
    let filter = Targets::new()
        .with_target("smbwho", ours)
        .with_target("smbwho_smb", ours)
        .with_target("smbwho_rpc", ours)
        .with_target("smbwho_msrpc", ours)
        .with_target("smb2", smb2);
    let layer = tracing_subscriber::fmt::layer()
        .with_ansi(false)
        .with_writer(|| Escaped);
    let started = match format {
        LogFormat::Text => {
            let layer = layer.without_time().with_filter(filter);
            tracing_subscriber::registry().with(layer).try_init()
        }
        LogFormat::Json => {
            let layer = layer.json().flatten_event(true).with_filter(filter);
            tracing_subscriber::registry().with(layer).try_init()
        }
    };
    // Fails only when started twice, and then logging is there already.
    let _ = started;
}

/// Standard error, with everything harmful made visible.
struct Escaped;

impl Write for Escaped {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(bytes);
        let mut safe = String::with_capacity(text.len());
        for line in text.split_inclusive('\n') {
            let (line, end) = match line.strip_suffix('\n') {
                Some(line) => (line, "\n"),
                None => (line, ""),
            };
            // Writing to a String cannot fail.
            let _ = write_visible(&mut safe, line);
            safe.push_str(end);
        }
        // An unwritable standard error is no reason to stop.
        progress::aside(|| {
            let _ = io::stderr().write_all(safe.as_bytes());
        });
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
