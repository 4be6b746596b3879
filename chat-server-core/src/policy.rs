//! An operator's own rules, beside those that are built in.

use chat_protocol::{Command, UserId};

/// An operator's own rules: what users may ask, and whose presence they may watch.
///
/// They come on top of the built-in rules of rooms, roles, bans and blocks, which hold whatever is said here: a policy
/// takes rights away, and only whose presence may be watched is also given. It is asked for every command of users, not
/// for the operator's own.
///
/// Pure: an answer depends on nothing but the question, and comes at once. What needs a look-up belongs to an
/// [`Authenticator`](crate::auth::Authenticator), or is kept in memory by the implementation and refreshed elsewhere.
///
/// ```
/// use chat_protocol::{Command, UserId};
/// use chat_server_core::Policy;
///
/// /// Guests read.
/// struct Guests;
///
/// impl Policy for Guests {
///     fn may(&self, user: &UserId, command: &Command) -> Result<(), String> {
///         match command {
///             Command::Send(_) | Command::Create(_) if user.as_str().starts_with("guest-") => {
///                 Err("guests only read".to_owned())
///             }
///             _ => Ok(()),
///         }
///     }
/// }
/// ```
pub trait Policy: Send + Sync {
    /// Whether a user may ask this at all. The built-in rules are applied afterwards, when the command takes effect.
    ///
    /// # Errors
    /// Why not, in a few words for whoever asks: the `detail` of `ERR_FORBIDDEN_ACCESS`. It is told before anything is
    /// known of the room, so it must not say what a stranger may not know.
    fn may(&self, user: &UserId, command: &Command) -> Result<(), String> {
        _ = (user, command);
        Ok(())
    }

    /// Whether `listener` may watch the presence of `user`; `direct` says whether the two have a direct room, which is
    /// the built-in rule. Not asked when one of them blocks the other: then nobody watches.
    fn may_listen(&self, listener: &UserId, user: &UserId, direct: bool) -> bool {
        _ = (listener, user);
        direct
    }
}

/// The built-in rules alone.
#[derive(Debug, Clone, Copy, Default)]
pub struct BuiltInPolicy;

impl Policy for BuiltInPolicy {}
