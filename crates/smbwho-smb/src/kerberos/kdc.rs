//! Finding a realm's KDCs and asking them, one after the other.
//!
//! TCP only. [RFC 4120 7.2] makes both TCP and UDP mandatory for a KDC; with
//! Active Directory most answers are too big for UDP anyway, and TCP tells at
//! once that nobody listens, where UDP leaves only waiting and asking again.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};

use super::dns::{self, ResolvConf};
use super::exchange::{Answer, parse_answer};
use super::krb5conf::Krb5Conf;
use super::{KerberosError, KrbCode};
use crate::guard::PasswordSent;
use crate::look_up::look_up;

/// [RFC 4120 7.2.1]
const PORT: u16 = 88;
/// Largest answer taken. Tickets stay below 64 KiB even with a large PAC.
const MAX_ANSWER: u32 = 1 << 20;
/// KDC_ERR_SVC_UNAVAILABLE: another KDC may do better.
const SVC_UNAVAILABLE: KrbCode = KrbCode(29);

/// The way to the KDCs of every realm that comes up in one sign-in.
pub(crate) struct Kdcs<'a> {
    conf: &'a Krb5Conf,
    resolv: ResolvConf,
    /// `--kdc`, with the realm it is for.
    named: Option<(String, String)>,
    deadline: Instant,
    answered: &'a Answered,
}

/// The KDCs that answered, by realm: asked first from then on, in every
/// sign-in of the same login.
pub(crate) type Answered = Mutex<HashMap<String, (String, u16)>>;

impl<'a> Kdcs<'a> {
    pub(crate) fn new(
        conf: &'a Krb5Conf,
        resolv: ResolvConf,
        named: Option<(String, String)>,
        deadline: Instant,
        answered: &'a Answered,
    ) -> Self {
        Self {
            conf,
            resolv,
            named,
            deadline,
            answered,
        }
    }

    /// What says how short names are completed.
    pub(crate) fn resolv(&self) -> &ResolvConf {
        &self.resolv
    }

    /// Sends a request to the realm's KDCs until one answers. A request that
    /// carries a password is marked as `sent` while it is out, and a KDC that
    /// had it and did not answer is the last one asked: the next might count
    /// the same wrong password once more.
    ///
    /// # Errors
    /// `NoKdc`, `KdcUnreachable` with each attempt, `TimedOut`.
    pub(crate) async fn ask(
        &self,
        realm: &str,
        request: &[u8],
        expected: u32,
        sent: Option<&PasswordSent>,
    ) -> Result<Answer, KerberosError> {
        let mut tried = Vec::new();
        let known = lock(self.answered).get(realm).cloned();
        if let Some(known) = known {
            match self
                .ask_one(realm, &known, 2, request, expected, sent)
                .await
            {
                Ok(answer) => return Ok(answer),
                Err(why) => tried.push((with_port(&known.0, known.1), why)),
            }
            lock(self.answered).remove(realm);
        }
        let unreachable = |tried| {
            Err(KerberosError::KdcUnreachable {
                realm: realm.to_owned(),
                tried,
            })
        };
        if sent.is_some_and(PasswordSent::is_open) {
            return unreachable(tried);
        }
        let list = self.list(realm).await?;
        for (i, kdc) in list.iter().enumerate() {
            match self
                .ask_one(realm, kdc, list.len() - i, request, expected, sent)
                .await
            {
                Ok(answer) => {
                    lock(self.answered).insert(realm.to_owned(), kdc.clone());
                    return Ok(answer);
                }
                Err(why) => tried.push((with_port(&kdc.0, kdc.1), why)),
            }
            if sent.is_some_and(PasswordSent::is_open) {
                break;
            }
        }
        unreachable(tried)
    }

    /// The error is why to go on to the next. `left` is how many there are to
    /// try, this one included: each has an even share of the time, so that one
    /// silent KDC cannot use it all.
    async fn ask_one(
        &self,
        realm: &str,
        (host, port): &(String, u16),
        left: usize,
        request: &[u8],
        expected: u32,
        sent: Option<&PasswordSent>,
    ) -> Result<Answer, String> {
        let now = Instant::now();
        let share = u32::try_from(left).unwrap_or(u32::MAX).max(1);
        let share = self.deadline.saturating_duration_since(now) / share;
        tracing::debug!(realm, host, port, bytes = request.len(), "asking the KDC");
        let why = match timeout_at(now + share, talk(host, *port, request, sent)).await {
            Ok(Ok(bytes)) => match parse_answer(&bytes, expected, realm) {
                Ok(answer) => {
                    sent.inspect(|sent| sent.settle());
                    match answer {
                        Answer::Error(error) if error.error_code == SVC_UNAVAILABLE.0 => {
                            "cannot serve now".to_owned()
                        }
                        answer => return Ok(answer),
                    }
                }
                Err(_) => "its answer makes no sense".to_owned(),
            },
            Ok(Err(error)) => error.to_string(),
            Err(_) => "no answer in time".to_owned(),
        };
        tracing::debug!(realm, host, port, why, "the KDC did not answer");
        Err(why)
    }

