//! Rule files: gitleaks' TOML with our own fields beside it, read with the meaning gitleaks 8.30 gives it.

use std::path::{Path, PathBuf};

use toml::Table;

use crate::model::{Confidence, SecretLevel};

use super::allowlist::{Allowlist, Target};
use super::check::Check;
use super::field::Fields;
use super::letters::lowered;
use super::pattern::Pattern;
use super::rule::{Finder, Required, Rule};

/// `extend` may lead through this many files; what the last one says about extending is not read.
const DEEPEST_EXTENSION: usize = 2;
/// The version of gitleaks whose meaning rule files have here.
const GITLEAKS: [u64; 3] = [8, 30, 1];

/// Why a set of rules cannot be used. A scanner without its rules finds nothing for ever, so none of this is a warning.
#[derive(Debug, thiserror::Error)]
pub enum RuleError {
    /// The file could not be read.
    #[error("cannot read the rule file: {path}")]
    Read {
        /// Which.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// It is not TOML.
    #[error("cannot read `{path}` as TOML: {fault}")]
    Syntax {
        /// Which.
        path: String,
        /// What the parser says.
        fault: String,
    },
    /// An expression that does not compile.
    #[error("cannot compile an expression of rule `{rule}`: {fault}")]
    Expression {
        /// The id of the rule, or `allowlists`.
        rule: String,
        /// What the compiler says.
        fault: String,
    },
    /// A rule, allowlist or extension that means nothing.
    #[error("cannot use rule `{rule}`: {fault}")]
    Meaning {
        /// The id of the rule, or `allowlists`, or `extend`.
        rule: String,
        /// What is wrong.
        fault: String,
    },
    /// No rule is left.
    #[error("no rule to search with: {path}")]
    Empty {
        /// The last file.
        path: String,
    },
}

impl RuleError {
    /// What the user can do.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Empty { .. } => {
                Some("a file without `[extend] useDefault = true` replaces the built-in rules; add it to keep them".to_owned())
            }
            Self::Expression { .. } => Some("expressions are RE2's: no look-around, no back-references".to_owned()),
            _ => None,
        }
    }
}

/// Rules, what they all let pass, and what a reader of the file should know.
#[derive(Clone, Debug, Default)]
pub(super) struct RuleSet {
    pub(super) rules: Vec<Rule>,
    /// Entries for all rules, or with targets for some.
    pub(super) allowlists: Vec<Allowlist>,
    pub(super) warnings: Vec<String>,
}

/// Allowlists and the ids of the rules they are for.
type Targeted = Vec<(Vec<String>, Allowlist)>;

/// Reads `text`, the content of `name`; `builtin` files may rely on their expressions being compiled later (a test compiles
/// them all). Returns the set before any extension, and the `[extend]` table.
fn parse(text: &str, name: &str, custom: bool) -> Result<(RuleSet, Table, Targeted), RuleError> {
    let table: Table =
        text.parse().map_err(|fault: toml::de::Error| RuleError::Syntax { path: name.to_owned(), fault: fault.message().to_owned() })?;
    let mut top = Fields::new("the file", table);
    let mut set = RuleSet::default();
    for known in ["title", "description"] {
        top.take(known);
    }
    if let Some(version) = top.string("minversion")?.filter(|version| !version.is_empty()) {
        let wanted = numbers(&version).ok_or_else(|| top.wrong(&format!("`minVersion` is no version: {version}")))?;
        if wanted > GITLEAKS.to_vec() {
            set.warnings.push(format!("{name}: it is for gitleaks {version} and is read as gitleaks 8.30 reads it"));
        }
    }
    let extend = top.table("extend")?.unwrap_or_default();
    for value in top.tables("rules")? {
        let rule = rule(value, custom, &mut set.warnings)?;
        match set.rules.iter_mut().find(|known| known.id == rule.id).filter(|_| custom) {
            Some(known) => {
                set.warnings.push(format!("{name}: the rule `{}` is there twice, and the last one counts", rule.id));
                *known = rule;
            }
            None => set.rules.push(rule),
        }
    }
    // gitleaks' reader does not see a table of the file that has nothing in it.
    let (old, new) = (top.table("allowlist")?.filter(|table| !table.is_empty()), top.tables("allowlists")?);
    if old.is_some() && !new.is_empty() {
        return Err(top.wrong("`allowlist` and `allowlists` are both given"));
    }
    let mut targeted = Vec::new();
    for table in new.into_iter().chain(old) {
        let mut fields = Fields::new("allowlists", table);
        let targets = fields.strings("targetrules")?;
        let entry = allowlist(fields, custom, &mut set.warnings)?;
        if targets.is_empty() {
            set.allowlists.push(entry);
        } else {
            targeted.push((targets, entry));
        }
    }
    top.rest(name, &mut set.warnings);
    Ok((set, extend, targeted))
}

