//! The suite of [`PushGateway`]: one test per guarantee of the trait.
//!
//! A gateway is tried together with a service that answers as it is told; the two are a [`Rig`]. The in-memory gateway is
//! both:
//!
//! ```
//! mod conformance {
//!     use chat_server_core::push::memory::MemoryGateway;
//!     chat_server_core::push_conformance!(MemoryGateway::default());
//! }
//! ```
//!
//! The expression is evaluated anew for each case, inside of its runtime: a service may be started there.

use std::sync::Arc;
use std::time::Duration;

use chat_protocol::command::{PushService, PushTarget};
use chat_protocol::{Content, DeviceId, Message, Offset, RoomId, RoomKind, Seq, Timestamp, UserId};

use super::suite;
use crate::push::memory::MemoryGateway;
use crate::push::{Push, PushGateway, PushNote, PushOutcome};

/// How the service behaves to a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Behaviour {
    /// It takes the push.
    Takes,
    /// It does not know the token any more.
    Gone,
    /// It will never take the push.
    Refuses,
    /// It is busy, and says for how many seconds.
    Busy(u64),
}

/// A push as the service got it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    /// [`Push::id`].
    pub id: String,
    /// The user.
    pub user: UserId,
    /// The device.
    pub device: DeviceId,
    /// Its target.
    pub target: PushTarget,
    /// The message's number in its room, and its text.
    pub message: (Seq, String),
    /// The count.
    pub badge: u64,
    /// [`Push::collapse_key`].
    pub collapse_key: String,
    /// Whether it does not ring.
    pub silent: bool,
}

impl Received {
    /// What a service should get of a push.
    pub fn of(push: &Push) -> Self {
        let message = &push.note.message;
        Self {
            id: push.id(),
            user: push.user.clone(),
            device: push.device.clone(),
            target: push.target.clone(),
            message: (message.seq, message.content.text().unwrap_or_default().into_owned()),
            badge: push.badge,
            collapse_key: push.collapse_key(),
            silent: push.silent,
        }
    }
}

/// A gateway, and the service that it carries pushes to.
pub trait Rig: Send + Sync {
    /// The gateway under test.
    fn gateway(&self) -> &dyn PushGateway;

    /// How the service behaves to a token from now on; without it, it takes what comes.
    fn behave(&self, token: &str, behaviour: Behaviour);

    /// The service cannot be reached from now on.
    fn cut(&self);

    /// All that the service got, in order, repeats included.
    fn received(&self) -> Vec<Received>;
}

impl Rig for MemoryGateway {
    fn gateway(&self) -> &dyn PushGateway {
        self
    }

    fn behave(&self, token: &str, behaviour: Behaviour) {
        let outcome = match behaviour {
            Behaviour::Takes => PushOutcome::Delivered,
            Behaviour::Gone => PushOutcome::Gone,
            Behaviour::Refuses => PushOutcome::Refused,
            Behaviour::Busy(seconds) => PushOutcome::Retry(Some(Duration::from_secs(seconds))),
        };
        self.answer(token, outcome);
    }

    fn cut(&self) {
        for n in 0..MANY {
            self.answer(token(n), PushOutcome::Retry(None));
        }
    }

    fn received(&self) -> Vec<Received> {
        self.received().iter().map(Received::of).collect()
    }
}

/// What a case is given.
pub type Subject = Arc<dyn Rig>;

/// A gateway with its service.
pub fn subject(rig: impl Rig + 'static) -> Subject {
    Arc::new(rig)
}

suite! { $
    /// Proves a [`PushGateway`](crate::push::PushGateway) with one line: see [the suite](crate::conformance::push).
    push_conformance in push {
        ($rig:expr) => subject($rig);
        docs { "../push/gateway.rs" }
        cases {
            every_push_is_answered_in_order
            a_batch_of_any_size_is_answered
            a_push_arrives_as_it_was_given
            an_empty_batch_sends_nothing
            a_gone_token_is_told
            a_refused_push_is_told
            a_busy_service_is_given_its_time
            an_unreachable_service_is_tried_again
            a_repeat_has_the_same_name
        }
    }
}

/// More pushes than most batches hold.
const MANY: usize = 250;

fn token(n: usize) -> String {
    format!("token-{n}")
}

/// A push of message `n` to device `n`, each different in everything.
fn push(n: usize) -> Push {
    let room = RoomId::new(format!("room {}", n % 3)).expect("a valid id");
    let seq = Seq::new(n as u64 + 1).expect("a small number");
    let offset = Offset::new(n as u64 + 5).expect("a small number");
    let author = UserId::new("1").expect("a valid id");
    let text = format!("message {n} \u{1f600} \"quoted\" \\ \u{0}");
    let ts = Timestamp::from_micros(1_700_000_000_000_000);
    let message = Message::new(room, offset, seq, author, Content::plain(text), ts);
    let service = [PushService::Fcm, PushService::Apns, PushService::WebPush, PushService::Webhook][n % 4];
    let app = (n % 2 == 1).then(|| "org.example.app".to_owned());
    let note = PushNote {
        kind: RoomKind::Group,
        room_name: Some("Plans".to_owned()),
        number: None,
        author_name: Some("Ann".to_owned()),
        message,
        num: 1_000 + n as u64,
    };
    Push {
        user: UserId::new(format!("{}", 2 + n % 7)).expect("a valid id"),
        device: DeviceId::new(format!("device-{n}")).expect("a valid id"),
        target: PushTarget { service, token: token(n), app },
        note: Arc::new(note),
        badge: n as u64 * 3,
        silent: n.is_multiple_of(5),
    }
}

