//! `spdx`: what is inside, as SPDX 2.3 JSON, with the advisories known against it.
//!
//! Source: SPDX 2.3 (clauses 6 document creation, 7 package, 11 relationships, 12 annotations; annex F external references),
//! JSON schema `spdx-schema.json` of v2.3. What is only named in the artifact is a dependency, not contained; what only ran at
//! build time is a build tool. What was not attributed is said in an annotation of the artifact and in the document's comment.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::sync::Arc;

use serde_json::{Value, json};

use super::component::{Seed, archive, artifact_seed, by_purl, distributions, file_digest, is_build_only, is_optional, owner, qualified};
use super::graph::graph;
use super::spool::{List, Member, write_document};
use super::{Call, Closing, Examined, Report, Reporter};
use crate::model::{ArtifactFacts, ArtifactKind, Distribution, Facts, InventoryState, Package, escaped};

/// Characters of a purl that an identifier repeats.
const LONGEST_TAIL: usize = 80;
/// Who writes.
const TOOL: &str = concat!("Tool: fngate-", env!("CARGO_PKG_VERSION"));

/// The SPDX report.
pub(super) struct Spdx;

impl Reporter for Spdx {
    fn name(&self) -> &'static str {
        "spdx"
    }

    fn begin(&self, call: &Arc<Call>) -> Box<dyn Report> {
        Box::new(Document::new(&call.timestamp))
    }
}

impl Report for Document {
    fn add(&mut self, examined: &Examined) -> io::Result<()> {
        match &examined.result {
            Ok(judged) => self.take(&judged.facts),
            Err(_) => self.take_unread(examined),
        }
    }

    fn finish(self: Box<Self>, _closing: &Closing, out: &mut dyn Write) -> io::Result<()> {
        self.write(out)
    }
}

/// Writes the inventory of one artifact as an SPDX document. `timestamp` is RFC 3339 (see [`super::timestamp`]).
pub fn write_spdx(facts: &Facts, timestamp: &str, out: &mut dyn Write) -> io::Result<()> {
    let mut document = Document::new(timestamp);
    document.take(facts)?;
    document.write(out)
}

/// A document under construction.
struct Document {
    created: String,
    /// The artifacts that were added.
    names: Vec<String>,
    seed: Seed,
    packages: List,
    relationships: List,
    missing: Vec<String>,
}

impl Document {
    fn new(timestamp: &str) -> Self {
        Self {
            created: whole_second(timestamp),
            names: Vec::new(),
            // A namespace is one document's alone (6.5), and another release of fngate may write another document.
            seed: Seed::new(concat!("spdx ", env!("CARGO_PKG_VERSION"))),
            packages: List::new(),
            relationships: List::new(),
            missing: Vec::new(),
        }
    }

    /// One artifact with everything in it.
    fn take(&mut self, facts: &Facts) -> io::Result<()> {
        self.seed.add(&artifact_seed(facts));
        let reference = self.next_artifact(&facts.artifact.name)?;
        let coverage = coverage(facts);
        if facts.inventory.state() != InventoryState::Complete {
            self.missing.push(format!("{}: {coverage}", escaped(&facts.artifact.name)));
        }
        self.packages.push(&artifact(&facts.artifact, &reference, &self.annotation(&coverage)))?;
        let by_purl = by_purl(facts);
        let mut advisories: BTreeMap<&str, Vec<(&str, &str)>> = BTreeMap::new();
        for known in &facts.vulnerabilities {
            if let Some(purl) = owner(&known.purl, &by_purl) {
                advisories.entry(purl).or_default().push((&known.id, &known.summary));
            }
        }
        let graph = graph(facts, &by_purl);
        let names: BTreeMap<&str, String> = by_purl
            .keys()
            .enumerate()
            .map(|(number, purl)| (purl.as_str(), format!("SPDXRef-Package-{}-{}-{}", self.names.len(), number + 1, tail(purl))))
            .collect();
        let sources = distributions(&facts.inventory);
        for (purl, own) in &names {
            let Some(packages) = by_purl.get(*purl) else { continue };
            let from = sources.get(purl).map(Vec::as_slice).unwrap_or_default();
            self.relationships.extend(relationships(&reference, own, packages, graph.direct.contains(purl)))?;
            let needed = graph.on.get(purl).into_iter().flatten().filter_map(|to| names.get(to));
            self.relationships.extend(needed.map(|to| related(own, "DEPENDS_ON", to)))?;
            let mut library = library(&qualified(purl, packages, from), own, packages, advisories.remove(purl).unwrap_or_default());
            come_from(&mut library, packages, from, archive(&facts.inventory, packages));
            self.packages.push(&library)?;
        }
        if facts.inventory.dependencies.cut {
            self.missing.push(format!("{}: there are more dependencies between packages than are listed", escaped(&facts.artifact.name)));
        }
        Ok(())
    }

