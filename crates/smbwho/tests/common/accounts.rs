//! A server of accounts for an endpoint: samr and lsarpc with as many groups as a test wants, and
//! a count of what is open.

use std::collections::HashMap;
use std::sync::Mutex;

use smbwho_msrpc::lsarpc::{
    LsarLookupSids, LsarLookupSidsReply, LsarOpenPolicy2Reply, ReferencedDomainList,
    TranslatedName, TranslatedNames, TrustInformation,
};
use smbwho_msrpc::samr::{
    AliasGeneralInformation, AliasInfo, DisplayGroup, DisplayInfo, DisplayList, EnumerationBuffer,
    GetMembersBuffer, GroupGeneralInformation, GroupInfo, ReturnedStringArray, RevisionInfo,
    RevisionInfoV1, RidEnumeration, SamrCloseHandle, SamrCloseHandleReply, SamrConnect5Reply,
    SamrEnumerateAliasesInDomain, SamrEnumerateReply, SamrGetMembersInAlias,
    SamrGetMembersInAliasReply, SamrGetMembersInGroup, SamrGetMembersInGroupReply,
    SamrLookupDomainInSamServer, SamrLookupDomainInSamServerReply, SamrLookupIdsInDomain,
    SamrLookupIdsInDomainReply, SamrLookupNamesInDomain, SamrLookupNamesInDomainReply,
    SamrOpenAlias, SamrOpenAliasReply, SamrOpenDomain, SamrOpenDomainReply, SamrOpenGroup,
    SamrOpenGroupReply, SamrQueryDisplayInformation3, SamrQueryDisplayInformation3Reply,
    SamrQueryInformationAlias, SamrQueryInformationAliasReply, SamrQueryInformationGroup,
    SamrQueryInformationGroupReply,
};
use smbwho_msrpc::types::{
    ContextHandle, RpcUnicodeString, Sid, SidArray, SidNameUse, UlongArray, WString,
};
use smbwho_rpc::ndr::{Array, NdrError};
use smbwho_testkit::{Action, Request};

/// Opnums of samr.
pub(crate) const CLOSE: u16 = 1;
pub(crate) const ENUMERATE_GROUPS: u16 = 11;
pub(crate) const ENUMERATE_ALIASES: u16 = 15;
pub(crate) const LOOKUP_NAMES: u16 = 17;
pub(crate) const LOOKUP_IDS: u16 = 18;
pub(crate) const OPEN_GROUP: u16 = 19;
pub(crate) const QUERY_GROUP: u16 = 20;
pub(crate) const MEMBERS_OF_GROUP: u16 = 25;
pub(crate) const OPEN_ALIAS: u16 = 27;
pub(crate) const QUERY_ALIAS: u16 = 28;
pub(crate) const MEMBERS_OF_ALIAS: u16 = 33;
pub(crate) const DISPLAY: u16 = 51;
/// Of lsarpc.
pub(crate) const LOOKUP_SIDS: u16 = 15;

const NONE_MAPPED: u32 = 0xC000_0073;
const NO_SUCH_ALIAS: u32 = 0xC000_0151;
const NO_SUCH_GROUP: u32 = 0xC000_0066;
pub(crate) const ACCESS_DENIED: u32 = 0xC000_0022;
const INVALID_HANDLE: u32 = 0xC000_0008;
/// `nca_s_fault_context_mismatch`
const CONTEXT_MISMATCH: u32 = 0x1C00_001A;

/// Local groups of `Builtin`: rid and name.
const BUILTIN: [(u32, &str); 2] = [(544, "Administrators"), (545, "Users")];

/// The accounts of a server, and what is open there.
pub(crate) struct Accounts {
    /// Local groups of its own domain: rid, name, members.
    pub(crate) aliases: Vec<(u32, String, Vec<u32>)>,
    /// Global groups: rid, name, members.
    pub(crate) groups: Vec<(u32, String, Vec<u32>)>,
    open: Mutex<Open>,
}

#[derive(Default)]
struct Open {
    number: u32,
    handles: HashMap<(usize, u32), What>,
    most: usize,
}

