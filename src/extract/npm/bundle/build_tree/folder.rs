//! The build's `node_modules` on the disk: every package of it, and of the workspaces that it links to.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

use rayon::prelude::*;
use serde_json::Value;

use super::package::{Installed, Module};
use crate::extract::npm::bundle::feature::{Feature, Source, is_literal, sorted};

/// Files of a tree, and bytes of one that is read.
const MOST_FILES: usize = 2_000_000;
const LARGEST_FILE: u64 = 32 << 20;

/// Literals of a module that bundlers write in other characters, and that it may have before nothing rules its package out.
const MOST_HIDDEN: usize = 2;
/// What some bundler reads, and is not read here.
const UNREAD: [&str; 11] = ["es", "es6", "esm", "vue", "svelte", "coffee", "ls", "graphql", "gql", "wasm", "node"];
/// Folders of a package that no bundle is made of.
const ASIDE: [&str; 10] = ["test", "tests", "__tests__", "spec", "example", "examples", "benchmark", "benchmarks", "docs", "coverage"];
/// What tools read, and no bundle is made of.
const SETTINGS: [&str; 9] = [
    "bower.json",
    "component.json",
    "composer.json",
    "deno.json",
    "jsconfig.json",
    "jsr.json",
    "package-lock.json",
    "tslint.json",
    "typedoc.json",
];
/// What a bundler reads.
const SCRIPTS: [&str; 9] = ["js", "cjs", "mjs", "json", "ts", "cts", "mts", "tsx", "jsx"];

/// What lies on the disk.
#[derive(Debug, Default)]
pub(super) struct Folder {
    pub(super) packages: Vec<Installed>,
    /// Where links lead, by their places.
    pub(super) links: HashMap<String, String>,
    /// Whether scripts lie where packages are installed, and no manifest says whose.
    pub(super) nameless: bool,
    /// What the project itself asks for.
    pub(super) asked: Vec<String>,
}

/// Reads `folder`, which is a `node_modules` or a project with one.
pub(super) fn read(folder: &Path) -> io::Result<Folder> {
    let project = if folder.file_name().is_some_and(|name| name == "node_modules") {
        folder.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
    } else {
        folder
    };
    let project = fs::canonicalize(project)?;
    let root = project.join("node_modules");
    let mut walk = Walk {
        project: &project,
        todo: Vec::new(),
        seen: HashSet::new(),
        found: BTreeMap::new(),
        links: HashMap::new(),
        files: 0,
        nameless: false,
    };
    walk.todo.push(fs::canonicalize(&root).map_err(|error| at(&error, &root))?);
    while let Some(modules) = walk.todo.pop() {
        walk.modules(&modules)?;
    }
    let mut packages: Vec<Installed> = walk.found.into_par_iter().map(|(_, found)| found.read()).collect::<io::Result<_>>()?;
    packages.sort_by(|a, b| a.place.cmp(&b.place));
    Ok(Folder { packages, links: walk.links, nameless: walk.nameless, asked: asked(&project)? })
}

/// A manifest, where it is a file of the size of one.
fn manifest_bytes(path: &Path) -> io::Result<Vec<u8>> {
    let about = fs::metadata(path)?;
    if !about.is_file() || about.len() > LARGEST_FILE {
        return Err(io::Error::other("it is no file, or larger than any manifest"));
    }
    fs::read(path)
}

/// Where a folder lies, links resolved; `None` where there is none.
fn folder(path: &Path) -> io::Result<Option<PathBuf>> {
    match fs::canonicalize(path) {
        Ok(path) => Ok(Some(path).filter(|path| path.is_dir())),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Ok(None),
        Err(error) => Err(at(&error, path)),
    }
}

/// An error that names the file.
fn at(error: &io::Error, path: &Path) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}

/// A package that was found, and its files.
struct Found {
    package: Installed,
    files: Vec<(String, PathBuf)>,
    aside: Vec<PathBuf>,
}

struct Walk<'a> {
    project: &'a Path,
    /// Folders called `node_modules`, none of them behind a link.
    todo: Vec<PathBuf>,
    seen: HashSet<PathBuf>,
    found: BTreeMap<String, Found>,
    links: HashMap<String, String>,
    files: usize,
    nameless: bool,
}

