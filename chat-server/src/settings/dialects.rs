//! The formats of existing systems, as an operator sets them.

use std::path::PathBuf;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Auth, AuthKind, Secret, keys};

/// Formats of existing systems that are spoken besides our own: a table for each that is.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[non_exhaustive]
pub struct Dialects {
    /// Greatest number of entries of a list that an existing system left unpaged, of all formats; the newest are given. 1 to
    /// 10,000: each is held in memory while the list is made.
    pub unpaged_max: usize,
    /// TNData's person-to-person chat: the sockets `/`, `/chat/` and `/chat/<user>/`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tndata: Option<Tndata>,
    /// PROCOLLAB's direct and project chats: the sockets `/ws/chats/` and `/ws/chat/`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chats: Option<Chats>,
    /// Hipochat's rooms by token: the socket `/talk/chat/<token>/`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hipochat: Option<Hipochat>,
    /// Haraj Chat: the socket `/chat/ws`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub haraj: Option<Haraj>,
    /// chat-django's help desk: the socket `/ws/chat/<organization>/`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub helpdesk: Option<Helpdesk>,
}

impl Default for Dialects {
    fn default() -> Self {
        Self { unpaged_max: 1_000, tndata: None, chats: None, hipochat: None, haraj: None, helpdesk: None }
    }
}

impl Dialects {
    /// All of them: those that have no table with the defaults.
    #[must_use]
    pub fn all(self) -> Self {
        Self {
            tndata: Some(self.tndata.unwrap_or_default()),
            chats: Some(self.chats.unwrap_or_default()),
            hipochat: Some(self.hipochat.unwrap_or_default()),
            haraj: Some(self.haraj.unwrap_or_default()),
            helpdesk: Some(self.helpdesk.unwrap_or_default()),
            ..self
        }
    }

    /// Who may connect in each format that has a say of its own in that, with the name of the table.
    pub(crate) fn auths(&self) -> impl Iterator<Item = (&'static str, &Auth)> {
        [
            ("dialects.tndata.auth", self.tndata.as_ref().and_then(|table| table.auth.as_ref())),
            ("dialects.chats.auth", self.chats.as_ref().and_then(|table| table.auth.as_ref())),
            ("dialects.hipochat.auth", self.hipochat.as_ref().and_then(|table| table.auth.as_ref())),
            ("dialects.haraj.auth", self.haraj.as_ref().and_then(|table| table.auth.as_ref())),
            ("dialects.helpdesk.auth", self.helpdesk.as_ref().and_then(|table| table.auth.as_ref())),
        ]
        .into_iter()
        .filter_map(|(table, auth)| Some((table, auth?)))
    }

    /// Writes the defaults into the tables `auth`, as [`Auth::fill`] does, where a format has none of its own.
    pub(super) fn fill_auths(&mut self) {
        if let Some(auth) = self.chats.as_mut().and_then(|table| table.auth.as_mut())
            && auth.kind == AuthKind::Jwt
        {
            auth.user_claim.get_or_insert_with(|| "user_id".to_owned());
        }
        self.auths_mut().for_each(Auth::fill);
    }

    fn auths_mut(&mut self) -> impl Iterator<Item = &mut Auth> {
        [
            self.tndata.as_mut().and_then(|table| table.auth.as_mut()),
            self.chats.as_mut().and_then(|table| table.auth.as_mut()),
            self.hipochat.as_mut().and_then(|table| table.auth.as_mut()),
            self.haraj.as_mut().and_then(|table| table.auth.as_mut()),
            self.helpdesk.as_mut().and_then(|table| table.auth.as_mut()),
        ]
        .into_iter()
        .flatten()
    }
}

/// TNData's person-to-person chat.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[non_exhaustive]
pub struct Tndata {
    /// How messages tell who wrote them: `number` where the user id is one, which the clients of the system compare and
    /// parse, or always `string`, as its document has it.
    pub from_id: FromId,
    /// Whose tokens clients of this format bring, with the keys of the table `auth`. Default: those of all clients. The
    /// users are the same in all formats: who has the same id is the same user. Its `users` are in the directory of all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auth: Option<Auth>,
}

