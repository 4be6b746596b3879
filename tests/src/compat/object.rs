//! Comparison of objects: their fields, and the forms that they may take.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::Rule;
use super::alternative::{Alternative, Others, Place};
use super::compare::{Comparison, FORM, REQUIRED, TYPE, VARIANT, quoted};
use super::finding::quote;
use super::pairing::{is_told_apart, pair};

impl<'a> Comparison<'a> {
    /// Compares the forms of an object; `packets` when they are the packets of a socket.
    pub(super) fn objects(
        &mut self,
        written: Vec<Alternative<'a>>,
        read: Vec<Alternative<'a>>,
        packets: bool,
    ) {
        if let ([mine], [theirs]) = (written.as_slice(), read.as_slice()) {
            return self.object(mine, theirs);
        }
        let (writer, reader) = self.roles();
        let known = read.clone();
        let mut pairing = pair((written, writer), (read, reader));
        for (mine, theirs) in &pairing.pairs {
            self.object(mine, theirs);
        }
        // Forms without a mark are the same when one reads the other.
        let mut unread = Vec::new();
        for form in pairing.written_only {
            let same =
                pairing.read_only.iter().position(|theirs| self.is_readable(&form, theirs, Self::object));
            match same {
                Some(n) => drop(pairing.read_only.remove(n)),
                None if known.iter().any(|theirs| self.is_readable(&form, theirs, Self::object)) => {}
                None => unread.push(form),
            }
        }
        // A form that was alone shows what the ones instead of it lack.
        if let ([alone], true, false) = (known.as_slice(), pairing.pairs.is_empty(), unread.is_empty()) {
            return unread.iter().for_each(|form| self.object(form, alone));
        }
        for form in unread {
            if !(packets && is_told_apart((&form, writer), &known, reader)) {
                self.form_unread(&form);
            }
        }
        if !self.sender.is_client() {
            // A form without declared fields is `any object`, and no promise.
            for form in pairing.read_only.iter().filter(|form| !form.properties.is_empty()) {
                let sentence = "A client that waits for this form never receives it.";
                let before = quoted(reader.root.pointer(&form.pointer));
                self.push(Rule::VariantRemoved, &form.pointer, sentence, before, "absent".to_owned());
            }
        }
    }

    /// A form is written for which there is no reader.
    fn form_unread(&mut self, form: &Alternative<'a>) {
        let sentence = match self.sender.is_client() {
            true => "A client that sends this form is refused.",
            false => "A client receives a form that it does not know, and cannot pass over.",
        };
        let written = quoted(self.roles().0.root.pointer(&form.pointer));
        self.differ(&VARIANT, &form.pointer, sentence, written, "absent".to_owned());
    }

    /// Compares two forms that stand for the same.
    pub(super) fn object(&mut self, written: &Alternative<'a>, read: &Alternative<'a>) {
        if let Some(value) = written.constant {
            return self.listed(written, value, std::slice::from_ref(read));
        }
        for (name, mine) in &written.properties {
            match read.properties.get(name) {
                Some(theirs) => {
                    self.default(name, (written, mine), (read, theirs));
                    self.places(mine, theirs, false);
                }
                None => self.undeclared(name, mine, read),
            }
        }
        for (name, theirs) in &read.properties {
            if written.properties.contains_key(name) {
                continue;
            }
            if let Others::Entries(mine) = &written.others {
                self.places(mine, theirs, false);
            }
            if !self.sender.is_client() {
                let sentence = format!("A client that reads `{name}` never receives it.");
                let before = quote(theirs.schema);
                self.push(Rule::PropertyRemoved, &theirs.pointer, &sentence, before, "absent".to_owned());
            }
        }
        self.required(written, read);
        self.others(written, read);
        self.names(written, read);
        self.limits(written, read);
        self.not_understood(written, read);
    }

