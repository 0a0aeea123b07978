//! What to try when there is no ticket.

use super::{Exchange, KdcRefusal, KerberosError, KrbCode};

/// [MS-ERREF 2.3.1] Reasons that Active Directory gives beside CLIENT_REVOKED,
/// KEY_EXPIRED and POLICY.
const NT_REASONS: &[(u32, &str)] = &[
    (0xC000_006E, "an account restriction forbids this logon"),
    (0xC000_006F, "the account may not log on at this hour"),
    (0xC000_0070, "the account may not log on from this computer"),
    (0xC000_0071, "the password has expired and must be changed"),
    (0xC000_0072, "the account is disabled"),
    (0xC000_0193, "the account has expired"),
    (
        0xC000_0224,
        "the password must be changed before the first logon",
    ),
    (0xC000_0234, "the account is locked out"),
];

/// The meaning of an NTSTATUS that a KDC sent along.
pub(super) fn nt_meaning(status: Option<u32>) -> Option<&'static str> {
    NT_REASONS
        .iter()
        .find(|row| Some(row.0) == status)
        .map(|row| row.1)
}

pub(super) fn hint(error: &KerberosError) -> Option<String> {
    use KerberosError as E;
    Some(match error {
        E::BareAddress { .. } => {
            "Give the server's full name, as in files.corp.example; or sign in without Kerberos."
                .into()
        }
        E::InvalidPrincipal { .. } => "Write it as user or user@REALM.".into(),
        E::NoPrincipal => "Say who signs in: user@REALM.".into(),
        E::NoRealm => "Write the user as user@REALM, or set default_realm in krb5.conf.".into(),
        E::Config { .. } => "Correct the file, or point KRB5_CONFIG at another.".into(),
        E::CacheMissing { .. } => {
            "Run kinit, or name the cache: --ccache FILE or KRB5CCNAME.".into()
        }
        E::CacheUnreadable { .. } => {
            "Check who owns the file; only its owner should read it.".into()
        }
        E::CacheType { .. } => {
            "Get tickets into a file: kinit -c FILE:/tmp/tickets, then --ccache /tmp/tickets \
             (or KRB5CCNAME=FILE:/tmp/tickets for both)."
                .into()
        }
        E::CacheMalformed { .. } => "Run kinit again; it writes the cache anew.".into(),
        E::CacheOther { wanted, .. } => {
            format!(
                "Run kinit {wanted} into another cache (kinit -c FILE) and name it with --ccache."
            )
        }
        E::NoTicket { .. } => "Run kinit.".into(),
        E::UnsupportedTicket { .. } => {
            "Let kinit ask for AES keys: put permitted_enctypes = aes into [libdefaults] of \
             krb5.conf, and run it again."
                .into()
        }
        E::Expired { .. } => "Run kinit.".into(),
        E::NotYetValid { .. } => "Check this computer's clock, or run kinit again.".into(),
        E::NoKdc { realm } => format!(
            "Name the KDC with --kdc HOST (a domain controller of {realm}), or add it to krb5.conf."
        ),
        E::KdcUnreachable { .. } | E::TimedOut { .. } => {
            "Check that port 88 of a domain controller can be reached, or name one with --kdc HOST."
                .into()
        }
        E::PasswordUnanswered { .. } => {
            "Check with kinit that the domain controller answers, then begin anew; the password is \
             not sent again by itself, since it may have been counted as a wrong one."
                .into()
        }
        E::UnsupportedEncryption { .. } => {
            "The account or the server needs AES keys; changing its password usually makes them."
                .into()
        }
        E::Kdc(refusal) => return refused(refusal),
        E::UntrustedReply { .. } => {
            "Is this the right KDC, and the right password? Someone may be answering in its place."
                .into()
        }
        E::MalformedReply { .. } | E::TooManyReferrals { .. } | E::Unencodable => return None,
    })
}

fn refused(refusal: &KdcRefusal) -> Option<String> {
    let granting = refusal.exchange == Exchange::TicketGranting;
    Some(match refusal.code {
        KrbCode::C_PRINCIPAL_UNKNOWN => format!(
            "Check the user name and the realm {}; the realm is the Active Directory domain's DNS name.",
            refusal.realm
        ),
        KrbCode::S_PRINCIPAL_UNKNOWN => {
            "Use the server's full DNS name, the one it joined the domain with. \
             An alias needs a service principal name of its own (setspn)."
                .into()
        }
        KrbCode::PREAUTH_FAILED => "Check the password; too many attempts may lock the account.".into(),
        KrbCode::CLIENT_REVOKED => "Ask a domain administrator to look at the account.".into(),
        KrbCode::KEY_EXPIRED => "Change the password (kpasswd), then try again.".into(),
        KrbCode::SKEW => "Set this computer's clock by the domain's; five minutes apart is the usual limit.".into(),
        KrbCode::ETYPE_NOSUPP => {
            "The account or the server has no AES key; changing its password usually makes one.".into()
        }
        KrbCode::WRONG_REALM => "Write the user as user@REALM with the realm of the account.".into(),
        KrbCode::TKT_EXPIRED if granting => "Run kinit.".into(),
        KrbCode::PREAUTH_REQUIRED => {
            "The account may need a smart card or a second factor: use kinit, then sign in with its tickets."
                .into()
        }
        code if granting && matches!(code.0, 20 | 31 | 33 | 36) => "Run kinit again.".into(),
        _ => return None,
    })
}
