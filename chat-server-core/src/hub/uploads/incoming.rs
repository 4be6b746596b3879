//! One file while its bytes come, in one request or in many: counted, judged by its first bytes, and kept at the end.

use std::sync::Arc;

use chat_protocol::reply::Uploaded;
use chat_protocol::{ErrorCode, RoomId, WireError};

use super::{MIN_COUNTED, NewFile, url};
use crate::blob::{self, BlobMeta, BlobName, BlobWriter};
use crate::hub::worker::{micros, shifted};
use crate::hub::{Asking, Hub};
use crate::storage::UploadEntry;

/// A file that comes. Dropped, nothing of it is left. It knows no hub, so that the hub can keep it while nothing comes.
pub(super) struct Incoming {
    pub(super) asking: Asking,
    /// The room whose members will read it.
    pub(super) room: Option<RoomId>,
    pub(super) new: NewFile,
    pub(super) name: BlobName,
    pub(super) writer: Box<dyn BlobWriter>,
    /// The first bytes, until they say what it is.
    head: Vec<u8>,
    kind: Option<String>,
    /// How many bytes have come.
    pub(super) size: u64,
    /// The size that it must have, where it was promised a place for exactly that.
    pub(super) exact: Option<u64>,
}

impl Incoming {
    pub(super) fn new(
        asking: Asking,
        new: NewFile,
        room: Option<RoomId>,
        name: BlobName,
        writer: Box<dyn BlobWriter>,
    ) -> Self {
        Self { asking, room, new, name, writer, head: Vec::new(), kind: None, size: 0, exact: None }
    }

    /// Takes the next bytes. Of no use any more after an error or a dropped call.
    pub(super) async fn write(&mut self, hub: &Hub, bytes: &[u8]) -> Result<(), WireError> {
        self.size += bytes.len() as u64;
        hub.check_size(self.size)?;
        if let Some(exact) = self.exact.filter(|exact| self.size > *exact) {
            return Err(WireError::new(ErrorCode::TooLarge, format!("more than {exact} bytes")));
        }
        if self.kind.is_none() {
            let missing = blob::SNIFFED - self.head.len();
            self.head.extend_from_slice(&bytes[..missing.min(bytes.len())]);
            if self.head.len() == blob::SNIFFED {
                self.judge(hub)?;
            }
        }
        self.writer.write(bytes).await.map_err(|error| hub.blobs_failed(&error))
    }

    /// Whether it may be kept as it is now; the room that it is for. Changes nothing: it may be asked again.
    pub(super) async fn check(&mut self, hub: &Hub) -> Result<RoomId, WireError> {
        if let Some(exact) = self.exact.filter(|exact| self.size != *exact) {
            let why = format!("{} bytes came, {exact} were promised", self.size);
            return Err(WireError::new(ErrorCode::BadRequest, why));
        }
        self.judge(hub)?;
        let room = self.room.clone().ok_or(ErrorCode::Forbidden)?;
        hub.check_uploader(&self.asking, &room).await?;
        Ok(room)
    }

    /// Counts the file and makes it visible. Not to be dropped in between.
    pub(super) async fn keep(self, hub: &Arc<Hub>, room: RoomId) -> Result<Uploaded, crate::Error> {
        let Self { asking, new, name, writer, kind, size, .. } = self;
        // Before the account, which a user who is forgotten gets no more.
        let _finishing = hub.finishing.take(&asking.user, usize::MAX)?;
        let ts = hub.providers.clock.now();
        let due = shifted(ts, micros(hub.config.upload_expiry));
        let (by, counted) = (asking.user.clone(), size.max(MIN_COUNTED));
        let account = UploadEntry { name: name.clone(), room: room.clone(), by, size: counted, due };
        // Before the file: a crash leaves an account of nothing, which goes at its time, and never a file without one.
        hub.open_account(&asking, account).await?;
        let (by, file_name, kind) = (asking.user, new.file_name, kind.unwrap_or_default());
        let meta = BlobMeta { room, by, file_name, kind, size, ts };
        let told = told(&name, &meta);
        if let Err(error) = writer.finish(meta).await {
            let refused = hub.blobs_failed(&error);
            // What is left of it, and its account; if that fails too it goes at its time.
            _ = hub.delete_files(&*hub.blobs()?, vec![name]).await;
            return Err(refused.into());
        }
        metrics::counter!("chat_upload_bytes_total").increment(size);
        Ok(told)
    }

    /// Says once what the first bytes are.
    fn judge(&mut self, hub: &Hub) -> Result<(), WireError> {
        if self.kind.is_some() {
            return Ok(());
        }
        let kind = blob::judge(self.new.kind.as_deref(), &self.head)?;
        if !blob::allowed(&hub.config.upload_types, &kind) {
            return Err(WireError::new(ErrorCode::MediaType, format!("files of type {kind} are not taken")));
        }
        self.kind = Some(kind);
        self.head = Vec::new();
        Ok(())
    }
}

/// What its sender is told of a file that is kept.
pub(super) fn told(name: &BlobName, meta: &BlobMeta) -> Uploaded {
    let BlobMeta { file_name, size, kind, .. } = meta.clone();
    Uploaded { url: url(name), name: file_name, size, kind }
}
