//! Where the bytes of an upload come from: memory, a file, or whatever can be read from any place in it.

use std::io::{self, SeekFrom};
use std::path::{Path, PathBuf};

use bytes::{Bytes, BytesMut};
use futures::future::{BoxFuture, FutureExt, ready};
use tokio::fs::File;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncSeek, AsyncSeekExt};

use crate::FileError;

/// Bytes that can be read from any place, again and again: after a lost connection an upload goes on where the server stands.
///
/// They must not change while they are uploaded. What can be seen of that is how many there are, and that is looked at before each
/// request.
pub trait ReadAt: Send {
    /// How many bytes there are now.
    fn size(&mut self) -> BoxFuture<'_, io::Result<u64>>;

    /// Bytes from `offset` on, at least one and at most `max`; none at the end.
    fn read_at(&mut self, offset: u64, max: usize) -> BoxFuture<'_, io::Result<Bytes>>;
}

/// The bytes of an upload, never all of them in memory unless they are there already.
///
/// ```no_run
/// # async fn run(room: chat_client::RoomHandle, open: tokio::fs::File) -> Result<(), chat_client::Error> {
/// use std::path::Path;
/// use chat_client::upload::Source;
/// room.upload(Path::new("plan.png")).send().await?;
/// room.upload(vec![1, 2, 3]).name("three.bin").send().await?;
/// room.upload(Source::reader(open)).name("open.log").send().await?;
/// # Ok(())
/// # }
/// ```
pub struct Source {
    bytes: Box<dyn ReadAt>,
    name: Option<String>,
    /// How many bytes there were when the upload began, and how many there have to be until its end.
    announced: u64,
}

impl Source {
    /// A file. It is opened when the upload begins and held until its end. The name of the upload is the last part of the path,
    /// unless another is given.
    pub fn file(path: impl Into<PathBuf>) -> Self {
        let path = path.into();
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
        Self { name, ..Self::new(OnDisk { path, open: None }) }
    }

    /// Bytes in memory.
    pub fn bytes(bytes: impl Into<Bytes>) -> Self {
        Self::new(Memory(bytes.into()))
    }

    /// Whatever can be read and sought; its bytes are those from its beginning to its end.
    pub fn reader(reader: impl AsyncRead + AsyncSeek + Unpin + Send + 'static) -> Self {
        Self::new(Reader { reader, at: None })
    }

    /// A source of one's own.
    pub fn new(bytes: impl ReadAt + 'static) -> Self {
        Self { bytes: Box::new(bytes), name: None, announced: 0 }
    }

    /// The name that it brings.
    pub(super) fn take_name(&mut self) -> Option<String> {
        self.name.take()
    }

    /// How many bytes there are; so many it has to stay.
    pub(super) async fn announce(&mut self) -> Result<u64, FileError> {
        self.announced = self.bytes.size().await.map_err(|error| unreadable(&error))?;
        Ok(self.announced)
    }

    /// Whether there are still as many bytes as were announced.
    pub(super) async fn check(&mut self) -> Result<(), FileError> {
        let found = self.bytes.size().await.map_err(|error| unreadable(&error))?;
        if found == self.announced { Ok(()) } else { Err(self.changed(found)) }
    }

    /// As [`ReadAt::read_at`], never more than `max`, and never nothing.
    pub(super) async fn read_at(&mut self, offset: u64, max: usize) -> Result<Bytes, FileError> {
        let piece = self.bytes.read_at(offset, max).await;
        let mut piece = piece.map_err(|error| unreadable(&error))?;
        piece.truncate(max);
        if piece.is_empty() { Err(self.changed(offset)) } else { Ok(piece) }
    }

    fn changed(&self, found: u64) -> FileError {
        FileError::Changed { announced: self.announced, found }
    }
}

fn unreadable(error: &io::Error) -> FileError {
    FileError::Source { kind: error.kind(), reason: error.to_string() }
}

impl std::fmt::Debug for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Source").finish_non_exhaustive()
    }
}

impl From<&Path> for Source {
    fn from(path: &Path) -> Self {
        Self::file(path)
    }
}

impl From<PathBuf> for Source {
    fn from(path: PathBuf) -> Self {
        Self::file(path)
    }
}

impl From<Vec<u8>> for Source {
    fn from(bytes: Vec<u8>) -> Self {
        Self::bytes(bytes)
    }
}

impl From<Bytes> for Source {
    fn from(bytes: Bytes) -> Self {
        Self::bytes(bytes)
    }
}

struct Memory(Bytes);

