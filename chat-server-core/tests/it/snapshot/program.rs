//! Programs: commands of every kind that a snapshot shows, by several users, into rooms that they share or not.

use std::collections::BTreeMap;

use chat_protocol::{Command, HistoryQuery, Message, Role, RoomId, UserId};
use chat_server_core::storage::SharedStorage;
use chat_server_core::{Caller, ChatServer};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::peer::Peer;

pub(super) const USERS: [&str; 4] = ["ann", "bob", "cat", "dan"];

/// Rooms that programs act in; those with an `x` are made by them.
const ROOMS: [&str; 8] = ["group", "joined", "channel", "desk", "x0", "x1", "ann+bob", "cat+dan"];

/// What a snapshot shows of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shown {
    /// It changes what a snapshot shows.
    Yes,
    /// It stores nothing, or nothing that a snapshot of rooms and people shows.
    No,
}

/// Every kind of command: one that is not here fails the test, so that a new one cannot be forgotten.
pub(super) fn shown(kind: &str) -> Shown {
    match kind {
        "create" | "join" | "leave" | "role" | "invite" | "kick" | "ban" | "unban" | "block" | "unblock"
        | "set" | "send" | "edit" | "delete" | "react" | "unreact" | "delivered" | "read" | "mark_unread" => {
            Shown::Yes
        }
        // They read, or change only what one connection hears.
        "auth" | "resume" | "follow" | "unfollow" | "members" | "history" | "thread" | "search" | "inbox"
        | "blocks" | "scheduled" | "sessions" | "ping" => Shown::No,
        // True now and never stored.
        "typing" | "away" | "listen" | "unlisten" => Shown::No,
        // Lists of their own, in no room and no inbox.
        "cancel" | "device" | "revoke" => Shown::No,
        other => panic!("say whether a snapshot shows what {other} changes, and write one if so"),
    }
}

/// One command, still without what depends on the rooms as they are then.
#[derive(Debug, Clone)]
pub(super) struct Op {
    by: usize,
    kind: &'static str,
    room: usize,
    dice: [u8; 4],
    /// Whether it is done as it fell, or by somebody who may, on what is there: programs of refusals prove nothing.
    blind: bool,
}

pub(super) fn program() -> impl Strategy<Value = Vec<Op>> {
    let mut kinds: Vec<&str> =
        Command::KINDS.iter().copied().filter(|kind| shown(kind) == Shown::Yes).collect();
    // What the others need to have something to do with.
    kinds.extend(["send", "send", "send", "send", "send", "join", "join", "read", "react", "set"]);
    let op = (0..USERS.len(), prop::sample::select(kinds), 0..ROOMS.len(), any::<[u8; 4]>(), 0..4);
    let op = op.prop_map(|(by, kind, room, dice, luck)| Op { by, kind, room, dice, blind: luck == 0 });
    prop::collection::vec(op, 10..80)
}

/// Programs in which groups show more of what was written before, and less again, while people come and go.
pub(super) fn showing() -> impl Strategy<Value = Vec<Op>> {
    let kinds = [
        "set",
        "set",
        "send",
        "send",
        "send",
        "send",
        "join",
        "leave",
        "read",
        "mark_unread",
        "react",
        "delete",
    ];
    let op = (0..USERS.len(), prop::sample::select(kinds.to_vec()), 0..2_usize, any::<[u8; 4]>());
    let op = op.prop_map(|(by, kind, room, [a, b, c, d])| match kind {
        // By the owner, who is the first of the users in the first room and the second in the second.
        "set" => Op { by: room, kind, room, dice: [3, b, c, d], blind: true },
        _ => Op { by, kind, room, dice: [a, b, c, d], blind: true },
    });
    prop::collection::vec(op, 20..80)
}

/// A command that was said, and its answer.
#[derive(Debug)]
pub(super) struct Said {
    pub(super) kind: &'static str,
    pub(super) status: u16,
    #[expect(dead_code, reason = "shown when a test fails")]
    command: String,
}

/// A connection of each user that says commands and follows nothing by itself.
pub(super) struct Actors {
    peers: Vec<Peer>,
    said: usize,
}

