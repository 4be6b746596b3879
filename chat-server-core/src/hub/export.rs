//! All that is kept of one user, page by page: each page is read when the one before was taken, and nothing is held but it.

use std::sync::Arc;

use bytes::Bytes;
use chat_protocol::reply::{BlockedUser, ExportEnd, ExportLine, ExportedDevice, ExportedUpload, UserEntry};
use chat_protocol::{ErrorCode, RoomId, Seq, Timestamp, UserId, WireError};

use super::forget::check_about;
use super::{Asking, Hub};
use crate::Error;
use crate::blob::BlobName;
use crate::storage::{JobKind, StorageError};

/// How many things are one page: of messages at most 50 times the greatest one.
const PAGE: usize = 50;

/// What comes next.
#[derive(Debug, Clone)]
enum Step {
    /// The user, its installations and its sessions.
    User,
    /// Rooms after this one.
    Rooms(Option<RoomId>),
    Blocks(Option<UserId>),
    Scheduled(Option<(Timestamp, u64)>),
    Messages(Option<(RoomId, Seq)>),
    Uploads(Option<BlobName>),
    End,
    Done,
}

/// All that is kept of a user, as lines of JSON ([`ExportLine`]). Take pages until there is none.
pub struct Export {
    hub: Arc<Hub>,
    user: UserId,
    step: Step,
    lines: u64,
}

impl std::fmt::Debug for Export {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Export").field("lines", &self.lines).finish_non_exhaustive()
    }
}

impl Export {
    /// The next lines, each with its line break; `None` after the last. Cancel-safe: what was not taken is read again.
    ///
    /// # Errors
    /// `StorageUnavailable` when the store cannot read.
    pub async fn next(&mut self) -> Result<Option<Bytes>, Error> {
        loop {
            if matches!(self.step, Step::Done) {
                return Ok(None);
            }
            let (lines, next) = self.page().await?;
            let page = write(&lines)?;
            self.lines += lines.len() as u64;
            self.step = next;
            // Those of a page may all be deleted.
            if !page.is_empty() {
                return Ok(Some(page));
            }
        }
    }

    /// What the present step says, and the next step.
    async fn page(&self) -> Result<(Vec<ExportLine>, Step), WireError> {
        match &self.step {
            Step::User => Ok((self.user().await?, Step::Rooms(None))),
            Step::Rooms(after) => self.rooms(after.as_ref()).await,
            Step::Blocks(after) => self.blocks(after.as_ref()).await,
            Step::Scheduled(after) => self.scheduled(*after).await,
            Step::Messages(after) => self.messages(after.as_ref()).await,
            Step::Uploads(after) => self.uploads(after.as_ref()).await,
            Step::End | Step::Done => {
                let end = ExportEnd { lines: self.lines, ts: self.hub.providers.clock.now() };
                Ok((vec![ExportLine::End(end)], Step::Done))
            }
        }
    }

    fn read<T>(&self, read: Result<T, StorageError>) -> Result<T, WireError> {
        read.map_err(|error| self.hub.storage_failed(error))
    }

    async fn user(&self) -> Result<Vec<ExportLine>, WireError> {
        let (hub, user) = (&self.hub, &self.user);
        let profile = hub.profile(user).await?;
        let online = hub.is_online(user);
        let mut lines = vec![ExportLine::User(UserEntry {
            user: user.clone(),
            name: profile.name,
            avatar: profile.avatar,
            online: Some(online),
            last_seen: hub.last_seen(user, online).await?,
        })];
        let devices = self.read(hub.providers.storage.devices(std::slice::from_ref(user)).await)?;
        lines.extend(devices.into_iter().map(|device| {
            let (push, app) = device.push.map(|target| (target.service.into(), target.app)).unzip();
            ExportLine::Device(ExportedDevice {
                device_id: device.device,
                name: device.name,
                push,
                app: app.flatten(),
                updated_at: device.updated_at,
            })
        }));
        lines.extend(hub.sessions_of(user, None).into_iter().map(ExportLine::Session));
        Ok(lines)
    }

