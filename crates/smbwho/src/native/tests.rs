//! A server asked by functions of the test's own, through the library as its
//! users see it.

use smbwho_msrpc::lsarpc::LsarGetUserName;
use smbwho_windows::{
    Account, At, ConnectionInfo, FileInfo, GroupInfo, GroupUser, LocalGroupInfo, LocalGroupMember,
    LogonSession, NewShare, Page, ServerInfo, SessionInfo, ShareChange, ShareInfo, StatServer,
    TimeOfDay, WkstaInfo, WkstaUserInfo,
};

use super::*;
use crate::backend::Backend;
use crate::{Closing, FileLevel, Level, Server, SessionTarget, ShareLevel};

/// ERROR_CALL_NOT_IMPLEMENTED.
const NOT_HERE: u32 = 120;

/// Answers what the tests below ask.
struct Fake;

/// Above 32 bits where pointers are.
const FAR: usize = usize::MAX - 100;

impl Network for Fake {
    fn session_enum(
        &self,
        server: Option<&WideArg>,
        client: Option<&WideArg>,
        user: Option<&WideArg>,
        at: At,
    ) -> Page<SessionInfo> {
        assert_eq!(format!("{server:?}"), r#"Some("\\\\fs1")"#);
        assert_eq!((client, user), (None, None));
        let session = |number: u32| SessionInfo {
            cname: Some(Text::from(&*format!(r"\\ws{number}"))),
            username: (number != 2).then(|| Text::from("Żółć")),
            time: 100 + number,
            idle_time: number,
            ..SessionInfo::default()
        };
        match (at.level, at.resume) {
            (502 | 2 | 1, _) => Page::of_status(5),
            (10, 0) => Page {
                status: 234,
                rows: vec![session(1), session(2)],
                total: 3,
                resume: 2,
            },
            (10, 2) => Page {
                status: 0,
                rows: vec![session(3)],
                total: 1,
                resume: 3,
            },
            other => panic!("asked for {other:?}"),
        }
    }

    fn session_del(
        &self,
        _: Option<&WideArg>,
        client: Option<&WideArg>,
        user: Option<&WideArg>,
    ) -> u32 {
        match (client, user) {
            (Some(client), None) if format!("{client:?}") == r#""\\\\ws1""# => 0,
            _ => 2312,
        }
    }

    fn file_enum(
        &self,
        _: Option<&WideArg>,
        _: Option<&WideArg>,
        _: Option<&WideArg>,
        at: At,
    ) -> Page<FileInfo> {
        let file = |id| FileInfo {
            id,
            ..FileInfo::default()
        };
        let last = at.resume == FAR + 1;
        assert!(last || at.resume == 0 || at.resume == FAR);
        Page {
            status: if last { 0 } else { 234 },
            rows: vec![file(0xffff_fff0), file(7)],
            total: 6,
            resume: if at.resume == 0 { FAR } else { FAR + 1 },
        }
    }

    fn share_get_info(
        &self,
        _: Option<&WideArg>,
        name: &WideArg,
        level: u32,
    ) -> Result<ShareInfo, u32> {
        assert_eq!((format!("{name:?}"), level), (r#""data""#.to_owned(), 502));
        // O:BA, self-relative.
        let security = [
            1, 0, 0, 0x80, 20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 0, 5,
            32, 0, 0, 0, 32, 2, 0, 0,
        ];
        Ok(ShareInfo {
            netname: Some(Text::from("data")),
            max_uses: 12,
            current_uses: 3,
            security: Some(security.to_vec()),
            ..ShareInfo::default()
        })
    }

    fn server_disk_enum(&self, _: Option<&WideArg>) -> Page<Text> {
        Page {
            status: 0,
            rows: vec![Text::from("C:"), Text::from("D:")],
            total: 2,
            resume: 0,
        }
    }

    fn server_get_info(&self, _: Option<&WideArg>, _: u32) -> Result<ServerInfo, u32> {
        Err(5)
    }

    fn share_enum(&self, _: Option<&WideArg>, _: At) -> Page<ShareInfo> {
        Page::of_status(53)
    }

    // Nobody asks for these here.

    fn connection_enum(&self, _: Option<&WideArg>, _: &WideArg, _: At) -> Page<ConnectionInfo> {
        Page::of_status(NOT_HERE)
    }
    fn file_get_info(&self, _: Option<&WideArg>, _: u32, _: u32) -> Result<FileInfo, u32> {
        Err(NOT_HERE)
    }
    fn file_close(&self, _: Option<&WideArg>, _: u32) -> u32 {
        NOT_HERE
    }
    fn share_add(&self, _: Option<&WideArg>, _: &NewShare<'_>) -> (u32, u32) {
        (NOT_HERE, 0)
    }
    fn share_set_info(&self, _: Option<&WideArg>, _: &WideArg, _: &ShareChange<'_>) -> (u32, u32) {
        (NOT_HERE, 0)
    }
    fn share_del(&self, _: Option<&WideArg>, _: &WideArg) -> u32 {
        NOT_HERE
    }
    fn server_statistics(&self, _: Option<&WideArg>) -> Result<StatServer, u32> {
        Err(NOT_HERE)
    }
    fn remote_tod(&self, _: Option<&WideArg>) -> Result<TimeOfDay, u32> {
        Err(NOT_HERE)
    }
    fn wksta_get_info(&self, _: Option<&WideArg>, _: u32) -> Result<WkstaInfo, u32> {
        Err(NOT_HERE)
    }
    fn wksta_user_enum(&self, _: Option<&WideArg>, _: At) -> Page<WkstaUserInfo> {
        Page::of_status(NOT_HERE)
    }
    fn local_group_enum(&self, _: Option<&WideArg>, _: At) -> Page<LocalGroupInfo> {
        Page::of_status(NOT_HERE)
    }
    fn local_group_get_members(
        &self,
        _: Option<&WideArg>,
        _: &WideArg,
        _: At,
    ) -> Page<LocalGroupMember> {
        Page::of_status(NOT_HERE)
    }
    fn group_enum(&self, _: Option<&WideArg>, _: At) -> Page<GroupInfo> {
        Page::of_status(NOT_HERE)
    }
    fn group_get_users(&self, _: Option<&WideArg>, _: &WideArg, _: At) -> Page<GroupUser> {
        Page::of_status(NOT_HERE)
    }
    fn user_get_groups(&self, _: Option<&WideArg>, _: &WideArg) -> Page<GroupUser> {
        Page::of_status(NOT_HERE)
    }
    fn user_get_local_groups(&self, _: Option<&WideArg>, _: &WideArg, _: bool) -> Page<GroupUser> {
        Page::of_status(NOT_HERE)
    }
    fn lookup_name(&self, _: Option<&WideArg>, _: &WideArg) -> Result<Account, u32> {
        Err(NOT_HERE)
    }
    fn lookup_sid(&self, _: Option<&WideArg>, _: &[u8]) -> Result<Account, u32> {
        Err(NOT_HERE)
    }
    fn current_user(&self) -> Result<Text, u32> {
        Err(NOT_HERE)
    }
    fn logon_sessions(&self) -> Result<Vec<Result<LogonSession, u32>>, u32> {
        Err(0xc000_0022)
    }
}

fn server() -> Server {
    let name = WideArg::new(r"\\fs1".encode_utf16());
    let native = Native::new(&Fake, name, &Options::default());
    let unc = r"\\fs1".to_owned();
    Server::new("fs1".to_owned(), unc, Backend::Native(native))
}

#[tokio::test]
async fn sessions_go_down_the_ladder_and_through_the_pages() {
    let rows = server().sessions().collect().await.expect("rows").rows;
    let clients: Vec<_> = rows
        .iter()
        .filter_map(|row| row.client.as_deref())
        .collect();
    assert_eq!(clients, ["ws1", "ws2", "ws3"]);
    assert_eq!(rows[0].user.as_deref(), Some("Żółć"));
    assert_eq!((rows[1].user.as_deref(), rows[1].opens), (None, None));
    assert!(rows.iter().all(|row| row.level == Some(Level::L10)));
}

#[tokio::test]
async fn file_handles_are_as_wide_as_pointers() {
    let files = server().files().level(FileLevel::L2);
    let rows = files.collect().await.expect("rows");
    assert!(rows.missing.is_none(), "{:?}", rows.missing);
    assert_eq!(rows.rows.len(), 6);
    assert_eq!(rows.rows[4].id, Some(0xffff_fff0));
}

#[tokio::test]
async fn answers_are_read_as_from_the_wire() {
    let server = server();
    let share = server.share_at_level("data", ShareLevel::L502).await;
    let share = share.expect("a share");
    let security = share.security.expect("security");
    let sddl = security.sddl().expect("SDDL");
    assert!(sddl.contains("O:BA"), "{sddl}");
    let info = server.info().await.expect("some of it");
    assert_eq!(info.disks, Some(vec!["C:".into(), "D:".into()]));
    assert_eq!(info.missing.len(), 4);
    let target = SessionTarget::Client("ws1".into());
    let ended = server.close_session(&target).await;
    assert_eq!(ended.expect("an answer"), Closing::Taken);
    let target = SessionTarget::User("bob".into());
    let ended = server.close_session(&target).await;
    let nobody = Closing::NotFound(Win32Status::NERR_ClientNameNotFound);
    assert_eq!(ended.expect("an answer"), nobody);
}

#[tokio::test]
async fn a_server_that_is_not_reached_says_where_it_ended() {
    let error = server().shares().collect().await.expect_err("no rows");
    assert_eq!(error.step(), smbwho_smb::Step::Connect);
    assert!(
        error.to_string().contains("ERROR_BAD_NETPATH 53"),
        "{error}"
    );
    assert!(error.hint().is_some());
}

#[tokio::test]
async fn what_takes_a_conversation_needs_a_connection() {
    let call = LsarGetUserName {
        system_name: None,
        user_name: None,
        domain_name: None,
    };
    let error = server().call(&call).await.expect_err("no function");
    let needs = ErrorKind::NeedsConnection {
        what: "LsarGetUserName",
    };
    assert_eq!(format!("{:?}", error.kind()), format!("{needs:?}"));
}

#[test]
fn handles_keep_what_they_stand_for() {
    let mut handles = Handles::default();
    assert_eq!((handles.number(0), handles.handle(0)), (0, 0));
    let (one, two) = (handles.number(FAR), handles.number(5));
    assert_eq!(handles.number(FAR), one);
    assert_ne!(one, two);
    assert_eq!((handles.handle(one), handles.handle(two)), (FAR, 5));
    assert_eq!(handles.handle(99), 0);
}

#[test]
fn an_ipv6_server_has_a_name_without_colons() {
    let host = |text: &str| text.parse::<Address>().expect("an address").host;
    assert_eq!(unc_host(&host("fs1.example.com.")), "fs1.example.com");
    assert_eq!(unc_host(&host("10.0.0.7")), "10.0.0.7");
    assert_eq!(unc_host(&host("[fe80::1]")), "fe80--1.ipv6-literal.net");
    assert_eq!(unc_host(&host("[fe80::1%4]")), "fe80--1s4.ipv6-literal.net");
}
