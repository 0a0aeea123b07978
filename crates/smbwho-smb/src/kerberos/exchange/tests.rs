use super::*;
use crate::kerberos::crypto::ETYPES;

fn capture(name: &str) -> Vec<u8> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/kerberos/captures/");
    std::fs::read(format!("{folder}{name}")).expect(name)
}

fn error(name: &str) -> KrbError {
    match parse_answer(&capture(name), msg_type::AS_REP, "LAB.TEST") {
        Ok(Answer::Error(error)) => *error,
        _ => panic!("{name} is a KRB-ERROR"),
    }
}

fn refused(name: &str, now: Duration) -> KdcRefusal {
    match refusal(
        &error(name),
        Exchange::Authentication,
        "alice@LAB.TEST".into(),
        now,
    ) {
        KerberosError::Kdc(refusal) => *refusal,
        other => panic!("{other}"),
    }
}

fn reply(name: &str, expected: u32) -> KdcRep {
    match parse_answer(&capture(name), expected, "LAB.TEST") {
        Ok(Answer::Reply(reply)) => *reply,
        _ => panic!("{name} is a reply"),
    }
}

#[test]
fn the_salt_is_the_one_the_kdc_tells_not_the_one_the_name_suggests() {
    let recipe = key_recipe(
        &method_data(&error("error-25-preauth-required.der")),
        &ETYPES,
    );
    let recipe = recipe.expect("ETYPE-INFO2");
    assert_eq!(recipe.etype, 18);
    assert_eq!(recipe.salt.as_deref(), Some("LAB.TESTgina"));
}

#[test]
fn a_reply_opens_with_the_password_and_only_then() {
    let rep = reply("as-rep.der", msg_type::AS_REP);
    let open = |password| {
        let key = Key::from_password(18, password, "LAB.TESTgina", None).unwrap();
        open_reply(&rep, &key, usage::AS_REP_ENC_PART, 1, "LAB.TEST")
    };
    // Its nonce was another one: found out only after the key has opened it.
    let other = |what| KerberosError::UntrustedReply {
        realm: "LAB.TEST".into(),
        what,
    };
    assert_eq!(
        open("G1na-pass!").unwrap_err(),
        other("it answers another request")
    );
    assert_eq!(
        open("g1na-pass!").unwrap_err(),
        other("it was not made with this password's key")
    );
}

#[test]
fn refusals_keep_number_text_and_reason() {
    let now = Duration::from_secs(0);
    for (name, code, status) in [
        ("error-6-unknown.der", 6, None),
        ("error-24-preauth-failed.der", 24, None),
        ("error-18-disabled.der", 18, Some(0xC000_0072)),
    ] {
        let refusal = refused(name, now);
        assert_eq!(
            (refusal.code.0, refusal.nt_status),
            (code, status),
            "{name}"
        );
        assert_eq!(refusal.realm, "LAB.TEST");
    }
    let disabled = refused("error-18-disabled.der", now).to_string();
    assert!(disabled.contains("the account is disabled"), "{disabled}");
}

#[test]
fn skew_is_measured_against_our_clock() {
    let theirs = error("error-37-skew.der").stime.to_unix_duration();
    let skew = |ours| refused("error-37-skew.der", ours);
    assert_eq!(
        skew(theirs + Duration::from_secs(1000)).clock_ahead_secs,
        -1000
    );
    assert_eq!(
        skew(theirs - Duration::from_secs(400)).clock_ahead_secs,
        400
    );
    for (ours, said) in [
        (
            theirs - Duration::from_secs(400),
            "its clock is 400 s ahead",
        ),
        (theirs + Duration::from_secs(90), "its clock is 90 s behind"),
    ] {
        let text = skew(ours).to_string();
        let at = |time: Duration| {
            let time = der::DateTime::from_unix_duration(Duration::from_secs(time.as_secs()));
            time.expect("a time").to_string()
        };
        let clocks = format!("{said}, at {}, this computer's at {}", at(theirs), at(ours));
        assert!(text.contains(&clocks), "{clocks}: {text}");
        assert!(text.ends_with(" (KRB_AP_ERR_SKEW 37)"), "{text}");
        assert_eq!(text.matches("SKEW").count(), 1, "{text}");
    }
}

#[test]
fn cut_or_changed_answers_are_errors_and_never_panics() {
    for name in [
        "error-25-preauth-required.der",
        "error-18-disabled.der",
        "as-rep.der",
        "tgs-rep.der",
    ] {
        let whole = capture(name);
        for len in 0..whole.len() {
            assert!(
                !crate::kerberos::fuzz::kdc_answer(&whole[..len]),
                "{name} {len}"
            );
        }
        for at in 0..whole.len() {
            for flip in [0x01, 0x80, 0xFF] {
                let mut changed = whole.clone();
                changed[at] ^= flip;
                crate::kerberos::fuzz::kdc_answer(&changed);
            }
        }
    }
}

/// Plain kinit's ticket cannot give a forwardable one: BADOPTION.
#[test]
fn no_request_asks_for_a_forwardable_ticket() {
    let name = PrincipalName::new(1, &["alice"]);
    let now = Duration::from_secs(1_800_000_000);
    let request = as_request(&name, "LAB.TEST", 1, now, None, &ETYPES).unwrap();
    let options = [0xA0, 0x07, 0x03, 0x05, 0x00, 0x00, 0x01, 0x00, 0x00];
    assert!(
        request
            .windows(options.len())
            .any(|window| window == options)
    );
}
