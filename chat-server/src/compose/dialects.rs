//! The formats that are spoken besides our own, from their tables.

use std::sync::Arc;

use chat_protocol::UserId;
use chat_protocol::dialect::Dialect;
use chat_protocol::dialect::{chats, haraj, helpdesk, hipochat, tndata};
use chat_push_http::{HipochatPush, HipochatPushConfig};
use chat_server_core::auth::{Authenticator, TokenIssuer};
use chat_server_core::dialects::Port;

use super::RunError;
use super::auth::{Identities, id_key, issuer};
use crate::settings::{self, Auth, DataForm, FromId, PresenceScope, Settings, TopicForm};

/// The ports, and who is told for one of them which members do not receive a message.
type Ports = (Vec<Port>, Option<Arc<HipochatPush>>);

/// A port for each format that is on, in the order in which they are asked whose a request is: haraj's `/chat/ws` would
/// otherwise be a user called `ws` of tndata.
pub(super) fn ports(settings: &Settings, identities: &mut Identities) -> Result<Ports, RunError> {
    let on = settings.dialects_on();
    let mut ports = Vec::new();
    let issuer =
        on.haraj.as_ref().map(|table| haraj_logins(settings, table, identities.auth())).transpose()?;
    let issuer = issuer.flatten();
    let mut add = |port: Port, table: &'static str, auth: &Option<Auth>| -> Result<(), RunError> {
        let auth = auth.as_ref().map(|auth| identities.add(table, auth)).transpose()?;
        let unpaged_max = settings.dialects.unpaged_max;
        ports.push(Port { auth, auth_timeout: settings.timeouts.auth, unpaged_max, ..port });
        Ok(())
    };
    if let Some(table) = &on.haraj {
        add(Port { issuer, ..Port::new(haraj_of(table)) }, "dialects.haraj.auth", &table.auth)?;
    }
    if let Some(table) = &on.tndata {
        add(Port::new(tndata_of(table)), "dialects.tndata.auth", &table.auth)?;
    }
    if let Some(table) = &on.chats {
        add(Port::new(chats_of(table)), "dialects.chats.auth", &table.auth)?;
    }
    if let Some(table) = &on.helpdesk {
        let open_desks = table.open.then(guest);
        let sent_delay = Some(table.sent_delay);
        let port = Port { sent_delay, open_desks, ..Port::new(helpdesk_of(table)) };
        add(port, "dialects.helpdesk.auth", &table.auth)?;
    }
    let mut push = None;
    if let Some(table) = &on.hipochat {
        add(hipochat_port(table), "dialects.hipochat.auth", &table.auth)?;
        push = hipochat_push(table)?;
    }
    if let (Some(table), Some(port)) = (&on.hipochat, ports.last_mut()) {
        if let Some(url) = &table.profile_url {
            let key = |source| RunError::Auth { table: "dialects.hipochat", source };
            let key = id_key(&settings.data).map_err(key)?;
            port.auth = Some(identities.add_profiles("dialects.hipochat", url, table.profile_ttl, key)?);
        }
        if let Some(push) = &push {
            port.auth = Some(push.remembering(port.auth.take().unwrap_or_else(|| identities.auth())));
        }
    }
    Ok((ports, push))
}

/// Who opens a socket has read the room: the original counts like that.
fn hipochat_port(table: &settings::Hipochat) -> Port {
    Port { open_rooms: table.open_rooms, read_on_entry: true, ..Port::new(hipochat_of(table)) }
}

fn hipochat_of(table: &settings::Hipochat) -> hipochat::Hipochat {
    hipochat::Hipochat::default().item_body(table.item_body)
}

/// Who is told which members do not receive a message.
fn hipochat_push(
    table: &settings::Hipochat,
) -> Result<Option<Arc<HipochatPush>>, chat_push_http::SetupError> {
    let Some(url) = &table.push_url else { return Ok(None) };
    let form = if table.push_form { hipochat::PushForm::Form } else { hipochat::PushForm::Json };
    let token = table.push_token.as_ref().map(|token| token.expose().to_owned());
    let config =
        HipochatPushConfig { dialect: hipochat_of(table), form, token, ..HipochatPushConfig::new(url) };
    Ok(Some(Arc::new(HipochatPush::new(config)?)))
}

fn tndata_of(table: &settings::Tndata) -> impl Dialect + use<> {
    tndata::TnData::default().from_id(match table.from_id {
        FromId::Number => tndata::FromIdForm::Number,
        FromId::String => tndata::FromIdForm::String,
    })
}

fn haraj_of(table: &settings::Haraj) -> haraj::Haraj {
    let topic = match table.topic {
        TopicForm::Object => haraj::TopicForm::Object,
        TopicForm::String => haraj::TopicForm::String,
    };
    haraj::Haraj { topic }
}

