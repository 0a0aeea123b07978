//! [RFC 4120 7.2.3.2] Which hosts are a realm's KDCs, by DNS SRV records.
//!
//! The system's resolver answers addresses only, so this asks the name
//! servers of `/etc/resolv.conf` itself. Crate `simple-dns` does the messages
//! (one small crate; a whole resolver, hickory, would add 57).

use std::net::{IpAddr, Ipv4Addr, SocketAddr, ToSocketAddrs as _};
use std::time::Duration;

use simple_dns::{
    CLASS, Name, Packet, PacketFlag, QCLASS, QTYPE, Question, RCODE, TYPE, rdata::RData,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket};
use tokio::time::timeout;

/// How long one name server may take for one answer, where resolv.conf does not
/// say. A lost packet costs one of these.
const PATIENCE: Duration = Duration::from_secs(2);
/// How often each name server is asked over UDP, where resolv.conf does not say.
const ATTEMPTS: usize = 2;
/// The most that resolv.conf may say of these, as in glibc: seconds, times, dots.
const MAX_TIMEOUT: u64 = 30;
const MAX_ATTEMPTS: usize = 5;
const MAX_DOTS: usize = 15;
/// Most name servers of one resolv.conf, as in glibc.
const MAX_NAMESERVERS: usize = 3;
/// Longest resolv.conf read.
const MAX_FILE: u64 = 1 << 20;
/// [RFC 1035 4.2] the port of name servers.
const PORT: u16 = 53;
/// Most KDCs taken from one answer.
const MAX_KDCS: usize = 32;
/// The file that names the name servers on Unix.
const RESOLV_CONF: &str = "/etc/resolv.conf";

/// What `/etc/resolv.conf` says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ResolvConf {
    pub(crate) nameservers: Vec<SocketAddr>,
    /// Domains that short names are completed with.
    pub(crate) search: Vec<String>,
    /// A name with fewer dots than this is short.
    pub(crate) ndots: usize,
    pub(super) patience: Duration,
    pub(super) attempts: usize,
}

impl Default for ResolvConf {
    fn default() -> Self {
        Self {
            nameservers: Vec::new(),
            search: Vec::new(),
            ndots: 1,
            patience: PATIENCE,
            attempts: ATTEMPTS,
        }
    }
}

impl ResolvConf {
    /// Reads the system's; nothing where there is none.
    pub(crate) fn load() -> Self {
        use std::io::Read as _;
        let mut bytes = Vec::new();
        let file = std::fs::File::open(RESOLV_CONF);
        match file.and_then(|file| file.take(MAX_FILE).read_to_end(&mut bytes)) {
            Ok(_) => Self::parse(&String::from_utf8_lossy(&bytes)),
            Err(_) => Self::default(),
        }
    }

    fn parse(text: &str) -> Self {
        let mut conf = Self::default();
        for line in text.lines() {
            let mut words = line.split_whitespace();
            match words.next() {
                Some("nameserver") => conf.nameservers.extend(words.next().and_then(nameserver)),
                Some("search" | "domain") => conf.search = words.map(str::to_owned).collect(),
                Some("options") => words.for_each(|option| conf.option(option)),
                _ => {}
            }
        }
        if conf.nameservers.is_empty() {
            // As everybody's resolver has it.
            conf.nameservers = vec![(Ipv4Addr::LOCALHOST, PORT).into()];
        }
        conf.nameservers.truncate(MAX_NAMESERVERS);
        conf
    }

    fn option(&mut self, option: &str) {
        let Some((name, value)) = option.split_once(':') else {
            return;
        };
        let Ok(value) = value.parse::<u64>() else {
            return;
        };
        let number = usize::try_from(value).unwrap_or(usize::MAX);
        match name {
            "ndots" => self.ndots = number.min(MAX_DOTS),
            "timeout" => self.patience = Duration::from_secs(value.clamp(1, MAX_TIMEOUT)),
            "attempts" => self.attempts = number.clamp(1, MAX_ATTEMPTS),
            _ => {}
        }
    }
}