#[derive(Clone, Copy, PartialEq)]
enum What {
    Server,
    Domain(Sid),
    Alias(Sid, u32),
    Group(u32),
}

pub(crate) fn own() -> Sid {
    "S-1-5-21-7-8-9".parse().expect("a SID")
}

impl Accounts {
    /// So many local and global groups; the group of number `n` has the users `n`, `n + 1` and
    /// `n + 2`.
    pub(crate) fn numbered(aliases: u32, groups: u32) -> Self {
        let members = |number: u32| (0..3).map(|step| 100_000 + number + step).collect();
        Self {
            aliases: (0..aliases)
                .map(|n| (1000 + n, format!("local {n:03}"), members(n)))
                .collect(),
            groups: (0..groups)
                .map(|n| (5000 + n, format!("Global {n:03}"), members(n)))
                .collect(),
            open: Mutex::default(),
        }
    }

    /// The most handles that were open at a time on one pipe.
    pub(crate) fn most_open(&self) -> usize {
        self.open.lock().expect("a lock").most
    }

    /// What a whole server answers.
    pub(crate) fn answer(&self, request: &Request) -> Action {
        let answer = match request.pipe {
            "lsarpc" => names(request),
            _ => self.accounts(request),
        };
        match answer.expect("a request that can be read, and a reply that can be sent") {
            Ok(stub) => Action::reply(stub),
            Err(fault) => Action::Fault(fault),
        }
    }

    /// The group whose members a request asks for.
    pub(crate) fn group_asked(&self, request: &Request) -> Option<u32> {
        if request.pipe != "samr" || request.opnum != MEMBERS_OF_GROUP {
            return None;
        }
        let call = SamrGetMembersInGroup::from_stub(&request.stub).ok()?;
        match self.what(request, &call.group_handle)? {
            What::Group(rid) => Some(rid),
            _ => None,
        }
    }

    fn opened(&self, request: &Request, what: What) -> ContextHandle {
        let mut open = self.open.lock().expect("a lock");
        open.number += 1;
        let number = open.number;
        open.handles.insert((request.connection, number), what);
        let here = open.handles.keys();
        let here = here.filter(|(connection, _)| *connection == request.connection);
        open.most = open.most.max(here.count());
        let mut uuid = [0; 16];
        uuid[..4].copy_from_slice(&number.to_le_bytes());
        ContextHandle {
            attributes: 0,
            uuid,
        }
    }

    fn what(&self, request: &Request, handle: &ContextHandle) -> Option<What> {
        let number = number_of(handle);
        let open = self.open.lock().expect("a lock");
        open.handles.get(&(request.connection, number)).copied()
    }

