//! A wire format as it is published: its types, its sockets and its HTTP endpoints.

use super::channel::Channel;
use super::route::{Hook, Http};
use super::types::Shape;

/// Who writes what a document describes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sender {
    /// Clients: commands, and the bodies of requests.
    Client,
    /// Servers: packets, and the bodies of answers and pushes.
    Server,
}

/// One document's type.
#[derive(Clone)]
pub(super) struct Root {
    /// Path below `schema/`.
    pub(super) path: &'static str,
    /// Version of the protocol that introduced it.
    pub(super) since: &'static str,
    /// Who writes what it describes.
    pub(super) sender: Sender,
    /// The type.
    pub(super) shape: Shape,
    /// What it is, when the type has no words of its own, as lists have none.
    pub(super) about: Option<&'static str>,
}

/// A wire format.
pub(super) struct Format {
    /// As files are called.
    pub(super) name: &'static str,
    /// For people.
    pub(super) title: &'static str,
    /// What it is, for people who have not heard of it.
    pub(super) about: &'static str,
    /// The types, one document each.
    pub(super) roots: Vec<Root>,
    /// The sockets.
    pub(super) channels: Vec<Channel>,
    /// How sockets say who they are; names of [`super::info::SCHEMES`].
    pub(super) socket_security: &'static [&'static str],
    /// The HTTP endpoints.
    pub(super) http: Option<Http>,
    /// What the server asks of others.
    pub(super) hooks: Vec<Hook>,
}

/// Declares the documents: path below `schema/`, the version that introduced it, who writes it, and the type.
macro_rules! roots {
    (@sender read) => { $crate::schema::format::Sender::Client };
    (@sender written) => { $crate::schema::format::Sender::Server };
    (@about) => { None };
    (@about $about:literal) => { Some($about) };
    ($($path:literal $since:literal $direction:ident $type:ty $(= $about:literal)?,)*) => {
        vec![$($crate::schema::format::Root {
            path: $path,
            since: $since,
            sender: $crate::schema::format::roots!(@sender $direction),
            shape: $crate::schema::types::$direction::<$type>,
            about: $crate::schema::format::roots!(@about $($about)?),
        }),*]
    };
}

pub(super) use roots;
