//! Capital letters of user names as the servers make them.
//!
//! The key of an NTLMv2 answer is made from the user's name in capitals, and the server makes it
//! again from the name as it was sent. Both must write the same capitals: one UTF-16 unit becomes
//! one, by a table that is as old as the server, not by today's Unicode. `ß` stays, and so does
//! what lies beyond 16 bits.
//!
//! There are two tables in use: Windows' ([MS-UCODEREF] 3.1.5.3, "Windows 8 Upper Case Mapping
//! Table"), and Samba's, which knows the letters of Unicode 3.0 and the final sigma. They agree on
//! all but some 340 letters (`ș`, `ț`, `ᾳ`, Coptic, `ς`, …).

/// Whose table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Upcase {
    /// Windows since 8 and Server 2012.
    Windows,
    /// Samba, and what is like it.
    Samba,
}

impl Upcase {
    /// The capital of one UTF-16 unit, or the unit itself.
    #[must_use]
    pub fn unit(self, unit: u16) -> u16 {
        match self {
            // The final sigma.
            Self::Samba if unit == 0x03C2 => 0x03A3,
            Self::Samba => mapped(BOTH, unit),
            Self::Windows => match mapped(BOTH, unit) {
                same if same == unit => mapped(WINDOWS, unit),
                capital => capital,
            },
        }
    }

    /// A text in capitals, in UTF-16.
    pub fn text(self, text: &str) -> impl Iterator<Item = u16> {
        text.encode_utf16().map(move |unit| self.unit(unit))
    }
}

/// From a first to a last letter, every so many, and how far their capitals are away.
type Run = (u16, u16, u16, i16);

fn mapped(runs: &[Run], unit: u16) -> u16 {
    let after = runs.partition_point(|(first, ..)| *first <= unit);
    let Some(&(first, last, step, distance)) = after.checked_sub(1).and_then(|at| runs.get(at))
    else {
        return unit;
    };
    let is_in = unit <= last && unit.wrapping_sub(first).checked_rem(step) == Some(0);
    // Distances of more than 15 bits go round.
    if is_in {
        unit.wrapping_add_signed(distance)
    } else {
        unit
    }
}

