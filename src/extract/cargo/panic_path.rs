//! What a Rust binary tells besides a crate list, or in its place: the crates whose panic messages are in it.

use std::collections::{BTreeSet, HashSet};

use super::auditable::origin;
use super::binary::{is_executable, is_rust};
use super::list::{Listed, Lists};
use super::trace::{Trace, is_from_registry, traces};
use crate::extract::problem::CRATE_LIST_CONTRADICTED;
use crate::extract::{Extractor, Malformed};
use crate::model::{Code, CodeKind, Ecosystem, Entry, EntryPath, Inventory, Origin, Package, Problem, Relation};

/// The tool of a binary that cargo built from a registry's crates, as opposed to a distribution from its own.
pub(crate) const CARGO: &str = "cargo";

/// Crates that a message names.
const MOST_NAMED: usize = 5;

/// Recovers crates from the source paths in Rust binaries. Crates that never panic leave no such path, so a binary without a
/// list stays code that needs an owner; and a list that leaves out what the paths name is no list.
pub(crate) struct PanicPath;

impl Extractor for PanicPath {
    fn name(&self) -> &'static str {
        "cargo/panic-path"
    }

    fn wants(&self, _path: &EntryPath, head: &[u8]) -> bool {
        is_executable(head)
    }

    fn extract(&self, entry: &Entry<'_>, found: &mut Inventory) -> Result<(), Malformed> {
        // A list that cannot be read is reported by the extractor that reads it; here it is as good as none.
        let lists = Lists::of(entry.content);
        let is_listed = lists.complete;
        if !is_listed && !is_rust(entry.content) {
            return Ok(());
        }
        let traces = traces(entry.content);
        if is_listed {
            self.compare(entry, &lists.crates, &traces, found);
            return Ok(());
        }
        found.packages.extend(traces.iter().map(|trace| self.package(entry.path, trace)).collect::<BTreeSet<_>>());
        let (size, tool) = (entry.content.len() as u64, if is_from_registry(entry.content) { CARGO } else { "rustc" });
        found.code.push(Code {
            path: entry.path.clone(),
            size,
            code: size,
            kind: CodeKind::RustBinary,
            tool,
            version: String::new(),
            minified: false,
            texts: Box::default(),
        });
        Ok(())
    }
}

impl PanicPath {
    fn package(&self, path: &EntryPath, trace: &Trace<'_>) -> Package {
        let mut package = Package::new(Ecosystem::CratesIo, trace.name, trace.version, Relation::Embedded, path, self.name());
        if trace.version.is_none() {
            package.origin = Origin::Git;
        }
        package
    }

    /// Names what the list leaves out although its source files stand in the binary.
    fn compare(&self, entry: &Entry<'_>, listed: &[Listed], traces: &BTreeSet<Trace<'_>>, found: &mut Inventory) {
        // What only ran while building, or is the function's own, has no sources in cargo's folders that end up in a binary.
        let inside = listed.iter().filter(|listed| listed.kind != "build");
        let (ours, others): (Vec<&Listed>, Vec<&Listed>) = inside.partition(|listed| origin(listed) == Origin::FirstParty);
        let known: HashSet<(&str, &str)> = others.iter().map(|listed| (listed.name.as_str(), listed.version.as_str())).collect();
        let has_git = others.iter().any(|listed| origin(listed) == Origin::Git);
        let is_left_out = |trace: &&Trace<'_>| {
            trace.is_source
                && !trace.is_standard
                && match trace.version {
                    Some(version) => !known.contains(&(trace.name, version)),
                    None => !has_git && !ours.iter().any(|listed| listed.name == trace.name),
                }
        };
        // `cargo install` builds a registry's crate where it unpacked it, and calls it local: judged, and no contradiction.
        let is_root = |package: &Package| {
            ours.iter().any(|own| own.root && own.name == package.name && Some(&own.version) == package.version.as_ref())
        };
        let packages: BTreeSet<Package> = traces.iter().filter(is_left_out).map(|trace| self.package(entry.path, trace)).collect();
        let (roots, packages): (Vec<Package>, Vec<Package>) = packages.into_iter().partition(is_root);
        found.packages.extend(roots);
        if packages.is_empty() {
            return;
        }
        let mut names: Vec<String> = packages
            .iter()
            .take(MOST_NAMED)
            .map(|package| package.version.as_ref().map_or_else(|| package.name.clone(), |version| format!("{} {version}", package.name)))
            .collect();
        if packages.len() > MOST_NAMED {
            names.push(format!("{} more", packages.len() - MOST_NAMED));
        }
        let message = format!(
            "its crate list leaves out what its own panic messages name: {}; build it anew with `cargo auditable build`",
            names.join(", ")
        );
        found.problems.push(Problem::at(&CRATE_LIST_CONTRADICTED, entry.path, message).bytes(entry.content.len() as u64));
        found.packages.extend(packages);
    }
}