/// How messages of `tndata` tell who wrote them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum FromId {
    /// A number when the id is one.
    #[default]
    Number,
    /// Always a string.
    String,
}

/// PROCOLLAB's direct and project chats.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[non_exhaustive]
pub struct Chats {
    /// Who is told that a user came or went: `all` who use this format, as its document has it, or `shared_rooms`, only
    /// those who share a room with the user.
    pub presence_scope: PresenceScope,
    /// Whose tokens clients of this format bring, as with `tndata`. With `kind = "jwt"` the default of `user_claim` is `user_id`,
    /// where the original's tokens have the user.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auth: Option<Auth>,
}

/// Who is told of presence in `chats`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum PresenceScope {
    /// Everyone who uses the format.
    #[default]
    All,
    /// Those who share a room.
    SharedRooms,
}

/// Hipochat's rooms by token.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[non_exhaustive]
pub struct Hipochat {
    /// Whether whoever knows a room's token may enter it, and one that no room has makes a room, as in the original. If not,
    /// only members enter.
    pub open_rooms: bool,
    /// Whether injected items also have `type`, `author` and `body`, for later clients.
    pub item_body: bool,
    /// The original's `ProfileURL`: address that is asked about each token (`GET`, `Authorization: Token <token>`). 200 is a
    /// user, with the `user_id` of the JSON in the answer, whose other keys are the author of the user's messages; without a
    /// `user_id` the id is made of the token. Instead of `auth`. The token travels there: use `https` beyond this machine.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile_url: Option<String>,
    /// How long an answer of `profile_url` is reused; `0s` asks every time. A revoked token stays good for that long.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "keys::Span")]
    pub profile_ttl: Duration,
    /// The original's `PushNotificationURL`: address to which is posted which members do not receive a message, with the
    /// token of its sender: `https://`, or `http://` on this machine. It has to stand `push.max_posts` posts at once, and as
    /// many again. None by default, and then nothing is posted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub push_url: Option<String>,
    /// The token that is posted to `push_url` when the sender came by another format, or before the server was started again:
    /// senders' tokens are kept in memory alone. It also takes the place of one that is answered with 401 or 403. None by default,
    /// and then no token is posted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub push_token: Option<Secret>,
    /// Whether `push_url` gets the form of the first version, `chat_token` and `type`, and not JSON.
    pub push_form: bool,
    /// Whose tokens clients of this format bring, as with `tndata`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auth: Option<Auth>,
}

impl Default for Hipochat {
    fn default() -> Self {
        Self {
            open_rooms: true,
            item_body: false,
            profile_url: None,
            profile_ttl: Duration::from_secs(60),
            push_url: None,
            push_token: None,
            push_form: false,
            auth: None,
        }
    }
}

/// Haraj Chat.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[non_exhaustive]
pub struct Haraj {
    /// How the answer to a start names its topic: in an `object`, as the clients of today read it, or as a `string`, as its
    /// document has it.
    pub topic: TopicForm,
    /// How long a token is good that somebody gets who logs in here.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "keys::Span")]
    pub token_ttl: Duration,
    /// Which service tells devices that a client of this format has registered, and so what is posted to `push_url`: `fcm_v1`
    /// is Google's, `fcm_legacy` Google's former one, `apns` Apple's.
    pub push: PushForm,
    /// Address to which each push for such a device is posted: `https://`, or `http://` on this machine. For `apns` it has
    /// `{token}` where the token of the device is to stand. Without it they go to `push.url` like all others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub push_url: Option<String>,
    /// What opens `push_url`: an access token, or the server key of `fcm_legacy`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub push_token: Option<Secret>,
    /// File that holds it instead, read before each push: access tokens of `fcm_v1` last an hour, and another program gets
    /// new ones.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub push_token_file: Option<PathBuf>,
    /// With `apns`: for which application, its bundle id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub push_topic: Option<String>,
    /// Whose tokens clients of this format bring, as with `tndata`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auth: Option<Auth>,
}

