//! Status codes: what a call returns ([`Win32Status`]; samr and lsarpc [`NtStatus`]) and what a
//! fault says ([`FaultStatus`]).
//!
//! Codes not listed survive as numbers; they only have no name.

mod fault;
mod network;
mod ntstatus;
mod win32;

pub use fault::FaultStatus;
pub use ntstatus::NtStatus;
pub use win32::Win32Status;

/// Declares the codes of one subject as constants, and a table of their names and meanings.
macro_rules! codes {
    ($type:ident, $table:ident: $( $(#[$meta:meta])* $name:ident = $code:literal, $meaning:literal; )+) => {
        #[allow(non_upper_case_globals, reason = "spelt as in the specification")]
        impl $type {
            $(
                #[doc = $meaning]
                $(#[$meta])*
                pub const $name: Self = Self($code);
            )+
        }

        /// Code, name, meaning.
        pub(super) static $table: &[(u32, &str, &str)] =
            &[ $( ($code, stringify!($name), $meaning), )+ ];
    };
}
use codes;

/// One line of a table.
type Line = (u32, &'static str, &'static str);

fn find(tables: &[&'static [Line]], code: u32) -> Option<&'static Line> {
    tables
        .iter()
        .flat_map(|table| table.iter())
        .find(|(found, ..)| *found == code)
}

#[cfg(test)]
mod tests {
    use super::{FaultStatus, NtStatus, Win32Status, fault, network, ntstatus, win32};

    #[test]
    fn codes_have_their_names() {
        assert_eq!(Win32Status(5).name(), Some("ERROR_ACCESS_DENIED"));
        assert_eq!(Win32Status(2123).name(), Some("NERR_BufTooSmall"));
        assert_eq!(Win32Status(2312).name(), Some("NERR_ClientNameNotFound"));
        assert_eq!(FaultStatus(0x1c01_0002).name(), Some("nca_s_op_rng_error"));
        assert_eq!(NtStatus(0xc000_0073).name(), Some("STATUS_NONE_MAPPED"));
        assert!(NtStatus(0x105).is_success() && !NtStatus(0x8000_001a).is_success());
        assert_eq!(FaultStatus(0x6f7).name(), Some("RPC_X_BAD_STUB_DATA"));
    }

    #[test]
    fn unknown_codes_survive() {
        assert_eq!(Win32Status(0xdead_beef).name(), None);
        assert_eq!(Win32Status(0xdead_beef).to_string(), "0xdeadbeef");
        assert_eq!(Win32Status(59_999).to_string(), "59999");
        assert_eq!(FaultStatus(0x1c01_ffff).to_string(), "0x1c01ffff");
    }

    #[test]
    fn codes_print_with_their_names() {
        assert_eq!(Win32Status(124).to_string(), "124 ERROR_INVALID_LEVEL");
        assert_eq!(FaultStatus(5).to_string(), "0x00000005 ERROR_ACCESS_DENIED");
    }

    #[test]
    fn no_code_is_listed_twice_and_every_meaning_is_a_sentence() {
        for tables in [
            &[win32::TABLE, network::TABLE][..],
            &[fault::TABLE],
            &[ntstatus::TABLE],
        ] {
            let mut codes: Vec<u32> = tables.iter().flat_map(|t| t.iter()).map(|l| l.0).collect();
            let all = codes.len();
            codes.sort_unstable();
            codes.dedup();
            assert_eq!(codes.len(), all);
            for (_, name, meaning) in tables.iter().flat_map(|t| t.iter()) {
                assert!(
                    meaning.ends_with('.') && meaning.len() > 10,
                    "{name}: {meaning}"
                );
            }
        }
    }
}
