//! Tells the sockets of a room what happened there: what the formats need besides is gathered once, and each frame is written
//! once for all sockets of a port that came to the room by the same name.

use std::collections::BTreeMap;
use std::sync::Arc;

use chat_protocol::dialect::{Audience, Delivery as Stage, MessageNames, News, Place, Profile};
use chat_protocol::event::RoomAction;
use chat_protocol::{HistoryVisibility, RoomId, Seq, Text, Timestamp, UserId, WireError};

use super::facts::Faces;
use super::mail::{Delivery, Happened};
use crate::dialects::{PortId, ShownMessage, ShownRoom};
use crate::hub::Hub;
use crate::hub::delivery::Deliveries;
use crate::hub::link::Link;
use crate::room::policy;
use crate::storage::{LogEntry, MemberEntry, RoomRecord, StoredMessage};

/// How many entries of a log are read at once.
const PAGE: usize = 128;

/// Greatest number of messages that one receipt names (dialect reference, section 6).
const MAX_READ: usize = 100;

/// What a ticket is that everybody hears.
pub(super) const ALL: u64 = u64::MAX;

/// Tells what waits in a room until nothing does.
pub(super) async fn run(hub: Arc<Hub>, room: RoomId) {
    let mut teller = Teller { hub: &hub, room: &room, known: None };
    while let Some(delivery) = hub.take_mail(&room) {
        if let Err(error) = teller.tell_all(delivery).await {
            // They cannot resume: those that missed something are closed, come again, and read what they missed.
            tracing::warn!(%error, "sockets of a room cannot be told what happened");
            for link in hub.hearers(&room, ALL) {
                link.outbox.close(error.code);
            }
        }
    }
}

/// What is known of a room until something in it changes.
struct Known {
    room: Arc<ShownRoom>,
    members: Vec<MemberEntry>,
    /// Its members do not read what was written before they joined.
    hides: bool,
}

struct Teller<'h> {
    hub: &'h Arc<Hub>,
    room: &'h RoomId,
    known: Option<Known>,
}

/// News with what they are made of.
enum Told {
    Message(ShownMessage),
    Edited(ShownMessage),
    /// A message of a support case went further on its way.
    Sent(ShownMessage),
    Deleted(MessageNames),
    Read {
        by: UserId,
        named: MessageNames,
        messages: Vec<MessageNames>,
        ts: Timestamp,
    },
    Typing {
        by: UserId,
        stop: bool,
        ts: Timestamp,
    },
    Socket {
        user: Profile,
        port: PortId,
        opened: bool,
    },
    Desk,
}

impl Told {
    /// The news as a format takes them; `alias` is the name by which the sockets came to the room.
    fn news<R>(&self, room: &ShownRoom, alias: Option<&str>, take: impl FnOnce(&News<'_>) -> R) -> R {
        match self {
            Told::Message(message) => message.news(alias, |news| take(&News::Message(*news))),
            Told::Edited(message) | Told::Sent(message) => {
                message.news(alias, |news| take(&News::Edited(*news)))
            }
            Told::Deleted(message) => {
                room.facts(alias, |room| take(&News::Deleted { room, message: *message }))
            }
            Told::Read { by, named, messages, ts } => {
                room.facts(alias, |room| take(&News::Read { room, by, named: *named, messages, ts: *ts }))
            }
            Told::Typing { by, stop, ts } => {
                room.facts(alias, |room| take(&News::Typing { room, by, stop: *stop, ts: *ts }))
            }
            Told::Socket { user, opened, .. } => {
                room.facts(alias, |room| take(&News::Socket { room, user, opened: *opened }))
            }
            Told::Desk => room.facts(alias, |room| take(&News::Desk(room))),
        }
    }

    /// Who did it, and whether only one port's sockets are told.
    fn by(&self) -> Option<&UserId> {
        match self {
            Told::Message(message) | Told::Edited(message) | Told::Sent(message) => {
                Some(&message.stored.message.from)
            }
            Told::Read { by, .. } | Told::Typing { by, .. } => Some(by),
            Told::Socket { user, .. } => Some(&user.user),
            Told::Deleted(_) | Told::Desk => None,
        }
    }

    /// Number of the message that is shown besides, because this one answers it.
    fn quoted(&self) -> Option<Seq> {
        match self {
            Told::Message(message) | Told::Edited(message) | Told::Sent(message) => {
                message.reply.as_ref().map(|reply| reply.stored.message.seq)
            }
            _ => None,
        }
    }

    /// The same for those who may not read the message that it answers.
    fn without_quote(self) -> Self {
        let bare = |message: ShownMessage| ShownMessage { reply: None, ..message };
        match self {
            Told::Message(message) => Told::Message(bare(message)),
            Told::Edited(message) => Told::Edited(bare(message)),
            Told::Sent(message) => Told::Sent(bare(message)),
            other => other,
        }
    }

    fn is_ephemeral(&self) -> bool {
        matches!(self, Told::Typing { .. })
    }
}

impl Teller<'_> {
    async fn tell_all(&mut self, delivery: Delivery) -> Result<(), WireError> {
        for (ticket, what) in delivery.what {
            self.tell_with_next(ticket, what).await?;
        }
        let Some(mut after) = delivery.behind else { return Ok(()) };
        loop {
            let page = self.hub.providers.storage.log(self.room, after, PAGE).await;
            let entries = self.hub.stored(page)?.map(|page| page.entries).unwrap_or_default();
            let Some(last) = entries.last().map(LogEntry::offset) else { return Ok(()) };
            for entry in entries {
                let offset = entry.offset();
                self.tell_with_next(ALL, Happened::Stored { entry: Box::new(entry), origin: 0 }).await?;
                self.hub.mail_read(self.room, offset);
            }
            after = last;
        }
    }

