//! What happens in the room, and what the user makes of it.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::time::Duration;

use chat_client::protocol::event::{MemberAction, Presence, PresenceState};
use chat_client::protocol::reply::SendData;
use chat_client::protocol::{HistoryPage, HistoryQuery, Message, RoomState, Seq, UserId};
use chat_client::{Client, ClientEvent, ConnectionState, Error, EventStream, Recovery, RoomHandle};
use futures::FutureExt;
use futures::future::BoxFuture;
use futures::stream::{BoxStream, FuturesUnordered, StreamExt};

use crate::input::Input;
use crate::say::HELP;
use crate::screen::Screen;
use crate::text::Line;

/// Messages shown on entering.
const HISTORY: u32 = 20;

/// Messages on their way before no more input is taken: less than the client's own bound, so that a long file can be
/// piped in.
const MAX_PENDING: usize = 500;

/// Users whose presence is watched.
const MAX_WATCHED: usize = 100;

/// Something that was asked for, and came.
pub(crate) enum Done {
    Sent { number: u64, outcome: Result<SendData, Error> },
    Page(Result<HistoryPage, Error>),
    Watched { user: UserId, outcome: Result<bool, Error> },
    Nothing,
}

/// A message on its way.
pub(crate) struct Pending {
    pub(crate) number: u64,
    pub(crate) text: String,
    /// Known from the ack on: then only the echo is missing.
    pub(crate) seq: Option<Seq>,
}

pub(crate) struct App {
    pub(crate) client: Client,
    pub(crate) room: RoomHandle,
    me: UserId,
    pub(crate) screen: Screen,
    jobs: FuturesUnordered<BoxFuture<'static, Done>>,
    pub(crate) pending: Vec<Pending>,
    pub(crate) next_number: u64,
    /// The last message on the screen, and the last one that there is. A difference is read from the history, so
    /// whatever is dropped on the way, no line is missing here.
    shown: Seq,
    head: Seq,
    reading: bool,
    watched: BTreeSet<UserId>,
    pub(crate) online: BTreeSet<UserId>,
    typing: Vec<UserId>,
    read_by: BTreeMap<UserId, Seq>,
    connected: bool,
    pub(crate) over: bool,
}

impl App {
    pub(crate) fn new(client: Client, me: UserId, state: RoomState, screen: Screen) -> Self {
        let room = client.room(state.room);
        let mut app = Self {
            client,
            room,
            me,
            screen,
            jobs: FuturesUnordered::new(),
            pending: Vec::new(),
            next_number: 0,
            shown: Seq::new(state.seq.get().saturating_sub(HISTORY.into())).unwrap_or_default(),
            head: state.seq,
            reading: false,
            watched: BTreeSet::new(),
            online: BTreeSet::new(),
            typing: Vec::new(),
            read_by: BTreeMap::new(),
            connected: false,
            over: false,
        };
        app.catch_up();
        app
    }

    /// Until the user leaves, the input ends or the client does.
    pub(crate) async fn run(
        &mut self,
        mut events: EventStream,
        mut input: BoxStream<'static, Input>,
    ) -> io::Result<()> {
        let welcome = format!("{} in {}. {HELP}", self.me, self.room.id());
        self.screen.print(&[Line::Notice(welcome)])?;
        let mut tick = tokio::time::interval(Duration::from_secs(1));
        // At the end of the input what was written is still sent, and one's own lines are still shown.
        while !self.over || self.lingers() {
            self.refresh()?;
            tokio::select! {
                Some(event) = events.next() => self.on_event(event)?,
                Some(input) = input.next(), if !self.over && self.pending.len() < MAX_PENDING => self.on_input(input)?,
                Some(done) = self.jobs.next() => self.on_done(done)?,
                _ = tick.tick() => {}
            }
        }
        Ok(())
    }

    /// Whether to stay for what is still on its way. A person who leaves does not wait; a script does.
    fn lingers(&self) -> bool {
        let waits = self.reading || !self.pending.is_empty();
        waits && !self.screen.is_terminal() && self.client.state() == ConnectionState::Ready
    }