/// What both know.
#[rustfmt::skip]
const BOTH: &[Run] = &[
    (0x0061, 0x007a, 1, -32),
    (0x00e0, 0x00f6, 1, -32),
    (0x00f8, 0x00fe, 1, -32),
    (0x00ff, 0x00ff, 1, 121),
    (0x0101, 0x012f, 2, -1),
    (0x0133, 0x0137, 2, -1),
    (0x013a, 0x0148, 2, -1),
    (0x014b, 0x0177, 2, -1),
    (0x017a, 0x017e, 2, -1),
    (0x0183, 0x0185, 2, -1),
    (0x0188, 0x0188, 1, -1),
    (0x018c, 0x018c, 1, -1),
    (0x0192, 0x0192, 1, -1),
    (0x0199, 0x0199, 1, -1),
    (0x01a1, 0x01a5, 2, -1),
    (0x01a8, 0x01a8, 1, -1),
    (0x01ad, 0x01ad, 1, -1),
    (0x01b0, 0x01b0, 1, -1),
    (0x01b4, 0x01b6, 2, -1),
    (0x01b9, 0x01b9, 1, -1),
    (0x01bd, 0x01bd, 1, -1),
    (0x01c6, 0x01c6, 1, -2),
    (0x01c9, 0x01c9, 1, -2),
    (0x01cc, 0x01cc, 1, -2),
    (0x01ce, 0x01dc, 2, -1),
    (0x01dd, 0x01dd, 1, -79),
    (0x01df, 0x01ef, 2, -1),
    (0x01f3, 0x01f3, 1, -2),
    (0x01f5, 0x01f5, 1, -1),
    (0x01fb, 0x0217, 2, -1),
    (0x0253, 0x0253, 1, -210),
    (0x0254, 0x0254, 1, -206),
    (0x0256, 0x0257, 1, -205),
    (0x0259, 0x0259, 1, -202),
    (0x025b, 0x025b, 1, -203),
    (0x0260, 0x0260, 1, -205),
    (0x0263, 0x0263, 1, -207),
    (0x0268, 0x0268, 1, -209),
    (0x0269, 0x0269, 1, -211),
    (0x026f, 0x026f, 1, -211),
    (0x0272, 0x0272, 1, -213),
    (0x0275, 0x0275, 1, -214),
    (0x0283, 0x0283, 1, -218),
    (0x0288, 0x0288, 1, -218),
    (0x028a, 0x028b, 1, -217),
    (0x0292, 0x0292, 1, -219),
    (0x03ac, 0x03ac, 1, -38),
    (0x03ad, 0x03af, 1, -37),
    (0x03b1, 0x03c1, 1, -32),
    (0x03c3, 0x03cb, 1, -32),
    (0x03cc, 0x03cc, 1, -64),
    (0x03cd, 0x03ce, 1, -63),
    (0x03e3, 0x03ef, 2, -1),
    (0x0430, 0x044f, 1, -32),
    (0x0451, 0x045c, 1, -80),
    (0x045e, 0x045f, 1, -80),
    (0x0461, 0x0481, 2, -1),
    (0x0491, 0x04bf, 2, -1),
    (0x04c2, 0x04c4, 2, -1),
    (0x04c8, 0x04c8, 1, -1),
    (0x04cc, 0x04cc, 1, -1),
    (0x04d1, 0x04eb, 2, -1),
    (0x04ef, 0x04f5, 2, -1),
    (0x04f9, 0x04f9, 1, -1),
    (0x0561, 0x0586, 1, -48),
    (0x1e01, 0x1e95, 2, -1),
    (0x1ea1, 0x1ef9, 2, -1),
    (0x1f00, 0x1f07, 1, 8),
    (0x1f10, 0x1f15, 1, 8),
    (0x1f20, 0x1f27, 1, 8),
    (0x1f30, 0x1f37, 1, 8),
    (0x1f40, 0x1f45, 1, 8),
    (0x1f51, 0x1f57, 2, 8),
    (0x1f60, 0x1f67, 1, 8),
    (0x1f70, 0x1f71, 1, 74),
    (0x1f72, 0x1f75, 1, 86),
    (0x1f76, 0x1f77, 1, 100),
    (0x1f78, 0x1f79, 1, 128),
    (0x1f7a, 0x1f7b, 1, 112),
    (0x1f7c, 0x1f7d, 1, 126),
    (0x1fb0, 0x1fb1, 1, 8),
    (0x1fd0, 0x1fd1, 1, 8),
    (0x1fe0, 0x1fe1, 1, 8),
    (0x1fe5, 0x1fe5, 1, 7),
    (0x2170, 0x217f, 1, -16),
    (0x24d0, 0x24e9, 1, -26),
    (0xff41, 0xff5a, 1, -32),
];

