//! What reaches us on the way to a Kerberos ticket: a KDC's answers, and the files of this computer
//! that others may have written.

use smbwho_smb::kerberos::fuzz;

/// The first byte chooses the parser, the rest is what it reads.
pub fn kerberos(data: &[u8]) {
    let Some((kind, bytes)) = data.split_first() else {
        return;
    };
    match kind % 5 {
        0 => fuzz::kdc_answer(bytes),
        1 => fuzz::ccache(bytes),
        2 => fuzz::krb5_conf(&String::from_utf8_lossy(bytes)),
        3 => fuzz::dns_answer(bytes),
        _ => fuzz::resolv_conf(&String::from_utf8_lossy(bytes)),
    };
}
