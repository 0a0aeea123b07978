//! The NEGOTIATE exchange as it went over the wire, and what is asked about it
//! once there is a key ([MS-SMB2] 3.2.5.5).
//!
//! Below 3.1.1 nothing protects NEGOTIATE, so somebody on the line may take
//! dialects or the wish to encrypt out of it. FSCTL_VALIDATE_NEGOTIATE_INFO has
//! the server look at what we sent, and tells us what it sent, both signed.

use crate::NtStatus;

/// Bytes of an SMB2 header ([MS-SMB2] 2.2.1.2).
const HEADER: usize = 64;

/// 3.0, the first with encryption and with this question.
const SMB_3_0: u16 = 0x0300;

/// 3.1.1, whose keys are made from all of NEGOTIATE ([MS-SMB2] 3.1.4.2).
const SMB_3_1_1: u16 = 0x0311;

/// Bytes of an answer to FSCTL_VALIDATE_NEGOTIATE_INFO ([MS-SMB2] 2.2.32.6).
pub(crate) const ANSWER: u32 = 24;

/// The smallest size that the transport crate takes for reads and writes.
const LEAST_OF_THE_CRATE: u32 = 64 * 1024;

/// Where the sizes stand in the reply ([MS-SMB2] 2.2.4): MaxTransactSize,
/// MaxReadSize, MaxWriteSize.
const SIZES: [usize; 3] = [HEADER + 28, HEADER + 32, HEADER + 36];

/// The NEGOTIATE exchange, byte by byte.
#[derive(Debug, Clone, Default)]
pub(crate) struct Handshake {
    /// The request ([MS-SMB2] 2.2.3), as it was really sent.
    pub(crate) request: Vec<u8>,
    /// The reply ([MS-SMB2] 2.2.4), as it came.
    pub(crate) reply: Vec<u8>,
}

/// What an answer to FSCTL_VALIDATE_NEGOTIATE_INFO says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Validation {
    /// The server means what came.
    Same,
    /// The server does not know the question, as those before SMB 3.0.
    Unknown,
    /// The server may not know the question, or not in a chain: asked alone
    /// one that knows it answers.
    Unclear,
    /// The server sent something else than came, or was sent something else
    /// than went out: what.
    Different(&'static str),
}

impl Handshake {
    /// Whether the server is to be asked about the exchange: below 3.1.1.
    pub(crate) fn wants_validation(&self) -> bool {
        self.dialect() != Some(SMB_3_1_1)
    }

    /// The dialect the server chose, as a number.
    pub(crate) fn dialect(&self) -> Option<u16> {
        bytes(&self.reply, HEADER + 4).map(u16::from_le_bytes)
    }

    /// The most bytes the server takes or gives in one request, of any kind.
    pub(crate) fn max_size(&self) -> Option<u32> {
        let sizes = SIZES.map(|at| bytes(&self.reply, at).map(u32::from_le_bytes));
        sizes.into_iter().min().flatten()
    }

    /// The reply with sizes that the transport crate takes. Nothing of what is
    /// asked here is as long as that; the real bound is
    /// [`max_size`](Self::max_size).
    pub(crate) fn reply_for_the_crate(&self) -> Vec<u8> {
        let mut reply = self.reply.clone();
        for at in SIZES {
            if let Some(size) = bytes(&reply, at).map(u32::from_le_bytes) {
                let size = size.max(LEAST_OF_THE_CRATE).to_le_bytes();
                reply[at..at + size.len()].copy_from_slice(&size);
            }
        }
        reply
    }

    /// The question ([MS-SMB2] 2.2.31.4): Capabilities, Guid, SecurityMode and
    /// Dialects as they were sent. `None` only where the request is none.
    pub(crate) fn question(&self) -> Option<Vec<u8>> {
        let request = &self.request;
        let count: [u8; 2] = bytes(request, HEADER + 2)?;
        let mode: [u8; 2] = bytes(request, HEADER + 4)?;
        let capabilities_and_guid: [u8; 20] = bytes(request, HEADER + 8)?;
        let dialects = HEADER + 36;
        let length = 2 * usize::from(u16::from_le_bytes(count));
        let mut question = capabilities_and_guid.to_vec();
        question.extend(mode);
        question.extend(count);
        question.extend(request.get(dialects..dialects + length)?);
        Some(question)
    }

    /// What the answer says ([MS-SMB2] 3.2.5.14.12). It must have been signed
    /// or encrypted. Without data it is one with an error.
    pub(crate) fn judge(&self, status: NtStatus, data: Option<&[u8]>) -> Validation {
        let Some(data) = data else {
            return match status {
                // What servers say that do not have this FSCTL, or that look for
                // a file first; none that has it says so. Who speaks 3.0 has it
                // (3.3.5.15.12).
                NtStatus::FILE_CLOSED
                | NtStatus::NOT_SUPPORTED
                | NtStatus::INVALID_DEVICE_REQUEST
                | NtStatus::FS_DRIVER_REQUIRED
                    if self.dialect() < Some(SMB_3_0) =>
                {
                    Validation::Unknown
                }
                NtStatus::FILE_CLOSED
                | NtStatus::NOT_SUPPORTED
                | NtStatus::INVALID_DEVICE_REQUEST
                | NtStatus::FS_DRIVER_REQUIRED
                | NtStatus::NOT_IMPLEMENTED
                | NtStatus::INVALID_HANDLE
                // Also for want of a file in the chain (3.3.5.2.7.2).
                | NtStatus::INVALID_PARAMETER => Validation::Unclear,
                _ => Validation::Different("the server does not confirm it"),
            };
        };
        // Capabilities, ServerGuid, SecurityMode and DialectRevision of the reply.
        let reply = &self.reply;
        let same = |at: std::ops::Range<usize>, from: usize| {
            let came = reply.get(HEADER + from..HEADER + from + at.len());
            came.is_some() && data.get(at) == came
        };
        if data.len() != ANSWER as usize {
            Validation::Different("the server's confirmation has the wrong length")
        } else if !same(22..24, 4) {
            Validation::Different("the server chose another dialect")
        } else if !same(0..4, 24) {
            Validation::Different("the server has other capabilities")
        } else if !same(20..22, 2) {
            Validation::Different("the server has another security mode")
        } else if !same(4..20, 8) {
            Validation::Different("it is another server")
        } else {
            Validation::Same
        }
    }
}

