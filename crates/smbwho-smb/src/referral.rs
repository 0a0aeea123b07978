//! Where a path of DFS leads: REQ_GET_DFS_REFERRAL and its answer ([MS-DFSC] 2.2.2,
//! 2.2.4).

/// The version of an answer that is asked for; older ones are read, too.
const MAX_VERSION: u16 = 4;

/// Targets that are kept of an answer.
const MAX_TARGETS: usize = 64;

/// UTF-16 units that are kept of a target.
const MAX_TARGET: usize = 4096;

/// An entry with names of domain controllers in place of a target ([MS-DFSC] 2.2.5.3).
const NAME_LIST: u16 = 0x0002;

/// Where a path leads ([MS-DFSC] 2.2.4).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Referral {
    /// How much of the path that was asked about leads there, in UTF-16 units; the rest
    /// is to be looked for beneath the target.
    pub consumed: usize,
    /// Servers and shares, perhaps with a path, as the server writes them:
    /// `\fs2\data`.
    pub targets: Vec<String>,
}

impl Referral {
    /// For those who make answers of their own, as tests do.
    #[must_use]
    pub fn new(consumed: usize, targets: &[&str]) -> Self {
        let targets = targets.iter().map(|&target| target.to_owned()).collect();
        Self { consumed, targets }
    }
}

/// The question about a path, which begins with one backslash.
pub(crate) fn request(path: &str) -> Vec<u8> {
    let units = path.encode_utf16().chain([0]);
    let version = MAX_VERSION.to_le_bytes();
    version
        .into_iter()
        .chain(units.flat_map(u16::to_le_bytes))
        .collect()
}

/// Reads an answer; `None` when it is none. Entries that point outside of it are left
/// out.
pub(crate) fn read(answer: &[u8]) -> Option<Referral> {
    let consumed = usize::from(u16_at(answer, 0)?) / 2;
    let count = usize::from(u16_at(answer, 2)?);
    let mut targets = Vec::new();
    // Behind the flags.
    let mut entry = answer.get(8..)?;
    for _ in 0..count.min(MAX_TARGETS) {
        let Some(size) = u16_at(entry, 2) else { break };
        if let Some(target) = target(entry).filter(|target| !target.is_empty()) {
            targets.push(target);
        }
        match entry.get(usize::from(size)..) {
            Some(next) if size > 0 => entry = next,
            _ => break,
        }
    }
    Some(Referral { consumed, targets })
}

/// The target of an entry. Offsets count from its beginning ([MS-DFSC] 2.2.5).
fn target(entry: &[u8]) -> Option<String> {
    let offset = match u16_at(entry, 0)? {
        1 => 8,
        2 => usize::from(u16_at(entry, 20)?),
        3 | 4 if u16_at(entry, 6)? & NAME_LIST == 0 => usize::from(u16_at(entry, 16)?),
        _ => return None,
    };
    let units = entry.get(offset..)?.chunks_exact(2);
    let units = units.map(|unit| u16::from(unit[0]) | u16::from(unit[1]) << 8);
    let units: Vec<u16> = units
        .take_while(|unit| *unit != 0)
        .take(MAX_TARGET)
        .collect();
    Some(String::from_utf16_lossy(&units))
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    let bytes = bytes.get(at..at.checked_add(2)?)?;
    Some(u16::from_le_bytes(bytes.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn units(text: &str) -> Vec<u8> {
        text.encode_utf16()
            .chain([0])
            .flat_map(u16::to_le_bytes)
            .collect()
    }

    /// An answer of version 3 with one target, laid out as smbd does.
    fn version_3(consumed: u16, flags: u16, target: &str) -> Vec<u8> {
        let mut out = Vec::new();
        for number in [consumed, 1, 2, 0, 3, 34, 0, flags, 600, 0, 34, 34, 34] {
            out.extend_from_slice(&number.to_le_bytes());
        }
        out.extend_from_slice(&[0; 16]);
        out.extend(units(target));
        out
    }

    #[test]
    fn a_question_is_a_version_and_a_path() {
        assert_eq!(request(r"\a"), [4, 0, b'\\', 0, b'a', 0, 0, 0]);
    }

    #[test]
    fn a_target_is_read_in_every_version() {
        let referral = read(&version_3(26, 0, r"\fs2\data")).expect("an answer");
        assert_eq!(
            (referral.consumed, referral.targets),
            (13, vec![r"\fs2\data".to_owned()])
        );

        let mut second = vec![26, 0, 1, 0, 2, 0, 0, 0];
        for number in [2_u16, 22, 0, 0, 0, 0, 600, 0, 22, 22, 22] {
            second.extend_from_slice(&number.to_le_bytes());
        }
        second.extend(units(r"\fs3\x"));
        assert_eq!(read(&second).expect("an answer").targets, [r"\fs3\x"]);

        let mut first = vec![26, 0, 1, 0, 2, 0, 0, 0, 1, 0, 30, 0, 0, 0, 0, 0];
        first.extend(units(r"\fs4\y"));
        assert_eq!(read(&first).expect("an answer").targets, [r"\fs4\y"]);
    }

    #[test]
    fn domain_controllers_are_no_targets() {
        let referral = read(&version_3(0, NAME_LIST, r"\corp.test")).expect("an answer");
        assert!(referral.targets.is_empty());
    }

    #[test]
    fn answers_that_lie_cost_nothing() {
        assert_eq!(read(&[]), None);
        assert_eq!(read(&[0; 7]), None);
        let good = version_3(26, 0, r"\fs2\data");
        for end in 8..good.len() {
            let referral = read(&good[..end]).expect("an answer");
            assert!(referral.targets.len() <= 1);
        }
        // More entries than there are, of no size, of too much, behind the end.
        for (at, value) in [(2, 0xff), (10, 0), (10, 0xff), (24, 0xff)] {
            let mut bad = good.clone();
            bad[at] = value;
            bad[at + 1] = value;
            assert!(read(&bad).expect("an answer").targets.len() <= 1, "{at}");
        }
    }
}