impl ReadAt for Memory {
    fn size(&mut self) -> BoxFuture<'_, io::Result<u64>> {
        ready(Ok(self.0.len() as u64)).boxed()
    }

    fn read_at(&mut self, offset: u64, max: usize) -> BoxFuture<'_, io::Result<Bytes>> {
        let start = usize::try_from(offset).unwrap_or(usize::MAX).min(self.0.len());
        let end = start.saturating_add(max).min(self.0.len());
        ready(Ok(self.0.slice(start..end))).boxed()
    }
}

struct Reader<R> {
    reader: R,
    /// Where it stands, if that is known: seeking may cost what was read ahead.
    at: Option<u64>,
}

impl<R: AsyncRead + AsyncSeek + Unpin + Send> ReadAt for Reader<R> {
    fn size(&mut self) -> BoxFuture<'_, io::Result<u64>> {
        self.at = None;
        self.reader.seek(SeekFrom::End(0)).boxed()
    }

    fn read_at(&mut self, offset: u64, max: usize) -> BoxFuture<'_, io::Result<Bytes>> {
        async move {
            // Not known while it is read: a dropped read may have moved it.
            if self.at.take() != Some(offset) {
                self.reader.seek(SeekFrom::Start(offset)).await?;
            }
            let mut piece = BytesMut::with_capacity(max);
            (&mut self.reader).take(max as u64).read_buf(&mut piece).await?;
            self.at = Some(offset + piece.len() as u64);
            Ok(piece.freeze())
        }
        .boxed()
    }
}

struct OnDisk {
    path: PathBuf,
    open: Option<Reader<File>>,
}

impl OnDisk {
    async fn file(&mut self) -> io::Result<&mut Reader<File>> {
        let open = match self.open.take() {
            Some(open) => open,
            None => Reader { reader: File::open(&self.path).await?, at: None },
        };
        Ok(self.open.insert(open))
    }
}

impl ReadAt for OnDisk {
    fn size(&mut self) -> BoxFuture<'_, io::Result<u64>> {
        async move {
            let meta = self.file().await?.reader.metadata().await?;
            match meta.is_file() {
                true => Ok(meta.len()),
                // A pipe or a device has no end to go back from.
                false => Err(io::Error::new(io::ErrorKind::InvalidInput, "not a file")),
            }
        }
        .boxed()
    }

    fn read_at(&mut self, offset: u64, max: usize) -> BoxFuture<'_, io::Result<Bytes>> {
        async move { self.file().await?.read_at(offset, max).await }.boxed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn check(mut source: Source, expected: &[u8]) {
        assert_eq!(source.announce().await, Ok(expected.len() as u64));
        // Backwards, and with the size asked for in between: nothing depends on where it stood.
        for offset in (0..expected.len()).rev() {
            let mut read = Vec::new();
            while offset + read.len() < expected.len() {
                let piece = source.read_at((offset + read.len()) as u64, 3).await.unwrap();
                assert!((1..=3).contains(&piece.len()));
                read.extend_from_slice(&piece);
            }
            assert_eq!(read, &expected[offset..]);
            assert_eq!(source.check().await, Ok(()));
        }
        let announced = expected.len() as u64;
        let end = FileError::Changed { announced, found: announced };
        assert_eq!(source.read_at(announced, 3).await, Err(end), "behind the end there is nothing");
    }

    #[tokio::test]
    async fn every_source_is_read_from_any_place() {
        let bytes = b"what is uploaded";
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.txt");
        std::fs::write(&path, bytes).unwrap();
        check(Source::bytes(&bytes[..]), bytes).await;
        check(Source::from(&*path), bytes).await;
        check(Source::reader(std::io::Cursor::new(bytes.to_vec())), bytes).await;
        assert_eq!(Source::file(&path).take_name().as_deref(), Some("a.txt"));
    }

    #[tokio::test]
    async fn a_file_that_grows_or_shrinks_is_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.txt");
        for (after, found) in [("four", 4), ("fourteen", 8)] {
            std::fs::write(&path, "sixsix").unwrap();
            let mut source = Source::from(&*path);
            assert_eq!(source.announce().await, Ok(6));
            std::fs::write(&path, after).unwrap();
            assert_eq!(source.check().await, Err(FileError::Changed { announced: 6, found }));
        }
    }

    #[tokio::test]
    async fn what_is_no_file_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        assert!(matches!(Source::from(folder.path()).announce().await, Err(FileError::Source { .. })));
        let gone = Source::from(folder.path().join("gone")).announce().await;
        assert!(matches!(gone, Err(FileError::Source { kind: io::ErrorKind::NotFound, .. })), "{gone:?}");
    }
}
