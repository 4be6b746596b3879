//! What has to be true when all is settled.

use std::collections::BTreeMap;

use chat_client::Error;
use chat_client::protocol::{ClientMsgId, ErrorCode, RoomId, RoomState, Seq, UserId};
use chat_server_core::storage::{RoomStore, RoomsQuery};
use chat_server_core::{Caller, ChatServer};

use super::client::{Around, Client};
use super::plan::{LEFT_FROM, ROOMS, USERS};
use super::refused::Refused;
use super::sent::Sent;
use super::server::Disk;
use super::truth::Truth;

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
    let mut known = 0;
    for client in clients {
        let who = client.index;
        one(&truth, disk, server, client, around).await.map_err(|why| format!("client {who}: {why}"))?;
        known += client.sent.iter().filter(|sent| matches!(sent.answer, Some(Ok(_)))).count();
    }
    match truth.messages.len() == known {
        true => Ok(()),
        false => Err(format!("{known} messages are known to be stored, {} are", truth.messages.len())),
    }
}

async fn one(
    truth: &Truth,
    disk: &Disk,
    server: &ChatServer,
    client: &mut Client,
    around: &Around<'_>,
) -> Result<(), String> {
    sends(truth, client, &around.shared.refused)?;
    client.check_empty(around)?;
    if let Some(command) = client.done.iter().find(|command| !truth.has(&client.user, command)) {
        return Err(format!("it was told that this is done, and it is not: {command:?}"));
    }
    let theirs = rooms_of(disk, server, &client.user).await?;
    compare(&client.rooms(around), &theirs)?;
    for state in &theirs {
        let (counts, is) = ((state.unread, state.mentions), truth.count(&client.user, state));
        if counts != (is.unread, is.mentions) {
            return Err(format!("the server counts {counts:?} in {}, the rule {is:?}", state.room));
        }
        delivered(disk, client, state).await?;
    }
    for room in truth.logs.keys() {
        client.view.check(room, truth, theirs.iter().any(|state| state.room == *room))?;
    }
    client.view.check_own(&truth.own[&client.user])?;
    for (room, seq) in &client.read {
        let state = theirs.iter().find(|state| state.room == *room);
        if let Some(state) = state.filter(|state| state.read < *seq) {
            return Err(format!("{room} was read up to {seq}, the server knows of {}", state.read));
        }
    }
    Ok(())
}

/// Each message is stored as it was answered, once, saying what it said, in the order in which they were made.
fn sends(truth: &Truth, client: &Client, refused: &Refused) -> Result<(), String> {
    let mut last: BTreeMap<&RoomId, (Seq, &ClientMsgId)> = BTreeMap::new();
    for sent in &client.sent {
        let Sent { room, name, answer, .. } = sent;
        let stored = truth.messages.get(&(room.clone(), client.user.clone(), name.clone()));
        let stored = stored.map(Vec::as_slice).unwrap_or_default();
        match (answer, stored) {
            (Some(Ok(data)), [message]) if (data.seq, data.offset) == (message.seq, message.offset) => {
                if !refused.has(name)
                    && let Some((before, earlier)) = last.insert(room, (message.seq, name))
                    && before > message.seq
                {
                    let seq = message.seq;
                    return Err(format!("{name} is number {seq} of {room}, {earlier} before it is {before}"));
                }
                let said =
                    message.content == sent.content || truth.changed.contains(&(room.clone(), message.seq));
                if !said || (message.thread, &message.mentions) != (sent.thread, &sent.mentions) {
                    return Err(format!("{sent:?} is stored as {message:?}"));
                }
            }
            (Some(Err(Error::Refused { code, .. })), []) if may_be_refused(truth, sent, code.known()) => {}
            (answer, stored) => {
                return Err(format!("{name} in {room} was answered {answer:?} and is stored as {stored:?}"));
            }
        }
    }
    Ok(())
}

/// Whether a message could not be taken: its room was left, or what it answers is gone.
fn may_be_refused(truth: &Truth, sent: &Sent, code: Option<ErrorCode>) -> bool {
    let gone = || sent.thread.is_some_and(|root| truth.deleted.contains(&(sent.room.clone(), root)));
    match code {
        // The first rooms are left by nobody.
        Some(ErrorCode::Forbidden) => ROOMS[LEFT_FROM..].contains(&sent.room.as_str()),
        Some(ErrorCode::MessageNotFound) => gone(),
        _ => false,
    }
}

/// The others may know that all messages of theirs arrived that this application was told.
async fn delivered(disk: &Disk, client: &Client, state: &RoomState) -> Result<(), String> {
    let members = disk.store.members(&state.room, None, USERS.len()).await;
    let members = members.map_err(|error| error.to_string())?;
    let at = members.iter().find(|member| member.user == client.user).map(|member| member.delivered);
    match client.view.heard(&state.room, &client.user) {
        heard if at >= heard => Ok(()),
        heard => Err(format!("{heard:?} of {} has arrived, the server knows of {at:?}", state.room)),
    }
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
        let counts = |state: &RoomState| (state.unread, state.mentions);
        let (has, is) = (counts(ours), counts(theirs));
        // What is told apart by name is counted; the rest has to be equal as a whole.
        if (RoomState { unread: is.0, mentions: is.1, ..ours.clone() }) != *theirs {
            return Err(format!("{}: it has {ours:?}, the server {theirs:?}", ours.room));
        }
        if has != is {
            return Err(format!("{}: it counts {has:?} unread, the server {is:?}", ours.room));
        }
    }
    Ok(())
}
