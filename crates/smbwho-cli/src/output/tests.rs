//! Every format on the same rows: plain ones, unknown ones, hostile ones.

use std::time::Duration;

use insta::assert_snapshot;
use smbwho::{Level, Session, SessionFlags};

use super::*;
use crate::rows::choose;

const PLAIN: Style = Style {
    format: Format::Table,
    header: true,
    colour: false,
    raw: false,
    width: None,
    nothing: None,
};

fn session(client: &str, user: &str) -> Session {
    let mut session = Session::unknown(Level::L1);
    session.client = Some(client.into());
    session.user = Some(user.into());
    session.opens = Some(3);
    session.active = Some(Duration::from_secs(7_525));
    session.flags = Some(SessionFlags(SessionFlags::GUEST));
    session
}

fn rows() -> Vec<Row<Session>> {
    let mut full = session("10.0.0.7", "alice");
    full.level = Some(Level::L502);
    full.idle = Some(Duration::from_secs(45));
    full.client_type = Some("".into());
    full.transport = Some(r"\Device\NetbiosSmb".into());
    let mut least = Session::unknown(Level::L0);
    least.client = Some("[fe80::1%eth0]".into());
    let data = [full, session("ws17", "Żółć 山田"), least];
    data.into_iter()
        .map(|data| Row {
            node: None,
            server: "fs1".into(),
            data,
        })
        .collect()
}

/// A pipe whose reader has gone.
struct Gone;

impl Write for Gone {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(io::ErrorKind::BrokenPipe.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Err(io::ErrorKind::BrokenPipe.into())
    }
}

#[test]
fn a_reader_that_has_gone_is_known_in_every_format() {
    for format in Format::value_variants() {
        let style = Style {
            format: *format,
            ..PLAIN
        };
        let columns = default_columns(*format, true, false);
        let mut sink = sink::<Session>(style, columns, Gone);
        let printed = sink.rows(rows()).and_then(|()| sink.finish(&[]));
        let error = printed.expect_err("nobody reads");
        assert_eq!(error.kind(), io::ErrorKind::BrokenPipe, "{format:?}");
    }
}

fn hostile() -> Vec<Row<Session>> {
    let data = [
        session("=cmd|'/c calc'!A1", "a\tb\nc\rd"),
        session("+1", "-x"),
        session("@sum", "say \"hi\", \\ bye"),
        session("\u{202e}gnp.exe", "\x1b]0;owned\x07\x1b[2J\u{9b}31m"),
        session("", "\u{200b}\u{feff}\u{2028}"),
    ];
    data.into_iter()
        .map(|data| Row {
            node: None,
            server: "fs1".into(),
            data,
        })
        .collect()
}

fn problem() -> Problem {
    Problem {
        node: None,
        server: "fs2".to_owned(),
        step: Some("sign-in"),
        code: Some(0xc000_006d),
        code_text: Some("STATUS_LOGON_FAILURE 0xC000006D".to_owned()),
        name: Some("STATUS_LOGON_FAILURE"),
        message: "the user name or password is wrong".to_owned(),
        hint: Some("check the \"domain\"".to_owned()),
        cause: crate::problem::Cause::NoAnswer,
    }
}

fn print_columns(
    style: Style,
    columns: Vec<&'static Column<Session>>,
    rows: Vec<Row<Session>>,
    problems: &[Problem],
) -> String {
    let mut out = Vec::new();
    let mut sink = sink(style, columns, &mut out);
    sink.rows(rows).expect("a Vec takes everything");
    sink.finish(problems).expect("a Vec takes everything");
    drop(sink);
    String::from_utf8(out).expect("UTF-8")
}

fn print(style: Style, rows: Vec<Row<Session>>) -> String {
    print_columns(
        style,
        default_columns(style.format, false, false),
        rows,
        &[],
    )
}

fn of(format: Format) -> Style {
    Style { format, ..PLAIN }
}

#[test]
fn table() {
    assert_snapshot!(print(PLAIN, rows()));
}

#[test]
fn table_of_several_servers() {
    assert_snapshot!(print_columns(
        PLAIN,
        default_columns(Format::Table, true, false),
        rows(),
        &[]
    ));
}

#[test]
fn table_with_hostile_names() {
    let printed = print(PLAIN, hostile());
    assert!(!printed.chars().any(|c| c != '\n' && escape::is_harmful(c)));
    assert_eq!(printed.lines().count(), 1 + 5, "a row stays on its line");
    assert_snapshot!(printed);
}

#[test]
fn table_in_colour() {
    let printed = print(
        Style {
            colour: true,
            ..PLAIN
        },
        rows(),
    );
    assert_eq!(
        printed.replace("\x1b[1m", "").replace("\x1b[0m", ""),
        print(PLAIN, rows())
    );
    assert!(printed.starts_with("\x1b[1mCLIENT"));
}

#[test]
fn table_fits_the_terminal() {
    let mut wide = rows();
    wide.push(Row {
        node: None,
        server: "fs1".into(),
        data: session(
            "a-client-with-a-name-longer-than-most",
            "山田太郎さんのとても長い名前です",
        ),
    });
    let printed = print(
        Style {
            width: Some(60),
            ..PLAIN
        },
        wide,
    );
    for line in printed.lines() {
        assert!(unicode_width::UnicodeWidthStr::width(line) <= 60, "{line}");
    }
    assert_snapshot!(printed);
}

#[test]
fn table_on_a_terminal_of_no_width() {
    let printed = print(
        Style {
            width: Some(1),
            ..PLAIN
        },
        rows(),
    );
    assert_eq!(
        printed.lines().count(),
        4,
        "nothing is lost but the ends of long cells"
    );
}

