//! Bodies.

use chat_protocol::dialect::{chats, haraj, helpdesk, hipochat, tndata};
use chat_protocol::{HistoryPage, Reply};
use chat_protocol_fuzz::{Cost, alike, exact, refused, same_text};
use serde::de::IgnoredAny;

/// Reads the input as each of the types.
macro_rules! read {
    ($check:ident $cost:ident $input:ident: $($type:ty),* $(,)?) => {
        $(let _ = $check::<$type>($input, Cost::$cost);)*
    };
}

pub(crate) fn read(body: &[u8]) {
    read!(alike TYPED body: Reply, HistoryPage);
    // What is no JSON is refused by the parser, whatever the type: most inputs, and not worth fifty times its work.
    if serde_json::from_slice::<IgnoredAny>(body).is_err() {
        return;
    }
    tndata(body);
    chats(body);
    hipochat(body);
    haraj(body);
    helpdesk(body);
}

fn tndata(body: &[u8]) {
    use tndata::*;
    read!(exact TYPED body:
        MarkRead, MessageEntry, Page<MessageEntry>, MessageList, History, Page<Account>, Page<Profile>, ErrorBody);
}

fn chats(body: &[u8]) {
    use chats::*;
    read!(exact VALUES body:
        Vec<DirectSummary>, DirectDetail, Vec<ProjectSummary>, ProjectDetail, MessagePage, Vec<FileEntry>,
        HasUnreads, Detail);
}

fn hipochat(body: &[u8]) {
    use hipochat::*;
    read!(exact TYPED body: CreateRoom, RoomCreated, Unauthorized, Notification, Profile, Push, OldMessages);
    read!(same_text TYPED body: Histories);
    if let Some(request) = exact::<ItemRequest>(body, Cost::TYPED) {
        let _ = request.injected();
    }
    if let Err(error) = CreateRoom::from_body(body) {
        refused(&error);
    }
}

fn haraj(body: &[u8]) {
    use haraj::*;
    read!(exact TYPED body:
        Login, StartTopic, SendMessage, SetTyping, UpdateUser, Upload, Push,
        Reply<Session>, Reply<StartedTopic>, Reply<Sent>, Reply<History>, Reply<ConfirmedReads>, Reply<TypingSet>,
        Reply<DeletedMessage>, Reply<HiddenTopic>, Reply<Topics>, Reply<ResolvedTopics>, Reply<FoundUsers>,
        Reply<Profile>, Reply<UpdatedUser>, Reply<UploadGrant>);
    if let Some(reads) = exact::<ConfirmReads>(body, Cost::TYPED) {
        let _ = reads.check();
    }
}

fn helpdesk(body: &[u8]) {
    use helpdesk::*;
    read!(exact TYPED body: Desks, History, Created, ErrorBody);
    let read = exact::<SendMessage>(body, Cost::SERVER);
    // The server's own way of reading also wants a text, where there is no file.
    match SendMessage::from_json(body) {
        Ok(message) => assert_eq!(Some(message), read),
        Err(refusal) => {
            refused(&refusal);
            assert!(read.is_none_or(|message| message.text.is_none()));
        }
    }
}
