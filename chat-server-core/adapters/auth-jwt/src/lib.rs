//! JSON Web Tokens as identities: an [`Authenticator`](chat_server_core::auth::Authenticator) that needs nothing but
//! a key.
//!
//! Another system signs a token when a user logs in there; [`JwtAuth`] checks the signature and reads the user id
//! from a claim. Nothing is stored and nobody is asked, so a token cannot be taken back before it expires: keep `exp`
//! short.
//!
//! ```
//! use chat_auth_jwt::{Algorithm, JwtAuth, JwtConfig, Key};
//! use chat_server_core::auth::Authenticator;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let key = Key::Secret("0123456789abcdef0123456789abcdef".to_owned());
//! let auth = JwtAuth::new(JwtConfig::new(Algorithm::Hs256, key))?;
//!
//! // {"alg":"HS256","typ":"JWT"} . {"sub":"alice"}
//! let token = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJhbGljZSJ9.\
//!              B3ZVCeqD-r-YgqIh8P8pzsDWV-k3-_krdhAyEOyABBc";
//! let principal = auth.authenticate(token).await?;
//! assert_eq!(principal.user.as_str(), "alice");
//! # Ok(())
//! # }
//! ```
//!
//! # What is checked
//!
//! | part | rule |
//! | --- | --- |
//! | `alg` | the configured algorithm and no other: never `none`, never one that the token chooses (RFC 8725 section 3.1) |
//! | `crit` | a token with it is refused, because no extension is understood (RFC 7515 section 4.1.11) |
//! | `exp` | refused from `exp` + leeway on. A token without it is accepted and never expires: only a new key ends it |
//! | `nbf` | refused before `nbf` - leeway; without it there is no such bound |
//! | `aud` | must name [`JwtConfig::audience`]; when that is `None`, a token with `aud` is refused (RFC 7519 section 4.1.3) |
//! | the user claim | a string that is a valid [`UserId`](chat_protocol::UserId), or an integer from 0 to 2^53-1, which is written in decimal |
//!
//! With a set of keys ([`Key::Jwks`], [`Key::JwksFile`]) `kid` chooses among those of the configured algorithm.
//!
//! `exp` and `nbf` are numbers of seconds since 1970, with or without a fraction; any other type is refused, `null`
//! included. `iss`, `iat`, `jti` and `typ` are not looked at. Every refusal is the same
//! [`AuthError::Invalid`](chat_server_core::auth::AuthError::Invalid): which rule a token broke helps whoever forged
//! it, and what it held must not reach a log.

mod auth;
mod config;
mod error;
mod jwks;
mod key;
mod signer;

pub use auth::JwtAuth;
pub use config::{Algorithm, JwtConfig, Key};
pub use error::KeyError;
pub use signer::JwtSigner;
