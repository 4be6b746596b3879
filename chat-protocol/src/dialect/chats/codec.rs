//! The socket of chats.

use serde::{Deserialize, Serialize};

use super::file::linked;
use super::{
    BadInput, Chat, ClientFrame, Detail, EditMessage, HttpError, MessageEvent, MessageId, MessageRef,
    NewMessage, Presence, ProjectId, ReadEvent, ServerFrame, TYPING_TTL, TypingEvent, offered_bearer,
    subprotocol_token, token,
};
use crate::dialect::codec::{
    Asked, Audience, Dialect, Done, Handshake, MAX_FILES, MessageName, MessageNames, NOT_AUTHOR, News,
    Opening, Parts, Place, RoomFacts, RoomName, Seat, Strangers, What,
};
use crate::dialect::{Seconds, Secret};
use crate::{ErrorCode, RoomId, RoomNumber, Text, Timestamp, UserId, WireError, decode, encode};

/// Who hears of a user's presence: the option `chats.presence_scope`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PresenceScope {
    /// Every socket of the dialect, as documented.
    #[default]
    All,
    /// The sockets of users who share a room with the user.
    SharedRooms,
}

/// The socket `/ws/chats/`, also `/ws/chat/` (dialect reference, section 4).
///
/// It has no words for the end of typing, sockets of a room and support cases; for rooms that have neither two users
/// nor a number; and for content that has neither a text nor a file. Commands that succeed have no answer but the news
/// that they make.
///
/// ```
/// use chat_protocol::dialect::chats::{Chats, PresenceScope};
/// use chat_protocol::dialect::{Asked, Dialect, Handshake, MessageName, RoomName, Seat, What};
/// use chat_protocol::{RoomId, Timestamp, UserId};
/// let chats = Chats { presence_scope: PresenceScope::SharedRooms };
/// let place = chats.open(&Handshake { path: "/ws/chats/", query: &[], headers: &[] }).unwrap().place;
/// let (me, peer) = (UserId::new("1").unwrap(), UserId::new("2").unwrap());
/// let seat = Seat { place: &place, me: Some(&me) };
/// let frame = br#"{"type":"message_read","content":{"chat_type":"direct","chat_id":"1_2","message_id":17}}"#;
/// let room = RoomName::Id(RoomId::direct(&me, &peer));
/// let asked = chats.decode(seat, frame, Timestamp::default());
/// assert_eq!(asked, Asked::from(What::Read { room, upto: MessageName::Num(17) }));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Chats {
    /// Who hears of a user's presence.
    pub presence_scope: PresenceScope,
}

