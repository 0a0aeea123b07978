//! Security descriptors as bytes and as text.
#![allow(missing_docs, reason = "tests")]

use std::io::Write;
use std::process::{Command, Stdio};

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use smbwho_msrpc::types::security_descriptor::{
    AccessList, Ace, AceBody, Acl, DescriptorError, SE_DACL_AUTO_INHERITED, SE_DACL_PROTECTED,
};
use smbwho_msrpc::types::{NotInSddl, SecurityDescriptor, Sid};

const DOMAIN: &str = "S-1-5-21-1-2-3";

fn read(text: &str) -> SecurityDescriptor {
    let domain = DOMAIN.parse().unwrap();
    SecurityDescriptor::from_sddl(text, Some(&domain)).unwrap_or_else(|e| panic!("{text}: {e}"))
}

#[test]
fn texts_that_are_written_as_they_were_read() {
    for text in [
        "",
        "O:BA",
        "G:S-1-5-21-1-2-3-513",
        "O:S-1-5-32-9D:",
        "O:S-1-22-1-1000G:S-1-22-2-1000D:P(A;;FA;;;WD)",
        "O:BAG:SYD:(A;OICI;FA;;;BA)(D;;FR;;;BG)(A;;0x1200a9;;;BU)",
        "D:PARAI(A;OICINPIOID;FW;;;CO)",
        "D:NO_ACCESS_CONTROL",
        "D:PNO_ACCESS_CONTROL",
        "S:(AU;SAFA;CCDCLC;;;WD)(AL;SA;FX;;;AU)(ML;;NWNR;;;HI)",
        "D:(A;;GAGXGWGR;;;PS)(A;;RPWPDTLOCR;;;SY)(A;;SDRCWDWO;;;OW)",
        "D:(OA;CI;CR;ab721a53-1e2f-11d0-9819-00aa0040529b;;WD)(OD;;RP;;bf967aba-0de6-11d0-a285-00aa003049e2;AU)",
    ] {
        let descriptor = read(text);
        assert_eq!(descriptor.to_sddl().unwrap(), text);
        let bytes = descriptor.to_bytes().unwrap();
        assert_eq!(
            SecurityDescriptor::from_bytes(&bytes),
            Ok(descriptor),
            "{text}"
        );
    }
}

#[test]
fn texts_that_are_written_otherwise() {
    for (text, expected) in [
        ("D:(A;;FRFX;;;WD)", "D:(A;;0x1200a9;;;WD)"),
        ("D:(A;;1;;;DA)", "D:(A;;CC;;;S-1-5-21-1-2-3-512)"),
        ("D:(A;;010;;;WD)", "D:(A;;SW;;;WD)"),
        ("S:D:O:WD", "O:WDD:S:"),
        ("O:S-1-1-0", "O:WD"),
        ("D:AIP", "D:PAI"),
    ] {
        assert_eq!(read(text).to_sddl().unwrap(), expected);
    }
}

#[test]
fn texts_that_are_refused_where_they_go_wrong() {
    for (text, at) in [
        ("X:", 0),
        ("O:BAO:BA", 4),
        ("O:", 2),
        ("O:??", 2),
        ("O:S-1-", 2),
        ("D:(", 3),
        ("D:(A;;FA;;;WD", 13),
        ("D:(Q;;FA;;;WD)", 3),
        ("D:(A;OQ;FA;;;WD)", 5),
        ("D:(A;;F;;;WD)", 6),
        ("D:(A;;0x100000000;;;WD)", 6),
        ("D:(A;;FA;x;;WD)", 9),
        ("D:(A;;FA;ab721a53-1e2f-11d0-9819-00aa0040529b;;WD)", 47),
        ("D:(A;;FA;;;WD)x", 14),
        ("D:(A;;FA;;;WD;(x))", 13),
        ("O:é", 2),
    ] {
        let error = SecurityDescriptor::from_sddl(text, None).unwrap_err();
        assert_eq!(error.at, at, "{text}: {error}");
    }
    let without_domain = SecurityDescriptor::from_sddl("O:DA", None);
    assert!(without_domain.is_err());
    assert_eq!(read("O:DA").owner.unwrap().rid(), Some(512));
}

