use smbwho::{Level, Session};
use unicode_width::UnicodeWidthStr as _;

use super::*;
use crate::live::Live as _;
use crate::output;

fn session(user: &str, client: &str, opens: u32, active: u64) -> Session {
    let mut session = Session::unknown(Level::L502);
    session.client = Some(client.into());
    session.user = Some(user.into());
    session.opens = Some(opens);
    session.active = Some(Duration::from_secs(active));
    session.idle = Some(Duration::from_secs(active % 100));
    session
}

/// Made-up people, the same ones every time.
fn people(count: u64) -> Vec<Session> {
    let person = |n: u64| {
        let mixed = n.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40;
        let user = format!("user{}", mixed % 50_000);
        let client = format!("10.{}.{}.{}", n >> 16 & 255, n >> 8 & 255, n & 255);
        session(&user, &client, (mixed % 9) as u32, mixed)
    };
    (0..count).map(person).collect()
}

fn at(secs: u32) -> Tenths {
    Tenths(secs * 10)
}

fn take(grid: &mut dyn Grid, rows: Vec<Session>, now: Tenths) {
    grid.take(0, &"fs1".into(), Rows::Sessions(rows), true, now.into());
    settle(grid);
}

fn settle(grid: &mut dyn Grid) {
    while grid.is_busy() {
        grid.work(SLICE);
    }
}

fn grid(rows: Vec<Session>) -> Table<Session> {
    let mut grid = Table::new(false);
    take(&mut grid, rows, at(0));
    grid
}

/// The lines of a screen: mark and text.
fn lines(grid: &mut dyn Grid, now: Tenths) -> Vec<String> {
    let page = grid.page(100, 20, now, &[]);
    let line = |line: &PageLine| {
        let cursor = if line.cursor { ">" } else { "" };
        let words: Vec<&str> = line.text.split_whitespace().collect();
        format!("{cursor}{}{}", line.mark, words.join(" "))
            .trim_start()
            .to_owned()
    };
    page.lines.iter().map(line).collect()
}

fn users(grid: &mut dyn Grid, now: Tenths) -> Vec<String> {
    let page = grid.page(100, 1000, now, &[]);
    let user = |line: &PageLine| line.text.split_whitespace().nth(1).unwrap_or("").to_owned();
    page.lines.iter().map(user).collect()
}

#[test]
fn an_order_kept_up_is_the_order_made_anew() {
    let all = people(3000);
    for column in 0..6 {
        let mut grid = grid(Vec::new());
        grid.sort(column);
        if column == 5 {
            grid.filter("opens>2 user1");
            grid.group_next();
        }
        settle(&mut grid);
        for round in 0..20_usize {
            let rows: Vec<Session> = all
                .iter()
                .enumerate()
                .filter(|(n, _)| !(n * 7 + round * 13).is_multiple_of(5))
                .map(|(n, person)| {
                    let mut person = person.clone();
                    person.age(Duration::from_secs(round as u64));
                    if (n + round).is_multiple_of(50) {
                        person.opens = Some((n + round) as u32 % 11);
                    }
                    person
                })
                .collect();
            let now = at(u32::try_from(round).expect("small"));
            take(&mut grid, rows, now);
            grid.expire(now);
        }
        let (kept, counts) = (grid.lines.clone(), grid.counts());
        grid.rearrange();
        settle(&mut grid);
        assert_eq!(kept.len(), grid.lines.len(), "column {column}");
        assert!(kept == grid.lines, "column {column}");
        assert_eq!(counts, grid.counts(), "column {column}");
    }
}

#[test]
fn answers_during_a_new_order_are_not_lost() {
    let all = people(9000);
    let mut grid = grid(all.clone());
    grid.sort(3);
    for step in 0..30_usize {
        grid.work(700);
        let rows: Vec<Session> = all.iter().skip(step * 10).take(8000).cloned().collect();
        grid.take(0, &"fs1".into(), Rows::Sessions(rows), true, at(1).into());
    }
    settle(&mut grid);
    let (kept, counts) = (grid.lines.clone(), grid.counts());
    assert_eq!(counts.living, 8000);
    grid.rearrange();
    settle(&mut grid);
    assert!(kept == grid.lines);
    assert_eq!(counts, grid.counts());
}

