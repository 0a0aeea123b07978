//! Many servers: how they are named, what becomes of those that fail, and how
//! a run goes on. One smbd answers on many addresses, as that many servers.

mod common;

use std::net::UdpSocket;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use common::{PROGRAM, Ran, Smbwho, dead_port};
use smbwho_testkit::{Samba, Stranger};

const ADMIN: &str = "adm-secret";
const CONFIG: &str = ".config/smbwho/config.toml";

fn lab(addresses: u16) -> Samba {
    let samba = Samba::builder().admin("root", ADMIN).user("bob", "b");
    samba.addresses(addresses).start().expect("a Samba")
}

fn as_root(arguments: &[&str]) -> Smbwho {
    Smbwho::new(arguments).password(ADMIN).env("USER", "root")
}

/// The servers of the rows, in order, each once.
fn servers(ran: &Ran) -> Vec<String> {
    let document = ran.json();
    let rows = document["rows"].as_array().expect("rows").iter();
    let mut servers: Vec<String> = rows
        .map(|row| row["server"].as_str().expect("a server").to_owned())
        .collect();
    servers.dedup();
    servers
}

#[test]
fn ranges_and_networks_are_asked_like_servers_written_out() {
    let samba = lab(20);
    let port = samba.port();
    let named = |word: &str, hosts: std::ops::RangeInclusive<u8>| {
        let ran = as_root(&[&word.replace("PORT", &port.to_string()), "-o", "json"]).run();
        assert_eq!(ran.code, Some(0), "{}", ran.seen());
        let expected: Vec<String> = hosts.map(|n| format!("127.0.0.{n}:{port}")).collect();
        assert_eq!(servers(&ran), expected);
    };
    named("127.0.0.[3-12]:PORT", 3..=12);
    named("127.0.0.16/30:PORT", 17..=18);

    let ran = as_root(&["10.0.0.0/8"]).run();
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(2), ""));
    assert!(
        ran.stderr
            .starts_with("smbwho: '10.0.0.0/8' names 16777214 servers, and no more than 4096"),
        "{}",
        ran.stderr
    );
    let ran = as_root(&["fs[1-3]", "--max-hosts", "2"]).run();
    assert!(ran.stderr.contains("no more than 2"), "{}", ran.stderr);
}

/// The limit of open files is raised where that is allowed; where it is not, fewer servers are
/// asked at a time. None is called unreachable.
#[cfg(unix)]
#[test]
fn few_files_that_may_be_open_are_enough_for_all_servers() {
    let samba = lab(40);
    let word = format!("127.0.0.[1-40]:{}", samba.port());
    let limited = |limits: &str, more: &[&str]| {
        let script = format!("{limits}; exec \"$0\" \"$@\"");
        let outer = ["bash", "-c", script.as_str()];
        let arguments = [&[word.as_str(), "-o", "jsonl", "-U", "root"], more].concat();
        let ran = Smbwho::under(&outer, &arguments).password(ADMIN).run();
        assert_eq!(ran.code, Some(0), "{}", ran.seen());
        let servers: std::collections::BTreeSet<_> = ran
            .stdout
            .lines()
            .map(|line| serde_json::from_str::<serde_json::Value>(line).expect("JSON"))
            .map(|row| row["server"].to_string())
            .collect();
        assert_eq!(servers.len(), 40, "{}", ran.seen());
        ran
    };
    limited("ulimit -Hn 4096; ulimit -Sn 32", &["--jobs", "400"]);
    let ran = limited("ulimit -n 24", &["-v"]);
    assert!(
        ran.stderr.contains("few files may be open"),
        "{}",
        ran.seen()
    );
}

