//! Wire limits: what a writer of this format never exceeds and a reader may refuse. Servers may set lower ones.

use std::time::Duration;

/// Greatest frame in either direction, in bytes. OWASP advises at most 64 KB; a resume larger than that is split.
pub const MAX_FRAME: usize = 64 * 1024;

/// Greatest `content` of one message as JSON text, in bytes: every dialect's form of it still fits into a frame.
pub const MAX_CONTENT: usize = 16 * 1024;

/// Greatest nesting of JSON arrays and objects in a frame. The packets need 6; the rest is for opaque payloads. It
/// is counted before anything is parsed, because parsers of opaque parts accept any depth.
pub const MAX_DEPTH: usize = 64;

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

/// How long a typing notice holds when nothing renews it.
pub const TYPING_TTL: Duration = Duration::from_secs(6);

/// Greatest number of other members' read pointers in one `resumed` packet: about 60 bytes each, so that the packet
/// fits into a frame whatever the ids.
pub const MAX_POINTERS: usize = 200;
