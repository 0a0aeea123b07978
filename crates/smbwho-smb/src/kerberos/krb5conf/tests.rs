use super::*;

fn parse(text: &str) -> Result<Krb5Conf, KerberosError> {
    Krb5Conf::parse(Path::new("krb5.conf"), text)
}

const USUAL: &str = "\
# comment
; another
includedir /etc/krb5.conf.d/
module /usr/lib/x.so:y
[libdefaults]
\tdefault_realm = LAB.TEST
\tdns_lookup_kdc = FALSE
    default_ccache_name = \"KEYRING:persistent:%{uid}\"
    default_realm = SECOND.TEST
[realms]
 LAB.TEST = {
  kdc = dc1.lab.test
  kdc = dc2.lab.test:8888
  admin_server = dc1.lab.test
  auth_to_local_names = {
   kdc = not-a-kdc
  }
 }
 BRACE.BELOW =
 {
  kdc = below
 }
 EMPTY.TEST = {
 }
[domain_realm]
 .lab.test = LAB.TEST
 .Sub.Lab.Test = SUB.TEST
 files.lab.test = FILES.TEST
[appdefaults]
 pam = {
   x = y
 }
";

#[test]
fn the_usual_file() {
    let conf = parse(USUAL).unwrap();
    assert_eq!(conf.default_realm(), Some("LAB.TEST"));
    assert!(!conf.dns_lookup_kdc());
    assert_eq!(
        conf.default_ccache_name(),
        Some("KEYRING:persistent:%{uid}")
    );
    assert_eq!(conf.kdcs("LAB.TEST"), ["dc1.lab.test", "dc2.lab.test:8888"]);
    assert_eq!(conf.kdcs("BRACE.BELOW"), ["below"]);
    assert_eq!(conf.kdcs("EMPTY.TEST"), [""; 0]);
    assert!(conf.knows_realm("EMPTY.TEST") && !conf.knows_realm("lab.test"));
}

#[test]
fn a_host_belongs_to_the_nearest_domain() {
    let conf = parse(USUAL).unwrap();
    for (host, realm) in [
        ("files.lab.test", Some("FILES.TEST")),
        ("dc1.lab.test", Some("LAB.TEST")),
        ("DC1.LAB.TEST", Some("LAB.TEST")),
        ("a.b.lab.test", Some("LAB.TEST")),
        ("a.sub.lab.test", Some("SUB.TEST")),
        // ".lab.test" is for hosts in the domain, not for a host of that name.
        ("lab.test", None),
        ("notlab.test", None),
        ("", None),
        ("ü.lab.test", Some("LAB.TEST")),
    ] {
        assert_eq!(conf.realm_of_host(host), realm, "{host}");
    }
}

#[test]
fn nothing_said() {
    let conf = parse("").unwrap();
    assert_eq!(conf, Krb5Conf::default());
    assert!(conf.dns_lookup_kdc());
    assert_eq!(conf.etypes(), [18, 17, 23]);
}

#[test]
fn encryption_types() {
    for (list, expected) in [
        ("aes128-cts rc4-hmac", vec![17, 23]),
        ("aes", vec![18, 17]),
        ("DEFAULT -rc4", vec![18, 17]),
        ("des-cbc-crc", vec![18, 17, 23]),
    ] {
        let conf = parse(&format!("[libdefaults]\npermitted_enctypes = {list}\n")).unwrap();
        assert_eq!(conf.etypes(), expected, "{list}");
    }
}

#[test]
fn broken_files_say_where() {
    for (text, line) in [
        ("default_realm = X\n", "line 1"),
        ("[libdefaults\n", "line 1"),
        ("[realms]\nX = {\nkdc = a\n", "never closed"),
        ("[realms]\n}\n", "line 2"),
        ("[realms]\nnonsense\n", "line 2"),
        ("[realms]\nX = {\n[libdefaults]\n", "line 3"),
    ] {
        let error = parse(text).unwrap_err().to_string();
        assert!(error.contains(line), "{text:?}: {error}");
    }
    let deep = format!("[realms]\n{}", "X = {\n".repeat(100));
    assert!(parse(&deep).is_err());
}

#[test]
fn any_part_of_it_parses_or_is_refused() {
    for len in 0..USUAL.len() {
        let _ = parse(&USUAL[..len]);
    }
}

#[test]
fn files_that_include_each_other() {
    let folder = std::env::temp_dir().join(format!("smbwho-krb5conf-{}", std::process::id()));
    std::fs::create_dir_all(folder.join("d")).unwrap();
    let main = folder.join("krb5.conf");
    let write = |path: &Path, text: &str| std::fs::write(path, text).unwrap();
    write(
        &main,
        &format!("includedir {0}/d\ninclude {0}/one\n", folder.display()),
    );
    write(&folder.join("d/realms"), "[realms]\nA = {\nkdc = a\n}\n");
    write(
        &folder.join("d/ignored.bak"),
        "[libdefaults]\ndefault_realm = WRONG\n",
    );
    write(&folder.join("one"), "[libdefaults]\ndefault_realm = A\n");
    let conf = Krb5Conf::load(std::slice::from_ref(&main)).unwrap();
    assert_eq!(
        (conf.default_realm(), conf.kdcs("A")),
        (Some("A"), &["a".to_owned()][..])
    );
    write(
        &folder.join("one"),
        &format!("include {}\n", main.display()),
    );
    let error = Krb5Conf::load(&[main]).unwrap_err().to_string();
    assert!(error.contains("include each other"), "{error}");
    assert_eq!(
        Krb5Conf::load(&[folder.join("none")]).unwrap(),
        Krb5Conf::default()
    );
    std::fs::remove_dir_all(folder).unwrap();
}
