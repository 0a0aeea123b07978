//! Groups of a real standalone Samba, judged by its own `net`.

mod common;

use common::{as_root, connect, samba};
use smbwho::{ErrorKind, Group, Scope, Server, SidNameUse};
use smbwho_testkit::Samba;

fn said(command: &mut std::process::Command) -> String {
    let done = command.output().expect("it starts");
    assert!(done.status.success(), "{command:?}: {done:?}");
    String::from_utf8(done.stdout).expect("UTF-8")
}

fn net(samba: &Samba, arguments: &[&str]) -> String {
    let mut net = samba.tool("net").expect("net");
    said(net.args(arguments))
}

fn user_sid(samba: &Samba, user: &str) -> String {
    let mut pdbedit = samba.tool("pdbedit").expect("pdbedit");
    let told = said(pdbedit.args(["-L", "-v", "-u", user]));
    let sid = told.lines().find_map(|line| line.strip_prefix("User SID:"));
    sid.expect("a SID").trim().to_owned()
}

/// A Samba with groups: alice and a SID of nobody in a local group, which
/// holds no one else, and a global group of the Unix group everyone is in.
fn samba_with_groups() -> Samba {
    let samba = samba();
    for add in [
        &[
            "sid=S-1-5-32-547",
            "unixgroup=nogroup",
            "type=local",
            "comment=Power to the few",
        ][..],
        &[
            "ntgroup=Readers",
            "unixgroup=root",
            "rid=3001",
            "type=local",
            "comment=Who reads",
        ],
        &[
            "ntgroup=Staff",
            "unixgroup=labusers",
            "rid=3003",
            "type=domain",
            "comment=All of us",
        ],
    ] {
        net(&samba, &[&["groupmap", "add"][..], add].concat());
    }
    let readers = sid_of(&samba, "Readers");
    net(
        &samba,
        &["groupmap", "addmem", &readers, &user_sid(&samba, "alice")],
    );
    net(
        &samba,
        &["groupmap", "addmem", &readers, "S-1-5-21-1-2-3-4444"],
    );
    samba
}

/// The SID of a group, as `net groupmap list` has it: `Name (SID) -> unix`.
fn sid_of(samba: &Samba, group: &str) -> String {
    let list = net(samba, &["groupmap", "list"]);
    let line = list
        .lines()
        .find(|line| line.starts_with(&format!("{group} (")));
    let (_, rest) = line.expect("the group").split_once('(').expect("a SID");
    rest.split(')').next().expect("a SID").to_owned()
}

fn find<'a>(groups: &'a [Group], name: &str) -> &'a Group {
    let found = groups.iter().find(|group| group.name == name);
    found.unwrap_or_else(|| panic!("no {name} in {groups:?}"))
}

async fn members_of(server: &Server, group: &str) -> Vec<(Option<String>, String, SidNameUse)> {
    let members = server
        .groups()
        .name(group)
        .members()
        .collect()
        .await
        .expect("members");
    let members = members.complete().expect("all of them").into_iter();
    let mut members: Vec<_> = members
        .map(|member| {
            (
                member.name.map(|name| name.to_string()),
                member.sid.to_string(),
                member.kind,
            )
        })
        .collect();
    members.sort();
    members
}

