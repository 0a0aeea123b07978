//! Changing shares: NetrShareAdd, NetrShareSetInfo and NetrShareDel ([MS-SRVS]
//! 3.1.4.7, 3.1.4.11, 3.1.4.12).

use smbwho_msrpc::srvsvc::share::{
    self as wire, NetrShareAdd, NetrShareDel, NetrShareSetInfo, ShareInfo2, ShareInfo502,
    ShareInfo1004, ShareInfo1006, ShareInfo1501,
};
use smbwho_msrpc::status::Win32Status;
use smbwho_msrpc::types::{SecurityDescriptor, WString};
use smbwho_rpc::Call;
use smbwho_rpc::ndr::Array;

use super::{MaxUses, ShareKind, ShareLevel};
use crate::error::{BadParameter, ErrorKind, Refusal};
use crate::{Error, Name, Server};

/// A share to be made. Made by [`NewShare::new`], and put into shape by its
/// fields.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct NewShare {
    /// Its name.
    pub name: Name,
    /// The folder as the server knows it: `C:\data`; on Samba `/srv/data`
    /// will do. It must be there already.
    pub path: Name,
    /// A comment.
    pub remark: Option<Name>,
    /// Connections allowed at once.
    pub max_uses: MaxUses,
    /// Who may use it; with `None` what the server gives a share by itself.
    pub security: Option<SecurityDescriptor>,
    /// What is shared; folders where nothing else is said.
    pub kind: ShareKind,
}

impl NewShare {
    /// A folder to be shared, without remark, limit or security of its own.
    pub fn new(name: impl Into<Name>, path: impl Into<Name>) -> Self {
        Self {
            name: name.into(),
            path: path.into(),
            remark: None,
            max_uses: MaxUses::NoLimit,
            security: None,
            kind: ShareKind(ShareKind::DISK),
        }
    }
}

/// What to change of a share; what is `None` stays.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct ShareChange {
    /// The folder. Servers take it only together with remark and limit, which
    /// are read first and sent back as they were.
    pub path: Option<Name>,
    /// The comment.
    pub remark: Option<Name>,
    /// Connections allowed at once.
    pub max_uses: Option<MaxUses>,
    /// Who may use it.
    pub security: Option<SecurityDescriptor>,
}

impl ShareChange {
    /// Whether there is nothing to be changed.
    pub fn is_empty(&self) -> bool {
        self.path.is_none()
            && self.remark.is_none()
            && self.max_uses.is_none()
            && self.security.is_none()
    }
}

/// What a server made of a request to change something.
struct Outcome {
    call: &'static str,
    level: u32,
    refusal: Refusal,
    parameter: Option<u32>,
}

impl Server {
    /// Makes a share ([MS-SRVS] 3.1.4.7, NetrShareAdd). **Changes the
    /// server.**
    ///
    /// Look at the share afterwards: Samba tells nobody when it could not set
    /// the security.
    ///
    /// # Errors
    ///
    /// The server's refusal, with the parameter that it disliked where it says
    /// which.
    pub async fn add_share(&self, share: &NewShare) -> Result<(), Error> {
        const CALL: &str = NetrShareAdd::NAME;
        let name = self.text(CALL, "name", Some(&share.name))?;
        let path = self.text(CALL, "path", Some(&share.path))?;
        let remark = self.text(CALL, "remark", share.remark.as_ref())?;
        let security = self.security_bytes(CALL, share.security.as_ref())?;
        let level_2 = ShareInfo2 {
            netname: Some(name.as_wstr()),
            kind: share.kind.0,
            remark: Some(remark.as_wstr()),
            permissions: 0,
            max_uses: share.max_uses.to_wire(),
            current_uses: 0,
            path: Some(path.as_wstr()),
            passwd: None,
        };
        let new = match &security {
            None => wire::NewShare::Level2(level_2),
            Some(bytes) => wire::NewShare::Level502(ShareInfo502 {
                netname: level_2.netname,
                kind: level_2.kind,
                remark: level_2.remark,
                permissions: 0,
                max_uses: level_2.max_uses,
                current_uses: 0,
                path: level_2.path,
                passwd: None,
                reserved: length(bytes),
                security_descriptor: Some(Array::from(&bytes[..])),
            }),
        };
        let level = match new {
            wire::NewShare::Level2(_) => 2,
            _ => 502,
        };
        let call = NetrShareAdd {
            server_name: Some(self.unc_name()),
            share: new,
        };
        let done = self
            .change(&call, level, |reply| (reply.status, reply.parm_err))
            .await?;
        done.map_err(|outcome| self.refused(outcome, &[]))
    }

