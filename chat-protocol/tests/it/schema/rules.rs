//! What holds for every published file.

use serde_json::{Map, Value};

/// Every schema in every file, with the way to it.
fn each_schema(mut check: impl FnMut(&str, &Map<String, Value>)) {
    for (name, document) in chat_protocol::schema::files() {
        walk(&name, &document, &mut check);
    }
}

/// Examples are data and no schemas.
const DATA: [&str; 6] = ["example", "examples", "x-error-codes", "enum", "const", "default"];

fn walk(way: &str, value: &Value, check: &mut impl FnMut(&str, &Map<String, Value>)) {
    match value {
        Value::Object(object) => {
            check(way, object);
            for (key, value) in object {
                // In a list of fields any name may stand, that of a keyword as well.
                let fields = way.ends_with("/properties");
                if fields || !DATA.contains(&key.as_str()) {
                    walk(&format!("{way}/{key}"), value, check);
                }
            }
        }
        Value::Array(items) => {
            for (at, item) in items.iter().enumerate() {
                walk(&format!("{way}/{at}"), item, check);
            }
        }
        _ => {}
    }
}

fn is_type(schema: &Map<String, Value>, name: &str) -> bool {
    match schema.get("type") {
        Some(Value::String(kind)) => kind == name,
        Some(Value::Array(kinds)) => kinds.iter().any(|kind| kind == name),
        _ => false,
    }
}

#[test]
fn every_integer_has_bounds_that_javascript_keeps() {
    let mut seen = 0;
    each_schema(|way, schema| {
        if is_type(schema, "integer") && !schema.contains_key("const") {
            let greatest = schema.get("maximum").and_then(Value::as_u64);
            assert!(greatest.is_some_and(|it| it <= chat_protocol::MAX_SAFE), "{way} has no maximum");
            assert!(schema.contains_key("minimum"), "{way} has no minimum");
            seen += 1;
        }
    });
    assert!(seen > 100, "{seen} integers");
}

#[test]
fn every_object_is_open() {
    let mut seen = 0;
    each_schema(|way, schema| {
        for keyword in ["additionalProperties", "unevaluatedProperties"] {
            assert_ne!(
                schema.get(keyword),
                Some(&Value::Bool(false)),
                "{way} refuses the fields of newer versions"
            );
        }
        seen += usize::from(is_type(schema, "object"));
    });
    assert!(seen > 100, "{seen} objects");
}

#[test]
fn every_type_and_field_is_described() {
    let mut missing = Vec::new();
    let described = |schema: &Value| {
        schema.get("description").and_then(Value::as_str).is_some_and(|text| !text.is_empty())
    };
    each_schema(|way, schema| {
        let types = way.ends_with("/$defs") || way.ends_with("/components/schemas");
        // What tells one form from the others says it by its value.
        let fields = way.ends_with("/properties") && !way.contains("/allOf/");
        if types || fields {
            let without = schema.iter().filter(|(_, it)| !described(it) && it.get("const").is_none());
            missing.extend(without.map(|(name, _)| format!("{way}/{name}")));
        }
    });
    assert!(missing.is_empty(), "not described: {missing:#?}");
}

#[test]
fn descriptions_hold_no_code() {
    for (path, document) in chat_protocol::schema::files() {
        let text = document.to_string();
        for code in ["```", "chat_protocol::", "serde_json::", "assert_eq!", "[`", "Option<", "Vec<", "serde"]
        {
            assert!(!text.contains(code), "{path} holds {code}");
        }
    }
}

#[test]
fn every_form_of_several_has_a_name() {
    each_schema(|way, schema| {
        for choice in ["oneOf", "anyOf"] {
            for form in schema.get(choice).and_then(Value::as_array).into_iter().flatten() {
                assert!(form.get("properties").is_none(), "{way}: a form has no name");
            }
        }
    });
}

