//! Messages, their content, and pages of them.

use chat_protocol::*;
use proptest::prelude::*;
use serde_json::json;
use serde_json::value::RawValue;

use super::Sample;
use super::sample::list;
use super::text::any_text;

samples! {
    Mentions { users: list(Sample::any(), limits::MAX_MENTIONS), room }
    ReactionCount { emoji, count, users: list(Sample::any(), limits::MAX_REACTION_USERS) }
    Replies { count, last_seq }
    Message {
        room, offset, seq, from, client_msg_id, content, reply_to, thread, mentions, injected, edited_at,
        deleted_at, reactions, replies, ts,
    }
    HistoryPage { room, messages, more, my_reactions, hidden, thread }
    MyReactions { seq, emoji }
    ThreadState { root, count, read, unread, pointers }
}

/// Of every form that is described, and of others.
impl Sample for Content {
    fn any() -> BoxedStrategy<Self> {
        let text = (
            proptest::sample::select(vec!["text/plain", "text/markdown", "text/plain;charset=utf-8"]),
            any_text(300),
        )
            .prop_map(|(kind, text)| Content::new(kind, &json!({ "text": text })));
        let file = (
            proptest::sample::select(vec!["image/png", "video/mp4", "application/pdf"]),
            any_text(64),
            u64::any(),
        )
            .prop_map(|(kind, text, size)| {
                Content::new(
                    kind,
                    &json!({ "url": format!("/v1/uploads/{text}"), "size": size, "name": text }),
                )
            });
        let kind = prop_oneof![
            9 => r"application/[a-z0-9.+-]{1,20}",
            2 => r"[!-.0-9A-~]{1,9}/[!-~]{1,9}",
            1 => Just(format!("application/{}", "x".repeat(limits::MAX_CONTENT_TYPE - 12))),
        ];
        let opaque = (kind.prop_filter("no text", |kind| !kind.starts_with("text/")), Box::<RawValue>::any())
            .prop_map(|(kind, payload)| Content { kind, payload });
        prop_oneof![3 => text, 2 => file, 4 => opaque].boxed()
    }
}

/// Content of exactly so many bytes.
pub(super) fn content_of(bytes: usize) -> Content {
    Content::plain("x".repeat(bytes - Content::plain("").size()))
}
