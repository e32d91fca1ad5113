//! What a repository shows of the function it builds: its lockfiles, its bundler, where its packages come to lie, and where it
//! is hosted. Everything here is a guess that a person will read, so nothing is inferred that has no file behind it.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::Value;

/// The lockfiles that are read, but for requirements files, which have no fixed name.
const LOCKS: [&str; 11] = [
    "package-lock.json",
    "npm-shrinkwrap.json",
    "yarn.lock",
    "pnpm-lock.yaml",
    "bun.lock",
    "Cargo.lock",
    "poetry.lock",
    "uv.lock",
    "pdm.lock",
    "Pipfile.lock",
    "requirements.txt",
];
/// Packages that bundle JavaScript, or bring something that does.
const BUNDLERS: [&str; 16] = [
    "esbuild",
    "webpack",
    "rollup",
    "rolldown",
    "vite",
    "parcel",
    "tsup",
    "tsdown",
    "@vercel/ncc",
    "@rspack/core",
    "serverless-esbuild",
    "serverless-webpack",
    "serverless-bundle",
    "aws-cdk-lib",
    "sst",
    "netlify-cli",
];
/// Folders of what was installed or built, which hold other projects' files.
const SKIPPED: [&str; 10] = ["node_modules", "target", "dist", "build", "out", "vendor", "venv", "__pycache__", "site-packages", "cdk.out"];
/// Folders below the first that are looked into.
const DEEPEST: usize = 3;
/// Entries that are looked at.
const MOST: usize = 20_000;
/// Bytes of a file that is read.
const LARGEST: u64 = 4 << 20;

/// Where a repository is hosted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Host {
    GitHub,
    GitLab,
}

/// What a repository shows. Paths are relative to it, with `/`.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Project {
    pub(super) host: Option<Host>,
    /// The lockfiles of the outermost folder that has any.
    pub(super) locks: Vec<String>,
    /// Lockfiles elsewhere.
    pub(super) other_locks: Vec<String>,
    /// The bundler that its manifest asks for.
    pub(super) bundler: Option<&'static str>,
    /// The build's `node_modules`, beside a lockfile of npm's world.
    pub(super) modules: Option<String>,
    /// What the build leaves to deploy: globs.
    pub(super) artifacts: Vec<String>,
    /// What builds it.
    pub(super) commands: Vec<String>,
    /// The scope of its own packages.
    pub(super) scope: Option<String>,
    /// The branch that is deployed.
    pub(super) branch: Option<String>,
}

impl Project {
    /// Looks at a folder. What cannot be read is not there.
    pub(super) fn look(root: &Path) -> Self {
        let found = walk(root);
        let is_there = |path: &str| root.join(path).exists();
        let depth = |path: &String| path.matches('/').count();
        let outermost = found.iter().map(depth).min();
        let folder = found.iter().find(|path| Some(depth(path)) == outermost).map(|path| folder_of(path).to_owned());
        // Two projects side by side have each its own; which one the artifact is of, nothing says.
        let alone =
            found.iter().filter(|path| Some(depth(path)) == outermost).map(|path| folder_of(path)).collect::<BTreeSet<_>>().len() <= 1;
        let (locks, other_locks): (Vec<String>, Vec<String>) =
            found.into_iter().partition(|path| alone && folder.as_deref() == Some(folder_of(path)));
        let inside = folder.filter(|_| alone).unwrap_or_default();
        let manifest = object(&root.join(&inside).join("package.json"));
        let is_node = locks.iter().any(|lock| is_node(lock));
        let bundler = BUNDLERS.into_iter().find(|name| asks_for(&manifest, name));
        let modules =
            (is_node && (bundler.is_some() || is_there(&joined(&inside, "node_modules")))).then(|| joined(&inside, "node_modules"));
        Self {
            host: host(root),
            bundler,
            modules,
            artifacts: artifacts(root, &inside),
            commands: commands(root, &inside, &locks, &manifest),
            scope: manifest["name"].as_str().and_then(scope),
            branch: branch(root),
            locks,
            other_locks,
        }
    }
}

/// The lockfiles below a folder, sorted.
fn walk(root: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut left = MOST;
    let mut folders = vec![(String::new(), 0)];
    while let Some((folder, depth)) = folders.pop() {
        for entry in fs::read_dir(root.join(&folder)).into_iter().flatten().flatten() {
            let Some(rest) = left.checked_sub(1) else { break };
            left = rest;
            let (Some(name), Ok(kind)) = (entry.file_name().to_str().map(str::to_owned), entry.file_type()) else { continue };
            if kind.is_file() && LOCKS.contains(&name.as_str()) {
                found.push(joined(&folder, &name));
            } else if kind.is_dir() && depth < DEEPEST && is_plain(&name) && !SKIPPED.contains(&name.as_str()) {
                folders.push((joined(&folder, &name), depth + 1));
            }
        }
    }
    found.sort();
    found
}

/// Whether the name of a folder can stand in a workflow as it is. One that is hidden holds settings of tools.
fn is_plain(name: &str) -> bool {
    !name.starts_with(['.', '-']) && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '@' | '+'))
}

fn joined(folder: &str, name: &str) -> String {
    if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") }
}

