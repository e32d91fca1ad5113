//! What is written for people: its links lead somewhere, its commands exist with their options, its configurations are read.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use regex::Regex;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every page, by its path below the root.
fn pages() -> BTreeMap<String, String> {
    let (mut pages, mut folders) = (BTreeMap::new(), vec![root().join("docs")]);
    let mut add = |path: PathBuf| {
        let name = path.strip_prefix(root()).unwrap().to_string_lossy().replace('\\', "/");
        pages.insert(name, fs::read_to_string(&path).unwrap().replace("\r\n", "\n"));
    };
    ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md"].map(|name| root().join(name)).into_iter().for_each(&mut add);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => folders.push(path),
                false if path.extension().is_some_and(|extension| extension == "md") => add(path),
                false => {}
            }
        }
    }
    pages
}

/// A fenced block: the word after its fence, and its lines.
struct Block {
    kind: String,
    lines: Vec<String>,
}

/// The prose of a page, without its fenced blocks, and the blocks.
fn parts(page: &str) -> (String, Vec<Block>) {
    let (mut prose, mut blocks, mut inside) = (String::new(), Vec::<Block>::new(), false);
    for line in page.lines() {
        match (line.trim_start().strip_prefix("```"), inside) {
            (Some(kind), false) => blocks.push(Block { kind: kind.to_owned(), lines: Vec::new() }),
            (Some(_), true) => {}
            (None, true) => blocks.last_mut().unwrap().lines.push(line.to_owned()),
            (None, false) => prose.push_str(&format!("{line}\n")),
        }
        inside ^= line.trim_start().starts_with("```");
    }
    assert!(!inside, "a fence without its end");
    (prose, blocks)
}

/// The anchors that GitHub gives the headings of a page.
fn anchors(prose: &str) -> BTreeSet<String> {
    let headings = prose.lines().filter(|line| line.starts_with('#')).map(|line| line.trim_start_matches('#').trim().to_lowercase());
    let plain = |heading: String| heading.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_')).collect::<String>();
    headings.map(|heading| plain(heading).replace(' ', "-")).collect()
}

#[test]
fn every_link_leads_to_a_file_and_a_heading() {
    let pages = pages();
    let link = Regex::new(r"\]\(([^)\s]+)\)").unwrap();
    let (mut dead, mut count) = (Vec::new(), 0);
    for (name, page) in &pages {
        let prose = parts(page).0;
        for target in link.captures_iter(&prose).map(|found| found[1].to_owned()) {
            if target.contains("://") || target.starts_with("mailto:") {
                continue;
            }
            count += 1;
            let (file, anchor) = target.split_once('#').unwrap_or((&target, ""));
            let folder = Path::new(name).parent().unwrap();
            let path = if file.is_empty() { PathBuf::from(name) } else { folder.join(file) };
            let there = root().join(&path);
            let inside = fs::canonicalize(&there).is_ok_and(|there| there.starts_with(fs::canonicalize(root()).unwrap()));
            let has_anchor = || anchors(&parts(&fs::read_to_string(&there).unwrap()).0).contains(anchor);
            if !inside || !anchor.is_empty() && !has_anchor() {
                dead.push(format!("{name}: {target}"));
            }
        }
    }
    assert!(dead.is_empty(), "{}", dead.join("\n"));
    assert!(count > 30, "the links were not found: {count}");
}

#[test]
fn every_file_of_the_house_that_is_named_is_there() {
    let named = Regex::new(r"`((?:src|tests|policies|testdata|benches|templates|examples)/[A-Za-z0-9_./-]+)`").unwrap();
    let gone = pages().into_iter().filter(|(name, _)| name != "CHANGELOG.md").flat_map(|(name, page)| {
        let prose = parts(&page).0;
        let paths: Vec<String> = named.captures_iter(&prose).map(|found| found[1].to_owned()).collect();
        paths.into_iter().filter(|path| !root().join(path).exists()).map(move |path| format!("{name}: {path}"))
    });
    let gone: Vec<String> = gone.collect();
    assert!(gone.is_empty(), "{}", gone.join("\n"));
}

/// What `--help` says of a command, asked once.
#[derive(Default)]
struct Help(BTreeMap<Vec<String>, Option<String>>);

impl Help {
    fn of(&mut self, command: &[String]) -> Option<&str> {
        let ask = || {
            let output = Command::new(env!("CARGO_BIN_EXE_fngate")).args(command).arg("--help").output().unwrap();
            output.status.success().then(|| String::from_utf8(output.stdout).unwrap())
        };
        self.0.entry(command.to_vec()).or_insert_with(ask).as_deref()
    }

    /// The names of the commands below one.
    fn below(&mut self, command: &[String]) -> Vec<String> {
        let help = self.of(command).unwrap_or_default();
        let list = help.split_once("\nCommands:\n").map_or("", |(_, list)| list).split("\n\n").next().unwrap_or_default();
        let names = list.lines().filter(|line| line.starts_with("  ") && !line.starts_with("   "));
        names.filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect()
    }

    fn options(&mut self, command: &[String]) -> BTreeSet<String> {
        let option = Regex::new(r"(?:^|[\s,\[])(--[a-z][a-z0-9-]*)").unwrap();
        let help = self.of(command).unwrap_or_default();
        option.captures_iter(help).map(|found| found[1].to_owned()).collect()
    }

