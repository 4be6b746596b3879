//! Which room a socket or a request means, and who asks.

use super::PAIR;
use crate::dialect::Place;
use crate::{IdError, RoomId, UserId};

/// What the id of a private room has before its name: no client of any format gives a room such an id, and so nobody makes
/// another user's.
const OWN: char = RoomId::DIRECT_PREFIX;

/// How the name of every private room ends.
const UNKNOWN: &str = "unknown";

/// What the names of rooms say. Whether the user may enter is decided elsewhere.
///
/// ```
/// use chat_protocol::{UserId, dialect::tndata::Address};
/// let me = UserId::new("1").unwrap();
/// let ann = UserId::new("ann").unwrap();
/// assert_eq!(Address::of_name("chat-1-ann", &me), Address::Peer(ann.clone()));
/// assert_eq!(Address::of_name("chat-2-3", &me), Address::Room("chat-2-3".to_owned()));
/// assert_eq!(Address::of_name("chat-1-unknown", &me), Address::Private);
/// // The header wins over the query, and both over the path `/chat/ann/`.
/// assert_eq!(Address::of_socket(Some("Chat-1-2"), None, Some("ann"), &me), Ok(Address::of_name("chat-1-2", &me)));
/// assert_eq!(Address::of_socket(None, None, Some("ann"), &me), Ok(Address::Peer(ann)));
/// assert_eq!(Address::of_socket(None, None, None, &me), Ok(Address::Private));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Address {
    /// The room with this user, who may be the one who asks.
    Peer(UserId),
    /// Any other room by its name; one that the user must be a member of.
    Room(String),
    /// The room that only the user is in, see [`private_room`].
    Private,
}

impl Address {
    /// The room that a name means to `me`: a pair's, in either order, else any.
    pub fn of_name(name: &str, me: &UserId) -> Self {
        if name == private_room(me) {
            return Self::Private;
        }
        PAIR.read(name, me).map_or_else(|| Self::Room(name.to_owned()), Self::Peer)
    }

    /// The room that a socket's place is to `me`; `None` for a place that this dialect does not have.
    pub fn of_place(place: &Place, me: &UserId) -> Option<Self> {
        match place {
            Place::Peer(peer) => Some(Self::Peer(peer.clone())),
            Place::Room(name) => Some(Self::of_name(name, me)),
            Place::Private => Some(Self::Private),
            Place::Anywhere | Place::Organization(_) => None,
        }
    }

    /// The room of a socket: by the header `x-room`, which is lower-cased, else by `?room=`, else by the second segment
    /// of the path, which is a user. None of them, or only empty ones: the private room.
    ///
    /// # Errors
    /// [`IdError`] when the path's segment cannot be a user's id, or the name a room's.
    pub fn of_socket(
        header: Option<&str>,
        query: Option<&str>,
        peer: Option<&str>,
        me: &UserId,
    ) -> Result<Self, IdError> {
        place(header, query, peer).map(|place| Self::of_place(&place, me).unwrap_or(Self::Private))
    }

    /// The id of the room that it is to `me`.
    ///
    /// # Errors
    /// [`IdError`] when the name cannot be a room's id.
    pub fn room(&self, me: &UserId) -> Result<RoomId, IdError> {
        match self {
            Self::Peer(peer) => Ok(RoomId::direct(me, peer)),
            Self::Room(name) => RoomId::new(name.as_str()),
            Self::Private => RoomId::new(format!("{OWN}{}", private_room(me))),
        }
    }
}

/// What a handshake names, before it is known who asks. The rules are those of [`Address::of_socket`].
pub(super) fn place(header: Option<&str>, query: Option<&str>, peer: Option<&str>) -> Result<Place, IdError> {
    let some = |text: Option<&str>| text.map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned);
    if let Some(name) = some(header).map(|name| name.to_lowercase()).or_else(|| some(query)) {
        return RoomId::new(name.as_str()).map(|_| Place::Room(name));
    }
    match some(peer) {
        None => Ok(Place::Private),
        Some(peer) => UserId::new(peer).map(Place::Peer),
    }
}

