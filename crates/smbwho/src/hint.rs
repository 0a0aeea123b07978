//! What to try: the one place where errors meet advice.

use smbwho_msrpc::status::Win32Status;
use smbwho_smb::{DEFAULT_PORT, NtStatus, SmbError, SmbErrorKind, Step};

use crate::error::{ErrorKind, Refusal, decisive};

/// The port of NetBIOS session services ([RFC 1002] 4.3).
const NETBIOS: u16 = 139;

/// What the person who sees this error may try.
pub(crate) fn hint(kind: &ErrorKind) -> Option<String> {
    match kind {
        ErrorKind::Smb(error) => smb(error),
        ErrorKind::Refused { call, refused } => {
            let denied = decisive(refused).is_some_and(|(_, why)| why.is_access_denied());
            refusal(call, refused).map(|text| for_administrators(text, denied))
        }
        ErrorKind::Declined { call, refusal } => {
            declined(call, *refusal).map(|text| for_administrators(text, refusal.is_access_denied()))
        }
        ErrorKind::ChangeRefused { call, why, .. } => {
            change(call, *why).map(|text| for_administrators(text, why.is_access_denied()))
        }
        ErrorKind::Unsayable { .. } => Some("Check the name.".into()),
        ErrorKind::BadSecurity { .. } => Some("Use fewer entries.".into()),
        ErrorKind::Malformed { .. } => Some(
            "The server, or something on the line, does not keep to the protocol; asking at \
             another level may work. If it is a product in use, please report it."
                .into(),
        ),
        ErrorKind::Stalled { .. } => {
            Some("The rows that came are shown; ask again, or at another level.".into())
        }
        ErrorKind::TooLong { .. } => Some(
            "Ask fewer servers at a time, or have rows printed as they come (-o jsonl without \
             --sort)."
                .into(),
        ),
        ErrorKind::LevelTellsNoUser => {
            Some("Ask at level 10, 1, 2 or 502, or let it choose.".into())
        }
        ErrorKind::LevelTellsNot { .. } => {
            Some("Leave the level out, to take the richest that the server grants.".into())
        }
        ErrorKind::OutOfTime { .. } => Some(
            "What came is shown. A longer --total-timeout gives the server more time, fewer --jobs \
             more of the line."
                .into(),
        ),
        ErrorKind::NoPlace(_) => None,
        ErrorKind::DfsPath { targets, .. } => Some(match targets.first() {
            Some(target) => format!("Name the place itself: `smbwho who-has '{target}'`."),
            None => "Find out which server and share it leads to (on Windows in the folder's \
                     properties, tab DFS), and name that path."
                .into(),
        }),
        ErrorKind::DfsLinksBelow { .. } => {
            Some("Name the paths that the links lead to as well.".into())
        }
        ErrorKind::NoSuchPath { .. } => Some("Check the spelling.".into()),
        ErrorKind::NotShared { .. } => Some(
            "Name it as \\\\server\\share\\path if it lies on another server; `smbwho shares` \
             shows what this one shares."
                .into(),
        ),
        ErrorKind::OpensNotListed { .. } => Some(
            "Ask for all open files, without --user: Samba names a user by number where it has \
             no name for one, and what is open may be a pipe."
                .into(),
        ),
        ErrorKind::Local(error) => Some(error.hint().into()),
        ErrorKind::NeedsConnection { .. } => Some(
            "Name this computer like any other server, as in `smbwho … localhost -U USER`.".into(),
        ),
        ErrorKind::NotAsCurrentUser { .. } => {
            Some("Name an account with -U, or use the tickets of Kerberos: -k.".into())
        }
        ErrorKind::Unreached { step, status, .. } => unreached(*step, *status).map(str::to_owned),
        ErrorKind::ElsewhereInGroups { .. } => Some(
            "Ask a controller of that domain for the groups of the account, then for the members \
             of these local groups (`--members --name NAME`)."
                .into(),
        ),
        ErrorKind::MadeUp { .. } => Some(
            "Samba keeps no list of a client's connections. Ask for its sessions, or who uses a \
             share."
                .into(),
        ),
    }
}

/// Where access was denied, says how it may be denied to an administrator.
fn for_administrators(text: &str, denied: bool) -> String {
    let filtered = if denied { FILTERED } else { "" };
    format!("{text}{filtered}")
}

/// User Account Control filters the token of a local account that comes over
/// the network.
const FILTERED: &str = " A local account of a Windows computer is no administrator over the \
    network, whatever its groups, unless it is the built-in Administrator or \
    LocalAccountTokenFilterPolicy is 1 there; a domain account is.";

