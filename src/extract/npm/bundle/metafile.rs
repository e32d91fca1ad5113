//! What bundlers write about their own work: esbuild's metafile (esbuild.github.io, "Metafile") and webpack's statistics
//! (webpack.js.org, "Stats Data").

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde::Deserialize;
use serde_json::Value;

use super::beside;
use super::module_path::located;
use crate::extract::document::{json, word};
use crate::extract::{Extractor, Malformed};
use crate::model::{BundleTrace, Bundled, Entry, EntryPath, Inventory};

/// Modules of a table, those joined into others included.
const MOST_MODULES: usize = 1_000_000;

/// Reads a metafile or statistics that lie beside the bundle they speak of.
pub(crate) struct Metafile;

impl Extractor for Metafile {
    fn name(&self) -> &'static str {
        "npm/metafile"
    }

    fn wants(&self, path: &EntryPath, head: &[u8]) -> bool {
        path.extension() == "json" && crate::extract::npm::package_root(path.as_str()).is_none() && format(head).is_some()
    }

    fn extract(&self, entry: &Entry<'_>, found: &mut Inventory) -> Result<(), Malformed> {
        match format(entry.content) {
            Some(Format::Esbuild) => self.metafile(entry, found),
            Some(Format::Webpack) => self.statistics(entry, found),
            None => Ok(()),
        }
    }
}

enum Format {
    Esbuild,
    Webpack,
}

/// The format, by the first key: both tools always write them in the same order.
fn format(head: &[u8]) -> Option<Format> {
    let start = head.trim_ascii_start().strip_prefix(b"{")?.trim_ascii_start();
    let has = |key: &str| memchr::memmem::find(head, key.as_bytes()).is_some();
    match () {
        () if start.starts_with(b"\"inputs\"") => Some(Format::Esbuild),
        () if (start.starts_with(b"\"hash\"") || start.starts_with(b"\"name\"") || start.starts_with(b"\"version\""))
            && has("\"publicPath\"") =>
        {
            Some(Format::Webpack)
        }
        () => None,
    }
}

#[derive(Deserialize)]
struct Meta {
    outputs: BTreeMap<String, Output>,
}

#[derive(Deserialize)]
struct Output {
    bytes: u64,
    #[serde(default)]
    inputs: BTreeMap<String, Input>,
}

#[derive(Deserialize)]
struct Input {
    #[serde(rename = "bytesInOutput")]
    bytes: u64,
}

#[derive(Deserialize)]
struct Statistics {
    version: Option<String>,
    #[serde(default)]
    assets: Vec<Asset>,
    #[serde(default)]
    modules: Vec<Module>,
    #[serde(default)]
    chunks: Vec<Chunk>,
}

#[derive(Deserialize)]
struct Asset {
    name: String,
    size: u64,
}

#[derive(Deserialize)]
struct Chunk {
    id: Value,
    #[serde(default)]
    files: Vec<String>,
    #[serde(default)]
    modules: Vec<Module>,
}

#[derive(Deserialize)]
struct Module {
    name: Option<String>,
    #[serde(default)]
    size: f64,
    /// Shaken out whole.
    #[serde(default)]
    orphan: bool,
    #[serde(default)]
    chunks: Vec<Value>,
    #[serde(default)]
    modules: Vec<Module>,
}

impl Metafile {
    fn metafile(&self, entry: &Entry<'_>, found: &mut Inventory) -> Result<(), Malformed> {
        let meta: Meta = json(entry)?;
        let common = common(meta.outputs.keys().filter(|name| is_script(name)));
        for (name, output) in meta.outputs.iter().filter(|(name, output)| !output.inputs.is_empty() && is_script(name)) {
            let mut shares = Shares::default();
            // What was imported and shaken out whole is not inside.
            for (path, input) in output.inputs.iter().filter(|(_, input)| input.bytes > 0) {
                shares.add(path, input.bytes);
            }
            // Seen from the outputs' own folder, and where each was put into a package of its own.
            for name in BTreeSet::from([name.strip_prefix(common.as_str()).unwrap_or(name), base(name)]) {
                found.bundle_traces.extend(shares.clone().trace(entry.path, name, output.bytes, "npm/metafile", true));
            }
        }
        Ok(())
    }

