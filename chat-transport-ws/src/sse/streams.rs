//! The open streams, and the requests that wait for answers on them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chat_protocol::{ErrorCode, Event, RequestId, SessionId, Text, UserId, decode};
use tokio::sync::{mpsc, oneshot};

/// What a request gets: the answers to its commands, or why there are none.
pub(super) type Answers = Result<Vec<Text>, ErrorCode>;

/// The open streams by session. Written when one opens and ends, read by every request.
#[derive(Debug, Default)]
pub(crate) struct Streams(Mutex<BTreeMap<SessionId, Arc<OpenStream>>>);

impl Streams {
    fn open(&self) -> MutexGuard<'_, BTreeMap<SessionId, Arc<OpenStream>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The session has this stream from now on; an older one is about to be closed by the core.
    pub(super) fn insert(&self, session: SessionId, stream: Arc<OpenStream>) {
        self.open().insert(session, stream);
    }

    /// The stream of a session, for its user alone.
    pub(super) fn find(&self, session: &SessionId, user: &UserId) -> Option<Arc<OpenStream>> {
        self.open().get(session).filter(|stream| stream.user == *user).cloned()
    }

    /// The stream has ended; if another has taken its session over, that one stays.
    pub(super) fn remove(&self, session: &SessionId, stream: &Arc<OpenStream>) {
        let mut open = self.open();
        if open.get(session).is_some_and(|present| Arc::ptr_eq(present, stream)) {
            open.remove(session);
        }
    }
}

/// One open stream.
#[derive(Debug)]
pub(super) struct OpenStream {
    user: UserId,
    /// Its frames: one waits, then whoever brings more does.
    commands: mpsc::Sender<Text>,
    /// Requests in the order in which they came. Bounded by the number of sockets.
    asking: Mutex<Vec<Asking>>,
}

/// A request that waits.
#[derive(Debug)]
struct Asking {
    /// The ids that answers will have; `None` is that of a refusal of what could not be read.
    expected: Vec<Option<RequestId>>,
    answers: Vec<Text>,
    done: oneshot::Sender<Answers>,
}

impl OpenStream {
    pub(super) fn new(user: UserId, commands: mpsc::Sender<Text>) -> Self {
        Self { user, commands, asking: Mutex::default() }
    }

    fn asking(&self) -> MutexGuard<'_, Vec<Asking>> {
        self.asking.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Announces a request with commands that will be answered with these ids.
    pub(super) fn ask(&self, expected: Vec<Option<RequestId>>) -> oneshot::Receiver<Answers> {
        let (done, answers) = oneshot::channel();
        if expected.is_empty() {
            // Nobody is there to be told that the request has gone.
            let _ = done.send(Ok(Vec::new()));
        } else {
            self.asking().push(Asking { expected, answers: Vec::new(), done });
        }
        answers
    }

    /// Gives the stream a frame when it wants one. Not cancel-safe in that the frame may be lost.
    ///
    /// # Errors
    /// `NotFound` when the stream has ended.
    pub(super) async fn give(&self, command: Text) -> Result<(), ErrorCode> {
        self.commands.send(command).await.map_err(|_| ErrorCode::NotFound)
    }

    /// A packet leaves by the stream: whoever waits for it gets it as well.
    pub(super) fn note(&self, packet: &Text) {
        let mut asking = self.asking();
        asking.retain(|asking| !asking.done.is_closed());
        if asking.is_empty() || !is_answer(packet) {
            return;
        }
        let Some(id) = answer_id(packet) else { return };
        let at = asking.iter().position(|asking| asking.expected.contains(&id));
        let Some((at, place)) =
            at.and_then(|at| Some((at, asking[at].expected.iter().position(|own| *own == id)?)))
        else {
            return;
        };
        asking[at].expected.swap_remove(place);
        asking[at].answers.push(packet.clone());
        if asking[at].expected.is_empty() {
            let complete = asking.remove(at);
            // It may just have gone.
            let _ = complete.done.send(Ok(complete.answers));
        }
    }

    /// The stream ends: nobody gets an answer any more.
    pub(super) fn fail(&self, code: ErrorCode) {
        for asking in self.asking().drain(..) {
            let _ = asking.done.send(Err(code));
        }
    }
}

/// Whether a packet may be an answer; most are not, and are not read.
fn is_answer(packet: &Text) -> bool {
    [&br#"{"reply""#[..], br#"{"pong""#].iter().any(|start| packet.as_bytes().starts_with(start))
}

/// The id that an answer has.
fn answer_id(packet: &Text) -> Option<Option<RequestId>> {
    match decode::<Event>(packet.as_bytes()) {
        Ok(Event::Reply(reply)) => Some(reply.id),
        Ok(Event::Pong(pong)) => Some(pong.id),
        _ => None,
    }
}
