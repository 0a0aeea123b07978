//! The users of a standalone server: unix side and Samba side.

use super::conf::Layout;
use crate::{LabError, tools};
use std::fmt::Write;

/// First user id of the lab's users; only the lab's processes see them.
const FIRST_UID: usize = 60_001;
const USERS_GID: u32 = 60_000;
const ADMINS_GID: u32 = 60_999;
const ADMINS: &str = "labadmins";
/// Builtin\Administrators.
const ADMINISTRATORS_SID: &str = "S-1-5-32-544";

/// What stands in an account's way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AccountState {
    /// Nothing.
    #[default]
    Good,
    /// The account is disabled (NT_STATUS_ACCOUNT_DISABLED).
    Disabled,
    /// The account's time is over (NT_STATUS_ACCOUNT_EXPIRED).
    Expired,
    /// Too many wrong passwords (NT_STATUS_ACCOUNT_LOCKED_OUT).
    Locked,
    /// A new password is due first (NT_STATUS_PASSWORD_MUST_CHANGE).
    PasswordMustChange,
}

/// A user of the server.
#[derive(Debug, Clone)]
pub struct Account {
    name: String,
    password: String,
    administrator: bool,
    state: AccountState,
}

impl Account {
    /// An ordinary user.
    #[must_use]
    pub fn new(name: &str, password: &str) -> Self {
        Self {
            name: name.to_owned(),
            password: password.to_owned(),
            administrator: false,
            state: AccountState::Good,
        }
    }

    /// Makes them a member of Builtin\Administrators.
    #[must_use]
    pub fn administrator(mut self) -> Self {
        self.administrator = true;
        self
    }

    /// Puts the account into a state.
    #[must_use]
    pub fn state(mut self, state: AccountState) -> Self {
        self.state = state;
        self
    }
}

/// The passwd file the lab's processes see.
pub(super) fn passwd(accounts: &[Account]) -> String {
    let mut text = String::from(
        "root:x:0:0:root:/root:/bin/sh\n\
         nobody:x:65534:65534:nobody:/nonexistent:/bin/false\n",
    );
    for (index, account) in accounts.iter().enumerate() {
        if account.name != "root" {
            let name = &account.name;
            let uid = FIRST_UID + index;
            let _ = writeln!(
                text,
                "{name}:x:{uid}:{USERS_GID}:{name}:/nonexistent:/bin/false"
            );
        }
    }
    text
}

/// The group file they see.
pub(super) fn group(accounts: &[Account]) -> String {
    let admins: Vec<&str> = accounts
        .iter()
        .filter(|account| account.administrator)
        .map(|account| account.name.as_str())
        .collect();
    let admins = admins.join(",");
    format!(
        "root:x:0:\n\
         nogroup:x:65534:\n\
         labusers:x:{USERS_GID}:\n\
         {ADMINS}:x:{ADMINS_GID}:{admins}\n"
    )
}

/// Makes the accounts in Samba's own database.
pub(super) fn create(layout: &Layout, accounts: &[Account]) -> Result<(), LabError> {
    if accounts.iter().any(|account| account.administrator) {
        let sid = format!("sid={ADMINISTRATORS_SID}");
        let unix = format!("unixgroup={ADMINS}");
        let add = ["groupmap", "add", &sid, &unix, "type=builtin"];
        tools::run(layout.tool("net", "samba-common-bin")?.args(add))?;
    }
    for account in accounts {
        let twice = format!("{0}\n{0}\n", account.password);
        let mut smbpasswd = layout.tool("smbpasswd", "samba-common-bin")?;
        smbpasswd.arg("-c").arg(layout.conf()).args(["-s", "-a"]);
        tools::run_with_input(smbpasswd.arg(&account.name), &twice)?;
        if account.administrator {
            let sid = sid_of(layout, &account.name)?;
            let add = ["groupmap", "addmem", ADMINISTRATORS_SID, &sid];
            tools::run(layout.tool("net", "samba-common-bin")?.args(add))?;
        }
        put_into_state(layout, account)?;
    }
    Ok(())
}

fn put_into_state(layout: &Layout, account: &Account) -> Result<(), LabError> {
    let name = account.name.as_str();
    let (program, arguments): (_, &[&str]) = match account.state {
        AccountState::Good => return Ok(()),
        AccountState::Disabled => ("pdbedit", &["-r", "-c", "[D]", "-u", name]),
        AccountState::Locked => ("pdbedit", &["-r", "-c", "[L]", "-u", name]),
        // One second after 1970 began.
        AccountState::Expired => ("pdbedit", &["-r", "-K", "1", "-u", name]),
        AccountState::PasswordMustChange => {
            ("net", &["sam", "set", "pwdmustchangenow", name, "yes"])
        }
    };
    tools::run(layout.tool(program, "samba-common-bin")?.args(arguments))?;
    Ok(())
}

fn sid_of(layout: &Layout, user: &str) -> Result<String, LabError> {
    let mut pdbedit = layout.tool("pdbedit", "samba-common-bin")?;
    let listing = tools::run(pdbedit.args(["-L", "-v", "-u", user]))?;
    listing
        .lines()
        .find_map(|line| line.strip_prefix("User SID:"))
        .map(|sid| sid.trim().to_owned())
        .ok_or_else(|| LabError::Tool {
            command: format!("pdbedit -L -v -u {user}"),
            status: "no SID".to_owned(),
            output: listing,
        })
}
