//! The socket of tndata: one for each conversation.

use super::{
    Address, ClientFrame, FromId, FromIdForm, Notice, PAIR, Refusal, ServerFrame, SystemText, UserMessage,
    address, authorization_token, avatar, room_name, shown::name,
};
use crate::dialect::Secret;
use crate::dialect::codec::{
    Asked, Audience, Dialect, Done, Handshake, MessageName, MessageNews, News, Opening, Place, RoomFacts,
    RoomName, Seat, Strangers, What, plain_text,
};
use crate::{Content, ErrorCode, RoomId, Text, Timestamp, UserId, WireError, decode, encode};

/// The sockets `/`, `/chat/` and `/chat/<peer>/` (dialect reference, section 3).
///
/// Haraj's `/chat/ws` looks like the socket of a peer: a server of both asks haraj first. A handshake that names what can
/// be neither a user nor a room is not this dialect's.
///
/// It has no words for edits, deletions, receipts, typing, support cases and presence, nor for a message without a text
/// or an address to show. What the server itself writes into a room is a frame from `system`.
///
/// ```
/// use chat_protocol::dialect::{Dialect, Handshake, MessageName, RoomName, Seat, What, tndata::TnData};
/// use chat_protocol::{RoomId, Timestamp, UserId};
/// let handshake = Handshake { path: "/chat/2/", query: &[], headers: &[] };
/// let place = TnData::default().open(&handshake).unwrap().place;
/// let (me, peer) = (UserId::new("1").unwrap(), UserId::new("2").unwrap());
/// let seat = Seat { place: &place, me: Some(&me) };
/// let receipt = br#"{"received":"584d07235fb9e4f2ab2a2c0c24142180"}"#;
/// let What::Read { room, upto: MessageName::Key(_) } =
///     TnData::default().decode(seat, receipt, Timestamp::default()).what
/// else {
///     panic!("a receipt asks to move the read pointer");
/// };
/// assert_eq!(room, RoomName::Id(RoomId::direct(&me, &peer)));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TnData {
    from_id: FromIdForm,
}

impl TnData {
    /// Setting `tndata.from_id`: in which form messages tell their sender. Default: a number when the id is one.
    #[must_use]
    pub fn from_id(mut self, form: FromIdForm) -> Self {
        self.from_id = form;
        self
    }
}

impl Dialect for TnData {
    fn name(&self) -> &'static str {
        "tndata"
    }

    fn open(&self, handshake: &Handshake<'_>) -> Option<Opening> {
        let peer = peer(handshake)?;
        let place = address::place(handshake.header("x-room"), handshake.query("room"), peer).ok()?;
        let some = |token: &&str| !token.is_empty();
        let header = || authorization_token(handshake.header("authorization")?);
        let token = handshake.query("token").filter(some).or_else(header);
        Some(Opening {
            place,
            token: token.map(|token| Secret(token.to_owned())),
            protocol: None,
            strangers: Strangers::Waited,
        })
    }

    fn takes_cookies(&self) -> bool {
        true
    }

    fn claims(&self, id: &RoomId) -> bool {
        PAIR.is_name(id.as_str())
    }

    fn room(&self, place: &Place, me: &UserId) -> Option<RoomName> {
        room(place, me).map(RoomName::Id)
    }

    fn decode(&self, seat: Seat<'_>, frame: &[u8], _: Timestamp) -> Asked {
        let asked = decode(frame).ok().and_then(|frame| match seat.me {
            Some(me) => by_user(frame, RoomName::Id(room(seat.place, me)?)),
            None => by_stranger(&frame),
        });
        asked.unwrap_or(What::Ignored).into()
    }

    fn answer(
        &self,
        seat: Seat<'_>,
        asked: &Asked,
        done: Result<&Done, &WireError>,
        _: Timestamp,
    ) -> Option<Text> {
        let (What::Send { .. }, Err(error)) = (&asked.what, done) else { return None };
        let room = room(seat.place, seat.me?)?;
        let text = SystemText::NotSent(refusal(error.code)?);
        let room = room_name(&RoomFacts { id: &room, number: None, alias: None, desk: None });
        Some(encode(&ServerFrame::Notice(Notice::new(room, &text))))
    }

    fn encode(&self, news: &News<'_>) -> Option<Text> {
        let frame = match news {
            News::Message(news) => self.message(news)?,
            News::Socket { room, user, opened } => {
                let text = if *opened { SystemText::Joined } else { SystemText::Left };
                ServerFrame::Notice(Notice::new(room_name(room), &text(name(user))))
            }
            _ => return None,
        };
        Some(encode(&frame))
    }

    fn audience(&self, _: &News<'_>) -> Audience {
        // The echo is how a client knows that its message was stored, and its own arrival is its first frame.
        Audience::All
    }

    fn understands(&self, frame: &[u8]) -> bool {
        decode::<ServerFrame>(frame).is_ok()
    }

    fn as_any(&self) -> &dyn std::any::Any {
        self
    }
}

impl TnData {
    /// A message as its room's sockets are told of it; `None` when it has neither a text nor an address to show.
    pub fn message(&self, news: &MessageNews<'_>) -> Option<ServerFrame> {
        let (message, text) = (news.message, plain_text(&news.message.content)?);
        if message.from.is_system() {
            return Some(ServerFrame::Notice(Notice { room: Some(room_name(&news.room)), text }));
        }
        Some(ServerFrame::Message(UserMessage {
            from_id: FromId::new(message.from.clone(), self.from_id),
            from: name(news.author),
            text,
            avatar: avatar(news.author.avatar.as_deref()).to_owned(),
            digest: news.names.key.into(),
        }))
    }
}

/// The peer in the path of a handshake, if it names one; `None` when the path is another dialect's.
fn peer<'a>(handshake: &Handshake<'a>) -> Option<Option<&'a str>> {
    match *handshake.segments() {
        [""] if handshake.path.len() <= 1 => Some(None),
        ["chat"] => Some(None),
        ["chat", peer] => Some(Some(peer)),
        _ => None,
    }
}

fn room(place: &Place, me: &UserId) -> Option<RoomId> {
    Address::of_place(place, me)?.room(me).ok()
}

fn by_user(frame: ClientFrame, room: RoomName) -> Option<What> {
    Some(match frame {
        ClientFrame::Message(message) => {
            What::Send { room, content: Content::plain(message.text), reply_to: None }
        }
        ClientFrame::Receipt(receipt) => What::Read { room, upto: MessageName::Key(receipt.digest()?.0) },
    })
}

/// All that a stranger's frame can do is to bring a token; what it asks besides is looked at after that.
fn by_stranger(frame: &ClientFrame) -> Option<What> {
    let token = frame.token().filter(|token| !token.is_empty())?;
    Some(What::Auth { token: Secret(token.to_owned()), again: true })
}

/// What this dialect calls the refusal of a message; `None` for strangers, to whom it says nothing.
fn refusal(code: ErrorCode) -> Option<Refusal> {
    match code {
        ErrorCode::NotAuthenticated
        | ErrorCode::InvalidToken
        | ErrorCode::TokenExpired
        | ErrorCode::SessionRevoked => None,
        ErrorCode::RateLimited | ErrorCode::LimitReached => Some(Refusal::Rate),
        ErrorCode::Forbidden | ErrorCode::NotFound => Some(Refusal::Blocked),
        ErrorCode::TooLarge => Some(Refusal::TooLong),
        _ => Some(Refusal::Storage),
    }
}
