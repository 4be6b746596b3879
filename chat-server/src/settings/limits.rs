//! Bounds as an operator sets them.

use chat_protocol::limits;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Bounds, each on what one peer can make the server hold.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[non_exhaustive]
pub struct Limits {
    /// Greatest frame in either direction, in bytes; at most 65536, which the wire format allows. Each connection may
    /// hold one in memory. Clients cannot send what does not fit, so lower it only with `max_content`.
    pub max_frame: usize,
    /// Greatest content of one message, in bytes of JSON; at most 16384, so that every format's form of it fits into a
    /// frame, and at least 4096 below `max_frame`.
    pub max_content: usize,
    /// Greatest page of history, in messages; at most 100. A page costs one range read and memory for its messages.
    pub max_history_page: u32,
    /// Greatest size of all pages of newest messages that are kept ready, in bytes; 0 keeps none. What many open at once
    /// is read from the database once; with less, more of them are read again.
    pub max_page_cache: usize,
    /// Greatest number of rooms that one session follows; at most 1000. Each costs about 100 bytes per session, and
    /// rooms beyond it are left out of the session.
    pub max_rooms_followed: usize,
    /// Greatest number of members of a room in which others are told how far one has read and received; 0 tells nobody. In
    /// larger rooms each message would cost as many receipts as it has readers, to each of them.
    pub max_receipt_members: u64,
    /// Greatest number of members of a room, at least 2; who would be one more is refused. Each costs some 200 bytes of disk,
    /// and all of them are looked at to push one message.
    pub max_members: u64,
    /// Greatest number of members of a room in which each of them may call everybody with `@room`; in larger rooms owners and
    /// admins may. A call is pushed to everybody, also to those who muted the room.
    pub max_call_members: u64,
    /// Greatest number of unanswered commands per connection; beyond it the server stops reading from it. Raising it
    /// lets one client hold more memory and a larger share of the commits.
    pub max_in_flight: usize,
    /// Greatest number of bytes that wait to be written to one connection; beyond it the connection is closed and the
    /// client resumes. It is what a stalled reader costs at most; below a few frames, busy rooms cut ordinary readers.
    pub max_queue_bytes: usize,
    /// Greatest number of frames that wait to be written to one connection; beyond it the connection is closed as above. Each
    /// costs some 50 bytes beside its own. At least four for each command of `limits.max_in_flight` and two for each room
    /// of `limits.max_rooms_followed`.
    pub max_queue_frames: usize,
    /// Greatest number of changes that wait to be stored; beyond it senders wait. More of them hold memory and wait longer,
    /// and nothing is stored faster.
    pub max_commit_queue: usize,
    /// Greatest number of missed events of one room that a client which comes back is told one by one; beyond it it is told
    /// the room's state, and reads what it needs of the history. 0: it is always told the state.
    pub max_recover: u64,
    /// How many of them are read from the database at a time. A page is held in memory for each client that comes back.
    pub replay_page: usize,
    /// Greatest number of messages of one user that wait for their time in one room; 0 lets none wait. Each takes up to 16
    /// KiB of disk for as long as it waits, which may be a year.
    pub max_scheduled: usize,
    /// How many days ahead a message may be scheduled. What waits longer outlives its reason.
    pub max_schedule_days: u32,
    /// Greatest number of connections; beyond it new ones are refused. An idle one costs about 10 KiB and one file
    /// descriptor: raise `ulimit -n` with it.
    pub max_connections: usize,
    /// Greatest number of connections from one address, a /64 network of IPv6 addresses counting as one; 0: any number. Behind
    /// a proxy all come from its address. Without one, and without this bound, one machine can take all of them.
    pub max_connections_per_address: usize,
    /// How often somebody may log in in vain at `haraj` from one address at once, counted as above; then once in 10 s. 0: any
    /// number, for a server behind a proxy, from whose address all come: one who guesses would lock out everybody. Let the proxy
    /// bound it then. A name is guessed at only ten times at once, wherever from.
    pub max_wrong_logins_per_address: u32,
    /// Greatest number of sessions per user, those included that wait for their connection to come back. One more ends the
    /// session that was silent longest, with `ERR_LIMIT_REACHED`: who opens one more window wants that one to work.
    pub max_sessions: usize,
    /// Greatest number of users whose presence one session listens to; at most 1000.
    pub max_listened: usize,
    /// Greatest number of frames in a row, of one connection, that cannot be read; the last one closes it. Before it is
    /// authenticated, of refused frames at all. A careless client needs a few, an honest one none.
    pub max_refused_frames: u32,
    /// How many points one connection may spend in a second, in the long run; 0: any number. What commands cost is in
    /// `limits.md`; a message costs 5, so that 500 are 100 messages a second.
    pub connection_rate: u32,
    /// How many points one connection may spend at once, after it spent none for a while. What a client sends that had no
    /// network for some time must fit: 5000 are 1000 messages.
    pub connection_burst: u32,
    /// How many points one user may spend in a second, over all connections and over HTTP; 0: any number.
    pub user_rate: u32,
    /// How many points one user may spend at once.
    pub user_burst: u32,
    /// Greatest number of connections that follow a room in which each is told who writes. In larger rooms all are told
    /// how many are online and write: one that writes costs as many packets as others follow.
    pub presence_room_threshold: usize,
    /// Greatest number of presence and typing packets per connection and second. The others wait, the newest of each user;
    /// more than a person can look at is wasted on a phone's battery.
    pub max_ephemeral_rate: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_frame: limits::MAX_FRAME,
            max_content: limits::MAX_CONTENT,
            max_history_page: limits::MAX_HISTORY_PAGE,
            max_page_cache: 16 * 1024 * 1024,
            max_rooms_followed: limits::MAX_ROOMS_FOLLOWED,
            max_receipt_members: 100,
            max_members: 100_000,
            max_call_members: 100,
            max_in_flight: 64,
            max_queue_bytes: 1024 * 1024,
            max_queue_frames: 8_192,
            max_commit_queue: 4_096,
            max_recover: 1_000,
            replay_page: 128,
            max_scheduled: 100,
            max_schedule_days: 365,
            max_connections: 10_000,
            max_connections_per_address: 0,
            max_wrong_logins_per_address: 30,
            max_sessions: 20,
            max_listened: limits::MAX_LISTENED,
            max_refused_frames: 16,
            connection_rate: 500,
            connection_burst: 5_000,
            user_rate: 1_000,
            user_burst: 10_000,
            presence_room_threshold: 200,
            max_ephemeral_rate: 50,
        }
    }
}