/// A built-in file: no extension, no allowlists for all.
pub(super) fn builtin(text: &str, name: &str) -> Result<Vec<Rule>, RuleError> {
    let (set, _, _) = parse(text, name, false)?;
    match set.warnings.first() {
        Some(warning) => Err(RuleError::Meaning { rule: name.to_owned(), fault: warning.clone() }),
        None => Ok(set.rules),
    }
}

/// A file of the operator, extended as it says; `defaults` is what `useDefault` means.
pub(super) fn custom(path: &Path, defaults: &dyn Fn() -> Result<Vec<Rule>, RuleError>) -> Result<RuleSet, RuleError> {
    custom_at(path, defaults, 0)
}

fn custom_at(path: &Path, defaults: &dyn Fn() -> Result<Vec<Rule>, RuleError>, depth: usize) -> Result<RuleSet, RuleError> {
    let name = path.display().to_string();
    let text = std::fs::read_to_string(path).map_err(|source| RuleError::Read { path: name.clone(), source })?;
    let (mut set, extend, targeted) = parse(&text, &name, true)?;
    let mut extend = Fields::new("extend", extend);
    let reaches = depth < DEEPEST_EXTENSION;
    let use_default = extend.flag("usedefault")? && reaches;
    let base_path = extend.string("path")?.filter(|path| !path.is_empty() && reaches);
    let disabled = extend.strings("disabledrules")?;
    extend.take("url");
    extend.rest(&name, &mut set.warnings);
    if use_default && base_path.is_some() {
        return Err(RuleError::Meaning { rule: "extend".to_owned(), fault: "`useDefault` and `path` exclude each other".to_owned() });
    }
    check_required(&set.rules)?;
    let base = if use_default {
        Some(RuleSet { rules: defaults()?, ..RuleSet::default() })
    } else if let Some(base) = base_path {
        Some(custom_at(&PathBuf::from(base), defaults, depth + 1)?)
    } else {
        None
    };
    if let Some(base) = base {
        set = extended(base, set, &disabled, &name);
    }
    if depth > 0 {
        if !targeted.is_empty() {
            set.warnings.push(format!("{name}: `targetRules` does nothing in a file that another extends"));
        }
        return Ok(set);
    }
    for rule in &set.rules {
        usable(rule)?;
    }
    for (targets, entry) in targeted {
        for target in targets {
            let Some(rule) = set.rules.iter_mut().find(|rule| rule.id == target) else {
                if use_default {
                    set.warnings.push(format!("{name}: an allowlist names the rule `{target}`, which is not among the built-in ones"));
                    continue;
                }
                return Err(RuleError::Meaning {
                    rule: "allowlists".to_owned(),
                    fault: format!("`targetRules` names an unknown rule: {target}"),
                });
            };
            rule.allowlists.push(entry.clone());
        }
    }
    if set.rules.is_empty() {
        return Err(RuleError::Empty { path: name });
    }
    Ok(set)
}

/// The numbers of a semantic version, at least three; whatever is behind them must look like a version too.
fn numbers(version: &str) -> Option<Vec<u64>> {
    let version = version.strip_prefix('v').unwrap_or(version);
    let end = version.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(version.len());
    let (core, more) = version.split_at(end);
    let is_word = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'~'));
    let (before, build) = more.split_once('+').map_or((more, None), |(before, build)| (before, Some(build)));
    let tagged = before.is_empty() || before.strip_prefix('-').is_some_and(|tag| tag.split('.').all(is_word));
    if !tagged || build.is_some_and(|build| !build.split('.').all(is_word)) {
        return None;
    }
    let mut numbers: Vec<u64> = core.split('.').map(|part| part.parse().ok()).collect::<Option<_>>()?;
    numbers.resize(numbers.len().max(3), 0);
    Some(numbers)
}

