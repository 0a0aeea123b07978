//! The few SMB2 requests an RPC pipe needs, and what is read of their answers.
//!
//! Answers are cut by the offsets they carry, from the start of the header,
//! with every bound checked; the transport crate's own decoders take the bytes
//! that follow the fixed part, whatever the offset says.

use smb2::Frame;
use smb2::msg::create::{CreateDisposition, CreateRequest, ImpersonationLevel, ShareAccess};
use smb2::msg::ioctl::{
    FSCTL_PIPE_TRANSCEIVE, FSCTL_VALIDATE_NEGOTIATE_INFO, IoctlRequest, SMB2_0_IOCTL_IS_FSCTL,
};
use smb2::msg::read::ReadRequest;
use smb2::msg::tree_connect::{TreeConnectRequest, TreeConnectRequestFlags};
use smb2::msg::write::WriteRequest;
use smb2::types::flags::FileAccessMask;
use smb2::types::{Command, FileId, OplockLevel, TreeId};

use crate::NtStatus;
use crate::error::{SmbError, SmbErrorKind, Step, from_status, from_transport};
use crate::handshake;

/// Bytes of an SMB2 header ([MS-SMB2] 2.2.1.2).
const HEADER: usize = 64;

/// `SMB2_SHAREFLAG_ENCRYPT_DATA` ([MS-SMB2] 2.2.10).
const SHARE_ENCRYPTS: u32 = 0x0000_8000;

/// `SMB2_SHAREFLAG_DFS` ([MS-SMB2] 2.2.10).
const SHARE_IN_DFS: u32 = 0x0000_0001;

/// `SMB2_SHAREFLAG_DFS_ROOT` ([MS-SMB2] 2.2.10).
const SHARE_DFS_ROOT: u32 = 0x0000_0002;

/// `FILE_ATTRIBUTE_DIRECTORY` ([MS-FSCC] 2.6).
const FILE_ATTRIBUTE_DIRECTORY: u32 = 0x0000_0010;

/// What a pipe is opened for: read and write, its attributes and security.
const PIPE_ACCESS: u32 = FileAccessMask::FILE_READ_DATA
    | FileAccessMask::FILE_WRITE_DATA
    | FileAccessMask::FILE_APPEND_DATA
    | FileAccessMask::FILE_READ_EA
    | FileAccessMask::FILE_WRITE_EA
    | FileAccessMask::FILE_READ_ATTRIBUTES
    | FileAccessMask::FILE_WRITE_ATTRIBUTES
    | FileAccessMask::READ_CONTROL
    | FileAccessMask::SYNCHRONIZE;

/// TREE_CONNECT to `\\server\IPC$` ([MS-SMB2] 2.2.9).
pub(crate) fn tree_connect(server: &str) -> TreeConnectRequest {
    TreeConnectRequest {
        flags: TreeConnectRequestFlags(0),
        path: format!(r"\\{server}\IPC$"),
    }
}

/// CREATE of a pipe ([MS-SMB2] 2.2.13): the name without `\pipe\`.
pub(crate) fn create(pipe: &str) -> CreateRequest {
    CreateRequest {
        requested_oplock_level: OplockLevel::None,
        impersonation_level: ImpersonationLevel::Impersonation,
        desired_access: FileAccessMask::new(PIPE_ACCESS),
        file_attributes: 0,
        share_access: ShareAccess(ShareAccess::FILE_SHARE_READ | ShareAccess::FILE_SHARE_WRITE),
        create_disposition: CreateDisposition::FileOpen,
        create_options: 0,
        name: pipe.to_owned(),
        create_contexts: Vec::new(),
    }
}

/// Write one message and read the one that answers it, in one request
/// ([MS-SMB2] 3.3.5.15.10).
pub(crate) fn transceive(file_id: FileId, input: Vec<u8>, max_output: u32) -> IoctlRequest {
    IoctlRequest {
        ctl_code: FSCTL_PIPE_TRANSCEIVE,
        file_id,
        max_input_response: 0,
        max_output_response: max_output,
        flags: SMB2_0_IOCTL_IS_FSCTL,
        input_data: input,
    }
}

/// Whether the server means what was negotiated ([MS-SMB2] 2.2.31.4).
pub(crate) fn validate(question: Vec<u8>) -> IoctlRequest {
    IoctlRequest {
        ctl_code: FSCTL_VALIDATE_NEGOTIATE_INFO,
        file_id: FileId::SENTINEL,
        max_input_response: 0,
        max_output_response: handshake::ANSWER,
        flags: SMB2_0_IOCTL_IS_FSCTL,
        input_data: question,
    }
}

