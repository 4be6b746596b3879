//! Another server's word on who a token is: an [`Authenticator`](chat_server_core::auth::Authenticator) for
//! applications that have log-ins of their own.
//!
//! For every token [`HttpAuth`] asks one address:
//!
//! ```text
//! GET /who HTTP/1.1                          HTTP/1.1 200 OK
//! Authorization: Bearer <the token>
//! Accept: application/json                   {"user_id": "alice", "expires_at": "2026-11-20T08:30:00Z"}
//! ```
//!
//! | answer | means |
//! | --- | --- |
//! | 200 with such a body | the token is that user's, until `expires_at` if it is there |
//! | 401, 403 | the token is not valid: [`AuthError::Invalid`](chat_server_core::auth::AuthError::Invalid) |
//! | anything else, or none in time | nobody knows: [`AuthError::Unavailable`](chat_server_core::auth::AuthError::Unavailable) with a [`LookupError`] in it, and the client may try again |
//!
//! `user_id` is a string that is a valid [`UserId`](chat_protocol::UserId), or an integer from 0 to 2^53-1, which is
//! written in decimal. `expires_at` is RFC 3339 text up to 9999-12-30; absent and `null` are never. Other fields are ignored, and so
//! is the content type. The body has at most 16 KiB. Redirects are not followed, since they would carry the token to
//! wherever they point; proxies named in the environment are not used, for the same reason.
//!
//! ```
//! use std::time::Duration;
//! use chat_auth_http::{HttpAuth, HttpConfig};
//!
//! let config = HttpConfig { cache_ttl: Duration::ZERO, ..HttpConfig::new("http://127.0.0.1:3000/who") };
//! let auth = HttpAuth::new(config)?;
//! # Ok::<(), chat_auth_http::SetupError>(())
//! ```
//!
//! # Profiles
//!
//! With [`Form::Profile`] the scheme is `Token`, and the body says who the user is to others, as the `ProfileURL` of hipochat:
//!
//! ```text
//! GET /profile HTTP/1.1                      HTTP/1.1 200 OK
//! Authorization: Token <the token>
//! Accept: application/json                   {"user_id": 1, "name": "Ann", "surname": "Lee", "city": "Izmir"}
//! ```
//!
//! 200 with any body is a user. Without a `user_id` the id is a keyed hash of the token ([`IdKey`]): the same token is the same
//! user, and another token another one. What else the object says, but a `token`, is the user's profile, which [`HttpAuth`]
//! knows as a [`Directory`](chat_server_core::auth::Directory) from then on: of the 10,000 users who came last, until the
//! program ends.
//!
//! # What is remembered
//!
//! A user's answer is reused for [`HttpConfig::cache_ttl`], never beyond its `expires_at`, and at most 10,000 answers
//! are kept; refusals and failures are never. Connections that ask about one token at the same time share one
//! request. Tokens themselves are not kept, only their SHA-256: whoever reads the memory of the server later finds
//! no token that he could use.

mod answer;
mod auth;
mod config;
mod error;

pub use auth::HttpAuth;
pub use config::{Form, HttpConfig, IdKey};
pub use error::{LookupError, SetupError};
