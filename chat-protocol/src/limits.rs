//! Wire limits: what a writer of this format never exceeds and a reader may refuse. Servers may set lower ones.

use std::time::Duration;

/// Greatest frame in either direction, in bytes. OWASP advises at most 64 KB; a resume larger than that is split.
pub const MAX_FRAME: usize = 64 * 1024;

/// Greatest `content` of one message as JSON text, in bytes: every dialect's form of it still fits into a frame.
pub const MAX_CONTENT: usize = 16 * 1024;

/// Greatest nesting of JSON arrays and objects in a frame. The packets need 6; the rest is for opaque payloads. It
/// is counted before anything is parsed, because parsers of opaque parts accept any depth.
pub const MAX_DEPTH: usize = 64;

/// Levels that an event may have beyond [`MAX_DEPTH`]: the content of a command comes back within a message within a page within a
/// reply, which is deeper than it went.
pub const EVENT_DEPTH: usize = 8;

/// Greatest length of a content type in bytes (RFC 6838 section 4.2: two names of at most 127 each, and a slash).
pub const MAX_CONTENT_TYPE: usize = 255;

/// Greatest number of messages in one page of history.
pub const MAX_HISTORY_PAGE: u32 = 100;

/// Number of messages in a page of history when the query names none.
pub const DEFAULT_HISTORY_PAGE: u32 = 50;

/// Greatest number of rooms that one session follows.
pub const MAX_ROOMS_FOLLOWED: usize = 1_000;

/// Greatest number of users whose presence one session listens to.
pub const MAX_LISTENED: usize = 1_000;

/// Greatest number of members named in one `create`.
pub const MAX_CREATE_MEMBERS: usize = 100;

/// Greatest length of a room's name in bytes.
pub const MAX_ROOM_NAME: usize = 256;

/// Greatest length of a picture's URL in bytes: the longest that every browser takes.
pub const MAX_URL: usize = 2_048;

/// Greatest length of a room's topic in bytes: a few sentences.
pub const MAX_TOPIC: usize = 1_024;

/// Greatest size of a room's custom data as JSON text, in bytes. Every snapshot of the room carries it.
pub const MAX_CUSTOM: usize = 8 * 1024;

/// Greatest length of the reason for a kick or a ban, in bytes: one sentence.
pub const MAX_REASON: usize = 256;

/// Greatest length of an organization's name in bytes: that of a user's id.
pub const MAX_ORGANIZATION: usize = 128;

/// Greatest number of agents of one organization: a list of them is one answer.
pub const MAX_AGENTS: usize = 1_000;

/// Greatest number of users that a message mentions: beyond that it means the room.
pub const MAX_MENTIONS: usize = 50;

/// Greatest length of a search in bytes.
pub const MAX_SEARCH: usize = 256;

/// Greatest length of a device's name in bytes.
pub const MAX_DEVICE_NAME: usize = 128;

/// Greatest length of a push token in bytes: web push subscriptions are the longest, about 500.
pub const MAX_PUSH_TOKEN: usize = 4_096;

/// Greatest size of what a push service hands on to a device, as JSON text in bytes: Apple's and Google's refuse more.
pub const MAX_PUSH_PAYLOAD: usize = 4_096;

/// Greatest number of entries in one page of members, search results or an inbox.
pub const MAX_PAGE: u32 = 100;

/// Number of entries in such a page when the command names none.
pub const DEFAULT_PAGE: u32 = 50;

/// Greatest number of different reactions to one message. A message with as many, with the longest content, ids and
/// mentions, still fits into a frame.
pub const MAX_REACTIONS: usize = 20;

/// Greatest number of users shown beside the count of a reaction: with 20 reactions and the longest ids, 26 KB.
pub const MAX_REACTION_USERS: usize = 5;

/// Greatest number of users that one user blocks: ten pages of them.
pub const MAX_BLOCKED: usize = 1_000;

/// How long a typing notice holds when nothing renews it.
pub const TYPING_TTL: Duration = Duration::from_secs(6);

/// Greatest number of other members' pointers in one map of a packet: about 60 bytes each with usual ids.
pub const MAX_POINTERS: usize = 200;

/// Greatest size of such a map as JSON text, in bytes. A `resumed` packet has two of them beside the state of the room,
/// and fits into a frame whatever the ids.
pub const MAX_POINTERS_BYTES: usize = 16 * 1024;
