//! How much of a package is in a bundle.

use super::package::Installed;
use super::{BuildTree, Feature};
use crate::extract::npm::bundle::feature::{Bundle, is_literal};

/// The share of a module's weight that must be in the bundle.
pub(super) const LEAST_SHARE: f64 = 0.5;
/// The same where it must be beyond doubt.
const MOST_SHARE: f64 = 0.7;
/// The weight that must be there, too: of a package of hundreds of small modules, some are like any other code.
const LEAST_HIT: f64 = 3.0;
/// One in so many literals that only one package has may stand in other code.
const RARE: usize = 200;
/// The same where an import leads to it.
pub(super) const LEAST_IMPORTED: f64 = 0.3;
/// Features that only one package has: so few that they are no proof of absence.
const FEW: usize = 4;
/// Added to a module's weight: the share of one that has next to none says nothing.
const DOUBT: f64 = 0.3;

/// How much of one package, and of each of its modules, is in a bundle.
#[derive(Debug, Default)]
pub(super) struct Score {
    pub(super) modules: Vec<ModuleScore>,
    /// The best share of any one module's weight.
    pub(super) best: f64,
    pub(super) all: usize,
    pub(super) hits: usize,
    /// Features that no other package has, and those of them that are literals.
    pub(super) own: usize,
    pub(super) own_hits: usize,
    pub(super) own_literals: usize,
    pub(super) own_literal_hits: usize,
    /// Literals in its code that no package of another name has.
    pub(super) kin_literals: usize,
    pub(super) kin_literal_hits: usize,
    /// Whether nothing that only it has, its tests and browser modules included, is there, and all of it was read.
    pub(super) is_gone: bool,
}

/// How much of a module is in a bundle.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct ModuleScore {
    /// The weight of what is there, and of all.
    pub(super) hit: f64,
    pub(super) weight: f64,
    /// Features there that no other package has.
    pub(super) own_hits: usize,
}

impl ModuleScore {
    pub(super) fn share(self) -> f64 {
        self.hit / (self.weight + DOUBT)
    }
}

impl BuildTree {
    /// Weighs what the packages of a tree have, once.
    pub(super) fn weigh(&mut self) {
        let Self { packages, spread, .. } = self;
        for package in packages {
            let of = |feature: &Feature| spread.get(feature).copied();
            for module in &mut package.modules {
                module.weight =
                    module.features.iter().map(|feature| 1.0 / f64::from(of(feature).map_or(1, |spread| spread.packages))).sum();
            }
            let own = |feature: &&Feature| of(feature).is_some_and(|spread| spread.packages == 1);
            package.own = package.all.iter().filter(own).count();
            package.own_literals = package.all.iter().filter(own).filter(|feature| is_literal(**feature)).count();
            let code = package.modules.iter().filter(|module| !module.inner.ends_with(".json"));
            let is_kin = |feature: &&Feature| is_literal(**feature) && of(feature).is_some_and(|spread| spread.kin);
            package.kin_literals = code.map(|module| module.features.iter().filter(is_kin).count()).sum();
        }
    }

    pub(super) fn score(&self, package: &Installed, bundle: &Bundle) -> Score {
        let spread = |feature: &Feature| self.spread.get(feature).map_or(1, |spread| spread.packages.max(1));
        let mut score = Score {
            all: package.all.len(),
            own: package.own,
            own_literals: package.own_literals,
            kin_literals: package.kin_literals,
            ..Score::default()
        };
        let hits: Vec<Feature> = bundle.hits(&package.all).collect();
        for module in &package.modules {
            let mut own = ModuleScore { weight: module.weight, ..ModuleScore::default() };
            let is_code = !module.inner.ends_with(".json");
            for feature in bundle.hits(&module.features).take(if hits.is_empty() { 0 } else { usize::MAX }) {
                let among = spread(&feature);
                own.hit += 1.0 / f64::from(among);
                own.own_hits += usize::from(among == 1);
                // What stands in data, no map need speak of.
                let is_kin = is_code && is_literal(feature) && self.spread.get(&feature).is_some_and(|spread| spread.kin);
                score.kin_literal_hits += usize::from(is_kin);
            }
            score.best = score.best.max(own.share());
            score.modules.push(own);
        }
        for feature in hits {
            score.hits += 1;
            if spread(&feature) == 1 {
                score.own_hits += 1;
                score.own_literal_hits += usize::from(is_literal(feature));
            }
        }
        // Of two packages with the same modules, either may be what is there.
        let is_half = |module: &ModuleScore| module.share() >= LEAST_SHARE && module.hit >= LEAST_HIT;
        let mut aside = bundle.hits(&package.aside).filter(|feature| !self.spread.contains_key(feature));
        score.is_gone = score.own_hits == 0 && !package.partial && !score.modules.iter().any(is_half) && aside.next().is_none();
        score
    }
}

impl Score {
    /// Whether what is there can be of no other package.
    pub(super) fn is_proof(&self) -> bool {
        // Of many modules, some are like other code by chance.
        let least = 2 + self.modules.len().checked_ilog2().unwrap_or_default() as usize / 4;
        self.modules.iter().any(|module| module.share() >= LEAST_SHARE && module.own_hits >= least && module.hit >= LEAST_HIT)
            || self.own_hits >= 5 && self.own_literal_hits >= 4.max(self.own_literals / RARE)
    }

    /// Whether so much of it is there that whatever lists the bundle's packages must name it.
    pub(super) fn is_certain(&self) -> bool {
        self.kin_literal_hits >= 12.max(self.kin_literals / 4) && self.best >= MOST_SHARE
    }

    /// Whether next to all of it is there.
    pub(super) fn is_all_there(&self) -> bool {
        self.best >= 0.9 && self.hits >= 30 && self.hits * 5 >= self.all * 4
    }

    /// Whether it is this version of the package that is there, and no other of the tree.
    pub(super) fn is_this_copy(&self) -> bool {
        self.best >= MOST_SHARE && self.own_hits >= 20.max(self.own / 3)
    }

    /// Whether it is there beyond doubt, in a script that nothing else shows to be a bundle.
    pub(super) fn is_copied(&self) -> bool {
        self.is_certain() || self.modules.iter().any(|module| module.share() >= MOST_SHARE && module.hit >= 8.0 && module.own_hits >= 6)
    }

    /// Whether nothing speaks against it, for a package that another one imports. What the project merely asks for must show.
    pub(super) fn may_follow(&self, is_asked: bool) -> bool {
        let is_small = !is_asked && self.own <= FEW && self.hits * 10 >= self.all * 3;
        self.all > 0
            && (is_small || self.best >= LEAST_IMPORTED && self.own_hits >= (self.own / 10).clamp(self.own.min(1), 3).max(self.own / RARE))
    }
}
