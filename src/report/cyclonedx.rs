//! `cyclonedx`: what is inside, as CycloneDX 1.6 JSON, with what is known against it.
//!
//! Source: CycloneDX 1.6 (ECMA-424), JSON schema `bom-1.6.schema.json`. What was not attributed is said in `compositions`, and
//! so is whose dependencies are all known (`complete`) and whose are not (`not_specified`, or `incomplete` beyond a limit);
//! packages that only ran at build time have the scope `excluded`. A hash in a lockfile is that of the file which the registry
//! distributes, so it stands with that file's address and not with the component. The properties by which GitLab takes a document
//! for a report are those of its "CycloneDX property taxonomy", schema version 1.

mod library;
mod vulnerability;

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};
use std::sync::Arc;

use serde_json::{Map, Value, json};

use library::{bundled, component};
use vulnerability::vulnerability;

use super::component::{Seed, archive, artifact_seed, by_purl, distributions, file_digest, is_build_only, is_optional, owner};
use super::gitlab::{component_properties, schema_property};
use super::graph::{Graph, graph};
use super::place::Sites;
use super::spool::{List, Member, write_document};
use super::{Call, Closing, Examined, Report, Reporter};
use crate::model::{BundleFacts, Facts, Inventory, InventoryState, Package, Vulnerability};

/// The CycloneDX report.
pub(super) struct CycloneDx;

impl Reporter for CycloneDx {
    fn name(&self) -> &'static str {
        "cyclonedx"
    }

    fn begin(&self, call: &Arc<Call>) -> Box<dyn Report> {
        Box::new(Bom::new(Arc::clone(call)))
    }
}

impl Report for Bom {
    fn add(&mut self, examined: &Examined) -> io::Result<()> {
        self.number += 1;
        self.file = self.sites.site(&self.call, examined).path;
        match (&examined.result, self.call.artifacts) {
            (Ok(judged), 1) => self.take_only(&judged.facts),
            (Ok(judged), _) => {
                let reference = format!("artifact-{}", self.number);
                let inner = self.take(&judged.facts, &reference)?;
                let mut own = subject(&judged.facts, &reference);
                own.insert("components".to_owned(), Value::Array(inner));
                self.seed.add(&artifact_seed(&judged.facts));
                self.components.push(&own)
            }
            (Err(_), _) => {
                let reference = format!("artifact-{}", self.number);
                self.seed.add(&examined.name);
                self.components.push(&json!({"type": "file", "bom-ref": reference, "name": examined.name}))?;
                self.dependencies.push(&json!({"ref": reference}))?;
                self.compositions.push(&json!({"aggregate": "incomplete", "assemblies": [reference]}))
            }
        }
    }

    fn finish(self: Box<Self>, _closing: &Closing, out: &mut dyn Write) -> io::Result<()> {
        self.write(out)
    }
}

/// Writes the inventory of one artifact as a bill of materials. `timestamp` is RFC 3339 (see [`super::timestamp`]).
pub fn write_sbom(facts: &Facts, timestamp: &str, out: &mut dyn Write) -> io::Result<()> {
    let mut bom = Bom::new(Arc::new(Call { timestamp: timestamp.to_owned(), artifacts: 1, ..Call::default() }));
    bom.file = Sites::default().site_of(&bom.call, &facts.artifact.name, false).path;
    bom.take_only(facts)?;
    bom.write(out)
}

/// A bill of materials under construction.
struct Bom {
    call: Arc<Call>,
    /// How many artifacts were added.
    number: usize,
    sites: Sites,
    /// The file that is the artifact at hand.
    file: String,
    seed: Seed,
    /// The one artifact that it is about.
    subject: Option<Map<String, Value>>,
    components: List,
    dependencies: List,
    compositions: List,
    vulnerabilities: List,
}

impl Bom {
    fn new(call: Arc<Call>) -> Self {
        Self {
            call,
            number: 0,
            sites: Sites::default(),
            file: String::new(),
            seed: Seed::new("cyclonedx"),
            subject: None,
            components: List::new(),
            dependencies: List::new(),
            compositions: List::new(),
            vulnerabilities: List::new(),
        }
    }