#[test]
fn the_cursor_stays_on_its_row() {
    let mut grid = grid(vec![session("bob", "b", 0, 9), session("dora", "d", 0, 9)]);
    grid.go(Move::By(1), 20);
    let later = |users: &[&str]| users.iter().map(|u| session(u, &u[..1], 0, 10)).collect();
    take(&mut grid, later(&["alice", "bob", "carol", "dora"]), at(1));
    let seen = lines(&mut grid, at(1));
    assert_eq!(seen[3], "> d dora 0 10s 10s", "{seen:#?}");
    assert_eq!(seen[0], "+a alice 0 10s 10s");
    // Its row goes: first it is marked, then the next one has the cursor.
    take(&mut grid, later(&["alice", "bob", "carol", "eve"]), at(2));
    assert_eq!(lines(&mut grid, at(2))[3], ">-d dora 0 11s 11s");
    assert!(!grid.expire(at(11)));
    assert!(grid.expire(at(12)));
    assert_eq!(lines(&mut grid, at(12))[3], "> e eve 0 20s 20s");
}

#[test]
fn a_screen_in_the_middle_does_not_move_when_rows_come_above() {
    let users = |from: u32| (from..500).map(|n| session(&format!("u{n}"), "c", 0, 100));
    let mut grid = grid(users(100).collect());
    grid.go(Move::By(200), 20);
    let before = grid.page(80, 20, at(0), &[]);
    take(&mut grid, users(0).collect(), at(0));
    let after = grid.page(80, 20, at(0), &[]);
    assert_eq!(before.lines, after.lines);
    assert_eq!(after.from, before.from + 100);
}

#[test]
fn times_count_on_between_answers() {
    let mut grid = grid(vec![session("alice", "a", 0, 60)]);
    assert_eq!(lines(&mut grid, at(0)), ["> a alice 0 1m 00s 1m 00s"]);
    assert_eq!(lines(&mut grid, at(7)), ["> a alice 0 1m 07s 1m 07s"]);
}

#[test]
fn marks_last_a_while_and_stale_servers_are_marked() {
    let mut grid = grid(Vec::new());
    take(&mut grid, vec![session("alice", "a", 0, 1)], at(5));
    assert!(lines(&mut grid, at(6))[0].starts_with(">+"));
    let mark = |grid: &mut Table<Session>, stale| grid.page(80, 9, at(20), &[stale]).lines[0].mark;
    assert_eq!((mark(&mut grid, false), mark(&mut grid, true)), (' ', '!'));
}

#[test]
fn groups_count_fold_and_go() {
    let row = |user, client| session(user, client, 1, 100);
    let mut grid = grid(vec![row("bob", "a"), row("alice", "b"), row("bob", "c")]);
    assert_eq!(grid.group_next(), Some("user"));
    settle(&mut grid);
    assert_eq!(
        lines(&mut grid, at(0)),
        [
            "▾ user alice: 1",
            "> b alice 1 1m 40s 0s",
            "▾ user bob: 2",
            "a bob 1 1m 40s 0s",
            "c bob 1 1m 40s 0s",
        ]
    );
    grid.go(Move::By(1), 20);
    assert!(grid.fold());
    settle(&mut grid);
    assert_eq!(lines(&mut grid, at(0))[2], "> ▸ user bob: 2");
    let rows = vec![
        row("bob", "a"),
        row("bob", "c"),
        row("bob", "d"),
        row("eve", "e"),
    ];
    take(&mut grid, rows, at(0));
    grid.expire(at(30));
    let seen = lines(&mut grid, at(30));
    assert_eq!(seen[0], "> ▸ user bob: 3");
    assert_eq!(seen[1], "▾ user eve: 1");
    assert_eq!(grid.counts().shown, 4);
}

#[test]
fn columns_line_up_whatever_the_names() {
    let names = ["山田太郎", "e\u{301}ve", "Żółć", "\u{202e}gnp", "😀", "a"];
    let rows = names.iter().map(|name| session(name, name, 1, 5)).collect();
    let mut grid = grid(rows);
    let page = grid.page(60, 20, at(0), &[]);
    let heads: Vec<&str> = page.heads.iter().map(|head| head.text.as_str()).collect();
    let width = heads.join(output::table::GAP).width();
    for line in &page.lines {
        assert_eq!(line.text.width(), width, "{}", line.text);
        assert!(!line.text.contains('\u{202e}'));
    }
}

