//! Every type with a published document is read as it was written; one without a strategy is named here.

use std::fmt::Debug;
use std::rc::Rc;

use chat_protocol::dialect::haraj::PushForm;
use chat_protocol::dialect::hipochat::{Push as OperatorPush, PushSignal};
use chat_protocol::hooks::{PushAnswer, PushBody, WebhookBody};
use chat_protocol::reply::*;
use chat_protocol::{Command, Event, HistoryPage, Message, Reply, RoomState, Timestamp, encode, schema};
use proptest::prelude::*;
use proptest::strategy::{Union, ValueTree};
use proptest::test_runner::TestRunner;
use serde::Serialize;
use serde_json::{Value, json};

use super::json::readable;
use super::survive::{
    again, command_survives, each, event_survives, line_survives, reply_survives, survives,
};
use super::{Sample, command, event, push};
use crate::vectors::{Shown, schemas};

/// A value of a type that has a document.
trait Published: Debug {
    /// It is read as it was written, wherever it is written.
    fn survives(&self);
    /// As it is written.
    fn json(&self) -> Value;
}

fn written(value: &impl Serialize) -> Value {
    serde_json::from_str(&readable(encode(value).as_str())).expect("it is JSON")
}

/// Types that say when two values are equal.
macro_rules! bodies {
    ($($type:ty: $survives:expr,)*) => {
        $(impl Published for $type {
            fn survives(&self) {
                $survives(self);
            }
            fn json(&self) -> Value {
                written(self)
            }
        })*
    };
}

/// A body over HTTP, and the data of a reply over the socket.
macro_rules! data {
    ($($type:ident)*) => {
        bodies! {$(
            $type: |value: &$type| {
                survives(value);
                let reply = Reply::ok(None, value, Timestamp::default());
                let Event::Reply(read) = again(&Event::from(reply)) else { panic!("no reply") };
                assert_eq!(read.parse::<$type>().as_ref().expect("it is what was written"), value);
            },
        )*}
    };
}

data! {
    AgentsData AuthData BlocksPage ChangeData DesksPage ForgetData HistoryPage InboxPage InboxTotals InviteData ListenData MembersPage Message ReadData
    RevokeData RoomData RoomState ScheduleData ScheduledPage SearchPage SendData SessionsData SetData Uploaded UserEntry
}

bodies! {
    Command: command_survives,
    Event: event_survives,
    ExportLine: line_survives,
    Reply: reply_survives,
    chat_protocol::dialect::haraj::Push: survives,
    OperatorPush: survives,
    WebhookBody: |body: &WebhookBody| assert_eq!(encode(&again(body)).as_str(), encode(body).as_str()),
    PushBody: survives,
    PushAnswer: survives,
}

/// A form, which is described by its fields.
impl Published for PushSignal {
    fn survives(&self) {
        assert_eq!(PushSignal::from_form(&self.to_form()).as_ref(), Some(self));
    }
    fn json(&self) -> Value {
        json!({ "chat_token": self.chat_token, "type": self.kind })
    }
}

/// The documents of this format and of pushes. The dialects have tests of their own.
fn paths() -> impl Iterator<Item = &'static str> {
    schema::documents().into_iter().map(|(path, _)| path).filter(|path| !path.starts_with("dialect/"))
}

