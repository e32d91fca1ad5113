//! A TOML table read field by field, with faults that name their rule.

use toml::{Table, Value};

use super::load::RuleError;

/// A table whose keys are read without regard to case, as gitleaks' reader does, and that knows what was not asked for.
pub(super) struct Fields {
    /// The rule, for messages.
    pub(super) owner: String,
    table: Vec<(String, Value)>,
}

impl Fields {
    pub(super) fn new(owner: &str, table: Table) -> Self {
        Self { owner: owner.to_owned(), table: table.into_iter().map(|(key, value)| (key.to_ascii_lowercase(), value)).collect() }
    }

    pub(super) fn wrong(&self, fault: &str) -> RuleError {
        RuleError::Meaning { rule: self.owner.clone(), fault: fault.to_owned() }
    }

    pub(super) fn take(&mut self, key: &str) -> Option<Value> {
        self.table.iter().position(|(known, _)| known == key).map(|at| self.table.swap_remove(at).1)
    }

    pub(super) fn typed<T>(&mut self, key: &str, kind: &str, read: impl Fn(Value) -> Option<T>) -> Result<Option<T>, RuleError> {
        self.take(key).map(|value| read(value).ok_or_else(|| self.wrong(&format!("`{key}` is not {kind}")))).transpose()
    }

    pub(super) fn string(&mut self, key: &str) -> Result<Option<String>, RuleError> {
        self.typed(key, "a text", |value| value.as_str().map(str::to_owned))
    }

    pub(super) fn flag(&mut self, key: &str) -> Result<bool, RuleError> {
        Ok(self.typed(key, "true or false", |value| value.as_bool())?.unwrap_or(false))
    }

    pub(super) fn number(&mut self, key: &str) -> Result<Option<i64>, RuleError> {
        self.typed(key, "a whole number", |value| value.as_integer())
    }

    pub(super) fn numbers(&mut self, key: &str) -> Result<Vec<usize>, RuleError> {
        let list = |value: Value| value.as_array()?.iter().map(|n| n.as_integer().and_then(|n| usize::try_from(n).ok())).collect();
        Ok(self.typed(key, "a list of whole numbers", list)?.unwrap_or_default())
    }

    pub(super) fn float(&mut self, key: &str) -> Result<f64, RuleError> {
        let read = |value: Value| value.as_float().or_else(|| value.as_integer().map(|n| n as f64));
        Ok(self.typed(key, "a number", read)?.unwrap_or(0.0))
    }

    /// A list of texts; one text is what stands between its commas, as it is to gitleaks' reader.
    pub(super) fn strings(&mut self, key: &str) -> Result<Vec<String>, RuleError> {
        let list = |value: Value| match value {
            Value::String(text) if text.is_empty() => Some(Vec::new()),
            Value::String(text) => Some(text.split(',').map(str::to_owned).collect()),
            Value::Array(list) => list.into_iter().map(|text| text.as_str().map(str::to_owned)).collect(),
            _ => None,
        };
        Ok(self.typed(key, "a list of texts", list)?.unwrap_or_default())
    }

    /// A list of texts, each a text or the list of its parts: a rule file holds no whole token.
    pub(super) fn texts(&mut self, key: &str) -> Result<Vec<String>, RuleError> {
        let text = |value: &Value| match value {
            Value::String(text) => Some(text.clone()),
            Value::Array(parts) => parts.iter().map(Value::as_str).collect(),
            _ => None,
        };
        let list = |value: Value| value.as_array()?.iter().map(text).collect();
        Ok(self.typed(key, "a list of texts", list)?.unwrap_or_default())
    }

    pub(super) fn table(&mut self, key: &str) -> Result<Option<Table>, RuleError> {
        self.typed(key, "a table", |value: Value| if let Value::Table(table) = value { Some(table) } else { None })
    }

    pub(super) fn tables(&mut self, key: &str) -> Result<Vec<Table>, RuleError> {
        let table = |value: Value| if let Value::Table(table) = value { Some(table) } else { None };
        let read = |value: Value| match value {
            Value::Array(list) => list.into_iter().map(table).collect(),
            other => table(other).map(|table| vec![table]),
        };
        Ok(self.typed(key, "a list of tables", read)?.unwrap_or_default())
    }

    /// Warns of every field that nothing asked for.
    pub(super) fn rest(self, place: &str, warnings: &mut Vec<String>) {
        for (key, _) in &self.table {
            warnings.push(format!("{place}: the field `{key}` is not known and does nothing"));
        }
    }
}
