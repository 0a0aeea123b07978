//! [RFC 4120 7.5.9] The error numbers of Kerberos: name, meaning, what to try.

/// A Kerberos error number. Numbers without a name here survive as numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct KrbCode(pub i32);

impl KrbCode {
    /// KDC_ERR_C_PRINCIPAL_UNKNOWN
    pub const C_PRINCIPAL_UNKNOWN: Self = Self(6);
    /// KDC_ERR_S_PRINCIPAL_UNKNOWN
    pub const S_PRINCIPAL_UNKNOWN: Self = Self(7);
    /// KDC_ERR_BADOPTION
    pub const BADOPTION: Self = Self(13);
    /// KDC_ERR_ETYPE_NOSUPP
    pub const ETYPE_NOSUPP: Self = Self(14);
    /// KDC_ERR_CLIENT_REVOKED
    pub const CLIENT_REVOKED: Self = Self(18);
    /// KDC_ERR_KEY_EXPIRED
    pub const KEY_EXPIRED: Self = Self(23);
    /// KDC_ERR_PREAUTH_FAILED
    pub const PREAUTH_FAILED: Self = Self(24);
    /// KDC_ERR_PREAUTH_REQUIRED
    pub const PREAUTH_REQUIRED: Self = Self(25);
    /// KRB_AP_ERR_TKT_EXPIRED
    pub const TKT_EXPIRED: Self = Self(32);
    /// KRB_AP_ERR_SKEW
    pub const SKEW: Self = Self(37);
    /// KDC_ERR_WRONG_REALM ([RFC 6806 7])
    pub const WRONG_REALM: Self = Self(68);

    /// The name in the specification, `KDC_ERR_PREAUTH_FAILED`.
    pub fn name(self) -> Option<&'static str> {
        self.row().map(|row| row.1)
    }

    /// What it means, in a short clause without a full stop.
    pub fn meaning(self) -> Option<&'static str> {
        self.row().map(|row| row.2)
    }

    /// Whether asking again with the same name and password can only fail the
    /// same way (and would count against the account's lockout limit).
    pub(crate) fn is_about_the_account(self) -> bool {
        matches!(
            self,
            Self::C_PRINCIPAL_UNKNOWN
                | Self::CLIENT_REVOKED
                | Self::KEY_EXPIRED
                | Self::PREAUTH_FAILED
        ) || matches!(self.0, 1 | 8 | 9 | 12 | 21)
    }

    fn row(self) -> Option<&'static (i32, &'static str, &'static str)> {
        CODES.iter().find(|row| row.0 == self.0)
    }
}

impl std::fmt::Display for KrbCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.name() {
            Some(name) => write!(f, "{name} {}", self.0),
            None => write!(f, "Kerberos error {}", self.0),
        }
    }
}

