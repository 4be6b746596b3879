//! Sockets: one entry each in the table of a format.

use super::param::Param;
use super::types::Shape;

/// One socket.
pub(super) struct Channel {
    /// Name, unique in its format.
    pub(super) name: &'static str,
    /// Path, with parameters in braces.
    pub(super) address: &'static str,
    /// What it is.
    pub(super) about: &'static str,
    /// Parameters of the path.
    pub(super) params: Vec<Param>,
    /// Parameters of the query.
    pub(super) query: Vec<Param>,
    /// Headers of the handshake.
    pub(super) headers: Vec<Param>,
    /// What the server takes, when clients send anything.
    pub(super) receives: Option<Shape>,
    /// What the server says.
    pub(super) sends: Shape,
}
