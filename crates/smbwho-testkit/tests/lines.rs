//! Lines and strangers, tried with plain TCP.

use smbwho_testkit::{Cut, CutLine, Direction, SlowLine, Stranger};
use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::{Duration, Instant};

/// A server that gives every byte back.
fn echo() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            std::thread::spawn(move || {
                let mut from = stream.try_clone().unwrap();
                let mut to = stream;
                let _ = std::io::copy(&mut from, &mut to);
            });
        }
    });
    port
}

fn client(port: u16) -> TcpStream {
    let stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(5)))
        .unwrap();
    stream
}

#[test]
fn a_slow_line_counts_round_trips() {
    let delay = Duration::from_millis(50);
    let line = SlowLine::to(("127.0.0.1", echo()), delay).unwrap();
    let start = Instant::now();
    let mut stream = client(line.port());
    let mut answer = [0; 4];
    for _ in 0..3 {
        stream.write_all(b"ping").unwrap();
        stream.read_exact(&mut answer).unwrap();
    }
    // One round trip to connect and three to ask; a busy machine adds to them.
    let trips = start.elapsed().as_secs_f64() / 0.1;
    assert!(trips >= 4.0, "{trips}");
    assert_eq!(line.connections(), 1);
    assert_eq!(line.bytes(Direction::ToServer), 12);
    assert_eq!(line.bytes(Direction::ToClient), 12);
}

#[test]
fn a_slow_line_is_long_and_not_narrow() {
    let line = SlowLine::to(("127.0.0.1", echo()), Duration::from_millis(50)).unwrap();
    let mut stream = client(line.port());
    let start = Instant::now();
    for _ in 0..100 {
        stream.write_all(&[7; 1000]).unwrap();
    }
    let mut answer = vec![0; 100_000];
    stream.read_exact(&mut answer).unwrap();
    // One behind the other they would take five seconds.
    assert!(
        start.elapsed() < Duration::from_secs(5),
        "{:?}",
        start.elapsed()
    );
}

#[test]
fn a_line_is_cut_where_it_was_asked_to_be() {
    let line = CutLine::to(("127.0.0.1", echo()), Direction::ToClient, 10, Cut::Close).unwrap();
    let mut stream = client(line.port());
    stream.write_all(&[7; 100]).unwrap();
    let mut got = Vec::new();
    let _ = stream.read_to_end(&mut got);
    assert_eq!(got, [7; 10]);
}

#[test]
fn a_stalled_line_stays_open_and_carries_nothing() {
    let line = CutLine::to(("127.0.0.1", echo()), Direction::ToServer, 10, Cut::Stall).unwrap();
    let mut stream = client(line.port());
    stream.write_all(&[7; 100]).unwrap();
    let mut got = [0; 10];
    stream.read_exact(&mut got).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_millis(200)))
        .unwrap();
    let error = stream.read_exact(&mut got).unwrap_err();
    assert!(
        matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut),
        "{error}"
    );
}

#[test]
fn strangers_are_what_they_are() {
    let ask = |stranger: &Stranger| {
        let mut stream = client(stranger.port());
        stream
            .set_read_timeout(Some(Duration::from_millis(200)))
            .unwrap();
        stream.write_all(b"hello").unwrap();
        let mut got = vec![0; 8192];
        stream.read(&mut got).map(|count| got[..count].to_vec())
    };
    assert!(
        ask(&Stranger::http().unwrap())
            .unwrap()
            .starts_with(b"HTTP/1.1 400")
    );
    assert_eq!(ask(&Stranger::closes().unwrap()).unwrap(), b"");
    assert!(ask(&Stranger::silent().unwrap()).is_err());
    let garbage = Stranger::garbage().unwrap();
    assert!(ask(&garbage).unwrap().len() > 100);
    assert_eq!(garbage.connections(), 1);
}
