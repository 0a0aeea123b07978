//! Questions for one thing: an open file by its id (NetrFileGetInfo, [MS-SRVS]
//! 3.1.4.3), and where a share lies (NetrShareGetInfo, 3.1.4.10).

use smbwho_msrpc::srvsvc::file::{FileInfo, NetrFileGetInfo};
use smbwho_msrpc::srvsvc::share::{NetrShareGetInfo, ShareInfo};
use smbwho_msrpc::status::Win32Status;
use smbwho_rpc::Call;
use smbwho_rpc::ndr::NdrError;

use super::listing::{row_2, row_3, wire_level};
use super::{FileLevel, OpenFile, Place};
use crate::error::{ErrorKind, Refusal};
use crate::{Error, Name, Server, ShareKind};

/// Where a share lies, and what kind of share it is, as far as the server reports it.
pub(super) struct ShareLocation {
    level: u32,
    path: Result<Option<Name>, Refusal>,
    pub(super) kind: Option<ShareKind>,
}

impl Server {
    /// One open file by the server's number for it; `None` when nothing of
    /// this number is open ([MS-SRVS] 3.1.4.3, NetrFileGetInfo).
    ///
    /// Samba does not have this call: ask for [`Server::files`] with
    /// [`FilesQuery::id`](crate::FilesQuery::id) there.
    ///
    /// # Errors
    ///
    /// When the call cannot be made, or is refused at both levels.
    #[doc(alias = "NetFileGetInfo")]
    pub async fn file(&self, id: u32) -> Result<Option<OpenFile>, Error> {
        let mut refused = Vec::new();
        for level in FileLevel::LADDER {
            let call = NetrFileGetInfo {
                server_name: Some(self.unc_name()),
                file_id: id,
                level: wire_level(level.number()),
            };
            let read = |stub: &[u8]| {
                let reply = call.decode(stub)?;
                let row = match reply.info {
                    FileInfo::Level2(info) => info.map(row_2),
                    FileInfo::Level3(info) => info.map(row_3),
                };
                Ok((Win32Status(reply.status), row))
            };
            match self.ask_one(&call, read).await? {
                Ok(row) => return Ok(row),
                Err(Refusal::Status(Win32Status::NERR_FileIdNotFound)) => return Ok(None),
                Err(refusal) => {
                    refused.push((level.number(), refusal));
                }
            }
        }
        let call = NetrFileGetInfo::NAME;
        Err(self.error(ErrorKind::Refused { call, refused }))
    }

    /// The place of `path` in a share: asks where on the server the share
    /// lies. An administrator is told; to others the server may refuse it, and
    /// the place is then any with this path ([`Place::is_anchored`]).
    ///
    /// # Errors
    ///
    /// When the server has no such share, the call cannot be made, or nothing
    /// is left to look for: neither the share's path nor one within it.
    pub async fn locate(&self, share: &str, path: &str) -> Result<Place, Error> {
        const LEVEL: u32 = 2;
        let call = NetrShareGetInfo {
            server_name: Some(self.unc_name()),
            net_name: share.into(),
            level: LEVEL,
        };
        let stub = self.read(&call).await;
        let location = self.share_location(&call, stub)?;
        self.place_at(&location, path)
    }

    /// Where a share lies, as this reply reports it at level 2.
    ///
    /// # Errors
    ///
    /// When the server has no such share, and when it was not asked. What it does not report
    /// is no error.
    pub(super) fn share_location(
        &self,
        call: &NetrShareGetInfo<'_>,
        stub: Result<Vec<u8>, Error>,
    ) -> Result<ShareLocation, Error> {
        let read = |stub: &[u8]| {
            let reply = call.decode(stub)?;
            let told = match reply.info {
                ShareInfo::Level2(Some(info)) => (info.path.map(Name::from_wire), Some(info.kind)),
                _ => (None, None),
            };
            Ok((Win32Status(reply.status), told))
        };
        match self.read_one(NetrShareGetInfo::NAME, stub, read)? {
            Ok((path, kind)) => Ok(ShareLocation {
                level: call.level,
                path: Ok(path),
                kind: kind.map(ShareKind),
            }),
            Err(refusal) if refusal.is_of_the_level() => Ok(ShareLocation {
                level: call.level,
                path: Err(refusal),
                kind: None,
            }),
            Err(refusal) => Err(self.refused_at(NetrShareGetInfo::NAME, call.level, refusal)),
        }
    }

    /// The place of `path` in a share.
    pub(super) fn place_at(&self, share: &ShareLocation, path: &str) -> Result<Place, Error> {
        let place = match &share.path {
            // Samba's variables (%U and the like) are filled in for each user.
            Ok(Some(told)) if !told.is_empty() && !told.contains('%') => {
                Place::in_share(told.clone(), path)
            }
            Ok(_) => Place::somewhere(path, None),
            Err(refusal) => Place::somewhere(path, refusal.code()),
        };
        place.map_err(|error| match share.path {
            Err(refusal) => self.refused_at(NetrShareGetInfo::NAME, share.level, refusal),
            Ok(_) => self.error(ErrorKind::NoPlace(error)),
        })
    }

    fn refused_at(&self, call: &'static str, level: u32, refusal: Refusal) -> Error {
        self.error(ErrorKind::Refused {
            call,
            refused: vec![(level, refusal)],
        })
    }

    /// Makes a call for one thing: what it says, or how it was refused.
    async fn ask_one<C: Call, T>(
        &self,
        call: &C,
        read: impl FnOnce(&[u8]) -> Result<(Win32Status, T), NdrError>,
    ) -> Result<Result<T, Refusal>, Error> {
        let stub = self.read(call).await;
        self.read_one(C::NAME, stub, read)
    }

    /// What a reply says, or how the call was refused.
    fn read_one<T>(
        &self,
        call: &'static str,
        stub: Result<Vec<u8>, Error>,
        read: impl FnOnce(&[u8]) -> Result<(Win32Status, T), NdrError>,
    ) -> Result<Result<T, Refusal>, Error> {
        let stub = match stub {
            Ok(stub) => stub,
            Err(error) => match error.refusal() {
                Some(refusal) => return Ok(Err(refusal)),
                None => return Err(error),
            },
        };
        match read(&stub) {
            Ok((Win32Status::NERR_SUCCESS, told)) => Ok(Ok(told)),
            Ok((status, _)) => Ok(Err(Refusal::Status(status))),
            Err(error) => Err(self.error(ErrorKind::Malformed { call, error })),
        }
    }
}
