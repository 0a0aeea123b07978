//! What goes over the wire: how often, how well protected, and nothing secret
//! into the logs.

mod common;

use std::io::Write;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use common::proxy::Proxy;
use common::{PASSWORD, SRVSVC, boss, connect, holds, lab, sessions, status};
use smbwho_smb::{SmbError, SmbErrorKind, Step};
use smbwho_testkit::python::oracle_python;

/// Commands ([MS-SMB2] 2.2.1.2).
const NEGOTIATE: u16 = 0;
const SESSION_SETUP: u16 = 1;
const TREE_CONNECT: u16 = 3;
const CREATE: u16 = 5;
const IOCTL: u16 = 11;

/// Name to reply is six round trips: TCP and these five.
#[tokio::test]
async fn five_round_trips_and_that_of_tcp() {
    let samba = lab().start().unwrap();
    let proxy = Proxy::start(samba.address(), |_, _| {}).await;
    let session = connect(&proxy.address, &boss()).await.unwrap();
    let mut pipe = session.open_pipe(&SRVSVC).await.unwrap();
    let stub = pipe.call(&common::Sessions).await.unwrap();
    assert_eq!(status(&stub), 0);
    assert_eq!(proxy.flights(), 5);
    assert_eq!(
        proxy.commands(),
        [NEGOTIATE, SESSION_SETUP, SESSION_SETUP, TREE_CONNECT, IOCTL]
    );
    // A second pipe uses the tree again.
    sessions(&session).await.unwrap();
    assert_eq!(proxy.flights(), 7);
    assert_eq!(proxy.commands()[5..7], [CREATE, IOCTL]);
}

/// Below 3.1.1 the server is asked what it meant, in the same chain.
#[tokio::test]
async fn no_more_round_trips_where_the_negotiation_is_to_be_confirmed() {
    for dialect in ["SMB2_02", "SMB2_10", "SMB3_00", "SMB3_02"] {
        let samba = lab().global("server max protocol", dialect);
        let samba = samba.start().unwrap();
        let proxy = Proxy::start(samba.address(), |_, _| {}).await;
        let session = connect(&proxy.address, &boss()).await.unwrap();
        let mut pipe = session.open_pipe(&SRVSVC).await.unwrap();
        pipe.call(&common::Sessions).await.unwrap();
        assert_eq!(proxy.flights(), 5, "{dialect}: {:?}", proxy.commands());
        // Once is enough.
        sessions(&session).await.unwrap();
        assert_eq!(proxy.flights(), 7, "{dialect}");
        assert_eq!(proxy.commands()[5..7], [CREATE, IOCTL]);
    }
}

/// What becomes of a session whose answers are changed on the way.
async fn tampered(change: impl Fn(usize, &mut Vec<u8>) + Send + Sync + 'static) -> SmbError {
    let samba = lab().start().unwrap();
    let proxy = Proxy::start(samba.address(), change).await;
    let login = boss();
    let asked = async {
        let session = connect(&proxy.address, &login).await?;
        sessions(&session).await
    };
    asked.await.expect_err("a changed message was believed")
}

/// Where things stand in a message, its four bytes of length included.
const FLAGS: usize = 4 + 16;
const SIGNATURE: std::ops::Range<usize> = 4 + 48..4 + 64;
const BODY: usize = 4 + 64;

fn unsign(message: &mut [u8]) {
    message[FLAGS] &= !0x08;
    message[SIGNATURE].fill(0);
}

#[tokio::test]
async fn a_changed_negotiation_is_noticed() {
    // Capabilities of the answer: as if the server could not encrypt.
    let error = tampered(|number, message| {
        if number == 0 {
            message[BODY + 24] ^= 0x40;
        }
    })
    .await;
    assert_eq!(error.step, Step::SignIn);
    assert_eq!(error.kind, SmbErrorKind::SignatureInvalid);
}

#[tokio::test]
async fn a_session_is_not_made_a_guest_s() {
    // SessionFlags of the last answer of the sign-in: IS_GUEST.
    let error = tampered(|number, message| {
        if number == 2 {
            message[BODY + 2] |= 1;
        }
    })
    .await;
    assert_eq!(
        (error.step, error.kind),
        (Step::SignIn, SmbErrorKind::GuestOffered)
    );
}

#[tokio::test]
async fn an_unsigned_sign_in_is_refused() {
    let error = tampered(|number, message| {
        if number == 2 {
            unsign(message);
        }
    })
    .await;
    assert_eq!(
        (error.step, error.kind),
        (Step::SignIn, SmbErrorKind::SignatureInvalid)
    );
}

#[tokio::test]
async fn unsigned_answers_are_refused() {
    let error = tampered(|number, message| {
        if number == 3 {
            unsign(message);
        }
    })
    .await;
    assert_eq!(
        (error.step, error.kind),
        (Step::Share, SmbErrorKind::SignatureInvalid)
    );
}

