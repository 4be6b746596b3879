//! The table itself: a row for each command, or several where what may be done differs within one.

use serde_json::{Map, Value, json};

use super::direct;
use super::scene::{Who, later};

/// What becomes of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cell {
    /// It is done.
    Yes,
    /// It is refused, and said why.
    No,
    /// It is refused as if the room were not there.
    Hidden,
    /// It is done, but for the room, which is told to be gone.
    Gone,
    /// There is no such message, whatever the room.
    Missing,
    /// It is left out of the answer.
    Untold,
}

impl Cell {
    /// As the page has it.
    pub(super) fn word(self) -> &'static str {
        match self {
            Cell::Yes => "yes",
            Cell::No => "no",
            Cell::Hidden => "hidden",
            Cell::Gone => "gone",
            Cell::Missing => "not found",
            Cell::Untold => "not told",
        }
    }
}

/// A command, or one way to use it.
pub(super) struct Row {
    pub(super) kind: &'static str,
    /// Which way, when there are several.
    pub(super) what: &'static str,
    /// Who may, in words.
    pub(super) rule: &'static str,
    /// A letter for each of the table's people, in their order.
    pub(super) cells: &'static str,
    /// Fields of the command, in which `$room` and the like stand for what is different for each.
    fields: &'static str,
}

/// What the letters of a row expect of one of the table's people.
pub(super) fn cell(cells: &str, column: usize) -> Cell {
    match cells.as_bytes()[column] {
        b'y' => Cell::Yes,
        b'n' => Cell::No,
        b'h' => Cell::Hidden,
        b'g' => Cell::Gone,
        b'm' => Cell::Missing,
        b'u' => Cell::Untold,
        other => panic!("{cells}: no cell is called {other}"),
    }
}

/// The fields of a row's command when `who` says it.
pub(super) fn fields(row: &Row, who: &Who) -> Map<String, Value> {
    let room = match who.room {
        "direct" => direct(who.user, who.target).to_string(),
        room => room.to_owned(),
    };
    let filled = row
        .fields
        .replace("$room", &room)
        .replace("$own", &who.own.to_string())
        .replace("$others", &who.others.to_string())
        .replace("$target", who.target)
        .replace("$watched", who.watched)
        .replace("$me", who.user)
        .replace("$later", &json!(later()).to_string())
        .replace("$content", &json!({"type": "text/plain", "payload": {"text": "new"}}).to_string());
    serde_json::from_str(&filled).unwrap_or_else(|error| panic!("{filled}: {error}"))
}

pub(super) const WHO: [Who; 8] = [
    who("owner", "the owner of a group", "ann", "r", (1, 2), ("tim", "max")),
    who("member", "a member of a group", "max", "r", (2, 1), ("tim", "ann")),
    who("reader", "a member with the role `reader`", "rob", "r", (3, 1), ("tim", "ann")),
    who("former member", "a user who left an open group", "fay", "r", (4, 1), ("tim", "ann")),
    who("stranger", "a user who never was in an open group", "eve", "r", (1, 1), ("tim", "ann")),
    who("banned user", "a user who was banned from an open group", "ned", "r", (5, 1), ("tim", "ann")),
    who(
        "blocked user",
        "in a direct room, whose other side blocks it",
        "bea",
        "direct",
        (2, 1),
        ("ann", "ann"),
    ),
    who(
        "other organization's agent",
        "at the desk of an organization, who answers at another one's",
        "oma",
        "desk",
        (1, 1),
        ("cli", "amy"),
    ),
];

const fn who(
    name: &'static str,
    is: &'static str,
    user: &'static str,
    room: &'static str,
    (own, others): (u64, u64),
    (target, watched): (&'static str, &'static str),
) -> Who {
    Who { name, is, user, room, own, others, target, watched }
}

const fn row(
    (kind, what): (&'static str, &'static str),
    cells: &'static str,
    rule: &'static str,
    fields: &'static str,
) -> Row {
    Row { kind, what, rule, cells, fields }
}

