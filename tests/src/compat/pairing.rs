//! Which form of an object in the one schema is which in the other.

use serde_json::Value;

use super::alternative::{Alternative, Others, Place};
use super::parse::Reader;

/// Ways to know a form of an object, the surest first.
#[derive(Clone, Copy)]
pub(super) enum Mark {
    /// Required fields that have one value only: `{"type": "new_message", ...}`.
    Tags,
    /// The one required field: `{"send": {...}}`.
    Packet,
    /// The title of the form.
    Title,
    /// The name of its definition.
    Definition,
}

impl Mark {
    const ALL: [Self; 4] = [Self::Tags, Self::Packet, Self::Title, Self::Definition];

    /// The mark of a form, if it has one of this sort.
    fn of(self, form: &Alternative<'_>, reader: Reader<'_>) -> Option<String> {
        match self {
            Self::Tags => Some(tags(form, reader)).filter(|tags| !tags.is_empty()),
            Self::Packet => {
                form.required.iter().next().filter(|_| form.required.len() == 1).map(|n| n.to_string())
            }
            Self::Title => form.title.map(str::to_owned),
            Self::Definition => form.definition.map(str::to_owned),
        }
    }
}

/// Pairs of forms, and those of each side that have no counterpart.
pub(super) struct Pairing<'a> {
    pub(super) pairs: Vec<(Alternative<'a>, Alternative<'a>)>,
    pub(super) written_only: Vec<Alternative<'a>>,
    pub(super) read_only: Vec<Alternative<'a>>,
}

/// Pairs what is written with what is read. A mark that two forms of one side share says nothing.
pub(super) fn pair<'a>(
    (mut written, writer): (Vec<Alternative<'a>>, Reader<'a>),
    (mut read, reader): (Vec<Alternative<'a>>, Reader<'a>),
) -> Pairing<'a> {
    let mut pairs = Vec::new();
    for mark in Mark::ALL {
        let marks = |forms: &[Alternative<'a>], of| -> Vec<Option<String>> {
            forms.iter().map(|form| mark.of(form, of)).collect()
        };
        let (theirs, mut left) = (marks(&read, reader), Vec::new());
        let mine = marks(&written, writer);
        let mut taken = vec![false; read.len()];
        for (form, own) in written.into_iter().zip(&mine) {
            match own.as_ref().and_then(|_| Some((only(&mine, own)?, only(&theirs, own)?))) {
                Some((_, n)) => {
                    taken[n] = true;
                    pairs.push((form, read[n].clone()));
                }
                None => left.push(form),
            }
        }
        written = left;
        let mut taken = taken.into_iter();
        read.retain(|_| !taken.next().unwrap_or(false));
    }
    Pairing { pairs, written_only: written, read_only: read }
}

/// Where the mark is, if it is there exactly once.
fn only(marks: &[Option<String>], wanted: &Option<String>) -> Option<usize> {
    let mut places = marks.iter().enumerate().filter(|(_, mark)| *mark == wanted).map(|(n, _)| n);
    places.next().filter(|_| places.next().is_none())
}

/// Whether a client that knows these forms can see that the new one is none of them: each of them requires a field
/// that the new one does not have, or that has another value in it.
pub(super) fn is_told_apart(
    (new, writer): (&Alternative<'_>, Reader<'_>),
    known: &[Alternative<'_>],
    reader: Reader<'_>,
) -> bool {
    known.iter().all(|form| {
        form.required.iter().any(|name| match new.properties.get(name) {
            None => matches!(new.others, Others::Ignored | Others::Refused),
            Some(place) => {
                let theirs = form.properties.get(name).and_then(|place| values(place, reader));
                values(place, writer)
                    .zip(theirs)
                    .is_some_and(|(new, known)| !new.iter().any(|v| known.contains(v)))
            }
        })
    })
}

/// All values that are right at a place, when they are listed.
fn values<'a>(place: &Place<'a>, reader: Reader<'a>) -> Option<Vec<&'a Value>> {
    let place = reader.behind(place.clone());
    // What has fields is none of some listed values, and long to read.
    if place.schema.get("properties").is_some() {
        return None;
    }
    reader.alternatives(&place).ok()?.iter().map(|form| form.constant).collect()
}

/// The required fields with one value, as text to compare by.
fn tags(form: &Alternative<'_>, reader: Reader<'_>) -> String {
    let tag = |name: &&str| {
        let listed = values(form.properties.get(*name)?, reader)?;
        let [value] = listed.as_slice() else { return None };
        Some(format!("{}:{value}\n", Value::from(*name)))
    };
    form.required.iter().filter_map(tag).collect()
}