    /// A field is written that its reader does not declare.
    fn undeclared(&mut self, name: &str, field: &Place<'a>, read: &Alternative<'a>) {
        match &read.others {
            Others::Entries(theirs) => self.places(field, theirs, false),
            Others::Refused => {
                let sentence = match self.sender.is_client() {
                    true => format!("A client that sends `{name}` is refused."),
                    false => format!("A client was told that there is nothing more, and receives `{name}`."),
                };
                let (before, after) = self.sender.roles(quote(field.schema), "absent".to_owned());
                self.push(Rule::ObjectClosed, &field.pointer, &sentence, before, after);
            }
            // Readers ignore what they do not know, but whoever sends a known field wants something by it.
            Others::Ignored if self.sender.is_client() => {
                let sentence = format!("A client that sends `{name}` is no longer heard.");
                let before = quote(field.schema);
                self.push(Rule::PropertyRemoved, &field.pointer, &sentence, before, "absent".to_owned());
            }
            Others::Ignored => {}
        }
    }

    fn required(&mut self, written: &Alternative<'a>, read: &Alternative<'a>) {
        let missing: BTreeSet<_> = read.required.difference(&written.required).collect();
        for name in missing {
            let is_gone = read.properties.contains_key(name) && !written.properties.contains_key(name);
            if is_gone && !self.sender.is_client() {
                continue;
            }
            let sentence = match self.sender.is_client() {
                true => format!("A client that leaves out `{name}` is refused."),
                false => format!("A client that relies on `{name}` finds it missing."),
            };
            let (mine, theirs) = ("may be absent".to_owned(), "required".to_owned());
            let pointer = match read.properties.get(name) {
                Some(place) => place.pointer.clone(),
                None => format!("{}/required", read.pointer),
            };
            self.differ(&REQUIRED, &pointer, &sentence, mine, theirs);
        }
    }

    /// What the absence of a field means must stay as it was.
    fn default(
        &mut self,
        name: &str,
        (written, mine): (&Alternative<'a>, &Place<'a>),
        (read, theirs): (&Alternative<'a>, &Place<'a>),
    ) {
        if written.required.contains(name) || read.required.contains(name) {
            return;
        }
        let (old, new) = self.sender.roles(mine, theirs);
        let (before, after) = (old.schema.get("default"), new.schema.get("default"));
        if before.is_some() && before != after {
            let sentence = match self.sender.is_client() {
                true => format!("A client that leaves out `{name}` now means something else."),
                false => format!("A client that takes a missing `{name}` as before is mistaken."),
            };
            self.push(Rule::DefaultChanged, &new.pointer, &sentence, quoted(before), quoted(after));
        }
    }

    /// What the names in a map look like.
    fn names(&mut self, written: &Alternative<'a>, read: &Alternative<'a>) {
        match (&written.names, &read.names) {
            (Some(mine), Some(theirs)) => self.places(mine, theirs, false),
            (None, Some(theirs)) => {
                let sentence = "Entries of any name are sent to one who takes only some.";
                let theirs = quoted(Some(theirs.schema));
                self.differ(&FORM, &written.pointer, sentence, "any".to_owned(), theirs);
            }
            _ => {}
        }
    }

    /// Fields beside the declared ones.
    fn others(&mut self, written: &Alternative<'a>, read: &Alternative<'a>) {
        match (&written.others, &read.others) {
            (Others::Entries(mine), Others::Entries(theirs)) => self.places(mine, theirs, false),
            // Of an object with declared fields nothing else was promised.
            (Others::Ignored, Others::Entries(_)) if !written.properties.is_empty() => {}
            (Others::Ignored, Others::Entries(theirs)) if *theirs.schema != Value::Object(Map::new()) => {
                let sentence = "Entries of any type are sent to one who takes only some.";
                let theirs = quoted(Some(theirs.schema));
                self.differ(&TYPE, &written.pointer, sentence, "any".to_owned(), theirs);
            }
            (Others::Ignored | Others::Entries(_), Others::Refused) if self.sender.is_client() => {
                let sentence = "A client that sends a field of its own, or of a newer version, is refused.";
                let (before, after) = ("other fields are ignored", "other fields are refused");
                self.push(Rule::ObjectClosed, &read.pointer, sentence, before.to_owned(), after.to_owned());
            }
            (Others::Entries(_), Others::Refused) => {
                let sentence = "A client was told that there are no other fields, and receives some.";
                let (before, after) = ("no other fields", "a map");
                self.push(
                    Rule::ObjectClosed,
                    &written.pointer,
                    sentence,
                    before.to_owned(),
                    after.to_owned(),
                );
            }
            _ => {}
        }
    }
}