    #[expect(clippy::too_many_lines, reason = "one arm for each call")]
    fn accounts(&self, request: &Request) -> Result<Result<Vec<u8>, u32>, NdrError> {
        let stub = request.stub.as_slice();
        let domain = |handle: &ContextHandle| match self.what(request, handle) {
            Some(What::Domain(sid)) => Ok(sid),
            _ => Err(CONTEXT_MISMATCH),
        };
        let aliases = |sid: Sid| -> Vec<(u32, String)> {
            match sid == Sid::BUILTIN {
                true => BUILTIN
                    .iter()
                    .map(|(rid, name)| (*rid, (*name).to_owned()))
                    .collect(),
                false => self
                    .aliases
                    .iter()
                    .map(|(rid, name, _)| (*rid, name.clone()))
                    .collect(),
            }
        };
        let reply = match request.opnum {
            64 => SamrConnect5Reply {
                out_version: 1,
                out_revision_info: RevisionInfo::V1(RevisionInfoV1 {
                    revision: 3,
                    supported_features: 0,
                }),
                server_handle: self.opened(request, What::Server),
                status: 0,
            }
            .to_stub()?,
            CLOSE => {
                let call = SamrCloseHandle::from_stub(stub)?;
                let number = number_of(&call.sam_handle);
                let mut open = self.open.lock().expect("a lock");
                let closed = open.handles.remove(&(request.connection, number));
                SamrCloseHandleReply {
                    sam_handle: ContextHandle::NULL,
                    status: closed.map_or(INVALID_HANDLE, |_| 0),
                }
                .to_stub()?
            }
            6 => enumerated(&[(0, "OWN".to_owned()), (1, "Builtin".to_owned())])?,
            5 => {
                let call = SamrLookupDomainInSamServer::from_stub(stub)?;
                let name = call.name.text().map(|name| name.to_string_lossy());
                let builtin = name.as_deref() == Some("Builtin");
                SamrLookupDomainInSamServerReply {
                    domain_id: Some(if builtin { Sid::BUILTIN } else { own() }),
                    status: 0,
                }
                .to_stub()?
            }
            7 => {
                let call = SamrOpenDomain::from_stub(stub)?;
                SamrOpenDomainReply {
                    domain_handle: self.opened(request, What::Domain(call.domain_id)),
                    status: 0,
                }
                .to_stub()?
            }
            ENUMERATE_ALIASES => {
                let call = SamrEnumerateAliasesInDomain::from_stub(stub)?;
                match domain(&call.domain_handle) {
                    Ok(sid) => enumerated(&aliases(sid))?,
                    Err(fault) => return Ok(Err(fault)),
                }
            }
            ENUMERATE_GROUPS => {
                let groups = self.groups.iter();
                let groups: Vec<_> = groups.map(|(rid, name, _)| (*rid, name.clone())).collect();
                enumerated(&groups)?
            }
            DISPLAY => {
                SamrQueryDisplayInformation3::from_stub(stub)?;
                displayed(&self.groups)?
            }
            LOOKUP_NAMES => {
                let call = SamrLookupNamesInDomain::from_stub(stub)?;
                let sid = match domain(&call.domain_handle) {
                    Ok(sid) => sid,
                    Err(fault) => return Ok(Err(fault)),
                };
                let name = call.names.elements().iter().next().expect("a name");
                let name = name
                    .text()
                    .expect("a name")
                    .to_string_lossy()
                    .to_lowercase();
                let is = |(_, other): &&(u32, String)| other.to_lowercase() == name;
                let alias = aliases(sid).iter().find(is).map(|(rid, _)| (*rid, 4));
                let mut groups = self.groups.iter();
                let group = groups.find(|(_, other, _)| other.to_lowercase() == name);
                let found = alias.or(group.map(|(rid, ..)| (*rid, 2)));
                let (rids, kinds) = found.map_or(([u32::MAX], [8]), |(rid, kind)| ([rid], [kind]));
                SamrLookupNamesInDomainReply {
                    relative_ids: numbers(&rids),
                    name_use: numbers(&kinds),
                    status: found.map_or(NONE_MAPPED, |_| 0),
                }
                .to_stub()?
            }
            LOOKUP_IDS => {
                let call = SamrLookupIdsInDomain::from_stub(stub)?;
                let rid = call.relative_ids.elements().iter().next().expect("an id");
                let all = self.aliases.iter().chain(&self.groups);
                let mut all = all.map(|(rid, name, _)| (*rid, name));
                let found = all.find(|(other, _)| *other == rid);
                let text = found.map(|(_, name)| WString::new(name).expect("a name"));
                let name = match &text {
                    Some(text) => RpcUnicodeString::of(text.as_wstr())?,
                    None => RpcUnicodeString::NULL,
                };
                SamrLookupIdsInDomainReply {
                    names: ReturnedStringArray {
                        count: 1,
                        element: Some(Array::from(&[name][..])),
                    },
                    name_use: numbers(&[found.map_or(8, |_| 4)]),
                    status: found.map_or(NONE_MAPPED, |_| 0),
                }
                .to_stub()?
            }
            OPEN_ALIAS => {
                let call = SamrOpenAlias::from_stub(stub)?;
                let sid = match domain(&call.domain_handle) {
                    Ok(sid) => sid,
                    Err(fault) => return Ok(Err(fault)),
                };
                let known = aliases(sid).iter().any(|(rid, _)| *rid == call.alias_id);
                SamrOpenAliasReply {
                    alias_handle: match known {
                        true => self.opened(request, What::Alias(sid, call.alias_id)),
                        false => ContextHandle::NULL,
                    },
                    status: if known { 0 } else { NO_SUCH_ALIAS },
                }
                .to_stub()?
            }
            OPEN_GROUP => {
                let call = SamrOpenGroup::from_stub(stub)?;
                let known = self.groups.iter().any(|(rid, ..)| *rid == call.group_id);
                SamrOpenGroupReply {
                    group_handle: match known {
                        true => self.opened(request, What::Group(call.group_id)),
                        false => ContextHandle::NULL,
                    },
                    status: if known { 0 } else { NO_SUCH_GROUP },
                }
                .to_stub()?
            }
            QUERY_ALIAS => {
                let call = SamrQueryInformationAlias::from_stub(stub)?;
                let Some(What::Alias(sid, rid)) = self.what(request, &call.alias_handle) else {
                    return Ok(Err(CONTEXT_MISMATCH));
                };
                let name = aliases(sid).into_iter().find(|(other, _)| *other == rid);
                let name = WString::new(&name.expect("one that is open").1)?;
                let comment = WString::new(&format!("alias {rid}"))?;
                SamrQueryInformationAliasReply {
                    buffer: Some(AliasInfo::General(AliasGeneralInformation {
                        name: RpcUnicodeString::of(name.as_wstr())?,
                        member_count: 3,
                        admin_comment: RpcUnicodeString::of(comment.as_wstr())?,
                    })),
                    status: 0,
                }
                .to_stub()?
            }
            QUERY_GROUP => {
                let call = SamrQueryInformationGroup::from_stub(stub)?;
                let Some(What::Group(rid)) = self.what(request, &call.group_handle) else {
                    return Ok(Err(CONTEXT_MISMATCH));
                };
                let group = self.groups.iter().find(|(other, ..)| *other == rid);
                let name = WString::new(&group.expect("one that is open").1)?;
                let comment = WString::new(&format!("group {rid}"))?;
                SamrQueryInformationGroupReply {
                    buffer: Some(GroupInfo::General(GroupGeneralInformation {
                        name: RpcUnicodeString::of(name.as_wstr())?,
                        attributes: 7,
                        member_count: 3,
                        admin_comment: RpcUnicodeString::of(comment.as_wstr())?,
                    })),
                    status: 0,
                }
                .to_stub()?
            }
            MEMBERS_OF_ALIAS => {
                let call = SamrGetMembersInAlias::from_stub(stub)?;
                let Some(What::Alias(_, rid)) = self.what(request, &call.alias_handle) else {
                    return Ok(Err(CONTEXT_MISMATCH));
                };
                let alias = self.aliases.iter().find(|(other, ..)| *other == rid);
                let members = alias
                    .map(|(.., members)| members.as_slice())
                    .unwrap_or_default();
                let sids: Vec<_> = members.iter().map(|rid| own().with_rid(*rid)).collect();
                SamrGetMembersInAliasReply {
                    members: SidArray::of(&sids)?,
                    status: 0,
                }
                .to_stub()?
            }
            MEMBERS_OF_GROUP => {
                let call = SamrGetMembersInGroup::from_stub(stub)?;
                let Some(What::Group(rid)) = self.what(request, &call.group_handle) else {
                    return Ok(Err(CONTEXT_MISMATCH));
                };
                let group = self.groups.iter().find(|(other, ..)| *other == rid);
                let members = group.expect("one that is open").2.as_slice();
                let attributes = vec![7; members.len()];
                SamrGetMembersInGroupReply {
                    members: Some(GetMembersBuffer {
                        member_count: members.len() as u32,
                        members: Some(Array::from(members)),
                        attributes: Some(Array::from(attributes.as_slice())),
                    }),
                    status: 0,
                }
                .to_stub()?
            }
            // `nca_s_op_rng_error`
            _ => return Ok(Err(0x1C01_0002)),
        };
        Ok(Ok(reply))
    }
}

