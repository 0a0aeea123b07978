//! Replays the seeds of the fuzzers for Kerberos and for signing in, and every input that once
//! failed, without a fuzzer.
#![allow(missing_docs, reason = "tests")]

#[allow(unreachable_pub, reason = "shared with the fuzz target")]
#[path = "../../../fuzz/src/auth.rs"]
mod auth;
#[allow(unreachable_pub, reason = "shared with the fuzz target")]
#[path = "../../../fuzz/src/kerberos.rs"]
mod kerberos;

use std::fs;
use std::path::Path;

#[test]
fn saved_inputs_pass() {
    for (target, check, at_least) in [
        ("kerberos", kerberos::kerberos as fn(&[u8]), 9),
        ("auth", auth::auth, 19),
    ] {
        let mut replayed = 0;
        for kind in ["seeds", "regressions"] {
            let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
                .join("../../fuzz")
                .join(kind);
            let Ok(inputs) = fs::read_dir(folder.join(target)) else {
                continue;
            };
            for input in inputs {
                let bytes = fs::read(input.expect("an entry").path()).expect("a file");
                // As it is, cut anywhere, and with one byte after the other changed.
                check(&bytes);
                for at in 0..bytes.len().min(2048) {
                    check(&bytes[..at]);
                    let mut changed = bytes.clone();
                    changed[at] ^= 0x81;
                    check(&changed);
                }
                replayed += 1;
            }
        }
        assert!(replayed >= at_least, "only {replayed} inputs for {target}");
    }
}
