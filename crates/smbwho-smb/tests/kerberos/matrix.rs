//! A ticket, at every dialect, with every cipher and every way to sign.

use std::path::Path;

use smbwho_smb::Login;
use smbwho_testkit::AdDc;

use crate::common::matrix::sign_in_to_all;
use crate::lab::{ALICE, by_password, inside};

#[test]
fn every_dialect_cipher_and_way_to_sign() {
    inside("matrix::every_dialect_cipher_and_way_to_sign", async {
        // The controller's smb.conf; other tests go on with it at any setting.
        let conf = std::env::var("SMB_CONF_PATH").unwrap();
        let file = Path::new(&conf).with_file_name("matrix.conf");
        std::fs::write(&file, "").unwrap();
        let text = std::fs::read_to_string(&conf).unwrap();
        let include = format!("[global]\n\tinclude = {}\n", file.display());
        std::fs::write(&conf, text.replacen("[global]\n", &include, 1)).unwrap();

        let login = Login::Kerberos(by_password("alice", ALICE));
        let found = sign_in_to_all(AdDc::HOST, &login, &file).await;
        std::fs::write(&conf, text).unwrap();
        assert_eq!(found, (21, 54));
    });
}
