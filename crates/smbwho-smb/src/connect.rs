//! From a server's name to a TCP connection.

use std::io;
use std::net::{SocketAddr, SocketAddrV6};
use std::time::Duration;

use futures::StreamExt;
use futures::stream::FuturesUnordered;
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep};
use tracing::debug;

use crate::error::{Attempt, Outcome, SmbError, SmbErrorKind, Step};
use crate::{Address, Host, look_up};

/// How long one address may stay silent before the next is dialled beside it
/// ([RFC 8305] 5).
const STAGGER: Duration = Duration::from_millis(250);

/// Addresses dialled at most. A name with more is a pool of equals.
const MAX_ADDRESSES: usize = 16;

/// Connects to the first address of a server that answers, within `limit`
/// for look-up and TCP together.
pub(crate) async fn connect(
    address: &Address,
    limit: Duration,
) -> Result<(TcpStream, SocketAddr), SmbError> {
    let deadline = Instant::now() + limit;
    let addresses = addresses(address, deadline).await?;
    debug!(server = %address, ?addresses, "name looked up");
    let (stream, peer) = dial(&addresses, deadline).await?;
    // Every message waits for its answer: holding small ones back for more
    // would cost a delayed acknowledgement each.
    stream.set_nodelay(true).map_err(|error| {
        SmbError::new(Step::Connect, SmbErrorKind::ConnectFailed).with_source(error)
    })?;
    debug!(%peer, "connected");
    Ok((stream, peer))
}

async fn addresses(address: &Address, deadline: Instant) -> Result<Vec<SocketAddr>, SmbError> {
    let port = address.port;
    let name = match &address.host {
        Host::V4(v4) => return Ok(vec![(*v4, port).into()]),
        Host::V6 {
            address,
            zone: None,
        } => return Ok(vec![SocketAddrV6::new(*address, port, 0, 0).into()]),
        // The system knows its interfaces; the look-up turns zones to numbers.
        Host::V6 {
            address,
            zone: Some(zone),
        } => format!("{address}%{zone}"),
        Host::Name(name) => name.clone(),
    };
    let found = look_up::look_up(&name, port, deadline).await;
    let found = found.map_err(|error| match (&address.host, &error.kind) {
        (
            Host::V6 {
                zone: Some(zone), ..
            },
            SmbErrorKind::NameNotFound,
        ) => {
            let zone = Some(zone.clone());
            SmbError::new(Step::Connect, SmbErrorKind::NoInterface { zone })
        }
        _ => error,
    })?;
    match alternate(found.into_iter()) {
        none if none.is_empty() => Err(SmbError::new(Step::Name, SmbErrorKind::NameNotFound)),
        some => Ok(some),
    }
}

/// Families in turn, the one the system prefers first, so that a family
/// without a route cannot use up the time of the other. Doubles go.
fn alternate(found: impl Iterator<Item = SocketAddr>) -> Vec<SocketAddr> {
    let mut unique = Vec::new();
    for address in found {
        if !unique.contains(&address) {
            unique.push(address);
        }
    }
    let first_is_v6 = unique.first().is_some_and(SocketAddr::is_ipv6);
    let (mut now, mut next): (Vec<_>, Vec<_>) = unique
        .into_iter()
        .partition(|address| address.is_ipv6() == first_is_v6);
    now.reverse();
    next.reverse();
    let mut ordered = Vec::new();
    while let Some(address) = now.pop().or_else(|| next.pop()) {
        ordered.push(address);
        std::mem::swap(&mut now, &mut next);
    }
    ordered.truncate(MAX_ADDRESSES);
    ordered
}

/// Dials one address after the other without giving up on those before; the
/// first connection wins and the others are dropped.
async fn dial(
    addresses: &[SocketAddr],
    deadline: Instant,
) -> Result<(TcpStream, SocketAddr), SmbError> {
    let mut attempts: Vec<Attempt> = Vec::new();
    let mut dialling = FuturesUnordered::new();
    let mut waiting = addresses.iter().copied();
    loop {
        if let Some(address) = waiting.next() {
            let index = attempts.len();
            attempts.push(Attempt {
                address,
                outcome: Outcome::NoAnswer,
            });
            dialling.push(async move { (index, TcpStream::connect(address).await) });
        }
        let more = waiting.len() > 0;
        let pause = if more { STAGGER } else { Duration::MAX };
        tokio::select! {
            biased;
            done = dialling.next() => match done {
                Some((index, Ok(stream))) => return Ok((stream, attempts[index].address)),
                Some((index, Err(error))) => {
                    debug!(peer = %attempts[index].address, %error, "address failed");
                    let address = attempts[index].address;
                    attempts[index].outcome = outcome(address, &error);
                    if !more && dialling.is_empty() {
                        return Err(failed(attempts));
                    }
                }
                None => return Err(failed(attempts)),
            },
            () = tokio::time::sleep_until(deadline) => return Err(failed(attempts)),
            () = sleep(pause) => {}
        }
    }
}

/// Whether the system had no descriptor left for a socket: for this program (EMFILE,
/// WSAEMFILE) or for all (ENFILE).
pub(crate) fn is_too_many_files(error: &io::Error) -> bool {
    #[cfg(unix)]
    let codes = [
        rustix::io::Errno::MFILE.raw_os_error(),
        rustix::io::Errno::NFILE.raw_os_error(),
    ];
    #[cfg(not(unix))]
    let codes = [10024];
    error
        .raw_os_error()
        .is_some_and(|code| codes.contains(&code))
}

