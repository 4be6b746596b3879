//! Bounds and times of a server, each with its unit, default and reason.

use std::time::Duration;

use chat_protocol::limits;

use crate::blob::DEFAULT_KINDS;

/// Bounds and times of a server.
///
/// ```
/// use chat_server_core::ServerConfig;
/// let config = ServerConfig { max_in_flight: 16, ..ServerConfig::default() };
/// assert_eq!(config.max_content, 16 * 1024);
/// ```
#[derive(Debug, Clone)]
pub struct ServerConfig {
    /// Greatest content of one message, in bytes. Default 16 KiB, so that every dialect's form fits into a frame;
    /// raising it breaks that.
    pub max_content: usize,
    /// Greatest frame in either direction, in bytes. Default 64 KiB. Each connection may hold one in memory.
    pub max_frame: usize,
    /// Greatest page of history, in messages. Default 100.
    pub max_history_page: u32,
    /// Greatest size of all pages of newest messages that are kept as JSON, in bytes; 0 keeps none. Default 16 MiB: some
    /// 700 pages of 50 messages. What many open at once, after a restart or an announcement, is read once.
    pub max_page_cache: usize,
    /// Greatest number of rooms that one session follows. Default 1,000; each costs about 100 bytes.
    pub max_rooms_followed: usize,
    /// Greatest number of users whose presence one session listens to. Default 1,000.
    pub max_listened: usize,
    /// Greatest number of unanswered commands per connection; beyond it the server stops reading. Default 64.
    pub max_in_flight: usize,
    /// Greatest number of bytes that wait to be written to one connection; beyond it the connection is closed with
    /// `ERR_SLOW_READER`. Default 1 MiB. It is what a stalled reader costs at most.
    pub max_queue_bytes: usize,
    /// Greatest number of frames that wait to be written to one connection. Default 8,192. At least four for each command of
    /// `max_in_flight` and two for each room of `max_rooms_followed`: who is cut off by the answers to what it repeats, or by those
    /// of a resume, never gets on.
    pub max_queue_frames: usize,
    /// Greatest number of changes that wait to be stored; beyond it senders wait. Default 4,096.
    pub max_commit_queue: usize,
    /// Greatest number of missed events of one room that a resume sends one by one; beyond it the answer is a
    /// snapshot. Default 1,000.
    pub max_recover: u64,
    /// Greatest number of messages replayed in one read of the store. Default 128.
    pub replay_page: usize,
    /// Greatest size of one uploaded file, in bytes. Default 25 MiB: a minute of film from a phone.
    pub max_upload: u64,
    /// Greatest number of uploads that one user has under way. Default 4. Each holds a file of its size, as long as its
    /// sender takes.
    pub max_uploads_per_user: usize,
    /// Greatest number of unfinished uploads of one user, of those that come in several requests. Default 8: what two devices
    /// send at once. One more gives up the one for which nothing has come for the longest time. Each holds as many bytes of the
    /// disk as have come. 0 takes no such uploads.
    pub max_unfinished_uploads: usize,
    /// How long an unfinished upload waits for its next byte. Default 1 h: a journey without a network, and no longer than a
    /// disk should hold what may never be whole.
    pub unfinished_upload_expiry: Duration,
    /// Greatest number of bytes of all files of one user that are there. Default 1 GiB: forty of the largest, far more pictures.
    /// A file beyond it is refused with `ERR_TOO_LARGE`.
    pub max_user_bytes: u64,
    /// Greatest number of bytes of all files. Default 100 GiB: a disk that is full stores no messages either, where it is the
    /// same. A file beyond it is refused with `ERR_STORAGE_UNAVAILABLE`, and may be tried again.
    pub max_upload_bytes: u64,
    /// How long a file is kept that no message names. Default 24 h: what waits in a client without a network is sent by then.
    pub upload_expiry: Duration,
    /// Media types of files that are taken: `image/png`, `image/*` or `*/*`. Default all: what is not a picture, a sound
    /// or a film is only ever saved, never shown.
    pub upload_types: Vec<String>,
    /// How long a connection may stay unauthenticated. Default 15 s.
    pub auth_timeout: Duration,
    /// How long a session goes on without its token being shown and checked again, also where the token says longer or for ever:
    /// it is told so as `expires_at`. `None`, the default: as long as the token says; then one that is withdrawn by whoever
    /// issued it ends no open session. Clients that cannot say `auth` again are closed with `ERR_TOKEN_EXPIRED` and come back.
    pub recheck: Option<Duration>,
    /// Silence after which the peer is probed. Default 25 s: below the 30 s after which some proxies cut.
    pub ping_interval: Duration,
    /// How long the answer to a probe may take. Default 10 s.
    pub pong_timeout: Duration,
    /// How long one write may take. Default 10 s.
    pub write_timeout: Duration,
    /// How long a user stays online after its last connection ended. Default 30 s.
    pub presence_grace: Duration,
    /// How long others show that a user writes, unless it says so again. Default 6 s: clients say it again every few seconds,
    /// and who stops without a word has stopped soon. Told to clients after `auth`.
    pub typing_ttl: Duration,
    /// How long read pointers are gathered before they are stored. Default 200 ms.
    pub pointer_delay: Duration,
    /// Greatest number of members of a room in which others are told how far one has read and received. Default 100: in
    /// larger rooms each message would cost as many receipts as it has readers, to each of them.
    pub max_receipt_members: u64,
    /// Greatest number of members of a room of any kind; `ERR_LIMIT_REACHED` says that there are as many. Default 100,000: a
    /// channel of a town. Each costs some 200 bytes of storage, and all of them are looked at to push one message.
    pub max_members: u64,
    /// Greatest number of members of a room in which each of them may call everybody with `@room`; in larger rooms owners and
    /// admins may. Default 100: a call is pushed to everybody, also to those who muted the room.
    pub max_call_members: u64,
    /// Greatest number of messages of one user that wait for their time in one room. Default 100; each costs at most 16 KiB
    /// of storage.
    pub max_scheduled: usize,
    /// How far ahead a message may be scheduled. Default 365 days: what waits longer outlives its reason.
    pub max_schedule_ahead: Duration,
    /// How long messages are kept in every room, whatever the room says; `None`, the default: for ever. What was forgotten
    /// cannot be brought back by a longer time.
    pub retention: Option<Duration>,
    /// How often followed rooms are compared with the store, in case a hint of another node was lost. Default 5 s.
    pub repair_interval: Duration,
    /// Greatest number of sessions per user, those included that wait for their connection to come back. Default 20: a
    /// few devices with a few windows each. One more ends the session that was silent longest, with `ERR_LIMIT_REACHED`:
    /// who opens one more window wants that one to work.
    pub max_sessions: usize,
    /// Greatest number of frames in a row, of one connection, that cannot be read; the last one closes it. Before it is
    /// authenticated, of refused frames at all. Default 16: who needs more is no client of ours.
    pub max_refused_frames: u32,
    /// What one connection may ask. Default 500 points a second after 5,000 at once: 100 messages a second after 1,000
    /// that waited in a client while it had no network.
    pub connection_rate: Rate,
    /// What one user may ask, over all connections and over HTTP. Default 1,000 points a second after 10,000 at once:
    /// two busy devices.
    pub user_rate: Rate,
    /// Greatest number of connections that follow a room in which each is told who writes; in larger rooms all are told
    /// numbers. Default 200: with as many, one that writes costs 200 packets.
    pub presence_room_threshold: usize,
    /// How often the followers of larger rooms are told how many are online and write, where that has changed. Default
    /// 5 s.
    pub presence_interval: Duration,
    /// Greatest number of presence and typing packets per connection and second; the others wait, the newest of each.
    /// Default 50: more than a person can look at.
    pub max_ephemeral_rate: u32,
    /// How long a push waits for somebody who looks at a session to read the message there. Default 10 s: long enough to read
    /// what one looks at, short enough for who has left the application open. Zero pushes at once.
    pub push_hold: Duration,
    /// Age from which on nobody is told of a message any more: after a stop of the server, or of a push service. Default 1 h.
    pub max_push_age: Duration,
    /// Greatest number of posts of new pushes under way at once, each of a batch of the gateway's, and of as many of pushes that
    /// were held; and of posts to an existing system, those of rooms that wait beside all others. Default 16: at 100 ms each 160
    /// in a second, of up to 100 pushes. Those of one user, or of one room, come one after the other.
    pub max_push_posts: usize,
    /// How often one push is given to its service before it is given up; counts in `chat_push_dead_total`. Default 8: some
    /// hour, in growing steps of 10 s to 10 min.
    pub max_push_attempts: u32,
    /// How often a page of webhook events is posted before it is given up; counts in `chat_webhook_dead_total`. Default 150:
    /// a day, in the same steps. Events that come meanwhile wait.
    pub max_webhook_attempts: u32,
}

