//! The formats that are spoken besides our own, from their tables.

use std::sync::Arc;

use chat_protocol::dialect::Dialect;
use chat_protocol::dialect::{chats, haraj, helpdesk, hipochat, tndata};
use chat_server_core::auth::{Authenticator, TokenIssuer};
use chat_server_core::dialects::Port;

use super::RunError;
use super::auth::{Identities, issuer};
use crate::settings::{self, Auth, DataForm, FromId, PresenceScope, Settings, TopicForm};

/// A port for each format that is on, in the order in which they are asked whose a request is: haraj's `/chat/ws` would
/// otherwise be a user called `ws` of tndata.
pub(super) fn ports(settings: &Settings, identities: &mut Identities) -> Result<Vec<Port>, RunError> {
    let on = settings.dialects_on();
    let mut ports = Vec::new();
    let issuer =
        on.haraj.as_ref().map(|table| haraj_logins(settings, table, identities.auth())).transpose()?;
    let issuer = issuer.flatten();
    let mut add = |port: Port, table: &'static str, auth: &Option<Auth>| -> Result<(), RunError> {
        let auth = auth.as_ref().map(|auth| identities.add(table, auth)).transpose()?;
        ports.push(Port { auth, auth_timeout: settings.timeouts.auth, ..port });
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
        let port = Port { sent_delay: Some(table.sent_delay), ..Port::new(helpdesk_of(table)) };
        add(port, "dialects.helpdesk.auth", &table.auth)?;
    }
    if let Some(table) = &on.hipochat {
        let hipochat = hipochat::Hipochat::default().item_body(table.item_body);
        let port = Port { open_rooms: table.open_rooms, ..Port::new(hipochat) };
        add(port, "dialects.hipochat.auth", &table.auth)?;
    }
    Ok(ports)
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
    helpdesk::Helpdesk { data, open: table.open, utc_offset_minutes }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::AuthKind;

    fn names(settings: &Settings) -> Vec<&'static str> {
        let mut identities = Identities::new("auth", &settings.auth).unwrap();
        let ports = ports(settings, &mut identities).unwrap();
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
    fn options_reach_their_format() {
        let mut settings = Settings::default();
        let table = settings::Helpdesk::default();
        assert_eq!(helpdesk_of(&table), helpdesk::Helpdesk::default());
        assert_eq!(chats_of(&settings::Chats::default()), chats::Chats::default());
        let closed = settings::Hipochat { open_rooms: false, ..settings::Hipochat::default() };
        settings.dialects.hipochat = Some(closed);
        let mut identities = Identities::new("auth", &settings.auth).unwrap();
        let ports = ports(&settings, &mut identities).unwrap();
        assert!(ports.iter().all(|port| !port.open_rooms));
        assert!(ports.iter().any(|port| port.sent_delay.is_some()));
        assert!(ports.iter().all(|port| port.auth_timeout == settings.timeouts.auth));
    }
}
