//! Shares that no Samba tells: level 503, pages, refusals of each kind,
//! parameters that a server dislikes, hostile remarks and descriptors.

mod common;

use common::{at, endpoint};
use smbwho::{
    ErrorKind, MaxUses, Name, NewShare, SecurityDescriptor, Share, ShareChange, ShareKind,
    ShareLevel,
};
use smbwho_msrpc::srvsvc::Container;
use smbwho_msrpc::srvsvc::share::{
    NetrShareAddReply, NetrShareAddRequest, NetrShareEnumReply, NetrShareEnumRequest,
    NetrShareGetInfoReply, NetrShareGetInfoRequest, NetrShareSetInfoReply, NetrShareSetInfoRequest,
    ShareEnumUnion, ShareInfo, ShareInfo0, ShareInfo1, ShareInfo2, ShareInfo501, ShareInfo502,
    ShareInfo503, ShareLevel as WireLevel,
};
use smbwho_msrpc::types::WString;
use smbwho_rpc::ndr::Array;
use smbwho_testkit::{Action, Endpoint, Request};

const ACCESS_DENIED: u32 = 5;
const INVALID_PARAMETER: u32 = 87;
const MORE_DATA: u32 = 234;
const ADD: u16 = 14;

const GET: u16 = 16;
const SET: u16 = 17;

/// `D:(A;;FA;;;WD)`.
const EVERYONE: [u8; 48] = [
    1, 0, 4, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 20, 0, 0, 0, 2, 0, 28, 0, 1, 0, 0, 0, 0, 0,
    20, 0, 0xff, 1, 0x1f, 0, 1, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0,
];

fn text(text: &str) -> WString {
    WString::new(text).expect("text")
}

/// The reply with this share at a level.
fn answer(level: u32, name: &[u16], remark: &[u16], kind: u32, security: &[u8]) -> Vec<u8> {
    let (name, remark) = (
        WString::new(name).expect("a name"),
        WString::new(remark).expect("text"),
    );
    let (path, scope) = (text(r"D:\data"), text("*"));
    let level_2 = ShareInfo2 {
        netname: Some(name.as_wstr()),
        kind,
        remark: Some(remark.as_wstr()),
        permissions: 0x7f,
        max_uses: 20,
        current_uses: 3,
        path: Some(path.as_wstr()),
        passwd: None,
    };
    let (netname, remark) = (level_2.netname, level_2.remark);
    let reserved = security.len() as u32;
    let security_descriptor = Some(Array::from(security));
    let l0 = [ShareInfo0 { netname }];
    let l1 = [ShareInfo1 {
        netname,
        kind,
        remark,
    }];
    let l2 = [level_2];
    let l501 = [ShareInfo501 {
        netname,
        kind,
        remark,
        flags: 0x30,
    }];
    let l502 = [ShareInfo502 {
        netname,
        kind,
        remark,
        permissions: 0x7f,
        max_uses: u32::MAX,
        current_uses: 3,
        path: level_2.path,
        passwd: None,
        reserved,
        security_descriptor,
    }];
    let l503 = [ShareInfo503 {
        netname,
        kind,
        remark,
        permissions: 0x7f,
        max_uses: u32::MAX,
        current_uses: 3,
        path: level_2.path,
        passwd: None,
        servername: Some(scope.as_wstr()),
        reserved,
        security_descriptor,
    }];
    let shares = match level {
        0 => ShareEnumUnion::Level0(Some(Container::of(&l0).expect("one"))),
        1 => ShareEnumUnion::Level1(Some(Container::of(&l1).expect("one"))),
        2 => ShareEnumUnion::Level2(Some(Container::of(&l2).expect("one"))),
        501 => ShareEnumUnion::Level501(Some(Container::of(&l501).expect("one"))),
        502 => ShareEnumUnion::Level502(Some(Container::of(&l502).expect("one"))),
        _ => ShareEnumUnion::Level503(Some(Container::of(&l503).expect("one"))),
    };
    let reply = NetrShareEnumReply {
        level,
        shares,
        total_entries: 1,
        resume_handle: Some(0),
        status: 0,
    };
    reply.to_stub().expect("a reply")
}

fn units(text: &str) -> Vec<u16> {
    text.encode_utf16().collect()
}

fn level_of(request: &Request) -> u32 {
    NetrShareEnumRequest::from_stub(&request.stub)
        .expect("a request")
        .level
}

