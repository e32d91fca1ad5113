//! What a signature must be about: the artifact, by every digest that stands for all of it.

use super::verification::Digests;

/// The artifact that bundles are examined against.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    digests: Vec<Digests>,
    name: Option<String>,
    unbound: String,
}

impl Target {
    /// An artifact that any of these digests stands for: a file for itself; an image for its manifest, and for an index that
    /// names it. Whoever signed one of them signed everything that was looked at.
    #[must_use]
    pub fn any_of(digests: Vec<Digests>) -> Self {
        Self { digests, name: None, unbound: "no digest that stands for all of it".to_owned() }
    }

    /// An artifact that no digest stands for, and why: no signature can be about it.
    #[must_use]
    pub fn unbound(why: impl Into<String>) -> Self {
        Self { digests: Vec::new(), name: None, unbound: why.into() }
    }

    /// The same with the name of the artifact's file, which attestations of PEP 740 are bound to besides.
    #[must_use]
    pub fn called(self, name: Option<String>) -> Self {
        Self { name, ..self }
    }

    pub(super) fn digests(&self) -> &[Digests] {
        &self.digests
    }

    pub(super) fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    pub(super) fn why_unbound(&self) -> &str {
        &self.unbound
    }
}

impl From<Digests> for Target {
    fn from(digests: Digests) -> Self {
        Self::any_of(vec![digests])
    }
}

impl From<&Digests> for Target {
    fn from(digests: &Digests) -> Self {
        digests.clone().into()
    }
}

impl From<&[u8; 32]> for Target {
    fn from(sha256: &[u8; 32]) -> Self {
        Digests::from(sha256).into()
    }
}

impl From<&Self> for Target {
    fn from(target: &Self) -> Self {
        target.clone()
    }
}