    /// An artifact that could not be read at all.
    fn take_unread(&mut self, examined: &Examined) -> io::Result<()> {
        self.seed.add(&examined.name);
        let reference = self.next_artifact(&examined.name)?;
        self.missing.push(format!("{}: could not be read", escaped(&examined.name)));
        self.packages.push(&json!({
            "SPDXID": reference,
            "name": examined.name,
            "downloadLocation": "NOASSERTION",
            "filesAnalyzed": false,
            "annotations": self.annotation("inventory incomplete: the artifact could not be read"),
        }))
    }

    fn next_artifact(&mut self, name: &str) -> io::Result<String> {
        self.names.push(name.to_owned());
        let reference = format!("SPDXRef-Artifact-{}", self.names.len());
        self.relationships.push(&related("SPDXRef-DOCUMENT", "DESCRIBES", &reference))?;
        Ok(reference)
    }

    fn annotation(&self, comment: &str) -> Value {
        json!([{"annotationDate": self.created, "annotationType": "OTHER", "annotator": TOOL, "comment": comment}])
    }

    fn write(self, out: &mut dyn Write) -> io::Result<()> {
        let mut members = vec![("SPDXID", Member::value(&"SPDXRef-DOCUMENT")?)];
        if !self.missing.is_empty() {
            members.push(("comment", Member::value(&format!("This list is incomplete. {}", self.missing.join("; ")))?));
        }
        members.extend([
            ("creationInfo", Member::value(&json!({"created": self.created, "creators": [TOOL]}))?),
            ("dataLicense", Member::value(&"CC0-1.0")?),
            ("documentNamespace", Member::value(&format!("https://spdx.org/spdxdocs/fngate-{}", self.seed.uuid()))?),
            ("name", Member::value(&self.names.join(", "))?),
            ("packages", Member::List(self.packages)),
            ("relationships", Member::List(self.relationships)),
            ("spdxVersion", Member::value(&"SPDX-2.3")?),
        ]);
        write_document(members, out)
    }
}

/// SPDX knows no fractions of a second (6.9).
fn whole_second(timestamp: &str) -> String {
    timestamp.split_once('.').map_or_else(|| timestamp.to_owned(), |(whole, _)| format!("{whole}Z"))
}

/// How much of the artifact the list covers, in one line.
fn coverage(facts: &Facts) -> String {
    let inventory = &facts.inventory;
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    for problem in &inventory.problems {
        *kinds.entry(problem.kind).or_default() += 1;
    }
    let mut unjudged: BTreeMap<&str, usize> = BTreeMap::new();
    for file in &inventory.not_judged {
        *unjudged.entry(file.kind).or_default() += file.packages.unwrap_or(1);
    }
    let told = |counts: &BTreeMap<&str, usize>| counts.iter().map(|(kind, count)| format!("{count} {kind}")).collect::<Vec<_>>().join(", ");
    let mut text = match inventory.state() {
        InventoryState::Complete => "inventory complete (npm, PyPI, crates.io)".to_owned(),
        InventoryState::Bounded => "inventory bounded".to_owned(),
        InventoryState::Incomplete => "inventory incomplete".to_owned(),
    };
    if !kinds.is_empty() {
        text.push_str(&format!("; problems: {}", told(&kinds)));
    }
    if !unjudged.is_empty() {
        text.push_str(&format!("; not judged: {}", told(&unjudged)));
    }
    text
}

/// The artifact itself.
fn artifact(artifact: &ArtifactFacts, reference: &str, annotations: &Value) -> Value {
    let mut own = json!({
        "SPDXID": reference,
        "name": artifact.name,
        "downloadLocation": "NOASSERTION",
        "filesAnalyzed": false,
        "primaryPackagePurpose": match artifact.kind {
            ArtifactKind::Zip | ArtifactKind::Tar => "ARCHIVE",
            ArtifactKind::OciLayout | ArtifactKind::DockerArchive => "CONTAINER",
            ArtifactKind::Directory => "APPLICATION",
            ArtifactKind::File => "FILE",
        },
        "annotations": annotations,
    });
    match file_digest(artifact) {
        Some(digest) => own["checksums"] = json!([{"algorithm": "SHA256", "checksumValue": digest}]),
        None => own["comment"] = json!(format!("SHA-256 over names and contents of the files: {}", artifact.sha256)),
    }
    own
}

