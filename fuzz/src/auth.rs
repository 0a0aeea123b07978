//! What a server answers while it is signed in to.

use smbwho_auth::negotiate::Agreed;
use smbwho_auth::ntlm::{self, Account, Answer, Challenge, Entropy};
use smbwho_auth::setup::SetupReply;
use smbwho_auth::spnego::{Client, Mechanism};
use smbwho_smb::kerberos::fuzz;

/// The first byte chooses the message, the rest is what came.
pub fn auth(data: &[u8]) {
    let Some((kind, bytes)) = data.split_first() else {
        return;
    };
    match kind % 5 {
        0 => challenge(bytes),
        1 => spnego(bytes),
        2 => {
            if let Ok(reply) = SetupReply::read(bytes) {
                assert!(reply.token.len() <= bytes.len());
            }
        }
        3 => {
            if let Ok(agreed) = Agreed::read(bytes) {
                // A cipher is chosen where there can be one.
                assert!(agreed.cipher.is_none() || agreed.dialect.is_smb3());
            }
        }
        _ => assert!(!fuzz::ap_reply(bytes), "a proof without the key"),
    }
}

/// What can be read can be answered, unless what is to be repeated is too long; the answer is as
/// long as what came, and a little more.
fn challenge(bytes: &[u8]) {
    if let Ok(challenge) = Challenge::read(bytes) {
        let _ = challenge.upcase();
    }
    let account = Account {
        domain: "LAB",
        user: "groß",
        password: "secret",
    };
    let entropy = Entropy {
        nonce: [1; 8],
        session_key: [2; 16],
    };
    let negotiate = ntlm::negotiate();
    if let Ok(answer) = Answer::new(&negotiate, bytes, account, "cifs/fs1", &entropy, 3) {
        assert!(answer.message.len() <= bytes.len() + 400);
        if let Some(ours) = answer.mech_list_mic(b"list") {
            assert!(
                !answer.proves_mech_list(b"list", &ours),
                "our own, sent back"
            );
        }
    }
}

fn spnego(bytes: &[u8]) {
    for mechanism in [Mechanism::Ntlm, Mechanism::Kerberos] {
        let mut client = Client::new(mechanism);
        if let Ok(reply) = client.read(bytes) {
            let length = |part: Option<&[u8]>| part.map_or(0, <[u8]>::len);
            assert!(length(reply.token) + length(reply.mic) <= bytes.len());
            let _ = client.next(reply.token, reply.mic);
        }
    }
}
