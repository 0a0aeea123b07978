//! The names of the domain that a server belongs to ([MS-LSAD] 3.1.4.4.4).

use smbwho_msrpc::lsarpc::{
    LSARPC, LsarOpenPolicy2, LsarQueryInformationPolicy, ObjectAttributes,
    POLICY_DNS_DOMAIN_INFORMATION, POLICY_VIEW_LOCAL_INFORMATION, PolicyInformation,
};
use smbwho_msrpc::types::RpcUnicodeString;

use crate::{Error, Name, Server};

/// One domain's two names. `None` is not told, as in a workgroup.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct DomainNames {
    /// The NetBIOS name: `LAB`.
    pub(crate) flat: Option<Name>,
    /// The DNS name: `lab.test`.
    pub(crate) dns: Option<Name>,
}

impl Server {
    /// What the server's domain is called.
    pub(crate) async fn domain_names(&self) -> Result<DomainNames, Error> {
        let mut talk = self.conversation(&LSARPC).await?;
        let call = LsarOpenPolicy2 {
            system_name: None,
            object_attributes: ObjectAttributes::NONE,
            desired_access: POLICY_VIEW_LOCAL_INFORMATION,
        };
        let stub = talk.call(&call).await?;
        let reply = talk.decode(&call, &stub)?;
        talk.check::<LsarOpenPolicy2<'_>>(reply.status)?;
        let policy_handle = reply.policy_handle;
        let call = LsarQueryInformationPolicy {
            policy_handle,
            information_class: POLICY_DNS_DOMAIN_INFORMATION,
        };
        let stub = talk.call(&call).await?;
        let reply = talk.decode(&call, &stub)?;
        talk.check::<LsarQueryInformationPolicy>(reply.status)?;
        let name = |text: &RpcUnicodeString<'_>| {
            let text = text.text().map(Name::from_wire);
            text.filter(|name| !name.is_empty())
        };
        let names = match &reply.policy_information {
            Some(PolicyInformation::DnsDomain(domain)) => DomainNames {
                flat: name(&domain.name),
                dns: name(&domain.dns_domain_name),
            },
            _ => DomainNames::default(),
        };
        Ok(names)
    }
}
