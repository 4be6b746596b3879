//! The `haraj` dialect as it is published. Source: `docs/dialects.md` section 6.

use super::channel::Channel;
use super::format::{Format, roots};
use super::param::Param;
use super::route::{Answer, Hook, Http, Route, answer, delete, empty, get, post, put};
use super::types::{read, written};
use crate::Seq;
use crate::dialect::WireUser;
use crate::dialect::haraj::{
    ClientFrame, ConfirmReads, ConfirmedReads, DeletedMessage, FindQuery, FoundUsers, HiddenTopic, History,
    HistoryQuery, Login, Profile, Push, Refusal, Reply, ResolveQuery, ResolvedTopics, SendMessage, Sent,
    ServerFrame, Session, SetTyping, StartTopic, StartedTopic, Success, TopicId, Topics, TopicsQuery,
    TypingSet, UpdateUser, UpdatedUser, Upload, UploadGrant,
};

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
            routes: [account(), topics()].concat(),
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
        answer(503, "`ERR_STORAGE_UNAVAILABLE`: the storage cannot answer now.", written::<Refusal>),
    ]
}

fn conflict(about: &'static str) -> Answer {
    answer(409, about, written::<Refusal>)
}

fn user() -> Param {
    Param::typed("user", read::<WireUser>, "The user of the token.")
}

fn account() -> Vec<Route> {
    let renewed = |path, name| {
        put(path, name, "A new token for one that is still valid.")
            .param(user())
            .ok(written::<Success<Session>>)
    };
    vec![
        post("/chat/sessions", "login", "Login.")
            .by(&[])
            .body(read::<Login>)
            .ok(written::<Success<Session>>)
            .or(conflict("`ERR_MISMATCH_CREDENTIALS`: wrong credentials.")),
        renewed("/chat/sessions/{user}", "renew"),
        renewed("/sessions/{user}", "renew_old"),
        get("/chat/users", "find_users", "Users by name. At most 3.")
            .query(read::<FindQuery>)
            .ok(written::<Success<FoundUsers>>)
            .or(conflict("`ERR_MAX_FIND_REACHED`: more than 3 names.")),
        get("/chat/users/{user}", "profile", "Name and picture of a user.")
            .param(Param::typed("user", read::<WireUser>, "Any user."))
            .ok(written::<Success<Profile>>),
        put(
            "/chat/users/{user}",
            "update_user",
            "Changes my picture or the device that gets pushes. One device per user.",
        )
        .param(user())
        .body(read::<UpdateUser>)
        .ok(written::<Success<UpdatedUser>>),
        post("/chat/uploads", "upload", "A place to upload a file to. The bytes are put there.")
            .body(read::<Upload>)
            .ok(written::<Success<UploadGrant>>),
    ]
}

fn topics() -> Vec<Route> {
    let topic = || Param::typed("topic", read::<TopicId>, "The topic.");
    vec![
        get("/chat/topics", "resolve_topics", "Titles and pictures of topics. At most 4.")
            .query(read::<ResolveQuery>)
            .ok(written::<Success<ResolvedTopics>>)
            .or(answer(207, "Some were not found.", written::<Success<ResolvedTopics>>))
            .or(conflict("`ERR_MAX_RESOLVE_TOPICS_REACHED`: more than 4 topics.")),
        get("/chat/users/{user}/topics", "topics", "My topics, newest first. At most 8 on a page.")
            .param(user())
            .query(read::<TopicsQuery>)
            .ok(written::<Success<Topics>>),
        post(
            "/chat/users/{user}/topics",
            "start_topic",
            "Starts a topic with another user. Repeated, it gives the same topic.",
        )
        .param(user())
        .body(read::<StartTopic>)
        .ok(written::<Success<StartedTopic>>),
        post("/chat/users/{user}/topics/{topic}", "set_typing", "Tells that I began or stopped writing.")
            .param(user())
            .param(topic())
            .body(read::<SetTyping>)
            .ok(written::<Success<TypingSet>>),
        delete("/chat/users/{user}/topics/{topic}", "hide_topic", "Hides a topic until its next message.")
            .param(user())
            .param(topic())
            .ok(written::<Success<HiddenTopic>>)
            .or(conflict("`ERR_TOPIC_NOT_FOUND`: no such topic.")),
        get(
            "/chat/users/{user}/topics/{topic}/messages",
            "history",
            "One page of messages, the newest first. Inside a page in ascending order.",
        )
        .param(user())
        .param(topic())
        .query(read::<HistoryQuery>)
        .ok(written::<Success<History>>),
        post("/chat/users/{user}/topics/{topic}/messages", "send_message", "Sends a message.")
            .param(user())
            .param(topic())
            .body(read::<SendMessage>)
            .ok(written::<Success<Sent>>)
            .or(conflict("`ERR_MISSING_SUBSCRIPTION`: the topic was never started.")),
        put(
            "/chat/users/{user}/topics/{topic}/messages",
            "confirm_reads",
            "Confirms that messages were read. At most 2.",
        )
        .param(user())
        .param(topic())
        .body(read::<ConfirmReads>)
        .ok(written::<Success<ConfirmedReads>>)
        .or(answer(207, "Some are no messages of others.", written::<Success<ConfirmedReads>>))
        .or(conflict("`ERR_MAX_CONFIRMATION_REACHED`: more than 2 messages.")),
        delete(
            "/chat/users/{user}/topics/{topic}/messages/{seq}",
            "delete_message",
            "Deletes a message of mine.",
        )
        .param(user())
        .param(topic())
        .param(Param::typed("seq", read::<Seq>, "Number of the message."))
        .ok(written::<Success<DeletedMessage>>)
        .or(conflict("`ERR_MESSAGE_NOT_FOUND`: no such message of mine.")),
    ]
}

fn push() -> Route {
    post("", "push", "A message for users who have no session, told to a push service. The option `haraj.push` chooses the form.")
        .by(&[])
        .body(written::<Push>)
        .or(empty(200, "Taken."))
        .or(empty(400, "Refused."))
        .alone()
}