/// A name server as it is written: `10.0.0.1`, `fe80::1%eth0`, and with a port
/// `10.0.0.1:5353`, `[fe80::1%eth0]:5353`. `None` for what is no address here.
fn nameserver(text: &str) -> Option<SocketAddr> {
    if let Ok(address) = text.parse() {
        return Some(address);
    }
    let (host, port) = match text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((host, "")) => (host, PORT),
        Some((host, port)) => (host, port.strip_prefix(':')?.parse().ok()?),
        None => (text, PORT),
    };
    let (bare, zone) = match host.split_once('%') {
        Some((bare, zone)) => (bare, Some(zone)),
        None => (host, None),
    };
    let address: IpAddr = bare.parse().ok()?;
    match zone {
        None => Some(SocketAddr::new(address, port)),
        // Only the system knows the number of an interface. This is an address,
        // so that nobody is asked for it.
        Some(_) => (host, port).to_socket_addrs().ok()?.next(),
    }
}

/// `host` and port of the realm's KDCs, best first; empty if DNS knows none.
pub(crate) async fn kdcs(realm: &str, conf: &ResolvConf) -> Vec<(String, u16)> {
    let name = format!("_kerberos._tcp.{}", realm.trim_end_matches('.'));
    for server in &conf.nameservers {
        match ask(*server, &name, conf).await {
            Some(found) => return found,
            None => tracing::debug!(%server, name, "no answer to the SRV question"),
        }
    }
    Vec::new()
}

/// One question to one name server. `None`: no usable answer, ask another.
async fn ask(server: SocketAddr, name: &str, conf: &ResolvConf) -> Option<Vec<(String, u16)>> {
    let mut id = [0; 2];
    getrandom::fill(&mut id).ok()?;
    let id = u16::from_be_bytes(id);
    let query = query(id, name)?;
    for _ in 0..conf.attempts {
        if let Ok(Ok(reply)) = timeout(conf.patience, over_udp(server, id, &query)).await {
            if !is_truncated(&reply) {
                return read_answer(&reply, id, name);
            }
            let reply = timeout(conf.patience, over_tcp(server, &query))
                .await
                .ok()?
                .ok()?;
            return read_answer(&reply, id, name);
        }
    }
    None
}

fn query(id: u16, name: &str) -> Option<Vec<u8>> {
    let mut packet = Packet::new_query(id);
    packet.set_flags(PacketFlag::RECURSION_DESIRED);
    let name = Name::new(name).ok()?;
    packet.questions.push(Question::new(
        name,
        QTYPE::TYPE(TYPE::SRV),
        QCLASS::CLASS(CLASS::IN),
        false,
    ));
    packet.build_bytes_vec().ok()
}

/// From a connected socket, so that only the server asked can answer.
async fn over_udp(server: SocketAddr, id: u16, query: &[u8]) -> std::io::Result<Vec<u8>> {
    let any: SocketAddr = if server.is_ipv4() {
        ([0; 4], 0).into()
    } else {
        ([0_u16; 8], 0).into()
    };
    let socket = UdpSocket::bind(any).await?;
    socket.connect(server).await?;
    socket.send(query).await?;
    let mut reply = vec![0; 4096];
    loop {
        let len = socket.recv(&mut reply).await?;
        if reply[..len].starts_with(&id.to_be_bytes()) {
            reply.truncate(len);
            return Ok(reply);
        }
    }
}

async fn over_tcp(server: SocketAddr, query: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect(server).await?;
    let len = u16::try_from(query.len()).map_err(std::io::Error::other)?;
    stream
        .write_all(&[&len.to_be_bytes(), query].concat())
        .await?;
    let len = stream.read_u16().await?;
    let mut reply = vec![0; len.into()];
    stream.read_exact(&mut reply).await?;
    Ok(reply)
}

/// Reads an answer, for fuzzing: whatever it says, it is to our own question.
pub(super) fn fuzz(reply: &[u8]) -> bool {
    let id = reply.first_chunk().map_or(0, |id| u16::from_be_bytes(*id));
    let found = read_answer(reply, id, "_kerberos._tcp.LAB.TEST");
    let count = found.map_or(0, |found| found.len());
    assert!(count <= reply.len(), "a record takes bytes");
    is_truncated(reply) || count > 0
}