pub(super) const ALL: &str = "yyyyyyyy";
/// Who is in the room, whatever the role.
pub(super) const INSIDE: &str = "yyyhhhyh";

/// Columns: owner, member, reader, former member, stranger, banned user, blocked user, other organization's agent.
pub(super) const ROWS: &[Row] = &[
    row(("auth", ""), ALL, "whoever has a valid token", r#"{"token":"dev-$me"}"#),
    row(
        ("resume", ""),
        "yyygggyg",
        "everybody; rooms that are not one's own are told to be gone",
        r#"{"epoch":"e","user_offset":0,"rooms":{"$room":1}}"#,
    ),
    row(("follow", ""), INSIDE, "members", r#"{"room":"$room"}"#),
    row(("unfollow", ""), ALL, "everybody; it says nothing of the room", r#"{"room":"$room"}"#),
    row(("create", "a group"), ALL, "everybody", r#"{"kind":"group","room":"new","members":["new user"]}"#),
    row(
        ("create", "with somebody who blocks me"),
        "yyyyyyny",
        "nobody adds a user by whom it is blocked, or whom it blocks",
        r#"{"kind":"group","room":"new","members":["$watched"]}"#,
    ),
    row(
        ("create", "with a number"),
        "nnnnnnnn",
        "the operator",
        r#"{"kind":"group","room":"new","number":5}"#,
    ),
    row(
        ("create", "for another owner"),
        "nnnnnnnn",
        "the operator",
        r#"{"kind":"group","room":"new","owner":"$watched"}"#,
    ),
    row(
        ("create", "a desk"),
        "nnnnnnnn",
        "the operator",
        r#"{"kind":"desk","room":"new","desk":{"organization":"acme","client":"$me"}}"#,
    ),
    row(
        ("join", ""),
        "yyyyyhyh",
        "members; in an open group or channel everybody who is not banned; at a desk its client and its organization's agents",
        r#"{"room":"$room"}"#,
    ),
    row(("leave", ""), "yyyhhhnh", "members, but of direct rooms", r#"{"room":"$room"}"#),
    row(("members", ""), INSIDE, "members", r#"{"room":"$room"}"#),
    row(("members", "banned ones"), "ynnhhhnh", "owners and admins", r#"{"room":"$room","banned":true}"#),
    row(
        ("role", ""),
        "ynnhhhnh",
        "owners and admins, of members below them, up to their own role; in direct rooms nobody",
        r#"{"room":"$room","user":"$target","role":"reader"}"#,
    ),
    row(
        ("invite", ""),
        "ynnhhhnh",
        "owners and admins, of users who are not banned and do not block them; in direct rooms nobody",
        r#"{"room":"$room","users":["new user"]}"#,
    ),
    row(
        ("kick", ""),
        "ynnhhhnh",
        "owners and admins, of members below them; in direct rooms nobody",
        r#"{"room":"$room","user":"$target"}"#,
    ),
    row(
        ("ban", ""),
        "ynnhhhnh",
        "owners and admins, of users below them; in direct rooms nobody",
        r#"{"room":"$room","user":"$target"}"#,
    ),
    row(
        ("unban", ""),
        "ynnhhhnh",
        "owners and admins; in direct rooms nobody",
        r#"{"room":"$room","user":"ned"}"#,
    ),
    row(("block", ""), ALL, "everybody, anybody else", r#"{"user":"$watched"}"#),
    row(("unblock", ""), ALL, "everybody", r#"{"user":"$watched"}"#),
    row(
        ("set", "data of the room"),
        "ynnhhhnh",
        "owners and admins, at a desk its organization's agents; in direct rooms nobody",
        r#"{"room":"$room","data":{"topic":"new"}}"#,
    ),
    row(("set", "one's own settings"), INSIDE, "members", r#"{"room":"$room","settings":{"pinned":true}}"#),
    row(
        ("send", ""),
        "yynhhhhh",
        "members who are no readers; in a direct room only while neither side blocks the other",
        r#"{"room":"$room","content":$content}"#,
    ),
    row(
        ("send", "on behalf of another"),
        "nnnnnnnn",
        "the operator",
        r#"{"room":"$room","content":$content,"from":"$target"}"#,
    ),
    row(
        ("send", "at a later time"),
        "yynhhhhh",
        "as `send`, and again when the time has come",
        r#"{"room":"$room","content":$content,"client_msg_id":"later","send_at":$later}"#,
    ),
    row(
        ("cancel", "the member's message that waits"),
        "mymmmmmm",
        "everybody, of the own messages that wait",
        r#"{"room":"r","client_msg_id":"waits"}"#,
    ),
    row(
        ("cancel", "a message that does not wait"),
        "mmmmmmmm",
        "nobody",
        r#"{"room":"$room","client_msg_id":"none"}"#,
    ),
    row(
        ("edit", "one's own message"),
        "yynhhhhh",
        "members who may write",
        r#"{"room":"$room","seq":$own,"content":$content}"#,
    ),
    row(
        ("edit", "another's message"),
        "nnnhhhhh",
        "nobody",
        r#"{"room":"$room","seq":$others,"content":$content}"#,
    ),
    row(("delete", "one's own message"), INSIDE, "members", r#"{"room":"$room","seq":$own}"#),
    row(
        ("delete", "another's message"),
        "ynnhhhnh",
        "owners and admins; in direct rooms nobody",
        r#"{"room":"$room","seq":$others}"#,
    ),
    row(("delete", "for oneself"), INSIDE, "members", r#"{"room":"$room","seq":$others,"for_me":true}"#),
    row(
        ("react", ""),
        "yyyhhhhh",
        "members; in a direct room only while neither side blocks the other",
        r#"{"room":"$room","seq":1,"emoji":"x"}"#,
    ),
    row(("unreact", ""), "yyyhhhhh", "as `react`", r#"{"room":"$room","seq":1,"emoji":"x"}"#),
    row(("delivered", ""), INSIDE, "members", r#"{"room":"$room","seq":1}"#),
    row(("read", ""), INSIDE, "members", r#"{"room":"$room","seq":1}"#),
    row(("mark_unread", ""), INSIDE, "members", r#"{"room":"$room","seq":1}"#),
    row(
        ("typing", ""),
        "yynhhhhh",
        "members who may write, on a connection that follows the room",
        r#"{"room":"$room"}"#,
    ),
    row(("away", ""), ALL, "everybody, for the own session", r#"{"away":true}"#),
    row(
        ("listen", ""),
        "yynnnnnn",
        "who shares a direct room with the user, while neither side blocks the other; of oneself everybody",
        r#"{"user":"$watched"}"#,
    ),
    row(("unlisten", ""), ALL, "everybody", r#"{"user":"$watched"}"#),
    row(("history", ""), INSIDE, "members, from where the room lets them read", r#"{"room":"$room"}"#),
    row(
        ("thread", ""),
        INSIDE,
        "members, from where the room lets them read",
        r#"{"room":"$room","root":1}"#,
    ),
    row(("search", "in a room"), INSIDE, "members", r#"{"query":"x","room":"$room"}"#),
    row(("search", "everywhere"), ALL, "everybody, in the own rooms", r#"{"query":"x"}"#),
    row(("inbox", ""), ALL, "everybody, the own one", "{}"),
    row(("blocks", ""), ALL, "everybody, the own ones", "{}"),
    row(("scheduled", ""), ALL, "everybody, the own ones", "{}"),
    row(("device", ""), ALL, "everybody, the own one", r#"{"device_id":"d1","name":"new"}"#),
    row(("sessions", ""), ALL, "everybody, the own ones", "{}"),
    row(("revoke", ""), ALL, "everybody, the own ones", r#"{"others":true}"#),
    row(("ping", ""), ALL, "everybody, also before `auth`", "{}"),
];
