//! What formats say of rooms and messages besides: gathered here, so that the formats know no store.

use std::collections::BTreeMap;
use std::sync::Arc;

use chat_protocol::dialect::{Delivery, Profile};
use chat_protocol::{RoomId, Seq, UserId, WireError};

use crate::dialects::{ShownMessage, ShownRoom};
use crate::hub::Hub;
use crate::storage::{MemberEntry, RoomRecord, Standing, StoredMessage};

/// The users of one page, each looked up once.
pub(in crate::hub) struct Faces<'h> {
    hub: &'h Hub,
    /// Who looks at them; `None`: several do.
    reader: Option<&'h UserId>,
    known: BTreeMap<UserId, Profile>,
}

impl<'h> Faces<'h> {
    pub(in crate::hub) fn new(hub: &'h Hub) -> Self {
        Self { hub, reader: None, known: BTreeMap::new() }
    }

    /// As one reader sees them.
    fn seen_by(reader: &'h UserId, hub: &'h Hub) -> Self {
        Self { reader: Some(reader), ..Self::new(hub) }
    }

    /// What the directory knows of a user; of one that it does not know, the id.
    pub(in crate::hub) async fn of(&mut self, user: &UserId) -> Result<Profile, WireError> {
        if let Some(known) = self.known.get(user) {
            return Ok(known.clone());
        }
        let found = self.hub.profile(user).await?;
        let mut more = found.more;
        if let Some(username) = found.username {
            more.insert("username".to_owned(), username.into());
        }
        let profile = Profile {
            user: user.clone(),
            name: found.name,
            first_name: found.first_name,
            last_name: found.last_name,
            patronymic: found.patronymic,
            email: found.email,
            phone: found.phone,
            avatar: found.avatar,
            active: !found.inactive,
            online: self.is_online(user).await?,
            more,
        };
        self.known.insert(user.clone(), profile.clone());
        Ok(profile)
    }

    /// Whether a user is there, as the reader may know: of two of whom one blocks the other neither does.
    async fn is_online(&self, user: &UserId) -> Result<bool, WireError> {
        if !self.hub.is_online(user) {
            return Ok(false);
        }
        let Some(reader) = self.reader.filter(|reader| *reader != user) else { return Ok(true) };
        let relation = self.hub.stored(self.hub.providers.storage.relation(reader, user).await)?;
        Ok(!relation.blocks && !relation.blocked)
    }
}

impl Hub {
    /// The record of a room that is there.
    pub(in crate::hub) async fn record(&self, room: &RoomId) -> Result<Option<RoomRecord>, WireError> {
        let records = self.stored(self.providers.storage.records(std::slice::from_ref(room)).await)?;
        Ok(records.into_iter().next().flatten())
    }

    /// A room as formats see it.
    pub(in crate::hub) async fn shown_room(&self, record: RoomRecord) -> Result<ShownRoom, WireError> {
        let client = match &record.desk {
            Some(desk) => Some(Faces::new(self).of(&desk.client).await?),
            None => None,
        };
        Ok(ShownRoom { record, client, last: None })
    }

    /// Members of a room that is not large; of a large one none: who has read there is told to nobody.
    pub(in crate::hub) async fn recipients(
        &self,
        record: &RoomRecord,
    ) -> Result<Vec<MemberEntry>, WireError> {
        let most = self.config.max_receipt_members;
        if record.members > most {
            return Ok(Vec::new());
        }
        let limit = usize::try_from(most).unwrap_or(usize::MAX);
        self.stored(self.providers.storage.members(&record.room, None, limit).await)
    }

