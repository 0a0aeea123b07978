//! Ports that no other lab takes.
//!
//! smbd sets `SO_REUSEPORT`, so two of them on one port would share its
//! connections instead of failing. A port is therefore reserved by name, with
//! an abstract Unix socket: no file stays behind, and the kernel gives it back
//! when the process ends, however it ends.

use std::hash::{BuildHasher, RandomState};
use std::net::{Ipv4Addr, TcpListener};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixListener};

/// Below the range from which Linux takes ports for outgoing connections.
const FIRST: u16 = 20_000;
const COUNT: u16 = 10_000;

/// A TCP port kept for one lab for as long as this value lives.
#[derive(Debug)]
pub struct Port {
    number: u16,
    _reservation: UnixListener,
}

impl Port {
    /// Takes a free port.
    ///
    /// # Panics
    /// When none of ten thousand ports is free.
    #[must_use]
    pub fn reserve() -> Self {
        let start = RandomState::new().hash_one(std::process::id()) % u64::from(COUNT);
        (0..COUNT)
            .map(|step| FIRST + ((start as u16) + step) % COUNT)
            .find_map(Self::try_reserve)
            .expect("a free port between 20000 and 29999")
    }

    fn try_reserve(number: u16) -> Option<Self> {
        let name = SocketAddr::from_abstract_name(format!("smbwho-lab-port-{number}")).ok()?;
        let reservation = UnixListener::bind_addr(&name).ok()?;
        // Bound by a stranger, or by a lab that is just going away?
        TcpListener::bind((Ipv4Addr::UNSPECIFIED, number)).ok()?;
        Some(Self {
            number,
            _reservation: reservation,
        })
    }

    /// The port's number.
    #[must_use]
    pub fn number(&self) -> u16 {
        self.number
    }
}

#[cfg(test)]
mod tests {
    use super::Port;
    use std::collections::BTreeSet;

    #[test]
    fn a_reserved_port_is_not_given_twice() {
        let ports: Vec<Port> = (0..50).map(|_| Port::reserve()).collect();
        let numbers: BTreeSet<u16> = ports.iter().map(Port::number).collect();
        assert_eq!(numbers.len(), 50);
        assert!(Port::try_reserve(ports[0].number()).is_none());
    }

    #[test]
    fn a_dropped_port_is_free_again() {
        let number = Port::reserve().number();
        assert!(Port::try_reserve(number).is_some());
    }
}
