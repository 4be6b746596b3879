//! The comparison of two versions of one document.

use std::collections::BTreeSet;

use serde_json::Value;

use super::alternative::{Alternative, Kind, Place};
use super::finding::quote;
use super::parse::{Reader, Unreadable, is_annotation};
use super::unchanged::Unchanged;
use super::{Document, Finding, Rule, Sender, http, socket};

/// A rule for what clients send and the one that mirrors it for what servers send.
pub(super) struct Mirrored {
    pub(super) client: Rule,
    pub(super) server: Rule,
}

pub(super) const TYPE: Mirrored = Mirrored { client: Rule::TypeNarrowed, server: Rule::TypeWidened };
pub(super) const VALUE: Mirrored = Mirrored { client: Rule::ValueRemoved, server: Rule::ValueAdded };
pub(super) const LIMIT: Mirrored = Mirrored { client: Rule::LimitTightened, server: Rule::LimitLoosened };
pub(super) const FORM: Mirrored = Mirrored { client: Rule::FormAdded, server: Rule::FormRemoved };
pub(super) const REQUIRED: Mirrored = Mirrored { client: Rule::FieldRequired, server: Rule::FieldOptional };
pub(super) const VARIANT: Mirrored = Mirrored { client: Rule::VariantRemoved, server: Rule::VariantAdded };

/// What breaks clients between two versions of a document.
pub(super) fn document(path: &str, old: &Document, new: &Document) -> Vec<Finding> {
    let (before, after) = (&old.schema, &new.schema);
    let mut comparison = Comparison::new(path, old.sender, before, after);
    comparison.identity(old, new);
    if before.get("openapi").is_some() {
        return comparison.finish().into_iter().chain(http::document(path, before, after)).collect();
    }
    if before.get("asyncapi").is_some() {
        return comparison.finish().into_iter().chain(socket::document(path, before, after)).collect();
    }
    let (writer, reader) = comparison.roles();
    comparison.places(&writer.top(), &reader.top(), old.sender == Sender::ServerPackets);
    comparison.finish()
}

/// The state of a comparison. Below, what is written comes before what is read, whichever of them is new.
#[derive(Clone)]
pub(super) struct Comparison<'a> {
    path: &'a str,
    pub(super) sender: Sender,
    pub(super) old: Reader<'a>,
    pub(super) new: Reader<'a>,
    /// Pairs of places that are compared already or being compared: definitions may hold themselves.
    compared: BTreeSet<(String, String)>,
    unchanged: Unchanged<'a>,
    findings: Vec<Finding>,
}

impl<'a> Comparison<'a> {
    pub(super) fn new(path: &'a str, sender: Sender, old: &'a Value, new: &'a Value) -> Self {
        let (old, new) = (Reader { root: old }, Reader { root: new });
        Self {
            path,
            sender,
            old,
            new,
            compared: BTreeSet::new(),
            unchanged: Unchanged::default(),
            findings: Vec::new(),
        }
    }

    /// What was found. A fault of a definition shows wherever it is used, also through others that are joined with it,
    /// and is said once.
    pub(super) fn finish(self) -> Vec<Finding> {
        let (mut seen, mut findings) = (BTreeSet::new(), self.findings);
        findings.retain(|found| seen.insert((found.rule, found.pointer.clone(), found.sentence.clone())));
        findings
    }

    /// Compares two versions of a place.
    pub(super) fn versions(&mut self, old: &Place<'a>, new: &Place<'a>) {
        let (written, read) = self.sender.roles(old, new);
        self.places(written, read, false);
    }

    /// Who writes and who reads.
    pub(super) fn roles(&self) -> (Reader<'a>, Reader<'a>) {
        self.sender.roles(self.old, self.new)
    }

