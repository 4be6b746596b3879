//! Presence, told to sockets of existing systems.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chat_protocol::dialect::{Audience, News};
use chat_protocol::event::PresenceState;
use chat_protocol::{Text, UserId, WireError, limits};

use super::tell::ALL;
use crate::dialects::PortId;
use crate::hub::Hub;
use crate::hub::delivery::Deliveries;
use crate::hub::link::Link;
use crate::storage::RoomsQuery;

/// Of so many who block a user it is known that they are not told of it: a bound for one look-up, which nobody comes near.
const MAX_BLOCKERS: usize = 10_000;

/// How a user is shown from now on.
#[derive(Debug, Clone, Copy)]
pub(in crate::hub) struct Showing {
    pub(in crate::hub) online: bool,
    /// A client asked for it; whether it is different from before.
    pub(in crate::hub) asked: Option<bool>,
}

impl Hub {
    /// Tells the sockets that are concerned how a user is shown now; `listeners` are the connections that listen to it.
    pub(in crate::hub) fn tell_sockets(
        &self,
        user: &UserId,
        showing: Showing,
        listeners: &[Arc<Link>],
        deliveries: &mut Deliveries,
    ) {
        let (ts, Showing { online, asked }) = (self.providers.clock.now(), showing);
        let news = match asked {
            None => News::Presence { user, online, ts },
            Some(changed) => News::Shown { user, online, changed, ts },
        };
        for (index, port) in self.sockets.ports.iter().enumerate() {
            let id = PortId(index);
            let Some(frame) = port.dialect.encode(&news) else { continue };
            let of_port = |link: &Link| link.seated().is_some_and(|seated| seated.port == id);
            let others = |link: &Link| of_port(link) && link.user() != Some(user);
            match port.dialect.audience(&news) {
                Audience::Listeners => {
                    let told: Vec<_> = listeners.iter().filter(|link| of_port(link)).cloned().collect();
                    give(&told, user, &frame, deliveries);
                }
                Audience::Everyone => self.tell_widely(user, online, frame, self.sockets.of(of_port)),
                Audience::EveryoneElse => self.tell_widely(user, online, frame, self.sockets.of(others)),
                Audience::Companions => self.tell_companions(user, online, frame, id, true),
                Audience::OtherCompanions => self.tell_companions(user, online, frame, id, false),
                _ => {}
            }
        }
    }

    /// Tells sockets of many users: who of them is not to know has to be looked up.
    fn tell_widely(&self, user: &UserId, online: bool, frame: Text, links: Vec<Arc<Link>>) {
        let Some(hub) = self.this.upgrade().filter(|_| !links.is_empty()) else { return };
        let user = user.clone();
        let tell = async move { hub.tell_unbarred(&user, online, &frame, links).await };
        self.tasks.spawn_on(tell, &self.runtime);
    }

    /// Tells a port's sockets of users who share a room with the user: which these are has to be looked up.
    fn tell_companions(&self, user: &UserId, online: bool, frame: Text, port: PortId, own: bool) {
        let Some(hub) = self.this.upgrade() else { return };
        let user = user.clone();
        let tell = async move {
            let limit = hub.config.max_rooms_followed;
            let rooms = hub.providers.storage.rooms_of(&user, RoomsQuery::default(), limit).await;
            let Ok(rooms) = hub.stored(rooms) else { return };
            let mut told: BTreeMap<u64, Arc<Link>> = BTreeMap::new();
            for (room, _) in rooms {
                told.extend(hub.hearers(&room, ALL).into_iter().map(|link| (link.number, link)));
            }
            let fits = |link: &Arc<Link>| {
                link.seated().is_some_and(|seated| seated.port == port) && (own || link.user() != Some(&user))
            };
            let told = told.into_values().filter(fits).collect();
            hub.tell_unbarred(&user, online, &frame, told).await;
        };
        self.tasks.spawn_on(tell, &self.runtime);
    }

    async fn tell_unbarred(&self, user: &UserId, online: bool, frame: &Text, links: Vec<Arc<Link>>) {
        // Nobody is told where that is not known.
        let Ok(told) = self.unbarred(user, links).await else { return };
        // Who came or went meanwhile: that is told by another one.
        if self.is_online(user) == online {
            self.deliver(|deliveries| give(&told, user, frame, deliveries));
        }
    }

    /// Without the sockets of users whom a user blocks, or who block it: neither knows whether the other is there.
    pub(super) async fn unbarred(
        &self,
        user: &UserId,
        mut links: Vec<Arc<Link>>,
    ) -> Result<Vec<Arc<Link>>, WireError> {
        let storage = &self.providers.storage;
        let blocked = self.stored(storage.blocked(user, None, limits::MAX_BLOCKED).await)?;
        let mut barred: BTreeSet<UserId> = blocked.into_iter().map(|blocked| blocked.user).collect();
        barred.extend(self.stored(storage.blockers_of(user, MAX_BLOCKERS).await)?);
        links.retain(|link| link.user().is_none_or(|other| !barred.contains(other)));
        Ok(links)
    }

    /// A client asks to show its user as online or offline, whatever its sockets say.
    pub(super) fn show(&self, link: &Arc<Link>, online: bool) {
        let Some(user) = link.user() else { return };
        self.deliver(|deliveries| {
            self.change_user(user, |entry| {
                let changed = entry.is_online() != online;
                entry.hidden = !online;
                if changed {
                    let state = match online {
                        true => PresenceState::Online { from: user.clone() },
                        false => PresenceState::Offline { from: user.clone(), last_seen: None },
                    };
                    entry.tell(user, self.presence(state), deliveries);
                }
                let listeners = entry.listeners();
                self.tell_sockets(user, Showing { online, asked: Some(changed) }, &listeners, deliveries);
            });
        });
    }
}

fn give(links: &[Arc<Link>], user: &UserId, frame: &Text, deliveries: &mut Deliveries) {
    for link in links {
        deliveries.give_ephemeral(link, (user.clone(), None), frame.clone());
    }
}
