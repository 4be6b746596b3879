//! Bounds of commands that their types do not hold already.

use crate::command::{Create, Device, Invite, RoomPatch, Search, SendMessage, Set};
use crate::{Command, Desk, ErrorCode, MAX_SAFE, Patch, RoomInfo, Seq, WireError, limits};

impl Command {
    /// Checks the lengths and numbers of a command against [`limits`]; content has a
    /// [check](crate::Content::check) of its own, because its limit is a setting.
    ///
    /// ```
    /// use chat_protocol::{Command, ErrorCode, decode};
    /// let json = format!(r#"{{"search":{{"id":"1","query":"{}"}}}}"#, "x".repeat(300));
    /// let error = decode::<Command>(json.as_bytes()).unwrap().check().unwrap_err();
    /// assert_eq!(error.code, ErrorCode::BadRequest);
    /// assert_eq!(error.detail.as_deref(), Some("query: 300 bytes, at most 256 are allowed"));
    /// ```
    ///
    /// # Errors
    /// `BadRequest`, naming the first field that is out of bounds.
    pub fn check(&self) -> Result<(), WireError> {
        match self {
            Command::Create(create) => create.check(),
            Command::Set(set) => set.check(),
            Command::Invite(invite) => invite.check(),
            Command::Kick(kick) => bytes("reason", kick.reason.as_deref(), limits::MAX_REASON),
            Command::Ban(ban) => bytes("reason", ban.reason.as_deref(), limits::MAX_REASON),
            Command::Send(send) => send.check(),
            Command::Search(search) => search.check(),
            Command::Device(device) => device.check(),
            Command::Revoke(revoke) if revoke.session_id.is_none() && !revoke.others => {
                Err(bad("session_id or others: one of them is needed"))
            }
            Command::Members(members) => page("limit", members.limit),
            Command::Inbox(inbox) => page("limit", inbox.limit),
            Command::Blocks(blocks) => page("limit", blocks.limit),
            Command::Scheduled(scheduled) => page("limit", scheduled.limit),
            Command::History(history) => page("limit", history.query.limit),
            Command::Thread(thread) => {
                message("root", Some(thread.root))?;
                page("limit", thread.query.limit)
            }
            Command::Edit(edit) => message("seq", Some(edit.seq)),
            Command::Delete(delete) => message("seq", Some(delete.seq)),
            Command::React(react) => message("seq", Some(react.seq)),
            Command::Unreact(unreact) => message("seq", Some(unreact.seq)),
            Command::MarkUnread(mark) => message("seq", Some(mark.seq)),
            // Having read nothing is a place to be: their `seq` may be 0.
            Command::Read(read) => message("thread", read.thread),
            Command::Typing(typing) => message("thread", typing.thread),
            _ => Ok(()),
        }
    }
}

impl Create {
    fn check(&self) -> Result<(), WireError> {
        info(&self.info)?;
        count("members", self.members.len(), limits::MAX_CREATE_MEMBERS)?;
        match &self.desk {
            Some(desk) if !Desk::is_organization(&desk.organization) => {
                Err(bad("desk.organization: expected 1 to 128 letters, digits or `_`"))
            }
            _ => Ok(()),
        }
    }
}

impl Set {
    fn check(&self) -> Result<(), WireError> {
        let Some(RoomPatch { name, avatar, topic, custom, message_ttl_s, .. }) = &self.data else {
            return Ok(());
        };
        let (name, avatar, topic) = (text(name), text(avatar), text(topic));
        bytes("data.name", name, limits::MAX_ROOM_NAME)?;
        bytes("data.avatar", avatar, limits::MAX_URL)?;
        bytes("data.topic", topic, limits::MAX_TOPIC)?;
        self::custom("data.custom", custom.value())?;
        lifetime("data.message_ttl_s", message_ttl_s.value())
    }
}

impl Invite {
    fn check(&self) -> Result<(), WireError> {
        if self.users.is_empty() {
            return Err(bad("users: at least one is needed"));
        }
        count("users", self.users.len(), limits::MAX_CREATE_MEMBERS)
    }
}

