use super::*;
use crate::local::status::Section;

/// As Samba 4.17 says it, with what no test lab shows: two users on one
/// connection, forced users, IPv6, encryption.
fn status() -> Status {
    let smbd = |pid: u32| {
        format!(
            r#""server_id": {{"pid": "{pid}", "task_id": "0", "vnn": "4294967295", "unique_id": "9"}}"#
        )
    };
    let session = |id: u32, pid: u32, uid: u32, user: &str, more: &str| {
        let smbd = smbd(pid);
        format!(
            r#""{id}": {{"session_id": "{id}", {smbd}, "uid": {uid}, "gid": 0, "username": "{user}",
                "remote_machine": "ws{pid}", {more}}}"#
        )
    };
    let plain = r#""hostname": "ipv4:192.0.2.7:49686", "session_dialect": "SMB3_11",
        "encryption": {"cipher": "-", "degree": "none"},
        "signing": {"cipher": "AES-128-GMAC", "degree": "partial"}"#;
    let sealed = r#""hostname": "ipv6:2001:db8::7:445", "session_dialect": "SMB4_00",
        "creation_time": "2026-11-25T03:00:00.000000+00:00",
        "encryption": {"cipher": "AES-128-GCM", "degree": "full"}, "signing": null"#;
    let sessions = [
        session(1, 10, 1000, "alice", plain),
        session(2, 20, 1001, "bob", sealed),
        session(
            3,
            20,
            1002,
            "carol\\u001b[2J",
            "\"hostname\": \"somewhere\"",
        ),
    ];
    let tcon = |id: u32, session: u32, share: &str, at: &str| {
        let smbd = smbd(session);
        format!(
            r#""{id}": {{"service": "{share}", {smbd}, "tcon_id": "{id}", "session_id": "{session}",
                "machine": "WS", "connected_at": "2026-11-25T{at}+00:00"}}"#
        )
    };
    let tcons = [
        tcon(7, 1, "data", "03:58:00.5"),
        tcon(8, 1, "IPC$", "03:59:00.25"),
        tcon(9, 3, "data", "04:10:00.0"),
    ];
    let open = |pid: u32, file: u64, uid: u32, mask: &str| {
        let smbd = smbd(pid);
        format!(
            r#""{pid}/{file}": {{{smbd}, "uid": {uid}, "share_file_id": "{file}",
                "access_mask": {{"hex": "{mask}", "text": "?"}}, "opened_at": "2026",
                "sharemode": {{"hex": "0x00000005", "text": "RD"}},
                "oplock": {{"LEASE": true, "text": "LEASE(RH) "}}}}"#
        )
    };
    let file = |path: &str, opens: &[String]| {
        let opens = opens.join(",");
        format!(
            r#""{path}": {{"service_path": "/srv/data", "filename": "{path}", "opens": {{{opens}}}}}"#
        )
    };
    let files = [
        file(
            "costs.xlsx",
            &[
                open(10, 3, 0, "0x00120089"),
                open(20, 5, 1001, "0x001f01ff"),
            ],
        ),
        file(".", &[open(70000, 4294967297, 1, "odd")]),
    ];
    let json = format!(
        r#"{{"timestamp": "2026-11-25T04:00:00.569457+0000", "version": "4.17.12-Debian",
            "sessions": {{{}}}, "tcons": {{{}}}, "open_files": {{{}}}, "byte_range_locks": []}}"#,
        sessions.join(","),
        tcons.join(","),
        files.join(",")
    );
    Status::read(json.as_bytes(), None).unwrap_or_else(|error| panic!("{error}: {json}"))
}

#[test]
fn sessions_have_what_only_samba_itself_knows() {
    let rows = status().sessions();
    let [alice, bob, carol] = &rows[..] else {
        panic!("{rows:?}")
    };
    assert_eq!(alice.client.as_deref(), Some("ws10"));
    assert_eq!(alice.user.as_deref(), Some("alice"));
    let smb = |row: &Session| row.smb.clone().unwrap_or_default();
    let (alice_smb, bob_smb, carol_smb) = (smb(alice), smb(bob), smb(carol));
    assert_eq!(alice_smb.address, "192.0.2.7:49686".parse().ok());
    assert_eq!(alice_smb.dialect.as_deref(), Some("3.1.1"));
    assert_eq!(alice_smb.cipher, Some(Protection::None));
    let signing = alice_smb.signing.as_ref().map(ToString::to_string);
    assert_eq!(signing.as_deref(), Some("partial(AES-128-GMAC)"));
    // The oldest connection to a share; for bob the session itself.
    assert_eq!(alice.active, Some(Duration::from_secs(120)));
    assert_eq!(bob.active, Some(Duration::from_secs(3600)));
    assert_eq!(bob_smb.address, "[2001:db8::7]:445".parse().ok());
    assert_eq!(bob_smb.cipher, Some(Protection::Full("AES-128-GCM".into())));
    assert_eq!(
        (&bob_smb.signing, bob_smb.dialect.as_deref()),
        (&None, Some("SMB4_00"))
    );
    // Nobody connected in the future; an address that is none is not told.
    assert_eq!(
        (carol.active, carol_smb.address, &carol_smb.dialect),
        (None, None, &None)
    );
    for row in &rows {
        assert_eq!((row.idle, row.flags, row.level), (None, None, None));
    }
}

