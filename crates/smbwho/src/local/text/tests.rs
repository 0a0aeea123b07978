//! As Samba 4.17 prints it, captured; what it does not show in a lab by the
//! formats in its source. 4.13, 4.22 and 4.24 were seen to print the same.

use super::*;

const SESSIONS: &str = "
Samba version 4.17.12-Debian
PID     Username     Group        Machine                                   Protocol Version  Encryption           Signing              
----------------------------------------------------------------------------------------------------------------------------------------
25548   alice        labusers     127.0.0.1 (ipv4:127.0.0.1:48950)          SMB3_11           -                    AES-128-GMAC         
25610   bob          domain users ws1 (ipv6:2001:db8::7:48968)              SMB3_11           AES-128-GCM          partial(AES-128-GMAC)
1:25590 LABAD\\john m smith LABAD\\domain users fs-client.lab.test.example (ipv4:192.0.2.7:1) Unknown (0x0400)  -                    -                    
25591   (auth in progress)        192.0.2.8 (ipv4:192.0.2.8:2)              SMB2_10           -                    -                    

";

fn read<T>(lines: Option<Lines<T>>) -> Vec<T> {
    let lines = lines.expect("a list");
    assert_eq!(lines.unread, 0);
    lines.rows
}

#[test]
fn sessions_of_every_width() {
    let rows = read(sessions(SESSIONS.as_bytes()));
    let told: Vec<_> = rows
        .iter()
        .map(|row| {
            let text = |text: &Option<String>| text.clone().unwrap_or("?".to_owned());
            (
                row.server_id.process(),
                text(&row.username),
                text(&row.remote_machine),
                text(&row.hostname),
                text(&row.session_dialect),
            )
        })
        .map(|(process, user, machine, address, dialect)| {
            format!("{process:?} {user} {machine} {address} {dialect}")
        })
        .collect();
    assert_eq!(
        told,
        [
            r#"(25548, "") alice 127.0.0.1 ipv4:127.0.0.1:48950 SMB3_11"#,
            r#"(25610, "") bob ws1 ipv6:2001:db8::7:48968 SMB3_11"#,
            r#"(25590, "1") LABAD\john m smith fs-client.lab.test.example ipv4:192.0.2.7:1 Unknown (0x0400)"#,
            r#"(25591, "") ? 192.0.2.8 ipv4:192.0.2.8:2 SMB2_10"#,
        ]
    );
    let bob = &rows[1];
    let degrees = [&bob.encryption, &bob.signing].map(|crypto| {
        let crypto = crypto.as_ref().expect("told");
        (crypto.degree.as_deref(), crypto.cipher.as_deref())
    });
    assert_eq!(
        degrees,
        [
            (Some("full"), Some("AES-128-GCM")),
            (Some("partial"), Some("AES-128-GMAC"))
        ]
    );
}

#[test]
fn a_user_ends_where_the_columns_say() {
    let column = |user: &str, group: &str| {
        let columns = format!("{user:<12} {group:<12} ");
        super::user(columns.as_bytes()).map(|user| lossy(&user))
    };
    for (user, group) in [
        ("alice", "users"),
        ("alice", "domain users"),
        ("alice", "a very long name of a group"),
        ("john smith", "users"),
        ("john f smith", "users"),
        ("administrator", "users"),
        (r"LABAD\administrator", r"LABAD\domain users"),
        (r"LABAD\john smith", r"LABAD\domain users"),
        (r"LABAD\john m smith", r"LABAD\domain users"),
        ("60004", "60000"),
    ] {
        assert_eq!(
            column(user, group).as_deref(),
            Some(user),
            "{user}, {group}"
        );
    }
    // Either could be meant.
    assert_eq!(column("john f smith", "users of all that there is"), None);
    assert_eq!(super::user(b""), None);
    assert_eq!(super::user(&[b' '; 26]), None);
}

