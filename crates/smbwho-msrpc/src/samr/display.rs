//! [MS-SAMR 3.1.5.3.1] Accounts with their descriptions, page by page:
//! SamrQueryDisplayInformation3.

use smbwho_rpc::ndr::{Array, NdrError, Wire};
use smbwho_rpc::{Call, Interface, ndr_params, ndr_struct, ndr_union};

use super::SAMR;
use crate::levels::levels;
use crate::srvsvc::reply::check_level;
use crate::status::NtStatus;
use crate::types::{ContextHandle, RpcUnicodeString};

levels! {
    /// Which accounts to tell of ([MS-SAMR] 2.2.8.12).
    pub enum DisplayLevel {
        /// Users (DomainDisplayUser).
        Users = 1,
        /// Computers (DomainDisplayMachine).
        Machines = 2,
        /// Groups (DomainDisplayGroup).
        Groups = 3,
    }
}

ndr_struct! {
    /// [MS-SAMR 2.2.8.2] A user (SAMPR_DOMAIN_DISPLAY_USER).
    #[doc(alias = "SAMPR_DOMAIN_DISPLAY_USER")]
    pub struct DisplayUser<'a> {
        /// Its place in the list: where to go on behind it.
        #[doc(alias = "Index")]
        index: u32,
        /// Its relative id.
        #[doc(alias = "Rid")]
        rid: u32,
        /// What it may do ([MS-SAMR] 2.2.1.12).
        #[doc(alias = "AccountControl")]
        account_control: u32,
        /// The name.
        #[doc(alias = "AccountName")]
        account_name: RpcUnicodeString<'a>,
        /// The description.
        #[doc(alias = "AdminComment")]
        admin_comment: RpcUnicodeString<'a>,
        /// The name in full.
        #[doc(alias = "FullName")]
        full_name: RpcUnicodeString<'a>,
    }
}

ndr_struct! {
    /// [MS-SAMR 2.2.8.3] A computer (SAMPR_DOMAIN_DISPLAY_MACHINE).
    #[doc(alias = "SAMPR_DOMAIN_DISPLAY_MACHINE")]
    pub struct DisplayMachine<'a> {
        /// Its place in the list: where to go on behind it.
        #[doc(alias = "Index")]
        index: u32,
        /// Its relative id.
        #[doc(alias = "Rid")]
        rid: u32,
        /// What it may do ([MS-SAMR] 2.2.1.12).
        #[doc(alias = "AccountControl")]
        account_control: u32,
        /// The name.
        #[doc(alias = "AccountName")]
        account_name: RpcUnicodeString<'a>,
        /// The description.
        #[doc(alias = "AdminComment")]
        admin_comment: RpcUnicodeString<'a>,
    }
}

ndr_struct! {
    /// [MS-SAMR 2.2.8.4] A group (SAMPR_DOMAIN_DISPLAY_GROUP).
    #[doc(alias = "SAMPR_DOMAIN_DISPLAY_GROUP")]
    pub struct DisplayGroup<'a> {
        /// Its place in the list: where to go on behind it.
        #[doc(alias = "Index")]
        index: u32,
        /// Its relative id.
        #[doc(alias = "Rid")]
        rid: u32,
        /// [`SE_GROUP_MANDATORY`](super::SE_GROUP_MANDATORY), ….
        #[doc(alias = "Attributes")]
        attributes: u32,
        /// The name.
        #[doc(alias = "AccountName")]
        account_name: RpcUnicodeString<'a>,
        /// The description.
        #[doc(alias = "AdminComment")]
        admin_comment: RpcUnicodeString<'a>,
    }
}

ndr_struct! {
    /// [MS-SAMR 2.2.8.7 to 2.2.8.9] Accounts (SAMPR_DOMAIN_DISPLAY_GROUP_BUFFER and its like).
    #[doc(alias = "SAMPR_DOMAIN_DISPLAY_USER_BUFFER")]
    #[doc(alias = "SAMPR_DOMAIN_DISPLAY_MACHINE_BUFFER")]
    #[doc(alias = "SAMPR_DOMAIN_DISPLAY_GROUP_BUFFER")]
    pub struct DisplayList<'a, T> {
        /// Accounts in `buffer`.
        #[doc(alias = "EntriesRead")]
        entries_read: u32,
        /// The accounts.
        #[doc(alias = "Buffer")]
        [size_is(entries_read), unique] buffer: T,
    }
}

