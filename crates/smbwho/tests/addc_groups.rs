//! Groups of a real Active Directory domain: nested, local and global, and
//! more than fit a page; judged by samba-tool and the controller's own database.
//!
//! One test, since every domain controller takes ten seconds or more to start.

mod common;

use std::collections::BTreeSet;
use std::process::Command;

use common::{ntlm, options};
use smbwho::{Scope, Server};
use smbwho_testkit::{AdDc, LockstepLine};

/// More than a page of a thousand.
const MANY: usize = 1500;

fn said(program: &str, arguments: &[&str]) -> String {
    let done = Command::new(program)
        .args(arguments)
        .output()
        .expect("it starts");
    assert!(done.status.success(), "{program} {arguments:?}: {done:?}");
    String::from_utf8(done.stdout).expect("UTF-8")
}

fn lines(text: &str) -> BTreeSet<String> {
    text.lines()
        .map(|line| line.trim().to_owned())
        .filter(|line| !line.is_empty())
        .collect()
}

async fn signed_in(user: &str, password: &str) -> Server {
    connect(AdDc::HOST, user, password).await
}

async fn connect(address: &str, user: &str, password: &str) -> Server {
    let mut login = ntlm(user, password);
    if let smbwho::Login::Ntlm { domain, .. } = &mut login {
        *domain = AdDc::DOMAIN.to_owned();
    }
    let address = address.parse().expect("an address");
    Server::connect_with(&address, &login, &options())
        .await
        .expect("signs in")
}

#[test]
fn a_domain_of_nested_groups() {
    if AdDc::is_inside() {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        return runtime.expect("a runtime").block_on(inside());
    }
    let mut domain = AdDc::builder()
        .user("alice", "Short-1")
        .user("bob", "Short-2")
        .local_group("Printers", "Who prints")
        .local_group("Floor 3", "Who is on the floor")
        .group("Staff", &["alice"])
        .group("Company", &["Staff", "bob"])
        .group("Everyone Here", &["Company"])
        .group("Printers", &["Company", "alice"])
        .group("Floor 3", &["Printers"]);
    for number in 0..MANY {
        domain = domain.group(&format!("many {number:04}"), &[]);
    }
    let dc = domain.start().expect("a domain controller");
    let output = dc.run_test_inside("a_domain_of_nested_groups");
    let output = output.unwrap_or_else(|error| panic!("{error}"));
    assert!(output.contains("1 passed"), "{output}");
}

async fn inside() {
    let server = signed_in("alice", "Short-1").await;
    every_group_is_told(&server).await;
    members_are_told(&server).await;
    groups_of_a_user_are_told(&server).await;
    turns_are_by_the_page().await;
}

async fn every_group_is_told(server: &Server) {
    let known = lines(&said("samba-tool", &["group", "list"]));
    for page_entries in [1000, 37] {
        let groups = server
            .groups()
            .page_entries(page_entries)
            .collect()
            .await
            .expect("groups");
        let groups = groups.complete().expect("all of them");
        let told: BTreeSet<String> = groups.iter().map(|group| group.name.to_string()).collect();
        assert_eq!(told.len(), groups.len(), "none comes twice");
        assert_eq!(told, known);
        assert!(groups.len() > MANY);
        let printers = groups
            .iter()
            .find(|group| group.name == "Printers")
            .expect("Printers");
        assert_eq!(
            (printers.scope, printers.domain.as_str()),
            (Scope::Local, AdDc::DOMAIN)
        );
        assert_eq!(printers.description.as_deref(), Some("Who prints"));
        let admins = groups
            .iter()
            .find(|group| group.name == "Domain Admins")
            .expect("it");
        assert_eq!((admins.scope, admins.rid()), (Scope::Global, Some(512)));
        assert!(
            admins
                .description
                .as_deref()
                .expect("told")
                .contains("administrators")
        );
        let words = admins.attributes.expect("told").names();
        assert_eq!(words, ["mandatory", "enabled-by-default", "enabled"]);
    }
}

async fn members_are_told(server: &Server) {
    for group in [
        "Company",
        "Printers",
        "Floor 3",
        "Domain Admins",
        "Administrators",
    ] {
        let known = lines(&said("samba-tool", &["group", "listmembers", group]));
        let members = server
            .groups()
            .name(group)
            .members()
            .collect()
            .await
            .expect("members");
        let members = members.complete().expect("all of them");
        let told = members
            .iter()
            .map(|member| member.name.as_deref().expect("a name").to_owned());
        assert_eq!(told.collect::<BTreeSet<_>>(), known, "{group}");
        assert!(members.iter().all(|member| member.group == group));
    }
}

