//! Which type reads what a schema describes.

use chat_protocol::dialect::{chats, haraj, helpdesk, hipochat, tndata};
use chat_protocol::hooks::{PushAnswer, PushBody, WebhookBody};
use chat_protocol::reply::*;
use chat_protocol::{Command, ErrorCode, Event, HistoryPage, Message, Reply, RoomState, WireError, decode};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// What came of reading a text.
pub(crate) struct Reading {
    /// The kind of packet, for frames of several kinds.
    pub(super) kind: Option<String>,
    /// The same, as this crate writes it.
    pub(super) written: String,
}

/// Reads a text, or says with which code it is refused.
pub(crate) type Reader = fn(&str) -> Result<Reading, ErrorCode>;

fn body<T: DeserializeOwned + Serialize>(text: &str) -> Result<Reading, ErrorCode> {
    framed(text, |_: &T| None)
}

fn framed<T: DeserializeOwned + Serialize>(
    text: &str,
    kind: fn(&T) -> Option<&str>,
) -> Result<Reading, ErrorCode> {
    let read: T = decode(text.as_bytes()).map_err(|error| error.code)?;
    Ok(reading(&read, kind(&read)))
}

fn reading(value: &impl Serialize, kind: Option<&str>) -> Reading {
    let written = serde_json::to_string(value).expect("what was read can be written");
    Reading { kind: kind.map(str::to_owned), written }
}

fn command(text: &str) -> Result<Reading, ErrorCode> {
    let code = |error: WireError| error.code;
    let command: Command = decode(text.as_bytes()).map_err(code)?;
    command.check().map_err(code)?;
    Ok(reading(&command, Some(command.kind())))
}

fn chats_client(text: &str) -> Result<Reading, ErrorCode> {
    let frame = chats::ClientFrame::read(text.as_bytes()).map_err(|_| ErrorCode::BadRequest)?;
    Ok(reading(&frame, Some(frame.kind())))
}

fn haraj_client(frame: &haraj::ClientFrame) -> Option<&str> {
    Some(match frame {
        haraj::ClientFrame::Auth(_) => "auth",
        haraj::ClientFrame::Listen(_) => "listen",
        haraj::ClientFrame::Unlisten(_) => "unlisten",
        haraj::ClientFrame::Unknown(frame) => &frame.name,
        _ => return None,
    })
}

fn haraj_server(frame: &haraj::ServerFrame) -> Option<&str> {
    Some(match frame {
        haraj::ServerFrame::Reply(_) => "reply",
        haraj::ServerFrame::Message(_) => "message",
        haraj::ServerFrame::Reads(_) => "reads",
        haraj::ServerFrame::Presence(_) => "pres",
        haraj::ServerFrame::Unknown(frame) => &frame.name,
        _ => return None,
    })
}

fn helpdesk_client(frame: &helpdesk::ClientFrame) -> Option<&str> {
    Some(match frame {
        helpdesk::ClientFrame::Relay(relay) => relay.kind.name(),
        helpdesk::ClientFrame::Unknown { kind, .. } => kind,
    })
}

fn tndata_client(frame: &tndata::ClientFrame) -> Option<&str> {
    Some(match frame {
        tndata::ClientFrame::Message(_) => "message",
        tndata::ClientFrame::Receipt(_) => "receipt",
    })
}

fn tndata_server(frame: &tndata::ServerFrame) -> Option<&str> {
    Some(match frame {
        tndata::ServerFrame::Message(_) => "message",
        tndata::ServerFrame::Notice(_) => "notice",
    })
}

fn hipochat_server(frame: &hipochat::ServerFrame) -> Option<&str> {
    Some(match frame {
        hipochat::ServerFrame::Message(_) => "message",
        hipochat::ServerFrame::Item(_) => "item",
        hipochat::ServerFrame::Error(_) => "error",
    })
}

/// The first version's push is a form: the document names its fields.
fn push_form(text: &str) -> Result<Reading, ErrorCode> {
    let fields: std::collections::BTreeMap<String, String> =
        decode(text.as_bytes()).map_err(|error| error.code)?;
    let pairs: Vec<String> = fields.iter().map(|(key, value)| format!("{key}={value}")).collect();
    let signal = hipochat::PushSignal::from_form(&pairs.join("&")).ok_or(ErrorCode::BadRequest)?;
    let written = serde_json::json!({ "chat_token": signal.chat_token, "type": signal.kind });
    Ok(Reading { kind: None, written: written.to_string() })
}

/// The reader of what a published document describes.
pub(crate) fn reader(schema: &str) -> Reader {
    match schema.split_once('/').expect("a folder and a name") {
        ("native" | "http", name) => native(name),
        ("push", "hipochat.json") => body::<hipochat::Push>,
        ("push", "hipochat_form.json") => push_form,
        ("push", _) => body::<haraj::Push>,
        ("dialect", name) => match name.split_once('/').expect("a dialect and a name") {
            ("tndata", name) => of_tndata(name),
            ("chats", name) => of_chats(name),
            ("hipochat", name) => of_hipochat(name),
            ("haraj", name) => of_haraj(name),
            ("helpdesk", name) => of_helpdesk(name),
            _ => panic!("{schema}: no reader"),
        },
        _ => panic!("{schema}: no reader"),
    }
}