/// READ of the next message, or of the rest of one ([MS-SMB2] 2.2.19).
pub(crate) fn read(file_id: FileId, length: u32) -> ReadRequest {
    ReadRequest {
        // Where the data shall stand in the answer: right behind its header.
        padding: 0x50,
        flags: 0,
        length,
        offset: 0,
        file_id,
        minimum_count: 0,
        channel: 0,
        remaining_bytes: 0,
        read_channel_info: Vec::new(),
    }
}

/// WRITE of one message ([MS-SMB2] 2.2.21).
pub(crate) fn write(file_id: FileId, data: Vec<u8>) -> WriteRequest {
    WriteRequest {
        // Behind the header and the 48 bytes of the request's fixed part.
        data_offset: 0x70,
        offset: 0,
        file_id,
        channel: 0,
        remaining_bytes: 0,
        write_channel_info_offset: 0,
        write_channel_info_length: 0,
        flags: 0,
        data,
    }
}

/// An answer to the request that was sent.
#[derive(Debug)]
pub(crate) struct Answer {
    step: Step,
    raw: Vec<u8>,
    tree: TreeId,
    pub(crate) status: NtStatus,
}

impl Answer {
    /// Takes an answer to `command`, whatever its status. Errors are those of
    /// the connection.
    pub(crate) fn to(
        command: Command,
        step: Step,
        frame: Result<Frame, smb2::Error>,
    ) -> Result<Self, SmbError> {
        let frame = frame.map_err(|error| from_transport(step, error))?;
        let answer = Self {
            step,
            status: frame.header.status.into(),
            // An answer to TREE_CONNECT names the new tree in its header.
            tree: frame.header.tree_id.unwrap_or(TreeId(0)),
            raw: frame.raw,
        };
        if frame.header.command != command {
            return Err(answer.malformed("it answered another request than was sent"));
        }
        Ok(answer)
    }

    /// The status as an error, unless the answer carries what was asked for.
    pub(crate) fn expect_data(&self) -> Result<(), SmbError> {
        if self.status.carries_data() {
            return Ok(());
        }
        Err(from_status(self.step, self.status))
    }

    fn malformed(&self, what: &str) -> SmbError {
        SmbError::new(self.step, SmbErrorKind::Malformed(what.to_owned()))
    }

    fn bytes<const N: usize>(&self, at: usize) -> Result<[u8; N], SmbError> {
        let start = HEADER + at;
        self.raw
            .get(start..start + N)
            .and_then(|bytes| bytes.try_into().ok())
            .ok_or_else(|| self.malformed("an answer is too short"))
    }

    fn u32_at(&self, at: usize) -> Result<u32, SmbError> {
        self.bytes(at).map(u32::from_le_bytes)
    }

    fn structure(&self, size: u16) -> Result<(), SmbError> {
        if u16::from_le_bytes(self.bytes(0)?) == size {
            return Ok(());
        }
        Err(self.malformed("an answer has the wrong structure size"))
    }

    fn data(&self, fixed: usize, offset: usize, length: u32) -> Result<&[u8], SmbError> {
        let length = length as usize;
        if length == 0 {
            return Ok(&[]);
        }
        if offset < HEADER + fixed {
            return Err(self.malformed("an answer's data lies inside its fixed part"));
        }
        offset
            .checked_add(length)
            .and_then(|end| self.raw.get(offset..end))
            .ok_or_else(|| self.malformed("an answer's data lies outside of it"))
    }

    /// TREE_CONNECT ([MS-SMB2] 2.2.10): the tree.
    pub(crate) fn tree(&self) -> TreeId {
        self.tree
    }

    /// TREE_CONNECT ([MS-SMB2] 2.2.10): whether the share wants encryption.
    pub(crate) fn share_encrypts(&self) -> Result<bool, SmbError> {
        self.structure(16)?;
        Ok(self.u32_at(4)? & SHARE_ENCRYPTS != 0)
    }

    /// TREE_CONNECT ([MS-SMB2] 2.2.10): whether the share is part of DFS.
    pub(crate) fn share_is_dfs(&self) -> Result<bool, SmbError> {
        self.structure(16)?;
        Ok(self.u32_at(4)? & (SHARE_IN_DFS | SHARE_DFS_ROOT) != 0)
    }

    /// CREATE ([MS-SMB2] 2.2.14): the handle.
    pub(crate) fn file_id(&self) -> Result<FileId, SmbError> {
        self.structure(89)?;
        Ok(FileId {
            persistent: u64::from_le_bytes(self.bytes(64)?),
            volatile: u64::from_le_bytes(self.bytes(72)?),
        })
    }

