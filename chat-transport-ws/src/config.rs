//! Bounds and times of the edge, each with its unit, default and reason.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;

use crate::{DebugPanel, ServeError};

/// Renders the operator's metrics as Prometheus text. It is called once per request and must not block.
pub type MetricsText = Arc<dyn Fn() -> String + Send + Sync>;

/// Bounds and times of the edge.
///
/// ```
/// use chat_transport_ws::WsConfig;
/// let config = WsConfig { allowed_origins: vec!["https://chat.example.org".into()], ..WsConfig::default() };
/// assert_eq!(config.max_connections, 10_000);
/// ```
#[derive(Clone)]
pub struct WsConfig {
    /// Greatest number of sockets accepted at once, WebSockets and plain requests together. Default 10,000; beyond
    /// it a socket is answered 503 and closed. Each costs a file descriptor and about 8 KiB, and up to
    /// `ServerConfig::max_queue_bytes` more when its reader stalls. Zero is refused.
    pub max_connections: usize,
    /// Greatest number of those sockets that one address has; of IPv6 addresses those of one /64 count as one. Default 0, any
    /// number: behind a proxy all come from its address, and an office may come from one. Without a proxy, set it to what
    /// the largest honest household of clients needs, or one machine that says nothing takes all places.
    pub max_connections_per_address: usize,
    /// How often somebody may log in in vain from one address at once, where a format lets clients log in here; then once in
    /// 10 s. The same addresses count as one. Default 30: behind one there may be a whole office, and a password that is worth
    /// anything is not among the first thirty that are tried. 0, any number: behind a proxy all come from its address, and one
    /// who guesses locks out everybody; it counts them then. Each name is counted by the issuer besides.
    pub max_wrong_logins_per_address: u32,
    /// How long the head of a request may take, counted from the accept or from the end of the request before; also
    /// how long an idle kept-alive socket is kept. Default 10 s. Longer lets slow attackers hold sockets.
    pub handshake_timeout: Duration,
    /// How long a plain request may take to be answered, until it is answered with `ERR_STORAGE_UNAVAILABLE` and a `detail`
    /// that says that nobody knows whether it is done. Default 30 s.
    pub request_timeout: Duration,
    /// How long a file may take to come in. Default 10 min: 25 MiB at 45 KB/s. A sender that pauses for
    /// `request_timeout` is given up before. What is under way takes space on the disk that long.
    pub upload_timeout: Duration,
    /// How long a socket may take no byte at all while some wait to be written. Default 30 s: longer than the core's
    /// own `write_timeout`, which ends WebSockets with a code; this one ends plain requests that are never read.
    pub write_stall_timeout: Duration,
    /// How long to wait for the peer's half of a close after ours was sent. Default 2 s. It keeps the close frame
    /// from being lost: a socket that is dropped with unread bytes resets the connection.
    pub close_timeout: Duration,
    /// How long a shutdown may take before what is left is cut. Default 10 s.
    pub shutdown_timeout: Duration,
    /// Greatest head of a request, start line included, in bytes. Default 16 KiB: room for a large token and a
    /// browser's cookies. At least 8 KiB. Each request being read holds up to this much.
    pub max_head: usize,
    /// Greatest number of headers of a request. Default 64.
    pub max_headers: usize,
    /// Read buffer of each WebSocket, in bytes. Default 2 KiB: a command fits, and an idle connection then costs 8 KiB
    /// in all, with 4 KiB it costs 10. Larger messages take more reads, so raise it where few connections send much.
    /// The library's own default of 128 KiB would cost 1.3 GB for 10,000 idle connections.
    pub read_buffer: usize,
    /// How many bytes of frames are gathered at most before they are written without being flushed. Default 64 KiB,
    /// which is also what the core hands over at once. It is held only while a burst is being written.
    pub write_buffer: usize,
    /// Greatest number of bytes of one WebSocket that the operating system did not take yet. Default 256 KiB; it is
    /// raised as needed to hold one frame. The library's own default is unlimited.
    pub max_write_buffer: usize,
    /// Origins of web pages that may ask, compared exactly: `https://chat.example.org`. They may open WebSockets and, by
    /// `fetch`, use every other path: their browsers are told so (CORS). Default empty, which allows a page only the host it
    /// came from. Programs, which send no `Origin`, may always ask: the list keeps foreign pages from using a visitor's
    /// credentials, it does not authenticate.
    pub allowed_origins: Vec<String>,
    /// Whether only this machine's own pages and programs may ask: under another `Host` than `localhost` or a loopback address
    /// nothing is answered, and without `allowed_origins` a page must be from such a host. Default false. Set it where a token
    /// is easy to guess, as with development auth: any page in the browser of this machine's user could otherwise reach the
    /// server under a name of its own.
    pub local_pages_only: bool,
    /// Whether `?token=` is read. Default false: URLs end up in the logs of every proxy on the way. We never log it.
    pub query_token: bool,
    /// Credential of the operator's backend: it reads every room and the metrics. Default `None`: nobody does.
    pub operator_token: Option<String>,
    /// What `GET /metrics` shows: with an `operator_token` to whoever has it, without one to loopback peers whose
    /// request has no forwarding header. Behind a proxy that adds none everybody is a loopback peer: set the token.
    /// Default `None`: the path answers 404.
    pub metrics: Option<MetricsText>,
    /// A page under `/chat/debug/` that shows, to whoever has the `operator_token`, what all sockets of all formats say and are
    /// told, live; tokens never. Default `None`: no connection is tapped, and the path is like any other. With one, each
    /// frame costs a lock and the frames kept are a copy of what people write in the server's memory.
    pub debug_panel: Option<DebugPanel>,
}