/// A push like those of the cases.
pub fn sample() -> Push {
    push(0)
}

fn pushes(range: std::ops::Range<usize>) -> Vec<Push> {
    range.map(push).collect()
}

/// What the service got, in the order of the pushes: services of one gateway are told side by side.
fn sorted(mut received: Vec<Received>) -> Vec<Received> {
    received.sort_by_key(|received| received.message.0);
    received
}

/// Each token has its own answer.
pub async fn every_push_is_answered_in_order(rig: Subject) {
    for n in 0..12 {
        rig.behave(&token(n), if n % 3 == 0 { Behaviour::Gone } else { Behaviour::Takes });
    }
    let mut batch = pushes(0..12);
    batch.reverse();
    let answers = rig.gateway().push(&batch).await;
    let expected = (0..12).rev().map(|n| if n % 3 == 0 { PushOutcome::Gone } else { PushOutcome::Delivered });
    assert_eq!(answers, expected.collect::<Vec<_>>());
}

/// Also more than the gateway would like.
pub async fn a_batch_of_any_size_is_answered(rig: Subject) {
    let size = MANY.max(rig.gateway().max_batch() * 2 + 1);
    let batch = pushes(0..size);
    assert_eq!(rig.gateway().push(&batch).await, vec![PushOutcome::Delivered; size]);
    assert_eq!(rig.received().len(), size, "each of them once");
}

/// All that is told of it.
pub async fn a_push_arrives_as_it_was_given(rig: Subject) {
    let batch = pushes(0..9);
    rig.gateway().push(&batch).await;
    assert_eq!(sorted(rig.received()), batch.iter().map(Received::of).collect::<Vec<_>>());
}

/// Nothing is nothing.
pub async fn an_empty_batch_sends_nothing(rig: Subject) {
    assert_eq!(rig.gateway().push(&[]).await, []);
    assert_eq!(rig.received(), []);
}

/// One answer of one push.
async fn told(rig: Subject, behaviour: Behaviour) -> Vec<PushOutcome> {
    rig.behave(&token(1), behaviour);
    let answers = rig.gateway().push(&pushes(0..3)).await;
    let numbers: Vec<u64> = sorted(rig.received()).iter().map(|of| of.message.0.get()).collect();
    assert!([1, 2, 3].iter().all(|seq| numbers.contains(seq)), "the service got all of them: {numbers:?}");
    answers
}

/// One of three.
pub async fn a_gone_token_is_told(rig: Subject) {
    let answers = told(rig, Behaviour::Gone).await;
    assert_eq!(answers, [PushOutcome::Delivered, PushOutcome::Gone, PushOutcome::Delivered]);
}

/// One of three.
pub async fn a_refused_push_is_told(rig: Subject) {
    let answers = told(rig, Behaviour::Refuses).await;
    assert_eq!(answers, [PushOutcome::Delivered, PushOutcome::Refused, PushOutcome::Delivered]);
}

/// One of three, and for how long.
pub async fn a_busy_service_is_given_its_time(rig: Subject) {
    let answers = told(rig, Behaviour::Busy(90)).await;
    let retry = PushOutcome::Retry(Some(Duration::from_secs(90)));
    assert_eq!(answers, [PushOutcome::Delivered, retry, PushOutcome::Delivered]);
}

/// Nobody is there.
pub async fn an_unreachable_service_is_tried_again(rig: Subject) {
    rig.cut();
    let answers = rig.gateway().push(&pushes(0..3)).await;
    assert_eq!(answers.len(), 3);
    for answer in answers {
        assert!(matches!(answer, PushOutcome::Retry(_)), "{answer:?}");
    }
}

/// Later, with another count.
pub async fn a_repeat_has_the_same_name(rig: Subject) {
    rig.gateway().push(&pushes(0..2)).await;
    let again: Vec<Push> = pushes(0..2).into_iter().map(|push| Push { badge: 999, ..push }).collect();
    rig.gateway().push(&again).await;
    let received = rig.received();
    let names = |seq: u64| -> Vec<&str> {
        received.iter().filter(|of| of.message.0.get() == seq).map(|of| of.id.as_str()).collect()
    };
    let (first, second) = (names(1), names(2));
    assert_eq!((first.len(), second.len()), (2, 2));
    assert!(first[0] == first[1] && second[0] == second[1] && first[0] != second[0], "{first:?} {second:?}");
}