    async fn tell_with_next(&mut self, ticket: u64, what: Happened) -> Result<(), WireError> {
        let mut next = Some(what);
        while let Some(what) = next {
            next = self.tell(ticket, what).await?;
        }
        Ok(())
    }

    /// Gives what is to be told right after it.
    async fn tell(&mut self, ticket: u64, what: Happened) -> Result<Option<Happened>, WireError> {
        self.forget_if_changed(&what);
        let mut links = self.hub.hearers(self.room, ticket);
        if !links.is_empty() {
            self.learn().await?;
        }
        if matches!(what, Happened::Stored { .. } | Happened::Sent { .. }) {
            links.extend(self.of_organization().await?);
            links.extend(self.hub.seat_full(self.room).await?);
        }
        let origin = match &what {
            Happened::Stored { origin, .. } => *origin,
            _ => 0,
        };
        if links.is_empty() {
            return Ok(None);
        }
        self.learn().await?;
        let subject = match &what {
            Happened::Stored { entry, .. } => entry.subject(),
            Happened::Sent { seq, .. } => Some(*seq),
            _ => None,
        };
        let (links, _) = self.readers(links, subject).await?;
        if links.is_empty() {
            return Ok(None);
        }
        let Some(told) = self.gather(what).await? else { return Ok(None) };
        let links = match &told {
            Told::Socket { user, .. } => self.hub.unbarred(&user.user, links).await?,
            _ => links,
        };
        let (links, without) = self.readers(links, told.quoted()).await?;
        let Some(known) = &self.known else { return Ok(None) };
        let room = match told {
            Told::Desk => Arc::new(self.with_last(&known.room).await?),
            _ => known.room.clone(),
        };
        self.hub.deliver(|deliveries| self.give(&told, &room, &links, origin, deliveries));
        let next = match &told {
            Told::Message(message) => self.hub.send_on(message),
            _ => None,
        };
        if !without.is_empty() {
            let told = told.without_quote();
            self.hub.deliver(|deliveries| self.give(&told, &room, &without, origin, deliveries));
        }
        Ok(next)
    }

    /// Sockets of those who may read a message, then the others.
    async fn readers(
        &self,
        links: Vec<Arc<Link>>,
        seq: Option<Seq>,
    ) -> Result<(Vec<Arc<Link>>, Vec<Arc<Link>>), WireError> {
        let hides = self.known.as_ref().is_some_and(|known| known.hides);
        let Some(seq) = seq.filter(|_| hides) else { return Ok((links, Vec::new())) };
        let (mut may, mut others) = (Vec::with_capacity(links.len()), Vec::new());
        for link in links {
            let standing = match link.user() {
                Some(user) => self.hub.stored(self.hub.providers.storage.standing(self.room, user).await)?,
                None => None,
            };
            let reads = standing.is_some_and(|standing| policy::may_read(seq, standing.oldest_seq));
            if reads { may.push(link) } else { others.push(link) }
        }
        Ok((may, others))
    }

