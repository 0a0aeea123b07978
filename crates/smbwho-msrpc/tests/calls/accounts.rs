//! samr and lsarpc.

use smbwho_msrpc::lsarpc::*;
use smbwho_msrpc::samr::*;
use smbwho_msrpc::types::{ContextHandle, SidArray, SidNameUse, UlongArray};
use smbwho_rpc::ndr::Array;

use super::{Case, HANDLE, HANDLE_SHOWN, case, large, leak, sid, u, w};

pub fn cases() -> Vec<Case> {
    let mut cases = to_the_server();
    cases.extend(lists());
    cases.extend(groups());
    cases.extend(membership());
    cases.extend(samr_lookups());
    cases.extend(policy());
    cases.extend(lsa_lookups());
    cases
}

fn to_the_server() -> Vec<Case> {
    let version = RevisionInfo::V1(RevisionInfoV1 {
        revision: 3,
        supported_features: 0,
    });
    let domain = sid("S-1-5-21-1-2-3");
    vec![
        case!(SamrConnect5::of(SAM_SERVER_CONNECT | SAM_SERVER_LOOKUP_DOMAIN), SamrConnect5,
            SamrConnect5Reply {
                out_version: 1,
                out_revision_info: version,
                server_handle: HANDLE,
                status: 0,
            },
            in &["system_name: NULL", "access_mask: 0x00000021 (33)", "level_in: 0x00000001 (1)",
                "client_version: SAMR_CONNECT_AFTER_W2K (3)"],
            out &["level_out: 0x00000001 (1)", HANDLE_SHOWN, "result: NT_STATUS_OK"]),
        case!(SamrConnect2 { server_name: Some(w("\\\\srv")), desired_access: MAXIMUM_ALLOWED },
            SamrConnect2, SamrConnect2Reply { server_handle: HANDLE, status: 0 },
            in &["system_name: '\\\\srv'", "access_mask: 0x02000000 (33554432)"],
            out &[HANDLE_SHOWN]),
        case!(SamrCloseHandle { sam_handle: HANDLE }, SamrCloseHandle,
            SamrCloseHandleReply { sam_handle: ContextHandle::NULL, status: 0 },
            in &[HANDLE_SHOWN], out &["uuid: 00000000-0000-0000-0000-000000000000"])
        .no_impacket_request("it wants a DesiredAccess behind the handle; the IDL has none"),
        case!(SamrLookupDomainInSamServer { server_handle: HANDLE, name: u("Builtin") },
            SamrLookupDomainInSamServer,
            SamrLookupDomainInSamServerReply { domain_id: Some(domain), status: 0 },
            in &[HANDLE_SHOWN, "string: 'Builtin'"], out &["sid: S-1-5-21-1-2-3"]),
        case!(SamrOpenDomain {
                server_handle: HANDLE,
                desired_access: DOMAIN_LOOKUP,
                domain_id: domain,
            },
            SamrOpenDomain, SamrOpenDomainReply { domain_handle: HANDLE, status: 0 },
            in &["access_mask: 0x00000200 (512)", "sid: S-1-5-21-1-2-3"], out &[HANDLE_SHOWN]),
        case!(SamrRidToSid { object_handle: HANDLE, rid: 500 }, SamrRidToSid,
            SamrRidToSidReply { sid: Some(sid("S-1-5-21-1-2-3-500")), status: 0 },
            in &["rid: 0x000001f4 (500)"], out &["sid: S-1-5-21-1-2-3-500"]),
    ]
}