/// Who logs in at the chat itself.
fn haraj_logins(
    settings: &Settings,
    table: &settings::Haraj,
    known: Arc<dyn Authenticator>,
) -> Result<Option<Arc<dyn TokenIssuer>>, RunError> {
    let (name, own) = match &table.auth {
        Some(own) => ("dialects.haraj.auth", own),
        None => ("auth", &settings.auth),
    };
    issuer(own, (&settings.auth, known), table.token_ttl)
        .map_err(|source| RunError::Auth { table: name, source })
}

fn chats_of(table: &settings::Chats) -> chats::Chats {
    let presence_scope = match table.presence_scope {
        PresenceScope::All => chats::PresenceScope::All,
        PresenceScope::SharedRooms => chats::PresenceScope::SharedRooms,
    };
    chats::Chats { presence_scope }
}

fn helpdesk_of(table: &settings::Helpdesk) -> helpdesk::Helpdesk {
    let data = match table.data {
        DataForm::String => helpdesk::DataForm::String,
        DataForm::Object => helpdesk::DataForm::Object,
    };
    // Checked when the settings were loaded.
    let utc_offset_minutes = table.utc_offset_minutes().unwrap_or(helpdesk::UTC_OFFSET_MINUTES);
    let settings::Helpdesk { open, max_upload, auto_reply, .. } = *table;
    helpdesk::Helpdesk { data, open, utc_offset_minutes, max_upload, auto_reply }
}

/// Whoever comes to an open help desk without a token.
fn guest() -> UserId {
    UserId::new("helpdesk-guest").expect("a short word is an id")
}

#[cfg(test)]
mod tests {
    use chat_protocol::dialect::helpdesk::Helpdesk;

    use super::*;
    use crate::settings::AuthKind;

    fn names(settings: &Settings) -> Vec<&'static str> {
        let mut identities = Identities::new("auth", &settings.auth).unwrap();
        let (ports, _) = ports(settings, &mut identities).unwrap();
        ports.iter().map(|port| port.dialect.name()).collect()
    }

    #[test]
    fn development_speaks_every_format_and_others_those_with_a_table() {
        let mut settings = Settings::default();
        assert_eq!(names(&settings), ["haraj", "tndata", "chats", "helpdesk", "hipochat"]);
        settings.auth.kind = AuthKind::Static;
        assert_eq!(names(&settings), [""; 0]);
        settings.dialects.tndata = Some(settings::Tndata::default());
        settings.dialects.haraj = Some(settings::Haraj::default());
        assert_eq!(names(&settings), ["haraj", "tndata"], "haraj is asked first");
    }

    #[test]
    fn addresses_of_hipochat_give_it_tokens_and_pushes_of_its_own() {
        let directory = tempfile::tempdir().unwrap();
        let mut settings = Settings { data: directory.path().to_owned(), ..Settings::default() };
        settings.auth.kind = AuthKind::Http;
        settings.auth.url = Some("http://127.0.0.1:1/who".to_owned());
        let mut parts = |table: settings::Hipochat| {
            settings.dialects.hipochat = Some(table);
            let mut identities = Identities::new("auth", &settings.auth).unwrap();
            let (ports, push) = ports(&settings, &mut identities).unwrap();
            (ports[0].auth.is_some(), push.is_some(), settings.data.join("hipochat.key").exists())
        };
        let url = || Some("http://127.0.0.1:1/".to_owned());
        let plain = settings::Hipochat::default;
        assert_eq!(parts(plain()), (false, false, false), "the server's own");
        let push = settings::Hipochat { push_url: url(), ..plain() };
        assert_eq!(parts(push), (true, true, false), "senders are remembered");
        let profile = settings::Hipochat { profile_url: url(), ..plain() };
        assert_eq!(parts(profile), (true, false, true));
    }

    #[test]
    fn options_reach_their_format() {
        let mut settings = Settings::default();
        let table = settings::Helpdesk::default();
        assert_eq!(helpdesk_of(&table), helpdesk::Helpdesk::default());
        assert_eq!(chats_of(&settings::Chats::default()), chats::Chats::default());
        let open = settings::Helpdesk { open: true, max_upload: 5, auto_reply: true, ..table };
        let Helpdesk { open: is_open, max_upload, auto_reply, .. } = helpdesk_of(&open);
        assert_eq!((is_open, max_upload, auto_reply), (true, 5, true));
        settings.dialects.helpdesk = Some(open);
        let closed = settings::Hipochat { open_rooms: false, ..settings::Hipochat::default() };
        settings.dialects.hipochat = Some(closed);
        settings.dialects.unpaged_max = 5;
        let mut identities = Identities::new("auth", &settings.auth).unwrap();
        let (ports, push) = ports(&settings, &mut identities).unwrap();
        assert!(push.is_none() && ports.iter().any(|port| port.read_on_entry));
        assert!(ports.iter().all(|port| !port.open_rooms));
        assert!(ports.iter().any(|port| port.sent_delay.is_some() && port.open_desks.is_some()));
        assert!(ports.iter().all(|port| port.auth_timeout == settings.timeouts.auth));
        assert!(ports.iter().all(|port| port.unpaged_max == 5));
    }
}