impl Dialect for Chats {
    fn name(&self) -> &'static str {
        "chats"
    }

    fn open(&self, handshake: &Handshake<'_>) -> Option<Opening> {
        if !matches!(handshake.segments()[..], ["ws", "chats" | "chat"]) {
            return None;
        }
        let token = found_token(handshake);
        let missing = if token.is_none() { HttpError::NoCredentials } else { HttpError::Forbidden };
        Some(Opening {
            place: Place::Anywhere,
            token,
            protocol: handshake.header("sec-websocket-protocol").and_then(offered_bearer),
            strangers: Strangers::Refused { status: 403, body: encode(&Detail::from(missing)) },
        })
    }

    fn turn_away(&self, code: ErrorCode) -> Option<Strangers> {
        let error = HttpError::of(code);
        Some(Strangers::Refused { status: error.status(), body: encode(&Detail::from(error)) })
    }

    fn room(&self, _: &Place, _: &UserId) -> Option<RoomName> {
        None
    }

    fn decode(&self, seat: Seat<'_>, frame: &[u8], _: Timestamp) -> Asked {
        // Strangers have no socket here.
        let Some(me) = seat.me else { return What::Ignored.into() };
        let asked = ClientFrame::read(frame).and_then(|frame| ask(frame, me));
        asked.unwrap_or_else(|bad| What::Refused(encode(&ServerFrame::from(bad)))).into()
    }

    fn answer(
        &self,
        seat: Seat<'_>,
        asked: &Asked,
        done: Result<&Done, &WireError>,
        _: Timestamp,
    ) -> Option<Text> {
        let bad = refusal(seat.me?, &asked.what, done.err()?);
        Some(encode(&ServerFrame::from(bad)))
    }

    fn encode(&self, news: &News<'_>) -> Option<Text> {
        Some(encode(&match news {
            News::Message(news) => ServerFrame::NewMessage(Box::new(MessageEvent::of(news)?)),
            News::Edited(news) => ServerFrame::EditMessage(Box::new(MessageEvent::of(news)?)),
            News::Deleted { room, message } => {
                let (chat, message_id) = (Chat::of_room(room)?, MessageId::new(message.num)?);
                ServerFrame::DeleteMessage(MessageRef { chat, message_id })
            }
            News::Read { room, by, named, .. } => read(room, by, *named)?,
            News::Typing { room, by, stop: false, ts } => ServerFrame::UserTyping(TypingEvent {
                chat: Chat::of_room(room)?,
                user_id: (*by).clone().into(),
                end_time: Seconds(typing_until(*ts)),
            }),
            News::Presence { user, online, .. } | News::Shown { user, online, .. } => {
                let presence = Presence { user_id: (*user).clone().into() };
                if *online { ServerFrame::SetOnline(presence) } else { ServerFrame::SetOffline(presence) }
            }
            _ => return None,
        }))
    }

    /// The other messages that became read, after the one that was named.
    fn encode_more(&self, news: &News<'_>) -> Vec<Text> {
        let News::Read { room, by, named, messages, .. } = news else { return Vec::new() };
        let others = messages.iter().filter(|message| *message != named);
        others.filter_map(|message| read(room, by, *message)).map(|frame| encode(&frame)).collect()
    }

    /// The original answers each frame, and clients wait for that.
    fn repeats_reads(&self) -> bool {
        true
    }

    fn audience(&self, news: &News<'_>) -> Audience {
        match (news, self.presence_scope) {
            (News::Typing { room, .. }, _) if room.id.direct_pair().is_some() => Audience::Others,
            (News::Presence { .. }, PresenceScope::All) => Audience::EveryoneElse,
            (News::Presence { .. }, PresenceScope::SharedRooms) => Audience::OtherCompanions,
            (News::Shown { .. }, PresenceScope::All) => Audience::Everyone,
            (News::Shown { .. }, PresenceScope::SharedRooms) => Audience::Companions,
            _ => Audience::All,
        }
    }

    fn understands(&self, frame: &[u8]) -> bool {
        matches!(decode(frame), Ok(frame) if !matches!(frame, ServerFrame::Unknown { .. }))
    }

    fn as_any(&self) -> &dyn std::any::Any {
        self
    }
}

/// The token of the first place that has one: the newest clients' first.
fn found_token(handshake: &Handshake<'_>) -> Option<Secret> {
    let offered = handshake.header("sec-websocket-protocol").and_then(subprotocol_token);
    let given = [handshake.query("token"), handshake.header("authorization")];
    let mut all = offered.into_iter().chain(given.into_iter().flatten().map(token));
    all.find(|token| !token.is_empty()).map(|token| Secret(token.to_owned()))
}

fn ask(frame: ClientFrame, me: &UserId) -> Result<What, BadInput> {
    Ok(match frame {
        ClientFrame::NewMessage(message) => send(message, me)?,
        ClientFrame::UserTyping(chat) => What::Typing { room: room(&chat, me)?, stop: false },
        ClientFrame::MessageRead(MessageRef { chat, message_id }) => {
            What::Read { room: room(&chat, me)?, upto: name(message_id) }
        }
        ClientFrame::DeleteMessage(MessageRef { chat, message_id }) => {
            What::Delete { room: room(&chat, me)?, message: name(message_id) }
        }
        ClientFrame::EditMessage(EditMessage { chat, message_id, text }) => {
            What::Rewrite { room: room(&chat, me)?, message: name(message_id), text }
        }
        ClientFrame::SetOnline => What::Show { online: true },
        ClientFrame::SetOffline => What::Show { online: false },
        ClientFrame::Unknown { .. } => What::Ignored,
    })
}