async fn groups_of_a_user_are_told(server: &Server) {
    for (user, query) in [
        ("alice", server.my_groups()),
        ("alice", server.groups_of("alice@lab.test")),
        ("bob", server.groups_of(r"LABAD\bob")),
    ] {
        let rows = query
            .clone()
            .collect()
            .await
            .expect("groups")
            .complete()
            .expect("all");
        let direct: BTreeSet<String> = rows
            .iter()
            .filter(|row| !row.indirect)
            .map(|row| row.group.name.to_string())
            .collect();
        assert_eq!(
            direct,
            lines(&said("samba-tool", &["user", "getgroups", user])),
            "{user}"
        );

        let only = query
            .direct_only()
            .collect()
            .await
            .expect("groups")
            .complete()
            .expect("all");
        let only: BTreeSet<String> = only.iter().map(|row| row.group.name.to_string()).collect();
        assert_eq!(only, direct);

        let told = rows.iter().map(|row| row.group.sid.to_string());
        assert_eq!(
            told.collect::<BTreeSet<_>>(),
            token_groups(user),
            "{user}: {rows:?}"
        );
    }
}

/// How often the client waits for the server, without the TCP handshake: for each page of
/// groups, not for each group.
async fn turns_are_by_the_page() {
    /// As many as are opened at a time.
    const AT_ONCE: usize = 128;
    /// To the pipe, and from there to the domains.
    const BEFORE: usize = 4 + 4;
    let pages = |groups: usize| groups.div_ceil(AT_ONCE);

    let line = LockstepLine::to((AdDc::ADDRESS, 445)).expect("a line");
    let server = connect(&line.address(), "alice", "Short-1").await;
    let groups = server.groups().collect().await.expect("groups").rows;
    let locals = groups.iter().filter(|group| group.scope == Scope::Local);
    let (locals, globals) = (locals.count(), groups.len());
    let globals = globals - locals;
    // A page of a list takes two, with its fragments; two pages of local groups are opened.
    let lists = 2 * (2 + globals.div_ceil(1000));
    let turns = BEFORE + lists + 2 * (1 + pages(locals));
    assert!(
        line.round_trips() <= turns,
        "{} > {turns}",
        line.round_trips()
    );

    let line = LockstepLine::to((AdDc::ADDRESS, 445)).expect("a line");
    let server = connect(&line.address(), "alice", "Short-1").await;
    let members = server.groups().members().collect().await.expect("members");
    assert!(members.missing.is_none(), "{:?}", members.missing);
    // Opened, asked, and the rest of what is longer than a fragment; then names.
    let turns = BEFORE + lists + 3 * (1 + pages(locals) + pages(globals)) + 2;
    assert!(
        line.round_trips() <= turns,
        "{} > {turns}",
        line.round_trips()
    );

    let line = LockstepLine::to((AdDc::ADDRESS, 445)).expect("a line");
    let server = connect(&line.address(), "alice", "Short-1").await;
    let members = server.groups().name("company").members().collect().await;
    assert_eq!(members.expect("members").rows.len(), 2);
    // The name, the domain's own for it, opened, asked; the names of the members.
    let turns = BEFORE + 4 + 1;
    assert_eq!(line.round_trips(), turns, "{:?}", line.flights());

    let line = LockstepLine::to((AdDc::ADDRESS, 445)).expect("a line");
    let server = connect(&line.address(), "alice", "Short-1").await;
    let mine = server.my_groups().collect().await.expect("groups");
    assert!(mine.missing.is_none(), "{:?}", mine.missing);
    // Who it is, over a pipe of its own; its groups; those of each group; how deep local groups
    // lie in others, in each domain; what the local ones are.
    let depth = 4;
    let described = 2 * 2;
    let turns = BEFORE + 4 + 2 + lists + 3 * pages(globals) + 2 * depth + described;
    assert!(
        line.round_trips() <= turns,
        "{} > {turns}",
        line.round_trips()
    );
}

/// The groups that the controller itself puts into a sign-in, through whatever
/// they come.
fn token_groups(user: &str) -> BTreeSet<String> {
    const ASK: &str = r#"
import os, sys
from samba.auth import system_session
from samba.dcerpc import security
from samba.ndr import ndr_unpack
from samba.param import LoadParm
from samba.samdb import SamDB

lp = LoadParm()
lp.load(os.environ['SMB_CONF_PATH'])
db = SamDB(url=lp.samdb_url(), session_info=system_session(), lp=lp)
(user,) = db.search(expression='(sAMAccountName=%s)' % sys.argv[1], attrs=[])
(user,) = db.search(base=user.dn, scope=0, attrs=['tokenGroups'])
for sid in user['tokenGroups']:
    print(ndr_unpack(security.dom_sid, sid))
"#;
    lines(&said("/usr/bin/python3", &["-c", ASK, user]))
}
