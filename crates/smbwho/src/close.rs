//! Ending sessions and open files by force: NetrSessionDel ([MS-SRVS]
//! 3.1.4.6) and NetrFileClose (3.1.4.4).

use std::ops::ControlFlow;

use smbwho_msrpc::srvsvc::file::NetrFileClose;
use smbwho_msrpc::srvsvc::session::{NetrSessionDel, SessionTarget as WireTarget};
use smbwho_msrpc::status::Win32Status;
use smbwho_rpc::Call;
use smbwho_smb::SmbError;

use crate::error::{ErrorKind, Refusal};
use crate::{Error, Name, Server, Session};

/// Which sessions to end. Neither client nor user, which the documents leave
/// open, cannot be said.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum SessionTarget {
    /// Every session of this client.
    Client(Name),
    /// Every session of this user.
    User(Name),
    /// Every session of this user from this client.
    Both {
        /// The client, as [`Session::client`] has it.
        client: Name,
        /// The user, as [`Session::user`] has it.
        user: Name,
    },
}

impl SessionTarget {
    /// The narrowest target that a session falls under: its user from its
    /// client. A server cannot tell apart two sessions that have both in
    /// common. `None` where the row does not name both.
    pub fn of(session: &Session) -> Option<Self> {
        let named = |name: &Option<Name>| name.clone().filter(|name| !name.is_empty());
        Some(Self::Both {
            client: named(&session.client)?,
            user: named(&session.user)?,
        })
    }

    /// Whether a session falls under it. As servers do, this compares names
    /// without regard to letter case.
    pub fn covers(&self, session: &Session) -> bool {
        let is = |name: &Name, told: &Option<Name>| {
            let alike = |told: &Name| told.to_lowercase() == name.to_lowercase();
            told.as_ref().is_some_and(alike)
        };
        match self {
            Self::Client(client) => is(client, &session.client),
            Self::User(user) => is(user, &session.user),
            Self::Both { client, user } => is(client, &session.client) && is(user, &session.user),
        }
    }
}

/// What a server said to the order to end something.
///
/// It is no proof: Samba ends things a moment after it answered, and some of
/// its versions say of a file that they closed that there is none. Look again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
#[must_use]
pub enum Closing {
    /// It took the order.
    Taken,
    /// It says that there is no such thing.
    NotFound(Win32Status),
}

impl Server {
    /// Ends sessions ([MS-SRVS] 3.1.4.6, NetrSessionDel): what their users
    /// have open is closed, and what is not yet written is lost.
    ///
    /// Samba ends the client's whole connection, and so every session on it,
    /// whoever's they are. Ending the session of this very [`Server`] leaves
    /// it without a connection.
    ///
    /// Samba answers access denied also when no session falls under the
    /// target.
    ///
    /// # Errors
    ///
    /// As any call; [`ErrorKind::Declined`] where the server refuses it.
    #[doc(alias = "NetSessionDel")]
    pub async fn close_session(&self, target: &SessionTarget) -> Result<Closing, Error> {
        let mut said = Err(self.error(ErrorKind::Smb(SmbError::unanswered())));
        let answer = |_, outcome| {
            said = outcome;
            ControlFlow::Continue(())
        };
        self.close_sessions(std::slice::from_ref(target), answer)
            .await?;
        said
    }

    /// As [`close_session`](Self::close_session), of several targets: their
    /// requests are in flight together as far as the server takes them so, and
    /// each is sent once.
    ///
    /// `answer` is called for each that was sent, in the order the replies
    /// come, with the index of its target. An error other than
    /// [`ErrorKind::Declined`] means that it is not known what became of it.
    /// Where `answer` breaks off, or the connection ends, nothing more is sent;
    /// what is on its way is waited for.
    ///
    /// # Errors
    ///
    /// When there is nothing to send them over: none was sent then.
    pub async fn close_sessions(
        &self,
        targets: &[SessionTarget],
        answer: impl FnMut(usize, Result<Closing, Error>) -> ControlFlow<()> + Send,
    ) -> Result<(), Error> {
        let names: Vec<_> = targets.iter().map(wire_names).collect();
        let calls: Vec<_> = names.iter().map(|names| self.session_del(names)).collect();
        self.close(&calls, |reply| reply.status, answer).await
    }

    /// Closes an open file, device or pipe by force ([MS-SRVS] 3.1.4.4,
    /// NetrFileClose): its user may lose what is not yet written.
    ///
    /// A server may use an id again as soon as its file is closed, and on
    /// Samba two open files may have the same one, which are then both closed:
    /// look at what the id means just before.
    ///
    /// # Errors
    ///
    /// As any call; [`ErrorKind::Declined`] where the server refuses it.
    #[doc(alias = "NetFileClose")]
    pub async fn close_file(&self, id: u32) -> Result<Closing, Error> {
        let mut said = Err(self.error(ErrorKind::Smb(SmbError::unanswered())));
        let answer = |_, outcome| {
            said = outcome;
            ControlFlow::Continue(())
        };
        self.close_files(&[id], answer).await?;
        said
    }