/// Any value of a document's type.
fn of(path: &str) -> BoxedStrategy<Rc<dyn Published>> {
    match path {
        "native/command.json" => any_of(Union::new(Command::KINDS.iter().map(|kind| command::of(kind)))),
        "native/event.json" => any_of(Union::new(Event::KINDS.iter().map(|kind| event::of(kind)))),
        "native/message.json" => any_of(Message::any()),
        "native/auth_data.json" => any_of(AuthData::any()),
        "native/room_data.json" => any_of(RoomData::any()),
        "native/send_data.json" => any_of(SendData::any()),
        "native/read_data.json" => any_of(ReadData::any()),
        "native/listen_data.json" => any_of(ListenData::any()),
        "native/schedule_data.json" => any_of(ScheduleData::any()),
        "native/change_data.json" => any_of(ChangeData::any()),
        "native/set_data.json" => any_of(SetData::any()),
        "native/invite_data.json" => any_of(InviteData::any()),
        "native/revoke_data.json" => any_of(RevokeData::any()),
        "native/members_page.json" => any_of(MembersPage::any()),
        "native/blocks_page.json" => any_of(BlocksPage::any()),
        "native/scheduled_page.json" => any_of(ScheduledPage::any()),
        "native/search_page.json" => any_of(SearchPage::any()),
        "native/inbox_page.json" => any_of(InboxPage::any()),
        "native/sessions_data.json" => any_of(SessionsData::any()),
        "http/history_page.json" => any_of(HistoryPage::any()),
        "http/inbox_totals.json" => any_of(InboxTotals::any()),
        "http/room_state.json" => any_of(RoomState::any()),
        "http/agents_data.json" => any_of(AgentsData::any()),
        "http/desks_page.json" => any_of(DesksPage::any()),
        "http/forget_data.json" => any_of(ForgetData::any()),
        "native/export_line.json" => any_of(ExportLine::any()),
        "http/uploaded.json" => any_of(Uploaded::any()),
        "http/user.json" => any_of(UserEntry::any()),
        "http/error.json" => any_of(Reply::any()),
        "http/webhook_body.json" => any_of(WebhookBody::any()),
        "http/push_body.json" => any_of(PushBody::any()),
        "http/push_answer.json" => any_of(PushAnswer::any()),
        "push/apns.json" => any_of(push::of(PushForm::Apns)),
        "push/fcm_legacy.json" => any_of(push::of(PushForm::FcmLegacy)),
        "push/fcm_v1.json" => any_of(push::of(PushForm::FcmV1)),
        "push/hipochat.json" => any_of(OperatorPush::any()),
        "push/hipochat_form.json" => any_of(PushSignal::any()),
        _ => panic!("{path} is published, and nothing shows that it is read as it was written"),
    }
}

fn any_of<T: Published + 'static>(
    values: impl Strategy<Value = T> + 'static,
) -> BoxedStrategy<Rc<dyn Published>> {
    values.prop_map(|value| Rc::new(value) as Rc<dyn Published>).boxed()
}

/// It survives, and is what its document describes.
fn check(path: &str, value: &dyn Published) {
    value.survives();
    let json = value.json();
    assert!(schemas()[path].accepts(&json), "{path} refuses {json}");
}

#[test]
fn every_command_is_read_as_it_was_written() {
    for kind in Command::KINDS {
        each(command::of(kind), |command| {
            assert_eq!(command.kind(), *kind);
            check("native/command.json", &command);
        });
    }
}

#[test]
fn every_event_is_read_as_it_was_written() {
    for kind in Event::KINDS {
        each(event::of(kind), |event| {
            assert_eq!(event.kind(), *kind);
            check("native/event.json", &event);
        });
    }
}

#[test]
fn packets_of_newer_peers_are_kept_as_they_came() {
    each(command::newer(), |command| command_survives(&command));
    each(event::newer(), |event| event_survives(&event));
}

#[test]
fn every_published_type_is_read_as_it_was_written() {
    for path in paths() {
        each(of(path), |value| check(path, &*value));
    }
}

/// What is described and not among the samples: the beginnings of its names, each with the reason.
const NOT_SHOWN: [&str; 5] = [
    // Optional to a reader, and always written.
    "Create.access absent",
    "Create.history absent",
    "Resume.rooms absent",
    "http/push_answer.json.results absent",
    // Chosen from the table itself, where none is forgotten.
    "ErrorCode/",
];

#[test]
fn everything_that_is_described_is_among_the_samples() {
    for format in ["native", "push"] {
        let (mut runner, mut shown) = (TestRunner::deterministic(), Shown::default());
        let of_format = |path: &&str| (format == "push") == path.starts_with("push/");
        let sources: Vec<_> = paths().filter(of_format).map(|path| (path, of(path))).collect();
        let lacks = |shown: &Shown| {
            let mut lacks = shown.lacks(format);
            lacks.retain(|what| !NOT_SHOWN.iter().any(|name| what.starts_with(name)));
            lacks
        };
        // Some six times do; so many that nothing is missed by chance.
        for _ in 0..50 {
            for (path, values) in &sources {
                for _ in 0..samples(path) {
                    let value = values.new_tree(&mut runner).expect("there is one").current();
                    shown.add(path, &value.json());
                }
            }
            if lacks(&shown).is_empty() {
                break;
            }
        }
        assert!(lacks(&shown).is_empty(), "{format}, in no sample: {:#?}", lacks(&shown));
    }
}

/// How many at a time: more where there are many kinds.
fn samples(path: &str) -> usize {
    match path {
        "native/command.json" | "native/event.json" => 150,
        _ => 4,
    }
}