#[test]
fn exact_bytes() {
    #[rustfmt::skip]
    let bytes = [
        1, 0, 4, 0x94, 20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 36, 0, 0, 0,
        1, 2, 0, 0, 0, 0, 0, 5, 32, 0, 0, 0, 0x20, 2, 0, 0,
        2, 0, 28, 0, 1, 0, 0, 0,
        0, 3, 20, 0, 0xff, 1, 0x1f, 0, 1, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0,
    ];
    let descriptor = SecurityDescriptor::from_bytes(&bytes).unwrap();
    assert_eq!(
        descriptor.control,
        SE_DACL_PROTECTED | SE_DACL_AUTO_INHERITED
    );
    assert_eq!(descriptor.to_sddl().unwrap(), "O:BAD:PAI(A;OICI;FA;;;WD)");
    assert_eq!(descriptor.to_bytes().unwrap(), bytes);

    let changed = |at: usize, value: u8| {
        let mut bytes = bytes;
        bytes[at] = value;
        SecurityDescriptor::from_bytes(&bytes)
    };
    assert_eq!(changed(0, 2), Err(DescriptorError::Revision(2)));
    assert_eq!(changed(3, 0x14), Err(DescriptorError::NotSelfRelative));
    assert_eq!(changed(4, 65), Err(DescriptorError::Truncated("owner")));
    assert_eq!(changed(20, 2), Err(DescriptorError::BadSid("owner")));
    assert_eq!(
        changed(38, 29),
        Err(DescriptorError::Truncated("access control list"))
    );
    assert_eq!(changed(38, 7), Err(DescriptorError::BadLength));
    assert_eq!(
        changed(40, 2),
        Err(DescriptorError::Truncated("access control entry"))
    );
    assert_eq!(changed(46, 3), Err(DescriptorError::BadLength));
    assert_eq!(
        changed(53, 4),
        Err(DescriptorError::BadSid("access control entry"))
    );
    assert_eq!(changed(16, 0).unwrap().dacl, AccessList::Null);
    assert_eq!(changed(2, 0).unwrap().dacl, AccessList::Absent);
}

#[test]
fn entries_without_words_survive_as_bytes_and_say_so_as_text() {
    let descriptor = read("D:(A;;FA;;;WD)");
    for kind in [4, 9, 200] {
        let mut copy = descriptor.clone();
        let AccessList::Present(acl) = &mut copy.dacl else {
            panic!("there is a list");
        };
        acl.aces[0].kind = kind;
        if kind != 9 {
            acl.aces[0].body = AceBody::Other(vec![1, 2, 3, 4]);
        }
        assert_eq!(copy.to_sddl(), Err(NotInSddl { kind, flags: 0 }));
        let bytes = copy.to_bytes().unwrap();
        assert_eq!(SecurityDescriptor::from_bytes(&bytes), Ok(copy));
    }
}

/// What Samba makes of the same texts: the same bytes, and a text that means the same.
#[test]
fn samba_agrees() {
    let texts = [
        "O:BAG:SYD:P(A;OICI;GA;;;WD)(A;;0x1200a9;;;BU)",
        "O:LAG:DUD:AI(D;NPIO;CCDC;;;AN)(A;ID;SDRCWDWO;;;DA)",
        "D:(OA;CI;CR;ab721a53-1e2f-11d0-9819-00aa0040529b;;WD)(A;;RPWP;;;S-1-5-21-9-9-9-1000)",
        "G:S-1-22-2-1000S:AI(AU;SAFA;RPWP;;;WD)D:(A;;GR;;;S-1-5-21-9-9-9-4294967295)",
        "D:(OA;;RP;;bf967aba-0de6-11d0-a285-00aa003049e2;PS)(OD;OI;WP;bf967aba-0de6-11d0-a285-00aa003049e2;ab721a53-1e2f-11d0-9819-00aa0040529b;ED)",
        "O:S-1-5-32-544G:S-1-5-32-545D:",
    ];
    let script = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../smbwho-testkit/oracles/samba_sddl.py"
    );
    let help = "this test needs Samba's modules for the system's python3 (package python3-samba)";
    let mut child = Command::new("/usr/bin/python3")
        .arg(script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect(help);
    let jobs = serde_json::json!(texts).to_string();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(jobs.as_bytes())
        .expect(help);
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{help}; its complaint is above");
    let answers: Vec<serde_json::Value> = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(answers.len(), texts.len());
    for (answer, text) in answers.iter().zip(texts) {
        let ours = read(text);
        let mut bytes = ours.to_bytes().unwrap();
        for offset in [12, 16] {
            // Samba says ACL_REVISION_DS of every list; Windows only of those that need it.
            let at = usize::from(bytes[offset]);
            if at != 0 {
                assert!([2, 4].contains(&bytes[at]));
                bytes[at] = 4;
            }
        }
        let bytes: String = bytes.iter().map(|b| format!("{b:02x}")).collect();
        assert_eq!(answer["bytes"].as_str().unwrap(), bytes, "{text}");
        assert_eq!(read(answer["sddl"].as_str().unwrap()), ours, "{text}");
    }
}

