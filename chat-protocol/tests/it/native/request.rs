//! Commands as HTTP requests: taken apart into path, query and body, each is the same command again.

use std::collections::BTreeMap;

use chat_protocol::http::{ENDPOINTS, Endpoint, find};
use chat_protocol::{Command, encode};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::value::{RawValue, to_raw_value};

use super::command;
use super::survive::each;

/// The fields of a command, each as it is written.
type Fields = BTreeMap<String, Box<RawValue>>;

fn fields(command: &Command) -> Fields {
    let packet: BTreeMap<String, Fields> = serde_json::from_str(encode(command).as_str()).expect("a packet");
    packet.into_values().next().expect("one packet")
}

/// As it is written in a path or a query: texts without quotes.
fn plain(value: &RawValue) -> String {
    serde_json::from_str::<String>(value.get()).unwrap_or_else(|_| value.get().to_owned())
}

/// Sends the fields as a request, and gives those of the command that arrives.
fn request(endpoint: &Endpoint, mut rest: Fields) -> Fields {
    rest.remove("id");
    let segment = |segment: &str| match segment.strip_prefix('{') {
        Some(name) => {
            let value = rest.remove(name.trim_end_matches('}')).expect("paths name what is there");
            utf8_percent_encode(&plain(&value), NON_ALPHANUMERIC).to_string()
        }
        None => segment.to_owned(),
    };
    let path: Vec<String> = endpoint.path.split('/').map(segment).collect();
    let path = path.join("/");
    let (query, body) = match endpoint.method {
        "GET" | "DELETE" => {
            (rest.iter().map(|(name, value)| (name.clone(), plain(value))).collect(), String::new())
        }
        _ => (Vec::new(), serde_json::to_string(&rest).expect("fields are JSON")),
    };
    let (found, params) = find(endpoint.method, &path).unwrap_or_else(|| panic!("{path} is nobody's"));
    assert_eq!(found, endpoint, "{path}");
    let command = found.command(&params, &query, body.as_bytes());
    fields(&command.unwrap_or_else(|error| panic!("{} {path} {query:?} {body}: {error}", endpoint.method)))
}

#[test]
fn every_request_is_the_command_that_it_was_made_of() {
    for endpoint in ENDPOINTS {
        each(command::of(endpoint.command), |command| {
            let mut sent = fields(&command);
            sent.insert("id".to_owned(), to_raw_value("http").expect("a text"));
            // Optional over the socket, where `auth` has named it.
            if endpoint.path.ends_with("{device_id}") {
                sent.entry("device_id".to_owned()).or_insert_with(|| to_raw_value("d1").expect("a text"));
            }
            let texts = |fields: &Fields| -> BTreeMap<String, String> {
                fields.iter().map(|(name, value)| (name.clone(), value.get().to_owned())).collect()
            };
            assert_eq!(texts(&request(endpoint, sent.clone())), texts(&sent));
        });
    }
}
