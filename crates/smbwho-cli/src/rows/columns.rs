//! Finding columns by the names people give them.

use super::{Column, Kind};

/// The column of this name. Besides the field's name, `idle` finds
/// `idle_secs`, and letter case and `-` for `_` do not matter.
///
/// # Errors
///
/// A message that lists the columns there are.
pub(crate) fn find<T: Kind>(name: &str) -> Result<&'static Column<T>, String> {
    let wanted = name.trim().to_ascii_lowercase().replace('-', "_");
    let is_it = |column: &&Column<T>| {
        column.name == wanted || column.name.strip_suffix("_secs") == Some(&wanted)
    };
    let node = (wanted == T::NODE.name).then_some(T::NODE);
    T::COLUMNS.iter().find(is_it).or(node).ok_or_else(|| {
        let names: Vec<&str> = T::COLUMNS.iter().map(|column| column.name).collect();
        format!(
            "there is no column '{name}' in {}; there are: {}",
            T::NAME,
            names.join(", ")
        )
    })
}

/// The columns of these names, in this order.
///
/// # Errors
///
/// As [`find`]; also a column named twice.
pub(crate) fn choose<T: Kind>(names: &[String]) -> Result<Vec<&'static Column<T>>, String> {
    let mut chosen: Vec<&'static Column<T>> = Vec::with_capacity(names.len());
    for name in names {
        let column = find::<T>(name)?;
        if chosen.iter().any(|earlier| earlier.name == column.name) {
            return Err(format!("column '{}' is named twice", column.name));
        }
        chosen.push(column);
    }
    Ok(chosen)
}

#[cfg(test)]
mod tests {
    use smbwho::Session;

    use super::*;

    #[test]
    fn columns_are_found_by_field_name_and_short_name() {
        for name in ["idle_secs", "idle", "IDLE", "idle-secs", " idle "] {
            assert_eq!(find::<Session>(name).map(|c| c.name), Ok("idle_secs"));
        }
    }

    #[test]
    fn an_unknown_column_lists_the_known() {
        let message = find::<Session>("colour").map(|c| c.name).unwrap_err();
        assert!(
            message.contains("'colour'") && message.contains("client, user, opens"),
            "{message}"
        );
    }

    #[test]
    fn a_column_is_chosen_once() {
        let names = ["user", "idle", "idle_secs"].map(str::to_owned);
        let message = choose::<Session>(&names).map(|_| ()).unwrap_err();
        assert_eq!(message, "column 'idle_secs' is named twice");
    }
}
