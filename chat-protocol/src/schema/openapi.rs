//! OpenAPI 3.1 documents: the HTTP endpoints of a format, and what the server asks of others.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::format::Format;
use super::param;
use super::route::{Answer, Body, Http, Route};
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
        "info": info::info(format, "HTTP", ABOUT),
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

const ABOUT: &str =
    "Trailing slashes are optional on every path, and unknown parameters and fields are ignored.";

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
    bodies: Vec<(&'static str, Value)>,
    answers: Vec<(&'a Answer, Option<Value>)>,
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
            bodies: route.bodies.iter().map(|(media, shape)| (*media, shape(types))).collect(),
            answers,
        }
    }

    fn security(&self, http: &'a Http) -> &'a [&'static str] {
        self.route.security.unwrap_or(http.security)
    }

    fn operation(&self, format: &Format, definitions: &Definitions) -> Value {
        let (summary, more) = match self.route.about.split_once(". ") {
            Some((summary, more)) => (format!("{summary}."), Some(more)),
            None => (self.route.about.to_owned(), None),
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
        let parameters = self.parameters(definitions);
        if !parameters.is_empty() {
            operation["parameters"] = parameters.into();
        }
        if !self.bodies.is_empty() {
            let media = |(media, schema): &(&str, Value)| {
                let schema = definitions.settled(schema.clone());
                (media.to_string(), content(schema, examples::request(format.name, self.route.name)))
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
        own.chain(query).collect()
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

fn content(schema: Value, example: Option<Value>) -> Value {
    match example {
        Some(example) => json!({ "schema": schema, "example": example }),
        None => json!({ "schema": schema }),
    }
}
