//! The order in which rows are printed, and how many of them.

use std::cmp::Ordering;
use std::ops::Range;

use super::{Cell, Column, Row, natural};

/// Rows beyond the limit that are kept until it pays to choose among them.
const SURPLUS: usize = 4096;

/// `--sort`, `--reverse` and `--limit`.
pub(crate) struct Order<T: 'static> {
    /// The column to sort by; without one rows stay as they came.
    pub(crate) by: Option<&'static Column<T>>,
    /// Largest first, or last row first.
    pub(crate) reverse: bool,
    /// At most so many rows.
    pub(crate) limit: Option<usize>,
}

impl<T> Order<T> {
    /// Whether a row can be printed before all of them are there.
    pub(crate) fn streams(&self) -> bool {
        self.by.is_none() && !self.reverse
    }

    /// Puts all rows in order and cuts them at the limit. Rows whose cell is
    /// unknown come last in either direction; equal rows keep their order.
    pub(crate) fn arrange(&self, rows: &mut Vec<Row<T>>) {
        let wanted = self.limit.unwrap_or(usize::MAX).min(rows.len());
        match self.by {
            Some(column) => {
                let places = sorted(rows, column, self.reverse, wanted);
                put_first(rows, places);
            }
            None if self.reverse => rows.reverse(),
            None => {}
        }
        rows.truncate(wanted);
    }

    /// Drops rows that the limit will cut whatever follows them, once there are many.
    pub(crate) fn drop_surplus(&self, rows: &mut Vec<Row<T>>) {
        if let (Some(_), Some(limit)) = (self.by, self.limit)
            && rows.len() / 2 >= limit.max(SURPLUS / 2)
        {
            self.arrange(rows);
        }
    }
}

/// The places of the rows in their order, and no more of them than are wanted.
fn sorted<T>(rows: &[Row<T>], column: &Column<T>, reverse: bool, wanted: usize) -> Vec<usize> {
    let cells = rows.iter().map(column.cell).enumerate();
    let (unknown, mut known): (Vec<_>, Vec<_>) =
        cells.partition(|(_, cell)| *cell == Cell::Unknown);
    let mut places = match Texts::of(&known) {
        Some(texts) => {
            drop(known);
            texts.sorted(reverse, wanted)
        }
        None => {
            first(&mut known, wanted, |(a, left), (b, right)| {
                compare(*left, *right, reverse).then(a.cmp(b))
            });
            known.into_iter().map(|(place, _)| place).collect()
        }
    };
    let left = wanted.saturating_sub(places.len());
    places.extend(unknown.into_iter().map(|(place, _)| place).take(left));
    places
}

/// Sorts the first of the keys, so many as are wanted, and drops the others.
fn first<K>(keys: &mut Vec<K>, wanted: usize, compare: impl Fn(&K, &K) -> Ordering) {
    if wanted < keys.len() {
        keys.select_nth_unstable_by(wanted, &compare);
        keys.truncate(wanted);
    }
    keys.sort_unstable_by(compare);
}

/// Brings the rows at these places to the front.
fn put_first<T>(rows: &mut [Row<T>], mut places: Vec<usize>) {
    for to in 0..places.len() {
        let mut from = places[to];
        // What stood there was exchanged before.
        while from < to {
            from = places[from];
        }
        places[to] = from;
        rows.swap(to, from);
    }
}

/// A column of texts, made ready to be compared.
struct Texts {
    /// The [keys](natural::write_key) of all.
    keys: Vec<u8>,
    texts: Vec<Text>,
}

/// One of them.
struct Text {
    /// Its key from where keys differ, as far as it goes into a number.
    head: u64,
    /// All of that.
    key: Range<usize>,
    place: usize,
}