impl<'a, T: Wire<'a>> DisplayList<'a, T> {
    /// The accounts; none if the pointer is null.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = T> + use<'a, T> {
        self.buffer.unwrap_or(Array::from(&[][..])).iter()
    }
}

ndr_union! {
    /// [MS-SAMR 2.2.8.13] A page of accounts (SAMPR_DISPLAY_INFO_BUFFER).
    #[doc(alias = "SAMPR_DISPLAY_INFO_BUFFER")]
    pub union DisplayInfo<'a> switch_type(u16) {
        /// Users.
        [case(1)] Users: DisplayList<'a, DisplayUser<'a>>,
        /// Computers.
        [case(2)] Machines: DisplayList<'a, DisplayMachine<'a>>,
        /// Groups.
        [case(3)] Groups: DisplayList<'a, DisplayGroup<'a>>,
    }
}

ndr_params! {
    /// [MS-SAMR 3.1.5.3.1] Asks for accounts of a domain with their descriptions (opnum 51): much
    /// faster than to open each.
    pub struct SamrQueryDisplayInformation3 {
        /// The domain's handle.
        #[doc(alias = "DomainHandle")]
        domain_handle: ContextHandle,
        /// Which: [`DisplayLevel::number`].
        #[doc(alias = "DisplayInformationClass")]
        display_information_class: u16,
        /// Where to go on; 0 on the first call, then the number of accounts told so far.
        #[doc(alias = "Index")]
        index: u32,
        /// Accounts the answer should not exceed.
        #[doc(alias = "EntryCount")]
        entry_count: u32,
        /// Bytes the answer should not exceed.
        #[doc(alias = "PreferredMaximumLength")]
        preferred_maximum_length: u32,
    }
}

impl SamrQueryDisplayInformation3 {
    /// The question for one page.
    #[must_use]
    pub fn of(
        domain_handle: ContextHandle,
        level: DisplayLevel,
        index: u32,
        entry_count: u32,
        preferred_maximum_length: u32,
    ) -> Self {
        Self {
            domain_handle,
            display_information_class: level.number() as u16,
            index,
            entry_count,
            preferred_maximum_length,
        }
    }
}

ndr_params! {
    /// What comes back of [`SamrQueryDisplayInformation3`]: with
    /// [`STATUS_MORE_ENTRIES`](NtStatus::STATUS_MORE_ENTRIES) there is more.
    pub struct SamrQueryDisplayInformation3Reply<'a> {
        /// Bytes there are in all, as the server counts.
        #[doc(alias = "TotalAvailable")]
        total_available: u32,
        /// Bytes in this page, as the server counts.
        #[doc(alias = "TotalReturned")]
        total_returned: u32,
        /// The page.
        #[doc(alias = "Buffer")]
        buffer: DisplayInfo<'a>,
        /// An [`NtStatus`].
        status: u32,
    }
}

impl Call for SamrQueryDisplayInformation3 {
    const INTERFACE: &'static Interface = &SAMR;
    const OPNUM: u16 = 51;
    const NAME: &'static str = "SamrQueryDisplayInformation3";
    type Reply<'a> = SamrQueryDisplayInformation3Reply<'a>;

    fn encode(&self) -> Result<Vec<u8>, NdrError> {
        self.to_stub()
    }

    fn decode<'a>(
        &self,
        stub: &'a [u8],
    ) -> Result<SamrQueryDisplayInformation3Reply<'a>, NdrError> {
        let reply = SamrQueryDisplayInformation3Reply::from_stub(stub)?;
        if NtStatus(reply.status).is_success() {
            let asked = u32::from(self.display_information_class);
            let answered = u32::from(reply.buffer.discriminant());
            check_level(asked, answered, "SamrQueryDisplayInformation3Reply.buffer")?;
        }
        Ok(reply)
    }
}