/// The same hint, after the port where that is the likeliest cause.
pub(crate) fn with_port(hint: String, kind: &ErrorKind, port: u16) -> String {
    use SmbErrorKind as K;
    let is_of_the_port = match kind {
        ErrorKind::Smb(error) => matches!(error.kind, K::ClosedAtNegotiate | K::TurnedAway),
        _ => false,
    };
    match port {
        DEFAULT_PORT => hint,
        NETBIOS if is_of_the_port => {
            "Use port 445: on port 139 servers want a NetBIOS session first, which smbwho does \
             not speak."
                .to_owned()
        }
        _ if is_of_the_port => {
            format!("Check the port first: SMB listens on 445, and this is {port}. {hint}")
        }
        _ => hint,
    }
}

fn refusal(call: &str, refused: &[(u32, Refusal)]) -> Option<&'static str> {
    let (_, why) = decisive(refused)?;
    if why.is_access_denied() {
        return Some(match call {
            "NetrSessionEnum" => {
                "Samba tells its sessions only to members of its Builtin\\Administrators group. \
                 Windows tells levels 1, 2 and 502 to Administrators and Server Operators, and \
                 since Windows 10 1607 and Server 2019 levels 0 and 10 too (unless the key \
                 SrvsvcSessionInfo allows more). Sign in as such an account."
            }
            "NetrShareEnum" | "NetrShareGetInfo" => {
                "Levels 2, 502 and 503 are for administrators; leave the level out to take what \
                 this account may see."
            }
            "NetrFileEnum" | "NetrFileGetInfo" => {
                "Samba tells open files only to members of its Builtin\\Administrators group, \
                 Windows to Administrators and some operators. Sign in as such an account."
            }
            "NetrConnectionEnum" => {
                "Samba tells connections only to members of its Builtin\\Administrators group, \
                 Windows to Administrators and some operators. Sign in as such an account."
            }
            "NetrWkstaUserEnum" => {
                "Who is logged on is told to members of that computer's Administrators group \
                 only. Sign in as one; `smbwho sessions` is about who is connected, which is \
                 another question."
            }
            _ => "Sign in as an administrator of that server.",
        });
    }
    if why.is_unknown_level() {
        return Some(match refused {
            [_] => "The server does not have this level; leave the level out to take what it has.",
            _ => "The server has none of the levels of this call.",
        });
    }
    match why {
        Refusal::Status(
            Win32Status::NERR_ServiceNotInstalled | Win32Status::NERR_ServerNotStarted,
        ) => Some("Start the Server service on that computer."),
        Refusal::Status(Win32Status::ERROR_INVALID_NAME)
            if matches!(call, "NetrShareGetInfo" | "NetrConnectionEnum") =>
        {
            Some(
                "Samba says this also where there is no share of the name; see `smbwho shares \
                 --all` for the names there are.",
            )
        }
        Refusal::Status(Win32Status::NERR_NetNameNotFound) => {
            Some("See `smbwho shares --all` for the names there are.")
        }
        _ => None,
    }
}

/// Of calls that change shares.
fn change(call: &str, why: Refusal) -> Option<&'static str> {
    if why.is_access_denied() {
        return Some(match call {
            "NetrShareAdd" => {
                "Samba lets root and holders of SeDiskOperatorPrivilege do it, where smb.conf has \
                 an `add share command` and that succeeds. Windows wants a member of \
                 Administrators or Server Operators."
            }
            "NetrShareSetInfo" => {
                "Samba lets root and holders of SeDiskOperatorPrivilege do it, to folders only, \
                 where smb.conf has a `change share command` and that succeeds. Windows wants a \
                 member of Administrators or Server Operators."
            }
            "NetrShareDel" => {
                "Samba lets root and holders of SeDiskOperatorPrivilege do it, where smb.conf has \
                 a `delete share command` and that succeeds; printers and IPC$ stay. Windows \
                 wants a member of Administrators or Server Operators."
            }
            _ => "Sign in as an administrator of that server.",
        });
    }
    let Refusal::Status(status) = why else {
        return None;
    };
    match status {
        Win32Status::ERROR_FILE_NOT_FOUND
        | Win32Status::ERROR_PATH_NOT_FOUND
        | Win32Status::NERR_UnknownDevDir => {
            Some("The folder must be there before it is shared: make it on the server first.")
        }
        Win32Status::ERROR_BAD_PATHNAME => Some(
            "Name the folder as the server knows it, from the root: C:\\data on Windows, \
             /srv/data on Samba.",
        ),
        Win32Status::NERR_DuplicateShare | Win32Status::ERROR_FILE_EXISTS => {
            Some("Change the share that is there with `share set`, or take another name.")
        }
        Win32Status::NERR_NetNameNotFound | Win32Status::ERROR_BAD_NET_NAME => {
            Some("See `smbwho shares --all` for the names there are.")
        }
        _ => None,
    }
}