/// The base's rules with the child's over them: what the child gives replaces, lists are appended.
fn extended(base: RuleSet, child: RuleSet, disabled: &[String], name: &str) -> RuleSet {
    let mut set = base;
    set.warnings.extend(child.warnings);
    set.allowlists.extend(child.allowlists);
    for id in disabled {
        if !set.rules.iter().any(|rule| rule.id == *id) {
            set.warnings.push(format!("{name}: `disabledRules` names an unknown rule: {id}"));
        }
    }
    set.rules.retain(|rule| !disabled.contains(&rule.id));
    for over in child.rules {
        let Some(rule) = set.rules.iter_mut().find(|rule| rule.id == over.id) else {
            set.rules.push(over);
            continue;
        };
        if !over.description.is_empty() {
            rule.description = over.description;
        }
        if over.entropy != 0.0 {
            rule.entropy = over.entropy;
        }
        if over.group != 0 {
            rule.group = over.group;
        }
        if !matches!(over.finder, Finder::File) {
            // What is found in another way is no longer what a built-in rule knows how to check.
            (rule.finder, rule.check, rule.custom) = (over.finder, over.check, true);
        }
        if over.path.is_some() {
            rule.path = over.path;
        }
        rule.tags.extend(over.tags);
        rule.keywords.extend(over.keywords);
        rule.allowlists.extend(over.allowlists);
    }
    set
}

fn check_required(rules: &[Rule]) -> Result<(), RuleError> {
    for rule in rules {
        for required in &rule.required {
            if !rules.iter().any(|other| other.id == required.id) {
                return Err(RuleError::Meaning {
                    rule: rule.id.clone(),
                    fault: format!("`required` names an unknown rule: {}", required.id),
                });
            }
        }
    }
    Ok(())
}

/// Whether a rule that is whole can find what it says it finds.
fn usable(rule: &Rule) -> Result<(), RuleError> {
    let wrong = |fault: String| Err(RuleError::Meaning { rule: rule.id.clone(), fault });
    match &rule.finder {
        Finder::File if rule.path.is_none() => wrong("it has neither `regex` nor `path`".to_owned()),
        Finder::Regex { pattern, .. } if usize::try_from(rule.group).is_ok_and(|group| group > pattern.groups()) => {
            wrong(format!("`secretGroup` is beyond the expression's groups: {}", rule.group))
        }
        _ => Ok(()),
    }
}

/// An expression of the operator, compiled now so that a fault is said before anything was scanned; a built-in one later.
fn expression(owner: &str, source: &str, custom: bool) -> Result<Pattern, RuleError> {
    if !custom {
        return Ok(Pattern::new(source));
    }
    let pattern = Pattern::re2(source);
    match pattern.check() {
        Ok(_) => Ok(pattern),
        Err(fault) => Err(RuleError::Expression { rule: owner.to_owned(), fault }),
    }
}

/// One `[[rules]]` table.
fn rule(table: Table, custom: bool, warnings: &mut Vec<String>) -> Result<Rule, RuleError> {
    let mut f = Fields::new("", table);
    let id = f.string("id")?.unwrap_or_default();
    if id.trim().is_empty() {
        return Err(f.wrong("it has no `id`"));
    }
    f.owner.clone_from(&id);
    let mut allowlists = Vec::new();
    let (old, new) = (f.table("allowlist")?, f.tables("allowlists")?);
    if old.is_some() && !new.is_empty() {
        return Err(f.wrong("`allowlist` and `allowlists` are both given"));
    }
    for table in new.into_iter().chain(old) {
        allowlists.push(allowlist(Fields::new(&id, table), custom, warnings)?);
    }
    let mut required = Vec::new();
    for table in f.tables("required")? {
        let mut part = Fields::new(&id, table);
        let other = part.string("id")?.filter(|id| !id.is_empty()).ok_or_else(|| part.wrong("a `required` entry has no `id`"))?;
        required.push(Required { id: other, within_lines: part.number("withinlines")?, within_columns: part.number("withincolumns")? });
        part.rest(&id, warnings);
    }
    let path = f.string("path")?.filter(|path| !path.is_empty()).map(|path| expression(&id, &path, custom)).transpose()?;
    let mut check = None;
    for field in ["checksum", "structure"] {
        if let Some(name) = f.string(field)? {
            check = Some(Check::named(&name).ok_or_else(|| f.wrong(&format!("there is no such check: {name}")))?);
        }
    }
    let rule = Rule {
        description: f.string("description")?.unwrap_or_default(),
        help: f.string("help")?.unwrap_or_default(),
        finder: finder(&mut f, custom)?,
        group: f.number("secretgroup")?.unwrap_or(0),
        path,
        keywords: f.strings("keywords")?.iter().map(|word| lower(word)).collect(),
        entropy: f.float("entropy")?,
        allowlists,
        required,
        skip_report: f.flag("skipreport")?,
        tags: f.strings("tags")?,
        confidence: match f.string("confidence")?.as_deref() {
            Some("high") => Confidence::High,
            Some("low") => Confidence::Low,
            None | Some("medium") => Confidence::Medium,
            Some(_) => return Err(f.wrong("`confidence` is high, medium or low")),
        },
        level: match f.string("level")?.as_deref() {
            None => None,
            Some("deny") => Some(SecretLevel::Deny),
            Some("warn") => Some(SecretLevel::Warn),
            Some("info") => Some(SecretLevel::Info),
            Some(_) => return Err(f.wrong("`level` is deny, warn or info")),
        },
        check,
        generic: f.flag("generic")? || id.to_ascii_lowercase().contains("generic"),
        custom,
        examples: f.texts("examples")?,
        counter_examples: f.texts("counter_examples")?,
        id,
    };
    if !custom && rule.path.is_none() && matches!(rule.finder, Finder::File) {
        return Err(f.wrong("it has no way to find"));
    }
    f.rest(&rule.id, warnings);
    Ok(rule)
}