fn lists() -> Vec<Case> {
    let entries = leak([
        RidEnumeration {
            relative_id: 512,
            name: u("Domain Admins"),
        },
        RidEnumeration {
            relative_id: 513,
            name: u("Domänen-Benutzer"),
        },
    ]);
    let page = SamrEnumerateReply {
        enumeration_context: 2,
        buffer: Some(EnumerationBuffer {
            entries_read: 2,
            buffer: Some(Array::from(entries)),
        }),
        count_returned: 2,
        status: 0x105,
    };
    const PAGE: &[&str] = &[
        "resume_handle: 0x00000002 (2)",
        "idx: 0x00000200 (512)",
        "string: 'Domain Admins'",
        "string: 'Domänen-Benutzer'",
        "num_entries: 0x00000002 (2)",
        "result: STATUS_MORE_ENTRIES",
    ];
    let display = |level, buffer| {
        let call = SamrQueryDisplayInformation3::of(HANDLE, level, 7, 1000, 65_536);
        let reply = SamrQueryDisplayInformation3Reply {
            total_available: 200,
            total_returned: 100,
            buffer,
            status: 0,
        };
        (call, reply)
    };
    let users = leak([DisplayUser {
        index: 1,
        rid: 1000,
        account_control: 0x10,
        account_name: u("alice"),
        admin_comment: u("im Büro"),
        full_name: u("Alice A."),
    }]);
    let machines = leak([DisplayMachine {
        index: 1,
        rid: 1001,
        account_control: 0x80,
        account_name: u("PC$"),
        admin_comment: u("x"),
    }]);
    let groups = leak([DisplayGroup {
        index: 1,
        rid: 512,
        attributes: 7,
        account_name: u("Domain Admins"),
        admin_comment: u("Those who may"),
    }]);
    macro_rules! list {
        ($arm:ident, $entries:expr) => {
            DisplayInfo::$arm(DisplayList {
                entries_read: 1,
                buffer: Some(Array::from($entries)),
            })
        };
    }
    let (ask_users, got_users) = display(DisplayLevel::Users, list!(Users, users));
    let (ask_machines, got_machines) = display(DisplayLevel::Machines, list!(Machines, machines));
    let (ask_groups, got_groups) = display(DisplayLevel::Groups, list!(Groups, groups));
    vec![
        case!(SamrEnumerateDomainsInSamServer {
                server_handle: HANDLE,
                enumeration_context: 1,
                preferred_maximum_length: 65_536,
            },
            SamrEnumerateDomainsInSamServer, page,
            in &["resume_handle: 0x00000001 (1)", "buf_size: 0x00010000 (65536)"], out PAGE),
        case!(SamrEnumerateGroupsInDomain {
                domain_handle: HANDLE,
                enumeration_context: 1,
                preferred_maximum_length: 65_536,
            },
            SamrEnumerateGroupsInDomain, page,
            in &["max_size: 0x00010000 (65536)"], out PAGE),
        case!(SamrEnumerateAliasesInDomain {
                domain_handle: HANDLE,
                enumeration_context: 1,
                preferred_maximum_length: 65_536,
            },
            SamrEnumerateAliasesInDomain, page,
            in &["max_size: 0x00010000 (65536)"], out PAGE),
        case!(SamrEnumerateUsersInDomain {
                domain_handle: HANDLE,
                enumeration_context: 1,
                user_account_control: 0x10,
                preferred_maximum_length: 65_536,
            },
            SamrEnumerateUsersInDomain, page,
            in &["acct_flags: 0x00000010 (16)", "max_size: 0x00010000 (65536)"], out PAGE),
        case!(ask_users, SamrQueryDisplayInformation3, got_users,
            in &["level: 0x0001 (1)", "start_idx: 0x00000007 (7)",
                "max_entries: 0x000003e8 (1000)", "buf_size: 0x00010000 (65536)"],
            out &["total_size: 0x000000c8 (200)", "returned_size: 0x00000064 (100)",
                "rid: 0x000003e8 (1000)", "string: 'alice'", "string: 'im Büro'",
                "string: 'Alice A.'"]),
        case!(ask_machines, SamrQueryDisplayInformation3, got_machines,
            in &["level: 0x0002 (2)"], out &["rid: 0x000003e9 (1001)", "string: 'PC$'"]),
        case!(ask_groups, SamrQueryDisplayInformation3, got_groups,
            in &["level: 0x0003 (3)"],
            out &["rid: 0x00000200 (512)", "string: 'Domain Admins'", "string: 'Those who may'",
                "1: SE_GROUP_ENABLED"]),
    ]
}

