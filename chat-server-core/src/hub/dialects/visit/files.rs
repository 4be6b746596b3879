//! Files that are promised a place before their bytes come, and before anybody knows which room they are for.
//!
//! A promise is kept in memory: after a restart the client asks anew. Its bytes are a file of the user's own room, which the
//! user alone reads; each room in which a message names it gets a copy, with the rights of that room.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chat_protocol::{Content, ErrorCode, RoomId, Timestamp, UserId, WireError};
use futures::StreamExt;
use serde_json::value::RawValue;

use super::Visit;
use crate::Error;
use crate::blob::{self, BlobName};
use crate::hub::{Asking, Hub, NewUpload, Upload};

/// How long a place waits for its bytes: whoever asked for it has them at hand.
const WAIT: Duration = Duration::from_secs(15 * 60);

/// Greatest number of places that wait for the bytes of one user: a screen full of pictures.
const MAX_OF_USER: usize = 20;

/// Greatest number of places that wait, some 300 bytes each.
const MAX_GRANTS: usize = 10_000;

/// Greatest number of one message's files that get a copy.
const MAX_COPIED: usize = 10;

/// Places that wait for their bytes.
#[derive(Debug, Default)]
pub(in crate::hub::dialects) struct Grants(Mutex<BTreeMap<BlobName, Grant>>);

/// A place that waits.
#[derive(Debug)]
struct Grant {
    by: UserId,
    kind: String,
    size: u64,
    due: Timestamp,
}

impl Grants {
    /// Those that did not wait for too long.
    fn waiting(&self, now: Timestamp) -> MutexGuard<'_, BTreeMap<BlobName, Grant>> {
        let mut grants = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        grants.retain(|_, grant| grant.due > now);
        grants
    }

    fn add(&self, now: Timestamp, name: BlobName, grant: Grant) -> Result<(), WireError> {
        let mut grants = self.waiting(now);
        let of_user = grants.values().filter(|other| other.by == grant.by).count();
        if of_user >= MAX_OF_USER || grants.len() >= MAX_GRANTS {
            let why = "too many files are awaited: upload them first";
            return Err(WireError::new(ErrorCode::RateLimited, why).retry_after_ms(60_000));
        }
        grants.insert(name, grant);
        Ok(())
    }

    fn take(&self, now: Timestamp, name: &BlobName) -> Option<Grant> {
        self.waiting(now).remove(name)
    }
}

impl Visit {
    /// Promises a place to a file of exactly this size; gives its name, with which
    /// [`ChatServer::upload_promised`](crate::ChatServer::upload_promised) takes the bytes, once.
    ///
    /// # Errors
    /// `TooLarge`, also beyond what the user may have, `MediaType` when such files are not taken, `RateLimited` for who was
    /// promised too many, `BadRequest` for an empty one, `NotSupported` without a blob store.
    pub async fn promise_upload(&self, kind: &str, size: u64) -> Result<String, Error> {
        self.pay("set")?;
        self.hub.blobs()?;
        if size == 0 {
            return Err(WireError::new(ErrorCode::BadRequest, "an empty file").into());
        }
        self.hub.check_size(size)?;
        self.hub.check_quota(&self.asking, size).await?;
        let kind = blob::essence(kind)?;
        if !blob::allowed(&self.hub.config.upload_types, &kind) {
            return Err(
                WireError::new(ErrorCode::MediaType, format!("files of type {kind} are not taken")).into()
            );
        }
        let clock = &self.hub.providers.clock;
        let (now, name) = (clock.now(), BlobName::from_bits(clock.random()));
        let wait = i64::try_from(WAIT.as_micros()).unwrap_or(i64::MAX);
        let due = Timestamp::from_micros(now.as_micros().saturating_add(wait));
        let grant = Grant { by: self.user().clone(), kind, size, due };
        self.hub.sockets.grants.add(now, name.clone(), grant)?;
        Ok(name.as_str().to_owned())
    }