    /// CREATE ([MS-SMB2] 2.2.14): whether a folder was opened.
    pub(crate) fn is_folder(&self) -> Result<bool, SmbError> {
        self.structure(89)?;
        Ok(self.u32_at(56)? & FILE_ATTRIBUTE_DIRECTORY != 0)
    }

    /// IOCTL ([MS-SMB2] 2.2.32): the output.
    pub(crate) fn output(&self) -> Result<&[u8], SmbError> {
        self.structure(49)?;
        let offset = self.u32_at(32)? as usize;
        self.data(48, offset, self.u32_at(36)?)
    }

    /// READ ([MS-SMB2] 2.2.20): the data.
    pub(crate) fn read_data(&self) -> Result<&[u8], SmbError> {
        self.structure(17)?;
        let [offset] = self.bytes(2)?;
        self.data(16, usize::from(offset), self.u32_at(4)?)
    }

    /// WRITE ([MS-SMB2] 2.2.22): how many bytes were taken.
    pub(crate) fn written(&self) -> Result<u32, SmbError> {
        self.structure(17)?;
        self.u32_at(4)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(body: &[u8]) -> Answer {
        let mut raw = vec![0; HEADER];
        raw.extend_from_slice(body);
        Answer {
            step: Step::Call,
            raw,
            tree: TreeId(0),
            status: NtStatus::SUCCESS,
        }
    }

    /// An IOCTL answer with its output at `offset` from the header.
    fn ioctl(offset: u32, length: u32, tail: &[u8]) -> Answer {
        let mut body = vec![0; 48];
        body[0] = 49;
        body[32..36].copy_from_slice(&offset.to_le_bytes());
        body[36..40].copy_from_slice(&length.to_le_bytes());
        body.extend_from_slice(tail);
        answer(&body)
    }

    #[test]
    fn data_is_cut_by_its_offset() {
        assert_eq!(ioctl(112, 3, b"abcdef").output().unwrap(), b"abc");
        assert_eq!(ioctl(115, 3, b"abcdef").output().unwrap(), b"def");
        assert_eq!(ioctl(0, 0, b"").output().unwrap(), b"");
        let mut body = vec![0; 16];
        body[0] = 17;
        body[2] = 80;
        body[4] = 2;
        body.extend_from_slice(b"xyz");
        assert_eq!(answer(&body).read_data().unwrap(), b"xy");
    }

    #[test]
    fn offsets_and_lengths_that_lie_are_errors() {
        for lying in [
            ioctl(116, 3, b"abcdef"),
            ioctl(112, 7, b"abcdef"),
            ioctl(u32::MAX, 1, b"abcdef"),
            ioctl(112, u32::MAX, b"abcdef"),
            ioctl(8, 4, b"abcdef"),
            answer(&[]),
            answer(&[49, 0]),
            answer(&[0; 48]),
        ] {
            let error = lying.output().unwrap_err();
            assert!(matches!(error.kind, SmbErrorKind::Malformed(_)), "{error}");
        }
        assert!(answer(&[89, 0]).file_id().is_err());
        assert!(answer(&[16]).share_encrypts().is_err());
    }

    /// The first 112 bytes of what a controller of Server 2016 or later sent, from OTRF
    /// Security-Datasets (MIT), `empire_shell_samr_EnumDomainUsers`, frame 188: of a message of
    /// 1,648 bytes the 1,024 that there was room for. The rest came with a READ.
    #[test]
    fn what_windows_has_no_room_for_is_data_all_the_same() {
        let header = b"\xfeSMB\x40\0\x01\0\x05\0\0\x80\x0b\0\x01\0\x39\0\0\0\0\0\0\0";
        let body = [
            0x31, 0, 0, 0, 0x17, 0xc0, 0x11, 0, 0x27, 0x1a, 0, 0, 3, 0, 0, 0, 1, 0, 0, 0, 3, 0, 0,
            0, 0x70, 0, 0, 0, 0, 0, 0, 0, 0x70, 0, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
        ];
        let mut answer = answer(&[&body[..], &[7; 1024]].concat());
        answer.raw[..header.len()].copy_from_slice(header);
        answer.status = NtStatus(u32::from_le_bytes([5, 0, 0, 0x80]));
        answer.expect_data().unwrap();
        assert_eq!(answer.output().unwrap(), [7; 1024]);
        // It is another matter when those bytes do not come.
        answer.raw.truncate(HEADER + body.len());
        assert!(answer.output().is_err());
    }
}