    /// As [`close_file`](Self::close_file), of several, which go as in
    /// [`close_sessions`](Self::close_sessions).
    ///
    /// # Errors
    ///
    /// When there is nothing to send them over: none was sent then.
    pub async fn close_files(
        &self,
        ids: &[u32],
        answer: impl FnMut(usize, Result<Closing, Error>) -> ControlFlow<()> + Send,
    ) -> Result<(), Error> {
        let call = |&file_id| NetrFileClose {
            server_name: Some(self.unc_name()),
            file_id,
        };
        let calls: Vec<_> = ids.iter().map(call).collect();
        self.close(&calls, |reply| reply.status, answer).await
    }

    fn session_del<'a>(&'a self, (client, user): &'a WireNames) -> NetrSessionDel<'a> {
        let target = match (client, user) {
            (Some(client), Some(user)) => WireTarget::Both {
                client: client.into(),
                user: user.into(),
            },
            (Some(client), None) => WireTarget::Client(client.into()),
            // Never both null: one of the two came out of every target.
            (None, user) => WireTarget::User(user.as_deref().unwrap_or_default().into()),
        };
        NetrSessionDel {
            server_name: Some(self.unc_name()),
            target,
        }
    }

    async fn close<C: Call + Sync>(
        &self,
        calls: &[C],
        status: impl Fn(C::Reply<'_>) -> u32 + Send + Sync,
        mut answer: impl FnMut(usize, Result<Closing, Error>) -> ControlFlow<()> + Send,
    ) -> Result<(), Error> {
        let encoded = calls.iter().map(|call| self.prepare(call));
        let encoded = encoded.collect::<Result<Vec<_>, Error>>()?;
        let declined = |refusal| {
            self.error(ErrorKind::Declined {
                call: C::NAME,
                refusal,
            })
        };
        let interpret = |call: &C, outcome: Result<Vec<u8>, Error>| {
            let stub = outcome.map_err(|error| error.refusal().map_or(error, declined))?;
            let reply = call.decode(&stub).map_err(|error| {
                let call = C::NAME;
                self.error(ErrorKind::Malformed { call, error })
            })?;
            match Win32Status(status(reply)) {
                Win32Status::NERR_SUCCESS => Ok(Closing::Taken),
                status @ (Win32Status::NERR_ClientNameNotFound
                | Win32Status::NERR_UserNotFound
                | Win32Status::NERR_FileIdNotFound
                | Win32Status::ERROR_FILE_NOT_FOUND) => Ok(Closing::NotFound(status)),
                status => Err(declined(Refusal::Status(status))),
            }
        };
        let answers = self.change_all(&encoded, |index, outcome| {
            answer(index, interpret(&calls[index], outcome))
        });
        answers.await
    }
}

/// A client and a user as the wire has them.
type WireNames = (Option<Vec<u16>>, Option<Vec<u16>>);

fn wire_names(target: &SessionTarget) -> WireNames {
    // Names go back unit by unit. The backslashes before a client, which a
    // row goes without, are what Windows wants; Samba passes over them.
    let unc = |client: &Name| {
        let backslashes = [u16::from(b'\\'); 2];
        backslashes.into_iter().chain(client.to_utf16()).collect()
    };
    match target {
        SessionTarget::Client(client) => (Some(unc(client)), None),
        SessionTarget::User(user) => (None, Some(user.to_utf16())),
        SessionTarget::Both { client, user } => (Some(unc(client)), Some(user.to_utf16())),
    }
}

#[cfg(test)]
mod tests {
    use crate::Level;

    use super::*;

    fn session(client: Option<&str>, user: Option<&str>) -> Session {
        let mut session = Session::unknown(Level::L10);
        session.client = client.map(Name::from);
        session.user = user.map(Name::from);
        session
    }

    #[test]
    fn a_row_that_names_not_both_is_no_target() {
        for (client, user) in [
            (None, Some("alice")),
            (Some("ws1"), None),
            (Some(""), Some("alice")),
            (Some("ws1"), Some("")),
        ] {
            assert_eq!(SessionTarget::of(&session(client, user)), None);
        }
    }

    #[test]
    fn a_target_covers_what_is_named_alike() {
        let alice = session(Some("ws1"), Some("alice"));
        let target = SessionTarget::of(&alice).expect("a target");
        assert!(target.covers(&alice));
        assert!(!target.covers(&session(Some("ws2"), Some("alice"))));
        assert!(target.covers(&session(Some("WS1"), Some("Alice"))));
        assert!(!target.covers(&session(Some("ws1"), Some("alice2"))));
        assert!(!target.covers(&session(None, Some("alice"))));
        assert!(SessionTarget::User("alice".into()).covers(&session(None, Some("alice"))));
        assert!(SessionTarget::Client("ws1".into()).covers(&session(Some("ws1"), None)));
    }
}
