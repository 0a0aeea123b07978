//! Replays the Kerberos fuzzer's seeds, and every input that once failed, without a fuzzer.
#![allow(missing_docs, reason = "tests")]

#[allow(unreachable_pub, reason = "shared with the fuzz target")]
#[path = "../../../fuzz/src/kerberos.rs"]
mod kerberos;

use std::fs;
use std::path::Path;

#[test]
fn saved_inputs_pass() {
    let mut replayed = 0;
    for kind in ["seeds", "regressions"] {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../../fuzz")
            .join(kind);
        let Ok(inputs) = fs::read_dir(folder.join("kerberos")) else {
            continue;
        };
        for input in inputs {
            let bytes = fs::read(input.expect("an entry").path()).expect("a file");
            kerberos::kerberos(&bytes);
            replayed += 1;
        }
    }
    assert!(replayed >= 9, "only {replayed} inputs were found");
}
