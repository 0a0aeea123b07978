//! How well connections must be protected: options that every command has.

use clap::{Args, ValueEnum};
use serde::{Deserialize, Deserializer, de};
use smbwho::{ClientProtection, Dialect};

/// How well connections must be protected.
#[derive(Debug, Args, Default)]
pub(crate) struct ProtectionArgs {
    /// Refuse servers that negotiate an older dialect than this, before signing
    /// in. As in Samba, SMB2 means SMB2_10 and SMB3 means SMB3_11 [default:
    /// SMB2_02]
    #[arg(
        long,
        global = true,
        value_name = "DIALECT",
        ignore_case = true,
        hide_short_help = true
    )]
    pub(crate) min_protocol: Option<MinProtocol>,

    /// Refuse sessions without this protection, before anything is asked: sign
    /// refuses anonymous sessions, encrypt also encrypts where the server does
    /// not ask for it
    #[arg(
        long,
        global = true,
        value_name = "sign|encrypt",
        ignore_case = true,
        hide_short_help = true
    )]
    pub(crate) client_protection: Option<Protection>,
}

/// `--min-protocol`, in Samba's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum MinProtocol {
    /// SMB 2.0.2: Windows Vista, Server 2008
    #[value(name = "SMB2_02", alias = "2.0.2")]
    Smb2_02,
    /// SMB 2.1: Windows 7, Server 2008 R2
    #[value(name = "SMB2_10", aliases = ["SMB2", "2.1"])]
    Smb2_10,
    /// SMB 3.0: Windows 8, Server 2012
    #[value(name = "SMB3_00", alias = "3.0")]
    Smb3_00,
    /// SMB 3.0.2: Windows 8.1, Server 2012 R2
    #[value(name = "SMB3_02", alias = "3.0.2")]
    Smb3_02,
    /// SMB 3.1.1: Windows 10, Server 2016
    #[value(name = "SMB3_11", aliases = ["SMB3", "3.1.1"])]
    Smb3_11,
}

impl From<MinProtocol> for Dialect {
    fn from(protocol: MinProtocol) -> Self {
        match protocol {
            MinProtocol::Smb2_02 => Self::Smb202,
            MinProtocol::Smb2_10 => Self::Smb210,
            MinProtocol::Smb3_00 => Self::Smb300,
            MinProtocol::Smb3_02 => Self::Smb302,
            MinProtocol::Smb3_11 => Self::Smb311,
        }
    }
}

/// `--client-protection`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Protection {
    /// Signed: no anonymous session
    Sign,
    /// Encrypted
    Encrypt,
}

impl From<Protection> for ClientProtection {
    fn from(protection: Protection) -> Self {
        match protection {
            Protection::Sign => Self::Sign,
            Protection::Encrypt => Self::Encrypt,
        }
    }
}

/// A value of the configuration file, written as on the command line.
pub(crate) fn from_config<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: ValueEnum,
{
    let text = String::deserialize(deserializer)?;
    T::from_str(&text, true).map(Some).map_err(|_| {
        let names = T::value_variants().iter().filter_map(T::to_possible_value);
        let names: Vec<String> = names.map(|value| value.get_name().to_owned()).collect();
        de::Error::custom(format!("expected one of {}", names.join(", ")))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dialects_have_the_names_that_samba_gives_them() {
        for (text, dialect) in [
            ("SMB2", Dialect::Smb210),
            ("smb2_02", Dialect::Smb202),
            ("2.1", Dialect::Smb210),
            ("SMB3_00", Dialect::Smb300),
            ("3.0.2", Dialect::Smb302),
            ("SMB3", Dialect::Smb311),
            ("3.1.1", Dialect::Smb311),
        ] {
            let parsed = MinProtocol::from_str(text, true).map(Dialect::from);
            assert_eq!(parsed, Ok(dialect), "{text}");
        }
        for text in ["NT1", "SMB", "4.0", ""] {
            assert!(MinProtocol::from_str(text, true).is_err(), "{text}");
        }
    }
}