#[tokio::test]
async fn a_changed_reply_is_refused() {
    // Every message whose first answer is to an IOCTL and is not interim: the
    // reply, and the bind's where smbd sends it by itself.
    let error = tampered(|_, message| {
        let command = u16::from_le_bytes([message[4 + 12], message[4 + 13]]);
        let status = u32::from_le_bytes(message[4 + 8..4 + 12].try_into().unwrap());
        if command == IOCTL && status == 0 {
            let last = message.len() - 1;
            message[last] ^= 1;
        }
    })
    .await;
    assert!(matches!(error.step, Step::Bind | Step::Call), "{error:?}");
    assert_eq!(error.kind, SmbErrorKind::SignatureInvalid);
}

/// impacket's smbserver, killed when dropped.
struct NoChains {
    python: Child,
    address: String,
}

impl NoChains {
    fn start() -> Self {
        let port = smbwho_testkit::ports::Port::reserve();
        let script = format!(
            "from impacket.smbserver import SimpleSMBServer\n\
             from impacket.ntlm import compute_lmhash, compute_nthash\n\
             server = SimpleSMBServer('127.0.0.1', {})\n\
             server.setSMB2Support(True)\n\
             server.addCredential({:?}, 0, compute_lmhash({PASSWORD:?}), compute_nthash({PASSWORD:?}))\n\
             server.start()\n",
            port.number(),
            common::USER,
        );
        let mut python = Command::new(oracle_python().unwrap())
            .arg("-")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut stdin = python.stdin.take().unwrap();
        stdin.write_all(script.as_bytes()).unwrap();
        drop(stdin);
        let server = Self {
            python,
            address: format!("127.0.0.1:{}", port.number()),
        };
        for _ in 0..300 {
            if std::net::TcpStream::connect(&server.address).is_ok() {
                return server;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        panic!("impacket's smbserver did not start");
    }
}

impl Drop for NoChains {
    fn drop(&mut self) {
        let _ = self.python.kill();
        let _ = self.python.wait();
    }
}

/// NetrServerGetInfo at level 101 ([MS-SRVS] 3.1.4.17), which smbserver has. It
/// cannot do without a server name, here `a`.
struct ServerInfo;

impl smbwho_rpc::Call for ServerInfo {
    const INTERFACE: &'static smbwho_rpc::Interface = &SRVSVC;
    const OPNUM: u16 = 21;
    const NAME: &'static str = "NetrServerGetInfo";
    type Reply<'a> = &'a [u8];

    fn encode(&self) -> Result<Vec<u8>, smbwho_rpc::ndr::NdrError> {
        let words = [0x0002_0000_u32, 2, 0, 2, u32::from(b'a'), 101];
        Ok(words.iter().flat_map(|word| word.to_le_bytes()).collect())
    }

    fn decode<'a>(&self, stub: &'a [u8]) -> Result<&'a [u8], smbwho_rpc::ndr::NdrError> {
        Ok(stub)
    }
}

#[tokio::test]
async fn a_server_without_chains() {
    let server = NoChains::start();
    let proxy = Proxy::start(server.address.clone(), |_, _| {}).await;
    let session = connect(&proxy.address, &boss()).await.unwrap();
    for _ in 0..2 {
        let mut pipe = session.open_pipe(&SRVSVC).await.unwrap();
        let stub = pipe.call(&ServerInfo).await.unwrap();
        assert_eq!(status(&stub), 0);
    }
    // One chain that failed, and never another: requests of their own.
    let commands = proxy.commands();
    assert_eq!(
        commands[3..7],
        [TREE_CONNECT, CREATE, IOCTL, IOCTL],
        "{commands:?}"
    );
    let opened = commands
        .iter()
        .filter(|command| **command == CREATE)
        .count();
    assert_eq!(opened, 2, "{commands:?}");
    drop(server);
}

/// Every log line of this test process.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn lines(&self) -> MutexGuard<'_, Vec<u8>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.lines().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Every level of our log and of the transport crate's, searched for the
/// password as text, as UTF-16 and as the ways bytes are usually printed.
#[tokio::test]
async fn no_log_tells_the_password() {
    let log = Log::default();
    let writer = log.clone();
    tracing_subscriber::fmt()
        .with_max_level(tracing_subscriber::filter::LevelFilter::TRACE)
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .init();
    let samba = lab()
        .global("server smb encrypt", "required")
        .start()
        .unwrap();
    let session = connect(&samba.address(), &boss()).await.unwrap();
    assert!(holds(&sessions(&session).await.unwrap(), common::USER));
    let wrong = common::login(common::USER, "another secret");
    assert!(connect(&samba.address(), &wrong).await.is_err());

    let lines = String::from_utf8_lossy(&log.lines()).into_owned();
    for crate_name in ["smbwho_smb", "smb2"] {
        assert!(lines.contains(crate_name), "nothing logged by {crate_name}");
    }
    for secret in [PASSWORD, "another secret"] {
        let utf8 = secret.as_bytes().to_vec();
        let utf16: Vec<u8> = secret.encode_utf16().flat_map(u16::to_le_bytes).collect();
        for bytes in [utf8, utf16] {
            let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            let list = format!("{bytes:?}");
            let list = list.trim_matches(['[', ']']);
            for shape in [secret, &hex, &hex.to_uppercase(), list] {
                assert!(!lines.contains(shape), "the log tells {shape}");
            }
        }
    }
}