#[tokio::test]
async fn groups_are_told_as_net_lists_them() {
    let samba = samba_with_groups();
    let server = as_root(&samba).await;
    let groups = server
        .groups()
        .collect()
        .await
        .expect("groups")
        .complete()
        .expect("all");

    let readers = find(&groups, "Readers");
    assert_eq!(
        (readers.scope, readers.domain.as_str()),
        (Scope::Local, "SMBWHOLAB")
    );
    assert_eq!(readers.sid.to_string(), sid_of(&samba, "Readers"));
    assert_eq!(readers.rid(), Some(3001));
    assert_eq!(readers.description.as_deref(), Some("Who reads"));
    assert_eq!(readers.attributes, None);

    let staff = find(&groups, "Staff");
    assert_eq!((staff.scope, staff.rid()), (Scope::Global, Some(3003)));
    assert_eq!(staff.description.as_deref(), Some("All of us"));
    assert_eq!(staff.attributes, None, "Samba sends 0 in lists");

    let builtin = groups
        .iter()
        .find(|group| group.sid.to_string() == "S-1-5-32-547");
    let builtin = builtin.expect("Power Users");
    assert_eq!(
        (builtin.scope, builtin.domain.as_str()),
        (Scope::Local, "Builtin")
    );
    assert_eq!(builtin.description.as_deref(), Some("Power to the few"));

    // No more and no fewer than net knows.
    let mut told: Vec<String> = groups.iter().map(|group| group.sid.to_string()).collect();
    let list = net(&samba, &["groupmap", "list"]);
    let mut known: Vec<String> = list
        .lines()
        .filter_map(|line| Some(line.split_once("(S-")?.1.split_once(')')?.0))
        .map(|rest| format!("S-{rest}"))
        .collect();
    // The lab's administrators are mapped as a well-known group, which Samba
    // does not list among the aliases.
    known.retain(|sid| sid != "S-1-5-32-544");
    told.sort();
    known.sort();
    assert_eq!(told, known, "{list}");

    let locals = server
        .groups()
        .scope(Scope::Local)
        .name("*EADER*")
        .collect()
        .await;
    let locals = locals.expect("groups").rows;
    assert_eq!(
        locals
            .iter()
            .map(|group| group.name.as_str())
            .collect::<Vec<_>>(),
        ["Readers"]
    );
}

/// Whatever a name stands for, looking it up says what the list says: groups of the server, of
/// `Builtin` under a name of their own, well-known ones that Samba does not list, users, nobody.
#[tokio::test]
async fn a_group_by_its_name_is_the_one_in_the_list() {
    let samba = samba_with_groups();
    // As there are a user and a group of one name.
    let readers = format!("sid={}", sid_of(&samba, "Readers"));
    net(
        &samba,
        &[
            "groupmap",
            "modify",
            &readers,
            "ntgroup=alice",
            "type=local",
        ],
    );
    let server = as_root(&samba).await;
    let all = server.groups().collect().await.expect("groups");
    let all = all.complete().expect("all");
    let names = all.iter().map(|group| group.name.to_uppercase());
    let more = [
        "Users",
        "Power Users",
        "Guests",
        "Domain Users",
        "alice",
        "bob",
        "root",
        "x y z",
    ];
    let names: Vec<String> = names.chain(more.map(str::to_owned)).collect();
    assert!(names.len() >= more.len() + 3, "{names:?}");
    for name in names {
        let told = server.groups().name(&name).collect().await.expect("groups");
        let mut told = told.complete().expect("all");
        for group in &mut told {
            // Of one group the server tells them, of its list it does not.
            group.attributes = None;
        }
        let same = all
            .iter()
            .filter(|group| group.name.eq_ignore_ascii_case(&name));
        assert_eq!(told, same.cloned().collect::<Vec<_>>(), "{name}");
    }
    let staff = server
        .groups()
        .name("staff")
        .collect()
        .await
        .expect("groups")
        .rows;
    assert_eq!(staff[0].attributes.expect("told").names().len(), 3);
}

#[tokio::test]
async fn members_have_names_and_unknown_sids_stay_sids() {
    let samba = samba_with_groups();
    let server = as_root(&samba).await;
    let alice = user_sid(&samba, "alice");
    let listed = net(&samba, &["groupmap", "listmem", &sid_of(&samba, "Readers")]);
    assert!(
        listed.contains(&alice) && listed.contains("S-1-5-21-1-2-3-4444"),
        "{listed}"
    );
    assert_eq!(
        members_of(&server, "readers").await,
        [
            (
                None,
                "S-1-5-21-1-2-3-4444".to_owned(),
                SidNameUse::SidTypeUnknown
            ),
            (Some("alice".to_owned()), alice, SidNameUse::SidTypeUser),
        ]
    );
    assert_eq!(members_of(&server, "no such group").await, []);
}

