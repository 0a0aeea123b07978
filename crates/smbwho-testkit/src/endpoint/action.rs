//! What an endpoint may do with a call.

use std::time::Duration;

/// How a bind is answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Bind {
    /// With a bind_ack that accepts NDR 2.0 and refuses everything else.
    Accept,
    /// With a bind_nak for this reason (\[C706\] 12.6.4.5).
    Nak(u16),
    /// With a bind_ack that refuses every context (provider rejection) for
    /// this reason (\[C706\] 12.6.3.1: 1 abstract syntax, 2 transfer syntaxes).
    Reject(u16),
    /// With these messages, sent as they are.
    Raw(Vec<Vec<u8>>),
    /// Not at all.
    Silence,
    /// By closing the pipe.
    Drop,
}

/// How a call is answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// With a response.
    Reply(Reply),
    /// With these messages, sent as they are, header and all.
    Raw(Vec<Vec<u8>>),
    /// With a fault of this status.
    Fault(u32),
    /// Not at all; the pipe stays open.
    Silence,
    /// By closing the pipe.
    Drop,
}

impl Action {
    /// A response in fragments of the negotiated size, as Samba sends it.
    #[must_use]
    pub fn reply(stub: Vec<u8>) -> Self {
        Self::Reply(Reply::new(stub))
    }
}

/// What the fragments say of the bytes to come (`alloc_hint`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hint {
    /// The stub bytes still to come, its own included: as Samba does.
    Falling,
    /// Zero in each.
    Zero,
    /// The same number in each.
    Fixed(u32),
    /// The truth with this added.
    Off(i32),
}

/// In which order fragments are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// As they belong.
    Right,
    /// With these two exchanged, hints and flags staying with their bytes.
    Swapped(usize, usize),
}

/// A response, and how it is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    pub(crate) stub: Vec<u8>,
    pub(crate) fragment: Option<usize>,
    pub(crate) hint: Hint,
    pub(crate) order: Order,
    pub(crate) call_id_offset: u32,
    pub(crate) stop_after: Option<(usize, End)>,
    pub(crate) delay: Duration,
    pub(crate) joined: usize,
}

/// How a reply stops in the middle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    Drop,
    Silence,
}

impl Reply {
    /// A well-behaved reply.
    #[must_use]
    pub fn new(stub: Vec<u8>) -> Self {
        Self {
            stub,
            fragment: None,
            hint: Hint::Falling,
            order: Order::Right,
            call_id_offset: 0,
            stop_after: None,
            delay: Duration::ZERO,
            joined: 1,
        }
    }

    /// Stub bytes in each fragment, in place of what was negotiated. At least
    /// 1, at most 65,511.
    #[must_use]
    pub fn fragment(mut self, stub_bytes: usize) -> Self {
        self.fragment = Some(stub_bytes.clamp(1, 65_535 - 24));
        self
    }

    /// What `alloc_hint` says.
    #[must_use]
    pub fn hint(mut self, hint: Hint) -> Self {
        self.hint = hint;
        self
    }

    /// In which order the fragments are sent.
    #[must_use]
    pub fn order(mut self, order: Order) -> Self {
        self.order = order;
        self
    }

    /// Answers a call the client did not make: its id plus `offset`.
    #[must_use]
    pub fn wrong_call_id(mut self, offset: u32) -> Self {
        self.call_id_offset = offset;
        self
    }

    /// Closes the pipe after so many fragments.
    #[must_use]
    pub fn drop_after(mut self, fragments: usize) -> Self {
        self.stop_after = Some((fragments, End::Drop));
        self
    }

    /// Falls silent after so many fragments; the pipe stays open.
    #[must_use]
    pub fn silence_after(mut self, fragments: usize) -> Self {
        self.stop_after = Some((fragments, End::Silence));
        self
    }

    /// Waits before each fragment.
    #[must_use]
    pub fn trickle(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    /// Puts so many fragments into one message of the pipe.
    #[must_use]
    pub fn joined(mut self, fragments: usize) -> Self {
        self.joined = fragments.max(1);
        self
    }
}

impl From<Reply> for Action {
    fn from(reply: Reply) -> Self {
        Self::Reply(reply)
    }
}
