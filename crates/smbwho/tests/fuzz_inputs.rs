//! Replays the seeds of the fuzzer of what other programs print, and every input that once failed,
//! without a fuzzer.
#![allow(missing_docs, reason = "tests")]

#[allow(unreachable_pub, reason = "shared with the fuzz target")]
#[path = "../../../fuzz/src/local.rs"]
mod local;

use std::fs;
use std::path::Path;

#[test]
fn saved_inputs_pass() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz");
    let mut replayed = 0;
    for kind in ["seeds", "regressions"] {
        let Ok(inputs) = fs::read_dir(folder.join(kind).join("local")) else {
            continue;
        };
        for input in inputs {
            let bytes = fs::read(input.expect("an entry").path()).expect("a file");
            local::local(&bytes);
            (0..bytes.len()).for_each(|length| local::local(&bytes[..length]));
            for at in 1..bytes.len() {
                for other in [0, b'"', b' ', b'-', b'9', 0xff] {
                    let mut changed = bytes.clone();
                    changed[at] = other;
                    local::local(&changed);
                }
            }
            replayed += 1;
        }
    }
    assert!(replayed >= 6, "only {replayed} inputs were found");
}