/// How many points may be spent: commands cost some each, see [`limits`](crate::limits).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// How many come back in a second; 0: nothing is limited.
    pub per_second: u32,
    /// How many there are at most; 0: nothing is limited. A command that costs more takes all.
    pub burst: u32,
}

impl Rate {
    /// No limit.
    pub const UNLIMITED: Rate = Rate { per_second: 0, burst: 0 };
}

impl Default for ServerConfig {
    fn default() -> Self {
        Self {
            max_content: limits::MAX_CONTENT,
            max_frame: limits::MAX_FRAME,
            max_history_page: limits::MAX_HISTORY_PAGE,
            max_page_cache: 16 * 1024 * 1024,
            max_rooms_followed: limits::MAX_ROOMS_FOLLOWED,
            max_listened: limits::MAX_LISTENED,
            max_in_flight: 64,
            max_queue_bytes: 1024 * 1024,
            max_queue_frames: 8_192,
            max_commit_queue: 4_096,
            max_recover: 1_000,
            replay_page: 128,
            max_upload: 25 * 1024 * 1024,
            max_uploads_per_user: 4,
            max_unfinished_uploads: 8,
            unfinished_upload_expiry: Duration::from_secs(60 * 60),
            max_user_bytes: 1024 * 1024 * 1024,
            max_upload_bytes: 100 * 1024 * 1024 * 1024,
            upload_expiry: Duration::from_secs(24 * 60 * 60),
            upload_types: DEFAULT_KINDS.iter().map(|kind| (*kind).to_owned()).collect(),
            auth_timeout: Duration::from_secs(15),
            recheck: None,
            ping_interval: Duration::from_secs(25),
            pong_timeout: Duration::from_secs(10),
            write_timeout: Duration::from_secs(10),
            presence_grace: Duration::from_secs(30),
            typing_ttl: limits::TYPING_TTL,
            pointer_delay: Duration::from_millis(200),
            max_receipt_members: 100,
            max_members: 100_000,
            max_call_members: 100,
            max_scheduled: 100,
            max_schedule_ahead: Duration::from_secs(365 * 24 * 60 * 60),
            retention: None,
            repair_interval: Duration::from_secs(5),
            max_sessions: 20,
            max_refused_frames: 16,
            connection_rate: Rate { per_second: 500, burst: 5_000 },
            user_rate: Rate { per_second: 1_000, burst: 10_000 },
            presence_room_threshold: 200,
            presence_interval: Duration::from_secs(5),
            max_ephemeral_rate: 50,
            push_hold: Duration::from_secs(10),
            max_push_age: Duration::from_secs(60 * 60),
            max_push_posts: 16,
            max_push_attempts: 8,
            max_webhook_attempts: 150,
        }
    }
}