    /// Whom to ask, best first: `--kdc`, krb5.conf, DNS SRV, and at last the realm's name as a host, which in an
    /// Active Directory domain is an alias for its controllers.
    async fn list(&self, realm: &str) -> Result<Vec<(String, u16)>, KerberosError> {
        if let Some((_, kdc)) = self
            .named
            .as_ref()
            .filter(|(of, _)| of.eq_ignore_ascii_case(realm))
        {
            return Ok(vec![host_and_port(kdc)]);
        }
        let listed: Vec<_> = self
            .conf
            .kdcs(realm)
            .iter()
            // [MS-KKDCP] proxies are reached over HTTPS, which this client does not speak.
            .filter(|kdc| !kdc.contains("://"))
            .map(|kdc| host_and_port(kdc))
            .collect();
        if !listed.is_empty() {
            return Ok(listed);
        }
        if !self.conf.dns_lookup_kdc() || !realm.contains('.') {
            return Err(KerberosError::NoKdc {
                realm: realm.to_owned(),
            });
        }
        let look_up = async {
            let found = dns::kdcs(realm, &self.resolv).await;
            if !found.is_empty() {
                return Some(found);
            }
            let host = realm.to_ascii_lowercase();
            let is_known = look_up(&host, PORT, self.deadline).await.is_ok();
            is_known.then(|| vec![(host, PORT)])
        };
        timeout_at(self.deadline, look_up)
            .await
            .map_err(|_| KerberosError::TimedOut {
                realm: realm.to_owned(),
            })?
            .ok_or_else(|| KerberosError::NoKdc {
                realm: realm.to_owned(),
            })
    }
}

/// [RFC 4120 7.2.2] length in four bytes, big-endian, then the message; both ways.
async fn talk(
    host: &str,
    port: u16,
    request: &[u8],
    sent: Option<&PasswordSent>,
) -> std::io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect((host, port)).await?;
    stream.set_nodelay(true)?;
    let len = u32::try_from(request.len()).map_err(std::io::Error::other)?;
    sent.inspect(|sent| sent.mark());
    stream
        .write_all(&[&len.to_be_bytes(), request].concat())
        .await?;
    let len = stream.read_u32().await?;
    if len > MAX_ANSWER {
        return Err(std::io::Error::other(
            "not a Kerberos answer: its length is absurd",
        ));
    }
    let mut answer = Vec::new();
    stream.take(len.into()).read_to_end(&mut answer).await?;
    if answer.len() as u64 != u64::from(len) {
        return Err(std::io::ErrorKind::UnexpectedEof.into());
    }
    Ok(answer)
}

/// `host`, `host:port`, `[v6]`, `[v6]:port`, bare IPv6; krb5.conf may prefix `tcp/`.
fn host_and_port(text: &str) -> (String, u16) {
    let text = text.trim();
    let text = text.strip_prefix("tcp/").unwrap_or(text);
    if let Some((host, rest)) = text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        let port = rest.strip_prefix(':').and_then(|port| port.parse().ok());
        return (host.to_owned(), port.unwrap_or(PORT));
    }
    match text.split_once(':') {
        Some((host, port)) if !port.contains(':') => {
            (host.to_owned(), port.parse().unwrap_or(PORT))
        }
        _ => (text.to_owned(), PORT),
    }
}

fn with_port(host: &str, port: u16) -> String {
    if host.contains(':') {
        format!("[{host}]:{port}")
    } else {
        format!("{host}:{port}")
    }
}

fn lock(answered: &Answered) -> MutexGuard<'_, HashMap<String, (String, u16)>> {
    answered.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use tokio::net::TcpListener;

    use super::*;

    /// Listens, reads, and ends every connection without an answer, or with
    /// the bytes of one that makes no sense; how often it was asked.
    async fn mute(says: &'static [u8]) -> (String, Arc<AtomicUsize>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address").to_string();
        let asked = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&asked);
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                count.fetch_add(1, Ordering::Relaxed);
                let mut request = [0; 8];
                let _ = stream.read_exact(&mut request).await;
                let _ = stream.write_all(says).await;
            }
        });
        (address, asked)
    }

    /// The second KDC might count the same wrong password once more.
    #[tokio::test]
    async fn a_password_that_a_kdc_did_not_answer_goes_to_no_other() {
        for says in [&b""[..], b"\0\0\0\x04nope", b"\xff\xff\xff\xff"] {
            let (closed, _) = mute(says).await;
            let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
            let dead = listener.local_addr().expect("an address");
            drop(listener);
            let (next, next_asked) = mute(says).await;
            let text = format!(
                "[realms]\nLAB.TEST = {{\nkdc = {dead}\nkdc = {closed}\nkdc = {next}\n}}\n"
            );
            let conf = Krb5Conf::parse(std::path::Path::new("test"), &text).expect("a krb5.conf");
            let answered = Answered::default();
            let deadline = Instant::now() + Duration::from_secs(60);
            let kdcs = Kdcs::new(&conf, ResolvConf::default(), None, deadline, &answered);
            let sent = PasswordSent::default();
            let request = [7; 8];
            let error = kdcs.ask("LAB.TEST", &request, 11, Some(&sent)).await;
            let Err(KerberosError::KdcUnreachable { tried, .. }) = error else {
                panic!("an answer");
            };
            assert_eq!(tried.len(), 2, "the dead one never had it: {tried:?}");
            assert_eq!(next_asked.load(Ordering::Relaxed), 0, "{says:?}");
            assert!(sent.is_open());
            // What carries no password may go to all.
            assert!(kdcs.ask("LAB.TEST", &request, 11, None).await.is_err());
            assert_eq!(next_asked.load(Ordering::Relaxed), 1, "{says:?}");
        }
    }

    #[test]
    fn kdcs_as_krb5_conf_writes_them() {
        for (text, host, port) in [
            ("dc1.lab.test", "dc1.lab.test", 88),
            ("dc1.lab.test:8888", "dc1.lab.test", 8888),
            ("tcp/dc1.lab.test", "dc1.lab.test", 88),
            ("[fd00::1]:99", "fd00::1", 99),
            ("[fd00::1]", "fd00::1", 88),
            ("fd00::1", "fd00::1", 88),
            ("10.0.0.1:89", "10.0.0.1", 89),
        ] {
            assert_eq!(host_and_port(text), (host.to_owned(), port), "{text}");
        }
    }
}
