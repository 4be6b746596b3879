//! The `chats` dialect as it is published. Source: `docs/dialects.md` section 4.

use super::channel::Channel;
use super::format::{Format, roots};
use super::param::Param;
use super::route::{Answer, Http, Route, answer};
use super::types::{read, written};
use crate::dialect::HttpRoute;
use crate::dialect::chats::{
    Call, ClientFrame, Detail, DirectDetail, DirectSummary, FileEntry, HasUnreads, MessagePage, PageQuery,
    ProjectDetail, ProjectSummary, ROUTES, ServerFrame,
};

pub(super) fn format() -> Format {
    Format {
        name: "chats",
        title: "chats",
        about: "Direct and project chats over one socket per user, typed events.",
        roots: roots![
            "dialect/chats/client_frame.json" "1.0" read ClientFrame,
            "dialect/chats/server_frame.json" "1.0" written ServerFrame,
            "dialect/chats/directs.json" "1.0" written Vec<DirectSummary> = "The caller's direct chats.",
            "dialect/chats/direct.json" "1.0" written DirectDetail,
            "dialect/chats/projects.json" "1.0" written Vec<ProjectSummary> = "The caller's project chats.",
            "dialect/chats/project.json" "1.0" written ProjectDetail,
            "dialect/chats/message_page.json" "1.0" written MessagePage,
            "dialect/chats/files.json" "1.0" written Vec<FileEntry> = "The files of a chat.",
            "dialect/chats/has_unreads.json" "1.0" written HasUnreads,
            "dialect/chats/error.json" "1.0" written Detail,
        ],
        channels: vec![
            channel("chats", "/ws/chats/", "The one socket of a user, as documented."),
            channel("chat", "/ws/chat/", "The one socket of a user, as every version of the code has it."),
        ],
        socket_security: &["subprotocol", "query", "rawToken"],
        http: Some(Http {
            security: &["bearer"],
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
        query: vec![Param::text("token", "The token, with or without `Bearer` before it.")],
        headers: vec![
            Param::protocols(
                &["Bearer"],
                "`Bearer`, then the token; answered with `Bearer`. The first place that is looked at.",
            ),
            Param::text(
                "Authorization",
                "The token, with or without `Bearer` before it. The last place that is looked at.",
            ),
        ],
        receives: Some(read::<ClientFrame>),
        sends: written::<ServerFrame>,
    }
}

fn refusals() -> Vec<Answer> {
    vec![
        answer(401, "No credentials, or not valid ones.", written::<Detail>),
        answer(403, "Not a member of the chat.", written::<Detail>),
        answer(405, "The path does not have this method.", written::<Detail>),
        answer(413, "The request is too large.", written::<Detail>),
        answer(429, "Too many requests.", written::<Detail>),
        answer(503, "The storage cannot answer now.", written::<Detail>),
    ]
}

fn route(call: &HttpRoute<Call>) -> Route {
    let pair = Param::text("pair", "Name of the pair, such as `1_2`.");
    let project = Param::number("project", 0, "Number of the project.");
    let no_pair = answer(400, "Not a name of a pair, or of users who do not exist.", written::<Detail>);
    let no_project = answer(404, "No such project.", written::<Detail>);
    let route = Route::of_call(call);
    match call.call {
        Call::Directs => route.ok(written::<Vec<DirectSummary>>),
        Call::Direct => route.param(pair).ok(written::<DirectDetail>).or(no_pair),
        Call::DirectMessages => {
            route.param(pair).query(read::<PageQuery>).ok(written::<MessagePage>).or(no_pair)
        }
        Call::DirectFiles => route.param(pair).ok(written::<Vec<FileEntry>>).or(no_pair),
        Call::Projects => route.ok(written::<Vec<ProjectSummary>>),
        Call::Project => route.param(project).ok(written::<ProjectDetail>).or(no_project),
        Call::ProjectMessages => {
            route.param(project).query(read::<PageQuery>).ok(written::<MessagePage>).or(no_project)
        }
        Call::ProjectFiles => route.param(project).ok(written::<Vec<FileEntry>>).or(no_project),
        Call::HasUnreads => route.ok(written::<HasUnreads>),
    }
}
