//! Topics: which there are, beginning and hiding one, who writes in it.

use axum::response::Response;
use chat_protocol::ErrorCode;
use chat_protocol::dialect::haraj::{
    Code, Haraj, HiddenTopic, ResolveQuery, ResolvedTopic, ResolvedTopics, SetTyping, StartTopic,
    StartedTopic, TopicEntry, TopicId, Topics, TopicsQuery, TypingSet,
};
use chat_server_core::dialects::{RoomsOf, Visit};

use super::{Guest, Topic, body, error, told, told_with};

pub(super) async fn start(guest: Guest<'_>) -> Result<Response, Code> {
    let (user_id, visit) = (guest.me(), guest.visit);
    let StartTopic::P2p { with_id } = body(guest.edge, guest.body).await?;
    visit.start_direct(&with_id.0).await.map_err(error)?;
    let haraj = visit.port().dialect.as_any().downcast_ref::<Haraj>();
    let form = haraj.map(|haraj| haraj.topic).unwrap_or_default();
    let topic_id = TopicId::direct(visit.user(), &with_id.0);
    Ok(told(StartedTopic { user_id, topic_id, form, with_id }))
}

pub(super) async fn list(guest: Guest<'_>) -> Result<Response, Code> {
    let query = TopicsQuery::read(guest.query());
    let page = guest.visit.rooms(RoomsOf::Topics, query.last_key.as_deref(), Topics::MAX).await;
    let page = page.map_err(error)?;
    let topics = page.rooms.iter().filter_map(|room| room.facts(None, TopicEntry::of)).collect();
    Ok(told(Topics { user_id: guest.me(), topics, last_key: page.next }))
}

pub(super) async fn resolve(guest: Guest<'_>) -> Result<Response, Code> {
    let (mut topics, mut failed) = (Vec::new(), Vec::new());
    for id in ResolveQuery::read(guest.query())?.topic_ids {
        match resolved(&guest.visit, &id).await? {
            Some(topic) => topics.push(topic),
            None => failed.push(id),
        }
    }
    let resolved = ResolvedTopics { user_id: Some(guest.me()), topics, failed };
    Ok(told_with(resolved.status(), resolved))
}

/// `None`: it is not there, or not the user's.
async fn resolved(visit: &Visit, id: &TopicId) -> Result<Option<ResolvedTopic>, Code> {
    let Some(topic) = Topic::of(id, visit) else { return Ok(None) };
    match visit.listed_room(&topic.room).await {
        Ok(room) => Ok(room.facts(None, ResolvedTopic::of)),
        Err(refused) if refused.wire().code == ErrorCode::Forbidden => Ok(None),
        Err(other) => Err(error(other)),
    }
}

pub(super) async fn type_in(guest: Guest<'_>) -> Result<Response, Code> {
    let (user_id, topic) = (guest.me(), guest.topic()?);
    let SetTyping { what, start } = body(guest.edge, guest.body).await?;
    guest.visit.typing(&topic.room, start).await.map_err(error)?;
    Ok(told(TypingSet { user_id, what, start, topic_id: topic.id }))
}

pub(super) async fn hide(guest: Guest<'_>) -> Result<Response, Code> {
    let topic = guest.topic().map_err(|_| Code::TopicNotFound)?;
    match guest.visit.hide(&topic.room).await {
        Ok(()) => Ok(told(HiddenTopic { user_id: guest.me(), topic_id: topic.id })),
        Err(refused) if refused.wire().code == ErrorCode::Forbidden => Err(Code::TopicNotFound),
        Err(other) => Err(error(other)),
    }
}
