//! Whose turn it is in a room: what a connection could not pay for goes before what it sent after it.
//!
//! A client may have many messages under way. When one of them is refused with "later", those behind it are on their way already, and
//! points that have come back meanwhile would let them pass it. So its room waits for it: until it comes again, for as long as it was
//! told to wait and a round trip more. By then its sender has heard, and sends nothing else before it.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use chat_protocol::command::SendMessage;
use chat_protocol::{ClientMsgId, ErrorCode, RoomId, WireError};

/// How long a refused message is waited for after the time when it may come again: longer than a frame and its answer take on any
/// network that people chat over, and short for a client that never sends it again.
const ROUND_TRIP: Duration = Duration::from_secs(2);

/// Rooms in which a connection may have a refused message, at least as many as it may have commands under way. In others order is kept
/// only as well as its points come back.
const MAX_ROOMS: usize = 64;

/// The refused messages of one connection, one per room: the first.
#[derive(Debug, Default)]
pub(super) struct Turns(BTreeMap<RoomId, Turn>);

#[derive(Debug)]
struct Turn {
    name: ClientMsgId,
    /// When it may come again.
    due: Instant,
}

impl Turns {
    /// Whether any room waits, which is seldom.
    pub(super) fn are_kept(&self) -> bool {
        !self.0.is_empty()
    }

    /// Whether a message may go now; otherwise it is not its turn.
    ///
    /// # Errors
    /// `RateLimited`, until when the one before it is waited for.
    pub(super) fn check(&mut self, now: Instant, send: &SendMessage) -> Result<(), WireError> {
        let Some(turn) = self.0.get(&send.room) else { return Ok(()) };
        let over = now >= turn.due + ROUND_TRIP;
        if over || send.client_msg_id.as_ref() == Some(&turn.name) {
            self.0.remove(&send.room);
            return Ok(());
        }
        let end = if now < turn.due { turn.due } else { turn.due + ROUND_TRIP };
        let ms = u64::try_from((end - now).as_millis()).unwrap_or(u64::MAX).max(1);
        let why = format!("{} of this room comes first", turn.name);
        Err(WireError::new(ErrorCode::RateLimited, why).retry_after_ms(ms))
    }

    /// A message was refused: if it may come again, its room waits for it. One without a name is not known again.
    pub(super) fn refused(&mut self, now: Instant, send: &SendMessage, error: &WireError) {
        let (Some(name), Some(ms)) = (&send.client_msg_id, error.retry_after_ms) else { return };
        if error.code != ErrorCode::RateLimited {
            return;
        }
        self.0.retain(|_, turn| now < turn.due + ROUND_TRIP);
        if self.0.len() < MAX_ROOMS {
            let turn = Turn { name: name.clone(), due: now + Duration::from_millis(ms) };
            self.0.insert(send.room.clone(), turn);
        }
    }
}

#[cfg(test)]
mod tests {
    use chat_protocol::{Content, RequestId};

    use super::*;

    fn send(room: &str, name: &str) -> SendMessage {
        let (id, room) = (RequestId::new("1").unwrap(), RoomId::new(room).unwrap());
        let client_msg_id = Some(ClientMsgId::new(name).unwrap());
        SendMessage { client_msg_id, ..SendMessage::new(id, room, Content::plain("text")) }
    }

    fn later(ms: u64) -> WireError {
        WireError::from(ErrorCode::RateLimited).retry_after_ms(ms)
    }

    fn wait(turns: &mut Turns, now: Instant, send: &SendMessage) -> Option<u64> {
        turns.check(now, send).err().and_then(|error| error.retry_after_ms)
    }

    #[test]
    fn what_was_refused_goes_first_in_its_room() {
        let (mut turns, start) = (Turns::default(), Instant::now());
        let at = |ms| start + Duration::from_millis(ms);
        turns.refused(start, &send("r", "a"), &later(50));
        assert_eq!(wait(&mut turns, at(10), &send("r", "b")), Some(40), "until the first may come");
        assert_eq!(wait(&mut turns, at(10), &send("other", "b")), None);
        assert_eq!(
            wait(&mut turns, at(60), &send("r", "b")),
            Some(1_990),
            "until nobody waits for it any more"
        );
        assert_eq!(wait(&mut turns, at(70), &send("r", "a")), None);
        assert_eq!(wait(&mut turns, at(70), &send("r", "b")), None, "it has come");
    }

    #[test]
    fn a_message_that_never_comes_again_is_not_waited_for_without_end() {
        let (mut turns, start) = (Turns::default(), Instant::now());
        turns.refused(start, &send("r", "a"), &later(50));
        let end = start + Duration::from_millis(50) + ROUND_TRIP;
        assert_eq!(wait(&mut turns, end, &send("r", "b")), None);
        assert!(turns.0.is_empty());
    }

    #[test]
    fn what_cannot_come_again_or_has_no_name_is_not_waited_for() {
        let (mut turns, now) = (Turns::default(), Instant::now());
        turns.refused(now, &send("r", "a"), &WireError::from(ErrorCode::Forbidden));
        turns.refused(now, &SendMessage { client_msg_id: None, ..send("r", "a") }, &later(50));
        assert!(turns.0.is_empty());
        for n in 0..MAX_ROOMS + 1 {
            turns.refused(now, &send(&format!("r{n}"), "a"), &later(50));
        }
        assert_eq!(turns.0.len(), MAX_ROOMS);
    }
}
