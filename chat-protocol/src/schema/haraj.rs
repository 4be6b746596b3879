//! The `haraj` dialect as it is published. Source: `docs/dialects.md` section 6.

use serde_json::{Value, json};

use super::channel::Channel;
use super::format::{Format, roots};
use super::param::Param;
use super::route::{Answer, Body, Hook, Http, Route, answer, empty, post};
use super::types::{Types, read, written};
use crate::Seq;
use crate::dialect::haraj::{
    Call, ClientFrame, ConfirmReads, ConfirmedReads, DeletedMessage, FindQuery, FoundUsers, HiddenTopic,
    History, HistoryQuery, Login, Profile, Push, ROUTES, Refusal, Reply, ResolveQuery, ResolvedTopics,
    SendMessage, Sent, ServerFrame, Session, SetTyping, StartTopic, StartedTopic, Success, TopicId, Topics,
    TopicsQuery, TypingSet, UpdateUser, UpdatedUser, Upload, UploadGrant,
};
use crate::dialect::{HttpRoute, WireUser};

const BYTES: &str = "application/octet-stream";

pub(super) fn format() -> Format {
    Format {
        name: "haraj",
        title: "haraj chat",
        about: "A socket for receiving only; sending, reading and typing are HTTP.",
        roots: roots![
            "dialect/haraj/client_frame.json" "1.0" read ClientFrame,
            "dialect/haraj/server_frame.json" "1.0" written ServerFrame,
            "dialect/haraj/login.json" "1.0" read Login,
            "dialect/haraj/session.json" "1.0" written Reply<Session>,
            "dialect/haraj/start_topic.json" "1.0" read StartTopic,
            "dialect/haraj/started_topic.json" "1.0" written Reply<StartedTopic>,
            "dialect/haraj/send_message.json" "1.0" read SendMessage,
            "dialect/haraj/sent.json" "1.0" written Reply<Sent>,
            "dialect/haraj/history.json" "1.0" written Reply<History>,
            "dialect/haraj/confirm_reads.json" "1.0" read ConfirmReads,
            "dialect/haraj/confirmed_reads.json" "1.0" written Reply<ConfirmedReads>,
            "dialect/haraj/set_typing.json" "1.0" read SetTyping,
            "dialect/haraj/typing_set.json" "1.0" written Reply<TypingSet>,
            "dialect/haraj/deleted_message.json" "1.0" written Reply<DeletedMessage>,
            "dialect/haraj/hidden_topic.json" "1.0" written Reply<HiddenTopic>,
            "dialect/haraj/topics.json" "1.0" written Reply<Topics>,
            "dialect/haraj/resolved_topics.json" "1.0" written Reply<ResolvedTopics>,
            "dialect/haraj/found_users.json" "1.0" written Reply<FoundUsers>,
            "dialect/haraj/profile.json" "1.0" written Reply<Profile>,
            "dialect/haraj/update_user.json" "1.0" read UpdateUser,
            "dialect/haraj/updated_user.json" "1.0" written Reply<UpdatedUser>,
            "dialect/haraj/upload.json" "1.0" read Upload,
            "dialect/haraj/upload_grant.json" "1.0" written Reply<UploadGrant>,
            "dialect/haraj/push.json" "1.0" written Push,
        ],
        channels: vec![Channel {
            name: "socket",
            address: "/chat/ws",
            about: "Opened without credentials: the first command is `auth`.",
            params: vec![],
            query: vec![],
            headers: vec![],
            receives: Some(read::<ClientFrame>),
            sends: written::<ServerFrame>,
        }],
        socket_security: &[],
        http: Some(Http {
            security: &["bearer"],
            refusals: refusals(),
            routes: ROUTES.iter().map(route).collect(),
        }),
        hooks: vec![Hook { route: push() }],
    }
}

fn refusals() -> Vec<Answer> {
    vec![
        answer(400, "`ERR_BAD_REQUEST`: a parameter or field is missing or wrong.", written::<Refusal>),
        answer(401, "`ERR_INVALID_ACCESS_TOKEN`: no token, or not a valid one.", written::<Refusal>),
        answer(
            403,
            "`ERR_FORBIDDEN_ACCESS`: another user's path, or a topic that is unknown or not mine.",
            written::<Refusal>,
        ),
        answer(405, "`ERR_METHOD_NOT_ALLOWED`: the path does not have this method.", written::<Refusal>),
        answer(413, "`ERR_TOO_LARGE`: the request is too large.", written::<Refusal>),
        answer(429, "`ERR_TOO_MANY_REQUESTS`: too many requests.", written::<Refusal>),
        answer(500, "`ERR_INTERNAL_ERROR`: the server failed.", written::<Refusal>),
        answer(501, "`ERR_NOT_SUPPORTED`: this server does not offer that.", written::<Refusal>),
        answer(503, "`ERR_STORAGE_UNAVAILABLE`: the storage cannot answer now.", written::<Refusal>),
    ]
}

