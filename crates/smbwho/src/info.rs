//! What a server is: its name and kind, its clock, its drives, its counters.

mod ask;
mod clock;
mod kind;

use std::time::{Duration, SystemTime};

pub use clock::{Clock, ClockSkew};
pub use kind::{Platform, ServerType, Version};
use smbwho_smb::Facts;

use crate::{Error, Name, Server};

/// What a server tells of itself.
///
/// It is asked in parts, each of which may be refused on its own: `None` is
/// *not told*, and [`missing`](Self::missing) says why.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ServerInfo {
    /// The server's name for itself, mostly a NetBIOS name.
    #[doc(alias = "sv101_name")]
    pub name: Option<Name>,
    /// A comment that its administrator gave it.
    #[doc(alias = "sv101_comment")]
    pub comment: Option<Name>,
    /// The family of operating systems.
    #[doc(alias = "sv101_platform_id")]
    pub platform: Option<Platform>,
    /// The version it says its system has.
    pub version: Option<Version>,
    /// The software it says it runs.
    #[doc(alias = "sv101_type")]
    pub kind: Option<ServerType>,
    /// Users who may sign in at once; `u32::MAX` where there is no limit.
    /// Level 102.
    #[doc(alias = "sv102_users")]
    pub max_users: Option<u32>,
    /// After what time of idleness a session is ended. Level 102.
    #[doc(alias = "sv102_disc")]
    pub idle_limit: Option<IdleLimit>,
    /// Whether it keeps out of lists of servers. Level 102.
    #[doc(alias = "sv102_hidden")]
    pub hidden: Option<bool>,
    /// The level at which the Server service told the fields above.
    pub server_level: Option<u32>,
    /// The computer's NetBIOS name, from the Workstation service.
    #[doc(alias = "wki100_computername")]
    pub computer: Option<Name>,
    /// Its domain or workgroup.
    #[doc(alias = "wki100_langroup")]
    pub domain: Option<Name>,
    /// How many users are logged on. Workstation level 102.
    #[doc(alias = "wki102_logged_on_users")]
    pub logged_on_users: Option<u32>,
    /// The level at which the Workstation service told the fields above.
    pub workstation_level: Option<u32>,
    /// Its clock, and ours.
    pub clock: Option<Clock>,
    /// Its drives: `C:`, ….
    pub disks: Option<Vec<Name>>,
    /// The Server service's counters. Samba has none.
    pub statistics: Option<Statistics>,
    /// What the connection is: dialect, signing, encryption. `None` where
    /// there is none.
    pub facts: Option<Facts>,
    /// Why parts are not told: one error for each call that was refused or
    /// failed. [`Error::is_refusal`] tells the two apart.
    pub missing: Vec<Error>,
}

/// After what time of idleness a server ends a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IdleLimit {
    /// After this time; whole minutes on the wire.
    After(Duration),
    /// It never does (`SV_NODISC`).
    Never,
}

/// Counters of the Server service since it began to count ([MS-SRVS]
/// 2.2.4.39, STAT_SERVER_0).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Statistics {
    /// When it began to count, which is when the service was started or the
    /// counters last cleared.
    #[doc(alias = "sts0_start")]
    pub since: SystemTime,
    /// Files opened.
    #[doc(alias = "sts0_fopens")]
    pub files_opened: u32,
    /// Sessions begun.
    #[doc(alias = "sts0_sopens")]
    pub sessions_begun: u32,
    /// Sessions ended for being idle.
    #[doc(alias = "sts0_stimedout")]
    pub sessions_timed_out: u32,
    /// Sessions ended by an error.
    #[doc(alias = "sts0_serrorout")]
    pub sessions_failed: u32,
    /// Wrong passwords.
    #[doc(alias = "sts0_pwerrors")]
    pub password_errors: u32,
    /// Refusals for want of a right.
    #[doc(alias = "sts0_permerrors")]
    pub permission_errors: u32,
    /// Errors of the system.
    #[doc(alias = "sts0_syserrors")]
    pub system_errors: u32,
    /// Bytes sent to clients.
    #[doc(alias = "sts0_bytessent_low")]
    pub bytes_sent: u64,
    /// Bytes received from clients.
    #[doc(alias = "sts0_bytesrcvd_low")]
    pub bytes_received: u64,
    /// What a response took, on average; whole milliseconds on the wire.
    #[doc(alias = "sts0_avresponse")]
    pub average_response: Duration,
}

impl ServerInfo {
    fn unknown(facts: Option<Facts>) -> Self {
        Self {
            name: None,
            comment: None,
            platform: None,
            version: None,
            kind: None,
            max_users: None,
            idle_limit: None,
            hidden: None,
            server_level: None,
            computer: None,
            domain: None,
            logged_on_users: None,
            workstation_level: None,
            clock: None,
            disks: None,
            statistics: None,
            facts,
            missing: Vec::new(),
        }
    }

    /// How long the Server service has been up: from the start of its
    /// counters to now, by its own clock where that is known. `None` where
    /// the server tells no counters, or a start that is still to come.
    pub fn uptime(&self) -> Option<Duration> {
        let now = self.clock.map_or_else(SystemTime::now, |clock| clock.time);
        now.duration_since(self.statistics?.since).ok()
    }
}

impl Server {
    /// What the server is: NetrServerGetInfo at level 102, 101 or 100
    /// ([MS-SRVS] 3.1.4.17), NetrRemoteTOD (3.1.4.21), NetrServerDiskEnum
    /// (3.1.4.19), NetrServerStatisticsGet (3.1.4.20), and NetrWkstaGetInfo at
    /// level 102, 101 or 100 ([MS-WKST] 3.2.4.1), all of them at once.
    ///
    /// ```no_run
    /// # async fn example(server: &smbwho::Server) -> Result<(), smbwho::Error> {
    /// let info = server.info().await?;
    /// println!("{:?}, clock {:?}", info.name, info.clock.map(|clock| clock.skew));
    /// for error in info.missing {
    ///     println!("not told: {error}");
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// When not one part was answered: the error of the first.
    #[doc(alias = "NetServerGetInfo")]
    #[doc(alias = "NetWkstaGetInfo")]
    #[doc(alias = "NetRemoteTOD")]
    #[doc(alias = "NetServerDiskEnum")]
    #[doc(alias = "NetStatisticsGet")]
    pub async fn info(&self) -> Result<ServerInfo, Error> {
        let mut info = ServerInfo::unknown(self.facts().cloned());
        let mut told = false;
        let mut broken = false;
        for outcome in ask::all(self, &mut info).await {
            match outcome {
                Ok(()) => told = true,
                // After a refusal the connection is as good as before; after a
                // failure the further parts fail with it.
                Err(_) if broken => {}
                Err(error) => {
                    broken = !error.is_refusal() && !error.is_malformed();
                    info.missing.push(error);
                }
            }
        }
        if told {
            return Ok(info);
        }
        // There is one for every part that was asked.
        match info.missing.into_iter().next() {
            Some(error) => Err(error),
            None => Ok(ServerInfo::unknown(self.facts().cloned())),
        }
    }
}
