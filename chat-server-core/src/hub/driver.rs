//! One task per connection: moves frames between the connection, the session and the hub, and tells the time.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};
use std::time::Duration;

use chat_protocol::{Close, Command, ErrorCode, Event, Frame, Reply, Text, WireError, encode};
use futures::future::BoxFuture;
use futures::stream::FuturesUnordered;
use futures::{FutureExt, SinkExt, StreamExt};
use tokio::time::Instant;

use super::Hub;
use super::commands::{Asking, Done, Rest};
use super::committer::{Asker, ChangeJob, Sender};
use super::link::Link;
use super::outbox::Call;
use super::turns::Turns;
use crate::session::{Action, ActionId, Authenticated, Now, Session, SessionConfig};
use crate::transport::{Connection, ConnectionError, PeerInfo};

/// How long a close frame may take: the peer may read nothing at all.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);

/// Something that was under way has come to its end.
enum Finished {
    Authenticated(ActionId, Result<Authenticated, WireError>),
    Done(ActionId, Done),
    FollowedAll(Result<(), WireError>),
}

/// A command that waits for its place in the order. Without a rest its answer comes through the outbox.
type Starting = BoxFuture<'static, (ActionId, Result<Option<Rest>, WireError>)>;

/// Undoes all ties of a connection, also when its task is dropped.
pub(super) struct Guard(pub(super) Arc<Hub>, pub(super) Arc<Link>);

impl Drop for Guard {
    fn drop(&mut self) {
        self.0.detach(&self.1);
        self.0.open.lock(&self.1.number).remove(&self.1.number);
        let left = self.0.connections.fetch_sub(1, Ordering::Relaxed) - 1;
        metrics::gauge!("chat_connections").set(left as f64);
    }
}

struct Driver<C> {
    _guard: Guard,
    hub: Arc<Hub>,
    link: Arc<Link>,
    connection: C,
    session: Session,
    peer: PeerInfo,
    starting: Option<Starting>,
    waiting: VecDeque<Action>,
    running: FuturesUnordered<BoxFuture<'static, Finished>>,
    /// What the next write takes; kept to spare its allocation.
    batch: Vec<Text>,
    control: Option<Frame>,
    close: Option<Close>,
    late: Late,
    turns: Turns,
}

/// What was done although the time of a timer had come: one piece of work, one frame, then it is the timer's turn. Otherwise
/// who reads or talks without end would put off every deadline.
///
/// What is there when the time is up came before it, for all that is known: when the whole process stood still, answers and
/// deadlines are found together.
#[derive(Debug, Default)]
pub(super) struct Late {
    pub(super) worked: bool,
    pub(super) heard: bool,
}

/// What happened next.
enum Turn {
    Frame(Option<Result<Frame, ConnectionError>>),
    Started(ActionId, Result<Option<Rest>, WireError>),
    Finished(Finished),
    Called(Call),
    Time,
}

/// Serves one connection until it ends.
///
/// Not an `async fn`, and everything below borrows the driver: a future holds each of its arguments once more for
/// every function that takes it by value, and this one lives as long as its connection.
pub(crate) fn serve<C: Connection>(
    hub: Arc<Hub>,
    connection: C,
    peer: PeerInfo,
) -> impl Future<Output = ()> + Send + use<C> {
    let config = &hub.config;
    let link = hub.open(connection.direct_writer());
    let open = hub.connections.fetch_add(1, Ordering::Relaxed) + 1;
    metrics::gauge!("chat_connections").set(open as f64);
    let session = SessionConfig {
        auth_timeout: config.auth_timeout,
        ping_interval: config.ping_interval,
        pong_timeout: config.pong_timeout,
        max_in_flight: config.max_in_flight,
        max_refused_frames: config.max_refused_frames,
    };
    let session = Session::new(session, now(&hub));
    let mut driver = Driver {
        _guard: Guard(hub.clone(), link.clone()),
        hub,
        link,
        connection,
        session,
        peer,
        starting: None,
        waiting: VecDeque::new(),
        running: FuturesUnordered::new(),
        batch: Vec::new(),
        control: None,
        close: None,
        late: Late::default(),
        turns: Turns::default(),
    };
    async move { driver.run().await }
}

