//! OpenAPI 3.1 documents: the HTTP endpoints of a format, and what the server asks of others.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::format::Format;
use super::param;
use super::route::{Answer, Body, Http, JSON, LINES, Route};
use super::types::{Definitions, Types};
use super::{examples, info, native};

const SCHEMAS: &str = "#/components/schemas/";

/// The document of a format, if it has HTTP endpoints.
pub(super) fn document(format: &Format) -> Option<(String, Value)> {
    let http = format.http.as_ref()?;
    let mut types = Types::new();
    let routes: Vec<Collected> =
        http.routes.iter().map(|route| Collected::of(route, http, &mut types)).collect();
    let hooks: Vec<Collected> =
        format.hooks.iter().map(|hook| Collected::of(&hook.route, http, &mut types)).collect();
    let mut definitions = types.finish(SCHEMAS);
    native::annotate(format, &mut definitions);
    let mut paths = Map::new();
    for route in &routes {
        let path = paths.entry(route.route.path).or_insert_with(|| json!({}));
        path[route.route.method.to_ascii_lowercase()] = route.operation(format, &definitions);
    }
    let mut document = json!({
        "openapi": "3.1.0",
        "info": info::info(format, "HTTP", about(format)),
        "servers": [{
            "url": "http://{host}",
            "description": "A server as it is started without configuration.",
            "variables": { "host": { "default": "127.0.0.1:8080", "description": "Host and port." } },
        }],
        "tags": [{ "name": format.name, "description": format.about }],
        "paths": paths,
    });
    if !hooks.is_empty() {
        let hook = |hook: &Collected| {
            let operation = hook.operation(format, &definitions);
            (hook.route.name.to_owned(), json!({ hook.route.method.to_ascii_lowercase(): operation }))
        };
        document["webhooks"] = hooks.iter().map(hook).collect::<Map<_, _>>().into();
    }
    let used = routes.iter().chain(&hooks).flat_map(|route| route.security(http)).copied();
    let schemes = info::open_api(used);
    remove_unused(&mut definitions.schemas, &document);
    document["info"]["license"]["identifier"] = document["info"]["license"]["name"].clone();
    document["components"] = json!({ "securitySchemes": schemes, "schemas": definitions.schemas });
    Some((format!("openapi/{}.json", format.name), document))
}

/// What holds for every path. Clients of the existing systems write slashes at the end or not; the native format has one
/// spelling of a path.
fn about(format: &Format) -> &'static str {
    match format.name {
        "native" => "Paths do not end with a slash. Unknown parameters and fields are ignored.",
        _ => "Trailing slashes are optional on every path, and unknown parameters and fields are ignored.",
    }
}

/// Types whose fields became parameters are nothing that is sent.
fn remove_unused(schemas: &mut Map<String, Value>, document: &Value) {
    let mut used: BTreeSet<String> = BTreeSet::new();
    let mut texts = vec![document.to_string()];
    while let Some(text) = texts.pop() {
        for (name, schema) in schemas.iter() {
            if text.contains(&format!("\"{SCHEMAS}{name}\"")) && used.insert(name.clone()) {
                texts.push(schema.to_string());
            }
        }
    }
    schemas.retain(|name, _| used.contains(name));
}

