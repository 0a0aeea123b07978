//! A user as people write one: `user`, `DOMAIN\user`, `DOMAIN/user`,
//! `user@REALM`.

use std::fmt;

/// A user, and where the account lives as far as that was said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Account {
    /// The name without domain or realm.
    pub(crate) user: String,
    /// Where the account lives.
    pub(crate) home: Home,
}

/// Where an account lives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Home {
    /// Not said: the server (NTLM) or the configuration (Kerberos) decides.
    Unsaid,
    /// `DOMAIN\user`.
    Domain(String),
    /// `user@REALM`.
    Realm(String),
}

impl Account {
    /// Reads the form people write.
    ///
    /// # Errors
    ///
    /// When a part is missing.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let (home, user) = if let Some((domain, user)) = text.split_once(['\\', '/']) {
            (Home::Domain(domain.to_owned()), user)
        } else if let Some((user, realm)) = text.rsplit_once('@') {
            (Home::Realm(realm.to_owned()), user)
        } else {
            (Home::Unsaid, text)
        };
        if user.is_empty() {
            return Err("no user is named; for an anonymous sign-in use -N".to_owned());
        }
        let home = match home {
            Home::Realm(realm) if realm.is_empty() => {
                return Err(format!("nothing follows the @ in {text:?}"));
            }
            // `\user`: on purpose no domain.
            Home::Domain(domain) if domain.is_empty() => Home::Unsaid,
            home => home,
        };
        Ok(Self {
            user: user.to_owned(),
            home,
        })
    }

    /// A user of whom nothing but the name is known.
    pub(crate) fn bare(user: String) -> Self {
        Self {
            user,
            home: Home::Unsaid,
        }
    }

    /// Domain and user for NTLM. `user@REALM` goes as the user, whole, with an
    /// empty domain ([MS-NLMP] 3.1.1.1 leaves it to the domain controller).
    pub(crate) fn for_ntlm(self) -> (String, String) {
        match self.home {
            Home::Unsaid => (String::new(), self.user),
            Home::Domain(domain) => (domain, self.user),
            Home::Realm(realm) => (String::new(), format!("{}@{realm}", self.user)),
        }
    }
}

impl Account {
    /// The Kerberos principal. A domain stands where a realm would: Active
    /// Directory takes its short name for the realm when it asks for it.
    pub(crate) fn for_kerberos(&self) -> String {
        match &self.home {
            Home::Unsaid => self.user.clone(),
            Home::Domain(home) | Home::Realm(home) => format!("{}@{home}", self.user),
        }
    }
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.home {
            Home::Unsaid => f.write_str(&self.user),
            Home::Domain(domain) => write!(f, "{domain}\\{}", self.user),
            Home::Realm(realm) => write!(f, "{}@{realm}", self.user),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ntlm(text: &str) -> Result<(String, String), String> {
        Account::parse(text).map(Account::for_ntlm)
    }

    #[test]
    fn every_form_people_write() {
        let pair = |domain: &str, user: &str| Ok((domain.to_owned(), user.to_owned()));
        assert_eq!(ntlm("alice"), pair("", "alice"));
        assert_eq!(ntlm(r"LAB\alice"), pair("LAB", "alice"));
        assert_eq!(ntlm("LAB/alice"), pair("LAB", "alice"));
        assert_eq!(ntlm(r".\alice"), pair(".", "alice"));
        assert_eq!(ntlm(r"\alice"), pair("", "alice"));
        assert_eq!(ntlm("alice@LAB.TEST"), pair("", "alice@LAB.TEST"));
        assert_eq!(ntlm("alice@home@LAB.TEST"), pair("", "alice@home@LAB.TEST"));
        for text in ["", r"LAB\", "@LAB.TEST", "alice@"] {
            assert!(ntlm(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn display_is_what_people_write() {
        for text in ["alice", r"LAB\alice", "alice@LAB.TEST"] {
            assert_eq!(
                Account::parse(text).map(|a| a.to_string()),
                Ok(text.to_owned())
            );
        }
    }
}
