//! The only task: moves frames, commands and time into the session, and frames, answers and events out of it.

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use std::time::Duration;

use chat_protocol::{ErrorText, Frame, UserId};
use futures::future::{BoxFuture, Fuse, FusedFuture, FutureExt};
use tokio::sync::{broadcast, mpsc, oneshot, watch};

use crate::runtime::{Instant, sleep_until, timeout};
use crate::session::{Answer, Command, LinkAction, Loss, Session, Ticket};
use crate::store::{ClientStore, StoreError};
use crate::transport::{BoxConnection, Connector, DialError};
use crate::{ClientEvent, ConnectionState, Error, TokenError};

/// Commands or frames taken in before what came of them is sent. A burst becomes one write; more would only make
/// the first of it wait.
const BATCH: usize = 64;

/// Longest sleep at once. Times that are configured to be beyond every clock are no time that a runtime can wait for.
const LONGEST_SLEEP: Duration = Duration::from_secs(3_600);

/// How long the last frames and the peer's goodbye may take.
const GOODBYE: Duration = Duration::from_secs(1);

/// A command and where its answer goes.
pub(crate) type Call = (Command, oneshot::Sender<Result<Answer, Error>>);

/// Gives a token, told why the last one was refused, if it was.
pub(crate) type TokenSource =
    Box<dyn Fn(Option<ErrorText>) -> BoxFuture<'static, Result<String, TokenError>> + Send + Sync>;

/// A token that was asked for; terminated when none is.
type Asked = Fuse<BoxFuture<'static, Result<String, TokenError>>>;

/// What a store is asked to write; terminated when it is asked for nothing.
type Writing = Fuse<BoxFuture<'static, Result<(), StoreError>>>;

/// The parts that the application brings.
pub(crate) struct Parts {
    /// The ways to the server, which are tried in turns.
    pub(crate) connectors: Vec<Arc<dyn Connector>>,
    pub(crate) tokens: Option<TokenSource>,
    pub(crate) store: Option<Arc<dyn ClientStore>>,
}

/// The task's ends of the channels that the handles hold.
pub(crate) struct Outlets {
    pub(crate) commands: mpsc::Receiver<Call>,
    pub(crate) events: broadcast::Sender<Arc<ClientEvent>>,
    pub(crate) state: watch::Sender<ConnectionState>,
    /// Told who the user is when that is known. Written once, here; read by all handles.
    pub(crate) user: Arc<OnceLock<UserId>>,
}