/// How the rule finds: `regex` (gitleaks), or one of our own ways.
fn finder(f: &mut Fields, custom: bool) -> Result<Finder, RuleError> {
    let window = f.numbers("window")?;
    let window = match window.as_slice() {
        [] => None,
        [before, behind] => Some((*before, *behind)),
        _ => return Err(f.wrong("`window` is two numbers: bytes before and behind a keyword")),
    };
    let pooled = f.string("pooled")?.map(|pooled| Pattern::new(&pooled));
    let prefixes = f.strings("prefix")?;
    let body = f.string("body")?.map(|body| Pattern::new(&format!("^(?:{body})")));
    let value = f.string("value")?.map(|value| Pattern::new(&format!("^(?:{value})$")));
    let schemes = f.strings("schemes")?;
    let regex = f.string("regex")?.filter(|regex| !regex.is_empty());
    let detector = f.string("detector")?;
    Ok(match (regex, body, value, detector.as_deref()) {
        (Some(regex), None, None, None) => Finder::Regex { pattern: expression(&f.owner, &regex, custom)?, pooled, window },
        (None, Some(body), None, None) if !prefixes.is_empty() => Finder::Token { prefixes, body },
        (None, None, Some(value), None) => Finder::Vendor { value },
        (None, None, None, Some("assignment")) => Finder::Assignment,
        (None, None, None, Some("url")) => Finder::Url { schemes },
        (None, None, None, None) => Finder::File,
        _ => return Err(f.wrong("it finds by `regex`, by `prefix` and `body`, by `value`, or by a `detector`, and by one of them only")),
    })
}

/// One allowlist entry.
fn allowlist(mut f: Fields, custom: bool, warnings: &mut Vec<String>) -> Result<Allowlist, RuleError> {
    f.take("description");
    let all = match f.string("condition")?.unwrap_or_default().to_ascii_uppercase().as_str() {
        "" | "OR" | "||" => false,
        "AND" | "&&" => true,
        _ => return Err(f.wrong("the `condition` of an allowlist is OR or AND")),
    };
    let target = match f.string("regextarget")?.unwrap_or_default().as_str() {
        "" | "secret" => Target::Secret,
        "match" => Target::Match,
        "line" => Target::Line,
        _ => return Err(f.wrong("the `regexTarget` of an allowlist is secret, match or line")),
    };
    // gitleaks makes one expression of a list, in which the flags of one hold for those behind it.
    let patterns = |owner: &str, list: Vec<String>| -> Result<Vec<Pattern>, RuleError> {
        let each: Vec<Pattern> = list.iter().map(|source| expression(owner, source, custom)).collect::<Result<_, _>>()?;
        if !custom || each.is_empty() { Ok(each) } else { Ok(vec![expression(owner, &format!("(?:{})", list.join("|")), custom)?]) }
    };
    let (paths, regexes) = (f.strings("paths")?, f.strings("regexes")?);
    let entry = Allowlist {
        all,
        target,
        commits: !f.strings("commits")?.is_empty(),
        paths: patterns(&f.owner, paths)?,
        regexes: patterns(&f.owner, regexes)?,
        stopwords: f.strings("stopwords")?.iter().map(|word| lower(word)).collect(),
    };
    if !entry.commits && entry.paths.is_empty() && entry.regexes.is_empty() && entry.stopwords.is_empty() {
        return Err(f.wrong("an allowlist must have `commits`, `paths`, `regexes` or `stopwords`"));
    }
    let owner = f.owner.clone();
    f.rest(&owner, warnings);
    Ok(entry)
}

/// A word in lower case, as [`lowered`] makes it.
fn lower(word: &str) -> String {
    String::from_utf8_lossy(&lowered(word.as_bytes())).into_owned()
}
