//! Every call at every level, before two other implementations.
//!
//! - Samba's `ndrdump` reads each request and each reply, prints the values it should, and
//!   encodes them to the same bytes again.
//! - Impacket reads each into its own classes and encodes it anew; from that encoding we read what
//!   we wrote.
#![allow(missing_docs, reason = "tests")]

mod calls;
#[path = "common/oracle.rs"]
mod oracle;

use calls::Case;
use serde_json::{Value, json};

/// Whether a line of the dump says this, spaces aside.
fn shows(dump: &str, expected: &str) -> bool {
    let squeeze = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let (name, value) = expected.split_once(": ").unwrap();
    dump.lines().any(|line| {
        line.trim()
            .split_once(':')
            .is_some_and(|(n, v)| n.trim() == name && squeeze(v) == squeeze(value))
    })
}

#[test]
fn ndrdump_sees_the_same() {
    let mut failures = Vec::new();
    for case in calls::all() {
        for (direction, stub, context, expected) in [
            ("in", &case.request, None, case.request_shows),
            (
                "out",
                &case.reply,
                Some(&case.request[..]),
                case.reply_shows,
            ),
        ] {
            if case.ndrdump_errs.is_some() {
                continue;
            }
            let dump = oracle::ndrdump(case.interface, case.opnum, direction, stub, context);
            match dump {
                Err(dump) => failures.push(format!("{} {direction}: {dump}", case.label)),
                Ok(dump) => {
                    for line in expected.iter().filter(|line| !shows(&dump, line)) {
                        failures.push(format!("{} {direction}: no {line} in\n{dump}", case.label));
                    }
                }
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(digits: &str) -> Vec<u8> {
    (0..digits.len() / 2)
        .map(|i| u8::from_str_radix(&digits[2 * i..2 * i + 2], 16).unwrap())
        .collect()
}

#[test]
fn impacket_encodes_the_same() {
    let all = calls::all();
    let job = |case: &Case, direction: &str, stub: &[u8]| json!({"call": case.name, "direction": direction, "stub": hex(stub)});
    let jobs: Vec<Value> = all
        .iter()
        .flat_map(|c| [job(c, "in", &c.request), job(c, "out", &c.reply)])
        .collect();
    let answers = oracle::impacket("impacket_calls.py", &Value::Array(jobs));
    assert_eq!(answers.len(), 2 * all.len());
    let mut failures = Vec::new();
    for (case, answers) in all.iter().zip(answers.chunks(2)) {
        let sides = [
            (&case.request, &case.read_request),
            (&case.reply, &case.read_reply),
        ];
        for (i, (stub, read)) in sides.into_iter().enumerate() {
            let written = read(stub).unwrap().0;
            let found = match answers[i]["stub"].as_str() {
                Some(stub) => read(&unhex(stub))
                    .map(|(text, _)| text)
                    .map_err(|error| error.to_string()),
                None => Err(answers[i]["error"].to_string()),
            };
            let same = found.as_ref() == Ok(&written);
            if same == case.impacket_errs[i].is_some() {
                let known = case.impacket_errs[i];
                failures.push(format!(
                    "{} {i}: {found:?} instead of {written}, known: {known:?}",
                    case.label
                ));
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn the_judge_can_say_no() {
    let case = &calls::all()[0];
    let mut stub = case.request.clone();
    assert!(oracle::ndrdump(case.interface, case.opnum, "in", &stub, None).is_ok());
    stub.push(0);
    assert!(oracle::ndrdump(case.interface, case.opnum, "in", &stub, None).is_err());
    stub.truncate(stub.len() - 2);
    assert!(oracle::ndrdump(case.interface, case.opnum, "in", &stub, None).is_err());
}
