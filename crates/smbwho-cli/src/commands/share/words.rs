//! Shares and changes of them in words, for plans and for the audit log.

use smbwho::{SecurityDescriptor, Share, ShareChange};

use super::recipe::Recipe;
use crate::args::ShareFields;

/// What is not text in a row, as text.
pub(crate) struct Told {
    pub(crate) max_uses: Option<String>,
    pub(crate) security: Option<String>,
}

impl Told {
    /// Security without a text is its bytes in hexadecimal: the audit log is
    /// what a removal may have to be undone from.
    pub(crate) fn of(share: &Share) -> Self {
        let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        Self {
            max_uses: share.max_uses.map(|limit| limit.to_string()),
            security: share
                .security
                .as_ref()
                .map(|security| match security.sddl() {
                    Some(sddl) => sddl.to_owned(),
                    None => hex(security.as_bytes()),
                }),
        }
    }
}

/// A descriptor that came from SDDL, written there again.
pub(crate) fn sddl_of(security: &SecurityDescriptor) -> Option<String> {
    security.to_sddl().ok()
}

/// A new share in one line.
pub(crate) fn described(name: &str, path: &str, fields: &ShareFields) -> String {
    let mut line = format!("{name}  {path}");
    if let Some(remark) = &fields.remark {
        line.push_str(&format!("  remark {remark:?}"));
    }
    if let Some(limit) = fields.max_uses {
        line.push_str(&format!("  limit {limit}"));
    }
    if let Some(sddl) = fields.security.as_ref().and_then(sddl_of) {
        line.push_str(&format!("  security {sddl}"));
    }
    line
}

/// `remark "old" → "new"`.
pub(crate) fn differences(before: &Share, change: &ShareChange) -> String {
    let was = Told::of(before);
    let limit = change.max_uses.map(|limit| limit.to_string());
    let sddl = change.security.as_ref().and_then(sddl_of);
    let pairs = [
        ("path", before.path.as_deref(), change.path.as_deref()),
        ("remark", before.remark.as_deref(), change.remark.as_deref()),
        ("limit", was.max_uses.as_deref(), limit.as_deref()),
        ("security", was.security.as_deref(), sddl.as_deref()),
    ];
    let changed = pairs.into_iter().filter_map(|(what, old, new)| {
        let old = old.map_or("(not told)".to_owned(), |old| format!("{old:?}"));
        Some(format!("{what} {old} → {:?}", new?))
    });
    changed.collect::<Vec<_>>().join("; ")
}

/// What the user should know of undoing.
pub(crate) fn undo(recipe: Recipe) -> Vec<String> {
    let command = recipe.command.map(|command| format!("to undo: {command}"));
    let lacks = recipe
        .lacks
        .into_iter()
        .map(|lack| format!("undoing: {lack}"));
    command.into_iter().chain(lacks).collect()
}
