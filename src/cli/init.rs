//! `fngate init`: a configuration and a workflow for the repository at hand, explained, from what it shows of its build.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::ValueEnum;
use fngate::model::escaped;

use super::Global;
use super::project::{Host, Project};

const CONFIG: &str = include_str!("../../templates/init/fngate.toml");
const GITHUB: &str = include_str!("../../templates/init/github.yml");
const GITLAB: &str = include_str!("../../templates/init/gitlab.yml");

/// Options of `fngate init`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Nothing that is there already is written over, unless `--overwrite` says so. Exit codes: 0 written, 2 failed.")]
pub(crate) struct Args {
    /// The repository
    #[arg(value_name = "DIR", default_value = ".")]
    folder: PathBuf,
    /// Where its pipelines run [default: as its files tell]
    #[arg(long, value_name = "HOST")]
    ci: Option<Ci>,
    /// The commit of fngate's own repository that the workflow names, which pins the binary too [default: this version's tag]
    #[arg(long, value_name = "SHA", value_parser = commit)]
    commit: Option<String>,
    /// Write over what is there
    #[arg(long)]
    overwrite: bool,
    /// Print what would be written
    #[arg(long)]
    dry_run: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Ci {
    /// .github/workflows/fngate.yml
    Github,
    /// .gitlab/fngate.yml
    Gitlab,
    /// No workflow
    None,
}

pub(crate) fn run(args: &Args, global: &Global) -> anyhow::Result<u8> {
    if !args.folder.is_dir() {
        bail!("there is no such folder: {}", args.folder.display());
    }
    let project = Project::look(&args.folder);
    let host = match args.ci {
        Some(Ci::Github) => Some(Host::GitHub),
        Some(Ci::Gitlab) => Some(Host::GitLab),
        Some(Ci::None) => None,
        None => project.host,
    };
    let mut files = vec![("fngate.toml", configuration(&project))];
    match host {
        Some(Host::GitHub) => files.push((".github/workflows/fngate.yml", github(&project, args.commit.as_deref()))),
        Some(Host::GitLab) => files.push((".gitlab/fngate.yml", gitlab(&project, args.commit.as_deref()))),
        None => {}
    }
    if args.dry_run {
        let mut out = io::stdout();
        for (path, text) in &files {
            writeln!(out, "# ---- {path}\n{text}")?;
        }
        return Ok(0);
    }
    // All or none: half a setup would look like a whole one.
    if let Some((path, _)) = files.iter().find(|(path, _)| !args.overwrite && args.folder.join(path).symlink_metadata().is_ok()) {
        bail!("it is there already, and nothing was written; `--overwrite` writes over it: {}", args.folder.join(path).display());
    }
    for (path, _) in &files {
        refuse_links(&args.folder, path)?;
    }
    for (path, text) in &files {
        write(&args.folder.join(path), text)?;
    }
    if !global.quiet {
        io::stdout().write_all(told(&project, host, &files).as_bytes())?;
    }
    Ok(0)
}

/// Refuses a path that leads out of the repository by a link.
fn refuse_links(folder: &Path, path: &str) -> anyhow::Result<()> {
    let mut below = folder.to_owned();
    for part in path.split('/') {
        below.push(part);
        if below.is_symlink() {
            bail!("it is a link, and nothing was written: what is written belongs into the repository: {}", below.display());
        }
    }
    Ok(())
}

fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    let shown = || format!("cannot write: {}", path.display());
    fs::create_dir_all(path.parent().unwrap_or(Path::new("."))).with_context(shown)?;
    fs::write(path, text).with_context(shown)
}

/// Lines, each as deep as it must be.
fn lines(indent: usize, lines: impl IntoIterator<Item = String>) -> String {
    lines.into_iter().map(|line| format!("{}{line}", " ".repeat(indent))).collect::<Vec<_>>().join("\n")
}

/// A template with its places filled in, a line at a time: what a place is filled with is never looked at again. A place that is
/// filled with nothing leaves no line.
fn filled(template: &str, places: &[(&str, String)]) -> String {
    let mut text = String::new();
    for line in template.lines() {
        let place = places.iter().find_map(|(place, value)| Some((line.split_once(&format!("@{place}@"))?, value)));
        match place {
            Some((("", ""), value)) if value.is_empty() => continue,
            Some(((before, after), value)) => text.push_str(&format!("{before}{value}{after}")),
            None => text.push_str(line),
        }
        text.push('\n');
    }
    text
}

fn configuration(project: &Project) -> String {
    let private = match &project.scope {
        Some(scope) => format!("# private = [\"{scope}/*\"]"),
        None => "# private = [\"@acme/*\"]".to_owned(),
    };
    let list = |words: &[String]| words.iter().map(|word| format!("\"{word}\"")).collect::<Vec<_>>().join(", ");
    let locks = if project.locks.is_empty() { list(&["package-lock.json".to_owned()]) } else { list(&project.locks) };
    let mut build = vec!["# [build]".to_owned(), format!("# lock = [{locks}]")];
    build.extend(project.modules.iter().map(|modules| format!("# modules = [\"{modules}\"]")));
    if !project.other_locks.is_empty() {
        build.push(format!(
            "# There are lockfiles elsewhere; name the one that the artifact was built from: {}",
            project.other_locks.join(", ")
        ));
    }
    filled(CONFIG, &[("private", private), ("build", build.join("\n"))])
}

