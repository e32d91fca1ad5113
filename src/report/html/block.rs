//! Whose the bytes of an artifact are, as blocks of a picture: one for each package, and one each for what is no package's.

use std::collections::{BTreeMap, HashMap};

use super::super::{Judged, words};
use super::regard::Regard;
use crate::model::{Level, Package, ProblemClass};

/// How a block is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Shade {
    Denied,
    Unjudged,
    Warned,
    Fine,
    Own,
    Unattributed,
    OutOfScope,
    Unseen,
}

impl Shade {
    pub(super) const ALL: [Self; 8] =
        [Self::Denied, Self::Unjudged, Self::Warned, Self::Fine, Self::Own, Self::Unattributed, Self::OutOfScope, Self::Unseen];

    /// The word in the legend.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Denied => "denied",
            Self::Unjudged => "could not be judged",
            Self::Warned => "with warnings",
            Self::Fine => "nothing against it",
            Self::Own => "own code",
            Self::Unattributed => "not attributed",
            Self::OutOfScope => "not judged",
            Self::Unseen => "not seen",
        }
    }

    /// The class in the style sheet, and the name of the pattern.
    pub(super) fn class(self) -> &'static str {
        match self {
            Self::Denied => "deny",
            Self::Unjudged => "incomplete",
            Self::Warned => "warn",
            Self::Fine => "fine",
            Self::Own => "own",
            Self::Unattributed => "unattributed",
            Self::OutOfScope => "scope",
            Self::Unseen => "unseen",
        }
    }

    fn of(worst: Option<Level>, else_: Self) -> Self {
        match worst {
            Some(Level::Deny) => Self::Denied,
            Some(Level::Incomplete) => Self::Unjudged,
            Some(Level::Warn) => Self::Warned,
            Some(Level::Info) | None => else_,
        }
    }
}

/// A part of an artifact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Block {
    /// What it is called.
    pub(super) name: String,
    pub(super) bytes: u64,
    pub(super) shade: Shade,
    /// How many packages it is.
    pub(super) packages: usize,
    /// The package that it is, where it is one.
    pub(super) purl: Option<String>,
}

/// The blocks of an artifact, the largest first. Together they are all its bytes, those that could not be seen included.
pub(super) fn blocks(judged: &Judged, regard: &Regard<'_>) -> Vec<Block> {
    let inventory = &judged.facts.inventory;
    let mut blocks: Vec<Block> = held(judged, regard)
        .into_iter()
        .filter(|(_, bytes)| *bytes > 0)
        .map(|(purl, bytes)| Block {
            name: regard.package(purl).map_or_else(|| purl.to_owned(), called),
            bytes,
            shade: Shade::of(regard.grades(purl).worst(), Shade::Fine),
            packages: 1,
            purl: Some(purl.to_owned()),
        })
        .collect();
    let named = blocks.iter().fold(0_u64, |sum, block| sum.saturating_add(block.bytes));
    let whole = &inventory.ownership;
    let is_open = judged.verdict.problems.iter().any(|problem| problem.class == ProblemClass::Unattributed && problem.is_open());
    let unattributed = if is_open { Shade::Unjudged } else { Shade::Unattributed };
    let others = [
        ("other files of packages", whole.packages.bytes.saturating_sub(named), Shade::Fine),
        ("own code", whole.first_party.bytes, Shade::of(regard.own.worst(), Shade::Own)),
        ("not attributed", whole.unattributed.bytes, unattributed),
        ("not judged", whole.not_judged.bytes, Shade::OutOfScope),
        ("not seen", whole.unseen, Shade::Unseen),
    ];
    let others = others.into_iter().filter(|(_, bytes, _)| *bytes > 0);
    blocks.extend(others.map(|(name, bytes, shade)| Block { name: name.to_owned(), bytes, shade, packages: 0, purl: None }));
    sort(&mut blocks);
    blocks
}

/// The bytes of each package: its own files, and its shares of bundles.
pub(super) fn held<'a>(judged: &'a Judged, regard: &'a Regard<'_>) -> BTreeMap<&'a str, u64> {
    let mut held: BTreeMap<&str, u64> = BTreeMap::new();
    for (purl, ways) in &regard.packages {
        let bytes = ways.iter().filter_map(|package| package.holding.as_ref()).fold(0_u64, |sum, own| sum.saturating_add(own.all().bytes));
        held.insert(purl, bytes);
    }
    for share in judged.facts.inventory.bundles.iter().flat_map(|bundle| &bundle.packages) {
        let own = held.entry(&share.purl).or_default();
        *own = own.saturating_add(share.bytes);
    }
    held
}

/// `lodash 4.17.15`.
pub(super) fn called(package: &Package) -> String {
    match &package.version {
        Some(version) => format!("{} {version}", package.name),
        None => package.name.clone(),
    }
}

/// The blocks that can be drawn: at most `most`, none smaller than the share `least` of all; what is left is gathered, each shade
/// for itself.
pub(super) fn gathered(blocks: &[Block], most: usize, least: f64) -> Vec<Block> {
    let total = total(blocks) as f64;
    let is_drawn = |block: &Block| block.packages == 0 || block.bytes as f64 >= least * total;
    let mut drawn: Vec<Block> = Vec::new();
    let mut rest: HashMap<Shade, Block> = HashMap::new();
    for block in blocks {
        if drawn.len() < most && is_drawn(block) {
            drawn.push(block.clone());
            continue;
        }
        match rest.get_mut(&block.shade) {
            Some(sum) => {
                sum.bytes = sum.bytes.saturating_add(block.bytes);
                sum.packages += block.packages;
                sum.purl = None;
                sum.name = if sum.packages > 0 { words::count(sum.packages, "more package") } else { "more".to_owned() };
            }
            // One alone keeps its name.
            None => {
                rest.insert(block.shade, block.clone());
            }
        }
    }
    drawn.extend(Shade::ALL.iter().filter_map(|shade| rest.remove(shade)));
    sort(&mut drawn);
    drawn
}

/// All their bytes.
pub(super) fn total(blocks: &[Block]) -> u64 {
    blocks.iter().fold(0, |sum, block| sum.saturating_add(block.bytes))
}

fn sort(blocks: &mut [Block]) {
    blocks.sort_by(|a, b| (b.bytes, a.shade, &a.name, &a.purl).cmp(&(a.bytes, b.shade, &b.name, &b.purl)));
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn gathering_loses_no_byte_and_no_package(sizes in proptest::collection::vec((1_u64..1 << 40, 0_usize..4), 0..300), most in 0_usize..80) {
            let mut blocks: Vec<Block> = sizes
                .into_iter()
                .enumerate()
                .map(|(number, (bytes, shade))| Block {
                    name: number.to_string(),
                    bytes,
                    shade: Shade::ALL[shade],
                    packages: 1,
                    purl: Some(number.to_string()),
                })
                .collect();
            sort(&mut blocks);
            let drawn = gathered(&blocks, most, 0.001);
            prop_assert!(drawn.len() <= most + Shade::ALL.len());
            prop_assert_eq!(total(&drawn), total(&blocks));
            for shade in Shade::ALL {
                let of = |blocks: &[Block]| blocks.iter().filter(|block| block.shade == shade).map(|block| block.packages).sum::<usize>();
                prop_assert_eq!(of(&drawn), of(&blocks));
            }
            prop_assert!(drawn.windows(2).all(|pair| pair[0].bytes >= pair[1].bytes));
        }
    }
}
