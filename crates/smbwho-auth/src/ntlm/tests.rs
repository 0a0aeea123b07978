//! The vectors of [MS-NLMP] 4.2.4, and a server that checks every part of an answer.

use super::*;

/// Bytes from hexadecimal digits; spaces count for nothing.
pub(crate) fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u32> = text
        .chars()
        .filter_map(|digit| digit.to_digit(16))
        .collect();
    digits
        .chunks(2)
        .map(|pair| u8::try_from(pair[0] * 16 + pair[1]).unwrap())
        .collect()
}

const USER: Account<'_> = Account {
    domain: "Domain",
    user: "User",
    password: "Password",
};
const NONCE: [u8; 8] = [0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef];
const CLIENT_NONCE: [u8; 8] = [0xaa; 8];

/// [MS-NLMP] 4.2.4: NTLMv2 with the common values of 4.2.1.
#[test]
fn answers_are_those_of_the_specification() {
    let key = ntowf_v2(USER, Upcase::Windows);
    assert_eq!(*key, *hex("0c868a403bfd7a93a3001ef22ef02e3f"));
    // MsvAvNbDomainName and MsvAvNbComputerName.
    let info = hex("02000c0044006f006d00610069006e00 01000c00530065007200760065007200 00000000");
    let temp = temp(0, &CLIENT_NONCE, &info);
    let proof = hmac_md5(&*key, &[&NONCE, &temp]);
    assert_eq!(*proof, *hex("68cd0ab851e51c96aabc927bebef6a1c"));
    let base = session_base_key(&key, &proof);
    assert_eq!(*base, *hex("8de40ccadbc14a82f15cb0ad0de95ca3"));
    assert_eq!(
        lm_v2(&key, &NONCE, &CLIENT_NONCE).to_vec(),
        hex("86c35097ac9cec102554764a57cccc19 aaaaaaaaaaaaaaaa")
    );
    let mut session_key = [0x55; 16];
    rc4(&*base, &mut session_key);
    assert_eq!(
        session_key.to_vec(),
        hex("c5dad2544fc9799094ce1ce90bc9d03e")
    );
}

/// [MS-NLMP] 4.2.4.4: the keys, and the message that is sealed and signed with them.
#[test]
fn session_security_is_that_of_the_specification() {
    let flags = flag::EXTENDED_SESSIONSECURITY | flag::KEY_128 | flag::KEY_EXCH;
    let (sign, seal) = Mic::new(&[0x55; 16], flags).unwrap().client_keys();
    assert_eq!(sign.to_vec(), hex("4788dc861b4782f35d43fd98fe1a2d39"));
    assert_eq!(seal.to_vec(), hex("59f600973cc4960a25480a7c196e4c58"));
    let text = utf16("Plaintext");
    let mut wire = text.clone();
    wire.extend(&hmac_md5(&sign, &[&[0; 4], &text])[..8]);
    rc4(&seal, &mut wire);
    assert_eq!(
        wire,
        hex("54e50165bf1936dc996020c1811b0f06fb5f 7fb38ec5c55d4976")
    );
}

/// A CHALLENGE_MESSAGE.
pub(crate) fn challenge(flags: u32, build: u16, pairs: &[(u16, &[u8])]) -> Vec<u8> {
    let mut info = Vec::new();
    for (id, value) in pairs {
        info.extend(id.to_le_bytes());
        info.extend(u16::try_from(value.len()).unwrap().to_le_bytes());
        info.extend(*value);
    }
    let length = u16::try_from(info.len()).unwrap();
    let mut message = SIGNATURE.to_vec();
    message.extend(2_u32.to_le_bytes());
    message.extend([0, 0, 0, 0, 56, 0, 0, 0]);
    message.extend(flags.to_le_bytes());
    message.extend(NONCE);
    message.extend([0; 8]);
    message.extend(length.to_le_bytes());
    message.extend(length.to_le_bytes());
    message.extend(56_u32.to_le_bytes());
    message.extend([10, 0]);
    message.extend(build.to_le_bytes());
    message.extend([0, 0, 0, 15]);
    message.extend(info);
    message
}

const TIME: (u16, &[u8]) = (7, &[1, 2, 3, 4, 5, 6, 7, 8]);
const NAME: (u16, &[u8]) = (2, b"D\0");