    /// What is wrong with a command line, `fngate` left out. `sign|attest` stands for both.
    fn wrong(&mut self, line: &str) -> Option<String> {
        let line = Regex::new(r"\$\([^)]*\)").unwrap().replace_all(line, "");
        let words = line.split_whitespace().map(|word| word.trim_matches(['`', '"', '\'']));
        let end = |word: &&str| !["|", "||", "&&", ";", "#", ">", "2>"].contains(word);
        let words: Vec<&str> = words.take_while(end).map(|word| word.trim_end_matches([';', ',', '.', ')'])).collect();
        let mut commands = vec![Vec::<String>::new()];
        let mut at = 0;
        while let Some(word) = words.get(at).filter(|word| word.starts_with(|c: char| c.is_ascii_lowercase())) {
            let known = self.below(&commands[0]);
            if known.is_empty() {
                break;
            }
            let named: Vec<&str> = word.split('|').collect();
            if let Some(name) = named.iter().find(|name| !known.iter().any(|known| known == *name)) {
                return Some(format!("there is no command `{name}`"));
            }
            commands = named.iter().map(|name| commands[0].iter().cloned().chain([(*name).to_owned()]).collect()).collect();
            at += 1;
        }
        let own: BTreeSet<String> = commands.iter().flat_map(|command| self.options(command)).collect();
        let asked = words[at..].iter().filter(|word| word.starts_with("--") && word.len() > 2);
        let asked = asked.map(|word| word.split('=').next().unwrap_or(word));
        let unknown: Vec<&str> = asked.filter(|option| !own.contains(*option)).collect();
        (!unknown.is_empty()).then(|| format!("{:?} has no {unknown:?}", commands.concat()))
    }

    /// The options of all commands.
    fn every_option(&mut self) -> BTreeSet<String> {
        let (mut options, mut todo) = (BTreeSet::new(), vec![Vec::new()]);
        while let Some(command) = todo.pop() {
            options.extend(self.options(&command));
            let below = self.below(&command).into_iter().filter(|name| name != "help");
            todo.extend(below.map(|name| command.iter().cloned().chain([name]).collect::<Vec<_>>()));
        }
        options
    }
}

/// The command lines of a page: those of its blocks, with what is continued, and those within its prose.
fn commands(page: &str) -> Vec<String> {
    let (prose, blocks) = parts(page);
    let indented = prose.lines().filter(|line| line.starts_with("    ")).collect::<Vec<_>>().join("\n");
    // After a prompt, an assignment, or in the middle of a pipe.
    let call = Regex::new(r"(?:^|\$ |\||&& |- run: |-- )\s*(?:[A-Z_]+=\S+\s+)*(?:\S*/)?fngate +(.*)$").unwrap();
    let mut found = Vec::new();
    let texts = blocks.iter().filter(|block| !["toml", "rego", "json"].contains(&block.kind.as_str()));
    for text in texts.map(|block| block.lines.join("\n")).chain([indented]) {
        for line in text.replace("\\\n", " ").lines() {
            found.extend(call.captures(line.trim()).map(|found| found[1].to_owned()));
        }
    }
    let spans = Regex::new(r"`fngate +([^`]+)`").unwrap();
    found.extend(spans.captures_iter(&prose.replace('\n', " ")).map(|span| span[1].replace("\\|", "|")));
    found
}

/// Options of others that pages name by themselves: of `install.sh`, of cargo, of cosign.
const FOREIGN: [&str; 4] = ["--sha256", "--require-signature", "--locked", "--new-bundle-format"];

#[test]
fn every_command_line_is_one() {
    let mut help = Help::default();
    let mut every = help.every_option();
    every.extend(FOREIGN.map(str::to_owned));
    let span = Regex::new(r"`(--[a-z][a-z0-9-]*)[^`]*`").unwrap();
    let (mut wrong, mut count) = (Vec::new(), 0);
    for (name, page) in &pages() {
        for line in commands(page) {
            count += 1;
            wrong.extend(help.wrong(&line).map(|why| format!("{name}: fngate {line}: {why}")));
        }
        for option in span.captures_iter(&parts(page).0).map(|found| found[1].to_owned()).filter(|option| !every.contains(option)) {
            wrong.push(format!("{name}: no command has {option}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(count > 60, "the commands were not found: {count}");
}

#[test]
fn what_is_no_command_is_noticed() {
    let mut help = Help::default();
    for line in
        ["check --no-such fn.zip", "db upgrade", "chekc fn.zip", "sign|atest fn.zip", "db update|build --mirror x", "--colour never"]
    {
        assert!(help.wrong(line).is_some(), "{line}");
    }
    for line in
        ["check --db=a.db fn.zip | head", "db update|build|status", "sign|attest fn.zip --overwrite", "policy test", "--color never"]
    {
        assert_eq!(help.wrong(line), None, "{line}");
    }
}

#[test]
fn every_configuration_is_read() {
    let folder = tempfile::TempDir::new().unwrap();
    let policies = folder.path().join("policies");
    fs::create_dir(&policies).unwrap();
    fs::copy(root().join("docs/policies/size_budget.rego"), policies.join("size_budget.rego")).unwrap();
    let cut = Regex::new(r#""[0-9a-f]*…""#).unwrap();
    let (mut wrong, mut count) = (Vec::new(), 0);
    for (name, page) in &pages() {
        for block in parts(page).1.iter().filter(|block| block.kind == "toml") {
            count += 1;
            // A digest that is cut short for the reader stands for a whole one.
            let zeros = format!("\"{}\"", "0".repeat(64));
            let whole = cut.replace_all(&block.lines.join("\n"), zeros.as_str()).into_owned();
            fs::write(folder.path().join("fngate.toml"), whole).unwrap();
            let arguments = ["policy", "digest", "--config", "fngate.toml"];
            let output = Command::new(env!("CARGO_BIN_EXE_fngate")).args(arguments).current_dir(folder.path()).output().unwrap();
            if !output.status.success() {
                wrong.push(format!("{name}: {}\n{}", String::from_utf8_lossy(&output.stderr), block.lines.join("\n")));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(count > 4, "the configurations were not found: {count}");
}