#[test]
fn wide_table_is_never_cut() {
    assert_snapshot!(print(
        Style {
            width: Some(40),
            ..of(Format::Wide)
        },
        rows()
    ));
}

#[test]
fn table_without_rows() {
    assert_eq!(print(PLAIN, Vec::new()), "No sessions found.\n");
    let columns = || default_columns(Format::Table, true, false);
    assert_eq!(
        print_columns(PLAIN, columns(), Vec::new(), &[problem()]),
        ""
    );
}

#[test]
fn json() {
    let printed = print_columns(
        of(Format::Json),
        default_columns(Format::Json, false, false),
        rows(),
        &[problem(), Problem::interrupted("fs3")],
    );
    let document: serde_json::Value = serde_json::from_str(&printed).expect("JSON");
    assert_eq!(document["schema"], "smbwho/1");
    assert_eq!(document["rows"].as_array().map(Vec::len), Some(3));
    assert_snapshot!(printed);
}

#[test]
fn json_without_rows_is_still_a_document() {
    let printed = print(of(Format::Json), Vec::new());
    assert_eq!(
        printed,
        "{\"schema\":\"smbwho/1\",\"kind\":\"sessions\",\"rows\":[],\"errors\":[]}\n"
    );
}

#[test]
fn json_with_hostile_names_reads_back_exactly() {
    let printed = print(of(Format::Json), hostile());
    assert!(!printed.chars().any(|c| c != '\n' && escape::is_harmful(c)));
    let document: serde_json::Value = serde_json::from_str(&printed).expect("JSON");
    for (row, told) in document["rows"]
        .as_array()
        .expect("rows")
        .iter()
        .zip(hostile())
    {
        assert_eq!(row["client"].as_str(), told.data.client.as_deref());
        assert_eq!(row["user"].as_str(), told.data.user.as_deref());
    }
}

#[test]
fn json_lines() {
    assert_snapshot!(print(of(Format::Jsonl), rows()));
}

#[test]
fn csv() {
    assert_snapshot!(print(of(Format::Csv), rows()));
}

#[test]
fn csv_cells_cannot_become_formulas() {
    let printed = print(of(Format::Csv), hostile());
    let mut reader = ::csv::Reader::from_reader(printed.as_bytes());
    let records: Vec<_> = reader.records().collect::<Result<_, _>>().expect("CSV");
    assert_eq!(records.len(), 5);
    for cell in records.iter().flatten() {
        assert!(
            !cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']),
            "{cell:?}"
        );
    }
    assert_eq!(&records[0][1], "'=cmd|'/c calc'!A1");
    assert_eq!(&records[2][2], "say \"hi\", \\ bye");
}

#[test]
fn csv_and_tsv_are_harmless_whoever_reads() {
    for format in [Format::Csv, Format::Tsv] {
        let printed = print(of(format), hostile());
        assert!(
            !printed
                .chars()
                .any(|c| !"\n\t".contains(c) && escape::is_harmful(c))
        );
        assert_eq!(printed.lines().count(), 6);
    }
}

#[test]
fn raw_csv_and_tsv_hold_names_exactly() {
    let raw = |format| Style {
        raw: true,
        ..of(format)
    };
    let printed = print(raw(Format::Csv), hostile());
    let mut reader = ::csv::Reader::from_reader(printed.as_bytes());
    for (record, sent) in reader.records().zip(hostile()) {
        let record = record.expect("CSV");
        assert_eq!(Some(&record[1]), sent.data.client.as_deref());
        assert_eq!(Some(&record[2]), sent.data.user.as_deref());
    }
    // A tab or a line break would be another cell or row.
    let printed = print(raw(Format::Tsv), hostile());
    assert_eq!(printed.lines().count(), 6);
    assert!(
        printed.contains("\x1b]0;owned\x07\x1b[2J\u{9b}31m") && printed.contains(r"a\tb\nc\rd")
    );
}

#[test]
fn tsv() {
    assert_snapshot!(print(of(Format::Tsv), rows()));
}

#[test]
fn tsv_keeps_a_row_on_a_line() {
    let printed = print(of(Format::Tsv), hostile());
    assert_eq!(printed.lines().count(), 6);
    for line in printed.lines() {
        let columns = default_columns::<Session>(Format::Tsv, false, false);
        assert_eq!(line.split('\t').count(), columns.len());
    }
    assert!(printed.contains(r"a\tb\nc\rd") && printed.contains(r#"say "hi", \\ bye"#));
}

#[test]
fn chosen_columns_stand_in_their_order_in_every_format() {
    let names = ["user", "idle", "server"].map(str::to_owned);
    for format in [
        Format::Table,
        Format::Json,
        Format::Jsonl,
        Format::Csv,
        Format::Tsv,
    ] {
        let columns = choose(&names).expect("columns");
        let printed = print_columns(of(format), columns, rows(), &[]);
        let at = |text: &str| {
            printed
                .find(text)
                .unwrap_or_else(|| panic!("{text} in {printed}"))
        };
        assert!(at("alice") < at("45") && at("45") < at("fs1"), "{printed}");
        assert!(!printed.contains("10.0.0.7"), "{printed}");
    }
}

#[test]
fn headers_can_be_left_out() {
    for format in [Format::Table, Format::Wide, Format::Csv, Format::Tsv] {
        let printed = print(
            Style {
                header: false,
                ..of(format)
            },
            rows(),
        );
        assert_eq!(printed.lines().count(), 3, "{printed}");
    }
}