impl Actors {
    /// The users, and rooms in which some of them are.
    pub(super) async fn gather(server: &ChatServer) -> Self {
        let mut peers = Vec::new();
        for user in USERS {
            let mut peer = Peer::connect(server);
            peer.ok(&format!(r#"{{"auth":{{"id":"a","token":"dev-{user}","follow":false}}}}"#)).await;
            peers.push(peer);
        }
        let mut actors = Self { peers, said: 0 };
        for (by, create) in [
            (0, json!({"kind": "group", "room": "group", "access": "open", "members": ["bob", "cat"]})),
            (
                1,
                json!({"kind": "group", "room": "joined", "access": "open", "history": "joined", "members": ["ann"]}),
            ),
            (2, json!({"kind": "channel", "room": "channel", "access": "open", "members": ["bob", "dan"]})),
            (0, json!({"kind": "direct", "members": ["bob"]})),
        ] {
            let mut create = create;
            create["id"] = "c".into();
            actors.peers[by].ok(&json!({"create": create}).to_string()).await;
        }
        let desk = json!({"create": {"id": "c", "kind": "desk", "room": "desk", "owner": "ann", "members": ["bob"],
            "desk": {"organization": "acme", "client": "cat"}}});
        server.command(&Caller::Operator, serde_json::from_value(desk).unwrap()).await.unwrap();
        actors
    }

    /// Says some commands without waiting in between, then waits for all answers.
    pub(super) async fn perform(&mut self, storage: &SharedStorage, ops: &[Op]) -> Vec<Said> {
        let mut commands = Vec::new();
        for op in ops {
            self.said += 1;
            let id = format!("n{}", self.said);
            let aim = Aim::take(storage, op).await;
            let command = command(op, &id, &aim).to_string();
            self.peers[aim.by].say(&command).await;
            commands.push((op.kind, aim.by, id, command));
        }
        let mut answers: BTreeMap<String, u16> = BTreeMap::new();
        let mut said = Vec::new();
        for (kind, by, id, command) in commands {
            while !answers.contains_key(&id) {
                if let chat_protocol::Event::Reply(reply) = self.peers[by].event().await {
                    answers.insert(reply.id.expect("ours have one").to_string(), reply.status);
                }
            }
            let status = answers[&id];
            assert!(status < 500, "{command}: {status}");
            said.push(Said { kind, status, command });
        }
        said
    }
}

fn one_of(words: &[&'static str], n: u8) -> &'static str {
    words[usize::from(n) % words.len()]
}

fn user(n: u8) -> &'static str {
    one_of(&USERS, n)
}

fn room(n: usize) -> RoomId {
    match ROOMS[n].split_once('+') {
        Some((a, b)) => RoomId::direct(&UserId::new(a).unwrap(), &UserId::new(b).unwrap()),
        None => RoomId::new(ROOMS[n]).unwrap(),
    }
}

/// Who does an op, where, to whom and on which message.
struct Aim {
    by: usize,
    room: RoomId,
    other: &'static str,
    seq: u64,
    head: u64,
}

impl Aim {
    /// As the dice fell; unless it is done blindly, where somebody may and there is something to do it to.
    async fn take(storage: &SharedStorage, op: &Op) -> Self {
        let mut fallen = None;
        for n in 0..ROOMS.len() {
            let place = Place::look(storage, room((op.room + n) % ROOMS.len())).await;
            let [a, b, ..] = op.dice;
            let head = place.messages.last().map_or(0, |message| message.seq.get());
            let seq = 1 + u64::from(a) % head.max(1);
            let aim = Self { by: op.by, room: place.room.clone(), other: user(b), seq, head };
            if let Some(aim) = place.fit(op, &aim).filter(|_| !op.blind) {
                return aim;
            }
            fallen.get_or_insert(aim);
            if op.blind {
                break;
            }
        }
        fallen.expect("there are rooms")
    }
}

/// A room as it is when an op is aimed.
struct Place {
    room: RoomId,
    /// Of each of the users.
    roles: Vec<Option<Role>>,
    banned: Vec<UserId>,
    /// Those that are not deleted.
    messages: Vec<Message>,
}

impl Place {
    async fn look(storage: &SharedStorage, room: RoomId) -> Self {
        let mut roles = Vec::new();
        for user in USERS {
            let standing = storage.standing(&room, &user.parse().unwrap()).await.unwrap();
            roles.push(standing.and_then(|standing| standing.role));
        }
        let stored = storage.history(&room, None, HistoryQuery::default(), 100).await.unwrap();
        let messages = stored.into_iter().flatten().map(|stored| stored.message);
        let messages = messages.filter(|message| message.deleted_at.is_none()).collect();
        let banned = storage.bans(&room, None, USERS.len()).await.unwrap();
        Self { room, roles, banned: banned.into_iter().map(|ban| ban.user).collect(), messages }
    }

    fn those(&self, fit: impl Fn(usize) -> bool) -> Vec<usize> {
        (0..USERS.len()).filter(|n| fit(*n)).collect()
    }

    fn ranked(&self, least: Role) -> Vec<usize> {
        self.those(|n| self.roles[n].is_some_and(|role| role.rank() >= least.rank()))
    }

    /// The op done here by somebody who may, if anybody may and there is something to do it to.
    fn fit(&self, op: &Op, aim: &Aim) -> Option<Aim> {
        let [a, b, ..] = op.dice;
        let able = match op.kind {
            "create" | "block" | "unblock" => self.those(|_| true),
            "join" => self.those(|n| self.roles[n].is_none()),
            "role" | "invite" | "kick" | "ban" | "unban" => self.ranked(Role::Admin),
            "set" if a % 8 < 5 => self.ranked(Role::Admin),
            "send" | "edit" => self.ranked(Role::Member),
            _ => self.ranked(Role::Reader),
        };
        let by = pick(&able, op.by)?;
        let others = match op.kind {
            "unban" => self.those(|n| self.banned.iter().any(|user| user.as_str() == USERS[n])),
            "invite" => self.those(|n| self.roles[n].is_none()),
            "role" | "kick" => self.ranked(Role::Reader),
            _ => self.those(|_| true),
        };
        let others: Vec<usize> = others.into_iter().filter(|n| *n != by).collect();
        let other = USERS[pick(&others, b.into())?];
        let fits = |message: &&Message| match op.kind {
            "edit" | "delete" => message.from.as_str() == USERS[by],
            "unreact" => !message.reactions.is_empty(),
            "send" => message.thread.is_none(),
            _ => true,
        };
        let seqs: Vec<u64> = self.messages.iter().filter(fits).map(|message| message.seq.get()).collect();
        let needed = ["edit", "delete", "react", "unreact", "delivered", "read", "mark_unread"];
        let seq = match pick(&seqs, a.into()) {
            None if needed.contains(&op.kind) => return None,
            seq => seq.unwrap_or(aim.seq),
        };
        Some(Aim { by, room: self.room.clone(), other, seq, head: aim.head })
    }
}

fn pick<T: Copy>(of: &[T], n: usize) -> Option<T> {
    (!of.is_empty()).then(|| of[n % of.len()])
}

/// The command of an op.
fn command(op: &Op, id: &str, aim: &Aim) -> Value {
    let [_, b, c, d] = op.dice;
    let room = aim.room.to_string();
    let Aim { other, seq, head, .. } = *aim;
    let reached = seq.min(head);
    let emoji = one_of(&["👍", "🎉"], b);
    let role = one_of(&["admin", "member", "reader"], c);
    let fields = match op.kind {
        "create" => create(op),
        "join" | "leave" => json!({}),
        "role" => json!({"user": other, "role": if d < 32 { "owner" } else { role }}),
        "invite" => json!({"users": [other, user(d)]}),
        "kick" => json!({"user": other}),
        "ban" => json!({"user": other, "reason": format!("for {c}")}),
        "unban" | "block" | "unblock" => json!({"user": other}),
        "set" => set(op.dice),
        "send" => return send(op, id, &room, seq),
        "edit" => json!({"seq": seq, "content": text(&format!("better {id}"))}),
        "delete" => json!({"seq": seq, "for_me": b % 3 == 0}),
        "react" | "unreact" => json!({"seq": seq, "emoji": emoji}),
        "delivered" => json!({"seq": reached}),
        "read" => {
            let mut read = json!({"seq": reached, "private": c % 3 == 0});
            if d % 3 == 0 && head > 0 {
                read["thread"] = (1 + u64::from(b) % head).into();
            }
            read
        }
        "mark_unread" => json!({"seq": seq}),
        other => panic!("{other} is not shown"),
    };
    let mut fields = fields;
    fields["id"] = id.into();
    if !["create", "block", "unblock"].contains(&op.kind) {
        fields["room"] = room.into();
    }
    json!({op.kind: fields})
}

fn text(text: &str) -> Value {
    json!({"type": "text/plain", "payload": {"text": text}})
}

fn create(op: &Op) -> Value {
    let [a, b, c, d] = op.dice;
    if a % 3 == 0 {
        return json!({"kind": "direct", "members": [user(b)]});
    }
    json!({
        "kind": one_of(&["group", "channel"], a),
        "room": format!("x{}", b % 2),
        "access": one_of(&["open", "invite"], c),
        "history": one_of(&["all", "joined"], d),
        "name": format!("name {a}"),
        "members": [user(c), user(d)],
    })
}

fn set([a, b, c, d]: [u8; 4]) -> Value {
    match a % 8 {
        0 => json!({"data": {"name": format!("name {b}"), "topic": null}}),
        1 => json!({"data": {"topic": format!("topic {b}"), "custom": {"n": c}}}),
        2 => json!({"data": {"access": one_of(&["open", "invite"], b)}}),
        3 => json!({"data": {"history": one_of(&["all", "joined"], b)}}),
        4 => json!({"data": {"status": one_of(&["open", "pending", "closed"], b)}}),
        5 => json!({"settings": {"pinned": b % 2 == 0, "archived": c % 2 == 0}}),
        6 => {
            let until = [json!("2199-01-01T00:00:00.000Z"), json!("2001-01-01T00:00:00.000Z"), Value::Null];
            json!({"settings": {"mute_until": until[usize::from(d) % 3]}})
        }
        _ => json!({"settings": {"archived": true}, "data": {"name": format!("both {b}")}}),
    }
}

fn send(op: &Op, id: &str, room: &str, seq: u64) -> Value {
    let [_, b, c, d] = op.dice;
    let mut send = json!({"id": id, "room": room, "client_msg_id": id, "content": text(id)});
    match b % 6 {
        0 => send["mentions"] = json!({"users": [user(c)]}),
        1 => send["mentions"] = json!({"room": true}),
        2 => send["thread"] = seq.into(),
        3 => (send["thread"], send["mentions"]) = (seq.into(), json!({"users": [user(c)]})),
        _ => {}
    }
    if d % 4 == 0 {
        send["reply_to"] = seq.into();
    }
    json!({"send": send})
}