fn groups() -> Vec<Case> {
    let group = GroupGeneralInformation {
        name: u("Domain Admins"),
        attributes: 7,
        member_count: 3,
        admin_comment: u("Those who may"),
    };
    let alias = AliasGeneralInformation {
        name: u("Administrators"),
        member_count: 2,
        admin_comment: u(""),
    };
    let members = GetMembersBuffer {
        member_count: 2,
        members: Some(Array::from(leak([500, 1000]))),
        attributes: Some(Array::from(leak([7, 7]))),
    };
    let sids = leak([
        Some(sid("S-1-5-21-1-2-3-500")),
        Some(sid("S-1-5-21-1-2-3-512")),
    ]);
    vec![
        case!(SamrOpenGroup { domain_handle: HANDLE, desired_access: 0x11, group_id: 512 },
            SamrOpenGroup, SamrOpenGroupReply { group_handle: HANDLE, status: 0 },
            in &["access_mask: 0x00000011 (17)", "rid: 0x00000200 (512)"], out &[HANDLE_SHOWN]),
        case!(SamrQueryInformationGroup {
                group_handle: HANDLE,
                group_information_class: GROUP_GENERAL_INFORMATION,
            },
            SamrQueryInformationGroup,
            SamrQueryInformationGroupReply { buffer: Some(GroupInfo::General(group)), status: 0 },
            in &["level: GROUPINFOALL (1)"],
            out &["string: 'Domain Admins'", "num_members: 0x00000003 (3)",
                "string: 'Those who may'"]),
        case!(SamrGetMembersInGroup { group_handle: HANDLE }, SamrGetMembersInGroup,
            SamrGetMembersInGroupReply { members: Some(members), status: 0 },
            in &[HANDLE_SHOWN], out &["rids: 0x000001f4 (500)", "rids: 0x000003e8 (1000)"]),
        case!(SamrOpenAlias { domain_handle: HANDLE, desired_access: 0xc, alias_id: 544 },
            SamrOpenAlias, SamrOpenAliasReply { alias_handle: HANDLE, status: 0 },
            in &["access_mask: 0x0000000c (12)", "rid: 0x00000220 (544)"], out &[HANDLE_SHOWN]),
        case!(SamrQueryInformationAlias {
                alias_handle: HANDLE,
                alias_information_class: ALIAS_GENERAL_INFORMATION,
            },
            SamrQueryInformationAlias,
            SamrQueryInformationAliasReply { buffer: Some(AliasInfo::General(alias)), status: 0 },
            in &["level: ALIASINFOALL (1)"],
            out &["string: 'Administrators'", "num_members: 0x00000002 (2)", "string: ''"]),
        case!(SamrGetMembersInAlias { alias_handle: HANDLE }, SamrGetMembersInAlias,
            SamrGetMembersInAliasReply { members: SidArray::of(sids).unwrap(), status: 0 },
            in &[HANDLE_SHOWN],
            out &["num_sids: 0x00000002 (2)", "sid: S-1-5-21-1-2-3-500", "sid: S-1-5-21-1-2-3-512"]),
    ]
}

fn membership() -> Vec<Case> {
    let groups = leak([
        GroupMembership {
            relative_id: 513,
            attributes: 7,
        },
        GroupMembership {
            relative_id: 1105,
            attributes: 3,
        },
    ]);
    let sids = leak([Some(sid("S-1-5-21-1-2-3-500")), Some(sid("S-1-1-0"))]);
    vec![
        case!(SamrOpenUser { domain_handle: HANDLE, desired_access: 0x100, user_id: 500 },
            SamrOpenUser, SamrOpenUserReply { user_handle: HANDLE, status: 0 },
            in &["access_mask: 0x00000100 (256)", "rid: 0x000001f4 (500)"], out &[HANDLE_SHOWN]),
        case!(SamrGetGroupsForUser { user_handle: HANDLE }, SamrGetGroupsForUser,
            SamrGetGroupsForUserReply {
                groups: Some(GetGroupsBuffer {
                    membership_count: 2,
                    groups: Some(Array::from(groups)),
                }),
                status: 0,
            },
            in &[HANDLE_SHOWN], out &["rid: 0x00000201 (513)", "rid: 0x00000451 (1105)"]),
        case!(SamrGetAliasMembership::of(HANDLE, sids).unwrap(), SamrGetAliasMembership,
            SamrGetAliasMembershipReply { membership: ulongs([544, 545]), status: 0 },
            in &["num_sids: 0x00000002 (2)", "sid: S-1-5-21-1-2-3-500", "sid: S-1-1-0"],
            out &["ids: 0x00000220 (544)", "ids: 0x00000221 (545)"]),
    ]
}

