//! How each step of a plan is done.

use std::time::Duration;

use chat_client::protocol::command::{Create, Delete, Edit, History, Join, Leave, MarkUnread, React};
use chat_client::protocol::{
    Access, Close, Command as Wire, Content, Emoji, Frame, HistoryQuery, HistoryVisibility, Mentions,
    Message, RequestId, RoomId, RoomKind, Seq, UserId,
};
use chat_client::session::Command;
use chat_server_core::storage::MessageStore;
use chat_server_core::{Caller, ChatServer};

use super::fault::Fault;
use super::link::{Link, Way};
use super::plan::{About, ROOMS, Step, USERS};
use super::server::Running;
use super::world::World;

/// Of how many newest messages one is picked to be changed.
const PAGE: usize = 20;

/// How long a server that stops in good order has for its connections.
const STOP: Duration = Duration::from_secs(8);

/// When to look again whether the last server is gone.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

pub(super) fn room(index: usize) -> RoomId {
    RoomId::new(ROOMS[index]).expect("letters and digits are an id")
}

pub(super) fn user(name: &str) -> UserId {
    UserId::new(name.to_owned()).expect("letters are an id")
}

fn id() -> RequestId {
    RequestId::new("1").expect("a digit is an id")
}

fn text(text: &str) -> Content {
    Content::new("text/plain", &serde_json::json!({ "text": text }))
}

/// The rooms of a run, of which all users are members.
pub(super) async fn make_rooms(server: &ChatServer) {
    for index in 0..ROOMS.len() {
        let create = Create {
            id: id(),
            kind: RoomKind::Group,
            room: Some(room(index)),
            client_room_id: None,
            access: Access::Open,
            history: HistoryVisibility::default(),
            info: Default::default(),
            members: vec![user(USERS[1]), user(USERS[2])],
            desk: None,
            number: None,
            owner: None,
        };
        let made = server.command(&Caller::User(user(USERS[0])), create.into()).await;
        made.expect("a room can be made before anything goes wrong");
    }
}

impl World {
    /// Does a step.
    ///
    /// # Errors
    /// What a client was told and cannot be.
    pub(super) async fn do_step(&mut self, now: Duration, step: Step) -> Result<(), String> {
        match step {
            Step::Send { client, room: to, bytes, about } => {
                let about = self.about(to, about).await;
                let (client, around) = self.client(client, now);
                client.send(&around, room(to), bytes, about)
            }
            Step::Read { client, room: of, back } => {
                let (client, around) = self.client(client, now);
                client.mark_read(&around, &room(of), back)
            }
            Step::Join { client, room: of } => {
                self.ask(now, client, Join { id: id(), room: room(of) }.into())
            }
            Step::Leave { client, room: of } => {
                self.clients[client].read.remove(&room(of));
                self.ask(now, client, Leave { id: id(), room: room(of) }.into())
            }
            Step::History { client, room: of } => {
                let query = HistoryQuery::default();
                self.ask(now, client, History { id: id(), room: room(of), query }.into())
            }
            Step::Typing { client, room: of } => {
                let (client, around) = self.client(client, now);
                client.ask(&around, Command::Typing { room: room(of), thread: None, stop: false })
            }
            Step::NetworkChanged { client } => {
                self.shared.hits.hit(Fault::NetworkChanged);
                let (client, around) = self.client(client, now);
                client.ask(&around, Command::NetworkChanged)
            }
            Step::AppRestart { client } => {
                let (client, around) = self.client(client, now);
                client.restart(&around)
            }
            Step::MarkUnread { client, room: of, pick } => {
                let Some(message) = self.pick(of, pick).await else { return Ok(()) };
                self.clients[client].read.remove(&message.room);
                let mark = MarkUnread { id: id(), room: message.room, seq: message.seq };
                self.ask(now, client, mark.into())
            }
            Step::Hide { client, room: of, pick } => {
                let Some(Message { room, seq, .. }) = self.pick(of, pick).await else { return Ok(()) };
                self.ask(now, client, Delete { id: id(), room, seq, for_me: true }.into())
            }
            Step::Edit { room: of, pick }
            | Step::Delete { room: of, pick }
            | Step::React { room: of, pick } => {
                let Some(message) = self.pick(of, pick).await else { return Ok(()) };
                self.change(now, &step, message, pick)
            }
            fault => {
                self.break_something(now, fault);
                Ok(())
            }
        }
    }

    fn ask(&mut self, now: Duration, client: usize, command: Wire) -> Result<(), String> {
        let (client, around) = self.client(client, now);
        client.ask(&around, Command::Ask(Box::new(command)))
    }

