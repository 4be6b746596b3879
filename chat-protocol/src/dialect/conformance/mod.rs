//! What every [`Dialect`] has to do, as tests: [`dialect_conformance!`](crate::dialect_conformance) runs one per guarantee.
//!
//! A case gets the dialect and [`Samples`] of what its clients say, and panics where a guarantee is broken. The suite brings
//! its own users, rooms and news; it needs no network, no clock and no runtime.

mod scene;

use std::panic::{AssertUnwindSafe, catch_unwind};

use self::scene::{MARKER, Scene, user};
use super::{Asked, Dialect, Done, Handshake, News, Opening, RoomName, Seat, What};
use crate::{ErrorCode, Text, Timestamp, WireError, limits};

/// A request for a socket, owned.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// The path.
    pub path: &'static str,
    /// The query.
    pub query: Vec<(String, String)>,
    /// Headers, their names in lower case.
    pub headers: Vec<(String, String)>,
}

impl Request {
    /// A request without query and headers.
    pub fn new(path: &'static str) -> Self {
        Self { path, ..Self::default() }
    }

    /// The same with a parameter of the query.
    #[must_use]
    pub fn query(mut self, name: &str, value: &str) -> Self {
        self.query.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The same with a header, whose name is in lower case.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    fn open(&self, dialect: &dyn Dialect) -> Option<Opening> {
        dialect.open(&Handshake { path: self.path, query: &self.query, headers: &self.headers })
    }
}

/// What clients of a dialect say.
#[derive(Debug, Clone)]
pub struct Samples {
    /// Requests that open a socket. Where they carry a token it is [`Samples::TOKEN`].
    pub requests: Vec<Request>,
    /// Frames that ask something of a server, as user `1`, on a socket of the first request. Tokens as above.
    pub frames: Vec<&'static str>,
    /// The dialect hands keys that it does not know on to others.
    pub hands_on_unknown_keys: bool,
}

impl Samples {
    /// The token in requests and frames.
    pub const TOKEN: &'static str = MARKER;
}

/// Declares one test per guarantee: `dialect_conformance!(Haraj::default(), samples())`.
///
/// ```
/// chat_protocol::dialect_conformance! {
///     chat_protocol::dialect::haraj::Haraj::default(),
///     chat_protocol::dialect::conformance::Samples {
///         requests: vec![chat_protocol::dialect::conformance::Request::new("/chat/ws")],
///         frames: vec![r#"{"listen":{"id":"l","peer_id":2}}"#],
///         hands_on_unknown_keys: false,
///     }
/// }
/// # fn main() {}
/// ```
#[macro_export]
macro_rules! dialect_conformance {
    ($dialect:expr, $samples:expr $(,)?) => {
        $crate::dialect_conformance!(
            @cases $dialect, $samples;
            only_its_own_paths_are_opened
            tokens_are_found_and_not_shown
            samples_ask_something
            unknown_keys_change_nothing
            nothing_that_a_peer_sends_panics
            a_frame_is_the_same_each_time
            frames_fit
            clients_understand
            both_users_mean_one_room
        );
    };
    (@cases $dialect:expr, $samples:expr; $($case:ident)+) => {
        $(
            #[test]
            fn $case() {
                $crate::dialect::conformance::$case(&$dialect, &$samples);
            }
        )+
    };
}

fn now() -> Timestamp {
    Timestamp::from_micros(1_500_000_000_123_456)
}

fn first_opening(dialect: &dyn Dialect, samples: &Samples) -> Opening {
    let request = samples.requests.first().expect("samples have a request");
    request.open(dialect).expect("the first request is the dialect's own")
}

/// Decodes a frame as user `1` on the first socket.
fn asked(dialect: &dyn Dialect, samples: &Samples, frame: &[u8]) -> Asked {
    let (opening, me) = (first_opening(dialect, samples), user("1"));
    dialect.decode(Seat { place: &opening.place, me: Some(&me) }, frame, now())
}

/// Other paths are somebody else's.
pub fn only_its_own_paths_are_opened(dialect: &dyn Dialect, samples: &Samples) {
    for path in ["/v1/ws", "/healthz", "/chat/ws/more/and/more", "/talk", "/no/such/path", "//"] {
        assert!(Request::new(path).open(dialect).is_none(), "{path} is not a path of {}", dialect.name());
    }
    for request in &samples.requests {
        assert!(request.open(dialect).is_some(), "{request:?} is a request of {}", dialect.name());
    }
}

/// A token in the handshake is found wherever the dialect's clients put it, and no debug output shows one.
pub fn tokens_are_found_and_not_shown(dialect: &dyn Dialect, samples: &Samples) {
    for request in &samples.requests {
        let carried = format!("{request:?}").contains(MARKER);
        let opening = request.open(dialect).expect("a request of the dialect");
        let found = opening.token.as_ref().map(|token| token.0.as_str());
        assert_eq!(found, carried.then_some(MARKER), "the token of {request:?}");
        assert!(!format!("{opening:?}").contains(MARKER), "{opening:?} shows the token");
        assert!(opening.protocol.is_none_or(|protocol| !protocol.contains(MARKER)));
    }
    let opening = first_opening(dialect, samples);
    for frame in &samples.frames {
        for me in [None, Some(&user("1"))] {
            let asked = dialect.decode(Seat { place: &opening.place, me }, frame.as_bytes(), now());
            assert!(!format!("{asked:?}").contains(MARKER), "{asked:?} shows the token of {frame}");
        }
    }
}

/// What the dialect's clients say is no bad input.
pub fn samples_ask_something(dialect: &dyn Dialect, samples: &Samples) {
    assert!(!samples.frames.is_empty(), "samples have frames");
    for frame in &samples.frames {
        let asked = asked(dialect, samples, frame.as_bytes());
        assert!(!matches!(asked.what, What::Ignored | What::Refused(_)), "{frame} asks {asked:?}");
    }
}

/// A newer client's keys are no reason to understand it otherwise.
pub fn unknown_keys_change_nothing(dialect: &dyn Dialect, samples: &Samples) {
    if samples.hands_on_unknown_keys {
        return;
    }
    for frame in &samples.frames {
        // Written into the text, because a dialect may hand a part of it on byte for byte.
        let newer = frame.replacen('{', "{\"x_new\":[1],", 1);
        let (before, after) =
            (asked(dialect, samples, frame.as_bytes()), asked(dialect, samples, newer.as_bytes()));
        assert_eq!(before, after, "{frame} with one more key");
    }
}

/// All frames that a news takes.
fn frames(dialect: &dyn Dialect, news: &News<'_>) -> Vec<Text> {
    dialect.encode(news).into_iter().chain(dialect.encode_more(news)).collect()
}

/// Whatever comes, the dialect answers or is silent, and what it says fits into a frame and is understood.
pub fn nothing_that_a_peer_sends_panics(dialect: &dyn Dialect, samples: &Samples) {
    let (opening, me) = (first_opening(dialect, samples), user("1"));
    for frame in scene::broken(&samples.frames) {
        for me in [None, Some(&me)] {
            let seat = Seat { place: &opening.place, me };
            let all = || answers(dialect, seat, &frame);
            let shown = || String::from_utf8_lossy(&frame).chars().take(200).collect::<String>();
            let answers = catch_unwind(AssertUnwindSafe(all))
                .unwrap_or_else(|_| panic!("{} panics at {}", dialect.name(), shown()));
            for answer in answers {
                assert!(
                    answer.len() <= limits::MAX_FRAME,
                    "an answer of {} bytes to {}",
                    answer.len(),
                    shown()
                );
                assert!(dialect.understands(answer.as_bytes()), "clients do not read {answer:?}");
            }
        }
    }
}

/// All that can be said to a frame, or because of it.
fn answers(dialect: &dyn Dialect, seat: Seat<'_>, frame: &[u8]) -> Vec<Text> {
    let asked = dialect.decode(seat, frame, now());
    if let What::Refused(text) | What::Relay { frame: text, .. } = &asked.what {
        return vec![text.clone()];
    }
    let session_id = "s".parse().expect("a letter is an id");
    let mut said = Vec::new();
    for done in
        [Done::Done, Done::Listening { online: true }, Done::Authenticated { user: user("1"), session_id }]
    {
        said.extend(dialect.answer(seat, &asked, Ok(&done), now()));
    }
    for code in ErrorCode::ALL {
        let error = WireError::new(*code, "for this reason");
        said.extend(dialect.answer(seat, &asked, Err(&error), now()));
    }
    said
}

/// One frame serves all readers.
pub fn a_frame_is_the_same_each_time(dialect: &dyn Dialect, _: &Samples) {
    let mut all = 0;
    Scene::new("hi").each(|name, news| {
        let first = frames(dialect, news);
        all += first.len();
        assert_eq!(first, frames(dialect, news), "{name}");
        dialect.audience(news);
    });
    assert!(all > 0, "{} has words for something", dialect.name());
}

/// A message of the greatest content fits, however much of it has to be escaped.
pub fn frames_fit(dialect: &dyn Dialect, _: &Samples) {
    let room = limits::MAX_CONTENT - "text/plain{\"text\":\"\"}".len();
    for text in
        ["\"".repeat(room / 2), "\u{1}".repeat(room / 6), "x".repeat(room), "\u{1f44d}".repeat(room / 4)]
    {
        Scene::new(&text).each(|name, news| {
            for frame in frames(dialect, news) {
                assert!(frame.len() <= limits::MAX_FRAME, "{name} takes {} bytes", frame.len());
            }
        });
    }
}

/// The dialect's own clients read every frame, and do not take everything for one.
pub fn clients_understand(dialect: &dyn Dialect, _: &Samples) {
    for text in ["hi", "", "\u{202e}\u{0}\"\\\n\u{1f469}\u{200d}\u{1f469}"] {
        Scene::new(text).each(|name, news| {
            for frame in frames(dialect, news) {
                assert!(dialect.understands(frame.as_bytes()), "{name}: {}", frame.as_str());
            }
        });
    }
    for garbage in ["", "[]", "5", "{", "\"text\""] {
        assert!(!dialect.understands(garbage.as_bytes()), "{garbage:?} is no frame");
    }
}

/// A place that is a peer's is the same room for both.
pub fn both_users_mean_one_room(dialect: &dyn Dialect, samples: &Samples) {
    for request in &samples.requests {
        let place = request.open(dialect).expect("a request of the dialect").place;
        let super::Place::Peer(peer) = &place else { continue };
        let mine = dialect.room(&place, &user("1"));
        let theirs = dialect.room(&super::Place::Peer(user("1")), peer);
        assert_eq!(mine, theirs, "{request:?}");
        assert!(matches!(mine, Some(RoomName::Id(_))), "a direct room is named by its id");
    }
}
