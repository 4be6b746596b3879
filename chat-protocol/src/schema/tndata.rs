//! The `tndata` dialect as it is published. Source: `docs/dialects.md` section 3.

use super::channel::Channel;
use super::format::{Format, roots};
use super::param::Param;
use super::route::{Answer, FORM, Http, Route, answer, empty};
use super::types::{read, written};
use crate::dialect::HttpRoute;
use crate::dialect::tndata::{
    Account, Call, ClientFrame, ErrorBody, History, MarkRead, MessageEntry, MessageList, Page, Profile,
    ROUTES, ServerFrame,
};

pub(super) fn format() -> Format {
    Format {
        name: "tndata",
        title: "tndata chat",
        about: "Person-to-person chat with read receipts, one socket per conversation.",
        roots: roots![
            "dialect/tndata/client_frame.json" "1.0" read ClientFrame,
            "dialect/tndata/server_frame.json" "1.0" written ServerFrame,
            "dialect/tndata/message_page.json" "1.0" written Page<MessageEntry>,
            "dialect/tndata/message_list.json" "1.0" written MessageList,
            "dialect/tndata/message.json" "1.0" written MessageEntry,
            "dialect/tndata/history.json" "1.0" written History,
            "dialect/tndata/mark_read.json" "1.0" read MarkRead,
            "dialect/tndata/users.json" "1.0" written Page<Account>,
            "dialect/tndata/profiles.json" "1.0" written Page<Profile>,
            "dialect/tndata/error.json" "1.0" written ErrorBody,
        ],
        channels: vec![
            channel("root", "/", "A conversation named by `room`, else the caller's private room."),
            channel("chat", "/chat/", "A conversation named by `room`, else the caller's private room."),
            Channel {
                params: vec![Param::text("peer", "Id of the other user.")],
                ..channel(
                    "peer",
                    "/chat/{peer}/",
                    "The conversation with one user, unless `room` names another.",
                )
            },
        ],
        socket_security: &["query", "anyWord", "cookie"],
        http: Some(Http {
            security: &["token", "query"],
            refusals: refusals(),
            routes: ROUTES.iter().map(route).collect(),
        }),
        hooks: vec![],
    }
}

fn channel(name: &'static str, address: &'static str, about: &'static str) -> Channel {
    Channel {
        name,
        address,
        about,
        params: vec![],
        query: vec![
            Param::text("token", "The token. When there is a header as well, this one counts."),
            Param::text(
                "room",
                "Name of the room: `chat-1-2` for users 1 and 2, or a room of which the caller is a member.",
            ),
        ],
        headers: vec![
            Param::text("x-room", "As `room` of the query, and before it. Taken in lower case."),
            Param::text("authorization", "Any one word, then the token."),
        ],
        receives: Some(read::<ClientFrame>),
        sends: written::<ServerFrame>,
    }
}

fn refusals() -> Vec<Answer> {
    vec![
        answer(401, "No credentials, or not valid ones.", written::<ErrorBody>),
        answer(405, "The path does not have this method.", written::<ErrorBody>),
        answer(413, "The request is too large.", written::<ErrorBody>),
        answer(429, "Too many requests.", written::<ErrorBody>),
        answer(503, "The storage cannot answer now.", written::<ErrorBody>),
    ]
}

fn route(call: &HttpRoute<Call>) -> Route {
    let date = "`2017-01-04`, or with a time `2017-01-04 23:10:00+0000`; without a zone it is UTC.";
    let unusable = || answer(400, "A parameter cannot be used.", written::<ErrorBody>);
    let route = Route::of_call(call);
    match call.call {
        Call::MyMessages => route
            .param(Param::number("page", 1, "Number of the page; 1 when absent."))
            .param(Param::number("page_size", 1, "Entries of a page; 25 when absent."))
            .ok(written::<Page<MessageEntry>>)
            .or(unusable()),
        Call::Unread => route.ok(written::<MessageList>),
        Call::History => route
            .param(Param::text("room", "Name of the room."))
            .param(Param::number("size", 0, "Greatest number of messages; 20 when absent."))
            .param(Param::text("since", date))
            .param(Param::text("before", "As `since`, which wins when both are given."))
            .ok(written::<History>)
            .or(unusable()),
        Call::MarkRead => route
            .body(read::<MarkRead>)
            .body_as(FORM, read::<MarkRead>)
            .or(empty(204, "Done."))
            .or(answer(400, "No such room, or not a member of it.", written::<ErrorBody>)),
        Call::MyMessage => route
            .param(Param::number("id", 0, "Number of the message."))
            .ok(written::<MessageEntry>)
            .or(answer(404, "No such message of mine.", written::<ErrorBody>)),
        Call::Users => route.ok(written::<Page<Account>>),
        Call::Profiles => route.ok(written::<Page<Profile>>),
    }
}