/// Reads a resolv.conf, for fuzzing.
pub(super) fn fuzz_conf(text: &str) -> bool {
    // A zone is looked up at the system, which is no parser of ours.
    let conf = ResolvConf::parse(&text.replace('%', ""));
    assert!((1..=MAX_NAMESERVERS).contains(&conf.nameservers.len()));
    assert!(conf.attempts <= MAX_ATTEMPTS && conf.ndots <= MAX_DOTS);
    !conf.search.is_empty()
}

fn is_truncated(reply: &[u8]) -> bool {
    simple_dns::header_buffer::has_flags(reply, PacketFlag::TRUNCATION).unwrap_or(false)
}

/// Whether the counts of the header can be true of a message of this length. Crate `simple-dns`
/// allocates for as many records as they say, some 20 MB in all, before it reads the first.
fn counts_fit(reply: &[u8]) -> bool {
    use simple_dns::header_buffer::{additional_records, answers, name_servers, questions};
    /// [RFC 1035 4.1] A header; a question and a record whose name is the root, without data.
    const HEADER: usize = 12;
    const QUESTION: usize = 5;
    const RECORD: usize = 11;
    let records = [answers, name_servers, additional_records]
        .into_iter()
        .map(|count| count(reply).map_or(0, usize::from))
        .sum::<usize>();
    let questions = questions(reply).map_or(0, usize::from);
    HEADER + questions * QUESTION + records * RECORD <= reply.len()
}