fn send(message: NewMessage, me: &UserId) -> Result<What, BadInput> {
    let NewMessage { chat, text, reply_to, file_urls } = message;
    if file_urls.len() > MAX_FILES {
        return Err(BadInput::TooManyFiles(file_urls.len()));
    }
    let parts = Parts { text: Some(text), files: file_urls.into_iter().map(linked).collect() };
    let room = room(&chat, me)?;
    Ok(What::Send { room, content: parts.into_content(), reply_to: reply_to.map(name) })
}

fn room(chat: &Chat, me: &UserId) -> Result<RoomName, BadInput> {
    match chat {
        Chat::Direct(pair) => Ok(RoomName::Id(RoomId::direct(me, &Chat::peer(pair, me)?))),
        Chat::Project(project) => RoomNumber::new(project.get())
            .map(RoomName::Number)
            .ok_or_else(|| BadInput::NotInProject { user: me.clone(), project: *project }),
    }
}

fn name(message: MessageId) -> MessageName {
    MessageName::Num(message.get())
}

/// What this format calls a refusal of what `me` asked.
fn refusal(me: &UserId, asked: &What, error: &WireError) -> BadInput {
    let named = asked.message().and_then(|name| match name {
        MessageName::Num(num) => MessageId::new(num),
        _ => None,
    });
    let (user, chat) = (me.clone(), asked.room().and_then(chat));
    let is_others = error.detail.as_deref() == Some(NOT_AUTHOR);
    match (error.code, asked, named, chat) {
        (ErrorCode::NotFound, _, _, Some(Chat::Direct(_))) => BadInput::NoUser,
        // Members are told what they may not do there, others are not even told that the room exists.
        (ErrorCode::Forbidden, _, _, Some(chat)) if error.detail.is_none() => match chat {
            Chat::Direct(chat) => BadInput::NotMember { user, chat },
            Chat::Project(project) => BadInput::NotInProject { user, project },
        },
        (ErrorCode::Forbidden, What::Rewrite { .. }, Some(message), _) if is_others => {
            BadInput::EditOfOther { user, message }
        }
        (ErrorCode::Forbidden, What::Delete { .. }, Some(message), _) if is_others => {
            BadInput::DeleteOfOther { user, message }
        }
        (ErrorCode::MessageNotFound, What::Send { .. }, Some(message), Some(chat)) => {
            BadInput::ReplyElsewhere { message, chat: chat.to_string() }
        }
        (ErrorCode::MessageNotFound, _, Some(_), _) => BadInput::WrongIds,
        _ => {
            let reason = error.detail.as_deref().unwrap_or_else(|| error.code.sentence());
            BadInput::Refused(reason.to_owned())
        }
    }
}

/// The chat of a room that a frame named.
fn chat(room: &RoomName) -> Option<Chat> {
    match room {
        RoomName::Id(id) => id.direct_pair().map(|(a, b)| Chat::direct(&a, &b)),
        RoomName::Number(number) => ProjectId::new(number.get()).map(Chat::Project),
        RoomName::Alias(_) => None,
    }
}

fn read(room: &RoomFacts<'_>, by: &UserId, message: MessageNames) -> Option<ServerFrame> {
    Some(ServerFrame::MessageRead(ReadEvent {
        chat: Chat::of_room(room)?,
        user_id: by.clone().into(),
        message_id: MessageId::new(message.num)?,
    }))
}

fn typing_until(said: Timestamp) -> Timestamp {
    let ttl = i64::try_from(TYPING_TTL.as_micros()).unwrap_or(i64::MAX);
    Timestamp::from_micros(said.as_micros().saturating_add(ttl))
}
