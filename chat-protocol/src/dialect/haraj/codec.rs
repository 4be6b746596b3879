//! The socket of haraj: for receiving only; all that a user does is HTTP.

use super::{
    Auth, ClientFrame, Code, Message, Peer, Presence, Reads, Reply, ReplyData, ServerFrame, TopicForm,
    TopicId, What,
};
use crate::dialect::codec::{
    Asked, Audience, Dialect, Done, Handshake, News, Opening, Place, RoomName, Seat, Strangers, What as Ask,
};
use crate::{ErrorCode, Text, Timestamp, UserId, WireError, decode, encode};

/// The socket `/chat/ws` (dialect reference, section 6).
///
/// It has no words for edits and deletions, which lists show, nor for rooms that have neither two users nor a number.
///
/// ```
/// use chat_protocol::dialect::{Asked, Dialect, Handshake, Place, Seat, What, haraj::Haraj};
/// use chat_protocol::{Timestamp, UserId};
/// let handshake = Handshake { path: "/chat/ws", query: &[], headers: &[] };
/// let haraj = Haraj::default();
/// let place = haraj.open(&handshake).unwrap().place;
/// let me = UserId::new("1").unwrap();
/// let seat = Seat { place: &place, me: Some(&me) };
/// let asked = haraj.decode(seat, br#"{"listen":{"id":"l","peer_id":2}}"#, Timestamp::default());
/// assert_eq!(asked.what, What::Listen { user: UserId::new("2").unwrap(), on: true });
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Haraj {
    /// How the answer to a start names its topic; by default as production clients read it.
    pub topic: TopicForm,
}

impl Dialect for Haraj {
    fn name(&self) -> &'static str {
        "haraj"
    }

    fn open(&self, handshake: &Handshake<'_>) -> Option<Opening> {
        (handshake.segments() == ["chat", "ws"]).then(|| Opening {
            place: Place::Anywhere,
            token: None,
            protocol: None,
            strangers: Strangers::Waited,
        })
    }

    fn room(&self, _: &Place, _: &UserId) -> Option<RoomName> {
        None
    }

    fn decode(&self, seat: Seat<'_>, frame: &[u8], now: Timestamp) -> Asked {
        let Ok(frame) = decode::<ClientFrame>(frame) else { return refused(Code::BadRequest, now) };
        match frame {
            ClientFrame::Unknown(_) => refused(Code::BadRequest, now),
            ClientFrame::Auth(Auth { id, access_token }) => {
                Asked { id: Some(id), what: Ask::Auth { token: access_token, again: false } }
            }
            _ if seat.me.is_none() => refused(Code::InvalidAccessToken, now),
            ClientFrame::Listen(peer) => listen(peer, true),
            ClientFrame::Unlisten(peer) => listen(peer, false),
        }
    }

    fn answer(
        &self,
        seat: Seat<'_>,
        asked: &Asked,
        done: Result<&Done, &WireError>,
        now: Timestamp,
    ) -> Option<Text> {
        let reply = match done {
            Ok(done) => Reply::ok(asked.id.clone(), data(seat, asked, done)?, now),
            Err(error) => Reply::refused(asked.id.clone(), code(error.code), now),
        };
        Some(encode(&ServerFrame::Reply(reply)))
    }

    fn encode(&self, news: &News<'_>) -> Option<Text> {
        let frame = match news {
            News::Message(news) => ServerFrame::Message(Message::of(news)?),
            News::Read { room, by, messages, ts, .. } if !messages.is_empty() => ServerFrame::Reads(Reads {
                from_id: (*by).clone().into(),
                topic_id: TopicId::of_room(room)?,
                seq_ids: messages.iter().map(|names| names.seq).collect(),
                ts: *ts,
            }),
            News::Typing { room, by, stop, ts } => {
                let what = if *stop {
                    What::StopTyping(TopicId::of_room(room)?)
                } else {
                    What::Typing(TopicId::of_room(room)?)
                };
                presence(what, by, *ts)
            }
            News::Presence { user, online, ts } | News::Shown { user, online, changed: true, ts } => {
                presence(if *online { What::Online } else { What::Offline }, user, *ts)
            }
            _ => return None,
        };
        Some(encode(&frame))
    }

    fn audience(&self, news: &News<'_>) -> Audience {
        match news {
            News::Message(_) => Audience::ButSession,
            News::Presence { .. } | News::Shown { .. } => Audience::Listeners,
            _ => Audience::Others,
        }
    }

    fn understands(&self, frame: &[u8]) -> bool {
        matches!(decode(frame), Ok(frame) if !matches!(frame, ServerFrame::Unknown(_)))
    }

    fn as_any(&self) -> &dyn std::any::Any {
        self
    }
}

/// The generic refusal of a frame, which repeats no id.
fn refused(code: Code, now: Timestamp) -> Asked {
    let reply = Reply::refused(None, code, now);
    Ask::Refused(encode(&ServerFrame::Reply(reply))).into()
}

fn listen(peer: Peer, on: bool) -> Asked {
    Asked { id: Some(peer.id), what: Ask::Listen { user: peer.peer_id.0, on } }
}

fn data(seat: Seat<'_>, asked: &Asked, done: &Done) -> Option<ReplyData> {
    if let Done::Authenticated { user, session_id } = done {
        let session_id = Some(session_id.clone());
        return Some(ReplyData::Authenticated { user_id: user.clone().into(), session_id });
    }
    let Ask::Listen { user, .. } = &asked.what else { return None };
    let (user_id, peer_id) = (seat.me?.clone().into(), user.clone().into());
    Some(match done {
        Done::Listening { online } => ReplyData::Listening { user_id, peer_id, is_online: *online },
        _ => ReplyData::Unlistened { user_id, peer_id },
    })
}

/// What this format calls a refusal on the socket.
fn code(code: ErrorCode) -> Code {
    match code {
        ErrorCode::InvalidToken | ErrorCode::TokenExpired | ErrorCode::NotAuthenticated => {
            Code::InvalidAccessToken
        }
        ErrorCode::Forbidden | ErrorCode::NotFound => Code::ForbiddenAccess,
        ErrorCode::RateLimited | ErrorCode::LimitReached => Code::TooManyRequests,
        ErrorCode::BadRequest => Code::BadRequest,
        _ => Code::ServerInternal,
    }
}

fn presence(what: What, from: &UserId, ts: Timestamp) -> ServerFrame {
    ServerFrame::Presence(Presence { what, from_id: from.clone().into(), ts })
}