    /// Messages of one room as formats see them.
    pub(in crate::hub) async fn shown_messages(
        &self,
        room: &Arc<ShownRoom>,
        members: &[MemberEntry],
        messages: Vec<StoredMessage>,
    ) -> Result<Vec<ShownMessage>, WireError> {
        let mut faces = Faces::new(self);
        let mut shown = Vec::with_capacity(messages.len());
        for stored in messages {
            let reply = match stored.message.reply_to {
                Some(seq) => self.message_at(&room.record.room, seq).await?,
                None => None,
            };
            let reply = match reply {
                Some(reply) => Some(Box::new(shown_message(room, members, reply, None, &mut faces).await?)),
                None => None,
            };
            shown.push(shown_message(room, members, stored, reply, &mut faces).await?);
        }
        Ok(shown)
    }
}

async fn shown_message(
    room: &Arc<ShownRoom>,
    members: &[MemberEntry],
    stored: StoredMessage,
    reply: Option<Box<ShownMessage>>,
    faces: &mut Faces<'_>,
) -> Result<ShownMessage, WireError> {
    let message = &stored.message;
    let author = faces.of(&message.from).await?;
    let others = members.iter().filter(|member| member.user != message.from);
    let recipients = others.map(|member| (member.user.clone(), member.read >= message.seq)).collect();
    Ok(ShownMessage { room: room.clone(), author, stored, reply, recipients, delivery: Delivery::Sending })
}

/// What one reader is shown of several rooms: each room and user is looked up once.
pub(super) struct Facts<'h> {
    pub(super) faces: Faces<'h>,
    reader: &'h UserId,
    rooms: BTreeMap<RoomId, Seen>,
}

/// A room as a reader sees it.
#[derive(Clone)]
pub(super) struct Seen {
    pub(super) room: Arc<ShownRoom>,
    /// Its members, where they are not many.
    pub(super) members: Arc<[MemberEntry]>,
    /// The oldest message that the reader can read.
    pub(super) oldest: Seq,
}

impl<'h> Facts<'h> {
    pub(super) fn new(hub: &'h Hub, reader: &'h UserId) -> Self {
        Self { faces: Faces::seen_by(reader, hub), reader, rooms: BTreeMap::new() }
    }

    /// A room; `None`: it is gone.
    pub(super) async fn room(&mut self, room: &RoomId) -> Result<Option<Seen>, WireError> {
        if let Some(seen) = self.rooms.get(room) {
            return Ok(Some(seen.clone()));
        }
        let hub = self.faces.hub;
        let standing = hub.stored(hub.providers.storage.standing(room, self.reader).await)?;
        let Some((record, standing)) = hub.record(room).await?.zip(standing) else { return Ok(None) };
        self.found(record, &standing).await.map(Some)
    }

    /// A room whose record was read already, and what the reader is to it.
    pub(super) async fn found(&mut self, record: RoomRecord, standing: &Standing) -> Result<Seen, WireError> {
        let (hub, room) = (self.faces.hub, record.room.clone());
        let members = hub.recipients(&record).await?.into();
        let seen =
            Seen { room: Arc::new(hub.shown_room(record).await?), members, oldest: standing.oldest_seq };
        self.rooms.insert(room, seen.clone());
        Ok(seen)
    }

    /// Messages in the order in which they are given, each with the one that it answers, if the reader can read that.
    pub(super) async fn show_all(
        &mut self,
        messages: Vec<StoredMessage>,
    ) -> Result<Vec<ShownMessage>, WireError> {
        let mut shown = Vec::with_capacity(messages.len());
        for stored in messages {
            let id = stored.message.room.clone();
            let Some(Seen { room, members, oldest }) = self.room(&id).await? else { continue };
            let reply = match stored.message.reply_to.filter(|seq| *seq >= oldest) {
                Some(seq) => self.faces.hub.message_at(&id, seq).await?,
                None => None,
            };
            let reply = match reply {
                Some(reply) => {
                    Some(Box::new(shown_message(&room, &members, reply, None, &mut self.faces).await?))
                }
                None => None,
            };
            let delivery = self.faces.hub.delivery(&room, &stored);
            let message = shown_message(&room, &members, stored, reply, &mut self.faces).await?;
            shown.push(ShownMessage { delivery, ..message });
        }
        Ok(shown)
    }
}
