//! The socket of helpdesk: for receiving, and for telling each other what is not stored.

use super::{
    Client, ClientFrame, Data, DataForm, Desk, Direction, MAX_UPLOAD, Message, Refusal, ServerFrame, Status,
    UTC_OFFSET_MINUTES, Uuid, is_organization, upload_path,
};
use crate::dialect::codec::{
    Asked, Audience, Delivery, DeskFacts, Dialect, Done, File, Handshake, MessageNews, News, Opening, Parts,
    Place, Right, RoomFacts, RoomName, Seat, Strangers, What,
};
use crate::dialect::{Secret, Zoned};
use crate::{ErrorCode, Text, Timestamp, UserId, WireError, decode, encode};

/// The socket `/ws/chat/<organization>/` (dialect reference, section 7).
///
/// It has no words for deletions, receipts, typing, presence and sockets; for rooms that are no support case; for
/// content that has neither a text nor a file; and for further files than a message's first. A refused frame has no
/// answer.
///
/// Whatever a client sends is handed to everyone in the organization, and none of it is checked against a room: all three
/// events are for agents alone, so that every frame needs [`Right::Agent`], unless the operator opened the organization to
/// whoever connects.
///
/// ```
/// use chat_protocol::dialect::helpdesk::Helpdesk;
/// use chat_protocol::dialect::{Dialect, Handshake, Place, Right, Seat, What};
/// use chat_protocol::{Timestamp, UserId};
/// let helpdesk = Helpdesk::default();
/// let handshake = Handshake { path: "/ws/chat/acme/", query: &[], headers: &[] };
/// let place = helpdesk.open(&handshake).unwrap().place;
/// assert_eq!(place, Place::Organization("acme".to_owned()));
/// let me = UserId::new("1").unwrap();
/// let seat = Seat { place: &place, me: Some(&me) };
/// let frame = r#"{"type":"new_message","data":"any JSON"}"#;
/// let asked = helpdesk.decode(seat, frame.as_bytes(), Timestamp::default());
/// assert_eq!(asked.what, What::Relay { frame: frame.into(), right: Right::Agent });
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Helpdesk {
    /// How `data` is written: the option `helpdesk.data`.
    pub data: DataForm,
    /// Whoever connects hears everything of an organization and may speak to all of it, as in the original: the option
    /// `helpdesk.open`. Without it only agents are let in.
    pub open: bool,
    /// Minutes east of UTC in which times are written, -1,559 to 1,559: the option `helpdesk.utc_offset`.
    pub utc_offset_minutes: i16,
    /// Greatest size of an upload in bytes: the option `helpdesk.max_upload`.
    pub max_upload: u64,
    /// Whether each message that came over HTTP is answered by a made up one of the desk's client, as in the demonstration
    /// of the original: the option `helpdesk.auto_reply`.
    pub auto_reply: bool,
}

impl Default for Helpdesk {
    fn default() -> Self {
        Self {
            data: DataForm::default(),
            open: false,
            utc_offset_minutes: UTC_OFFSET_MINUTES,
            max_upload: MAX_UPLOAD,
            auto_reply: false,
        }
    }
}

impl Dialect for Helpdesk {
    fn name(&self) -> &'static str {
        "helpdesk"
    }

    fn open(&self, handshake: &Handshake<'_>) -> Option<Opening> {
        let ["ws", "chat", organization] = handshake.segments()[..] else { return None };
        let found = Self::token(handshake);
        let refused = || Strangers::Refused { status: 403, body: encode(&Refusal::Unauthenticated.body()) };
        is_organization(organization).then(|| Opening {
            place: Place::Organization(organization.to_owned()),
            token: found.map(|token| Secret(token.to_owned())),
            protocol: None,
            strangers: if self.open { Strangers::Admitted } else { refused() },
        })
    }

    fn turn_away(&self, code: ErrorCode) -> Option<Strangers> {
        let refusal = Refusal::of(code);
        Some(Strangers::Refused { status: refusal.status(), body: encode(&refusal.body()) })
    }

    fn room(&self, _: &Place, _: &UserId) -> Option<RoomName> {
        None
    }

    fn decode(&self, seat: Seat<'_>, frame: &[u8], _: Timestamp) -> Asked {
        let right = if self.open { Right::Anyone } else { Right::Agent };
        match decode(frame) {
            Ok(ClientFrame::Relay(relay)) if self.open || seat.me.is_some() => {
                What::Relay { frame: encode(&ServerFrame::Relay(relay)), right }
            }
            _ => What::Ignored,
        }
        .into()
    }

    fn answer(&self, _: Seat<'_>, _: &Asked, _: Result<&Done, &WireError>, _: Timestamp) -> Option<Text> {
        None
    }

    fn encode(&self, news: &News<'_>) -> Option<Text> {
        Some(encode(&match news {
            News::Message(news) => ServerFrame::NewMessage(self.data(self.message(news)?)),
            News::Edited(news) => ServerFrame::UpdateMessage(self.data(self.message(news)?)),
            News::Desk(room) => ServerFrame::UpdateHelpdesk(self.data(self.desk(room)?)),
            _ => return None,
        }))
    }

    fn audience(&self, _: &News<'_>) -> Audience {
        Audience::All
    }

    fn understands(&self, frame: &[u8]) -> bool {
        matches!(decode(frame), Ok(frame) if !matches!(frame, ServerFrame::Unknown { .. }))
    }

    fn as_any(&self) -> &dyn std::any::Any {
        self
    }
}