#[test]
fn a_wrong_password_stops_the_run_and_is_told_once_for_all() {
    let samba = lab(40);
    let word = format!("127.0.0.[1-40]:{}", samba.port());
    let wrong = |more: &[&str]| {
        let arguments = [&[word.as_str(), "-U", "root"], more].concat();
        Smbwho::new(&arguments).password("wrong").run()
    };
    let ran = wrong(&["-o", "json"]);
    assert_eq!(ran.code, Some(2), "{}", ran.seen());
    let document = ran.json();
    let errors = document["errors"].as_array().expect("errors");
    let of = |name: serde_json::Value| errors.iter().filter(|e| e["name"] == name).count();
    assert_eq!(
        (
            errors.len(),
            of("STATUS_LOGON_FAILURE".into()),
            of(serde_json::Value::Null)
        ),
        (40, 3, 37)
    );
    let held = errors.iter().find(|e| e["name"].is_null()).expect("one");
    let message = held["message"].as_str().expect("a message");
    assert!(
        message.starts_with("not asked, since 3 servers refused the account"),
        "{message}"
    );

    let lines: Vec<&str> = ran
        .stderr
        .lines()
        .filter(|line| !line.starts_with("  "))
        .collect();
    assert_eq!(lines.len(), 5, "{}", ran.stderr);
    assert!(
        lines[3].starts_with("smbwho: stopped: 37 servers were not asked"),
        "{}",
        lines[3]
    );
    assert_eq!(
        lines[4],
        "smbwho: 0 of 40 servers answered, 40 failed: 37 not asked, 3 wrong name or password"
    );

    // As JSON lines each has its own, and nothing else is between them.
    let ran = wrong(&["-o", "jsonl"]);
    assert_eq!(ran.stderr.lines().count(), 40);
    for line in ran.stderr.lines() {
        serde_json::from_str::<serde_json::Value>(line).unwrap_or_else(|e| panic!("{e}: {line}"));
    }
    // Whatever is asked, and however often a run is gone on with: three of each.
    let folder = tempfile::tempdir().expect("a folder");
    let state = folder.path().join("state");
    let state = state.to_str().expect("UTF-8");
    let resumed = ["sessions", "--resume", state];
    for question in [
        &resumed[..],
        &resumed,
        &["files"],
        &["shares"],
        &["info"],
        &["groups"],
    ] {
        let arguments = [question, &[&word, "-U", "root", "-o", "jsonl"]].concat();
        let ran = Smbwho::new(&arguments).password("wrong").run();
        assert_eq!(
            (ran.code, ran.stderr.matches("STATUS_LOGON_FAILURE").count()),
            (Some(2), 3),
            "{}",
            ran.seen()
        );
    }
    let ran = wrong(&["--keep-going", "-q"]);
    assert_eq!(
        ran.stderr.matches("STATUS_LOGON_FAILURE").count(),
        40,
        "{}",
        ran.stderr
    );
}

#[test]
fn a_summary_says_what_became_of_them() {
    let samba = lab(3);
    let (_kept, dead) = dead_port();
    let closing = Stranger::closes().expect("a port");
    let word = format!("127.0.0.[1-3]:{}", samba.port());
    let dead = format!("127.0.0.1:{dead}");
    let arguments = [&word, &dead, &closing.address()];
    let arguments = arguments.map(String::as_str);
    let ran = as_root(&arguments).run();
    assert_eq!(ran.code, Some(1), "{}", ran.seen());
    assert_eq!(
        ran.stderr.lines().last(),
        Some(
            "smbwho: 3 of 5 servers answered, 2 failed: 1 closed the connection, 1 refused the \
             connection"
        ),
        "{}",
        ran.stderr
    );
    let quiet = as_root(&[&arguments[..], &["-q"]].concat()).run();
    assert_eq!(quiet.stderr.lines().count(), 2, "{}", quiet.stderr);
}

