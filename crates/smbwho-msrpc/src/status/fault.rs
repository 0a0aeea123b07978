//! [C706 appendix E, MS-RPCE 2.2.2.8] What a fault PDU says.

use std::fmt;

use super::{codes, find};

/// Why a call failed before, or below, its procedure: a DCE status (`nca_s_…`) or a Win32 code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct FaultStatus(pub u32);

codes! { FaultStatus, TABLE:
    ERROR_ACCESS_DENIED = 0x0000_0005, "The server refuses this account the interface.";
    RPC_S_SERVER_UNAVAILABLE = 0x0000_06ba, "The RPC service behind the pipe is not running.";
    RPC_S_UNKNOWN_IF = 0x0000_06b5, "The server does not serve this interface.";
    RPC_S_SERVER_TOO_BUSY = 0x0000_06bb, "The server is too busy.";
    RPC_S_NO_CALL_ACTIVE = 0x0000_06bd, "The server knows of no such call.";
    RPC_S_CALL_FAILED = 0x0000_06be, "The call failed on the server.";
    RPC_S_PROTOCOL_ERROR = 0x0000_06c0, "The server saw a breach of the RPC protocol.";
    RPC_S_PROCNUM_OUT_OF_RANGE = 0x0000_06d1, "The server does not have this call.";
    EPT_S_CANT_PERFORM_OP = 0x0000_06d8, "The server cannot do this.";
    EPT_S_NOT_REGISTERED = 0x0000_06d9, "The server has no endpoint, or no resources, for this.";
    RPC_S_CANNOT_SUPPORT = 0x0000_06e4, "The server does not support this call.";
    RPC_X_NULL_REF_POINTER = 0x0000_06f4, "The server found a null pointer where there must be none.";
    RPC_X_BAD_STUB_DATA = 0x0000_06f7, "The server could not decode the request.";
    RPC_S_SEC_PKG_ERROR = 0x0000_0721, "The server's security package failed.";
    nca_s_fault_int_div_by_zero = 0x1c00_0001, "The procedure divided by zero.";
    nca_s_fault_addr_error = 0x1c00_0002, "The procedure touched a wrong address.";
    nca_s_fault_invalid_tag = 0x1c00_0006, "The server does not know this union discriminant, such as the level.";
    nca_s_fault_invalid_bound = 0x1c00_0007, "The server found an array out of bounds.";
    nca_s_rpc_version_mismatch = 0x1c00_0008, "The server speaks another version of RPC.";
    nca_s_unspec_reject = 0x1c00_0009, "The server rejected the call and does not say why.";
    nca_s_fault_cancel = 0x1c00_000d, "The call was cancelled.";
    nca_s_fault_ill_inst = 0x1c00_000e, "The procedure ran an illegal instruction.";
    nca_s_fault_unspec = 0x1c00_0012, "The procedure failed and the server does not say why.";
    nca_s_fault_remote_comm_failure = 0x1c00_0013, "The server lost a connection of its own.";
    nca_s_fault_context_mismatch = 0x1c00_001a, "The server does not know this handle.";
    nca_s_fault_remote_no_memory = 0x1c00_001b, "The server is short of memory.";
    nca_s_invalid_pres_context_id = 0x1c00_001c, "The server does not know this presentation context.";
    nca_s_unsupported_authn_level = 0x1c00_001d, "The server asks for another level of authentication.";
    nca_s_invalid_checksum = 0x1c00_001f, "The server found a wrong checksum.";
    nca_s_comm_failure = 0x1c01_0001, "The communication failed.";
    nca_s_op_rng_error = 0x1c01_0002, "The server does not have this call.";
    nca_s_unk_if = 0x1c01_0003, "The server does not serve this interface.";
    nca_s_wrong_boot_time = 0x1c01_0006, "The server has been restarted.";
    nca_s_you_crashed = 0x1c01_0009, "The server takes the client for restarted.";
    nca_s_proto_error = 0x1c01_000b, "The server saw a breach of the RPC protocol.";
    nca_s_out_args_too_big = 0x1c01_0013, "The answer is too large for the server to send.";
    nca_s_server_too_busy = 0x1c01_0014, "The server is too busy.";
    nca_s_unsupported_type = 0x1c01_0017, "The server does not know this kind of interface.";
}

impl FaultStatus {
    /// The name in the specification, such as `nca_s_op_rng_error`.
    #[must_use]
    pub fn name(self) -> Option<&'static str> {
        find(&[TABLE], self.0).map(|line| line.1)
    }

    /// What it means, in one sentence.
    #[must_use]
    pub fn meaning(self) -> Option<&'static str> {
        find(&[TABLE], self.0).map(|line| line.2)
    }
}

/// The number in hexadecimal, and its name if it has one.
impl fmt::Display for FaultStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#010x}", self.0)?;
        self.name().map_or(Ok(()), |name| write!(f, " {name}"))
    }
}