/// Where a file is read.
fn place_of(file: File) -> String {
    upload_path(&file.url, file.name.as_deref()).unwrap_or(file.url)
}

/// The token of an `Authorization` header.
fn token(header: &str) -> Option<&str> {
    let (scheme, token) = header.trim().split_once(' ')?;
    let known = ["token", "bearer"].iter().any(|known| scheme.eq_ignore_ascii_case(known));
    known.then(|| token.trim_start())
}

impl Helpdesk {
    /// The token that a request brings, in its query or else in its `Authorization` header.
    pub fn token<'h>(handshake: &Handshake<'h>) -> Option<&'h str> {
        let given = [handshake.query("token"), handshake.header("authorization").and_then(token)];
        given.into_iter().flatten().find(|token| !token.is_empty())
    }

    /// A message as events and lists show it; `None` when its room is no support case, or it has neither a text nor a
    /// file. Its file is where its content says, or for one that was uploaded to this server where this dialect has it.
    pub fn message(&self, news: &MessageNews<'_>) -> Option<Message> {
        self.message_of(news.room.desk.as_ref()?, news)
    }

    /// A support case as events and lists show it; `None` for any other room.
    pub fn desk(&self, room: &RoomFacts<'_>) -> Option<Desk> {
        let desk = room.desk.as_ref()?;
        Some(Desk {
            created_at: self.time(desk.times.0),
            updated_at: self.time(desk.times.1),
            uuid: Uuid(desk.key),
            client: self.client(desk),
            last_message: desk.last.and_then(|last| self.message_of(desk, last)),
        })
    }

    fn message_of(&self, desk: &DeskFacts<'_>, news: &MessageNews<'_>) -> Option<Message> {
        let parts = Parts::of(&news.message.content);
        if parts == Parts::default() {
            return None;
        }
        let message = news.message;
        let received = message.from == desk.client.user;
        let stored = Message {
            created_at: self.time(message.ts),
            updated_at: self.time(message.edited_at.unwrap_or(message.ts)),
            uuid: Uuid(news.names.key),
            // A file of a text's type has an empty one beside it, where others have none.
            text: parts.text.filter(|text| !text.is_empty() || parts.files.is_empty()),
            file: parts.files.into_iter().next().map(place_of),
            direction: if received { Direction::Received } else { Direction::Sent },
            status: Status::Sending,
            desk: Uuid(desk.key),
        };
        Some(match news.delivery {
            Delivery::Sending => stored,
            Delivery::Sent(at) => stored.delivered(at),
        })
    }

    fn client(&self, desk: &DeskFacts<'_>) -> Client {
        Client {
            uuid: Uuid(desk.client_key),
            created_at: self.time(desk.client_times.0),
            updated_at: self.time(desk.client_times.1),
            name: desk.client.full_name().unwrap_or_else(|| desk.client.user.to_string()),
            phone: desk.client.phone.clone().unwrap_or_default(),
        }
    }

    fn time(&self, ts: Timestamp) -> Zoned {
        Zoned { ts, offset_minutes: self.utc_offset_minutes }
    }

    fn data<T>(&self, value: T) -> Data<T> {
        Data { form: self.data, value }
    }
}