fn native(name: &str) -> Reader {
    match name {
        "command.json" => command,
        "event.json" => |text| framed(text, |event: &Event| Some(event.kind())),
        "message.json" => body::<Message>,
        "auth_data.json" => body::<AuthData>,
        "room_data.json" => body::<RoomData>,
        "send_data.json" => body::<SendData>,
        "schedule_data.json" => body::<ScheduleData>,
        "change_data.json" => body::<ChangeData>,
        "set_data.json" => body::<SetData>,
        "invite_data.json" => body::<InviteData>,
        "revoke_data.json" => body::<RevokeData>,
        "read_data.json" => body::<ReadData>,
        "listen_data.json" => body::<ListenData>,
        "members_page.json" => body::<MembersPage>,
        "search_page.json" => body::<SearchPage>,
        "inbox_page.json" => body::<InboxPage>,
        "blocks_page.json" => body::<BlocksPage>,
        "scheduled_page.json" => body::<ScheduledPage>,
        "sessions_data.json" => body::<SessionsData>,
        "history_page.json" => body::<HistoryPage>,
        "error.json" => body::<Reply>,
        "inbox_totals.json" => body::<InboxTotals>,
        "room_state.json" => body::<RoomState>,
        "uploaded.json" => body::<Uploaded>,
        "user.json" => body::<UserEntry>,
        "agents_data.json" => body::<AgentsData>,
        "desks_page.json" => body::<DesksPage>,
        "webhook_body.json" => body::<WebhookBody>,
        "push_body.json" => body::<PushBody>,
        "push_answer.json" => body::<PushAnswer>,
        "forget_data.json" => body::<ForgetData>,
        "export_line.json" => |text| framed(text, |line: &ExportLine| Some(line.kind())),
        _ => panic!("{name}: no reader"),
    }
}

fn of_tndata(name: &str) -> Reader {
    use tndata::*;
    match name {
        "client_frame.json" => |text| framed(text, tndata_client),
        "server_frame.json" => |text| framed(text, tndata_server),
        "message_page.json" => body::<Page<MessageEntry>>,
        "message_list.json" => body::<MessageList>,
        "message.json" => body::<MessageEntry>,
        "history.json" => body::<History>,
        "mark_read.json" => body::<MarkRead>,
        "users.json" => body::<Page<Account>>,
        "profiles.json" => body::<Page<Profile>>,
        "error.json" => body::<ErrorBody>,
        _ => panic!("{name}: no reader"),
    }
}

fn of_chats(name: &str) -> Reader {
    use chats::*;
    match name {
        "client_frame.json" => chats_client,
        "server_frame.json" => |text| framed(text, ServerFrame::kind),
        "directs.json" => body::<Vec<DirectSummary>>,
        "direct.json" => body::<DirectDetail>,
        "projects.json" => body::<Vec<ProjectSummary>>,
        "project.json" => body::<ProjectDetail>,
        "message_page.json" => body::<MessagePage>,
        "files.json" => body::<Vec<FileEntry>>,
        "has_unreads.json" => body::<HasUnreads>,
        "error.json" => body::<Detail>,
        _ => panic!("{name}: no reader"),
    }
}

fn of_hipochat(name: &str) -> Reader {
    use hipochat::*;
    match name {
        "client_frame.json" => body::<ClientFrame>,
        "server_frame.json" => |text| framed(text, hipochat_server),
        "create_room.json" => body::<CreateRoom>,
        "room_created.json" => body::<RoomCreated>,
        "old_messages.json" => body::<OldMessages>,
        "item_request.json" => body::<ItemRequest>,
        "notification.json" => body::<Notification>,
        "histories.json" => body::<Histories>,
        "profile.json" => body::<Profile>,
        "push.json" => body::<Push>,
        "error.json" => body::<Unauthorized>,
        _ => panic!("{name}: no reader"),
    }
}

fn of_haraj(name: &str) -> Reader {
    use haraj::{Reply, *};
    match name {
        "client_frame.json" => |text| framed(text, haraj_client),
        "server_frame.json" => |text| framed(text, haraj_server),
        "login.json" => body::<Login>,
        "session.json" => body::<Reply<Session>>,
        "start_topic.json" => body::<StartTopic>,
        "started_topic.json" => body::<Reply<StartedTopic>>,
        "send_message.json" => body::<SendMessage>,
        "sent.json" => body::<Reply<Sent>>,
        "history.json" => body::<Reply<History>>,
        "confirm_reads.json" => body::<ConfirmReads>,
        "confirmed_reads.json" => body::<Reply<ConfirmedReads>>,
        "set_typing.json" => body::<SetTyping>,
        "typing_set.json" => body::<Reply<TypingSet>>,
        "deleted_message.json" => body::<Reply<DeletedMessage>>,
        "hidden_topic.json" => body::<Reply<HiddenTopic>>,
        "topics.json" => body::<Reply<Topics>>,
        "resolved_topics.json" => body::<Reply<ResolvedTopics>>,
        "found_users.json" => body::<Reply<FoundUsers>>,
        "profile.json" => body::<Reply<Profile>>,
        "update_user.json" => body::<UpdateUser>,
        "updated_user.json" => body::<Reply<UpdatedUser>>,
        "upload.json" => body::<Upload>,
        "upload_grant.json" => body::<Reply<UploadGrant>>,
        "push.json" => body::<Push>,
        _ => panic!("{name}: no reader"),
    }
}

fn of_helpdesk(name: &str) -> Reader {
    use helpdesk::*;
    match name {
        "client_frame.json" => |text| framed(text, helpdesk_client),
        "server_frame.json" => |text| framed(text, |frame: &ServerFrame| Some(frame.kind())),
        "desks.json" => body::<Desks>,
        "history.json" => body::<History>,
        "send_message.json" => body::<SendMessage>,
        "created.json" => body::<Created>,
        "error.json" => body::<ErrorBody>,
        _ => panic!("{name}: no reader"),
    }
}
