//! What came of many servers, in one line for people.

use smbwho::{Error, ErrorKind, SmbErrorKind, Step};

/// Why servers failed, and how many for each reason.
#[derive(Debug, Default)]
pub(super) struct Summary {
    reasons: Vec<(&'static str, usize)>,
}

impl Summary {
    /// Counts one server that failed.
    pub(super) fn count(&mut self, reason: &'static str) {
        match self.reasons.iter_mut().find(|(known, _)| *known == reason) {
            Some((_, count)) => *count += 1,
            None => self.reasons.push((reason, 1)),
        }
    }

    /// `982 of 1,000 servers answered, 18 failed: 9 timed out, 6 refused the
    /// connection, 3 wrong name or password`.
    pub(super) fn line(mut self, asked: usize) -> String {
        self.reasons
            .sort_by_key(|(reason, count)| (usize::MAX - count, *reason));
        let failed: usize = self.reasons.iter().map(|(_, count)| count).sum();
        let reasons: Vec<String> = self
            .reasons
            .iter()
            .map(|(reason, count)| format!("{} {reason}", grouped(*count)))
            .collect();
        format!(
            "{} of {} servers answered, {} failed: {}",
            grouped(asked.saturating_sub(failed)),
            grouped(asked),
            grouped(failed),
            reasons.join(", ")
        )
    }
}

/// Whether the server was left alone for the account's sake.
pub(super) fn is_held_back(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Smb(error) if matches!(error.kind, SmbErrorKind::HeldBack { .. }))
}

/// Why a server failed, as it is counted.
pub(super) fn reason(error: &Error) -> &'static str {
    let error = match error.kind() {
        ErrorKind::Smb(error) => error,
        ErrorKind::OutOfTime { .. } => return "timed out",
        ErrorKind::NoSuchPath { .. } | ErrorKind::NotShared { .. } => return "lack the path",
        ErrorKind::DfsPath { .. } | ErrorKind::DfsLinksBelow { .. } => {
            return "lead elsewhere by DFS";
        }
        ErrorKind::TooLong { .. } => return "have more than is kept",
        ErrorKind::OpensNotListed { .. } => return "tell less than is open",
        _ if error.is_refusal() => return "refused the question",
        _ => return "answered what cannot be read",
    };
    use SmbErrorKind as K;
    match &error.kind {
        K::HeldBack { .. } => "not asked",
        K::TimedOut => "timed out",
        K::NameNotFound => "not found by name",
        K::Refused => "refused the connection",
        K::Unreachable | K::ConnectFailed | K::NoInterface { .. } => "not reached",
        K::TooManyFiles => "too many open files here",
        K::LogonFailure | K::GuestOffered => "wrong name or password",
        K::DialectTooOld { .. } | K::EncryptionUnavailable | K::AnonymousUnprotected { .. } => {
            "not protected as required"
        }
        K::NegotiationAltered { .. } | K::Unexpected(_) | K::SignatureInvalid => {
            "not trustworthy on the line"
        }
        _ if error.refuses_account() || error.step == Step::SignIn => "refused the sign-in",
        K::NotSmb { .. } | K::OnlySmb1 | K::DialectRefused => "no server of SMB 2 or 3",
        K::ClosedAtNegotiate => "closed the connection",
        K::TurnedAway => "turned this computer away",
        K::Disconnected | K::PipeBroken { .. } | K::SessionGone => "broke off",
        K::PipeBusy | K::ServerBusy => "busy",
        K::AccessDenied | K::ShareNotFound | K::PipeNotFound { .. } | K::Fault { .. } => {
            "refused the question"
        }
        _ => "answered what cannot be read",
    }
}

/// `12,345`.
pub(super) fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_as_one_line() {
        let mut summary = Summary::default();
        for (reason, count) in [("wrong name or password", 3), ("timed out", 9), ("busy", 6)] {
            (0..count).for_each(|_| summary.count(reason));
        }
        assert_eq!(
            summary.line(1000),
            "982 of 1,000 servers answered, 18 failed: 9 timed out, 6 busy, 3 wrong name or \
             password"
        );
    }

    #[test]
    fn numbers_are_grouped() {
        let written = [0, 999, 1000, 12_345, 1_234_567].map(grouped);
        assert_eq!(written, ["0", "999", "1,000", "12,345", "1,234,567"]);
    }
}
