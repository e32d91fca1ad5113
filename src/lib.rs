//! The gate a serverless function passes before it is deployed.
//!
//! Rust finds facts, Rego passes judgement. Three nouns carry the data, each made by one stage and never changed after it:
//! [`model::Inventory`] (one pass over the files), [`model::Facts`] (with vulnerabilities and provenance; the policies'
//! input) and [`model::Verdict`] (the reports' input). A stage imports `model` and no other stage.

pub mod artifact;
mod cache_folder;
pub mod extract;
pub mod model;
pub mod osv;
pub mod policy;
pub mod report;
pub mod scan;
pub mod secret;
pub mod signature;

use artifact::{Artifact, Limits};
use jiff::Timestamp;
use jiff::civil::Date;
use model::{ArtifactKind, Bound, Facts, Inventory, Origin, Problem, ProblemClass, ProblemKind, Provenance, Verdict, Vulnerability};
use osv::{AdvisorySource, Feeds};
use policy::{Policies, PolicyError};
use secret::Scanner;
use signature::{BundleFile, Digests, Examination, Requirement, Target, TrustedRoot};

/// The advisories failed while they were asked.
pub const ADVISORIES_FAILED: ProblemKind = ProblemKind {
    id: "advisories-failed",
    class: ProblemClass::Unseen,
    title: "the advisories failed while they were asked",
    page: "The source of advisories was there and then broke off, refused or answered with something else than advisories, so the packages were not judged. Try again, or use an offline database (`fngate db build`, `--advisories offline`).",
};

/// Every kind of problem there is, a slice a stage.
pub const PROBLEMS: &[&[&ProblemKind]] = &[artifact::PROBLEMS, extract::PROBLEMS, secret::PROBLEMS, scan::PROBLEMS, &[&ADVISORIES_FAILED]];

/// Everything a judgement needs, made once and used for any number of artifacts, from any number of threads.
pub struct Gate {
    /// How much of an artifact is looked at.
    pub limits: Limits,
    /// The same for container images, which may rightly be larger.
    pub image_limits: Limits,
    /// The secret rules.
    pub scanner: Scanner,
    /// What the operator knows about the build: lockfiles and bills of materials from outside the artifact.
    pub bounds: Vec<Bound>,
    /// The build's own `node_modules`, to compare bundles with.
    pub trees: Vec<extract::BuildTree>,
    /// Where advisories come from.
    pub source: Box<dyn AdvisorySource>,
    /// What is known of exploitation.
    pub feeds: Feeds,
    /// Names of packages that are the operator's own: they are judged by a local database and never sent anywhere.
    pub private: Vec<String>,
    /// The Sigstore instance that is trusted.
    pub trust: TrustedRoot,
    /// Who must have signed.
    pub requirement: Requirement,
    /// What passes judgement.
    pub policies: Policies,
    /// The day of judgement.
    pub today: Date,
    /// The time against which signing times are held.
    pub now: Timestamp,
}

impl Gate {
    /// Judges one artifact: provenance, scan, vulnerabilities, facts, verdict.
    pub fn check(&self, artifact: &Artifact, bundles: &[BundleFile]) -> Result<(Facts, Verdict), PolicyError> {
        self.judge(artifact, self.provenance(artifact, bundles), &[])
    }

    /// The same, where it is known already who signed it, and perhaps from what they said what may be inside.
    pub fn judge(&self, artifact: &Artifact, provenance: Provenance, attested: &[Bound]) -> Result<(Facts, Verdict), PolicyError> {
        let mut inventory = self.scan_within(artifact, attested);
        let (vulnerabilities, advisories) = self.vulnerabilities(&mut inventory);
        let facts = Facts {
            artifact: artifact.facts(&inventory),
            inventory,
            vulnerabilities,
            advisories,
            provenance,
            today: self.today.to_string(),
        };
        let verdict = self.policies.judge(&facts)?;
        Ok((facts, verdict))
    }

    /// What is inside.
    pub fn scan(&self, artifact: &Artifact) -> Inventory {
        self.scan_within(artifact, &[])
    }

    /// What is inside, where somebody who is trusted has said besides what may be.
    fn scan_within(&self, artifact: &Artifact, attested: &[Bound]) -> Inventory {
        let bounds = [&self.bounds, attested].concat();
        let limits = if artifact.is_image() { &self.image_limits } else { &self.limits };
        let mut inventory = scan::scan_with(artifact, limits, Some(&self.scanner), &bounds, &self.trees);
        for package in inventory.packages.iter_mut().chain(&mut inventory.candidates) {
            if package.origin != Origin::FirstParty && is_private(&self.private, &package.name) {
                package.origin = Origin::Own;
            }
        }
        scan::attribute_secrets(&mut inventory, &self.trees);
        inventory
    }