pub(super) fn now(hub: &Hub) -> Now {
    Now { at: Instant::now().into_std(), ts: hub.providers.clock.now() }
}

impl<C: Connection> Driver<C> {
    async fn run(&mut self) {
        let timer = tokio::time::sleep(Duration::ZERO);
        tokio::pin!(timer);
        loop {
            self.move_outputs();
            if let Some(close) = self.close.take() {
                return Box::pin(self.finish(close)).await;
            }
            if self.session.is_closing() {
                return;
            }
            let turn = self.next_turn(timer.as_mut()).await;
            match turn {
                Turn::Frame(Some(Ok(frame))) => {
                    let now = now(&self.hub);
                    self.link.hear(now.ts);
                    self.session.handle_frame(now, frame);
                }
                Turn::Frame(Some(Err(ConnectionError::Peer(code)))) => self.session.close(code),
                Turn::Frame(Some(Err(ConnectionError::Lost(cause)))) => {
                    tracing::debug!(peer = ?self.peer.address, %cause, "connection lost");
                    return;
                }
                Turn::Frame(None) => return,
                Turn::Started(action, started) => self.take_started(action, started),
                Turn::Finished(finished) => self.take_finished(now(&self.hub), finished),
                Turn::Called(Call::Done(all)) => self.take_done(all),
                Turn::Called(Call::Write) => {
                    if let Err(close) = self.write().await {
                        return Box::pin(self.cut(close)).await;
                    }
                }
                Turn::Called(Call::Drain) => {
                    Box::pin(self.finish_commands()).await;
                    self.session.handle_drain(now(&self.hub));
                }
                Turn::Time => {
                    let now = now(&self.hub);
                    // Before it has all that waits it cannot answer, nor while nobody reads it: its writes have a deadline.
                    if self.link.outbox.has_waiting() || !self.reads() {
                        self.session.spare(now);
                    }
                    self.session.handle_timeout(now);
                }
            }
        }
    }

    /// Whether frames are read: what is not taken in makes the peer wait.
    fn reads(&self) -> bool {
        self.session.wants_frame() && self.starting.is_none() && self.link.outbox.may_read()
    }

    /// Waits for the next thing to happen.
    async fn next_turn(&mut self, mut timer: Pin<&mut tokio::time::Sleep>) -> Turn {
        let deadline = self.session.poll_timeout();
        if let Some(deadline) = deadline.map(Instant::from_std).filter(|at| *at != timer.deadline()) {
            timer.as_mut().reset(deadline);
        }
        std::future::poll_fn(|cx| {
            let due = deadline.is_some() && timer.as_mut().poll(cx).is_ready();
            if !(due && self.late.worked)
                && let Poll::Ready(turn) = self.poll_work(cx)
            {
                self.late.worked = due;
                return Poll::Ready(turn);
            }
            if !(due && self.late.heard)
                && self.reads()
                && let Poll::Ready(frame) = self.connection.poll_next_unpin(cx)
            {
                self.late.heard = due;
                return Poll::Ready(Turn::Frame(frame));
            }
            if due {
                self.late = Late::default();
                return Poll::Ready(Turn::Time);
            }
            Poll::Pending
        })
        .await
    }

    /// What commands have come to, then what is to be written: replies leave together with what waits, and all of it
    /// before more is taken in.
    fn poll_work(&mut self, cx: &mut Context<'_>) -> Poll<Turn> {
        if let Some(starting) = &mut self.starting
            && let Poll::Ready((action, started)) = starting.as_mut().poll(cx)
        {
            self.starting = None;
            return Poll::Ready(Turn::Started(action, started));
        }
        // Answers are as large as pages: who takes none gets no more of them made, and they wait where they are small.
        if !self.running.is_empty()
            && self.link.outbox.may_read()
            && let Poll::Ready(Some(finished)) = self.running.poll_next_unpin(cx)
        {
            return Poll::Ready(Turn::Finished(finished));
        }
        match self.link.outbox.poll_call(cx) {
            Poll::Ready(call) => Poll::Ready(Turn::Called(call)),
            Poll::Pending if self.control.is_some() => Poll::Ready(Turn::Called(Call::Write)),
            Poll::Pending => Poll::Pending,
        }
    }

