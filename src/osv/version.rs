//! Version order: what "before", "after" and "equal" mean in each ecosystem.
//!
//! npm and crates.io follow SemVer 2.0 precedence (<https://semver.org>, section 11), read leniently ([`semver`]); PyPI
//! follows the "Version specifiers" specification (PEP 440) with legacy strings below everything else ([`pep440`]). Both are
//! total orders: numbers of any length are compared as decimals, never cut to a machine word.

pub mod pep440;
pub mod semver;

use std::cmp::Ordering;

use crate::model::Ecosystem;

/// A version of one ecosystem. Versions of two ecosystems are never compared by the matcher; the order between them only
/// makes the type totally ordered.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Version {
    /// npm and crates.io.
    SemVer(semver::SemVer),
    /// PyPI; apart, because it is several times as large.
    Pep440(Box<pep440::Pep440>),
}

impl Version {
    /// Reads a version as its ecosystem does; `None` where it cannot be placed in the order. Every PyPI string can be:
    /// what is not PEP 440 is a legacy version, except the empty string.
    #[must_use]
    pub fn parse(ecosystem: Ecosystem, text: &str) -> Option<Self> {
        match ecosystem {
            Ecosystem::Npm | Ecosystem::CratesIo => semver::SemVer::parse(text).map(Self::SemVer),
            Ecosystem::PyPi => pep440::Pep440::parse(text).map(Box::new).map(Self::Pep440),
        }
    }
}

/// A decimal number of any length.
///
/// The order of the variants is the order of the numbers: [`Number::Big`] holds only what a [`Number::Small`] cannot.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Number {
    /// Up to `u64::MAX`.
    Small(u64),
    /// Beyond; decimal digits without leading zeros.
    Big(Box<str>),
}

impl Number {
    /// Zero.
    pub const ZERO: Self = Self::Small(0);

    /// Reads one or more ASCII digits.
    #[must_use]
    pub fn parse(digits: &str) -> Option<Self> {
        if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        Some(match digits.parse() {
            Ok(small) => Self::Small(small),
            Err(_) => Self::Big(digits.trim_start_matches('0').into()),
        })
    }
}

impl Ord for Number {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Small(a), Self::Small(b)) => a.cmp(b),
            (Self::Small(_), Self::Big(_)) => Ordering::Less,
            (Self::Big(_), Self::Small(_)) => Ordering::Greater,
            (Self::Big(a), Self::Big(b)) => a.len().cmp(&b.len()).then_with(|| a.cmp(b)),
        }
    }
}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Drops the zeros at the end: `1.0.0` and `1` are one version.
fn trim_zeros(numbers: &mut Vec<Number>) {
    while numbers.last() == Some(&Number::ZERO) {
        numbers.pop();
    }
}
