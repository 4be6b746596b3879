//! The write-ahead log's file, made longer ahead of what is written to it.
//!
//! A sync of a file that has grown must also write its new length, and with a journalling file system commit the
//! journal; a sync of a file that was written over must not. SQLite writes over the log once it has its greatest length,
//! but until then every commit would make it longer. What is behind the last commit means nothing to SQLite: zeros
//! there are like what an earlier round left.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Bytes of a page with its header in the log.
const FRAME: u64 = 24 + 4_096;

/// Bytes written at once: a commit that wants to write waits for no more, some 20 us.
const PIECE: usize = 64 << 10;

/// By so many pieces, 1 MiB, the file is made longer.
const PIECES: usize = 16;

/// Pages that must be left behind the last commit, or the file is made longer: what busy committing takes about
/// 20 ms to write.
const LEAST: u64 = 128;

/// The file of the log, beside SQLite's own descriptors of it. It has no locks that closing could give up.
pub(crate) struct Ahead {
    /// Opened for appending: the system finds the end and writes there in one step. Whatever a commit writes meanwhile
    /// lies before the zeros or over them, and never under them.
    file: File,
}

impl Ahead {
    /// `database` is the file that SQLite has opened, behind all symbolic links, and has a log already.
    pub(crate) fn open(database: &Path) -> io::Result<Self> {
        let mut path = database.as_os_str().to_owned();
        path.push("-wal");
        Ok(Self { file: OpenOptions::new().append(true).open(PathBuf::from(path))? })
    }

    /// Makes the file longer when little is left behind its first `used` pages; says how many pages it holds now, all
    /// of them on the disk.
    pub(crate) fn extend(&mut self, used: u64) -> io::Result<u64> {
        if is_short(used, self.holds()?) {
            let zeros = vec![0; PIECE];
            for _ in 0..PIECES {
                self.file.write_all(&zeros)?;
            }
            self.file.sync_data()?;
        }
        self.holds()
    }

    fn holds(&self) -> io::Result<u64> {
        Ok(self.file.metadata()?.len() / FRAME)
    }
}

/// Whether a file that holds so many pages needs to be longer.
pub(crate) fn is_short(used: u64, holds: u64) -> bool {
    used + LEAST > holds
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_stays_ahead_of_what_is_used() {
        let dir = tempfile::tempdir().unwrap();
        let (database, log) = (dir.path().join("x.db"), dir.path().join("x.db-wal"));
        std::fs::write(&log, b"begun").unwrap();
        let mut ahead = Ahead::open(&database).unwrap();
        let holds = ahead.extend(0).unwrap();
        assert!((200..300).contains(&holds), "{holds}");
        assert_eq!(ahead.extend(holds - LEAST).unwrap(), holds, "enough is left");
        assert!(ahead.extend(holds - LEAST + 1).unwrap() >= holds + 200);
        let log = std::fs::read(&log).unwrap();
        assert!(log.starts_with(b"begun\0"), "what was there is still there");
        assert!(log[5..].iter().all(|byte| *byte == 0));
    }

    #[test]
    fn without_a_log_there_is_nothing_to_make_longer() {
        let dir = tempfile::tempdir().unwrap();
        assert!(Ahead::open(&dir.path().join("x.db")).is_err());
    }
}
