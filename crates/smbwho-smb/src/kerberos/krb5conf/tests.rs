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
    assert_eq!(conf.etypes(), [18, 17, 20, 19, 23]);
}

#[test]
fn encryption_types() {
    for (list, expected) in [
        ("aes128-cts rc4-hmac", vec![17, 23]),
        ("aes", vec![18, 17, 20, 19]),
        ("DEFAULT -rc4", vec![18, 17, 20, 19]),
        ("aes256-sha2 aes128-cts-hmac-sha256-128", vec![20, 19]),
        ("des-cbc-crc", vec![18, 17, 20, 19, 23]),
    ] {
        let conf = parse(&format!("[libdefaults]\npermitted_enctypes = {list}\n")).unwrap();
        assert_eq!(conf.etypes(), expected, "{list}");
    }
}

#[test]
fn broken_files_say_where() {
    for (text, line) in [
        ("[libdefaults\n", "line 1"),
        ("[realms]\n= x\n", "line 2"),
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

/// Each was tried with MIT's kinit, which asked the KDC of the realm; the mark in
/// front is what editors of Windows leave.
#[test]
fn what_mit_reads_is_read() {
    const PLAIN: &str = "[libdefaults]\n default_realm = LAB.TEST\n[realms]\n LAB.TEST = {\n  \
                         kdc = dc1\n }\n[domain_realm]\n fs1 = LAB.TEST\n";
    for text in [
        PLAIN.to_owned(),
        format!("\u{feff}{PLAIN}"),
        format!("# a comment\n; another\n\n{PLAIN}"),
        format!("a word\nname = value\n}}\n{PLAIN}"),
        format!("module /usr/lib/x.so:y\n{PLAIN}"),
        PLAIN.replace(" }\n", " } # a comment\n"),
        PLAIN.replace(" }\n", " };\n"),
        PLAIN.replace(" }\n", " }*  whatever\n"),
        PLAIN.replace("LAB.TEST = {", "LAB.TEST* = {"),
        PLAIN.replace("LAB.TEST = {", "LAB.TEST={"),
        PLAIN.replace("LAB.TEST = {", "LAB.TEST =\n {"),
        PLAIN.replace("kdc = dc1", "kdc* = dc1"),
        PLAIN.replace("default_realm = LAB.TEST", "\tdefault_realm\t=\tLAB.TEST\t"),
        PLAIN.replace(
            "default_realm = LAB.TEST",
            "default_realm = \"LAB.TEST\" # quoted",
        ),
        PLAIN.replace("default_realm = LAB.TEST", "default_realm = \"LAB.T\\EST"),
        PLAIN.replace("[libdefaults]", "[libdefaults]*"),
        PLAIN.replace("[realms]", "[what is this]\n a = { b\n[realms]"),
        PLAIN.replace('\n', "\r\n"),
        // Said a second time it adds nothing.
        format!("{PLAIN}[libdefaults]\n default_realm = OTHER.TEST\n"),
    ] {
        let conf = parse(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
        assert_eq!(conf.default_realm(), Some("LAB.TEST"), "{text}");
        assert_eq!(conf.kdcs("LAB.TEST"), ["dc1"], "{text}");
        assert_eq!(conf.realm_of_host("fs1"), Some("LAB.TEST"), "{text}");
    }
    // Braces may be left open at the end.
    let open = parse("[realms]\nA = {\n kdc = a\n").expect("a file");
    assert_eq!(open.kdcs("A"), ["a"]);
    // In one line it is a value, of which MIT makes nothing either.
    let one_line = parse("[realms]\nA = { kdc = a }\n").expect("a file");
    assert_eq!(one_line.kdcs("A"), [""; 0]);
}

#[test]
fn a_final_section_is_not_added_to_by_later_files() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).expect("written");
        path
    };
    let plain = file("plain", "[realms]\nA = {\nkdc = a1\n}\n");
    let list = file("list", "[realms]\nA = {\nkdc* = a1\n}\n");
    let behind = file("behind", "[realms]\nA = {\nkdc = a1\n}*\n");
    let before = file("before", "[realms]\nA* = {\nkdc = a1\n}\n");
    let section = file("section", "[realms]*\nA = {\nkdc = a1\n}\n");
    let second = file(
        "second",
        "[realms]\nA = {\nkdc = a2\n}\nB = {\nkdc = b2\n}\n[libdefaults]\ndefault_realm = A\n",
    );
    for (first, a, b) in [
        (&plain, &["a1", "a2"][..], &["b2"][..]),
        (&list, &["a1", "a2"], &["b2"]),
        (&behind, &["a1"], &["b2"]),
        (&before, &["a1"], &["b2"]),
        (&section, &["a1"], &[]),
    ] {
        let missing = folder.path().join("none");
        let paths = [missing, PathBuf::new(), first.clone(), second.clone()];
        let conf = Krb5Conf::load(&paths).expect("files");
        assert_eq!(
            (conf.kdcs("A"), conf.kdcs("B")),
            (&owned(a)[..], &owned(b)[..])
        );
        assert_eq!(conf.default_realm(), Some("A"));
    }
}

fn owned(names: &[&str]) -> Vec<String> {
    names.iter().map(|&name| name.to_owned()).collect()
}

#[test]
fn any_part_of_it_parses_or_is_refused() {
    for len in 0..USUAL.len() {
        let _ = parse(&USUAL[..len]);
    }
}

#[cfg(unix)]
#[test]
fn what_never_ends_is_no_configuration_and_the_null_device_an_empty_one() {
    let error = Krb5Conf::load(&[PathBuf::from("/dev/zero")]).unwrap_err();
    assert!(error.to_string().contains("it is a device"), "{error}");
    let empty = Krb5Conf::load(&[PathBuf::from("/dev/null")]);
    assert_eq!(empty, Ok(Krb5Conf::default()));
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
