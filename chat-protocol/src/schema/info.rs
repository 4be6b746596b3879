//! What the AsyncAPI and the OpenAPI documents have in common: who made them, and where tokens go.

use serde_json::{Map, Value, json};

use super::format::Format;

/// Version of the protocol that the documents describe.
pub(super) const VERSION: &str = "1.0";

/// Title, version and licence.
pub(super) fn info(format: &Format, what: &str, more: &str) -> Value {
    json!({
        "title": format!("{}: {what}", format.title),
        "version": VERSION,
        "description": format!("{} {more}", format.about),
        "license": { "name": "MIT OR Apache-2.0" },
    })
}

/// A way to say who one is.
pub(super) struct Scheme {
    pub(super) name: &'static str,
    place: Place,
    about: &'static str,
}

enum Place {
    /// `Authorization: Bearer <token>`.
    Bearer,
    Header(&'static str),
    Query(&'static str),
    Cookie(&'static str),
}

const fn scheme(name: &'static str, place: Place, about: &'static str) -> Scheme {
    Scheme { name, place, about }
}

/// All ways, of all formats.
pub(super) const SCHEMES: &[Scheme] = &[
    scheme("bearer", Place::Bearer, "Header `Authorization: Bearer <token>`."),
    scheme("operator", Place::Bearer, "Header `Authorization: Bearer <token>` with the operator's token."),
    scheme(
        "token",
        Place::Header("Authorization"),
        "Header `Authorization: Token <token>`; `Bearer` is as good.",
    ),
    scheme("anyWord", Place::Header("Authorization"), "Header `Authorization: <any word> <token>`."),
    scheme(
        "rawToken",
        Place::Header("Authorization"),
        "Header `Authorization: <token>`, with or without `Bearer`.",
    ),
    scheme(
        "authentication",
        Place::Header("Authentication"),
        "Header `Authentication: Token <token>`, as some spell it.",
    ),
    scheme(
        "query",
        Place::Query("token"),
        "Parameter `token` of the address. Addresses get into logs of proxies: where there is a choice, choose a header.",
    ),
    scheme(
        "signature",
        Place::Header("webhook-signature"),
        "Header `webhook-signature: v1,<base64>`: the HMAC-SHA256 of `{webhook-id}.{webhook-timestamp}.{body}` under the secret that both sides know. The headers `webhook-id`, the same when a post is repeated, and `webhook-timestamp`, seconds since 1970, are there too.",
    ),
    scheme("cookie", Place::Cookie("sessionid"), "A cookie, when the operator's authenticator accepts one."),
    scheme(
        "subprotocol",
        Place::Header("Sec-WebSocket-Protocol"),
        "Header `Sec-WebSocket-Protocol` with two entries; which, the channel says. It is for browsers, which can set no other header.",
    ),
];

impl Scheme {
    fn open_api(&self) -> Value {
        let key = |place: &str, name: &str| json!({ "type": "apiKey", "in": place, "name": name, "description": self.about });
        match self.place {
            Place::Bearer => json!({ "type": "http", "scheme": "bearer", "description": self.about }),
            Place::Header(name) => key("header", name),
            Place::Query(name) => key("query", name),
            Place::Cookie(name) => key("cookie", name),
        }
    }

    fn async_api(&self) -> Value {
        let mut scheme = self.open_api();
        // What OpenAPI calls an API key, AsyncAPI calls one of HTTP: its own is for user names and passwords.
        if scheme["type"] == "apiKey" {
            scheme["type"] = "httpApiKey".into();
        }
        scheme
    }
}

fn find<'a>(names: impl Iterator<Item = &'a str>) -> impl Iterator<Item = &'static Scheme> {
    let names: Vec<&str> = names.collect();
    SCHEMES.iter().filter(move |scheme| names.contains(&scheme.name))
}

/// The OpenAPI objects of some ways.
pub(super) fn open_api<'a>(names: impl Iterator<Item = &'a str>) -> Map<String, Value> {
    find(names).map(|scheme| (scheme.name.to_owned(), scheme.open_api())).collect()
}

/// The AsyncAPI objects of some ways.
pub(super) fn async_api<'a>(names: impl Iterator<Item = &'a str>) -> Map<String, Value> {
    find(names).map(|scheme| (scheme.name.to_owned(), scheme.async_api())).collect()
}
