//! Names and passwords as real servers take them.

mod common;

use std::process::Command;

use common::{connect, lab, login};
use smbwho_auth::ntlm::Upcase;
use smbwho_testkit::python::oracle_python;

/// Users whose capitals are made otherwise by somebody: each would be refused,
/// and each refusal is a step to a locked account.
const NAMES: [&str; 24] = [
    "groß",
    "ŉame",
    "ǰan",
    "ıbrahim",
    "İbrahim",
    "ſam",
    "µser",
    "ǆamija",
    "ǅamija",
    "ﬁona",
    "giorgos-ς",
    "ΐota",
    "ᾳda",
    "ὐna",
    "և",
    "გიორგი",
    "ștefan",
    "țepeș",
    "ⴂiorgi",
    "ɐnn",
    "ꭰna",
    "𐐨da",
    "jörg",
    "иван",
];

#[tokio::test]
async fn capitals_are_made_as_samba_makes_them() {
    let folder = tempfile::tempdir().unwrap();
    let map = folder.path().join("map");
    let names: Vec<_> = NAMES.iter().map(|name| format!("\"{name}\"")).collect();
    std::fs::write(&map, format!("{} = {}\n", common::USER, names.join(" "))).unwrap();
    let samba = lab().global("username map", map.to_str().unwrap());
    let samba = samba.start().unwrap();
    for name in NAMES {
        let session = connect(&samba.address(), &login(name, common::PASSWORD)).await;
        if let Err(error) = session {
            panic!("{name}: {error}");
        }
    }
}

/// All 65,536 units, by Samba's own function.
#[test]
fn every_capital_is_samba_s() {
    const SCRIPT: &str = "\
import ctypes, glob\n\
paths = glob.glob('/usr/lib/*/samba/libCHARSET3*.so*') + glob.glob('/usr/lib/samba/libCHARSET3*.so*')\n\
upper = ctypes.CDLL(paths[0]).toupper_m\n\
upper.restype, upper.argtypes = ctypes.c_uint32, [ctypes.c_uint32]\n\
print(' '.join(f'{upper(unit):x}' for unit in range(65536)))\n";
    let output = Command::new(oracle_python().expect("a python"))
        .args(["-c", SCRIPT])
        .output()
        .expect("python");
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).expect("hexadecimal digits");
    let capitals: Vec<u16> = text
        .split_whitespace()
        .map(|capital| u16::from_str_radix(capital, 16).expect("a unit"))
        .collect();
    assert_eq!(capitals.len(), 65_536);
    for (unit, capital) in (0..=u16::MAX).zip(capitals) {
        assert_eq!(Upcase::Samba.unit(unit), capital, "{unit:04x}");
    }
}