#[test]
fn a_narrow_screen_cuts_names_and_keeps_the_current_column() {
    let long = "a-very-long-name-of-a-client-computer.example.com";
    let mut grid = grid(vec![session("alice", long, 1, 5)]);
    let page = grid.page(50, 5, at(0), &[]);
    assert!(page.lines[0].text.contains('…') && page.lines[0].text.width() <= 50);
    (0..9).for_each(|_| grid.next_column(true));
    let page = grid.page(12, 5, at(0), &[]);
    assert!(page.heads.iter().any(|head| head.current));
}

#[test]
fn totals_do_not_take_unknown_for_zero() {
    let mut unknown = session("carol", "c", 0, 1);
    unknown.opens = None;
    let mut grid = grid(vec![
        session("alice", "a", 3, 1),
        session("bob", "b", 4, 1),
        unknown,
    ]);
    let total = |grid: &Table<Session>| {
        let total = grid.counts().totals[0].clone();
        (total.sum, total.unknown)
    };
    assert_eq!(total(&grid), (7, 1));
    grid.filter("user:b");
    settle(&mut grid);
    assert_eq!(total(&grid), (4, 0));
    let counts = grid.counts();
    assert_eq!((counts.shown, counts.living), (1, 3));
}

#[test]
fn what_is_shown_is_exported_as_it_is_by_now() {
    let mut grid = grid(vec![session("bob", "b", 1, 5), session("alice", "a", 2, 5)]);
    grid.filter("user:a");
    settle(&mut grid);
    let style = Style {
        format: output::Format::Csv,
        header: true,
        colour: false,
        raw: false,
        width: None,
        nothing: None,
    };
    let mut out = Vec::new();
    let rows = grid
        .print(style, Which::Shown, at(10), &mut out)
        .expect("a Vec takes everything");
    assert_eq!(rows, 1);
    let out = String::from_utf8(out).expect("UTF-8");
    assert_eq!(
        out,
        "client,user,opens,active_secs,idle_secs\na,alice,2,15,15\n"
    );
}

/// What one key press costs, with the screen that shows it.
fn cost_of(grid: &mut Table<Session>, press: impl Fn(&mut Table<Session>)) -> Work {
    let before = grid.spent();
    press(grid);
    // What is left is done while no key is pressed.
    if grid.is_busy() {
        grid.work(SLICE);
    }
    grid.page(80, 20, at(0), &[]);
    let after = grid.spent();
    settle(grid);
    Work {
        cells: after.cells - before.cells,
        compared: after.compared - before.compared,
    }
}

type Press = fn(&mut Table<Session>);

const PRESSES: &[(&str, Press)] = &[
    ("down", |grid| grid.go(Move::By(1), 20)),
    ("page down", |grid| grid.go(Move::Page(1), 20)),
    ("end", |grid| grid.go(Move::End, 20)),
    ("select", |grid| grid.select_next(20)),
    ("wheel", |grid| grid.scroll(-3, 20)),
    ("wider", |grid| grid.size_column(1, 1)),
    ("select none", |grid| grid.select_none()),
    ("copy", |grid| copied(grid).map_or((), drop)),
    ("close", |grid| drop(grid.victims(at(0)))),
];

/// Presses after which all rows must be looked at: in slices between presses.
const SLICED: &[(&str, Press)] = &[
    ("sort", |grid| grid.sort(3)),
    ("filter", |grid| grid.filter("user1")),
    ("group", |grid| {
        grid.group_next();
    }),
    ("select all", |grid| grid.select_all()),
];

/// What is copied: the selected rows, or the one under the cursor.
fn copied(grid: &Table<Session>) -> io::Result<Vec<String>> {
    let style = Style {
        format: output::Format::Tsv,
        header: false,
        colour: false,
        raw: false,
        width: None,
        nothing: None,
    };
    let mut out = Vec::new();
    grid.print(style, Which::Chosen, at(0), &mut out)?;
    let text = String::from_utf8(out).expect("UTF-8");
    Ok(text.lines().map(str::to_owned).collect())
}

