//! Commands about messages.

use serde::{Deserialize, Serialize};

use crate::skip::is_no;
use crate::{ClientMsgId, Content, Emoji, Mentions, RequestId, RoomId, Seq, Timestamp, UserId, short_digest};

/// Writes a message. Answered, once it is durable, with `{"seq","offset","duplicate","ts"}`; one with `send_at` with
/// `{"send_at","duplicate"}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SendMessage {
    /// Repeated in the reply.
    pub id: RequestId,
    /// The room.
    pub room: RoomId,
    /// My name for the message. Sent again with the same body it gives the first answer again, with another body a
    /// conflict; without it a retry may store the message twice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_msg_id: Option<ClientMsgId>,
    /// What to write, at most 16 KiB.
    pub content: Content,
    /// Number of the message that this one answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<Seq>,
    /// Number of the message whose thread this one belongs to. It is not counted in the room's main line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thread: Option<Seq>,
    /// Whom it calls.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mentions: Option<Mentions>,
    /// Send it then, with the number, the time and the rights of that moment. Needs a `client_msg_id`, by which `cancel`
    /// names it. Where I may not write by then, nothing is sent, and a `user` packet with `cancelled` tells all my devices.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub send_at: Option<Timestamp>,
    /// Whose message it is, instead of mine. Only an operator says so; `~system` is the server itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<UserId>,
}

impl SendMessage {
    /// A message with what every message needs.
    pub fn new(id: RequestId, room: RoomId, content: Content) -> Self {
        Self {
            id,
            room,
            client_msg_id: None,
            content,
            reply_to: None,
            thread: None,
            mentions: None,
            send_at: None,
            from: None,
        }
    }

    /// 128 bits over everything that makes the body: two sends under one `client_msg_id` must agree in them.
    pub fn digest(&self) -> [u8; 16] {
        let mut all = self.content.canonical();
        all.extend_from_slice(&self.reply_to.unwrap_or_default().get().to_be_bytes());
        self.digest_rare(&mut all);
        short_digest(&all)
    }

    /// What most messages do not have. A mark before each keeps different ones apart.
    fn digest_rare(&self, all: &mut Vec<u8>) {
        if let Some(root) = self.thread {
            all.push(1);
            all.extend_from_slice(&root.get().to_be_bytes());
        }
        if let Some(mentions) = &self.mentions {
            all.extend_from_slice(&[2, mentions.room.into()]);
            for user in &mentions.users {
                all.extend_from_slice(user.as_str().as_bytes());
                all.push(0xff);
            }
        }
        if let Some(at) = self.send_at {
            all.push(3);
            all.extend_from_slice(&at.as_micros().to_be_bytes());
        }
    }
}

/// Takes back a scheduled message that was not sent yet.
///
/// `ERR_MESSAGE_NOT_FOUND` says that nothing waits under this name: it was sent, which the `message` with it tells, or taken
/// back before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Cancel {
    /// Repeated in the reply.
    pub id: RequestId,
    /// The room.
    pub room: RoomId,
    /// Its name in the `send`.
    pub client_msg_id: ClientMsgId,
    /// Whose message it is, instead of mine. Only an operator says so; its own are those of `~system`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<UserId>,
}

/// Replaces the content of a message of mine. Answered with `{"offset","ts"}`.
///
/// It keeps its number, its place and its mentions; everyone is told by an `edited` packet. The same content again changes
/// nothing and is answered with the position of the last change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Edit {
    /// Repeated in the reply.
    pub id: RequestId,
    /// The room.
    pub room: RoomId,
    /// The message.
    pub seq: Seq,
    /// What it says from now on, at most 16 KiB.
    pub content: Content,
}

/// Deletes a message: mine, or as owner or admin anybody's. Answered with `{"offset","ts"}`, for `for_me` with
/// `{"user_offset","ts"}`.
///
/// Its number stays, its content is gone for everyone. Deleting what is deleted is no error.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Delete {
    /// Repeated in the reply.
    pub id: RequestId,
    /// The room.
    pub room: RoomId,
    /// The message.
    pub seq: Seq,
    /// Hide it from my devices only, whoever wrote it.
    #[serde(default, skip_serializing_if = "is_no")]
    pub for_me: bool,
}

/// Adds my reaction to a message. Answered with `{"offset","ts"}`; the same one again is no error.
///
/// A message takes 20 different reactions, from however many users; one more is `ERR_LIMIT_REACHED`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct React {
    /// Repeated in the reply.
    pub id: RequestId,
    /// The room.
    pub room: RoomId,
    /// The message.
    pub seq: Seq,
    /// The reaction.
    pub emoji: Emoji,
}

/// Takes my reaction back. Answered with `{"offset","ts"}`; one that is not there is no error.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Unreact {
    /// Repeated in the reply.
    pub id: RequestId,
    /// The room.
    pub room: RoomId,
    /// The message.
    pub seq: Seq,
    /// The reaction.
    pub emoji: Emoji,
}
