//! What the documents show as an example and is no JSON: how each was understood, and by which rule of the reference.

/// An example that is no JSON.
pub(super) struct Slip {
    /// How it begins, without its white space.
    pub(super) begins: &'static str,
    /// What is wrong with it, and the rule that was chosen.
    pub(super) rule: &'static str,
    /// The published type that reads what is meant.
    pub(super) type_name: &'static str,
    /// What is meant.
    pub(super) meant: &'static str,
}

pub(super) const TNDATA: &[Slip] = &[
    Slip {
        begins: r#"{'text':"Textofmessage","from":UserID,"token":"#,
        rule: "quotes of Python, and words for values: a number or a text is taken for `from`",
        type_name: "client_frame",
        meant: r#"{"text":"Text of message","from":42,"token":"t"}"#,
    },
    Slip {
        begins: r#"{"from_id":"42","avatar":"#,
        rule: "a comma is missing and another one too many; `text` stands beside `message`, for newer clients",
        type_name: "server_frame",
        meant: r#"{"from_id":"42","avatar":"//example.com/photo.jpg","from":"Brad Montgomery","message":"Hello World!","text":"Hello World!","digest":"584d07235fb9e4f2ab2a2c0c24142180"}"#,
    },
    Slip {
        begins: r#"{"received":"584d07235fb9e4f2ab2a2c0c24142180"//"#,
        rule: "a comment",
        type_name: "client_frame",
        meant: r#"{"received":"584d07235fb9e4f2ab2a2c0c24142180"}"#,
    },
];

pub(super) const CHATS: &[Slip] = &[
    Slip {
        begins: r#"{"type":event_type}"#,
        rule: "a word for a value: one of the types of the reference",
        type_name: "client_frame",
        meant: r#"{"type":"user_typing","content":{"chat_type":"direct","chat_id":"1_2"}}"#,
    },
    Slip {
        begins: r#"{"type":"new_message""#,
        rule: "words for values, a comment, and `message` where clients write `text`: both are read",
        type_name: "client_frame",
        meant: r#"{"type":"new_message","content":{"chat_type":"direct","chat_id":"1_2","message":"hi","reply_to":null}}"#,
    },
    Slip {
        begins: r#"{"type":"typing","content":{"chat_type":{{"direct"|"project"}},"chat_id":{{"id1"_"id2"}},//например:1_2}}"#,
        rule: "words for values, a comment: without `message_id` the literal `typing` is `user_typing`",
        type_name: "client_frame",
        meant: r#"{"type":"typing","content":{"chat_type":"direct","chat_id":"1_2"}}"#,
    },
    Slip {
        begins: r#"{"type":"typing","content":{"chat_type":{{"direct"|"project"}},"chat_id":{{"id1"_"id2"}},//например:1_2"message_id""#,
        rule: "three frames of one type: the one that reads is `message_read`, and `typing` with a `message_id` is refused",
        type_name: "client_frame",
        meant: r#"{"type":"message_read","content":{"chat_type":"direct","chat_id":"1_2","message_id":1}}"#,
    },
    Slip {
        begins: r#"{"type":"typing","content":{"chat_type":{{"direct"|"project"}},"chat_id":{{"id1"_"id2"}},//например:1_2"message_id""#,
        rule: "three frames of one type: the one that deletes is `delete_message`, because guessing could delete",
        type_name: "client_frame",
        meant: r#"{"type":"delete_message","content":{"chat_type":"direct","chat_id":"1_2","message_id":1}}"#,
    },
];

pub(super) const HIPOCHAT: &[Slip] = &[
    Slip {
        begins: "{oldy:[{timestamp:1414768486.196569,",
        rule: "keys without quotes; `results` stands beside `oldy`, because there are two generations of clients",
        type_name: "old_messages",
        meant: r#"{"oldy":[{"timestamp":1414768486.196569,"message":"asdasda","author":"asdasda"},{"timestamp":1414773038.058612,"token":"ac9e8485-8120-4cdc-a5c7-2687a04f01b5","injected":{"message":"hede","hodo":"hede"}}],"results":{"read_messages":[],"unread_messages":[]}}"#,
    },
    Slip {
        begins: r#"{message:"foobar",user:"johndoe"}"#,
        rule: "keys without quotes: any JSON object is an item",
        type_name: "item_request",
        meant: r#"{"message":"foobar","user":"johndoe"}"#,
    },
];

pub(super) const HARAJ: &[Slip] = &[Slip {
    begins: r#"{"id":"authenticatesocket","status":200,"data":{"user_id":1,},"#,
    rule: "a comma too many; `data` has the `session_id` too",
    type_name: "server_frame",
    meant: r#"{"id":"authenticate socket","status":200,"data":{"user_id":1,"session_id":"s-7f3a"},"ts":"2018-02-02T08:30:39.789Z"}"#,
}];

pub(super) const HELPDESK: &[Slip] = &[Slip {
    begins: r#"{"created_at":"2021-06-15T11:57:16.420655-03:00","#,
    rule: "comments",
    type_name: "history#Message",
    meant: r#"{"created_at":"2021-06-15T11:57:16.420655-03:00","updated_at":"2021-06-15T11:57:19.582823-03:00","uuid":"0b5c6ad2-6ba3-4b4e-9b1c-111111111111","message":"teste","file":null,"type":"sent","status":"sent","help_desk":"0b5c6ad2-6ba3-4b4e-9b1c-111111111111"}"#,
}];
