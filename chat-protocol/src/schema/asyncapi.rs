//! AsyncAPI 3.0 documents: the sockets of a format, with an operation and a message for each kind of packet.

use serde_json::{Map, Value, json};

use super::channel::Channel;
use super::format::Format;
use super::param::Param;
use super::polish::required;
use super::types::{Definitions, Types};
use super::{examples, info, native, variants};

const SCHEMAS: &str = "#/components/schemas/";

/// The document of a format, if it has sockets.
pub(super) fn document(format: &Format) -> Option<(String, Value)> {
    if format.channels.is_empty() {
        return None;
    }
    let mut types = Types::new();
    let collect = |channel| Collected::of(channel, &mut types);
    let channels: Vec<Collected> = format.channels.iter().map(collect).collect();
    let replies = native::replies(format, &mut types);
    let mut definitions = types.finish(SCHEMAS);
    native::annotate(format, &mut definitions);
    let replies: Vec<(&str, Value)> =
        replies.into_iter().map(|(kind, schema)| (kind, definitions.settled(schema))).collect();
    let mut parts = Parts {
        format,
        definitions: &definitions,
        replies: &replies,
        messages: Map::new(),
        operations: Map::new(),
    };
    let listed: Map<String, Value> =
        channels.iter().map(|channel| (channel.channel.name.to_owned(), parts.channel(channel))).collect();
    let Parts { messages, operations, .. } = parts;
    let schemes = info::async_api(format.socket_security.iter().copied());
    let security =
        schemes.keys().map(|name| json!({ "$ref": format!("#/components/securitySchemes/{name}") }));
    let mut document = json!({
        "asyncapi": "3.0.0",
        "id": format!("urn:chat-protocol:asyncapi:{}", format.name),
        "info": info::info(format, "sockets", ABOUT),
        "defaultContentType": "application/json",
        "servers": {
            "local": {
                "host": "127.0.0.1:8080",
                "protocol": "ws",
                "description": "A server as it is started without configuration.",
                "security": security.collect::<Vec<_>>(),
            },
        },
        "channels": listed,
        "operations": operations,
        "components": { "securitySchemes": schemes, "messages": messages, "schemas": definitions.schemas },
    });
    if format.name == "native" {
        document["x-error-codes"] = native::error_codes();
    }
    only_names(&mut document);
    Some((format!("asyncapi/{}.json", format.name), document))
}

const ABOUT: &str = "Written from the server's side: it *receives* what clients send and *sends* what they get. One text \
    frame holds one JSON object.";

/// AsyncAPI's discriminator is the name of the field alone.
fn only_names(value: &mut Value) {
    match value {
        Value::Object(object) => {
            if let Some(name) = object.get("discriminator").and_then(|it| it.get("propertyName")).cloned() {
                object.insert("discriminator".to_owned(), name);
            }
            object.values_mut().for_each(only_names);
        }
        Value::Array(items) => items.iter_mut().for_each(only_names),
        _ => {}
    }
}

/// A channel with the schemas of its types.
struct Collected<'a> {
    channel: &'a Channel,
    receives: Option<Value>,
    sends: Value,
    query: Vec<Value>,
    headers: Vec<Value>,
}

impl<'a> Collected<'a> {
    fn of(channel: &'a Channel, types: &mut Types) -> Self {
        Self {
            channel,
            receives: channel.receives.map(|shape| shape(types)),
            sends: (channel.sends)(types),
            query: channel.query.iter().map(|param| param.schema(types)).collect(),
            headers: channel.headers.iter().map(|param| param.schema(types)).collect(),
        }
    }
}

/// A document that is being put together.
struct Parts<'a> {
    format: &'a Format,
    definitions: &'a Definitions,
    /// What a command is answered with, by its kind.
    replies: &'a [(&'a str, Value)],
    messages: Map<String, Value>,
    operations: Map<String, Value>,
}