/// The targets in order of priority, then weight (largest first: the draw by
/// weight of [RFC 2782] spreads the load of many clients, which one is not).
fn read_answer(reply: &[u8], id: u16, name: &str) -> Option<Vec<(String, u16)>> {
    if !counts_fit(reply) {
        return None;
    }
    let packet = Packet::parse(reply).ok()?;
    let asked = packet.questions.first()?.qname.to_string();
    let is_ours = packet.id() == id
        && packet.has_flags(PacketFlag::RESPONSE)
        && asked.eq_ignore_ascii_case(name);
    if !is_ours || !matches!(packet.rcode(), RCODE::NoError | RCODE::NameError) {
        return None;
    }
    let mut found: Vec<_> = packet
        .answers
        .iter()
        .filter_map(|record| match &record.rdata {
            RData::SRV(srv) => Some((
                srv.priority,
                u16::MAX - srv.weight,
                srv.target.to_string(),
                srv.port,
            )),
            _ => None,
        })
        // [RFC 2782] a target of "." says that there is no such service.
        .filter(|(_, _, target, _)| !target.is_empty() && target != ".")
        .collect();
    found.sort();
    found.truncate(MAX_KDCS);
    Some(
        found
            .into_iter()
            .map(|(_, _, target, port)| (target, port))
            .collect(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use simple_dns::{ResourceRecord, rdata::SRV};

    const NAME: &str = "_kerberos._tcp.LAB.TEST";

    fn reply(records: &[(u16, u16, &'static str, u16)]) -> Vec<u8> {
        let asked = query(7, NAME).unwrap();
        let mut packet = Packet::parse(&asked).unwrap().into_reply();
        for &(priority, weight, target, port) in records {
            let srv = SRV {
                priority,
                weight,
                port,
                target: Name::new(target).unwrap(),
            };
            packet.answers.push(ResourceRecord::new(
                Name::new("_kerberos._tcp.lab.test").unwrap(),
                CLASS::IN,
                60,
                RData::SRV(srv),
            ));
        }
        packet.build_bytes_vec().unwrap()
    }

    #[test]
    fn best_kdc_first() {
        let bytes = reply(&[
            (10, 1, "far.test", 88),
            (0, 1, "light.test", 88),
            (0, 100, "heavy.test", 8888),
        ]);
        let found = read_answer(&bytes, 7, NAME).unwrap();
        let expected = [("heavy.test", 8888), ("light.test", 88), ("far.test", 88)];
        assert_eq!(found, expected.map(|(host, port)| (host.to_owned(), port)));
    }

    #[test]
    fn no_service_and_no_answer_are_different() {
        assert_eq!(
            read_answer(&reply(&[(0, 0, ".", 0)]), 7, NAME),
            Some(vec![])
        );
        assert_eq!(read_answer(&reply(&[]), 7, NAME), Some(vec![]));
        assert_eq!(read_answer(&reply(&[]), 8, NAME), None);
        assert_eq!(
            read_answer(&reply(&[]), 7, "_kerberos._tcp.other.test"),
            None
        );
    }

    #[test]
    fn counts_are_believed_only_as_far_as_bytes_came() {
        let mut bytes = reply(&[(0, 100, "heavy.test", 88)]);
        assert!(counts_fit(&bytes));
        for count in [4, 6, 8, 10] {
            let was = bytes[count..count + 2].to_vec();
            bytes[count..count + 2].copy_from_slice(&[0xFF, 0xFF]);
            assert!(!counts_fit(&bytes), "the count at {count}");
            assert_eq!(read_answer(&bytes, 7, NAME), None);
            bytes[count..count + 2].copy_from_slice(&was);
        }
    }

    #[test]
    fn a_cut_answer_is_no_answer_and_no_panic() {
        let bytes = reply(&[(0, 100, "heavy.test", 88)]);
        for len in 0..bytes.len() {
            assert_eq!(read_answer(&bytes[..len], 7, NAME), None, "{len}");
        }
    }

    #[test]
    fn resolv_conf() {
        let conf = ResolvConf::parse(
            "# x\n; y\nnameserver 10.0.0.1 # mine\nnameserver ::1\nnameserver nonsense\n\
             search lab.test corp.test\noptions rotate ndots:2 timeout:1 attempts:99\n",
        );
        let address = |text: &str| text.parse::<SocketAddr>().expect(text);
        assert_eq!(
            conf.nameservers,
            [address("10.0.0.1:53"), address("[::1]:53")]
        );
        assert_eq!(conf.search, ["lab.test", "corp.test"]);
        let told = (conf.ndots, conf.patience, conf.attempts);
        assert_eq!(told, (2, Duration::from_secs(1), MAX_ATTEMPTS));
        let odd = "options ndots:-1 timeout:0 attempts:0 ndots timeout:x\n";
        let conf = ResolvConf::parse(odd);
        let told = (conf.ndots, conf.patience, conf.attempts);
        assert_eq!(told, (1, Duration::from_secs(1), 1));
        assert_eq!(conf.nameservers, [address("127.0.0.1:53")]);
        let many = ResolvConf::parse(&"nameserver 10.0.0.1\n".repeat(9));
        assert_eq!(many.nameservers.len(), MAX_NAMESERVERS);
    }

    #[test]
    fn name_servers_with_ports_and_zones() {
        let address = |text: &str| text.parse::<SocketAddr>().expect(text);
        for (text, expected) in [
            ("10.0.0.1", Some(address("10.0.0.1:53"))),
            ("10.0.0.1:5353", Some(address("10.0.0.1:5353"))),
            ("fe80::1", Some(address("[fe80::1]:53"))),
            ("[fe80::1]", Some(address("[fe80::1]:53"))),
            ("[fe80::1]:5353", Some(address("[fe80::1]:5353"))),
            ("fe80::1%no-such-interface", None),
            ("dns.lab.test", None),
            ("dns%lo", None),
            ("[fe80::1", None),
            ("", None),
        ] {
            assert_eq!(nameserver(text), expected, "{text}");
        }
    }

    /// Linux has an interface of this name, and its number is 1.
    #[cfg(target_os = "linux")]
    #[test]
    fn a_zone_is_an_interface() {
        for (text, port) in [("fe80::1%lo", 53), ("[fe80::1%lo]:5353", 5353)] {
            let Some(SocketAddr::V6(address)) = nameserver(text) else {
                panic!("{text}")
            };
            assert_eq!((address.scope_id(), address.port()), (1, port), "{text}");
        }
    }
}
