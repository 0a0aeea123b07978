//! Asking a server by Windows' own calls, with the rights of whoever runs the
//! program.
//!
//! The Net functions of Windows are the same remote calls that this library
//! makes itself, with the wire taken away. Here it is put back: a request goes
//! in as the bytes it would be sent as, the function it stands for is called,
//! and what it returned comes out as the bytes of a reply. So everything above
//! (levels, pages, filters, refusals, hints) is one and the same for both ways.
//! It costs about as much as reading one more reply, and no round trip.
//!
//! Groups and logon sessions are asked otherwise, since their functions stand
//! for conversations: see `groups/native.rs` and `logons/`.

mod lists;
mod paging;
mod server;
mod shares;
#[cfg(test)]
mod tests;
mod unreached;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use smbwho_msrpc::srvsvc::SRVSVC;
use smbwho_msrpc::status::Win32Status;
use smbwho_msrpc::wkssvc::WKSSVC;
use smbwho_rpc::Interface;
use smbwho_rpc::ndr::{NdrError, WStr};
use smbwho_smb::{Address, DEFAULT_PORT, Dialect, Host, Options, Prepared, Step};
use smbwho_windows::{Network, Text, WideArg};
use tokio::time::timeout;

use crate::Name;
use crate::error::{ErrorKind, Refusal};
use crate::line::Came;
pub(crate) use paging::Paging;

/// This computer, in rows and errors.
pub(crate) const HERE: &str = "localhost";

/// This computer, where it has these functions.
pub(crate) fn here(options: &Options) -> Option<Native> {
    let network = smbwho_windows::system()?;
    Some(Native::new(network, None, options))
}

/// The server of this address; the error says what stands against it.
pub(crate) fn as_current_user(
    address: &Address,
    options: &Options,
) -> Result<Native, &'static str> {
    let network = smbwho_windows::system().ok_or("only Windows does that")?;
    if address.port != DEFAULT_PORT {
        return Err("Windows asks on port 445 only");
    }
    if options.min_dialect != Dialect::Smb202 || options.protection.is_some() {
        return Err("Windows chooses dialect and protection itself");
    }
    let name = unc_host(&address.host);
    let server = WideArg::new(format!(r"\\{name}").encode_utf16());
    let server = server.ok_or("the server's name has a NUL in it")?;
    Ok(Native::new(network, Some(server), options))
}

/// The host as Windows takes it in a UNC name. An IPv6 address has colons,
/// which no such name may have: Windows reads it as a name that ends in
/// `.ipv6-literal.net`.
fn unc_host(host: &Host) -> String {
    match host {
        Host::Name(name) => name.trim_end_matches('.').to_owned(),
        Host::V4(address) => address.to_string(),
        Host::V6 { address, zone } => {
            let zone = zone
                .as_ref()
                .map_or(String::new(), |zone| format!("s{zone}"));
            let address = address.to_string().replace(':', "-");
            format!("{address}{zone}.ipv6-literal.net")
        }
    }
}

/// A server that Windows asks for us.
#[derive(Clone)]
pub(crate) struct Native {
    inner: Arc<Inner>,
    /// How long one function may take, connecting and signing in included.
    limit: Duration,
}

struct Inner {
    network: &'static dyn Network,
    /// `\\server`; `None` for this computer.
    server: Option<WideArg>,
    handles: Mutex<Handles>,
}

/// Resume handles that are as wide as a pointer, by the numbers that stand for
/// them in a request, which has 32 bits for one.
#[derive(Default)]
struct Handles {
    known: Vec<usize>,
    numbers: HashMap<usize, u32>,
}

impl Handles {
    /// The number of a handle; 0 stays 0, where no list goes on.
    fn number(&mut self, handle: usize) -> u32 {
        if handle == 0 {
            return 0;
        }
        if let Some(number) = self.numbers.get(&handle) {
            return *number;
        }
        self.known.push(handle);
        let number = u32::try_from(self.known.len()).unwrap_or(0);
        self.numbers.insert(handle, number);
        number
    }

    /// The handle of a number; 0 for one that was never given.
    fn handle(&self, number: u32) -> usize {
        let index = (number as usize).checked_sub(1);
        let known = index.and_then(|index| self.known.get(index));
        known.copied().unwrap_or(0)
    }
}

/// Why there is no reply.
enum NoReply {
    /// No function of Windows stands for this call alone.
    NoFunction,
    /// The request or the reply cannot be put into bytes.
    Ndr(NdrError),
}

impl From<NdrError> for NoReply {
    fn from(error: NdrError) -> Self {
        Self::Ndr(error)
    }
}

impl Native {
    /// Asks the server of this UNC name, or this computer.
    pub(crate) fn new(
        network: &'static dyn Network,
        server: Option<WideArg>,
        options: &Options,
    ) -> Self {
        let Options {
            connect_timeout,
            sign_in_timeout,
            reply_timeout,
            ..
        } = *options;
        Self {
            inner: Arc::new(Inner {
                network,
                server,
                handles: Mutex::default(),
            }),
            limit: connect_timeout + sign_in_timeout + reply_timeout,
        }
    }