fn conflict(about: &'static str) -> Answer {
    answer(409, about, written::<Refusal>)
}

fn in_topic(route: Route) -> Route {
    route.param(user()).param(Param::typed("topic", read::<TopicId>, "The topic."))
}

fn user() -> Param {
    Param::typed("user", read::<WireUser>, "The user of the token.")
}

fn route(call: &HttpRoute<Call>) -> Route {
    let route = Route::of_call(call);
    match call.call {
        Call::Login => route
            .by(&[])
            .body(read::<Login>)
            .ok(written::<Success<Session>>)
            .or(conflict("`ERR_MISMATCH_CREDENTIALS`: wrong credentials.")),
        Call::Renew | Call::RenewOld => route.param(user()).ok(written::<Success<Session>>),
        Call::FindUsers => route
            .query(read::<FindQuery>)
            .ok(written::<Success<FoundUsers>>)
            .or(conflict("`ERR_MAX_FIND_REACHED`: more than 3 names.")),
        Call::Profile => {
            route.param(Param::typed("user", read::<WireUser>, "Any user.")).ok(written::<Success<Profile>>)
        }
        Call::UpdateUser => route.param(user()).body(read::<UpdateUser>).ok(written::<Success<UpdatedUser>>),
        Call::Upload => route.body(read::<Upload>).ok(written::<Success<UploadGrant>>),
        Call::PutUpload => file(route).by(&[]).body_as(BYTES, bytes).ok(written::<Success<UploadGrant>>),
        Call::GetUpload => {
            file(route).or(Answer { status: 200, about: "The bytes.", body: Some((BYTES, Body::Opaque)) })
        }
        Call::ResolveTopics => route
            .query(read::<ResolveQuery>)
            .ok(written::<Success<ResolvedTopics>>)
            .or(answer(207, "Some were not found.", written::<Success<ResolvedTopics>>))
            .or(conflict("`ERR_MAX_RESOLVE_TOPICS_REACHED`: more than 4 topics.")),
        Call::Topics => route.param(user()).query(read::<TopicsQuery>).ok(written::<Success<Topics>>),
        Call::StartTopic => route.param(user()).body(read::<StartTopic>).ok(written::<Success<StartedTopic>>),
        Call::SetTyping => in_topic(route).body(read::<SetTyping>).ok(written::<Success<TypingSet>>),
        Call::HideTopic => in_topic(route)
            .ok(written::<Success<HiddenTopic>>)
            .or(conflict("`ERR_TOPIC_NOT_FOUND`: no such topic.")),
        Call::History => in_topic(route).query(read::<HistoryQuery>).ok(written::<Success<History>>),
        Call::SendMessage => in_topic(route)
            .body(read::<SendMessage>)
            .ok(written::<Success<Sent>>)
            .or(conflict("`ERR_MISSING_SUBSCRIPTION`: the topic was never started.")),
        Call::ConfirmReads => in_topic(route)
            .body(read::<ConfirmReads>)
            .ok(written::<Success<ConfirmedReads>>)
            .or(answer(207, "Some are no messages of others.", written::<Success<ConfirmedReads>>))
            .or(conflict("`ERR_MAX_CONFIRMATION_REACHED`: more than 2 messages.")),
        Call::DeleteMessage => in_topic(route)
            .param(Param::typed("seq", read::<Seq>, "Number of the message."))
            .ok(written::<Success<DeletedMessage>>)
            .or(conflict("`ERR_MESSAGE_NOT_FOUND`: no such message of mine.")),
    }
}

fn file(route: Route) -> Route {
    route.param(Param::text("name", "Name of the file, as the address of the grant ends."))
}

fn bytes(_: &mut Types) -> Value {
    json!({ "description": "The bytes.", "type": "string", "format": "binary" })
}

fn push() -> Route {
    post("", "push", "A message for users who have no session, told to a push service. The option `haraj.push` chooses the form.")
        .by(&[])
        .body(written::<Push>)
        .or(empty(200, "Taken."))
        .or(empty(400, "Refused."))
        .alone()
}