#[tokio::test]
async fn a_users_groups_are_found_by_name_by_sid_and_for_oneself() {
    let samba = samba_with_groups();
    let server = connect(&samba.address(), "alice", "a")
        .await
        .expect("alice signs in");
    let alice = user_sid(&samba, "alice");
    for query in [
        server.my_groups(),
        server.groups_of("alice"),
        server.groups_of(r"SMBWHOLAB\alice"),
        server.groups_of(&alice),
    ] {
        let rows = query
            .collect()
            .await
            .expect("groups")
            .complete()
            .expect("all");
        let readers = rows.iter().find(|row| row.group.name == "Readers");
        assert!(!readers.expect("Readers").indirect);
        assert!(
            rows.iter()
                .all(|row| row.group.sid.to_string() != "S-1-5-32-544"),
            "{rows:?}"
        );
    }
    let root = server
        .groups_of("root")
        .collect()
        .await
        .expect("groups")
        .complete()
        .expect("all");
    let administrators = root
        .iter()
        .find(|row| row.group.sid.to_string() == "S-1-5-32-544");
    assert!(!administrators.expect("Administrators").indirect);
}

/// As an account of the domain is to a member server: it does not know the
/// account's groups there, and Readers holds one of them.
#[tokio::test]
async fn groups_through_those_of_another_domain_are_not_known() {
    let samba = samba_with_groups();
    let server = as_root(&samba).await;
    let query = server.groups_of("S-1-5-21-1-2-3-1000");
    let groups = query.collect().await.expect("an answer");
    assert!(groups.rows.is_empty(), "{:?}", groups.rows);
    let missing = groups.missing.expect("a list that may be partial");
    let ErrorKind::ElsewhereInGroups { domain, holders } = missing.kind() else {
        panic!("{missing}");
    };
    assert_eq!(domain.as_str(), "S-1-5-21-1-2-3");
    assert_eq!(
        holders.iter().map(|name| name.as_str()).collect::<Vec<_>>(),
        ["Readers"]
    );

    // Whom Readers holds itself; nobody else of that domain is in any.
    let query = server.groups_of("S-1-5-21-1-2-3-4444");
    let groups = query.collect().await.expect("groups");
    let names: Vec<_> = groups
        .rows
        .iter()
        .map(|row| row.group.name.as_str())
        .collect();
    assert_eq!(names, ["Readers"]);
    assert!(groups.missing.is_none(), "{:?}", groups.missing);
    // Of its own accounts it knows everything.
    let groups = server.groups_of("alice").collect().await.expect("groups");
    assert!(groups.missing.is_none(), "{:?}", groups.missing);
}

#[tokio::test]
async fn who_is_not_known_is_said_so() {
    let samba = samba();
    let server = as_root(&samba).await;
    for name in ["nobody-of-that-name", r"ELSEWHERE\alice", "", "a\u{202e}b"] {
        let error = server
            .groups_of(name)
            .collect()
            .await
            .expect_err("no such account");
        let code = error.code().expect("a code");
        assert_eq!(code.name(), Some("STATUS_NONE_MAPPED"), "{name}: {error}");
        assert!(
            error.hint().expect("a hint").contains(r"DOMAIN\user"),
            "{error}"
        );
    }
    let error = server
        .groups_of("a\0b")
        .collect()
        .await
        .expect_err("not a name");
    assert!(
        matches!(error.kind(), ErrorKind::Unsayable { .. }),
        "{error}"
    );
    // The pipes are still good.
    server
        .groups_of("alice")
        .collect()
        .await
        .expect("alice is known");
}

#[tokio::test]
async fn an_anonymous_caller_is_refused_with_a_reason() {
    let samba = Samba::builder()
        .user("alice", "a")
        .global("restrict anonymous", "1")
        .start();
    let samba = samba.expect("a lab");
    let address = samba.address().parse().expect("an address");
    let server = Server::connect(&address, &smbwho::Login::Anonymous)
        .await
        .expect("signs in");
    let error = server
        .groups()
        .collect()
        .await
        .expect_err("it is restricted");
    assert_eq!(
        error.code().and_then(|code| code.name()),
        Some("STATUS_ACCESS_DENIED"),
        "{error}"
    );
    assert!(error.hint().is_some(), "{error}");
}