#[test]
fn a_cluster_is_one_server_of_several_nodes() {
    let samba = lab(3);
    let _bob = samba.hold_file("bob", "b", "report.txt").expect("open");
    let port = samba.port();
    let config = format!(
        "[clusters]\nfs = ['127.0.0.[1-2]:{port}']\n[groups]\nall = ['FS', '127.0.0.3:{port}']\n"
    );
    let ask = |arguments: &[&str]| as_root(arguments).file(CONFIG, &config).run();

    let ran = ask(&["@all", "--user", "bob", "-o", "json"]);
    let document = ran.json();
    let rows: Vec<(&str, Option<&str>)> = document["rows"]
        .as_array()
        .expect("rows")
        .iter()
        .map(|row| {
            (
                row["server"].as_str().expect("a server"),
                row["node"].as_str(),
            )
        })
        .collect();
    let third = format!("127.0.0.3:{port}");
    // One smbd is both nodes, which therefore report alike, as those of CTDB do: the cluster has
    // one session, and which node has it is not known.
    assert_eq!(rows, [("fs", None), (&*third, None)]);
    let ran = ask(&["files", "fs", "--columns", "server,node,path", "-o", "csv"]);
    assert_eq!(
        ran.stdout.lines().next(),
        Some("server,node,path"),
        "{}",
        ran.seen()
    );
    assert_eq!(ran.stdout.lines().count(), 2, "{}", ran.seen());
    let ran = ask(&["sessions", "fs"]);
    assert!(ran.stdout.starts_with("NODE "), "{}", ran.stdout);

    // Shares are the cluster's: each is told by two and printed once.
    let ran = ask(&["shares", "fs", "--all", "-o", "json"]);
    let document = ran.json();
    let rows = document["rows"].as_array().expect("rows").iter();
    let mut names: Vec<&str> = rows
        .map(|row| row["name"].as_str().expect("a name"))
        .collect();
    names.sort_unstable();
    assert_eq!(names, ["IPC$", "data"]);

    // A path on the cluster is looked for on every node.
    let ran = ask(&["who-has", r"\\fs\data\report.txt", "-o", "json"]);
    let document = ran.json();
    let rows = document["rows"].as_array().expect("rows");
    assert_eq!(rows.len(), 1, "{}", ran.seen());
    assert!(
        rows.iter()
            .all(|row| row["server"] == "fs" && row["user"] == "bob")
    );

    // A node that fails is named.
    let (_kept, dead) = dead_port();
    let config = format!("[clusters]\nfs = ['127.0.0.1:{port}', '127.0.0.1:{dead}']\n");
    let ran = as_root(&["fs", "-o", "jsonl"]).file(CONFIG, &config).run();
    assert_eq!(ran.code, Some(1), "{}", ran.seen());
    let error: serde_json::Value = serde_json::from_str(&ran.stderr).expect("one line");
    assert_eq!(
        (&error["server"], &error["node"]),
        (&"fs".into(), &format!("127.0.0.1:{dead}").into())
    );
}

/// Names whose DNS server is silent hold up their own turn and nobody else's.
/// The program gets a resolv.conf of its own, in a mount namespace.
#[test]
fn names_that_nobody_knows_hold_up_no_other_server() {
    let root = Command::new("id").arg("-u").output().expect("id").stdout == b"0\n";
    let silent = UdpSocket::bind("127.66.0.53:53").ok().filter(|_| root);
    let Some(_silent) = silent else {
        // Left out: it takes root, for the namespace and the port.
        return;
    };
    let samba = lab(12);
    let port = samba.port();
    let list: String = (1..=12)
        .map(|n| format!("nobody[{n}0-{n}9].dead.test\n127.0.0.{n}:{port}\n"))
        .collect();
    let inside = "mount --bind resolv.conf /etc/resolv.conf && exec \"$@\"";
    let ran = Smbwho::under(
        &["unshare", "--mount", "sh", "-c", inside, "sh"],
        &["@list", "-o", "jsonl", "-U", "root", "--timeout", "4s"],
    )
    .password(ADMIN)
    .file("resolv.conf", "nameserver 127.66.0.53\n")
    .file("list", &list)
    .run();
    assert_eq!(ran.code, Some(1), "{}", ran.seen());
    for n in 1..=12 {
        let server = format!("\"127.0.0.{n}:{port}\"");
        assert!(ran.stdout.contains(&server), "{server}: {}", ran.seen());
    }
    let named = "the name was not found in time";
    assert_eq!(ran.stderr.matches(named).count(), 120, "{}", ran.stderr);
}

