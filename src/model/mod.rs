//! The nouns every stage speaks: what was seen ([`Inventory`]), what is known about it ([`Facts`]), what was decided
//! ([`Verdict`]). Each is made by one stage and never changed after it. Nothing here reads a file or a socket.

mod advisory;
mod bound;
mod bundle;
mod drift;
mod edge;
mod entry;
mod facts;
mod finding;
mod hex;
mod holding;
mod inventory;
mod object;
mod ownership;
mod package;
mod package_url;
mod problem;
mod provenance;
mod secret;
mod system;
mod verdict;

pub use advisory::{Advisories, AdvisoryOrigin, Epss, Feed, FeedName, KnownExploited, Severity, Vulnerability};
pub use bound::{Bound, BoundFacts, BoundKind};
pub use bundle::{Absence, BundleFacts, BundleTrace, Bundled, Share, TreeFacts};
pub use drift::{Drift, DriftKind};
pub use edge::{Asked, Dependencies, Distribution, Edge, Link, Stated, Wish};
pub use entry::{Entry, EntryPath, LAYERS, PathFault, escaped};
pub use facts::{ArtifactFacts, ArtifactKind, Facts, INPUT_VERSION, LayerFacts};
pub use finding::{Finding, Level};
pub use hex::hex;
pub use holding::{Amount, Difference, DifferenceKind, Holding, Integrity, Ownership};
pub use inventory::{Code, CodeKind, Draft, File, Inventory, InventoryState, Trace};
pub use object::Object;
pub use ownership::{Claim, ClaimKind, owner};
pub use package::{Ecosystem, Origin, Package, Relation, encoded, purl};
pub use package_url::{PackageUrl, package_url, package_url_kind};
pub use problem::{Acceptance, NotJudged, Problem, ProblemClass, ProblemKind};
pub use provenance::{Provenance, ProvenanceState, Signer, Statement};
pub use secret::{Confidence, Party, Secret, SecretLevel};
pub use system::{SystemFile, SystemPackage};
pub use verdict::{BaselineFacts, Ignored, Known, Outcome, Verdict, VexFacts};

/// The ecosystems a verdict speaks of, in OSV's spelling and in the order every report prints them.
pub const SCOPE: [&str; 3] = ["npm", "PyPI", "crates.io"];