impl Walk<'_> {
    /// A folder of packages: those in it, in the folders of scopes, in the stores of pnpm, bun, deno and yarn, and behind links.
    fn modules(&mut self, folder: &Path) -> io::Result<()> {
        if !self.seen.insert(folder.to_owned()) {
            return Ok(());
        }
        for (path, kind) in self.children(folder)? {
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
            match name.as_str() {
                ".pnpm" | ".bun" | ".deno" | ".store" if kind.is_dir() => {
                    for (stored, kind) in self.children(&path)? {
                        if kind.is_dir() {
                            if let Some(package) = self::folder(&stored.join("package"))?.filter(|_| name == ".store") {
                                self.package(&package)?;
                            }
                            self.nested(&stored)?;
                        }
                    }
                }
                name if name.starts_with('.') => {}
                name if name.starts_with('@') && (kind.is_dir() || kind.is_symlink() && path.is_dir()) => {
                    let scope = fs::canonicalize(&path).map_err(|error| at(&error, &path))?;
                    if kind.is_symlink() {
                        self.links.insert(self.place(&path), self.place(&scope));
                    }
                    for (scoped, kind) in self.children(&scope)? {
                        self.entry(&scoped, kind)?;
                    }
                }
                _ => self.entry(&path, kind)?,
            }
        }
        Ok(())
    }

    /// The packages inside a folder, where it has any.
    fn nested(&mut self, folder: &Path) -> io::Result<()> {
        self.todo.extend(self::folder(&folder.join("node_modules"))?);
        Ok(())
    }

    /// A package, or a link to one.
    fn entry(&mut self, path: &Path, kind: fs::FileType) -> io::Result<()> {
        if kind.is_dir() {
            return self.package(path);
        }
        if !kind.is_symlink() {
            return Ok(());
        }
        // A link that leads nowhere is nobody's code: npm leaves some of optional packages.
        let Some(target) = folder(path)? else { return Ok(()) };
        self.links.insert(self.place(path), self.place(&target));
        // What lies in a store has its dependencies beside it.
        let modules = target.ancestors().skip(1).take(2).find(|folder| folder.file_name().is_some_and(|name| name == "node_modules"));
        self.todo.extend(modules.map(Path::to_owned));
        self.package(&target)
    }

    /// A path as it is seen from the project.
    fn place(&self, path: &Path) -> String {
        let mut base = self.project;
        let mut up = String::new();
        loop {
            if let Ok(rest) = path.strip_prefix(base) {
                let parts = rest.components().filter_map(|part| match part {
                    Component::Normal(part) => Some(part.to_string_lossy()),
                    _ => None,
                });
                return format!("{up}{}", parts.collect::<Vec<_>>().join("/"));
            }
            let Some(parent) = base.parent() else { return path.to_string_lossy().into_owned() };
            base = parent;
            up.push_str("../");
        }
    }

    fn package(&mut self, root: &Path) -> io::Result<()> {
        if !self.seen.insert(root.to_owned()) {
            return Ok(());
        }
        let path = root.join("package.json");
        let bytes = match manifest_bytes(&path) {
            Ok(bytes) => bytes,
            // A folder without a manifest is no package; npm leaves folders that hold nothing but others. What scripts are in it, nobody
            // can name.
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                self.nested(root)?;
                self.nameless |= self
                    .children(root)?
                    .iter()
                    .any(|(path, kind)| kind.is_file() && path.file_name().and_then(|name| name.to_str()).is_some_and(is_script));
                return Ok(());
            }
            Err(error) => return Err(at(&error, &path)),
        };
        let manifest: Value =
            serde_json::from_slice(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes)).map_err(|error| at(&error.into(), &path))?;
        let text = |key: &str| manifest.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        let mut package = Installed { name: text("name"), version: text("version"), place: self.place(root), ..Installed::default() };
        package.read(&manifest);
        let mut found = Found { package, files: Vec::new(), aside: Vec::new() };
        self.files(root, root, &replaced(&manifest), false, &mut found)?;
        self.found.insert(found.package.place.clone(), found);
        Ok(())
    }

    /// The scripts in a folder of a package, but not of the packages inside it.
    fn files(&mut self, root: &Path, folder: &Path, replaced: &HashSet<String>, aside: bool, found: &mut Found) -> io::Result<()> {
        for (path, kind) in self.children(folder)? {
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            let is_unread = kind.is_symlink() || name.rsplit_once('.').is_some_and(|(_, extension)| UNREAD.contains(&extension));
            found.package.partial |= is_unread && !aside;
            if name == "node_modules" && !kind.is_file() {
                // What lies among tests was installed by nobody.
                if !aside {
                    self.todo.extend(self::folder(&path)?);
                }
            } else if kind.is_dir() {
                let is_aside = aside || ASIDE.contains(&name);
                self.files(root, &path, replaced, is_aside, found)?;
            } else if kind.is_file() && is_script(name) {
                let Some(inner) = path.strip_prefix(root).ok().and_then(Path::to_str).map(|inner| inner.replace('\\', "/")) else {
                    found.package.partial = true;
                    continue;
                };
                let is_other = aside
                    || replaced.contains(&inner)
                    || [".browser.", ".native."].iter().any(|other| name.contains(other))
                    || SETTINGS.contains(&name)
                    || name.starts_with("tsconfig.") && name.ends_with(".json")
                    || name.starts_with('.');
                if is_other {
                    found.aside.push(path);
                } else {
                    found.files.push((inner, path));
                }
            }
        }
        Ok(())
    }

    fn children(&mut self, folder: &Path) -> io::Result<Vec<(PathBuf, fs::FileType)>> {
        let mut children = Vec::new();
        for entry in fs::read_dir(folder).map_err(|error| at(&error, folder))? {
            let entry = entry.map_err(|error| at(&error, folder))?;
            children.push((entry.path(), entry.file_type().map_err(|error| at(&error, folder))?));
            self.files += 1;
            if self.files > MOST_FILES {
                return Err(io::Error::other(format!("more than {MOST_FILES} files")));
            }
        }
        children.sort_unstable_by(|a, b| a.0.cmp(&b.0));
        Ok(children)
    }
}

