//! Parsers of what people write and what files hold, for fuzzing. No stable
//! interface.
//!
//! Each checks what must hold besides that nothing panics.

use std::time::Duration;

use smbwho::Session;

use crate::config::Config;
use crate::credentials::auth_file::AuthFile;
use crate::rows::Row;
use crate::tui::filter::Filter;
use crate::{duration, resume, targets};

/// Servers that lists and ranges may come to here.
const MAX_HOSTS: usize = 100;

/// The first byte chooses the parser, the rest is what it reads.
pub fn any(data: &[u8]) {
    let Some((kind, bytes)) = data.split_first() else {
        return;
    };
    let text = String::from_utf8_lossy(bytes);
    match kind % 6 {
        0 => auth_file(&text),
        1 => server_list(&text),
        2 => config(&text),
        3 => resume(bytes),
        4 => span(&text),
        _ => filter(&text),
    }
}

/// A credentials file.
fn auth_file(text: &str) {
    let file = AuthFile::parse(text);
    let named = file.account().is_ok_and(|account| account.is_some());
    assert!(!named || text.contains('='), "nothing was given");
}

/// A list of servers, with ranges and networks among them.
fn server_list(text: &str) {
    if let Ok(servers) = targets::from_list(text, &Config::default(), MAX_HOSTS) {
        // Ranges are bounded; what is written out line by line is as long as it is.
        assert!(servers.len() <= MAX_HOSTS + text.lines().count());
        for server in servers {
            let shown = server.address.to_string();
            assert_eq!(shown.parse(), Ok(server.address), "{shown} reads back");
        }
    }
}

/// A configuration file.
fn config(text: &str) {
    if let Err(message) = Config::parse(text) {
        assert!(!message.contains('\n'), "a message is one line: {message}");
    }
}

/// What an earlier run with `--resume` has left.
fn resume(bytes: &[u8]) {
    if let Some(whole) = resume::whole_lines(bytes, "sessions") {
        assert!(whole <= bytes.len());
    }
}

/// A span of time.
fn span(text: &str) {
    if let Ok(span) = duration::parse(text) {
        let secs = span.as_secs();
        assert_eq!(
            duration::parse(&secs.to_string()),
            Ok(Duration::from_secs(secs))
        );
        let mut shown = String::new();
        duration::write(&mut shown, span);
        assert!(!shown.is_empty());
    }
}

/// A filter as it is typed in browse.
fn filter(text: &str) {
    let filter = Filter::<Session>::parse(text);
    let mut data = Session::unknown(None);
    data.user = Some("LAB\\ann".into());
    data.client = Some("::ffff:10.0.0.7".into());
    data.active = Some(Duration::from_secs(61));
    let row = Row {
        server: "fs1".into(),
        node: None,
        data,
    };
    let mut room = String::new();
    let shown = filter.lets_through(|column| (column.cell)(&row), &mut room);
    assert!(shown || !filter.is_empty(), "an empty filter hides nothing");
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    /// Replays the fuzzer's seeds, and every input that once failed: whole, cut
    /// anywhere, and with each byte changed.
    #[test]
    fn saved_inputs_pass() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz");
        let mut replayed = 0;
        for kind in ["seeds", "regressions"] {
            let Ok(inputs) = fs::read_dir(folder.join(kind).join("program")) else {
                continue;
            };
            for input in inputs {
                let bytes = fs::read(input.expect("an entry").path()).expect("a file");
                super::any(&bytes);
                (0..bytes.len()).for_each(|length| super::any(&bytes[..length]));
                for at in 1..bytes.len() {
                    for other in [0, b'"', b'[', b'-', b'9', 0xff] {
                        let mut changed = bytes.clone();
                        changed[at] = other;
                        super::any(&changed);
                    }
                }
                replayed += 1;
            }
        }
        assert!(replayed >= 12, "only {replayed} inputs were found");
    }
}