impl Parts<'_> {
    fn channel(&mut self, collected: &Collected) -> Value {
        let channel = collected.channel;
        let mut messages = Map::new();
        for (action, frame) in [("receive", collected.receives.as_ref()), ("send", Some(&collected.sends))] {
            for name in frame.map(|frame| self.forms(frame)).unwrap_or_default() {
                self.message(&name);
                let mut operation = self.operation(channel, action, &name);
                if action == "receive" {
                    if let Some(reply) = self.reply(channel, &name, &mut messages) {
                        operation["reply"] = reply;
                    }
                }
                self.operations.insert(format!("{}_{action}_{name}", channel.name), operation);
                messages.insert(name.clone(), reference(&format!("#/components/messages/{name}")));
            }
        }
        let mut described = json!({
            "address": channel.address,
            "title": channel.name,
            "description": channel.about,
            "messages": messages,
            "bindings": { "ws": self.binding(collected) },
        });
        if !channel.params.is_empty() {
            let param = |param: &Param| (param.name.to_owned(), json!({ "description": param.about }));
            described["parameters"] = channel.params.iter().map(param).collect::<Map<_, _>>().into();
        }
        described
    }

    /// Names of the types of a frame's forms.
    fn forms(&self, frame: &Value) -> Vec<String> {
        let frame = self.definitions.settled(frame.clone());
        self.definitions.forms(self.definitions.name_of(&frame).unwrap_or_default())
    }

    fn message(&mut self, name: &str) {
        let schema = &self.definitions.schemas[name];
        let mut message = json!({
            "name": variants::wire_name(schema).unwrap_or(name),
            "title": name,
            "summary": summary(schema),
            "payload": self.definitions.reference(name),
        });
        if let Some(place) = self.id_of(schema) {
            message["correlationId"] =
                json!({ "description": "Chosen by the client, repeated in the answer.", "location": place });
        }
        self.exemplify(name, &mut message);
        self.messages.insert(name.to_owned(), message);
    }

    /// Where a packet has the id that relates command and answer.
    fn id_of(&self, schema: &Value) -> Option<String> {
        if schema["properties"].get("id").is_some() && schema["properties"].get("status").is_some() {
            return Some("$message.payload#/id".to_owned());
        }
        let [only] = required(schema)? else { return None };
        let only = only.as_str()?;
        let inner = self.definitions.name_of(&schema["properties"][only])?;
        let inner = self.definitions.schemas.get(inner)?;
        inner["properties"].get("id").map(|_| format!("$message.payload#/{only}/id"))
    }

    fn operation(&self, channel: &Channel, action: &str, name: &str) -> Value {
        let schema = &self.definitions.schemas[name];
        let mut operation = json!({
            "action": action,
            "channel": reference(&format!("#/channels/{}", channel.name)),
            "summary": summary(schema),
            "messages": [reference(&format!("#/channels/{}/messages/{name}", channel.name))],
        });
        for keyword in ["x-since", "x-retry"] {
            if let Some(value) = schema.get(keyword) {
                operation[keyword] = value.clone();
            }
        }
        operation
    }

    /// The answer to a native command: a reply whose data is that of the command.
    fn reply(&mut self, channel: &Channel, name: &str, messages: &mut Map<String, Value>) -> Option<Value> {
        let kind = variants::wire_name(&self.definitions.schemas[name])?.to_owned();
        let (_, data) = self.replies.iter().find(|(command, _)| *command == kind)?;
        let name = match data {
            // A packet of its own.
            data if self.is_packet(data) => self.definitions.name_of(data)?.to_owned(),
            Value::Null => "ReplyPacket".to_owned(),
            data => self.reply_with(&kind, data.clone()),
        };
        messages.insert(name.clone(), reference(&format!("#/components/messages/{name}")));
        let message = reference(&format!("#/channels/{}/messages/{name}", channel.name));
        Some(json!({ "channel": reference(&format!("#/channels/{}", channel.name)), "messages": [message] }))
    }

    /// The message of a reply to a kind of command: a reply whose data are of that kind.
    fn reply_with(&mut self, kind: &str, data: Value) -> String {
        let name = format!("{}Reply", variants::pascal(kind));
        let object =
            |field: &str, schema: Value| json!({ "type": "object", "properties": { field: schema } });
        let data = object("reply", object("data", data));
        let mut message = json!({
            "name": "reply",
            "title": name,
            "summary": format!("Answer to `{kind}`."),
            "payload": { "allOf": [self.definitions.reference("ReplyPacket"), data] },
            "correlationId": { "description": "That of the command.", "location": "$message.payload#/reply/id" },
        });
        self.exemplify(&name, &mut message);
        self.messages.insert(name.clone(), message);
        name
    }

    fn exemplify(&self, name: &str, message: &mut Value) {
        let examples = examples::frames(self.format.name, name);
        if !examples.is_empty() {
            let example = |payload| json!({ "payload": payload });
            message["examples"] = examples.into_iter().map(example).collect();
        }
    }

    fn is_packet(&self, data: &Value) -> bool {
        self.definitions.name_of(data).is_some_and(|name| name.ends_with("Packet"))
    }

    fn binding(&self, collected: &Collected) -> Value {
        let object = |params: &[Param], schemas: &[Value]| {
            let property = |(param, schema): (&Param, &Value)| {
                let mut schema = self.definitions.settled(schema.clone());
                schema["description"] = param.about.into();
                (param.name.to_owned(), schema)
            };
            let properties: Map<String, Value> = params.iter().zip(schemas).map(property).collect();
            json!({ "type": "object", "properties": properties })
        };
        let channel = collected.channel;
        let mut binding = json!({ "method": "GET", "bindingVersion": "0.1.0" });
        if !channel.query.is_empty() {
            binding["query"] = object(&channel.query, &collected.query);
        }
        if !channel.headers.is_empty() {
            binding["headers"] = object(&channel.headers, &collected.headers);
        }
        binding
    }
}

fn reference(target: &str) -> Value {
    json!({ "$ref": target })
}

/// The first paragraph of a type's description.
fn summary(schema: &Value) -> &str {
    let text = schema.get("description").and_then(Value::as_str).unwrap_or_default();
    text.split("\n\n").next().unwrap_or_default()
}