/// One package; where it is known in several ways, with all of them as its source.
fn library(purl: &str, reference: &str, packages: &[&Package], mut advisories: Vec<(&str, &str)>) -> Value {
    let mut references = vec![json!({"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": purl})];
    advisories.sort_unstable();
    advisories.dedup_by_key(|(id, _)| *id);
    references.extend(advisories.into_iter().map(|(id, summary)| {
        let mut own = json!({
            "referenceCategory": "SECURITY",
            "referenceType": "advisory",
            "referenceLocator": format!("https://osv.dev/vulnerability/{id}"),
        });
        if !summary.is_empty() {
            own["comment"] = json!(summary);
        }
        own
    }));
    let mut own = json!({
        "SPDXID": reference,
        "name": packages.first().map_or("", |package| &package.name),
        "downloadLocation": "NOASSERTION",
        "filesAnalyzed": false,
        "primaryPackagePurpose": "LIBRARY",
        "sourceInfo": sources(packages),
        "externalRefs": references,
    });
    if let Some(version) = packages.first().and_then(|package| package.version.as_ref()) {
        own["versionInfo"] = json!(version);
    }
    let mut candidates: Vec<&str> = packages.iter().flat_map(|package| package.candidates.iter().map(String::as_str)).collect();
    candidates.sort_unstable();
    candidates.dedup();
    if !candidates.is_empty() {
        own["comment"] = json!(format!("the version is one of: {}", escaped(&candidates.join(", "))));
    }
    own
}

/// By which means a package is known, and where: a line for each.
fn sources(packages: &[&Package]) -> String {
    let mut lines: Vec<String> = packages
        .iter()
        .map(|package| {
            let places: Vec<String> = package.paths.iter().map(ToString::to_string).collect();
            format!("{} ({}): {}", package.relation.as_str(), package.evidence, places.join(", "))
        })
        .collect();
    lines.sort_unstable();
    lines.dedup();
    lines.join("\n")
}

/// How a package and the artifact are related (11.1): contained where its code is inside, a dependency where the artifact's own
/// code asks for it, a tool where it only ran when the artifact was built.
fn relationships(artifact: &str, package: &str, packages: &[&Package], is_direct: bool) -> Vec<Value> {
    let depends = is_direct.then(|| related(artifact, "DEPENDS_ON", package));
    if is_build_only(packages) {
        vec![related(package, "BUILD_TOOL_OF", artifact)]
    } else if packages.iter().any(|package| package.relation.is_inside()) {
        std::iter::once(related(artifact, "CONTAINS", package)).chain(depends).collect()
    } else if is_optional(packages) {
        vec![related(package, "DEV_DEPENDENCY_OF", artifact)]
    } else {
        depends.into_iter().collect()
    }
}

/// Where the package comes from (7.7), and the hash of its file (7.10): the one in the artifact, or the one that a lockfile names
/// where that is all there is of the package.
fn come_from(library: &mut Value, packages: &[&Package], from: &[&Distribution], archive: Option<(&str, &str)>) {
    if let Some(one) = from.first() {
        library["downloadLocation"] = json!(one.url);
    }
    let checksum = |algorithm: &str, hash: &str| json!([{"algorithm": algorithm.replace('-', ""), "checksumValue": hash}]);
    if let Some((file, hash)) = archive {
        library["packageFileName"] = json!(escaped(file.rsplit('/').next().unwrap_or(file)));
        library["checksums"] = checksum("SHA-256", hash);
    } else if let ([Distribution { hash: Some((algorithm, hash)), .. }], false) =
        (from, packages.iter().any(|package| package.relation.is_inside()))
    {
        library["checksums"] = checksum(algorithm, hash);
    }
}

fn related(from: &str, kind: &str, to: &str) -> Value {
    json!({"spdxElementId": from, "relationshipType": kind, "relatedSpdxElement": to})
}

/// The readable end of an identifier, in the characters that one may have (3.2): letters, digits, `.` and `-`. What makes
/// it unique is the number before it.
fn tail(purl: &str) -> String {
    let shown = purl.strip_prefix("pkg:").unwrap_or(purl).chars();
    shown.map(|c| if c.is_ascii_alphanumeric() || c == '.' { c } else { '-' }).take(LONGEST_TAIL).collect()
}