    /// The one artifact that the document is about.
    fn take_only(&mut self, facts: &Facts) -> io::Result<()> {
        let components = self.take(facts, "artifact")?;
        self.components.extend(components)?;
        self.seed.add(&artifact_seed(facts));
        self.subject = Some(subject(facts, "artifact"));
        Ok(())
    }

    /// The components of one artifact; what is known against them and how complete they are is noted.
    fn take(&mut self, facts: &Facts, reference: &str) -> io::Result<Vec<Value>> {
        let by_purl = by_purl(facts);
        let refers = |purl: &str| format!("{reference}/{purl}");
        let sources = distributions(&facts.inventory);
        let shares = bundled(&facts.inventory);
        let (call, file) = (Arc::clone(&self.call), self.file.clone());
        let component = |(purl, packages): (&String, &Vec<&Package>)| {
            let from = sources.get(purl.as_str()).map(Vec::as_slice).unwrap_or_default();
            let mut own = component(purl, packages, from, &refers(purl), &shares);
            if let (Some(package), Some(all)) = (packages.first(), own["properties"].as_array_mut()) {
                all.extend(component_properties(package.ecosystem, &call, &file, is_build_only(packages) || is_optional(packages)));
            }
            if let Some((_, hash)) = archive(&facts.inventory, packages) {
                own["hashes"] = json!([{"alg": "SHA-256", "content": hash}]);
            }
            own
        };
        let components = by_purl.iter().map(component).chain(self.bundles(&facts.inventory, reference)?).collect();
        let aggregate = if facts.inventory.state() == InventoryState::Complete { "complete" } else { "incomplete" };
        self.compositions.push(&json!({"aggregate": aggregate, "assemblies": [reference]}))?;
        self.depend(&graph(facts, &by_purl), by_purl.keys(), reference, facts.inventory.dependencies.cut)?;
        let mut by_id: BTreeMap<&str, Vec<&Vulnerability>> = BTreeMap::new();
        for vulnerability in &facts.vulnerabilities {
            by_id.entry(&vulnerability.id).or_default().push(vulnerability);
        }
        for (id, same) in by_id {
            let mut affected: Vec<&str> = same.iter().filter_map(|one| owner(&one.purl, &by_purl)).collect();
            affected.sort_unstable();
            affected.dedup();
            let affects: Vec<Value> = affected.into_iter().map(|purl| json!({"ref": refers(purl)})).collect();
            self.vulnerabilities.extend(same.first().map(|one| vulnerability(one, &format!("{reference}/{id}"), &affects)))?;
        }
        Ok(components)
    }

    /// The bundles, each a file of the artifact, with what is known of it and whether all of it is.
    fn bundles(&mut self, inventory: &Inventory, reference: &str) -> io::Result<Vec<Value>> {
        let mut components = Vec::new();
        for bundle in &inventory.bundles {
            // A path may be spelled like a purl or an advisory, and must not be taken for one.
            let own = format!("{reference}/file:{}", bundle.path);
            let aggregate = if bundle.unattributed == 0 { "complete" } else { "incomplete" };
            self.compositions.push(&json!({"aggregate": aggregate, "assemblies": [own]}))?;
            components.push(file(bundle, inventory, &own));
        }
        Ok(components)
    }