fn ulongs(values: [u32; 2]) -> UlongArray<'static> {
    UlongArray {
        count: 2,
        element: Some(Array::from(leak(values))),
    }
}

fn samr_lookups() -> Vec<Case> {
    let names = leak([u("alice"), u("nobody")]);
    let found = leak([u("alice"), u("Domain Users")]);
    vec![
        case!(SamrLookupNamesInDomain::of(HANDLE, names).unwrap(), SamrLookupNamesInDomain,
            SamrLookupNamesInDomainReply {
                relative_ids: ulongs([1000, 0]),
                name_use: ulongs([1, 8]),
                status: 0x107,
            },
            in &["num_names: 0x00000002 (2)", "string: 'alice'", "string: 'nobody'"],
            out &["ids: 0x000003e8 (1000)", "ids: 0x00000008 (8)",
                "result: STATUS_SOME_UNMAPPED"]),
        case!(SamrLookupIdsInDomain::of(HANDLE, leak([1000, 513])).unwrap(), SamrLookupIdsInDomain,
            SamrLookupIdsInDomainReply {
                names: ReturnedStringArray { count: 2, element: Some(Array::from(found)) },
                name_use: ulongs([1, 2]),
                status: 0,
            },
            in &["num_rids: 0x00000002 (2)", "rids: 0x000003e8 (1000)", "rids: 0x00000201 (513)"],
            out &["string: 'alice'", "string: 'Domain Users'", "ids: 0x00000002 (2)"]),
    ]
}

fn policy() -> Vec<Case> {
    let domain = |name| TrustInformation {
        name: large(name),
        sid: Some(sid("S-1-5-21-1-2-3")),
    };
    let workgroup = TrustInformation {
        name: large("WORKGROUP"),
        sid: None,
    };
    let dns = DnsDomainInfo {
        name: large("LAB"),
        dns_domain_name: large("lab.test"),
        dns_forest_name: large("lab.test"),
        domain_guid: HANDLE.uuid,
        sid: Some(sid("S-1-5-21-1-2-3")),
    };
    let ask = |information_class| LsarQueryInformationPolicy {
        policy_handle: HANDLE,
        information_class,
    };
    let reply = |information| LsarQueryInformationPolicyReply {
        policy_information: Some(information),
        status: 0,
    };
    vec![
        case!(LsarOpenPolicy2 {
                system_name: None,
                object_attributes: ObjectAttributes::NONE,
                desired_access: POLICY_LOOKUP_NAMES | POLICY_VIEW_LOCAL_INFORMATION,
            },
            LsarOpenPolicy2, LsarOpenPolicy2Reply { policy_handle: HANDLE, status: 0 },
            in &["len: 0x00000018 (24)", "root_dir: NULL", "object_name: NULL", "sec_desc: NULL",
                "sec_qos: NULL", "access_mask: 0x00000801 (2049)"],
            out &[HANDLE_SHOWN, "result: NT_STATUS_OK"]),
        case!(LsarClose { object_handle: HANDLE }, LsarClose,
            LsarCloseReply { object_handle: ContextHandle::NULL, status: 0 },
            in &[HANDLE_SHOWN], out &["result: NT_STATUS_OK"]),
        case!(ask(POLICY_PRIMARY_DOMAIN_INFORMATION), LsarQueryInformationPolicy,
            reply(PolicyInformation::PrimaryDomain(workgroup)),
            in &["level: LSA_POLICY_INFO_DOMAIN (3)"],
            out &["string: 'WORKGROUP'", "sid: NULL"]),
        case!(ask(POLICY_ACCOUNT_DOMAIN_INFORMATION), LsarQueryInformationPolicy,
            reply(PolicyInformation::AccountDomain(domain("SRV"))),
            in &["level: LSA_POLICY_INFO_ACCOUNT_DOMAIN (5)"],
            out &["string: 'SRV'", "sid: S-1-5-21-1-2-3"]),
        case!(ask(POLICY_DNS_DOMAIN_INFORMATION), LsarQueryInformationPolicy,
            reply(PolicyInformation::DnsDomain(dns)),
            in &["level: LSA_POLICY_INFO_DNS (12)"],
            out &["string: 'LAB'", "string: 'lab.test'",
                "domain_guid: 12345678-0001-0002-0908-070605040302", "sid: S-1-5-21-1-2-3"]),
        case!(LsarGetUserName::WHOLE, LsarGetUserName,
            LsarGetUserNameReply {
                user_name: Some(u("alice")),
                domain_name: Some(Some(u("DOM"))),
                status: 0,
            },
            in &["system_name: NULL", "account_name: NULL", "authority_name: NULL"],
            out &["string: 'alice'", "string: 'DOM'"])
        .no_impacket_request(ONE_POINTER)
        .no_impacket_reply(ONE_POINTER),
    ]
}

