//! What other programs of this computer print: smbstatus and loginctl.

use smbwho::fuzz;

/// The first byte chooses the parser, the rest is what it reads.
pub fn local(data: &[u8]) {
    let Some((kind, bytes)) = data.split_first() else {
        return;
    };
    match kind % 3 {
        0 => fuzz::smbstatus_json(bytes),
        1 => fuzz::smbstatus_text(bytes),
        _ => fuzz::loginctl(&String::from_utf8_lossy(bytes)),
    }
}