fn declined(call: &str, why: Refusal) -> Option<&'static str> {
    if why.is_access_denied() {
        return Some(match call {
            "NetrSessionDel" => {
                "Windows takes this from Administrators and Server Operators. Samba takes it \
                 from root and from Domain Admins only (its Builtin\\Administrators may list \
                 sessions, not end them), and gives the same answer when the session is gone."
            }
            "NetrFileClose" => {
                "Windows takes this from Administrators and Server Operators; Samba from root \
                 and from holders of SeDiskOperatorPrivilege, as its Builtin\\Administrators \
                 are (`net rpc rights grant` for others)."
            }
            "SamrConnect5" | "SamrConnect2" => {
                "Since Windows 10 1607 and Server 2016 only administrators may ask a computer for \
                 its accounts from afar, unless its policy 'Restrict clients allowed to make \
                 remote calls to SAM' (RestrictRemoteSam) names others; domain controllers tell \
                 any account of the domain. Samba tells no anonymous callers where `restrict \
                 anonymous` is set. Sign in as an administrator."
            }
            _ if call.starts_with("Samr") || call.starts_with("Lsar") => {
                "The account may not read this. Sign in as an administrator of that server, or ask \
                 a domain controller for the groups of its domain."
            }
            _ => "Sign in as an administrator of that server.",
        });
    }
    match why {
        Refusal::Status(
            Win32Status::NERR_ServiceNotInstalled | Win32Status::NERR_ServerNotStarted,
        ) => Some("Start the Server service on that computer."),
        Refusal::Nt(NtStatus(0xC000_0073)) if call == "LsarLookupNames" => Some(
            "The server knows no account of this name; for an account of another domain write \
             'DOMAIN\\user', or give its SID.",
        ),
        Refusal::Nt(NtStatus::NO_SUCH_USER) => {
            Some("The account is gone, or the SID is of something else than a user.")
        }
        _ => None,
    }
}

/// Advice on a call that the system made and that reached nobody.
fn unreached(step: Step, status: Win32Status) -> Option<&'static str> {
    Some(match (step, status) {
        (_, Win32Status::ERROR_SESSION_CREDENTIAL_CONFLICT) => {
            "Windows holds a connection to this server under another name: end it with \
             `net use \\\\SERVER /delete`, or name an account with -U."
        }
        (Step::Connect, _) => {
            "Check the spelling and the network; the server may be switched off, or a firewall \
             keeps port 445 shut."
        }
        (Step::SignIn, _) => {
            "Windows signed in as the account that runs this program. Run it as another (runas \
             /netonly), or name an account with -U."
        }
        (Step::Call, _) => {
            "The server is slow, or Windows is still trying to reach it; try a longer --timeout."
        }
        (Step::Pipe, _) => {
            "The server is there, but not the service behind this question: see whether its Server \
             service runs, and whether a firewall lets its remote administration through."
        }
        _ => return None,
    })
}

