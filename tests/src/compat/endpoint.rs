//! What HTTP endpoints and sockets have in common: who asks and who answers, addresses, parameters, tokens.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::alternative::{Alternative, Kind, Place};
use super::compare::Comparison;
use super::parse::is_annotation;
use super::{Finding, Rule, Sender};

/// The comparison of what is asked and of what is answered, of one document.
pub(super) struct Sides<'a> {
    pub(super) asks: Comparison<'a>,
    pub(super) answers: Comparison<'a>,
}

impl<'a> Sides<'a> {
    pub(super) fn new(
        path: &'a str,
        old: &'a Value,
        new: &'a Value,
        (asking, answering): (Sender, Sender),
    ) -> Self {
        Self {
            asks: Comparison::new(path, asking, old, new),
            answers: Comparison::new(path, answering, old, new),
        }
    }

    pub(super) fn finish(self) -> Vec<Finding> {
        self.asks.finish().into_iter().chain(self.answers.finish()).collect()
    }

    /// Something that clients address is gone.
    pub(super) fn gone(&mut self, place: &Place<'a>, sentence: &str, before: String) {
        self.asks.push(Rule::EndpointRemoved, &place.pointer, sentence, before, "absent".to_owned());
    }
}

/// The part of a document or of a part of it under a name.
pub(super) fn part<'a>(of: &Place<'a>, name: &str) -> Option<Place<'a>> {
    Some(of.child(name, of.schema.get(name)?))
}

/// All parts of an object, by their names.
pub(super) fn parts<'a>(of: &Place<'a>, name: &str) -> Vec<(&'a str, Place<'a>)> {
    let Some(inner) = part(of, name) else { return Vec::new() };
    let entries = inner.schema.as_object().into_iter().flatten();
    entries.map(|(name, value)| (name.as_str(), inner.child(name, value))).collect()
}

/// An address with nothing in its braces: what a parameter is called there is not sent.
pub(super) fn address(path: &str) -> String {
    let mut parts = path.split('{');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |address, part| address + "{}" + part.split_once('}').map_or("", |(_, rest)| rest))
}

/// Parameters of one sort as the fields of an object, which they are compared as.
pub(super) fn parameters<'a>(
    pointer: &str,
    all: impl Iterator<Item = (&'a str, bool, Place<'a>)>,
) -> Alternative<'a> {
    let mut object = Alternative::any(Kind::Object, pointer);
    for (name, is_required, place) in all {
        object.properties.insert(name, place);
        object.required.extend(is_required.then_some(name));
    }
    object
}

/// Ways to say who one is, each as the schemes that it joins.
pub(super) type Ways = Vec<BTreeSet<String>>;

/// Each way that is used must be one that is taken; where nobody asks, all are.
pub(super) fn ways(comparison: &mut Comparison<'_>, place: &Place<'_>, old: &Ways, new: &Ways) {
    let (used, taken) = comparison.sender.roles(old, new);
    if taken.iter().any(BTreeSet::is_empty) || used.iter().all(|way| taken.contains(way)) {
        return;
    }
    let sentence = match comparison.sender.is_client() {
        true => "A client that says who it is as it was told, or need not say it, is refused.",
        false => "Who is asked does not get the token that it was told of.",
    };
    let text = |ways: &Ways| {
        let ways = ways.iter().map(|way| way.iter().cloned().collect::<Vec<_>>().join(" and "));
        ways.map(|way| if way.is_empty() { "nobody asks".to_owned() } else { way })
            .collect::<Vec<_>>()
            .join(" or ")
    };
    comparison.push(Rule::AccessNarrowed, &place.pointer, sentence, text(old), text(new));
}

/// What a scheme of a document says beside its description; its name is nothing that is sent.
pub(super) fn scheme(root: &Value, name: &str) -> String {
    let schemes = &root["components"]["securitySchemes"];
    let telling = |(keyword, _): &(&String, &Value)| !is_annotation(keyword);
    let scheme = schemes.get(name).and_then(Value::as_object);
    let scheme: Map<String, Value> =
        scheme.into_iter().flatten().filter(telling).map(|(k, v)| (k.clone(), v.clone())).collect();
    Value::from(scheme).to_string()
}
