//! Commands over HTTP: which request is which command, and how one is read.
//!
//! Everything that makes sense without a socket is an [`Endpoint`]: the path and the query name some of the command's
//! fields, the JSON body the others, and `id` is not needed. The answer is the `data` of the reply, or with status 204
//! nothing; a refusal is a whole [`Reply`](crate::Reply) with the status of its code.
//!
//! ```
//! use chat_protocol::{Command, http};
//! let (endpoint, params) = http::find("POST", "/v1/rooms/r1/messages").unwrap();
//! let body = br#"{"content":{"type":"text/plain","payload":{"text":"hi"}}}"#;
//! let Ok(Command::Send(send)) = endpoint.command(&params, &[], body) else { panic!() };
//! assert_eq!(send.room.as_str(), "r1");
//! assert_eq!(send.content.text().as_deref(), Some("hi"));
//! ```

use percent_encoding::percent_decode_str;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::{Command, ErrorCode, WireError, decode, limits};

/// A request that does what a command does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Endpoint {
    /// Method.
    pub method: &'static str,
    /// Path; a segment in braces is a field of the command.
    pub path: &'static str,
    /// Kind of the command.
    pub command: &'static str,
}

/// Declares the endpoints.
macro_rules! endpoints {
    ($($method:ident $path:literal $command:ident)*) => {
        &[$(Endpoint { method: stringify!($method), path: $path, command: stringify!($command) }),*]
    };
}

/// Every endpoint that is a command. Uploads, events as a stream, and what only an operator does have none.
pub const ENDPOINTS: &[Endpoint] = endpoints! {
    POST   "/v1/rooms" create
    PATCH  "/v1/rooms/{room}" set
    PUT    "/v1/rooms/{room}/membership" join
    DELETE "/v1/rooms/{room}/membership" leave
    GET    "/v1/rooms/{room}/members" members
    POST   "/v1/rooms/{room}/members" invite
    PATCH  "/v1/rooms/{room}/members/{user}" role
    DELETE "/v1/rooms/{room}/members/{user}" kick
    PUT    "/v1/rooms/{room}/bans/{user}" ban
    DELETE "/v1/rooms/{room}/bans/{user}" unban
    GET    "/v1/rooms/{room}/messages" history
    POST   "/v1/rooms/{room}/messages" send
    PATCH  "/v1/rooms/{room}/messages/{seq}" edit
    DELETE "/v1/rooms/{room}/messages/{seq}" delete
    PUT    "/v1/rooms/{room}/messages/{seq}/reactions/{emoji}" react
    DELETE "/v1/rooms/{room}/messages/{seq}/reactions/{emoji}" unreact
    GET    "/v1/rooms/{room}/threads/{root}" thread
    DELETE "/v1/rooms/{room}/scheduled/{client_msg_id}" cancel
    PUT    "/v1/rooms/{room}/read" read
    PUT    "/v1/rooms/{room}/delivered" delivered
    PUT    "/v1/rooms/{room}/unread" mark_unread
    GET    "/v1/blocks" blocks
    PUT    "/v1/blocks/{user}" block
    DELETE "/v1/blocks/{user}" unblock
    GET    "/v1/scheduled" scheduled
    GET    "/v1/inbox" inbox
    GET    "/v1/search" search
    PUT    "/v1/devices/{device_id}" device
    GET    "/v1/sessions" sessions
    POST   "/v1/sessions/revoke" revoke
};

