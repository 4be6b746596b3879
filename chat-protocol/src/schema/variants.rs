//! The forms of one of several: each a type with a name of its own, and a word on what tells them apart.
//!
//! Code generators make one type per name. Without names they invent `ClientPacket1`, `ClientPacket2`.

use serde_json::{Map, Value, json};

use super::polish::{describe_the_only_field, required};

/// Where a schema lists its forms.
const CHOICES: [&str; 2] = ["oneOf", "anyOf"];

/// The word of a form that stands for all words of newer versions.
const UNKNOWN: &str = "unknown";

/// Gives every form that is an object its own place among the types, and a reference in its old place.
pub(super) fn hoist(types: &mut Map<String, Value>, place: &str) {
    let names: Vec<String> = types.keys().cloned().collect();
    for name in names {
        let Some(mut schema) = types.remove(&name) else { continue };
        hoist_from(&name, &mut schema, types, place);
        types.insert(name, schema);
    }
}

fn hoist_from(name: &str, schema: &mut Value, types: &mut Map<String, Value>, place: &str) {
    for choice in CHOICES {
        share_fields(schema, choice);
        let Some(Value::Array(forms)) = schema.get_mut(choice) else { continue };
        for form in forms.iter_mut().filter(|form| form.get("properties").is_some()) {
            let title = form_name(name, form);
            if let Some(form) = form.as_object_mut() {
                form.remove("title");
            }
            let reference = json!({ "$ref": format!("{place}{title}") });
            let form = std::mem::replace(form, reference);
            let old = types.insert(title.clone(), form);
            assert!(old.is_none(), "two types are called {title}: give one form a title");
        }
    }
}

/// Puts the fields that all forms have into each: a form is whole by itself.
fn share_fields(schema: &mut Value, choice: &str) {
    let Some(Value::Object(properties)) = schema.get("properties").cloned() else { return };
    let needed = required(schema).unwrap_or_default().to_vec();
    let Some(Value::Array(forms)) = schema.get_mut(choice) else { return };
    if !forms.iter().all(|form| form.get("properties").is_some()) {
        return;
    }
    for form in forms {
        describe_the_only_field(form);
        for (name, property) in &properties {
            form["properties"][name] = property.clone();
        }
        let all = [required(form).unwrap_or_default(), &needed].concat();
        form["required"] = all.into();
    }
    if let Some(schema) = schema.as_object_mut() {
        schema.retain(|keyword, _| !["properties", "required", "type"].contains(&keyword.as_str()));
    }
}

/// Its title, or the name of the whole without `Frame` and what tells it apart: `ServerNewMessage`.
fn form_name(whole: &str, form: &Value) -> String {
    if let Some(title) = form.get("title").and_then(Value::as_str) {
        return title.to_owned();
    }
    let word = tag(form).map(|(_, value)| value).or_else(|| required(form)?.first()?.as_str());
    format!("{}{}", whole.trim_end_matches("Frame"), pascal(word.unwrap_or_default()))
}

/// `new_message` as `NewMessage`.
pub(super) fn pascal(word: &str) -> String {
    let capital = |part: &str| {
        let mut letters = part.chars();
        letters
            .next()
            .map(|first| first.to_ascii_uppercase().to_string() + letters.as_str())
            .unwrap_or_default()
    };
    word.to_ascii_lowercase().split(['_', '/', '-', ' ']).map(capital).collect()
}

/// The field with a constant that tells a form apart, and the constant.
pub(super) fn tag(form: &Value) -> Option<(&str, &str)> {
    let properties = form.get("properties")?.as_object()?;
    let required = required(form)?;
    let constant = |(name, property): (&'_ String, &'_ Value)| {
        required.iter().any(|required| required == name.as_str()).then_some(())?;
        property.get("const")?.as_str().map(|_| ())
    };
    let (name, property) = properties.iter().find(|entry| constant(*entry).is_some())?;
    Some((name, property.get("const")?.as_str()?))
}

/// What a form is called on the wire: the value of its tag, or the one field that it must have.
pub(super) fn wire_name(form: &Value) -> Option<&str> {
    if let Some((_, value)) = tag(form) {
        return Some(value);
    }
    match required(form)? {
        [only] => only.as_str(),
        _ => None,
    }
}

/// The form that stands for the words of newer versions takes every word that is not one of the others'.
///
/// The generator knows it by a word, `unknown`, that is never sent.
pub(super) fn admit(types: &mut Map<String, Value>, place: &str) {
    let names: Vec<String> = types.keys().cloned().collect();
    for name in names {
        let forms: Vec<String> = forms(types, &name, place).into_iter().map(str::to_owned).collect();
        let tags: Vec<(&str, &str)> = forms.iter().filter_map(|form| tag(types.get(form)?)).collect();
        let Some(&(field, UNKNOWN)) = tags.last() else { continue };
        let known: Vec<&str> = tags.iter().map(|(_, word)| *word).filter(|word| *word != UNKNOWN).collect();
        let words = "Any word but those of the other forms.";
        let any_other = json!({ "type": "string", "not": { "enum": known }, "description": words });
        let field = field.to_owned();
        if let Some(form) = forms.last().and_then(|last| types.get_mut(last)) {
            form["properties"][field] = any_other;
        }
    }
}

