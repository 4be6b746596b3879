//! The published descriptions of the wire formats, all from the types: JSON Schema (draft 2020-12), AsyncAPI 3.0 for
//! the sockets and OpenAPI 3.1 for HTTP. `schema/README.md` says what is where.

mod asyncapi;
mod bounds;
mod channel;
mod chats;
mod document;
mod examples;
mod format;
mod haraj;
mod helpdesk;
mod hipochat;
mod info;
mod native;
mod openapi;
mod param;
mod polish;
mod push;
mod route;
mod tndata;
mod types;
mod variants;

use serde_json::Value;

use format::Format;

pub use format::Sender;

/// All formats: the native one, the dialects, and what goes to push services.
fn formats() -> Vec<Format> {
    vec![
        native::format(),
        tndata::format(),
        chats::format(),
        hipochat::format(),
        haraj::format(),
        helpdesk::format(),
        push::format(),
    ]
}

/// Path below `schema/` and content of the JSON Schema of every root type.
///
/// What clients send is described as it is read (the deserialize contract), what servers send as it is written.
pub fn documents() -> Vec<(&'static str, Value)> {
    let of = |format: &Format| -> Vec<(&'static str, Value)> {
        format.roots.iter().map(|root| (root.path, document::single(format, root))).collect()
    };
    formats().iter().flat_map(of).collect()
}

/// Who writes what the document at a path below `schema/` describes; `None` when there is no such document.
pub fn sender(path: &str) -> Option<Sender> {
    formats().iter().flat_map(|format| &format.roots).find(|root| root.path == path).map(|root| root.sender)
}

/// Path below `schema/` and content of every published file that is made from the types.
pub fn files() -> Vec<(String, Value)> {
    let mut files: Vec<(String, Value)> =
        documents().into_iter().map(|(path, document)| (path.to_owned(), document)).collect();
    for format in formats() {
        files.push(document::bundle(&format));
        files.extend(asyncapi::document(&format));
        files.extend(openapi::document(&format));
    }
    files
}

/// Method and path of every HTTP endpoint of a format, as its OpenAPI document has them; empty for an unknown format.
///
/// ```
/// let routes = chat_protocol::schema::routes("tndata");
/// assert!(routes.contains(&("PUT", "/api/chat/read/")));
/// ```
pub fn routes(format: &str) -> Vec<(&'static str, &'static str)> {
    let format = formats().into_iter().find(|known| known.name == format);
    let routes = format.and_then(|format| format.http).map(|http| http.routes).unwrap_or_default();
    routes.iter().map(|route| (route.method, route.path)).collect()
}

/// Path of every socket of a format, as its AsyncAPI document has them; empty for an unknown format.
///
/// ```
/// assert_eq!(chat_protocol::schema::sockets("native"), ["/v1/ws"]);
/// ```
pub fn sockets(format: &str) -> Vec<&'static str> {
    let format = formats().into_iter().find(|known| known.name == format);
    format.map(|format| format.channels.iter().map(|channel| channel.address).collect()).unwrap_or_default()
}