    fn statistics(&self, entry: &Entry<'_>, found: &mut Inventory) -> Result<(), Malformed> {
        let stats: Statistics = json(entry)?;
        let scripts: Vec<&Asset> = stats.assets.iter().filter(|asset| is_script(&asset.name)).collect();
        let mut by_chunk: HashMap<String, Vec<&Module>> = HashMap::new();
        let mut by_file: HashMap<&str, Vec<&Chunk>> = HashMap::new();
        for module in &stats.modules {
            module.chunks.iter().for_each(|id| by_chunk.entry(id.to_string()).or_default().push(module));
        }
        for chunk in &stats.chunks {
            chunk.files.iter().for_each(|file| by_file.entry(file).or_default().push(chunk));
        }
        let mut count = 0;
        for asset in &scripts {
            let chunks = by_file.get(asset.name.as_str()).into_iter().flatten();
            let mut shares = Shares::default();
            if scripts.len() == 1 {
                stats.modules.iter().for_each(|module| shares.module(module));
            }
            for chunk in chunks {
                let listed = by_chunk.get(&chunk.id.to_string()).into_iter().flatten().copied().filter(|_| scripts.len() > 1);
                listed.chain(&chunk.modules).for_each(|module| shares.module(module));
                if count + shares.count > MOST_MODULES {
                    return Err(Malformed(format!("statistics of more than {MOST_MODULES} modules")));
                }
            }
            count += shares.count;
            if shares.count > 0 {
                let made_by = stats.version.as_deref().and_then(word).map(str::to_owned);
                let trace = shares.trace(entry.path, base(&asset.name), asset.size, "npm/webpack-stats", false);
                found.bundle_traces.extend(trace.map(|trace| BundleTrace { made_by, ..trace }));
            }
        }
        Ok(())
    }
}

fn base(path: &str) -> &str {
    path.rsplit(['/', '\\']).next().unwrap_or(path)
}

/// The folder that all outputs lie in, with its slash.
fn common<'a>(outputs: impl Iterator<Item = &'a String>) -> String {
    let folder = |name: &'a str| &name[..name.rfind('/').map_or(0, |end| end + 1)];
    let mut common: Option<&str> = None;
    for name in outputs {
        let mut shared = common.unwrap_or_else(|| folder(name));
        while !name.starts_with(shared) {
            shared = folder(shared.trim_end_matches('/'));
        }
        common = Some(shared);
    }
    common.unwrap_or_default().to_owned()
}

/// Whether a name is that of a script.
fn is_script(name: &str) -> bool {
    [".js", ".cjs", ".mjs"].iter().any(|end| name.ends_with(end))
}

/// Modules, summed up by the place of their package.
#[derive(Clone, Default)]
struct Shares {
    packages: BTreeMap<String, Bundled>,
    own: u64,
    count: usize,
}

impl Shares {
    fn add(&mut self, path: &str, bytes: u64) {
        self.count += 1;
        match located(path) {
            Some(module) => {
                let fresh = Bundled { name: module.name, version: module.version, place: module.place.clone(), bytes: 0 };
                let package = self.packages.entry(module.place).or_insert(fresh);
                package.bytes = package.bytes.saturating_add(bytes);
            }
            None => self.own = self.own.saturating_add(bytes),
        }
    }

    /// A module of webpack's; one that others were joined into is listed with them, under a name that ends in their number. The
    /// JSON reader bounds how deep they nest.
    fn module(&mut self, module: &Module) {
        if module.orphan {
            return;
        }
        if module.modules.is_empty() {
            let name = module.name.as_deref().unwrap_or_default();
            self.add(name.split(" + ").next().unwrap_or(name), module.size.max(0.0) as u64);
        }
        module.modules.iter().for_each(|inner| self.module(inner));
    }

    fn trace(self, source: &EntryPath, output: &str, size: u64, evidence: &'static str, exact: bool) -> Option<BundleTrace> {
        let bundle = beside(source, output)?;
        Some(BundleTrace {
            packages: self.packages.into_values().collect(),
            own: self.own,
            whole: true,
            exact,
            size: Some(size),
            ..BundleTrace::new(&bundle, source, evidence)
        })
    }
}
