//! Settings of the store, each with its unit, default and reason.

/// How often the operating system is asked to put written data on the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Synchronous {
    /// Before every commit is answered: what was acked survives a power cut. The default, and the only one that keeps
    /// the promise of an ack.
    #[default]
    Full,
    /// At checkpoints only: a power cut loses the last seconds, but nothing is torn. A killed process loses nothing.
    /// After an unclean stop the epoch is new, so that clients notice.
    Normal,
    /// Never: a power cut may destroy the database. For tests and throw-away data.
    Off,
}

impl Synchronous {
    /// The word that SQLite has for it.
    pub(crate) fn pragma(self) -> &'static str {
        match self {
            Synchronous::Full => "FULL",
            Synchronous::Normal => "NORMAL",
            Synchronous::Off => "OFF",
        }
    }
}

/// Settings of a [`SqliteStore`](crate::SqliteStore).
///
/// ```
/// use chat_store_sqlite::{SqliteConfig, Synchronous};
/// let config = SqliteConfig { readers: 4, ..SqliteConfig::default() };
/// assert_eq!(config.synchronous, Synchronous::Full);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SqliteConfig {
    /// When data is forced to the disk. Default [`Synchronous::Full`].
    pub synchronous: Synchronous,

    /// Greatest number of changes in one commit that the server should gather. Default 256: beyond it a commit gets
    /// longer without getting cheaper per message (measured: 1, 16 and 256 differ by 5 and 1.5 times).
    pub max_batch: usize,

    /// Page cache of the writing connection in bytes, used as needed. Default 16 MiB: the last pages of 1,300 busy
    /// rooms' indexes, 12 KiB each. More does not help, because SQLite looks through all of the cache at the end of
    /// every transaction that has split a page (measured: 64 MiB cost 5 % more per message with 500 rooms, and 4 % with
    /// 5,000).
    pub writer_cache: usize,

    /// Page cache of each reading connection in bytes, used as needed. Default 8 MiB; the operating system caches
    /// the file as well.
    pub reader_cache: usize,

    /// Number of reading connections, at least 1. Default 3: readers rarely wait for the disk, so more than the
    /// machine has cores does not help.
    pub readers: usize,

    /// Pages of 4 KiB in the write-ahead log after which they are copied into the database, beside the commits.
    /// Default 4,000 (16 MiB): fewer means copying often-written pages again and again.
    pub checkpoint_pages: u32,

    /// Pages in the write-ahead log after which the writer pauses until the log can begin anew. Default 16,000
    /// (64 MiB): with 1 MiB more the bound of the file `-wal`, and of what is read again after a crash. The pause lasts for the rest
    /// of a copy that is nearly done, some milliseconds.
    pub wal_limit_pages: u32,

    /// Greatest size of the database in bytes; `None`, the default, is as much as the disk holds. At the limit
    /// writes fail as on a full disk: nothing is stored, reads go on, and writing works again once there is room.
    pub max_size: Option<u64>,

    /// Number of rooms, users, and senders in rooms whose heads are remembered in memory, each. Default 32,768:
    /// about 15 MiB when full; a room beyond costs one look-up when it is written to.
    pub remembered: usize,

    /// Number of changes, the newest, whose messages' client ids are in memory only, until they are written many to a
    /// page. Default 65,536: some 10 MiB when full, and as many messages are read after a kill, which takes about
    /// 0.1 s. More of them share a page the more of them are gathered, see `client_ids.rs`.
    pub unmerged: usize,

    /// Check the whole database when it is opened (`PRAGMA quick_check`). Default false, because it reads every
    /// page: seconds per gigabyte.
    pub verify: bool,

    /// Begin a new epoch. Default false. Set it once when the files were restored from a backup: what clients saw
    /// after the backup never happened then, and only a new epoch tells them.
    pub new_epoch: bool,
}

impl Default for SqliteConfig {
    fn default() -> Self {
        Self {
            synchronous: Synchronous::Full,
            max_batch: 256,
            writer_cache: 16 << 20,
            reader_cache: 8 << 20,
            readers: 3,
            checkpoint_pages: 4_000,
            wal_limit_pages: 16_000,
            max_size: None,
            remembered: 32_768,
            unmerged: 65_536,
            verify: false,
            new_epoch: false,
        }
    }
}
