//! A value of another type in any field of any command: what the schema refuses is refused by the reader, with a code.

use chat_protocol::{Command, ErrorCode, decode, limits};

use super::line::vectors;
use super::walk::{Place, changed, one_of_each, schemas};

/// Reads a command as a server does: what is in a content is looked at when the message is to be stored.
fn read(text: &str) -> Result<(), ErrorCode> {
    let command: Command = decode(text.as_bytes()).map_err(|error| error.code)?;
    command.check().map_err(|error| error.code)?;
    let content = match &command {
        Command::Send(send) => &send.content,
        Command::Edit(edit) => &edit.content,
        _ => return Ok(()),
    };
    content.check(limits::MAX_CONTENT).map_err(|_| ErrorCode::BadRequest)
}

#[test]
fn f46_a_wrong_type_in_any_field_of_any_command_is_refused() {
    let schema = &schemas()["native/command.json"];
    let (mut tried, mut taken) = (0, Vec::new());
    for vector in vectors("native").iter().filter(|vector| vector.schema == "native/command.json") {
        let (instance, mut fields) = (vector.instance(), Vec::new());
        schema.walk(&instance, &mut |place: &Place| fields.push(place.pointer.to_owned()));
        fields.sort();
        fields.dedup();
        // Any other object is a packet of a newer client.
        fields.retain(|field| !field.is_empty());
        for (field, other) in fields.iter().flat_map(|field| one_of_each().map(|other| (field, other))) {
            let wrong = changed(&instance, field, Some(other));
            if schema.accepts(&wrong) {
                continue;
            }
            tried += 1;
            match read(&wrong.to_string()) {
                Err(ErrorCode::BadRequest) => {}
                read => taken.push(format!("{}: {wrong}: {read:?}", vector.name)),
            }
        }
    }
    assert!(taken.is_empty(), "{} are not refused as bad: {taken:#?}", taken.len());
    assert!(tried > 1_000, "{tried}");
}
