//! The published JSON Schemas (draft 2020-12): one document per root type.

use schemars::generate::SchemaSettings;
use serde_json::Value;

use crate::{Command, Event, HistoryPage, Message, Reply};

/// Path below `schema/` and content of every published document.
///
/// What clients send is described as it is read (the deserialize contract), what servers send as it is written.
pub fn documents() -> Vec<(&'static str, Value)> {
    let read = || SchemaSettings::draft2020_12().for_deserialize().into_generator();
    let written = || SchemaSettings::draft2020_12().for_serialize().into_generator();
    vec![
        ("native/command.json", read().into_root_schema_for::<Command>().to_value()),
        ("native/event.json", written().into_root_schema_for::<Event>().to_value()),
        ("native/message.json", written().into_root_schema_for::<Message>().to_value()),
        ("http/history_page.json", written().into_root_schema_for::<HistoryPage>().to_value()),
        ("http/error.json", written().into_root_schema_for::<Reply>().to_value()),
    ]
}