/// Names and values that a path gives.
pub type Params = Vec<(&'static str, String)>;

/// The endpoint of a method and a path, with the fields that the path names.
///
/// The path is as it came, without the query. It is taken apart first and each part percent-decoded then: an id may hold a
/// slash, and must not lead to another endpoint. A part that is not UTF-8 is no field, and the path nobody's.
pub fn find(method: &str, path: &str) -> Option<(&'static Endpoint, Params)> {
    let found = |endpoint: &'static Endpoint| Some((endpoint, params(endpoint.path, path)?));
    ENDPOINTS.iter().filter(|endpoint| endpoint.method == method).find_map(found)
}

/// The values that a path has for the segments in braces of a template; `None` when the path is another's.
pub(crate) fn params(template: &'static str, path: &str) -> Option<Params> {
    let (mut mine, mut theirs) = (template.split('/'), path.split('/'));
    let mut params = Params::new();
    loop {
        match (mine.next(), theirs.next()) {
            (None, None) => return Some(params),
            (Some(segment), Some(value)) => match segment.strip_prefix('{') {
                Some(name) if !value.is_empty() => {
                    let value = percent_decode_str(value).decode_utf8().ok()?;
                    params.push((name.trim_end_matches('}'), value.into_owned()));
                }
                None if segment == value => {}
                _ => return None,
            },
            _ => return None,
        }
    }
}

impl Endpoint {
    /// The values that a path has for the fields that this endpoint's names; `None` when the path is another's.
    pub fn params(&self, path: &str) -> Option<Params> {
        params(self.path, path)
    }

    /// The command of a request: fields of the path, the query and the body together. None of them may be given twice.
    ///
    /// Numbers and truth values of paths and queries are written as in JSON. An empty body is no fields.
    ///
    /// # Errors
    /// As [`decode`] and [`Command::check`], with the field that is wrong.
    pub fn command(
        &self,
        params: &[(&'static str, String)],
        query: &[(String, String)],
        body: &[u8],
    ) -> Result<Command, WireError> {
        let mut packet = format!(r#"{{"{}":{{"id":"http""#, self.command);
        for (name, value) in params {
            put(&mut packet, name, value);
        }
        for (name, value) in query.iter().filter(|(name, _)| !CREDENTIALS.contains(&name.as_str())) {
            put(&mut packet, name, value);
        }
        let fields = fields(body)?;
        if !fields.trim().is_empty() {
            packet.push(',');
            packet.push_str(fields);
        }
        packet.push_str("}}");
        let command: Command = decode(packet.as_bytes())?;
        command.check()?;
        Ok(command)
    }
}

/// Parameters of a query that are no fields of a command: they say who asks.
const CREDENTIALS: &[&str] = &["token"];

/// Fields that are numbers or truth values. All others are texts, also those that look like numbers.
const NO_TEXTS: &[&str] =
    &["seq", "root", "before", "after", "limit", "for_me", "archived", "banned", "thread"];

fn put(packet: &mut String, name: &str, value: &str) {
    let plain = NO_TEXTS.contains(&name)
        && matches!(serde_json::from_str(value), Ok(Value::Number(_) | Value::Bool(_)));
    let value = if plain { value.trim().to_owned() } else { Value::from(value).to_string() };
    packet.push_str(&format!(",{}:{value}", Value::from(name)));
}

/// What stands between the braces of a body.
fn fields(body: &[u8]) -> Result<&str, WireError> {
    if body.len() > limits::MAX_FRAME {
        let detail = format!("{} bytes, at most {} are allowed", body.len(), limits::MAX_FRAME);
        return Err(WireError::new(ErrorCode::TooLarge, detail));
    }
    if body.trim_ascii().is_empty() {
        return Ok("");
    }
    // It has to be JSON by itself: otherwise a body could end the packet and begin another.
    let mut json = serde_json::Deserializer::from_slice(body);
    let whole = <&RawValue>::deserialize(&mut json).and_then(|object| json.end().map(|()| object));
    let object = whole.map_err(|_| WireError::new(ErrorCode::InvalidJson, "the body is not JSON"))?;
    let inner = object.get().strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
    inner.ok_or_else(|| WireError::new(ErrorCode::BadRequest, "the body is not an object"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command(method: &str, path: &str, query: &[(&str, &str)], body: &str) -> Result<Command, WireError> {
        let (endpoint, params) = find(method, path).expect("there is such an endpoint");
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let query: Vec<_> = query.iter().map(owned).collect();
        endpoint.command(&params, &query, body.as_bytes())
    }

    #[test]
    fn every_endpoint_is_a_command_and_no_two_are_the_same() {
        for (n, endpoint) in ENDPOINTS.iter().enumerate() {
            assert!(Command::KINDS.contains(&endpoint.command), "{endpoint:?}");
            let (found, _) = find(endpoint.method, endpoint.path).expect("its own path is one of its");
            assert_eq!(found, &ENDPOINTS[n]);
        }
        assert_eq!(find("GET", "/v1/rooms"), None);
        assert_eq!(find("GET", "/v1/rooms//messages"), None);
        assert_eq!(find("GET", "/v1/rooms/r/messages/"), None);
    }

    #[test]
    fn the_banned_of_a_room_are_a_page_of_its_members() {
        let members = command("GET", "/v1/rooms/r/members", &[("banned", "true")], "");
        let Ok(Command::Members(members)) = members else { panic!("{members:?}") };
        assert!(members.banned);
    }

    #[test]
    fn an_id_with_a_slash_stays_one_id() {
        let (endpoint, params) = find("PATCH", "/v1/rooms/r%2Fmessages%2F5").unwrap();
        assert_eq!((endpoint.command, params), ("set", vec![("room", "r/messages/5".to_owned())]));
        let (_, params) = find("PUT", "/v1/rooms/a%20%C3%A9%25/messages/43/reactions/%F0%9F%91%8D").unwrap();
        let values: Vec<&str> = params.iter().map(|(_, value)| value.as_str()).collect();
        assert_eq!(values, ["a é%", "43", "👍"]);
        assert_eq!(find("GET", "/v1/rooms/%ff/messages"), None);
    }

    #[test]
    fn path_query_and_body_make_one_command() {
        let (r1, content) = ("/v1/rooms/5/messages", r#"{"content":{"type":"a/b","payload":{"n": 1e400}}}"#);
        let Ok(Command::Send(send)) = command("POST", r1, &[], content) else { panic!() };
        assert_eq!((send.room.as_str(), send.content.payload.get()), ("5", r#"{"n": 1e400}"#));
        let Ok(Command::History(history)) =
            command("GET", r1, &[("before", "43"), ("token", "secret"), ("limit", "20")], "")
        else {
            panic!()
        };
        assert_eq!((history.query.before.map(|seq| seq.get()), history.query.limit), (Some(43), Some(20)));
        let Ok(Command::Delete(delete)) =
            command("DELETE", "/v1/rooms/5/messages/43", &[("for_me", "true")], " ")
        else {
            panic!()
        };
        assert!(delete.for_me && delete.seq.get() == 43);
        let react = command("PUT", "/v1/rooms/a\"b/messages/43/reactions/7", &[], "{ }");
        let Ok(Command::React(react)) = react else { panic!() };
        assert_eq!((react.room.as_str(), react.emoji.as_str()), ("a\"b", "7"));
        let kick = command("DELETE", "/v1/rooms/5/members/2", &[("reason", "spam \"x\"")], "");
        let Ok(Command::Kick(kick)) = kick else { panic!() };
        assert_eq!(kick.reason.as_deref(), Some("spam \"x\""));
    }

    #[test]
    fn bad_requests_name_what_is_wrong() {
        let messages = "/v1/rooms/r/messages";
        for (method, path, query, body, code) in [
            ("POST", messages, ("", ""), "{", ErrorCode::InvalidJson),
            ("POST", messages, ("", ""), "[]", ErrorCode::BadRequest),
            (
                "POST",
                messages,
                ("", ""),
                r#"{"room":"s","content":{"type":"a/b","payload":{}}}"#,
                ErrorCode::BadRequest,
            ),
            (
                "POST",
                messages,
                ("", ""),
                r#"{"id":"1","content":{"type":"a/b","payload":{}}}"#,
                ErrorCode::BadRequest,
            ),
            ("POST", messages, ("", ""), r#"{"x":1},"_y":{}"#, ErrorCode::InvalidJson),
            ("POST", messages, ("", ""), r#"{"x":1}},"leave":{"id":"1","room":"r"}"#, ErrorCode::InvalidJson),
            ("GET", messages, ("limit", "many"), "", ErrorCode::BadRequest),
            ("GET", messages, ("before", "1.5"), "", ErrorCode::BadRequest),
            ("GET", messages, ("before", "1}},"), "", ErrorCode::BadRequest),
            ("PATCH", "/v1/rooms/r/messages/x", ("", ""), "", ErrorCode::BadRequest),
            ("GET", "/v1/search", ("query", " "), "", ErrorCode::BadRequest),
        ] {
            let query = if query.0.is_empty() { vec![] } else { vec![query] };
            let error = command(method, path, &query, body).unwrap_err();
            assert_eq!(error.code, code, "{method} {path} {query:?} {body}: {error}");
        }
        let error = command("POST", messages, &[], &" ".repeat(limits::MAX_FRAME + 1)).unwrap_err();
        assert_eq!(error.code, ErrorCode::TooLarge);
        let error = command("GET", messages, &[("limit", "many")], "").unwrap_err();
        assert!(error.detail.as_deref().unwrap().starts_with("history"), "{error}");
    }
}
