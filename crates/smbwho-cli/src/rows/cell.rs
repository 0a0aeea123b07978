//! One value of a row, and how it reads in each family of formats.

use std::cmp::Ordering;
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::time::{Duration, SystemTime};

use smbwho::{Protection, Sid};

use super::info::timestamp;
use super::natural;
use crate::duration;
use crate::output::escape;

/// One value of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cell<'a> {
    /// Not told by the server, or not at this level. Never merged with zero
    /// or the empty text.
    Unknown,
    /// Text from the server: hostile.
    Text(&'a str),
    /// A count or an identifier.
    Number(u64),
    /// A number that may be below zero.
    Signed(i64),
    /// Several texts: hostile.
    List(&'a [String]),
    /// A span of time, in whole seconds.
    Span(Duration),
    /// A moment, in whole seconds: RFC 3339, in UTC.
    Moment(SystemTime),
    /// Yes or no.
    Flag(bool),
    /// A number that would have a name if a specification gave it one.
    Hex(u32),
    /// Known to be without a limit: null in JSON, nothing in CSV.
    NoLimit,
    /// A security identifier.
    Sid(&'a Sid),
    /// An address and a port.
    Address(SocketAddr),
    /// An algorithm, and for how much of the traffic: hostile.
    Protection(&'a Protection),
    /// A set of bits: those that are set by their names, the rest in hex.
    Bits(u32, &'static [(u32, &'static str)]),
}

impl<'a> Cell<'a> {
    /// Text that may not have been told.
    pub(crate) fn text<S: AsRef<str>>(text: &'a Option<S>) -> Self {
        text.as_ref()
            .map_or(Cell::Unknown, |text| Cell::Text(text.as_ref()))
    }

    /// A number that may not have been told.
    pub(crate) fn number(number: Option<impl Into<u64>>) -> Self {
        number.map_or(Cell::Unknown, |number| Cell::Number(number.into()))
    }

    /// A span of time that may not have been told.
    pub(crate) fn span(span: Option<Duration>) -> Self {
        span.map_or(Cell::Unknown, Cell::Span)
    }

    /// A moment that may not have been told.
    pub(crate) fn moment(moment: Option<SystemTime>) -> Self {
        moment.map_or(Cell::Unknown, Cell::Moment)
    }

    /// A protection that may not have been told.
    pub(crate) fn protection(how: &'a Option<Protection>) -> Self {
        how.as_ref().map_or(Cell::Unknown, Cell::Protection)
    }

    /// A flag that may not have been told.
    pub(crate) fn flag(flag: Option<bool>) -> Self {
        flag.map_or(Cell::Unknown, Cell::Flag)
    }

    /// Appends the value as people read it, safe for a terminal.
    pub(crate) fn write_for_people(self, out: &mut String) {
        // Writing to a String cannot fail.
        let _ = match self {
            Cell::Unknown => out.write_char('-'),
            Cell::Text(text) => escape::write_visible(out, text),
            Cell::List([]) => out.write_str("none"),
            Cell::List(texts) => {
                for (index, text) in texts.iter().enumerate() {
                    out.push_str(if index == 0 { "" } else { ", " });
                    let _ = escape::write_visible(out, text);
                }
                Ok(())
            }
            Cell::Span(span) => {
                duration::write(out, span);
                Ok(())
            }
            Cell::Flag(flag) => out.write_str(if flag { "yes" } else { "no" }),
            Cell::Hex(number) => write!(out, "{number:#x}"),
            Cell::NoLimit => out.write_str("no limit"),
            Cell::Bits(0, _) => out.write_str("none"),
            Cell::Protection(how) => escape::write_visible(out, &how.to_string()),
            Cell::Number(_)
            | Cell::Signed(_)
            | Cell::Bits(..)
            | Cell::Sid(_)
            | Cell::Moment(_)
            | Cell::Address(_) => {
                self.write_plain(out);
                Ok(())
            }
        };
    }

    /// Appends the value as JSON.
    pub(crate) fn write_json(self, out: &mut String) {
        match self {
            Cell::Unknown | Cell::NoLimit => out.push_str("null"),
            Cell::Hex(number) => {
                let _ = write!(out, "\"{number:#x}\"");
            }
            Cell::Text(text) => escape::write_json(out, text),
            Cell::Sid(sid) => escape::write_json(out, &sid.to_string()),
            Cell::Moment(moment) => escape::write_json(out, &timestamp(moment).unwrap_or_default()),
            Cell::Address(address) => escape::write_json(out, &address.to_string()),
            Cell::Protection(how) => escape::write_json(out, &how.to_string()),
            Cell::List(texts) => {
                for (index, text) in texts.iter().enumerate() {
                    out.push(if index == 0 { '[' } else { ',' });
                    escape::write_json(out, text);
                }
                out.push_str(if texts.is_empty() { "[]" } else { "]" });
            }
            Cell::Bits(bits, names) => {
                out.push('[');
                write_bits(out, bits, names, '"');
                out.push(']');
            }
            plain => plain.write_plain(out),
        }
    }

    /// Appends the bare value: what CSV and TSV hold before quoting. Unknown
    /// is nothing.
    pub(crate) fn write_plain(self, out: &mut String) {
        let _ = match self {
            Cell::Unknown | Cell::NoLimit => Ok(()),
            Cell::Hex(number) => write!(out, "{number:#x}"),
            Cell::Text(text) => out.write_str(text),
            Cell::Number(number) => out.write_str(itoa::Buffer::new().format(number)),
            Cell::Signed(number) => out.write_str(itoa::Buffer::new().format(number)),
            Cell::List(texts) => out.write_str(&texts.join(", ")),
            Cell::Span(span) => out.write_str(itoa::Buffer::new().format(span.as_secs())),
            Cell::Flag(flag) => out.write_str(if flag { "true" } else { "false" }),
            Cell::Sid(sid) => write!(out, "{sid}"),
            Cell::Moment(moment) => out.write_str(&timestamp(moment).unwrap_or_default()),
            Cell::Address(address) => write!(out, "{address}"),
            Cell::Protection(how) => write!(out, "{how}"),
            Cell::Bits(bits, names) => {
                write_bits(out, bits, names, None);
                Ok(())
            }
        };
    }

    /// The order of two known cells of one column: numbers by value, text as a
    /// person would file it ([`natural`]).
    pub(crate) fn compare_known(self, other: Cell<'_>) -> Ordering {
        match (self, other) {
            (Cell::Text(a), Cell::Text(b)) => natural::compare(a, b),
            (Cell::Number(a), Cell::Number(b)) => a.cmp(&b),
            (Cell::Signed(a), Cell::Signed(b)) => a.cmp(&b),
            (Cell::List(a), Cell::List(b)) => a.cmp(b),
            (Cell::Span(a), Cell::Span(b)) => a.cmp(&b),
            (Cell::Moment(a), Cell::Moment(b)) => a.cmp(&b),
            (Cell::Flag(a), Cell::Flag(b)) => a.cmp(&b),
            (Cell::Sid(a), Cell::Sid(b)) => a.cmp(b),
            (Cell::Address(a), Cell::Address(b)) => a.cmp(&b),
            (Cell::Protection(a), Cell::Protection(b)) => {
                natural::compare(&a.to_string(), &b.to_string())
            }
            (Cell::Bits(a, _), Cell::Bits(b, _)) => a.cmp(&b),
            (Cell::Hex(a), Cell::Hex(b)) => a.cmp(&b),
            (Cell::NoLimit, Cell::Number(_)) | (Cell::Hex(_), Cell::Text(_)) => Ordering::Greater,
            (Cell::Number(_), Cell::NoLimit) | (Cell::Text(_), Cell::Hex(_)) => Ordering::Less,
            _ => Ordering::Equal,
        }
    }
}

/// Appends the names of the bits that are set, between commas; those that
/// have no name as one number.
fn write_bits(out: &mut String, bits: u32, names: &[(u32, &str)], quote: impl Into<Option<char>>) {
    let quote = quote.into();
    let mut first = true;
    let mut item = |text: &str| {
        if !std::mem::take(&mut first) {
            out.push(',');
        }
        out.extend(quote);
        out.push_str(text);
        out.extend(quote);
    };
    let mut left = bits;
    for (bit, name) in names.iter().filter(|(bit, _)| bits & bit != 0) {
        item(name);
        left &= !bit;
    }
    if left != 0 {
        item(&format!("{left:#x}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(cell: Cell<'_>) -> (String, String, String) {
        let (mut people, mut json, mut plain) = Default::default();
        cell.write_for_people(&mut people);
        cell.write_json(&mut json);
        cell.write_plain(&mut plain);
        (people, json, plain)
    }

    #[test]
    fn bits_go_by_their_names_and_none_is_lost() {
        const NAMES: &[(u32, &str)] = &[(1, "read"), (2, "write")];
        assert_eq!(
            read(Cell::Bits(0x8000_0003, NAMES)),
            (
                "read,write,0x80000000".into(),
                r#"["read","write","0x80000000"]"#.into(),
                "read,write,0x80000000".into()
            )
        );
        assert_eq!(
            read(Cell::Bits(0, NAMES)),
            ("none".into(), "[]".into(), String::new())
        );
    }

    #[test]
    fn several_texts_are_escaped_one_by_one() {
        let texts = ["C:".to_owned(), "\u{1b}\"".to_owned()];
        let (mut people, mut json, mut none) = (String::new(), String::new(), String::new());
        Cell::List(&texts).write_for_people(&mut people);
        Cell::List(&texts).write_json(&mut json);
        Cell::List(&[]).write_json(&mut none);
        assert!(
            people.starts_with("C:, ") && !people.contains('\u{1b}'),
            "{people}"
        );
        let value: serde_json::Value = serde_json::from_str(&json).expect("JSON");
        assert_eq!(value, serde_json::json!(texts));
        assert_eq!(none, "[]");
    }

    #[test]
    fn unknown_is_not_empty_and_not_zero() {
        assert_eq!(
            read(Cell::Unknown),
            ("-".into(), "null".into(), String::new())
        );
        assert_eq!(
            read(Cell::Text("")),
            (String::new(), "\"\"".into(), String::new())
        );
        assert_eq!(read(Cell::Number(0)), ("0".into(), "0".into(), "0".into()));
        assert_eq!(
            read(Cell::NoLimit),
            ("no limit".into(), "null".into(), String::new())
        );
        assert_eq!(
            read(Cell::Hex(0x7f)),
            ("0x7f".into(), "\"0x7f\"".into(), "0x7f".into())
        );
        let moment = SystemTime::UNIX_EPOCH + Duration::from_millis(1_700_000_000_900);
        let told = "2023-11-14T22:13:20Z";
        assert_eq!(
            read(Cell::Moment(moment)),
            (told.into(), format!("\"{told}\""), told.into())
        );
        let span = Cell::Span(Duration::from_millis(7_500_900));
        assert_eq!(read(span), ("2h 05m".into(), "7500".into(), "7500".into()));
        assert_eq!(
            read(Cell::Flag(true)),
            ("yes".into(), "true".into(), "true".into())
        );
    }
}