    /// What is known of the room is not true any more.
    fn forget_if_changed(&mut self, what: &Happened) {
        if let Happened::Stored { entry, .. } = what
            && matches!(**entry, LogEntry::Member(_) | LogEntry::Room(_))
        {
            self.known = None;
        }
    }

    /// Sockets that hear of all support cases of the organization whose case this room is: of its agents, who may have lost
    /// that or be banned from the case, and of whoever came where the operator lets everybody in.
    async fn of_organization(&self) -> Result<Vec<Arc<Link>>, WireError> {
        if self.hub.sockets.wide.load(std::sync::atomic::Ordering::Relaxed) == 0 {
            return Ok(Vec::new());
        }
        let desk = match &self.known {
            Some(known) => known.room.record.desk.clone(),
            // No more than that is looked up: nearly every room that nobody hears of is none.
            None => self.hub.record(self.room).await?.and_then(|record| record.desk),
        };
        let Some(organization) = desk.map(|desk| desk.organization) else { return Ok(Vec::new()) };
        let of = |link: &Link| {
            let place = link.seated().map(|seated| &seated.place);
            matches!(place, Some(Place::Organization(name)) if *name == organization)
        };
        let (mut hearing, now) = (Vec::new(), self.hub.providers.clock.now());
        for link in self.hub.sockets.of(of) {
            let hears = match link.user() {
                Some(user) => {
                    let standing = self.hub.providers.storage.standing(self.room, user).await;
                    self.hub.stored(standing)?.is_some_and(|standing| policy::reads_desk(&standing, now))
                }
                None => true,
            };
            if hears {
                hearing.push(link);
            }
        }
        Ok(hearing)
    }

    /// Sockets may be in a room that is not there yet: it is nothing but its id then, until it is made.
    async fn learn(&mut self) -> Result<(), WireError> {
        if self.known.is_none() {
            let record =
                self.hub.record(self.room).await?.unwrap_or_else(|| RoomRecord::bare(self.room.clone()));
            let members = self.hub.recipients(&record).await?;
            let room = Arc::new(self.hub.shown_room(record).await?);
            let view = self.hub.view(&UserId::system(), self.room).await?;
            let hides = view.is_some_and(|view| view.state.history == HistoryVisibility::Joined);
            self.known = Some(Known { room, members, hides });
        }
        Ok(())
    }

    /// What happened, with what is needed to tell it; nothing when no format has words for it.
    async fn gather(&self, what: Happened) -> Result<Option<Told>, WireError> {
        let Some(known) = &self.known else { return Ok(None) };
        Ok(match what {
            Happened::Stored { entry, .. } => match *entry {
                LogEntry::Message(stored) => {
                    let shown = self.hub.shown_messages(&known.room, &known.members, vec![stored]).await?;
                    shown.into_iter().next().map(Told::Message)
                }
                LogEntry::Edited(edited) => self.edited(edited.seq, None).await?.map(Told::Edited),
                LogEntry::Deleted(deleted) => {
                    let found = self.hub.message_at(self.room, deleted.seq).await?;
                    found.map(|stored| Told::Deleted(stored.names()))
                }
                LogEntry::Room(changed) if changed.action != RoomAction::Trimmed => {
                    known.room.client.is_some().then_some(Told::Desk)
                }
                LogEntry::Room(_) | LogEntry::Member(_) | LogEntry::Reaction(_) => None,
            },
            Happened::Read { by, from, upto, ts } => self.read(by, from, upto, ts).await?,
            Happened::Typing { by, stop, ts } => Some(Told::Typing { by, stop, ts }),
            Happened::Socket { user, port, opened } => {
                let user = Faces::new(self.hub).of(&user).await?;
                Some(Told::Socket { user, port, opened })
            }
            Happened::Sent { seq, at } => self.edited(seq, Some(at)).await?.map(Told::Sent),
        })
    }

