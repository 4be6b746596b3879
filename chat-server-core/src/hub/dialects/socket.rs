//! One task per socket: moves frames between the connection, the session and the hub, and tells the time.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};
use std::time::Duration;

use chat_protocol::dialect::{Done, Place, What};
use chat_protocol::{ErrorCode, Frame, Text, WireError};
use futures::future::BoxFuture;
use futures::{FutureExt, SinkExt, StreamExt};
use tokio::time::Instant;

use crate::dialects::{Entered, PortId};
use crate::hub::Hub;
use crate::hub::driver::{Guard, Late, feed, now};
use crate::hub::link::Link;
use crate::hub::outbox::Call;
use crate::session::SessionConfig;
use crate::session::socket::{Granted, SocketAction, SocketSession, close_of};
use crate::transport::{Connection, ConnectionError, PeerInfo};

/// How long a close frame may take: the peer may read nothing at all.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);

/// What was under way has come to its end.
enum Finished {
    Authenticated(Result<Granted, WireError>),
    Done(Result<Done, WireError>),
}

/// What happened next.
enum Turn {
    Frame(Option<Result<Frame, ConnectionError>>),
    Finished(Finished),
    Called(Call),
    Time,
}

struct Driver<C> {
    _guard: Guard,
    hub: Arc<Hub>,
    link: Arc<Link>,
    port: PortId,
    place: Place,
    connection: C,
    session: SocketSession,
    running: Option<BoxFuture<'static, Finished>>,
    batch: Vec<Text>,
    control: Option<Frame>,
    close: Option<ErrorCode>,
    late: Late,
}

/// Serves one socket until it ends.
pub(crate) async fn serve<C: Connection>(hub: Arc<Hub>, entered: Entered, connection: C, peer: PeerInfo) {
    let Entered { port, place, user, seat, waits, .. } = entered;
    let link = hub.open(connection.direct_writer());
    let open = hub.connections.fetch_add(1, Ordering::Relaxed) + 1;
    metrics::gauge!("chat_connections").set(open as f64);
    let config = SessionConfig {
        auth_timeout: hub.sockets.port(port).auth_timeout,
        ping_interval: hub.config.ping_interval,
        pong_timeout: hub.config.pong_timeout,
        max_in_flight: 1,
        max_refused_frames: hub.config.max_refused_frames,
    };
    let dialect = hub.sockets.port(port).dialect.clone();
    let session = SocketSession::new(config, dialect, place.clone(), user.as_ref(), waits, now(&hub));
    let mut driver = Driver {
        _guard: Guard(hub.clone(), link.clone()),
        hub,
        link,
        port,
        place,
        connection,
        session,
        running: None,
        batch: Vec::new(),
        control: None,
        close: None,
        late: Late::default(),
    };
    let seated = match (user, seat) {
        (Some(user), Some(seat)) => {
            let Driver { hub, link, port, place, .. } = &driver;
            let granted = hub.sit(link, *port, place.clone(), &user, seat).await;
            granted.map(|granted| driver.connection.belongs_to(&granted.user, granted.room.as_ref()))
        }
        _ => {
            if !waits {
                driver.hub.sit_unknown(&driver.link, port, driver.place.clone());
            }
            Ok(())
        }
    };
    if let Err(error) = seated {
        driver.session.close(error.code);
    }
    tracing::debug!(peer = ?peer.address, dialect = driver.hub.sockets.port(port).dialect.name(), "socket opened");
    driver.run().await;
}