    fn on_event(&mut self, event: ClientEvent) -> io::Result<()> {
        match event {
            ClientEvent::Message(message) if message.room == *self.room.id() => self.on_message(message),
            ClientEvent::Member(change) if change.room == *self.room.id() => {
                self.watch(&change.user);
                let what = match change.action.known() {
                    Some(MemberAction::Joined) => "joined",
                    Some(MemberAction::Left) => "left",
                    Some(MemberAction::Kicked) => "was removed",
                    Some(MemberAction::Banned) => "was banned",
                    Some(MemberAction::Unbanned) => "may come again",
                    Some(MemberAction::Role) | None => "has another role",
                };
                self.notice(format!("{} {what}", change.user))
            }
            ClientEvent::Resumed { room: Some(room), recovery, .. } if room == *self.room.id() => {
                self.on_resumed(recovery)
            }
            ClientEvent::Presence(presence) => self.on_presence(presence),
            ClientEvent::Typing { room, thread: None, users } if room == *self.room.id() => {
                self.on_typing(users)
            }
            ClientEvent::Online { user, online, .. } => self.set_online(user, online),
            ClientEvent::Reads(reads) if reads.room == *self.room.id() => {
                self.watch(&reads.from);
                if let (true, Some(read)) = (reads.from != self.me, reads.read) {
                    self.read_by.insert(reads.from, read);
                }
                Ok(())
            }
            // The attempts after the first are shown by the state alone.
            ClientEvent::Disconnected { reason, .. } => {
                let news = std::mem::replace(&mut self.connected, false);
                if news { self.notice(format!("disconnected: {reason}")) } else { Ok(()) }
            }
            ClientEvent::Connected => {
                self.connected = true;
                self.notice("connected".to_owned())
            }
            ClientEvent::Draining => self.notice("the server is about to restart".to_owned()),
            ClientEvent::RoomLeft(room) if room == *self.room.id() => {
                self.over = true;
                self.notice("you are no member of this room any more".to_owned())
            }
            ClientEvent::Lagged { .. } => {
                // Some of what was dropped may have been messages; the next one shows.
                self.notice("some events were dropped".to_owned())
            }
            ClientEvent::Closed { reason: Some(error) } => {
                self.over = true;
                self.screen.print(&[Line::Problem(error.to_string())])
            }
            _ => Ok(()),
        }
    }

    fn on_message(&mut self, message: Message) -> io::Result<()> {
        self.head = self.head.max(message.seq);
        if message.seq == self.shown.next() && !self.reading {
            return self.show(vec![message]);
        }
        self.catch_up();
        Ok(())
    }

    fn on_resumed(&mut self, recovery: Recovery) -> io::Result<()> {
        match recovery {
            Recovery::Snapshot { state: Some(state), .. } | Recovery::Trimmed { state: Some(state), .. } => {
                if state.seq < self.shown {
                    self.notice("the server began a new history".to_owned())?;
                    self.shown = state.seq;
                }
                self.head = state.seq;
                self.catch_up();
                Ok(())
            }
            Recovery::Gone => {
                self.over = true;
                self.notice("this room is not yours any more".to_owned())
            }
            _ => Ok(()),
        }
    }

    /// Reads what is missing on the screen, one page at a time.
    fn catch_up(&mut self) {
        if self.reading || self.shown >= self.head {
            return;
        }
        self.reading = true;
        let (room, after) = (self.room.clone(), self.shown);
        self.job(async move {
            Done::Page(room.history(HistoryQuery { after: Some(after), ..HistoryQuery::default() }).await)
        });
    }

    fn on_done(&mut self, done: Done) -> io::Result<()> {
        match done {
            Done::Nothing => Ok(()),
            Done::Sent { number, outcome } => self.on_sent(number, outcome),
            Done::Watched { user, outcome } => self.set_online(user, outcome == Ok(true)),
            Done::Page(Ok(page)) => {
                self.reading = false;
                let new: Vec<Message> =
                    page.messages.into_iter().filter(|message| message.seq > self.shown).collect();
                if new.is_empty() {
                    self.shown = self.head;
                }
                self.show(new)?;
                self.catch_up();
                Ok(())
            }
            Done::Page(Err(error)) => {
                self.reading = false;
                let later = matches!(error, Error::Timeout { .. } | Error::Busy { .. });
                if later {
                    self.catch_up();
                }
                self.screen.print(&[Line::Problem(format!("history: {error}"))])
            }
        }
    }

    fn on_sent(&mut self, number: u64, outcome: Result<SendData, Error>) -> io::Result<()> {
        let Some(at) = self.pending.iter().position(|pending| pending.number == number) else {
            return Ok(());
        };
        match outcome {
            Ok(data) if data.seq <= self.shown => {
                self.pending.remove(at);
                Ok(())
            }
            Ok(data) => {
                self.pending[at].seq = Some(data.seq);
                self.head = self.head.max(data.seq);
                Ok(())
            }
            Err(error) => {
                let lost = self.pending.remove(at);
                self.screen.print(&[Line::Problem(format!("not sent: {} ({error})", lost.text))])
            }
        }
    }