#[rustfmt::skip]
const CODES: &[(i32, &str, &str)] = &[
    (1, "KDC_ERR_NAME_EXP", "the account has expired"),
    (2, "KDC_ERR_SERVICE_EXP", "the server's account has expired"),
    (3, "KDC_ERR_BAD_PVNO", "the KDC does not speak this version of Kerberos"),
    (4, "KDC_ERR_C_OLD_MAST_KVNO", "the account's key is stored under an old master key"),
    (5, "KDC_ERR_S_OLD_MAST_KVNO", "the server's key is stored under an old master key"),
    (6, "KDC_ERR_C_PRINCIPAL_UNKNOWN", "the realm has no account of this name"),
    (7, "KDC_ERR_S_PRINCIPAL_UNKNOWN", "the realm has no server of this name"),
    (8, "KDC_ERR_PRINCIPAL_NOT_UNIQUE", "several accounts bear this name"),
    (9, "KDC_ERR_NULL_KEY", "the account or the server has no key"),
    (10, "KDC_ERR_CANNOT_POSTDATE", "the ticket may not begin later"),
    (11, "KDC_ERR_NEVER_VALID", "the ticket would have ended before it began"),
    (12, "KDC_ERR_POLICY", "the realm's policy forbids this logon"),
    (13, "KDC_ERR_BADOPTION", "the KDC cannot grant an option of the request"),
    (14, "KDC_ERR_ETYPE_NOSUPP", "no encryption type suits both the account and this client"),
    (15, "KDC_ERR_SUMTYPE_NOSUPP", "the KDC does not know the checksum type"),
    (16, "KDC_ERR_PADATA_TYPE_NOSUPP", "the KDC wants another way of pre-authentication, a smart card for one"),
    (17, "KDC_ERR_TRTYPE_NOSUPP", "the KDC does not know the transited type"),
    (18, "KDC_ERR_CLIENT_REVOKED", "the account is locked, disabled or not allowed to log on now"),
    (19, "KDC_ERR_SERVICE_REVOKED", "the server's account is disabled"),
    (20, "KDC_ERR_TGT_REVOKED", "the ticket-granting ticket was revoked"),
    (21, "KDC_ERR_CLIENT_NOTYET", "the account is not valid yet"),
    (22, "KDC_ERR_SERVICE_NOTYET", "the server's account is not valid yet"),
    (23, "KDC_ERR_KEY_EXPIRED", "the password has expired and must be changed"),
    (24, "KDC_ERR_PREAUTH_FAILED", "the password is wrong"),
    (25, "KDC_ERR_PREAUTH_REQUIRED", "the KDC wants a pre-authentication this client cannot give"),
    (26, "KDC_ERR_SERVER_NOMATCH", "the ticket is for another server"),
    (27, "KDC_ERR_MUST_USE_USER2USER", "the server takes user-to-user tickets only"),
    (28, "KDC_ERR_PATH_NOT_ACCEPTED", "the path of trusts between the realms is not accepted"),
    (29, "KDC_ERR_SVC_UNAVAILABLE", "the KDC cannot serve now"),
    (31, "KRB_AP_ERR_BAD_INTEGRITY", "a part encrypted with another key: the ticket is stale or the key is wrong"),
    (32, "KRB_AP_ERR_TKT_EXPIRED", "the ticket has expired"),
    (33, "KRB_AP_ERR_TKT_NYV", "the ticket is not valid yet"),
    (34, "KRB_AP_ERR_REPEAT", "the request was seen before"),
    (35, "KRB_AP_ERR_NOT_US", "the ticket is for someone else"),
    (36, "KRB_AP_ERR_BADMATCH", "the ticket belongs to another name"),
    (37, "KRB_AP_ERR_SKEW", "the clocks differ too much"),
    (38, "KRB_AP_ERR_BADADDR", "the ticket is bound to another network address"),
    (39, "KRB_AP_ERR_BADVERSION", "the protocol versions differ"),
    (40, "KRB_AP_ERR_MSG_TYPE", "not the kind of message that was expected"),
    (41, "KRB_AP_ERR_MODIFIED", "the message was changed under way, or the server's key has changed"),
    (42, "KRB_AP_ERR_BADORDER", "the messages came out of order"),
    (44, "KRB_AP_ERR_BADKEYVER", "the server no longer has the key this ticket was made with"),
    (45, "KRB_AP_ERR_NOKEY", "the server has no key for this ticket"),
    (46, "KRB_AP_ERR_MUT_FAIL", "the server could not prove who it is"),
    (47, "KRB_AP_ERR_BADDIRECTION", "the message went the wrong way"),
    (48, "KRB_AP_ERR_METHOD", "another way of authentication is wanted"),
    (49, "KRB_AP_ERR_BADSEQ", "the sequence number is wrong"),
    (50, "KRB_AP_ERR_INAPP_CKSUM", "the checksum is of a kind not accepted here"),
    (51, "KRB_AP_PATH_NOT_ACCEPTED", "the path of trusts between the realms is not accepted"),
    (52, "KRB_ERR_RESPONSE_TOO_BIG", "the answer is too big for UDP"),
    (60, "KRB_ERR_GENERIC", "the KDC failed for a reason of its own"),
    (61, "KRB_ERR_FIELD_TOOLONG", "a field is too long for the KDC"),
    (68, "KDC_ERR_WRONG_REALM", "the account belongs to another realm"),
    (69, "KRB_AP_ERR_USER_TO_USER_REQUIRED", "the server takes user-to-user tickets only"),
    (90, "KDC_ERR_PREAUTH_EXPIRED", "the pre-authentication took too long"),
    (91, "KDC_ERR_MORE_PREAUTH_DATA_REQUIRED", "the KDC wants a further step of pre-authentication"),
    (93, "KDC_ERR_UNKNOWN_CRITICAL_FAST_OPTIONS", "the KDC does not know an option of the armour"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_rise_and_have_names() {
        assert!(CODES.windows(2).all(|pair| pair[0].0 < pair[1].0));
        assert_eq!(KrbCode(24).name(), Some("KDC_ERR_PREAUTH_FAILED"));
        assert_eq!(KrbCode(24).to_string(), "KDC_ERR_PREAUTH_FAILED 24");
        assert_eq!(KrbCode(999).to_string(), "Kerberos error 999");
    }
}