fn bytes<const N: usize>(message: &[u8], at: usize) -> Option<[u8; N]> {
    message.get(at..at + N)?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An exchange in which every byte has a value of its own.
    fn handshake() -> Handshake {
        let mut request: Vec<u8> = (0..HEADER + 36).map(|at| at as u8).collect();
        request[HEADER + 2..HEADER + 4].copy_from_slice(&2_u16.to_le_bytes());
        request.extend([0x00, 0x03, 0x02, 0x03]);
        let mut reply: Vec<u8> = (0..HEADER + 64).map(|at| at as u8).collect();
        reply[HEADER + 4..HEADER + 6].copy_from_slice(&0x0300_u16.to_le_bytes());
        Handshake { request, reply }
    }

    fn honest(handshake: &Handshake) -> Vec<u8> {
        let reply = &handshake.reply[HEADER..];
        [&reply[24..28], &reply[8..24], &reply[2..4], &reply[4..6]].concat()
    }

    #[test]
    fn the_question_repeats_what_was_sent() {
        let handshake = handshake();
        let question = handshake.question().unwrap();
        assert_eq!(question[..20], handshake.request[HEADER + 8..HEADER + 28]);
        assert_eq!(question[20..22], handshake.request[HEADER + 4..HEADER + 6]);
        assert_eq!(question[22..], [2, 0, 0x00, 0x03, 0x02, 0x03]);
        let short = Handshake {
            request: handshake.request[..HEADER + 37].to_vec(),
            ..handshake
        };
        assert_eq!(short.question(), None);
    }

    #[test]
    fn every_byte_of_the_answer_counts() {
        let handshake = handshake();
        let answer = honest(&handshake);
        assert_eq!(answer.len(), ANSWER as usize);
        let judge = |answer: &[u8]| handshake.judge(NtStatus::SUCCESS, Some(answer));
        assert_eq!(judge(&answer), Validation::Same);
        for at in 0..answer.len() {
            let mut other = answer.clone();
            other[at] ^= 1;
            assert!(
                matches!(judge(&other), Validation::Different(_)),
                "byte {at}"
            );
        }
        for other in [&answer[..23], &[&answer[..], &[0]].concat(), &[]] {
            assert!(matches!(judge(other), Validation::Different(_)));
        }
    }

    #[test]
    fn errors_of_those_who_do_not_know_the_question_are_told_from_refusals() {
        let new = handshake();
        let mut old = new.clone();
        old.reply[HEADER + 4..HEADER + 6].copy_from_slice(&0x0210_u16.to_le_bytes());
        let judge = |status| new.judge(status, None);
        for status in [
            NtStatus::FILE_CLOSED,
            NtStatus::NOT_SUPPORTED,
            NtStatus::INVALID_DEVICE_REQUEST,
        ] {
            assert_eq!(old.judge(status, None), Validation::Unknown);
            assert_eq!(judge(status), Validation::Unclear);
        }
        let in_a_chain = NtStatus::INVALID_PARAMETER;
        assert_eq!(old.judge(in_a_chain, None), Validation::Unclear);
        for status in [
            NtStatus::ACCESS_DENIED,
            NtStatus::INTERNAL_ERROR,
            NtStatus::SUCCESS,
        ] {
            assert!(matches!(judge(status), Validation::Different(_)));
        }
    }

    #[test]
    fn small_sizes_are_raised_for_the_crate_and_kept_here() {
        let mut handshake = handshake();
        for (at, size) in SIZES.into_iter().zip([4096_u32, 1 << 20, 65536]) {
            handshake.reply[at..at + 4].copy_from_slice(&size.to_le_bytes());
        }
        assert_eq!(handshake.max_size(), Some(4096));
        let raised = Handshake {
            reply: handshake.reply_for_the_crate(),
            ..handshake.clone()
        };
        assert_eq!(raised.max_size(), Some(65536));
        let read = HEADER + 32;
        assert_eq!(raised.reply[read..read + 4], (1_u32 << 20).to_le_bytes());
        let untouched = |reply: &[u8]| [&reply[..SIZES[0]], &reply[SIZES[2] + 4..]].concat();
        assert_eq!(untouched(&raised.reply), untouched(&handshake.reply));
        let short = Handshake::default();
        assert_eq!((short.max_size(), short.dialect()), (None, None));
        assert!(short.reply_for_the_crate().is_empty());
    }
}
