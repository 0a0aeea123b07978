//! Questions with one answer: no list, no pages.

use smbwho_msrpc::status::Win32Status;
use smbwho_rpc::Call;

use crate::error::{ErrorKind, Refusal};
use crate::{Error, Server};

/// A call that asks one thing and returns a Win32 status.
pub(crate) trait Question: Call {
    /// The answer, as the library gives it out.
    type Told;

    /// The reply's status, and the answer if there is one.
    fn read(reply: Self::Reply<'_>) -> (Win32Status, Option<Self::Told>);
}

impl Server {
    /// Asks one question.
    pub(crate) async fn ask<Q: Question>(&self, question: &Q) -> Result<Q::Told, Error> {
        self.try_ask(question).await?.map_err(|refusal| {
            self.error(ErrorKind::Declined {
                call: Q::NAME,
                refusal,
            })
        })
    }

    /// Asks at one level after the other, until one is neither unknown to the
    /// server nor refused.
    pub(crate) async fn ask_at_levels<Q: Question>(
        &self,
        questions: impl IntoIterator<Item = (u32, Q)>,
    ) -> Result<Q::Told, Error> {
        let mut refused = Vec::new();
        for (level, question) in questions {
            match self.try_ask(&question).await? {
                Ok(told) => return Ok(told),
                Err(why) => {
                    refused.push((level, why));
                    if !why.is_of_the_level() {
                        break;
                    }
                }
            }
        }
        let call = Q::NAME;
        Err(self.error(ErrorKind::Refused { call, refused }))
    }

    /// Asks one question; the inner error is the server's own refusal.
    async fn try_ask<Q: Question>(&self, question: &Q) -> Result<Result<Q::Told, Refusal>, Error> {
        let stub = match self.call(question).await {
            Ok(stub) => stub,
            Err(error) => {
                return match error.rpc_fault() {
                    Some(fault) => Ok(Err(Refusal::Fault(fault))),
                    None => Err(error),
                };
            }
        };
        let reply = question.decode(&stub).map_err(|error| {
            let call = Q::NAME;
            self.error(ErrorKind::Malformed { call, error })
        })?;
        let (status, told) = Q::read(reply);
        // Where a call went well the answer is there: decoding looks to it.
        Ok(told.ok_or(Refusal::Status(status)))
    }
}
