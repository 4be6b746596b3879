//! One request's turn at an unfinished file: where it stands, the next bytes, and its end.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chat_protocol::reply::Uploaded;
use chat_protocol::{ErrorCode, Timestamp, WireError};
use tokio::sync::{Mutex as TurnLock, OwnedMutexGuard};
use tokio_util::sync::CancellationToken;

use super::File;
use crate::blob::BlobName;
use crate::hub::uploads::incoming::{Incoming, told};
use crate::hub::uploads::places::Place;
use crate::hub::uploads::{NewFile, NewUpload, clean};
use crate::hub::worker::{micros, shifted};
use crate::hub::{Asking, Hub, unavailable, unsupported};

/// How long the turn of a file is waited for. Whoever has it gives it back after the write that it is in, so that longer than
/// this only a sick disk takes; the client is told to try again.
const WAIT: Duration = Duration::from_secs(10);

/// What became of a file that comes in several requests.
#[derive(Debug)]
pub enum Resumed {
    /// Bytes are missing.
    Missing(UploadTurn),
    /// It is whole and kept.
    Done(Uploaded),
}

/// The turn at an unfinished file: nobody else writes it meanwhile.
///
/// Given back when dropped, and what has come is kept; but dropped inside [`write`](Self::write), all of the file is gone, because
/// nobody knows what of the piece was written.
pub struct UploadTurn {
    hub: Arc<Hub>,
    file: Arc<File>,
    wanted: CancellationToken,
    /// Among the uploads of its user that are under way, from the first byte of this turn on. Before the turn itself: who waits
    /// for that may need the place.
    place: Option<Place>,
    incoming: OwnedMutexGuard<Option<Incoming>>,
}

impl std::fmt::Debug for UploadTurn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("UploadTurn").field("name", &self.file.name).field("offset", &self.offset()).finish()
    }
}

impl Drop for UploadTurn {
    fn drop(&mut self) {
        if self.incoming.is_none() {
            self.hub.unfinished.remove(&self.file.name);
        }
    }
}

/// Nothing of it is there any more, or never was, or it is somebody else's.
fn gone() -> WireError {
    WireError::new(ErrorCode::NotFound, "no such upload of yours: begin anew")
}

impl UploadTurn {
    /// Waits for the turn at a file; whoever has it is told to give it back.
    async fn take(hub: &Arc<Hub>, file: Arc<File>) -> Result<Self, WireError> {
        let wanted = CancellationToken::new();
        let before = {
            let mut latest = file.wanted.lock().unwrap_or_else(PoisonError::into_inner);
            std::mem::replace(&mut *latest, wanted.clone())
        };
        before.cancel();
        let turn = tokio::time::timeout(WAIT, file.turn.clone().lock_owned()).await;
        let incoming = turn.map_err(|_| {
            let why = "another request of this upload does not come to an end";
            WireError::new(ErrorCode::RateLimited, why).retry_after_ms(1_000)
        })?;
        Ok(Self { hub: hub.clone(), file, wanted, place: None, incoming })
    }

    /// Its name: the last part of the address that it will have.
    pub fn name(&self) -> &BlobName {
        &self.file.name
    }

    /// How many of its bytes have come.
    pub fn offset(&self) -> u64 {
        self.incoming.as_ref().map_or(0, |incoming| incoming.size)
    }

    /// How many bytes it is to have.
    pub fn length(&self) -> u64 {
        self.file.length
    }

    /// When it is given up, unless more bytes come.
    pub fn expires(&self) -> Timestamp {
        self.file.expires()
    }

    /// Waits until another request wants the turn: drop this one then. Cancel-safe.
    pub fn taken_over(&self) -> impl Future<Output = ()> + Send + use<> {
        self.wanted.clone().cancelled_owned()
    }

    /// Takes the next bytes. Not cancel-safe: a dropped call gives all of the file up.
    ///
    /// # Errors
    /// `TooLarge` beyond its length and `RateLimited` for who has too many uploads under way: nothing of the piece is taken.
    /// After any other all of the file is given up: `MediaType` as soon as it is known, `NotFound` when it was given up
    /// before, `StorageUnavailable`, also when the disk is full.
    pub async fn write(&mut self, bytes: &[u8]) -> Result<(), crate::Error> {
        let Some(incoming) = &*self.incoming else { return Err(gone().into()) };
        if bytes.len() as u64 > self.file.length - incoming.size {
            let why = format!("more than {} bytes", self.file.length);
            return Err(WireError::new(ErrorCode::TooLarge, why).into());
        }
        self.take_place()?;
        // Out of its place as long as nobody knows what is written.
        let Some(mut incoming) = self.incoming.take() else { return Err(gone().into()) };
        incoming.write(&self.hub, bytes).await?;
        *self.incoming = Some(incoming);
        self.file.expire_at(self.hub.unfinished_until());
        Ok(())
    }

    fn take_place(&mut self) -> Result<(), WireError> {
        if self.place.is_none() {
            let most = self.hub.config.max_uploads_per_user;
            self.place = Some(self.hub.under_way.take(&self.file.user, most)?);
            if self.offset() > 0 {
                metrics::counter!("chat_uploads_resumed_total").increment(1);
            }
        }
        Ok(())
    }

