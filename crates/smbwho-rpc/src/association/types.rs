//! What goes in and out of an association.

/// Limits of an association.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Config {
    /// The longest fragment offered and accepted either way, in bytes with its header. At least
    /// [`MUST_RECEIVE_FRAGMENT`](super::MUST_RECEIVE_FRAGMENT). 5840 is the most that Windows and Samba agree to.
    pub max_fragment: u16,
    /// The longest reply accepted, in bytes of stub.
    pub max_reply: usize,
    /// The most reads asked for at a time. 1 reads one fragment after the other.
    pub max_reads_in_flight: usize,
    /// The most calls sent before the first of them is answered. 1 makes one call after the
    /// other.
    pub max_calls_in_flight: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            max_fragment: 5840,
            max_reply: 256 << 20,
            max_reads_in_flight: 32,
            max_calls_in_flight: 1,
        }
    }
}

/// Which call an [`Event`] belongs to. Numbers are not reused within an association.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct CallId(pub u32);

/// One PDU to send, as one message of the pipe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transmit {
    /// The PDU.
    pub bytes: Vec<u8>,
    /// The call it belongs to; `None` for the bind.
    pub call_id: Option<CallId>,
    /// Whether the server will answer this: send it with FSCTL_PIPE_TRANSCEIVE (or write, then
    /// read). Otherwise more fragments follow: write it only.
    pub expects_reply: bool,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The server accepted the interface.
    Bound,
    /// A call was answered.
    Reply {
        /// Which.
        call_id: CallId,
        /// The reassembled stub.
        stub: Vec<u8>,
    },
    /// The reply has begun to a call of which only the first fragment was
    /// [wanted](super::Association::want_first_fragment), and there is more of it.
    Begun {
        /// Which.
        call_id: CallId,
    },
    /// A call failed before or in its procedure. The association stays good.
    Fault {
        /// Which.
        call_id: CallId,
        /// An `nca_s_…` status or a Win32 code.
        status: u32,
    },
}
