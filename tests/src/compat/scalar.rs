//! Comparison of values that are no objects: listed values, numbers, strings, arrays.

use serde_json::Value;

use super::Rule;
use super::alternative::{Alternative, Bound, Kind, LIMITS};
use super::compare::{Comparison, FORM, LIMIT, TYPE, VALUE, quoted};

impl<'a> Comparison<'a> {
    /// Compares the forms of one kind with each other; there is at least one of each.
    pub(super) fn scalars(&mut self, written: &[Alternative<'a>], read: &[Alternative<'a>]) {
        for form in written {
            match form.constant {
                Some(value) => self.listed(form, value, read),
                None => self.unlisted(form, read),
            }
        }
    }

    /// One of some listed values is written.
    pub(super) fn listed(&mut self, form: &Alternative<'a>, value: &Value, read: &[Alternative<'a>]) {
        if read
            .iter()
            .any(|known| known.constant.map_or_else(|| admits(known, value), |other| other == value))
        {
            return;
        }
        let sentence = match self.sender.is_client() {
            true => format!("A client that sends {value} is refused."),
            false => format!("A client that knows the list receives {value}, which is not in it."),
        };
        self.differ(&VALUE, &form.pointer, &sentence, value.to_string(), values(read));
    }

    /// Values are written that are not listed.
    fn unlisted(&mut self, form: &Alternative<'a>, read: &[Alternative<'a>]) {
        let open: Vec<_> = read.iter().filter(|known| known.constant.is_none()).collect();
        match open.as_slice() {
            [] => {
                let kind = form.kind.name();
                let sentence = match self.sender.is_client() {
                    true => format!("A client may send {kind} that is not in the list and is refused."),
                    false => {
                        format!("A client that knows a list of values may receive {kind} outside of it.")
                    }
                };
                self.differ(&VALUE, &form.pointer, &sentence, format!("{kind}, any"), values(read));
            }
            [known] => self.same_kind(form, known),
            several => {
                // One of them that takes everything is enough; otherwise the first one shows what is wrong.
                if !several.iter().any(|known| self.is_readable(form, known, Self::same_kind)) {
                    self.same_kind(form, several[0]);
                }
            }
        }
    }

    fn same_kind(&mut self, written: &Alternative<'a>, read: &Alternative<'a>) {
        if read.integer && !written.integer {
            let sentence = match self.sender.is_client() {
                true => "A client that sends a fraction is refused.",
                false => "A client that keeps this as an integer receives a fraction.",
            };
            self.differ(&TYPE, &written.pointer, sentence, "a number".to_owned(), "an integer".to_owned());
        }
        self.exceptions(written, read);
        self.limits(written, read);
        self.forms(written, read);
        self.not_understood(written, read);
        match (&written.items, &read.items) {
            (Some(mine), Some(theirs)) => self.places(mine, theirs, false),
            (None, Some(theirs)) if *theirs.schema != Value::Bool(true) => {
                let sentence = "Entries of any type are sent to one who takes only some.";
                self.differ(&TYPE, &written.pointer, sentence, "any".to_owned(), quoted(Some(theirs.schema)));
            }
            _ => {}
        }
    }

    /// What the reader takes for something else may not be written.
    fn exceptions(&mut self, written: &Alternative<'a>, read: &Alternative<'a>) {
        for value in read.except.iter().filter(|value| !written.except.contains(value)) {
            let sentence = match self.sender.is_client() {
                true => format!("A client that sends {value} is taken to mean something else."),
                false => {
                    format!("A client takes {value} for what it knows by it, and receives something else.")
                }
            };
            let (mine, theirs) = ("possible".to_owned(), "not possible".to_owned());
            self.differ(&VALUE, &written.pointer, &sentence, mine, theirs);
        }
    }

    /// The words of a list beside which any other may stand: readers pass over those that they do not know, and act
    /// on those that they know.
    pub(super) fn words(&mut self, written: &[Alternative<'a>], read: &[Alternative<'a>]) {
        let (old, new) = self.sender.roles(written, read);
        let lists = |forms: &[Alternative<'a>]| forms.iter().any(|form| form.constant.is_some());
        // A client's word that no list has any more is still taken where there is no list, as any text is.
        if is_closed(old) && !(self.sender.is_client() && lists(new)) {
            return;
        }
        for form in old {
            let Some(word) = form.constant else { continue };
            // Where nothing else is taken, that is said already.
            let is_refused = self.sender.is_client() && !new.iter().any(|form| admits(form, word));
            if is_refused || new.iter().any(|form| form.constant == Some(word)) {
                continue;
            }
            let sentence = match self.sender.is_client() {
                true => format!("A client that sends {word} is no longer understood."),
                false => format!("A client that acts on {word} never receives it."),
            };
            self.push(Rule::WordRemoved, &form.pointer, &sentence, word.to_string(), "absent".to_owned());
        }
    }

    /// What is written must be within the bounds of what is read.
    pub(super) fn limits(&mut self, written: &Alternative<'a>, read: &Alternative<'a>) {
        for (name, theirs) in &read.limits {
            let mine = written.limits.get(name).copied();
            if mine.is_some_and(|mine| is_within(name, mine, *theirs)) || is_idle(name, *theirs) {
                continue;
            }
            let sentence = match self.sender.is_client() {
                true => format!("A client that goes beyond the new `{name}` is refused."),
                false => format!("A client that relies on the old `{name}` receives more than it was told."),
            };
            let mine = mine.map_or_else(|| format!("no `{name}`"), |mine| mine.to_string());
            self.differ(&LIMIT, &written.pointer, &sentence, mine, theirs.to_string());
        }
    }

    fn forms(&mut self, written: &Alternative<'a>, read: &Alternative<'a>) {
        for (name, theirs) in &read.forms {
            let mine = written.forms.get(name).copied();
            if mine == Some(theirs) {
                continue;
            }
            let sentence = match self.sender.is_client() {
                true => format!("A client that sends other text than the new `{name}` allows is refused."),
                false => format!("A client that reads text by the old `{name}` receives other text."),
            };
            self.differ(&FORM, &written.pointer, &sentence, quoted(mine), quoted(Some(theirs)));
        }
        match (&written.content, &read.content) {
            (Some(mine), Some(theirs)) => self.places(mine, theirs, false),
            (None, Some(theirs)) => {
                let sentence = "What the text holds is described on one side only.";
                self.differ(&FORM, &written.pointer, sentence, "any".to_owned(), quoted(Some(theirs.schema)));
            }
            _ => {}
        }
    }
}