    /// The thread that a message belongs to, and whom it calls.
    async fn about(&self, of: usize, about: About) -> (Option<Seq>, Option<Mentions>) {
        match about {
            About::Nothing => (None, None),
            About::User(index) => {
                let users = vec![user(USERS[index])];
                (None, Some(Mentions { users, ..Mentions::default() }))
            }
            About::Everyone => (None, Some(Mentions { room: true, ..Mentions::default() })),
            About::Thread { pick } => {
                let root = self.pick(of, pick).await.filter(|root| root.thread.is_none());
                (root.map(|root| root.seq), None)
            }
        }
    }

    /// One of the newest messages of a room, if there is any.
    async fn pick(&self, of: usize, pick: u64) -> Option<Message> {
        let page = self.disk.store.history(&room(of), None, HistoryQuery::default(), PAGE).await;
        let page = page.ok().flatten().unwrap_or_default();
        let index = pick.checked_rem(page.len() as u64)?;
        page.into_iter().nth(usize::try_from(index).unwrap_or(0)).map(|stored| stored.message)
    }

    /// Changes a message as its author: over a connection, or behind the back of all, as over HTTP.
    fn change(&mut self, now: Duration, step: &Step, message: Message, pick: u64) -> Result<(), String> {
        let (id, room, seq) = (id(), message.room, message.seq);
        let command: Wire = match step {
            Step::Edit { .. } => Edit { id, room, seq, content: text("changed") }.into(),
            Step::Delete { .. } => Delete { id, room, seq, for_me: false }.into(),
            _ => React { id, room, seq, emoji: Emoji::new("+1").expect("it is short") }.into(),
        };
        let over = self.clients.iter().position(|client| client.user == message.from);
        if let Some(client) = over.filter(|_| pick.is_multiple_of(2)) {
            return self.ask(now, client, command);
        }
        if let Some(running) = &self.server {
            let server = running.server.clone();
            // Whoever has left the room changes nothing in it any more.
            tokio::spawn(async move { _ = server.command(&Caller::User(message.from), command).await });
        }
        Ok(())
    }

    fn break_something(&mut self, now: Duration, step: Step) {
        match step {
            Step::Trap { client, way, trap } => self.on_link(client, |link| link.set_trap(way, trap)),
            Step::TrapNext { client, way, trap } => self.clients[client].trap_next(way, trap),
            Step::Swallow { client, up, down } => self.on_link(client, |link| {
                for (way, swallows) in [(Way::Up, up), (Way::Down, down)] {
                    if swallows {
                        link.swallow(way);
                    }
                }
            }),
            Step::Delay { client, way, extra } => self.on_link(client, |link| link.delay(way, extra)),
            Step::Stall { client, stalled } => self.on_link(client, |link| link.stall(stalled)),
            Step::Close { client, code } => {
                let close = Frame::Close(Close { code, reason: String::new() });
                self.on_link(client, |link| link.say_close(now, close));
            }
            Step::Kill { client } => self.on_link(client, |link| link.kill(now)),
            Step::Dial { client, fate } => self.clients[client].fates.push_back(fate),
            Step::RefuseToken { client } => self.tokens.refuse(&self.clients[client].user),
            Step::NoToken { client } => self.clients[client].no_tokens += 1,
            Step::FailStore { lasts } => self.disk.fail_until(now + lasts),
            Step::Stop { graceful } => self.stop(now, graceful),
            Step::Start { new_life } => self.start(now, new_life),
            other => unreachable!("{other:?} breaks nothing"),
        }
    }

    fn on_link(&self, client: usize, act: impl FnOnce(&Link)) {
        if let Some(link) = &self.clients[client].link {
            act(link);
        }
    }

    fn stop(&mut self, now: Duration, graceful: bool) {
        let Some(running) = self.server.take() else { return };
        if !graceful {
            running.mount.kill();
            for client in &self.clients {
                client.link.iter().chain(&client.old).for_each(|link| link.kill(now));
            }
        }
        let stop = async move { running.server.shutdown(STOP).await };
        self.stopping = Some((tokio::spawn(stop), graceful));
    }

    fn start(&mut self, now: Duration, new_life: bool) {
        let Some((stopping, graceful)) = self.stopping.take() else { return };
        if !stopping.is_finished() {
            let at = self.steps.partition_point(|(at, _)| *at < now + LOOK_AGAIN);
            self.steps.insert(at, (now + LOOK_AGAIN, Step::Start { new_life }));
            self.stopping = Some((stopping, graceful));
            return;
        }
        if new_life {
            self.disk.begin_new_life();
        }
        let fault = match (new_life, graceful) {
            (true, _) => Fault::RestartNewEpoch,
            (false, true) => Fault::RestartGraceful,
            (false, false) => Fault::RestartCrash,
        };
        self.shared.hits.hit(fault);
        let (disk, clock) = (&self.disk, &self.shared.clock);
        self.server = Some(Running::start(disk, &self.tokens, clock, &self.shape.server));
    }
}