fn refusal(level: u32, status: u32) -> Vec<u8> {
    let level_known = WireLevel::from_number(level).expect("a level");
    let reply = NetrShareEnumReply {
        level,
        shares: ShareEnumUnion::empty(level_known),
        total_entries: 0,
        resume_handle: Some(0),
        status,
    };
    reply.to_stub().expect("a reply")
}

/// A server that refuses these levels.
fn refusing(levels: &'static [u32], status: u32) -> Endpoint {
    let answer = move |request: &Request| {
        let level = level_of(request);
        Action::reply(if levels.contains(&level) {
            refusal(level, status)
        } else {
            answer(level, &units("data"), &units("plans"), 0, &EVERYONE)
        })
    };
    endpoint().start(answer).expect("an endpoint")
}

async fn only(endpoint: &Endpoint) -> Share {
    let shares = at(endpoint).await.shares().collect().await.expect("shares");
    let [share] = &shares.complete().expect("all")[..] else {
        panic!("one share")
    };
    share.clone()
}

#[tokio::test]
async fn level_503_tells_everything_but_caching() {
    let endpoint = refusing(&[], 0);
    let share = only(&endpoint).await;
    assert_eq!(share.level, ShareLevel::L503);
    assert_eq!(share.name.as_deref(), Some("data"));
    assert_eq!(share.path.as_deref(), Some(r"D:\data"));
    assert_eq!(share.remark.as_deref(), Some("plans"));
    assert_eq!(share.scope.as_deref(), Some("*"));
    assert_eq!(
        (share.permissions, share.current_uses),
        (Some(0x7f), Some(3))
    );
    assert_eq!(share.max_uses, Some(MaxUses::NoLimit));
    let security = share.security.expect("told");
    assert_eq!(security.sddl(), Some("D:(A;;FA;;;WD)"));
    assert_eq!(share.caching, None);
    // Two more levels are asked for in the same flight, and given up.
    assert!(endpoint.requests().len() <= 3);
}

/// ksmbd answers the levels it lacks with a success, a count and no rows.
#[tokio::test]
async fn shares_that_are_counted_and_not_sent_are_asked_for_at_the_next_level() {
    let endpoint = endpoint().start(|request| {
        let level = level_of(request);
        if level < 2 {
            return Action::reply(answer(level, &units("data"), &units("plans"), 0, &[]));
        }
        let reply = NetrShareEnumReply {
            level,
            shares: ShareEnumUnion::empty(WireLevel::from_number(level).expect("a level")),
            total_entries: 3,
            resume_handle: Some(0),
            status: 0,
        };
        Action::reply(reply.to_stub().expect("a reply"))
    });
    let endpoint = endpoint.expect("an endpoint");
    assert_eq!(only(&endpoint).await.level, ShareLevel::L1);
    let server = at(&endpoint).await;
    let named = server.shares().level(ShareLevel::L502).collect().await;
    let error = named.map(|shares| shares.rows).expect_err("not none");
    assert!(error.to_string().contains("0 of 3 entries"), "{error}");
}

/// impacket's server has level 1 only, and answers with it whatever is asked.
#[tokio::test]
async fn a_server_of_one_level_is_taken_at_its_word() {
    let endpoint = endpoint().start(|request| match request.opnum {
        GET => {
            let name = text("DATA");
            let remark = text("plans");
            let info = ShareInfo::Level1(Some(ShareInfo1 {
                netname: Some(name.as_wstr()),
                kind: 0,
                remark: Some(remark.as_wstr()),
            }));
            let reply = NetrShareGetInfoReply { info, status: 0 };
            Action::reply(reply.to_stub().expect("a reply"))
        }
        _ => Action::reply(answer(1, &units("data"), &units("plans"), 0, &[])),
    });
    let endpoint = endpoint.expect("an endpoint");
    let share = only(&endpoint).await;
    assert_eq!((share.level, share.path), (ShareLevel::L1, None));
    let share = at(&endpoint).await.share("data").await.expect("a share");
    assert_eq!(share.level, ShareLevel::L1);
    assert_eq!(share.name.as_deref(), Some("DATA"));
}