    fn identity(&mut self, old: &Document, new: &Document) {
        if old.sender != new.sender {
            let text = |sender: Sender| format!("sent by {sender:?}");
            let sentence =
                "A client that writes what this described now has to read it, or the other way round.";
            self.push(Rule::DocumentRemoved, "", sentence, text(old.sender), text(new.sender));
        }
        for keyword in ["$id", "$schema"] {
            let (before, after) = (old.schema.get(keyword), new.schema.get(keyword));
            if before.is_some() && before != after {
                let sentence =
                    format!("A client that refers to the document by its `{keyword}` finds another.");
                self.push(Rule::DocumentRemoved, "", &sentence, quoted(before), quoted(after));
            }
        }
    }

    /// Compares what is written at one place with what is read at another.
    pub(super) fn places(&mut self, written: &Place<'a>, read: &Place<'a>, packets: bool) {
        let is_same = written.schema == read.schema;
        if is_same && self.unchanged.means_the_same(read.schema, self.old, self.new) {
            return;
        }
        let (writer, reader) = self.roles();
        let (written, read) = (writer.behind(written.clone()), reader.behind(read.clone()));
        if !self.compared.insert((written.pointer.clone(), read.pointer.clone())) {
            return;
        }
        match (writer.alternatives(&written), reader.alternatives(&read)) {
            (Ok(forms), Ok(known)) => self.alternatives(forms, known, packets),
            (Err(Unreadable(why)), _) | (_, Err(Unreadable(why))) => {
                let sentence = format!("What a client sees here cannot be known: {why}.");
                self.report(Rule::CannotTell, &written, &read, &sentence);
            }
        }
    }