/// Whether a bundler reads the file. Manifests are read for what they are, and declarations hold no code.
fn is_script(name: &str) -> bool {
    let stem = name.rsplit_once('.').filter(|(_, extension)| SCRIPTS.contains(extension)).map(|(stem, _)| stem);
    stem.is_some_and(|stem| !stem.ends_with(".d")) && name != "package.json"
}

/// What a manifest has in place of other modules for browsers: none of that is in a bundle for Node.js.
fn replaced(manifest: &Value) -> HashSet<String> {
    let fields = ["browser", "react-native"].into_iter().filter_map(|field| manifest.get(field)?.as_object());
    let files = fields.flat_map(serde_json::Map::values).filter_map(Value::as_str);
    // Bundlers add the extension themselves.
    files.flat_map(|file| ["", ".js", ".mjs", "/index.js"].map(|end| format!("{}{end}", file.trim_start_matches("./")))).collect()
}

impl Found {
    fn read(self) -> io::Result<Installed> {
        let Self { mut package, files, mut aside } = self;
        // TypeScript is what the scripts were made from, where there are any.
        let is_made = |inner: &str| [".js", ".cjs", ".mjs"].iter().any(|end| inner.ends_with(end));
        let has_scripts = files.iter().any(|(inner, _)| is_made(inner));
        let (files, sources): (Vec<_>, Vec<_>) =
            files.into_iter().partition(|(inner, _)| !has_scripts || is_made(inner) || inner.ends_with(".json"));
        aside.extend(sources.into_iter().map(|(_, path)| path));
        let mut others: HashSet<Feature> = HashSet::new();
        for path in &aside {
            match source(path)? {
                Some(source) => {
                    package.partial |= source.cut;
                    others.extend(source.features);
                }
                None => package.partial = true,
            }
        }
        for (inner, path) in files {
            let Some(source) = source(&path)? else {
                package.partial = true;
                continue;
            };
            package.partial |= source.cut;
            let mut imports: Box<[_]> = source.imports.into_iter().collect();
            imports.sort_unstable();
            let literals = source.features.iter().filter(|feature| is_literal(**feature)).count();
            package.partial |= source.hidden > MOST_HIDDEN && source.hidden * 2 > literals;
            package.modules.push(Module { inner, features: sorted(source.features), imports, weight: 0.0 });
        }
        package.modules.sort_by(|a, b| a.inner.cmp(&b.inner));
        package.all = sorted(package.modules.iter().flat_map(|module| module.features.iter().copied()).collect());
        package.aside = sorted(others);
        Ok(package)
    }
}

/// Reads one script; `None` where it is longer than any that is read.
fn source(path: &Path) -> io::Result<Option<Source>> {
    if fs::metadata(path).map_err(|error| at(&error, path))?.len() > LARGEST_FILE {
        return Ok(None);
    }
    fs::read(path).map(|code| Some(Source::read(&code))).map_err(|error| at(&error, path))
}

/// What the project beside the tree asks for.
fn asked(project: &Path) -> io::Result<Vec<String>> {
    let path = project.join("package.json");
    let bytes = match manifest_bytes(&path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(at(&error, &path)),
    };
    let manifest: Value =
        serde_json::from_slice(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes)).map_err(|error| at(&error.into(), &path))?;
    let lists = ["dependencies", "devDependencies", "optionalDependencies"].into_iter().filter_map(|key| manifest.get(key)?.as_object());
    Ok(lists.flat_map(|list| list.keys().cloned()).collect())
}