    async fn rooms(&self, after: Option<&RoomId>) -> Result<(Vec<ExportLine>, Step), WireError> {
        let storage = &self.hub.providers.storage;
        let rooms = self.read(storage.traces_of(&self.user, after, PAGE).await)?;
        let views = self.read(storage.views(&self.user, &rooms).await)?;
        let states = views.into_iter().flatten().map(|view| ExportLine::Room(view.state));
        let next = rooms.last().map_or(Step::Blocks(None), |last| Step::Rooms(Some(last.clone())));
        Ok((states.collect(), next))
    }

    async fn blocks(&self, after: Option<&UserId>) -> Result<(Vec<ExportLine>, Step), WireError> {
        let blocked = self.read(self.hub.providers.storage.blocked(&self.user, after, PAGE).await)?;
        let next = blocked.last().map_or(Step::Scheduled(None), |last| Step::Blocks(Some(last.user.clone())));
        let line = |blocked: crate::storage::Blocked| {
            ExportLine::Block(BlockedUser { user: blocked.user, ts: blocked.ts })
        };
        Ok((blocked.into_iter().map(line).collect(), next))
    }

    async fn scheduled(&self, after: Option<(Timestamp, u64)>) -> Result<(Vec<ExportLine>, Step), WireError> {
        let storage = &self.hub.providers.storage;
        let jobs = self.read(storage.jobs_of(&self.user, JobKind::Send, None, after, PAGE).await)?;
        let next =
            jobs.last().map_or(Step::Messages(None), |last| Step::Scheduled(Some((last.due, last.id))));
        let lines = jobs.iter().map(|job| Ok(ExportLine::Scheduled(super::commands::scheduled(job)?)));
        Ok((lines.collect::<Result<_, WireError>>()?, next))
    }

    async fn messages(&self, after: Option<&(RoomId, Seq)>) -> Result<(Vec<ExportLine>, Step), WireError> {
        let storage = &self.hub.providers.storage;
        let after = after.map(|(room, seq)| (room, *seq));
        let page = self.read(storage.written_by(&self.user, after, PAGE).await)?;
        let place = page.last().map(|last| (last.message.room.clone(), last.message.seq));
        let next = place.map_or(Step::Uploads(None), |place| Step::Messages(Some(place)));
        let there =
            page.into_iter().map(|stored| stored.message).filter(|message| message.deleted_at.is_none());
        Ok((there.map(ExportLine::Message).collect(), next))
    }

    async fn uploads(&self, after: Option<&BlobName>) -> Result<(Vec<ExportLine>, Step), WireError> {
        let (uploads, last) = self.hub.uploads_of(&self.user, after, PAGE).await?;
        let next = last.map_or(Step::End, |last| Step::Uploads(Some(last)));
        let lines = uploads.into_iter().map(|(name, meta)| {
            ExportLine::Upload(ExportedUpload {
                url: super::uploads::url(&name),
                name: meta.file_name,
                size: meta.size,
                kind: meta.kind,
                room: meta.room,
                ts: meta.ts,
            })
        });
        Ok((lines.collect(), next))
    }
}

fn write(lines: &[ExportLine]) -> Result<Bytes, WireError> {
    let mut page = Vec::new();
    for line in lines {
        serde_json::to_writer(&mut page, line).map_err(|_| ErrorCode::Internal)?;
        page.push(b'\n');
    }
    Ok(page.into())
}

impl Hub {
    /// Begins to read all that is kept of a user.
    pub(crate) fn export_user(self: &Arc<Self>, asking: &Asking, user: UserId) -> Result<Export, WireError> {
        check_about(asking, &user)?;
        self.pay_for(asking, "export_user")?;
        Ok(Export { hub: self.clone(), user, step: Step::User, lines: 0 })
    }
}