    /// A message as it is now, with who has read it by now, and how far it has come unless that is known.
    async fn edited(&self, seq: Seq, sent: Option<Timestamp>) -> Result<Option<ShownMessage>, WireError> {
        let Some(known) = &self.known else { return Ok(None) };
        let found = self.hub.message_at(self.room, seq).await?;
        let Some(stored) = found.filter(|stored| stored.message.deleted_at.is_none()) else {
            return Ok(None);
        };
        let delivery = sent.map_or_else(|| self.hub.delivery(&known.room, &stored), Stage::Sent);
        let members = self.hub.recipients(&known.room.record).await?;
        let shown = self.hub.shown_messages(&known.room, &members, vec![stored]).await?;
        Ok(shown.into_iter().next().map(|shown| ShownMessage { delivery, ..shown }))
    }

    /// The messages of others that became read; of one that was read again, that.
    async fn read(&self, by: UserId, from: Seq, upto: Seq, ts: Timestamp) -> Result<Option<Told>, WireError> {
        let again = from == upto;
        let span = (if again { upto.previous() } else { from }, Some(upto.next()));
        let of_others = |stored: &StoredMessage| stored.message.from != by && is_live(stored);
        let found = self.hub.look_back(self.room, None, span, MAX_READ, of_others).await?;
        let Some(named) = found.first().map(StoredMessage::names) else { return Ok(None) };
        let messages = found.iter().rev().map(StoredMessage::names);
        let messages = messages.filter(|_| !again).collect();
        Ok(Some(Told::Read { by, named, messages, ts }))
    }

    /// A room with the newest of its messages that is not deleted.
    async fn with_last(&self, room: &Arc<ShownRoom>) -> Result<ShownRoom, WireError> {
        let newest = self.hub.look_back(self.room, None, (Seq::ZERO, None), 1, is_live).await?;
        let last = self.hub.shown_messages(room, &[], newest).await?.pop();
        let delivery = last.as_ref().map(|last| self.hub.delivery(room, &last.stored));
        let last = last.zip(delivery).map(|(last, delivery)| Box::new(ShownMessage { delivery, ..last }));
        Ok(ShownRoom { last, ..(**room).clone() })
    }

    /// Writes the news once for all sockets of a port that came by the same name, and gives it to those that are meant.
    fn give(
        &self,
        told: &Told,
        room: &ShownRoom,
        links: &[Arc<Link>],
        origin: u64,
        deliveries: &mut Deliveries,
    ) {
        let mut groups: BTreeMap<(PortId, Option<&str>), Vec<&Arc<Link>>> = BTreeMap::new();
        for link in links {
            let Some(seated) = link.seated() else { continue };
            let concerned = match told {
                Told::Socket { port, .. } => *port == seated.port,
                // Whoever follows a room and not its organization has the message already.
                Told::Sent(_) => matches!(seated.place, Place::Organization(_)),
                _ => true,
            };
            if !concerned {
                continue;
            }
            groups.entry((seated.port, seated.alias.as_deref())).or_default().push(link);
        }
        for ((port, alias), links) in groups {
            let dialect = &self.hub.sockets.port(port).dialect;
            let (audience, frames) = told.news(room, alias, |news| {
                let mut frames: Vec<Text> = dialect.encode(news).into_iter().collect();
                frames.extend(dialect.encode_more(news));
                (dialect.audience(news), frames)
            });
            metrics::counter!("chat_dialect_frames_total", "dialect" => dialect.name())
                .increment(frames.len() as u64);
            let ghost = self.hub.sockets.ghosts[port.0];
            let meant = links.into_iter().filter(|link| is_meant(link, audience, told.by(), origin, ghost));
            for link in meant {
                give(link, told, self.room, &frames, deliveries);
            }
        }
    }
}

fn is_live(stored: &StoredMessage) -> bool {
    stored.message.deleted_at.is_none()
}

fn give(link: &Arc<Link>, told: &Told, room: &RoomId, frames: &[Text], deliveries: &mut Deliveries) {
    match (told.is_ephemeral(), told.by()) {
        (true, Some(by)) => {
            for frame in frames {
                deliveries.give_ephemeral(link, (by.clone(), Some(room.clone())), frame.clone());
            }
        }
        _ => deliveries.give(link, frames),
    }
}

/// Whether a socket of the room is one of those that are told.
fn is_meant(link: &Link, audience: Audience, by: Option<&UserId>, origin: u64, ghost: u64) -> bool {
    let own = by.is_some() && link.user() == by;
    match audience {
        Audience::All => true,
        Audience::Others => !own,
        Audience::ButSession => !own || (origin != ghost && origin != link.number),
        // These are of no room, see `presence.rs`.
        _ => false,
    }
}
