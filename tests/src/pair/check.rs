//! What has to be true when all is settled.

use std::collections::BTreeMap;

use chat_client::Error;
use chat_client::protocol::{ClientMsgId, ErrorCode, Offset, RoomId, RoomState, Seq, UserId};
use chat_server_core::storage::{LogEntry, MessageStore, RoomStore, RoomsQuery};
use chat_server_core::{Caller, ChatServer};

use super::client::{Around, Client};
use super::plan::ROOMS;
use super::sent::Sent;
use super::server::Disk;

/// More entries than any log of a run has.
const WHOLE_LOG: usize = 10_000;

/// All that the store has, as clients are compared with it.
struct Truth {
    logs: BTreeMap<RoomId, Vec<LogEntry>>,
    /// Number of each message, by room and name; all of them where there are several.
    messages: BTreeMap<(RoomId, UserId, ClientMsgId), Vec<Seq>>,
}

impl Truth {
    async fn read(disk: &Disk) -> Result<Self, String> {
        let (mut logs, mut messages) = (BTreeMap::new(), BTreeMap::<_, Vec<Seq>>::new());
        for room in ROOMS {
            let room = RoomId::new(room).expect("letters and digits are an id");
            let page =
                disk.store.log(&room, Offset::ZERO, WHOLE_LOG).await.map_err(|error| error.to_string())?;
            let entries = page.ok_or_else(|| format!("{room} is not there"))?.entries;
            for entry in &entries {
                if let LogEntry::Message(stored) = entry
                    && let Some(name) = stored.message.client_msg_id.clone()
                {
                    let key = (room.clone(), stored.message.from.clone(), name);
                    messages.entry(key).or_default().push(stored.message.seq);
                }
            }
            logs.insert(room, entries);
        }
        Ok(Self { logs, messages })
    }
}

/// Compares every client with the store.
///
/// # Errors
/// The first difference.
pub(super) async fn settled(
    disk: &Disk,
    server: &ChatServer,
    clients: &mut [Client],
    around: &Around<'_>,
) -> Result<(), String> {
    let truth = Truth::read(disk).await?;
    let known: usize = clients.iter().map(|client| client.sent.len()).sum();
    for client in clients {
        let who = client.index;
        sends(&truth, client).map_err(|why| format!("client {who}: {why}"))?;
        let theirs = rooms_of(disk, server, &client.user).await?;
        let ours = client.rooms(around);
        compare(&ours, &theirs).map_err(|why| format!("client {who}: {why}"))?;
        for (room, log) in &truth.logs {
            let member = theirs.iter().any(|state| state.room == *room);
            client.view.check(room, log, member).map_err(|why| format!("client {who}: {why}"))?;
        }
        for (room, seq) in &client.read {
            let state = theirs.iter().find(|state| state.room == *room);
            if let Some(state) = state.filter(|state| state.read < *seq) {
                let at = state.read;
                return Err(format!("client {who}: {room} was read up to {seq}, the server knows of {at}"));
            }
        }
    }
    match truth.messages.len() <= known {
        true => Ok(()),
        false => Err(format!("{} messages were made, {} are stored", known, truth.messages.len())),
    }
}

/// Each message is stored as it was answered, once, in the order in which they were made.
fn sends(truth: &Truth, client: &Client) -> Result<(), String> {
    let mut last: BTreeMap<&RoomId, (Seq, &ClientMsgId)> = BTreeMap::new();
    for Sent { room, name, answer, .. } in &client.sent {
        let stored = truth.messages.get(&(room.clone(), client.user.clone(), name.clone()));
        let stored = stored.map(Vec::as_slice).unwrap_or_default();
        match (answer, stored) {
            (Some(Ok(data)), [seq]) if data.seq == *seq => {
                if let Some((before, earlier)) =
                    last.insert(room, (*seq, name)).filter(|(before, _)| before > seq)
                {
                    return Err(format!("{name} is number {seq} of {room}, {earlier} before it is {before}"));
                }
            }
            // Only of a room that was left: then it is no error.
            (Some(Err(Error::Refused { code, .. })), []) if code.known() == Some(ErrorCode::Forbidden) => {}
            (answer, stored) => {
                return Err(format!("{name} in {room} was answered {answer:?} and is stored as {stored:?}"));
            }
        }
    }
    Ok(())
}

async fn rooms_of(disk: &Disk, server: &ChatServer, user: &UserId) -> Result<Vec<RoomState>, String> {
    let rooms = disk.store.rooms_of(user, RoomsQuery::default(), ROOMS.len()).await;
    let mut states = Vec::new();
    for (room, _) in rooms.map_err(|error| error.to_string())? {
        let state = server.room(&Caller::User(user.clone()), &room).await;
        states.push(state.map_err(|error| format!("{user} cannot look at {room}: {error}"))?);
    }
    states.sort_by(|a, b| a.room.cmp(&b.room));
    Ok(states)
}

fn compare(ours: &[RoomState], theirs: &[RoomState]) -> Result<(), String> {
    let names = |states: &[RoomState]| states.iter().map(|state| state.room.clone()).collect::<Vec<_>>();
    if names(ours) != names(theirs) {
        return Err(format!("it knows of {:?}, the server of {:?}", names(ours), names(theirs)));
    }
    for (ours, theirs) in ours.iter().zip(theirs) {
        let facts = |state: &RoomState| {
            (state.offset, state.seq, state.oldest_seq, state.members, state.role.clone(), state.read)
        };
        if facts(ours) != facts(theirs) {
            return Err(format!("{}: it has {:?}, the server {:?}", ours.room, facts(ours), facts(theirs)));
        }
        if ours.unread != theirs.unread {
            let (has, is) = (ours.unread, theirs.unread);
            return Err(format!("{}: it counts {has} unread, the server {is}", ours.room));
        }
    }
    Ok(())
}
