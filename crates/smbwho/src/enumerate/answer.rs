//! What a server answered to one request of a list.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::ops::ControlFlow;

use smbwho_msrpc::status::Win32Status;
use smbwho_rpc::ndr::{NdrError, NdrErrorKind};

use super::parts::Unmade;
use super::{Answer, At, Listing, MAX_PREFERRED_LENGTH, More, Pager, Part, TOO_MUCH, name};
use crate::Error;
use crate::error::{ErrorKind, Refusal};
use crate::line::Came;

/// The most that the rows of one reply may take, in bytes, without their names. The reply itself
/// is bounded, but a row without names is four bytes of it.
const MAX_ROWS_OF_REPLY: usize = 64 << 20;

/// Where the number of entries stands in a reply, whatever the call: behind the level, the
/// union's own level, and the pointer to the container.
const ENTRIES_READ: usize = 12;

impl<L: Listing> Pager<L> {
    /// Makes one request beside the list. Unless that is part of the answer, no more than one
    /// fragment of the reply is read.
    pub(crate) async fn ask(&self, at: At) -> Result<Answer<L::Row>, Error> {
        let call = self.listing.request(self.server.unc_name(), at);
        let mut prepared = self.server.prepare(&call)?;
        if !self.listing.completes_with_companion() {
            prepared = prepared.first_fragment();
        }
        let mut answer = Err(self.unanswered());
        self.server
            .read_all(&[prepared], |came| {
                answer = self.judge(at, &call, came);
                ControlFlow::Break(())
            })
            .await?;
        answer
    }

    /// What came of the companion, or of asking for it now.
    pub(crate) async fn companion(&mut self, at: At) -> Result<Answer<L::Row>, Error> {
        match self.companion.take() {
            Some((level, answer)) if level == at.level => Ok(answer),
            _ => self.ask(at).await,
        }
    }

    /// What came of a request.
    pub(super) fn judge(
        &self,
        at: At,
        call: &L::Call<'_>,
        came: Came,
    ) -> Result<Answer<L::Row>, Error> {
        if came.begun {
            return Ok(Answer::Begun);
        }
        self.judge_reply(
            at,
            call,
            came.outcome.map_err(|kind| self.server.error(kind)),
        )
    }

    /// What a reply says, or why there is none.
    pub(super) fn judge_reply(
        &self,
        at: At,
        call: &L::Call<'_>,
        outcome: Result<Vec<u8>, Error>,
    ) -> Result<Answer<L::Row>, Error> {
        let stub = match outcome {
            Ok(stub) => stub,
            Err(error) => match error.refusal() {
                Some(refusal) => return Ok(Answer::Refused(refusal)),
                None => return Err(error),
            },
        };
        let announced = stub.get(ENTRIES_READ..).and_then(|rest| rest.first_chunk());
        let announced = announced.map_or(0, |count| u32::from_le_bytes(*count) as usize);
        if announced.saturating_mul(size_of::<L::Row>()) > MAX_ROWS_OF_REPLY
            && announced < stub.len()
        {
            return Err(self.endless(TOO_MUCH));
        }
        let (level, (reply, remaining)) = match self.read(at, call, &stub, announced) {
            Ok(read) => read,
            Err(error) => {
                let call = name::<L>();
                let error = self.server.error(ErrorKind::Malformed { call, error });
                return Ok(Answer::Unreadable(error));
            }
        };
        let is_first = at.resume_handle == 0 && !self.listing.sends_filters();
        let more = match reply.status {
            Win32Status::NERR_SUCCESS if is_first && reply.rows.is_empty() && reply.total > 0 => {
                let total = reply.total;
                return Ok(Answer::Refused(Refusal::NoRows { total }));
            }
            Win32Status::NERR_SUCCESS => More::No,
            Win32Status::ERROR_MORE_DATA if is_first && reply.rows.is_empty() => {
                if at.preferred_length < MAX_PREFERRED_LENGTH {
                    return Ok(Answer::TooSmall);
                }
                let total = reply.total;
                return Ok(Answer::Refused(Refusal::NoRows { total }));
            }
            Win32Status::ERROR_MORE_DATA => More::Yes {
                handle: reply.resume_handle,
                page: hash(&stub),
            },
            Win32Status::NERR_BufTooSmall => return Ok(Answer::TooSmall),
            status if self.listing.means_none(status) => More::No,
            status => return Ok(Answer::Refused(Refusal::Status(status))),
        };
        let rows = reply.rows;
        let count = rows.len() + remaining.map_or(0, |remaining| remaining.len());
        Ok(Answer::Page {
            level,
            held: size_of::<L::Row>()
                .saturating_mul(count)
                .saturating_add(stub.len()),
            rows,
            unmade: remaining.and_then(|remaining| Unmade::new(level, stub, remaining)),
            more,
        })
    }

    /// What a reply says, and its level: some servers have one only, and answer with it whatever
    /// is asked.
    fn read(
        &self,
        at: At,
        call: &L::Call<'_>,
        stub: &[u8],
        announced: usize,
    ) -> Result<(u32, Part<L::Row>), NdrError> {
        let read = |call: &L::Call<'_>| match announced > self.at_once {
            true => self.listing.read_part(call, stub, self.at_once),
            false => Ok((L::read(call, stub)?, None)),
        };
        let error = match read(call) {
            Ok(part) => return Ok((at.level, part)),
            Err(error) => error,
        };
        match *error.kind() {
            NdrErrorKind::WrongLevel { answered, .. } if self.levels.contains(&answered) => {
                let at = At {
                    level: answered,
                    ..at
                };
                let call = self.listing.request(self.server.unc_name(), at);
                Ok((answered, read(&call)?))
            }
            _ => Err(error),
        }
    }
}

/// Tells one page from another. Not kept, not sent: any hash will do.
fn hash(page: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    page.hash(&mut hasher);
    hasher.finish()
}