    /// Gives the session's frames to the queue and its actions to the hub.
    fn move_outputs(&mut self) {
        while let Some(frame) = self.session.poll_frame() {
            match frame {
                Frame::Text(text) => _ = self.link.outbox.enqueue([text]),
                Frame::Close(close) => self.close = Some(close),
                control => self.control = Some(control),
            }
        }
        while let Some(action) = self.session.poll_action() {
            self.waiting.push_back(action);
        }
        // A command whose place is taken at once leaves the way to the next one.
        while self.starting.is_none()
            && let Some(action) = self.waiting.pop_front()
        {
            if self.waiting.is_empty() {
                self.waiting = VecDeque::new();
            }
            self.perform(action);
        }
    }

    fn perform(&mut self, action: Action) {
        let (hub, link) = (self.hub.clone(), self.link.clone());
        match action {
            Action::Execute { action, command } => self.execute(action, command),
            Action::Authenticate { action, auth, present } => {
                let token = self.peer.token.clone();
                self.running.push(Box::pin(async move {
                    let result = hub.log_in(&link, auth, token.as_deref(), present).await;
                    Finished::Authenticated(action, result)
                }));
            }
            Action::FollowAll => {
                self.running
                    .push(Box::pin(async move { Finished::FollowedAll(hub.follow_all(&link).await) }));
            }
        }
    }

    /// Begins a command that may be begun. A refusal is told through the outbox, in order with other answers.
    fn execute(&mut self, action: ActionId, command: Command) {
        let (hub, link) = (self.hub.clone(), self.link.clone());
        let admitted =
            Asking::session(&link).and_then(|asking| self.admit(&asking, &command).map(|()| asking));
        let asking = match admitted {
            Ok(asking) => asking,
            Err(error) => {
                _ = link.outbox.enqueue_done(action, Err(error));
                return;
            }
        };
        let send = match command {
            Command::Send(send) if send.send_at.is_none() => send,
            command => {
                let started = async move { (action, hub.start_command(asking, command).await.map(Some)) };
                self.starting = Some(Box::pin(started));
                return;
            }
        };
        match hub.message(&asking, send) {
            Ok(append) => {
                let asker = Asker::Sender(Sender::new(&link, action));
                let job = ChangeJob::new(append, link.number, asker);
                // Room in the queue is the usual case.
                let job = hub.submit_now(job);
                self.starting = job.map(|job| -> Starting {
                    Box::pin(async move { (action, hub.queue_job(job).await.map(|()| None)) })
                });
            }
            Err(error) => _ = link.outbox.enqueue_done(action, Err(error)),
        }
    }

    /// Whether a command may be begun. A message that has to wait is not overtaken by those behind it.
    fn admit(&mut self, asking: &Asking, command: &Command) -> Result<(), WireError> {
        let Command::Send(send) = command else { return self.hub.admit(asking, command) };
        if self.turns.are_kept() {
            self.turns.check(Instant::now().into_std(), send)?;
        }
        let admitted = self.hub.admit(asking, command);
        if let Err(error) = &admitted {
            self.turns.refused(Instant::now().into_std(), send, error);
        }
        admitted
    }

    fn take_started(&mut self, action: ActionId, started: Result<Option<Rest>, WireError>) {
        match started {
            Ok(Some(rest)) => self.running.push(Box::pin(rest.map(move |done| Finished::Done(action, done)))),
            Ok(None) => {}
            Err(error) => self.session.handle_done(now(&self.hub), action, Err(error)),
        }
    }

    fn take_done(&mut self, all: Vec<(ActionId, Done)>) {
        let now = now(&self.hub);
        for (action, done) in all {
            self.session.handle_done(now, action, done);
        }
    }

    fn take_finished(&mut self, now: Now, finished: Finished) {
        match finished {
            Finished::Authenticated(action, result) => {
                if let Some(user) = self.link.user() {
                    self.connection.belongs_to(user, None);
                }
                self.session.handle_authenticated(now, action, result);
            }
            Finished::Done(action, done) => self.session.handle_done(now, action, done),
            Finished::FollowedAll(Ok(())) => {}
            // Without its rooms the session would look whole and be deaf: say why and let the client come again.
            Finished::FollowedAll(Err(error)) => {
                self.link.outbox.enqueue([encode(&Event::Reply(Reply::refused(None, &error, now.ts)))]);
                self.session.close(error.code);
            }
        }
    }