#[tokio::test]
async fn the_ladder_steps_down_to_each_level_and_remembers() {
    // Three at a time; level 2 goes with 502, whose uses it tells where they
    // are made up.
    const ALL: &[u32] = &[503, 502, 2, 501, 1, 0];
    for (refused, answering, first, second) in [
        (&[503][..], ShareLevel::L502, &ALL[..3], &[502, 2][..]),
        (&[503, 502], ShareLevel::L2, &ALL[..3], &[2]),
        (&[503, 502, 2], ShareLevel::L501, ALL, &[501]),
        (&[503, 502, 2, 501], ShareLevel::L1, ALL, &[1]),
        (&[503, 502, 2, 501, 1], ShareLevel::L0, ALL, &[0]),
    ] {
        let endpoint = refusing(refused, ACCESS_DENIED);
        let server = at(&endpoint).await;
        for round in 1..=2 {
            let share = &server.shares().collect().await.expect("shares").rows[0];
            assert_eq!(share.level, answering, "round {round}");
            assert_eq!(share.kind.is_some(), answering != ShareLevel::L0);
            assert_eq!(share.path.is_some(), answering >= ShareLevel::L2);
            assert_eq!(share.caching.is_some(), answering == ShareLevel::L501);
            assert_eq!(share.max_uses.is_some(), answering >= ShareLevel::L2);
            if answering == ShareLevel::L2 {
                assert_eq!(share.max_uses, Some(MaxUses::Limit(20)));
            }
        }
        let asked: Vec<u32> = endpoint.requests().iter().map(level_of).collect();
        // What is behind the level that was granted is given up, and may never
        // have been looked at.
        let expected = [first, second].concat();
        assert_eq!(asked.first(), expected.first());
        assert!(asked.len() <= expected.len(), "{asked:?}");
        for level in refused {
            let times = asked.iter().filter(|asked| *asked == level).count();
            assert_eq!(times, 1, "{level} in {asked:?}");
        }
    }
}

#[tokio::test]
async fn refused_at_every_level_names_each() {
    let endpoint = refusing(&[503, 502, 2, 501, 1, 0], ACCESS_DENIED);
    let error = at(&endpoint)
        .await
        .shares()
        .collect()
        .await
        .expect_err("refused");
    let ErrorKind::Refused { refused, .. } = error.kind() else {
        panic!("{error}")
    };
    let levels: Vec<u32> = refused.iter().map(|(level, _)| *level).collect();
    assert_eq!(levels, [503, 502, 2, 501, 1, 0]);
}

#[tokio::test]
async fn shares_come_page_by_page() {
    const PAGES: u32 = 5;
    let endpoint = endpoint()
        .start(|request| {
            let asked = NetrShareEnumRequest::from_stub(&request.stub).expect("a request");
            let page = asked.resume_handle.expect("a handle");
            let name = text(&format!("share{page}"));
            let rows = [ShareInfo0 {
                netname: Some(name.as_wstr()),
            }];
            let reply = NetrShareEnumReply {
                level: asked.level,
                shares: ShareEnumUnion::Level0(Some(Container::of(&rows).expect("one"))),
                total_entries: PAGES,
                resume_handle: Some(page + 1),
                status: if page + 1 < PAGES { MORE_DATA } else { 0 },
            };
            Action::reply(reply.to_stub().expect("a reply"))
        })
        .expect("an endpoint");
    let query = at(&endpoint).await.shares().level(ShareLevel::L0);
    let rows = query
        .collect()
        .await
        .expect("shares")
        .complete()
        .expect("all");
    let names: Vec<&str> = rows
        .iter()
        .filter_map(|share| share.name.as_deref())
        .collect();
    assert_eq!(names, ["share0", "share1", "share2", "share3", "share4"]);
}

