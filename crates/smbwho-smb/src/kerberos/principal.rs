//! [RFC 4120 6.2] Principals as people write them: `alice`, `alice@LAB.TEST`, `cifs/host@REALM`.

use std::fmt;

use super::KerberosError;

/// A name and, when it is known, its realm.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Principal {
    /// `["alice"]`, `["cifs", "host.example"]`.
    pub components: Vec<String>,
    /// `None`: not said; the default realm is meant.
    pub realm: Option<String>,
}

/// Longest text taken for a principal. Realms and names are far shorter.
const MAX_LEN: usize = 1024;

impl Principal {
    /// Reads `name[/instance][@REALM]`. A backslash takes the sign after it
    /// literally ([RFC 1964 2.1.1] has `\n \t \b \0` as well).
    ///
    /// # Errors
    /// [`KerberosError::InvalidPrincipal`]: nothing there, an empty component
    /// or realm, two realms, or a backslash at the end.
    pub fn parse(text: &str) -> Result<Self, KerberosError> {
        let bad = |why: &'static str| KerberosError::InvalidPrincipal {
            text: text.to_owned(),
            why,
        };
        if text.len() > MAX_LEN {
            return Err(bad("it is too long"));
        }
        let mut components = vec![String::new()];
        let mut realm: Option<String> = None;
        let mut signs = text.chars();
        while let Some(sign) = signs.next() {
            let literal = match sign {
                '\\' => match signs.next().ok_or_else(|| bad("it ends in a backslash"))? {
                    'n' => '\n',
                    't' => '\t',
                    'b' => '\u{8}',
                    '0' => '\0',
                    other => other,
                },
                '@' if realm.is_some() => return Err(bad("it has two realms")),
                '@' => {
                    realm = Some(String::new());
                    continue;
                }
                '/' if realm.is_none() => {
                    components.push(String::new());
                    continue;
                }
                other => other,
            };
            match (&mut realm, components.last_mut()) {
                (Some(realm), _) => realm.push(literal),
                (None, Some(component)) => component.push(literal),
                (None, None) => {}
            }
        }
        if components.iter().any(String::is_empty) {
            return Err(bad("the name is empty"));
        }
        if realm.as_deref() == Some("") {
            return Err(bad("the realm after '@' is empty"));
        }
        Ok(Self { components, realm })
    }

    /// The components as one text, without the realm.
    pub fn name(&self) -> String {
        self.components.join("/")
    }
}

impl fmt::Display for Principal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name())?;
        match &self.realm {
            Some(realm) => write!(f, "@{realm}"),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for Principal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(text: &str) -> (Vec<String>, Option<String>) {
        let principal = Principal::parse(text).expect(text);
        (principal.components, principal.realm)
    }

    #[test]
    fn as_people_write_them() {
        assert_eq!(parts("alice"), (vec!["alice".into()], None));
        assert_eq!(
            parts("alice@LAB.TEST"),
            (vec!["alice".into()], Some("LAB.TEST".into()))
        );
        assert_eq!(
            parts("cifs/dc1.lab.test@LAB.TEST"),
            (
                vec!["cifs".into(), "dc1.lab.test".into()],
                Some("LAB.TEST".into())
            )
        );
        assert_eq!(parts(r"a\@b@R"), (vec!["a@b".into()], Some("R".into())));
        assert_eq!(parts(r"a\/b"), (vec!["a/b".into()], None));
        assert_eq!(parts("pc1$@R"), (vec!["pc1$".into()], Some("R".into())));
    }

    #[test]
    fn refused_with_a_reason() {
        for text in [
            "",
            "@R",
            "a@",
            "a@b@c",
            "a\\",
            "a//b",
            "/",
            &"a".repeat(2000),
        ] {
            assert!(
                matches!(
                    Principal::parse(text),
                    Err(KerberosError::InvalidPrincipal { .. })
                ),
                "{text:?}"
            );
        }
    }
}
