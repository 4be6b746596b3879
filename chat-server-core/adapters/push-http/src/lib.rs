//! Pushes and webhooks over HTTP: a [`PushGateway`](chat_server_core::push::PushGateway) and a
//! [`WebhookSink`](chat_server_core::push::WebhookSink) that post to an address of the operator's.
//!
//! # What is posted
//!
//! Pushes, at most [`EndpointConfig::max_batch`] in one body of at most 1 MiB; the schemas of `payload` are in `schema/push`:
//!
//! ```
//! let json = r#"{"pushes":[{
//!     "id":"9f86d081884c7d659a2feaa0c55ad015","user":"2","device":"d1","service":"fcm","token":"F",
//!     "badge":3,"collapse_key":"2c624232cc7c40b2a06e4b2d5a1a0a0a","silent":false,
//!     "payload":{"message":{"token":"F","android":{"priority":"HIGH","ttl":"3600s"},"data":{"xtype":"NEW_MESSAGE","xdata":"{}","xto":"[2]"}}}
//! }]}"#;
//! let body: chat_protocol::hooks::PushBody = serde_json::from_str(json).unwrap();
//! assert_eq!(body.pushes[0].badge, 3);
//! ```
//!
//! | service of the device | `payload` is |
//! | --- | --- |
//! | `apns` | what Apple's service takes: `aps`, the message in `xdata`; `aps.badge` is the count. A silent one has `content-available` and no alert |
//! | `fcm` | what Google's service takes, HTTP v1, or the older form ([`PushConfig::form`]). A silent one has `data.silent` and the priority `NORMAL` |
//! | `web_push`, `webhook` | the packet `message`, as members get it |
//!
//! Services refuse what is longer than 4,096 bytes, those of browsers 3,993: a text is cut between characters until it fits, and
//! of other contents nothing is left but the type. `"cut":true` stands in the content's payload then. Nothing is cut for
//! `webhook`.
//!
//! The answer is 200 with the outcome of each push by its `id`; one that is not named was delivered, and so were all with an
//! empty body. `status` is `delivered`, `gone` (the token is forgotten), `refused` or `retry` (after `retry_after_s` seconds):
//!
//! ```
//! let json = r#"{"results":[{"id":"9f86d081884c7d659a2feaa0c55ad015","status":"retry","retry_after_s":30}]}"#;
//! let answer: chat_protocol::hooks::PushAnswer = serde_json::from_str(json).unwrap();
//! assert_eq!(answer.results[0].retry_after_s, Some(30));
//! ```
//!
//! Webhooks post a [`WebhookBody`](chat_protocol::hooks::WebhookBody), and any status of the 200s takes it.
//!
//! For hipochat, [`HipochatPush`] tells its `PushNotificationURL` who does not receive a message.
//! [`ServicePush`] posts the payloads themselves, one by one, to a service or to whatever takes its bodies.
//!
//! # How it is signed
//!
//! As [Standard Webhooks](https://www.standardwebhooks.com) says: `webhook-id` names the post and stays the same when it is
//! repeated, `webhook-timestamp` is seconds since 1970, `webhook-signature` is `v1,` and the base64 of the HMAC-SHA256 of
//! `{id}.{timestamp}.{body}` under the shared secret. Whoever receives it compares in constant time and refuses old times.
//!
//! # When it fails
//!
//! | answer | means |
//! | --- | --- |
//! | 400, 413, 422 | the body is refused: it is posted again in halves, and what is refused alone is given up |
//! | any other status, a redirect too, none in time, no connection | tried again, [`EndpointConfig::attempts`] times in all, after a growing time with some chance in it, or after `Retry-After`; then given back to be tried much later |
//!
//! Redirects are not followed and proxies of the environment not used: both would carry tokens to somebody else. `http://` is
//! for this machine only.

mod body;
mod config;
mod endpoint;
mod error;
mod gateway;
mod hipochat;
mod service;
mod sign;
mod webhook;

pub use config::{EndpointConfig, PushConfig, Secret};
pub use endpoint::check_url;
pub use error::SetupError;
pub use gateway::HttpPush;
pub use hipochat::{HipochatPush, HipochatPushConfig};
pub use service::{Credential, ServiceConfig, ServicePush};
pub use sign::signature;
pub use webhook::HttpWebhook;
