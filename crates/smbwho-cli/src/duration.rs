//! Spans of time as people write and read them.

use std::fmt::Write as _;
use std::time::Duration;

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;
const WEEK: u64 = 7 * DAY;

/// Reads `90`, `90s`, `30m`, `8h`, `1d`, `2w` and sums such as `1h30m`. A
/// number without a unit is seconds.
pub(crate) fn parse(text: &str) -> Result<Duration, String> {
    let wrong = || {
        "expected a span of time such as 90s, 30m, 8h, 1d or 1h30m (a plain number is seconds)"
            .to_owned()
    };
    if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) {
        return text.parse().map(Duration::from_secs).map_err(|_| wrong());
    }
    let mut total: u64 = 0;
    let mut rest = text.trim();
    if rest.is_empty() {
        return Err(wrong());
    }
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (number, after) = rest.split_at(digits);
        let number: u64 = number.parse().map_err(|_| wrong())?;
        let after = after.trim_start();
        let letters = after.bytes().take_while(u8::is_ascii_alphabetic).count();
        let (unit, after) = after.split_at(letters);
        let unit = match unit {
            "s" | "sec" | "secs" => 1,
            "m" | "min" | "mins" => MINUTE,
            "h" | "hour" | "hours" => HOUR,
            "d" | "day" | "days" => DAY,
            "w" | "week" | "weeks" => WEEK,
            _ => return Err(wrong()),
        };
        total = number
            .checked_mul(unit)
            .and_then(|n| total.checked_add(n))
            .ok_or_else(wrong)?;
        rest = after.trim_start();
    }
    Ok(Duration::from_secs(total))
}

/// As [`parse`], for limits that make no sense at zero.
pub(crate) fn parse_positive(text: &str) -> Result<Duration, String> {
    match parse(text)? {
        Duration::ZERO => Err("must be longer than zero".to_owned()),
        span => Ok(span),
    }
}

/// Appends the span as people read it, in its two largest units: `45s`,
/// `5m 07s`, `2h 05m`, `3d 04h`.
pub(crate) fn write(out: &mut String, span: Duration) {
    let secs = span.as_secs();
    // Writing to a String cannot fail.
    let _ = if secs < MINUTE {
        write!(out, "{secs}s")
    } else if secs < HOUR {
        write!(out, "{}m {:02}s", secs / MINUTE, secs % MINUTE)
    } else if secs < DAY {
        write!(out, "{}h {:02}m", secs / HOUR, secs % HOUR / MINUTE)
    } else {
        write!(out, "{}d {:02}h", secs / DAY, secs % DAY / HOUR)
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(secs: u64) -> String {
        let mut out = String::new();
        write(&mut out, Duration::from_secs(secs));
        out
    }

    #[test]
    fn reads_what_people_write() {
        for (text, secs) in [
            ("0", 0),
            ("90", 90),
            ("90s", 90),
            ("30m", 1800),
            ("8h", 28_800),
            ("1d", 86_400),
            ("2w", 1_209_600),
            ("1h30m", 5400),
            ("1h 30m", 5400),
            ("2 hours", 7200),
        ] {
            assert_eq!(parse(text), Ok(Duration::from_secs(secs)), "{text}");
        }
    }

    #[test]
    fn refuses_what_is_no_span() {
        for text in [
            "",
            " ",
            "h",
            "-5s",
            "1.5h",
            "10x",
            "5mm",
            "99999999999999999999",
            "1e3",
        ] {
            assert!(parse(text).is_err(), "{text:?}");
        }
        assert!(
            parse("18446744073709551615w").is_err(),
            "does not wrap around"
        );
        assert!(parse_positive("0s").is_err());
    }

    #[test]
    fn writes_the_two_largest_units() {
        assert_eq!(written(0), "0s");
        assert_eq!(written(45), "45s");
        assert_eq!(written(307), "5m 07s");
        assert_eq!(written(7500), "2h 05m");
        assert_eq!(written(3 * 86_400 + 4 * 3600 + 59), "3d 04h");
        assert_eq!(written(u64::from(u32::MAX)), "49710d 06h");
    }
}