/// Where the connection stands.
enum Link {
    None,
    Dialing(BoxFuture<'static, Result<BoxConnection, DialError>>),
    Open {
        connection: BoxConnection,
        unflushed: bool,
        /// How it ended, while the frames before the end are still being taken in.
        over: Option<Loss>,
    },
}

/// What a link has to tell.
enum News {
    Dialed(BoxConnection),
    Failed(Loss),
    Frames(Vec<Frame>),
}

pub(crate) async fn run(parts: Parts, mut session: Session, start: Instant, out: Outlets) {
    let Outlets { mut commands, events, state, user } = out;
    // Before `told`, so that it is dropped later: who waits for an answer then finds why there is none.
    let mut callers = Callers::default();
    let told = Told { events, state, user };
    let mut link = Link::None;
    let mut asked = Fuse::terminated();
    let mut writing = Fuse::terminated();
    let mut commands_open = true;
    loop {
        let finished = follow(&mut session, &mut link, &parts, &mut asked);
        told.tell(&mut session, &mut callers);
        write_down(&mut session, &mut writing, &parts);
        if finished || matches!(session.state(), ConnectionState::Closed { .. }) {
            break;
        }
        let latest = start.elapsed().saturating_add(LONGEST_SLEEP);
        let wake = start + session.poll_timeout().map_or(latest, |due| due.min(latest));
        tokio::select! {
            news = poll_fn(|cx| link.poll(cx, &mut session)) => {
                hear(news, &mut link, &mut session, start.elapsed());
            }
            token = &mut asked => session.handle_token(start.elapsed(), token),
            stored = &mut writing => session.handle_stored(start.elapsed(), stored),
            call = commands.recv(), if commands_open => match call {
                Some(call) => take(call, &mut commands, &mut session, &mut callers, start.elapsed()),
                // The last handle is gone. What was given is still carried out.
                None => {
                    commands_open = false;
                    session.handle_command(start.elapsed(), callers.nobody(), Command::Close);
                }
            },
            () = sleep_until(wake) => session.handle_timeout(start.elapsed()),
        }
    }
    say_goodbye(link, &mut session).await;
    finish_writing(&mut session, writing, &parts, start).await;
    commands.close();
    while let Some(call) = commands.recv().await {
        let ticket = callers.add(call.1);
        session.handle_command(start.elapsed(), ticket, call.0);
        told.tell(&mut session, &mut callers);
    }
}

/// Does with the link what the session says; whether it was the last thing.
fn follow(session: &mut Session, link: &mut Link, parts: &Parts, asked: &mut Asked) -> bool {
    while let Some(action) = session.poll_link() {
        match action {
            LinkAction::AskToken => {
                if let Some(source) = parts.tokens.as_ref().filter(|_| asked.is_terminated()) {
                    *asked = source(session.token_refused().cloned()).fuse();
                }
            }
            LinkAction::Dial => {
                let turn = session.attempt() as usize % parts.connectors.len();
                *link = Link::Dialing(parts.connectors[turn].dial());
            }
            LinkAction::Drop => *link = Link::None,
            LinkAction::Finish => return true,
        }
    }
    false
}

/// Gives the store what is to be written, once it is done with what it has.
fn write_down(session: &mut Session, writing: &mut Writing, parts: &Parts) {
    let Some(store) = parts.store.as_ref().filter(|_| writing.is_terminated()) else { return };
    if let Some(changes) = session.poll_store() {
        let store = store.clone();
        *writing = async move { store.apply(&changes).await }.boxed().fuse();
    }
}

/// Lets the store finish, for a moment: what it does not learn any more is sent once too often after the next start, and stored
/// once all the same.
async fn finish_writing(session: &mut Session, mut writing: Writing, parts: &Parts, start: Instant) {
    let finish = async {
        while !writing.is_terminated() {
            let stored = (&mut writing).await;
            let failed = stored.is_err();
            session.handle_stored(start.elapsed(), stored);
            if !failed {
                write_down(session, &mut writing, parts);
            }
        }
    };
    if timeout(GOODBYE, finish).await.is_err() {
        tracing::warn!("the store of unsent messages takes too long");
    }
}

/// Where the handles hear.
struct Told {
    events: broadcast::Sender<Arc<ClientEvent>>,
    state: watch::Sender<ConnectionState>,
    user: Arc<OnceLock<UserId>>,
}

impl Told {
    /// Hands out what the session has for the application.
    fn tell(&self, session: &mut Session, callers: &mut Callers) {
        if let (None, Some(user)) = (self.user.get(), session.user_id()) {
            // Only this task sets it.
            let _ = self.user.set(user.clone());
        }
        while let Some(event) = session.poll_event() {
            // Nobody listens: then there is nobody to lose it.
            let _ = self.events.send(Arc::new(event));
        }
        let now = session.state();
        self.state.send_if_modified(|old| {
            let changed = *old != now;
            if changed {
                old.clone_from(&now);
            }
            changed
        });
        while let Some((ticket, answer)) = session.poll_answer() {
            callers.answer(ticket, answer);
        }
    }
}

/// The task ends before the session does when a part that the application brought panics, or when its runtime shuts down. Those who
/// wait for events would wait for ever: their handles keep the channel open.
impl Drop for Told {
    fn drop(&mut self) {
        if matches!(*self.state.borrow(), ConnectionState::Closed { .. }) {
            return;
        }
        let reason = Some(Error::Halted);
        self.state.send_replace(ConnectionState::Closed { reason: reason.clone() });
        // Nobody listens: then nobody waits.
        let _ = self.events.send(Arc::new(ClientEvent::Closed { reason }));
    }
}

fn hear(news: News, link: &mut Link, session: &mut Session, now: Duration) {
    match news {
        News::Dialed(connection) => {
            *link = Link::Open { connection, unflushed: false, over: None };
            session.handle_connected(now);
        }
        News::Failed(loss) => {
            *link = Link::None;
            session.handle_closed(now, loss);
        }
        News::Frames(frames) => {
            for frame in frames {
                session.handle_frame(now, frame);
            }
        }
    }
}

/// Takes in one command and those that wait behind it, so that they leave in one write.
fn take(
    first: Call,
    more: &mut mpsc::Receiver<Call>,
    session: &mut Session,
    callers: &mut Callers,
    now: Duration,
) {
    let waiting = std::iter::from_fn(|| more.try_recv().ok());
    for (command, answer) in std::iter::once(first).chain(waiting).take(BATCH) {
        session.handle_command(now, callers.add(answer), command);
    }
}

impl Link {
    /// Moves the link on: writes what the session has, and returns when there is news. Nothing is lost when it is
    /// called again after another event was taken first: all state is in the link and the session.
    fn poll(&mut self, cx: &mut Context<'_>, session: &mut Session) -> Poll<News> {
        match self {
            Link::None => Poll::Pending,
            Link::Dialing(dial) => dial.poll_unpin(cx).map(|dialed| match dialed {
                Ok(connection) => News::Dialed(connection),
                Err(error) => News::Failed(Loss::Dial(error)),
            }),
            Link::Open { over, .. } if over.is_some() => {
                Poll::Ready(News::Failed(over.take().unwrap_or(Loss::Silent)))
            }
            Link::Open { connection, unflushed, over } => {
                if let Err(error) = write(connection.as_mut(), unflushed, cx, session) {
                    return Poll::Ready(News::Failed(Loss::Broken(error.to_string())));
                }
                read(connection.as_mut(), over, cx)
            }
        }
    }
}

type PinnedConnection<'a> = Pin<&'a mut (dyn crate::transport::Connection + 'static)>;

/// Feeds what waits as far as it is taken, then flushes once.
fn write(
    mut connection: PinnedConnection<'_>,
    unflushed: &mut bool,
    cx: &mut Context<'_>,
    session: &mut Session,
) -> std::io::Result<()> {
    while session.has_frames() {
        match connection.as_mut().poll_ready(cx) {
            Poll::Ready(Ok(())) => {
                let Some(frame) = session.poll_frame() else { break };
                connection.as_mut().start_send(frame)?;
                *unflushed = true;
            }
            Poll::Ready(Err(error)) => return Err(error),
            Poll::Pending => break,
        }
    }
    if !*unflushed {
        return Ok(());
    }
    match connection.poll_flush(cx) {
        Poll::Ready(flushed) => {
            *unflushed = false;
            flushed
        }
        Poll::Pending => Ok(()),
    }
}

/// The frames that have arrived, as many as there are at once, and then how it ended, if it did.
fn read(mut connection: PinnedConnection<'_>, over: &mut Option<Loss>, cx: &mut Context<'_>) -> Poll<News> {
    let mut frames = Vec::new();
    while frames.len() < BATCH {
        match connection.as_mut().poll_next(cx) {
            Poll::Ready(Some(Ok(frame))) => frames.push(frame),
            Poll::Ready(Some(Err(error))) => *over = Some(Loss::Broken(error.to_string())),
            Poll::Ready(None) => *over = Some(Loss::Broken("the connection ended".to_owned())),
            Poll::Pending if frames.is_empty() => return Poll::Pending,
            Poll::Pending => break,
        }
        if over.is_some() {
            break;
        }
    }
    // Without a frame it is the end that there is to tell, and the next poll tells it.
    Poll::Ready(News::Frames(frames))
}

/// Sends the last frames and waits for the peer's close, for a moment.
async fn say_goodbye(mut link: Link, session: &mut Session) {
    if !matches!(link, Link::Open { .. }) {
        return;
    }
    let goodbye = async { while let News::Frames(_) = poll_fn(|cx| link.poll(cx, session)).await {} };
    if timeout(GOODBYE, goodbye).await.is_err() {
        tracing::debug!("the peer did not answer the close");
    }
}

/// Who waits for which answer.
#[derive(Default)]
struct Callers {
    next: u64,
    waiting: BTreeMap<Ticket, oneshot::Sender<Result<Answer, Error>>>,
}

impl Callers {
    fn add(&mut self, answer: oneshot::Sender<Result<Answer, Error>>) -> Ticket {
        let ticket = self.nobody();
        self.waiting.insert(ticket, answer);
        ticket
    }

    /// A ticket whose answer nobody waits for.
    fn nobody(&mut self) -> Ticket {
        self.next += 1;
        Ticket(self.next)
    }

    fn answer(&mut self, ticket: Ticket, answer: Result<Answer, Error>) {
        if let Some(caller) = self.waiting.remove(&ticket) {
            // A caller that dropped its future no longer wants to know.
            let _ = caller.send(answer);
        }
    }
}
