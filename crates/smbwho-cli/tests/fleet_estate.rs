//! An estate of hundreds of servers, of which a third are dead, silent, not
//! what they should be, or far away.
//!
//! `SMBWHO_ESTATE=1000` makes it that many, asked 64 at a time; the continuous
//! integration has fewer, and fewer at a time, since one smbd with a process for
//! each connection is all of them.

#![allow(
    clippy::print_stderr,
    reason = "the figures are for whoever runs it by hand"
)]

mod common;

use std::collections::BTreeSet;
use std::io::Read as _;
use std::process::Stdio;
use std::time::{Duration, Instant};

use common::Smbwho;
use smbwho_testkit::{Samba, SlowLine, Stranger};
use tokio::net::{TcpListener, TcpSocket, TcpStream};

const ADMIN: &str = "adm-secret";
/// How many are there, and how many are asked at a time.
const FEW: (usize, usize) = (300, 32);
const JOBS_OF_MANY: usize = 64;
/// What each server may take for everything.
const TOTAL: Duration = Duration::from_secs(25);
/// What one server in flight may cost in memory.
const KIB_IN_FLIGHT: u64 = 64;
/// Listeners behind which everything is dropped; each takes a while to make.
const DROPPING: usize = 3;

/// Servers of every kind.
struct Estate {
    /// In the order they are asked: kinds take turns.
    servers: Vec<String>,
    live: BTreeSet<String>,
    _silent: Vec<Stranger>,
    _closing: Vec<Stranger>,
    _slow: Vec<SlowLine>,
    _dropping: Vec<Dropping>,
}

/// A listener whose queue is full: the system drops whatever else knocks, as a
/// firewall does.
struct Dropping {
    address: String,
    _listener: TcpListener,
    _queue: Vec<TcpStream>,
}

impl Dropping {
    async fn new() -> Self {
        let socket = TcpSocket::new_v4().expect("a socket");
        socket
            .bind("127.0.0.1:0".parse().expect("an address"))
            .expect("a port");
        let listener = socket.listen(0).expect("it listens");
        let address = listener.local_addr().expect("an address");
        let mut queue = Vec::new();
        let patience = Duration::from_millis(500);
        while let Ok(knocked) = tokio::time::timeout(patience, TcpStream::connect(address)).await {
            queue.push(knocked.expect("a place in the queue"));
            assert!(queue.len() < 16, "the queue does not fill");
        }
        Self {
            address: address.to_string(),
            _listener: listener,
            _queue: queue,
        }
    }
}

impl Estate {
    /// Two thirds of the servers are the real one at many addresses; the last
    /// third is of four kinds, of which those behind a slow line are live too.
    async fn new(samba: &Samba, count: usize) -> Self {
        let quarter = count / 12;
        let address = |net: u8, number: usize| {
            let [high, low] = u16::try_from(number).expect("few").to_be_bytes();
            format!("127.{net}.{high}.{low}:{}", samba.port())
        };
        let strangers = |make: fn() -> std::io::Result<Stranger>| -> Vec<Stranger> {
            (0..quarter).map(|_| make().expect("a port")).collect()
        };
        let (silent, closing) = (strangers(Stranger::silent), strangers(Stranger::closes));
        let slow: Vec<SlowLine> = (0..quarter)
            .map(|_| SlowLine::to(samba.address(), Duration::from_millis(50)).expect("a port"))
            .collect();
        let mut dropping = Vec::new();
        for _ in 0..DROPPING {
            dropping.push(Dropping::new().await);
        }
        let dead = (DROPPING..quarter).map(|number| address(1, number));

        let near: Vec<String> = (1..=count - 4 * quarter)
            .map(|number| address(0, number))
            .collect();
        let far = || slow.iter().map(|line| line.address());
        let live = near.iter().cloned().chain(far()).collect();
        let bad = dead
            .chain(silent.iter().map(Stranger::address))
            .chain(closing.iter().map(Stranger::address));
        let mut others: Vec<String> = bad.chain(far()).collect();
        // Every third is one of the others, and their kinds take turns; those
        // that take longest, for the second try after the first, begin.
        others.sort_by_key(|address| address.bytes().rev().collect::<Vec<u8>>());
        let mut others = others.into_iter();
        let mut servers: Vec<String> = dropping.iter().map(|d| d.address.clone()).collect();
        for two in near.chunks(2) {
            servers.extend_from_slice(two);
            servers.extend(others.next());
        }
        servers.extend(others);
        assert_eq!(servers.len(), count);
        Self {
            servers,
            live,
            _silent: silent,
            _closing: closing,
            _slow: slow,
            _dropping: dropping,
        }
    }
}

