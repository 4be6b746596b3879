-- The first shape of the store. Names that people see (room and user ids) are texts once, in `rooms` and `users`;
-- everywhere else their `ref`, a small integer, stands for them. Times are microseconds since 1970 in UTC.
-- Enumerations are small integers, listed in `codec.rs`; their meaning never changes.

-- Facts about the store itself: `epoch`, `key_secret` (see `key.rs`), `running` (how the store that has the file
-- open, or did not close it, syncs), `ids_merged` (a `num` up to which `client_ids` is complete).
CREATE TABLE meta (
    name  TEXT PRIMARY KEY NOT NULL,
    value ANY NOT NULL
) STRICT, WITHOUT ROWID;

-- Everybody who ever wrote, was a member or has a profile. The head of a user's log is its greatest offset; of a log without
-- entries, the position before `log_oldest`.
CREATE TABLE users (
    ref        INTEGER PRIMARY KEY,
    id         TEXT NOT NULL,
    log_oldest INTEGER NOT NULL DEFAULT 1,  -- first position that the user's log still has
    name       TEXT,                        -- full name for people
    first_name TEXT,
    last_name  TEXT,
    patronymic TEXT,                        -- chats
    username   TEXT,                        -- haraj looks users up by it
    email      TEXT,
    phone      TEXT,                        -- helpdesk clients
    avatar     TEXT,
    data       TEXT,                        -- the rest of the profile, JSON
    last_seen  INTEGER,                     -- stored when the last session ends
    forgetting_since INTEGER,               -- while the user is being forgotten: nothing of it is added
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX users_id ON users (id);
CREATE UNIQUE INDEX users_username ON users (username) WHERE username IS NOT NULL;

-- Rooms with the heads of their logs as they were after the last change that was no message. A message writes nothing
-- here: it brings its own numbers, so the view `heads` takes the greater ones. Whatever purges the newest message of a
-- room must first write the room's heads here.
CREATE TABLE rooms (
    ref            INTEGER PRIMARY KEY,
    id             TEXT NOT NULL,
    kind           INTEGER NOT NULL,
    access         INTEGER NOT NULL,
    history        INTEGER NOT NULL,
    access_version INTEGER NOT NULL,            -- grows when a right is taken away
    seq            INTEGER NOT NULL DEFAULT 0,  -- number of the newest message
    offset         INTEGER NOT NULL DEFAULT 0,  -- head of the log
    ordinal        INTEGER NOT NULL DEFAULT 0,  -- messages of the main line, ever
    changes        INTEGER NOT NULL DEFAULT 0,  -- log entries that are no messages, ever
    members        INTEGER NOT NULL DEFAULT 0,
    ts             INTEGER NOT NULL,            -- time of the last change
    active         INTEGER NOT NULL DEFAULT 0,  -- `num` of the last change: orders rooms without a clock
    oldest_seq     INTEGER NOT NULL DEFAULT 1,  -- oldest message that was not purged
    oldest_offset  INTEGER NOT NULL DEFAULT 1,  -- first position that the log still has
    created_by     INTEGER NOT NULL,
    created_at     INTEGER NOT NULL,
    updated_at     INTEGER NOT NULL,            -- last change of the room's own data (helpdesk)
    number         INTEGER,                     -- server-wide number of a group: chats project id, haraj grp<number>
    key            BLOB NOT NULL,               -- 128 random bits: a desk's UUID, hipochat's token of a room without an alias
    alias          TEXT,                        -- a name that was given to it: hipochat's token
    name           TEXT,
    avatar         TEXT,
    topic          TEXT,
    custom         TEXT,                        -- JSON
    message_ttl    INTEGER,                     -- seconds after which messages are forgotten
    organization   TEXT,                        -- desks
    client_ref     INTEGER,                     -- desks: whose case it is
    status         TEXT                         -- desks
) STRICT;
CREATE UNIQUE INDEX rooms_id ON rooms (id);
CREATE UNIQUE INDEX rooms_number ON rooms (number) WHERE number IS NOT NULL;
CREATE UNIQUE INDEX rooms_key ON rooms (key);
CREATE UNIQUE INDEX rooms_alias ON rooms (alias) WHERE alias IS NOT NULL;
CREATE INDEX rooms_organization ON rooms (organization) WHERE organization IS NOT NULL;
CREATE INDEX rooms_desks ON rooms (organization, status) WHERE organization IS NOT NULL;

-- A user's standing, pointers and settings in a room. Who leaves loses the row.
CREATE TABLE members (
    room_ref      INTEGER NOT NULL,
    user_ref      INTEGER NOT NULL,
    user_id       TEXT NOT NULL,               -- as in `users`: members are listed in the order of ids
    role          INTEGER NOT NULL,            -- a smaller number is a higher role
    joined_seq    INTEGER NOT NULL,            -- head when joining: history visible from here where a room says so
    joined_offset INTEGER NOT NULL,            -- position of the entry by which it joined
    joined_at     INTEGER NOT NULL,
    delivered     INTEGER NOT NULL DEFAULT 0,  -- at least `read`
    read          INTEGER NOT NULL DEFAULT 0,
    read_private  INTEGER NOT NULL DEFAULT 0,
    unread_from   INTEGER,                     -- private mark, cleared by the next read
    muted_until   INTEGER,
    pinned        INTEGER NOT NULL DEFAULT 0,
    archived      INTEGER,                     -- newest message when it was archived: the next one brings it back
    marked        INTEGER NOT NULL DEFAULT 0,  -- 1: the user has reacted to messages here, or hidden some
    split         INTEGER,                     -- newest message when its last socket of hipochat ended
    PRIMARY KEY (room_ref, user_ref)
) STRICT, WITHOUT ROWID;
-- A user's rooms.
CREATE INDEX members_user ON members (user_ref, room_ref);
-- Members of a room from the highest role down.
CREATE INDEX members_place ON members (room_ref, role, user_id);
-- Pointers of a room, furthest first, however many members have none.
CREATE INDEX members_read ON members (room_ref, read, delivered) WHERE delivered > 0;

-- Pointers of members in threads.
CREATE TABLE thread_pointers (
    room_ref     INTEGER NOT NULL,
    user_ref     INTEGER NOT NULL,
    thread       INTEGER NOT NULL,  -- seq of the thread's first message
    read         INTEGER NOT NULL DEFAULT 0,
    read_private INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (room_ref, user_ref, thread)
) STRICT, WITHOUT ROWID;
CREATE INDEX thread_pointers_read ON thread_pointers (room_ref, thread, read);

-- Messages. Found by `num` (the row), by `key` (which holds the num, see `key.rs`: an index of random keys would cost
-- a page of the log per message), by room and seq, by author, and by time (which never falls along `seq`: a binary
-- search).
CREATE TABLE messages (
    num            INTEGER PRIMARY KEY,
    room_ref       INTEGER NOT NULL,
    seq            INTEGER NOT NULL,
    offset         INTEGER NOT NULL,
    sender_ref     INTEGER NOT NULL,
    ts             INTEGER NOT NULL,
    ordinal        INTEGER NOT NULL,  -- how many messages of the main line there were, up to this one
    sender_ordinal INTEGER NOT NULL,  -- how many of them its sender's, up to this one
    key            BLOB NOT NULL,
    checksum       INTEGER NOT NULL,  -- CRC-32 of what readers are told: a flipped bit is named, not served
    kind           TEXT NOT NULL,     -- content type
    payload        TEXT NOT NULL,     -- JSON, byte for byte as it came
    client_msg_id  TEXT,
    digest         BLOB,              -- of the body as first sent, beside a `client_msg_id`: never changed by an edit
    reply_to       INTEGER,
    flags          INTEGER NOT NULL DEFAULT 0,  -- 1: injected by a backend (hipochat item), 2: has files,
                                      -- 4: its sender's first in its block, see `messages_sender`,
                                      -- 8: forgotten with its sender: never 4 with it, nor a `client_msg_id`
    thread         INTEGER,           -- the message on which its thread hangs; without one: the main line
    mentions       TEXT,              -- JSON
    status         INTEGER,           -- delivery state (helpdesk)
    edited_at      INTEGER,
    deleted_at     INTEGER,
    -- Of replies in threads only: the same two counts in the thread, and the newest message of the main line.
    thread_ordinal        INTEGER,
    thread_sender_ordinal INTEGER,
    main_seq              INTEGER
) STRICT;
CREATE UNIQUE INDEX messages_seq ON messages (room_ref, seq);
-- For unread counts (own messages up to a pointer) and for "all I wrote": the rooms in which a user ever wrote are
-- found by skipping from one room_ref to the next. Of the messages of one sender in a block of 16 (equal seq / 16) only
-- the first is in it, the others are found from there: an entry for each would cost another page of the log per
-- message. Whatever purges a sender's first message of a block, but not all of them, must mark the next one
-- (see `trim.rs`). What was forgotten with its sender is not in it, nor are its counts among the sender's (see `forget.rs`).
CREATE INDEX messages_sender ON messages (sender_ref, room_ref, seq) WHERE flags & 4;
-- These hold only what is rare.
CREATE INDEX messages_thread ON messages (room_ref, thread, seq) WHERE thread IS NOT NULL;
CREATE INDEX messages_thread_sender ON messages (room_ref, thread, sender_ref, seq) WHERE thread IS NOT NULL;
CREATE INDEX messages_deleted ON messages (room_ref, thread, seq, sender_ref) WHERE deleted_at IS NOT NULL;
CREATE INDEX messages_injected ON messages (room_ref, seq) WHERE flags & 1;
CREATE INDEX messages_files ON messages (room_ref, seq) WHERE flags & 2;

-- Which message a sender gave a `client_msg_id` in a room. No index of `messages`, because the newest entries are gathered
-- in memory and written later, many to a page (see `client_ids.rs`); all messages up to the fact `ids_merged` are in it.
-- The ids themselves and not a hash of them, because most clients' ids begin with the time: a sender's newest then lie
-- side by side, and nothing has to be decided about hashes that are equal by chance or by intent.
CREATE TABLE client_ids (
    room_ref      INTEGER NOT NULL,
    sender_ref    INTEGER NOT NULL,
    client_msg_id TEXT NOT NULL,
    num           INTEGER NOT NULL,
    PRIMARY KEY (room_ref, sender_ref, client_msg_id)
) STRICT, WITHOUT ROWID;

-- Who is called by messages of the main line. A message that calls users has one row for each, but its author; one that
-- calls everybody has a row of the target 0 and one of the target -sender, so that of the calls of everybody one's own
-- can be taken away. `ordinal` counts the rows of one target.
CREATE TABLE mentions (
    room_ref INTEGER NOT NULL,
    target   INTEGER NOT NULL,
    seq      INTEGER NOT NULL,
    ordinal  INTEGER NOT NULL,
    PRIMARY KEY (room_ref, target, seq)
) STRICT, WITHOUT ROWID;
-- Those of a room, for its purge.
CREATE INDEX mentions_room ON mentions (room_ref, seq);

-- Rooms as they are now. All these numbers only grow, in step with each other. `main_seq` is the newest message of the
-- main line, as long as there are messages.
CREATE VIEW heads AS
    SELECT r.ref, r.id, r.kind, r.access, r.history, r.access_version, r.changes, r.members, r.oldest_seq,
        r.oldest_offset, r.number, r.name, r.avatar, r.topic, r.custom, r.message_ttl, r.organization, r.client_ref,
        r.status,
        ifnull(CASE WHEN m.thread IS NULL THEN m.seq ELSE m.main_seq END, 0) AS main_seq,
        max(r.seq, ifnull(m.seq, 0)) AS seq,
        max(r.offset, ifnull(m.offset, 0)) AS offset,
        max(r.ordinal, ifnull(m.ordinal, 0)) AS ordinal,
        max(r.ts, ifnull(m.ts, r.ts)) AS ts,
        max(r.active, ifnull(m.num, 0)) AS active
    FROM rooms r LEFT JOIN messages m
        ON m.num = (SELECT num FROM messages WHERE room_ref = r.ref ORDER BY seq DESC LIMIT 1);

-- Entries of rooms' logs that are no messages. Numbered per room: since seq and offset are both dense, the log after
-- any position is two ranges, one of `messages` and one of these (see `log.rs`).
CREATE TABLE changes (
    num      INTEGER PRIMARY KEY,  -- from the same counter as a message's
    room_ref INTEGER NOT NULL,
    offset   INTEGER NOT NULL,
    ordinal  INTEGER NOT NULL,
    kind     INTEGER NOT NULL,
    by_ref   INTEGER NOT NULL,
    user_ref INTEGER,              -- whose membership, or whose message
    role     INTEGER,
    seq      INTEGER,              -- the message edited, deleted or reacted to
    body     TEXT,                 -- what else the entry says, JSON (see `entry.rs`). Never a message's text
    ts       INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX changes_offset ON changes (room_ref, offset, ordinal);

-- How far readers of all changes have come, for example those who push: a `num`.
CREATE TABLE positions (
    reader TEXT PRIMARY KEY NOT NULL,
    num    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Users' own logs.
CREATE TABLE user_log (
    user_ref INTEGER NOT NULL,
    offset   INTEGER NOT NULL,
    kind     INTEGER NOT NULL,
    room_ref INTEGER,
    value    INTEGER,  -- the pointer
    body     TEXT,     -- of what does not fit: JSON (see `entry.rs`)
    ts       INTEGER NOT NULL,
    PRIMARY KEY (user_ref, offset)
) STRICT, WITHOUT ROWID;

-- First answers are kept for ever. While the message is there, its row holds the answer; a purge, which deletes the row, or
-- forgets the sender, which takes its `client_msg_id`, must in the same transaction put the answer here, and forget what is
-- known of the sender in the room (see `sent.rs`), for only those of whom something is here are looked up. The entry of `client_ids` goes with it.
CREATE TABLE idempotency (
    room_ref   INTEGER NOT NULL,
    sender_ref INTEGER NOT NULL,
    id_hash    BLOB NOT NULL,  -- first 128 bits of the SHA-256 of the `client_msg_id`
    digest     BLOB NOT NULL,
    num        INTEGER NOT NULL,
    key        BLOB NOT NULL,
    seq        INTEGER NOT NULL,
    offset     INTEGER NOT NULL,
    ts         INTEGER NOT NULL,
    PRIMARY KEY (room_ref, sender_ref, id_hash)
) STRICT, WITHOUT ROWID;

-- First answers to creations with the creator's name for the room.
CREATE TABLE room_requests (
    creator_ref INTEGER NOT NULL,
    id_hash     BLOB NOT NULL,
    digest      BLOB NOT NULL,
    room_ref    INTEGER NOT NULL,
    PRIMARY KEY (creator_ref, id_hash)
) STRICT, WITHOUT ROWID;

-- Agents of organizations (desks).
CREATE TABLE agents (
    organization TEXT NOT NULL,
    user_ref     INTEGER NOT NULL,
    PRIMARY KEY (organization, user_ref)
) STRICT, WITHOUT ROWID;
CREATE INDEX agents_user ON agents (user_ref, organization);

-- Who may not come back into a room, and who was asked in.
CREATE TABLE bans (
    room_ref INTEGER NOT NULL,
    user_id  TEXT NOT NULL,
    by_ref   INTEGER NOT NULL,
    until    INTEGER,  -- NULL: for ever
    reason   TEXT,
    ts       INTEGER NOT NULL,
    PRIMARY KEY (room_ref, user_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE invites (
    user_ref INTEGER NOT NULL,
    room_ref INTEGER NOT NULL,
    by_ref   INTEGER NOT NULL,
    role     INTEGER NOT NULL,
    ts       INTEGER NOT NULL,
    PRIMARY KEY (user_ref, room_ref)
) STRICT, WITHOUT ROWID;

-- Users who do not want to hear from others, and messages that a user deleted for itself: marks, not filters.
CREATE TABLE blocks (
    user_ref   INTEGER NOT NULL,
    blocked_id TEXT NOT NULL,
    ts         INTEGER NOT NULL,
    PRIMARY KEY (user_ref, blocked_id)
) STRICT, WITHOUT ROWID;
-- Who blocks a user, when the user is forgotten.
CREATE INDEX blocks_blocked ON blocks (blocked_id, user_ref);
CREATE TABLE hidden (
    user_ref INTEGER NOT NULL,
    room_ref INTEGER NOT NULL,
    seq      INTEGER NOT NULL,
    PRIMARY KEY (user_ref, room_ref, seq)
) STRICT, WITHOUT ROWID;
-- Those of a room, for its purge.
CREATE INDEX hidden_room ON hidden (room_ref, seq);

-- Reactions as they are now, oldest first, and how many there are of each.
CREATE TABLE reactions (
    room_ref INTEGER NOT NULL,
    seq      INTEGER NOT NULL,
    reaction TEXT NOT NULL,
    num      INTEGER NOT NULL,  -- of the change
    user_ref INTEGER NOT NULL,
    PRIMARY KEY (room_ref, seq, reaction, num)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX reactions_user ON reactions (user_ref, room_ref, seq, reaction);
CREATE TABLE reaction_counts (
    room_ref INTEGER NOT NULL,
    seq      INTEGER NOT NULL,
    reaction TEXT NOT NULL,
    count    INTEGER NOT NULL,
    PRIMARY KEY (room_ref, seq, reaction)
) STRICT, WITHOUT ROWID;

-- Installations of users with their push tokens (haraj `update_device` and native `device`).
CREATE TABLE devices (
    user_ref   INTEGER NOT NULL,
    device     TEXT NOT NULL,
    service    INTEGER,  -- who carries its pushes, with `token`
    token      TEXT,
    app        TEXT,
    name       TEXT,     -- for people
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (user_ref, device)
) STRICT, WITHOUT ROWID;
-- A token has one holder.
CREATE UNIQUE INDEX devices_token ON devices (token, service) WHERE token IS NOT NULL;

-- Uploads; the bytes are files beside the database.
CREATE TABLE uploads (
    name     TEXT PRIMARY KEY NOT NULL,  -- made by the server
    user_ref INTEGER NOT NULL,           -- who uploaded it
    room_ref INTEGER,                    -- whose members read it; NULL: it goes, whatever names it now
    size     INTEGER NOT NULL,           -- bytes
    due      INTEGER                     -- when it goes; NULL: a message or its room names it
) STRICT, WITHOUT ROWID;
CREATE INDEX uploads_user ON uploads (user_ref, name);
CREATE INDEX uploads_due ON uploads (due, name) WHERE due IS NOT NULL;
-- Which message of its room names a file; `seq` 0: the room's own data; less: the job of a message that waits.
CREATE TABLE upload_refs (
    room_ref INTEGER NOT NULL,
    seq      INTEGER NOT NULL,
    name     TEXT NOT NULL,
    PRIMARY KEY (room_ref, seq, name)
) STRICT, WITHOUT ROWID;
CREATE INDEX upload_refs_name ON upload_refs (name);
-- How many files each user has uploaded that are there, and their bytes; 0: all users together.
CREATE TABLE upload_bytes (
    user_ref INTEGER PRIMARY KEY,
    bytes    INTEGER NOT NULL,
    files    INTEGER NOT NULL
) STRICT;

-- Pushes, scheduled sends and the like, taken by workers under a lease. A worker that comes late must not meet another job
-- under the number of its own: no number is used again.
CREATE TABLE jobs (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    kind     INTEGER NOT NULL,
    due      INTEGER NOT NULL,            -- while it is leased, the end of the lease
    attempts INTEGER NOT NULL DEFAULT 0,  -- how often it was leased
    user_ref INTEGER NOT NULL,            -- whose, 0: nobody's
    room_ref INTEGER NOT NULL,            -- 0: of no room
    name     TEXT,                        -- the user's own name for it
    digest   BLOB,                        -- of a message that waits, as in `messages`
    body     TEXT NOT NULL
) STRICT;
CREATE INDEX jobs_due ON jobs (kind, due);
CREATE UNIQUE INDEX jobs_name ON jobs (user_ref, kind, room_ref, name) WHERE name IS NOT NULL;
CREATE INDEX jobs_user ON jobs (user_ref, kind, due) WHERE attempts = 0;
-- What a message named that waits no more (kind 1) is due, unless something else names it.
CREATE TRIGGER jobs_uploads AFTER DELETE ON jobs WHEN OLD.kind = 1 BEGIN
    UPDATE uploads SET due = 0
        WHERE name IN (SELECT name FROM upload_refs WHERE room_ref = OLD.room_ref AND seq = -OLD.id)
        AND room_ref IS NOT NULL
        AND NOT EXISTS (SELECT 1 FROM upload_refs other WHERE other.name = uploads.name AND other.seq <> -OLD.id);
    DELETE FROM upload_refs WHERE room_ref = OLD.room_ref AND seq = -OLD.id;
END;
-- How many were given up.
CREATE TABLE jobs_given_up (
    kind  INTEGER PRIMARY KEY,
    count INTEGER NOT NULL
) STRICT;