impl Default for Haraj {
    fn default() -> Self {
        Self {
            topic: TopicForm::default(),
            // As in the examples of its document.
            token_ttl: Duration::from_secs(7 * 24 * 60 * 60),
            push: PushForm::default(),
            push_url: None,
            push_token: None,
            push_token_file: None,
            push_topic: None,
            auth: None,
        }
    }
}

/// How `haraj` names a started topic.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum TopicForm {
    /// In an object.
    #[default]
    Object,
    /// As a string.
    String,
}

/// The service of pushes of `haraj`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum PushForm {
    /// Apple's.
    Apns,
    /// Google's former one.
    FcmLegacy,
    /// Google's.
    #[default]
    FcmV1,
}

/// chat-django's help desk.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[non_exhaustive]
pub struct Helpdesk {
    /// Form of `data` in events: a `string` that holds JSON, as its document has it, or the `object` itself.
    pub data: DataForm,
    /// Whether anybody hears everything of every organization, reads all of its desks and writes in them, without a token as
    /// the user `helpdesk-guest`, as in the original. If not, only agents are let in, and clients to their own desk.
    pub open: bool,
    /// How long a message takes from `sending` to `sent`, which it is at once in truth; the original took about 3 seconds.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "keys::Span")]
    pub sent_delay: Duration,
    /// Offset from UTC in which times are written, as hours and minutes.
    pub utc_offset: String,
    /// Greatest size of an uploaded file, in bytes. The smaller of this and `uploads.max_size` holds.
    pub max_upload: u64,
    /// Whether a message that came over HTTP is answered in the client's name with `Resposta - <text>` about a second after
    /// it was `sent`, as the original does. For demonstrations: it makes up what nobody wrote.
    pub auto_reply: bool,
    /// Whose tokens clients of this format bring, as with `tndata`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auth: Option<Auth>,
}

impl Default for Helpdesk {
    fn default() -> Self {
        Self {
            data: DataForm::default(),
            open: false,
            sent_delay: Duration::ZERO,
            utc_offset: "-03:00".to_owned(),
            max_upload: chat_protocol::dialect::helpdesk::MAX_UPLOAD,
            auto_reply: false,
            auth: None,
        }
    }
}

impl Helpdesk {
    /// `utc_offset` in minutes; `None` when it is none.
    pub fn utc_offset_minutes(&self) -> Option<i16> {
        let (sign, rest) = match self.utc_offset.split_at_checked(1)? {
            ("+", rest) => (1, rest),
            ("-", rest) => (-1, rest),
            _ => return None,
        };
        let number = |text: &str, most: i16| {
            let digits = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
            digits.then(|| text.parse::<i16>().ok()).flatten().filter(|number| *number <= most)
        };
        let (hours, minutes) = rest.split_once(':')?;
        Some(sign * (number(hours, 23)? * 60 + number(minutes, 59)?))
    }
}

/// Form of `data` in events of `helpdesk`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum DataForm {
    /// A string that holds JSON.
    #[default]
    String,
    /// The object itself.
    Object,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_are_hours_and_minutes_with_a_sign() {
        for (text, minutes) in [
            ("-03:00", Some(-180)),
            ("+05:45", Some(345)),
            ("+00:00", Some(0)),
            ("-23:59", Some(-1_439)),
            ("03:00", None),
            ("-3:00", None),
            ("-03:60", None),
            ("-24:00", None),
            ("-0300", None),
            ("−03:00", None),
            ("Z", None),
            ("", None),
            ("++1:00", None),
        ] {
            let helpdesk = Helpdesk { utc_offset: text.to_owned(), ..Helpdesk::default() };
            assert_eq!(helpdesk.utc_offset_minutes(), minutes, "{text}");
        }
        let ours = Helpdesk::default().utc_offset_minutes();
        assert_eq!(ours, Some(chat_protocol::dialect::helpdesk::UTC_OFFSET_MINUTES));
    }
}