fn answer(challenge: &[u8], user: &str) -> Answer {
    let account = Account { user, ..USER };
    let entropy = Entropy {
        nonce: CLIENT_NONCE,
        session_key: [0x55; 16],
    };
    Answer::new(&negotiate(), challenge, account, "cifs/fs1", &entropy, 77).unwrap()
}

fn field(message: &[u8], number: usize) -> &[u8] {
    let at = 12 + 8 * number;
    let word = |at: usize| u16::from_le_bytes([message[at], message[at + 1]]);
    let (length, offset) = (usize::from(word(at)), usize::from(word(at + 4)));
    &message[offset..offset + length]
}

/// What a server makes of an answer: the AV pairs and LM response, once every proof holds.
fn judged(challenge: &[u8], answer: &Answer, capitals: &str) -> (Vec<(u16, Vec<u8>)>, Vec<u8>) {
    let message = &answer.message;
    let nt = field(message, 1);
    let name = utf16(&format!("{capitals}{}", USER.domain));
    let hash =
        Zeroizing::new(<[u8; 16]>::try_from(hex("a4f49c406510bdcab6824ee7c30fd852")).unwrap());
    let key = hmac_md5(&*hash, &[&name]);
    let proof = hmac_md5(&*key, &[&NONCE, &nt[16..]]);
    assert_eq!(*proof, nt[..16], "the proof");
    let mut session_key = session_base_key(&key, &proof);
    let sealed = field(message, 5);
    if !sealed.is_empty() {
        let mut exchanged: [u8; 16] = sealed.try_into().unwrap();
        rc4(&*session_key, &mut exchanged);
        *session_key = exchanged;
    }
    assert_eq!(session_key, answer.session_key);
    let mut without = message.clone();
    without[MIC..PAYLOAD].fill(0);
    let mic = hmac_md5(&*session_key, &[&negotiate(), challenge, &without]);
    assert_eq!(*mic, message[MIC..PAYLOAD], "the MIC");

    let mut pairs = Vec::new();
    let mut rest = &nt[16 + 28..];
    while rest[..2] != [0, 0] {
        let length = usize::from(u16::from_le_bytes([rest[2], rest[3]]));
        let id = u16::from_le_bytes([rest[0], rest[1]]);
        pairs.push((id, rest[4..4 + length].to_vec()));
        rest = &rest[4 + length..];
    }
    assert_eq!(rest, [0; 8], "the end and four zeros");
    (pairs, field(message, 0).to_vec())
}

#[test]
fn an_answer_proves_itself_with_and_without_the_server_s_time() {
    for (pairs, stamped) in [(&[NAME, TIME][..], true), (&[NAME], false), (&[], false)] {
        for exchange in [0, flag::KEY_EXCH] {
            let flags = (FLAGS & !flag::KEY_EXCH) | exchange;
            let challenge = challenge(flags, 17763, pairs);
            let answer = answer(&challenge, "User");
            let (found, lm) = judged(&challenge, &answer, "USER");
            let mut expected: Vec<(u16, Vec<u8>)> = pairs
                .iter()
                .map(|(id, value)| (*id, value.to_vec()))
                .collect();
            expected.extend([
                (6, vec![2, 0, 0, 0]),
                (10, vec![0; 16]),
                (9, utf16("cifs/fs1")),
            ]);
            assert_eq!(found, expected);
            assert_eq!(lm == vec![0; 24], stamped);
            let time = &field(&answer.message, 1)[16 + 8..16 + 16];
            let now = 77_u64.to_le_bytes();
            assert_eq!(time, if stamped { TIME.1 } else { &now });
        }
    }
}

#[test]
fn pairs_that_are_the_client_s_are_not_the_server_s_to_send() {
    let pairs: [(u16, &[u8]); 4] = [(6, &[1, 0, 0, 0]), (9, b"x\0"), (10, &[7; 16]), (3, b"y\0")];
    let challenge = challenge(FLAGS, 0, &pairs);
    let (found, _) = judged(&challenge, &answer(&challenge, "user"), "USER");
    assert_eq!(
        found,
        [
            (3, b"y\0".to_vec()),
            (6, vec![3, 0, 0, 0]),
            (10, vec![0; 16]),
            (9, utf16("cifs/fs1")),
        ]
    );
}