#[test]
fn open_files_are_counted_where_it_is_clear_whose_they_are() {
    let opens = |rows: Vec<Session>| rows.iter().map(|row| row.opens).collect::<Vec<_>>();
    // alice is alone on her smbd: the file of a forced user is hers.
    assert_eq!(opens(status().sessions()), [Some(1), Some(1), Some(0)]);
    let mut unclear = status();
    let files = unclear.open_files.as_mut().expect("files");
    files[0].opens.as_mut().expect("opens")[1].uid = Some(5);
    assert_eq!(opens(unclear.sessions()), [Some(1), None, None]);
    // Where the files are not known nobody has none open.
    unclear.open_files = None;
    assert_eq!(opens(unclear.sessions()), [None; 3]);
    assert_eq!(unclear.files(), None);
}

#[test]
fn files_have_their_user_client_and_rights() {
    let rows = status().files().expect("files");
    let [of_alice, of_bob, of_nobody] = &rows[..] else {
        panic!("{rows:?}")
    };
    assert_eq!(of_alice.path.as_deref(), Some("/srv/data/costs.xlsx"));
    assert_eq!(of_alice.id, Some(10 << 16 | 3));
    assert_eq!(of_alice.user.as_deref(), Some("alice"));
    assert_eq!(of_alice.client.as_deref(), Some("ws10"));
    let names = |row: &OpenFile| row.permissions.map(|bits| bits.names().collect::<Vec<_>>());
    assert_eq!(names(of_alice), Some(vec!["read"]));
    let all = ["read", "write", "execute", "delete", "permissions"];
    assert_eq!(names(of_bob), Some(all.to_vec()));
    assert_eq!(of_bob.user.as_deref(), Some("bob"));
    let smb = of_alice.smb.clone().unwrap_or_default();
    assert_eq!(smb.share_mode, Some(ShareMode(5)));
    assert_eq!(smb.oplock.as_deref(), Some("lease(RH)"));
    assert_eq!(smb.opened_at, None, "no moment");
    // A session that ended since: its file is told all the same.
    assert_eq!(of_nobody.path.as_deref(), Some("/srv/data"));
    assert_eq!(of_nobody.id, Some((70000 << 16 | 4294967297_u64) as u32));
    assert_eq!((&of_nobody.user, &of_nobody.client), (&None, &None));
    assert_eq!(of_nobody.client_basis, ClientBasis::NoSession);
    assert_eq!((of_nobody.permissions, of_nobody.locks), (None, None));
}

#[test]
fn connections_are_those_of_a_share_or_of_a_client() {
    let status = status();
    let rows = status.connections("DATA");
    let [alice, carol] = &rows[..] else {
        panic!("{rows:?}")
    };
    assert_eq!((alice.id, alice.user.as_deref()), (Some(7), Some("alice")));
    assert_eq!((alice.name.as_deref(), alice.made_up), (Some("WS"), false));
    assert_eq!(alice.active, Some(Duration::from_secs(120)));
    assert_eq!(
        carol.user.as_deref(),
        Some("carol\u{1b}[2J"),
        "hostile, kept as it is"
    );
    let shares = status.connections(r"\\ws");
    let names: Vec<_> = shares.iter().map(|row| row.name.as_deref()).collect();
    assert_eq!(names, [Some("data"), Some("IPC$"), Some("data")]);
    assert!(status.connections("nothing").is_empty());
}

/// As Samba 4.25 said it, with one client that held a file with full control.
#[test]
fn the_newest_version_is_read() {
    let json = include_bytes!("smbstatus-4.25.json");
    let status = Status::read(json, None).expect("JSON");
    let rows = status.sessions();
    let root = rows.iter().find(|row| row.user.as_deref() == Some("root"));
    let root = root.expect("root's");
    assert_eq!(
        (root.opens, root.transport.as_deref()),
        (Some(1), Some("tcp"))
    );
    assert_eq!(root.active, Some(Duration::from_secs(6)));
    let smb = root.smb.clone().expect("more");
    assert_eq!((smb.channels, smb.authenticated.is_some()), (Some(1), true));
    let files = status.files().expect("files");
    let full = files
        .iter()
        .find(|row| row.path.as_deref() == Some("/srv/data/full.txt"));
    let smb = full.and_then(|row| row.smb.clone()).expect("more");
    assert_eq!(
        (smb.share_mode, smb.oplock.as_deref()),
        (Some(ShareMode(7)), Some("none"))
    );
}