/// What a run came to.
struct Ran {
    code: Option<i32>,
    answered: Vec<String>,
    failed: Vec<String>,
    elapsed: Duration,
    /// The most memory it held at once.
    peak_kib: u64,
    /// Time it worked itself, in user and system mode.
    cpu: Duration,
}

/// Asks all of them for their shares, of which each live one has one that is
/// not hidden.
fn ask(estate: &Estate, jobs: usize) -> Ran {
    let jobs = jobs.to_string();
    let total = format!("{}s", TOTAL.as_secs());
    let mut smbwho = Smbwho::new(&[
        "shares",
        "@estate",
        "-U",
        "root",
        "-o",
        "jsonl",
        "--jobs",
        &jobs,
        "--timeout",
        "8s",
        "--total-timeout",
        &total,
    ])
    .password(ADMIN)
    .file("estate", &estate.servers.join("\n"));
    let began = Instant::now();
    let mut child = smbwho
        .command()
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let pid = child.id();
    let mut stderr = child.stderr.take().expect("a pipe");
    let errors = std::thread::spawn(move || {
        let mut text = String::new();
        stderr.read_to_string(&mut text).expect("UTF-8");
        text
    });
    let mut stdout = child.stdout.take().expect("a pipe");
    let rows = std::thread::spawn(move || {
        let mut text = String::new();
        stdout.read_to_string(&mut text).expect("UTF-8");
        text
    });
    let mut peak_kib = 0;
    // The figure only grows; the last one read is what it came to, as far as
    // it matters.
    while !rows.is_finished() {
        peak_kib = high_water(pid).unwrap_or(0).max(peak_kib);
        std::thread::sleep(Duration::from_millis(20));
    }
    let (rows, errors) = (rows.join().expect("read"), errors.join().expect("read"));
    let cpu = cpu_time(pid);
    let code = child.wait().expect("it ends").code();
    let servers = |text: &str| {
        let server = |line: &str| {
            let value: serde_json::Value =
                serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
            value["server"].as_str().expect("a server").to_owned()
        };
        text.lines().map(server).collect()
    };
    Ran {
        code,
        answered: servers(&rows),
        failed: servers(&errors),
        elapsed: began.elapsed(),
        peak_kib,
        cpu,
    }
}

/// VmHWM of a process, in KiB.
fn high_water(pid: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

/// User and system time of a process that has ended and was not yet waited for.
fn cpu_time(pid: u32) -> Duration {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let fields: Vec<u64> = stat
        .rsplit(')')
        .next()
        .unwrap_or_default()
        .split_whitespace()
        .skip(11)
        .take(2)
        .filter_map(|ticks| ticks.parse().ok())
        .collect();
    // Ticks are hundredths on Linux, whatever the kernel counts in.
    Duration::from_millis(10 * fields.iter().sum::<u64>())
}

#[tokio::test(flavor = "multi_thread")]
async fn every_live_server_of_an_estate_answers() {
    let (count, jobs) = match std::env::var("SMBWHO_ESTATE") {
        Ok(count) => (count.parse().expect("a number"), JOBS_OF_MANY),
        Err(_) => FEW,
    };
    let samba = Samba::builder()
        .admin("root", ADMIN)
        .addresses(u16::try_from(count).expect("few"))
        .start()
        .expect("a Samba");
    let mut peaks = Vec::new();
    for count in [100, count] {
        let estate = Estate::new(&samba, count).await;
        let ran = tokio::task::block_in_place(|| ask(&estate, jobs));
        eprintln!(
            "{count} servers, {} live: {:.1?} in all; of its own {:.2} ms a server and at most \
             {} KiB",
            estate.live.len(),
            ran.elapsed,
            ran.cpu.as_secs_f64() * 1000.0 / count as f64,
            ran.peak_kib
        );
        let missing: Vec<&String> = estate
            .live
            .iter()
            .filter(|server| !ran.answered.contains(server))
            .collect();
        assert!(missing.is_empty(), "did not answer: {missing:?}");
        assert_eq!(ran.answered.len(), estate.live.len(), "each once");
        assert_eq!(ran.failed.len(), count - estate.live.len(), "each once");
        assert!(
            ran.failed
                .iter()
                .all(|server| !estate.live.contains(server))
        );
        assert_eq!(ran.code, Some(1));
        // A bound, not a measure: every turn takes no longer than it may.
        let turns = u32::try_from(count.div_ceil(jobs)).expect("few");
        assert!(ran.elapsed <= TOTAL * turns + Duration::from_secs(10));
        peaks.push(ran.peak_kib);
    }
    // With as many in flight, more servers need no more memory. Allocators have
    // moods, which what the servers in flight may cost leaves room for.
    let grown = peaks[1].saturating_sub(peaks[0]);
    assert!(
        grown <= KIB_IN_FLIGHT * jobs as u64,
        "{peaks:?} KiB: memory grows with the estate"
    );
}