fn number_of(handle: &ContextHandle) -> u32 {
    let (number, _) = handle.uuid.split_first_chunk().expect("four bytes");
    u32::from_le_bytes(*number)
}

fn numbers(of: &[u32]) -> UlongArray<'_> {
    UlongArray {
        count: of.len() as u32,
        element: Some(Array::from(of)),
    }
}

fn enumerated(accounts: &[(u32, String)]) -> Result<Vec<u8>, NdrError> {
    let names = accounts.iter().map(|(_, name)| WString::new(name));
    let names = names.collect::<Result<Vec<_>, _>>()?;
    let entries = accounts.iter().zip(&names).map(|((rid, _), name)| {
        Ok(RidEnumeration {
            relative_id: *rid,
            name: RpcUnicodeString::of(name.as_wstr())?,
        })
    });
    let entries = entries.collect::<Result<Vec<_>, NdrError>>()?;
    SamrEnumerateReply {
        enumeration_context: 0,
        buffer: Some(EnumerationBuffer {
            entries_read: entries.len() as u32,
            buffer: Some(Array::from(entries.as_slice())),
        }),
        count_returned: entries.len() as u32,
        status: 0,
    }
    .to_stub()
}

fn displayed(groups: &[(u32, String, Vec<u32>)]) -> Result<Vec<u8>, NdrError> {
    let texts = groups.iter().map(|(rid, name, _)| {
        let comment = format!("group {rid}");
        Ok((WString::new(name)?, WString::new(&comment)?))
    });
    let texts = texts.collect::<Result<Vec<_>, NdrError>>()?;
    let rows = groups.iter().zip(&texts).enumerate();
    let rows = rows.map(|(index, ((rid, ..), (name, comment)))| {
        Ok(DisplayGroup {
            index: index as u32 + 1,
            rid: *rid,
            attributes: 7,
            account_name: RpcUnicodeString::of(name.as_wstr())?,
            admin_comment: RpcUnicodeString::of(comment.as_wstr())?,
        })
    });
    let rows = rows.collect::<Result<Vec<_>, NdrError>>()?;
    SamrQueryDisplayInformation3Reply {
        total_available: 0,
        total_returned: 0,
        buffer: DisplayInfo::Groups(DisplayList {
            entries_read: rows.len() as u32,
            buffer: Some(Array::from(rows.as_slice())),
        }),
        status: 0,
    }
    .to_stub()
}

