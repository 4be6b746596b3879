//! The published JSON Schemas (draft 2020-12): one document per root type.

use schemars::generate::SchemaSettings;
use schemars::transform::{RecursiveTransform, Transform};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::Value;

use crate::dialect::{chats, haraj, helpdesk, hipochat, tndata};
use crate::{Command, Event, HistoryPage, Message, Reply};

/// Declares the documents: path below `schema/`, who writes it, and the type.
macro_rules! documents {
    ($($path:literal $direction:ident $type:ty,)*) => {
        vec![$(($path, $direction::<$type>($path))),*]
    };
}

/// Path below `schema/` and content of every published document.
///
/// What clients send is described as it is read (the deserialize contract), what servers send as it is written.
pub fn documents() -> Vec<(&'static str, Value)> {
    [native(), tndata(), chats(), hipochat(), haraj(), helpdesk()].concat()
}

/// What clients send.
fn read<T: JsonSchema>(path: &str) -> Value {
    root::<T>(path, SchemaSettings::draft2020_12().for_deserialize().into_generator())
}

/// What servers send.
fn written<T: JsonSchema>(path: &str) -> Value {
    root::<T>(path, SchemaSettings::draft2020_12().for_serialize().into_generator())
}

fn root<T: JsonSchema>(path: &str, generator: SchemaGenerator) -> Value {
    let mut schema: Schema = generator.into_root_schema_for::<T>();
    RecursiveTransform(describe_plainly).transform(&mut schema);
    // Several formats have a client's frame and a message: the title says whose.
    if let Some(name) = path.strip_prefix("dialect/") {
        let title = name.trim_end_matches(".json").replace(['/', '_'], " ");
        schema.insert("title".to_owned(), title.into());
    }
    schema.to_value()
}

/// Takes out of a description what only a reader of the source needs.
fn describe_plainly(schema: &mut Schema) {
    if let Some(Value::String(text)) = schema.get_mut("description") {
        *text = plain(text);
    }
}

/// Text for people who have never seen Rust: without code to try and links to types, a line per paragraph.
fn plain(text: &str) -> String {
    // What is between fences is code.
    let prose: String = text.split("```").step_by(2).collect();
    let line = |paragraph: &str| paragraph.split_whitespace().collect::<Vec<_>>().join(" ");
    let paragraphs = prose.split("\n\n").map(line).filter(|line| !line.is_empty());
    paragraphs.collect::<Vec<_>>().join("\n\n").replace("[`", "`").replace("`]", "`")
}

fn native() -> Vec<(&'static str, Value)> {
    documents![
        "native/command.json" read Command,
        "native/event.json" written Event,
        "native/message.json" written Message,
        "http/history_page.json" written HistoryPage,
        "http/error.json" written Reply,
    ]
}

fn tndata() -> Vec<(&'static str, Value)> {
    documents![
        "dialect/tndata/client_frame.json" read tndata::ClientFrame,
        "dialect/tndata/server_frame.json" written tndata::ServerFrame,
        "dialect/tndata/message_page.json" written tndata::Page<tndata::MessageEntry>,
        "dialect/tndata/message_list.json" written tndata::MessageList,
        "dialect/tndata/message.json" written tndata::MessageEntry,
        "dialect/tndata/history.json" written tndata::History,
        "dialect/tndata/mark_read.json" read tndata::MarkRead,
        "dialect/tndata/users.json" written tndata::Page<tndata::Account>,
        "dialect/tndata/profiles.json" written tndata::Page<tndata::Profile>,
        "dialect/tndata/error.json" written tndata::ErrorBody,
    ]
}

fn chats() -> Vec<(&'static str, Value)> {
    documents![
        "dialect/chats/client_frame.json" read chats::ClientFrame,
        "dialect/chats/server_frame.json" written chats::ServerFrame,
        "dialect/chats/directs.json" written Vec<chats::DirectSummary>,
        "dialect/chats/direct.json" written chats::DirectDetail,
        "dialect/chats/projects.json" written Vec<chats::ProjectSummary>,
        "dialect/chats/project.json" written chats::ProjectDetail,
        "dialect/chats/message_page.json" written chats::MessagePage,
        "dialect/chats/files.json" written Vec<chats::FileEntry>,
        "dialect/chats/has_unreads.json" written chats::HasUnreads,
        "dialect/chats/error.json" written chats::Detail,
    ]
}