    /// Changes a share ([MS-SRVS] 3.1.4.11, NetrShareSetInfo). **Changes the
    /// server.**
    ///
    /// Path, remark and limit go in one call as soon as they are more than one,
    /// with the rest as it was read before: a server that is asked for them one
    /// after another may fill in for the second what it had before the first
    /// (Samba until it has read its configuration again). A server that refuses
    /// that call is asked for remark and limit one by one. Security comes last.
    ///
    /// Look at the share afterwards: Samba tells nobody when it could not set
    /// the security, and servers have limits of their own.
    ///
    /// # Errors
    ///
    /// The server's refusal, with the parameter that it disliked where it says
    /// which, and what had been changed before.
    pub async fn set_share(
        &self,
        name: impl Into<Name>,
        change: &ShareChange,
    ) -> Result<(), Error> {
        const CALL: &str = NetrShareSetInfo::NAME;
        let name = name.into();
        // Nothing is sent before all of it is known to be fit for sending.
        let remark = self.text(CALL, "remark", change.remark.as_ref())?;
        self.text(CALL, "path", change.path.as_ref())?;
        let security = self.security_bytes(CALL, change.security.as_ref())?;
        let mut done: Vec<&'static str> = Vec::new();
        let parts = [
            change.path.as_ref().map(|_| "path"),
            change.remark.as_ref().map(|_| "remark"),
            change.max_uses.map(|_| "limit"),
        ];
        let parts: Vec<&'static str> = parts.into_iter().flatten().collect();
        let together = match (change.path.is_some(), parts.len()) {
            (true, _) => Some(self.set_level_2(&name, change).await?),
            (false, 0 | 1) => None,
            (false, _) => match self.set_level_2(&name, change).await {
                Ok(()) => Some(()),
                Err(error) if is_of_the_level(&error) => None,
                Err(error) => return Err(error),
            },
        };
        if together.is_some() {
            done.extend(parts);
        } else {
            if change.remark.is_some() {
                let info = ShareInfo1004 {
                    remark: Some(remark.as_wstr()),
                };
                let part = wire::ShareChange::Level1004(info);
                self.set(&name, part, 1004)
                    .await?
                    .map_err(|outcome| self.refused(outcome, &done))?;
                done.push("remark");
            }
            if let Some(max_uses) = change.max_uses {
                self.set_max_uses(&name, max_uses, change, &done).await?;
                done.push("limit");
            }
        }
        if let Some(bytes) = security {
            let info = ShareInfo1501 {
                reserved: length(&bytes),
                security_descriptor: Some(Array::from(&bytes[..])),
            };
            let part = wire::ShareChange::Level1501(info);
            self.set(&name, part, 1501)
                .await?
                .map_err(|outcome| self.refused(outcome, &done))?;
        }
        Ok(())
    }

    /// Stops sharing; the folder and what is in it stay ([MS-SRVS] 3.1.4.12,
    /// NetrShareDel). **Changes the server**: whoever uses the share loses it.
    ///
    /// # Errors
    ///
    /// The server's refusal; `NERR_NetNameNotFound` when there is no such
    /// share.
    pub async fn remove_share(&self, name: impl Into<Name>) -> Result<(), Error> {
        let units = name.into().to_utf16();
        let call = NetrShareDel {
            server_name: Some(self.unc_name()),
            net_name: (&units).into(),
        };
        let done = self.change(&call, 0, |reply| (reply.status, None)).await?;
        done.map_err(|outcome| self.refused(outcome, &[]))
    }

