//! The native format, and what only its packets carry: since when they exist, and whether they may be repeated.

mod shapes;
mod uploads;

use serde_json::{Value, json};

use super::channel::Channel;
use super::format::{Format, roots};
use super::param::Param;
use super::route::{Hook, Http, LINES, Route, answer, delete, empty, get, post, put};
use super::types::{Definitions, Shape, Types, read, written};
use super::variants;
use crate::hooks::{PushAnswer, PushBody, WebhookBody};
use crate::http::Endpoint;
use crate::reply::{
    AgentsData, AuthData, BlocksPage, ChangeData, DesksPage, ExportLine, ForgetData, InboxPage, InboxTotals,
    InviteData, ListenData, MembersPage, ReadData, RevokeData, RoomData, ScheduleData, ScheduledPage,
    SearchPage, SendData, SessionsData, SetData, Uploaded, UserEntry,
};
use crate::{Command, ErrorCode, Event, HistoryPage, Message, Reply, RoomId, RoomState, UserId, command};
use shapes::{
    answer_lines, bytes, command_lines, commands_query, desks_query, events, events_query, export_lines,
    health, upload_query,
};

/// Whether a command whose answer was lost may be sent again.
#[derive(Clone, Copy)]
enum Retry {
    /// It changes nothing, or twice is as good as once.
    Safe,
    /// It acts once when it carries this id of the client's, the same each time.
    With(&'static str),
    /// Twice is not as good as once.
    #[expect(dead_code, reason = "no command of version 1.0 is like that, and the next one may be")]
    No,
}

impl Retry {
    fn text(self) -> String {
        match self {
            Retry::Safe => "safe".to_owned(),
            Retry::With(id) => format!("idempotent with {id}"),
            Retry::No => "no".to_owned(),
        }
    }
}

/// The packet of another kind that a command is answered with.
enum Answer {
    /// A reply with these data.
    Data(Shape),
    /// A reply without data.
    Nothing,
    /// The packet of this kind, and no reply.
    Packet(&'static str),
}

/// One line per command: its kind, the version that introduced it, its type, whether it may be repeated, and its answer. A test
/// fails for a command without a line.
const COMMANDS: &[(&str, &str, Shape, Retry, Answer)] = &[
    ("auth", "1.0", read::<command::Auth>, Retry::Safe, Answer::Data(written::<AuthData>)),
    ("resume", "1.0", read::<command::Resume>, Retry::Safe, Answer::Nothing),
    ("follow", "1.0", read::<command::Follow>, Retry::Safe, Answer::Nothing),
    ("unfollow", "1.0", read::<command::Unfollow>, Retry::Safe, Answer::Nothing),
    (
        "create",
        "1.0",
        read::<command::Create>,
        Retry::With("client_room_id"),
        Answer::Data(written::<RoomData>),
    ),
    ("join", "1.0", read::<command::Join>, Retry::Safe, Answer::Data(written::<RoomData>)),
    ("leave", "1.0", read::<command::Leave>, Retry::Safe, Answer::Nothing),
    ("members", "1.0", read::<command::Members>, Retry::Safe, Answer::Data(written::<MembersPage>)),
    ("role", "1.0", read::<command::SetRole>, Retry::Safe, Answer::Data(written::<ChangeData>)),
    ("invite", "1.0", read::<command::Invite>, Retry::Safe, Answer::Data(written::<InviteData>)),
    ("kick", "1.0", read::<command::Kick>, Retry::Safe, Answer::Data(written::<ChangeData>)),
    ("ban", "1.0", read::<command::Ban>, Retry::Safe, Answer::Data(written::<ChangeData>)),
    ("unban", "1.0", read::<command::Unban>, Retry::Safe, Answer::Data(written::<ChangeData>)),
    ("block", "1.0", read::<command::Block>, Retry::Safe, Answer::Nothing),
    ("unblock", "1.0", read::<command::Unblock>, Retry::Safe, Answer::Nothing),
    ("set", "1.0", read::<command::Set>, Retry::Safe, Answer::Data(written::<SetData>)),
    ("send", "1.0", read::<command::SendMessage>, Retry::With("client_msg_id"), Answer::Data(sent)),
    ("cancel", "1.0", read::<command::Cancel>, Retry::Safe, Answer::Nothing),
    ("edit", "1.0", read::<command::Edit>, Retry::Safe, Answer::Data(written::<ChangeData>)),
    ("delete", "1.0", read::<command::Delete>, Retry::Safe, Answer::Data(written::<SetData>)),
    ("react", "1.0", read::<command::React>, Retry::Safe, Answer::Data(written::<ChangeData>)),
    ("unreact", "1.0", read::<command::Unreact>, Retry::Safe, Answer::Data(written::<ChangeData>)),
    ("delivered", "1.0", read::<command::MarkDelivered>, Retry::Safe, Answer::Nothing),
    ("read", "1.0", read::<command::MarkRead>, Retry::Safe, Answer::Data(written::<ReadData>)),
    ("mark_unread", "1.0", read::<command::MarkUnread>, Retry::Safe, Answer::Nothing),
    ("typing", "1.0", read::<command::Typing>, Retry::Safe, Answer::Nothing),
    ("away", "1.0", read::<command::Away>, Retry::Safe, Answer::Nothing),
    ("listen", "1.0", read::<command::Listen>, Retry::Safe, Answer::Data(written::<ListenData>)),
    ("unlisten", "1.0", read::<command::Unlisten>, Retry::Safe, Answer::Nothing),
    ("history", "1.0", read::<command::History>, Retry::Safe, Answer::Data(written::<HistoryPage>)),
    ("thread", "1.0", read::<command::Thread>, Retry::Safe, Answer::Data(written::<HistoryPage>)),
    ("search", "1.0", read::<command::Search>, Retry::Safe, Answer::Data(written::<SearchPage>)),
    ("inbox", "1.0", read::<command::Inbox>, Retry::Safe, Answer::Data(written::<InboxPage>)),
    ("blocks", "1.0", read::<command::Blocks>, Retry::Safe, Answer::Data(written::<BlocksPage>)),
    ("scheduled", "1.0", read::<command::Scheduled>, Retry::Safe, Answer::Data(written::<ScheduledPage>)),
    ("device", "1.0", read::<command::Device>, Retry::Safe, Answer::Nothing),
    ("sessions", "1.0", read::<command::Sessions>, Retry::Safe, Answer::Data(written::<SessionsData>)),
    ("revoke", "1.0", read::<command::Revoke>, Retry::Safe, Answer::Data(written::<RevokeData>)),
    ("ping", "1.0", read::<command::Ping>, Retry::Safe, Answer::Packet("PongPacket")),
];

/// What a `send` is answered with: one with `send_at` has no number yet.
fn sent(types: &mut Types) -> Value {
    json!({
        "description": "The stored message; of a `send` with `send_at`, when it will be sent.",
        "anyOf": [written::<SendData>(types), written::<ScheduleData>(types)],
    })
}

/// One line per event: its kind, and the version that introduced it. A test fails for an event without a line.
const EVENTS: &[(&str, &str)] = &[
    ("reply", "1.0"),
    ("message", "1.0"),
    ("edited", "1.0"),
    ("deleted", "1.0"),
    ("reaction", "1.0"),
    ("member", "1.0"),
    ("room", "1.0"),
    ("user", "1.0"),
    ("reads", "1.0"),
    ("pres", "1.0"),
    ("resumed", "1.0"),
    ("system", "1.0"),
    ("pong", "1.0"),
];

pub(super) fn format() -> Format {
    Format {
        name: "native",
        title: "Chat protocol",
        about: "The protocol's own format, version 1: rooms, durable messages, receipts, presence and resumption.",
        roots: roots![
            "native/command.json" "1.0" read Command,
            "native/event.json" "1.0" written Event,
            "native/message.json" "1.0" written Message,
            "native/auth_data.json" "1.0" written AuthData,
            "native/room_data.json" "1.0" written RoomData,
            "native/send_data.json" "1.0" written SendData,
            "native/read_data.json" "1.0" written ReadData,
            "native/listen_data.json" "1.0" written ListenData,
            "native/schedule_data.json" "1.0" written ScheduleData,
            "native/change_data.json" "1.0" written ChangeData,
            "native/set_data.json" "1.0" written SetData,
            "native/invite_data.json" "1.0" written InviteData,
            "native/revoke_data.json" "1.0" written RevokeData,
            "native/members_page.json" "1.0" written MembersPage,
            "native/search_page.json" "1.0" written SearchPage,
            "native/inbox_page.json" "1.0" written InboxPage,
            "native/blocks_page.json" "1.0" written BlocksPage,
            "native/scheduled_page.json" "1.0" written ScheduledPage,
            "native/sessions_data.json" "1.0" written SessionsData,
            "native/export_line.json" "1.0" written ExportLine,
            "http/inbox_totals.json" "1.0" written InboxTotals,
            "http/room_state.json" "1.0" written RoomState,
            "http/uploaded.json" "1.0" written Uploaded,
            "http/user.json" "1.0" written UserEntry,
            "http/agents_data.json" "1.0" written AgentsData,
            "http/desks_page.json" "1.0" written DesksPage,
            "http/forget_data.json" "1.0" written ForgetData,
            "http/history_page.json" "1.0" written HistoryPage,
            "http/error.json" "1.0" written Reply,
            "http/webhook_body.json" "1.0" written WebhookBody,
            "http/push_body.json" "1.0" written PushBody,
            "http/push_answer.json" "1.0" read PushAnswer,
        ],
        channels: vec![Channel {
            name: "socket",
            address: "/v1/ws",
            about: "The one socket of a session. The first command is `auth`, unless the handshake carried a token. \
                Handshakes are refused with the status and body of an error.",
            params: vec![],
            query: vec![Param::text("token", "The token, only where the operator allows it here.")],
            headers: vec![
                Param::text("Authorization", "`Bearer <token>`."),
                Param::protocols(
                    &["chat.v1"],
                    "`chat.v1`, the version of the protocol. Browsers, which can set no other header, add `bearer.<token>`.",
                ),
            ],
            receives: Some(read::<Command>),
            sends: written::<Event>,
        }],
        socket_security: &["bearer", "query"],
        http: Some(Http { security: &["bearer"], refusals: refusals(), routes: routes() }),
        hooks: hooks(),
    }
}

/// What the server asks of the operator's systems.
fn hooks() -> Vec<Hook> {
    let events = post("", "room_events", "What happened in rooms, in the order in which it was stored. Told to the operator's `webhook.url`; a body that is not taken is repeated, and holds up what comes after it.")
        .by(&["signature"])
        .body(written::<WebhookBody>)
        .or(empty(200, "Taken, like any other status of the 200s. What the answer says is not read."))
        .or(empty(400, "Not to be understood, like 413 and 422: it comes again in parts, and what is refused alone is given up. After any other status it comes again as it is."))
        .alone();
    let pushes = post("", "pushes", "Pushes for the devices of users who do not look. Told to the operator's `push.url`, to be handed on to the services of the devices.")
        .by(&["signature"])
        .body(written::<PushBody>)
        .or(answer(200, "What became of each push. With an empty body all of them were delivered.", read::<PushAnswer>))
        .or(empty(400, "Not to be understood, like 413 and 422: the pushes come again in halves, and what is refused alone is given up. After any other status they come again."))
        .alone();
    vec![Hook { route: events }, Hook { route: pushes }]
}

/// The commands that are requests, and one line per endpoint that is no command.
fn routes() -> Vec<Route> {
    let mut routes: Vec<Route> = crate::http::ENDPOINTS.iter().map(command_route).collect();
    routes.extend(other_routes());
    routes.extend(uploads::resumable());
    routes
}

fn command_route(endpoint: &Endpoint) -> Route {
    let line = COMMANDS.iter().find(|(kind, ..)| *kind == endpoint.command);
    let (_, _, command, _, reply) = line.expect("COMMANDS has a line for every command");
    let route = Route::of_command(endpoint, *command);
    match reply {
        Answer::Data(shape) => route.ok(*shape),
        Answer::Nothing | Answer::Packet(_) => route.or(empty(204, "Done.")),
    }
}

fn other_routes() -> Vec<Route> {
    let room = || Param::typed("room", read::<RoomId>, "The room, percent-encoded.");
    let user = || Param::typed("user", read::<UserId>, "The user, percent-encoded.");
    let name = || Param::text("name", "The last part of its address.");
    let organization =
        || Param::text("organization", "The organization: letters, digits and `_`, at most 128 bytes.");
    vec![
        get("/v1/rooms/{room}", "room", "One room of mine, as I see it. The operator sees every room, as an owner who has read all of it.").param(room()).ok(written::<RoomState>),
        get("/v1/unread", "unread", "Counts over all rooms of mine.").ok(written::<InboxTotals>),
        get("/v1/users/{user}", "user", "What the directory knows of a user.").param(user()).ok(written::<UserEntry>),
        delete("/v1/users/{user}", "forget_user", "Deletes all that is kept of one user: asked by that user, or by the operator. Sessions end at once; the rest goes in the background, whatever becomes of the server. Rooms are left, and their messages of the user stay without content. Repeating it is harmless, and says whether it is done.")
            .param(user())
            .by(&["bearer", "operator"])
            .or(answer(202, "It has begun, now or before, and goes on by itself.", written::<ForgetData>))
            .or(empty(204, "It is done: nothing is kept of the user.")),
        get("/v1/users/{user}/export", "export_user", "All that is kept of one user, for that user or the operator.")
            .param(user())
            .by(&["bearer", "operator"])
            .or(super::route::Answer {
                status: 200,
                about: "What is kept, one thing per line, as it is read: what changes meanwhile may be as it was before or after.",
                body: Some((LINES, super::route::Body::Of(export_lines))),
            }),
        get("/v1/organizations/{organization}/agents", "agents", "Who answers for an organization in its desks.")
            .param(organization())
            .by(&["operator"])
            .ok(written::<AgentsData>),
        get("/v1/organizations/{organization}/desks", "desks", "Support cases of an organization, those made last first: asked by its agents, or by the operator.")
            .param(organization())
            .query(desks_query)
            .by(&["bearer", "operator"])
            .ok(written::<DesksPage>),
        put("/v1/organizations/{organization}/agents/{user}", "add_agent", "Makes a user an agent. Who is one stays one.")
            .param(organization())
            .param(user())
            .by(&["operator"])
            .or(empty(204, "Done.")),
        delete("/v1/organizations/{organization}/agents/{user}", "remove_agent", "Makes a user an agent no more. Who is none is no error.")
            .param(organization())
            .param(user())
            .by(&["operator"])
            .or(empty(204, "Done.")),
        get("/v1/events", "events", "The packets of the server as a stream, as over the socket. For clients that cannot open one.")
            .query(events_query)
            .or(super::route::Answer {
                status: 200,
                about: "Server-sent events, for as long as the connection lasts. The first is the `reply` to an `auth` with the id `events`, whose data have the `session_id`.",
                body: Some(("text/event-stream", super::route::Body::Of(events))),
            }),
        post("/v1/commands", "command", "Commands, as over the socket: one, or one per line. For clients that receive packets by `/v1/events`.")
            .query(commands_query)
            .body(read::<Command>)
            .body_as(LINES, command_lines)
            .or(super::route::Answer {
                status: 200,
                about: "The answers. Each command that gets one over the socket has a line, and each says in its own `status` how it went. The stream has them as well, in their place among the other packets.",
                body: Some((LINES, super::route::Body::Of(answer_lines))),
            }),
        post("/v1/uploads", "upload", "Stores a file, to be named in messages of its room. The body is the file's bytes, `Content-Type` what it is. What claims to be a picture, a sound or a film must be one.")
            .query(upload_query)
            .body_as("*/*", bytes)
            .ok(written::<Uploaded>),
        get("/v1/uploads/{name}", "download", "The bytes of a file. For members of its room. One range of bytes may be asked for; `ETag` and `If-None-Match` spare reading it twice. Pictures, sounds and films are shown by browsers, everything else is saved.")
            .param(name())
            .or(super::route::Answer {
                status: 200,
                about: "The bytes, with the media type that was found.",
                body: Some(("*/*", super::route::Body::Opaque)),
            })
            .or(super::route::Answer {
                status: 206,
                about: "The bytes of the range that `Range` asked for; `Content-Range` says which.",
                body: Some(("*/*", super::route::Body::Opaque)),
            })
            .or(empty(304, "The reader has it: `If-None-Match` names its `ETag`."))
            .or(empty(416, "The file has no byte of that range; `Content-Range` says how long it is.")),
        get("/healthz", "health", "Whether the server serves. For load balancers and supervisors.")
            .by(&[])
            .or(answer(200, "It serves.", health))
            .or(answer(503, "It is about to stop, or its store does not answer.", health)),
        get("/metrics", "metrics", "Figures for the operator, as Prometheus text. From the machine itself without a token, unless the operator has set one.")
            .by(&["operator"])
            .or(super::route::Answer {
                status: 200,
                about: "The figures.",
                body: Some(("text/plain; version=0.0.4; charset=utf-8", super::route::Body::Opaque)),
            }),
    ]
}

/// Every status of the error table that a request can meet.
fn refusals() -> Vec<super::route::Answer> {
    const ABOUT: &[(u16, &str)] = &[
        (400, "The request cannot be read; `detail` says why."),
        (401, "There is no token, or not a valid one."),
        (403, "There is no such room, or it is not yours."),
        (404, "There is no such path."),
        (405, "The path does not have this method."),
        (
            409,
            "It contradicts what is there: an id in use, the same name for another body, a limit that is reached.",
        ),
        (413, "The request is too large."),
        (415, "A body of this media type is not taken."),
        (429, "Too much at once; header `Retry-After` and `retry_after_ms` say how long to wait."),
        (500, "The server failed."),
        (501, "This server does not offer that; `detail` names it."),
        (503, "The server or its store cannot answer now."),
    ];
    ABOUT.iter().map(|(status, about)| answer(*status, about, written::<Reply>)).collect()
}

/// What each command is answered with: data, a packet, or null for a reply without data.
pub(super) fn replies(format: &Format, types: &mut Types) -> Vec<(&'static str, Value)> {
    if format.name != "native" {
        return Vec::new();
    }
    let reply = |(kind, _, _, _, answer): &(&'static str, _, _, _, Answer)| {
        let schema = match answer {
            Answer::Data(shape) => shape(types),
            Answer::Nothing => Value::Null,
            Answer::Packet(packet) => json!({ "$ref": format!("#/components/schemas/{packet}") }),
        };
        (*kind, schema)
    };
    COMMANDS.iter().map(reply).collect()
}

/// Puts `x-since` and `x-retry` on the packets, and the error table on its type.
pub(super) fn annotate(format: &Format, definitions: &mut Definitions) {
    if format.name != "native" {
        return;
    }
    for (name, packet) in packets(definitions, "Command") {
        if let Some((_, since, _, retry, _)) = COMMANDS.iter().find(|(kind, ..)| *kind == name) {
            packet["x-since"] = (*since).into();
            packet["x-retry"] = retry.text().into();
        }
    }
    for (name, packet) in packets(definitions, "Event") {
        if let Some((_, since)) = EVENTS.iter().find(|(kind, _)| *kind == name) {
            packet["x-since"] = (*since).into();
        }
    }
    if let Some(code) = definitions.schemas.get_mut("ErrorCode") {
        code["x-error-codes"] = error_codes();
    }
}

/// The packets of one direction, with their kinds.
fn packets<'a>(
    definitions: &'a mut Definitions,
    frame: &str,
) -> impl Iterator<Item = (String, &'a mut Value)> {
    let forms = definitions.forms(frame);
    let packets = definitions.schemas.iter_mut().filter(move |(name, _)| forms.contains(name));
    packets.filter_map(|(_, packet)| Some((variants::wire_name(packet)?.to_owned(), packet)))
}

/// The table of errors: text, HTTP status, close code, what to do, and a sentence.
pub(super) fn error_codes() -> Value {
    let line = |code: &ErrorCode| {
        json!({
            "code": code.text(),
            "status": code.status(),
            "close": code.close_code(),
            "x-retry": code.action(),
            "description": code.sentence(),
        })
    };
    ErrorCode::ALL.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_packet_says_since_when_it_exists_and_whether_it_may_be_repeated() {
        let commands: BTreeSet<&str> = COMMANDS.iter().map(|(kind, ..)| *kind).collect();
        assert_eq!(commands, Command::KINDS.iter().copied().collect(), "COMMANDS has one line per command");
        let events: BTreeSet<&str> = EVENTS.iter().map(|(kind, _)| *kind).collect();
        assert_eq!(events, Event::KINDS.iter().copied().collect(), "EVENTS has one line per event");
    }

    #[test]
    fn every_refusal_that_a_request_can_meet_is_an_answer() {
        let (_, document) = crate::schema::openapi::document(&format()).unwrap();
        let answers = &document["paths"]["/v1/rooms/{room}/messages"]["post"]["responses"];
        // A request does not time out by these codes: they end connections.
        let of_connections = [ErrorCode::AuthTimeout, ErrorCode::HeartbeatTimeout];
        for code in ErrorCode::ALL.iter().filter(|code| !of_connections.contains(code)) {
            assert!(answers.get(code.status().to_string()).is_some(), "{code} has no answer");
        }
    }

    #[test]
    fn packets_without_a_socket_are_those_of_the_socket() {
        let (_, document) = crate::schema::openapi::document(&format()).unwrap();
        let item =
            |place: &Value, media: &str| place["content"][media]["schema"]["contentSchema"]["$ref"].clone();
        let events = &document["paths"]["/v1/events"]["get"]["responses"]["200"];
        assert_eq!(item(events, "text/event-stream"), "#/components/schemas/Event");
        let commands = &document["paths"]["/v1/commands"]["post"];
        assert_eq!(item(&commands["requestBody"], LINES), "#/components/schemas/Command");
        assert_eq!(item(&commands["responses"]["200"], LINES), "#/components/schemas/Event");
    }

    #[test]
    fn a_send_may_be_answered_with_a_time() {
        let (_, document) = crate::schema::openapi::document(&format()).unwrap();
        let answer = &document["paths"]["/v1/rooms/{room}/messages"]["post"]["responses"]["200"];
        let forms = &answer["content"]["application/json"]["schema"]["anyOf"];
        assert_eq!(forms[1]["$ref"], "#/components/schemas/ScheduleData");
    }

    #[test]
    fn commands_that_store_something_new_are_repeated_with_an_id() {
        let (_, bundle) = crate::schema::document::bundle(&format());
        let types = &bundle["$defs"];
        assert_eq!(types["SendPacket"]["x-retry"], "idempotent with client_msg_id");
        assert_eq!(types["JoinPacket"]["x-retry"], "safe");
        assert_eq!(types["PongPacket"]["x-since"], "1.0");
        for (kind, _, _, retry, _) in COMMANDS {
            let packet = &types[format!("{}Packet", variants::pascal(kind))];
            let inner = packet["properties"][kind]["allOf"][0]["$ref"].as_str().unwrap();
            let inner = inner.rsplit('/').next().unwrap();
            if let Retry::With(id) = retry {
                assert!(types[inner]["properties"].get(id).is_some(), "{kind} has no {id}");
            }
        }
    }
}
