//! What is the same in both versions and refers to nothing that is not: it breaks nobody and needs no look.

use std::collections::BTreeMap;

use serde_json::Value;

use super::parse::Reader;

/// Definitions that were looked up, and whether they are unchanged.
#[derive(Debug, Clone, Default)]
pub(super) struct Unchanged<'a> {
    known: BTreeMap<&'a str, bool>,
}

impl<'a> Unchanged<'a> {
    /// Whether a schema that stands in both versions means the same in both.
    pub(super) fn means_the_same(&mut self, schema: &'a Value, old: Reader<'a>, new: Reader<'a>) -> bool {
        match schema {
            Value::Object(object) => object.iter().all(|(keyword, value)| match (keyword.as_str(), value) {
                ("$ref", Value::String(name)) => self.leads_to_the_same(name, old, new),
                ("$dynamicRef", _) => false,
                (_, value) => self.means_the_same(value, old, new),
            }),
            Value::Array(values) => values.iter().all(|value| self.means_the_same(value, old, new)),
            _ => true,
        }
    }

    fn leads_to_the_same(&mut self, name: &'a str, old: Reader<'a>, new: Reader<'a>) -> bool {
        if let Some(known) = self.known.get(name) {
            return *known;
        }
        // A definition that holds itself is not known yet while it is asked for: such ones are compared.
        self.known.insert(name, false);
        let (before, after) = (old.target(name), new.target(name));
        let is_same = before.zip(after).is_some_and(|(before, after)| {
            before.schema == after.schema && self.means_the_same(before.schema, old, new)
        });
        self.known.insert(name, is_same);
        is_same
    }
}