/// Name of the room of a socket that names none: `chat-<me>-unknown`. The first clients open one.
pub fn private_room(me: &UserId) -> String {
    format!("{}{me}{}{UNKNOWN}", PAIR.prefix, PAIR.separator)
}

/// What this dialect calls a room with this id: its id, but of somebody's private room its name.
pub(super) fn name_of(id: &RoomId) -> &str {
    let private = |name: &&str| name.starts_with(PAIR.prefix) && name.ends_with(UNKNOWN);
    id.as_str().strip_prefix(OWN).filter(private).unwrap_or(id.as_str())
}

/// The token of an `authorization` header: any one word, then the token. `Token` and `Bearer` are the usual words.
///
/// ```
/// use chat_protocol::dialect::tndata::authorization_token;
/// assert_eq!(authorization_token("Token T"), Some("T"));
/// assert_eq!(authorization_token("bearer  T"), Some("T"));
/// assert_eq!(authorization_token("T"), None);
/// assert_eq!(authorization_token("Token T U"), None);
/// ```
pub fn authorization_token(header: &str) -> Option<&str> {
    let mut words = header.split_whitespace();
    let (_, token) = (words.next()?, words.next()?);
    words.next().is_none().then_some(token)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(id: &str) -> UserId {
        UserId::new(id).unwrap()
    }

    #[test]
    fn an_address_is_one_room_for_both_users() {
        let (me, ann) = (user("1"), user("ann"));
        let room = |address: Address| address.room(&me).unwrap();
        let direct = RoomId::direct(&ann, &me);
        assert_eq!(room(Address::Peer(ann.clone())), direct);
        for name in ["chat-1-ann", "chat-ann-1"] {
            assert_eq!(room(Address::of_name(name, &me)), direct);
        }
        assert_eq!(room(Address::of_name("lobby", &me)).as_str(), "lobby");
        assert_eq!(room(Address::Private).as_str(), "~chat-1-unknown");
        assert_eq!(room(Address::Private).direct_pair(), None);
        let longest = user(&"x".repeat(128));
        assert!(Address::Private.room(&longest).is_ok(), "every user has a private room");
        assert_eq!(name_of(&room(Address::Private)), "chat-1-unknown");
        for id in ["~1.2.10", "~chat-1", "lobby", "chat-1-unknown"] {
            assert_eq!(name_of(&RoomId::new(id).unwrap()), id);
        }
        assert_eq!(Address::of_place(&Place::Anywhere, &me), None);
    }

    #[test]
    fn rooms_are_found_by_header_then_query_then_path() {
        let me = user("1");
        let socket = |header, query, peer| Address::of_socket(header, query, peer, &me).unwrap();
        let peer = |id| Address::Peer(user(id));
        assert_eq!(socket(Some("CHAT-1-2"), Some("chat-1-3"), Some("4")), peer("2"));
        assert_eq!(socket(Some(" "), Some("chat-1-3"), Some("4")), peer("3"));
        assert_eq!(socket(None, None, Some("4")), peer("4"));
        assert_eq!(socket(None, Some("Lobby"), None), Address::Room("Lobby".to_owned()));
        assert_eq!(socket(Some("Lobby"), None, None), Address::Room("lobby".to_owned()));
        assert_eq!(socket(None, None, None), Address::Private);
        assert_eq!(socket(None, Some("chat-1-1"), None), peer("1"), "with oneself");
        assert_eq!(private_room(&me), "chat-1-unknown");
        for name in ["chat-2-3", "chat-11-2", "chat-2-unknown", "1-2", "chat-"] {
            assert_eq!(Address::of_name(name, &me), Address::Room(name.to_owned()));
        }
        assert!(Address::of_socket(None, None, Some(&"x".repeat(129)), &me).is_err());
        assert!(Address::of_socket(None, Some(&"x".repeat(321)), None, &me).is_err());
        assert_eq!(PAIR.write(&user("9"), &user("10")), "chat-10-9");
    }
}