impl Texts {
    /// `None` if there is anything but text among the cells.
    fn of(cells: &[(usize, Cell<'_>)]) -> Option<Self> {
        let mut keys = Vec::new();
        let mut texts = Vec::with_capacity(cells.len());
        for (place, cell) in cells {
            let Cell::Text(text) = cell else { return None };
            let start = keys.len();
            natural::write_key(&mut keys, text);
            texts.push(Text {
                head: 0,
                key: start..keys.len(),
                place: *place,
            });
        }
        let mut alike = texts
            .first()
            .map_or(&[][..], |first| &keys[first.key.clone()]);
        for text in &texts {
            let pairs = alike.iter().zip(&keys[text.key.clone()]);
            alike = &alike[..pairs.take_while(|(a, b)| a == b).count()];
        }
        let alike = alike.len();
        for text in &mut texts {
            text.key.start += alike;
            let mut head = [0; 8];
            head.iter_mut()
                .zip(&keys[text.key.clone()])
                .for_each(|(to, byte)| *to = *byte);
            text.head = u64::from_be_bytes(head);
        }
        Some(Self { keys, texts })
    }

    fn sorted(mut self, reverse: bool, wanted: usize) -> Vec<usize> {
        let key = |text: &Text| &self.keys[text.key.clone()];
        let rise = |a: &Text, b: &Text| a.head.cmp(&b.head).then_with(|| key(a).cmp(key(b)));
        first(&mut self.texts, wanted, |a, b| {
            let order = if reverse { rise(b, a) } else { rise(a, b) };
            order.then(a.place.cmp(&b.place))
        });
        self.texts.into_iter().map(|text| text.place).collect()
    }
}

/// The order of two cells of one column. Unknown comes last in either
/// direction.
pub(crate) fn compare(a: Cell<'_>, b: Cell<'_>, reverse: bool) -> Ordering {
    match (a == Cell::Unknown, b == Cell::Unknown) {
        (false, false) if reverse => b.compare_known(a),
        (false, false) => a.compare_known(b),
        (a_unknown, b_unknown) => a_unknown.cmp(&b_unknown),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use smbwho::{Level, Session};

    use super::super::find;
    use super::*;

    fn row(user: &str, idle: Option<u64>) -> Row<Session> {
        let mut session = Session::unknown(Level::L10);
        session.user = Some(user.into());
        session.idle = idle.map(Duration::from_secs);
        Row {
            node: None,
            server: "fs1".into(),
            data: session,
        }
    }

    fn sorted(by: &str, reverse: bool, limit: Option<usize>) -> Vec<String> {
        let mut rows = vec![
            row("bob", Some(9)),
            row("Alice", None),
            row("carol", Some(10)),
        ];
        let by = Some(find::<Session>(by).expect("a column"));
        Order { by, reverse, limit }.arrange(&mut rows);
        rows.into_iter()
            .map(|row| row.data.user.expect("set").to_string())
            .collect()
    }

    #[test]
    fn text_without_case_and_times_by_value() {
        assert_eq!(sorted("user", false, None), ["Alice", "bob", "carol"]);
        assert_eq!(sorted("idle", false, None), ["bob", "carol", "Alice"]);
    }

    #[test]
    fn unknown_comes_last_in_either_direction() {
        assert_eq!(sorted("idle", true, None), ["carol", "bob", "Alice"]);
    }

    /// What is chosen and kept of many is what sorting all of them would give.
    #[test]
    fn of_many_the_same_rows_come_first_in_the_same_order() {
        let mut number = 7_u64;
        let mut dice = |faces: u64| {
            number = number.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(1);
            (number >> 33) % faces
        };
        let mut rows = Vec::new();
        for _ in 0..10_000 {
            let user = ["Ann", "ann", "ann2", "ann10", "bob", "", "ży", "ŻY"][dice(8) as usize];
            let mut row = row(user, (dice(4) > 0).then(|| dice(50)));
            if dice(9) == 0 {
                row.data.user = None;
            }
            row.server = format!("fs{}", rows.len()).into();
            rows.push(row);
        }
        let servers = |rows: &[Row<Session>]| -> Vec<String> {
            rows.iter().map(|row| row.server.to_string()).collect()
        };
        for by in ["user", "idle", "server"] {
            let column = find::<Session>(by).expect("a column");
            for reverse in [false, true] {
                let cell = column.cell;
                let mut expected = rows.clone();
                expected.sort_by(|a, b| compare(cell(a), cell(b), reverse));
                for limit in [None, Some(1), Some(10), Some(9_999), Some(20_000)] {
                    let by = Some(column);
                    let order = Order { by, reverse, limit };
                    let mut whole = rows.clone();
                    order.arrange(&mut whole);
                    let mut kept = Vec::new();
                    for slice in rows.chunks(1_000) {
                        kept.extend(slice.iter().cloned());
                        order.drop_surplus(&mut kept);
                        assert!(
                            kept.len() < SURPLUS || limit > Some(SURPLUS / 2) || limit.is_none()
                        );
                    }
                    order.arrange(&mut kept);
                    let wanted = limit.unwrap_or(usize::MAX).min(rows.len());
                    let expected = servers(&expected[..wanted]);
                    assert_eq!(servers(&whole), expected, "{reverse} {limit:?}");
                    assert_eq!(servers(&kept), expected, "{reverse} {limit:?}");
                }
            }
        }
    }

    #[test]
    fn the_limit_cuts_after_sorting() {
        assert_eq!(sorted("user", true, Some(1)), ["carol"]);
    }
}