    /// The limit alone. Samba takes it only together with the rest, and says
    /// "access denied" to the call for it alone.
    async fn set_max_uses(
        &self,
        name: &Name,
        max_uses: MaxUses,
        change: &ShareChange,
        done: &[&'static str],
    ) -> Result<(), Error> {
        let info = ShareInfo1006 {
            max_uses: max_uses.to_wire(),
        };
        let alone = wire::ShareChange::Level1006(info);
        let Err(outcome) = self.set(name, alone, 1006).await? else {
            return Ok(());
        };
        if !outcome.refusal.is_of_the_level() {
            return Err(self.refused(outcome, done));
        }
        let change = ShareChange {
            max_uses: Some(max_uses),
            // The server may not know yet what it took a moment ago.
            remark: change.remark.clone(),
            ..ShareChange::default()
        };
        // Who may not even read the share was refused for good.
        match self.set_level_2(name, &change).await {
            Err(error) if !matches!(error.kind(), ErrorKind::ChangeRefused { .. }) => {
                Err(self.refused(outcome, done))
            }
            other => other.map_err(|error| error.after(done)),
        }
    }

    /// Path, remark and limit, those not to be changed as they are.
    async fn set_level_2(&self, name: &Name, change: &ShareChange) -> Result<(), Error> {
        const CALL: &str = NetrShareSetInfo::NAME;
        let now = self.share_at_level(name.clone(), ShareLevel::L2).await?;
        let path = change.path.as_ref().or(now.path.as_ref());
        let path = self.text(CALL, "path", path)?;
        let remark = change.remark.as_ref().or(now.remark.as_ref());
        let remark = self.text(CALL, "remark", remark)?;
        let netname = self.text(CALL, "name", now.name.as_ref().or(Some(name)))?;
        let max_uses = change.max_uses.or(now.max_uses);
        let info = ShareInfo2 {
            netname: Some(netname.as_wstr()),
            kind: now.kind.map_or(ShareKind::DISK, |kind| kind.0),
            remark: Some(remark.as_wstr()),
            permissions: now.permissions.unwrap_or(0),
            max_uses: max_uses.unwrap_or(MaxUses::NoLimit).to_wire(),
            current_uses: now.current_uses.unwrap_or(0),
            path: Some(path.as_wstr()),
            passwd: None,
        };
        let done = self.set(name, wire::ShareChange::Level2(info), 2).await?;
        done.map_err(|outcome| self.refused(outcome, &[]))
    }

    async fn set(
        &self,
        name: &Name,
        change: wire::ShareChange<'_>,
        level: u32,
    ) -> Result<Result<(), Outcome>, Error> {
        let units = name.to_utf16();
        let call = NetrShareSetInfo {
            server_name: Some(self.unc_name()),
            net_name: (&units).into(),
            change,
        };
        self.change(&call, level, |reply| (reply.status, reply.parm_err))
            .await
    }

    /// Makes a call that changes something. Its refusal is not yet an error:
    /// another way may be open.
    async fn change<C: Call>(
        &self,
        call: &C,
        level: u32,
        read: impl for<'a> FnOnce(C::Reply<'a>) -> (u32, Option<u32>),
    ) -> Result<Result<(), Outcome>, Error> {
        let refused = |refusal, parameter| {
            Ok(Err(Outcome {
                call: C::NAME,
                level,
                refusal,
                parameter,
            }))
        };
        let stub = match self.call(call).await {
            Ok(stub) => stub,
            Err(error) => match error.refusal() {
                Some(refusal) => return refused(refusal, None),
                None => return Err(error),
            },
        };
        let reply = call.decode(&stub).map_err(|error| {
            self.error(ErrorKind::Malformed {
                call: C::NAME,
                error,
            })
        })?;
        match read(reply) {
            (0, _) => Ok(Ok(())),
            (status, parameter) => refused(Refusal::Status(Win32Status(status)), parameter),
        }
    }

    fn refused(&self, outcome: Outcome, done: &[&'static str]) -> Error {
        // 0 is "none" (PARM_ERROR_NONE); another status than this one leaves
        // the number as it was.
        let bad = outcome.refusal == Refusal::Status(Win32Status::ERROR_INVALID_PARAMETER);
        let parameter = outcome.parameter.filter(|number| bad && *number != 0);
        self.error(ErrorKind::ChangeRefused {
            call: outcome.call,
            level: (outcome.level != 0).then_some(outcome.level),
            why: outcome.refusal,
            parameter: parameter.map(BadParameter),
            done: done.to_vec(),
        })
    }

    /// Text to be sent; none is sent as empty.
    fn text(
        &self,
        call: &'static str,
        field: &'static str,
        text: Option<&Name>,
    ) -> Result<WString, Error> {
        let units = text.map_or(Vec::new(), Name::to_utf16);
        WString::new(&units).map_err(|error| {
            let error = error.in_field(field);
            self.error(ErrorKind::Unsayable { call, error })
        })
    }

    fn security_bytes(
        &self,
        call: &'static str,
        security: Option<&SecurityDescriptor>,
    ) -> Result<Option<Vec<u8>>, Error> {
        let bytes = security.map(SecurityDescriptor::to_bytes).transpose();
        bytes.map_err(|error| self.error(ErrorKind::BadSecurity { call, error }))
    }
}

/// Whether another level may fare better, for reading or for changing.
fn is_of_the_level(error: &Error) -> bool {
    match error.kind() {
        ErrorKind::ChangeRefused { why, .. } => why.is_of_the_level(),
        kind => matches!(kind, ErrorKind::Refused { .. }),
    }
}

/// A descriptor's lists have 64 KiB each.
fn length(bytes: &[u8]) -> u32 {
    u32::try_from(bytes.len()).unwrap_or(u32::MAX)
}