fn outcome(address: SocketAddr, error: &io::Error) -> Outcome {
    if let SocketAddr::V6(address) = address
        && address.ip().is_unicast_link_local()
        && address.scope_id() == 0
    {
        return Outcome::NoInterface;
    }
    match error.kind() {
        _ if is_too_many_files(error) => Outcome::TooManyFiles,
        io::ErrorKind::ConnectionRefused => Outcome::Refused,
        io::ErrorKind::HostUnreachable
        | io::ErrorKind::NetworkUnreachable
        | io::ErrorKind::NetworkDown
        | io::ErrorKind::AddrNotAvailable => Outcome::Unreachable,
        io::ErrorKind::TimedOut => Outcome::NoAnswer,
        kind => Outcome::Failed(kind),
    }
}

/// A refusal says most (the machine is there), so one is enough to call the
/// whole attempt refused; after it silence, which a firewall causes.
fn failed(attempts: Vec<Attempt>) -> SmbError {
    let any = |outcome| attempts.iter().any(|a| a.outcome == outcome);
    let kind = if any(Outcome::TooManyFiles) {
        SmbErrorKind::TooManyFiles
    } else if any(Outcome::Refused) {
        SmbErrorKind::Refused
    } else if any(Outcome::NoAnswer) {
        SmbErrorKind::TimedOut
    } else if any(Outcome::NoInterface) {
        SmbErrorKind::NoInterface { zone: None }
    } else if any(Outcome::Unreachable) {
        SmbErrorKind::Unreachable
    } else {
        SmbErrorKind::ConnectFailed
    };
    SmbError::new(Step::Connect, kind).with_attempts(attempts)
}

#[cfg(test)]
mod tests {
    use tokio::time::timeout_at;

    use super::*;

    fn parsed(list: &[&str]) -> Vec<SocketAddr> {
        list.iter().map(|a| a.parse().unwrap()).collect()
    }

    #[test]
    fn families_take_turns_and_doubles_go() {
        let found = parsed(&[
            "[::1]:1",
            "[::2]:1",
            "[::1]:1",
            "1.1.1.1:1",
            "[::3]:1",
            "1.1.1.2:1",
        ]);
        assert_eq!(
            alternate(found.into_iter()),
            parsed(&["[::1]:1", "1.1.1.1:1", "[::2]:1", "1.1.1.2:1", "[::3]:1"])
        );
    }

    /// A listener whose queue is full: the system drops whatever else knocks,
    /// as a firewall does.
    async fn silent() -> (tokio::net::TcpListener, Vec<TcpStream>) {
        let socket = tokio::net::TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let listener = socket.listen(1).unwrap();
        let address = listener.local_addr().unwrap();
        let mut queue = Vec::new();
        let patience = Duration::from_secs(1);
        while let Ok(knocked) =
            timeout_at(Instant::now() + patience, TcpStream::connect(address)).await
        {
            queue.push(knocked.unwrap());
            assert!(queue.len() < 16, "the queue does not fill");
        }
        (listener, queue)
    }

    /// The second address must be tried long before the first has run out of
    /// its time.
    #[tokio::test]
    async fn a_dead_address_does_not_hide_a_live_one() {
        let (dead, _queue) = silent().await;
        let live = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let live = live.local_addr().unwrap();
        let list = [dead.local_addr().unwrap(), live];
        let (stream, peer) = dial(&list, Instant::now() + Duration::from_secs(60))
            .await
            .unwrap();
        assert_eq!(peer, live);
        assert_eq!(stream.peer_addr().unwrap(), live);
    }

    /// Windows may know which interface is meant.
    #[cfg(not(windows))]
    #[tokio::test]
    async fn a_link_local_address_without_its_interface_is_told_for_what_it_is() {
        let soon = Duration::from_secs(5);
        for (text, zone) in [
            ("fe80::1", None),
            ("[fe80::1]:4450", None),
            ("fe80::1%nosuch7", Some("nosuch7".to_owned())),
        ] {
            let error = connect(&text.parse().unwrap(), soon).await.unwrap_err();
            assert_eq!(error.kind, SmbErrorKind::NoInterface { zone }, "{text}");
            assert!(error.to_string().contains("interface"), "{error}");
        }
    }

    #[test]
    fn no_socket_to_dial_with_says_nothing_of_the_server() {
        #[cfg(unix)]
        let codes = [24, 23];
        #[cfg(not(unix))]
        let codes = [10024];
        let address = "10.0.0.1:445".parse().unwrap();
        for code in codes {
            assert_eq!(
                outcome(address, &io::Error::from_raw_os_error(code)),
                Outcome::TooManyFiles
            );
        }
        let attempts = [Outcome::NoAnswer, Outcome::Refused, Outcome::TooManyFiles];
        let attempts = attempts.map(|outcome| Attempt { address, outcome });
        let error = failed(attempts.to_vec());
        assert_eq!(error.kind, SmbErrorKind::TooManyFiles);
        assert!(
            error.to_string().starts_with("too many open files"),
            "{error}"
        );
    }

    #[tokio::test]
    async fn a_refusal_names_the_address() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let peer = listener.local_addr().unwrap();
        drop(listener);
        let error = connect(&peer.to_string().parse().unwrap(), Duration::from_secs(5))
            .await
            .unwrap_err();
        assert_eq!(error.kind, SmbErrorKind::Refused);
        assert_eq!(error.step, Step::Connect);
        assert_eq!(
            error.attempts(),
            [Attempt {
                address: peer,
                outcome: Outcome::Refused
            }]
        );
    }
}
