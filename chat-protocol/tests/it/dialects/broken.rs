//! The suite finds what it is there to find: a dialect that breaks one guarantee fails exactly that case.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};

use chat_protocol::dialect::conformance::{self, Request, Samples};
use chat_protocol::dialect::haraj::Haraj;
use chat_protocol::dialect::{
    Asked, Audience, Dialect, Done, Handshake, News, Opening, Place, RoomName, Seat, Secret, What,
};
use chat_protocol::{RoomId, Text, Timestamp, UserId, WireError, limits};

type Case = fn(&dyn Dialect, &Samples);

const CASES: &[(&str, Case)] = &[
    ("only_its_own_paths_are_opened", conformance::only_its_own_paths_are_opened),
    ("tokens_are_found_and_not_shown", conformance::tokens_are_found_and_not_shown),
    ("samples_ask_something", conformance::samples_ask_something),
    ("unknown_keys_change_nothing", conformance::unknown_keys_change_nothing),
    ("nothing_that_a_peer_sends_panics", conformance::nothing_that_a_peer_sends_panics),
    ("a_frame_is_the_same_each_time", conformance::a_frame_is_the_same_each_time),
    ("frames_fit", conformance::frames_fit),
    ("clients_understand", conformance::clients_understand),
    ("both_users_mean_one_room", conformance::both_users_mean_one_room),
];

/// A dialect that breaks the guarantee of one case.
#[derive(Debug)]
struct Broken {
    case: &'static str,
    encoded: AtomicU64,
}

impl Broken {
    fn breaks(&self, case: &str) -> bool {
        self.case == case
    }
}

impl Dialect for Broken {
    fn name(&self) -> &'static str {
        "broken"
    }

    fn open(&self, handshake: &Handshake<'_>) -> Option<Opening> {
        let everywhere = self.breaks("only_its_own_paths_are_opened");
        let real = Handshake { path: if everywhere { "/chat/ws" } else { handshake.path }, ..*handshake };
        let opening = Haraj::default().open(&real)?;
        let token = handshake.query("token").filter(|_| !self.breaks("tokens_are_found_and_not_shown"));
        Some(Opening {
            token: token.map(|token| Secret(token.to_owned())),
            place: Place::Peer(user("2")),
            ..opening
        })
    }

    fn room(&self, place: &Place, me: &UserId) -> Option<RoomName> {
        let Place::Peer(peer) = place else { return None };
        let me = if self.breaks("both_users_mean_one_room") { &user("3") } else { me };
        Some(RoomName::Id(RoomId::direct(me, peer)))
    }

    fn decode(&self, seat: Seat<'_>, frame: &[u8], now: Timestamp) -> Asked {
        let text = String::from_utf8_lossy(frame);
        if self.breaks("samples_ask_something")
            || self.breaks("unknown_keys_change_nothing") && text.contains("x_new")
        {
            return What::Ignored.into();
        }
        assert!(!self.breaks("nothing_that_a_peer_sends_panics") || text.ends_with('}'), "a hostile frame");
        Haraj::default().decode(seat, frame, now)
    }

    fn answer(
        &self,
        seat: Seat<'_>,
        asked: &Asked,
        done: Result<&Done, &WireError>,
        now: Timestamp,
    ) -> Option<Text> {
        Haraj::default().answer(seat, asked, done, now)
    }

    fn encode(&self, news: &News<'_>) -> Option<Text> {
        let frame = Haraj::default().encode(news)?;
        let (mut text, count) = (frame.as_str().to_owned(), self.encoded.fetch_add(1, Ordering::Relaxed));
        if self.breaks("a_frame_is_the_same_each_time") {
            text = text.replacen('{', &format!("{{\"_n\":{count},"), 1);
        } else if self.breaks("frames_fit") && text.len() > limits::MAX_CONTENT {
            text.push_str(&" ".repeat(limits::MAX_FRAME));
        } else if self.breaks("clients_understand") {
            text = text.replace("\"ts\"", "\"time\"");
        }
        Some(text.into())
    }

    fn audience(&self, news: &News<'_>) -> Audience {
        Haraj::default().audience(news)
    }

    fn understands(&self, frame: &[u8]) -> bool {
        Haraj::default().understands(frame)
    }

    fn as_any(&self) -> &dyn std::any::Any {
        self
    }
}

fn user(id: &str) -> UserId {
    id.parse().unwrap()
}

#[test]
fn each_broken_guarantee_fails_its_case_and_no_other() {
    let samples = Samples {
        requests: vec![Request::new("/chat/ws").query("token", Samples::TOKEN)],
        frames: vec![r#"{"listen":{"id":"l","peer_id":2}}"#],
        hands_on_unknown_keys: false,
    };
    for (broken, _) in CASES {
        let dialect = Broken { case: broken, encoded: AtomicU64::new(0) };
        for (case, run) in CASES {
            let passed = catch_unwind(AssertUnwindSafe(|| run(&dialect, &samples))).is_ok();
            assert_eq!(passed, case != broken, "{case} with {broken} broken");
        }
    }
}