fn folder_of(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

fn is_node(lock: &str) -> bool {
    matches!(lock.rsplit('/').next(), Some("package-lock.json" | "npm-shrinkwrap.json" | "yarn.lock" | "pnpm-lock.yaml" | "bun.lock"))
}

/// The text of a small file; of one that cannot be read, none.
fn text(path: &Path) -> String {
    let is_small = fs::metadata(path).is_ok_and(|file| file.is_file() && file.len() <= LARGEST);
    if is_small { fs::read_to_string(path).unwrap_or_default() } else { String::new() }
}

fn object(path: &Path) -> Value {
    serde_json::from_str(&text(path)).unwrap_or_default()
}

fn asks_for(manifest: &Value, name: &str) -> bool {
    ["dependencies", "devDependencies"].iter().any(|section| manifest[section].get(name).is_some())
}

/// `@acme` of `@acme/orders`.
fn scope(name: &str) -> Option<String> {
    let (scope, _) = name.strip_prefix('@')?.split_once('/')?;
    let is_plain = !scope.is_empty() && scope.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'));
    is_plain.then(|| format!("@{scope}"))
}

/// By its folders of settings, else by the address it is pushed to.
fn host(root: &Path) -> Option<Host> {
    if root.join(".gitlab-ci.yml").exists() {
        return Some(Host::GitLab);
    }
    if root.join(".github").is_dir() {
        return Some(Host::GitHub);
    }
    let settings = text(&root.join(".git/config"));
    let address = |line: &str| line.trim().strip_prefix("url").map(|rest| rest.trim_start_matches([' ', '=']).to_ascii_lowercase());
    settings.lines().filter_map(address).find_map(|url| {
        if url.contains("github") {
            Some(Host::GitHub)
        } else if url.contains("gitlab") {
            Some(Host::GitLab)
        } else {
            None
        }
    })
}

/// The branch that the remote's head is, else the one that is checked out.
fn branch(root: &Path) -> Option<String> {
    let heads = [(".git/refs/remotes/origin/HEAD", "ref: refs/remotes/origin/"), (".git/HEAD", "ref: refs/heads/")];
    let name = heads.iter().find_map(|(file, start)| text(&root.join(file)).trim().strip_prefix(start).map(str::to_owned))?;
    name.split('/').all(is_plain).then_some(name)
}

/// Where the packages that are deployed come to lie, by what packs them.
fn artifacts(root: &Path, folder: &str) -> Vec<String> {
    let is_there = |name: &str| root.join(folder).join(name).exists();
    let has = |name: &str, word: &str| text(&root.join(folder).join(name)).contains(word);
    let mut found = Vec::new();
    if ["serverless.yml", "serverless.yaml", "serverless.ts", "serverless.js"].iter().any(|name| is_there(name)) {
        found.push(joined(folder, ".serverless/*.zip"));
    }
    if ["template.yaml", "template.yml"].iter().any(|name| has(name, "AWS::Serverless")) {
        found.push(joined(folder, ".aws-sam/build/*/"));
    }
    if is_there("cdk.json") {
        found.push(joined(folder, "cdk.out/asset.*"));
    }
    if ["lambda_runtime", "lambda_http"].iter().any(|name| has("Cargo.toml", name)) {
        found.push(joined(folder, "target/lambda/*/bootstrap.zip"));
    }
    for place in ["dist", "build", "out", "."] {
        let zips = fs::read_dir(root.join(folder).join(place)).into_iter().flatten().flatten().take(1_000);
        let mut zips = zips.filter(|entry| entry.path().extension().is_some_and(|ending| ending == "zip"));
        if zips.next().is_some() {
            found.push(joined(folder, if place == "." { "*.zip".to_owned() } else { format!("{place}/*.zip") }.as_str()));
        }
    }
    found
}

/// What installs, builds and packs it, as far as its files tell.
fn commands(root: &Path, folder: &str, locks: &[String], manifest: &Value) -> Vec<String> {
    let is_there = |name: &str| root.join(folder).join(name).exists();
    let has_lock = |name: &str| locks.iter().any(|lock| lock.rsplit('/').next() == Some(name));
    let mut found = Vec::new();
    let runner = if has_lock("pnpm-lock.yaml") {
        found.extend(["corepack enable".to_owned(), "pnpm install --frozen-lockfile".to_owned()]);
        Some("pnpm run")
    } else if has_lock("yarn.lock") {
        found.extend(["corepack enable".to_owned(), "yarn install --immutable".to_owned()]);
        Some("yarn run")
    } else if has_lock("package-lock.json") || has_lock("npm-shrinkwrap.json") {
        found.push("npm ci".to_owned());
        Some("npm run")
    } else if has_lock("bun.lock") {
        found.push("bun install --frozen-lockfile".to_owned());
        Some("bun run")
    } else {
        None
    };
    if let Some(runner) = runner {
        let scripts = ["build", "bundle", "package"].into_iter().filter(|name| manifest["scripts"].get(*name).is_some());
        found.extend(scripts.map(|name| format!("{runner} {name}")));
    }
    if has_lock("Cargo.lock") {
        let lambda = ["lambda_runtime", "lambda_http"].iter().any(|name| text(&root.join(folder).join("Cargo.toml")).contains(name));
        found.push(if lambda { "cargo lambda build --release --output-format zip" } else { "cargo build --release --locked" }.to_owned());
    }
    if ["template.yaml", "template.yml"].iter().any(|name| text(&root.join(folder).join(name)).contains("AWS::Serverless")) {
        found.push("sam build".to_owned());
    } else if ["serverless.yml", "serverless.yaml", "serverless.ts", "serverless.js"].iter().any(|name| is_there(name)) {
        found.push("npx serverless package".to_owned());
    } else if is_there("cdk.json") {
        found.push("npx cdk synth".to_owned());
    }
    if !folder.is_empty() && !found.is_empty() {
        found.insert(0, format!("cd {folder}"));
    }
    found
}