fn smb(error: &SmbError) -> Option<String> {
    use SmbErrorKind as K;
    let text = match &error.kind {
        K::TimedOut | K::Disconnected if error.leaves_password_in_doubt() => {
            "The password had gone out, so this counts as a wrong one and is not tried again by \
             itself: some servers take seconds to refuse, or hang up. Check the name and the \
             password on one server; a longer --timeout waits for the answer."
        }
        K::NameNotFound => {
            "Check the spelling; try the full name (server.example.com) or the address."
        }
        K::Refused => "Is it a file server, and is the port right? SMB listens on 445.",
        K::Unreachable => "Check the network, VPN and routes between here and the server.",
        K::TimedOut if error.step == Step::Name => {
            "Do the DNS servers of this computer answer? The server's address in place of its name \
             needs none."
        }
        K::TimedOut if error.step == Step::Connect => {
            "Is the server switched on, and does a firewall let port 445 through? A longer \
             --timeout helps on slow lines."
        }
        K::TimedOut => "The server is there but slow or stuck; try a longer --timeout.",
        K::NoInterface { .. } => {
            "Write the interface behind the address, as in '[fe80::1%eth0]'; `ip link` lists the \
             interfaces (on Windows their numbers: `netsh interface ipv6 show interfaces`)."
        }
        K::TooManyFiles => "Use fewer --jobs, or allow more open files (ulimit -n).",
        K::ConnectFailed => "Check the network between here and the server.",
        K::NotSmb { .. } => "Check the port: SMB listens on 445.",
        K::OnlySmb1 => {
            "Switch SMB2 or newer on there (Samba: `server max protocol = SMB3`); SMB1 is unsafe, \
             and smbwho does not speak it."
        }
        K::ClosedAtNegotiate => {
            "Try again: the server may have as many connections as it takes (Samba: `max smbd \
             processes`), or a firewall or filter stands before it. If it speaks only SMB1, \
             switch SMB2 or newer on there (Samba: `server max protocol = SMB3`)."
        }
        K::TurnedAway => {
            "Let the server take connections of this computer: on Samba `hosts allow` and `hosts \
             deny` in smb.conf say of which it does."
        }
        K::DialectRefused => "Let the server speak SMB 2.0.2 or newer.",
        K::DialectTooOld { .. } => {
            "Let the server speak a newer dialect (Samba: `server max protocol`), or accept an \
             older one with --min-protocol. If it used to speak a newer one, someone on the line \
             may be stepping the connection down."
        }
        K::EncryptionUnavailable => {
            "Let the server encrypt (Samba: `server smb encrypt = desired` and SMB3; Windows: \
             Server 2012 or newer), or do without --client-protection encrypt."
        }
        K::AnonymousUnprotected { .. } => {
            "Name an account with -U, or do without --client-protection."
        }
        K::SizesTooSmall { .. } => {
            "Let the server take at least 1432 bytes (Samba: `smb2 max trans`, `smb2 max read` \
             and `smb2 max write`)."
        }
        K::NegotiationAltered { .. } => {
            "Someone on the line may be stepping the connection down to read it, or the server \
             is faulty; do not send it your password again before you know. Encryption that \
             cannot be taken away: --min-protocol SMB3_11 --client-protection encrypt."
        }
        K::Unexpected(_) => {
            "The server, or something on the line, does not keep to what was negotiated; do not \
             send it your password again before you know why."
        }
        K::Disconnected => "Try again; if it stays, look into the server's log.",
        K::LogonFailure => {
            "Check the name and the password; for a domain account write -U 'DOMAIN\\user'."
        }
        K::PasswordExpired | K::PasswordMustChange => {
            "Change the password first (for example with smbpasswd -r SERVER, or at a desktop)."
        }
        K::AccountLockedOut => {
            "Wait until the lock ends or have it lifted; more tries make it longer."
        }
        K::HeldBack { .. } => {
            "Set right what the servers said of the account first, or see why they did not answer. \
             --keep-going asks all servers whatever they say."
        }
        K::AccountDisabled | K::AccountExpired => {
            "Use another account, or have this one enabled again."
        }
        K::AccountRestriction => {
            "Sign in with Kerberos (-k): NTLM is refused to members of Protected Users and to \
             others whom a policy denies it. Or the password is empty, which is good at the \
             console only."
        }
        K::LogonTypeNotGranted => {
            "The server's policy must grant the account access from the network."
        }
        K::InvalidLogonHours => "The account has hours for signing in; use another one.",
        K::InvalidWorkstation => "The account is tied to certain computers; use another one.",
        K::ClockSkew => "Set the clock; Kerberos allows five minutes.",
        K::NoLogonServers => {
            "The server cannot reach its domain controller; a local account of that server may \
             work: -U 'SERVER\\user'."
        }
        K::NtlmBlocked => "Use Kerberos: -k.",
        K::GuestOffered => {
            "Check the name and the password: the server takes an unknown user for a guest \
             (Samba: `map to guest`). For an anonymous session ask for it with -N."
        }
        K::AnonymousRefused => "Name an account with -U.",
        K::SignatureInvalid => {
            "Someone on the line may be changing messages, or the server is faulty; do not send \
             it your password again before you know."
        }
        K::EncryptionRequired => {
            "Sign in with an account (anonymous sessions cannot be encrypted), and let the \
             server speak SMB 3.0 or newer."
        }
        K::Kerberos(error) => return error.hint(),
        K::TicketRefused => {
            "Is this the server's own name? A ticket made out to an alias, or to a computer account \
             whose password changed since, is refused; run kdestroy and kinit, or use the full name."
        }
        K::AccessDenied if error.step == Step::SignIn => {
            "The account may not sign in there, or the server wants what this session lacks \
             (encryption, Kerberos)."
        }
        K::AccessDenied => {
            let text = "The server lets this account not even as far as its pipes; anonymous \
                        sessions often stop here. Name an account with -U.";
            return Some(for_administrators(text, true));
        }
        K::ShareNotFound => {
            "The server shares files only: without IPC$ it has no pipes, and cannot be asked who \
             is connected."
        }
        K::PipeNotFound { .. } => {
            "On Windows start the Server service; on Samba look whether samba-dcerpcd or \
             rpcd_classic runs."
        }
        K::PipeBusy => {
            "Try again in a moment. If it stays, the RPC service behind the pipe is not running: on \
             Samba that is samba-dcerpcd."
        }
        K::ServerBusy => "Try again in a moment.",
        K::PipeBroken { .. } => "Try again; if it stays, look into the server's log.",
        K::SessionGone => "Someone ended this session, or the server restarted; ask again.",
        K::Rpc(_) | K::Malformed(_) => {
            "The server, or something on the line, does not keep to the protocol. If it is a \
             product in use, please report it."
        }
        _ => return None,
    };
    Some(text.to_owned())
}
