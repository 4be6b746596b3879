//! Messages of a topic: sending, pages, reads, deletes.

use axum::response::Response;
use chat_protocol::Seq;
use chat_protocol::dialect::haraj::{
    Code, ConfirmReads, ConfirmedReads, DeletedMessage, History, HistoryQuery, Message, MessageEntry,
    SendMessage, Sent,
};

use super::{Guest, body, error, told, told_with};

pub(super) async fn send(guest: Guest<'_>) -> Result<Response, Code> {
    let (topic, visit) = (guest.topic()?, guest.visit);
    let SendMessage { content, session_id } = body(guest.edge, guest.body).await?;
    if topic.pair && !visit.is_member(&topic.room).await.map_err(error)? {
        return Err(Code::MissingSubscription);
    }
    let sent = visit.send(&topic.room, content, session_id.as_deref()).await.map_err(error)?;
    let message = sent.news(None, Message::of).ok_or(Code::ForbiddenAccess)?;
    Ok(told(Sent::from(message)))
}

pub(super) async fn history(guest: Guest<'_>) -> Result<Response, Code> {
    let topic = guest.topic()?;
    let query = HistoryQuery::read(guest.query())?;
    let before = query.last_key.as_deref().map(seq).transpose()?;
    let page = guest.visit.page(&topic.room, before, query.page() as usize).await.map_err(error)?;
    let messages = page.messages.iter().filter_map(|message| message.news(None, MessageEntry::of));
    Ok(told(History {
        user_id: guest.me(),
        topic_id: topic.id,
        messages: messages.collect(),
        last_key: page.next.map(|next| next.to_string()),
    }))
}

pub(super) async fn confirm(guest: Guest<'_>) -> Result<Response, Code> {
    let topic = guest.topic()?;
    let reads: ConfirmReads = body(guest.edge, guest.body).await?;
    reads.check()?;
    let there = guest.visit.confirm(&topic.room, &reads.seq_ids).await.map_err(error)?;
    let of = |wanted: bool| {
        let found = reads.seq_ids.iter().zip(&there).filter(move |(_, there)| **there == wanted);
        found.map(|(seq, _)| *seq).collect()
    };
    let confirmed = ConfirmedReads { topic_id: topic.id, success_ids: of(true), failed_ids: of(false) };
    Ok(told_with(confirmed.status(), confirmed))
}

pub(super) async fn delete(guest: Guest<'_>) -> Result<Response, Code> {
    let topic = guest.topic()?;
    let seq_id = seq(guest.param("seq").unwrap_or_default())?;
    guest.visit.delete(&topic.room, seq_id).await.map_err(error)?;
    Ok(told(DeletedMessage { user_id: guest.me(), topic_id: topic.id, seq_id }))
}

fn seq(text: &str) -> Result<Seq, Code> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let number = digits.then(|| text.parse().ok()).flatten();
    number.and_then(Seq::new).ok_or(Code::BadRequest)
}