#[test]
fn every_reference_leads_to_a_type_and_every_name_is_one_of_the_wire() {
    for (path, document) in chat_protocol::schema::files() {
        walk(&path, &document, &mut |way, schema| {
            if let Some(Value::String(target)) = schema.get("$ref") {
                let target = target.strip_prefix('#').unwrap_or_else(|| panic!("{way}: {target}"));
                assert!(document.pointer(target).is_some(), "{way}: there is no {target}");
            }
            if way.ends_with("/$defs") || way.ends_with("/components/schemas") {
                for name in schema.keys() {
                    let plain = name.chars().all(|c| c.is_ascii_alphanumeric());
                    let doubled = name.ends_with(|c: char| c.is_ascii_digit());
                    assert!(plain && !doubled, "{way}: {name} is no name for a type");
                }
            }
        });
    }
}

#[test]
fn every_document_has_an_identity_of_its_own_and_says_since_when() {
    let mut ids = std::collections::BTreeSet::new();
    for (path, document) in chat_protocol::schema::documents() {
        assert!(ids.insert(document["$id"].as_str().unwrap().to_owned()), "{path}");
        assert_eq!(document["$schema"], "https://json-schema.org/draft/2020-12/schema");
        assert_eq!(document["x-since"], "1.0", "{path}");
        assert!(document["title"].is_string() && document["description"].is_string(), "{path}");
    }
}

#[test]
fn a_bundle_has_every_root_of_its_format_by_name() {
    let files = chat_protocol::schema::files();
    for (path, bundle) in files.iter().filter(|(path, _)| path.starts_with("bundle/")) {
        let roots = bundle["anyOf"].as_array().unwrap();
        assert!(!roots.is_empty(), "{path}");
        for root in roots {
            let name = root["$ref"].as_str().unwrap().strip_prefix("#/$defs/").unwrap();
            assert_eq!(bundle["$defs"][name]["x-since"], "1.0", "{path}: {name}");
        }
    }
}

#[test]
fn the_documents_know_the_same_paths_as_the_tables() {
    let files = chat_protocol::schema::files();
    for format in ["native", "tndata", "chats", "hipochat", "haraj", "helpdesk"] {
        let file =
            |kind: &str| &files.iter().find(|(path, _)| *path == format!("{kind}/{format}.json")).unwrap().1;
        let (http, sockets) = (file("openapi"), file("asyncapi"));
        let routes = chat_protocol::schema::routes(format);
        for (method, path) in &routes {
            let operation = &http["paths"][*path][method.to_lowercase()];
            assert!(operation["responses"].as_object().is_some_and(|it| !it.is_empty()), "{method} {path}");
        }
        let operations: usize =
            http["paths"].as_object().unwrap().values().map(|it| it.as_object().unwrap().len()).sum();
        assert_eq!(operations, routes.len(), "{format}: a line of the table hides another");
        let channels = sockets["channels"].as_object().unwrap();
        let addresses: Vec<&str> = channels.values().map(|it| it["address"].as_str().unwrap()).collect();
        for socket in chat_protocol::schema::sockets(format) {
            assert!(addresses.contains(&socket), "{format}: {socket}");
        }
    }
    assert!(chat_protocol::schema::routes("unknown").is_empty());
}

#[test]
fn every_message_of_a_dialect_and_every_body_has_an_example() {
    for (path, document) in chat_protocol::schema::files() {
        let messages = document.pointer("/components/messages").and_then(Value::as_object);
        for (name, message) in messages.into_iter().flatten() {
            // The native packets have golden vectors as well.
            let exempt = path == "asyncapi/native.json";
            assert!(exempt || message["examples"].is_array(), "{path}: {name} has no example");
        }
        if !path.starts_with("openapi/") {
            continue;
        }
        let paths = document["paths"].as_object().unwrap().values();
        for operation in paths.flat_map(|path| path.as_object().unwrap().values()) {
            let json = |place: &Value| place["content"].get("application/json").cloned();
            let success = operation["responses"]
                .as_object()
                .unwrap()
                .iter()
                .filter(|(status, _)| status.starts_with('2'));
            for body in success.filter_map(|(_, answer)| json(answer)).chain(json(&operation["requestBody"]))
            {
                assert!(!body["example"].is_null(), "{path}: {} has no example", operation["operationId"]);
            }
        }
    }
}