const ONE_POINTER: &str = "it takes DomainName for one pointer; the IDL has a pointer to a pointer";

fn lsa_lookups() -> Vec<Case> {
    let domains = || {
        let domains = leak([
            TrustInformation {
                name: large("LAB"),
                sid: Some(sid("S-1-5-21-1-2-3")),
            },
            TrustInformation {
                name: large("BUILTIN"),
                sid: Some(sid("S-1-5-32")),
            },
        ]);
        Some(ReferencedDomainList {
            entries: 2,
            domains: Some(Array::from(domains)),
            max_entries: 32,
        })
    };
    let sids = leak([
        Some(sid("S-1-5-21-1-2-3-500")),
        Some(sid("S-1-5-32-544")),
        Some(sid("S-1-5-21-9-9-9-9")),
    ]);
    let names = leak([
        TranslatedName {
            name_use: SidNameUse::SidTypeUser,
            name: u("alice"),
            domain_index: 0,
        },
        TranslatedName {
            name_use: SidNameUse::SidTypeAlias,
            name: u("Administrators"),
            domain_index: 1,
        },
        TranslatedName {
            name_use: SidNameUse::SidTypeUnknown,
            name: u("S-1-5-21-9-9-9-9"),
            domain_index: -1,
        },
    ]);
    let asked = leak([u("LAB\\alice"), u("BUILTIN\\Administrators"), u("x")]);
    let found = leak([
        TranslatedSid {
            name_use: SidNameUse::SidTypeUser,
            relative_id: 500,
            domain_index: 0,
        },
        TranslatedSid {
            name_use: SidNameUse::SidTypeAlias,
            relative_id: 544,
            domain_index: 1,
        },
        TranslatedSid {
            name_use: SidNameUse::SidTypeUnknown,
            relative_id: 0,
            domain_index: -1,
        },
    ]);
    vec![
        case!(LsarLookupSids::of(HANDLE, sids).unwrap(), LsarLookupSids,
            LsarLookupSidsReply {
                referenced_domains: domains(),
                translated_names: TranslatedNames { entries: 3, names: Some(Array::from(names)) },
                mapped_count: 2,
                status: 0x107,
            },
            in &["num_sids: 0x00000003 (3)", "sid: S-1-5-21-9-9-9-9",
                "level: LSA_LOOKUP_NAMES_ALL (1)", "count: 0x00000000 (0)"],
            out &["string: 'BUILTIN'", "sid: S-1-5-32", "sid_type: SID_NAME_ALIAS (4)",
                "string: 'Administrators'", "sid_index: 0x00000001 (1)",
                "sid_index: 0xffffffff (4294967295)", "count: 0x00000002 (2)",
                "result: STATUS_SOME_UNMAPPED"]),
        case!(LsarLookupNames::of(HANDLE, asked).unwrap(), LsarLookupNames,
            LsarLookupNamesReply {
                referenced_domains: domains(),
                translated_sids: TranslatedSids { entries: 3, sids: Some(Array::from(found)) },
                mapped_count: 2,
                status: 0x107,
            },
            in &["num_names: 0x00000003 (3)", "string: 'LAB\\alice'",
                "level: LSA_LOOKUP_NAMES_ALL (1)"],
            out &["rid: 0x000001f4 (500)", "rid: 0x00000220 (544)",
                "sid_type: SID_NAME_UNKNOWN (8)", "sid_index: 0xffffffff (4294967295)"]),
    ]
}
