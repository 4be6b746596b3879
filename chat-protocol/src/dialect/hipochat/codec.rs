//! The socket of hipochat: one for each room.

use super::{
    ClientFrame, Entry, ErrorFrame, Item, ItemForm, MessageFrame, OBJECT, OldMessage, Profile, Refusal,
    RoomToken, ServerFrame, header_token,
};
use crate::dialect::codec::{
    Asked, Audience, Dialect, Done, Handshake, MessageNews, News, Opening, Place, Profile as Known, RoomName,
    Seat, Strangers, What, plain_text,
};
use crate::dialect::{Json, Object, Seconds, Secret};
use crate::{Content, ErrorCode, Text, Timestamp, UserId, WireError, decode, encode, limits};

/// The socket `/talk/chat/<token>/` (dialect reference, section 5).
///
/// It has no words for edits, deletions, receipts, typing, presence, support cases and sockets that come and go, nor for
/// a message of another dialect without a text or an address to show, nor for rooms that have no token.
///
/// ```
/// use chat_protocol::dialect::{Dialect, Handshake, RoomName, Seat, What, hipochat::Hipochat};
/// use chat_protocol::{Timestamp, UserId};
/// let handshake = Handshake { path: "/talk/chat/r1/", query: &[], headers: &[] };
/// let place = Hipochat::default().open(&handshake).unwrap().place;
/// let me = UserId::new("1").unwrap();
/// let seat = Seat { place: &place, me: Some(&me) };
/// let frame = br#"{"message":"hello","author":"ann"}"#;
/// let What::Send { room, content, .. } = Hipochat::default().decode(seat, frame, Timestamp::default()).what else {
///     panic!("any object is a message");
/// };
/// assert_eq!(room, RoomName::Alias("r1".to_owned()));
/// assert_eq!((content.kind.as_str(), content.payload.get().as_bytes()), ("application/json", &frame[..]));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Hipochat {
    item_body: bool,
}

impl Hipochat {
    /// Setting `hipochat.item_body`: items have `type`, `author` and `body` beside `injected`, for later clients. Default:
    /// false.
    #[must_use]
    pub fn item_body(mut self, on: bool) -> Self {
        self.item_body = on;
        self
    }
}

impl Dialect for Hipochat {
    fn name(&self) -> &'static str {
        "hipochat"
    }

    fn open(&self, handshake: &Handshake<'_>) -> Option<Opening> {
        let ["talk", "chat", room] = *handshake.segments() else { return None };
        RoomToken::new(room).ok()?;
        let some = |token: &&str| !token.is_empty();
        let header = || header_token(handshake.header("authorization")?);
        let token = handshake.query("token").filter(some).or_else(header);
        Some(Opening {
            place: Place::Room(room.to_owned()),
            token: token.map(|token| Secret(token.to_owned())),
            protocol: None,
            strangers: Strangers::Told(refused(Refusal::Authentication)),
        })
    }

    fn turn_away(&self, code: ErrorCode) -> Option<Strangers> {
        let reason = match code {
            ErrorCode::RateLimited => "too many requests, try again later",
            _ => "not available, try again later",
        };
        Some(Strangers::Told(refused(Refusal::Reason(reason.to_owned()))))
    }

    fn room(&self, place: &Place, _: &UserId) -> Option<RoomName> {
        room(place)
    }

    fn decode(&self, seat: Seat<'_>, frame: &[u8], _: Timestamp) -> Asked {
        let (Some(_), Some(room)) = (seat.me, room(seat.place)) else { return What::Ignored.into() };
        match decode(frame) {
            Ok(frame) => What::Send { room, content: content(frame), reply_to: None },
            // What breaks a limit is not looked at, and its sender hears of it.
            Err(error) if matches!(error.code, ErrorCode::TooLarge | ErrorCode::TooDeep) => {
                What::Refused(refused(refusal(&error)))
            }
            Err(_) => What::Ignored,
        }
        .into()
    }

    fn answer(
        &self,
        _: Seat<'_>,
        asked: &Asked,
        done: Result<&Done, &WireError>,
        _: Timestamp,
    ) -> Option<Text> {
        match (&asked.what, done) {
            (What::Send { .. }, Err(error)) => Some(refused(refusal(error))),
            _ => None,
        }
    }

    fn encode(&self, news: &News<'_>) -> Option<Text> {
        let News::Message(news) = news else { return None };
        let told = |author: &Known| Some(encode(&self.frame(news, Profile::of(author))?));
        let frame = told(news.author)?;
        // The directory may know more of a user than a frame has room for.
        if frame.len() <= limits::MAX_FRAME {
            return Some(frame);
        }
        told(&Known::nameless(news.author.user.clone()))
    }

    fn audience(&self, _: &News<'_>) -> Audience {
        // The echo is all that the original's own page shows.
        Audience::All
    }

    fn understands(&self, frame: &[u8]) -> bool {
        decode::<ServerFrame>(frame).is_ok()
    }

    fn as_any(&self) -> &dyn std::any::Any {
        self
    }
}

