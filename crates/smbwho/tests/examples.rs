//! The examples do what they say.

mod common;

#[path = "../examples/sessions.rs"]
mod sessions;

use common::{ntlm, samba};

#[tokio::test]
async fn the_sessions_example_counts_everyone() {
    let samba = samba();
    let _alice = samba.hold_session("alice", "a").expect("connected");
    let address = samba.address().parse().expect("an address");
    let sessions = sessions::show(&address, &ntlm("root", "adm")).await;
    assert_eq!(sessions.expect("sessions"), 2);
}