impl Default for WsConfig {
    fn default() -> Self {
        Self {
            max_connections: 10_000,
            max_connections_per_address: 0,
            max_wrong_logins_per_address: 30,
            handshake_timeout: Duration::from_secs(10),
            request_timeout: Duration::from_secs(30),
            upload_timeout: Duration::from_secs(600),
            write_stall_timeout: Duration::from_secs(30),
            close_timeout: Duration::from_secs(2),
            shutdown_timeout: Duration::from_secs(10),
            max_head: 16 * 1024,
            max_headers: 64,
            read_buffer: 2 * 1024,
            write_buffer: 64 * 1024,
            max_write_buffer: 256 * 1024,
            allowed_origins: Vec::new(),
            local_pages_only: false,
            query_token: false,
            operator_token: None,
            metrics: None,
            debug_panel: None,
        }
    }
}

impl fmt::Debug for WsConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WsConfig")
            .field("max_connections", &self.max_connections)
            .field("max_connections_per_address", &self.max_connections_per_address)
            .field("max_wrong_logins_per_address", &self.max_wrong_logins_per_address)
            .field("handshake_timeout", &self.handshake_timeout)
            .field("request_timeout", &self.request_timeout)
            .field("upload_timeout", &self.upload_timeout)
            .field("write_stall_timeout", &self.write_stall_timeout)
            .field("close_timeout", &self.close_timeout)
            .field("shutdown_timeout", &self.shutdown_timeout)
            .field("max_head", &self.max_head)
            .field("max_headers", &self.max_headers)
            .field("read_buffer", &self.read_buffer)
            .field("write_buffer", &self.write_buffer)
            .field("max_write_buffer", &self.max_write_buffer)
            .field("allowed_origins", &self.allowed_origins)
            .field("query_token", &self.query_token)
            .field("operator_token", &self.operator_token.as_ref().map(|_| "<redacted>"))
            .field("metrics", &self.metrics.is_some())
            .field("debug_panel", &self.debug_panel)
            .finish()
    }
}

/// What the HTTP library needs at least for a head.
const MIN_HEAD: usize = 8 * 1024;

/// Room for a frame's header and for the answers to a few probes beside it.
const FRAME_MARGIN: usize = 1024;

impl WsConfig {
    /// Checks the settings that the HTTP library would panic about, or that would refuse everybody.
    pub(crate) fn check(&self) -> Result<(), ServeError> {
        let at_least = |setting, value, least, rule| match value {
            value if value < least => Err(ServeError::Config { setting, value, rule }),
            _ => Ok(()),
        };
        at_least("max_connections", self.max_connections, 1, "at least 1 is needed")?;
        at_least("max_head", self.max_head, MIN_HEAD, "at least 8192 is needed")?;
        at_least("max_headers", self.max_headers, 16, "at least 16 are needed, a browser sends about 15")
    }

    /// The library's settings; every one of its limits is set, because its defaults are for few connections.
    pub(crate) fn socket(&self, max_frame: usize) -> WebSocketConfig {
        let least = max_frame.saturating_add(FRAME_MARGIN);
        WebSocketConfig::default()
            .read_buffer_size(self.read_buffer)
            // Frames are gathered below the library, by `GatherIo`.
            .write_buffer_size(0)
            .max_write_buffer_size(self.max_write_buffer.max(least))
            .max_message_size(Some(max_frame))
            .max_frame_size(Some(max_frame))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_not_printed() {
        let config = WsConfig { operator_token: Some("op-secret".into()), ..WsConfig::default() };
        assert!(!format!("{config:?}").contains("op-secret"));
    }

    #[test]
    fn out_of_range_settings_are_named() {
        assert!(WsConfig::default().check().is_ok());
        let error = WsConfig { max_head: 100, ..WsConfig::default() }.check().unwrap_err();
        assert_eq!(error.to_string(), "max_head is 100, at least 8192 is needed");
        assert!(WsConfig { max_connections: 0, ..WsConfig::default() }.check().is_err());
    }

    #[test]
    fn the_write_buffer_always_holds_a_frame() {
        let socket = WsConfig { max_write_buffer: 0, ..WsConfig::default() }.socket(1 << 20);
        assert!(socket.max_write_buffer_size > socket.write_buffer_size + (1 << 20));
        assert_eq!(WsConfig::default().socket(64 * 1024).max_write_buffer_size, 256 * 1024);
    }
}
