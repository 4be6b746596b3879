//! Requests that are no commands, and what becomes of each.

use chat_protocol::{RoomId, UserId};
use chat_server_core::{Caller, ChatServer, DesksAsked, Error, NewUpload, Resumed};

use super::direct;
use super::scene::Who;
use super::table::{ALL, Cell, INSIDE};

/// A request that is no command, or one part of what it tells.
pub(super) struct Route {
    pub(super) request: &'static str,
    /// Which part, when there are several.
    pub(super) what: &'static str,
    /// Who may, in words.
    pub(super) rule: &'static str,
    /// A letter for each of the table's people, in their order.
    pub(super) cells: &'static str,
    ask: Ask,
}

#[derive(Clone, Copy)]
enum Ask {
    Room,
    Counts,
    Profile,
    WhetherThere,
    Export(Whom),
    Forget(Whom),
    Upload,
    BeginUpload,
    Unfinished(Whom, Deed),
    Download,
    Agents,
    Desks,
    SetAgent(bool),
}

/// About whom somebody asks.
#[derive(Clone, Copy)]
enum Whom {
    Oneself,
    Another,
}

/// What somebody does with an unfinished upload.
#[derive(Clone, Copy)]
enum Deed {
    Look,
    Write,
    Remove,
}

const fn unfinished(request: &'static str, whom: Whom, deed: Deed) -> Route {
    let (what, cells, rule) = match whom {
        Whom::Oneself => ("an own one", "yynhhhhh", "who began it and still may `send`"),
        Whom::Another => ("another's", "mmmmmmmm", "nobody"),
    };
    route((request, what), cells, rule, Ask::Unfinished(whom, deed))
}

const fn route(
    (request, what): (&'static str, &'static str),
    cells: &'static str,
    rule: &'static str,
    ask: Ask,
) -> Route {
    Route { request, what, rule, cells, ask }
}

const NOBODY: &str = "nnnnnnnn";

/// Columns as those of the commands.
pub(super) const ROUTES: &[Route] = &[
    route(("GET /v1/rooms/{room}", ""), INSIDE, "members", Ask::Room),
    route(("GET /v1/unread", ""), ALL, "everybody, the own counts", Ask::Counts),
    route(("GET /v1/users/{user}", "the profile"), ALL, "everybody", Ask::Profile),
    route(
        ("GET /v1/users/{user}", "whether the user is there"),
        "yyuuuuuu",
        "as `listen`",
        Ask::WhetherThere,
    ),
    route(
        ("GET /v1/users/{user}/export", "of oneself"),
        ALL,
        "everybody, and the operator",
        Ask::Export(Whom::Oneself),
    ),
    route(("GET /v1/users/{user}/export", "of another"), NOBODY, "the operator", Ask::Export(Whom::Another)),
    route(
        ("DELETE /v1/users/{user}", "oneself"),
        ALL,
        "everybody, and the operator",
        Ask::Forget(Whom::Oneself),
    ),
    route(("DELETE /v1/users/{user}", "another"), NOBODY, "the operator", Ask::Forget(Whom::Another)),
    route(("POST /v1/uploads", ""), "yynhhhhh", "as `send`", Ask::Upload),
    route(("POST /v1/uploads/resumable", ""), "yynhhhhh", "as `send`", Ask::BeginUpload),
    unfinished("HEAD /v1/uploads/resumable/{name}", Whom::Oneself, Deed::Look),
    unfinished("HEAD /v1/uploads/resumable/{name}", Whom::Another, Deed::Look),
    unfinished("PATCH /v1/uploads/resumable/{name}", Whom::Oneself, Deed::Write),
    unfinished("PATCH /v1/uploads/resumable/{name}", Whom::Another, Deed::Write),
    unfinished("DELETE /v1/uploads/resumable/{name}", Whom::Oneself, Deed::Remove),
    unfinished("DELETE /v1/uploads/resumable/{name}", Whom::Another, Deed::Remove),
    route(("GET /v1/uploads/{name}", ""), INSIDE, "members of the file's room", Ask::Download),
    route(("GET /v1/organizations/{organization}/agents", ""), NOBODY, "the operator", Ask::Agents),
    route(
        ("GET /v1/organizations/{organization}/desks", ""),
        "hhhhhhhh",
        "agents of the organization, and the operator",
        Ask::Desks,
    ),
    route(
        ("PUT /v1/organizations/{organization}/agents/{user}", ""),
        NOBODY,
        "the operator",
        Ask::SetAgent(true),
    ),
    route(
        ("DELETE /v1/organizations/{organization}/agents/{user}", ""),
        NOBODY,
        "the operator",
        Ask::SetAgent(false),
    ),
];