impl<C: Connection> Driver<C> {
    async fn run(&mut self) {
        let timer = tokio::time::sleep(Duration::ZERO);
        tokio::pin!(timer);
        loop {
            self.move_outputs();
            if let Some(code) = self.close.take() {
                return self.finish(code).await;
            }
            if self.session.is_closing() {
                return;
            }
            match self.next_turn(timer.as_mut()).await {
                Turn::Frame(Some(Ok(frame))) => {
                    let now = now(&self.hub);
                    self.link.hear(now.ts);
                    self.session.handle_frame(now, frame);
                }
                Turn::Frame(Some(Err(ConnectionError::Peer(code)))) => self.close = Some(code),
                // A peer that hangs up without a word is gone like any other.
                Turn::Frame(Some(Err(ConnectionError::Lost(_))) | None) => return,
                Turn::Finished(finished) => self.take(finished),
                Turn::Called(Call::Write) => {
                    if let Err(code) = self.write().await {
                        return self.cut(code).await;
                    }
                }
                Turn::Called(Call::Drain) => {
                    if let Some(running) = self.running.take() {
                        let hub = self.hub.clone();
                        tokio::select! {
                            biased;
                            finished = running => self.take(finished),
                            () = hub.drained() => {}
                        }
                    }
                    self.session.close(ErrorCode::ShuttingDown);
                }
                // Its commands are not the session's business.
                Turn::Called(Call::Done(_)) => {}
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
        self.session.wants_frame() && self.link.outbox.may_read()
    }

    async fn next_turn(&mut self, mut timer: Pin<&mut tokio::time::Sleep>) -> Turn {
        let deadline = self.session.poll_timeout().map(Instant::from_std);
        if let Some(deadline) = deadline.filter(|at| *at != timer.deadline()) {
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

    /// What is under way, then what is to be written, before more is taken in.
    fn poll_work(&mut self, cx: &mut Context<'_>) -> Poll<Turn> {
        if let Some(running) = &mut self.running
            && let Poll::Ready(finished) = running.poll_unpin(cx)
        {
            self.running = None;
            return Poll::Ready(Turn::Finished(finished));
        }
        match self.link.outbox.poll_call(cx) {
            Poll::Ready(call) => Poll::Ready(Turn::Called(call)),
            Poll::Pending if self.control.is_some() => Poll::Ready(Turn::Called(Call::Write)),
            Poll::Pending => Poll::Pending,
        }
    }

    /// Gives the session's frames to the queue and its work to the hub.
    fn move_outputs(&mut self) {
        while let Some(frame) = self.session.poll_frame() {
            match frame {
                Frame::Text(text) => _ = self.link.outbox.enqueue([text]),
                Frame::Close(close) => {
                    self.close = ErrorCode::from_text(&close.reason).or(Some(ErrorCode::Internal))
                }
                control => self.control = Some(control),
            }
        }
        if let Some(action) = self.session.poll_action() {
            let (hub, link, port, place) =
                (self.hub.clone(), self.link.clone(), self.port, self.place.clone());
            self.running = Some(Box::pin(async move {
                match action {
                    SocketAction::Authenticate(token) => {
                        Finished::Authenticated(hub.seat_by_token(&link, port, place, &token).await)
                    }
                    SocketAction::Perform(what) => Finished::Done(perform(&hub, &link, what).await),
                }
            }));
        }
    }

    fn take(&mut self, finished: Finished) {
        let now = now(&self.hub);
        match finished {
            Finished::Authenticated(result) => {
                if let Ok(granted) = &result {
                    self.connection.belongs_to(&granted.user, granted.room.as_ref());
                }
                self.session.handle_authenticated(now, result);
            }
            Finished::Done(result) => self.session.handle_done(now, result),
        }
    }

    /// Writes what waits, in one go.
    async fn write(&mut self) -> Result<(), ErrorCode> {
        let mut batch = std::mem::take(&mut self.batch);
        self.link.outbox.take(&mut batch)?;
        let control = self.control.take();
        let written = feed(&self.hub, &mut self.connection, &mut batch, control).await;
        self.batch = if batch.capacity() > 16 { Vec::new() } else { batch };
        written.inspect(|()| self.link.outbox.written())
    }

    /// Writes what waits, within the time that one write may take, then the close frame.
    async fn finish(&mut self, code: ErrorCode) {
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
        self.cut(code).await;
    }

    /// Ends the connection with a close frame; what waits is dropped.
    async fn cut(&mut self, code: ErrorCode) {
        self.link.outbox.close(ErrorCode::ShuttingDown);
        let closing = async {
            self.connection.send(Frame::Close(close_of(code))).await?;
            self.connection.close().await
        };
        // Nobody is left to be told of a failure.
        _ = tokio::time::timeout(CLOSE_TIMEOUT, closing).await;
    }
}

/// Not a method: the future must not borrow the driver.
async fn perform(hub: &Arc<Hub>, link: &Arc<Link>, what: What) -> Result<Done, WireError> {
    hub.perform(link, what).await
}
