//! Who depends on whom in a Python lockfile that is a TOML table of packages.

use std::collections::HashMap;

use toml::Value;

use super::requires_dist::named;
use crate::extract::statement::{Node, Statements};
use crate::model::Ecosystem;

/// Versions of one package that a dependency may mean; a lockfile has one for each kind of platform.
const MOST_VERSIONS: usize = 16;

/// A package of the lockfile.
pub(super) struct Row<'a> {
    pub(super) name: &'a str,
    pub(super) version: Option<&'a str>,
    pub(super) node: Node,
    /// What it depends on; `None` where the lockfile does not say.
    pub(super) on: Option<Vec<Ask<'a>>>,
}

/// A dependency.
pub(super) struct Ask<'a> {
    /// Folded.
    name: String,
    version: Option<&'a str>,
    needed: bool,
}

/// A dependency by its name, and its version where the lockfile has several.
pub(super) fn ask<'a>(requirement: &str, version: Option<&'a str>, needed: bool) -> Option<Ask<'a>> {
    named(requirement, needed).map(|wish| Ask { name: wish.name.into(), version, needed: wish.needed })
}

/// A list of dependencies in the ways the formats write it: by name (poetry), as requirements (pdm), as tables (uv, PEP 751).
pub(super) fn asked(list: &Value) -> Vec<Ask<'_>> {
    let item = |value: &'_ Value| match value {
        Value::String(text) => ask(text, None, !text.contains(';')),
        Value::Table(table) => {
            let name = table.get("name").and_then(Value::as_str)?;
            ask(name, None, !table.contains_key("marker"))
        }
        _ => None,
    };
    match list {
        Value::Array(items) => {
            items.iter().filter_map(|value| Some(Ask { version: value.get("version").and_then(Value::as_str), ..item(value)? })).collect()
        }
        Value::Table(names) => names.iter().filter_map(|(name, value)| ask(name, None, value.is_str())).collect(),
        _ => Vec::new(),
    }
}

/// Notes who depends on whom.
pub(super) fn depend(rows: &[Row<'_>], mut statements: Statements<'_>) {
    let mut by_name: HashMap<String, Vec<&Row<'_>>> = HashMap::new();
    for row in rows {
        let same = by_name.entry(Ecosystem::PyPi.folded(row.name)).or_default();
        if same.len() < MOST_VERSIONS {
            same.push(row);
        }
    }
    for row in rows {
        let on = row.on.iter().flatten().flat_map(|ask| {
            let same = by_name.get(&ask.name).map(Vec::as_slice).unwrap_or_default();
            // Several versions are for several platforms, and each of them may be meant.
            let is_exact = ask.version.is_some() && same.iter().any(|other| other.version == ask.version);
            let meant =
                same.iter().filter(move |other| !is_exact || other.version == ask.version).map(|other| (Some(&other.node), ask.needed));
            let missing = same.is_empty().then_some((None, ask.needed));
            meant.chain(missing)
        });
        if row.on.is_some() {
            statements.note(&row.node, on);
        }
    }
}