#[test]
fn connections_to_shares() {
    let text = "
Service      pid     Machine       Connected at                     Encryption   Signing     
---------------------------------------------------------------------------------------------
data         25548   127.0.0.1     Mon Nov 30 05:01:02 2026 UTC     -            AES-128-GMAC
my long  share name 1:25590 ws1     Wed Nov  4 15:01:02 2026 UTC     -            -           
IPC$         25610   127.0.0.1     Mon Nov 30 05:01:02 2026 CET     -            -           


";
    let rows = read(tcons(text.as_bytes()));
    let told: Vec<_> = rows
        .iter()
        .map(|row| {
            (
                row.service.as_deref(),
                row.machine.as_deref(),
                row.connected_at.as_deref(),
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            (
                Some("data"),
                Some("127.0.0.1"),
                Some("2026-11-30T05:01:02Z")
            ),
            (
                Some("my long  share name"),
                Some("ws1"),
                Some("2026-11-04T15:01:02Z")
            ),
            (Some("IPC$"), Some("127.0.0.1"), None),
        ]
    );
    let server_ids: Vec<_> = rows
        .iter()
        .filter_map(|row| row.server_id.as_ref())
        .collect();
    assert_eq!(server_ids[1].process(), (25590, "1"));
}

const FILES: &[u8] = b"
Locked files:
Pid          User(ID)   DenyMode   Access      R/W        Oplock           SharePath   Name   Time
--------------------------------------------------------------------------------------------------
25548        60001      DENY_NONE  0x12019f    RDWR       NONE             /srv/data   plain.txt   Mon Nov 30 05:01:01 2026
25590        0          DENY_NONE  0x1f01ff    RDWR       LEASE(RWH)       /srv/data   dir/full.txt:stream:$DATA   Mon Nov 30 05:01:02 2026
25548        60001      DENY_WRITE 0x120089    RDONLY     LEASE STATE UNKNOWN   /srv/data   \xfcber.txt   Wed Nov  4 05:01:01 2026
1:25548      60001      UNKNOWN(0x00000009) 0x120089    RDONLY     LEASE(R)         /tmp   a b   c.txt   Mon Nov 30 05:01:01 2026
disconnected 60001      DENY_ALL   0x3         RDWR       EXCLUSIVE+BATCH  /srv/data   .   Mon Nov 30 05:01:01 2026

";

#[test]
fn open_files() {
    let rows = read(files(FILES, ""));
    let told: Vec<_> = rows
        .iter()
        .map(|row| {
            let open = &row.opens()[0];
            let mask = open.access_mask.as_ref().and_then(Mask::bits);
            let oplock = open
                .oplock
                .as_ref()
                .and_then(|oplock| oplock.text.as_deref());
            (
                row.service_path.as_deref(),
                row.filename.as_deref(),
                mask,
                oplock,
                open.opened_at.as_deref(),
            )
        })
        .collect();
    let (srv, first) = (Some("/srv/data"), Some("2026-11-30T05:01:01Z"));
    assert_eq!(
        told,
        [
            (srv, Some("plain.txt"), Some(0x12019f), Some("NONE"), first),
            (
                srv,
                Some("dir/full.txt:stream:$DATA"),
                Some(0x1f01ff),
                Some("LEASE(RWH)"),
                Some("2026-11-30T05:01:02Z")
            ),
            (
                srv,
                Some("\u{fffd}ber.txt"),
                Some(0x120089),
                Some("LEASE"),
                Some("2026-11-04T05:01:01Z")
            ),
            (
                Some("/tmp"),
                Some("a b   c.txt"),
                Some(0x120089),
                Some("LEASE(R)"),
                first
            ),
            (srv, Some("."), Some(3), Some("EXCLUSIVE+BATCH"), first),
        ]
    );
    let open = |at: usize| &rows[at].opens()[0];
    assert_eq!((open(0).uid, open(0).share_file_id), (Some(60001), None));
    assert_eq!(open(3).server_id.process(), (25548, "1"));
    assert_eq!(open(4).server_id.pid, u64::MAX);
}

/// As Samba 4.25 prints it, captured.
#[test]
fn a_column_more_is_passed_over() {
    let text = b"
Locked files:
Pid          User(ID)   DenyMode   Access      R/W        Oplock           Persistent SharePath   Name   Time
------------------------------------------------------------------------------------------------------
93           0          DENY_NONE  0x1f01ff    RDWR       NONE             no         /srv/data   full.txt   Mon Nov 30 06:03:12 2026
52           1001       DENY_NONE  0x12019f    RDWR       LEASE(RWH)       yes        /srv/data   a/b   c.txt   Mon Nov 30 06:03:05 2026

";
    let told: Vec<_> = read(files(text, ""))
        .into_iter()
        .map(|file| (file.service_path, file.filename))
        .collect();
    let expected = ["full.txt", "a/b   c.txt"]
        .map(|name| (Some("/srv/data".to_owned()), Some(name.to_owned())));
    assert_eq!(told, expected);
}

/// As Samba 4.17 prints it with `--resolve-uids`, captured but for the names.
#[test]
fn users_of_files_have_their_names_where_these_were_asked_for() {
    let text = br"
Locked files:
Pid          User(ID)   DenyMode   Access      R/W        Oplock           SharePath   Name   Time
--------------------------------------------------------------------------------------------------
26554        root       DENY_NONE  0x120089    RDONLY     NONE             /srv/data   a.xlsx   Mon Nov 30 09:30:40 2026
26369        LABAD\john m smith  UNKNOWN(0x00000009) 0x120089    RDONLY     NONE             /srv/data   DENY_ALL DENY_NONE   Mon Nov 30 09:30:39 2026
26825        60004      DENY_WRITE 0x120089    RDONLY     NONE             /srv/data   c.xlsx   Mon Nov 30 09:30:41 2026
";
    let rows = read(files(text, ""));
    let users: Vec<_> = rows
        .iter()
        .map(|row| (row.opens()[0].uid, row.opens()[0].username.as_deref()))
        .collect();
    assert_eq!(
        users,
        [
            (None, Some("root")),
            (None, Some(r"LABAD\john m smith")),
            (Some(60004), None)
        ]
    );
    assert_eq!(rows[1].filename.as_deref(), Some("DENY_ALL DENY_NONE"));
}

#[test]
fn a_name_with_an_empty_line_hides_no_other() {
    let (head, second) = (
        &FILES[..FILES.len() - 1],
        &b"25548        60001      DENY_NONE  0x12019f    RDWR       NONE             "[..],
    );
    let time = b"   Mon Nov 30 05:01:01 2026\n";
    let text = [
        head,
        second,
        b"/srv/data   odd\n\nname",
        time,
        second,
        b"/srv/data   last.txt",
        time,
    ]
    .concat();
    let lines = files(&text, "").expect("a list");
    assert_eq!((lines.rows.len(), lines.unread), (6, 2));
    let last = lines.rows.last().and_then(|row| row.filename.as_deref());
    assert_eq!(last, Some("last.txt"));
}

#[test]
fn no_files_are_told_from_no_answer() {
    let none = |text: &[u8], complaint: &str| files(text, complaint).map(|lines| lines.rows.len());
    assert_eq!(none(b"\n", "No locked files\n"), Some(0));
    assert_eq!(none(b"No locked files\n", ""), Some(0));
    let never = "/run/locking.tdb not initialised\nThis is normal if an SMB client has never\n";
    assert_eq!(none(b"", never), Some(0));
    for text in [&b""[..], b"\n\n", b"{\"sessions\": {}}", b"Locked files:\n"] {
        assert_eq!(none(text, "JSON support not available"), None);
    }
    assert!(sessions(b"JSON support not available\n").is_none());
    assert!(tcons(b"").is_none());
}

#[test]
fn lines_that_cannot_be_read_are_counted() {
    let text = [FILES.trim_ascii_end(), b"\nnonsense\n1 2 3 4 5 6 7 8 9\n\n"].concat();
    let lines = files(&text, "").expect("a list");
    assert_eq!((lines.rows.len(), lines.unread), (5, 2));
}

proptest::proptest! {
    #[test]
    fn any_text_is_read_or_refused_and_never_panics(
        bytes: Vec<u8>,
        at in 0_usize..2000,
        byte: u8,
    ) {
        for text in [FILES, SESSIONS.as_bytes()] {
            let mut changed = text.to_vec();
            let end = changed.len();
            changed[at % end] = byte;
            let cut = &changed[..at % end];
            for text in [&changed[..], cut, &bytes] {
                let _ = (sessions(text), tcons(text), files(text, ""));
            }
        }
        let _ = (session(&bytes), tcon(&bytes), file(&bytes), user(&bytes));
    }
}
