//! Rule files: gitleaks' TOML with our own fields beside it, read with the meaning gitleaks 8.30 gives it.

use std::path::{Path, PathBuf};

use toml::Table;

use crate::model::{Confidence, SecretLevel};

use super::allowlist::{Allowlist, Target};
use super::check::Check;
use super::field::Fields;
use super::pattern::Pattern;
use super::rule::{Finder, Required, Rule};

/// `extend` may lead through this many files.
const DEEPEST_EXTENSION: usize = 2;

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
    for known in ["title", "description", "minversion"] {
        top.take(known);
    }
    let extend = top.table("extend")?;
    for value in top.tables("rules")? {
        set.rules.push(rule(value, custom, &mut set.warnings)?);
    }
    let (old, new) = (top.table("allowlist")?, top.tables("allowlists")?);
    if !old.is_empty() && !new.is_empty() {
        return Err(top.wrong("`allowlist` and `allowlists` are both given"));
    }
    let mut targeted = Vec::new();
    for table in new.into_iter().chain((!old.is_empty()).then_some(old)) {
        let mut fields = Fields::new("allowlists", table);
        let targets = fields.strings("targetrules")?;
        let entry = allowlist(fields, &mut set.warnings)?;
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
    let use_default = extend.take("usedefault").and_then(|value| value.as_bool()).unwrap_or(false);
    let base_path = extend.string("path")?.filter(|path| !path.is_empty());
    let disabled = extend.strings("disabledrules")?;
    extend.take("url");
    extend.rest(&name, &mut set.warnings);
    if use_default && base_path.is_some() {
        return Err(RuleError::Meaning { rule: "extend".to_owned(), fault: "`useDefault` and `path` exclude each other".to_owned() });
    }
    check_required(&set.rules)?;
    let base = if use_default {
        Some(RuleSet { rules: defaults()?, ..RuleSet::default() })
    } else if let Some(base) = base_path.filter(|_| depth < DEEPEST_EXTENSION) {
        Some(custom_at(&PathBuf::from(base), defaults, depth + 1)?)
    } else {
        None
    };
    if let Some(base) = base {
        set = extended(base, set, &disabled, &name);
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
    if depth == 0 {
        for rule in &set.rules {
            if matches!(rule.finder, Finder::File) && rule.path.is_none() {
                return Err(RuleError::Meaning { rule: rule.id.clone(), fault: "it has neither `regex` nor `path`".to_owned() });
            }
        }
        compile(&set)?;
        if set.rules.is_empty() {
            return Err(RuleError::Empty { path: name });
        }
    }
    Ok(set)
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
        match (over.finder, &mut rule.finder) {
            (Finder::File, _) => {}
            (Finder::Regex { pattern, group, .. }, Finder::Regex { group: base_group, .. }) => {
                let group = if group == 0 { *base_group } else { group };
                rule.finder = Finder::Regex { pattern, group, window: None };
            }
            (finder, _) => rule.finder = finder,
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

/// Compiles everything an operator wrote, so that a fault is said before anything was scanned.
fn compile(set: &RuleSet) -> Result<(), RuleError> {
    let check =
        |rule: &str, pattern: &Pattern| pattern.check().map(|_| ()).map_err(|fault| RuleError::Expression { rule: rule.to_owned(), fault });
    for entry in &set.allowlists {
        entry.patterns().try_for_each(|pattern| check("allowlists", pattern))?;
    }
    for rule in &set.rules {
        rule.allowlists.iter().flat_map(Allowlist::patterns).chain(&rule.path).try_for_each(|pattern| check(&rule.id, pattern))?;
        if let Finder::Regex { pattern, group, window: None } = &rule.finder {
            check(&rule.id, pattern)?;
            if pattern.program().is_some_and(|program| program.captures_len() <= *group) {
                return Err(RuleError::Meaning {
                    rule: rule.id.clone(),
                    fault: format!("`secretGroup` is beyond the expression's groups: {group}"),
                });
            }
        }
    }
    Ok(())
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
    if !old.is_empty() && !new.is_empty() {
        return Err(f.wrong("`allowlist` and `allowlists` are both given"));
    }
    for table in new.into_iter().chain((!old.is_empty()).then_some(old)) {
        allowlists.push(allowlist(Fields::new(&id, table), warnings)?);
    }
    let mut required = Vec::new();
    for table in f.tables("required")? {
        let mut part = Fields::new(&id, table);
        let other = part.string("id")?.filter(|id| !id.is_empty()).ok_or_else(|| part.wrong("a `required` entry has no `id`"))?;
        required.push(Required { id: other, within_lines: part.number("withinlines")?, within_columns: part.number("withincolumns")? });
        part.rest(&id, warnings);
    }
    let path = f.string("path")?.filter(|path| !path.is_empty()).map(|path| Pattern::new(&path));
    let mut check = None;
    for field in ["checksum", "structure"] {
        if let Some(name) = f.string(field)? {
            check = Some(Check::named(&name).ok_or_else(|| f.wrong(&format!("there is no such check: {name}")))?);
        }
    }
    let rule = Rule {
        description: f.string("description")?.unwrap_or_default(),
        help: f.string("help")?.unwrap_or_default(),
        finder: finder(&mut f)?,
        path,
        keywords: f.strings("keywords")?.iter().map(|word| word.to_ascii_lowercase()).collect(),
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
fn finder(f: &mut Fields) -> Result<Finder, RuleError> {
    let group = f.number("secretgroup")?.unwrap_or(0) as usize;
    let window = f.numbers("window")?;
    let window = match window.as_slice() {
        [] => None,
        [before, behind] => Some((*before, *behind)),
        _ => return Err(f.wrong("`window` is two numbers: bytes before and behind a keyword")),
    };
    let prefixes = f.strings("prefix")?;
    let body = f.string("body")?.map(|body| Pattern::new(&format!("^(?:{body})")));
    let value = f.string("value")?.map(|value| Pattern::new(&format!("^(?:{value})$")));
    let schemes = f.strings("schemes")?;
    let regex = f.string("regex")?.filter(|regex| !regex.is_empty());
    let detector = f.string("detector")?;
    Ok(match (regex, body, value, detector.as_deref()) {
        (Some(regex), None, None, None) => Finder::Regex { pattern: Pattern::new(&regex), group, window },
        (None, Some(body), None, None) if !prefixes.is_empty() => Finder::Token { prefixes, body },
        (None, None, Some(value), None) => Finder::Vendor { value },
        (None, None, None, Some("assignment")) => Finder::Assignment,
        (None, None, None, Some("url")) => Finder::Url { schemes },
        (None, None, None, None) => Finder::File,
        _ => return Err(f.wrong("it finds by `regex`, by `prefix` and `body`, by `value`, or by a `detector`, and by one of them only")),
    })
}

/// One allowlist entry.
fn allowlist(mut f: Fields, warnings: &mut Vec<String>) -> Result<Allowlist, RuleError> {
    f.take("description");
    let all = match f.string("condition")?.unwrap_or_default().to_ascii_uppercase().as_str() {
        "" | "OR" | "||" => false,
        "AND" | "&&" => true,
        _ => return Err(f.wrong("the `condition` of an allowlist is OR or AND")),
    };
    let target = match f.string("regextarget")?.unwrap_or_default().to_ascii_lowercase().as_str() {
        "" | "secret" => Target::Secret,
        "match" => Target::Match,
        "line" => Target::Line,
        _ => return Err(f.wrong("the `regexTarget` of an allowlist is secret, match or line")),
    };
    let patterns = |list: Vec<String>| list.iter().map(|source| Pattern::new(source)).collect::<Vec<_>>();
    let entry = Allowlist {
        all,
        target,
        commits: !f.strings("commits")?.is_empty(),
        paths: patterns(f.strings("paths")?),
        regexes: patterns(f.strings("regexes")?),
        stopwords: f.strings("stopwords")?.iter().map(|word| word.to_ascii_lowercase()).collect(),
    };
    if !entry.commits && entry.paths.is_empty() && entry.regexes.is_empty() && entry.stopwords.is_empty() {
        return Err(f.wrong("an allowlist must have `commits`, `paths`, `regexes` or `stopwords`"));
    }
    let owner = f.owner.clone();
    f.rest(&owner, warnings);
    Ok(entry)
}