/// Without a cluster the fields are what they always were.
#[test]
fn a_node_is_no_field_where_there_is_no_cluster() {
    let samba = lab(1);
    let ran = as_root(&[&samba.address(), "-o", "jsonl"]).run();
    let row: serde_json::Value = serde_json::from_str(&ran.stdout).expect("one row");
    assert!(row.get("node").is_none(), "{row}");
    let ran = as_root(&[&samba.address(), "-o", "csv", "--columns", "user,node"]).run();
    assert_eq!(ran.stdout, "user,node\nroot,\n");
}

#[test]
fn a_run_goes_on_with_those_that_have_not_answered() {
    let samba = lab(3);
    let (_kept, dead) = dead_port();
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("state");
    let state = file.to_str().expect("UTF-8");
    let port = samba.port();
    let all = format!("127.0.0.[1-3]:{port}");
    let dead = format!("127.0.0.1:{dead}");
    let one = format!("127.0.0.1:{port}");

    let ran = as_root(&[&one, &dead, "--resume", state, "-o", "json"]).run();
    assert_eq!(
        (ran.code, servers(&ran)),
        (Some(1), vec![one.clone()]),
        "{}",
        ran.seen()
    );

    // What is asked is part of it; how it is printed, and of whom, is not.
    let other = as_root(&[&one, "--user", "bob", "--resume", state]).run();
    assert_eq!((other.code, other.stdout.as_str()), (Some(2), ""));
    assert!(
        other.stderr.contains("it belongs to another question"),
        "{}",
        other.stderr
    );

    // The one that failed is asked again.
    let ran = as_root(&[&all, &dead, "--resume", state, "-o", "jsonl"]).run();
    assert_eq!(ran.code, Some(1), "{}", ran.seen());
    assert!(
        ran.stderr
            .contains("1 of 4 servers have answered before; the other 3 are asked"),
        "{}",
        ran.stderr
    );
    assert!(
        !ran.stdout.contains(&format!("\"{one}\"")),
        "{}",
        ran.stdout
    );
    assert!(file.exists());

    // Without it nobody is left, and the file goes.
    let ran = as_root(&[&all, "--resume", state, "-o", "json"]).run();
    assert_eq!(
        (ran.code, servers(&ran).len()),
        (Some(0), 0),
        "{}",
        ran.seen()
    );
    assert!(!file.exists());
    let ran = as_root(&[&all, "--resume", state, "-o", "json"]).run();
    assert_eq!(
        (ran.code, servers(&ran).len()),
        (Some(0), 3),
        "it begins anew"
    );
    assert!(!file.exists());

    for arguments in [
        &["doctor", &one][..],
        &["close", "session", &one, "--user", "x"],
        &["share", "show", &one, "data"],
    ] {
        let ran = as_root(&[arguments, &["--resume", state]].concat()).run();
        assert_eq!(ran.code, Some(2), "{}", ran.seen());
        assert!(ran.stderr.contains("--resume"), "{}", ran.stderr);
    }
}