/// lsarpc: every SID of the domain is a user, `u` and its relative id.
fn names(request: &Request) -> Result<Result<Vec<u8>, u32>, NdrError> {
    Ok(Ok(match request.opnum {
        44 => LsarOpenPolicy2Reply {
            policy_handle: ContextHandle {
                attributes: 0,
                uuid: [9; 16],
            },
            status: 0,
        }
        .to_stub()?,
        LOOKUP_SIDS => {
            let call = LsarLookupSids::from_stub(&request.stub)?;
            let rids = call.sid_enum_buffer.iter();
            let texts = rids.map(|sid| WString::new(&format!("u{}", sid.rid().unwrap_or(0))));
            let texts = texts.collect::<Result<Vec<_>, _>>()?;
            let names = texts.iter().map(|text| {
                Ok(TranslatedName {
                    name_use: SidNameUse::SidTypeUser,
                    name: RpcUnicodeString::of(text.as_wstr())?,
                    domain_index: 0,
                })
            });
            let names = names.collect::<Result<Vec<_>, NdrError>>()?;
            let domain = WString::new("OWN")?;
            let domains = [TrustInformation {
                name: RpcUnicodeString::of(domain.as_wstr())?,
                sid: Some(own()),
            }];
            LsarLookupSidsReply {
                referenced_domains: Some(ReferencedDomainList {
                    entries: 1,
                    domains: Some(Array::from(&domains[..])),
                    max_entries: 32,
                }),
                translated_names: TranslatedNames {
                    entries: names.len() as u32,
                    names: Some(Array::from(names.as_slice())),
                },
                mapped_count: names.len() as u32,
                status: 0,
            }
            .to_stub()?
        }
        _ => return Ok(Err(0x1C01_0002)),
    }))
}