    /// Puts messages on the screen, in order.
    fn show(&mut self, messages: Vec<Message>) -> io::Result<()> {
        let Some(last) = messages.last().map(|message| message.seq) else { return Ok(()) };
        let me = self.me.clone();
        for message in &messages {
            self.watch(&message.from);
            if message.from == me {
                self.arrived(message);
            }
        }
        self.shown = self.shown.max(last);
        self.head = self.head.max(last);
        if messages.iter().any(|message| message.from != me) {
            let room = self.room.clone();
            self.job(async move {
                // An error is told by the event that ends the client.
                let _ = room.mark_read(last).await;
                Done::Nothing
            });
        }
        let line = |message: Message| Line::Message { mine: message.from == me, message: Box::new(message) };
        self.screen.print(&messages.into_iter().map(line).collect::<Vec<_>>())
    }

    /// One's own message is in the room: it waits no longer.
    fn arrived(&mut self, message: &Message) {
        let by_seq = self.pending.iter().position(|pending| pending.seq == Some(message.seq));
        let by_text = || {
            let text = message.content.text()?;
            self.pending.iter().position(|pending| pending.seq.is_none() && pending.text == *text)
        };
        if let Some(at) = by_seq.or_else(by_text) {
            self.pending.remove(at);
        }
    }

    fn on_presence(&mut self, presence: Presence) -> io::Result<()> {
        match presence.state {
            PresenceState::Online { from } => self.set_online(from, true),
            PresenceState::Offline { from, .. } => self.set_online(from, false),
            _ => Ok(()),
        }
    }

    fn on_typing(&mut self, users: Vec<UserId>) -> io::Result<()> {
        let old = std::mem::replace(&mut self.typing, users);
        if self.screen.is_terminal() {
            return Ok(());
        }
        let fresh: Vec<UserId> = self.typing.iter().filter(|user| !old.contains(user)).cloned().collect();
        fresh.into_iter().try_for_each(|user| self.notice(format!("{user} is typing")))
    }

    fn set_online(&mut self, user: UserId, online: bool) -> io::Result<()> {
        let news = if online { self.online.insert(user.clone()) } else { self.online.remove(&user) };
        if !news {
            return Ok(());
        }
        self.notice(format!("{user} is {}", if online { "online" } else { "offline" }))
    }

    /// Watches the presence of somebody who has shown up.
    fn watch(&mut self, user: &UserId) {
        let known = self.watched.len() >= MAX_WATCHED || *user == self.me;
        if known || !self.watched.insert(user.clone()) {
            return;
        }
        let (client, user) = (self.client.clone(), user.clone());
        self.job(async move {
            let outcome = client.listen(user.clone()).await;
            Done::Watched { user, outcome }
        });
    }

    pub(crate) fn job(&self, job: impl Future<Output = Done> + Send + 'static) {
        self.jobs.push(job.boxed());
    }

    pub(crate) fn notice(&mut self, text: String) -> io::Result<()> {
        self.screen.print(&[Line::Notice(text)])
    }

    /// Shows how things are now.
    fn refresh(&mut self) -> io::Result<()> {
        let mut parts = vec![self.room.id().to_string(), state_text(&self.client.state())];
        if !self.online.is_empty() {
            parts.push(format!("{} online", self.online.len()));
        }
        if !self.typing.is_empty() {
            parts.push(format!("{} typing…", names(self.typing.iter())));
        }
        let readers: Vec<&UserId> =
            self.read_by.iter().filter(|(_, read)| **read >= self.shown).map(|(user, _)| user).collect();
        if !readers.is_empty() && self.shown > Seq::ZERO {
            parts.push(format!("read by {}", names(readers.into_iter())));
        }
        let status = crate::text::safe(&parts.join(" · "));
        let pending = self.pending.iter().map(|pending| pending.text.clone()).collect();
        self.screen.update(status, pending)
    }
}

fn state_text(state: &ConnectionState) -> String {
    match state {
        ConnectionState::Ready => "connected",
        ConnectionState::Connecting | ConnectionState::Authenticating => "connecting…",
        ConnectionState::Resuming => "catching up…",
        ConnectionState::Waiting { .. } => "no connection",
        _ => "closed",
    }
    .to_owned()
}

/// A few names, and how many more.
fn names<'a>(users: impl ExactSizeIterator<Item = &'a UserId>) -> String {
    let count = users.len();
    let first: Vec<&str> = users.take(3).map(UserId::as_str).collect();
    let rest = count.saturating_sub(first.len());
    if rest == 0 { first.join(", ") } else { format!("{} and {rest} more", first.join(", ")) }
}