    /// The artifact and each of its components, with what it directly depends on, and for whom that is all.
    fn depend<'p>(&mut self, graph: &Graph<'_>, purls: impl Iterator<Item = &'p String>, reference: &str, cut: bool) -> io::Result<()> {
        let refers = |purl: &str| format!("{reference}/{purl}");
        let mut known = Vec::new();
        let mut unknown = Vec::new();
        let mut list = |own: String, on: Option<&BTreeSet<&str>>, whole: bool| {
            let mut dependency = json!({"ref": own});
            if let Some(on) = on.filter(|on| !on.is_empty()) {
                dependency["dependsOn"] = on.iter().map(|purl| json!(refers(purl))).collect();
            }
            if whole {
                known.push(own)
            } else {
                unknown.push(own)
            }
            self.dependencies.push(&dependency)
        };
        list(reference.to_owned(), Some(&graph.direct), graph.is_direct_whole)?;
        for purl in purls {
            list(refers(purl), graph.on.get(purl.as_str()), graph.whole.contains(purl.as_str()))?;
        }
        for (aggregate, references) in [("complete", known), (if cut { "incomplete" } else { "not_specified" }, unknown)] {
            if !references.is_empty() {
                self.compositions.push(&json!({"aggregate": aggregate, "dependencies": references}))?;
            }
        }
        Ok(())
    }

    fn write(self, out: &mut dyn Write) -> io::Result<()> {
        let mut metadata = json!({
            "timestamp": self.call.timestamp,
            "lifecycles": [{"phase": "post-build"}],
            "tools": {"components": [{"type": "application", "name": "fngate", "version": env!("CARGO_PKG_VERSION")}]},
            "properties": [schema_property()],
        });
        if let Some(subject) = self.subject {
            metadata["component"] = Value::Object(subject);
        }
        let mut members = vec![
            ("$schema", Member::value(&"http://cyclonedx.org/schema/bom-1.6.schema.json")?),
            ("bomFormat", Member::value(&"CycloneDX")?),
            ("components", Member::List(self.components)),
            ("compositions", Member::List(self.compositions)),
            ("dependencies", Member::List(self.dependencies)),
            ("metadata", Member::value(&metadata)?),
            ("serialNumber", Member::value(&format!("urn:uuid:{}", self.seed.uuid()))?),
            ("specVersion", Member::value(&"1.6")?),
            ("version", Member::value(&1)?),
        ];
        if !self.vulnerabilities.is_empty() {
            members.push(("vulnerabilities", Member::List(self.vulnerabilities)));
        }
        write_document(members, out)
    }
}

/// The artifact itself.
fn subject(facts: &Facts, reference: &str) -> Map<String, Value> {
    let artifact = &facts.artifact;
    let mut own = Map::new();
    own.insert("type".to_owned(), json!("application"));
    own.insert("bom-ref".to_owned(), json!(reference));
    own.insert("name".to_owned(), json!(artifact.name));
    let mut properties = Vec::new();
    match file_digest(artifact) {
        Some(digest) => {
            own.insert("hashes".to_owned(), json!([{"alg": "SHA-256", "content": digest}]));
        }
        // The digest of a directory is one of names and contents, no file's hash.
        None => properties.push(json!({"name": "fngate:tree-sha256", "value": artifact.sha256})),
    }
    properties.extend(artifact.layers.iter().map(|layer| json!({"name": "fngate:layer-sha256", "value": layer.sha256})));
    if !properties.is_empty() {
        own.insert("properties".to_owned(), Value::Array(properties));
    }
    own
}

/// A bundle: who made it, what it was read by, and whose its bytes are.
fn file(bundle: &BundleFacts, inventory: &Inventory, reference: &str) -> Value {
    let property = |name: &str, value: String| json!({"name": format!("fngate:bundle:{name}"), "value": value});
    let mut properties = Vec::new();
    if !bundle.tool.is_empty() {
        properties.push(property("bundler", bundle.tool.to_owned()));
    }
    if !bundle.tool_version.is_empty() {
        properties.push(property("bundler-version", bundle.tool_version.clone()));
    }
    properties.push(property("minified", bundle.minified.to_string()));
    properties.extend(bundle.evidence.iter().map(|evidence| property("evidence", (*evidence).to_owned())));
    properties.extend(bundle.sources.iter().map(|source| property("evidence-file", source.to_string())));
    let packages = bundle.packages.iter().map(|share| share.bytes).fold(0, u64::saturating_add);
    properties.push(property("bytes", bundle.size.to_string()));
    properties.push(property("bytes-of-packages", packages.to_string()));
    properties.push(property("bytes-own", bundle.own.to_string()));
    properties.push(property("bytes-unattributed", bundle.unattributed.to_string()));
    properties.push(property("bytes-counted", bundle.exact.to_string()));
    let mut own = json!({"type": "file", "bom-ref": reference, "name": bundle.path, "properties": properties});
    let at = inventory.files.binary_search_by(|file| file.path.cmp(&bundle.path)).ok();
    if let Some(hash) = at.and_then(|at| inventory.files.get(at)).map(|file| &file.sha256).filter(|hash| hash.len() == 64) {
        own["hashes"] = json!([{"alg": "SHA-256", "content": hash}]);
    }
    own
}
