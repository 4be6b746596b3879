//! Users, rooms and news for the suite, and frames that no client sends.

use crate::dialect::{Delivery, DeskFacts, MessageNames, MessageNews, News, Profile, RoomFacts};
use crate::{Content, Message, Offset, RoomId, RoomNumber, Seq, Timestamp, UserId};

/// The token of all samples: found in a log, it was leaked.
pub(super) const MARKER: &str = "marker-token-4711";

pub(super) fn user(id: &str) -> UserId {
    UserId::new(id).expect("the suite's ids are valid")
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_micros(1_500_000_000_123_456 + seconds * 1_000_000)
}

/// Everything that can happen, with a message of one text.
pub(super) struct Scene {
    author: Profile,
    reader: UserId,
    messages: Vec<Message>,
}

impl Scene {
    pub(super) fn new(text: &str) -> Self {
        let author = Profile {
            name: Some("Ann Lee".to_owned()),
            first_name: Some("Ann".to_owned()),
            last_name: Some("Lee".to_owned()),
            email: Some("ann@example.org".to_owned()),
            avatar: Some("https://example.org/a.png".to_owned()),
            ..Profile::nameless(user("1"))
        };
        let contents = [
            Content::plain(text),
            Content::new("image/png", &serde_json::json!({ "url": "https://example.org/i.png", "size": 5 })),
            Content::new("application/json", &serde_json::json!({ "body": { "message": text } })),
            Content::new("application/x-unknown", &serde_json::json!({})),
        ];
        let number = |n: usize| u64::try_from(n).expect("there are four") + 40;
        let message = |(n, content): (usize, Content)| {
            let (offset, seq) = (Offset::new(number(n)), Seq::new(number(n)));
            let room = RoomId::new("r").expect("a letter is an id");
            let (offset, seq) = (offset.expect("small"), seq.expect("small"));
            Message::new(room, offset, seq, user("1"), content, at(0))
        };
        let messages = contents.into_iter().enumerate().map(message).collect();
        Self { author, reader: user("ann@example.org"), messages }
    }

    /// Calls `check` with every news in every kind of room, each with a name for failures.
    pub(super) fn each(&self, mut check: impl FnMut(&str, &News<'_>)) {
        let direct = RoomId::direct(&user("1"), &user("2"));
        let group = RoomId::new("a group").expect("a short text is an id");
        let desk = DeskFacts {
            key: [7; 16],
            client: &self.author,
            client_key: [8; 16],
            client_times: (at(-9), at(-8)),
            times: (at(-7), at(-6)),
            last: None,
        };
        let room = |id| RoomFacts { id, number: None, alias: None, desk: None };
        let rooms = [
            ("a direct room", room(&direct)),
            ("a direct room by another name", RoomFacts { alias: Some("chat-1-2"), ..room(&direct) }),
            ("a group with a number", RoomFacts { number: RoomNumber::new(7), ..room(&group) }),
            ("a group by another name", RoomFacts { alias: Some("e598c2a9"), ..room(&group) }),
            ("a group without another name", room(&group)),
            ("a desk", RoomFacts { desk: Some(desk), ..room(&group) }),
        ];
        for (name, room) in rooms {
            self.in_room(room, &mut |what, news| check(&format!("{what} in {name}"), news));
        }
        for (user, online) in [(user("1"), true), (user("1"), false), (self.reader.clone(), true)] {
            let (user, ts) = (&user, at(3));
            check("presence", &News::Presence { user, online, ts });
            for changed in [true, false] {
                check("a wish to be shown", &News::Shown { user, online, changed, ts });
            }
        }
    }

    fn in_room(&self, room: RoomFacts<'_>, check: &mut dyn FnMut(&str, &News<'_>)) {
        let recipients = [(user("2"), true), (self.reader.clone(), false)];
        let names =
            |message: &Message| MessageNames { seq: message.seq, num: message.seq.get() * 10, key: [9; 16] };
        let all: Vec<MessageNames> = self.messages.iter().map(names).collect();
        let edit = |message: &Message| Message { edited_at: Some(at(1)), injected: true, ..message.clone() };
        let edited: Vec<Message> = self.messages.iter().map(edit).collect();
        let news = |message| MessageNews {
            room,
            message,
            names: names(message),
            author: &self.author,
            reply: None,
            recipients: &recipients,
            delivery: Delivery::Sending,
        };
        let first = news(&self.messages[0]);
        for message in &self.messages {
            let kind = &message.content.kind;
            check(&format!("a message of {kind}"), &News::Message(news(message)));
            let reply = MessageNews { reply: Some(&first), ..news(message) };
            check(&format!("a reply of {kind}"), &News::Message(reply));
        }
        for message in &edited {
            let kind = &message.content.kind;
            let edited = MessageNews { delivery: Delivery::Sent(at(1)), ..news(message) };
            check(&format!("an edited message of {kind}"), &News::Edited(edited));
            check(&format!("an injected message of {kind}"), &News::Message(edited));
        }
        check("a deletion", &News::Deleted { room, message: all[0] });
        for by in [user("2"), self.reader.clone()] {
            let (by, ts) = (&by, at(2));
            check("reading", &News::Read { room, by, named: all[0], messages: &all, ts });
            check("reading again", &News::Read { room, by, named: all[0], messages: &[], ts });
            for stop in [false, true] {
                check("typing", &News::Typing { room, by, stop, ts });
            }
        }
        for opened in [true, false] {
            check("a socket", &News::Socket { room, user: &self.author, opened });
        }
        let desk = room.desk.map(|desk| DeskFacts { last: Some(&first), ..desk });
        check("a case", &News::Desk(RoomFacts { desk, ..room }));
        check("an empty case", &News::Desk(room));
    }
}

/// Frames that no client of good will sends.
pub(super) fn broken(samples: &[&str]) -> Vec<Vec<u8>> {
    let mut frames: Vec<Vec<u8>> = Vec::new();
    for sample in samples {
        let bytes = sample.as_bytes();
        frames.extend((0..bytes.len()).map(|end| bytes[..end].to_vec()));
        for (at, replacement) in
            (0..bytes.len()).flat_map(|at| [(at, b'"'), (at, b'{'), (at, b'0'), (at, 0xff)])
        {
            let mut changed = bytes.to_vec();
            changed[at] = replacement;
            frames.push(changed);
        }
        for (from, to) in [
            (":", ":[[[["),
            ("\"", "\"\\ud800"),
            ("1", "1e999"),
            ("1", "9007199254740993"),
            ("{", "{\"\":0,"),
        ] {
            frames.push(sample.replacen(from, to, 1).into_bytes());
        }
        frames.push(sample.replace(": ", ":").replace('"', "\"\u{0}").into_bytes());
        frames.push([bytes, bytes].concat());
    }
    frames.push(b"[".repeat(60_000));
    frames.push(b"{\"a\":".repeat(10_000));
    frames.push(vec![b' '; crate::limits::MAX_FRAME + 1]);
    frames.push(format!("{{\"{}\":1}}", "k".repeat(60_000)).into_bytes());
    frames.extend(
        ["null", "true", "\"\"", "1e999999", "NaN", "{}", "[]", "{\"a\":1,\"a\":2}"].map(|text| text.into()),
    );
    frames
}
