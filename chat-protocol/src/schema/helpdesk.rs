//! The `helpdesk` dialect as it is published. Source: `docs/dialects.md` section 7.

use serde_json::{Value, json};

use super::channel::Channel;
use super::format::{Format, roots};
use super::param::Param;
use super::route::{Answer, Body, FORM, Http, MULTIPART, Route, answer};
use super::types::{Types, read, written};
use crate::dialect::HttpRoute;
use crate::dialect::helpdesk::{
    Call, ClientFrame, Created, DeskQuery, Desks, ErrorBody, History, ROUTES, SendMessage, ServerFrame, Uuid,
};

pub(super) fn format() -> Format {
    Format {
        name: "helpdesk",
        title: "helpdesk",
        about: "Support cases of an organization: messages by HTTP, updates by socket.",
        roots: roots![
            "dialect/helpdesk/client_frame.json" "1.0" read ClientFrame,
            "dialect/helpdesk/server_frame.json" "1.0" written ServerFrame,
            "dialect/helpdesk/desks.json" "1.0" written Desks = "Desks of an organization, newest first.",
            "dialect/helpdesk/history.json" "1.0" written History = "Messages of a desk, newest first.",
            "dialect/helpdesk/send_message.json" "1.0" read SendMessage,
            "dialect/helpdesk/created.json" "1.0" written Created,
            "dialect/helpdesk/error.json" "1.0" written ErrorBody,
        ],
        channels: vec![Channel {
            name: "organization",
            address: "/ws/chat/{organization}/",
            about: "All events of an organization. Whoever is no agent of it is refused with status 403, unless the operator opened it to all.",
            params: vec![Param::text(
                "organization",
                "Name of the organization: letters, digits and underscores.",
            )],
            query: vec![Param::text("token", "The token.")],
            headers: vec![Param::text("Authorization", "`Token <token>` or `Bearer <token>`.")],
            receives: Some(read::<ClientFrame>),
            sends: written::<ServerFrame>,
        }],
        socket_security: &["token", "query"],
        http: Some(Http {
            security: &["token", "query"],
            refusals: refusals(),
            routes: ROUTES.iter().map(route).collect(),
        }),
        hooks: vec![],
    }
}

fn refusals() -> Vec<Answer> {
    vec![
        answer(401, "No credentials, or not valid ones.", written::<ErrorBody>),
        answer(404, "No such desk or file, or not an agent of its organization.", written::<ErrorBody>),
        answer(405, "The path does not have this method.", written::<ErrorBody>),
        answer(413, "The request is too large.", written::<ErrorBody>),
        answer(429, "Too many requests.", written::<ErrorBody>),
        answer(503, "The storage cannot answer now.", written::<ErrorBody>),
    ]
}

fn route(call: &HttpRoute<Call>) -> Route {
    let route = Route::of_call(call);
    match call.call {
        Call::Desks => route.query(read::<DeskQuery>).ok(written::<Desks>),
        Call::History => route.param(Param::typed("uuid", read::<Uuid>, "The desk.")).ok(written::<History>),
        Call::SendMessage => route
            .body(read::<SendMessage>)
            .body_as(FORM, read::<SendMessage>)
            .body_as(MULTIPART, with_file)
            .ok(written::<Created>)
            .or(answer(400, "The desk is missing, or both text and file are.", written::<ErrorBody>)),
        Call::Upload => route.param(Param::text("name", "Stored name of the file.")).or(Answer {
            status: 200,
            about: "The bytes.",
            body: Some(("application/octet-stream", Body::Opaque)),
        }),
    }
}

fn with_file(types: &mut Types) -> Value {
    let fields = read::<SendMessage>(types);
    json!({
        "description": "The fields, and perhaps a file.",
        "type": "object",
        "allOf": [fields],
        "properties": {
            "file": { "type": "string", "format": "binary", "description": "The file, with its name." },
        },
    })
}