/// The artifacts, or where they often are.
fn artifacts(project: &Project) -> Vec<String> {
    if project.artifacts.is_empty() { vec!["dist/*.zip".to_owned()] } else { project.artifacts.clone() }
}

/// What builds it, or a step that fails until somebody says what does.
fn commands(project: &Project) -> Vec<String> {
    if project.commands.is_empty() { vec!["echo 'say here what builds the artifact'; exit 1".to_owned()] } else { project.commands.clone() }
}

fn github(project: &Project, commit: Option<&str>) -> String {
    let mut evidence = Vec::new();
    for (name, paths) in [("lock", project.locks.as_slice()), ("modules", project.modules.as_slice())] {
        if !paths.is_empty() {
            evidence.push(format!("{name}: |"));
            evidence.extend(paths.iter().map(|path| format!("  {path}")));
        }
    }
    let branch = project.branch.clone().unwrap_or_else(|| "main".to_owned());
    let places = [
        ("branch", branch),
        ("pin", lines(8, pin(commit))),
        ("reference", reference(commit, "#")),
        ("commands", lines(10, commands(project))),
        ("artifacts", lines(12, artifacts(project))),
        ("evidence", lines(10, evidence)),
    ];
    filled(GITHUB, &places)
}

fn gitlab(project: &Project, commit: Option<&str>) -> String {
    let mut evidence = Vec::new();
    for (name, paths) in [("FNGATE_LOCK", project.locks.as_slice()), ("FNGATE_MODULES", project.modules.as_slice())] {
        if !paths.is_empty() {
            evidence.push(format!("{name}: \"{}\"", paths.join(",")));
        }
    }
    // The gate runs in another job, which has only what this one hands on.
    let kept = artifacts(project).into_iter().chain(project.modules.iter().map(|modules| format!("{modules}/")));
    let places = [
        ("commands", lines(4, commands(project).into_iter().map(|command| format!("- {}", quoted(&command))))),
        ("paths", lines(6, kept.map(|path| format!("- {}", quoted(&path))))),
        ("artifacts", lines(6, artifacts(project))),
        ("evidence", lines(4, evidence)),
        ("pin", lines(2, pin(commit))),
        ("reference", reference(commit, "")),
    ];
    filled(GITLAB, &places)
}

/// What of fngate the workflow uses: this commit, whose version is told beside it, or this version's tag.
fn reference(commit: Option<&str>, mark: &str) -> String {
    match commit {
        Some(commit) if mark.is_empty() => commit.to_owned(),
        Some(commit) => format!("{commit} {mark} v{}", env!("CARGO_PKG_VERSION")),
        None => format!("v{}", env!("CARGO_PKG_VERSION")),
    }
}

/// How to pin what is not.
fn pin(commit: Option<&str>) -> Vec<String> {
    let tag = concat!("git ls-remote https://github.com/fngate/fngate refs/tags/v", env!("CARGO_PKG_VERSION"));
    if commit.is_some() { Vec::new() } else { vec![format!("# A tag can be moved, a commit cannot: `{tag}`, then put it here.")] }
}

/// The SHA-1 of a commit, in full.
fn commit(text: &str) -> Result<String, String> {
    let is_commit = text.len() == 40 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    if is_commit { Ok(text.to_owned()) } else { Err("a commit has 40 hexadecimal digits".to_owned()) }
}

/// A YAML string.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// What was found and written, and what comes next.
fn told(project: &Project, host: Option<Host>, files: &[(&str, String)]) -> String {
    let mut told = String::new();
    let mut say = |what: &str, found: String| {
        if !found.is_empty() {
            told.push_str(&format!("{what:<10} {}\n", escaped(&found)));
        }
    };
    say("lockfile", project.locks.join(", "));
    say("", if project.other_locks.is_empty() { String::new() } else { format!("elsewhere: {}", project.other_locks.join(", ")) });
    say("bundler", project.bundler.unwrap_or_default().to_owned());
    say("modules", project.modules.clone().unwrap_or_default());
    say(
        "artifacts",
        if project.artifacts.is_empty() { "none seen; dist/*.zip is a guess".to_owned() } else { project.artifacts.join(", ") },
    );
    say("build", if project.commands.is_empty() { "unknown; say it in the workflow".to_owned() } else { project.commands.join(" && ") });
    for (path, _) in files {
        say("wrote", (*path).to_owned());
    }
    told.push_str("\nnext: read what was written, then\n");
    told.push_str("  fngate db update                     the advisories, once a day\n");
    told.push_str(&format!(
        "  fngate check {:<24}the gate, here and now\n",
        artifacts(project).first().map_or("dist/*.zip", String::as_str)
    ));
    match host {
        Some(Host::GitLab) => told.push_str("  add `include: [{ local: .gitlab/fngate.yml }]` to .gitlab-ci.yml\n"),
        Some(Host::GitHub) => told.push_str("  commit both files\n"),
        None => told.push_str("  `fngate init --ci github` or `--ci gitlab` writes a workflow too\n"),
    }
    told
}