    /// Compares all that may be written with all that is read.
    pub(super) fn alternatives(
        &mut self,
        mut written: Vec<Alternative<'a>>,
        mut read: Vec<Alternative<'a>>,
        packets: bool,
    ) {
        let kinds_of =
            |forms: &[Alternative<'a>]| forms.iter().map(|form| form.kind).collect::<BTreeSet<_>>();
        let (mine, theirs) = (kinds_of(&written), kinds_of(&read));
        let of = |forms: &mut Vec<Alternative<'a>>, kind| -> Vec<Alternative<'a>> {
            forms.extract_if(.., |form| form.kind == kind).collect()
        };
        let mut unread = None;
        for kind in Kind::ALL {
            let (forms, known) = (of(&mut written, kind), of(&mut read, kind));
            match kind {
                _ if known.is_empty() => unread = unread.or(forms.into_iter().next()),
                Kind::Object => self.objects(forms, known, packets),
                _ => {
                    self.scalars(&forms, &known);
                    self.words(&forms, &known);
                }
            }
        }
        if let Some(form) = unread {
            self.kind_unread(&form, &kinds(&mine), &kinds(&theirs));
        }
    }

    /// Values of a kind are written that are not read.
    fn kind_unread(&mut self, form: &Alternative<'a>, written: &str, read: &str) {
        let kind = form.kind.name();
        let sentence = match self.sender.is_client() {
            true => format!("A client that sends {kind} here is refused."),
            false => {
                format!("A client that was never told of {kind} here may receive one and cannot read it.")
            }
        };
        self.differ(&TYPE, &form.pointer, &sentence, written.to_owned(), read.to_owned());
    }

    /// Whether what is written would be read without any finding.
    pub(super) fn is_readable(
        &self,
        written: &Alternative<'a>,
        read: &Alternative<'a>,
        compare: fn(&mut Self, &Alternative<'a>, &Alternative<'a>),
    ) -> bool {
        let mut trial = Self { findings: Vec::new(), ..self.clone() };
        compare(&mut trial, written, read);
        trial.findings.is_empty()
    }

    /// Compares what the check does not understand: it must say the same.
    pub(super) fn not_understood(&mut self, written: &Alternative<'a>, read: &Alternative<'a>) {
        let mut pairs = written.clashes.iter().zip(&read.clashes);
        if written.clashes.len() != read.clashes.len()
            || !pairs.all(|(mine, theirs)| self.is_same(mine, theirs, &mut BTreeSet::new()))
        {
            let sentence = "Parts that hold together differ, and the check cannot join them.";
            let text =
                |parts: &[&Value]| parts.iter().map(|part| quote(part)).collect::<Vec<_>>().join(" and ");
            let (before, after) = self.sender.roles(text(&written.clashes), text(&read.clashes));
            self.push(Rule::CannotTell, &written.pointer, sentence, before, after);
        }
        let names: BTreeSet<&str> = written.unknown.keys().chain(read.unknown.keys()).copied().collect();
        for name in names {
            let (mine, theirs) = (written.unknown.get(name).copied(), read.unknown.get(name).copied());
            if !mine
                .zip(theirs)
                .is_some_and(|(mine, theirs)| self.is_same(mine, theirs, &mut BTreeSet::new()))
            {
                let sentence = format!("`{name}` differs, which the check does not understand.");
                let (before, after) = self.sender.roles(quoted(mine), quoted(theirs));
                self.push(Rule::CannotTell, &written.pointer, &sentence, before, after);
            }
        }
    }

    /// Whether two parts say the same, also where they refer to others.
    fn is_same(&self, written: &'a Value, read: &'a Value, seen: &mut BTreeSet<String>) -> bool {
        match (written, read) {
            (Value::Object(mine), Value::Object(theirs)) => {
                let telling = |name: &&String| !is_annotation(name);
                let keys = |map: &'a serde_json::Map<String, Value>| -> Vec<&'a String> {
                    map.keys().filter(telling).collect()
                };
                keys(mine) == keys(theirs)
                    && mine.iter().filter(|(name, _)| telling(name)).all(|(name, value)| {
                        self.is_same(value, &theirs[name], seen)
                            && (name != "$ref" || self.is_target_same(value, seen))
                            && name != "$dynamicRef"
                    })
            }
            (Value::Array(mine), Value::Array(theirs)) => {
                mine.len() == theirs.len() && mine.iter().zip(theirs).all(|(a, b)| self.is_same(a, b, seen))
            }
            _ => written == read,
        }
    }

    fn is_target_same(&self, reference: &Value, seen: &mut BTreeSet<String>) -> bool {
        let Some(name) = reference.as_str() else { return false };
        let (writer, reader) = self.roles();
        match (writer.target(name), reader.target(name)) {
            (Some(mine), Some(theirs)) => {
                !seen.insert(name.to_owned()) || self.is_same(mine.schema, theirs.schema, seen)
            }
            _ => false,
        }
    }

    /// Reports a rule that has a mirror, with what is written and what is read.
    pub(super) fn differ(
        &mut self,
        rule: &Mirrored,
        pointer: &str,
        sentence: &str,
        written: String,
        read: String,
    ) {
        let rule = if self.sender.is_client() { rule.client } else { rule.server };
        let (before, after) = self.sender.roles(written, read);
        self.push(rule, pointer, sentence, before, after);
    }

    /// Reports a rule about two places.
    pub(super) fn report(&mut self, rule: Rule, written: &Place<'a>, read: &Place<'a>, sentence: &str) {
        let (before, after) = self.sender.roles(written, read);
        self.push(rule, &after.pointer, sentence, quote(before.schema), quote(after.schema));
    }

    pub(super) fn push(&mut self, rule: Rule, pointer: &str, sentence: &str, before: String, after: String) {
        self.findings.push(Finding {
            document: self.path.to_owned(),
            pointer: pointer.to_owned(),
            rule,
            sentence: sentence.to_owned(),
            before,
            after,
        });
    }
}

/// Some kinds, in words.
fn kinds(kinds: &BTreeSet<Kind>) -> String {
    let names: Vec<_> = kinds.iter().map(|kind| kind.name()).collect();
    match names.as_slice() {
        [] => "nothing".to_owned(),
        names if names.len() == Kind::ALL.len() => "anything".to_owned(),
        names => names.join(" or "),
    }
}

pub(super) fn quoted(value: Option<&Value>) -> String {
    value.map_or_else(|| "absent".to_owned(), quote)
}