/// Whether there are listed values only.
fn is_closed(forms: &[Alternative<'_>]) -> bool {
    forms.iter().all(|form| form.constant.is_some())
}

fn values(forms: &[Alternative<'_>]) -> String {
    let values: Vec<String> = forms.iter().filter_map(|form| Some(form.constant?.to_string())).collect();
    values.join(", ")
}

fn is_within(name: &str, inner: f64, outer: f64) -> bool {
    LIMITS.iter().any(|(known, _, bound)| {
        *known == name
            && match bound {
                Bound::AtLeast => inner >= outer,
                Bound::AtMost => inner <= outer,
            }
    })
}

/// Every length and count is at least zero.
fn is_idle(name: &str, limit: f64) -> bool {
    matches!(name, "minLength" | "minItems" | "minProperties") && limit <= 0.0
}

/// Whether a form surely takes a value; where it would need a deeper look, it does not.
fn admits(form: &Alternative<'_>, value: &Value) -> bool {
    let size = match (form.kind, value) {
        (Kind::Null | Kind::Boolean, _) => return form.unknown.is_empty(),
        (Kind::Number, value) => value.as_f64(),
        (Kind::String, Value::String(text)) => Some(text.chars().count() as f64),
        _ => None,
    };
    let whole = !form.integer || value.is_i64() || value.is_u64();
    let bounded = |size| form.limits.iter().all(|(name, limit)| is_within(name, size, *limit));
    whole && !form.except.contains(&value) && form.constant.is_none_or(|other| other == value)
        && form.forms.is_empty() && form.unknown.is_empty() && form.clashes.is_empty() && size.is_some_and(bounded)
        // An exclusive bound is not met by being at it.
        && !form.limits.keys().any(|name| name.starts_with("exclusive"))
}