    /// What is known against it. A source that fails is a problem, and no advisories are not the same as none that match.
    fn vulnerabilities(&self, inventory: &mut Inventory) -> (Vec<Vulnerability>, Option<model::Advisories>) {
        match osv::vulnerabilities(&*self.source, &inventory.packages).and_then(|known| Ok((known, self.possible(inventory)?))) {
            Ok((known, possible)) => {
                let mut found = [known, possible].concat();
                self.feeds.annotate(&mut found);
                (found, Some(self.advisories()))
            }
            Err(error) => {
                inventory.problems.push(Problem::whole(&ADVISORIES_FAILED, error.to_string()));
                (Vec::new(), None)
            }
        }
    }

    /// What packages are matched against, and the feeds beside it.
    pub fn advisories(&self) -> model::Advisories {
        model::Advisories { feeds: self.feeds.about(self.today), ..self.source.about().on(self.today) }
    }

    /// What is known against what may be inside.
    fn possible(&self, inventory: &Inventory) -> Result<Vec<Vulnerability>, osv::SourceError> {
        if inventory.candidates.is_empty() {
            return Ok(Vec::new());
        }
        let found = osv::vulnerabilities(&*self.source, &inventory.candidates)?;
        Ok(found.into_iter().map(|one| Vulnerability { possible: true, ..one }).collect())
    }

    /// Who signed it. A directory has no bytes of its own that anybody could have signed.
    #[must_use]
    pub fn provenance(&self, artifact: &Artifact, bundles: &[BundleFile]) -> Provenance {
        self.conclude(artifact, &self.examine(artifact, bundles))
    }

    /// What became of each bundle.
    #[must_use]
    pub fn examine(&self, artifact: &Artifact, bundles: &[BundleFile]) -> Vec<Examination> {
        if artifact.kind() == ArtifactKind::Directory || bundles.is_empty() {
            return Vec::new();
        }
        signature::examine(target(artifact, bundles), bundles, &self.trust, &self.requirement, self.now)
    }

    /// Who signed it, by what became of its bundles.
    #[must_use]
    pub fn conclude(&self, artifact: &Artifact, examinations: &[Examination]) -> Provenance {
        if artifact.kind() == ArtifactKind::Directory {
            return Provenance::default();
        }
        signature::conclude(examinations, &self.requirement)
    }
}

/// What signatures of an artifact must be about.
#[must_use]
pub fn target(artifact: &Artifact, bundles: &[BundleFile]) -> Target {
    let target = match artifact.signables() {
        Ok(signables) => {
            let names_sha512 = signature::names_sha512(bundles);
            // One that cannot be read again leaves a subject that names it uncompared, and that is refused.
            let own = || if names_sha512 { artifact.sha512().unwrap_or_default() } else { None };
            let digests = signables.into_iter().map(|one| Digests { sha256: one.sha256, sha512: one.sha512.or_else(own) });
            Target::any_of(digests.collect())
        }
        Err(why) => Target::unbound(why),
    };
    target.called(artifact.file_name().map(str::to_owned))
}

/// The documents attached to an image, as files of bundles.
pub fn attached(artifact: &Artifact) -> Result<Vec<BundleFile>, &artifact::EvidenceError> {
    let attached = artifact.evidence()?.attached.iter();
    Ok(attached.map(|one| BundleFile { name: one.name.clone(), bytes: one.bytes.clone() }).collect())
}

/// Whether a name is the operator's own: one of the patterns, in which `*` stands for anything, is all of it.
#[must_use]
pub fn is_private(patterns: &[String], name: &str) -> bool {
    patterns.iter().any(|pattern| matches(pattern, name))
}

/// Whether a name matches a pattern in which `*` stands for any run of characters.
fn matches(pattern: &str, name: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = name.strip_prefix(parts.next().unwrap_or_default()) else { return false };
    let mut last = None;
    for part in parts {
        if let Some(part) = last.replace(part) {
            match rest.find(part) {
                Some(at) => rest = &rest[at + part.len()..],
                None => return false,
            }
        }
    }
    match last {
        Some(last) => rest.ends_with(last),
        None => rest.is_empty(),
    }
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn private_patterns_match_whole_names() {
        for (pattern, name, expected) in [
            ("@acme/*", "@acme/money", true),
            ("@acme/*", "@acme2/money", false),
            ("acme", "acme", true),
            ("acme", "acme-x", false),
            ("*-internal", "x-internal", true),
            ("a*b*c", "a-b-b-c", true),
            ("a*b*c", "a-c", false),
            ("*", "anything", true),
        ] {
            assert_eq!(matches(pattern, name), expected, "{pattern} {name}");
        }
    }
}
