//! Shares and changes of them in words, for plans and for the audit log.

use smbwho::security_descriptor::{AccessList, Ace, AceBody};
use smbwho::{Name, SecurityDescriptor, Share, ShareChange};

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

/// A part of a share that is not what it was to be.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Unmet {
    pub(crate) what: &'static str,
    pub(crate) wanted: String,
    pub(crate) now: String,
}

/// What of a change the share does not show. What the server does not tell is
/// not held against it.
pub(crate) fn unmet(now: &Share, wanted: &ShareChange) -> Vec<Unmet> {
    let mut unmet = Vec::new();
    let mut differs = |what, wanted: &str, now: &str| {
        unmet.push(Unmet {
            what,
            wanted: wanted.to_owned(),
            now: now.to_owned(),
        });
    };
    if let (Some(wanted), Some(now)) = (&wanted.path, &now.path)
        && plain_path(wanted) != plain_path(now)
    {
        differs("path", wanted, now);
    }
    // No remark is an empty one.
    let remark = now.remark.as_deref().unwrap_or_default();
    if let Some(wanted) = wanted.remark.as_deref()
        && wanted != remark
    {
        differs("remark", wanted, remark);
    }
    if let (Some(wanted), Some(now)) = (wanted.max_uses, now.max_uses)
        && wanted != now
    {
        differs("limit", &wanted.to_string(), &now.to_string());
    }
    let security = now.security.as_ref();
    let is = security.and_then(|security| security.descriptor().ok());
    if let (Some(wanted), Some(is)) = (&wanted.security, &is)
        && !grants_the_same(wanted, is)
    {
        let now = security.and_then(|security| security.sddl());
        let wanted = sddl_of(wanted);
        differs(
            "security",
            wanted.as_deref().unwrap_or("?"),
            now.unwrap_or("?"),
        );
    }
    unmet
}

/// Parts that a change wants.
pub(crate) fn parts(change: &ShareChange) -> usize {
    let wanted = [
        change.path.is_some(),
        change.remark.is_some(),
        change.max_uses.is_some(),
        change.security.is_some(),
    ];
    wanted.iter().filter(|wanted| **wanted).count()
}

/// Samba puts a drive before its paths, and turns their slashes.
fn plain_path(path: &Name) -> String {
    let path = path.to_lowercase().replace('\\', "/");
    let path = match path.split_once(':') {
        Some((drive, rest)) if drive == "c" && rest.starts_with('/') => rest,
        _ => &path,
    };
    path.trim_end_matches('/').to_owned()
}

/// Whether a descriptor gives everybody what another one says. Servers add an
/// owner where none is said, and write out what general rights stand for.
fn grants_the_same(wanted: &SecurityDescriptor, now: &SecurityDescriptor) -> bool {
    let owner = wanted.owner.is_none() || wanted.owner == now.owner;
    let group = wanted.group.is_none() || wanted.group == now.group;
    let list = match (&wanted.dacl, &now.dacl) {
        (AccessList::Present(wanted), AccessList::Present(now)) => {
            let written_out = |ace: &Ace| {
                let mut ace = ace.clone();
                if let AceBody::Known { mask, .. } = &mut ace.body {
                    *mask = specific(*mask);
                }
                ace
            };
            wanted
                .aces
                .iter()
                .map(written_out)
                .eq(now.aces.iter().map(written_out))
        }
        (AccessList::Absent, _) => true,
        (wanted, now) => wanted == now,
    };
    owner && group && list
}

/// The rights to a folder that general ones stand for ([MS-DTYP] 2.4.3, and
/// FILE_ALL_ACCESS and its like of [MS-SMB2] 2.2.13.1.2).
fn specific(mask: u32) -> u32 {
    const GENERAL: [(u32, u32); 4] = [
        (0x8000_0000, 0x0012_0089),
        (0x4000_0000, 0x0012_0116),
        (0x2000_0000, 0x0012_00a0),
        (0x1000_0000, 0x001f_01ff),
    ];
    let mut specific = mask;
    for (general, rights) in GENERAL {
        if mask & general != 0 {
            specific = specific & !general | rights;
        }
    }
    specific
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

#[cfg(test)]
mod tests {
    use smbwho::{MaxUses, ShareLevel};

    use super::*;

    #[test]
    fn what_is_not_so_is_found() {
        let mut now = Share::unknown(ShareLevel::L2);
        now.path = Some(r"C:\srv\data".into());
        now.remark = None;
        now.max_uses = Some(MaxUses::Limit(7));
        let mut wanted = ShareChange::default();
        wanted.path = Some("/srv/data/".into());
        wanted.remark = Some("".into());
        wanted.max_uses = Some(MaxUses::Limit(7));
        assert_eq!((unmet(&now, &wanted), parts(&wanted)), (vec![], 3));
        wanted.path = Some(r"D:\srv\data".into());
        wanted.remark = Some("drawings".into());
        wanted.max_uses = Some(MaxUses::NoLimit);
        let what = |unmet: Vec<Unmet>| unmet.iter().map(|one| one.what).collect::<Vec<_>>();
        assert_eq!(what(unmet(&now, &wanted)), ["path", "remark", "limit"]);
        // What is not told is not held against the server.
        now.path = None;
        now.max_uses = None;
        assert_eq!(what(unmet(&now, &wanted)), ["remark"]);
    }

    #[test]
    fn security_is_the_same_where_it_gives_the_same() {
        let of = |sddl| SecurityDescriptor::from_sddl(sddl, None).expect("SDDL");
        let wanted = of("D:(A;;GA;;;BA)(A;;GR;;;AU)");
        for (now, same) in [
            ("O:BAG:SYD:(A;;FA;;;BA)(A;;FR;;;AU)", true),
            ("O:BAG:SYD:(A;;FA;;;BA)", false),
            ("O:BAG:SYD:(A;;FA;;;BA)(A;;FA;;;AU)", false),
            ("O:BAG:SYD:(A;;FA;;;WD)(A;;FR;;;AU)", false),
        ] {
            assert_eq!(grants_the_same(&wanted, &of(now)), same, "{now}");
        }
        assert!(!grants_the_same(&of("O:SY"), &of("O:BAD:(A;;FA;;;WD)")));
    }
}