    /// The content of a message for a room, in which files of the user's own room are copies that are the room's.
    pub(super) async fn bring_files(&self, room: &RoomId, content: Content) -> Result<Content, Error> {
        let own = RoomId::direct(self.user(), self.user());
        let names = blob::named(content.payload.get());
        if names.is_empty() || *room == own {
            return Ok(content);
        }
        let mut payload = content.payload.get().to_owned();
        for name in names.into_iter().take(MAX_COPIED) {
            // One of another room stays what it is: an address that only the members of that room read.
            if let Some(copy) = self.copy(&own, &name, room).await? {
                payload = payload.replace(name.as_str(), copy.as_str());
            }
        }
        let payload = RawValue::from_string(payload).map_err(|_| WireError::from(ErrorCode::Internal))?;
        Ok(Content { payload, ..content })
    }

    /// Puts a copy of a file into another room; `None`: there is no such file in the one.
    async fn copy(&self, from: &RoomId, name: &BlobName, to: &RoomId) -> Result<Option<BlobName>, Error> {
        // Without a blob store nobody has files.
        let Ok(blobs) = self.hub.blobs() else { return Ok(None) };
        let Some(meta) = blobs.meta(name).await?.filter(|meta| meta.room == *from) else { return Ok(None) };
        let Some(mut bytes) = blobs.read(name, 0..meta.size).await? else { return Ok(None) };
        let (room, kind, size) = (to.clone(), Some(meta.kind), Some(meta.size));
        let new = NewUpload { room, file_name: meta.file_name, kind, size };
        let copy = BlobName::from_bits(self.hub.providers.clock.random());
        let mut upload = self.hub.start_upload_as(self.asking.clone(), new, copy.clone()).await?.exact();
        while let Some(piece) = bytes.next().await {
            upload.write(&piece?).await?;
        }
        upload.finish().await?;
        Ok(Some(copy))
    }
}

impl Hub {
    /// Takes the bytes that a place waits for: it waits no longer, whatever comes of them.
    pub(crate) async fn start_promised(self: &Arc<Self>, name: &str) -> Result<Upload, Error> {
        let name = BlobName::parse(name).ok_or(ErrorCode::Forbidden)?;
        let grant = self.sockets.grants.take(self.providers.clock.now(), &name);
        let Grant { by, kind, size, .. } = grant.ok_or(ErrorCode::Forbidden)?;
        self.check_kept(&by).await?;
        let room = self.start_direct(&by, &by).await?;
        let new = NewUpload { room, file_name: String::new(), kind: Some(kind), size: Some(size) };
        let asking = Asking { user: by, link: None, operator: false };
        Ok(self.start_upload_as(asking, new, name).await?.exact())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_micros(seconds * 1_000_000)
    }

    fn grant(by: &str) -> Grant {
        Grant { by: UserId::new(by).unwrap(), kind: "image/png".to_owned(), size: 1, due: at(10) }
    }

    #[test]
    fn a_place_is_taken_once_and_in_time() {
        let (grants, name) = (Grants::default(), BlobName::from_bits(1));
        grants.add(at(0), name.clone(), grant("1")).unwrap();
        assert!(grants.take(at(9), &name).is_some());
        assert!(grants.take(at(9), &name).is_none());
        grants.add(at(0), name.clone(), grant("1")).unwrap();
        assert!(grants.take(at(10), &name).is_none());
        assert!(grants.0.lock().unwrap().is_empty());
    }

    #[test]
    fn who_asks_for_many_waits_and_others_do_not() {
        let grants = Grants::default();
        for n in 0..MAX_OF_USER as u128 {
            grants.add(at(0), BlobName::from_bits(n), grant("1")).unwrap();
        }
        let more = BlobName::from_bits(99);
        assert_eq!(grants.add(at(0), more.clone(), grant("1")).unwrap_err().code, ErrorCode::RateLimited);
        grants.add(at(0), more, grant("2")).unwrap();
        grants.add(at(10), BlobName::from_bits(100), Grant { due: at(20), ..grant("1") }).unwrap();
    }
}