/// A route with the schemas of its types.
struct Collected<'a> {
    route: &'a Route,
    http: &'a Http,
    params: Vec<Value>,
    query: Option<Value>,
    headers: Vec<Value>,
    bodies: Vec<(&'static str, Value)>,
    answers: Vec<(&'a Answer, Option<Value>)>,
    command: Option<Value>,
}

impl<'a> Collected<'a> {
    fn of(route: &'a Route, http: &'a Http, types: &mut Types) -> Self {
        let common = http.refusals.iter().filter(|_| route.refusable);
        let own = |status: u16| route.answers.iter().any(|answer| answer.status == status);
        let all = route.answers.iter().chain(common.filter(|answer| !own(answer.status)));
        let answers = all.map(|answer| {
            let shape = answer.body.as_ref().map(|(_, body)| match body {
                Body::Of(shape) => shape(types),
                Body::Opaque => json!({ "type": "string", "format": "binary" }),
            });
            (answer, shape)
        });
        let answers = answers.collect();
        Self {
            route,
            http,
            params: route.params.iter().map(|param| param.schema(types)).collect(),
            query: route.query.map(|shape| shape(types)),
            headers: route.headers.iter().map(|(header, _)| header.schema(types)).collect(),
            bodies: route.bodies.iter().map(|(media, shape)| (*media, shape(types))).collect(),
            answers,
            command: route.command.map(|shape| shape(types)),
        }
    }

    fn security(&self, http: &'a Http) -> &'a [&'static str] {
        self.route.security.unwrap_or(http.security)
    }

    fn operation(&self, format: &Format, definitions: &Definitions) -> Value {
        let command = self.command.as_ref().map(|schema| CommandFields::of(schema, self.route, definitions));
        let about = command.as_ref().map_or(self.route.about, |command| &command.about);
        let (summary, more) = match about.split_once(". ") {
            Some((summary, more)) => (format!("{summary}."), Some(more)),
            None => (about.to_owned(), None),
        };
        let security = self.security(self.http).iter().map(|name| json!({ *name: [] }));
        let mut operation = json!({
            "operationId": self.route.name,
            "tags": [format.name],
            "summary": summary,
            "security": security.collect::<Vec<_>>(),
            "responses": self.responses(format, definitions),
        });
        if let Some(more) = more {
            operation["description"] = more.into();
        }
        let mut parameters = self.parameters(definitions);
        parameters.extend(command.iter().flat_map(|command| command.parameters.iter().cloned()));
        if !parameters.is_empty() {
            operation["parameters"] = parameters.into();
        }
        if let Some((required, schema)) = command.and_then(|command| command.body) {
            let content = content(schema, examples::request(format.name, self.route.name));
            operation["requestBody"] = json!({ "required": required, "content": { JSON: content } });
        }
        if !self.bodies.is_empty() {
            let media = |(media, schema): &(&str, Value)| {
                let schema = definitions.settled(schema.clone());
                // The example is one value, and lines are a text.
                let example = examples::request(format.name, self.route.name).filter(|_| *media != LINES);
                (media.to_string(), content(schema, example))
            };
            let content: Map<String, Value> = self.bodies.iter().map(media).collect();
            operation["requestBody"] = json!({ "required": !self.route.body_optional, "content": content });
        }
        operation
    }

    fn parameters(&self, definitions: &Definitions) -> Vec<Value> {
        let own = self.route.params.iter().zip(&self.params).map(|(param, schema)| {
            let in_path = self.route.path.contains(&format!("{{{}}}", param.name));
            json!({
                "name": param.name,
                "in": if in_path { "path" } else { "query" },
                "required": in_path,
                "description": param.about,
                "schema": definitions.settled(schema.clone()),
            })
        });
        let query = self.query.iter().flat_map(|schema| {
            let schema = definitions.settled(schema.clone());
            param::fields(definitions, &schema).into_iter().map(|(name, required, about, schema)| {
                json!({ "name": name, "in": "query", "required": required, "description": about, "schema": schema })
            })
        });
        let headers = self.route.headers.iter().zip(&self.headers).map(|((header, required), schema)| {
            json!({
                "name": header.name,
                "in": "header",
                "required": required,
                "description": header.about,
                "schema": definitions.settled(schema.clone()),
            })
        });
        own.chain(query).chain(headers).collect()
    }

    fn responses(&self, format: &Format, definitions: &Definitions) -> Map<String, Value> {
        let response = |(answer, schema): &(&Answer, Option<Value>)| {
            let mut response = json!({ "description": answer.about });
            if let (Some((media, _)), Some(schema)) = (&answer.body, schema) {
                let schema = definitions.settled(schema.clone());
                let example = examples::answer(format.name, self.route.name, answer.status);
                response["content"] = json!({ *media: content(schema, example) });
            }
            (answer.status.to_string(), response)
        };
        self.answers.iter().map(response).collect()
    }
}

/// A command as a request.
struct CommandFields {
    about: String,
    parameters: Vec<Value>,
    /// Whether it must be there, and its schema.
    body: Option<(bool, Value)>,
}

impl CommandFields {
    fn of(command: &Value, route: &Route, definitions: &Definitions) -> Self {
        let command = definitions.settled(command.clone());
        let name = definitions.name_of(&command).unwrap_or_default();
        let schema = definitions.schemas.get(name).cloned().unwrap_or_default();
        let about = schema["description"].as_str().unwrap_or_default();
        // Answers are said by the answers.
        let about = about.split("Answered").next().unwrap_or_default().trim().replace("\n\n", " ");
        let in_path = |field: &str| route.path.contains(&format!("{{{field}}}"));
        let has_body = !matches!(route.method, "GET" | "DELETE");
        let (mut parameters, mut body, mut needed) = (Vec::new(), Map::new(), Vec::new());
        for (field, required, about, schema) in param::fields(definitions, &command) {
            if field == "id" {
                continue;
            }
            if in_path(&field) || !has_body {
                let (place, required) = if in_path(&field) { ("path", true) } else { ("query", required) };
                parameters.push(json!({
                    "name": field, "in": place, "required": required, "description": about, "schema": schema,
                }));
                continue;
            }
            needed.extend(required.then(|| field.clone()));
            body.insert(field.clone(), schema_of(definitions, name, &field));
        }
        let title = format!("{name}Body");
        let body = (!body.is_empty()).then(|| {
            let mut schema = json!({ "title": title, "type": "object", "properties": body });
            let required = !needed.is_empty();
            if required {
                schema["required"] = needed.into();
            }
            schema["description"] = "What the path does not name.".into();
            (required, schema)
        });
        Self { about, parameters, body }
    }
}

/// A field as the type has it, with its description.
fn schema_of(definitions: &Definitions, name: &str, field: &str) -> Value {
    definitions.schemas[name]["properties"][field].clone()
}

fn content(schema: Value, example: Option<Value>) -> Value {
    match example {
        Some(example) => json!({ "schema": schema, "example": example }),
        None => json!({ "schema": schema }),
    }
}
