//! Keeping an idle connection, and noticing when it is dead.
//!
//! A connection without traffic is dropped in silence by firewalls and, after
//! some minutes, by servers that find nothing open on it. An ECHO now and then
//! ([MS-SMB2] 3.2.4.20) prevents the one and shows the other.

use std::sync::{Arc, Weak};
use std::time::Duration;

use smb2::msg::echo::EchoRequest;
use smb2::types::Command;
use tokio::time::{sleep, timeout};
use tracing::debug;

use crate::session::Shared;

/// Looks after the connection until it ends or nobody holds it any more.
pub(crate) fn start(shared: &Arc<Shared>) {
    if let Some(pause) = shared.options.keep_alive {
        tokio::spawn(look_after(Arc::downgrade(shared), pause));
    }
}

async fn look_after(shared: Weak<Shared>, pause: Duration) {
    let mut heard = None;
    loop {
        sleep(pause).await;
        // Only while it is asked is the connection held.
        let Some(shared) = shared.upgrade() else {
            return;
        };
        if shared.connection.is_disconnected() {
            return;
        }
        let now = shared.wire.messages();
        if heard.replace(now) != Some(now) {
            continue;
        }
        let connection = shared.connection.clone();
        let limit = shared.options.reply_timeout;
        drop(shared);
        let echo = connection.execute(Command::Echo, &EchoRequest, None);
        match timeout(limit, echo).await {
            Ok(Ok(_)) => {}
            Ok(Err(error)) => debug!(%error, "no sign of life"),
            Err(_) => {
                debug!("no sign of life in time; the connection is given up");
                connection.mark_dead();
                return;
            }
        }
    }
}
