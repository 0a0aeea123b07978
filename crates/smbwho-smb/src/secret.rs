//! Text that must not be seen again: passwords.

use std::fmt;

use zeroize::Zeroizing;

/// A password. Its memory is overwritten when it is dropped, and neither
/// `Debug` nor `Display` shows any of it.
///
/// There is no `Display`, no `serde` and no comparison, so it can be handed on
/// but not leak by habit. Code that has to send it calls [`Secret::expose`].
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes a password over. The caller's own copies are the caller's affair.
    pub fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    /// The password itself, for the code that signs in with it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether the password is the empty text.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self::new(text)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Not even the length: it narrows a guess.
        f.write_str("Secret(***)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_nothing_of_it() {
        let short = format!("{:?}", Secret::new("a"));
        let long = format!("{:#?}", Secret::new("correct horse battery staple"));
        assert_eq!(short, long);
        assert!(!long.contains("horse"));
    }
}
