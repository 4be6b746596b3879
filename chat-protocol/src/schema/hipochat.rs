//! The `hipochat` dialect as it is published. Source: `docs/dialects.md` section 5.

use serde_json::{Value, json};

use super::channel::Channel;
use super::format::{Format, roots};
use super::param::Param;
use super::route::{Answer, FORM, Hook, Http, Route, answer, empty, get, post};
use super::types::{Types, read, written};
use crate::dialect::HttpRoute;
use crate::dialect::hipochat::{
    Call, ClientFrame, CreateRoom, Histories, ItemRequest, Notification, OldMessages, Profile, Push,
    PushSignal, ROUTES, RoomCreated, RoomToken, ServerFrame, Unauthorized,
};

pub(super) fn format() -> Format {
    Format {
        name: "hipochat",
        title: "hipochat",
        about: "Rooms by token, arbitrary JSON messages, unread counters, injection by a backend.",
        roots: roots![
            "dialect/hipochat/client_frame.json" "1.0" read ClientFrame,
            "dialect/hipochat/server_frame.json" "1.0" written ServerFrame,
            "dialect/hipochat/create_room.json" "1.0" read CreateRoom,
            "dialect/hipochat/room_created.json" "1.0" written RoomCreated,
            "dialect/hipochat/old_messages.json" "1.0" written OldMessages,
            "dialect/hipochat/item_request.json" "1.0" read ItemRequest,
            "dialect/hipochat/notification.json" "1.0" written Notification,
            "dialect/hipochat/histories.json" "1.0" written Histories,
            "dialect/hipochat/profile.json" "1.0" read Profile,
            "dialect/hipochat/push.json" "1.0" written Push,
            "dialect/hipochat/error.json" "1.0" written Unauthorized,
        ],
        channels: vec![Channel {
            name: "room",
            address: "/talk/chat/{token}/",
            about: "One room. The room's token is the right to enter; who may not gets one frame that says so, and the socket is closed.",
            params: vec![Param::text("token", "Token of the room: letters, digits and `.:,_-`.")],
            query: vec![Param::text("token", "Token of the user; an unescaped `@` in it is taken as it is.")],
            headers: vec![Param::text("Authorization", "`Token <token>`.")],
            receives: Some(read::<ClientFrame>),
            sends: written::<ServerFrame>,
        }],
        socket_security: &["query", "token"],
        http: Some(Http {
            security: &["token", "authentication", "query"],
            refusals: refusals(),
            routes: ROUTES.iter().map(route).collect(),
        }),
        hooks: hooks(),
    }
}

fn refusals() -> Vec<Answer> {
    vec![
        answer(404, "Not a token of a room.", written::<Unauthorized>),
        answer(405, "The path does not have this method.", written::<Unauthorized>),
        answer(413, "The request is too large.", written::<Unauthorized>),
        answer(429, "Too many requests.", written::<Unauthorized>),
        answer(503, "The storage cannot answer now.", written::<Unauthorized>),
    ]
}

fn route(call: &HttpRoute<Call>) -> Route {
    let token = Param::typed("token", read::<RoomToken>, "Token of the room.");
    let kinds = "Which kind to count; both when absent or another.";
    let route = Route::of_call(call);
    match call.call {
        Call::CreateRoom => room(route).body(read::<CreateRoom>).optional(),
        Call::OwnRoom => room(route).by(&["authentication"]),
        Call::OldMessages => {
            route.param(token).ok(written::<OldMessages>).or(empty(400, "Not authenticated."))
        }
        Call::InjectItem => route
            .param(token)
            .param(Param::text("type", "Accepted and ignored."))
            .body(read::<ItemRequest>)
            .or(empty(200, "Done."))
            .or(empty(400, "Not authenticated, or not an object.")),
        Call::Notification => route
            .param(token)
            .param(Param::one_of("type", &["message", "item"], kinds))
            .ok(written::<Notification>)
            .or(empty(403, "Not authenticated.")),
        Call::SetNotification => {
            route.param(token).or(empty(200, "Done.")).or(empty(403, "Not authenticated."))
        }
        Call::Histories => route
            .param(Param::text("tokens", "Tokens of the rooms, with commas between them."))
            .param(Param::number("limit", 1, "Greatest number of messages per room; 1 when absent."))
            .ok(written::<Histories>)
            .or(empty(403, "Not authenticated.")),
        Call::AddMembers | Call::RemoveMembers => route
            .param(token)
            .body_as(FORM, member_tokens)
            .or(empty(200, "Done."))
            .or(empty(400, "The form has no token."))
            .or(empty(403, "Not an owner's or the operator's token.")),
    }
}

fn room(route: Route) -> Route {
    route
        .or(answer(201, "The room was made.", written::<RoomCreated>))
        .or(answer(200, "The room was there.", written::<RoomCreated>))
        .or(answer(401, "Not authenticated.", written::<Unauthorized>))
}

/// A form has no type with a contract: it is pairs of texts.
fn member_tokens(_: &mut Types) -> Value {
    json!({
        "type": "object",
        "description": "Whose membership changes.",
        "required": ["tokens"],
        "properties": {
            "tokens": {
                "type": "array",
                "description": "Tokens of the users: the field is repeated.",
                "minItems": 1,
                "items": { "type": "string" },
            },
        },
    })
}

fn hooks() -> Vec<Hook> {
    let who = get(
        "",
        "profile",
        "Who a token belongs to. Asked at the operator's ProfileURL; any status but 200 means: nobody.",
    )
    .by(&["token"])
    .or(answer(
        200,
        "The profile of the user. An empty body is as good: then the id is derived from the token.",
        read::<Profile>,
    ))
    .or(empty(401, "Not a valid token."))
    .alone();
    let push = post("", "push", "Members who are offline have a message. Told to the operator's PushNotificationURL, repeated when it fails. As a form when the option `hipochat.push_form` is set.")
        .by(&["token"])
        .body(written::<Push>)
        .body_as(FORM, written::<PushSignal>)
        .or(empty(200, "Taken."))
        .or(empty(400, "Refused."))
        .alone();
    vec![Hook { route: who }, Hook { route: push }]
}