/// Several connections, as no lab of ours has them, and what else is odd.
#[test]
fn newer_versions_tell_more_of_a_session() {
    let json = r#"{"timestamp": "2026-11-25T04:00:00.5+0000", "sessions": {"1": {
        "session_id": "1", "server_id": {"pid": 10, "vnn": "4294967295", "unique_id": "9"},
        "uid": 1000, "username": "alice", "creation_time": "2026-11-25T03:59:00+00:00",
        "expiration_time": "30828-09-14T02:48:05+00:00", "auth_time": "2026-11-25T03:59:30+00:00",
        "remote_machine": "ws1", "hostname": "quic", "session_dialect": "SMB3_11",
        "encryption": {"cipher": "AES-128-GCM", "degree": "anonymous"},
        "channels": {
            "5": {"channel_id": "5", "remote_address": "ipv4:192.0.2.7:49686", "transport": "tcp"},
            "6": {"channel_id": "6", "remote_address": "ipv4:192.0.2.8:49687", "transport": "quic"}
        }}, "2": {"server_id": {"pid": "11"}, "uid": -1, "username": "(auth in progress)",
        "channels": {}, "auth_time": "1601-01-01T00:00:00+00:00"}}, "tcons": {}}"#;
    let rows = Status::read(json.as_bytes(), None)
        .expect("JSON")
        .sessions();
    let [alice, nobody] = &rows[..] else {
        panic!("{rows:?}")
    };
    let smb = alice.smb.clone().expect("more");
    assert_eq!(alice.active, Some(Duration::from_secs(60)));
    assert_eq!(alice.transport.as_deref(), Some("quic,tcp"));
    assert_eq!(smb.channels, Some(2));
    assert_eq!(smb.address, "192.0.2.7:49686".parse().ok());
    let half_past: Timestamp = "2026-11-25T03:59:30Z".parse().expect("a time");
    assert_eq!(smb.authenticated, Some(half_past.into()));
    assert_eq!((&nobody.user, &nobody.transport), (&None, &None));
    let smb = nobody
        .smb
        .clone()
        .expect("no channels are known to be none");
    assert_eq!((smb.channels, smb.authenticated), (Some(0), None));
}

#[test]
fn what_is_no_status_is_an_error_and_never_a_panic() {
    let no = |json: &str| Status::read(json.as_bytes(), None).is_err();
    for json in [
        "",
        "null",
        "[]",
        "{}",
        r#"{"timestamp": "2026-11-25T03:59:35.078681+0000"}"#,
        r#"{"sessions": []}"#,
        r#"{"sessions": {"1": {}}}"#,
        r#"{"sessions": {"1": {"server_id": {"pid": "-1"}}}}"#,
        r#"{"sessions": {"1": {"server_id": {"pid": "99999999999999999999"}}}}"#,
        r#"{"sessions": {}} trailing"#,
        r#"{"sessions": {}, "open_files": {"/f": {"opens": {"1": {"server_id": {"pid": "1"}}}}}}"#,
    ] {
        assert!(no(json), "{json}");
    }
    let deep = format!(r#"{{"sessions": {{}}, "new": {}"#, "[".repeat(1 << 20));
    assert!(no(&deep), "nesting is bounded");
    assert!(no("\u{feff}{}"));
    // Every field of a session but its process may be missing.
    let bare = r#"{"sessions": {"1": {"server_id": {"pid": "1"}}}, "tcons": {}}"#;
    let status = Status::read(bare.as_bytes(), None).expect("a session");
    let unknown = Session {
        opens: Some(0),
        ..Session::unknown(None)
    };
    assert_eq!(status.sessions(), [unknown]);
    // What was not asked for need not be there, and what was has to.
    let shares = br#"{"tcons": {}}"#;
    let read = |json, only| Status::read(json, only);
    assert!(read(shares, Some(Section::Shares)).is_ok());
    assert!(read(shares, Some(Section::Sessions)).is_err());
    let sessions = read(bare.as_bytes(), Some(Section::Sessions)).expect("sessions");
    assert_eq!(sessions.sessions()[0].opens, None);
}

proptest::proptest! {
    #[test]
    fn a_status_with_any_bytes_changed_never_panics(at in 0_usize..4000, byte: u8) {
        let mut json = include_bytes!("smbstatus-4.17.json").to_vec();
        let end = json.len();
        json[at % end] = byte;
        if let Ok(status) = Status::read(&json, None) {
            let _ = (status.sessions(), status.files(), status.connections("data"));
        }
    }
}
