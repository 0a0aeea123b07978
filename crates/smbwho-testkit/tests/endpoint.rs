//! The endpoint, judged by clients that were written elsewhere.

use smbwho_testkit::{
    Action, Bind, Endpoint, Hint, ImpacketServer, LabSession, Order, Reply, SessionService, python,
    tools,
};
use std::process::Command;
use std::time::{Duration, Instant};

/// Asks with impacket, page by page, and prints one line a session: the
/// level's fields, tab-separated. An exception's text ends the output.
const ASK: &str = r#"
import sys
from impacket.dcerpc.v5 import srvs, transport
from impacket.dcerpc.v5.dtypes import NULL
port, level, preferred = (int(a) for a in sys.argv[1:4])
client, user = ((a + '\0' if a else NULL) for a in sys.argv[4:6])
t = transport.SMBTransport('127.0.0.1', port, r'\srvsvc', username='root', password='endpoint')
try:
    dce = t.get_dce_rpc()
    dce.connect()
    dce.bind(srvs.MSRPC_UUID_SRVS)
    request = srvs.NetrSessionEnum()
    request['ServerName'] = NULL
    request['ClientName'] = client
    request['UserName'] = user
    request['InfoStruct']['Level'] = level
    request['InfoStruct']['SessionInfo']['tag'] = level
    request['InfoStruct']['SessionInfo']['Level%d' % level]['Buffer'] = NULL
    request['PreferedMaximumLength'] = preferred
    resume = 0
    for page in range(200):
        request['ResumeHandle'] = resume
        try:
            reply, more = dce.request(request), False
        except Exception as e:
            if getattr(e, 'error_code', None) != 234:
                raise
            reply, more = e.get_packet(), True
        for row in reply['InfoStruct']['SessionInfo']['Level%d' % level]['Buffer']:
            print(*(str(row[f[0]]).rstrip('\0') for f in row.structure), sep='\t')
        resume = reply['ResumeHandle']
        if not more:
            break
    print('total', reply['TotalEntries'], sep='\t')
except Exception as e:
    print('error', str(e).replace('\n', ' '), sep='\t')
"#;

fn impacket(port: u16, level: u32, preferred: u32, filters: [&str; 2]) -> Vec<String> {
    let done = Command::new(python::oracle_python().unwrap())
        .args(["-c", ASK])
        .args([port.to_string(), level.to_string(), preferred.to_string()])
        .args(filters)
        .output()
        .unwrap();
    let out = String::from_utf8(done.stdout).unwrap();
    assert!(!out.is_empty(), "{}", String::from_utf8_lossy(&done.stderr));
    out.lines().map(str::to_owned).collect()
}

fn rpcclient(endpoint: &Endpoint) -> String {
    let done = Command::new(tools::find("rpcclient", "smbclient").unwrap())
        .args(["127.0.0.1", "-s", "/dev/null", "-p"])
        .arg(endpoint.port().to_string())
        .args(["-U", "root%endpoint", "-c", "netsessenum"])
        .output()
        .unwrap();
    String::from_utf8_lossy(&done.stdout).into_owned() + &String::from_utf8_lossy(&done.stderr)
}

fn one_reply(reply: impl Fn(Vec<u8>) -> Reply + Send + Sync + 'static) -> Endpoint {
    let service = SessionService::numbered(1_000);
    Endpoint::builder()
        .start(move |request| match service.answer(request) {
            Action::Reply(_) => {
                let asked = smbwho_testkit::SessionRequest::decode(&request.stub).unwrap();
                reply(service.stub(&asked)).into()
            }
            other => other,
        })
        .unwrap()
}

#[test]
fn impacket_reads_every_level_as_it_was_written() {
    let mut two = LabSession::numbered(700);
    two.client = None;
    two.client_type = Some(Vec::new());
    let endpoint = Endpoint::builder()
        .serve(SessionService::new(vec![LabSession::numbered(3), two]))
        .unwrap();
    let all = u32::MAX;
    // impacket prints NULL as b'', and an empty string as nothing.
    let rows = |level| impacket(endpoint.port(), level, all, ["", ""]);
    assert_eq!(rows(0), ["\\\\10.0.3", "b''", "total\t2"]);
    assert_eq!(
        rows(1),
        [
            "\\\\10.0.3\tuser000003\t3\t100003\t3\t3",
            "b''\tuser000700\t0\t100700\t700\t0",
            "total\t2"
        ]
    );
    assert_eq!(
        rows(2)[..2],
        [
            "\\\\10.0.3\tuser000003\t3\t100003\t3\t3\tLabOS",
            "b''\tuser000700\t0\t100700\t700\t0\t"
        ]
    );
    assert_eq!(
        rows(10)[..2],
        [
            "\\\\10.0.3\tuser000003\t100003\t3",
            "b''\tuser000700\t100700\t700"
        ]
    );
    assert_eq!(
        rows(502)[..2],
        [
            "\\\\10.0.3\tuser000003\t3\t100003\t3\t3\tLabOS\t\\Device\\LabTransport",
            "b''\tuser000700\t0\t100700\t700\t0\t\t\\Device\\LabTransport"
        ]
    );
}