/// Requests that tell nothing of rooms or users, or only what commands do; the page says of each who may.
pub(super) const OTHERS: [&str; 6] = [
    "GET /healthz",
    "GET /metrics",
    "GET /v1/events",
    "POST /v1/commands",
    "OPTIONS /v1/uploads/resumable",
    "OPTIONS /v1/uploads/resumable/{name}",
];

/// Asks as one of the table's people.
pub(super) async fn ask(server: &ChatServer, who: &Who, route: &Route) -> Result<Cell, Error> {
    let caller = Caller::User(who.user.parse().unwrap());
    let room = match who.room {
        "direct" => direct(who.user, who.target),
        room => RoomId::new(room).unwrap(),
    };
    let watched: UserId = who.watched.parse().unwrap();
    let mut told = true;
    match route.ask {
        Ask::Room => drop(server.room(&caller, &room).await?),
        Ask::Counts => drop(server.totals(&caller).await?),
        Ask::Profile => drop(server.user(&caller, watched).await?),
        Ask::WhetherThere => told = server.user(&caller, watched).await?.online.is_some(),
        Ask::Export(whom) => {
            let mut export = server.export_user(&caller, about(whom, who))?;
            drop(export.next().await?);
        }
        Ask::Forget(whom) => drop(server.forget_user(&caller, about(whom, who)).await?),
        Ask::Upload => drop(upload(server, &caller, room).await?),
        Ask::BeginUpload => drop(begin(server, &caller, room).await?),
        Ask::Unfinished(whom, deed) => {
            let sender = match whom {
                Whom::Oneself => caller.clone(),
                Whom::Another => Caller::Operator,
            };
            let name = begin(server, &sender, room).await?;
            let Resumed::Missing(mut turn) = server.resume_upload(&caller, &name).await? else {
                panic!("nothing came")
            };
            match deed {
                Deed::Look => {}
                Deed::Write => turn.write(b"bytes").await?,
                Deed::Remove => turn.remove(),
            }
        }
        Ask::Download => {
            let name = upload(server, &Caller::Operator, room).await.expect("the operator may");
            drop(server.download(&caller, &name).await?);
        }
        Ask::Desks => drop(server.desks(&caller, "acme", DesksAsked::default()).await?),
        Ask::Agents => drop(server.agents(&caller, "acme").await?),
        Ask::SetAgent(agent) => server.set_agent(&caller, "acme", &watched, agent).await?,
    }
    Ok(if told { Cell::Yes } else { Cell::Untold })
}

fn about(whom: Whom, who: &Who) -> UserId {
    let user = match whom {
        Whom::Oneself => who.user,
        Whom::Another => who.watched,
    };
    user.parse().unwrap()
}

/// Begins a file in a room; its name.
async fn begin(server: &ChatServer, caller: &Caller, room: RoomId) -> Result<String, Error> {
    let new = NewUpload { room, file_name: "a.txt".to_owned(), kind: None, size: Some(9) };
    match server.begin_upload(caller, new).await? {
        Resumed::Missing(turn) => Ok(turn.name().to_string()),
        Resumed::Done(uploaded) => panic!("nothing came: {uploaded:?}"),
    }
}

/// Puts a file into a room; the last part of its address.
async fn upload(server: &ChatServer, caller: &Caller, room: RoomId) -> Result<String, Error> {
    let new = NewUpload { room, file_name: "a.txt".to_owned(), kind: None, size: None };
    let mut upload = server.upload(caller, new).await?;
    upload.write(b"bytes").await?;
    let url = upload.finish().await?.url;
    Ok(url.rsplit('/').next().expect("a name").to_owned())
}