fn hipochat() -> Vec<(&'static str, Value)> {
    documents![
        "dialect/hipochat/client_frame.json" read hipochat::ClientFrame,
        "dialect/hipochat/server_frame.json" written hipochat::ServerFrame,
        "dialect/hipochat/create_room.json" read hipochat::CreateRoom,
        "dialect/hipochat/room_created.json" written hipochat::RoomCreated,
        "dialect/hipochat/old_messages.json" written hipochat::OldMessages,
        "dialect/hipochat/item_request.json" read hipochat::ItemRequest,
        "dialect/hipochat/notification.json" written hipochat::Notification,
        "dialect/hipochat/histories.json" written hipochat::Histories,
        "dialect/hipochat/profile.json" read hipochat::Profile,
        "dialect/hipochat/push.json" written hipochat::Push,
        "dialect/hipochat/error.json" written hipochat::Unauthorized,
    ]
}

fn haraj() -> Vec<(&'static str, Value)> {
    documents![
        "dialect/haraj/client_frame.json" read haraj::ClientFrame,
        "dialect/haraj/server_frame.json" written haraj::ServerFrame,
        "dialect/haraj/login.json" read haraj::Login,
        "dialect/haraj/session.json" written haraj::Reply<haraj::Session>,
        "dialect/haraj/start_topic.json" read haraj::StartTopic,
        "dialect/haraj/started_topic.json" written haraj::Reply<haraj::StartedTopic>,
        "dialect/haraj/send_message.json" read haraj::SendMessage,
        "dialect/haraj/sent.json" written haraj::Reply<haraj::Sent>,
        "dialect/haraj/history.json" written haraj::Reply<haraj::History>,
        "dialect/haraj/confirm_reads.json" read haraj::ConfirmReads,
        "dialect/haraj/confirmed_reads.json" written haraj::Reply<haraj::ConfirmedReads>,
        "dialect/haraj/set_typing.json" read haraj::SetTyping,
        "dialect/haraj/typing_set.json" written haraj::Reply<haraj::TypingSet>,
        "dialect/haraj/deleted_message.json" written haraj::Reply<haraj::DeletedMessage>,
        "dialect/haraj/hidden_topic.json" written haraj::Reply<haraj::HiddenTopic>,
        "dialect/haraj/topics.json" written haraj::Reply<haraj::Topics>,
        "dialect/haraj/resolved_topics.json" written haraj::Reply<haraj::ResolvedTopics>,
        "dialect/haraj/found_users.json" written haraj::Reply<haraj::FoundUsers>,
        "dialect/haraj/profile.json" written haraj::Reply<haraj::Profile>,
        "dialect/haraj/update_user.json" read haraj::UpdateUser,
        "dialect/haraj/updated_user.json" written haraj::Reply<haraj::UpdatedUser>,
        "dialect/haraj/upload.json" read haraj::Upload,
        "dialect/haraj/upload_grant.json" written haraj::Reply<haraj::UploadGrant>,
        "dialect/haraj/push.json" written haraj::Push,
    ]
}

fn helpdesk() -> Vec<(&'static str, Value)> {
    documents![
        "dialect/helpdesk/client_frame.json" read helpdesk::ClientFrame,
        "dialect/helpdesk/server_frame.json" written helpdesk::ServerFrame,
        "dialect/helpdesk/desks.json" written helpdesk::Desks,
        "dialect/helpdesk/history.json" written helpdesk::History,
        "dialect/helpdesk/send_message.json" read helpdesk::SendMessage,
        "dialect/helpdesk/created.json" written helpdesk::Created,
        "dialect/helpdesk/error.json" written helpdesk::ErrorBody,
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn descriptions_are_for_people_who_do_not_know_rust() {
        let doc = "A chat, as\nframes name [`Room`] it.\n\n```\nuse x;\n\nlet y = 1;\n```\n\nMore of\nit.\n";
        assert_eq!(plain(doc), "A chat, as frames name `Room` it.\n\nMore of it.");
        for (path, document) in documents() {
            let text = document.to_string();
            for code in ["```", "chat_protocol::", "serde_json::", "assert_eq!", "[`"] {
                assert!(!text.contains(code), "{path} holds {code}");
            }
        }
    }
}