    /// Whether it is this computer.
    pub(crate) fn is_here(&self) -> bool {
        self.inner.server.is_none()
    }

    /// Makes one call and gives back the reply's stub.
    pub(crate) async fn call(&self, call: &Prepared) -> Result<Vec<u8>, ErrorKind> {
        let name = call.name();
        let request = call.clone();
        let inner = Arc::clone(&self.inner);
        let stub = self
            .run(name, move || {
                inner.answer(request.interface(), request.opnum(), request.stub())
            })
            .await?;
        let stub = stub.map_err(|error| match error {
            NoReply::NoFunction => ErrorKind::NeedsConnection { what: name },
            NoReply::Ndr(error) => ErrorKind::Unsayable { call: name, error },
        })?;
        unreached::check(name, &stub)?;
        Ok(stub)
    }

    /// Makes one call of several.
    pub(crate) async fn ask(&self, index: usize, call: &Prepared) -> Came {
        let (sent, begun) = (SystemTime::now(), Instant::now());
        let outcome = self.call(call).await;
        Came {
            index,
            outcome,
            begun: false,
            sent,
            took: begun.elapsed(),
        }
    }

    /// Does something that blocks, with the functions and the server's name.
    /// An error only when its time was over.
    pub(crate) async fn with<T: Send + 'static>(
        &self,
        call: &'static str,
        work: impl FnOnce(&dyn Network, Option<&WideArg>) -> T + Send + 'static,
    ) -> Result<T, ErrorKind> {
        let inner = Arc::clone(&self.inner);
        self.run(call, move || work(inner.network, inner.server.as_ref()))
            .await
    }

    async fn run<T: Send + 'static>(
        &self,
        call: &'static str,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, ErrorKind> {
        let working = tokio::task::spawn_blocking(work);
        // A function under way cannot be stopped. Left alone, it keeps its
        // thread until Windows gives up.
        let Ok(done) = timeout(self.limit, working).await else {
            return Err(ErrorKind::Unreached {
                call,
                step: Step::Call,
                status: Win32Status::ERROR_SEM_TIMEOUT,
            });
        };
        match done {
            Ok(done) => Ok(done),
            Err(stopped) => match stopped.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                // The runtime is coming to its end, and nobody waits.
                Err(_) => std::future::pending().await,
            },
        }
    }
}

impl Inner {
    /// The reply to a request.
    fn answer(
        &self,
        interface: &Interface,
        opnum: u16,
        request: &[u8],
    ) -> Result<Vec<u8>, NoReply> {
        if interface.syntax == SRVSVC.syntax {
            match opnum {
                8 => self.connection_enum(request),
                9 => self.file_enum(request),
                10 => self.file_get_info(request),
                11 => self.file_close(request),
                12 => self.session_enum(request),
                13 => self.session_del(request),
                14 => self.share_add(request),
                15 => self.share_enum(request),
                16 => self.share_get_info(request),
                17 => self.share_set_info(request),
                18 => self.share_del(request),
                21 => self.server_get_info(request),
                23 => self.server_disk_enum(),
                24 => self.server_statistics(),
                28 => self.remote_tod(),
                _ => Err(NoReply::NoFunction),
            }
        } else if interface.syntax == WKSSVC.syntax {
            match opnum {
                0 => self.wksta_get_info(request),
                2 => self.wksta_user_enum(request),
                _ => Err(NoReply::NoFunction),
            }
        } else {
            Err(NoReply::NoFunction)
        }
    }

    fn handles(&self) -> std::sync::MutexGuard<'_, Handles> {
        self.handles.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Text of the wire, for a call. There is no NUL in it: decoding sees to it
/// that the only one ends it.
fn argument(text: Option<WStr<'_>>) -> Option<WideArg> {
    WideArg::new(text?.units().take_while(|unit| *unit != 0))
}

/// Text of the wire that a call cannot be without.
fn needed(text: Option<WStr<'_>>) -> WideArg {
    let units = text.unwrap_or_default().units();
    WideArg::new(units.take_while(|unit| *unit != 0)).unwrap_or_else(WideArg::empty)
}

/// Text of one function, for another.
pub(crate) fn arg(text: &Option<Text>) -> WideArg {
    let units = text.iter().flat_map(Text::units);
    WideArg::new(units).unwrap_or_else(WideArg::empty)
}

/// Text of a function, as the library gives it out.
pub(crate) fn name(text: &Option<Text>) -> Option<Name> {
    text.as_ref().map(|text| Name::from_utf16(text.units()))
}

/// What a function failed with that no remote call stands for.
pub(crate) fn failed(call: &'static str, status: u32) -> ErrorKind {
    let status = Win32Status(status);
    match unreached::step(status) {
        Some(step) => ErrorKind::Unreached { call, step, status },
        None => ErrorKind::Declined {
            call,
            refusal: Refusal::Status(status),
        },
    }
}

/// Text of a call, for the wire.
fn wire(text: &Option<Text>) -> Option<WStr<'_>> {
    text.as_ref()
        .and_then(|text| WStr::from_utf16le(text.as_utf16le()))
}
