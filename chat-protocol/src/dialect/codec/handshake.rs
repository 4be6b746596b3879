//! Requests for a socket, and what they say.

use crate::dialect::Secret;
use crate::{Text, UserId};

/// A request for a socket, as the HTTP edge saw it.
#[derive(Debug, Clone, Copy)]
pub struct Handshake<'a> {
    /// The path, without the query, percent-decoded.
    pub path: &'a str,
    /// Names and values of the query, decoded, in their order.
    pub query: &'a [(String, String)],
    /// Names, in lower case, and values of the headers that are text.
    pub headers: &'a [(String, String)],
}

impl<'a> Handshake<'a> {
    /// The first value of a query parameter.
    pub fn query(&self, name: &str) -> Option<&'a str> {
        first(self.query, name)
    }

    /// The first value of a header, whose name is given in lower case.
    pub fn header(&self, name: &str) -> Option<&'a str> {
        first(self.headers, name)
    }

    /// The segments of the path; slashes at its ends do not count.
    pub fn segments(&self) -> Vec<&'a str> {
        self.path.trim_matches('/').split('/').collect()
    }
}

fn first<'a>(pairs: &'a [(String, String)], name: &str) -> Option<&'a str> {
    pairs.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
}

/// What a handshake named. Which room that is depends on who asks. More may become possible: a server refuses a socket in a
/// place that it does not know.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Place {
    /// Nothing: one socket for everything of a user.
    Anywhere,
    /// The room with this user.
    Peer(UserId),
    /// A room by the name that the dialect has for it.
    Room(String),
    /// The room of sockets that name none.
    Private,
    /// Everything of an organization.
    Organization(String),
}

/// What a server answers to a handshake, and goes on with.
#[derive(Debug)]
pub struct Opening {
    /// What it named.
    pub place: Place,
    /// The token that it carried; absent: the first frame may.
    pub token: Option<Secret>,
    /// The subprotocol to answer with. It is never the token.
    pub protocol: Option<&'static str>,
    /// What becomes of a socket without a user who may be there.
    pub strangers: Strangers,
}

/// What becomes of a socket without a user who may be in its place. A server must know all of them, because it lets
/// strangers in by this: one more is a change that its compiler tells it of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Strangers {
    /// The handshake is refused with this status and JSON body.
    Refused {
        /// HTTP status.
        status: u16,
        /// JSON body.
        body: Text,
    },
    /// The handshake is accepted, this is said, and the socket is closed.
    Told(Text),
    /// The handshake is accepted, and a frame may bring the token until the deadline.
    Waited,
    /// The handshake is accepted, and the socket is in its place as any other, without a user.
    Admitted,
}
