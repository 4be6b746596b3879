//! Messages that wait for their time: ordered, taken back, listed.

use std::sync::Arc;

use chat_protocol::command::{Cancel, Scheduled, SendMessage};
use chat_protocol::reply::{ScheduleData, ScheduledMessage, ScheduledPage};
use chat_protocol::{Cursor, ErrorCode, Timestamp, UserId, WireError};

use super::pages::{bad_cursor, cursor, page_limit};
use super::{Asking, Done, Rest, data};
use crate::hub::Hub;
use crate::hub::schedule::Waiting;
use crate::storage::{Job, JobKind, OwnChange};

impl Hub {
    pub(super) async fn start_schedule(
        self: &Arc<Self>,
        asking: Asking,
        send: SendMessage,
    ) -> Result<Rest, WireError> {
        self.check_message(&asking, &send)?;
        let send_at = send.send_at.ok_or(ErrorCode::Internal)?;
        let (user, change, refused) = self.waiting(&asking.user, asking.operator, send).await?;
        let wait = self.start_own(&user, change).await?;
        Ok(Box::pin(async move {
            let duplicate = match (Self::own_stored(wait).await, refused) {
                (Ok(stored), _) => stored.duplicate,
                // No repeat, and there is no place for what is none.
                (Err(WireError { code: ErrorCode::Forbidden | ErrorCode::LimitReached, .. }), Some(why)) => {
                    return Err(why);
                }
                (Err(error), _) => return Err(error),
            };
            data(&ScheduleData { send_at, duplicate })
        }))
    }

    pub(super) async fn start_cancel(
        self: &Arc<Self>,
        asking: Asking,
        cancel: Cancel,
    ) -> Result<Rest, WireError> {
        let Cancel { room, client_msg_id, from, .. } = cancel;
        let user = whose(&asking, from, "cancel.from")?;
        let change = OwnChange::Unschedule { room, client_msg_id, leased: false };
        let wait = self.start_own(&user, change).await?;
        Ok(Box::pin(async move { Self::own_stored(wait).await.map(|_| None) }))
    }

    pub(super) async fn tell_scheduled(&self, asking: &Asking, query: Scheduled) -> Done {
        let limit = page_limit(query.limit);
        let after = query.cursor.as_ref().map(parse_place).transpose()?;
        let user = whose(asking, query.from, "scheduled.from")?;
        let storage = &self.providers.storage;
        let jobs = storage.jobs_of(&user, JobKind::Send, query.room.as_ref(), after, limit + 1).await;
        let jobs = jobs.map_err(|error| self.storage_failed(error))?;
        let mut messages = jobs.iter().map(scheduled).collect::<Result<Vec<_>, _>>()?;
        let kept = self.fit(&messages, limit);
        let next = (kept < jobs.len()).then(|| place_cursor(&jobs[kept - 1]));
        messages.truncate(kept);
        data(&ScheduledPage { messages, next })
    }
}

/// Whose messages are meant: the asker's, or of whom the operator names.
fn whose(asking: &Asking, from: Option<UserId>, field: &str) -> Result<UserId, WireError> {
    match from {
        Some(_) if !asking.operator => {
            Err(WireError::new(ErrorCode::Forbidden, format!("{field}: said by the operator")))
        }
        from => Ok(from.unwrap_or_else(|| asking.user.clone())),
    }
}

/// What the `send` said that a job is of.
pub(in crate::hub) fn scheduled(job: &Job) -> Result<ScheduledMessage, WireError> {
    let waiting: Waiting = serde_json::from_str(&job.body).map_err(|_| ErrorCode::Internal)?;
    Ok(ScheduledMessage { send_at: job.due, ..waiting.message })
}

fn place_cursor(last: &Job) -> Cursor {
    cursor(&format!("{}.{}", last.due.as_micros(), last.id))
}

fn parse_place(cursor: &Cursor) -> Result<(Timestamp, u64), WireError> {
    let (due, id) = cursor.as_str().split_once('.').ok_or_else(bad_cursor)?;
    let (due, id) = (due.parse().map_err(|_| bad_cursor())?, id.parse().map_err(|_| bad_cursor())?);
    // The store counts jobs with signed numbers.
    if id > chat_protocol::MAX_SAFE { Err(bad_cursor()) } else { Ok((Timestamp::from_micros(due), id)) }
}