impl Hipochat {
    /// A message or an item as its room's sockets are told of it, and as a [`Push`](super::Push) is made of it; `None` when
    /// the room has no token, or a message of another dialect has neither a text nor an address to show.
    pub fn message(&self, news: &MessageNews<'_>) -> Option<ServerFrame> {
        self.frame(news, Profile::of(news.author))
    }

    /// The same as lists of old messages show it, with times in seconds or in whole seconds; `None` also when it was
    /// deleted.
    ///
    /// ```
    /// use chat_protocol::dialect::hipochat::{Entry, Hipochat};
    /// use chat_protocol::dialect::{Delivery, MessageNames, MessageNews, Profile, RoomFacts, WholeSeconds};
    /// use chat_protocol::{Content, Message, Offset, RoomId, Seq, Timestamp, UserId};
    /// let (ann, room, seq) = (UserId::new("1").unwrap(), RoomId::new("r").unwrap(), Seq::new(41).unwrap());
    /// let content = Content::new("application/json", &serde_json::json!({"message": "hi", "author": "ann"}));
    /// let ts = Timestamp::from_micros(1_414_768_486_196_569);
    /// let message = Message::new(room.clone(), Offset::new(57).unwrap(), seq, ann.clone(), content, ts);
    /// let news = MessageNews {
    ///     room: RoomFacts { id: &room, number: None, alias: Some("r1"), desk: None },
    ///     message: &message,
    ///     names: MessageNames { seq, num: 61, key: [9; 16] },
    ///     author: &Profile::nameless(ann),
    ///     reply: None,
    ///     recipients: &[],
    ///     delivery: Delivery::Sending,
    /// };
    /// let entry: Entry<WholeSeconds> = Hipochat::default().entry(&news).unwrap();
    /// let json = r#"{"author":"ann","message":"hi","timestamp":1414768486}"#;
    /// assert_eq!(serde_json::to_string(&entry).unwrap(), json);
    /// ```
    pub fn entry<T: From<Timestamp>>(&self, news: &MessageNews<'_>) -> Option<Entry<T>> {
        if news.message.deleted_at.is_some() {
            return None;
        }
        let timestamp = T::from(news.message.ts);
        match self.message(news)? {
            ServerFrame::Message(frame) => {
                Some(Entry::Message(OldMessage::new(frame.into_object(), timestamp)))
            }
            ServerFrame::Item(Item { token, injected, form, .. }) => {
                Some(Entry::Item(Item { timestamp, token, injected, form }))
            }
            ServerFrame::Error(_) => None,
        }
    }

    fn frame(&self, news: &MessageNews<'_>, author: Profile) -> Option<ServerFrame> {
        let (message, token) = (news.message, RoomToken::new(news.room.alias?).ok()?);
        let Some(object) = object(&message.content) else {
            let text = plain_text(&message.content)?;
            return Some(ServerFrame::Message(MessageFrame::foreign(&text, &author, message.ts, token)));
        };
        if !message.injected {
            let frame = MessageFrame::new(ClientFrame(object), &author, message.ts, token);
            return Some(ServerFrame::Message(frame));
        }
        let form = if self.item_body { ItemForm::WithBody { author } } else { ItemForm::Injected };
        Some(ServerFrame::Item(Item { timestamp: Seconds(message.ts), token, injected: object, form }))
    }
}

/// A room is known by its token, whichever kind it is of.
fn room(place: &Place) -> Option<RoomName> {
    match place {
        Place::Room(token) => Some(RoomName::Alias(token.clone())),
        _ => None,
    }
}

/// What is stored of a client's frame. The server's `token` would take the place of the client's, which may be a secret.
fn content(ClientFrame(mut object): ClientFrame) -> Content {
    object.remove("token");
    Content { kind: OBJECT.to_owned(), payload: Json::of(&object).0 }
}

/// The object that a client made up.
fn object(content: &Content) -> Option<Object> {
    let payload = (content.kind == OBJECT).then(|| content.payload.get())?;
    serde_json::from_str(payload).ok()
}

fn refused(error: Refusal) -> Text {
    encode(&ServerFrame::Error(ErrorFrame { error }))
}

/// What this dialect says of a refusal: the reason that was given, else words for people.
fn refusal(error: &WireError) -> Refusal {
    let reason = match error.code {
        ErrorCode::NotAuthenticated | ErrorCode::InvalidToken | ErrorCode::TokenExpired => {
            return Refusal::Authentication;
        }
        ErrorCode::RateLimited | ErrorCode::LimitReached => "too many messages",
        ErrorCode::Forbidden | ErrorCode::NotFound => "not allowed in this room",
        ErrorCode::TooLarge | ErrorCode::TooDeep => "message too large",
        _ => "message not stored, try again later",
    };
    Refusal::Reason(error.detail.clone().unwrap_or_else(|| reason.to_owned()))
}