#[test]
fn the_server_s_age_decides_on_capitals() {
    for (build, capitals) in [(17763, "ȘTEFANΟς"), (0, "șTEFANΟΣ")] {
        let challenge = challenge(FLAGS, build, &[TIME]);
        judged(&challenge, &answer(&challenge, "ștefanος"), capitals);
    }
}

#[test]
fn the_list_of_mechanisms_is_signed_both_ways() {
    for flags in [FLAGS, FLAGS & !flag::KEY_EXCH, FLAGS & !flag::KEY_128] {
        let challenge = challenge(flags, 0, &[TIME]);
        let answer = answer(&challenge, "User");
        let server = Mic::new(&answer.session_key, flags).unwrap().other_end();
        let ours = answer.mech_list_mic(b"list").unwrap();
        assert!(server.is_theirs(b"list", &ours));
        let theirs = server.ours(b"list");
        assert!(answer.proves_mech_list(b"list", &theirs));
        assert!(!answer.proves_mech_list(b"lisp", &theirs));
        assert!(!answer.proves_mech_list(b"list", &ours));
        assert!(!answer.proves_mech_list(b"list", b""));
    }
    let challenge = challenge(FLAGS & !flag::EXTENDED_SESSIONSECURITY, 0, &[TIME]);
    assert!(answer(&challenge, "User").mech_list_mic(b"list").is_none());
}

#[test]
fn what_is_no_challenge_is_refused() {
    let good = challenge(FLAGS, 1, &[NAME, TIME, (0, b"")]);
    for length in 0..good.len() - 4 {
        assert!(Challenge::read(&good[..length]).is_err(), "{length}");
    }
    let fail = |message: &[u8]| Challenge::read(message).unwrap_err().what;
    assert!(fail(&challenge(FLAGS, 1, &[NAME; 65])).contains("too many"));
    let mut other = good.clone();
    other[8] = 3;
    assert!(fail(&other).contains("none"));
    // A pair that reaches beyond the information, and information beyond the message.
    let mut long = good.clone();
    long[58] = 200;
    assert!(fail(&long).contains("cut short"));
    let mut far = good;
    far[44..48].copy_from_slice(&u32::MAX.to_le_bytes());
    assert!(fail(&far).contains("cut short"));
    // Long names fit no message.
    let long = "u".repeat(40_000);
    let account = Account {
        user: &long,
        ..USER
    };
    let entropy = Entropy {
        nonce: CLIENT_NONCE,
        session_key: [0; 16],
    };
    let challenge = challenge(FLAGS, 1, &[TIME]);
    assert!(Answer::new(&negotiate(), &challenge, account, "", &entropy, 0).is_err());
    let oem = self::challenge(FLAGS & !flag::UNICODE, 1, &[TIME]);
    assert!(Answer::new(&negotiate(), &oem, USER, "", &entropy, 0).is_err());
}

#[test]
fn no_secret_is_shown() {
    let challenge = challenge(FLAGS, 1, &[TIME]);
    assert_eq!(format!("{:?}", answer(&challenge, "User")), "Answer(***)");
}

/// Windows Server 2016, from zeek/zeek testing/btest/Traces/smb/smb3.pcap (BSD-3), frame 4.
#[test]
fn a_challenge_of_windows_is_read_and_answered() {
    let message = hex(
        "4e544c4d53535000020000000800080038000000350289e201151813d2898ccd0000000000000000\
         70007000400000000a0039380000000f530055005300450002000800530055005300450001000c00\
         57005300320030003100360004000e0073007500730065002e006400650003001c00570053003200\
         3000310036002e0073007500730065002e006400650005000e0073007500730065002e0064006500\
         070008008a8ce7a9f4ced20100000000",
    );
    let challenge = Challenge::read(&message).unwrap();
    assert_eq!(challenge.build, Some(14393));
    assert_eq!(challenge.upcase(), Upcase::Windows);
    assert!(challenge.timestamp().is_some());
    let ids: Vec<u16> = challenge.pairs.iter().map(|(id, _)| *id).collect();
    assert_eq!(ids, [2, 1, 4, 3, 5, 7]);
    let answer = answer(&message, "User");
    assert_eq!(field(&answer.message, 0), [0; 24], "no LM response");
    assert!(answer.mech_list_mic(b"list").is_some());
}
