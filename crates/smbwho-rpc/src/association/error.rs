//! How a conversation can go wrong.

use crate::ndr::Culprit;
use crate::pdu::{PduError, PduType};

/// The conversation cannot go on; the pipe is to be closed. The server is to blame.
///
/// Whatever is wrong with a single call (a [fault](super::Event::Fault), an error status in a
/// reply) is not one of these.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProtocolError {
    /// A PDU that cannot be understood.
    #[error("the server broke the RPC protocol: {0}")]
    Pdu(#[from] PduError),
    /// A PDU that has no place at this point.
    #[error("the server sent a {} PDU (type {}) while {waiting_for} was due", kind.name(), kind.0)]
    UnexpectedPdu {
        /// What came.
        kind: PduType,
        /// What should have come.
        waiting_for: &'static str,
    },
    /// An answer to some other call.
    #[error("the server answered call {found} instead of call {expected}")]
    WrongCallId {
        /// The call that is waiting.
        expected: u32,
        /// The call answered.
        found: u32,
    },
    /// A reply in a presentation context that was never offered.
    #[error("the server answered in presentation context {found} instead of 0")]
    WrongContext {
        /// The context found.
        found: u16,
    },
    /// A reply that does not begin with a first fragment, or has another in its middle.
    #[error("the server {}", if *.first { "began a reply in the middle of another" } else { "began a reply without its first fragment" })]
    FragmentFlags {
        /// Whether the fragment is marked as the first.
        first: bool,
    },
    /// A fragment of a reply that brings nothing and is not the last.
    #[error("the server sent an empty fragment in the middle of a reply")]
    EmptyFragment,
    /// Several reads were under way, and what they brought is not shown to be in order.
    #[error(
        "fragments of the reply arrived out of order: {expected} bytes should have been left, \
         the server says {found}"
    )]
    OutOfOrder {
        /// Stub bytes that should be left (the previous fragment's hint less its length).
        expected: u32,
        /// Stub bytes left by this fragment's hint.
        found: u32,
    },
    /// A fragment is longer than the first, by which the reads under way were counted: some of
    /// them may never be answered.
    #[error("a fragment of {found} bytes follows a first one of {first}")]
    LongerFragment {
        /// Stub bytes of the first fragment.
        first: usize,
        /// Stub bytes of this one.
        found: usize,
    },
    /// The reply ended before all that its fragments announced, and reads are under way for the
    /// rest.
    #[error("the reply ended {missing} bytes before what the server announced")]
    EndsEarly {
        /// Stub bytes announced and not sent.
        missing: u32,
    },
    /// The reply is longer than [`Config::max_reply`](super::Config::max_reply).
    #[error("the reply is longer than the limit of {limit} bytes")]
    ReplyTooLarge {
        /// The limit in bytes.
        limit: usize,
    },
    /// The server does not serve this interface, or not in NDR 2.0.
    #[error(
        "the server refused the interface {interface}: {} ({result}), {} ({reason})",
        result_name(*.result), result_reason_name(*.reason)
    )]
    BindRejected {
        /// Which interface, by its pipe.
        interface: &'static str,
        /// The server's result, see [`result_name`].
        result: u16,
        /// The server's reason, see [`result_reason_name`].
        reason: u16,
    },
    /// The server refused the bind as a whole.
    #[error("the server refused to bind to {interface}: {} ({reason})", nak_reason_name(*.reason))]
    BindNak {
        /// Which interface, by its pipe.
        interface: &'static str,
        /// The server's reason, see [`nak_reason_name`].
        reason: u16,
    },
    /// The server answered the bind with a fault.
    #[error("the server answered the bind to {interface} with fault {status:#010x}")]
    BindFault {
        /// Which interface, by its pipe.
        interface: &'static str,
        /// The fault's status.
        status: u32,
    },
    /// The server accepted, but with a transfer syntax that was not offered.
    #[error("the server chose a transfer syntax for {interface} that was not offered")]
    TransferSyntax {
        /// Which interface, by its pipe.
        interface: &'static str,
    },
}

impl ProtocolError {
    /// Whose fault it is: always the server's.
    #[must_use]
    pub fn culprit(&self) -> Culprit {
        Culprit::Peer
    }

    /// Whether the same call may well succeed on a new association that reads one fragment at a
    /// time ([`Config::max_reads_in_flight`](super::Config::max_reads_in_flight) of 1): some
    /// server might keep order, but not show it, or cut its replies unevenly.
    #[must_use]
    pub fn is_due_to_read_ahead(&self) -> bool {
        matches!(
            self,
            Self::OutOfOrder { .. } | Self::LongerFragment { .. } | Self::EndsEarly { .. }
        )
    }
}

/// The name of a bind result (p_cont_def_result_t, [C706 12.6.3.1]).
#[must_use]
pub fn result_name(result: u16) -> &'static str {
    match result {
        0 => "acceptance",
        1 => "user rejection",
        2 => "provider rejection",
        3 => "negotiate ack",
        _ => "unknown result",
    }
}

/// The name of the reason beside a bind result (p_provider_reason_t, [C706 12.6.3.1]).
#[must_use]
pub fn result_reason_name(reason: u16) -> &'static str {
    match reason {
        0 => "reason not specified",
        1 => "abstract syntax not supported",
        2 => "proposed transfer syntaxes not supported",
        3 => "local limit exceeded",
        _ => "unknown reason",
    }
}

/// The name of the reason in a bind_nak (p_reject_reason_t, [C706 12.6.3.1]; [MS-RPCE] 2.2.2.5).
#[must_use]
pub fn nak_reason_name(reason: u16) -> &'static str {
    match reason {
        0 => "reason not specified",
        1 => "temporary congestion",
        2 => "local limit exceeded",
        4 => "protocol version not supported",
        8 => "authentication type not recognized",
        9 => "invalid checksum",
        _ => "unknown reason",
    }
}
