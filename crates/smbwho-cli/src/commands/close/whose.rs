//! Whose sessions and open files `close … --user` means.
//!
//! To look for a user, more than enough is shown. What is to end must be that
//! user's: a name that only may be it counts where nothing is certain and the
//! name has no domain of its own, and the plan says so.

use std::collections::HashSet;

use smbwho::{Name, Server, UserFilter, UserMatch, account_name};

/// Names that a line counts out.
const NAMED: usize = 8;

/// What the filter chooses among users.
#[derive(Debug, Default)]
pub(super) struct Whose {
    /// For each row, whether it is one of theirs.
    pub(super) theirs: Vec<bool>,
    /// What must be known before anybody agrees.
    pub(super) besides: Vec<String>,
    /// What was left alone, and why.
    pub(super) left_out: Option<String>,
}

impl Whose {
    /// `users` are those of the rows, in their order.
    pub(super) async fn of(
        filter: Option<&mut UserFilter>,
        server: &Server,
        users: &[Option<&Name>],
    ) -> Self {
        let Some(filter) = filter else {
            return Self {
                theirs: vec![true; users.len()],
                ..Self::default()
            };
        };
        filter
            .get_ready(server, users.iter().copied().flatten())
            .await;
        Self::judge(filter, users)
    }

    fn judge(filter: &UserFilter, users: &[Option<&Name>]) -> Self {
        let judge = |user: &Option<&Name>| user.map_or(UserMatch::No, |user| filter.judge(user));
        let judged: Vec<UserMatch> = users.iter().map(judge).collect();
        let is_certain = judged.contains(&UserMatch::Same);
        let has_domain = |name: &Name| account_name(name) != name.to_lowercase();
        let (mut chosen, mut assumed) = (Accounts::default(), Accounts::default());
        let mut left_out = Accounts::default();
        let theirs = users.iter().zip(&judged).map(|(&user, judged)| {
            let Some(name) = user else { return false };
            let list = match judged {
                UserMatch::Same => &mut chosen,
                UserMatch::Assumed if is_certain || has_domain(name) => &mut left_out,
                UserMatch::Assumed => &mut assumed,
                // For the names that are near it.
                _ => return filter.lets_through(user),
            };
            list.add(name);
            !matches!(judged, UserMatch::Assumed if is_certain || has_domain(name))
        });
        let theirs = theirs.collect();
        let (chosen, assumed, left_out) = (chosen.names, assumed.names, left_out.names);
        let text = filter.text();
        let mut besides = Vec::new();
        if !assumed.is_empty() {
            besides.push(format!(
                "{} is taken for {text}: the server does not say of which domain that is",
                listed(&assumed)
            ));
        }
        if chosen.len() > 1 && filter.is_one() {
            besides.push(format!(
                "{text} stands for {} accounts here: {}",
                chosen.len(),
                listed(&chosen)
            ));
        }
        let left_out = (!left_out.is_empty()).then(|| {
            format!(
                "left out {}, which may be another user than {text}; name it as the server does \
                 to choose it",
                listed(&left_out)
            )
        });
        Self {
            theirs,
            besides,
            left_out,
        }
    }
}

/// Names that differ in more than letter case, in the order they came.
#[derive(Default)]
struct Accounts<'a> {
    names: Vec<&'a Name>,
    folded: HashSet<String>,
}

impl<'a> Accounts<'a> {
    fn add(&mut self, name: &'a Name) {
        if self.folded.insert(name.to_lowercase()) {
            self.names.push(name);
        }
    }
}

fn listed(names: &[&Name]) -> String {
    let mut text: Vec<&str> = names.iter().take(NAMED).map(|name| name.as_str()).collect();
    if names.len() > NAMED {
        text.push("…");
    }
    text.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(filter: &str, users: &[&str]) -> (Vec<bool>, Whose) {
        let users: Vec<Name> = users.iter().map(|&user| Name::from(user)).collect();
        let users: Vec<Option<&Name>> = users.iter().map(Some).collect();
        let whose = Whose::judge(&UserFilter::new(filter), &users);
        (whose.theirs.clone(), whose)
    }

    #[test]
    fn two_accounts_of_one_name_are_said_to_be_two() {
        let users = [r"LAB\ann", r"OTHER\ann", "bob", r"lab\ANN"];
        let (theirs, whose) = chosen("ann", &users);
        assert_eq!(theirs, [true, true, false, true]);
        assert_eq!(
            whose.besides,
            [r"ann stands for 2 accounts here: LAB\ann, OTHER\ann"]
        );
        let (_, one) = chosen("ann", &users[..1]);
        assert!(one.besides.is_empty() && one.left_out.is_none());
        let (_, any) = chosen("*", &users);
        assert!(any.besides.is_empty());
    }

    #[test]
    fn what_is_certain_leaves_out_what_is_not() {
        let (theirs, whose) = chosen(r"LAB\ann", &["ann", r"LAB\ann", r"OTHER\ann"]);
        assert_eq!(theirs, [false, true, false]);
        let left_out = whose.left_out.expect("a note");
        assert!(left_out.starts_with("left out ann, "), "{left_out}");

        let (theirs, whose) = chosen(r"LAB\ann", &["ann"]);
        assert_eq!(theirs, [true]);
        assert!(whose.besides[0].starts_with(r"ann is taken for LAB\ann"));

        // Whether this is her domain nobody knows.
        let (theirs, whose) = chosen("ann@far.test", &[r"OTHER\ann"]);
        assert_eq!(theirs, [false]);
        assert!(whose.left_out.is_some());
    }
}