#[test]
fn pages_follow_each_other_to_the_end() {
    let endpoint = Endpoint::builder()
        .serve(SessionService::numbered(250).page(100))
        .unwrap();
    let rows = impacket(endpoint.port(), 10, u32::MAX, ["", ""]);
    assert_eq!(rows.len(), 251);
    assert_eq!(rows[249], "\\\\10.0.249\tuser000249\t100249\t249");
    let asked = endpoint.session_requests();
    let handles: Vec<_> = asked.iter().map(|request| request.resume).collect();
    assert_eq!(handles, [Some(0), Some(100), Some(200)]);
}

#[test]
fn a_page_keeps_to_the_length_asked_for() {
    let endpoint = Endpoint::builder()
        .serve(SessionService::numbered(10))
        .unwrap();
    // One row takes 16 + 18 + 22 bytes.
    let rows = impacket(endpoint.port(), 10, 3 * 56 + 1, ["", ""]);
    assert_eq!(rows.len(), 11);
    assert_eq!(endpoint.requests().len(), 4);
    let rows = impacket(endpoint.port(), 10, 55, ["", ""]);
    assert!(
        rows[0].contains("0x84b") || rows[0].contains("2123"),
        "{rows:?}"
    );
}

#[test]
fn filters_and_refusals() {
    let service = SessionService::numbered(5).refuse(502, 5).refuse(2, 124);
    let endpoint = Endpoint::builder().serve(service).unwrap();
    let rows = impacket(endpoint.port(), 10, u32::MAX, ["", "USER000002"]);
    assert_eq!(rows.len(), 2, "{rows:?}");
    let rows = impacket(endpoint.port(), 10, u32::MAX, ["\\\\10.0.4", ""]);
    assert_eq!(rows[0], "\\\\10.0.4\tuser000004\t100004\t4");
    assert!(impacket(endpoint.port(), 502, u32::MAX, ["", ""])[0].contains("access_denied"));
    assert!(impacket(endpoint.port(), 2, u32::MAX, ["", ""])[0].contains("0x7c"));
}

#[test]
fn rpcclient_reads_a_hundred_thousand() {
    let endpoint = Endpoint::builder()
        .serve(SessionService::numbered(100_000))
        .unwrap();
    let said = rpcclient(&endpoint);
    assert!(said.contains("Received 100000 entries"), "{said}");
}

#[test]
fn fragments_of_any_size_and_hint_make_the_same_reply() {
    let endpoint = one_reply(|stub| Reply::new(stub).fragment(333).hint(Hint::Zero));
    assert!(rpcclient(&endpoint).contains("Received 1000 entries"));
    let endpoint = one_reply(|stub| Reply::new(stub).hint(Hint::Fixed(7)));
    assert_eq!(
        impacket(endpoint.port(), 1, u32::MAX, ["", ""]).len(),
        1_001
    );
    let endpoint = one_reply(|stub| Reply::new(stub).fragment(500).joined(3));
    let said = rpcclient(&endpoint);
    assert!(said.contains("Received 1000 entries"), "{said}");
}

#[test]
fn what_goes_wrong_is_seen_to_go_wrong() {
    let wrong = [
        one_reply(|stub| Reply::new(stub).order(Order::Swapped(1, 2))),
        one_reply(|stub| Reply::new(stub).wrong_call_id(1)),
        one_reply(|stub| Reply::new(stub).drop_after(3)),
        Endpoint::builder().start(|_| Action::Drop).unwrap(),
        Endpoint::builder().start(|_| Action::Fault(5)).unwrap(),
        Endpoint::builder()
            .start(|_| Action::Raw(vec![vec![5, 0, 2]]))
            .unwrap(),
        Endpoint::builder()
            .bind(Bind::Nak(4))
            .start(|_| Action::Drop)
            .unwrap(),
        Endpoint::builder()
            .bind(Bind::Reject(1))
            .start(|_| Action::Drop)
            .unwrap(),
        Endpoint::builder()
            .bind(Bind::Drop)
            .start(|_| Action::Drop)
            .unwrap(),
    ];
    // Side by side: rpcclient waits ten seconds for some of them.
    std::thread::scope(|scope| {
        for (case, endpoint) in wrong.iter().enumerate() {
            scope.spawn(move || {
                let said = rpcclient(endpoint);
                assert!(!said.contains("Received"), "case {case}: {said}");
                assert!(said.contains("_"), "case {case} gives no status: {said}");
            });
        }
    });
}

#[test]
fn a_trickle_takes_its_time() {
    let endpoint = one_reply(|stub| {
        let fragment = stub.len().div_ceil(4);
        Reply::new(stub)
            .fragment(fragment)
            .trickle(Duration::from_millis(100))
    });
    let start = Instant::now();
    assert!(rpcclient(&endpoint).contains("Received 1000 entries"));
    assert!(start.elapsed() >= Duration::from_millis(400));
}

#[test]
fn the_same_answers_come_through_another_server() {
    // One fragment: impacket's client does not find the seams that a stream
    // of bytes has lost.
    let service = SessionService::numbered(20);
    let server = ImpacketServer::start(move |request| service.answer(request)).unwrap();
    let rows = impacket(server.port(), 502, u32::MAX, ["", ""]);
    assert_eq!(rows.len(), 21, "{rows:?}\n{}", server.log());
    assert_eq!(server.requests().len(), 1);
}
