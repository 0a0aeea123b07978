//! [MS-LSAT], [MS-LSAD] The Local Security Authority: names for SIDs and SIDs for names, which
//! domain a server belongs to, and who it takes the caller for.

mod lookup;
mod policy;
mod user_name;

pub use lookup::{
    LSAP_LOOKUP_WKSTA, LsarLookupNames, LsarLookupNamesReply, LsarLookupSids, LsarLookupSidsReply,
    MAX_LOOKUP_NAMES, MAX_LOOKUP_SIDS, ReferencedDomainList, TranslatedName, TranslatedNames,
    TranslatedSid, TranslatedSids, TrustInformation,
};
pub use policy::{
    DnsDomainInfo, LsarClose, LsarCloseReply, LsarOpenPolicy2, LsarOpenPolicy2Reply,
    LsarQueryInformationPolicy, LsarQueryInformationPolicyReply, ObjectAttributes,
    POLICY_ACCOUNT_DOMAIN_INFORMATION, POLICY_DNS_DOMAIN_INFORMATION,
    POLICY_PRIMARY_DOMAIN_INFORMATION, PolicyInformation,
};
use smbwho_rpc::{Interface, SyntaxId, Uuid};
pub use user_name::{LsarGetUserName, LsarGetUserNameReply};

/// The interface `lsarpc` ([MS-LSAT] 1.9, 2.1).
pub static LSARPC: Interface = Interface {
    name: "lsarpc",
    syntax: SyntaxId {
        uuid: Uuid::new(0x1234_5778, 0x1234, 0xabcd, 0xef00, 0x0123_4567_89ab),
        major: 0,
        minor: 0,
    },
};

/// The right to ask which domain the server belongs to ([MS-LSAD] 2.2.1.1.2).
pub const POLICY_VIEW_LOCAL_INFORMATION: u32 = 0x0000_0001;
/// The right to ask for names and SIDs ([MS-LSAD] 2.2.1.1.2).
pub const POLICY_LOOKUP_NAMES: u32 = 0x0000_0800;