#[test]
fn a_key_costs_the_same_with_a_hundred_times_the_rows() {
    let (mut small, mut large) = (grid(people(1_000)), grid(people(100_000)));
    for (name, press) in PRESSES {
        let (few, many) = (cost_of(&mut small, press), cost_of(&mut large, press));
        assert_eq!(few, many, "{name}");
        assert!(
            many.cells <= 20 * 6,
            "{name}: only what is on the screen: {many:?}"
        );
        assert_eq!(many.compared, 0, "{name}");
    }
    for (name, press) in SLICED {
        let few = cost_of(&mut small, press);
        let many = cost_of(&mut large, press);
        assert!(many.cells <= 20 * 6, "{name}: {many:?}");
        assert!(
            many.compared <= 2 * few.compared.max(SLICE as u64 * 11),
            "{name}: {few:?} {many:?}"
        );
    }
}

#[test]
fn a_refresh_costs_what_changed() {
    let rows = people(100_000);
    let mut grid = grid(rows.clone());
    let before = grid.spent();
    take(&mut grid, rows.clone(), at(0));
    assert_eq!(grid.spent(), before, "nothing is new, nothing is done");
    let mut later = rows;
    for session in later.iter_mut().take(10) {
        session.opens = Some(77);
    }
    later.truncate(99_995);
    take(&mut grid, later, at(0));
    let spent = grid.spent().compared - before.compared;
    // Fifteen rows, each sought and put into its place among 2^17.
    assert!((15..=15 * (2 * 17 + 8)).contains(&spent), "{spent}");
    assert_eq!(grid.spent().cells, before.cells);
}

/// Of what grows with the rows, the limit is for all but their own strings.
#[test]
fn a_row_takes_less_than_300_bytes() {
    let mut grid = grid(people(100_000));
    grid.select_all();
    settle(&mut grid);
    let lines = grid.lines.capacity() * size_of::<Line>();
    let each = (grid.store.heap() + lines) / 100_000;
    assert!(each < 300, "{each} bytes");
}

#[test]
fn all_that_is_shown_is_selected_and_nothing_else() {
    let row = |user, client| session(user, client, 1, 100);
    let rows = vec![row("alice", "a"), row("albert", "b"), row("bob", "c")];
    let mut grid = grid(rows);
    grid.filter("al");
    settle(&mut grid);
    grid.select_all();
    // Another filter before it is done: meant is what was shown.
    grid.filter("");
    settle(&mut grid);
    assert_eq!(grid.counts().selected, 2);
    assert_eq!(
        copied(&grid).expect("a Vec takes everything"),
        ["b\talbert\t1\t100\t0", "a\talice\t1\t100\t0"]
    );
    grid.select_none();
    assert_eq!(grid.counts().selected, 0);
    assert_eq!(grid.victims(at(0)).len(), 1, "the row under the cursor");
    // Rows of a folded group are out of sight.
    grid.group_next();
    settle(&mut grid);
    grid.go(Move::Home, 20);
    assert!(grid.fold());
    settle(&mut grid);
    grid.select_all();
    settle(&mut grid);
    assert_eq!(grid.counts().selected, 2);
    assert_eq!(copied(&grid).expect("a Vec takes everything").len(), 2);
}

#[test]
fn a_selection_is_forgotten_however_often() {
    let mut grid = grid(vec![session("alice", "a", 0, 1), session("bob", "b", 0, 1)]);
    for _ in 0..=2 * usize::from(u16::MAX) {
        grid.select_next(20);
        assert_eq!(grid.counts().selected, 1);
        grid.select_none();
        grid.go(Move::Home, 20);
    }
    assert!(!grid.page(80, 20, at(0), &[]).lines[0].selected);
    // A row that is selected twice is one row.
    for _ in 0..3 {
        grid.go(Move::Home, 20);
        grid.select_next(20);
    }
    assert_eq!(grid.victims(at(0)).len(), 1);
}

#[test]
fn users_are_filed_as_people_do() {
    let rows = ["u10", "u9", "U1"]
        .map(|user| session(user, "c", 0, 1))
        .to_vec();
    let mut grid = grid(rows);
    assert_eq!(users(&mut grid, at(0)), ["U1", "u9", "u10"]);
    grid.sort(2);
    settle(&mut grid);
    assert_eq!(users(&mut grid, at(0)), ["u10", "u9", "U1"]);
}