/// What only Windows knows.
#[rustfmt::skip]
const WINDOWS: &[Run] = &[
    (0x0180, 0x0180, 1, 195),
    (0x0195, 0x0195, 1, 97),
    (0x019a, 0x019a, 1, 163),
    (0x019e, 0x019e, 1, 130),
    (0x01bf, 0x01bf, 1, 56),
    (0x01f9, 0x01f9, 1, -1),
    (0x0219, 0x021f, 2, -1),
    (0x0223, 0x0233, 2, -1),
    (0x023c, 0x023c, 1, -1),
    (0x0242, 0x0242, 1, -1),
    (0x0247, 0x024f, 2, -1),
    (0x0250, 0x0250, 1, 10783),
    (0x0251, 0x0251, 1, 10780),
    (0x026b, 0x026b, 1, 10743),
    (0x0271, 0x0271, 1, 10749),
    (0x027d, 0x027d, 1, 10727),
    (0x0280, 0x0280, 1, -218),
    (0x0289, 0x0289, 1, -69),
    (0x028c, 0x028c, 1, -71),
    (0x0371, 0x0373, 2, -1),
    (0x0377, 0x0377, 1, -1),
    (0x037b, 0x037d, 1, 130),
    (0x03d7, 0x03d7, 1, -8),
    (0x03d9, 0x03e1, 2, -1),
    (0x03f2, 0x03f2, 1, 7),
    (0x03f8, 0x03f8, 1, -1),
    (0x03fb, 0x03fb, 1, -1),
    (0x0450, 0x0450, 1, -80),
    (0x045d, 0x045d, 1, -80),
    (0x048b, 0x048f, 2, -1),
    (0x04c6, 0x04c6, 1, -1),
    (0x04ca, 0x04ca, 1, -1),
    (0x04ce, 0x04ce, 1, -1),
    (0x04cf, 0x04cf, 1, -15),
    (0x04ed, 0x04ed, 1, -1),
    (0x04f7, 0x04f7, 1, -1),
    (0x04fb, 0x0523, 2, -1),
    (0x1d79, 0x1d79, 1, -30204),
    (0x1d7d, 0x1d7d, 1, 3814),
    (0x1efb, 0x1eff, 2, -1),
    (0x1f80, 0x1f87, 1, 8),
    (0x1f90, 0x1f97, 1, 8),
    (0x1fa0, 0x1fa7, 1, 8),
    (0x1fb3, 0x1fb3, 1, 9),
    (0x1fc3, 0x1fc3, 1, 9),
    (0x1ff3, 0x1ff3, 1, 9),
    (0x214e, 0x214e, 1, -28),
    (0x2184, 0x2184, 1, -1),
    (0x2c30, 0x2c5e, 1, -48),
    (0x2c61, 0x2c61, 1, -1),
    (0x2c65, 0x2c65, 1, -10795),
    (0x2c66, 0x2c66, 1, -10792),
    (0x2c68, 0x2c6c, 2, -1),
    (0x2c73, 0x2c73, 1, -1),
    (0x2c76, 0x2c76, 1, -1),
    (0x2c81, 0x2ce3, 2, -1),
    (0x2d00, 0x2d25, 1, -7264),
    (0xa641, 0xa65f, 2, -1),
    (0xa663, 0xa66d, 2, -1),
    (0xa681, 0xa697, 2, -1),
    (0xa723, 0xa72f, 2, -1),
    (0xa733, 0xa76f, 2, -1),
    (0xa77a, 0xa77c, 2, -1),
    (0xa77f, 0xa787, 2, -1),
    (0xa78c, 0xa78c, 1, -1),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn upper(table: Upcase, text: &str) -> String {
        String::from_utf16(&table.text(text).collect::<Vec<_>>()).expect("text")
    }

    #[test]
    fn one_unit_becomes_one() {
        for table in [Upcase::Windows, Upcase::Samba] {
            for (name, expected) in [
                ("User", "USER"),
                ("groß", "GROß"),
                ("jörg", "JÖRG"),
                ("ÿ", "Ÿ"),
                ("ŉ", "ŉ"),
                ("ǰ", "ǰ"),
                // Dotless and dotted i: no language is asked.
                ("ıi", "ıI"),
                ("İ", "İ"),
                ("ſ", "ſ"),
                ("µ", "µ"),
                // Small, titlecase and capital of one letter.
                ("ǆǅǄ", "ǄǅǄ"),
                ("λόγο", "ΛΌΓΟ"),
                ("ΐ", "ΐ"),
                ("иван", "ИВАН"),
                ("և", "և"),
                ("ა", "ა"),
                ("ﬁ", "ﬁ"),
                ("ａ", "Ａ"),
                ("ⅷ", "Ⅷ"),
                // Beyond 16 bits.
                ("𐐨", "𐐨"),
                ("😀x", "😀X"),
            ] {
                assert_eq!(upper(table, name), expected, "{table:?}");
            }
        }
    }

    #[test]
    fn the_two_tables_differ_where_they_are_known_to() {
        for (name, windows, samba) in [
            ("λόγος", "ΛΌΓΟς", "ΛΌΓΟΣ"),
            ("ștefan", "ȘTEFAN", "șTEFAN"),
            ("ᾳ", "ᾼ", "ᾳ"),
            ("ᾀ", "ᾈ", "ᾀ"),
            ("ⲁ", "Ⲁ", "ⲁ"),
            ("ⴀ", "Ⴀ", "ⴀ"),
            ("ᵹ", "Ᵹ", "ᵹ"),
            ("ɐ", "Ɐ", "ɐ"),
        ] {
            assert_eq!(upper(Upcase::Windows, name), windows);
            assert_eq!(upper(Upcase::Samba, name), samba);
        }
    }

    #[test]
    fn the_runs_are_in_order_and_capitals_stay() {
        for runs in [BOTH, WINDOWS] {
            let mut before = 0;
            for &(first, last, step, _) in runs {
                assert!(before < first && first <= last && step > 0, "{first:04x}");
                assert_eq!((last - first) % step, 0, "{first:04x}");
                before = last;
            }
        }
        for table in [Upcase::Windows, Upcase::Samba] {
            let small = |unit: &u16| table.unit(*unit) != *unit;
            let count = (0..=u16::MAX).filter(small).count();
            assert_eq!(count, if table == Upcase::Samba { 636 } else { 973 });
            for unit in 0..=u16::MAX {
                let capital = table.unit(unit);
                assert_eq!(table.unit(capital), capital, "{unit:04x}");
            }
        }
    }
}