#[test]
fn an_interrupted_run_is_gone_on_with() {
    let samba = lab(2);
    let silent = Stranger::silent().expect("a port");
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("state");
    let state = file.to_str().expect("UTF-8");
    let word = format!("127.0.0.[1-2]:{}", samba.port());
    let written = || {
        let text = std::fs::read_to_string(&file).unwrap_or_default();
        text.matches("\"answered\"").count()
    };
    for (format, before) in [("csv", 2), ("json", 0)] {
        let _ = std::fs::remove_file(&file);
        let silent = silent.address();
        let arguments = [
            &word,
            &silent,
            "--resume",
            state,
            "-o",
            format,
            "--timeout",
            "60s",
        ];
        let mut smbwho = as_root(&arguments);
        let child = smbwho
            .command()
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        // Both have answered when the silent one keeps it waiting; a document
        // is not out of our hands before its end, so nothing is written down.
        let asked = Instant::now();
        while written() < before && asked.elapsed() < Duration::from_secs(60) {
            std::thread::sleep(Duration::from_millis(20));
        }
        if before == 0 {
            std::thread::sleep(Duration::from_secs(3));
            assert_eq!(written(), 0, "not before its rows are printed");
        }
        let kill = ["-INT", &child.id().to_string()].map(str::to_owned);
        assert!(
            Command::new("kill")
                .args(kill)
                .status()
                .expect("kill")
                .success()
        );
        let ran = Ran::from(child.wait_with_output().expect("it ends"));
        assert_eq!(ran.code, Some(130), "{}", ran.seen());
        assert!(ran.stdout.contains("root"), "{}", ran.seen());
        assert_eq!(written(), 2, "{format}");
    }
    let ran = as_root(&[&word, "--resume", state, "-o", "json"]).run();
    assert_eq!(
        (ran.code, servers(&ran).len()),
        (Some(0), 0),
        "{}",
        ran.seen()
    );
}

/// In a terminal of its own: tmux shows what a person would see.
#[test]
fn a_line_of_progress_stands_while_it_lasts() {
    let samba = lab(9);
    let silent = Stranger::silent().expect("a port");
    let folder = tempfile::tempdir().expect("a folder");
    let socket = folder.path().join("tmux");
    let tmux = |arguments: &[&str]| {
        let output = Command::new("tmux")
            .arg("-S")
            .arg(&socket)
            .args(["-f", "/dev/null"])
            .args(arguments)
            .env_remove("TMUX")
            .output()
            .expect("tmux");
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let shown = |what: &str| {
        let began = Instant::now();
        loop {
            let screen = tmux(&["capture-pane", "-p"]);
            if screen.contains(what) {
                return screen;
            }
            assert!(
                began.elapsed() < Duration::from_secs(60),
                "no {what} in {screen}"
            );
            std::thread::sleep(Duration::from_millis(50));
        }
    };
    let run = |more: &str| {
        format!(
            "env HOME={} SMBWHO_PASSWORD={ADMIN} {PROGRAM} '127.0.0.[1-9]:{}' {} -U root \
             --timeout 4s --user root --sort user --limit 1 {more}; echo ended",
            folder.path().display(),
            samba.port(),
            silent.address()
        )
    };
    let size = ["new-session", "-d", "-x", "150", "-y", "40"];
    tmux(&[&size[..], &["env", "PS1=ready> ", "sh"]].concat());
    // What is typed before the prompt stands has the prompt behind it, and the line too.
    shown("ready>");
    tmux(&["send-keys", &run(""), "Enter"]);
    let during = shown("9 of 10 servers, 0 failed, 1 to go");
    assert!(!during.contains("USER "), "the table waits: {during}");
    let after = shown("\nended");
    assert!(!after.contains(" to go"), "the line is gone: {after}");
    let lines: Vec<&str> = after.lines().map(str::trim_end).collect();
    let at = |begin: &str| {
        let found = lines.iter().position(|line| line.starts_with(begin));
        found.unwrap_or_else(|| panic!("no {begin} in {after}"))
    };
    // Each stands on a line of its own, whole, in this order.
    let failed = at(&format!("smbwho: {}: negotiate: ", silent.address()));
    let (header, summary) = (
        at("SERVER "),
        at("smbwho: 9 of 10 servers answered, 1 failed"),
    );
    assert!(failed < header && header < summary, "{after}");

    tmux(&["send-keys", "clear", "Enter"]);
    tmux(&["send-keys", &run("-q"), "Enter"]);
    let began = Instant::now();
    loop {
        let screen = tmux(&["capture-pane", "-p"]);
        assert!(!screen.contains(" to go"), "-q has no line: {screen}");
        if screen.contains("\nended") {
            break;
        }
        assert!(began.elapsed() < Duration::from_secs(60), "{screen}");
        std::thread::sleep(Duration::from_millis(50));
    }
    tmux(&["kill-server"]);
}
