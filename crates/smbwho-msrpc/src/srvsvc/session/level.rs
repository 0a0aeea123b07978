//! Levels of information about a session.

/// How much to ask for ([MS-SRVS] 2.2.4.21). The ordering is by number, not by richness.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SessionLevel {
    /// The client only.
    L0,
    /// Client, user, opens, times, flags.
    L1,
    /// Level 1 and the kind of client.
    L2,
    /// Client, user, times.
    L10,
    /// Level 2 and the transport.
    L502,
}

impl SessionLevel {
    /// All of them, by number.
    pub const ALL: [Self; 5] = [Self::L0, Self::L1, Self::L2, Self::L10, Self::L502];

    /// The number on the wire.
    #[must_use]
    pub const fn number(self) -> u32 {
        match self {
            Self::L0 => 0,
            Self::L1 => 1,
            Self::L2 => 2,
            Self::L10 => 10,
            Self::L502 => 502,
        }
    }

    /// The level of a number, if there is one.
    #[must_use]
    pub fn from_number(number: u32) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.number() == number)
    }
}