    /// Writes what waits, in one go.
    async fn write(&mut self) -> Result<(), Close> {
        let mut batch = std::mem::take(&mut self.batch);
        self.link.outbox.take(&mut batch).map_err(close_for)?;
        let control = self.control.take();
        let written = feed(&self.hub, &mut self.connection, &mut batch, control).await;
        // An idle connection holds no memory for its next write.
        self.batch = if batch.capacity() > 16 { Vec::new() } else { batch };
        match written {
            Ok(()) => {
                self.link.outbox.written();
                Ok(())
            }
            Err(code) => Err(close_for(code)),
        }
    }

    /// Lets commands under way come to their end, so that what was stored is also acknowledged.
    async fn finish_commands(&mut self) {
        let hub = self.hub.clone();
        let deadline = hub.drained();
        tokio::pin!(deadline);
        while self.has_commands() {
            let turn = tokio::select! {
                turn = std::future::poll_fn(|cx| self.poll_work(cx)) => turn,
                () = &mut deadline => return,
            };
            match turn {
                Turn::Started(action, started) => self.take_started(action, started),
                Turn::Finished(finished) => self.take_finished(now(&self.hub), finished),
                Turn::Called(Call::Done(all)) => self.take_done(all),
                // What is under way may wait for room in the queue.
                Turn::Called(Call::Write) if self.write().await.is_err() => return,
                _ => {}
            }
            self.move_outputs();
        }
    }

    fn has_commands(&self) -> bool {
        self.starting.is_some()
            || !self.running.is_empty()
            || !self.waiting.is_empty()
            || !self.session.is_idle()
    }

    /// Writes what waits, within the time that one write may take, then the close frame.
    async fn finish(&mut self, close: Close) {
        self.link.outbox.seal();
        let hub = self.hub.clone();
        let rest = async { while self.link.outbox.has_waiting() && self.write().await.is_ok() {} };
        // Who has not taken it by then hears of the end without it.
        tokio::select! {
            biased;
            () = rest => {}
            () = tokio::time::sleep(hub.config.write_timeout) => {}
            () = hub.drained() => {}
        }
        self.cut(close).await;
    }

    /// Ends the connection with a close frame; what waits is dropped.
    async fn cut(&mut self, close: Close) {
        // Nobody else writes behind the last frame.
        self.link.outbox.close(ErrorCode::ShuttingDown);
        let closing = async {
            self.connection.send(Frame::Close(close)).await?;
            self.connection.close().await
        };
        // Nobody is left to be told of a failure.
        _ = tokio::time::timeout(CLOSE_TIMEOUT, closing).await;
    }
}

/// Writes a batch, in the time that a write may take; when the server drains in what is left of that.
///
/// # Errors
/// What the connection is to be closed with.
pub(super) async fn feed<C: Connection>(
    hub: &Hub,
    connection: &mut C,
    batch: &mut Vec<Text>,
    control: Option<Frame>,
) -> Result<(), ErrorCode> {
    let writing = async {
        for text in batch.drain(..) {
            connection.feed(Frame::Text(text)).await?;
        }
        if let Some(control) = control {
            connection.feed(control).await?;
        }
        connection.flush().await
    };
    let written = tokio::select! {
        // What is taken at once, as nearly all is, starts no clock.
        biased;
        written = writing => written,
        () = tokio::time::sleep(hub.config.write_timeout) => return Err(ErrorCode::HeartbeatTimeout),
        () = hub.drained() => return Err(ErrorCode::HeartbeatTimeout),
    };
    written.map_err(|error| match error {
        ConnectionError::Peer(code) => code,
        ConnectionError::Lost(_) => ErrorCode::HeartbeatTimeout,
    })
}

fn close_for(code: ErrorCode) -> Close {
    Close { code: code.close_code(), reason: code.text().to_owned() }
}