fn sid() -> impl Strategy<Value = Sid> {
    (0u64..1 << 48, vec(any::<u32>(), 0..15)).prop_map(|(a, subs)| Sid::new(a, &subs).unwrap())
}

fn ace() -> impl Strategy<Value = Ace> {
    let kinds = prop::sample::select(vec![0u8, 1, 2, 3, 5, 6, 7, 8, 0x11]);
    let guids = option::of(any::<[u8; 16]>());
    (
        kinds,
        any::<u8>(),
        any::<u32>(),
        guids.clone(),
        guids,
        sid(),
    )
        .prop_map(|(kind, flags, mask, object, inherited, sid)| {
            let is_object = (5..=8).contains(&kind);
            Ace {
                kind,
                flags: flags & 0xdf,
                body: AceBody::Known {
                    mask,
                    object: object.filter(|_| is_object),
                    inherited: inherited.filter(|_| is_object),
                    sid,
                    data: vec![],
                },
            }
        })
}

fn list() -> impl Strategy<Value = AccessList> {
    prop_oneof![
        Just(AccessList::Absent),
        Just(AccessList::Null),
        vec(ace(), 0..6).prop_map(|aces| AccessList::Present(Acl { aces })),
    ]
}

proptest! {
    #[test]
    fn bytes_and_text_go_both_ways(
        owner in option::of(sid()), group in option::of(sid()), dacl in list(), sacl in list(),
    ) {
        let descriptor = SecurityDescriptor { control: 0, owner, group, dacl, sacl };
        let bytes = descriptor.to_bytes().unwrap();
        prop_assert_eq!(&SecurityDescriptor::from_bytes(&bytes).unwrap(), &descriptor);
        let text = descriptor.to_sddl().unwrap();
        prop_assert_eq!(&SecurityDescriptor::from_sddl(&text, None).unwrap(), &descriptor);
    }

    #[test]
    fn tampered_bytes(changes in vec((any::<prop::sample::Index>(), any::<u8>()), 1..6)) {
        let mut bytes = read("O:BAG:SYD:(A;OICI;FA;;;WD)(OA;;CR;ab721a53-1e2f-11d0-9819-00aa0040529b;;BU)S:(AU;SA;FA;;;WD)").to_bytes().unwrap();
        for (at, value) in changes {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        if let Ok(descriptor) = SecurityDescriptor::from_bytes(&bytes) {
            let again = descriptor.to_bytes().unwrap();
            prop_assert_eq!(SecurityDescriptor::from_bytes(&again).unwrap(), descriptor);
        }
    }

    #[test]
    fn any_text(text in "([OGDS]:|P|AR|AI|\\(|\\)|;|A|BA|FA|WD|S-1-5|-[0-9]{1,3}|0x[0-9a-f]{1,9}|é)*") {
        if let Ok(descriptor) = SecurityDescriptor::from_sddl(&text, None) {
            let written = descriptor.to_sddl().unwrap();
            prop_assert_eq!(SecurityDescriptor::from_sddl(&written, None).unwrap(), descriptor);
        }
    }
}