#[tokio::test]
async fn hostile_remarks_kinds_and_descriptors_cost_no_row() {
    let long = "x".repeat(20_000);
    let mut broken = EVERYONE;
    broken[24] = 200;
    let mut outside = EVERYONE;
    outside[17] = 0xff;
    let cases: [(Vec<u16>, u32, Vec<u8>); 5] = [
        (
            units("\u{1b}]0;owned\u{7}\u{202e}"),
            0x8000_0003,
            EVERYONE.to_vec(),
        ),
        (vec![0x61, 0xd800, 0x62], 0x7f, broken.to_vec()),
        (units(&long), u32::MAX, outside.to_vec()),
        (Vec::new(), 0x4600_0000, vec![0xff; 65_000]),
        (units("no descriptor"), 0, Vec::new()),
    ];
    for (remark, kind, security) in cases {
        let reply = answer(503, &[0xdfff], &remark, kind, &security);
        let endpoint = endpoint()
            .start(move |_| Action::reply(reply.clone()))
            .expect("started");
        let share = only(&endpoint).await;
        assert_eq!(share.remark.as_ref().map(Name::to_utf16), Some(remark));
        assert_eq!(share.name.as_ref().map(Name::to_utf16), Some(vec![0xdfff]));
        assert_eq!(share.kind, Some(ShareKind(kind)));
        let told = share.security.as_ref();
        assert_eq!(
            told.map(|told| told.as_bytes().to_vec())
                .unwrap_or_default(),
            security
        );
        let sound = security == EVERYONE;
        assert_eq!(told.and_then(|told| told.sddl()).is_some(), sound);
    }
}

#[tokio::test]
async fn the_parameter_that_the_server_dislikes_is_named() {
    for (number, named) in [
        (8, "path (parameter 8)"),
        (6, "max_uses (parameter 6)"),
        (501, "security_descriptor (parameter 501)"),
        (77, "parameter 77"),
    ] {
        let endpoint = endpoint()
            .start(move |request| {
                assert_eq!(request.opnum, ADD);
                let reply = NetrShareAddReply {
                    parm_err: Some(number),
                    status: INVALID_PARAMETER,
                };
                Action::reply(reply.to_stub().expect("a reply"))
            })
            .expect("an endpoint");
        let mut new = NewShare::new("new", r"C:\new");
        new.security = Some(SecurityDescriptor::from_sddl("D:(A;;FA;;;WD)", None).expect("SDDL"));
        let error = at(&endpoint)
            .await
            .add_share(&new)
            .await
            .expect_err("refused");
        assert_eq!(error.code().map(|code| code.number()), Some(87));
        assert!(
            error.to_string().contains(&format!("dislikes {named}")),
            "{error}"
        );
        let requests = endpoint.requests();
        let asked = NetrShareAddRequest::from_stub(&requests[0].stub).expect("a request");
        let ShareInfo::Level502(Some(info)) = asked.info else {
            panic!("{asked:?}")
        };
        let bytes = info.security_descriptor.expect("sent");
        assert_eq!(bytes.iter().collect::<Vec<u8>>(), EVERYONE);
        assert_eq!(
            info.path.map(|path| path.to_string_lossy()).as_deref(),
            Some(r"C:\new")
        );
        assert_eq!((info.max_uses, info.kind), (u32::MAX, 0));
    }
}

/// A share whose remark, limit and path are set together, or where not one by
/// one; its security never.
fn settable(together: bool) -> Endpoint {
    endpoint()
        .start(move |request| match request.opnum {
            SET => {
                let asked = NetrShareSetInfoRequest::from_stub(&request.stub).expect("a request");
                let status = match asked.level {
                    // Together or one by one.
                    2 if !together => ACCESS_DENIED,
                    1006 if together => ACCESS_DENIED,
                    1501 => INVALID_PARAMETER,
                    _ => 0,
                };
                let parm_err = Some(if asked.level == 1501 { 501 } else { 0 });
                let reply = NetrShareSetInfoReply { parm_err, status };
                Action::reply(reply.to_stub().expect("a reply"))
            }
            GET => {
                let asked = NetrShareGetInfoRequest::from_stub(&request.stub).expect("a request");
                assert_eq!(asked.level, 2);
                let (name, remark, path) = (text("data"), text("kept"), text(r"D:\kept"));
                let info = ShareInfo2 {
                    netname: Some(name.as_wstr()),
                    kind: 0,
                    remark: Some(remark.as_wstr()),
                    permissions: 0,
                    max_uses: 4,
                    current_uses: 2,
                    path: Some(path.as_wstr()),
                    passwd: None,
                };
                let info = ShareInfo::Level2(Some(info));
                let reply = NetrShareGetInfoReply { info, status: 0 };
                Action::reply(reply.to_stub().expect("a reply"))
            }
            _ => Action::Drop,
        })
        .expect("an endpoint")
}

/// The levels that were set, in order.
fn levels(endpoint: &Endpoint) -> Vec<u32> {
    let requests = endpoint.requests();
    let set = requests.iter().filter(|request| request.opnum == SET);
    set.map(|request| {
        let sent = NetrShareSetInfoRequest::from_stub(&request.stub).expect("a request");
        sent.level
    })
    .collect()
}