impl SendMessage {
    fn check(&self) -> Result<(), WireError> {
        message("reply_to", self.reply_to)?;
        message("thread", self.thread)?;
        if self.send_at.is_some() && self.client_msg_id.is_none() {
            return Err(bad("client_msg_id: needed with send_at"));
        }
        let mentioned = self.mentions.as_ref().map_or(0, |mentions| mentions.users.len());
        count("mentions.users", mentioned, limits::MAX_MENTIONS)
    }
}

impl Search {
    fn check(&self) -> Result<(), WireError> {
        if self.query.trim().is_empty() {
            return Err(bad("query: at least one word is needed"));
        }
        bytes("query", Some(&self.query), limits::MAX_SEARCH)?;
        page("limit", self.limit)
    }
}

impl Device {
    fn check(&self) -> Result<(), WireError> {
        bytes("name", text(&self.name), limits::MAX_DEVICE_NAME)?;
        let Some(push) = self.push.value() else { return Ok(()) };
        if push.token.is_empty() {
            return Err(bad("push.token: must not be empty"));
        }
        bytes("push.token", Some(&push.token), limits::MAX_PUSH_TOKEN)?;
        bytes("push.app", push.app.as_deref(), limits::MAX_ROOM_NAME)
    }
}

fn info(info: &RoomInfo) -> Result<(), WireError> {
    bytes("name", info.name.as_deref(), limits::MAX_ROOM_NAME)?;
    bytes("avatar", info.avatar.as_deref(), limits::MAX_URL)?;
    bytes("topic", info.topic.as_deref(), limits::MAX_TOPIC)?;
    custom("custom", info.custom.as_ref())?;
    lifetime("message_ttl_s", info.message_ttl_s.as_ref())
}

fn custom(field: &str, custom: Option<&serde_json::Map<String, serde_json::Value>>) -> Result<(), WireError> {
    let written = custom.map(|custom| serde_json::to_string(custom).unwrap_or_default());
    bytes(field, written.as_deref(), limits::MAX_CUSTOM)
}

fn text(patch: &Patch<String>) -> Option<&str> {
    patch.value().map(String::as_str)
}

fn bytes(field: &str, text: Option<&str>, max: usize) -> Result<(), WireError> {
    match text {
        Some(text) if text.len() > max => {
            Err(bad(format!("{field}: {} bytes, at most {max} are allowed", text.len())))
        }
        _ => Ok(()),
    }
}

fn count(field: &str, count: usize, max: usize) -> Result<(), WireError> {
    match count > max {
        true => Err(bad(format!("{field}: {count}, at most {max} are allowed"))),
        false => Ok(()),
    }
}

/// A time of 0 would forget everything at once, and who says it means that nothing is forgotten. What a client wrote is told
/// to others, who may not keep a greater number exact.
fn lifetime(field: &str, number: Option<&u64>) -> Result<(), WireError> {
    match number {
        Some(0) => Err(bad(format!("{field}: 0, at least 1 is allowed, and null for ever"))),
        Some(&number) if number > MAX_SAFE => {
            Err(bad(format!("{field}: {number}, at most {MAX_SAFE} is allowed")))
        }
        _ => Ok(()),
    }
}

/// The number of some message, if there is one.
fn message(field: &str, seq: Option<Seq>) -> Result<(), WireError> {
    match seq {
        Some(Seq::ZERO) => Err(bad(format!("{field}: 0, messages are numbered from 1"))),
        _ => Ok(()),
    }
}

fn page(field: &str, limit: Option<u32>) -> Result<(), WireError> {
    match limit {
        Some(limit) if !(1..=limits::MAX_PAGE).contains(&limit) => {
            Err(bad(format!("{field}: {limit}, 1 to {} are allowed", limits::MAX_PAGE)))
        }
        _ => Ok(()),
    }
}

fn bad(detail: impl Into<String>) -> WireError {
    WireError::new(ErrorCode::BadRequest, detail)
}