/// The names of a type's forms; those of the forms themselves where a form is one of several again.
pub(super) fn forms<'a>(types: &'a Map<String, Value>, name: &'a str, place: &str) -> Vec<&'a str> {
    let listed = CHOICES.iter().find_map(|choice| types.get(name)?.get(choice)?.as_array());
    let Some(listed) = listed else { return vec![name] };
    let named = |form: &'a Value| form.get("$ref")?.as_str()?.strip_prefix(place);
    let names: Option<Vec<&str>> = listed.iter().map(named).collect();
    names.map_or(vec![name], |names| names.into_iter().flat_map(|name| forms(types, name, place)).collect())
}

/// Says which field decides, for all that one decides. Validators want all of its words, so there is none where a form
/// takes any other word.
pub(super) fn discriminate(types: &mut Map<String, Value>, place: &str) {
    let found: Vec<(String, Value)> =
        types.keys().filter_map(|name| Some((name.clone(), discriminator(types, name, place)?))).collect();
    for (name, discriminator) in found {
        types[&name]["discriminator"] = discriminator;
    }
}

fn discriminator(types: &Map<String, Value>, name: &str, place: &str) -> Option<Value> {
    let listed = CHOICES.iter().find_map(|choice| types[name].get(choice)?.as_array())?;
    let mut mapping = Map::new();
    let mut field = None;
    for form in listed {
        let reference = form.get("$ref")?.as_str()?;
        let (name, value) = tag(types.get(reference.strip_prefix(place)?)?)?;
        if *field.get_or_insert(name) != name || mapping.insert(value.to_owned(), reference.into()).is_some()
        {
            return None;
        }
    }
    Some(json!({ "propertyName": field?, "mapping": mapping }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_get_names_and_a_word_on_what_tells_them_apart() {
        let form = |tag: &str| json!({ "properties": { "type": { "const": tag } }, "required": ["type"] });
        let mut types = Map::new();
        types.insert("ServerFrame".to_owned(), json!({ "oneOf": [form("new_message"), form("typing")] }));
        hoist(&mut types, "#/x/");
        discriminate(&mut types, "#/x/");
        assert_eq!(types.keys().collect::<Vec<_>>(), ["ServerFrame", "ServerNewMessage", "ServerTyping"]);
        assert_eq!(
            types["ServerFrame"],
            json!({
                "oneOf": [{ "$ref": "#/x/ServerNewMessage" }, { "$ref": "#/x/ServerTyping" }],
                "discriminator": {
                    "propertyName": "type",
                    "mapping": { "new_message": "#/x/ServerNewMessage", "typing": "#/x/ServerTyping" },
                },
            })
        );
        assert_eq!(forms(&types, "ServerFrame", "#/x/"), ["ServerNewMessage", "ServerTyping"]);
    }

    #[test]
    fn a_form_is_whole_by_itself() {
        let form = |tag: &str| json!({ "properties": { "kind": { "const": tag } }, "required": ["kind"] });
        let mut types = Map::new();
        types.insert(
            "Message".to_owned(),
            json!({
                "oneOf": [form("a"), form("b")],
                "properties": { "id": { "type": "string" } },
                "required": ["id"],
                "type": "object",
            }),
        );
        let plain = json!({ "properties": { "id": { "type": "string" } } });
        types.insert("Plain".to_owned(), plain.clone());
        hoist(&mut types, "#/x/");
        assert_eq!(types["Plain"], plain);
        assert_eq!(
            types["MessageA"],
            json!({
                "properties": { "kind": { "const": "a" }, "id": { "type": "string" } },
                "required": ["kind", "id"],
            })
        );
        assert_eq!(
            types["Message"],
            json!({ "oneOf": [{ "$ref": "#/x/MessageA" }, { "$ref": "#/x/MessageB" }] })
        );
    }

    #[test]
    fn the_form_for_words_of_newer_versions_takes_all_but_the_known_ones() {
        let form = |tag: &str| json!({ "properties": { "what": { "const": tag } }, "required": ["what"] });
        let mut types = Map::new();
        types.insert("Presence".to_owned(), json!({ "oneOf": [form("online"), form("unknown")] }));
        hoist(&mut types, "#/x/");
        admit(&mut types, "#/x/");
        discriminate(&mut types, "#/x/");
        assert_eq!(
            types["PresenceUnknown"]["properties"]["what"],
            json!({
                "type": "string",
                "not": { "enum": ["online"] },
                "description": "Any word but those of the other forms.",
            })
        );
        assert!(types["Presence"].get("discriminator").is_none());
    }

    #[test]
    fn nothing_decides_where_a_form_has_no_tag() {
        let mut types = Map::new();
        let error = json!({ "properties": { "error": { "type": "string" } }, "required": ["error"] });
        let tagged = json!({ "properties": { "type": { "const": "a" } }, "required": ["type"] });
        types.insert("ServerFrame".to_owned(), json!({ "oneOf": [tagged, error] }));
        hoist(&mut types, "#/x/");
        discriminate(&mut types, "#/x/");
        assert!(types["ServerFrame"].get("discriminator").is_none());
        assert_eq!(wire_name(&types["ServerError"]), Some("error"));
    }
}