#[tokio::test]
async fn remark_and_limit_go_in_one_call_and_what_was_done_is_told() {
    let endpoint = settable(true);
    let mut change = ShareChange::default();
    change.remark = Some(Name::from("new"));
    change.max_uses = Some(MaxUses::Limit(9));
    change.security = Some(SecurityDescriptor::from_sddl("D:(A;;FA;;;WD)", None).expect("SDDL"));
    let server = at(&endpoint).await;
    let error = server
        .set_share("data", &change)
        .await
        .expect_err("security is refused");
    let ErrorKind::ChangeRefused { level, done, .. } = error.kind() else {
        panic!("{error}")
    };
    assert_eq!((*level, &done[..]), (Some(1501), &["remark", "limit"][..]));
    assert!(error.to_string().contains("remark, limit"), "{error}");
    assert!(error.to_string().contains("security_descriptor"), "{error}");

    assert_eq!(levels(&endpoint), [2, 1501]);
    let requests = endpoint.requests();
    let sent = requests.iter().find(|request| request.opnum == SET);
    let sent = NetrShareSetInfoRequest::from_stub(&sent.expect("sent").stub).expect("a request");
    let ShareInfo::Level2(Some(info)) = sent.info else {
        panic!("level 2")
    };
    let told = |text: Option<smbwho_rpc::ndr::WStr<'_>>| text.expect("sent").to_string_lossy();
    assert_eq!(
        (told(info.path), told(info.remark)),
        (r"D:\kept".into(), "new".into())
    );
    assert_eq!(info.max_uses, 9);
}

#[tokio::test]
async fn a_limit_goes_with_the_rest_where_alone_it_is_refused() {
    let endpoint = settable(true);
    let mut change = ShareChange::default();
    change.max_uses = Some(MaxUses::Limit(9));
    let server = at(&endpoint).await;
    server.set_share("data", &change).await.expect("set");
    assert_eq!(levels(&endpoint), [1006, 2]);
}

#[tokio::test]
async fn where_they_are_refused_together_they_go_one_by_one() {
    let endpoint = settable(false);
    let mut change = ShareChange::default();
    change.remark = Some(Name::from("new"));
    change.max_uses = Some(MaxUses::Limit(9));
    let server = at(&endpoint).await;
    server.set_share("data", &change).await.expect("set");
    assert_eq!(levels(&endpoint), [2, 1004, 1006]);
    change.path = Some(Name::from(r"D:\new"));
    let error = server.set_share("data", &change).await.expect_err("a path");
    assert_eq!(error.code().map(|code| code.number()), Some(5));
}

#[tokio::test]
async fn another_refusal_of_a_limit_is_not_talked_around() {
    const NOT_FOUND: u32 = 2310;
    let endpoint = endpoint()
        .start(|_| {
            let reply = NetrShareSetInfoReply {
                parm_err: Some(6),
                status: NOT_FOUND,
            };
            Action::reply(reply.to_stub().expect("a reply"))
        })
        .expect("an endpoint");
    let mut change = ShareChange::default();
    change.max_uses = Some(MaxUses::Limit(9));
    let error = at(&endpoint)
        .await
        .set_share("data", &change)
        .await
        .expect_err("none");
    assert_eq!(error.code().map(|code| code.number()), Some(2310));
    assert!(
        !error.to_string().contains("dislikes"),
        "only with 87 the number counts: {error}"
    );
    assert_eq!(endpoint.requests().len(), 1);
}

#[tokio::test]
async fn garbage_for_an_answer_is_an_error() {
    for stub in [vec![], vec![0; 3], vec![0xff; 4000]] {
        let endpoint = endpoint()
            .start(move |_| Action::reply(stub.clone()))
            .expect("started");
        let server = at(&endpoint).await;
        let new = NewShare::new("new", r"C:\new");
        for error in [
            server.shares().collect().await.expect_err("garbage"),
            server.share("data").await.expect_err("garbage"),
            server.add_share(&new).await.expect_err("garbage"),
            server.remove_share("data").await.expect_err("garbage"),
        ] {
            assert!(
                matches!(error.kind(), ErrorKind::Malformed { .. }),
                "{error}"
            );
        }
    }
}
