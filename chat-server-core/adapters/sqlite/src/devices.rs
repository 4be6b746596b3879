//! Installations of users, and where their pushes go.

use chat_protocol::command::PushTarget;
use chat_protocol::{DeviceId, Patch, Seq, Timestamp, UserId};
use chat_server_core::storage::{Device, MAX_DEVICES, OwnAppend, OwnAppended, Refusal};
use rusqlite::{Connection, Row, params};

use crate::codec::Code;
use crate::error::{Fault, Result};
use crate::rooms::user_ref;
use crate::writer::Batch;

type Answer = std::result::Result<OwnAppended, Refusal>;

/// The devices of users, in the order asked.
pub(crate) fn devices(db: &Connection, users: &[UserId]) -> Result<Vec<Device>> {
    const SELECT: &str = "SELECT device, service, token, app, name, updated_at FROM devices
        WHERE user_ref = ?1 ORDER BY device";
    let mut select = db.prepare_cached(SELECT)?;
    let mut devices = Vec::new();
    for user in users {
        let Some(of) = user_ref(db, user)? else { continue };
        let mut rows = select.query([of])?;
        while let Some(row) = rows.next()? {
            devices.push(Device {
                user: user.clone(),
                device: DeviceId::new(row.get_ref(0)?.as_str()?)
                    .map_err(|error| Fault::Corrupt(error.to_string()))?,
                push: target(row, 1)?,
                name: row.get(4)?,
                updated_at: Timestamp::from_micros(row.get(5)?),
            });
        }
    }
    Ok(devices)
}

/// The target in the columns `service, token, app`, which begin with `first`.
fn target(row: &Row<'_>, first: usize) -> Result<Option<PushTarget>> {
    let Some(token) = row.get(first + 1)? else { return Ok(None) };
    Ok(Some(PushTarget { service: Code::decode(row.get(first)?)?, token, app: row.get(first + 2)? }))
}

impl Batch<'_> {
    pub(crate) fn register(
        &mut self,
        append: &OwnAppend,
        device: &DeviceId,
        push: &Patch<PushTarget>,
        name: &Patch<String>,
    ) -> Result<Answer> {
        if let Some(target) = push.value() {
            self.take_token(target)?;
        }
        let user = self.user_or_new(&append.user, append.now)?.user;
        let found = self.device(user, device)?;
        let is_new = found.is_none();
        let (mut own_push, mut own_name) = found.unwrap_or_default();
        push.clone().apply(&mut own_push);
        name.clone().apply(&mut own_name);
        if own_push.is_none() && own_name.is_none() {
            self.statement("DELETE FROM devices WHERE user_ref = ?1 AND device = ?2")?
                .execute(params![user, device.as_str()])?;
            return self.stored_own(append);
        }
        if is_new {
            self.make_room(user)?;
        }
        const UPSERT: &str = "INSERT OR REPLACE INTO devices
            (user_ref, device, service, token, app, name, updated_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
        let target = own_push.as_ref();
        let (service, token) = (target.map(|push| push.service.code()), target.map(|push| &push.token));
        let app = target.and_then(|push| push.app.as_ref());
        let now = append.now.as_micros();
        let row = params![user, device.as_str(), service, token, app, own_name, now];
        self.statement(UPSERT)?.execute(row)?;
        self.stored_own(append)
    }

    /// Forgets the device that was registered longest ago, when there are as many as there may be.
    fn make_room(&self, user: i64) -> Result<()> {
        const DELETE: &str = "DELETE FROM devices WHERE user_ref = ?1 AND device IN
            (SELECT device FROM devices WHERE user_ref = ?1 ORDER BY updated_at DESC, device DESC
            LIMIT -1 OFFSET ?2)";
        self.statement(DELETE)?.execute(params![user, MAX_DEVICES - 1])?;
        Ok(())
    }

    /// Where a device's pushes go, and its name.
    fn device(&self, user: i64, device: &DeviceId) -> Result<Option<(Option<PushTarget>, Option<String>)>> {
        const SELECT: &str =
            "SELECT service, token, app, name FROM devices WHERE user_ref = ?1 AND device = ?2";
        let mut select = self.statement(SELECT)?;
        let mut rows = select.query(params![user, device.as_str()])?;
        rows.next()?.map(|row| Ok((target(row, 0)?, row.get(3)?))).transpose()
    }

    /// Whoever has the token of a service, has it no more.
    fn take_token(&self, target: &PushTarget) -> Result<()> {
        let held = params![target.token, target.service.code()];
        self.statement("DELETE FROM devices WHERE token = ?1 AND service = ?2 AND name IS NULL")?
            .execute(held)?;
        const CLEAR: &str = "UPDATE devices SET service = NULL, token = NULL, app = NULL
            WHERE token = ?1 AND service = ?2";
        self.statement(CLEAR)?.execute(held)?;
        Ok(())
    }

    pub(crate) fn forget_push(
        &mut self,
        append: &OwnAppend,
        device: &DeviceId,
        target: &PushTarget,
    ) -> Result<Answer> {
        let found = match self.user(&append.user)? {
            Some(row) => self.device(row.user, device)?.and_then(|(push, _)| push),
            None => None,
        };
        if found.as_ref() != Some(target) {
            return self.stays(append, Seq::ZERO);
        }
        // A token has one holder, so that this is the device.
        self.take_token(target)?;
        self.stored_own(append)
    }

    /// The answer to what is stored and in no log.
    pub(crate) fn stored_own(&mut self, append: &OwnAppend) -> Result<Answer> {
        let answer = self.stays(append, Seq::ZERO)?;
        Ok(answer.map(|answer| OwnAppended { duplicate: false, ..answer }))
    }
}