    /// Gives the turn back until more bytes come. Better than dropping it: what only writing needs is given back too, and what
    /// could not be written is told. Not cancel-safe, as [`write`](Self::write).
    ///
    /// # Errors
    /// `StorageUnavailable`: all of the file is given up.
    pub async fn rest(mut self) -> Result<(), crate::Error> {
        let Some(mut incoming) = self.incoming.take() else { return Err(gone().into()) };
        incoming.writer.rest().await.map_err(|error| self.hub.blobs_failed(&error))?;
        *self.incoming = Some(incoming);
        Ok(())
    }

    /// Keeps the file, if whoever sent it may still write in the room. It goes on when the call is dropped.
    ///
    /// # Errors
    /// `BadRequest` while bytes are missing: it stays unfinished. So it does after `StorageUnavailable` when nobody could say
    /// whether its sender may write there. After any other it is given up: `Forbidden`, `MediaType`, `TooLarge` beyond what
    /// the user may have, `StorageUnavailable`.
    pub async fn finish(mut self) -> Result<Uploaded, crate::Error> {
        if self.offset() < self.length() {
            let why = format!("{} of {} bytes have come", self.offset(), self.length());
            return Err(WireError::new(ErrorCode::BadRequest, why).into());
        }
        let hub = self.hub.clone();
        let Some(incoming) = &mut *self.incoming else { return Err(gone().into()) };
        let room = match incoming.check(&hub).await {
            Ok(room) => room,
            Err(refused) => {
                if refused.code != ErrorCode::StorageUnavailable {
                    *self.incoming = None;
                }
                return Err(refused.into());
            }
        };
        let kept = async move {
            // The turn is held until it is kept, so that nobody finds neither the one nor the other.
            let Some(incoming) = self.incoming.take() else { return Err(gone().into()) };
            incoming.keep(&self.hub, room).await
        };
        hub.runtime.spawn(kept).await.map_err(|_| unavailable())?
    }

    /// Gives all of the file up.
    pub fn remove(mut self) {
        *self.incoming = None;
    }
}

impl Hub {
    /// When a file is given up for which nothing comes from now on.
    fn unfinished_until(&self) -> Timestamp {
        shifted(self.providers.clock.now(), micros(self.config.unfinished_upload_expiry))
    }

    /// Begins a file that comes in several requests.
    pub(crate) async fn begin_unfinished(
        self: &Arc<Self>,
        asking: Asking,
        new: NewUpload,
    ) -> Result<Resumed, crate::Error> {
        let blobs = self.blobs()?;
        if self.config.max_upload == 0 || self.config.max_unfinished_uploads == 0 {
            return Err(unsupported::refused("resumable uploads").into());
        }
        let NewUpload { room, file_name, kind, size } = new;
        let length = size.ok_or_else(|| WireError::new(ErrorCode::BadRequest, "the length is missing"))?;
        self.check_uploader(&asking, &room).await?;
        self.check_size(length)?;
        let new = NewFile { file_name: clean(&file_name)?, kind, size };
        let file = Arc::new(File {
            name: BlobName::from_bits(self.providers.clock.random()),
            user: asking.user.clone(),
            operator: asking.operator,
            length,
            turn: Arc::new(TurnLock::new(None)),
            wanted: Mutex::default(),
            expires: Mutex::new(self.unfinished_until()),
        });
        // Nobody knows its name: it does not wait, and it is taken out again by its turn if it gets no further.
        let mut turn = UploadTurn::take(self, file.clone()).await?;
        self.unfinished.add(file, self.config.max_unfinished_uploads)?;
        self.check_unfinished_quota(&asking).await?;
        let writer = blobs.create(turn.name()).await.map_err(|error| self.blobs_failed(&error))?;
        let name = turn.name().clone();
        let mut incoming = Incoming::new(asking, new, Some(room), name, writer);
        incoming.exact = Some(length);
        *turn.incoming = Some(incoming);
        turn.whole().await
    }

    /// Goes on with a file, or tells what became of it.
    pub(crate) async fn resume_unfinished(
        self: &Arc<Self>,
        asking: &Asking,
        name: &str,
    ) -> Result<Resumed, crate::Error> {
        let blobs = self.blobs()?;
        let name = BlobName::parse(name).ok_or_else(gone)?;
        if let Some(file) = self.unfinished.find(self.providers.clock.now(), asking, &name) {
            let mut turn = UploadTurn::take(self, file).await?;
            if turn.incoming.is_some() {
                turn.check_uploader().await?;
                return turn.whole().await;
            }
        }
        let meta = blobs.meta(&name).await.map_err(|error| self.blobs_failed(&error))?;
        let meta = meta.filter(|meta| meta.by == asking.user).ok_or_else(gone)?;
        Ok(Resumed::Done(told(&name, &meta)))
    }
}

impl UploadTurn {
    /// Gives the file up early when its sender may not write in the room any more.
    async fn check_uploader(&mut self) -> Result<(), WireError> {
        let hub = self.hub.clone();
        let Some(Incoming { asking, room: Some(room), .. }) = &*self.incoming else { return Err(gone()) };
        let checked = hub.check_uploader(asking, room).await;
        if checked.as_ref().is_err_and(|refused| refused.code != ErrorCode::StorageUnavailable) {
            *self.incoming = None;
        }
        checked
    }

    /// Keeps the file if nothing is missing: one that is empty from its beginning, and one that could not be kept when its last
    /// byte came.
    async fn whole(self) -> Result<Resumed, crate::Error> {
        if self.offset() < self.length() {
            return Ok(Resumed::Missing(self));
        }
        Ok(Resumed::Done(self.finish().await?))
    }
}
